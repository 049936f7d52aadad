/* Pages of a project with 100,000 runs of four parameters, two tags and three metrics each. */
#include "../core/hash.h"
#include "../server/store_base.h"
#include "../server/store_fact.h"
#include "../server/store_search.h"
#include "../server/store_series.h"
#include "bench.h"

#include <ftw.h>
#include <string.h>

#define NOW_US INT64_C(1764000000000000)
enum { RUNS = 100000, RUNS_A_TICKET = 1000 };

static void die(track_status status, const track_error *err)
{
    if (status != TRACK_OK) {
        fprintf(stderr, "bench search: %s\n", err->message);
        exit(1);
    }
}

static int64_t key_of(const char *name)
{
    int64_t id = 0;
    track_error err = {0};
    struct bytes text = {(const unsigned char *)name, strlen(name)};
    die(hash_series(text, (struct bytes){NULL, 0}, &id, &err), &err);
    return id;
}

/* Runs that one ticket adds. */
struct filling {
    struct ticket ticket;
    int64_t project, first;
};

static track_status add_facts(struct db *db, int64_t run, int64_t i, track_error *err)
{
    static const char *const opts[] = {"adam", "sgd", "lion"};
    char lr[32], seed[32];
    snprintf(lr, sizeof(lr), "%g", 1e-4 * (double)(i % 50 + 1));
    snprintf(seed, sizeof(seed), "%lld", (long long)i);
    TRY(db_exec(db, QUERY_run_param_add,
                DB_IN(db_i(run), db_t("lr"), db_t(lr), db_f(strtod(lr, NULL))), err));
    TRY(db_exec(db, QUERY_run_param_add,
                DB_IN(db_i(run), db_t("seed"), db_t(seed), db_f((double)i)), err));
    TRY(db_exec(db, QUERY_run_param_add,
                DB_IN(db_i(run), db_t("opt"), db_t(opts[i % 3]), db_null()), err));
    TRY(db_exec(db, QUERY_run_param_add,
                DB_IN(db_i(run), db_t("data"), db_t("imagenet"), db_null()), err));
    TRY(db_exec(db, QUERY_tag_set,
                DB_IN(db_i(run), db_t(i % 100 ? "team" : "baseline"), db_t(""), db_t(""), db_i(1)),
                err));
    return db_exec(db, QUERY_tag_set,
                   DB_IN(db_i(run), db_t("env"), db_t("prod"), db_t("prod"), db_i(1)), err);
}

static track_status add_series(struct db *db, int64_t run, int64_t project, int64_t i,
                               track_error *err)
{
    static const char *const names[] = {"loss", "val/loss", "acc"};
    for (int k = 0; k < 3; k++) {
        double value = (double)((i * 7919 + k * 31) % 10007) / 10007;
        TRY(db_exec(db, QUERY_series_put,
                    DB_IN(db_i(run), db_i(key_of(names[k])), db_i(project), db_i(0), db_f(value),
                          db_i(1), db_i(1000), db_i(NOW_US), db_f(value), db_i(500),
                          db_f(value + 1), db_i(1), db_i(1000), db_f(value * 1000), db_i(0),
                          db_i(0), db_f(value + 1)),
                    err));
    }
    return TRACK_OK;
}

static track_status fill_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct filling *f = (const struct filling *)(const void *)t;
    static const char *const names[] = {"loss", "val/loss", "acc"};
    for (int k = 0; k < 3; k++) {
        TRY(db_exec(db, QUERY_series_key_add,
                    DB_IN(db_i(key_of(names[k])), db_t(names[k]), db_t("")), err));
    }
    for (int64_t i = f->first; i < f->first + RUNS_A_TICKET; i++) {
        int64_t run;
        char id[33], name[32];
        snprintf(id, sizeof(id), "%032llx", (unsigned long long)i + 1000);
        snprintf(name, sizeof(name), "resnet-%lld", (long long)(i * 7919 % RUNS));
        TRY(store_node_next(db, NODE_RUN, &run, err));
        TRY(db_exec(db, QUERY_run_add,
                    DB_IN(db_i(run), db_t(id), db_i(f->project), db_t(name), db_t("train"),
                          db_t(i % 50 ? "finished" : "failed"), db_t("sdk"), db_t("bench"),
                          db_null(), db_i(NOW_US + i), db_i(NOW_US + i * 1000000), db_t(""),
                          db_t("ann"), db_t("n1")),
                    err));
        TRY(add_facts(db, run, i, err));
        TRY(add_series(db, run, f->project, i, err));
    }
    return TRACK_OK;
}

/* Says that less is better of val/loss. */
static void define(struct store *s, const char *run, struct arena *a)
{
    track_error err = {0};
    const struct metric_def def = {.name = "val/loss", .unit = "", .step_key = "", .goal = 1};
    struct metric_def_set call = {.run = run, .defs = &def, .count = 1, .now_us = NOW_US};
    call.ticket.arena = a;
    die(store_metric_def_set(s, &call, &err), &err);
    die(ticket_wait(store_writer(s), &call.ticket, 60000, &err), &err);
}

