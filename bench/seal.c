/* bench/seal - points a second that leave the journal for packs, that are merged, and the bytes
 * that they take then.
 *
 * One run, 20 loss-like series, frames of 1,024 rows; sealed 8 MiB of frames at a time as the
 * server does, then merged. */
#include "../core/frame.h"
#include "../server/journal.h"
#include "../server/seal_merge.h"
#include "../server/seal_run.h"
#include "../server/store_base.h"
#include "bench.h"
#include "points.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 20, ROWS = 1024, FRAMES = 600 };
#define RUN "0190a5b0c0de70008000000000000001"
#define NOW INT64_C(1700000000000000)

struct bench {
    struct store *store;
    struct arena arena;
    struct blocks_point *points; /* [KEYS * ROWS] */
    int64_t run_node;
};

static void die(const track_error *err)
{
    fprintf(stderr, "bench/seal: %s\n", err->message);
    exit(1);
}

static void add_frame(struct bench *b, int number)
{
    AUTO_ARENA arena = ARENA((size_t)FRAME_ARENA_BYTES * 2);
    AUTO_BUF out = BUF(FRAME_BYTES_MAX);
    track_error err = {0};
    char names[KEYS][8];
    struct frame_key keys[KEYS] = {0};
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = (uint64_t)number},
                      .keys = keys,
                      .key_count = number ? 0 : KEYS};
    for (int i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "k%02d", i);
        keys[i].name = (struct bytes){(const unsigned char *)names[i], 3};
    }
    points_fill(b->points, number, ROWS, KEYS, NOW);
    struct blocks_in in = {.points = b->points, .point_count = (size_t)KEYS * ROWS};
    if (blocks_fill(&in, &arena, &f, &err) != TRACK_OK ||
        frame_encode(&f, 1, &arena, &out, &err) != TRACK_OK) {
        die(&err);
    }
    struct journal_append call = {.run = RUN, .body = {out.at, out.size}, .now_us = NOW};
    call.ticket.arena = &arena;
    if (journal_append(b->store, &call, &err) != TRACK_OK ||
        ticket_wait(store_writer(b->store), &call.ticket, 0, &err) != TRACK_OK) {
        die(&err);
    }
    b->run_node = call.run_node;
}

static void put_run(struct bench *b)
{
    track_error err = {0};
    struct run_put call = {.id = RUN, .project = "bench", .now_us = NOW};
    call.ticket.arena = &b->arena;
    if (store_run_put(b->store, &call, &err) != TRACK_OK ||
        ticket_wait(store_writer(b->store), &call.ticket, 0, &err) != TRACK_OK) {
        die(&err);
    }
}

/* Seals everything; seconds. */
static double seal(struct bench *b)
{
    track_error err = {0};
    struct seal_marks marks = {.room = 0};
    struct seal_did did = {.more = true};
    struct seal_ask ask = {
        .store = b->store, .marks = &marks, .run_node = b->run_node, .now_us = NOW};
    double from = bench_seconds();
    while (did.more) {
        if (seal_run(&ask, &did, &err) != TRACK_OK) {
            die(&err);
        }
    }
    double took = bench_seconds() - from;
    seal_marks_release(&marks);
    return took;
}

static void finish(struct bench *b)
{
    track_error err = {0};
    struct run_change call = {.change = RUN_FINISH,
                              .id = RUN,
                              .state = "finished",
                              .exit_code = RUN_NO_CODE,
                              .now_us = NOW};
    call.ticket.arena = &b->arena;
    if (store_run_change(b->store, &call, &err) != TRACK_OK ||
        ticket_wait(store_writer(b->store), &call.ticket, 0, &err) != TRACK_OK ||
        store_reap(b->store, NOW + INT64_C(3600000000), &err) != TRACK_OK) {
        die(&err);
    }
}

/* Merges all packs into final ones; seconds. */
static double merge(struct bench *b)
{
    track_error err = {0};
    size_t merged = 1;
    struct merge_ask ask = {.store = b->store, .run_node = b->run_node, .now_us = NOW};
    double from = bench_seconds();
    if (merge_final(&ask, &merged, &err) != TRACK_OK || merged == 0) {
        die(&err);
    }
    return bench_seconds() - from;
}

static double bytes_a_point(struct bench *b)
{
    track_error err = {0};
    struct pack_list list;
    double bytes = 0, points = 0;
    if (store_pack_list(b->store, b->run_node, &b->arena, &list, &err) != TRACK_OK) {
        die(&err);
    }
    for (size_t i = 0; i < list.count; i++) {
        bytes += (double)list.at[i].stored;
        points += (double)list.at[i].n;
    }
    return bytes / points;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void play(struct bench *b)
{
    double all = (double)KEYS * ROWS * FRAMES;
    put_run(b);
    for (int i = 0; i < FRAMES; i++) {
        add_frame(b, i);
    }
    bench_row("seal, noisy f32, 20 series", all / seal(b) / 1e6, "M points/s", "");
    bench_row("sealed, noisy f32", bytes_a_point(b), "B/point", "3.6");
    finish(b);
    bench_row("merge into final packs", all / merge(b) / 1e6, "M points/s", "");
    bench_row("final, noisy f32", bytes_a_point(b), "B/point", "3.6");
}

int main(void)
{
    char dir[] = "/tmp/bench-seal-XXXXXX";
    track_error err = {0};
    struct bench b = {.arena = ARENA(256 << 20)};
    struct store_options options = {.data = mkdtemp(dir), .free_bytes_min = 1};
    b.points = ARENA_ARRAY(&b.arena, struct blocks_point, KEYS * ROWS);
    if (!options.data || !b.points || store_open(&options, &b.store, &err) != TRACK_OK) {
        die(&err);
    }
    play(&b);
    store_close(b.store);
    arena_release(&b.arena);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}
