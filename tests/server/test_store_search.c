/* Shows that a search finds exactly the runs that a filter means, in order, each once.
 * How: random runs in a real store and in memory; random filters and orders by SQL and by an
 * evaluator that knows no SQL (search_model.c); pages by cursor and by offset; every limit. */
#include "../../core/number.h"
#include "../../server/store_search.h"
#include "../harness.h"
#include "search_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static track_status model_point(void *data, struct search_point *point, track_error *err)
{
    const struct world *w = data;
    (void)err;
    point->found = false;
    for (size_t i = 0; i < WORLD_RUNS; i++) {
        const struct world_series *s = world_series(&w->runs[i], point->key);
        if (strcmp(w->runs[i].id, point->run) == 0 && s && point->step == 1) {
            point->found = true;
            point->value = s->last;
        }
    }
    return TRACK_OK;
}

static track_status model_history(void *data, struct search_history *history, track_error *err)
{
    const struct world *w = data;
    (void)err;
    history->fits = false;
    for (size_t i = 0; i < WORLD_RUNS; i++) {
        if (strcmp(w->runs[i].id, history->run) == 0) {
            history->fits = world_history(&w->runs[i], history->term);
        }
    }
    return TRACK_OK;
}

static struct run_search ask_of(struct world *w, const char *filter, const char *order)
{
    return (struct run_search){.project = "a",
                               .filter = filter,
                               .order = order,
                               .limit = 1000,
                               .now_us = NOW_US,
                               .point = model_point,
                               .history = model_history,
                               .point_data = w,
                               .budget_ms = 60000};
}

static track_status run_search(struct fixture *f, const struct run_search *ask,
                               struct search_page *out)
{
    struct search search;
    struct search_mistake mistake;
    TRY(search_read(ask, &f->arena, &search, &mistake, &f->err));
    return store_search(f->store, &search, &f->arena, out, &f->err);
}

static const char *const some_texts[] = {"name",      "user",       "host",         "notes",
                                         "kind",      "id",         "project",      "parent",
                                         "params.lr", "params.opt", "params.`a b`", "params.none",
                                         "tags.env",  "tags.team",  "tags.none"};
static const char *const some_text_ops[] = {
    "=", "!=", "<", "<=", ">", ">=", ":", "LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE", "~", "!~"};
static const char *const some_values[] = {
    "0.1",         "'0.1'", "3",  "adam", "'Adam'",   "'a%b_c'", "'%a%'",  "'_dam'", "resnet",
    "'resnet-1%'", "bob",   "''", "-7",   "'res.*1'", "train",   "'100%'", "a"};
static const char *const some_numbers[] = {
    "metrics.loss", "best(loss)",  "best(acc)",    "best(`a:b`)",  "min(val/loss)", "max(acc)",
    "mean(loss)",   "count(loss)", "nan(loss)",    "argmin(loss)", "argmax(acc)",   "first(loss)",
    "at(loss, 1)",  "at(loss, 2)", "metrics.none", "size",         "min(a:b)"};
static const char *const some_number_ops[] = {"=", "!=", "<", "<=", ">", ">=", ":"};
static const char *const some_number_values[] = {"0", "-0.5", "0.25", "1", "2", "4"};
static const char *const some_times[] = {"created", "started", "ended"};
static const char *const some_time_values[] = {"-3d",  "2025-11-20", "2025-11-22T04:00",
                                               "-12h", "2025-11",    "2026"};
