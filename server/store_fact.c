#include "store_fact.h"

#include "../core/hash.h"
#include "../core/limits.h"
#include "../core/name.h"
#include "live.h"
#include "store_base.h"
#include "store_text.h"

#include <math.h>
#include <string.h>

enum { HEAD_CHARACTERS = 128, UNIT_BYTES_MAX = 64, STEP_SCALE_MAX = 6, SUMMARY_MAX = 5 };

static track_status check_count(size_t count, track_error *err)
{
    return count >= 1 && count <= FACTS_MAX
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "a call has 1 to %d items, not %zu", FACTS_MAX, count);
}

/* The value that a parameter has already. */
struct old_value {
    const char *wanted;
    bool there, same;
    char shown[64];
};

static track_status old_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct old_value *old = data;
    size_t size = c[0].as.bytes.size, wanted = strlen(old->wanted);
    size_t shown = size < sizeof(old->shown) ? size : sizeof(old->shown) - 1;
    old->there = true;
    old->same = size == wanted && (size == 0 || memcmp(c[0].as.bytes.at, old->wanted, size) == 0);
    if (shown > 0) {
        memcpy(old->shown, c[0].as.bytes.at, shown);
    }
    return TRACK_OK;
}

static track_status param_row(struct db *db, int64_t run, const struct fact *f, track_error *err)
{
    struct old_value old = {.wanted = f->value};
    TRY(db_run(db, QUERY_run_param_get, DB_IN(db_i(run), db_t(f->key)), old_row, &old, err));
    if (!old.there) {
        return db_exec(db, QUERY_run_param_add,
                       DB_IN(db_i(run), db_t(f->key), db_t(f->value), db_f(f->num)), err);
    }
    return old.same
               ? TRACK_OK
               : FAIL(err, TRACK_CONFLICT,
                      "parameter %.80s is %s already: a parameter is set once, a tag may change",
                      f->key, old.shown);
}

track_status fact_put_params(struct db *db, int64_t run, const struct fact *facts, size_t count,
                             track_error *err)
{
    for (size_t i = 0; i < count; i++) {
        TRY(param_row(db, run, &facts[i], err));
    }
    return TRACK_OK;
}

static track_status param_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct fact_set *call = (const struct fact_set *)(const void *)t;
    struct run_brief run;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    return fact_put_params(db, run.node, call->facts, call->count, err);
}

static void param_after(struct ticket *t)
{
    run_publish(t, LIVE_RUN, ((const struct fact_set *)(const void *)t)->run, "params");
}

track_status fact_check_params(const struct fact *facts, size_t count, track_error *err)
{
    for (size_t i = 0; i < count; i++) {
        TRY(text_check_key("a parameter", facts[i].key, err));
        if (!facts[i].value) {
            return FAIL(err, TRACK_INVALID, "parameter %.80s has no value", facts[i].key);
        }
        TRY(text_check_note("a parameter", facts[i].value, PARAM_BYTES_MAX, err));
    }
    return count <= FACTS_MAX ? TRACK_OK : check_count(count, err);
}

track_status store_param_set(struct store *s, struct fact_set *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    TRY(check_count(call->count, err));
    TRY(fact_check_params(call->facts, call->count, err));
    call->ticket.after = param_after;
    return store_submit(s, &call->ticket, param_work, err);
}

/* The first HEAD_CHARACTERS of a text. */
static struct bytes head_of(const char *text)
{
    size_t size = 0, characters = 0;
    for (; text[size]; size++) {
        characters += ((unsigned char)text[size] & 0xc0) != 0x80;
        if (characters > HEAD_CHARACTERS) {
            break;
        }
    }
    return (struct bytes){(const unsigned char *)text, size};
}

