/* Shows a run's life: made, named, listed, found, ended, opened again, thrown away and restored.
 * How: a real store, times given by the test. */
#include "../../server/store_run.h"

#include "../../server/store_fact.h"
#include "../../server/store_series.h"
#include "../harness.h"
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static track_status change(struct fixture *f, struct run_change *call)
{
    call->id = call->id ? call->id : RUN_A;
    call->now_us = call->now_us ? call->now_us : NOW_US;
    call->ticket.arena = &f->arena;
    return fixture_wait(f, store_run_change(f->store, call, &f->err), &call->ticket);
}

static track_status put(struct fixture *f, struct run_put *call)
{
    call->project = call->project ? call->project : "vision";
    call->now_us = call->now_us ? call->now_us : NOW_US;
    call->ticket.arena = &f->arena;
    return fixture_wait(f, store_run_put(f->store, call, &f->err), &call->ticket);
}

TEST(store_run, keeps_what_it_is_told)
{
    FIXTURE(f);
    struct fact params[] = {{.key = "lr", .value = "0.1", .num = 0.1}};
    struct fact tags[] = {{.key = "baseline", .value = ""}};
    struct run_put call = {.id = RUN_A,
                           .name = "first",
                           .note = "# hello",
                           .kind = "eval",
                           .state = "queued",
                           .client = "track/1",
                           .user = "ann",
                           .host = "node7",
                           .capture_mode = "sdk",
                           .started_us = 5,
                           .params = params,
                           .param_count = 1,
                           .tags = tags,
                           .tag_count = 1};
    struct run run;
    struct fact_list got;
    CHECK_INT(put(&f, &call), TRACK_OK);
    CHECK_INT(store_run_get(f.store, RUN_A, &f.arena, &run, &f.err), TRACK_OK);
    CHECK(strcmp(run.name, "first") == 0 && strcmp(run.note, "# hello") == 0);
    CHECK(strcmp(run.kind, "eval") == 0 && strcmp(run.state, "queued") == 0);
    CHECK(strcmp(run.user, "ann") == 0 && strcmp(run.host, "node7") == 0);
    CHECK(strcmp(run.client, "track/1") == 0 && strcmp(run.capture_mode, "sdk") == 0);
    CHECK(run.started_us == 5 && run.created_us == NOW_US && run.ended_us == 0);
    CHECK(run.exit_code == RUN_NO_CODE && run.rev == 1 && run.parent[0] == '\0');
    CHECK_INT(store_param_list(f.store, RUN_A, &f.arena, &got, &f.err), TRACK_OK);
    CHECK(got.count == 1 && strcmp(got.at[0].value, "0.1") == 0 && got.at[0].num == 0.1);
    CHECK_INT(store_tag_list(f.store, RUN_A, &f.arena, &got, &f.err), TRACK_OK);
    CHECK(got.count == 1 && strcmp(got.at[0].key, "baseline") == 0);
    struct run_put child = {.id = RUN_B, .parent = RUN_A};
    CHECK_INT(put(&f, &child), TRACK_OK);
    CHECK(strcmp(child.run.parent, RUN_A) == 0);
}

TEST(store_run, who_started_it_names_what_a_joiner_made)
{
    FIXTURE(f);
    struct run_put joiner = {.id = RUN_A, .capture_mode = RUN_JOINED, .host = "gpu7"};
    struct run_put starter = {.id = RUN_A,
                              .name = "first",
                              .note = "n",
                              .kind = "eval",
                              .capture_mode = "launcher",
                              .user = "ann",
                              .host = "node1",
                              .started_us = 5};
    struct run_put other = {.id = RUN_A, .name = "second", .capture_mode = "sdk"};
    CHECK_INT(put(&f, &joiner), TRACK_OK);
    CHECK(joiner.created && strcmp(joiner.run.capture_mode, RUN_JOINED) == 0);
    CHECK_INT(put(&f, &starter), TRACK_OK);
    CHECK(!starter.created && starter.adopted);
    CHECK(strcmp(starter.run.name, "first") == 0 && strcmp(starter.run.kind, "eval") == 0);
    CHECK(strcmp(starter.run.note, "n") == 0 && strcmp(starter.run.host, "node1") == 0);
    CHECK(strcmp(starter.run.capture_mode, "launcher") == 0 && starter.run.started_us == 5);
    CHECK_INT(put(&f, &other), TRACK_OK);
    CHECK(!other.adopted && strcmp(other.run.name, "first") == 0);
    CHECK_INT(put(&f, &joiner), TRACK_OK);
    CHECK(!joiner.created && !joiner.adopted && strcmp(joiner.run.host, "node1") == 0);
}

