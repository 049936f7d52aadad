#include "store_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* How one column is filled. */
struct cell_plan {
    enum filter_func func; /* of a metric: what best() is here */
    struct key_ids ids;
};

track_status cells_init(struct cells *c, struct db *db, const struct search *search,
                        int64_t project, struct arena *arena, track_error *err)
{
    size_t count = search->ask->column_count;
    *c = (struct cells){.db = db,
                        .search = search,
                        .arena = arena,
                        .plans = ARENA_ARRAY(arena, struct cell_plan, count)};
    if (!c->plans) {
        return FAIL(err, TRACK_NOMEM, "no memory for %zu columns", count);
    }
    for (size_t i = 0; i < count; i++) {
        const struct filter_operand *o = &search->columns[i];
        if (o->field != FILTER_METRIC) {
            continue;
        }
        c->plans[i].func = o->func;
        TRY(search_key_ids(db, o->key, project, &c->plans[i].ids, err));
        if (o->func == FILTER_BEST) {
            TRY(search_goal(db, o->key, project, &c->plans[i].func, err));
        }
    }
    return TRACK_OK;
}

/* Where the rows of one statement go. */
struct cell_row {
    struct arena *arena;
    struct search_row *row;
    struct search_cell *cell;
    const struct cell_plan *plan;
    struct gather labels;
};

static track_status run_row(void *data, const struct db_value *c, track_error *err)
{
    const struct cell_row *to = data;
    struct run *run = &to->row->run;
    *run = (struct run){
        .node = db_get_i(&c[0]),
        .project = db_get_i(&c[1]),
        .project_number = db_get_i(&c[4]),
        .created_us = db_get_i(&c[12]),
        .started_us = db_get_i(&c[13]),
        .ended_us = db_get_i(&c[14]),
        .seen_us = db_get_i(&c[15]),
        .deleted_us = db_get_i(&c[16]),
        .stop = db_get_i(&c[17]) != 0,
    };
    TRY(db_copy_text(to->arena, &c[2], &run->id, err));
    TRY(db_copy_text(to->arena, &c[3], &run->project_name, err));
    TRY(db_copy_text(to->arena, &c[5], &run->name, err));
    TRY(db_copy_text(to->arena, &c[6], &run->kind, err));
    TRY(db_copy_text(to->arena, &c[7], &run->state, err));
    TRY(db_copy_text(to->arena, &c[8], &run->user, err));
    TRY(db_copy_text(to->arena, &c[9], &run->host, err));
    TRY(db_copy_text(to->arena, &c[10], &run->parent, err));
    return db_copy_text(to->arena, &c[11], &run->client, err);
}

static track_status label_row(void *data, const struct db_value *c, track_error *err)
{
    struct cell_row *to = data;
    void *label;
    TRY(gather_add(&to->labels, &label, err));
    return db_copy_text(to->arena, &c[0], (const char **)label, err);
}

static track_status text_row(void *data, const struct db_value *c, track_error *err)
{
    const struct cell_row *to = data;
    to->cell->kind = CELL_TEXT;
    return db_copy_text(to->arena, &c[0], &to->cell->text, err);
}

/* Columns of search_series: first, last, last_step, vmin, vmin_step, vmax, vsum, vmax_step, n, bad,
 * first_step. */
static track_status series_row(void *data, const struct db_value *c, track_error *err)
{
    const struct cell_row *to = data;
    int64_t n = db_get_i(&c[8]), bad = db_get_i(&c[9]);
    struct search_cell cell = {.kind = CELL_METRIC, .how = to->plan->func, .bad = bad};
    (void)err;
    cell.step = db_get_i(&c[2]);
    switch (to->plan->func) {
    case FILTER_FIRST:
        cell.value = db_get_f(&c[0]);
        cell.step = db_get_i(&c[10]);
        break;
    case FILTER_MIN:
        cell.value = db_get_f(&c[3]);
        cell.step = db_get_i(&c[4]);
        break;
    case FILTER_MAX:
        cell.value = db_get_f(&c[5]);
        cell.step = db_get_i(&c[7]);
        break;
    case FILTER_MEAN:
        cell.value = n > bad ? db_get_f(&c[6]) / (double)(n - bad) : NAN;
        break;
    case FILTER_COUNT:
        cell.value = (double)n;
        break;
    case FILTER_NAN:
        cell.value = (double)bad;
        break;
    default:
        cell.value = db_get_f(&c[1]);
        break;
    }
    bool finite_only = to->plan->func == FILTER_MIN || to->plan->func == FILTER_MAX ||
                       to->plan->func == FILTER_MEAN;
    cell.kind = finite_only && isnan(cell.value) ? CELL_NONE : CELL_METRIC;
    *to->cell = cell;
    return TRACK_OK;
}

