/* data - a data directory that a bench program fills itself, with everything in packs: what a
 * server finds when nothing is left in its journal.
 *
 * The store alone, no HTTP.  Any trouble ends the program with a line: a bench has nobody to
 * recover for.
 */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H
#include "../core/blocks.h"
#include "../server/journal.h"
#include "../server/seal_merge.h"
#include "../server/seal_run.h"
#include "../server/store_base.h"
#include "bench.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

#define DATA_NOW INT64_C(1700000000000000)

struct data {
    struct store *store;
    char dir[64];
    const char *run; /* that points are added to */
    int64_t run_node;
    unsigned char writer;
    uint64_t seq;
};

static inline void data_need(track_status status, const track_error *err)
{
    if (status != TRACK_OK) {
        fprintf(stderr, "bench: %s\n", err->message);
        exit(1);
    }
}

static inline void data_open(struct data *d)
{
    track_error err = {0};
    *d = (struct data){.dir = "/var/tmp/track-bench.XXXXXX"};
    struct store_options options = {.data = mkdtemp(d->dir), .free_bytes_min = 1};
    data_need(options.data ? store_open(&options, &d->store, &err) : TRACK_IO, &err);
}

static inline int data_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void data_remove(const char *dir)
{
    nftw(dir, data_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes a run, to which points are added from now on. */
static inline void data_run(struct data *d, const char *id)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    track_error err = {0};
    struct run_put put = {.id = id, .project = "bench", .now_us = DATA_NOW, .started_us = DATA_NOW};
    put.ticket.arena = &arena;
    data_need(store_run_put(d->store, &put, &err), &err);
    data_need(ticket_wait(store_writer(d->store), &put.ticket, 0, &err), &err);
    d->run = id;
    d->writer++;
    d->seq = 0;
}

/* Adds one frame, whose writer and seq are filled. */
static inline void data_send(struct data *d, struct frame *f)
{
    AUTO_ARENA arena = ARENA((size_t)FRAME_ARENA_BYTES);
    AUTO_BUF body = BUF(FRAME_BYTES_MAX);
    track_error err = {0};
    f->head.seq = d->seq++;
    memset(f->head.writer, d->writer, sizeof(f->head.writer));
    data_need(frame_encode(f, 1, &arena, &body, &err), &err);
    struct journal_append call = {.run = d->run, .body = {body.at, body.size}, .now_us = DATA_NOW};
    call.ticket.arena = &arena;
    data_need(journal_append(d->store, &call, &err), &err);
    data_need(ticket_wait(store_writer(d->store), &call.ticket, 0, &err), &err);
    d->run_node = call.run_node;
}

/* Adds points; keys are defined in the first frame of a run. */
static inline void data_add(struct data *d, const struct blocks_in *in,
                            const struct frame_key *keys, size_t key_count)
{
    AUTO_ARENA arena = ARENA((size_t)FRAME_ARENA_BYTES);
    track_error err = {0};
    struct frame f = {.head = {.kind = FRAME_POINTS}};
    f.keys = keys;
    f.key_count = d->seq ? 0 : key_count;
    data_need(blocks_fill(in, &arena, &f, &err), &err);
    data_send(d, &f);
}

/* What is in the journal becomes packs; seconds. */
static inline double data_seal(struct data *d)
{
    track_error err = {0};
    struct seal_did did = {.more = true};
    struct seal_ask ask = {.store = d->store, .run_node = d->run_node, .now_us = DATA_NOW};
    double from = bench_seconds();
    while (did.more) {
        data_need(seal_run(&ask, &did, &err), &err);
    }
    double took = bench_seconds() - from;
    return took;
}

static inline void data_finish(struct data *d)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    track_error err = {0};
    struct run_change call = {.change = RUN_FINISH,
                              .id = d->run,
                              .state = "finished",
                              .exit_code = RUN_NO_CODE,
                              .now_us = DATA_NOW};
    call.ticket.arena = &arena;
    data_need(store_run_change(d->store, &call, &err), &err);
    data_need(ticket_wait(store_writer(d->store), &call.ticket, 0, &err), &err);
    data_need(store_reap(d->store, DATA_NOW + INT64_C(3600000000), &err), &err);
}

/* The packs of a run that has ended become final ones; seconds. */
static inline double data_merge(struct data *d)
{
    track_error err = {0};
    size_t merged = 1;
    struct merge_ask ask = {.store = d->store, .run_node = d->run_node, .now_us = DATA_NOW};
    double from = bench_seconds();
    data_need(merge_final(&ask, &merged, &err), &err);
    return bench_seconds() - from;
}

/* Bytes a point in packs, everything in them counted. */
static inline double data_point_bytes(struct data *d)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    track_error err = {0};
    struct pack_list list;
    double bytes = 0, points = 0;
    data_need(store_pack_list(d->store, d->run_node, &arena, &list, &err), &err);
    for (size_t i = 0; i < list.count; i++) {
        bytes += (double)list.at[i].stored;
        points += (double)list.at[i].n;
    }
    return bytes / points;
}

/* The journal of the run of now becomes final packs. */
static inline void data_rest(struct data *d)
{
    data_seal(d);
    data_finish(d);
    data_merge(d);
}
#endif
