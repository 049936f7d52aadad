#include "seal_marks.h"

#include "../core/hash.h"

#include <string.h>

enum { ROOM_MIN = 256, MARK_BYTES = sizeof(struct seal_mark) };

/* The slot of a key: that of its mark, or a free one (run_node 0). */
static struct seal_mark *slot(const struct seal_marks *m, const struct seal_mark *key)
{
    struct bytes bytes = {(const unsigned char *)key, offsetof(struct seal_mark, seq)};
    size_t i = hash_crc32c(0, bytes) & (m->room - 1);
    while (m->at[i].run_node != 0 && memcmp(&m->at[i], key, offsetof(struct seal_mark, seq)) != 0) {
        i = (i + 1) & (m->room - 1);
    }
    return &m->at[i];
}

const struct seal_mark *seal_marks_get(const struct seal_marks *m, int64_t run_node, int64_t epoch,
                                       const unsigned char *writer)
{
    struct seal_mark key = {.run_node = run_node, .epoch = epoch};
    if (writer) {
        memcpy(key.writer, writer, sizeof(key.writer));
    }
    const struct seal_mark *found = m->room ? slot(m, &key) : NULL;
    return found && found->run_node != 0 ? found : NULL;
}

/* Makes an empty table with this room. */
static track_status make(struct seal_marks *m, size_t room, track_error *err)
{
    struct seal_marks fresh = {.arena = ARENA(2 * SEAL_MARKS_MAX * (size_t)MARK_BYTES + 4096),
                               .room = room};
    fresh.at = ARENA_ARRAY(&fresh.arena, struct seal_mark, room);
    if (!fresh.at) {
        arena_release(&fresh.arena);
        return FAIL(err, TRACK_NOMEM, "no room for %zu marks of the sealer", room);
    }
    *m = fresh;
    return TRACK_OK;
}

/* Keeps the table at most half full; a full one is emptied. */
static track_status reserve(struct seal_marks *m, track_error *err)
{
    if (2 * (m->count + 1) <= m->room) {
        return TRACK_OK;
    }
    struct seal_marks old = *m;
    bool full = m->count >= SEAL_MARKS_MAX;
    TRY(make(m, full || !old.room ? ROOM_MIN : 2 * old.room, err));
    for (size_t i = 0; i < old.room && !full; i++) {
        if (old.at[i].run_node != 0) {
            *slot(m, &old.at[i]) = old.at[i];
            m->count++;
        }
    }
    arena_release(&old.arena);
    return TRACK_OK;
}

track_status seal_marks_set(struct seal_marks *m, const struct seal_mark *mark, track_error *err)
{
    TRY(reserve(m, err));
    struct seal_mark *to = slot(m, mark);
    m->count += to->run_node == 0;
    *to = *mark;
    return TRACK_OK;
}

void seal_marks_release(struct seal_marks *m)
{
    arena_release(&m->arena);
    *m = (struct seal_marks){.room = 0};
}
