/* Shows that the rows which search and sort ask are those of the points.
 * How: flush, list, add, flush again; many series; only what changed is written. */
#include "../../server/series.h"
#include "../harness.h"
#include "points.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

TEST(series_flush, stores_what_the_points_say)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct series_list list;
    CHECK(points_add_one(&p, "loss", 1, 4) == TRACK_OK);
    CHECK(points_add_one(&p, "loss", 2, 3) == TRACK_OK);
    CHECK(series_flush(p.tail, 0, NULL) == TRACK_OK);
    CHECK(store_series_list(p.f.store, RUN_A, &a, &list, NULL) == TRACK_OK && list.count == 1);
    CHECK(!strcmp(list.at[0].name, "loss") && list.at[0].n == 2 && list.at[0].last == 3);
    CHECK(list.at[0].vmin == 3 && list.at[0].vmax == 4 && list.at[0].vsum == 7);
    CHECK(list.at[0].first == 4 && list.at[0].first_step == 1 && list.at[0].last_step == 2);
    CHECK(points_add_one(&p, "acc", 2, 3) == TRACK_OK);
    CHECK(points_add_one(&p, "loss", 0, 9) == TRACK_OK);
    CHECK(series_flush(p.tail, 0, NULL) == TRACK_OK);
    CHECK(series_flush(p.tail, 0, NULL) == TRACK_OK);
    CHECK(store_series_list(p.f.store, RUN_A, &a, &list, NULL) == TRACK_OK && list.count == 2);
    CHECK(list.at[1].n == 3 && list.at[1].vmax == 9 && list.at[1].last == 3);
}

TEST(series_flush, leaves_nothing_stale)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct node_list stale;
    CHECK(points_add_one(&p, "loss", 1, 4) == TRACK_OK);
    CHECK(store_series_stale(p.f.store, 0, &a, &stale, NULL) == TRACK_OK && stale.count == 1);
    CHECK(series_flush(p.tail, 0, NULL) == TRACK_OK);
    CHECK(store_series_stale(p.f.store, 0, &a, &stale, NULL) == TRACK_OK && stale.count == 0);
}

TEST(series_flush, is_not_done_when_a_frame_came_meanwhile)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct node_list stale;
    CHECK(points_add_one(&p, "loss", 1, 4) == TRACK_OK);
    CHECK(store_series_stale(p.f.store, 0, &a, &stale, NULL) == TRACK_OK && stale.count == 1);
    struct series_put call = {.run_node = stale.at[0], .series_seq = 1, .last_part = true};
    call.ticket.arena = &a;
    CHECK(points_add_one(&p, "loss", 2, 3) == TRACK_OK);
    CHECK(fixture_wait(&p.f, store_series_put(p.f.store, &call, NULL), &call.ticket) == TRACK_OK);
    CHECK(store_series_stale(p.f.store, 0, &a, &stale, NULL) == TRACK_OK && stale.count == 1);
    CHECK(series_flush(p.tail, 0, NULL) == TRACK_OK);
    CHECK(store_series_stale(p.f.store, 0, &a, &stale, NULL) == TRACK_OK && stale.count == 0);
}

enum { MANY = 150 };

static void *flush_all(void *data)
{
    struct points *p = data;
    return series_flush(p->tail, 0, NULL) == TRACK_OK ? p : NULL;
}

TEST(series_flush, takes_many_runs_and_several_askers_at_once)
{
    POINTS(p);
    static const char *const names[] = {"loss"};
    for (int i = 0; i < MANY; i++) {
        char id[33];
        snprintf(id, sizeof(id), "0190a0b0c0d0700080000000%08x", 1000 + i * 7919 % MANY);
        struct run_put put = {.id = id, .project = i % 2 ? "a" : "b", .now_us = NOW_US};
        struct blocks_point point = {i, NOW_US, i, 0};
        struct points_batch b = {
            .run = id, .names = names, .name_count = 1, .in = {&point, 1, NULL, 0}};
        put.ticket.arena = &p.f.arena;
        CHECK(fixture_wait(&p.f, store_run_put(p.f.store, &put, NULL), &put.ticket) == TRACK_OK);
        p.seq[0] = p.key[0] = 0; /* a writer of another run */
        CHECK(points_add(&p, &b) == TRACK_OK);
    }
    pthread_t askers[3];
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&askers[i], NULL, flush_all, &p) == 0);
    }
    for (int i = 0; i < 3; i++) {
        void *done = NULL;
        CHECK(pthread_join(askers[i], &done) == 0 && done);
    }
    struct node_list stale;
    CHECK(store_series_stale(p.f.store, 0, &p.f.arena, &stale, NULL) == TRACK_OK);
    CHECK_INT(stale.count, 0);
    for (int i = 0; i < MANY; i++) {
        char id[33];
        struct series_list list;
        snprintf(id, sizeof(id), "0190a0b0c0d0700080000000%08x", 1000 + i * 7919 % MANY);
        CHECK(store_series_list(p.f.store, id, &p.f.arena, &list, NULL) == TRACK_OK);
        CHECK(list.count == 1 && list.at[0].last == i && list.at[0].first_step == i);
    }
}

TEST(series_flush, takes_five_thousand_names)
{
    enum { NAMES = 5000 };
    POINTS(p);
    AUTO_ARENA a = ARENA(64 << 20);
    const char **names = ARENA_ARRAY(&a, const char *, NAMES);
    struct blocks_point *points = ARENA_ARRAY(&a, struct blocks_point, NAMES);
    CHECK(names && points);
    for (size_t i = 0; i < NAMES; i++) {
        char name[32];
        int size = snprintf(name, sizeof(name), "layer/%zu/norm", i);
        names[i] = arena_text(&a, name, (size_t)size);
        points[i] = (struct blocks_point){1, 1, (double)i, (uint32_t)i};
    }
    struct points_batch b = {.names = names, .name_count = NAMES, .in = {points, NAMES, NULL, 0}};
    struct series_list list;
    CHECK(points_add(&p, &b) == TRACK_OK);
    CHECK(series_flush(p.tail, 0, &p.f.err) == TRACK_OK);
    CHECK(store_series_list(p.f.store, RUN_A, &a, &list, NULL) == TRACK_OK);
    CHECK_INT(list.count, NAMES);
}
