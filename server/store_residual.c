#include "store_residual.h"

#include "clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static track_status residual_add(struct residual *r, const struct filter *term, struct arena *arena,
                                 track_error *err)
{
    assert(r->count < FILTER_COSTLY_COUNT_MAX); /* the parser refuses more */
    r->terms[r->count] = term;
    if (term->op == FILTER_MATCH) {
        const char *pattern = term->values->text;
        struct bytes text = {(const unsigned char *)pattern, strlen(pattern)};
        TRY(regex_compile(text, arena, &r->patterns[r->count], err));
    } else if (!r->search->ask->point || !r->search->ask->history) {
        return FAIL(err, TRACK_UNSUPPORTED, "at(), any() and all() cannot be asked here");
    }
    r->count++;
    return TRACK_OK;
}

static track_status residual_gather(struct residual *r, const struct filter *node,
                                    struct arena *arena, track_error *err)
{
    if (node->kind == FILTER_TERM) {
        return filter_is_costly(node) ? residual_add(r, node, arena, err) : TRACK_OK;
    }
    for (const struct filter *child = node->child; child; child = child->next) {
        TRY(residual_gather(r, child, arena, err));
    }
    return TRACK_OK;
}

track_status residual_init(struct residual *r, const struct search *search, struct arena *arena,
                           track_error *err)
{
    int64_t budget_ms = search->ask->budget_ms;
    *r = (struct residual){.search = search,
                           .left_us = (budget_ms ? budget_ms : SEARCH_BUDGET_MS) * 1000,
                           .read_left_us = (budget_ms ? budget_ms : SEARCH_READ_MS) * 1000};
    return search->filter ? residual_gather(r, search->filter, arena, err) : TRACK_OK;
}

static bool residual_stop(void *data)
{
    return clock_steady_us() > ((const struct residual *)data)->stop_us;
}

/* True if the number fits the term, whose operand is at(). */
static bool number_fits(const struct filter *term, double number)
{
    const struct filter_value *v = term->values;
    bool in = false;
    if (term->op <= FILTER_GE) {
        return filter_compares(term->op, number, v->number);
    }
    if (term->op == FILTER_BETWEEN) {
        in = number >= v->number && number <= v->next->number;
    } else { /* IN */
        for (; v && !in; v = v->next) {
            in = number == v->number;
        }
    }
    return number == number && in != term->negated;
}

/* What is known of a term or a tree. */
enum answer { NO, YES, OPEN };

/* One run being decided. */
struct walk {
    const struct residual_row *row;
    enum answer costly[FILTER_COSTLY_COUNT_MAX];
    size_t verdict, next; /* how far the walk over the tree is */
    bool counted;         /* the run is among those whose points were read */
};

/* What the row says of a costly term. */
static enum answer first_answer(const struct residual *r, size_t i, const struct db_value *subject)
{
    const struct filter *term = r->terms[i];
    bool has = subject->type == 't';
    if (r->patterns[i]) {
        return has ? OPEN : NO;
    }
    unsigned char hint = has ? subject->as.bytes.at[0] : '0';
    bool absent_fits = term->op == FILTER_NULL && !term->negated;
    return hint == '2' ? OPEN : (hint == '1') != absent_fits ? YES : NO;
}

/* Fails with the term, and what to do about it. */
static track_status fail_term(const struct filter *term, track_status status, const char *what,
                              track_error *err)
{
    AUTO_BUF text = BUF(1024);
    struct bytes shown;
    filter_write(term, &text);
    bool whole = buf_end(&text, &shown, NULL) == TRACK_OK;
    return FAIL(err, status,
                "%.*s%s %s: narrow the search down with other terms, such as tag:KEY, params.KEY=X "
                "or started>-7d",
                whole ? (int)(shown.size < 200 ? shown.size : 200) : 0,
                whole && shown.size ? (const char *)shown.at : "", whole ? "" : "a term", what);
}

