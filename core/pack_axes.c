#include "pack_axes.h"

#include <string.h>

enum {
    KEPT_COUNT = 8,  /* axes that are kept decoded */
    GROUP_COUNT = 8, /* groups of axes where a series is looked for that begins on none */
    HASH_BITS = 14,  /* axes are found by their first row; of those with one hash, the last */
    BYTES_MAX = 2 * PACK_BYTES_MAX,
};

struct axis_entry {
    size_t offset; /* in bytes */
    uint32_t size, count;
    int64_t first_step, first_time, last_step; /* of its rows */
};

/* An axis that is decoded. */
struct axis_kept {
    uint32_t axis; /* UINT32_MAX: none */
    int64_t steps[AXIS_ROWS_MAX], times_us[AXIS_ROWS_MAX];
};

/* Axes that one series made, one behind the other. */
struct axis_group {
    uint32_t from, count;
};

struct pack_axes {
    struct zstream *z;
    struct buf bytes;                  /* the axes, coded */
    struct buf entries;                /* struct axis_entry */
    uint32_t by_first[1 << HASH_BITS]; /* index + 1 */
    struct axis_kept kept[KEPT_COUNT];
    size_t next_kept;
    struct axis_group groups[GROUP_COUNT]; /* the last one that was made or used first */
};

static void axes_close(void *data)
{
    struct pack_axes *a = data;
    buf_release(&a->bytes);
    buf_release(&a->entries);
}

track_status pack_axes_open(struct arena *arena, struct zstream *z, struct pack_axes **out,
                            track_error *err)
{
    struct pack_axes *a = ARENA_NEW(arena, struct pack_axes);
    if (!a || !arena_defer(arena, axes_close, a)) {
        return FAIL(err, TRACK_NOMEM, "axes of a pack: no memory");
    }
    a->z = z;
    a->bytes = (struct buf)BUF(BYTES_MAX);
    a->entries = (struct buf)BUF(PACK_ROWS_MAX * sizeof(struct axis_entry));
    pack_axes_clear(a);
    *out = a;
    return TRACK_OK;
}

void pack_axes_clear(struct pack_axes *a)
{
    a->bytes.size = a->entries.size = 0;
    memset(a->by_first, 0, sizeof(a->by_first));
    memset(a->groups, 0, sizeof(a->groups));
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        a->kept[i].axis = UINT32_MAX;
    }
}

static const struct axis_entry *entry_at(const struct pack_axes *a, uint32_t axis)
{
    return (const struct axis_entry *)(const void *)a->entries.at + axis;
}

size_t pack_axes_count(const struct pack_axes *a)
{
    return a->entries.size / sizeof(struct axis_entry);
}

size_t pack_axes_size(const struct pack_axes *a)
{
    return a->bytes.size;
}

static struct axis_kept *kept_next(struct pack_axes *a)
{
    struct axis_kept *kept = &a->kept[a->next_kept];
    a->next_kept = (a->next_kept + 1) % KEPT_COUNT;
    kept->axis = UINT32_MAX;
    return kept;
}

track_status pack_axes_get(struct pack_axes *a, uint32_t axis, struct axis_rows *out,
                           track_error *err)
{
    const struct axis_entry *e = entry_at(a, axis);
    struct axis_kept *kept = NULL;
    for (size_t i = 0; i < KEPT_COUNT && !kept; i++) {
        kept = a->kept[i].axis == axis ? &a->kept[i] : NULL;
    }
    if (!kept) {
        kept = kept_next(a);
        struct bytes in = {a->bytes.at + e->offset, e->size};
        TRY(axis_rows_decode(a->z, in, kept->steps, kept->times_us, e->count, err));
        kept->axis = axis;
    }
    *out = (struct axis_rows){kept->steps, kept->times_us, e->count};
    return TRACK_OK;
}

