#include "chunk_coder.h"
#include "chunk_decimal.h"
#include "chunk_float.h"

#include <string.h>

enum {
    BINARY_EXPONENT_MAX = 2,
    SURE_BITS = 32,    /* differences of doubles that take fewer bits each are small for sure */
    UNSURE_SHARE = 16, /* an estimate may be off by one in so many */
    SAMPLE_SHARE = 8,  /* of two codes the better one of a part of this size is taken */
    SAMPLE_MIN = 128,  /* with smaller parts both are tried */
    SAMPLE_MAX = CHUNK_POINTS_MAX / SAMPLE_SHARE,
};

/* Whole numbers as how much they are above the least. */
static void lanes_from_least(struct chunk_coder *c, size_t count, uint64_t *base)
{
    int64_t least = (int64_t)c->at[0];
    for (size_t i = 1; i < count; i++) {
        least = (int64_t)c->at[i] < least ? (int64_t)c->at[i] : least;
    }
    *base = (uint64_t)least;
    for (size_t i = 0; i < count; i++) {
        c->lanes[i] = c->at[i] - *base;
    }
}

/* Numbers of width bytes as differences of neighbours; of those again when twice. */
static void lanes_from_deltas(struct chunk_coder *c, size_t count, size_t width, bool twice)
{
    unsigned unused = (unsigned)(64 - 8 * width);
    uint64_t last = c->at[0], last_delta = 0;
    c->lanes[0] = 0;
    for (size_t i = 1; i < count; i++) {
        uint64_t delta = c->at[i] - last, number = delta - last_delta;
        c->lanes[i] = zigzag_encode((int64_t)(number << unused) >> unused);
        last = c->at[i];
        last_delta = twice ? delta : 0;
    }
}

static void lanes_from_xor(struct chunk_coder *c, size_t count)
{
    c->lanes[0] = 0;
    for (size_t i = 1; i < count; i++) {
        c->lanes[i] = c->at[i] ^ c->at[i - 1];
    }
}

static void source_order(struct chunk_coder *c, size_t count, size_t width)
{
    for (size_t i = 0; i < count; i++) {
        c->at[i] = chunk_float_order(c->at[i], width);
    }
}

/* Fills the lanes, and the base, from the source. */
static void lanes_fill(struct chunk_coder *c, size_t count, struct chunk_head *head)
{
    size_t width = head->code == CHUNK_F32_DELTA ? CHUNK_F32_BYTES : CHUNK_F64_BYTES;
    if (head->code == CHUNK_F32_DELTA || head->code == CHUNK_F64_DELTA2) {
        source_order(c, count, width);
    }
    head->base = c->at[0];
    if (head->code == CHUNK_DECIMAL) {
        lanes_from_least(c, count, &head->base);
    } else if (head->code == CHUNK_F64_XOR) {
        lanes_from_xor(c, count);
    } else if (head->code == CHUNK_F32 || head->code == CHUNK_F64) {
        memcpy(c->lanes, c->at, count * sizeof(c->lanes[0]));
    } else {
        lanes_from_deltas(c, count, width, head->code == CHUNK_F64_DELTA2);
    }
}

static size_t lanes_width(const uint64_t *lanes, size_t count)
{
    uint64_t all = 0;
    size_t width = 1;
    for (size_t i = 0; i < count; i++) {
        all |= lanes[i];
    }
    while (width < PLANES_WIDTH_MAX && all >> (8 * width)) {
        width++;
    }
    return width;
}

/* Encodes with one code, into c->trial. */
static track_status coder_trial(struct chunk_coder *c, size_t count, struct chunk_head head,
                                track_error *err)
{
    enum chunk_layout layout;
    lanes_fill(c, count, &head);
    head.width = lanes_width(c->lanes, count);
    c->trial.size = 0;
    chunk_put_head(&c->trial, &head, count);
    struct planes planes = {c->lanes, count, head.width};
    TRY(chunk_body_encode(&c->body, &planes, &c->trial, &layout, err));
    c->trial.at[CHUNK_LAYOUT_AT] = (unsigned char)layout;
    return TRACK_OK;
}

/* Encodes the source with one code; the smallest so far stays in c->best. */
static track_status coder_try(struct chunk_coder *c, size_t count, struct chunk_head head,
                              track_error *err)
{
    TRY(coder_trial(c, count, head, err));
    if (c->best.size == 0 || c->trial.size < c->best.size) {
        struct buf better = c->trial;
        c->trial = c->best;
        c->best = better;
    }
    return TRACK_OK;
}

