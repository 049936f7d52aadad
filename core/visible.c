#include "visible.h"

void visible_settle(struct visible_cut *cuts, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        int64_t behind = cuts[i - 1].step;
        cuts[i - 2].step = cuts[i - 2].step < behind ? cuts[i - 2].step : behind;
    }
}

bool visible_until(const struct visible *v, int64_t epoch, int64_t *step_last)
{
    size_t low = 0, high = v->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->cuts[middle].epoch <= epoch) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *step_last = v->step_last;
    if (low < v->count && v->cuts[low].step < *step_last) {
        *step_last = v->cuts[low].step;
    }
    return epoch <= v->epoch_last;
}
