/* Shows what completion and the tree of metrics of a project say.
 * How: two runs with params, tags and points; pages of one. */
#include "../../server/series.h"
#include "../../server/store_facet.h"
#include "../harness.h"
#include "points.h"

#include <string.h>

/* RUN_A and RUN_B of one project, with facts and points. */
static bool fill(struct points *p)
{
    static const char *const keys[] = {"loss", "val/acc", "val/deep/x", "val/loss"};
    struct run_put put;
    struct fact params[] = {{.key = "lr", .value = "0.1"}, {.key = "opt", .value = "adam"}};
    struct fact tags[] = {{.key = "team", .value = "vision"}};
    bool ok = fixture_put(&p->f, RUN_B, "p", &put) == TRACK_OK;
    for (int run = 0; run < 2; run++) {
        struct fact_set call = {.run = run ? RUN_B : RUN_A, .facts = params, .count = run ? 1 : 2};
        call.now_us = NOW_US;
        call.ticket.arena = &p->f.arena;
        ok = ok && fixture_wait(&p->f, store_param_set(p->f.store, &call, NULL), &call.ticket) ==
                       TRACK_OK;
    }
    struct fact_set call = {.run = RUN_A, .facts = tags, .count = 1, .now_us = NOW_US};
    call.ticket.arena = &p->f.arena;
    ok =
        ok && fixture_wait(&p->f, store_tag_set(p->f.store, &call, NULL), &call.ticket) == TRACK_OK;
    for (size_t i = 0; i < 4; i++) {
        ok = ok && points_add_one(p, keys[i], 1, 1) == TRACK_OK;
    }
    return ok && series_flush(p->tail, 0, NULL) == TRACK_OK;
}

/* Name of the project of RUN_A. */
static const char *project_of(struct points *p)
{
    struct run run;
    return store_run_get(p->f.store, RUN_A, &p->f.arena, &run, NULL) == TRACK_OK ? run.project_name
                                                                                 : "";
}

TEST(store_facet, lists_keys_by_use)
{
    POINTS(p);
    CHECK(fill(&p));
    struct facet_list list;
    struct facet_ask ask = {.project = project_of(&p), .kind = FACET_PARAM, .limit = 10};
    CHECK(store_key_list(p.f.store, &ask, &p.f.arena, &list, NULL) == TRACK_OK);
    CHECK(list.count >= 2 && strcmp(list.at[0].text, "lr") == 0);
    ask.prefix = "o";
    CHECK(store_key_list(p.f.store, &ask, &p.f.arena, &list, NULL) == TRACK_OK);
    CHECK(list.count == 1 && strcmp(list.at[0].text, "opt") == 0 && list.at[0].runs == 1);
    ask = (struct facet_ask){.project = ask.project, .kind = FACET_METRIC, .limit = 2};
    CHECK(store_key_list(p.f.store, &ask, &p.f.arena, &list, NULL) == TRACK_OK);
    CHECK_INT(list.count, 2);
    ask.project = "nope";
    CHECK(store_key_list(p.f.store, &ask, &p.f.arena, &list, NULL) == TRACK_NOT_FOUND);
}

TEST(store_facet, lists_values_of_a_field)
{
    POINTS(p);
    CHECK(fill(&p));
    static const struct {
        const char *field, *value;
    } fields[] = {
        {"params.opt", "adam"}, {"tags.team", "vision"}, {"status", "running"}, {"kind", "train"}};
    struct facet_list list;
    for (size_t i = 0; i < 4; i++) {
        struct facet_ask ask = {.project = project_of(&p), .field = fields[i].field, .limit = 5};
        CHECK(store_value_list(p.f.store, &ask, &p.f.arena, &list, NULL) == TRACK_OK);
        CHECK(list.count == 1 && strcmp(list.at[0].text, fields[i].value) == 0);
    }
    static const char *const bad[] = {"loss", "created", "params.", "best(loss)", ""};
    for (size_t i = 0; i < 5; i++) {
        struct facet_ask ask = {.project = project_of(&p), .field = bad[i], .limit = 5};
        CHECK(store_value_list(p.f.store, &ask, &p.f.arena, &list, NULL) == TRACK_INVALID);
    }
}

TEST(store_facet, shows_one_level_of_the_tree)
{
    POINTS(p);
    CHECK(fill(&p));
    struct facet_tree tree;
    struct facet_tree_ask ask = {.project = project_of(&p), .prefix = "", .limit = 10};
    CHECK(store_metric_tree(p.f.store, &ask, &p.f.arena, &tree, NULL) == TRACK_OK);
    CHECK(tree.metric_count == 1 && tree.group_count == 1 && !tree.next);
    CHECK(strcmp(tree.groups[0].prefix, "val/") == 0 && tree.groups[0].n == 3);
    ask.prefix = "val/";
    CHECK(store_metric_tree(p.f.store, &ask, &p.f.arena, &tree, NULL) == TRACK_OK);
    CHECK(tree.metric_count == 2 && tree.group_count == 1);
    CHECK(strcmp(tree.groups[0].name, "deep") == 0);
    ask.q = "LOSS";
    CHECK(store_metric_tree(p.f.store, &ask, &p.f.arena, &tree, NULL) == TRACK_OK);
    CHECK(tree.metric_count == 1 && tree.group_count == 0);
    ask = (struct facet_tree_ask){.project = ask.project, .prefix = "val", .limit = 10};
    CHECK(store_metric_tree(p.f.store, &ask, &p.f.arena, &tree, NULL) == TRACK_INVALID);
}

TEST(store_facet, gives_the_tree_in_pages)
{
    POINTS(p);
    CHECK(fill(&p));
    struct facet_tree tree = {.next = NULL};
    struct facet_tree_ask ask = {.project = project_of(&p), .prefix = "", .flat = true, .limit = 1};
    size_t pages = 0;
    do {
        ask.after = tree.next;
        CHECK(store_metric_tree(p.f.store, &ask, &p.f.arena, &tree, NULL) == TRACK_OK);
        CHECK_INT(tree.metric_count, 1);
        pages++;
    } while (tree.next && pages < 10);
    CHECK_INT(pages, 4);
}
