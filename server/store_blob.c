#include "store_blob.h"

#include "../core/hash.h"
#include "../core/tkb.h"
#include "blobs.h"
#include "store_base.h"

#include <stdio.h>
#include <string.h>

enum { ENC_RAW = 0, ENC_TKB = 1, FOOT_WORK_BYTES = 4 << 20 };

static track_status check_digest(struct bytes digest, track_error *err)
{
    return digest.size == DIGEST_BYTES ? TRACK_OK
                                       : FAIL(err, TRACK_INVALID, "a digest has %d bytes, not %zu",
                                              DIGEST_BYTES, digest.size);
}

static track_status there_row(void *data, const struct db_value *c, track_error *err)
{
    (void)c;
    (void)err;
    *(bool *)data = true;
    return TRACK_OK;
}

track_status store_blob_missing(struct store *s, const struct bytes *digests, size_t count,
                                size_t *missing, size_t *out, track_error *err)
{
    if (count < 1 || count > BLOB_LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "a call asks for 1 to %d blobs, not %zu", BLOB_LIST_MAX,
                    count);
    }
    AUTO_READ struct read r = {0};
    TRY(store_read_begin(s, &r, err));
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        TRY(check_digest(digests[i], err));
        TRY(db_run(r.db, QUERY_blob_get, DB_IN(db_b(digests[i])), there_row, &there, err));
        if (!there) {
            missing[(*out)++] = i;
        }
    }
    return TRACK_OK;
}

track_status store_blob_get(struct store *s, struct bytes digest, struct arena *arena,
                            struct blob *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct db_value c[5];
    TRY(check_digest(digest, err));
    TRY(store_read_begin(s, &r, err));
    TRY(db_find(r.db, QUERY_blob_get, DB_IN(db_b(digest)), arena, c, err));
    if (!c[0].type) {
        struct digest d;
        char hex[DIGEST_HEX_BYTES + 1];
        memcpy(d.at, digest.at, sizeof(d.at));
        hash_encode_hex(&d, hex);
        return FAIL(err, TRACK_NOT_FOUND, "no blob %s", hex);
    }
    *out = (struct blob){
        .digest = digest,
        .size = db_get_i(&c[0]),
        .stored = db_get_i(&c[1]),
        .enc = db_get_i(&c[2]),
        .created_us = db_get_i(&c[4]),
    };
    return db_copy_text(arena, &c[3], &out->loc, err);
}

/* Where the stored bytes of a blob come from. */
struct source {
    struct blobs *blobs;
    const char *loc;
    struct bytes row; /* of an inline blob */
};

/* Loads the row of an inline blob. */
static track_status open_source(struct store *s, const struct blob *blob, struct arena *arena,
                                struct source *out, track_error *err)
{
    *out = (struct source){store_blobs(s), blob->loc, {NULL, 0}};
    if (blob->loc[0] != '\0') {
        return TRACK_OK;
    }
    AUTO_READ struct read r = {0};
    struct db_value c[1];
    TRY(store_read_begin(s, &r, err));
    TRY(db_find(r.db, QUERY_blob_inline_get, DB_IN(db_b(blob->digest)), arena, c, err));
    if (!c[0].type || c[0].as.bytes.size != (size_t)blob->stored) {
        return FAIL(err, TRACK_CORRUPT, "the row of a blob is gone or cut short: trackd check");
    }
    out->row = c[0].as.bytes;
    return TRACK_OK;
}

/* Reads stored bytes; the caller has checked the range. */
static track_status read_stored(const struct source *from, uint64_t offset, size_t size, void *to,
                                track_error *err)
{
    if (from->loc[0] == '\0') {
        if (size > 0) {
            memcpy(to, from->row.at + offset, size);
        }
        return TRACK_OK;
    }
    track_status status = blobs_get(from->blobs, from->loc, (int64_t)offset, to, size, err);
    return status == TRACK_NOT_FOUND
               ? FAIL(err, TRACK_CORRUPT, "blob %.80s is gone: trackd check tells more", from->loc)
               : status;
}

/* Reads stored bytes into an arena. */
static track_status load(const struct source *from, uint64_t offset, size_t size,
                         struct arena *arena, struct bytes *out, track_error *err)
{
    unsigned char *at = arena_alloc(arena, size ? size : 1, 1);
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu bytes of a blob", size);
    }
    *out = (struct bytes){at, size};
    return read_stored(from, offset, size, at, err);
}

