#include "check_base.h"
#include "series_row.h"
#include "tail.h"
#include "tail_whole.h"

#include "series.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of the table, and the row that the points give: each may be absent. */
struct stored {
    int64_t key, project, last_ok;
    struct series_row row;
};

struct wanted {
    int64_t key;
    struct series_row row;
};

/* What the run says of its rows. */
struct state {
    int64_t of, now, over, project; /* series_seq, sum of next_seq */
};

/* A run whose rows are compared. */
struct comparing {
    struct check *check;
    const struct check_run *run;
    struct state state;
    const struct stored *stored; /* [stored_count], by key */
    struct wanted *wanted;       /* [wanted_count], by key */
    size_t stored_count, wanted_count;
    bool wrong;
};

static track_status stored_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct stored *s = at;
    *s = (struct stored){
        .key = db_get_i(&c[0]),
        .project = db_get_i(&c[2]),
        .last_ok = db_get_i(&c[6]),
        .row = {.n = db_get_i(&c[3]),
                .first = db_get_f(&c[4]),
                .last = db_get_f(&c[5]),
                .last_step = db_get_i(&c[7]),
                .vmin = db_get_f(&c[8]),
                .vmin_step = db_get_i(&c[9]),
                .vmax = db_get_f(&c[10]),
                .vmax_step = db_get_i(&c[11]),
                .last_us = db_get_i(&c[12]),
                .vsum = db_get_f(&c[13]),
                .bad = db_get_i(&c[14]),
                .first_step = db_get_i(&c[15])},
    };
    return db_copy_text(g->arena, &c[1], &s->row.name, err);
}

static track_status state_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    *(struct state *)data =
        (struct state){db_get_i(&c[0]), db_get_i(&c[1]), db_get_i(&c[2]), db_get_i(&c[3])};
    return TRACK_OK;
}

static int compare_keys(const void *a, const void *b)
{
    int64_t x = ((const struct wanted *)a)->key, y = ((const struct wanted *)b)->key;
    return (x > y) - (x < y);
}

/* The rows that the points of a run give. */
static track_status want_rows(struct comparing *m, struct tail_run *run, struct arena *arena,
                              track_error *err)
{
    m->wanted = ARENA_ARRAY(arena, struct wanted, run->series_count + 1);
    if (!m->wanted) {
        return FAIL(err, TRACK_NOMEM, "%zu series: no memory", run->series_count);
    }
    for (size_t i = 0; i < run->series_count; i++) {
        struct tail_series *s = &run->series[i];
        TRY(tail_whole_get(run, s, err));
        if (s->whole.summary.n > 0) {
            struct wanted *w = &m->wanted[m->wanted_count++];
            w->key = s->id;
            TRY(series_row_fill(s, &w->row, err));
        }
    }
    qsort(m->wanted, m->wanted_count, sizeof(struct wanted), compare_keys);
    return TRACK_OK;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* A sum depends in its last bits on what was added when; where it may have been too large for a
 * double on the way, altogether. */
static bool same_sum(const struct series_row *a, const struct series_row *b)
{
    double largest = fmax(fabs(b->vmin), fabs(b->vmax)) * (double)b->n;
    return same(a->vsum, b->vsum) || largest > DBL_MAX / 4 ||
           fabs(a->vsum - b->vsum) <= ldexp(largest, -40);
}

/* The column in which a row is wrong; NULL: in none. */
static const char *differs(const struct comparing *m, const struct stored *s,
                           const struct series_row *w)
{
    const struct series_row *r = &s->row;
    const struct {
        const char *name;
        bool same;
    } columns[] = {
        {"n", r->n == w->n},
        {"project", s->project == m->state.project},
        {"first", same(r->first, w->first) && r->first_step == w->first_step},
        {"last", same(r->last, w->last) && r->last_step == w->last_step &&
                     r->last_us == w->last_us && s->last_ok == !isnan(w->last)},
        {"vmin", same(r->vmin, w->vmin) && r->vmin_step == w->vmin_step},
        {"vmax", same(r->vmax, w->vmax) && r->vmax_step == w->vmax_step},
        {"bad", r->bad == w->bad},
        {"vsum", same_sum(r, w)},
    };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (!columns[i].same) {
            return columns[i].name;
        }
    }
    return NULL;
}

