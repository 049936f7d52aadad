#include "store_pack_bytes.h"

#include "store_base.h"

enum { AHEAD_BYTES = 256 << 10 }; /* so much is read at least, for those who go on behind it */

track_status pack_bytes_open(struct store *s, struct db *db, const struct pack *pack,
                             struct arena *arena, struct pack_bytes *out, track_error *err)
{
    out->store = s;
    out->blob = (struct blob){
        .digest = pack->digest,
        .size = pack->size,
        .stored = pack->stored,
        .enc = pack->enc,
        .loc = pack->loc,
    };
    if (!db || pack->loc[0] != '\0' || pack->enc != 0) {
        return TRACK_OK;
    }
    struct db_value c[1];
    TRY(db_find(db, QUERY_blob_inline_get, DB_IN(db_b(pack->digest)), arena, c, err));
    if (!c[0].type || c[0].as.bytes.size != (size_t)pack->size) {
        return FAIL(err, TRACK_CORRUPT, "the row of a pack is gone or cut short: trackd check");
    }
    out->row = c[0].as.bytes;
    return TRACK_OK;
}

void pack_bytes_release(struct pack_bytes *b)
{
    buf_release(&b->pieces[0].bytes);
    buf_release(&b->pieces[1].bytes);
}

static bool piece_has(const struct pack_piece *p, uint64_t offset, size_t size)
{
    return offset >= p->at && offset - p->at <= p->bytes.size &&
           size <= p->bytes.size - (size_t)(offset - p->at);
}

/* Reads into a piece: more than is wanted, if that goes on behind what the piece holds. */
static track_status piece_read(struct pack_bytes *b, struct pack_piece *p, uint64_t offset,
                               size_t size, track_error *err)
{
    bool goes_on = p->bytes.size && offset >= p->at && offset - p->at <= p->bytes.size;
    uint64_t left = (uint64_t)b->blob.size - offset;
    size_t ahead = left < AHEAD_BYTES ? (size_t)left : AHEAD_BYTES;
    size_t want = goes_on && size < ahead ? ahead : size;
    p->at = offset;
    p->bytes.size = 0;
    while (p->bytes.size < want) {
        size_t more = want - p->bytes.size;
        more = more < BLOB_READ_BYTES_MAX ? more : BLOB_READ_BYTES_MAX;
        TRY(store_blob_read(b->store, &b->blob, (int64_t)(offset + p->bytes.size), more, &p->bytes,
                            err));
    }
    return TRACK_OK;
}

/* The piece to read an offset into: the one that it goes on from, else the other than the last. */
static unsigned piece_choose(const struct pack_bytes *b, uint64_t offset)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct pack_piece *p = &b->pieces[i];
        if (p->bytes.size && piece_has(p, offset, 0)) {
            return i;
        }
    }
    return !b->last;
}

static track_status read_bytes(void *data, uint64_t offset, size_t size, struct bytes *out,
                               track_error *err)
{
    struct pack_bytes *b = data;
    if (offset > (uint64_t)b->blob.size || size > (uint64_t)b->blob.size - offset) {
        return FAIL(err, TRACK_CORRUPT, "%zu bytes at %llu of a pack of %lld", size,
                    (unsigned long long)offset, (long long)b->blob.size);
    }
    if (b->row.at) {
        *out = (struct bytes){b->row.at + offset, size};
        return TRACK_OK;
    }
    if (!piece_has(&b->pieces[b->last], offset, size)) {
        b->last = piece_choose(b, offset);
    }
    struct pack_piece *p = &b->pieces[b->last];
    if (!piece_has(p, offset, size)) {
        TRY(piece_read(b, p, offset, size, err));
    }
    *out = (struct bytes){p->bytes.at + (offset - p->at), size};
    return TRACK_OK;
}

struct pack_blob pack_bytes_blob(struct pack_bytes *b)
{
    return (struct pack_blob){read_bytes, b, (uint64_t)b->blob.size};
}
