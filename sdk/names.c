#include "names.h"

#include "../core/hash.h"

#include <string.h>

enum { NAMES_ROOM_MIN = 64 };

/* Open addressing; at most half full, so that every search ends. */
struct names_table {
    uint32_t mask;
    _Atomic(struct track_metric *) at[];
};

uint32_t names_hash(struct bytes name)
{
    return hash_crc32c(0, name);
}

struct track_metric *names_find(const struct names *n, struct bytes name, uint32_t hash)
{
    struct names_table *t = atomic_load_explicit(&n->table, memory_order_acquire);
    for (uint32_t i = hash; t; i++) {
        struct track_metric *m = atomic_load_explicit(&t->at[i & t->mask], memory_order_acquire);
        if (!m) {
            break;
        }
        if (m->hash == hash && m->size == name.size && memcmp(m->name, name.at, name.size) == 0) {
            return m;
        }
    }
    return NULL;
}

struct track_metric *names_make(struct names *n, struct region *region, struct bytes name,
                                uint32_t hash)
{
    struct track_metric *m = region_alloc(region, sizeof(*m) + name.size + 1);
    if (m) {
        m->number = n->count;
        m->hash = hash;
        m->size = name.size;
        memcpy(m->name, name.at, name.size);
    }
    return m;
}

static void names_put(struct names_table *t, struct track_metric *m)
{
    uint32_t i = m->hash;
    while (atomic_load_explicit(&t->at[i & t->mask], memory_order_relaxed)) {
        i++;
    }
    atomic_store_explicit(&t->at[i & t->mask], m, memory_order_release);
}

/* A table of twice the room with the same metrics. */
static bool names_grow(struct names *n, struct region *region)
{
    struct names_table *old = atomic_load(&n->table);
    uint32_t room = old ? 2 * (old->mask + 1) : NAMES_ROOM_MIN;
    struct names_table *t = region_alloc(region, sizeof(*t) + room * sizeof(t->at[0]));
    if (!t) {
        return false;
    }
    t->mask = room - 1;
    for (uint32_t i = 0; old && i <= old->mask; i++) {
        struct track_metric *m = atomic_load(&old->at[i]);
        if (m) {
            names_put(t, m);
        }
    }
    atomic_store_explicit(&n->table, t, memory_order_release);
    return true;
}

bool names_add(struct names *n, struct region *region, struct track_metric *metric)
{
    struct names_table *t = atomic_load(&n->table);
    if ((!t || 2 * (n->count + 1) > t->mask + 1) && !names_grow(n, region)) {
        return false;
    }
    names_put(atomic_load(&n->table), metric);
    n->count++;
    return true;
}
