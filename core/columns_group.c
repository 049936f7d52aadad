#include "columns_group.h"

#include <math.h>
#include <string.h>

enum { ALIGNMENT = 8, UNCHANGED = 2, WITHOUT = 4 };

/* Statistics that are the same after going through float; one NaN is like another here. */
static unsigned narrow_of(const struct columns_group *g, unsigned stats)
{
    for (size_t i = 0; i < g->count; i++) {
        for (int k = 0; k < BANDS_COUNT; k++) {
            double value = g->bins[i].stats[k];
            bool same = isnan(value) || (double)(float)value == value;
            stats &= same ? UINT32_MAX : ~(1u << k);
        }
    }
    return stats;
}

static void stat_put(const struct columns_group *g, int stat, bool narrow, struct buf *out)
{
    unsigned char *at = buf_add(out, g->count * (narrow ? sizeof(float) : sizeof(double)));
    for (size_t i = 0; at && i < g->count; i++) {
        double value = g->bins[i].stats[stat];
        float half = (float)value;
        size_t size = narrow ? sizeof(half) : sizeof(value);
        memcpy(at + i * size, narrow ? (void *)&half : (void *)&value, size);
    }
    buf_align(out, ALIGNMENT);
}

static void put_columns(const struct columns_group *g, unsigned stats, unsigned narrow,
                        struct buf *out)
{
    for (size_t i = 0; i < g->count; i++) {
        buf_le32(out, g->bins[i].index);
    }
    buf_align(out, ALIGNMENT);
    for (size_t i = 0; i < g->count; i++) {
        buf_le32(out, g->bins[i].n);
    }
    buf_align(out, ALIGNMENT);
    for (int i = 0; i < BANDS_COUNT; i++) {
        if (stats >> i & 1) {
            stat_put(g, i, narrow >> i & 1, out);
        }
    }
}

void columns_add_group(struct columns *c, const struct columns_group *group, unsigned stats)
{
    struct columns_group g = *group;
    struct buf *out = c->out;
    g.count = g.unchanged ? 0 : g.count;
    unsigned narrow = narrow_of(&g, stats);
    buf_le32(out, g.number);
    buf_le32(out, (g.unchanged ? UNCHANGED : 0u) | (g.without ? WITHOUT : 0u));
    buf_le64(out, g.id);
    buf_le64(out, g.version);
    buf_le32(out, g.asked);
    buf_le32(out, g.runs);
    buf_le32(out, (uint32_t)g.count);
    buf_le16(out, (unsigned)g.name.size);
    buf_le16(out, (unsigned)g.key.size);
    buf_le16(out, (unsigned)g.context.size);
    buf_le16(out, (unsigned)stats);
    buf_le32(out, narrow);
    buf_put(out, g.name.at, g.name.size);
    buf_put(out, g.key.at, g.key.size);
    buf_put(out, g.context.at, g.context.size);
    buf_align(out, ALIGNMENT);
    c->group_count++;
    if (g.count) {
        put_columns(&g, stats, narrow, out);
    }
}
