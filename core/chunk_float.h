/* chunk_float - the bits of floats and doubles, and numbers that sort as they do.
 *
 * Uses:    nothing.  Pure; any thread.
 */
#ifndef CORE_CHUNK_FLOAT_H
#define CORE_CHUNK_FLOAT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bits of the values as floats [count]; false if one of them does not survive that, bit for
 * bit. */
bool chunk_float_fit(const double *values, size_t count, uint64_t *bits);

/* The values of such bits. */
void chunk_float_fill(const uint32_t *bits, size_t count, double *out);

/* The bits of a number of width 4 or 8 as a number that sorts as it does, and back: neighbours on
 * the line of numbers differ by 1. */
static inline uint64_t chunk_float_order(uint64_t bits, size_t width)
{
    uint64_t sign = (uint64_t)1 << (8 * width - 1), all = sign | (sign - 1);
    return bits & sign ? ~bits & all : bits | sign;
}

static inline uint64_t chunk_float_bits(uint64_t order, size_t width)
{
    uint64_t sign = (uint64_t)1 << (8 * width - 1), all = sign | (sign - 1);
    return order & sign ? order & ~sign : ~order & all;
}
#endif
