#include "chunks.h"

#include <math.h>
#include <string.h>

static uint64_t noise_next(uint64_t *noise)
{
    *noise = *noise * 6364136223846793005u + 1442695040888963407u;
    return *noise ^ *noise >> 31;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static double from_float_bits(uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    float value;
    memcpy(&value, &word, sizeof(value));
    return (double)value;
}

static double hard(uint64_t noise)
{
    static const uint64_t bits[] = {
        0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000000000001, 0x7ff0000000000001,
        0xffffffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x0000000000000000,
        0x8000000000000000, 0x0000000000000001, 0x800fffffffffffff, 0x0010000000000000,
        0x7fefffffffffffff, 0xffefffffffffffff, 0x3ff0000000000000, 0x3fb999999999999a,
    };
    return from_bits(bits[noise % (sizeof(bits) / sizeof(bits[0]))]);
}

static double edge(uint64_t noise)
{
    double base = noise & 1 ? 0x1p51 : 0x1p53, value = base + (double)(noise >> 8 & 7) - 4;
    return noise & 2 ? -value : value;
}

static double value_at(enum chunks_kind kind, size_t i, uint64_t noise)
{
    double x = (double)i, u = (double)(noise >> 11) * 0x1p-53;
    switch (kind) {
    case CHUNKS_CONSTANT:
        return 0.1;
    case CHUNKS_WHOLE:
        return 90 + (double)(noise >> 20) - 10 * floor((double)(noise >> 20) / 10);
    case CHUNKS_COUNTER:
        return x;
    case CHUNKS_DIGITS:
        return round(1e4 * (0.9 + 0.01 * u)) / 1e4;
    case CHUNKS_BINARY:
        return (double)(200 + (noise >> 60)) / 256;
    case CHUNKS_FLOATS:
        return (double)(float)(exp(-x / 3000) + 0.05 * u);
    case CHUNKS_SMOOTH:
        return (double)(float)(3e-4 * (1 + cos(x / 5000)));
    case CHUNKS_DOUBLES:
        return exp(-x / 3000) + 0.05 * u;
    case CHUNKS_SCHEDULE:
        return 3e-4 * (1 + cos(x / 5000));
    case CHUNKS_STAIRS:
        return 1 / (3 + floor(x / 500));
    case CHUNKS_HARD:
        return hard(noise >> 33);
    case CHUNKS_BITS:
        return from_bits(noise);
    case CHUNKS_FLOAT_BITS:
        return from_float_bits(noise >> 20);
    case CHUNKS_EDGES:
        return edge(noise >> 30);
    default:
        return i == 1234 ? (double)NAN : floor(u * 100) / 100;
    }
}

void chunks_fill(enum chunks_kind kind, uint64_t seed, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t noise = noise_next(&seed);
        out[i] = value_at(kind, i, noise);
    }
}

track_status chunks_round_trip(struct chunk_coder *c, const double *values, size_t count, int level,
                               unsigned *code)
{
    AUTO_BUF b = BUF(CHUNK_BYTES_MAX);
    double back[CHUNK_POINTS_MAX];
    struct bytes all;
    TRY(chunk_encode(c, values, count, level, &b, NULL));
    TRY(buf_end(&b, &all, NULL));
    if (code) {
        *code = all.at[0];
    }
    TRY(chunk_decode(c, all, back, count, NULL));
    return memcmp(values, back, count * sizeof(*values)) == 0 ? TRACK_OK : TRACK_CORRUPT;
}