static track_status decide_pattern(struct residual *r, size_t i, const struct db_value *subject,
                                   enum answer *out, track_error *err)
{
    struct regex_stop stop = {residual_stop, r};
    int64_t begin_us = clock_steady_us();
    bool found = false;
    r->stop_us = begin_us + r->left_us;
    track_status status = regex_search(r->patterns[i], subject->as.bytes, &stop, NULL, &found, err);
    r->left_us -= clock_steady_us() - begin_us;
    if (status == TRACK_TIMEOUT || (status == TRACK_OK && r->left_us < 0)) {
        return fail_term(r->terms[i], TRACK_TIMEOUT, "took too long", err);
    }
    *out = found != r->terms[i]->negated ? YES : NO;
    return status;
}

static track_status read_point(struct residual *r, const struct filter *term, const char *run,
                               enum answer *out, track_error *err)
{
    const struct run_search *ask = r->search->ask;
    if (term->operand.func == FILTER_AT) {
        struct search_point point = {
            .run = run, .key = term->operand.key, .step = term->operand.step};
        TRY(ask->point(ask->point_data, &point, err));
        bool fits = term->op == FILTER_NULL ? point.found == term->negated
                                            : point.found && number_fits(term, point.value);
        *out = fits ? YES : NO;
        return TRACK_OK;
    }
    struct search_history history = {.run = run, .term = term};
    TRY(ask->history(ask->point_data, &history, err));
    *out = history.fits ? YES : NO;
    return TRACK_OK;
}

static track_status decide_points(struct residual *r, struct walk *w, size_t i, track_error *err)
{
    const struct filter *term = r->terms[i];
    int64_t begin_us = clock_steady_us();
    r->read_runs += !w->counted;
    w->counted = true;
    if (r->read_runs > SEARCH_READ_RUNS_MAX) {
        char what[96];
        snprintf(what, sizeof(what), "would read the points of more than %d runs",
                 SEARCH_READ_RUNS_MAX);
        return fail_term(term, TRACK_INVALID, what, err);
    }
    TRY(read_point(r, term, w->row->run, &w->costly[i], err));
    r->read_left_us -= clock_steady_us() - begin_us;
    return r->read_left_us >= 0
               ? TRACK_OK
               : fail_term(term, TRACK_TIMEOUT, "took too long to read points", err);
}

/* What is known of a node; goes past its terms. */
static enum answer answer_of(struct walk *w, const struct filter *node)
{
    if (node->kind == FILTER_TERM) {
        if (filter_is_costly(node)) {
            return w->costly[w->next++];
        }
        assert(w->verdict < w->row->verdicts.size);
        return w->row->verdicts.at[w->verdict++] == '1' ? YES : NO;
    }
    enum answer decides = node->kind == FILTER_OR ? YES : NO, result = decides == YES ? NO : YES;
    for (const struct filter *child = node->child; child; child = child->next) {
        enum answer one = answer_of(w, child);
        if (node->kind == FILTER_NOT) {
            return one == OPEN ? OPEN : one == YES ? NO : YES;
        }
        result = result == decides || one == decides ? decides : one == OPEN ? OPEN : result;
    }
    return result;
}

static enum answer answer(struct residual *r, struct walk *w)
{
    w->verdict = w->next = 0;
    return r->search->filter ? answer_of(w, r->search->filter) : YES;
}

/* Decides one more of the open terms: patterns first. */
static track_status decide_next(struct residual *r, struct walk *w, track_error *err)
{
    size_t points = r->count;
    for (size_t i = 0; i < r->count; i++) {
        if (w->costly[i] == OPEN && r->patterns[i]) {
            return decide_pattern(r, i, &w->row->subjects[i], &w->costly[i], err);
        }
        points = w->costly[i] == OPEN && points == r->count ? i : points;
    }
    assert(points < r->count); /* else nothing were open */
    return decide_points(r, w, points, err);
}

track_status residual_decide(struct residual *r, const struct residual_row *row, bool *out,
                             track_error *err)
{
    struct walk w = {.row = row};
    enum answer found;
    for (size_t i = 0; i < r->count; i++) {
        w.costly[i] = first_answer(r, i, &row->subjects[i]);
    }
    while ((found = answer(r, &w)) == OPEN) {
        TRY(decide_next(r, &w, err));
    }
    *out = found == YES;
    return TRACK_OK;
}
