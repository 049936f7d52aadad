/* Shows that a series is the set of its points in order, whatever order and pieces they came in.
 * How: random points with repeats, NaN and late ones, against sorting them all; its summary against
 * a calculation; each allocation failing. */
#include "../../server/tail_series.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 30000 };

static struct point all[POINTS], got[POINTS];
static struct tail_window window;

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24;
}

static int order(const void *a, const void *b)
{
    return point_compare(a, b);
}

/* Mostly ascending steps; lateness says how far back a point may lie. */
static void fill(uint64_t *state, uint64_t lateness)
{
    static const double special[] = {NAN, INFINITY, -INFINITY, -0.0};
    for (size_t i = 0; i < POINTS; i++) {
        uint64_t choice = next(state) % 50;
        int64_t step = (int64_t)i / 2 - (int64_t)(lateness ? next(state) % lateness : 0);
        double value = choice < 4 ? special[choice] : (double)(next(state) % 3);
        all[i] = (struct point){step, step * 1000 + (int64_t)(next(state) % 2), value};
    }
}

/* Adds all points in pieces of up to `piece`; settles now and then. */
static track_status add(struct tail_series *s, uint64_t *state, size_t count, size_t piece)
{
    for (size_t i = 0, more; i < count; i += more) {
        int64_t steps[1000], times[1000];
        double values[1000];
        more = next(state) % piece + 1;
        more = more < count - i ? more : count - i;
        for (size_t j = 0; j < more; j++) {
            steps[j] = all[i + j].step;
            times[j] = all[i + j].time_us;
            values[j] = all[i + j].value;
        }
        TRY(tail_series_add(s, &(struct tail_column){steps, times, values, more}, NULL));
        if (next(state) % 16 == 0) {
            TRY(tail_series_settle(s, NULL));
        }
    }
    return tail_series_settle(s, NULL);
}

static size_t unique(void)
{
    qsort(all, POINTS, sizeof(*all), order);
    size_t count = 0;
    for (size_t i = 0; i < POINTS; i++) {
        if (count == 0 || point_compare(&all[count - 1], &all[i]) != 0) {
            all[count++] = all[i];
        }
    }
    return count;
}

static size_t decode(const struct tail_series *s)
{
    size_t count = 0;
    for (size_t c = 0; c < s->chunk_count; c++) {
        tail_chunk_decode(&s->chunks[c], &window);
        for (size_t i = 0; i < s->chunks[c].count && count < POINTS; i++) {
            got[count++] = tail_window_get(&window, i);
        }
    }
    return count;
}

static void check_summary(const struct tail_series *s, size_t count)
{
    struct tail_summary want = {.min = INFINITY, .max = -INFINITY};
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double value = all[i].value;
        want.nan += isnan(value) != 0;
        want.pinf += value == INFINITY;
        want.ninf += value == -INFINITY;
        sum += isfinite(value) ? value : 0;
        if (isfinite(value) && value < want.min) {
            want.min = value;
            want.min_step = all[i].step;
        }
        if (isfinite(value) && value > want.max) {
            want.max = value;
            want.max_step = all[i].step;
        }
    }
    const struct tail_summary *is = &s->summary;
    CHECK_INT(is->n, count);
    CHECK(is->nan == want.nan && is->pinf == want.pinf && is->ninf == want.ninf);
    CHECK(is->min == want.min && is->max == want.max);
    CHECK(is->min_step == want.min_step && is->max_step == want.max_step);
    CHECK(is->sum_high + is->sum_low == sum); /* small whole numbers */
}

TEST(tail_series, is_the_set_of_its_points)
{
    static const uint64_t lateness[] = {0, 3, 5000, 40000};
    static const size_t pieces[] = {3, 100, 1000};
    uint64_t state = 1;
    for (size_t round = 0; round < 8; round++) {
        struct tail_series s = {0};
        fill(&state, lateness[round % 4]);
        CHECK(add(&s, &state, POINTS, pieces[round % 3]) == TRACK_OK);
        size_t count = unique();
        bool same = decode(&s) == count;
        for (size_t i = 0; same && i < count; i++) {
            same = memcmp(&got[i], &all[i], sizeof(*got)) == 0;
        }
        if (same) {
            check_summary(&s, count);
        }
        size_t bytes = s.bytes;
        tail_series_release(&s);
        CHECK(same && bytes > 0 && bytes < POINTS * sizeof(*got));
    }
}

TEST(tail_series, takes_a_repeat_of_everything_as_nothing)
{
    struct tail_series s = {0};
    uint64_t state = 5;
    fill(&state, 0);
    track_status status = add(&s, &state, POINTS, 1000);
    int64_t n = s.summary.n;
    size_t chunks = s.chunk_count;
    status = status == TRACK_OK ? add(&s, &state, POINTS, 1000) : status;
    bool same = s.summary.n == n && s.chunk_count <= 2 * chunks;
    tail_series_release(&s);
    CHECK(status == TRACK_OK && same);
}

TEST(tail_series, finds_the_chunk_of_a_step)
{
    struct tail_series s = {0};
    uint64_t state = 5;
    fill(&state, 0);
    track_status status = add(&s, &state, POINTS, 1000);
    bool right =
        tail_series_find(&s, INT64_MIN) == 0 && tail_series_find(&s, INT64_MAX) == s.chunk_count;
    for (int64_t step = 0; step < POINTS / 2; step += 97) {
        size_t at = tail_series_find(&s, step);
        right = right && at < s.chunk_count && s.chunks[at].last.step >= step &&
                (at == 0 || s.chunks[at - 1].last.step < step);
    }
    tail_series_release(&s);
    CHECK(status == TRACK_OK && right);
}

static track_status work(void)
{
    struct tail_series s = {0};
    uint64_t state = 9;
    track_status status = add(&s, &state, 6000, 1000);
    tail_series_release(&s);
    return status;
}

TEST(tail_series, survives_each_allocation_failing)
{
    uint64_t state = 7;
    fill(&state, 100);
    CHECK(fault_each(work) >= 10);
}
