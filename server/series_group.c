#include "series_group.h"

#include "../core/hash.h"

#include <string.h>

enum {
    VALUE_BYTES = 16,         /* of a bin of a run: bins_group.h */
    MEMBER_BYTES = 256 << 20, /* what the bins of one run take */
};

/* The groups of a request on their way. */
struct grouping {
    struct tail *tail;
    const struct bins_ask *ask;
    const struct bins_answer *on;
    struct arena *arena;
    const struct series_bins *series; /* [count] */
    size_t count;
    size_t *members; /* [member_count] of the group: indexes of series */
    size_t member_count;
    bool *of_group; /* [run_count of ask] */
};

static track_status grouping_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "groups: no memory; ask for fewer groups or bins");
}

/* What a group is called by those who have it: the first 8 bytes of a digest. */
static track_status digest_front(struct bytes bytes, uint64_t *out, track_error *err)
{
    struct digest digest;
    TRY(hash_sha256(bytes, &digest, err));
    memcpy(out, digest.at, sizeof(*out));
    return TRACK_OK;
}

static track_status group_id(const struct group_ask *group, const struct series_ref *key,
                             int64_t *out, track_error *err)
{
    AUTO_BUF text = BUF(1 << 20);
    struct bytes all;
    uint64_t id;
    buf_byte(&text, group->without);
    buf_put(&text, group->name, strlen(group->name) + 1);
    buf_put(&text, key->name, strlen(key->name) + 1);
    buf_text(&text, key->context ? key->context : "");
    TRY(buf_end(&text, &all, err));
    TRY(digest_front(all, &id, err));
    *out = (int64_t)(id >> 1);
    return TRACK_OK;
}

/* Takes the run of a member and finds its series there. */
static track_status member_take(const struct grouping *g, const struct series_bins *member,
                                struct tail_run **run, struct series_at *out, track_error *err)
{
    struct series_ref key = {member->name, member->context};
    TRY(tail_take(g->tail, member->run, TAIL_AS_IS, run, err));
    return series_at_find(*run, g->ask, &key, out, err);
}

/* The version of a group: those of all its members, in order. */
static track_status group_version(const struct grouping *g, const struct group_ask *group,
                                  uint64_t *out, track_error *err)
{
    AUTO_BUF parts = BUF((g->member_count + 2) * sizeof(uint64_t));
    struct bytes all;
    buf_le64(&parts, g->ask->stats);
    buf_le64(&parts, group->run_count);
    for (size_t i = 0; i < g->member_count; i++) {
        AUTO_TAIL struct tail_run *run = NULL;
        struct series_at at;
        uint64_t version = 0;
        TRY(member_take(g, &g->series[g->members[i]], &run, &at, err));
        if (at.s) {
            TRY(series_bin_version(g->ask, g->on, &at, &version, err));
        }
        buf_le64(&parts, version);
    }
    TRY(buf_end(&parts, &all, err));
    return digest_front(all, out, err);
}

static bool group_is_had(const struct bins_ask *ask, const struct series_group *s)
{
    for (size_t i = 0; i < ask->have_count; i++) {
        const struct series_have *have = &ask->have[i];
        if (have->id == s->id && have->version == s->version && strcmp(have->run, "group") == 0) {
            return true;
        }
    }
    return false;
}

static track_status group_bin(const struct grouping *g, struct series_group *to, track_error *err)
{
    uint32_t bins = g->ask->x == BINS_METRIC ? g->on->real.count : g->on->grid.count;
    AUTO_BUF values = BUF(g->member_count * bins * VALUE_BYTES + 1);
    struct bins_group group;
    struct group_bin *found;
    bins_group_init(&group, bins, &values);
    for (size_t i = 0; i < g->member_count; i++) {
        AUTO_ARENA arena = ARENA(MEMBER_BYTES);
        AUTO_TAIL struct tail_run *run = NULL;
        struct series_at at;
        struct series_bins one = {.run = NULL};
        TRY(member_take(g, &g->series[g->members[i]], &run, &at, err));
        if (at.s) {
            TRY(series_bin_fill(g->ask, g->on, &at, &arena, &one, err));
        }
        bins_group_add(&group, one.bins, one.count, g->ask->smooth.kind != SMOOTH_NONE);
    }
    TRY(bins_group_end(&group, g->ask->stats, g->arena, &found, &to->count, err));
    to->bins = found;
    return TRACK_OK;
}

/* Finds the series of a group that have this key. */
static void members_find(struct grouping *g, size_t key)
{
    g->member_count = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->series[i].key_at == key && g->of_group[g->series[i].run_at]) {
            g->members[g->member_count++] = i;
        }
    }
}

static track_status group_fill(struct grouping *g, size_t group, size_t key,
                               struct series_group *to, track_error *err)
{
    const struct series_ref *ref = &g->ask->keys[key];
    const struct group_ask *ask = &g->ask->groups[group];
    members_find(g, key);
    *to = (struct series_group){.group = group,
                                .name = ref->name,
                                .context = ref->context ? ref->context : "",
                                .runs = g->member_count};
    TRY(group_id(ask, ref, &to->id, err));
    TRY(group_version(g, ask, &to->version, err));
    to->unchanged = group_is_had(g->ask, to);
    return to->unchanged || g->member_count == 0 ? TRACK_OK : group_bin(g, to, err);
}

track_status series_groups(struct tail *t, const struct bins_ask *ask, struct arena *arena,
                           struct bins_answer *on, track_error *err)
{
    size_t room = ask->group_count * ask->key_count;
    struct series_group *groups = ARENA_ARRAY(arena, struct series_group, room + 1);
    struct grouping g = {t, ask, on, arena, on->series, on->count, NULL, 0, NULL};
    g.members = ARENA_ARRAY(arena, size_t, on->count + 1);
    g.of_group = ARENA_ARRAY(arena, bool, ask->run_count + 1);
    if (!groups || !g.members || !g.of_group) {
        return grouping_nomem(err);
    }
    size_t filled = 0;
    for (size_t i = 0; i < ask->group_count; i++) {
        memset(g.of_group, 0, ask->run_count * sizeof(*g.of_group));
        for (size_t j = 0; j < ask->groups[i].run_count; j++) {
            g.of_group[ask->groups[i].runs[j]] = true;
        }
        for (size_t key = 0; key < ask->key_count; key++) {
            TRY(group_fill(&g, i, key, &groups[filled++], err));
        }
    }
    on->groups = groups;
    on->group_count = filled;
    return TRACK_OK;
}
