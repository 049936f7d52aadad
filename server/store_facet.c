#include "store_facet.h"

#include "../core/filter.h"
#include "store_base.h"
#include "store_names.h"

#include <string.h>
#include <strings.h>

static track_status facet_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct facet *f = at;
    f->runs = db_get_i(&c[1]);
    return db_copy_text(g->arena, &c[0], &f->text, err);
}

/* One statement with project, prefix, limit and perhaps a key. */
static track_status list(struct store *s, const struct facet_ask *ask, enum query query,
                         const char *key, struct gather *g, track_error *err)
{
    AUTO_READ struct read r = {0};
    int64_t project;
    TRY(store_read_begin(s, &r, err));
    TRY(project_need(r.db, ask->project, &project, err));
    return db_run(
        r.db, query,
        DB_IN(db_i(project), db_t(ask->prefix ? ask->prefix : ""), db_i(ask->limit), db_t(key)),
        facet_row, g, err);
}

static track_status list_metrics(struct store *s, const struct facet_ask *ask, struct arena *arena,
                                 struct facet_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct facet_list names;
    int64_t project;
    TRY(store_read_begin(s, &r, err));
    TRY(project_need(r.db, ask->project, &project, err));
    TRY(names_of_project(r.db, project, ask->prefix ? ask->prefix : "", arena, &names, err));
    return names_most_used(&names, (size_t)ask->limit, arena, out, err);
}

track_status store_key_list(struct store *s, const struct facet_ask *ask, struct arena *arena,
                            struct facet_list *out, track_error *err)
{
    struct gather g = GATHER(arena, struct facet);
    if (ask->kind == FACET_METRIC) {
        return list_metrics(s, ask, arena, out, err);
    }
    TRY(list(s, ask, ask->kind == FACET_TAG ? QUERY_facet_tags : QUERY_facet_params, NULL, &g,
             err));
    *out = (struct facet_list){g.at, g.count};
    return TRACK_OK;
}

/* The statement for a field, and its last parameter. */
static track_status field_read(const char *text, struct arena *arena, enum query *query,
                               const char **key, track_error *err)
{
    static const struct {
        enum filter_field field;
        const char *name;
    } attributes[] = {{FILTER_STATUS, "status"},
                      {FILTER_NAME, "name"},
                      {FILTER_HOST, "host"},
                      {FILTER_USER, "user"},
                      {FILTER_KIND, "kind"}};
    struct filter_operand operand;
    struct bytes bytes = {(const unsigned char *)text, strlen(text)};
    TRY(filter_read_operand(bytes, arena, &operand, NULL, err));
    *query = operand.field == FILTER_TAG ? QUERY_facet_tag_values : QUERY_facet_param_values;
    *key = operand.key;
    if (operand.field == FILTER_TAG || operand.field == FILTER_PARAM) {
        return TRACK_OK;
    }
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        if (attributes[i].field == operand.field) {
            *query = QUERY_facet_values;
            *key = attributes[i].name;
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_INVALID,
                "'%.60s' has no list of values: params.KEY, tags.KEY, status, name, host, user and "
                "kind have",
                text);
}

track_status store_value_list(struct store *s, const struct facet_ask *ask, struct arena *arena,
                              struct facet_list *out, track_error *err)
{
    struct gather g = GATHER(arena, struct facet);
    enum query query;
    const char *key;
    TRY(field_read(ask->field, arena, &query, &key, err));
    TRY(list(s, ask, query, key, &g, err));
    *out = (struct facet_list){g.at, g.count};
    return TRACK_OK;
}

/* A walk over all names behind a place, in order. */
struct walk {
    const struct facet_tree_ask *ask;
    struct gather groups, metrics;
    const char *last; /* the last name that was taken */
    bool full;        /* there are more */
    size_t skip;      /* bytes of the prefix */
};

static bool has_text(const char *name, const char *q)
{
    return strcasestr(name, q) != NULL;
}

