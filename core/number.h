/* number - doubles and whole numbers as text, exactly.
 *
 * Independent of the locale: libtrack is a guest in programs that may have called setlocale.
 * Uses: bytes.  Pure; any thread.
 */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H
#include "bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_MAX = 32 }; /* bytes that number_encode may write */

/* Decodes a decimal number: [+-] digits [. digits] [e [+-] digits]; of the digits on both sides of
 * the point one may be missing.  No blanks, hexadecimal, nan, inf.
 *
 *   text  [size].
 *   out   the nearest double, ties to even; set only if true.
 *
 * False if it is not such a number or is beyond the doubles.
 *
 * Cost:   60 ns for 17 digits (measured, one busy core); as strtod_l near the middle of two
 *         doubles.
 * Source: Clinger, How to read floating point numbers accurately, PLDI 1990 (error bound, then
 *         the exact way where it does not decide).
 * Tests:  tests/core/test_number.c, tests/fuzz/fuzz_number.c (against strtod)
 */
bool number_decode(struct bytes text, double *out);

/* The double nearest to digits x 10^exponent, ties to even; for those who have read the digits.
 *
 * False if that cannot be said with 128 bits, or is beyond the doubles: number_decode decides.
 *
 * Cost:  3 ns where whole numbers decide, else 8 ns.
 * Tests: tests/core/test_number.c
 */
bool number_scale(uint64_t digits, int exponent, double *out);

/* Decodes a whole number [+-] digits that fits int64; false if it is not. */
bool number_decode_int(struct bytes text, int64_t *out);

/* Encodes the shortest decimal that decodes to value, the nearest one among those: `0.1`, `1e-7`,
 * `100`, `1e+21`, `-0`, as JSON and JavaScript write it; `NaN`, `Infinity`, `-Infinity`.
 *
 *   out  [NUMBER_TEXT_MAX], no NUL.
 *
 * Returns how many bytes were written.
 *
 * Cost:   60 ns for 17 digits (measured, one busy core).
 * Source: Giulietti, The Schubfach way to render doubles, 2020 (rounding interval scaled by a
 *         power of ten with 126 bits, rounded to odd).
 * Tests:  tests/core/test_number.c, tests/fuzz/fuzz_number.c
 */
size_t number_encode(double value, char *out);
#endif
