/* visible - which points a run shows that went back to earlier steps, or began as a fork.
 *
 * Every rewind begins an epoch: what is logged from then on belongs to it.  A point is visible if
 * its step is at most that of each rewind which came after its epoch; nothing is ever deleted.  A
 * fork sees another run as it was: the epochs up to one, with the rewinds up to it, and the steps
 * up to one.
 * Uses: nothing.  Pure; any thread.
 */
#ifndef CORE_VISIBLE_H
#define CORE_VISIBLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rewind: points of epochs below this one are visible up to the step. */
struct visible_cut {
    int64_t epoch, step;
};

struct visible {
    const struct visible_cut *cuts; /* [count], by epoch, settled */
    size_t count;
    int64_t epoch_last, step_last; /* later ones are not seen at all */
};

/* Everything. */
#define VISIBLE_ALL                                                 \
    {                                                               \
        .count = 0, .epoch_last = INT64_MAX, .step_last = INT64_MAX \
    }

/* Makes each cut hold for those behind it too; they are in the order of their epochs. */
void visible_settle(struct visible_cut *cuts, size_t count);

/* The last step that is visible of an epoch; false: nothing of it is.
 *
 * Cost:  a binary search over the rewinds.
 * Tests: tests/core/test_visible.c
 */
bool visible_until(const struct visible *v, int64_t epoch, int64_t *step_last);
#endif
