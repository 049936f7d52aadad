#include "tail_pack.h"

#include "journal.h"
#include "tail_run.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIST_BYTES = 64 << 20,                   /* the list of packs, a dictionary of key numbers */
    DIRECTORY_BYTES = (1 << 30) + (1 << 29), /* one pack in memory */
};

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

/* Tells what the key numbers of a writer mean. */
static track_status load_keys(struct tail_run *run, struct db *db, const struct run_writer *writer,
                              track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct journal_keys list;
    size_t index;
    TRY(tail_run_writer(run, writer, &index, err));
    TRY(journal_key_list(db, run->node, writer->id, &arena, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        const struct journal_key *k = &list.at[i];
        struct frame_key key = {bytes_of(k->name), bytes_of(k->context)};
        struct tail_keys one = {(size_t)k->number, &key, 1};
        TRY(tail_run_define(run, index, &one, err));
    }
    return TRACK_OK;
}

static void pack_close(struct tail_pack *p)
{
    if (p) {
        arena_release(&p->arena);
        free(p);
    }
}

void tail_pack_release(struct tail_pack **packs, size_t count)
{
    for (size_t i = 0; packs && i < count; i++) {
        pack_close(packs[i]);
    }
    free(packs);
}

size_t tail_pack_bytes(const struct tail_run *run)
{
    size_t bytes = run->pack_count * sizeof(struct tail_pack *);
    for (size_t i = 0; i < run->pack_count; i++) {
        bytes += sizeof(struct tail_pack) + run->packs[i]->arena.used_bytes;
    }
    return bytes;
}

/* Copies a row of the list, and reads the directory. */
static track_status pack_fill(struct tail_pack *p, struct store *store, struct db *db,
                              const struct pack *row, track_error *err)
{
    unsigned char *digest = arena_alloc(&p->arena, row->digest.size, 1);
    const char *loc = arena_text(&p->arena, row->loc, strlen(row->loc));
    if (!digest || !loc) {
        return FAIL(err, TRACK_NOMEM, "no memory");
    }
    memcpy(digest, row->digest.at, row->digest.size);
    p->pack = *row;
    p->pack.digest.at = digest;
    p->pack.loc = loc;
    p->bytes = (struct pack_bytes)PACK_BYTES;
    TRY(pack_bytes_open(store, db, &p->pack, &p->arena, &p->bytes, err));
    AUTO_PACK_BYTES struct pack_bytes bytes = p->bytes;
    struct pack_blob blob = pack_bytes_blob(&bytes);
    return row->kind == PACK_LINES ? pack_lines_dir_read(&blob, &p->arena, &p->lines, err)
                                   : pack_dir_read(&blob, &p->arena, &p->dir, err);
}

static track_status pack_open(struct store *store, struct db *db, const struct pack *row,
                              struct tail_pack **out, track_error *err)
{
    struct tail_pack *p = calloc(1, sizeof(*p));
    if (!p) {
        return FAIL(err, TRACK_NOMEM, "no memory");
    }
    p->arena.limit_bytes = DIRECTORY_BYTES;
    track_status status = pack_fill(p, store, db, row, err);
    if (status != TRACK_OK) {
        pack_close(p);
        return status;
    }
    *out = p;
    return TRACK_OK;
}

/* The packs that a run had, and those that it is to have. */
struct loading {
    struct tail_run *run;
    struct db *db;
    struct tail_pack **old; /* [old_count]; NULL: taken over */
    size_t old_count;
};

/* The pack of this row among the old ones, or one that is opened. */
static track_status pack_get(struct loading *l, const struct pack *row, struct tail_pack **out,
                             track_error *err)
{
    for (size_t i = 0; i < l->old_count; i++) {
        if (l->old[i] && memcmp(l->old[i]->pack.digest.at, row->digest.at, row->digest.size) == 0) {
            *out = l->old[i];
            l->old[i] = NULL;
            return TRACK_OK;
        }
    }
    return pack_open(tail_store(l->run->tail), l->db, row, out, err);
}

/* Gives the series of a run their parts in a pack. */
static track_status add_parts(struct tail_run *run, const struct tail_pack *pack, track_error *err)
{
    for (size_t i = 0; i < pack->dir.series_count; i++) {
        const struct pack_series *s = &pack->dir.series[i];
        struct frame_key key = {s->name, s->context};
        struct tail_part part = {pack, s};
        uint32_t index;
        TRY(tail_run_series(run, &key, &index, err));
        struct tail_texts texts = {index, part};
        TRY(s->kind == PACK_TEXTS ? tail_run_add_texts(run, &texts, err)
                                  : tail_series_add_part(&run->series[index], part, err));
    }
    return TRACK_OK;
}

/* The index of a writer; *index is tried first. */
static track_status find_writer(const struct tail_run *run, const unsigned char *id,
                                uint32_t *index, track_error *err)
{
    for (size_t i = 0; i < run->writer_count; i++) {
        uint32_t at = (uint32_t)((*index + i) % run->writer_count);
        if (memcmp(run->writers[at].id, id, sizeof(run->writers[at].id)) == 0) {
            *index = at;
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_CORRUPT, "it has lines of a writer that is not there");
}

/* Gives a run its lines in a pack. */
static track_status add_lines(struct tail_run *run, const struct tail_pack *pack, track_error *err)
{
    uint32_t writer = 0;
    for (size_t i = 0; i < pack->lines.batch_count; i++) {
        const struct pack_batch *b = &pack->lines.batches[i];
        TRY(find_writer(run, b->writer, &writer, err));
        struct tail_row row = {.writer = writer,
                               .from = b->from,
                               .seq = b->seq,
                               .recv_us = b->recv_us,
                               .pack = pack,
                               .pack_first = b->first,
                               .lines = {b->count - b->stderr_count, b->stderr_count},
                               .time_last_us = b->time_max_us,
                               .index_min = b->index_min,
                               .index_max = b->index_max,
                               .disordered = b->disordered};
        TRY(tail_run_add_lines(run, &row, err));
    }
    return TRACK_OK;
}

static track_status load_packs(struct loading *l, const struct pack_list *list, track_error *err)
{
    struct tail_run *run = l->run;
    for (size_t i = 0; i < list->count; i++) {
        track_error why = {0};
        track_status status = pack_get(l, &list->at[i], &run->packs[run->pack_count], &why);
        if (status == TRACK_OK) {
            const struct tail_pack *pack = run->packs[run->pack_count++];
            status = pack->pack.kind == PACK_LINES ? add_lines(run, pack, &why)
                                                   : add_parts(run, pack, &why);
        }
        if (status != TRACK_OK) {
            return FAIL(err, status, "run %s, pack %zu of %zu: %.150s", run->id, i + 1, list->count,
                        why.message);
        }
    }
    return TRACK_OK;
}

track_status tail_pack_load(struct tail_run *run, struct db *db, const struct run_receipt *receipt,
                            track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct pack_list list;
    for (size_t i = 0; i < receipt->count; i++) {
        TRY(load_keys(run, db, &receipt->writers[i], err));
    }
    TRY(pack_list(db, run->node, &arena, &list, err));
    struct tail_pack **packs = calloc(list.count + 1, sizeof(struct tail_pack *));
    if (!packs) {
        return FAIL(err, TRACK_NOMEM, "run %s: no memory for %zu packs", run->id, list.count);
    }
    struct loading l = {run, db, run->packs, run->pack_count};
    run->packs = packs;
    run->pack_count = 0;
    track_status status = load_packs(&l, &list, err);
    tail_pack_release(l.old, l.old_count);
    return status;
}

static void bytes_release(void *data)
{
    pack_bytes_release(data);
}

track_status tail_pack_read(const struct tail_pack *pack, struct tail_reading *r,
                            struct pack_reader **out, track_error *err)
{
    struct pack_bytes *bytes = ARENA_NEW(r->arena, struct pack_bytes);
    struct pack_blob *blob = ARENA_NEW(r->arena, struct pack_blob);
    if (!bytes || !blob || !arena_defer(r->arena, bytes_release, bytes)) {
        return FAIL(err, TRACK_NOMEM, "reading a pack: no memory");
    }
    *bytes = pack->bytes;
    *blob = pack_bytes_blob(bytes);
    if (!r->open) {
        TRY(pack_tools_open(r->arena, &r->tools, err));
        r->open = true;
    }
    return pack_reader_open(blob, &pack->dir, &r->tools, r->arena, out, err);
}