TEST(store_run, refuses_what_is_not_legal)
{
    FIXTURE(f);
    char note[NOTE_BYTES_MAX + 2], name[1026], project[252];
    memset(note, 'n', sizeof(note));
    memset(name, 'n', sizeof(name));
    memset(project, 'p', sizeof(project));
    note[NOTE_BYTES_MAX + 1] = name[1025] = project[251] = '\0';
    CHECK_INT(put(&f, &(struct run_put){.id = "0190A0b0c0d0700080000000000000aa"}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .note = note}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .name = name}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .project = project}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .project = "~7"}), TRACK_NOT_FOUND);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .project = "~x"}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .project = "a\nb"}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .kind = "Big One"}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .state = "finished"}), TRACK_INVALID);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .parent = RUN_B}), TRACK_NOT_FOUND);
    note[NOTE_BYTES_MAX] = name[1024] = project[250] = '\0';
    struct run_put most = {.id = RUN_A, .note = note, .name = name, .project = project};
    CHECK_INT(put(&f, &most), TRACK_OK);
}

TEST(store_run, changes_only_what_it_is_told)
{
    FIXTURE(f);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .name = "a", .note = "n"}), TRACK_OK);
    struct run_change call = {.change = RUN_PATCH, .name = "b"};
    CHECK_INT(change(&f, &call), TRACK_OK);
    CHECK(strcmp(call.run.name, "b") == 0 && strcmp(call.run.note, "n") == 0);
    CHECK_INT(change(&f, &(struct run_change){.change = RUN_PATCH, .name = ""}), TRACK_INVALID);
    CHECK_INT(change(&f, &(struct run_change){.change = RUN_PATCH, .id = RUN_B}), TRACK_NOT_FOUND);
}

TEST(store_run, ends_once)
{
    FIXTURE(f);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A}), TRACK_OK);
    struct run_change bad = {.change = RUN_FINISH, .state = "running", .exit_code = RUN_NO_CODE};
    CHECK_INT(change(&f, &bad), TRACK_INVALID);
    struct run_change end = {
        .change = RUN_FINISH, .state = "failed", .exit_code = 3, .signal = 9, .ended_us = 77};
    CHECK_INT(change(&f, &end), TRACK_OK);
    CHECK(strcmp(end.run.state, "failed") == 0 && end.run.exit_code == 3 && end.run.signal == 9);
    CHECK_INT(end.run.ended_us, 77);
    CHECK_INT(change(&f, &end), TRACK_OK);
    struct run_change other = {.change = RUN_FINISH, .state = "finished", .exit_code = RUN_NO_CODE};
    CHECK_INT(change(&f, &other), TRACK_CONFLICT);
    struct run_change again = {.change = RUN_REOPEN};
    CHECK_INT(change(&f, &again), TRACK_OK);
    CHECK(strcmp(again.run.state, "running") == 0 && again.run.rev == 2);
    CHECK(again.run.ended_us == 0 && again.run.exit_code == RUN_NO_CODE && again.run.signal == 0);
    CHECK_INT(change(&f, &again), TRACK_OK);
    CHECK_INT(again.run.rev, 2);
    CHECK_INT(change(&f, &other), TRACK_OK);
    CHECK(strcmp(other.run.state, "finished") == 0);
}

TEST(store_run, goes_into_the_trash_and_out_of_it)
{
    FIXTURE(f);
    struct run_change gone = {.change = RUN_DELETE}, back = {.change = RUN_RESTORE};
    struct project project;
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A}), TRACK_OK);
    CHECK_INT(change(&f, &gone), TRACK_OK);
    CHECK_INT(gone.run.deleted_us, NOW_US);
    CHECK_INT(change(&f, &gone), TRACK_OK);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A}), TRACK_CONFLICT);
    CHECK_INT(change(&f, &(struct run_change){.change = RUN_STOP}), TRACK_CONFLICT);
    CHECK_INT(store_project_get(f.store, "vision", &f.arena, &project, &f.err), TRACK_OK);
    CHECK_INT(project.runs, 0);
    CHECK_INT(change(&f, &back), TRACK_OK);
    CHECK_INT(back.run.deleted_us, 0);
}

