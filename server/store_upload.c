#include "../core/hash.h"
#include "../core/tkb.h"
#include "blobs.h"
#include "clock.h"
#include "store_base.h"
#include "store_blob.h"
#include "store_object.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    ENC_RAW = 0,
    ENC_TKB = 1,
    LEVEL = 3,               /* of zstd, for what is compressed on arrival */
    PAYS_PERCENT = 95,       /* compressed only if it is below this part of the content */
    UPLOAD_BYTES = 64 << 10, /* arena of an upload, beside the bytes of a small one */
    FRAMES_MAX = BLOB_SQUEEZE_BYTES / TKB_FRAME_BYTES,
};

/* The ticket that says that an object may come to be under a location. */
struct loose {
    struct ticket ticket;
    struct upload *upload;
    bool queued, waited;
};

struct upload {
    struct arena own; /* holds this struct */
    struct store *store;
    struct digest digest; /* declared */
    int64_t size, now_us; /* declared; when it began */
    int64_t got;          /* bytes so far */
    struct hash_sha256 *hash;
    struct buf small;       /* all of it, when it goes into a row */
    struct blob_part *part; /* else the object being written */
    struct loose loose;
    char loc[BLOBS_LOC_BYTES + 1]; /* "" for a row */
    int64_t stored, enc;
    bool raw; /* kept as it came */
    struct object settled;
};

static bool is_small(const struct upload *u)
{
    return u->size <= BLOB_INLINE_BYTES;
}

static track_status loose_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct upload *u = ((const struct loose *)(const void *)t)->upload;
    struct object object = {
        .digest = {u->digest.at, sizeof(u->digest.at)}, .stored = u->size, .loc = u->loc};
    return object_expect(db, &object, u->now_us, err);
}

static track_status check_want(const struct upload_want *want, track_error *err)
{
    if (want->digest.size != DIGEST_BYTES || want->size < 0) {
        return FAIL(err, TRACK_INVALID, "an upload declares a SHA-256 and a size");
    }
    if (want->size > BLOB_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a blob has at most 64 GiB, not %lld bytes",
                    (long long)want->size);
    }
    return TRACK_OK;
}

/* Room for it must be left beside what ingest needs. */
static track_status check_room(struct store *s, int64_t size, track_error *err)
{
    int64_t free_bytes, disk_bytes;
    TRY(blobs_room(store_blobs(s), &free_bytes, &disk_bytes, err));
    return free_bytes - size >= store_free_bytes_min(s, disk_bytes)
               ? TRACK_OK
               : FAIL(err, TRACK_FULL, "the server's disk has %lld MiB left: no uploads",
                      (long long)(free_bytes >> 20));
}

/* Begins an object, and the row that says that it may come to be. */
static track_status begin_object(struct upload *u, track_error *err)
{
    uint64_t id;
    TRY(clock_random(&id, sizeof(id), err));
    blobs_loc((struct bytes){u->digest.at, sizeof(u->digest.at)}, id, u->loc);
    TRY(blobs_begin(store_blobs(u->store), u->size, &u->part, err));
    u->loose.upload = u;
    TRY(store_submit(u->store, &u->loose.ticket, loose_work, err));
    u->loose.queued = true;
    return TRACK_OK;
}

track_status store_upload_begin(struct store *s, const struct upload_want *want,
                                struct upload **out, track_error *err)
{
    TRY(check_want(want, err));
    TRY(check_room(s, want->size, err));
    struct arena own = ARENA(UPLOAD_BYTES);
    struct upload *u = ARENA_NEW(&own, struct upload);
    if (!u) {
        return FAIL(err, TRACK_NOMEM, "no room for an upload");
    }
    *u = (struct upload){
        .own = own,
        .store = s,
        .size = want->size,
        .now_us = want->now_us,
        .raw = want->raw,
        .small = BUF(BLOB_INLINE_BYTES),
    };
    memcpy(u->digest.at, want->digest.at, sizeof(u->digest.at));
    track_status status = hash_open(&u->own, &u->hash, err);
    if (status == TRACK_OK && !is_small(u)) {
        status = begin_object(u, err);
    }
    if (status != TRACK_OK) {
        store_upload_release(u);
        return status;
    }
    *out = u;
    return TRACK_OK;
}

