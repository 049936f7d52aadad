/* An outbox goes on where a dead process stopped, wherever that was. */
#include "../../sdk/outbox.h"
#include "../harness.h"
#include "folder.h"

#include <unistd.h>

enum { SEGMENT = 64 << 10, SLOTS = (SEGMENT - SPOOL_HEAD_BYTES) / SLOT_BYTES };

static const struct spool_meta meta = {.url = "http://127.0.0.1:1",
                                       .project = "p",
                                       .run = "01890a5b0c0d7e008000000000000001",
                                       .writer = "00112233445566778899aabbccddeeff",
                                       .segment_bytes = SEGMENT};

/* A spool of two segments whose process cut three frames and died: of each segment one, and one
 * across both. */
static bool leave_spool(const char *root, struct spool_folder *folder, uint64_t removed)
{
    static const unsigned char ids[2][SPOOL_ID_BYTES] = {{1}, {2}};
    struct spool s = {0};
    if (spool_folder_make(root, &meta, folder, NULL) != TRACK_OK) {
        return false;
    }
    struct spool_options o = {.dir = folder->dir,
                              .run = ids[0],
                              .writer = ids[1],
                              .segment_bytes = SEGMENT,
                              .bytes_max = 4 * SEGMENT};
    bool made = spool_init(&s, &o, NULL) == TRACK_OK;
    for (int64_t i = 0; made && i < 2 * SLOTS; i++) {
        struct slot slot = {.tag = slot_tag(SLOT_POINT, 0), .a = i};
        made = spool_add(&s, &slot, (struct bytes){0}) == TRACK_OK;
    }
    spool_remove_below(&s, removed);
    spool_close(&s);
    spool_release(&s);
    AUTO_ARENA arena = ARENA(1 << 20);
    struct spool_notes n;
    const struct note *none = NULL;
    made = made && spool_notes_open(folder->dir, &arena, &n, &none, NULL) == TRACK_OK;
    static const uint64_t ends[] = {0, SLOTS - 10, SLOTS + 10, 2 * SLOTS};
    for (uint32_t i = 0; made && i < 3; i++) {
        struct note cut = {.kind = NOTE_CUT,
                           .frame = FRAME_POINTS,
                           .seq = i,
                           .from = ends[i],
                           .to = ends[i + 1],
                           .count = (uint32_t)(ends[i + 1] - ends[i])};
        made = spool_notes_add(&n, &cut, NULL) == TRACK_OK;
    }
    if (made) {
        spool_notes_close(&n);
    }
    return made;
}

TEST(outbox, sends_again_what_is_not_noted_as_held)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool_folder folder;
    struct outbox o = {.live = NULL};
    CHECK(leave_spool(f.path, &folder, 0));
    CHECK(outbox_open(&o, &folder, NULL, NULL) == TRACK_OK);
    bool right = o.cut_count == 3 && o.cuts[0].seq == 0 && o.next_seq == 3 &&
                 o.cut_slot == 2 * SLOTS && o.dead_end == 2 * SLOTS;
    outbox_close(&o);
    CHECK(right);
}

/* The slots of a frame go only when the server holds it: where they are gone it does, although the
 * process died before it could note so. */
TEST(outbox, takes_what_is_gone_as_held)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool_folder folder;
    struct outbox o = {.live = NULL};
    CHECK(leave_spool(f.path, &folder, SLOTS));
    CHECK(outbox_open(&o, &folder, NULL, NULL) == TRACK_OK);
    bool right = o.cut_count == 1 && o.cuts[0].seq == 2 && o.next_seq == 3 &&
                 atomic_load(&o.held) == SLOTS + 10;
    outbox_close(&o);
    CHECK(right);
}

/* Nothing was logged and nobody was told of the run: no server needs to be asked. */
TEST(outbox, of_a_process_that_died_in_start_run_is_just_removed)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool_folder folder;
    struct outbox o = {.live = NULL};
    CHECK(spool_folder_make(f.path, &meta, &folder, NULL) == TRACK_OK);
    CHECK(outbox_open(&o, &folder, NULL, NULL) == TRACK_OK);
    bool right = outbox_step(&o, NULL, 1000, NULL) == TRACK_OK && atomic_load(&o.done) &&
                 access(folder.path, F_OK) != 0;
    outbox_close(&o);
    CHECK(right);
}
