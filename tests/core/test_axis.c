/* Shows that steps and times come back exactly, whatever they are, and that damage is refused.
 * How: columns of every shape through both codes, sizes of the common ones, each cut. */
#include "../../core/axis.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

enum { ROWS = 1000 };

struct axis_case {
    const char *name;
    int64_t first, stride, jitter;
};

static const struct axis_case cases[] = {
    {"affine", 0, 1, 0},
    {"descending", 5, -7, 0},
    {"same", -3, 0, 0},
    {"jitter", 0, 1000, 13},
    {"seconds", 0, 5000000, 0},
    {"milliseconds", 17000, 3000, 0},
    {"long gaps of milliseconds", 17000, 3000, 1000 << 20},
    {"longer ones", 17000, 3000, INT64_C(1000) << 28},
    {"far seconds", INT64_C(1000000) << 40, 5000000, 1000000},
    {"near seconds", INT64_C(-549755813888) * 1000000, 5000000, 1000000},
    {"bytes of both kinds", 0, 100, 9},
    {"wrapping", INT64_MAX / 1000 * 1000, 1000000, 0},
    {"wild", INT64_MIN, INT64_MAX / 3, 91},
    {"edge", INT64_MAX, 1, 0},
};

static void fill(const struct axis_case *c, int64_t out[ROWS])
{
    uint64_t now = (uint64_t)c->first;
    for (size_t i = 0; i < ROWS; i++) {
        out[i] = (int64_t)now;
        now +=
            (uint64_t)c->stride + (c->jitter ? (uint64_t)(c->jitter * (int64_t)(i * i % 17)) : 0);
    }
}

static track_status round_trip(struct zstream *z, const int64_t *in, size_t count, int level,
                               bool times)
{
    AUTO_BUF b = BUF(1 << 20);
    struct bytes all;
    int64_t out[ROWS];
    TRY((times ? axis_encode_times : axis_encode_steps)(z, in, count, level, &b, NULL));
    TRY(buf_end(&b, &all, NULL));
    struct reader r = {all, false};
    TRY((times ? axis_decode_times : axis_decode_steps)(z, &r, out, count, NULL));
    TRY(reader_end(&r, NULL));
    return memcmp(in, out, count * sizeof(*in)) == 0 ? TRACK_OK : TRACK_CORRUPT;
}

TEST(axis, gives_back_every_column)
{
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        int64_t in[ROWS];
        fill(&cases[c], in);
        for (size_t count = 1; count <= ROWS; count = count < 4 ? count + 1 : count * 2) {
            for (int level = 0; level < 2; level++) {
                CHECK_INT(round_trip(z, in, count, level, false), TRACK_OK);
                CHECK_INT(round_trip(z, in, count, level, true), TRACK_OK);
            }
        }
    }
}

/* Bytes of the column that case c makes. */
static size_t column_size(struct zstream *z, size_t c, int level, bool times)
{
    AUTO_BUF b = BUF(1 << 20);
    int64_t in[ROWS];
    fill(&cases[c], in);
    track_status status =
        (times ? axis_encode_times : axis_encode_steps)(z, in, ROWS, level, &b, NULL);
    return status == TRACK_OK ? b.size : 0;
}

TEST(axis, is_small_where_rows_are_regular)
{
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK_INT(column_size(z, 0, 1, false), 10);
    CHECK_INT(column_size(z, 4, 1, true), 11);
    CHECK(column_size(z, 3, 0, true) <= 11 + 2 * ROWS);
    CHECK(column_size(z, 3, 1, true) < column_size(z, 3, 0, true) / 4);
}

TEST(axis, refuses_every_cut_and_what_it_does_not_know)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(1 << 16);
    struct zstream *z;
    int64_t in[ROWS], out[ROWS];
    fill(&cases[3], in);
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(axis_encode_times(z, in, ROWS, 1, &b, NULL) == TRACK_OK);
    for (size_t cut = 0; cut < b.size; cut++) {
        struct reader r = {{b.at, cut}, false};
        CHECK(axis_decode_times(z, &r, out, ROWS, NULL) == TRACK_INVALID);
        r = (struct reader){{b.at, cut}, false};
        CHECK(axis_decode_steps(z, &r, out, ROWS, NULL) == TRACK_INVALID);
    }
    struct reader fewer = {{b.at, b.size}, false};
    CHECK(axis_decode_times(z, &fewer, out, ROWS - 1, NULL) == TRACK_INVALID);
    b.at[1] = 3;
    struct reader unit = {{b.at, b.size}, false};
    CHECK(axis_decode_times(z, &unit, out, ROWS, NULL) == TRACK_INVALID);
    b.at[0] = 2;
    struct reader code = {{b.at, b.size}, false};
    CHECK(axis_decode_times(z, &code, out, ROWS, NULL) == TRACK_INVALID);
}

TEST(axis, refuses_a_time_beyond_64_bits)
{
    static const unsigned char seconds[] = {0, 2, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0};
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z;
    int64_t out[1];
    track_error err = {0};
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    struct reader r = {{seconds, sizeof(seconds)}, false};
    CHECK(axis_decode_times(z, &r, out, 1, &err) == TRACK_INVALID);
    CHECK(strcmp(err.message, "a time beyond 64 bits of microseconds") == 0);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z;
    int64_t in[ROWS];
    fill(&cases[3], in);
    TRY(zstream_open(&arena, &z, NULL));
    return round_trip(z, in, ROWS, 1, true);
}

TEST(axis, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 5);
}
