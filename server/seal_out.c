#include "seal_out.h"

#include "../core/hash.h"
#include "../core/pack_lines.h"
#include "store_base.h"

track_status seal_out_begin(struct store *s, struct arena *arena, int64_t now_us,
                            struct seal_out **out, track_error *err)
{
    struct seal_out *o = ARENA_NEW(arena, struct seal_out);
    if (!o) {
        return FAIL(err, TRACK_NOMEM, "no room for packs on their way");
    }
    o->store = s;
    o->arena = arena;
    o->now_us = now_us;
    *out = o;
    return TRACK_OK;
}

static track_status hash_parts(const struct pack_made *made, struct digest *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct hash_sha256 *hash;
    TRY(hash_open(&arena, &hash, err));
    for (size_t i = 0; i < PACK_PARTS; i++) {
        TRY(hash_add(hash, made->parts[i], err));
    }
    return hash_end(hash, out, err);
}

/* Widens the range of times of a pack. */
static void add_times(struct pack *p, int64_t least, int64_t greatest)
{
    p->us_lo = least < p->us_lo ? least : p->us_lo;
    p->us_hi = greatest > p->us_hi ? greatest : p->us_hi;
}

/* What the rows of the database say of a pack. */
static struct pack describe(const struct seal_out *out, const struct pack_made *made)
{
    const struct pack_head *head = made->head;
    struct pack p = {
        .kind = head->kind,
        .epoch = head->epoch,
        .level = head->level,
        .rev = out->rev,
        .n = (int64_t)head->points,
        .series = head->series,
        .step_lo = head->step_first,
        .step_hi = head->step_last,
        .us_lo = INT64_MAX,
        .us_hi = INT64_MIN,
    };
    for (size_t i = 0; made->dir && i < made->dir->chunk_count; i++) {
        const struct bucket *sum = &made->dir->chunks[i].sum;
        add_times(&p, sum->time_min_us, sum->time_max_us);
    }
    for (size_t i = 0; made->lines && i < made->lines->chunk_count; i++) {
        const struct pack_lines_chunk *c = &made->lines->chunks[i];
        add_times(&p, c->time_min_us, c->time_max_us);
    }
    return p;
}

static track_status upload(struct seal_out *out, const struct pack_made *made, size_t i,
                           track_error *err)
{
    struct upload_want want = {
        .digest = {out->digests[i].at, sizeof(out->digests[i].at)},
        .size = (int64_t)made->size,
        .now_us = out->now_us,
        .raw = true,
    };
    TRY(store_upload_begin(out->store, &want, &out->uploads[i], err));
    for (size_t k = 0; k < PACK_PARTS; k++) {
        if (made->parts[k].size > 0) {
            TRY(store_upload_part(out->uploads[i], made->parts[k], err));
        }
    }
    return store_upload_settle(out->uploads[i], &out->objects[i], err);
}

static track_status take_pack(void *data, const struct pack_made *made, track_error *err)
{
    struct seal_out *out = data;
    size_t i = out->count;
    if (i == PACK_CHANGE_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a change of packs brings more than %d", PACK_CHANGE_MAX);
    }
    TRY(hash_parts(made, &out->digests[i], err));
    out->count++; /* what was begun is released */
    TRY(upload(out, made, i, err));
    out->packs[i] = describe(out, made);
    out->packs[i].digest = out->objects[i].digest;
    return TRACK_OK;
}

struct pack_options seal_out_options(struct seal_out *out, const struct pack_head *head,
                                     int64_t rev)
{
    struct pack_options options = {
        .head = *head, .digests = rev > 0, .made = take_pack, .data = out};
    options.head.flags = rev > 0 ? PACK_FINAL : 0;
    out->rev = rev;
    return options;
}

track_status seal_out_commit(struct seal_out *out, struct pack_change *change, track_error *err)
{
    change->news = out->packs;
    change->objects = out->objects;
    change->new_count = out->count;
    change->now_us = out->now_us;
    TRY(store_pack_change(out->store, change, err));
    return ticket_wait(store_writer(out->store), &change->ticket, 0, err);
}

void seal_out_release(struct seal_out *out)
{
    for (size_t i = 0; out && i < out->count; i++) {
        store_upload_release(out->uploads[i]);
    }
}