/* Makes n runs, one a second, the last the newest. */
static bool put_many(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        char id[40];
        snprintf(id, sizeof(id), "0190a0b0c0d070008000%012d", i);
        struct run_put call = {.id = id, .started_us = NOW_US + i * 1000000};
        if (put(f, &call) != TRACK_OK) {
            return false;
        }
    }
    return true;
}

static track_status resolve(struct fixture *f, const char *ref, char *id)
{
    return store_run_resolve(f->store, "vision", ref, id, &f->err);
}

TEST(store_run, is_found_by_its_references)
{
    FIXTURE(f);
    char id[33] = "";
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_A, .started_us = 1}), TRACK_OK);
    CHECK_INT(put(&f, &(struct run_put){.id = RUN_B, .started_us = 2}), TRACK_OK);
    CHECK_INT(resolve(&f, RUN_A, id), TRACK_OK);
    CHECK(strcmp(id, RUN_A) == 0);
    CHECK_INT(resolve(&f, "0000bb", id), TRACK_OK);
    CHECK(strcmp(id, RUN_B) == 0);
    CHECK_INT(resolve(&f, "000bb", id), TRACK_INVALID);
    CHECK_INT(resolve(&f, "0190a0", id), TRACK_CONFLICT);
    CHECK(strstr(f.err.message, RUN_A) && strstr(f.err.message, RUN_B));
    CHECK_INT(resolve(&f, "ffffff", id), TRACK_NOT_FOUND);
    CHECK_INT(resolve(&f, "latest", id), TRACK_OK);
    CHECK(strcmp(id, RUN_B) == 0);
    CHECK_INT(resolve(&f, "latest~1", id), TRACK_OK);
    CHECK(strcmp(id, RUN_A) == 0);
    CHECK_INT(resolve(&f, "latest~2", id), TRACK_NOT_FOUND);
    CHECK_INT(resolve(&f, "latest~", id), TRACK_INVALID);
    CHECK_INT(resolve(&f, "latest~x", id), TRACK_INVALID);
    CHECK_INT(resolve(&f, "", id), TRACK_INVALID);
    CHECK_INT(store_run_resolve(f.store, NULL, "latest", id, &f.err), TRACK_INVALID);
    CHECK_INT(store_run_resolve(f.store, "nope", "latest", id, &f.err), TRACK_NOT_FOUND);
}

static track_status put_series(struct fixture *f, int64_t run, double least)
{
    struct series_row row = {.name = "val/loss:x",
                             .context = "",
                             .last = least + 1,
                             .vmin = least,
                             .vmax = 9 - least,
                             .n = 2,
                             .vsum = 2 * least + 1};
    struct series_put call = {.run_node = run, .last_part = true, .rows = &row, .count = 1};
    return fixture_wait(f, store_series_put(f->store, &call, &f->err), &call.ticket);
}

TEST(store_run, is_found_by_its_best_value)
{
    FIXTURE(f);
    char id[33] = "";
    struct run_put a = {.id = RUN_A}, b = {.id = RUN_B};
    struct metric_def def = {.name = "val/loss:x", .goal = 2};
    struct metric_def_set set = {.run = RUN_A, .defs = &def, .count = 1};
    CHECK_INT(put(&f, &a), TRACK_OK);
    CHECK_INT(put(&f, &b), TRACK_OK);
    CHECK_INT(put_series(&f, a.run.node, 0.5), TRACK_OK);
    CHECK_INT(put_series(&f, b.run.node, 0.25), TRACK_OK);
    CHECK_INT(resolve(&f, "best:val/loss:x:min", id), TRACK_OK);
    CHECK(strcmp(id, RUN_B) == 0);
    CHECK_INT(resolve(&f, "best:val/loss:x:max", id), TRACK_OK);
    CHECK(strcmp(id, RUN_B) == 0);
    CHECK_INT(resolve(&f, "best:val/loss:x", id), TRACK_INVALID);
    set.ticket.arena = &f.arena;
    CHECK_INT(fixture_wait(&f, store_metric_def_set(f.store, &set, &f.err), &set.ticket), TRACK_OK);
    CHECK_INT(resolve(&f, "best:val/loss:x", id), TRACK_OK);
    CHECK(strcmp(id, RUN_B) == 0);
    CHECK_INT(resolve(&f, "best:other:min", id), TRACK_NOT_FOUND);
    CHECK_INT(resolve(&f, "best::min", id), TRACK_INVALID);
}

