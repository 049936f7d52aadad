#include "zstream.h"

#include <zstd.h>
#include <zstd_errors.h>

enum { PIECE_BYTES = 64 * 1024 };

struct zstream {
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
};

static void zstream_close(void *data)
{
    struct zstream *z = data;
    ZSTD_freeCCtx(z->compressor);
    ZSTD_freeDCtx(z->decompressor);
}

track_status zstream_open(struct arena *arena, struct zstream **out, track_error *err)
{
    struct zstream *z = ARENA_NEW(arena, struct zstream);
    if (!z || !arena_defer(arena, zstream_close, z)) {
        return FAIL(err, TRACK_NOMEM, "zstd: no memory");
    }
    *out = z;
    return TRACK_OK;
}

track_status zstream_compress(struct zstream *z, struct bytes in, int level, struct buf *out,
                              track_error *err)
{
    if (!z->compressor) {
        z->compressor = ZSTD_createCCtx();
    }
    if (!z->compressor) {
        return FAIL(err, TRACK_NOMEM, "zstd: no memory");
    }
    size_t room = ZSTD_compressBound(in.size), left = out->limit_bytes - out->size;
    room = room < left || left == 0 ? room : left; /* none left: buf_add says so */
    unsigned char *at = buf_add(out, room);
    if (!at) {
        struct bytes ignored;
        return buf_end(out, &ignored, err);
    }
    size_t size = ZSTD_compressCCtx(z->compressor, at, room, in.at, in.size, level);
    if (!ZSTD_isError(size)) {
        out->size -= room - size;
        return TRACK_OK;
    }
    out->size -= room;
    if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall) {
        out->status = TRACK_TOO_LARGE;
        return FAIL(err, TRACK_TOO_LARGE, "more than %zu bytes, compressed", out->limit_bytes);
    }
    return FAIL(err, TRACK_NOMEM, "zstd: %s", ZSTD_getErrorName(size));
}

static track_status zstream_fail(size_t code, track_error *err)
{
    bool memory = ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation;
    return FAIL(err, memory ? TRACK_NOMEM : TRACK_INVALID, "zstd: %s", ZSTD_getErrorName(code));
}

/* Makes the decompressor and checks that in is one frame and nothing else. */
static track_status zstream_begin(struct zstream *z, struct bytes in, track_error *err)
{
    if (!z->decompressor) {
        z->decompressor = ZSTD_createDCtx();
    }
    if (!z->decompressor) {
        return FAIL(err, TRACK_NOMEM, "zstd: no memory");
    }
    if (in.size < 4 || in.at[0] != 0x28 || in.at[1] != 0xb5 || in.at[2] != 0x2f ||
        in.at[3] != 0xfd) {
        return FAIL(err, TRACK_INVALID, "%zu bytes that do not begin like zstd", in.size);
    }
    size_t size = ZSTD_findFrameCompressedSize(in.at, in.size);
    if (ZSTD_isError(size)) {
        return FAIL(err, TRACK_INVALID, "zstd data of %zu bytes is cut short or damaged", in.size);
    }
    if (size != in.size) {
        return FAIL(err, TRACK_INVALID, "%zu bytes behind the end of the zstd data",
                    in.size - size);
    }
    return TRACK_OK;
}

/* What came out is as much as the frame says, if it does: zstd itself does not always look. */
static track_status zstream_check_size(struct bytes in, size_t size, track_error *err)
{
    unsigned long long declared = ZSTD_getFrameContentSize(in.at, in.size);
    if (declared != ZSTD_CONTENTSIZE_UNKNOWN && declared != size) {
        return FAIL(err, TRACK_INVALID, "zstd data holds %llu bytes, not %zu", declared, size);
    }
    return TRACK_OK;
}

track_status zstream_decompress(struct zstream *z, struct bytes in, void *out, size_t size,
                                track_error *err)
{
    TRY(zstream_begin(z, in, err));
    TRY(zstream_check_size(in, size, err));
    size_t got = ZSTD_decompressDCtx(z->decompressor, out, size, in.at, in.size);
    if (ZSTD_isError(got)) {
        return zstream_fail(got, err);
    }
    if (got != size) {
        return FAIL(err, TRACK_INVALID, "zstd data holds %zu bytes, not %zu", got, size);
    }
    return TRACK_OK;
}

/* One step; *more says whether there is more to come. */
static track_status zstream_step(struct zstream *z, ZSTD_inBuffer *in, struct buf *out, bool *more,
                                 track_error *err)
{
    unsigned char probe; /* at the limit: is there one byte more? */
    size_t left = out->limit_bytes - out->size;
    size_t room = left < PIECE_BYTES ? left : PIECE_BYTES;
    unsigned char *at = room ? buf_add(out, room) : &probe;
    if (!at) {
        struct bytes ignored;
        return buf_end(out, &ignored, err);
    }
    ZSTD_outBuffer piece = {at, room ? room : 1, 0};
    size_t rest = ZSTD_decompressStream(z->decompressor, &piece, in);
    out->size -= room ? room - piece.pos : 0;
    if (ZSTD_isError(rest)) {
        return zstream_fail(rest, err);
    }
    if (!room && piece.pos) {
        out->status = TRACK_TOO_LARGE;
        return FAIL(err, TRACK_TOO_LARGE, "more than %zu bytes, decompressed", out->limit_bytes);
    }
    *more = rest != 0;
    return TRACK_OK;
}

track_status zstream_decompress_into(struct zstream *z, struct bytes in, int window,
                                     struct buf *out, track_error *err)
{
    TRY(zstream_begin(z, in, err));
    ZSTD_DCtx_reset(z->decompressor, ZSTD_reset_session_and_parameters);
    ZSTD_DCtx_setParameter(z->decompressor, ZSTD_d_windowLogMax, window);
    ZSTD_inBuffer from = {in.at, in.size, 0};
    size_t begin = out->size;
    for (bool more = true; more;) {
        TRY(zstream_step(z, &from, out, &more, err));
    }
    return zstream_check_size(in, out->size - begin, err);
}
