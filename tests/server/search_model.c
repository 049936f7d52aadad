#include "search_model.h"

#include "../../core/hash.h"
#include "../../core/name.h"
#include "../../core/number.h"
#include "../../core/regex.h"
#include "../../server/store_base.h"
#include "../../server/store_fact.h"
#include "../../server/store_series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

uint64_t world_random(struct world *w, uint64_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % below;
}

#define PICK(w, list) ((list)[world_random((w), sizeof(list) / sizeof((list)[0]))])

static void world_fact_fill(struct world *w, struct world_fact *f, const char *key)
{
    static const char *const values[] = {"0.1", "0.10",  "1e-1", "3",  "adam", "Adam",
                                         "sgd", "a%b_c", "",     "-7", "x y",  "true"};
    if (world_random(w, 3)) {
        *f = (struct world_fact){key, PICK(w, values)};
    }
}

static void world_series_fill(struct world *w, struct world_series *s, const char *name)
{
    static const char *const contexts[] = {"", "", "", "{\"rank\":1}"};
    if (!world_random(w, 3)) {
        return;
    }
    double a = (double)world_random(w, 8) / 4 - 1, b = (double)world_random(w, 8) / 4 - 1;
    bool none = !world_random(w, 8);
    *s = (struct world_series){
        .name = name,
        .context = strcmp(name, "val/loss") == 0 ? "" : PICK(w, contexts),
        .first = none ? NAN : a,
        .last = none || !world_random(w, 6) ? NAN : b,
        .vmin = none ? NAN : fmin(a, b),
        .vmax = none ? NAN : fmax(a, b),
        .vsum = none ? 0 : 2 * (a + b),
        .vmin_step = 1 + (int64_t)world_random(w, 5),
        .vmax_step = 1 + (int64_t)world_random(w, 5),
        .n = none ? 2 : 4,
        .bad = none ? 2 : 0,
    };
    s->bad = !none && isnan(s->last) ? 1 : s->bad;
}

static void world_run_fill(struct world *w, struct world_run *r, int64_t i)
{
    static const char *const states[] = {"running", "finished", "failed", "queued", "stopped"};
    static const char *const users[] = {"", "ann", "Bob", "bob"};
    static const char *const notes[] = {"", "a note", "Resnet was better", "100%", "x_y"};
    static const char *const kinds[] = {"train", "eval"};
    static const char *const params[] = {"lr", "opt", "a b", "seed", "lr.min", "z"};
    static const char *const tags[] = {"env", "team", "baseline", "x", "lr", "y"};
    static const char *const series[] = {"loss", "val/loss", "acc", "a:b"};
    snprintf(r->id, sizeof(r->id), "0190a0b0c0d070008000%012llx",
             (unsigned long long)world_random(w, UINT64_C(1) << 48));
    snprintf(r->name, sizeof(r->name), "%s-%d", world_random(w, 2) ? "resnet" : "Resnet%_",
             (int)world_random(w, 20));
    r->project = world_random(w, 4) ? "a" : "b";
    r->state = PICK(w, states);
    r->user = PICK(w, users);
    r->host = PICK(w, users);
    r->note = PICK(w, notes);
    r->kind = PICK(w, kinds);
    r->parent = i && !world_random(w, 5) ? (int64_t)world_random(w, (uint64_t)i) : -1;
    r->created_us = NOW_US - (int64_t)world_random(w, 20) * 43200000000;
    r->started_us = NOW_US - (int64_t)world_random(w, 20) * 43200000000;
    r->deleted = !world_random(w, 10);
    for (size_t k = 0; k < WORLD_FACTS; k++) {
        world_fact_fill(w, &r->params[k], params[k]);
        world_fact_fill(w, &r->tags[k], tags[k]);
    }
    for (size_t k = 0; k < WORLD_SERIES; k++) {
        world_series_fill(w, &r->series[k], series[k]);
    }
}

/* --- the store's side ------------------------------------------------------------------------ */

static size_t world_facts(const struct world_fact *in, struct fact *out)
{
    size_t count = 0;
    for (size_t i = 0; i < WORLD_FACTS; i++) {
        if (in[i].key) {
            out[count] = (struct fact){.key = in[i].key, .value = in[i].value, .num = NAN};
            number_decode(text_of(in[i].value), &out[count].num);
            count++;
        }
    }
    return count;
}

