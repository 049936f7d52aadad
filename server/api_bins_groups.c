#include "api_bins_groups.h"

#include "api_bins_ask.h"

#include <stdlib.h>
#include <string.h>

/* The runs of a request by id. */
struct known {
    const char *id;
    size_t at;
};

static int by_id(const void *left, const void *right)
{
    const struct known *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "no room for groups");
}

/* All runs in one group. */
static track_status all_fill(const struct request *rq, struct bins_ask *ask, track_error *err)
{
    struct group_ask *group = ARENA_NEW(rq->arena, struct group_ask);
    size_t *runs = ARENA_ARRAY(rq->arena, size_t, ask->run_count);
    if (!group || !runs) {
        return nomem(err);
    }
    for (size_t i = 0; i < ask->run_count; i++) {
        runs[i] = i;
    }
    *group = (struct group_ask){"", false, runs, ask->run_count};
    ask->groups = group;
    ask->group_count = 1;
    return TRACK_OK;
}

/* Which runs a set names, each once. */
static track_status set_runs(const struct request *rq, const struct json *list,
                             const struct known *known, size_t count, struct group_ask *out,
                             track_error *err)
{
    size_t *runs = ARENA_ARRAY(rq->arena, size_t, list->count + 1u);
    bool *taken = ARENA_ARRAY(rq->arena, bool, count);
    if (!runs || !taken) {
        return nomem(err);
    }
    for (size_t i = 0; i < list->count; i++) {
        struct known wanted = {.at = 0};
        TRY(json_get_text(&list->items[i], &wanted.id, err));
        const struct known *found = NULL;
        for (size_t low = 0, high = count; low < high;) {
            size_t middle = low + (high - low) / 2;
            int order = strcmp(known[middle].id, wanted.id);
            found = order == 0 ? &known[middle] : found;
            low = order < 0 ? middle + 1 : low;
            high = order < 0 ? high : middle;
        }
        if (!found) {
            return JSON_FAIL(err, &list->items[i], "'%.40s' is none of the runs", wanted.id);
        }
        if (!taken[found->at]) {
            taken[found->at] = true;
            runs[out->run_count++] = found->at;
        }
    }
    out->runs = runs;
    return TRACK_OK;
}

static track_status set_parse(const struct request *rq, const struct json *set,
                              const struct known *known, size_t count, struct group_ask *out,
                              track_error *err)
{
    static const char *const names[] = {"name", "runs", NULL};
    const struct json *runs, *name;
    TRY(json_check_object(set, names, err));
    TRY(json_need_array(set, "runs", &runs, err));
    name = json_find(set, "name");
    *out = (struct group_ask){.name = "", .without = name && name->kind == JSON_KIND_NULL};
    TRY(json_may_text(set, "name", &out->name, err));
    if (runs->count == 0) {
        return JSON_FAIL(err, runs, "no runs");
    }
    return set_runs(rq, runs, known, count, out, err);
}

static track_status sets_parse(const struct request *rq, const struct json *sets,
                               struct bins_ask *ask, track_error *err)
{
    if (sets->count < 1 || sets->count > SERIES_GROUPS_MAX) {
        return JSON_FAIL(err, sets, "%u groups, must be 1 to %d", sets->count, SERIES_GROUPS_MAX);
    }
    struct group_ask *groups = ARENA_ARRAY(rq->arena, struct group_ask, sets->count);
    struct known *known = ARENA_ARRAY(rq->arena, struct known, ask->run_count);
    if (!groups || !known) {
        return nomem(err);
    }
    for (size_t i = 0; i < ask->run_count; i++) {
        known[i] = (struct known){ask->runs[i], i};
    }
    qsort(known, ask->run_count, sizeof(*known), by_id);
    for (size_t i = 0; i < sets->count; i++) {
        TRY(set_parse(rq, &sets->items[i], known, ask->run_count, &groups[i], err));
    }
    ask->groups = groups;
    ask->group_count = sets->count;
    return TRACK_OK;
}

static track_status stats_parse(const struct json *list, unsigned *out, track_error *err)
{
    *out = list ? 0 : BANDS_USUAL;
    for (size_t i = 0; list && i < list->count; i++) {
        int stat;
        TRY(bins_word(&list->items[i], bins_stat_names, BANDS_COUNT, &stat, err));
        *out |= 1u << stat;
    }
    return TRACK_OK;
}

track_status bins_groups_parse(const struct request *rq, const struct json *group,
                               struct bins_ask *ask, track_error *err)
{
    static const char *const names[] = {"sets", "stats", "members", NULL};
    const struct json *sets = NULL, *stats = NULL;
    if (!group) {
        return TRACK_OK;
    }
    TRY(json_check_object(group, names, err));
    TRY(json_may_array(group, "sets", &sets, err));
    TRY(json_may_array(group, "stats", &stats, err));
    TRY(json_may_bool(group, "members", &ask->members, err));
    TRY(stats_parse(stats, &ask->stats, err));
    return sets ? sets_parse(rq, sets, ask, err) : all_fill(rq, ask, err);
}