track_status fact_put_tags(struct db *db, int64_t run, const struct fact_set *set, track_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct fact *f = &set->facts[i];
        struct db_value owner = db_i(run), key = db_t(f->key);
        TRY(f->value ? db_exec(db, QUERY_tag_set,
                               DB_IN(owner, key, db_t(f->value), db_tn(head_of(f->value)),
                                     db_i(set->now_us)),
                               err)
                     : db_exec(db, QUERY_tag_remove, DB_IN(owner, key), err));
    }
    return TRACK_OK;
}

static track_status tag_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct fact_set *call = (const struct fact_set *)(const void *)t;
    struct run_brief run;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    return fact_put_tags(db, run.node, call, err);
}

static void tag_after(struct ticket *t)
{
    run_publish(t, LIVE_RUN, ((const struct fact_set *)(const void *)t)->run, "tags");
}

track_status fact_check_tags(const struct fact *facts, size_t count, track_error *err)
{
    for (size_t i = 0; i < count; i++) {
        TRY(text_check_key("a tag", facts[i].key, err));
        TRY(text_check_note("a tag", facts[i].value, TAG_BYTES_MAX, err));
    }
    return count <= FACTS_MAX ? TRACK_OK : check_count(count, err);
}

track_status store_tag_set(struct store *s, struct fact_set *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    TRY(check_count(call->count, err));
    TRY(fact_check_tags(call->facts, call->count, err));
    call->ticket.after = tag_after;
    return store_submit(s, &call->ticket, tag_work, err);
}

static track_status add_fact(struct gather *g, const struct db_value *c, struct fact **out,
                             track_error *err)
{
    void *at;
    TRY(gather_add(g, &at, err));
    *out = at;
    (*out)->num = NAN;
    TRY(db_copy_text(g->arena, &c[0], &(*out)->key, err));
    return db_copy_text(g->arena, &c[1], &(*out)->value, err);
}

static track_status param_list_row(void *data, const struct db_value *c, track_error *err)
{
    struct fact *f;
    TRY(add_fact(data, c, &f, err));
    f->num = db_get_f(&c[2]);
    return TRACK_OK;
}

static track_status tag_list_row(void *data, const struct db_value *c, track_error *err)
{
    struct fact *f;
    TRY(add_fact(data, c, &f, err));
    f->updated_us = db_get_i(&c[2]);
    return TRACK_OK;
}