static const char *const some_whole[] = {"status:running",
                                         "status != finished",
                                         "status IN (failed, QUEUED)",
                                         "tag:baseline",
                                         "has:loss",
                                         "has:lr",
                                         "has:none",
                                         "resnet",
                                         "'a note'",
                                         "bob",
                                         "0190",
                                         "duration > 2h",
                                         "duration <= 1.5h",
                                         "ended IS NULL",
                                         "ended IS NOT NULL",
                                         "user IS NULL",
                                         "parent IS NULL",
                                         "metrics.loss IS NULL",
                                         "at(loss, 2) IS NULL",
                                         "any(loss > 0.25)",
                                         "any(loss = -0.5, 2)",
                                         "any(acc != 0.5, 1, 3)",
                                         "any(val/loss <= -1, 9, 20)",
                                         "any(none > 0)",
                                         "all(loss > -1)",
                                         "all(acc <= 0.5, 2, 9)",
                                         "all(val/loss != 0.25)",
                                         "all(val/loss = 0, 5)",
                                         "all(a:b < 2, 10)",
                                         "params.lr IN (0.1, adam, 'sgd')",
                                         "params.lr NOT IN (0.1, 'adam')",
                                         "tags.env IN (3, adam)",
                                         "params.seed BETWEEN -7 AND 1",
                                         "params.seed NOT BETWEEN -7 AND 1",
                                         "params.opt BETWEEN 'a' AND 'b'",
                                         "params.opt BETWEEN 0 AND 'b'",
                                         "min(loss) BETWEEN -0.5 AND 0.5",
                                         "min(loss) NOT BETWEEN -0.5 AND 0.5",
                                         "min(loss) IN (0, 1)",
                                         "at(acc, 1) NOT IN (0, 1)",
                                         "created BETWEEN 2025-11-20 AND 2025-11-22",
                                         "created NOT BETWEEN 2025 AND 2025",
                                         "name NOT IN ('resnet-1', a)",
                                         "params.z IS NOT NULL",
                                         "tags.x IS NULL",
                                         "'x_y'",
                                         "'100%'"};

/* A term by chance, over everything that the language has. */
static void random_term(struct world *w, char *out, size_t size)
{
    switch (world_random(w, 4)) {
    case 0:
        snprintf(out, size, "%s %s %s", some_texts[world_random(w, 15)],
                 some_text_ops[world_random(w, 13)], some_values[world_random(w, 17)]);
        return;
    case 1:
        snprintf(out, size, "%s %s %s", some_numbers[world_random(w, 17)],
                 some_number_ops[world_random(w, 7)], some_number_values[world_random(w, 6)]);
        return;
    case 2:
        snprintf(out, size, "%s %s %s", some_times[world_random(w, 3)],
                 some_number_ops[world_random(w, 7)], some_time_values[world_random(w, 6)]);
        return;
    default:
        snprintf(out, size, "%s",
                 some_whole[world_random(w, sizeof(some_whole) / sizeof(some_whole[0]))]);
        return;
    }
}

static void random_filter(struct world *w, char *out, size_t size, int depth)
{
    char a[400] = "", b[400] = "";
    uint64_t kind = depth > 0 ? world_random(w, 5) : 0;
    if (kind == 0) {
        random_term(w, out, size);
        return;
    }
    random_filter(w, a, sizeof(a), depth - 1);
    random_filter(w, b, sizeof(b), depth - 1);
    char text[1000];
    if (kind == 3) {
        snprintf(text, sizeof(text), "NOT (%s)", a);
    } else if (kind == 4) {
        snprintf(text, sizeof(text), "%s %s", a, b);
    } else {
        snprintf(text, sizeof(text), "(%s) %s (%s)", a, kind == 1 ? "AND" : "OR", b);
    }
    size_t end = strnlen(text, size - 1);
    memcpy(out, text, end);
    out[end] = 0;
}

/* True if the runs of the page are exactly those that the evaluator takes. */
static bool same_runs(const struct world *w, const struct filter *filter,
                      const struct search_page *page, bool deleted)
{
    size_t count = 0;
    for (size_t i = 0; i < WORLD_RUNS; i++) {
        const struct world_run *r = &w->runs[i];
        bool want =
            strcmp(r->project, "a") == 0 && r->deleted == deleted && world_fits(w, filter, r);
        bool got = false;
        for (size_t k = 0; k < page->count; k++) {
            got |= page->rows[k].run.node == r->node;
        }
        count += want;
        if (want != got) {
            printf("run %s %s: want %d\n", r->id, r->name, want);
            return false;
        }
    }
    return count == page->count;
}

