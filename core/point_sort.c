#include "point_sort.h"

#include <string.h>

enum { SMALL = 16 }; /* points that are sorted by insertion */

/* True if a comes behind b. */
static bool is_behind(const struct point *a, const struct point *b)
{
    return a->step != b->step ? a->step > b->step : point_compare(a, b) > 0;
}

static void insert_all(struct point *at, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct point moved = at[i];
        size_t to = i;
        for (; to > 0 && is_behind(&at[to - 1], &moved); to--) {
            at[to] = at[to - 1];
        }
        if (to < i) {
            at[to] = moved;
        }
    }
}

/* How many of the points, which are in order, are not behind the other one. */
static size_t count_before(const struct point *at, size_t count, const struct point *other)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (is_behind(&at[middle], other)) {
            count = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Merges two parts, which are in order: at[0..left) and at[left..count). */
static void merge(struct point *at, size_t left, size_t count, struct point *work)
{
    if (!is_behind(&at[left - 1], &at[left])) {
        return;
    }
    size_t out = count_before(at, left, &at[left]), from = 0, kept = left - out, right = left;
    memcpy(work, at + out, kept * sizeof(*work));
    while (from < kept && right < count) {
        at[out++] = is_behind(&work[from], &at[right]) ? at[right++] : work[from++];
    }
    memcpy(at + out, work + from, (kept - from) * sizeof(*work));
}

void point_sort(struct point *at, size_t count, struct point *work)
{
    for (size_t i = 0; i < count; i += SMALL) {
        insert_all(at + i, count - i < SMALL ? count - i : SMALL);
    }
    for (size_t part = SMALL; part < count; part *= 2) {
        for (size_t i = 0; count - i > part; i += 2 * part) {
            merge(at + i, part, count - i < 2 * part ? count - i : 2 * part, work);
            if (count - i <= 2 * part) {
                break;
            }
        }
    }
}
