#include "tail_pack.h"

#include "journal.h"
#include "tail_level.h"
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
static track_status load_keys(struct tail_run *run, struct db *db, uint32_t branch,
                              const struct run_writer *writer, track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct journal_keys list;
    size_t index;
    TRY(tail_run_writer(run, branch, writer, &index, err));
    TRY(journal_key_list(db, run->branches.at[branch].node, writer->id, &arena, &list, err));
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
        tail_level_drop(p);
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
    if (row->kind == PACK_LINES) {
        return pack_lines_dir_read(&blob, &p->arena, &p->lines, err);
    }
    TRY(pack_dir_read(&blob, &p->arena, &p->dir, err));
    p->levels = ARENA_ARRAY(&p->arena, struct tail_level *, p->dir.series_count + 1);
    return p->levels ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no memory");
}

/* The packs that a run had, and those that it is to have. */
struct loading {
    struct tail_run *run;
    struct db *db;
    struct tail_pack **old; /* [old_count]; NULL: taken over */
    size_t old_count;
    const struct pack_list *lists; /* of each branch */
};

static track_status pack_open(struct loading *l, const struct pack *row, struct tail_pack **out,
                              track_error *err)
{
    struct tail_pack *p = calloc(1, sizeof(*p));
    if (!p) {
        return FAIL(err, TRACK_NOMEM, "no memory");
    }
    p->tail = l->run->tail;
    p->kept = &l->run->levels;
    p->arena.limit_bytes = DIRECTORY_BYTES;
    track_status status = pack_fill(p, tail_store(l->run->tail), l->db, row, err);
    if (status != TRACK_OK) {
        pack_close(p);
        return status;
    }
    *out = p;
    return TRACK_OK;
}

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
    return pack_open(l, row, out, err);
}

/* Gives the series of a run their parts in a pack, those that are visible. */
static track_status add_parts(struct tail_run *run, const struct visible *visible,
                              const struct tail_pack *pack, track_error *err)
{
    int64_t step_last;
    if (!visible_until(visible, pack->pack.epoch, &step_last)) {
        return TRACK_OK;
    }
    for (size_t i = 0; i < pack->dir.series_count; i++) {
        const struct pack_series *s = &pack->dir.series[i];
        struct frame_key key = {s->name, s->context};
        struct tail_part part = {pack, s, step_last};
        uint32_t index;
        if (pack->dir.chunks[s->chunk_from].sum.first.step > step_last) {
            continue;
        }
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
        bool own = run->writers[at].branch == 0;
        if (own && memcmp(run->writers[at].id, id, sizeof(run->writers[at].id)) == 0) {
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

/* Whether the pack has something that the branch shows. */
static bool is_wanted(const struct branch *b, const struct pack *p)
{
    int64_t step_last;
    if (p->kind == PACK_LINES) {
        return b->visible.epoch_last == INT64_MAX; /* those of the run itself */
    }
    return visible_until(&b->visible, p->epoch, &step_last) && p->step_lo <= step_last;
}

static track_status load_packs(struct loading *l, uint32_t branch, track_error *err)
{
    struct tail_run *run = l->run;
    const struct branch *b = &run->branches.at[branch];
    const struct pack_list *list = &l->lists[branch];
    for (size_t i = 0; i < list->count; i++) {
        track_error why = {0};
        if (!is_wanted(b, &list->at[i])) {
            continue;
        }
        track_status status = pack_get(l, &list->at[i], &run->packs[run->pack_count], &why);
        if (status == TRACK_OK) {
            const struct tail_pack *pack = run->packs[run->pack_count++];
            status = pack->pack.kind == PACK_LINES ? add_lines(run, pack, &why)
                                                   : add_parts(run, &b->visible, pack, &why);
        }
        if (status != TRACK_OK) {
            return FAIL(err, status, "run %s, pack %zu of %zu: %.150s", run->id, i + 1, list->count,
                        why.message);
        }
    }
    return TRACK_OK;
}

track_status tail_pack_load(struct tail_run *run, struct db *db, const struct run_receipt *receipts,
                            track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct pack_list lists[BRANCH_MAX];
    size_t count = 0;
    for (size_t b = 0; b < run->branches.count; b++) {
        for (size_t i = 0; i < receipts[b].count; i++) {
            TRY(load_keys(run, db, (uint32_t)b, &receipts[b].writers[i], err));
        }
        TRY(pack_list(db, run->branches.at[b].node, &arena, &lists[b], err));
        count += lists[b].count;
    }
    struct tail_pack **packs = calloc(count + 1, sizeof(struct tail_pack *));
    if (!packs) {
        return FAIL(err, TRACK_NOMEM, "run %s: no memory for %zu packs", run->id, count);
    }
    struct loading l = {run, db, run->packs, run->pack_count, lists};
    track_status status = TRACK_OK;
    run->packs = packs;
    run->pack_count = 0;
    for (size_t b = 0; b < run->branches.count && status == TRACK_OK; b++) {
        status = load_packs(&l, (uint32_t)b, err);
    }
    tail_pack_release(l.old, l.old_count);
    return status;
}
