#include "pyramid.h"

/* Position of the highest bit, from 1; 0 for 0. */
static unsigned bit_length(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

void pyramid_count_add(struct pyramid_count *c, const int64_t *steps, size_t count)
{
    int64_t last = c->points || count == 0 ? c->last : steps[0];
    for (size_t i = 0; i < count; i++) {
        c->changes[bit_length((uint64_t)steps[i] ^ (uint64_t)last)]++;
        last = steps[i];
    }
    c->last = last;
    c->points += count;
}

uint64_t pyramid_count_buckets(const struct pyramid_count *c, unsigned shift)
{
    uint64_t buckets = c->points > 0;
    for (unsigned bit = shift + 1; bit <= 64; bit++) {
        buckets += c->changes[bit];
    }
    return buckets;
}

unsigned pyramid_count_base(const struct pyramid_count *c)
{
    unsigned shift = 0;
    while (shift < PYRAMID_SHIFT_MAX &&
           c->points / PYRAMID_BUCKET_POINTS < pyramid_count_buckets(c, shift)) {
        shift++;
    }
    return shift;
}

static track_status level_open(struct pyramid_level *l, unsigned shift, size_t room,
                               struct arena *arena, track_error *err)
{
    l->shift = shift;
    l->count = 0;
    l->at = ARENA_ARRAY(arena, struct bucket, room + 1);
    if (!l->at) {
        return FAIL(err, TRACK_NOMEM, "a level of %zu buckets: no memory", room);
    }
    return TRACK_OK;
}

track_status pyramid_fill_open(struct pyramid_fill *f, unsigned shift, uint64_t most,
                               struct arena *arena, track_error *err)
{
    f->room = (size_t)most;
    return level_open(&f->level, shift, f->room, arena, err);
}

/* How many steps, which ascend, lie in the bucket; found near the start first. */
static size_t steps_in(const int64_t *steps, size_t count, unsigned shift, int64_t number)
{
    size_t low = 0, high = 1;
    while (high <= count && pyramid_number(steps[high - 1], shift) == number) {
        low = high;
        high *= 2;
    }
    high = high <= count ? high - 1 : count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pyramid_number(steps[middle], shift) == number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

track_status pyramid_fill_add(struct pyramid_fill *f, const struct stretch *in, track_error *err)
{
    struct pyramid_level *l = &f->level;
    for (struct stretch left = *in; left.count;) {
        int64_t number = pyramid_number(left.steps[0], l->shift);
        struct bucket *last = l->count ? &l->at[l->count - 1] : NULL;
        if (!last || pyramid_number(last->last.step, l->shift) != number) {
            if (l->count == f->room) {
                return BROKEN(err, "more than %zu buckets", f->room);
            }
            last = &l->at[l->count++];
        }
        struct stretch part = left;
        part.count = steps_in(left.steps, left.count, l->shift, number);
        bucket_add(last, &part);
        left = stretch_from(&left, part.count);
    }
    return TRACK_OK;
}

/* How many buckets the level makes at a greater shift. */
static size_t level_count_at(const struct pyramid_level *l, unsigned shift)
{
    size_t count = 1;
    for (size_t i = 1; i < l->count; i++) {
        count += pyramid_number(l->at[i].first.step, shift) !=
                 pyramid_number(l->at[i - 1].first.step, shift);
    }
    return count;
}

track_status pyramid_coarsen(const struct pyramid_level *from, unsigned shift, struct arena *arena,
                             struct pyramid_level *out, track_error *err)
{
    TRY(level_open(out, shift, level_count_at(from, shift), arena, err));
    for (size_t i = 0; i < from->count; i++) {
        const struct bucket *b = &from->at[i];
        out->count += i == 0 || pyramid_number(b->first.step, shift) !=
                                    pyramid_number(from->at[i - 1].first.step, shift);
        bucket_merge(&out->at[out->count - 1], b);
    }
    return TRACK_OK;
}

track_status pyramid_fill_levels(const struct pyramid_level *base, struct arena *arena,
                                 struct pyramid *out, track_error *err)
{
    out->levels[0] = *base;
    out->count = 1;
    for (;;) {
        const struct pyramid_level *last = &out->levels[out->count - 1];
        unsigned shift = last->shift + PYRAMID_SHIFT_STEP;
        if (last->count <= PYRAMID_TOP_BUCKETS || shift > PYRAMID_SHIFT_MAX) {
            return TRACK_OK;
        }
        TRY(pyramid_coarsen(last, shift, arena, &out->levels[out->count], err));
        out->count++;
    }
}