static track_status load_index(const struct source *from, const struct blob *blob,
                               struct arena *arena, struct tkb_index *out, track_error *err)
{
    struct bytes head, foot, index;
    uint64_t at, stored = (uint64_t)blob->stored;
    size_t size;
    if (stored < TKB_HEAD_BYTES + TKB_FOOT_BYTES) {
        return FAIL(err, TRACK_CORRUPT, "blob %.80s is cut short", blob->loc);
    }
    TRY(load(from, stored - TKB_FOOT_BYTES, TKB_FOOT_BYTES, arena, &foot, err));
    TRY(tkb_decode_foot(foot, stored, &at, &size, err));
    TRY(load(from, 0, TKB_HEAD_BYTES, arena, &head, err));
    TRY(load(from, at, size + TKB_FOOT_BYTES, arena, &index, err));
    TRY(tkb_decode_index(head, index, arena, out, err));
    return out->size == (uint64_t)blob->size
               ? TRACK_OK
               : FAIL(err, TRACK_CORRUPT, "blob %.80s has another size", blob->loc);
}

/* Appends what of the i-th frame lies in [offset, end). */
static track_status read_frame(const struct source *from, const struct tkb_index *index, size_t i,
                               const uint64_t range[2], struct buf *out, track_error *err)
{
    AUTO_ARENA work = ARENA(FOOT_WORK_BYTES);
    const struct tkb_entry *e = &index->entries[i];
    uint64_t start = (uint64_t)i * TKB_FRAME_BYTES;
    uint64_t lo = range[0] > start ? range[0] - start : 0;
    uint64_t hi = range[1] - start < e->plain ? range[1] - start : e->plain;
    struct zstream *z;
    struct bytes stored;
    unsigned char *plain = arena_alloc(&work, e->plain, 1);
    if (!plain) {
        return FAIL(err, TRACK_NOMEM, "no room for a frame");
    }
    TRY(zstream_open(&work, &z, err));
    TRY(load(from, e->offset, e->stored, &work, &stored, err));
    TRY(tkb_decode_frame(z, e, stored, plain, err));
    buf_put(out, plain + lo, (size_t)(hi - lo));
    return TRACK_OK;
}

static track_status read_tkb(const struct source *from, const struct blob *blob,
                             const uint64_t range[2], struct buf *out, track_error *err)
{
    AUTO_ARENA work = ARENA(FOOT_WORK_BYTES);
    struct tkb_index index;
    TRY(load_index(from, blob, &work, &index, err));
    for (size_t i = (size_t)(range[0] / TKB_FRAME_BYTES);
         i < index.count && (uint64_t)i * TKB_FRAME_BYTES < range[1]; i++) {
        TRY(read_frame(from, &index, i, range, out, err));
    }
    return TRACK_OK;
}

static track_status read_raw(const struct source *from, const uint64_t range[2], struct buf *out,
                             track_error *err)
{
    size_t size = (size_t)(range[1] - range[0]);
    unsigned char *to = buf_add(out, size);
    return size == 0 || !to ? TRACK_OK : read_stored(from, range[0], size, to, err);
}

track_status store_blob_read(struct store *s, const struct blob *blob, int64_t offset, size_t size,
                             struct buf *out, track_error *err)
{
    if (offset < 0 || size > BLOB_READ_BYTES_MAX || offset > blob->size ||
        (int64_t)size > blob->size - offset) {
        return FAIL(err, TRACK_INVALID, "%zu bytes at %lld lie outside of a blob of %lld bytes",
                    size, (long long)offset, (long long)blob->size);
    }
    AUTO_ARENA work = ARENA(1 << 20);
    struct source from;
    struct bytes all;
    const uint64_t range[2] = {(uint64_t)offset, (uint64_t)offset + size};
    TRY(open_source(s, blob, &work, &from, err));
    TRY(blob->enc == ENC_TKB ? read_tkb(&from, blob, range, out, err)
                             : read_raw(&from, range, out, err));
    return buf_end(out, &all, err);
}

track_status store_blob_open(struct store *s, const struct blob *blob, int *fd, track_error *err)
{
    *fd = -1;
    if (blob->enc != ENC_RAW || blob->loc[0] == '\0') {
        return TRACK_OK;
    }
    track_status status = blobs_open(store_blobs(s), blob->loc, fd, err);
    return status == TRACK_NOT_FOUND
               ? FAIL(err, TRACK_CORRUPT, "blob %.80s is gone: trackd check tells more", blob->loc)
               : status;
}