/* The group of this name, if it is the last one. */
static struct facet_group *group_find(const struct walk *w, const char *name, size_t size)
{
    if (w->groups.count == 0) {
        return NULL;
    }
    struct facet_group *last = (struct facet_group *)w->groups.at + w->groups.count - 1;
    return strlen(last->name) == size && memcmp(last->name, name, size) == 0 ? last : NULL;
}

static track_status add_group(struct walk *w, const char *name, size_t size, track_error *err)
{
    void *at;
    struct arena *arena = w->groups.arena;
    TRY(gather_add(&w->groups, &at, err));
    struct facet_group *g = at;
    *g = (struct facet_group){.name = arena_text(arena, name + w->skip, size),
                              .prefix = arena_text(arena, name, w->skip + size + 1),
                              .n = 1};
    return g->name && g->prefix ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no room for a group");
}

static track_status add_metric(struct walk *w, const struct facet *metric, track_error *err)
{
    void *at;
    TRY(gather_add(&w->metrics, &at, err));
    *(struct facet *)at = *metric;
    return TRACK_OK;
}

/* Takes the next name; what does not fit any more makes the walk full. */
static track_status walk_name(struct walk *w, const struct facet *metric, track_error *err)
{
    const char *name = metric->text;
    if (w->ask->q && !has_text(name, w->ask->q)) {
        return TRACK_OK;
    }
    const char *slash = w->ask->flat || w->ask->q ? NULL : strchr(name + w->skip, '/');
    size_t size = slash ? (size_t)(slash - name) - w->skip : 0;
    struct facet_group *group = slash ? group_find(w, name + w->skip, size) : NULL;
    if (!group && w->groups.count + w->metrics.count == w->ask->limit) {
        w->full = true;
        return TRACK_OK;
    }
    w->last = name;
    if (group) {
        group->n++;
        return TRACK_OK;
    }
    return slash ? add_group(w, name, size, err) : add_metric(w, metric, err);
}

/* All names behind the last page, as long as there is room. */
static track_status walk_all(struct walk *w, const struct facet_list *names, track_error *err)
{
    for (size_t i = 0; i < names->count && !w->full; i++) {
        if (!w->ask->after || strcmp(names->at[i].text, w->ask->after) > 0) {
            TRY(walk_name(w, &names->at[i], err));
        }
    }
    return TRACK_OK;
}

static track_status def_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct metric_def *d = at;
    d->step_key = "";
    d->goal = db_get_i(&c[1]);
    TRY(db_copy_text(g->arena, &c[0], &d->name, err));
    return db_copy_text(g->arena, &c[2], &d->unit, err);
}

track_status store_metric_tree(struct store *s, const struct facet_tree_ask *ask,
                               struct arena *arena, struct facet_tree *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct walk w = {.ask = ask,
                     .groups = GATHER(arena, struct facet_group),
                     .metrics = GATHER(arena, struct facet),
                     .skip = strlen(ask->prefix)};
    struct gather defs = GATHER(arena, struct metric_def);
    struct facet_list names;
    int64_t project;
    if (w.skip > 0 && ask->prefix[w.skip - 1] != '/') {
        return FAIL(err, TRACK_INVALID, "prefix '%.60s' does not end with '/'", ask->prefix);
    }
    TRY(store_read_begin(s, &r, err));
    TRY(project_need(r.db, ask->project, &project, err));
    TRY(names_of_project(r.db, project, ask->prefix, arena, &names, err));
    TRY(walk_all(&w, &names, err));
    TRY(db_run(r.db, QUERY_facet_defs, DB_IN(db_i(project)), def_row, &defs, err));
    *out = (struct facet_tree){.groups = w.groups.at,
                               .group_count = w.groups.count,
                               .metrics = w.metrics.at,
                               .metric_count = w.metrics.count,
                               .defs = {defs.at, defs.count},
                               .next = w.full ? w.last : NULL};
    return TRACK_OK;
}