static track_status world_put(struct world *w, struct fixture *f, struct world_run *r)
{
    struct fact params[WORLD_FACTS], tags[WORLD_FACTS];
    struct run_put put = {
        .id = r->id,
        .project = r->project,
        .name = r->name,
        .note = r->note,
        .kind = r->kind,
        .user = r->user,
        .host = r->host,
        .started_us = r->started_us,
        .now_us = r->created_us,
        .state = strcmp(r->state, "queued") == 0 ? "queued" : NULL,
        .parent = r->parent >= 0 ? w->runs[r->parent].id : NULL,
    };
    put.ticket.arena = &f->arena;
    put.params = params;
    put.param_count = world_facts(r->params, params);
    put.tags = tags;
    put.tag_count = world_facts(r->tags, tags);
    TRY(fixture_wait(f, store_run_put(f->store, &put, &f->err), &put.ticket));
    r->node = put.run.node;
    r->seen_us = put.run.seen_us;
    return TRACK_OK;
}

static track_status world_end(struct world *w, struct fixture *f, struct world_run *r)
{
    struct run_change call = {.id = r->id, .now_us = NOW_US, .exit_code = RUN_NO_CODE};
    call.ticket.arena = &f->arena;
    if (strcmp(r->state, "running") != 0 && strcmp(r->state, "queued") != 0) {
        call.change = RUN_FINISH;
        call.state = r->state;
        call.ended_us = r->started_us + (int64_t)world_random(w, 9) * 1000000000;
        TRY(fixture_wait(f, store_run_change(f->store, &call, &f->err), &call.ticket));
        r->ended_us = call.ended_us;
        r->seen_us = call.run.seen_us;
    }
    if (r->deleted) {
        call = (struct run_change){.id = r->id, .now_us = NOW_US, .change = RUN_DELETE};
        call.ticket.arena = &f->arena;
        TRY(fixture_wait(f, store_run_change(f->store, &call, &f->err), &call.ticket));
    }
    return TRACK_OK;
}

/* Makes the rows of series_key, which frames make otherwise. */
static track_status key_work(struct ticket *t, struct db *db, track_error *err)
{
    static const char *const names[] = {"loss", "val/loss", "acc", "a:b"};
    static const char *const contexts[] = {"", "{\"rank\":1}"};
    (void)t;
    for (size_t i = 0; i < 8; i++) {
        int64_t id;
        TRY(hash_series(text_of(names[i / 2]), text_of(contexts[i % 2]), &id, err));
        TRY(db_exec(db, QUERY_series_key_add,
                    DB_IN(db_i(id), db_t(names[i / 2]), db_t(contexts[i % 2])), err));
    }
    return TRACK_OK;
}

static track_status world_put_series(struct fixture *f, const struct world_run *r)
{
    struct series_row rows[WORLD_SERIES];
    struct series_put put = {.run_node = r->node, .last_part = true, .rows = rows};
    for (size_t i = 0; i < WORLD_SERIES; i++) {
        const struct world_series *s = &r->series[i];
        if (s->name) {
            rows[put.count++] = (struct series_row){
                .name = s->name,
                .context = s->context,
                .first = s->first,
                .last = s->last,
                .vmin = s->vmin,
                .vmin_step = s->vmin_step,
                .vmax = s->vmax,
                .vmax_step = s->vmax_step,
                .n = s->n,
                .bad = s->bad,
                .vsum = s->vsum,
                .last_step = 9,
                .first_step = 1,
            };
        }
    }
    put.ticket.arena = &f->arena;
    return fixture_wait(f, store_series_put(f->store, &put, &f->err), &put.ticket);
}

/* Goals of loss (min), acc (max by a glob), on the first run of each project. */
static track_status world_define(struct world *w, struct fixture *f)
{
    static const struct metric_def defs[] = {
        {.name = "loss", .unit = "", .step_key = "", .goal = 1},
        {.name = "a*", .unit = "", .step_key = "", .goal = 1},
        {.name = "ac*", .unit = "", .step_key = "", .goal = 2},
    };
    for (const char *project = "a"; *project; project = *project == 'a' ? "b" : "") {
        struct metric_def_set call = {.defs = defs, .count = 3, .now_us = NOW_US};
        call.ticket.arena = &f->arena;
        for (size_t i = 0; i < WORLD_RUNS && !call.run; i++) {
            bool fits = strcmp(w->runs[i].project, project) == 0 && !w->runs[i].deleted;
            call.run = fits ? w->runs[i].id : NULL;
        }
        TRY(fixture_wait(f, store_metric_def_set(f->store, &call, &f->err), &call.ticket));
    }
    return TRACK_OK;
}

track_status world_fill(struct world *w, struct fixture *f)
{
    struct ticket keys = {.arena = &f->arena};
    TRY(fixture_wait(f, store_submit(f->store, &keys, key_work, &f->err), &keys));
    for (size_t i = 0; i < WORLD_RUNS; i++) {
        world_run_fill(w, &w->runs[i], (int64_t)i);
        TRY(world_put(w, f, &w->runs[i]));
        TRY(world_put_series(f, &w->runs[i]));
        TRY(world_end(w, f, &w->runs[i]));
    }
    return world_define(w, f);
}

/* --- the evaluator --------------------------------------------------------------------------- */