TEST(search, agrees_with_an_evaluator_that_knows_no_sql)
{
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 88172645463325252};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    size_t decided = 0, found = 0;
    for (int i = 0; i < 1500; i++) {
        AUTO_ARENA a = ARENA(8 << 20);
        char text[900];
        const struct filter *filter;
        struct search_page page = {.count = 0};
        struct search search;
        struct search_mistake mistake;
        random_filter(&w, text, sizeof(text), i % 4);
        struct bytes all = {(unsigned char *)text, strlen(text)};
        if (filter_read(all, &a, &filter, NULL, &f.err) != TRACK_OK) {
            continue; /* too many costly terms, a text cut short */
        }
        struct run_search ask = ask_of(&w, text, NULL);
        ask.deleted = i % 7 == 0;
        ask.total = i % 3 == 0;
        CHECK(search_read(&ask, &a, &search, &mistake, &f.err) == TRACK_OK);
        track_status status = store_search(f.store, &search, &a, &page, &f.err);
        if (status != TRACK_OK || !same_runs(&w, filter, &page, ask.deleted) ||
            page.total != (ask.total ? (int64_t)page.count : -1)) {
            test_fail(__FILE__, __LINE__, "%s\n%s", text, status ? f.err.message : "");
            return;
        }
        decided++;
        found += page.count > 0 && page.count < WORLD_RUNS / 2;
    }
    CHECK(decided > 1300 && found > 600);
}

/* Gathers all pages of a search by cursor. */
static size_t all_pages(struct fixture *f, struct run_search ask, int64_t *nodes, int64_t limit)
{
    size_t count = 0;
    ask.limit = limit;
    do {
        struct search_page page;
        if (run_search(f, &ask, &page) != TRACK_OK || page.count > (size_t)limit ||
            count + page.count > WORLD_RUNS) {
            return 0;
        }
        for (size_t i = 0; i < page.count; i++) {
            nodes[count++] = page.rows[i].run.node;
        }
        ask.cursor = page.next;
    } while (ask.cursor);
    return count;
}

static const struct world_run *run_of(const struct world *w, int64_t node)
{
    size_t i = 0;
    while (w->runs[i].node != node) {
        i++;
    }
    return &w->runs[i];
}

/* Negative, 0, positive: a stands before b.  Numbers, then texts, then nothing; ties by node. */
static int place(const struct world *w, const struct filter_order *order, const struct world_run *a,
                 const struct world_run *b)
{
    double x, y;
    const char *s, *t;
    world_value(w, &order->by, a, &x, &s);
    world_value(w, &order->by, b, &y, &t);
    if (order->by.field == FILTER_PARAM) {
        struct bytes one = {(const unsigned char *)s, s ? strlen(s) : 0};
        struct bytes two = {(const unsigned char *)t, t ? strlen(t) : 0};
        s = number_decode(one, &x) ? NULL : s;
        t = number_decode(two, &y) ? NULL : t;
    }
    int class_a = !isnan(x) ? 0 : s ? 1 : 2, class_b = !isnan(y) ? 0 : t ? 1 : 2;
    if (class_a != class_b) {
        return class_a - class_b;
    }
    int way = class_a == 0 ? (x > y) - (x < y) : class_a == 1 ? strcmp(s, t) : 0;
    way = way ? way : (a->node > b->node) - (a->node < b->node);
    return order->descending ? -way : way;
}

