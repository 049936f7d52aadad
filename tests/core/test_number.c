/* Shows that decimal and binary numbers turn into each other exactly.
 * How: against strtod and printf on many random doubles and on every edge; each power of ten is
 * computed again with whole numbers of 2,304 bits. */
#include "../../core/number.h"
#include "../../core/number_powers.h"
#include "../harness.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double random_double(uint64_t *state)
{
    for (;;) {
        uint64_t bits = next_random(state);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value)) {
            return value;
        }
    }
}

static bool decodes_like_strtod(const char *text)
{
    double want = strtod(text, NULL), got = 42;
    bool ok = number_decode(text_of(text), &got);
    return isinf(want) ? !ok : ok && bits_of(got) == bits_of(want);
}

TEST(number, decodes_what_strtod_decodes)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "+1",
        ".5",
        "5.",
        "0.1",
        "1e-4",
        "1E+4",
        "123456789012345678901234567890",
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000000001",
        "2.2250738585072012e-308",
        "2.2250738585072011e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2e-324",
        "1e-400",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "1e999999999999",
        "0e999999999",
        "1e-999999999999",
        "1e22",
        "1e23",
        "8.5e22",
        "18446744073709551616",
        "0.000000000000000001e18",
        "6.631236846766476e-316",
        "3.2e-325",
        "179769313486231580793728971405301e277",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!decodes_like_strtod(texts[i])) {
            test_fail(__FILE__, __LINE__, "%s", texts[i]);
        }
    }
}

TEST(number, refuses_what_is_no_number)
{
    static const char *const texts[] = {"",    "-",     "+",   ".",   "e1",   "1e",
                                        "1e+", "1 ",    " 1",  "0x1", "nan",  "inf",
                                        "1,5", "1.2.3", "--1", "1f",  "1e1.", "\xd9\xa1"};
    double value = 42;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(!number_decode(text_of(texts[i]), &value) && value == 42);
    }
    CHECK(!number_decode((struct bytes){NULL, 0}, &value));
}

/* digits x 10^exponent by number_scale, where it decides, is what strtod reads. */
static bool scales_like_strtod(uint64_t digits, int exponent, int *decided)
{
    char text[64];
    double got = 42;
    snprintf(text, sizeof(text), "%llue%d", (unsigned long long)digits, exponent);
    bool known = number_scale(digits, exponent, &got);
    *decided += known;
    return !known || bits_of(got) == bits_of(strtod(text, NULL));
}

TEST(number, scales_digits_like_strtod)
{
    uint64_t state = 3141592653589793;
    int decided = 0;
    for (int i = 0; i < 300000; i++) {
        uint64_t digits = next_random(&state) >> (next_random(&state) % 64);
        int exponent = (int)(next_random(&state) % 700) - 360;
        CHECK(scales_like_strtod(digits, i % 2 ? exponent : exponent / 16, &decided));
    }
    CHECK(decided > 250000);
}

/* The decimal between two neighbouring doubles, to the last digit, and one unit on each side. */
TEST(number, decodes_the_middle_of_two_doubles)
{
    uint64_t state = 2718281828459045;
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = next_random(&state) >> 12 | (uint64_t)(i % 60 + 1000) << 52;
        double low, high;
        memcpy(&low, &bits, sizeof(low));
        bits++;
        memcpy(&high, &bits, sizeof(high));
        char text[256];
        int size = snprintf(text, sizeof(text), "%.200Lf", ((long double)low + high) / 2);
        CHECK(size > 0 && decodes_like_strtod(text));
        text[size - 1]++; /* a zero */
        CHECK(decodes_like_strtod(text));
        int decided = 0;
        uint64_t whole = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 53;
        CHECK(scales_like_strtod(whole * 2 + 1, i % 40 - 20, &decided));
    }
}

TEST(number, decodes_random_digits_like_strtod)
{
    uint64_t state = 88172645463325252;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        int exponent = (int)(next_random(&state) % 700) - 360;
        snprintf(text, sizeof(text), "%llu%llue%d", (unsigned long long)next_random(&state),
                 (unsigned long long)(next_random(&state) >> (i % 64)), exponent);
        CHECK(decodes_like_strtod(text));
        CHECK(decodes_like_strtod(text + 5));
    }
}

/* The middle of two doubles, a hair below and a hair above: with up to 800 digits. */
TEST(number, decides_the_middle_of_two_doubles)
{
    uint64_t state = 42;
    for (int i = 0; i < 300; i++) {
        double low = fabs(random_double(&state));
        low = i % 3 ? low : low * 0x1p-1000;
        long double middle = ((long double)low + nextafter(low, INFINITY)) / 2;
        char text[1400];
        snprintf(text, sizeof(text) - 8, "%.1100Lf", middle);
        CHECK(decodes_like_strtod(text));
        memcpy(text + strlen(text), "1", 2);
        CHECK(decodes_like_strtod(text));
    }
}