track_status store_upload_part(struct upload *u, struct bytes part, track_error *err)
{
    if ((int64_t)part.size > u->size - u->got) {
        return FAIL(err, TRACK_INVALID, "more bytes came than the %lld that were declared",
                    (long long)u->size);
    }
    u->got += (int64_t)part.size;
    TRY(hash_add(u->hash, part, err));
    if (u->part) {
        return blobs_part(u->part, part, err);
    }
    struct bytes all;
    buf_put(&u->small, part.at, part.size);
    return buf_end(&u->small, &all, err);
}

static track_status check_content(struct upload *u, track_error *err)
{
    struct digest got;
    char hex[DIGEST_HEX_BYTES + 1];
    if (u->got != u->size) {
        return FAIL(err, TRACK_INVALID, "%lld bytes came of the %lld that were declared",
                    (long long)u->got, (long long)u->size);
    }
    TRY(hash_end(u->hash, &got, err));
    hash_encode_hex(&got, hex);
    return memcmp(got.at, u->digest.at, sizeof(got.at)) == 0
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "the SHA-256 of what came is %s, not what was declared",
                      hex);
}

/* True if `stored` bytes are worth it for content of this size. */
static bool pays(int64_t stored, int64_t size)
{
    return stored * 100 < size * PAYS_PERCENT;
}

/* Compresses small content where that pays, and proves that it comes back. */
static track_status squeeze_small(struct upload *u, track_error *err)
{
    u->stored = u->size;
    if (u->raw) {
        return TRACK_OK;
    }
    AUTO_BUF coded = BUF(2 * BLOB_INLINE_BYTES + TKB_HEAD_BYTES + TKB_FOOT_BYTES);
    AUTO_BUF again = BUF(BLOB_INLINE_BYTES);
    struct bytes plain = {u->small.at, u->small.size}, bytes;
    TRY(tkb_encode(plain, LEVEL, &coded, err));
    TRY(buf_end(&coded, &bytes, err));
    if (!pays((int64_t)bytes.size, u->size)) {
        return TRACK_OK;
    }
    TRY(tkb_decode(bytes, &again, err));
    if (again.size != plain.size || memcmp(again.at, plain.at, plain.size) != 0) {
        return FAIL(err, TRACK_CORRUPT, "compressed content does not come back");
    }
    u->small.size = 0;
    buf_put(&u->small, bytes.at, bytes.size);
    u->stored = (int64_t)bytes.size;
    u->enc = ENC_TKB;
    return TRACK_OK;
}

/* What compressing an object needs: one frame at a time. */
struct squeeze {
    struct upload *u;
    struct blob_part *to;
    struct arena *arena;
    struct zstream *z;
    unsigned char *plain; /* [TKB_FRAME_BYTES] */
    struct tkb_entry entries[FRAMES_MAX];
    size_t count;
    int64_t stored;
};

static size_t frame_size(const struct upload *u, size_t i)
{
    int64_t left = u->size - (int64_t)i * TKB_FRAME_BYTES;
    return left < TKB_FRAME_BYTES ? (size_t)left : TKB_FRAME_BYTES;
}

static track_status flush(struct squeeze *q, const struct buf *b, track_error *err)
{
    q->stored += (int64_t)b->size;
    return blobs_part(q->to, (struct bytes){b->at, b->size}, err);
}

static track_status squeeze_frame(struct squeeze *q, track_error *err)
{
    AUTO_BUF coded = BUF(2 * TKB_FRAME_BYTES);
    size_t i = q->count, size = frame_size(q->u, i);
    TRY(blobs_read_back(q->u->part, (int64_t)i * TKB_FRAME_BYTES, q->plain, size, err));
    TRY(tkb_encode_frame(q->z, (struct bytes){q->plain, size}, LEVEL, &coded, &q->entries[i], err));
    q->entries[i].offset = (uint64_t)q->stored;
    q->count++;
    return flush(q, &coded, err);
}

/* Reads the compressed object back and hashes its content. */
static track_status prove(struct squeeze *q, track_error *err)
{
    struct hash_sha256 *hash;
    struct digest got;
    unsigned char *stored = arena_alloc(q->arena, TKB_STORED_MAX, 1);
    if (!stored) {
        return FAIL(err, TRACK_NOMEM, "no room for a frame");
    }
    TRY(hash_open(q->arena, &hash, err));
    for (size_t i = 0; i < q->count; i++) {
        const struct tkb_entry *e = &q->entries[i];
        TRY(blobs_read_back(q->to, (int64_t)e->offset, stored, e->stored, err));
        TRY(tkb_decode_frame(q->z, e, (struct bytes){stored, e->stored}, q->plain, err));
        TRY(hash_add(hash, (struct bytes){q->plain, e->plain}, err));
    }
    TRY(hash_end(hash, &got, err));
    return memcmp(got.at, q->u->digest.at, sizeof(got.at)) == 0
               ? TRACK_OK
               : FAIL(err, TRACK_CORRUPT, "compressed content does not come back");
}