/* Which of two codes makes less of a part in the middle; the source is as before. */
static track_status coder_compare(struct chunk_coder *c, size_t count,
                                  const struct chunk_head heads[2], size_t *better,
                                  track_error *err)
{
    uint64_t kept[SAMPLE_MAX];
    size_t sample = count / SAMPLE_SHARE, sizes[2];
    c->at = c->source + (count - sample) / 2;
    memcpy(kept, c->at, sample * sizeof(kept[0]));
    for (size_t i = 0; i < 2; i++) {
        TRY(coder_trial(c, sample, heads[i], err));
        sizes[i] = c->trial.size;
        memcpy(c->at, kept, sample * sizeof(kept[0])); /* a code may have put it in order */
    }
    c->at = c->source;
    *better = sizes[1] < sizes[0];
    return TRACK_OK;
}

/* Encodes with the better one of two codes: trying both costs as much as all the rest. */
static track_status coder_try_two(struct chunk_coder *c, size_t count,
                                  const struct chunk_head heads[2], track_error *err)
{
    size_t better = 0;
    if (count / SAMPLE_SHARE < SAMPLE_MIN) {
        TRY(coder_try(c, count, heads[0], err));
        return coder_try(c, count, heads[1], err);
    }
    TRY(coder_compare(c, count, heads, &better, err));
    return coder_try(c, count, heads[better], err);
}

static track_status coder_try_decimal(struct chunk_coder *c, size_t count, unsigned exponent,
                                      track_error *err)
{
    const struct chunk_head heads[2] = {{.code = CHUNK_DECIMAL, .exponent = exponent},
                                        {.code = CHUNK_DECIMAL_DELTA, .exponent = exponent}};
    return coder_try_two(c, count, heads, err);
}

static track_status coder_try_f32(struct chunk_coder *c, size_t count, track_error *err)
{
    const struct chunk_head heads[2] = {{.code = CHUNK_F32}, {.code = CHUNK_F32_DELTA}};
    return coder_try_two(c, count, heads, err);
}

/* About how many bits the lanes of a code take: those below the highest one of each, and two to say
 * which is the highest. */
static uint64_t code_bits(struct chunk_coder *c, size_t count, enum chunk_code code)
{
    struct chunk_head head = {.code = code};
    uint64_t bits = 2 * count;
    lanes_fill(c, count, &head);
    for (size_t i = 0; i < count; i++) {
        bits += 63 - (unsigned)__builtin_clzll(c->lanes[i] | 1);
    }
    return bits;
}

/* Doubles: a try costs as much as two columns of floats, so that differences are tried alone where
 * they are small for sure, and not at all where they hardly could be. */
static track_status coder_try_f64(struct chunk_coder *c, const double *values, size_t count,
                                  track_error *err)
{
    size_t size = count * sizeof(*values);
    memcpy(c->source, values, size);
    uint64_t bits = code_bits(c, count, CHUNK_F64_XOR);
    uint64_t delta_bits = code_bits(c, count, CHUNK_F64_DELTA2);
    enum chunk_code code = delta_bits < bits ? CHUNK_F64_DELTA2 : CHUNK_F64_XOR;
    bits = delta_bits < bits ? delta_bits : bits;
    memcpy(c->source, values, size);
    if (bits > SURE_BITS * count) {
        TRY(coder_try(c, count, (struct chunk_head){.code = CHUNK_F64}, err));
    }
    if (c->best.size && bits + bits / UNSURE_SHARE > 8 * c->best.size) {
        return TRACK_OK;
    }
    return coder_try(c, count, (struct chunk_head){.code = code}, err);
}

/* Decimals that are floats as well are k / 2^exponent, which a float holds in fewer bits unless the
 * exponent is small; whole numbers are decimals only. */
static track_status coder_try_all(struct chunk_coder *c, const double *values, size_t count,
                                  track_error *err)
{
    bool f32 = chunk_float_fit(values, count, c->lanes);
    unsigned exponent = f32 ? BINARY_EXPONENT_MAX : CHUNK_EXPONENT_MAX;
    bool decimal = chunk_decimal_fit(values, count, (int64_t *)c->source, &exponent);
    if (decimal) {
        TRY(coder_try_decimal(c, count, exponent, err));
    }
    if (f32 && !(decimal && exponent == 0)) {
        chunk_float_fit(values, count, c->source);
        return coder_try_f32(c, count, err);
    }
    return decimal ? TRACK_OK : coder_try_f64(c, values, count, err);
}

track_status chunk_encode(struct chunk_coder *c, const double *values, size_t count, int level,
                          struct buf *out, track_error *err)
{
    struct bytes ignored;
    TRY(chunk_check_count(count, err));
    if (memcmp(values, values + 1, (count - 1) * sizeof(*values)) == 0) {
        struct chunk_head head = {.code = CHUNK_CONSTANT, .layout = CHUNK_RAW};
        memcpy(&head.base, values, sizeof(*values));
        chunk_put_head(out, &head, count);
        return buf_end(out, &ignored, err);
    }
    c->best.size = 0;
    c->at = c->source;
    c->body.level = level;
    TRY(coder_try_all(c, values, count, err));
    buf_put(out, c->best.at, c->best.size);
    return buf_end(out, &ignored, err);
}
