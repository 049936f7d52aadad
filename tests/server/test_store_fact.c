/* Shows what may be said of a run, once or again: parameters, tags, definitions, documents, alerts.
 * How: a real store, limits at and over. */
#include "../../server/store_fact.h"

#include "../harness.h"
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef track_status fact_call(struct store *s, struct fact_set *call, track_error *err);

static track_status set(struct fixture *f, fact_call *call, const struct fact *facts, size_t count)
{
    struct fact_set c = {.run = RUN_A, .facts = facts, .count = count, .now_us = NOW_US};
    c.ticket.arena = &f->arena;
    return fixture_wait(f, call(f->store, &c, &f->err), &c.ticket);
}

static bool put(struct fixture *f)
{
    struct run_put call;
    return fixture_put(f, RUN_A, "vision", &call) == TRACK_OK;
}

TEST(store_fact, sets_a_parameter_once)
{
    FIXTURE(f);
    struct fact_list got;
    struct fact lr = {.key = "lr", .value = "1e-3", .num = 1e-3};
    struct fact both[] = {{.key = "seed", .value = "7", .num = 7},
                          {.key = "lr", .value = "0.001", .num = 1e-3}};
    CHECK_INT(set(&f, store_param_set, &lr, 1), TRACK_NOT_FOUND);
    CHECK(put(&f));
    CHECK_INT(set(&f, store_param_set, &lr, 1), TRACK_OK);
    CHECK_INT(set(&f, store_param_set, &lr, 1), TRACK_OK);
    CHECK_INT(set(&f, store_param_set, both, 2), TRACK_CONFLICT);
    CHECK(strstr(f.err.message, "lr") && strstr(f.err.message, "1e-3"));
    CHECK_INT(store_param_list(f.store, RUN_A, &f.arena, &got, &f.err), TRACK_OK);
    CHECK_INT(got.count, 1); /* all of a call or nothing */
    both[1].value = "1e-3";
    CHECK_INT(set(&f, store_param_set, both, 2), TRACK_OK);
    CHECK_INT(store_param_list(f.store, RUN_A, &f.arena, &got, &f.err), TRACK_OK);
    CHECK(got.count == 2 && strcmp(got.at[0].key, "lr") == 0 && got.at[1].num == 7);
}

TEST(store_fact, keeps_to_the_limits)
{
    FIXTURE(f);
    static char key[2050], value[PARAM_BYTES_MAX + 2];
    memset(key, 'k', sizeof(key) - 1);
    memset(value, 'v', sizeof(value) - 1);
    struct fact fact = {.key = key, .value = value, .num = NAN};
    CHECK(put(&f));
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_INVALID);
    key[2048] = '\0';
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_INVALID);
    CHECK_INT(set(&f, store_tag_set, &fact, 1), TRACK_INVALID);
    value[PARAM_BYTES_MAX] = '\0';
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_OK);
    CHECK_INT(set(&f, store_tag_set, &fact, 1), TRACK_OK);
    CHECK_INT(set(&f, store_param_set, &fact, 0), TRACK_INVALID);
    fact.key = "a\nb";
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_INVALID);
    fact.key = "";
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_INVALID);
    fact = (struct fact){.key = "k", .value = "\xff"};
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_INVALID);
    fact.value = NULL;
    CHECK_INT(set(&f, store_param_set, &fact, 1), TRACK_INVALID);
    static struct fact many[FACTS_MAX + 1];
    CHECK_INT(set(&f, store_tag_set, many, FACTS_MAX + 1), TRACK_INVALID);
}

TEST(store_fact, lets_tags_change_and_go)
{
    FIXTURE(f);
    struct fact_list got;
    struct fact tags[] = {{.key = "best", .value = ""}, {.key = "läuft", .value = "ja 🙂"}};
    struct fact gone = {.key = "best", .value = NULL};
    CHECK(put(&f));
    CHECK_INT(set(&f, store_tag_set, tags, 2), TRACK_OK);
    tags[1].value = "nein";
    CHECK_INT(set(&f, store_tag_set, &tags[1], 1), TRACK_OK);
    CHECK_INT(set(&f, store_tag_set, &gone, 1), TRACK_OK);
    CHECK_INT(set(&f, store_tag_set, &gone, 1), TRACK_OK);
    CHECK_INT(store_tag_list(f.store, RUN_A, &f.arena, &got, &f.err), TRACK_OK);
    CHECK(got.count == 1 && strcmp(got.at[0].value, "nein") == 0);
    CHECK_INT(got.at[0].updated_us, NOW_US);
}

static track_status define(struct fixture *f, struct metric_def def)
{
    struct metric_def_set call = {.run = RUN_A, .defs = &def, .count = 1, .now_us = NOW_US};
    call.ticket.arena = &f->arena;
    return fixture_wait(f, store_metric_def_set(f->store, &call, &f->err), &call.ticket);
}

