/* Shows that a chunk gives back every bit, and takes few bytes where columns are regular.
 * How: columns of every form, at both ends of their numbers. */
#include "../../server/tail_chunk.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

static struct point points[TAIL_CHUNK_POINTS];
static struct tail_window window;

/* The forms of a column: numbers from first by stride, disturbed. */
struct form {
    int64_t first, stride, jitter;
};

static const struct form forms[] = {
    {0, 1, 0},
    {-5, 3, 0},
    {7, 0, 0},
    {0, 10, 3},
    {1000, 2000, 1000},
    {0, INT64_C(5000000000), 7},
    {0, INT64_C(1000000000), 1000},
    {INT64_MIN, INT64_C(1) << 51, 1},
};

static int64_t form_value(const struct form *f, size_t i)
{
    return f->first + (int64_t)i * f->stride + f->jitter * (int64_t)(i * i % 3);
}

static double value_of(size_t form, size_t i)
{
    return form % 3 == 0 ? 0.5 : form % 3 == 1 ? (double)(float)i / 4 : (double)i / 3;
}

static void check_round_trip(size_t step, size_t time, size_t count)
{
    struct tail_chunk chunk;
    for (size_t i = 0; i < count; i++) {
        points[i] = (struct point){form_value(&forms[step], i), form_value(&forms[time], i),
                                   value_of(step + time, i)};
    }
    CHECK(tail_chunk_encode(points, count, &chunk, NULL) == TRACK_OK);
    tail_chunk_decode(&chunk, &window);
    tail_chunk_release(&chunk);
    for (size_t i = 0; i < count; i++) {
        CHECK(window.steps[i] == points[i].step && window.times_us[i] == points[i].time_us);
        CHECK(window.values[i] == points[i].value);
        CHECK(points[i].time_us >= chunk.time_min_us && points[i].time_us <= chunk.time_max_us);
    }
}

TEST(tail_chunk, gives_back_every_form)
{
    size_t count = sizeof(forms) / sizeof(forms[0]);
    for (size_t step = 0; step < count; step++) {
        for (size_t time = 0; time < count; time++) {
            check_round_trip(step, time, 1);
            check_round_trip(step, time, 2);
            check_round_trip(step, time, 1001);
        }
    }
    check_round_trip(0, 3, TAIL_CHUNK_POINTS);
}

TEST(tail_chunk, keeps_the_bits_of_every_value)
{
    static const double values[] = {-0.0, 0.0, NAN, -NAN, INFINITY, 5e-324, 1e308};
    struct tail_chunk chunk;
    for (size_t i = 0; i < 7; i++) {
        points[i] = (struct point){(int64_t)i, 0, values[i]};
    }
    CHECK(tail_chunk_encode(points, 7, &chunk, NULL) == TRACK_OK);
    tail_chunk_decode(&chunk, &window);
    tail_chunk_release(&chunk);
    CHECK(memcmp(window.values, values, sizeof(values)) == 0);
}

TEST(tail_chunk, takes_8_bytes_a_point_of_a_trainer)
{
    struct tail_chunk chunk;
    for (size_t i = 0; i < TAIL_CHUNK_POINTS; i++) {
        points[i] = (struct point){(int64_t)i, (int64_t)(i * 1000 + i % 7), (float)i / 3};
    }
    CHECK(tail_chunk_encode(points, TAIL_CHUNK_POINTS, &chunk, NULL) == TRACK_OK);
    tail_chunk_release(&chunk);
    CHECK(chunk.bytes <= 8 * TAIL_CHUNK_POINTS + 8 && chunk.times_ascend);
}