TEST(search, gives_every_run_once_and_in_order)
{
    static const char *const orders[] = {"",       "started",       "-created",    "name",
                                         "-name",  "params.lr",     "-params.opt", "tags.env",
                                         "-user",  "best(loss)",    "-best(acc)",  "metrics.a:b",
                                         "-ended", "duration",      "-parent",     "status",
                                         "size",   "-argmin(loss)", "id"};
    static const char *const filters[] = {"", "name ~ 'e'", "user IS NULL OR at(loss, 1) > -9"};
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 4711};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    for (size_t i = 0; i < 3 * sizeof(orders) / sizeof(orders[0]); i++) {
        const char *text = strcmp(orders[i / 3], "metrics.a:b") ? orders[i / 3] : "metrics.`a:b`";
        struct run_search ask = ask_of(&w, filters[i % 3], text);
        struct search_page whole;
        struct filter_order order;
        int64_t nodes[WORLD_RUNS];
        struct bytes in = {(const unsigned char *)text, strlen(text)};
        CHECK_INT(filter_read_order(in, &f.arena, &order, NULL, NULL), TRACK_OK);
        CHECK_INT(run_search(&f, &ask, &whole), TRACK_OK);
        CHECK(!whole.next && whole.count > 20);
        for (size_t k = 1; k < whole.count; k++) {
            CHECK(place(&w, &order, run_of(&w, whole.rows[k - 1].run.node),
                        run_of(&w, whole.rows[k].run.node)) < 0);
        }
        for (int64_t limit = 1; limit <= 64; limit *= 4) {
            CHECK_INT(all_pages(&f, ask, nodes, limit), whole.count);
            for (size_t k = 0; k < whole.count; k++) {
                CHECK_INT(nodes[k], whole.rows[k].run.node);
            }
        }
        ask.offset = 7;
        ask.limit = 5;
        ask.total = true;
        struct search_page part;
        CHECK_INT(run_search(&f, &ask, &part), TRACK_OK);
        CHECK(part.count == 5 && part.next && part.total == (int64_t)whole.count);
        CHECK_INT(part.rows[4].run.node, whole.rows[11].run.node);
    }
}

TEST(search, fills_the_columns)
{
    static const char *const columns[] = {"params.lr", "tags.env",    "metrics.loss", "best(acc)",
                                          "min(loss)", "mean(loss)",  "count(loss)",  "name",
                                          "duration",  "params.none", "nan(loss)",    "first(loss)",
                                          "notes",     "parent",      "ended",        "size"};
    enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 99};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    struct run_search ask = ask_of(&w, "", "");
    ask.columns = columns;
    ask.column_count = COLUMNS;
    struct search_page page;
    CHECK_INT(run_search(&f, &ask, &page), TRACK_OK);
    for (size_t i = 0; i < page.count; i++) {
        const struct world_run *r = run_of(&w, page.rows[i].run.node);
        CHECK(strcmp(page.rows[i].run.id, r->id) == 0);
        for (size_t k = 0; k < COLUMNS; k++) {
            const struct search_cell *cell = &page.rows[i].cells[k];
            struct filter_operand o;
            double number;
            const char *text;
            struct bytes in = {(const unsigned char *)columns[k], strlen(columns[k])};
            CHECK_INT(filter_read_operand(in, &f.arena, &o, NULL, NULL), TRACK_OK);
            world_value(&w, &o, r, &number, &text);
            if (o.field == FILTER_METRIC && cell->kind == CELL_METRIC) {
                CHECK(cell->value == number || (isnan(cell->value) && isnan(number)));
                CHECK(cell->how != FILTER_BEST);
                CHECK_INT(cell->step, cell->how == FILTER_MIN   ? world_series(r, o.key)->vmin_step
                                      : cell->how == FILTER_MAX ? world_series(r, o.key)->vmax_step
                                      : cell->how == FILTER_FIRST ? 1
                                                                  : 9);
            } else if (cell->kind == CELL_TEXT && text) {
                CHECK(strcmp(cell->text, text) == 0);
            } else if (cell->kind == CELL_TEXT) {
                CHECK(strtod(cell->text, NULL) == number);
            } else {
                CHECK((!text || !*text) && isnan(number));
            }
        }
        size_t labels = 0;
        for (size_t k = 0; k < WORLD_FACTS; k++) {
            labels += r->tags[k].key && !*r->tags[k].value;
        }
        CHECK_INT(page.rows[i].label_count, labels);
    }
}

