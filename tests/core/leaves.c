#include "leaves.h"

#include <inttypes.h>
#include <stdio.h>

static track_status keep(void *data, int level, uint64_t index, const struct digest *hash,
                         track_error *err)
{
    struct leaves *l = data;
    (void)err;
    l->nodes[level][index] = *hash;
    return TRACK_OK;
}

static track_status get(void *data, int level, uint64_t index, struct digest *out, track_error *err)
{
    struct leaves *l = data;
    if ((index + 1) << level > l->edge.size) {
        return FAIL(err, TRACK_NOT_FOUND, "node %d %" PRIu64 " is not full", level, index);
    }
    *out = l->nodes[level][index];
    return TRACK_OK;
}

bool leaves_leaf(uint64_t i, struct digest *out)
{
    char text[64];
    int size = snprintf(text, sizeof(text), "{\"seq\":%" PRIu64 ",\"ev\":\"run.finish\"}", i);
    struct bytes entry = {(const unsigned char *)text, (size_t)size};
    return merkle_leaf(entry, out, NULL) == TRACK_OK;
}

struct leaves *leaves_make(struct arena *arena, uint64_t n)
{
    struct leaves *l = ARENA_NEW(arena, struct leaves);
    struct digest leaf;
    if (!l) {
        return NULL;
    }
    for (int level = 0; level < LEAVES_LEVELS; level++) {
        l->nodes[level] = ARENA_ARRAY(arena, struct digest, (size_t)(n >> level) + 1);
        if (!l->nodes[level]) {
            return NULL;
        }
    }
    l->tree = (struct merkle_tree){get, l};
    for (uint64_t i = 0; i < n; i++) {
        if (!leaves_leaf(i, &leaf) || merkle_add(&l->edge, &leaf, keep, l, NULL) != TRACK_OK) {
            return NULL;
        }
    }
    return l;
}