/* Runs a list statement whose only parameter is the run's node. */
static track_status list(struct store *s, enum query q, const char *run, db_row *row,
                         struct gather *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    TRY(run_check_id(run, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    return db_run(r.db, q, DB_IN(db_i(found.node)), row, out, err);
}

track_status store_param_list(struct store *s, const char *run, struct arena *arena,
                              struct fact_list *out, track_error *err)
{
    struct gather g = GATHER(arena, struct fact);
    TRY(list(s, QUERY_run_param_list, run, param_list_row, &g, err));
    *out = (struct fact_list){g.at, g.count};
    return TRACK_OK;
}

track_status store_tag_list(struct store *s, const char *run, struct arena *arena,
                            struct fact_list *out, track_error *err)
{
    struct gather g = GATHER(arena, struct fact);
    TRY(list(s, QUERY_tag_list, run, tag_list_row, &g, err));
    *out = (struct fact_list){g.at, g.count};
    return TRACK_OK;
}

/* The steps of points that are there have been scaled already: the scale stays then. */
static track_status check_scale(struct db *db, int64_t run, const struct metric_def *d,
                                track_error *err)
{
    int64_t old = 0, series = 0, points = 0;
    bool found;
    struct bytes none = {NULL, 0};
    TRY(db_find_i(db, QUERY_metric_def_scale, DB_IN(db_i(run), db_t(d->name)), &old, &found, err));
    if (old == d->step_scale) {
        return TRACK_OK;
    }
    TRY(hash_series(text_bytes(d->name), none, &series, err));
    TRY(db_find_i(db, QUERY_run_has_series, DB_IN(db_i(run), db_i(series)), &points, &found, err));
    return points == 0 ? TRACK_OK
                       : FAIL(err, TRACK_CONFLICT,
                              "points of %.80s were logged with step_scale %lld: it stays so",
                              d->name, (long long)old);
}

static track_status def_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct metric_def_set *call = (const struct metric_def_set *)(const void *)t;
    struct run_brief run;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    for (size_t i = 0; i < call->count; i++) {
        const struct metric_def *d = &call->defs[i];
        TRY(check_scale(db, run.node, d, err));
        TRY(db_exec(db, QUERY_metric_def_set,
                    DB_IN(db_i(run.node), db_t(d->name), db_i(d->kind), db_i(d->step_scale),
                          db_i(d->goal), db_t(d->unit ? d->unit : ""),
                          db_t(d->step_key ? d->step_key : ""), db_i(d->summary), db_i(d->hidden)),
                    err));
    }
    return TRACK_OK;
}

static void def_after(struct ticket *t)
{
    run_publish(t, LIVE_RUN, ((const struct metric_def_set *)(const void *)t)->run, "definitions");
}

static track_status check_def(const struct metric_def *d, track_error *err)
{
    TRY(text_check_key("a metric", d->name, err));
    TRY(text_check_line("the unit", d->unit, UNIT_BYTES_MAX, err));
    TRY(text_check_line("the step key", d->step_key, KEY_BYTES_MAX, err));
    if (d->kind < 0 || d->kind > 1 || d->goal < 0 || d->goal > 2 || d->step_scale < 0 ||
        d->step_scale > STEP_SCALE_MAX || d->summary < 0 || d->summary > SUMMARY_MAX) {
        return FAIL(err, TRACK_INVALID,
                    "metric %.80s: kind is 0..1, goal 0..2, step_scale 0..%d, summary 0..%d",
                    d->name, STEP_SCALE_MAX, SUMMARY_MAX);
    }
    return TRACK_OK;
}

track_status store_metric_def_set(struct store *s, struct metric_def_set *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    TRY(check_count(call->count, err));
    for (size_t i = 0; i < call->count; i++) {
        TRY(check_def(&call->defs[i], err));
    }
    call->ticket.after = def_after;
    return store_submit(s, &call->ticket, def_work, err);
}

static track_status def_list_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct metric_def *d = at;
    *d = (struct metric_def){
        .kind = db_get_i(&c[1]),
        .step_scale = db_get_i(&c[2]),
        .goal = db_get_i(&c[3]),
        .summary = db_get_i(&c[6]),
        .hidden = db_get_i(&c[7]) != 0,
    };
    TRY(db_copy_text(g->arena, &c[0], &d->name, err));
    TRY(db_copy_text(g->arena, &c[4], &d->unit, err));
    return db_copy_text(g->arena, &c[5], &d->step_key, err);
}

track_status metric_def_list(struct db *db, int64_t run_node, struct arena *arena,
                             struct metric_def_list *out, track_error *err)
{
    struct gather g = GATHER(arena, struct metric_def);
    TRY(db_run(db, QUERY_metric_def_list, DB_IN(db_i(run_node)), def_list_row, &g, err));
    *out = (struct metric_def_list){g.at, g.count};
    return TRACK_OK;
}

const struct metric_def *metric_def_find(const struct metric_def_list *defs, const char *key)
{
    const struct metric_def *glob = NULL;
    for (size_t i = 0; i < defs->count; i++) {
        if (strcmp(defs->at[i].name, key) == 0) {
            return &defs->at[i];
        }
        glob = glob || !name_match_glob(defs->at[i].name, key) ? glob : &defs->at[i];
    }
    return glob;
}

track_status store_metric_def_list(struct store *s, const char *run, struct arena *arena,
                                   struct metric_def_list *out, track_error *err)
{
    struct gather g = GATHER(arena, struct metric_def);
    TRY(list(s, QUERY_metric_def_list, run, def_list_row, &g, err));
    *out = (struct metric_def_list){g.at, g.count};
    return TRACK_OK;
}