TEST(search, searches_every_project_but_those_in_the_trash)
{
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 7};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    struct run_search ask = ask_of(&w, "", "");
    struct search_page a, b, both;
    CHECK_INT(run_search(&f, &ask, &a), TRACK_OK);
    ask.project = "b";
    CHECK_INT(run_search(&f, &ask, &b), TRACK_OK);
    ask.project = NULL;
    CHECK_INT(run_search(&f, &ask, &both), TRACK_OK);
    CHECK_INT(both.count, a.count + b.count);
    ask.filter = "project = b";
    CHECK_INT(run_search(&f, &ask, &both), TRACK_OK);
    CHECK_INT(both.count, b.count);
    struct project_set set = {.ref = "b", .deleted = 1, .now_us = NOW_US};
    set.ticket.arena = &f.arena;
    CHECK_INT(fixture_wait(&f, store_project_set(f.store, &set, &f.err), &set.ticket), TRACK_OK);
    ask.filter = "";
    CHECK_INT(run_search(&f, &ask, &both), TRACK_OK);
    CHECK_INT(both.count, a.count);
    ask.project = "nix";
    CHECK_INT(run_search(&f, &ask, &both), TRACK_NOT_FOUND);
}

static track_status read_status(struct run_search ask, struct search_mistake *mistake)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct search search;
    return search_read(&ask, &a, &search, mistake, NULL);
}

TEST(search, says_which_text_is_wrong_and_where)
{
    const char *columns[SEARCH_COLUMNS_MAX + 1];
    struct search_mistake m;
    struct run_search ask = {.limit = 1, .columns = columns};
    CHECK_INT(read_status(ask, &m), TRACK_OK);
    ask.filter = "status:runing";
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
    CHECK(strcmp(m.part, "filter") == 0 && m.offset == 7);
    ask.filter = NULL;
    ask.order = "name desc";
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
    CHECK(strcmp(m.part, "order") == 0 && m.offset == 5);
    ask.order = "at(loss, 1)";
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
    ask.order = NULL;
    for (size_t i = 0; i <= SEARCH_COLUMNS_MAX; i++) {
        columns[i] = "name";
    }
    ask.column_count = SEARCH_COLUMNS_MAX;
    CHECK_INT(read_status(ask, &m), TRACK_OK);
    columns[3] = "params.";
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
    CHECK(strcmp(m.part, "columns") == 0 && m.index == 3 && m.offset == 7);
    columns[3] = "argmin(loss)";
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
    columns[3] = "name";
    ask.column_count = SEARCH_COLUMNS_MAX + 1;
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
    CHECK(!m.part);
}

TEST(search, keeps_its_numbers)
{
    static const struct {
        int64_t limit, offset;
        track_status status;
    } rows[] = {
        {1, 0, TRACK_OK},
        {0, 0, TRACK_OK},
        {-1, 0, TRACK_INVALID},
        {SEARCH_LIMIT_MAX, 0, TRACK_OK},
        {SEARCH_LIMIT_MAX + 1, 0, TRACK_INVALID},
        {1, -1, TRACK_INVALID},
        {1, SEARCH_OFFSET_MAX, TRACK_OK},
        {1, SEARCH_OFFSET_MAX + 1, TRACK_INVALID},
    };
    struct search_mistake m;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run_search ask = {.limit = rows[i].limit, .offset = rows[i].offset};
        CHECK_INT(read_status(ask, &m), rows[i].status);
    }
    struct run_search ask = {.limit = 1, .offset = 1, .cursor = "00"};
    CHECK_INT(read_status(ask, &m), TRACK_INVALID);
}

