#include "store_pack_read.h"

/* Bytes of the blob, in as many pieces as it takes. */
static track_status read_bytes(void *data, uint64_t offset, size_t size, struct bytes *out,
                               track_error *err)
{
    struct pack_source *s = data;
    s->part.size = 0;
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < BLOB_READ_BYTES_MAX ? size - at : BLOB_READ_BYTES_MAX;
        TRY(store_blob_read(s->store, &s->blob, (int64_t)(offset + at), piece, &s->part, err));
        at += piece;
    }
    return buf_end(&s->part, out, err);
}

track_status pack_source_open(struct store *s, struct bytes digest, struct arena *arena,
                              struct pack_source *out, track_error *err)
{
    *out = (struct pack_source){.store = s, .part = BUF(PACK_BYTES_MAX)};
    TRY(store_blob_get(s, digest, arena, &out->blob, err));
    out->bytes = (struct pack_blob){read_bytes, out, (uint64_t)out->blob.size};
    return TRACK_OK;
}

void pack_source_release(struct pack_source *s)
{
    buf_release(&s->part);
}
