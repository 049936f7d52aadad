/* Shows that a directory whose parts do not fit each other is refused.
 * How: one of a real pack, with one thing changed at a time. */
#include "../../core/pack_dir_check.h"
#include "../harness.h"
#include "packs.h"

#include <string.h>

static struct many series[2];

static track_status open_dir(struct packs *p, struct arena *arena, struct pack_dir *out)
{
    uint64_t state = 3;
    many_fill(&series[0], 9000, true, &state);
    many_fill(&series[1], 40, true, &state);
    TRY(packs_build(series, 2, p));
    struct bytes in = packs_get(p, 0);
    struct pack_blob blob = packs_blob(&in);
    return pack_dir_read(&blob, arena, out, NULL);
}

/* Changes thing number i of a row of the first series; false: there are no more. */
static bool change_row(struct pack_dir *d, int i)
{
    struct pack_chunk *c = &d->chunks[1];
    struct pack_block *b = &d->blocks[0];
    switch (i) {
    case 0:
        c->axis = (uint32_t)d->axis_count;
        return true;
    case 1:
        c->masked = 2;
        return true;
    case 2:
        c->sum.n++;
        return true;
    case 3:
        c->place.offset = UINT32_MAX;
        return true;
    case 4:
        c->place.size = UINT32_MAX;
        return true;
    case 5:
        c->sum.first = d->chunks[0].sum.last;
        return true;
    case 6:
        c->sum.values.nan = c->sum.n + 1;
        return true;
    case 7:
        c->sum.time_min_us = INT64_MAX;
        return true;
    case 8:
        c->sum.sum.scale = 3;
        return true;
    case 9:
        b->shift = 64;
        return true;
    case 10:
        b->count = 0;
        return true;
    case 11:
        b->step_last = b->step_first - 1;
        return true;
    default:
        return false;
    }
}

/* The same elsewhere. */
static bool change_other(struct pack_dir *d, int i)
{
    switch (i) {
    case 0:
        d->frames[0].stored++;
        return true;
    case 1:
        d->frames[0].plain = PACK_FRAME_PLAIN_MAX + 1;
        return true;
    case 2:
        d->axes[0].count = 0;
        return true;
    case 3:
        d->axes[0].count = PACK_CHUNK_POINTS + 1;
        return true;
    case 4:
        d->axes[1].place.frame = (uint32_t)d->frame_count;
        return true;
    case 5:
        d->series[0].kind = 3;
        return true;
    case 6:
        d->series[1].name = d->series[0].name;
        return true;
    case 7:
        d->series[0].chunk_count = UINT32_MAX;
        return true;
    case 8:
        d->series[0].block_count--;
        return true;
    case 9:
        d->series[1].chunk_count = 0;
        return true;
    case 10:
        d->series[1].chunk_from++;
        return true;
    case 11:
        d->head.points++;
        return true;
    case 12:
        d->head.step_first--;
        return true;
    case 13:
        d->head.series++;
        return true;
    case 14:
        d->series[0].has_digest = 3;
        return true;
    case 15:
        d->series[0].kind = PACK_TEXTS;
        return true;
    default:
        return false;
    }
}

/* Each change of a list is refused; without one, all is well. */
static void check_changes(bool (*change)(struct pack_dir *d, int i))
{
    bool more = true;
    for (int i = 0; more; i++) {
        AUTO_ARENA arena = ARENA(8 << 20);
        AUTO_PACKS p = PACKS;
        struct pack_dir dir;
        CHECK(open_dir(&p, &arena, &dir) == TRACK_OK);
        const struct pack_frame *f = &dir.frames[dir.frame_count - 1];
        uint64_t end = f->offset + f->stored;
        CHECK(pack_dir_check(&dir, end + 1, NULL) == TRACK_CORRUPT);
        more = change(&dir, i);
        CHECK_INT(pack_dir_check(&dir, end, NULL), more ? TRACK_CORRUPT : TRACK_OK);
    }
}

TEST(pack_dir_check, refuses_each_thing_that_does_not_fit)
{
    check_changes(change_row);
    check_changes(change_other);
}