TEST(search, counts_without_a_page)
{
    static const char *const filters[] = {"", "params.lr > 0", "name ~ 'e'", "metrics.loss < 1"};
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 55};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct run_search ask = ask_of(&w, filters[i], "name");
        struct search_page whole, none;
        CHECK_INT(run_search(&f, &ask, &whole), TRACK_OK);
        ask.limit = 0;
        ask.total = true;
        CHECK_INT(run_search(&f, &ask, &none), TRACK_OK);
        CHECK(none.count == 0 && !none.next && none.total == (int64_t)whole.count);
    }
}

TEST(search, takes_no_cursor_of_another_search)
{
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 5};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    struct run_search ask = ask_of(&w, "", "name");
    ask.limit = 3;
    struct search_page page, next;
    CHECK_INT(run_search(&f, &ask, &page), TRACK_OK);
    CHECK(page.next);
    ask.cursor = page.next;
    CHECK_INT(run_search(&f, &ask, &next), TRACK_OK);
    ask.order = "-name";
    CHECK_INT(run_search(&f, &ask, &next), TRACK_INVALID);
    ask.order = "name";
    ask.filter = "x";
    CHECK_INT(run_search(&f, &ask, &next), TRACK_INVALID);
    ask.filter = "";
    ask.project = "b";
    CHECK_INT(run_search(&f, &ask, &next), TRACK_INVALID);
    ask.project = "a";
    char text[SEARCH_CURSOR_BYTES_MAX];
    for (size_t size = strlen(page.next); size-- > 0;) {
        snprintf(text, sizeof(text), "%.*s", (int)size, page.next);
        ask.cursor = text;
        track_status status = run_search(&f, &ask, &next);
        CHECK(status == TRACK_INVALID || (status == TRACK_OK && size % 2 == 0));
        snprintf(text, sizeof(text), "%s", page.next);
        text[size] = 'x';
        CHECK_INT(run_search(&f, &ask, &next), TRACK_INVALID);
    }
}

static track_status slow_point(void *data, struct search_point *point, track_error *err)
{
    static const struct timespec while_ = {.tv_nsec = 3000000};
    (void)data;
    (void)err;
    point->found = false;
    return nanosleep(&while_, NULL) == 0 ? TRACK_OK : TRACK_IO;
}

TEST(search, ends_when_costly_terms_take_too_long)
{
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 5};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    struct run_search ask = ask_of(&w, "at(loss, 3) > 1", "name");
    struct search_page page;
    ask.point = slow_point;
    ask.budget_ms = 10;
    CHECK_INT(run_search(&f, &ask, &page), TRACK_TIMEOUT);
    ask.point = NULL;
    CHECK_INT(run_search(&f, &ask, &page), TRACK_UNSUPPORTED);
    ask.filter = "at(loss, 3) > 1 AND name = nix";
    ask.point = slow_point;
    CHECK_INT(run_search(&f, &ask, &page), TRACK_OK); /* no run gets as far as the points */
    CHECK_INT(page.count, 0);
}

TEST(search, keeps_the_limit_of_its_arena)
{
    static const char *const columns[] = {"params.lr", "best(loss)", "name", "duration"};
    FIXTURE(f);
    static struct world w;
    w = (struct world){.random = 5};
    CHECK_INT(world_fill(&w, &f), TRACK_OK);
    struct run_search ask = ask_of(&w, "name ~ 'e' OR tag:x OR notes:x", "name");
    ask.columns = columns;
    ask.column_count = 4;
    ask.limit = 20;
    track_status last = TRACK_NOMEM;
    for (size_t room = 0; room < (128 << 10); room += 512) {
        AUTO_ARENA a = ARENA(room);
        struct search search;
        struct search_mistake m;
        struct search_page page;
        track_status now = search_read(&ask, &a, &search, &m, NULL);
        now = now == TRACK_OK ? store_search(f.store, &search, &a, &page, NULL) : now;
        CHECK(now == last || (now == TRACK_OK && last == TRACK_NOMEM));
        last = now;
    }
    CHECK_INT(last, TRACK_OK);
}