static void check_shortest(double value)
{
    char text[NUMBER_TEXT_MAX + 1], by_printf[64];
    size_t size = number_encode(value, text);
    CHECK(size <= NUMBER_TEXT_MAX);
    text[size] = 0;
    double back = 42;
    CHECK(number_decode((struct bytes){(unsigned char *)text, size}, &back));
    CHECK(bits_of(back) == bits_of(value) && bits_of(strtod(text, NULL)) == bits_of(value));
    int digits = 1;
    do {
        snprintf(by_printf, sizeof(by_printf), "%.*e", digits - 1, value);
    } while (strtod(by_printf, NULL) != value && ++digits < 18);
    int ours = 0, zeros = 0;
    for (const char *c = text; *c && *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9' && (ours || *c != '0')) {
            ours++;
            zeros = *c == '0' ? zeros + 1 : 0;
        }
    }
    CHECK(value == 0 || ours - zeros <= digits); /* printf rounds to nearest, also out of reach */
}

TEST(number, encodes_the_shortest_text_that_comes_back)
{
    static const double edges[] = {0.0,
                                   -0.0,
                                   1,
                                   0.1,
                                   0.3,
                                   1e22,
                                   1e23,
                                   5e-324,
                                   1e-323,
                                   DBL_MIN,
                                   DBL_MAX,
                                   0x1p53,
                                   0x1p63,
                                   0x1p-1022,
                                   0x1.fffffffffffffp-1023,
                                   9007199254740993.0,
                                   2e-44,
                                   1.0 / 3,
                                   123456789.125};
    uint64_t state = 12345;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        check_shortest(edges[i]);
    }
    for (int e = -1074; e < 1024; e++) {
        check_shortest(ldexp(1, e));
        check_shortest(nextafter(ldexp(1, e), 0));
    }
    for (int i = 0; i < 20000; i++) {
        double value = random_double(&state);
        check_shortest(value);
        check_shortest((double)(float)fmod(value, 1000));
        check_shortest((double)(next_random(&state) % 1000000) / 1000);
    }
}

TEST(number, writes_like_javascript)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {100, "100"},
        {0.1, "0.1"},
        {1e-6, "0.000001"},
        {1.5e-6, "0.0000015"},
        {1e-7, "1e-7"},
        {1.25e-9, "1.25e-9"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
        {0.30000000000000004, "0.30000000000000004"},
        {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
        {9007199254740993.0, "9007199254740992"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[NUMBER_TEXT_MAX];
        size_t size = number_encode(rows[i].value, text);
        CHECK(size == strlen(rows[i].text) && memcmp(text, rows[i].text, size) == 0);
    }
}

TEST(number, decodes_whole_numbers_to_the_edges_of_64_bits)
{
    int64_t value = 42;
    CHECK(number_decode_int(text_of("9223372036854775807"), &value) && value == INT64_MAX);
    CHECK(number_decode_int(text_of("-9223372036854775808"), &value) && value == INT64_MIN);
    CHECK(number_decode_int(text_of("+007"), &value) && value == 7);
    CHECK(!number_decode_int(text_of("9223372036854775808"), &value));
    CHECK(!number_decode_int(text_of("-9223372036854775809"), &value));
    CHECK(!number_decode_int(text_of("99999999999999999999"), &value));
    CHECK(!number_decode_int(text_of(""), &value) && !number_decode_int(text_of("-"), &value));
    CHECK(!number_decode_int(text_of("1.0"), &value) && !number_decode_int(text_of("1 "), &value));
    CHECK(value == 7);
}

/* A whole number of 36 words of 64 bits, the lowest first. */
enum { WORDS = 36 };
struct whole {
    uint64_t word[WORDS];
};

static void whole_times_10(struct whole *n)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        __uint128_t product = (__uint128_t)n->word[i] * 10 + carry;
        n->word[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
}

static void whole_by_10(struct whole *n)
{
    uint64_t rest = 0;
    for (int i = WORDS; i-- > 0;) {
        __uint128_t part = (__uint128_t)rest << 64 | n->word[i];
        n->word[i] = (uint64_t)(part / 10);
        rest = (uint64_t)(part % 10);
    }
}

/* The 128 bits from the highest set one down. */
static struct power whole_top(const struct whole *n)
{
    int high = WORDS - 1;
    while (n->word[high] == 0) {
        high--;
    }
    int shift = __builtin_clzll(n->word[high]);
    uint64_t lower = n->word[high - 2] >> 1 >> (63 - shift);
    return (struct power){n->word[high] << shift | n->word[high - 1] >> 1 >> (63 - shift),
                          n->word[high - 1] << shift | lower};
}

TEST(number, has_every_power_of_ten_right)
{
    struct whole up = {.word[2] = 1}, down = {.word[WORDS - 1] = 1};
    for (int e = 0; e <= POWER_MAX; e++, whole_times_10(&up)) {
        struct power got = powers[e - POWER_MIN], want = whole_top(&up);
        CHECK(got.high == want.high && got.low == want.low);
    }
    for (int e = -1; e >= POWER_MIN; e--) {
        whole_by_10(&down);
        struct power got = powers[e - POWER_MIN], want = whole_top(&down);
        CHECK(got.high == want.high && got.low == want.low);
    }
}