static void fill(struct store *s)
{
    AUTO_ARENA a = ARENA(1 << 20);
    track_error err = {0};
    struct run_put put = {
        .id = "0190a0b0c0d0700080000000000000aa", .project = "p", .now_us = NOW_US};
    put.ticket.arena = &a;
    die(store_run_put(s, &put, &err), &err);
    die(ticket_wait(store_writer(s), &put.ticket, 60000, &err), &err);
    define(s, put.id, &a);
    for (int64_t first = 0; first < RUNS; first += RUNS_A_TICKET) {
        struct filling f = {.project = put.run.project, .first = first};
        f.ticket.arena = &a;
        die(store_submit(s, &f.ticket, fill_work, &err), &err);
        die(ticket_wait(store_writer(s), &f.ticket, 60000, &err), &err);
    }
}

/* No point has to be read: there is none. */
static track_status no_point(void *data, struct search_point *point, track_error *err)
{
    (void)data;
    return FAIL(err, TRACK_CORRUPT, "a point of run %s was asked for", point->run);
}

static track_status no_history(void *data, struct search_history *history, track_error *err)
{
    (void)data;
    return FAIL(err, TRACK_CORRUPT, "points of run %s were asked for", history->run);
}

/* One question. */
struct question {
    struct store *store;
    struct run_search ask;
};

static double search_once(void *data)
{
    struct question *q = data;
    AUTO_ARENA a = ARENA(16 << 20);
    struct search search;
    struct search_mistake mistake;
    struct search_page page;
    track_error err = {0};
    double begin = bench_seconds();
    die(search_read(&q->ask, &a, &search, &mistake, &err), &err);
    die(store_search(q->store, &search, &a, &page, &err), &err);
    return (bench_seconds() - begin) * 1000;
}

static double stale_once(void *data)
{
    AUTO_ARENA a = ARENA(16 << 20);
    struct node_list stale;
    track_error err = {0};
    double begin = bench_seconds();
    die(store_series_stale(data, 0, &a, &stale, &err), &err);
    return (bench_seconds() - begin) * 1000;
}

static void search_rows(struct store *s)
{
    bench_row("search, which summaries are stale", bench_median(stale_once, s, 5), "ms", "5");
    static const char *const columns[] = {"params.lr", "params.opt", "tags.env", "metrics.loss",
                                          "best(val/loss)"};
    static const struct {
        const char *what, *filter, *order, *target;
        bool total;
        int64_t limit;
    } rows[] = {
        {"first page of 100,000 runs", "", "", "5", false, 50},
        {"first page and their number", "", "", "50", true, 50},
        {"sorted by name", "", "name", "200", false, 50},
        {"sorted by a parameter", "", "-params.seed", "10", false, 50},
        {"sorted by a metric", "", "metrics.loss", "10", false, 50},
        {"filtered by status, 2 % fit", "status:failed", "", "50", false, 50},
        {"filtered by tag, 1 % fit", "tag:baseline", "", "50", false, 50},
        {"filtered by metric and parameter, counted", "min(val/loss)<0.01 config.lr<0.001", "",
         "300", true, 50},
        {"filtered by a rare text", "'resnet-77777'", "", "300", false, 50},
        {"filtered by a pattern, 1 % fit", "name~'77$'", "", "300", false, 50},
        {"best value of those with a metric and a parameter", "metrics.loss<0.5 params.lr>0.001",
         "best(val/loss)", "10", false, 50},
        {"the same, their number alone", "metrics.loss<0.5 params.lr>0.001", "best(val/loss)",
         "200", true, 0},
        {"any() that summaries decide, counted", "any(loss > 1.5)", "", "500", true, 50},
        {"best value, 1 run in 500 fits", "metrics.loss<0.02 params.lr<0.0006", "best(val/loss)",
         "10", false, 50},
        {"best value, 1 run in 10,000 fits", "metrics.loss<0.001 params.lr<0.0006",
         "best(val/loss)", "10", false, 50},
        {"best value, 1 run in 200 by three terms",
         "metrics.loss<0.2 params.lr<0.001 params.opt=adam", "best(val/loss)", "10", false, 50},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct question q = {s,
                             {.project = "p",
                              .filter = rows[i].filter,
                              .order = rows[i].order,
                              .columns = columns,
                              .column_count = 5,
                              .limit = rows[i].limit,
                              .total = rows[i].total,
                              .now_us = NOW_US,
                              .budget_ms = 10000,
                              .point = no_point,
                              .history = no_history}};
        char what[120];
        snprintf(what, sizeof(what), "search, %s", rows[i].what);
        bench_row(what, bench_median(search_once, &q, 5), "ms", rows[i].target);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int main(void)
{
    char dir[] = "/var/tmp/track-bench.XXXXXX";
    track_error err = {0};
    struct store *s;
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    struct store_options options = {.data = dir, .free_bytes_min = 1, .read_limit_ms = 60000};
    die(store_open(&options, &s, &err), &err);
    fill(s);
    search_rows(s);
    store_close(s);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}
