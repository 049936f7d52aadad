/* chunk_decimal - doubles that are short decimals, as whole numbers.
 *
 * 0.9375 is 9375 / 10^4, and dividing gives the very same bits back.
 * Layout:  schema/formats.md#chunk
 * Uses:    nothing.  Pure; any thread.
 */
#ifndef CORE_CHUNK_DECIMAL_H
#define CORE_CHUNK_DECIMAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHUNK_EXPONENT_MAX = 8 };

/* Finds the least exponent with which every value is k / 10^exponent, bit for bit, |k| < 2^51.
 *
 *   k         [count]; holds anything unless true.
 *   exponent  the greatest to try, at most CHUNK_EXPONENT_MAX; the one found, set only if true.
 *
 * False where there is none: -0.0, NaN and infinities are no decimals either.
 *
 * Cost:  3-5 ns a value where they are, one value where they are not.
 * Tests: tests/core/test_chunk_decimal.c
 */
bool chunk_decimal_fit(const double *values, size_t count, int64_t *k, unsigned *exponent);

/* The values: k / 10^exponent, exponent <= CHUNK_EXPONENT_MAX. */
void chunk_decimal_fill(const int64_t *k, size_t count, unsigned exponent, double *out);
#endif
