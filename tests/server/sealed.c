#include "sealed.h"

#include "../../server/check.h"
#include "../../server/store_base.h"
#include "../../server/store_blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MAX = 1 << 20, DIR_BYTES = 64 << 20 };

int64_t sealed_run(struct fixture *f, const char *run)
{
    AUTO_READ struct read r = {0};
    struct run_brief brief = {0};
    return store_read_begin(f->store, &r, &f->err) == TRACK_OK &&
                   run_find(r.db, run, &brief, &f->err) == TRACK_OK
               ? brief.node
               : 0;
}

struct pack_list sealed_packs(struct fixture *f, const char *run)
{
    struct pack_list list = {NULL, 0};
    if (store_pack_list(f->store, sealed_run(f, run), &f->arena, &list, &f->err) != TRACK_OK) {
        fprintf(stderr, "sealed: %s\n", f->err.message);
    }
    return list;
}

struct bytes sealed_bytes(struct fixture *f, const struct pack *p)
{
    AUTO_BUF out = BUF(PACK_BYTES_MAX);
    struct blob blob;
    if (store_blob_get(f->store, p->digest, &f->arena, &blob, &f->err) != TRACK_OK ||
        store_blob_read(f->store, &blob, 0, (size_t)blob.size, &out, &f->err) != TRACK_OK) {
        fprintf(stderr, "sealed: %s\n", f->err.message);
        return (struct bytes){NULL, 0};
    }
    char *copy = arena_text(&f->arena, (const char *)out.at, out.size);
    return (struct bytes){(unsigned char *)copy, out.size};
}

/* Adds the points that one pack holds of the series. */
static track_status add_pack(struct fixture *f, const struct pack *p, const char *name,
                             struct sealed_points *to)
{
    AUTO_ARENA arena = ARENA(DIR_BYTES);
    struct bytes bytes = sealed_bytes(f, p);
    struct pack_blob blob = {pack_read_memory, &bytes, bytes.size};
    struct pack_dir dir;
    struct pack_tools tools;
    struct pack_reader *reader;
    struct bytes text = {(const unsigned char *)name, strlen(name)};
    if (p->kind != PACK_POINTS) {
        return TRACK_OK;
    }
    TRY(pack_dir_read(&blob, &arena, &dir, &f->err));
    TRY(pack_tools_open(&arena, &tools, &f->err));
    TRY(pack_reader_open(&blob, &dir, &tools, &arena, &reader, &f->err));
    const struct pack_series *series = pack_dir_find(&dir, text, (struct bytes){NULL, 0});
    to->packs += series != NULL;
    for (size_t i = 0; series && i < series->chunk_count; i++) {
        struct stretch part;
        TRY(pack_read_chunk(reader, series->chunk_from + i, &part, &f->err));
        for (size_t k = 0; k < part.count && to->count < POINTS_MAX; k++) {
            to->at[to->count++] = stretch_get(&part, k);
        }
    }
    return TRACK_OK;
}

static int compare(const void *a, const void *b)
{
    return point_compare(a, b);
}

struct sealed_points sealed_points(struct fixture *f, const char *run, const char *name)
{
    struct sealed_points all = {.at = ARENA_ARRAY(&f->arena, struct point, POINTS_MAX)};
    struct pack_list list = sealed_packs(f, run);
    for (size_t i = 0; all.at && i < list.count; i++) {
        if (add_pack(f, &list.at[i], name, &all) != TRACK_OK) {
            fprintf(stderr, "sealed: %s\n", f->err.message);
        }
    }
    if (all.at) {
        qsort(all.at, all.count, sizeof(struct point), compare);
    }
    return all;
}

int64_t sealed_waiting(struct fixture *f, const char *run)
{
    struct waiting_list list;
    int64_t rows = 0, node = sealed_run(f, run);
    if (store_journal_waiting(f->store, &f->arena, &list, &f->err) != TRACK_OK) {
        return -1;
    }
    for (size_t i = 0; i < list.count; i++) {
        rows += list.at[i].run_node == node ? list.at[i].rows : 0;
    }
    return rows;
}

track_status sealed_seal(struct points *p, size_t bytes_max, struct seal_did *did)
{
    struct seal_ask ask = {.store = p->f.store,
                           .run_node = sealed_run(&p->f, RUN_A),
                           .now_us = NOW_US,
                           .bytes_max = bytes_max};
    return seal_run(&ask, did, &p->f.err);
}

track_status sealed_merge(struct points *p, size_t *merged)
{
    struct merge_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    return merge_level(&ask, merged, &p->f.err);
}

track_status sealed_restart(struct points *p)
{
    struct tail_options options = {p->f.store, 0};
    tail_close(p->tail);
    p->tail = NULL;
    return tail_open(&options, &p->tail, &p->f.err);
}

static void say(void *data, const char *line)
{
    (void)data;
    fprintf(stderr, "check: %s\n", line);
}

bool sealed_clean(struct points *p)
{
    struct check_counts counts;
    struct check_options options = {.data = p->f.dir, .say = say};
    tail_close(p->tail);
    p->tail = NULL;
    store_close(p->f.store);
    p->f.store = NULL;
    bool good = check_run(&options, &counts, &p->f.err) == TRACK_OK;
    fixture_reopen(&p->f, &(struct store_options){.free_bytes_min = 1});
    struct tail_options tail = {p->f.store, 0};
    return p->f.store && tail_open(&tail, &p->tail, &p->f.err) == TRACK_OK && good;
}