TEST(store_fact, takes_the_last_definition)
{
    FIXTURE(f);
    struct metric_def_list got;
    CHECK(put(&f));
    CHECK_INT(define(&f, (struct metric_def){.name = "val/*", .goal = 1, .unit = "nat"}), TRACK_OK);
    CHECK_INT(define(&f,
                     (struct metric_def){
                         .name = "val/*", .goal = 2, .step_key = "epoch", .hidden = true}),
              TRACK_OK);
    CHECK_INT(store_metric_def_list(f.store, RUN_A, &f.arena, &got, &f.err), TRACK_OK);
    CHECK(got.count == 1 && got.at[0].goal == 2 && got.at[0].hidden && got.at[0].unit[0] == '\0');
    CHECK(strcmp(got.at[0].step_key, "epoch") == 0);
    CHECK_INT(define(&f, (struct metric_def){.name = "a", .goal = 3}), TRACK_INVALID);
    CHECK_INT(define(&f, (struct metric_def){.name = "a", .kind = 2}), TRACK_INVALID);
    CHECK_INT(define(&f, (struct metric_def){.name = "a", .step_scale = 7}), TRACK_INVALID);
    CHECK_INT(define(&f, (struct metric_def){.name = ""}), TRACK_INVALID);
}

static track_status put_doc(struct fixture *f, const char *name, struct bytes data, int64_t *rev)
{
    struct doc_put call = {.run = RUN_A, .name = name, .data = data, .now_us = NOW_US};
    call.ticket.arena = &f->arena;
    track_status status = fixture_wait(f, store_doc_put(f->store, &call, &f->err), &call.ticket);
    *rev = call.rev;
    return status;
}

TEST(store_fact, returns_documents_byte_for_byte)
{
    FIXTURE(f);
    static unsigned char big[DOC_BYTES_MAX + 1];
    static const unsigned char text[] = "{\"a\" : 1.0 }\n\0x";
    struct doc doc;
    struct doc_list list;
    int64_t rev;
    CHECK(put(&f));
    CHECK_INT(put_doc(&f, "code", (struct bytes){text, sizeof(text)}, &rev), TRACK_OK);
    CHECK_INT(put_doc(&f, "code", (struct bytes){text, sizeof(text)}, &rev), TRACK_OK);
    CHECK_INT(rev, 1);
    CHECK_INT(put_doc(&f, "code", (struct bytes){text, 3}, &rev), TRACK_OK);
    CHECK_INT(rev, 2);
    CHECK_INT(put_doc(&f, "big", (struct bytes){big, DOC_BYTES_MAX}, &rev), TRACK_OK);
    CHECK_INT(put_doc(&f, "big", (struct bytes){big, DOC_BYTES_MAX + 1}, &rev), TRACK_TOO_LARGE);
    CHECK_INT(put_doc(&f, "../x", (struct bytes){text, 3}, &rev), TRACK_INVALID);
    CHECK_INT(put_doc(&f, "", (struct bytes){text, 3}, &rev), TRACK_INVALID);
    CHECK_INT(store_doc_get(f.store, RUN_A, "code", &f.arena, &doc, &f.err), TRACK_OK);
    CHECK(doc.rev == 2 && doc.data.size == 3 && memcmp(doc.data.at, text, 3) == 0);
    CHECK_INT(store_doc_get(f.store, RUN_A, "none", &f.arena, &doc, &f.err), TRACK_NOT_FOUND);
    CHECK_INT(store_doc_list(f.store, RUN_A, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 2 && strcmp(list.at[0].name, "big") == 0 && list.at[1].size == 3);
}

static track_status alert(struct fixture *f, struct alert_add *call)
{
    call->run = RUN_A;
    call->now_us = NOW_US;
    call->ticket.arena = &f->arena;
    return fixture_wait(f, store_alert_add(f->store, call, &f->err), &call->ticket);
}

TEST(store_fact, folds_alerts_of_one_title)
{
    FIXTURE(f);
    struct alert_list list;
    char title[ALERT_TITLE_BYTES_MAX + 2];
    memset(title, 't', sizeof(title));
    title[ALERT_TITLE_BYTES_MAX + 1] = '\0';
    struct alert_add a = {
        .title = "loss is NaN", .text = "step 3", .level = 1, .at_us = 100, .id = "1"};
    struct alert_add b = {
        .title = "loss is NaN", .text = "step 9", .level = 2, .at_us = 200, .id = "2"};
    struct alert_add c = {.title = "disk", .level = 0, .at_us = 150};
    CHECK(put(&f));
    CHECK_INT(alert(&f, &b), TRACK_OK);
    CHECK_INT(alert(&f, &a), TRACK_OK);
    CHECK_INT(alert(&f, &a), TRACK_OK); /* its id was seen */
    CHECK(a.alert.count == 2 && a.alert.first_us == 100 && a.alert.last_us == 200);
    CHECK(strcmp(a.alert.text, "step 9") == 0 && a.alert.level == 2);
    CHECK_INT(alert(&f, &c), TRACK_OK);
    CHECK_INT(store_alert_list(f.store, RUN_A, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 2 && strcmp(list.at[1].title, "disk") == 0);
    struct alert_add bad = {.title = title, .level = 0};
    CHECK_INT(alert(&f, &bad), TRACK_INVALID);
    title[ALERT_TITLE_BYTES_MAX] = '\0';
    CHECK_INT(alert(&f, &bad), TRACK_OK);
    bad.level = 3;
    CHECK_INT(alert(&f, &bad), TRACK_INVALID);
    bad = (struct alert_add){.title = ""};
    CHECK_INT(alert(&f, &bad), TRACK_INVALID);
}