static uint32_t *first_find(struct pack_axes *a, int64_t step, int64_t time_us)
{
    uint64_t mixed = (uint64_t)step * 0x9e3779b97f4a7c15 ^ (uint64_t)time_us * 0xc2b2ae3d27d4eb4f;
    return &a->by_first[(mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9 >> (64 - HASH_BITS)];
}

/* Puts a group first. */
static void group_touch(struct pack_axes *a, size_t i)
{
    struct axis_group group = a->groups[i];
    memmove(a->groups + 1, a->groups, i * sizeof(group));
    a->groups[0] = group;
}

/* Notes that the axis was made; it goes on with the group of the series' axis before. */
static void group_add(struct pack_axes *a, uint32_t axis, uint32_t last)
{
    struct axis_group *first = &a->groups[0];
    if (first->count && last + 1 == axis && first->from + first->count == axis) {
        first->count++;
        return;
    }
    group_touch(a, GROUP_COUNT - 1);
    a->groups[0] = (struct axis_group){axis, 1};
}

/* Makes an axis of the points. */
static track_status axis_make(struct pack_axes *a, const struct axis_rows *points, uint32_t last,
                              uint32_t *out, track_error *err)
{
    struct bytes ignored;
    struct axis_entry e = {a->bytes.size,           0,
                           (uint32_t)points->count, points->steps[0],
                           points->times_us[0],     points->steps[points->count - 1]};
    uint32_t axis = (uint32_t)pack_axes_count(a);
    int level = points->count < PACK_SMALL_POINTS ? 0 : 1;
    TRY(axis_rows_encode(a->z, points, level, &a->bytes, err));
    e.size = (uint32_t)(a->bytes.size - e.offset);
    buf_put(&a->entries, &e, sizeof(e));
    TRY(buf_end(&a->entries, &ignored, err));
    struct axis_kept *kept = kept_next(a);
    memcpy(kept->steps, points->steps, points->count * sizeof(*kept->steps));
    memcpy(kept->times_us, points->times_us, points->count * sizeof(*kept->times_us));
    kept->axis = axis;
    *first_find(a, e.first_step, e.first_time) = axis + 1;
    group_add(a, axis, last);
    *out = axis;
    return TRACK_OK;
}

/* How many points are not behind the last row of the axis. */
static size_t points_within(const struct axis_rows *axis, const struct axis_rows *points)
{
    int64_t step = axis->steps[axis->count - 1], time = axis->times_us[axis->count - 1];
    size_t low = 0, high = points->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t at = points->steps[middle];
        if (at < step || (at == step && points->times_us[middle] <= time)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Tries to use an axis; false if points lie beside its rows, or are too few. */
static track_status axis_try(struct pack_axes *a, uint32_t axis, const struct axis_rows *points,
                             struct pack_axes_use *out, bool *fits, track_error *err)
{
    struct axis_rows rows;
    const struct axis_entry *e = entry_at(a, axis);
    *fits = false;
    if (points->steps[0] < e->first_step || points->steps[0] > e->last_step) {
        return TRACK_OK;
    }
    TRY(pack_axes_get(a, axis, &rows, err));
    struct axis_rows part = *points;
    part.count = points_within(&rows, points);
    out->axis = axis;
    out->count = part.count;
    out->rows = rows.count;
    out->masked = part.count != rows.count;
    size_t bytes = part.count * sizeof(*part.steps);
    if (part.count == rows.count && memcmp(part.steps, rows.steps, bytes) == 0 &&
        memcmp(part.times_us, rows.times_us, bytes) == 0) {
        *fits = true;
        return TRACK_OK;
    }
    *fits = part.count && part.count < rows.count && axis_rows_match(&rows, &part, out->mask);
    return TRACK_OK;
}

/* The axis of a group whose steps reach from before the step to it or beyond; count: none. */
static uint32_t group_find(const struct pack_axes *a, const struct axis_group *g, int64_t step)
{
    uint32_t low = 0, high = g->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_at(a, g->from + middle)->last_step < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Looks through the groups for an axis that the points begin within. */
static track_status groups_try(struct pack_axes *a, const struct axis_rows *points,
                               struct pack_axes_use *out, bool *fits, track_error *err)
{
    for (size_t i = 0; i < GROUP_COUNT && !*fits; i++) {
        const struct axis_group *g = &a->groups[i];
        uint32_t at = g->count ? group_find(a, g, points->steps[0]) : 0;
        if (at < g->count) {
            TRY(axis_try(a, g->from + at, points, out, fits, err));
        }
        if (*fits) {
            group_touch(a, i);
        }
    }
    return TRACK_OK;
}

track_status pack_axes_find(struct pack_axes *a, const struct axis_rows *points, uint32_t last,
                            struct pack_axes_use *out, track_error *err)
{
    bool fits = false;
    uint32_t first = *first_find(a, points->steps[0], points->times_us[0]);
    if (last != UINT32_MAX && last + 1 < pack_axes_count(a)) {
        TRY(axis_try(a, last + 1, points, out, &fits, err));
    }
    if (!fits && first) {
        TRY(axis_try(a, first - 1, points, out, &fits, err));
    }
    if (!fits) {
        TRY(groups_try(a, points, out, &fits, err));
    }
    if (fits) {
        return TRACK_OK;
    }
    out->count = out->rows = points->count;
    out->masked = false;
    return axis_make(a, points, last, &out->axis, err);
}

track_status pack_axes_put(struct pack_axes *a, struct pack_area *area, struct pack_axis *out,
                           track_error *err)
{
    for (uint32_t i = 0; i < pack_axes_count(a); i++) {
        const struct axis_entry *e = entry_at(a, i);
        struct bytes piece = {a->bytes.at + e->offset, e->size};
        out[i].count = e->count;
        if (e->count < PACK_SMALL_POINTS) {
            TRY(pack_area_add_shared(area, a->z, piece, &out[i].place, err));
        } else {
            TRY(pack_area_add(area, piece, &out[i].place, err));
        }
    }
    return pack_area_flush(area, a->z, err);
}
