/* Shows that a plan changes how a search goes and not what it finds, and that indexes are used.
 * How: random runs; each term that has an index and each order that has one, against all runs; what
 * SQLite says of the statements; which plan is taken of many runs. */
#include "../../server/store_filter_page.h"
#include "../harness.h"
#include "search_model.h"

#include <stdio.h>
#include <string.h>

static const char *const filters[] = {
    "metrics.loss < 0.5",
    "max(acc) >= 0",
    "min(loss) BETWEEN -0.5 AND 0.5",
    "best(acc) IN (0, 0.5, 1)",
    "metrics.`a:b` = 0.25 status:running",
    "params.lr <= 0.1",
    "params.lr IN (0.1, 3) tag:baseline",
    "params.seed BETWEEN -7 AND 1",
    "params.opt IS NOT NULL",
    "tags.env = '0.1'",
    "tags.env = adam metrics.loss > 0",
    "tag:baseline",
    "tags.team IS NOT NULL params.lr > 0",
    "status:finished",
    "status IN (failed, running) min(val/loss) < 1",
    "started > -3d",
    "started BETWEEN 2025-11-15 AND 2025-11-20",
    "id IN ('0190a0b0c0d070008000000000000001')",
    "metrics.loss > -9 (params.lr < 1 OR tag:x) NOT status:failed",
};
static const char *const orders[] = {
    "",           "started",        "params.lr",         "-params.opt",
    "best(loss)", "-max(val/loss)", "-metrics.val/loss", "name"};

/* A search that is parsed, and what its statements have in common. */
struct asked {
    struct run_search ask;
    struct search search;
    struct residual residual;
    struct sql of;
};

static track_status asked_fill(struct fixture *f, struct db *db, const char *const texts[2],
                               struct asked *out)
{
    struct search_mistake mistake;
    int64_t project = 0;
    *out = (struct asked){.ask = {.project = "a",
                                  .filter = texts[0],
                                  .order = texts[1],
                                  .limit = 1000,
                                  .now_us = NOW_US}};
    TRY(search_read(&out->ask, &f->arena, &out->search, &mistake, &f->err));
    TRY(residual_init(&out->residual, &out->search, &f->arena, &f->err));
    TRY(project_need(db, "a", &project, &f->err));
    out->of = (struct sql){.db = db, .arena = &f->arena, .project = project, .now_us = NOW_US};
    return TRACK_OK;
}

/* Nodes of a page. */
struct nodes {
    int64_t at[WORLD_RUNS + 1];
    size_t count;
};

static track_status node_row(void *data, const struct db_value *c, track_error *err)
{
    struct nodes *n = data;
    if (n->count > WORLD_RUNS) {
        return FAIL(err, TRACK_CORRUPT, "a run comes twice");
    }
    n->at[n->count++] = db_get_i(&c[0]);
    return TRACK_OK;
}

/* Adds the page of a plan. */
static track_status page_of(struct asked *a, const struct plan *plan, struct nodes *out,
                            track_error *err)
{
    AUTO_SQL struct sql q;
    struct page_ask ask = {&a->search, &a->residual, plan, 1000, NULL};
    struct db_text text;
    sql_begin(&q, &a->of);
    sql_put_page(&q, &ask);
    TRY(sql_end(&q, SQL_PAGE_TYPES, &text, err));
    return db_run_text(q.db, &text, node_row, out, err);
}

static track_status count_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    *(int64_t *)data = db_get_i(&c[0]);
    return TRACK_OK;
}

static int64_t count_of(struct asked *a, const struct plan *plan)
{
    AUTO_SQL struct sql q;
    struct db_text text;
    int64_t count = -1;
    sql_begin(&q, &a->of);
    sql_put_count(&q, &a->search, plan);
    bool done = sql_end(&q, "i", &text, NULL) == TRACK_OK &&
                db_run_text(q.db, &text, count_row, &count, NULL) == TRACK_OK;
    return done ? count : -1;
}

static bool same(const struct nodes *a, const struct nodes *b)
{
    return a->count == b->count && memcmp(a->at, b->at, a->count * sizeof(*a->at)) == 0;
}

/* Every term of an AND; *planned grows by those that have an index. */
static bool terms_agree(struct asked *a, const struct nodes *all, size_t *planned)
{
    const struct filter *top = a->search.filter;
    const struct filter *term = top->kind == FILTER_AND ? top->child : top;
    AUTO_SQL struct sql scratch;
    sql_begin(&scratch, &a->of);
    for (; term; term = term->next) {
        struct plan plan;
        struct nodes got = {.count = 0};
        if (term->kind != FILTER_TERM || !plan_of_term(&scratch, term, &plan)) {
            continue;
        }
        if (page_of(a, &plan, &got, NULL) != TRACK_OK || !same(&got, all) ||
            count_of(a, &plan) != (int64_t)all->count) {
            return false;
        }
        ++*planned;
    }
    return scratch.status == TRACK_OK;
}

