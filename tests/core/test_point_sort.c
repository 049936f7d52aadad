/* Shows that points come into their order and that none is lost or added.
 * How: against qsort, on interleaved, falling, random and equal points of every small count. */
#include "../../core/point_sort.h"
#include "../harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 5000 };

static int compare(const void *a, const void *b)
{
    return point_compare(a, b);
}

/* A point of the kind; neighbours share steps, so that times and values decide. */
static struct point make(int kind, size_t i, uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t random = *state >> 33;
    int64_t sender = (int64_t)(i / 10 % 16), turn = (int64_t)(i / 160 * 160);
    switch (kind) {
    case 0:
        return (struct point){turn + sender * 10 + (int64_t)(i % 10), 7, 1};
    case 1:
        return (struct point){-(int64_t)i, (int64_t)i, 2};
    case 2:
        return (struct point){(int64_t)(random % 100), (int64_t)(random % 3),
                              random % 7 ? (double)(random % 5) : (double)NAN};
    case 3: /* batches that were taken over by those behind */
        return (struct point){(int64_t)(i ^ 0x20), 7, (double)i};
    default:
        return (struct point){0, 0, 0};
    }
}

static bool sorts(int kind, size_t count)
{
    static struct point at[COUNT_MAX], want[COUNT_MAX], work[COUNT_MAX];
    uint64_t state = (uint64_t)kind * 1000 + count;
    for (size_t i = 0; i < count; i++) {
        at[i] = want[i] = make(kind, i, &state);
    }
    qsort(want, count, sizeof(*want), compare);
    point_sort(at, count, work);
    for (size_t i = 0; i < count; i++) {
        if (point_compare(&at[i], &want[i]) != 0) {
            return false;
        }
    }
    return true;
}

TEST(point_sort, sorts_as_qsort_does)
{
    for (int kind = 0; kind <= 4; kind++) {
        for (size_t count = 1; count <= 300; count++) {
            CHECK(sorts(kind, count));
        }
        CHECK(sorts(kind, COUNT_MAX));
        CHECK(sorts(kind, 4096) && sorts(kind, 4097));
    }
    point_sort(NULL, 0, NULL);
}