/* Writes the compressed object; *good: it pays, and its content came back. */
static track_status squeeze_into(struct squeeze *q, bool *good, track_error *err)
{
    AUTO_BUF head = BUF(TKB_HEAD_BYTES);
    AUTO_BUF foot = BUF(1 << 16);
    *good = false;
    TRY(tkb_encode_head((uint64_t)q->u->size, &head, err));
    TRY(flush(q, &head, err));
    while ((int64_t)q->count * TKB_FRAME_BYTES < q->u->size) {
        TRY(squeeze_frame(q, err));
        if (q->count == 1 && !pays(q->entries[0].stored, q->entries[0].plain)) {
            return TRACK_OK;
        }
    }
    TRY(tkb_encode_foot(q->entries, q->count, &foot, err));
    TRY(flush(q, &foot, err));
    if (pays(q->stored, q->u->size)) {
        TRY(prove(q, err));
        *good = true;
    }
    return TRACK_OK;
}

/* Replaces a written object by a compressed one where that pays. */
static track_status squeeze_object(struct upload *u, track_error *err)
{
    u->stored = u->size;
    if (u->raw || u->size > BLOB_SQUEEZE_BYTES) {
        return TRACK_OK;
    }
    AUTO_ARENA work = ARENA(8 << 20);
    bool good = false;
    struct squeeze q = {.u = u, .arena = &work, .plain = arena_alloc(&work, TKB_FRAME_BYTES, 1)};
    if (!q.plain) {
        return FAIL(err, TRACK_NOMEM, "no room for a frame");
    }
    TRY(zstream_open(&work, &q.z, err));
    TRY(blobs_begin(store_blobs(u->store), u->size, &q.to, err));
    track_status status = squeeze_into(&q, &good, err);
    if (status != TRACK_OK || !good) {
        blobs_drop(q.to);
        return status;
    }
    blobs_drop(u->part);
    u->part = q.to;
    u->stored = q.stored;
    u->enc = ENC_TKB;
    return TRACK_OK;
}

/* Waits until the row of a loose object is durable: only then it may get its name. */
static track_status wait_for_loose(struct upload *u, track_error *err)
{
    u->loose.waited = true;
    return ticket_wait(store_writer(u->store), &u->loose.ticket, 0, err);
}

static track_status make_durable(struct upload *u, track_error *err)
{
    TRY(squeeze_object(u, err));
    TRY(wait_for_loose(u, err));
    struct blob_part *part = u->part;
    u->part = NULL;
    return blobs_end(part, u->loc, err);
}

track_status store_upload_settle(struct upload *u, struct object *out, track_error *err)
{
    TRY(check_content(u, err));
    TRY(is_small(u) ? squeeze_small(u, err) : make_durable(u, err));
    *out = (struct object){
        .digest = {u->digest.at, sizeof(u->digest.at)},
        .size = u->size,
        .stored = u->stored,
        .enc = u->enc,
        .loc = u->loc,
        .data = {u->small.at, u->small.size},
    };
    return TRACK_OK;
}

static track_status end_work(struct ticket *t, struct db *db, track_error *err)
{
    struct upload_end *end = (struct upload_end *)(void *)t;
    const struct upload *u = end->upload;
    return object_adopt(db, &u->settled, u->now_us, &end->known, err);
}

track_status store_upload_end(struct upload *u, struct upload_end *end, track_error *err)
{
    TRY(store_upload_settle(u, &u->settled, err));
    end->upload = u;
    end->ticket.bytes = u->small.size;
    return store_submit(u->store, &end->ticket, end_work, err);
}

void store_upload_release(struct upload *u)
{
    if (!u) {
        return;
    }
    if (u->loose.queued && !u->loose.waited &&
        !writer_cancel(store_writer(u->store), &u->loose.ticket)) {
        (void)wait_for_loose(u, NULL);
    }
    blobs_drop(u->part);
    buf_release(&u->small);
    struct arena own = u->own;
    arena_release(&own);
}
