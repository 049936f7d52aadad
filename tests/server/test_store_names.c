/* Shows that the names of metrics of a project come once each, with the number of runs that have
 * them.
 * How: two runs that share some of many names, contexts of one name, prefixes. */
#include "../../server/series.h"
#include "../../server/store_facet.h"
#include "../harness.h"
#include "points.h"

#include <stdio.h>
#include <string.h>

enum { NAMES = 1500, EACH = 500 };

static char texts[NAMES][32];

/* Points of names [from..to) of RUN_A or RUN_B. */
static bool log_names(struct points *p, const char *run, unsigned char writer, int from, int to)
{
    static const char *names[NAMES];
    static struct blocks_point points[NAMES];
    struct points_batch b = {.run = run, .writer = writer, .names = names};
    for (int i = from; i < to; i++) {
        snprintf(texts[i], sizeof(texts[i]), "g%02d/n%04d", i % 7, i);
        names[i - from] = texts[i];
        points[i - from] = (struct blocks_point){1, NOW_US, 0.5, (uint32_t)(i - from)};
    }
    b.name_count = (size_t)(to - from);
    b.in = (struct blocks_in){points, b.name_count, NULL, 0};
    return points_add(p, &b) == TRACK_OK;
}

/* Names of metrics of the project of RUN_A. */
static struct facet_list list(struct points *p, const char *prefix)
{
    struct run run;
    struct facet_list out = {NULL, 0};
    struct facet_ask ask = {.kind = FACET_METRIC, .prefix = prefix, .limit = FACETS_MAX};
    if (store_run_get(p->f.store, RUN_A, &p->f.arena, &run, NULL) == TRACK_OK) {
        ask.project = run.project_name;
        (void)store_key_list(p->f.store, &ask, &p->f.arena, &out, NULL);
    }
    return out;
}

TEST(store_names, count_runs_once)
{
    POINTS(p);
    struct run_put put;
    CHECK(fixture_put(&p.f, RUN_B, "points", &put) == TRACK_OK);
    CHECK(log_names(&p, RUN_A, 1, 0, 2 * EACH) && log_names(&p, RUN_B, 2, EACH, NAMES));
    CHECK(points_add_one(&p, "g00/n0000{\"rank\":1}", 1, 1) == TRACK_OK);
    CHECK(points_add_one(&p, "g00/n0000{\"rank\":2}", 1, 1) == TRACK_OK);
    CHECK(series_flush(p.tail, 0, NULL) == TRACK_OK);
    struct facet_list all = list(&p, "");
    CHECK_INT(all.count, FACETS_MAX);
    for (size_t i = 0; i < all.count; i++) {
        CHECK_INT(all.at[i].runs, i < EACH ? 2 : 1);
        CHECK(i % EACH == 0 || strcmp(all.at[i - 1].text, all.at[i].text) < 0);
    }
    struct facet_list some = list(&p, "g03/");
    CHECK_INT(some.count, (NAMES - 3 + 6) / 7);
    CHECK(strncmp(some.at[0].text, "g03/", 4) == 0 && some.at[0].runs == 2);
    CHECK_INT(list(&p, "nothing").count, 0);
}