TEST(store_run, keeps_series_rows_and_knows_which_are_stale)
{
    FIXTURE(f);
    struct run_put a = {.id = RUN_A};
    struct node_list stale;
    struct series_list list;
    CHECK_INT(put(&f, &a), TRACK_OK);
    CHECK_INT(store_series_stale(f.store, 0, &f.arena, &stale, &f.err), TRACK_OK);
    CHECK_INT(stale.count, 0);
    struct series_row rows[] = {
        {.name = "b", .context = "", .last = NAN, .vmin = NAN, .vmax = NAN, .n = 1, .bad = 1},
        {.name = "a", .context = "{\"rank\":1}", .last = -INFINITY, .vmin = 1, .vmax = 2, .n = 3},
    };
    struct series_put call = {
        .run_node = a.run.node, .series_seq = 7, .last_part = true, .rows = rows, .count = 2};
    CHECK_INT(fixture_wait(&f, store_series_put(f.store, &call, &f.err), &call.ticket), TRACK_OK);
    CHECK_INT(store_series_stale(f.store, a.run.project, &f.arena, &stale, &f.err), TRACK_OK);
    CHECK(stale.count == 1 && stale.at[0] == a.run.node);
    CHECK_INT(store_series_list(f.store, RUN_A, &f.arena, &list, &f.err), TRACK_OK);
    CHECK_INT(list.count, 0); /* names come from frames; there are none */
    call.run_node = 9999;
    CHECK_INT(fixture_wait(&f, store_series_put(f.store, &call, &f.err), &call.ticket),
              TRACK_NOT_FOUND);
}

TEST(store_run, counts_in_its_project)
{
    FIXTURE(f);
    CHECK(put_many(&f, 3));
    struct run_put b = {.id = RUN_B, .project = "Zweites / Projekt 🙂", .now_us = NOW_US + 5};
    struct project_page page = {.limit = 1};
    struct project_list list;
    struct project project;
    CHECK_INT(put(&f, &b), TRACK_OK);
    CHECK_INT(change(&f, &(struct run_change){.change = RUN_FINISH,
                                              .state = "finished",
                                              .id = RUN_B,
                                              .exit_code = RUN_NO_CODE}),
              TRACK_OK);
    CHECK_INT(store_project_list(f.store, &page, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 1 && strcmp(list.at[0].name, b.project) == 0 && list.next);
    CHECK(list.at[0].runs == 1 && list.at[0].running == 0);
    page.after = list.next;
    CHECK_INT(store_project_list(f.store, &page, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 1 && strcmp(list.at[0].name, "vision") == 0 && !list.next);
    CHECK(list.at[0].runs == 3 && list.at[0].running == 3);
    CHECK_INT(store_project_get(f.store, "~1", &f.arena, &project, &f.err), TRACK_OK);
    CHECK(strcmp(project.name, b.project) == 0);
    page.after = "rubbish";
    CHECK_INT(store_project_list(f.store, &page, &f.arena, &list, &f.err), TRACK_INVALID);
}

TEST(store_run, lets_projects_change)
{
    FIXTURE(f);
    struct project_set made = {.ref = "a", .create = true, .now_us = NOW_US, .note = "hi"};
    made.ticket.arena = &f.arena;
    CHECK_INT(fixture_wait(&f, store_project_set(f.store, &made, &f.err), &made.ticket), TRACK_OK);
    CHECK(made.created && strcmp(made.project.note, "hi") == 0);
    struct project_set absent = {.ref = "b", .now_us = NOW_US};
    absent.ticket.arena = &f.arena;
    CHECK_INT(fixture_wait(&f, store_project_set(f.store, &absent, &f.err), &absent.ticket),
              TRACK_NOT_FOUND);
}
