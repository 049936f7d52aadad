#include "chunk_coder.h"

#include "chunk_decimal.h"

static void chunk_close(void *data)
{
    struct chunk_coder *c = data;
    buf_release(&c->best);
    buf_release(&c->trial);
}

track_status chunk_open(struct arena *arena, struct chunk_coder **out, track_error *err)
{
    struct chunk_coder *c = ARENA_NEW(arena, struct chunk_coder);
    if (!c || !arena_defer(arena, chunk_close, c)) {
        return FAIL(err, TRACK_NOMEM, "a coder of chunks: no memory");
    }
    c->best.limit_bytes = c->trial.limit_bytes = CHUNK_BYTES_MAX;
    buf_add(&c->best, CHUNK_BYTES_MAX);
    buf_add(&c->trial, CHUNK_BYTES_MAX);
    struct bytes ignored;
    TRY(buf_end(&c->best, &ignored, err));
    TRY(buf_end(&c->trial, &ignored, err));
    TRY(zstream_open(arena, &c->body.z, err));
    *out = c;
    return TRACK_OK;
}

track_status chunk_check_count(size_t count, track_error *err)
{
    if (count < 1 || count > CHUNK_POINTS_MAX) {
        return FAIL(err, TRACK_INVALID, "a chunk of %zu points; 1 to %d are possible", count,
                    CHUNK_POINTS_MAX);
    }
    return TRACK_OK;
}

void chunk_put_start(struct buf *out, enum chunk_code code, unsigned layout, size_t count)
{
    buf_byte(out, code);
    buf_byte(out, layout);
    buf_byte(out, (unsigned)(count - 1));
    buf_byte(out, (unsigned)(count - 1) >> 8);
}

track_status chunk_take_start(struct reader *r, size_t count, struct chunk_head *out,
                              track_error *err)
{
    unsigned code = reader_byte(r);
    out->layout = reader_byte(r);
    size_t got = reader_byte(r);
    got += ((size_t)reader_byte(r) << 8) + 1;
    if (r->failed) {
        return FAIL(err, TRACK_INVALID, "a chunk is cut short");
    }
    if (code >= CHUNK_CODE_COUNT) {
        return FAIL(err, TRACK_INVALID, "code %u of a chunk is not known", code);
    }
    if (got != count) {
        return FAIL(err, TRACK_INVALID, "a chunk of %zu points, not %zu", got, count);
    }
    out->code = (enum chunk_code)code;
    return TRACK_OK;
}

void chunk_put_head(struct buf *out, const struct chunk_head *head, size_t count)
{
    chunk_put_start(out, head->code, head->layout, count);
    if (head->code != CHUNK_CONSTANT) {
        buf_byte(out, (unsigned)head->width);
    }
    if (chunk_code_is_decimal(head->code)) {
        buf_byte(out, head->exponent);
    }
    if (chunk_code_has_base(head->code)) {
        buf_le64(out, head->base);
    }
}

static size_t width_max(enum chunk_code code)
{
    return code == CHUNK_F32 || code == CHUNK_F32_DELTA ? CHUNK_F32_BYTES : CHUNK_F64_BYTES;
}

track_status chunk_take_head(struct reader *r, size_t count, struct chunk_head *out,
                             track_error *err)
{
    *out = (struct chunk_head){.width = 1};
    TRY(chunk_take_start(r, count, out, err));
    if (out->code == CHUNK_TEXT) {
        return FAIL(err, TRACK_INVALID, "a chunk of texts, not of numbers");
    }
    if (out->code != CHUNK_CONSTANT) {
        out->width = reader_byte(r);
    }
    if (chunk_code_is_decimal(out->code)) {
        out->exponent = reader_byte(r);
    }
    if (chunk_code_has_base(out->code)) {
        out->base = reader_le64(r);
    }
    if (r->failed) {
        return FAIL(err, TRACK_INVALID, "the head of a chunk is cut short");
    }
    if (out->width < 1 || out->width > width_max(out->code) || out->exponent > CHUNK_EXPONENT_MAX) {
        return FAIL(err, TRACK_INVALID, "a chunk of code %u with %zu bytes a value, exponent %u",
                    out->code, out->width, out->exponent);
    }
    return TRACK_OK;
}