/* The index that is in the order of the search, then the rest. */
static bool order_agrees(struct asked *a, const struct nodes *all, size_t *planned)
{
    struct plan plan, rest = {.way = PLAN_REST};
    struct nodes got = {.count = 0};
    AUTO_SQL struct sql scratch;
    sql_begin(&scratch, &a->of);
    if (!plan_of_order(&scratch, &a->search.order, &plan)) {
        return scratch.status == TRACK_OK;
    }
    ++*planned;
    return page_of(a, &plan, &got, NULL) == TRACK_OK && page_of(a, &rest, &got, NULL) == TRACK_OK &&
           same(&got, all);
}

TEST(store_filter_plan, changes_nothing_that_is_found)
{
    enum { FILTERS = sizeof(filters) / sizeof(filters[0]) };
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 271828};
    size_t terms = 0, in_order = 0, found = 0;
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    AUTO_READ struct read r = {0};
    CHECK_INT(store_read_begin(f.store, &r, &f.err), TRACK_OK);
    for (size_t i = 0; i < FILTERS * sizeof(orders) / sizeof(orders[0]); i++) {
        const char *texts[2] = {filters[i % FILTERS], orders[i / FILTERS]};
        struct plan every = {.way = PLAN_ALL};
        struct nodes all = {.count = 0};
        struct asked a;
        CHECK_INT(asked_fill(&f, r.db, texts, &a), TRACK_OK);
        CHECK_INT(page_of(&a, &every, &all, &f.err), TRACK_OK);
        found += all.count > 0;
        if (!terms_agree(&a, &all, &terms) || !order_agrees(&a, &all, &in_order)) {
            test_fail(__FILE__, __LINE__, "%s by %s", texts[0], texts[1]);
            return;
        }
    }
    CHECK(terms > 180 && in_order > 50 && found > 120);
}

/* What SQLite says of a statement, line by line. */
static track_status explain_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct buf *b = data;
    buf_put(b, c[3].as.bytes.at, c[3].as.bytes.size);
    buf_byte(b, '\n');
    return TRACK_OK;
}

static track_status explain(struct asked *a, const struct plan *plan, struct buf *out,
                            track_error *err)
{
    AUTO_SQL struct sql q;
    struct page_ask ask = {&a->search, &a->residual, plan, 50, NULL};
    struct db_text text;
    sql_begin(&q, &a->of);
    sql_put(&q, "EXPLAIN QUERY PLAN ");
    sql_put_page(&q, &ask);
    TRY(sql_end(&q, "iiit", &text, err));
    TRY(db_run_text(q.db, &text, explain_row, out, err));
    buf_byte(out, 0);
    return TRACK_OK;
}

TEST(store_filter_plan, uses_indexes)
{
    static const struct {
        const char *filter, *order;
        bool in_order; /* else by the first term */
        const char *index;
    } rows[] = {
        {"metrics.val/loss < 0.5", "name", false, "series_last (project=? AND key=? AND last<?)"},
        {"min(val/loss) < 0.5", "name", false, "series_vmin (project=? AND key=? AND vmin<?)"},
        {"max(val/loss) > 0.5", "name", false, "series_vmax (project=? AND key=? AND vmax>?)"},
        {"params.lr > 0.1", "name", false, "run_param_num (key=? AND num>?)"},
        {"tags.env = adam", "name", false, "tag_head (key=? AND head=?)"},
        {"tag:baseline", "name", false, "tag_head (key=?)"},
        {"status:failed", "name", false, "run_count (project=? AND state=?)"},
        {"started > -7d", "name", false, "run_started (project=? AND started_us>?)"},
        {"params.lr > 0.1", "min(val/loss)", true, "series_vmin (project=? AND key=? AND vmin>?)"},
        {"params.lr > 0.1", "-max(val/loss)", true, "series_vmax (project=? AND key=? AND vmax>?)"},
        {"metrics.val/loss < 0.5", "params.lr", true, "run_param_num (key=? AND num>?)"},
    };
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 31415};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    AUTO_READ struct read r = {0};
    CHECK_INT(store_read_begin(f.store, &r, &f.err), TRACK_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO_BUF said = BUF(1 << 16);
        AUTO_SQL struct sql scratch;
        struct asked a;
        struct plan plan;
        struct bytes text;
        CHECK_INT(asked_fill(&f, r.db, (const char *[]){rows[i].filter, rows[i].order}, &a),
                  TRACK_OK);
        sql_begin(&scratch, &a.of);
        CHECK(rows[i].in_order ? plan_of_order(&scratch, &a.search.order, &plan)
                               : plan_of_term(&scratch, a.search.filter, &plan));
        CHECK_INT(explain(&a, &plan, &said, &f.err), TRACK_OK);
        CHECK_INT(buf_end(&said, &text, &f.err), TRACK_OK);
        const char *lines = (const char *)text.at;
        if (!strstr(lines, rows[i].index) || strstr(lines, "SCAN") ||
            (rows[i].in_order && strstr(lines, "TEMP B-TREE"))) {
            test_fail(__FILE__, __LINE__, "%s by %s:\n%s", rows[i].filter, rows[i].order, lines);
        }
    }
}
