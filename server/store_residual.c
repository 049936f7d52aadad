#include "store_residual.h"

#include "clock.h"

#include <assert.h>
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
    } else if (!r->search->ask->point) {
        return FAIL(err, TRACK_UNSUPPORTED, "at() cannot be asked here");
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
    int64_t budget_ms = search->ask->budget_ms ? search->ask->budget_ms : SEARCH_BUDGET_MS;
    *r = (struct residual){.search = search, .left_us = budget_ms * 1000};
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
    switch (term->op) {
    case FILTER_EQ:
        return number == v->number;
    case FILTER_NE:
        return number < v->number || number > v->number; /* a NaN compares with nothing */
    case FILTER_LT:
        return number < v->number;
    case FILTER_LE:
        return number <= v->number;
    case FILTER_GT:
        return number > v->number;
    case FILTER_GE:
        return number >= v->number;
    case FILTER_BETWEEN:
        in = number >= v->number && number <= v->next->number;
        break;
    default: /* IN */
        for (; v && !in; v = v->next) {
            in = number == v->number;
        }
        break;
    }
    return number == number && in != term->negated;
}

static track_status decide_point(struct residual *r, const struct filter *term, const char *run,
                                 bool *out, track_error *err)
{
    const struct run_search *ask = r->search->ask;
    struct search_point point = {.run = run, .key = term->operand.key, .step = term->operand.step};
    TRY(ask->point(ask->point_data, &point, err));
    *out = term->op == FILTER_NULL ? point.found == term->negated
                                   : point.found && number_fits(term, point.value);
    return TRACK_OK;
}

static track_status decide_pattern(struct residual *r, size_t i, const struct db_value *subject,
                                   bool *out, track_error *err)
{
    struct regex_stop stop = {residual_stop, r};
    bool found = false;
    *out = false;
    if (subject->type != 't') {
        return TRACK_OK;
    }
    TRY(regex_search(r->patterns[i], subject->as.bytes, &stop, NULL, &found, err));
    *out = found != r->terms[i]->negated;
    return TRACK_OK;
}

/* How far the walk over the tree is. */
struct walk {
    const struct residual_row *row;
    size_t verdict, costly;
};

static track_status decide_node(struct residual *r, struct walk *w, const struct filter *node,
                                bool *out, track_error *err)
{
    if (node->kind == FILTER_TERM && !filter_is_costly(node)) {
        assert(w->verdict < w->row->verdicts.size);
        *out = w->row->verdicts.at[w->verdict++] == '1';
        return TRACK_OK;
    }
    if (node->kind == FILTER_TERM) {
        size_t i = w->costly++;
        return node->op == FILTER_MATCH ? decide_pattern(r, i, &w->row->subjects[i], out, err)
                                        : decide_point(r, node, w->row->run, out, err);
    }
    bool result = node->kind == FILTER_AND;
    for (const struct filter *child = node->child; child; child = child->next) {
        bool one;
        TRY(decide_node(r, w, child, &one, err));
        result = node->kind == FILTER_AND  ? result && one
                 : node->kind == FILTER_OR ? result || one
                                           : !one;
    }
    *out = result;
    return TRACK_OK;
}

track_status residual_decide(struct residual *r, const struct residual_row *row, bool *out,
                             track_error *err)
{
    struct walk w = {.row = row};
    int64_t begin_us = clock_steady_us();
    r->stop_us = begin_us + r->left_us;
    track_status status =
        r->search->filter ? decide_node(r, &w, r->search->filter, out, err) : TRACK_OK;
    r->left_us -= clock_steady_us() - begin_us;
    if (status == TRACK_TIMEOUT || (status == TRACK_OK && r->left_us < 0)) {
        return FAIL(err, TRACK_TIMEOUT,
                    "~ and at() took too long for this search: narrow it down with other terms");
    }
    return status;
}
