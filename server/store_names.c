#include "store_names.h"

#include "store_base.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1024 };

/* A name on its way. */
struct name {
    struct facet facet;
    int64_t run; /* the last one that was seen to have it */
    uint32_t hash;
};

struct naming {
    struct gather names;
    uint32_t *slots; /* [room], a power of two: index of a name + 1; 0: free */
    size_t room;
};

static track_status naming_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "names of metrics: no memory");
}

static uint32_t hash_of(struct bytes text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ text.at[i]) * 16777619u;
    }
    return hash;
}

/* The slot of a name, or the free one where it belongs. */
static uint32_t *slot_find(const struct naming *n, struct bytes text, uint32_t hash)
{
    const struct name *names = n->names.at;
    size_t at = hash & (n->room - 1);
    for (; n->slots[at]; at = (at + 1) & (n->room - 1)) {
        const struct name *one = &names[n->slots[at] - 1];
        if (one->hash == hash && strncmp(one->facet.text, (const char *)text.at, text.size) == 0 &&
            one->facet.text[text.size] == '\0') {
            break;
        }
    }
    return &n->slots[at];
}

/* Keeps half of the slots free. */
static track_status slots_reserve(struct naming *n, track_error *err)
{
    const struct name *names = n->names.at;
    if (2 * (n->names.count + 1) <= n->room) {
        return TRACK_OK;
    }
    n->room = n->room ? 4 * n->room : SLOTS_FIRST;
    n->slots = ARENA_ARRAY(n->names.arena, uint32_t, n->room);
    if (!n->slots) {
        return naming_nomem(err);
    }
    for (size_t i = 0; i < n->names.count; i++) {
        struct bytes text = {(const unsigned char *)names[i].facet.text,
                             strlen(names[i].facet.text)};
        *slot_find(n, text, names[i].hash) = (uint32_t)i + 1;
    }
    return TRACK_OK;
}

/* A row: name, run.  Those of one run come together. */
static track_status name_row(void *data, const struct db_value *c, track_error *err)
{
    struct naming *n = data;
    struct bytes text = c[0].as.bytes;
    uint32_t hash = hash_of(text);
    TRY(slots_reserve(n, err));
    uint32_t *slot = slot_find(n, text, hash);
    if (*slot == 0) {
        void *at;
        TRY(gather_add(&n->names, &at, err));
        struct name *one = at;
        one->hash = hash;
        one->facet.text = arena_text(n->names.arena, (const char *)text.at, text.size);
        if (!one->facet.text) {
            return naming_nomem(err);
        }
        *slot = (uint32_t)n->names.count;
    }
    struct name *one = (struct name *)n->names.at + (*slot - 1);
    one->facet.runs += one->run != db_get_i(&c[1]);
    one->run = db_get_i(&c[1]);
    return TRACK_OK;
}

static int by_name(const void *left, const void *right)
{
    const struct facet *a = left, *b = right;
    return strcmp(a->text, b->text);
}

/* Names that as many runs have stay in the order in which they lie. */
static int by_use(const void *left, const void *right)
{
    const struct facet *a = *(const struct facet *const *)left;
    const struct facet *b = *(const struct facet *const *)right;
    if (a->runs != b->runs) {
        return a->runs > b->runs ? -1 : 1;
    }
    return a < b ? -1 : a > b;
}

track_status names_of_project(struct db *db, int64_t project, const char *prefix,
                              struct arena *arena, struct facet_list *out, track_error *err)
{
    struct naming n = {.names = GATHER(arena, struct name)};
    TRY(db_run(db, QUERY_facet_names, DB_IN(db_i(project), db_t(prefix)), name_row, &n, err));
    struct facet *facets = ARENA_ARRAY(arena, struct facet, n.names.count + 1);
    if (!facets) {
        return naming_nomem(err);
    }
    for (size_t i = 0; i < n.names.count; i++) {
        facets[i] = ((const struct name *)n.names.at)[i].facet;
    }
    qsort(facets, n.names.count, sizeof(*facets), by_name);
    *out = (struct facet_list){facets, n.names.count};
    return TRACK_OK;
}

track_status names_most_used(const struct facet_list *names, size_t limit, struct arena *arena,
                             struct facet_list *out, track_error *err)
{
    size_t count = names->count < limit ? names->count : limit;
    const struct facet **order = ARENA_ARRAY(arena, const struct facet *, names->count + 1);
    struct facet *first = ARENA_ARRAY(arena, struct facet, count + 1);
    if (!order || !first) {
        return naming_nomem(err);
    }
    for (size_t i = 0; i < names->count; i++) {
        order[i] = &names->at[i];
    }
    qsort(order, names->count, sizeof(struct facet *), by_use);
    for (size_t i = 0; i < count; i++) {
        first[i] = *order[i];
    }
    *out = (struct facet_list){first, count};
    return TRACK_OK;
}
