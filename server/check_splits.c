#include "../core/pack_check.h"
#include "check_base.h"
#include "store_pack_bytes.h"

#include <stdlib.h>

/* A part of a series that goes on in another pack. */
struct part {
    const struct pack *pack;
    const struct pack_series *series;
    struct pack_dir dir;
    struct pack_bytes bytes;
    struct pack_blob blob;
};

struct splits {
    struct check *check;
    const struct check_run *run;
    struct arena *arena;
    struct part **parts; /* [count] */
    size_t count;
};

static void splits_release(struct splits *s)
{
    for (size_t i = 0; i < s->count; i++) {
        pack_bytes_release(&s->parts[i]->bytes);
    }
}

static void say(struct splits *s, const struct part *p, const char *what)
{
    struct bytes name = p->series->name, context = p->series->context;
    check_wrong(s->check,
                "run %s, series %.*s %.*s in several final packs: %s; its points can be read, but "
                "they may not be all that were logged",
                s->run->id, (int)(name.size < 120 ? name.size : 120), (const char *)name.at,
                (int)(context.size < 120 ? context.size : 120), (const char *)context.at, what);
}

/* Keeps a part whose series has no digest in this pack, or one of several packs. */
static track_status add_part(struct splits *s, const struct pack *pack, const struct part *of,
                             size_t series, track_error *err)
{
    struct part *p = ARENA_NEW(s->arena, struct part);
    if (!p) {
        return FAIL(err, TRACK_NOMEM, "no room for parts of series");
    }
    *p = *of;
    p->pack = pack;
    p->series = &p->dir.series[series];
    p->bytes = (struct pack_bytes)PACK_BYTES;
    s->parts[s->count++] = p;
    TRY(pack_bytes_open(s->check->store, NULL, pack, s->arena, &p->bytes, err));
    p->blob = pack_bytes_blob(&p->bytes);
    return TRACK_OK;
}

/* Finds the parts in a final pack: its first series may have begun before, its last may go on. */
static track_status find_parts(struct splits *s, const struct pack *pack, track_error *err)
{
    struct part of = {.series = NULL};
    AUTO_PACK_BYTES struct pack_bytes bytes = PACK_BYTES;
    TRY(pack_bytes_open(s->check->store, NULL, pack, s->arena, &bytes, err));
    struct pack_blob blob = pack_bytes_blob(&bytes);
    track_error why;
    track_status status = pack_dir_read(&blob, s->arena, &of.dir, &why);
    if (status != TRACK_OK) { /* of lines, though its row says otherwise: that was told */
        return status == TRACK_CORRUPT ? TRACK_OK : FAIL(err, status, "%s", why.message);
    }
    bool final = (of.dir.head.flags & PACK_FINAL) != 0;
    for (size_t i = 0; final && i < of.dir.series_count; i++) {
        const struct pack_series *at = &of.dir.series[i];
        bool open = at->kind != PACK_TEXTS && at->has_digest == PACK_NO_DIGEST;
        bool split = at->has_digest == PACK_DIGEST_SPLIT;
        if ((split && i == 0) || (open && i + 1 == of.dir.series_count)) {
            TRY(add_part(s, pack, &of, i, err));
        } else if (split || open) {
            of.series = at;
            say(s, &of, "a digest is missing, or stands in the middle of a pack");
        }
    }
    return TRACK_OK;
}

/* By what was made at once, then series, then points. */
static int compare_parts(const void *a, const void *b)
{
    const struct part *x = *(struct part *const *)a, *y = *(struct part *const *)b;
    if (x->pack->epoch != y->pack->epoch) {
        return x->pack->epoch < y->pack->epoch ? -1 : 1;
    }
    if (x->pack->sealed_us != y->pack->sealed_us) {
        return x->pack->sealed_us < y->pack->sealed_us ? -1 : 1;
    }
    int order = pack_compare_names(x->series, y->series);
    return order ? order
                 : point_compare(&x->dir.chunks[x->series->chunk_from].sum.first,
                                 &y->dir.chunks[y->series->chunk_from].sum.first);
}

static bool same_series(const struct part *a, const struct part *b)
{
    return a->pack->epoch == b->pack->epoch && a->pack->sealed_us == b->pack->sealed_us &&
           pack_compare_names(a->series, b->series) == 0;
}

/* The parts of one series, from..end. */
static track_status check_parts(struct splits *s, size_t from, size_t end, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    size_t count = end - from;
    struct pack_part *parts = ARENA_ARRAY(&arena, struct pack_part, count);
    track_error why;
    for (size_t i = 0; parts && i < count; i++) {
        const struct part *p = s->parts[from + i];
        parts[i] = (struct pack_part){&p->blob, &p->dir, p->series};
    }
    track_status status = parts ? pack_check_split(parts, count, &why)
                                : FAIL(&why, TRACK_NOMEM, "%zu parts: no memory", count);
    if (status == TRACK_CORRUPT) {
        say(s, s->parts[from], why.message);
        return TRACK_OK;
    }
    return status == TRACK_OK ? status : FAIL(err, status, "%s", why.message);
}

static track_status check_all(struct splits *s, track_error *err)
{
    qsort(s->parts, s->count, sizeof(struct part *), compare_parts);
    for (size_t i = 0, end; i < s->count; i = end) {
        for (end = i + 1; end < s->count && same_series(s->parts[i], s->parts[end]);) {
            end++;
        }
        TRY(check_parts(s, i, end, err));
    }
    return TRACK_OK;
}

track_status check_splits(struct check *c, const struct check_run *run,
                          const struct pack_list *packs, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 30);
    __attribute__((cleanup(splits_release))) struct splits s = {
        .check = c, .run = run, .arena = &arena};
    s.parts = ARENA_ARRAY(&arena, struct part *, 2 * packs->count + 1);
    if (!s.parts) {
        return FAIL(err, TRACK_NOMEM, "%zu packs: no memory", packs->count);
    }
    for (size_t i = 0; i < packs->count; i++) {
        if (packs->at[i].kind == PACK_POINTS) {
            TRY(find_parts(&s, &packs->at[i], err));
        }
    }
    return check_all(&s, err);
}
