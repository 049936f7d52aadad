#include "bins_group.h"

#include <math.h>
#include <string.h>

/* The value of a run in a bin. */
struct value {
    double value;
    uint32_t index;
};

void bins_group_init(struct bins_group *g, uint32_t grid_count, struct buf *values)
{
    *g = (struct bins_group){.values = values, .count = grid_count};
}

void bins_group_add(struct bins_group *g, const struct bin *bins, size_t count, bool smooth)
{
    for (size_t i = 0; i < count; i++) {
        struct value value = {smooth ? bins[i].smooth : bins[i].mean, bins[i].index};
        if (isfinite(value.value)) {
            buf_put(g->values, &value, sizeof(value));
        }
    }
}

/* Where the values of each bin begin once they lie by bin: ends[i] is where those of bin i end. */
static void ends_fill(const struct bins_group *g, const struct value *values, size_t count,
                      size_t *ends)
{
    for (size_t i = 0; i < count; i++) {
        ends[values[i].index]++;
    }
    for (uint32_t i = 1; i < g->count; i++) {
        ends[i] += ends[i - 1];
    }
}

track_status bins_group_end(struct bins_group *g, unsigned stats, struct arena *arena,
                            struct group_bin **out, size_t *count, track_error *err)
{
    struct bytes all;
    TRY(buf_end(g->values, &all, err));
    const struct value *values = (const struct value *)(const void *)g->values->at;
    size_t total = all.size / sizeof(*values);
    AUTO_ARENA work = ARENA(total * sizeof(double) + (g->count + 2u) * sizeof(size_t) + 65536);
    size_t *ends = ARENA_ARRAY(&work, size_t, g->count + 1u);
    double *sorted = ARENA_ARRAY(&work, double, total + 1);
    struct group_bin *bins = ARENA_ARRAY(arena, struct group_bin, g->count + 1u);
    if (!ends || !sorted || !bins) {
        return FAIL(err, TRACK_NOMEM, "groups: no memory; ask for fewer groups or bins");
    }
    ends_fill(g, values, total, ends);
    for (size_t i = total; i > 0; i--) {
        sorted[--ends[values[i - 1].index]] = values[i - 1].value; /* ends become begins */
    }
    *count = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        size_t end = i + 1 < g->count ? ends[i + 1] : total;
        if (end > ends[i]) {
            struct group_bin *bin = &bins[(*count)++];
            *bin = (struct group_bin){.index = i, .n = (uint32_t)(end - ends[i])};
            bands_fill(sorted + ends[i], bin->n, stats, bin->stats);
        }
    }
    *out = bins;
    return TRACK_OK;
}