static const char *fact_find(const struct world_fact *facts, const char *key)
{
    for (size_t i = 0; i < WORLD_FACTS; i++) {
        if (facts[i].key && strcmp(facts[i].key, key) == 0) {
            return facts[i].value;
        }
    }
    return NULL;
}

const struct world_series *world_series(const struct world_run *run, const char *name)
{
    for (size_t i = 0; i < WORLD_SERIES; i++) {
        if (run->series[i].name && strcmp(run->series[i].name, name) == 0) {
            return &run->series[i];
        }
    }
    return NULL;
}

bool world_history(const struct world_run *run, const struct filter *term)
{
    const struct filter_operand *o = &term->operand;
    const struct world_series *s = world_series(run, o->key);
    bool seen = false, any = false, all = true;
    if (!s) {
        return false;
    }
    const struct {
        int64_t step;
        double value;
    } points[] = {{1, s->first}, {9, s->last}, {s->vmin_step, s->vmin}, {s->vmax_step, s->vmax}};
    for (size_t i = 0; i < (isnan(s->vmin) ? 2 : 4); i++) {
        if (points[i].step >= o->step && points[i].step <= o->step_to) {
            bool fits = filter_compares(term->op, points[i].value, term->values->number);
            seen = true;
            any = any || fits;
            all = all && fits;
        }
    }
    return o->func == FILTER_ALL ? seen && all : any;
}

static double metric_of(const struct filter_operand *o, const struct world_series *s)
{
    enum filter_func func = o->func;
    if (func == FILTER_BEST) {
        func = strcmp(o->key, "acc") == 0                                    ? FILTER_MAX
               : strcmp(o->key, "loss") == 0 || strncmp(o->key, "a", 1) == 0 ? FILTER_MIN
                                                                             : FILTER_LAST;
    }
    switch (func) {
    case FILTER_FIRST:
        return s->first;
    case FILTER_MIN:
        return s->vmin;
    case FILTER_MAX:
        return s->vmax;
    case FILTER_MEAN:
        return s->n > s->bad ? s->vsum / (double)(s->n - s->bad) : NAN;
    case FILTER_COUNT:
        return (double)s->n;
    case FILTER_NAN:
        return (double)s->bad;
    case FILTER_ARGMIN:
        return isnan(s->vmin) ? NAN : (double)s->vmin_step;
    case FILTER_ARGMAX:
        return isnan(s->vmax) ? NAN : (double)s->vmax_step;
    case FILTER_AT:
        return o->step == 1 ? s->last : NAN;
    default:
        return s->last;
    }
}

static double duration_of(const struct world_run *r)
{
    int64_t end_us = r->ended_us                        ? r->ended_us
                     : strcmp(r->state, "running") == 0 ? NOW_US
                                                        : r->seen_us;
    return (double)(end_us - r->started_us) / 1e6;
}

static const char *maybe(const char *text)
{
    return *text ? text : NULL;
}

void world_value(const struct world *w, const struct filter_operand *o, const struct world_run *r,
                 double *number, const char **text)
{
    const struct world_series *s = o->field == FILTER_METRIC ? world_series(r, o->key) : NULL;
    const char *texts[] = {
        r->id,          r->name,        r->state,   r->kind,
        maybe(r->user), maybe(r->host), r->project, r->parent >= 0 ? w->runs[r->parent].id : NULL,
        maybe(r->note)};
    *text = o->field <= FILTER_NOTES   ? texts[o->field]
            : o->field == FILTER_PARAM ? fact_find(r->params, o->key)
            : o->field == FILTER_TAG   ? fact_find(r->tags, o->key)
                                       : NULL;
    *number = s                             ? metric_of(o, s)
              : o->field == FILTER_CREATED  ? (double)r->created_us
              : o->field == FILTER_STARTED  ? (double)r->started_us
              : o->field == FILTER_ENDED    ? (r->ended_us ? (double)r->ended_us : NAN)
              : o->field == FILTER_DURATION ? duration_of(r)
              : o->field == FILTER_SIZE     ? 0
                                            : NAN;
}

static int sign(double d)
{
    return (d > 0) - (d < 0);
}

/* How a run's value stands to one of the filter: -1, 0, 1; 2: they do not compare. */
static int compare(const struct filter *t, const struct filter_value *v, double number,
                   const char *text)
{
    double mine;
    if (filter_type(&t->operand) == FILTER_IS_TIME) {
        double from =
            v->kind == FILTER_TIME ? (double)v->from_us : (double)NOW_US - v->number * 1e6;
        double to = v->kind == FILTER_TIME ? (double)v->to_us : from + 1;
        return isnan(number) ? 2 : number < from ? -1 : number >= to;
    }
    if (filter_type(&t->operand) != FILTER_IS_TEXT && filter_type(&t->operand) != FILTER_IS_STATE) {
        return isnan(number) ? 2 : sign(number - v->number);
    }
    if (t->operand.field == FILTER_PARAM && v->kind == FILTER_NUMBER) {
        return number_decode(text_of(text), &mine) ? sign(mine - v->number) : 2;
    }
    return t->op == FILTER_SAME ? strcasecmp(text, v->text) != 0 : sign(strcmp(text, v->text));
}