static track_status fill_metric(const struct cells *c, int64_t node, struct cell_row *to,
                                track_error *err)
{
    const struct key_ids *ids = &to->plan->ids;
    struct search_cell untouched = {.how = FILTER_BEST};
    *to->cell = untouched;
    for (size_t i = 0; i < ids->count && to->cell->how == FILTER_BEST; i++) {
        TRY(db_run(c->db, QUERY_search_series, DB_IN(db_i(node), db_i(ids->id[i])), series_row, to,
                   err));
    }
    return TRACK_OK;
}

static track_status cell_text(const struct cell_row *to, const char *text)
{
    to->cell->kind = text && *text ? CELL_TEXT : CELL_NONE;
    to->cell->text = text;
    return TRACK_OK;
}

static track_status cell_number(const struct cell_row *to, int64_t number, track_error *err)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "%lld", (long long)number);
    const char *copy = arena_text(to->arena, text, (size_t)size);
    return copy ? cell_text(to, copy) : FAIL(err, TRACK_NOMEM, "no memory for a cell");
}

/* Seconds with their millionths, as a decimal. */
static track_status cell_duration(const struct cells *c, const struct cell_row *to,
                                  track_error *err)
{
    const struct run *run = &to->row->run;
    int64_t end_us = run->ended_us                        ? run->ended_us
                     : strcmp(run->state, "running") == 0 ? c->search->ask->now_us
                                                          : run->seen_us;
    char text[40];
    int size = snprintf(text, sizeof(text), "%.6f", (double)(end_us - run->started_us) / 1e6);
    const char *copy = arena_text(to->arena, text, (size_t)size);
    return copy ? cell_text(to, copy) : FAIL(err, TRACK_NOMEM, "no memory for a cell");
}

static track_status size_row(void *data, const struct db_value *c, track_error *err)
{
    return cell_number(data, db_get_i(&c[0]), err);
}

static track_status fill_attribute(const struct cells *c, enum filter_field field,
                                   struct cell_row *to, track_error *err)
{
    const struct run *run = &to->row->run;
    switch (field) {
    case FILTER_ID:
        return cell_text(to, run->id);
    case FILTER_NAME:
        return cell_text(to, run->name);
    case FILTER_STATUS:
        return cell_text(to, run->state);
    case FILTER_KIND:
        return cell_text(to, run->kind);
    case FILTER_USER:
        return cell_text(to, run->user);
    case FILTER_HOST:
        return cell_text(to, run->host);
    case FILTER_PROJECT:
        return cell_text(to, run->project_name);
    case FILTER_PARENT:
        return cell_text(to, run->parent);
    case FILTER_CREATED:
        return cell_number(to, run->created_us, err);
    case FILTER_STARTED:
        return cell_number(to, run->started_us, err);
    case FILTER_ENDED:
        return run->ended_us ? cell_number(to, run->ended_us, err) : TRACK_OK;
    case FILTER_DURATION:
        return cell_duration(c, to, err);
    case FILTER_SIZE:
        return db_run(c->db, QUERY_search_size, DB_IN(db_i(run->node)), size_row, to, err);
    default:
        TRY(db_run(c->db, QUERY_search_note, DB_IN(db_i(run->node)), text_row, to, err));
        return cell_text(to, to->cell->text);
    }
}

static track_status fill_cell(const struct cells *c, size_t i, struct cell_row *to,
                              track_error *err)
{
    const struct filter_operand *o = &c->search->columns[i];
    int64_t node = to->row->run.node;
    to->plan = &c->plans[i];
    switch (o->field) {
    case FILTER_METRIC:
        return fill_metric(c, node, to, err);
    case FILTER_PARAM:
        return db_run(c->db, QUERY_search_param, DB_IN(db_i(node), db_t(o->key)), text_row, to,
                      err);
    case FILTER_TAG:
        return db_run(c->db, QUERY_search_tag, DB_IN(db_i(node), db_t(o->key)), text_row, to, err);
    default:
        return fill_attribute(c, o->field, to, err);
    }
}

track_status cells_fill(const struct cells *c, int64_t node, struct search_row *out,
                        track_error *err)
{
    size_t count = c->search->ask->column_count;
    struct search_cell *cells = ARENA_ARRAY(c->arena, struct search_cell, count);
    struct cell_row to = {.arena = c->arena, .row = out, .labels = GATHER(c->arena, const char *)};
    if (!cells) {
        return FAIL(err, TRACK_NOMEM, "no memory for %zu cells", count);
    }
    TRY(db_run(c->db, QUERY_search_run, DB_IN(db_i(node)), run_row, &to, err));
    TRY(db_run(c->db, QUERY_search_labels, DB_IN(db_i(node)), label_row, &to, err));
    for (size_t i = 0; i < count; i++) {
        to.cell = &cells[i];
        TRY(fill_cell(c, i, &to, err));
    }
    out->cells = cells;
    out->labels = to.labels.at;
    out->label_count = to.labels.count;
    return TRACK_OK;
}