/* One finding for each series: table and pages are wrong about it, its points are not. */
static void say(struct comparing *m, const struct stored *s, const struct wanted *w)
{
    const char *column = s && w ? differs(m, s, &w->row) : NULL;
    if (s && w && !column) {
        return;
    }
    m->wrong = true;
    const char *run = m->run->id, *name = w ? w->row.name : s->row.name;
    const char *context = w && w->row.context ? w->row.context : "";
    if (!s) {
        check_derived(m->check, false, "run %s: series %.120s %.120s has %lld points and no row",
                      run, name, context, (long long)w->row.n);
    } else if (!w) {
        check_derived(m->check, true,
                      "run %s: the row of series %.120s has no points: it says %lld", run, name,
                      (long long)s->row.n);
    } else {
        check_derived(m->check, s->row.n > w->row.n,
                      "run %s: %s in the row of series %.120s %.120s is not what its points give "
                      "(the row is of %lld points, there are %lld)",
                      run, column, name, context, (long long)s->row.n, (long long)w->row.n);
    }
}

static void compare(struct comparing *m)
{
    bool over = m->wanted_count >= SERIES_ROWS_MAX; /* some have no row then */
    size_t i = 0, j = 0;
    while (i < m->stored_count || j < m->wanted_count) {
        const struct stored *s = i < m->stored_count ? &m->stored[i] : NULL;
        const struct wanted *w = j < m->wanted_count ? &m->wanted[j] : NULL;
        bool at_s = s && (!w || s->key <= w->key), at_w = w && (!s || w->key <= s->key);
        i += at_s;
        j += at_w;
        if (at_s || !over) {
            say(m, at_s ? s : NULL, at_w ? w : NULL);
        }
    }
    if (m->state.over != over) {
        m->wrong = true;
        check_derived(m->check, false, "run %s: it does not say whether all its series have rows",
                      m->run->id);
    }
}

/* Makes the rows of a run stale, so that they are folded again. */
struct forget {
    struct ticket ticket;
    int64_t run_node;
};

static track_status forget_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct forget *f = (const struct forget *)(void *)t;
    TRY(db_exec(db, QUERY_check_series_forget, DB_IN(db_i(f->run_node)), err));
    return db_exec(db, QUERY_run_series_stale, DB_IN(db_i(f->run_node)), err);
}

static track_status compare_run(struct comparing *m, struct arena *arena, track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    track_error why;
    track_status status = tail_take(m->check->tail, m->run->id, TAIL_FRESH, &run, &why);
    status = status == TRACK_OK ? want_rows(m, run, arena, &why) : status;
    if (status == TRACK_CORRUPT) {
        check_wrong(m->check, "run %s: the rows of its series were not compared: %s", m->run->id,
                    why.message);
        return TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    compare(m);
    return TRACK_OK;
}

/* Rows that a search is going to bring up to date are not compared. */
static track_status check_run_series(struct check *c, const struct check_run *run,
                                     struct arena *arena, track_error *err)
{
    struct comparing m = {.check = c, .run = run};
    struct gather rows = GATHER(arena, struct stored);
    struct forget forget = {.run_node = run->node};
    TRY(db_run(c->db, QUERY_check_series_seq, DB_IN(db_i(run->node)), state_row, &m.state, err));
    if (m.state.of < 0) {
        return TRACK_OK;
    }
    TRY(db_run(c->db, QUERY_check_series_list, DB_IN(db_i(run->node)), stored_row, &rows, err));
    m.stored = rows.at;
    m.stored_count = rows.count;
    if (m.state.of != m.state.now) {
        m.wrong = true;
        check_derived(c, false,
                      "run %s: its rows of series are said to be of %lld frames, and are not",
                      run->id, (long long)m.state.of);
    } else {
        TRY(compare_run(&m, arena, err));
    }
    return m.wrong && c->options->repair ? check_repair(c, &forget.ticket, forget_work, err)
                                         : TRACK_OK;
}

track_status check_series(struct check *c, track_error *err)
{
    if (c->options->quick) {
        return TRACK_OK;
    }
    int64_t repaired = c->counts->repaired;
    TRY(check_runs(c, check_run_series, err));
    return c->counts->repaired > repaired ? series_flush(c->tail, 0, err) : TRACK_OK;
}