/* LIKE by recursion: short texts only. */
static bool like(const char *text, const char *pattern, bool fold)
{
    if (*pattern == '%') {
        return like(text, pattern + 1, fold) || (*text && like(text + 1, pattern, fold));
    }
    if (!*pattern || !*text) {
        return !*pattern && !*text;
    }
    bool one = *pattern == '_' || (fold ? strncasecmp(text, pattern, 1) == 0 : *text == *pattern);
    return one && like(text + 1, pattern + 1, fold);
}

static bool matches(const char *pattern, const char *text)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    bool found = false;
    return regex_compile(text_of(pattern), &a, &re, NULL) == TRACK_OK &&
           regex_search(re, text_of(text), NULL, NULL, &found, NULL) == TRACK_OK && found;
}

/* BETWEEN of a parameter is as numbers only if both values are. */
static bool between(const struct filter *t, double number, const char *text)
{
    const struct filter_value *low = t->values, *high = low->next;
    if (t->operand.field == FILTER_PARAM &&
        (low->kind == FILTER_NUMBER) != (high->kind == FILTER_NUMBER)) {
        return strcmp(text, low->text) >= 0 && strcmp(text, high->text) <= 0;
    }
    int a = compare(t, low, number, text), b = compare(t, high, number, text);
    return a != 2 && b != 2 && a >= 0 && b <= 0;
}

static bool in_list(const struct filter *t, double number, const char *text)
{
    for (const struct filter_value *v = t->values; v; v = v->next) {
        if (compare(t, v, number, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool term_compares(const struct filter *t, double number, const char *text)
{
    int c = t->op <= FILTER_SAME ? compare(t, t->values, number, text) : 0;
    switch (t->op) {
    case FILTER_EQ:
    case FILTER_SAME:
        return c == 0;
    case FILTER_NE:
        return c != 0;
    case FILTER_LT:
        return c == -1;
    case FILTER_LE:
        return c == -1 || c == 0;
    case FILTER_GT:
        return c == 1;
    case FILTER_GE:
        return c == 0 || c == 1;
    case FILTER_MATCH:
        return matches(t->values->text, text) != t->negated;
    case FILTER_LIKE:
    case FILTER_ILIKE:
        return like(text, t->values->text, t->op == FILTER_ILIKE) != t->negated;
    case FILTER_IN:
        return in_list(t, number, text) != t->negated;
    default:
        return between(t, number, text) != t->negated;
    }
}

static bool has_text(const struct world_run *r, const char *text)
{
    size_t size = strlen(text), rest = 32 - (size < 32 ? size : 32);
    if (strcasestr(r->name, text) || strcasestr(r->note, text) ||
        (size <= 32 && (!strncasecmp(r->id, text, size) || !strcasecmp(r->id + rest, text)))) {
        return true;
    }
    for (size_t i = 0; i < WORLD_FACTS; i++) {
        if (r->tags[i].key && strcasestr(r->tags[i].value, text)) {
            return true;
        }
    }
    return false;
}

static bool term_fits(const struct world *w, const struct filter *t, const struct world_run *r)
{
    const struct filter_operand *o = &t->operand;
    const char *text;
    double number;
    if (o->field == FILTER_TEXT) {
        return has_text(r, o->key);
    }
    if (o->field == FILTER_HAS) {
        return fact_find(r->params, o->key) || fact_find(r->tags, o->key) ||
               world_series(r, o->key);
    }
    if (o->field == FILTER_METRIC && o->func >= FILTER_ANY) {
        return world_history(r, t);
    }
    world_value(w, o, r, &number, &text);
    bool there = o->field == FILTER_METRIC
                     ? world_series(r, o->key) != NULL && (o->func != FILTER_AT || o->step == 1)
                     : text || !isnan(number);
    if (t->op == FILTER_THERE) {
        return there;
    }
    if (t->op == FILTER_NULL) {
        return there == t->negated;
    }
    return there && (text || !isnan(number)) && term_compares(t, number, text);
}

bool world_fits(const struct world *w, const struct filter *f, const struct world_run *r)
{
    if (!f || f->kind == FILTER_TERM) {
        return !f || term_fits(w, f, r);
    }
    bool result = f->kind == FILTER_AND;
    for (const struct filter *child = f->child; child; child = child->next) {
        bool one = world_fits(w, child, r);
        result = f->kind == FILTER_AND  ? result && one
                 : f->kind == FILTER_OR ? result || one
                                        : !one;
    }
    return result;
}
