#include "chunk_coder.h"
#include "chunk_decimal.h"
#include "chunk_float.h"

#include <string.h>

static void lanes_add(uint64_t *lanes, size_t count, uint64_t base)
{
    for (size_t i = 0; i < count; i++) {
        lanes[i] += base;
    }
}

/* Differences of neighbours, or of those again, back to numbers. */
static void lanes_sum(uint64_t *lanes, size_t count, uint64_t base, bool twice)
{
    uint64_t now = base, delta = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = (uint64_t)zigzag_decode(lanes[i]);
        delta = twice ? delta + number : number;
        now += delta;
        lanes[i] = now;
    }
}

static void lanes_sum_xor(uint64_t *lanes, size_t count, uint64_t base)
{
    for (size_t i = 0; i < count; i++) {
        base ^= lanes[i];
        lanes[i] = base;
    }
}

/* Numbers that sort as doubles do, back to bits. */
static void lanes_to_bits(uint64_t *lanes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lanes[i] = chunk_float_bits(lanes[i], CHUNK_F64_BYTES);
    }
}

/* From what is stored to what the values are. */
static void lanes_restore(uint64_t *lanes, size_t count, const struct chunk_head *head)
{
    switch (head->code) {
    case CHUNK_DECIMAL:
        lanes_add(lanes, count, head->base);
        return;
    case CHUNK_DECIMAL_DELTA:
        lanes_sum(lanes, count, head->base, false);
        return;
    case CHUNK_F64_XOR:
        lanes_sum_xor(lanes, count, head->base);
        return;
    case CHUNK_F64_DELTA2:
        lanes_sum(lanes, count, head->base, true);
        lanes_to_bits(lanes, count);
        return;
    default:
        return;
    }
}

static void values_fill(const uint64_t *lanes, size_t count, const struct chunk_head *head,
                        double *out)
{
    if (chunk_code_is_decimal(head->code)) {
        chunk_decimal_fill((const int64_t *)lanes, count, head->exponent, out);
    } else {
        memcpy(out, lanes, count * sizeof(*out));
    }
}

static track_status constant_fill(const struct reader *r, const struct chunk_head *head,
                                  double *out, size_t count, track_error *err)
{
    double value;
    if (head->layout != CHUNK_RAW || r->left.size) {
        return FAIL(err, TRACK_INVALID, "a constant with layout %u and %zu bytes behind it",
                    head->layout, r->left.size);
    }
    memcpy(&value, &head->base, sizeof(value));
    for (size_t i = 0; i < count; i++) {
        out[i] = value;
    }
    return TRACK_OK;
}

/* Differences of numbers that sort as floats do, back to the bits of floats; modulo 2^32. */
static void floats_restore(uint32_t *lanes, size_t count, uint32_t base)
{
    for (size_t i = 0; i < count; i++) {
        base += lanes[i] >> 1 ^ (0 - (lanes[i] & 1));
        lanes[i] = base;
    }
    for (size_t i = 0; i < count; i++) { /* as chunk_float_bits, without a branch */
        lanes[i] ^= (uint32_t)1 << 31 | ((lanes[i] >> 31) - 1);
    }
}

track_status chunk_decode(struct chunk_coder *c, struct bytes in, double *out, size_t count,
                          track_error *err)
{
    struct reader r = {in, false};
    struct chunk_head head;
    TRY(chunk_check_count(count, err));
    TRY(chunk_take_head(&r, count, &head, err));
    if (head.code == CHUNK_CONSTANT) {
        return constant_fill(&r, &head, out, count, err);
    }
    struct planes_at planes = {.count = count, .width = head.width};
    TRY(chunk_body_take(&c->body, head.layout, &r, &planes, err));
    if (head.code == CHUNK_F32 || head.code == CHUNK_F32_DELTA) {
        planes_join_narrow(&planes, c->narrow);
        if (head.code == CHUNK_F32_DELTA) {
            floats_restore(c->narrow, count, (uint32_t)head.base);
        }
        chunk_float_fill(c->narrow, count, out);
        return TRACK_OK;
    }
    planes_join(&planes, c->lanes);
    lanes_restore(c->lanes, count, &head);
    values_fill(c->lanes, count, &head, out);
    return TRACK_OK;
}
