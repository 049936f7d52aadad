#include "seal_merge.h"

#include "../core/pack_lines.h"
#include "seal_out.h"
#include "store_base.h"
#include "store_pack_bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIST_BYTES = 64 << 20,
    WORK_BYTES = 1 << 30, /* directories, readers, the builder; the pack lies beside it */
    LEVEL_MAX = 255,
};

/* The packs of a run, and the run. */
struct merging {
    const struct merge_ask *ask;
    struct arena *arena;
    struct run run;
    struct pack_list list;
    const struct pack **chosen; /* [PACK_MERGE_MAX] */
    size_t count;
    int64_t rev; /* of what comes */
};

static track_status merging_begin(struct merging *m, const struct merge_ask *ask,
                                  struct arena *arena, track_error *err)
{
    AUTO_READ struct read r = {0};
    *m = (struct merging){.ask = ask, .arena = arena};
    m->chosen = ARENA_ARRAY(arena, const struct pack *, PACK_MERGE_MAX);
    if (!m->chosen) {
        return FAIL(err, TRACK_NOMEM, "no room for packs to merge");
    }
    TRY(store_read_begin(ask->store, &r, err));
    TRY(run_get(r.db, ask->run_node, arena, &m->run, err));
    return pack_list(r.db, ask->run_node, arena, &m->list, err);
}

static bool may_merge(const struct pack *p)
{
    return p->rev == 0;
}

/* Chooses packs like `like`, oldest first, at most `most`. */
static void choose_level(struct merging *m, const struct pack *like, size_t most)
{
    m->count = 0;
    for (size_t i = 0; i < m->list.count && m->count < most; i++) {
        const struct pack *p = &m->list.at[i];
        if (may_merge(p) && p->kind == like->kind && p->epoch == like->epoch &&
            p->level == like->level && p->stored < PACK_LARGE_BYTES) {
            m->chosen[m->count++] = p;
        }
    }
}

/* Chooses all packs of a kind and an epoch that are not final. */
static void choose_epoch(struct merging *m, int64_t kind, int64_t epoch)
{
    m->count = 0;
    for (size_t i = 0; i < m->list.count && m->count < PACK_MERGE_MAX; i++) {
        const struct pack *p = &m->list.at[i];
        if (may_merge(p) && p->kind == kind && p->epoch == epoch) {
            m->chosen[m->count++] = p;
        }
    }
}

struct sources {
    struct pack_bytes at[PACK_MERGE_MAX];
    struct pack_dir dirs[PACK_MERGE_MAX];
    struct pack_input inputs[PACK_MERGE_MAX]; /* of points and texts, */
    struct pack_blob blobs[PACK_MERGE_MAX];   /* or of lines */
    struct pack_lines_dir lines[PACK_MERGE_MAX];
    struct pack_lines_ask asks[PACK_MERGE_MAX];
    struct pack_tools tools;
    struct bytes digests[PACK_MERGE_MAX];
    size_t count;
};

static void sources_release(struct sources **s)
{
    for (size_t i = 0; *s && i < (*s)->count; i++) {
        pack_bytes_release(&(*s)->at[i]);
    }
}

/* Reads the directory of a pack, source i. */
static track_status source_read(struct merging *m, struct sources *s, size_t i, track_error *err)
{
    struct pack_blob blob = pack_bytes_blob(&s->at[i]);
    s->inputs[i] = (struct pack_input){.blob = blob, .dir = &s->dirs[i]};
    s->blobs[i] = blob;
    s->asks[i] = (struct pack_lines_ask){&s->blobs[i], &s->lines[i], &s->tools};
    return m->chosen[i]->kind == PACK_LINES
               ? pack_lines_dir_read(&blob, m->arena, &s->lines[i], err)
               : pack_dir_read(&blob, m->arena, &s->dirs[i], err);
}

static track_status sources_open(struct merging *m, struct sources *s, track_error *err)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct pack *p = m->chosen[i];
        struct pack_bytes *from = &s->at[s->count++];
        *from = (struct pack_bytes)PACK_BYTES;
        TRY(pack_bytes_open(m->ask->store, NULL, p, m->arena, from, err));
        TRY(source_read(m, s, i, err));
        s->digests[i] = p->digest;
    }
    return TRACK_OK;
}

static unsigned level_of(const struct merging *m)
{
    int64_t level = 0;
    for (size_t i = 0; i < m->count; i++) {
        level = m->chosen[i]->level > level ? m->chosen[i]->level : level;
    }
    return level < LEVEL_MAX ? (unsigned)level + 1 : LEVEL_MAX;
}

static track_status build_lines(struct merging *m, struct sources *s, struct seal_out *out,
                                track_error *err)
{
    struct pack_lines_builder *builder;
    struct pack_head head = s->lines[0].head;
    head.level = level_of(m);
    struct pack_options options = seal_out_options(out, &head, m->rev);
    TRY(pack_tools_open(m->arena, &s->tools, err));
    TRY(pack_lines_open(&options, m->arena, &builder, err));
    TRY(pack_lines_merge(s->asks, s->count, m->ask->between, m->arena, builder, err));
    return pack_lines_end(builder, err);
}

static track_status build(struct merging *m, struct sources *s, struct seal_out *out,
                          track_error *err)
{
    struct pack_builder *builder;
    struct pack_head head = s->dirs[0].head;
    if (m->chosen[0]->kind == PACK_LINES) {
        return build_lines(m, s, out, err);
    }
    head.level = level_of(m);
    struct pack_options options = seal_out_options(out, &head, m->rev);
    options.bytes_max = m->ask->bytes_max;
    TRY(pack_build_open(&options, m->arena, &builder, err));
    TRY(pack_merge(s->inputs, s->count, m->ask->between, m->arena, builder, err));
    return pack_build_end(builder, err);
}

/* Merges what was chosen. */
static track_status merge_chosen(struct merging *m, track_error *err)
{
    __attribute__((cleanup(sources_release))) struct sources *s =
        ARENA_NEW(m->arena, struct sources);
    struct seal_out *out = NULL;
    if (!s) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu packs", m->count);
    }
    TRY(sources_open(m, s, err));
    TRY(seal_out_begin(m->ask->store, m->arena, m->ask->now_us, &out, err));
    struct pack_change change = {
        .run_node = m->ask->run_node, .olds = s->digests, .old_count = s->count};
    track_status status = build(m, s, out, err);
    status = status == TRACK_OK ? seal_out_commit(out, &change, err) : status;
    seal_out_release(out);
    return status;
}

track_status merge_level(const struct merge_ask *ask, size_t *merged, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct merging m;
    *merged = 0;
    TRY(merging_begin(&m, ask, &arena, err));
    for (size_t i = 0; i < m.list.count; i++) {
        if (!may_merge(&m.list.at[i])) {
            continue;
        }
        choose_level(&m, &m.list.at[i], PACK_FAN_IN);
        if (m.count == PACK_FAN_IN) {
            TRY(merge_chosen(&m, err));
            *merged = m.count;
            return TRACK_OK;
        }
    }
    return TRACK_OK;
}

static bool has_ended(const struct run *run)
{
    return run->ended_us != 0 && strcmp(run->state, "running") != 0 &&
           strcmp(run->state, "queued") != 0 && strcmp(run->state, "unconfirmed") != 0;
}

track_status merge_final(const struct merge_ask *ask, size_t *merged, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct merging m;
    *merged = 0;
    TRY(merging_begin(&m, ask, &arena, err));
    for (size_t i = 0; i < m.list.count && has_ended(&m.run); i++) {
        if (may_merge(&m.list.at[i])) {
            choose_epoch(&m, m.list.at[i].kind, m.list.at[i].epoch);
            m.rev = m.run.rev;
            TRY(merge_chosen(&m, err));
            *merged = m.count;
            return TRACK_OK;
        }
    }
    return TRACK_OK;
}
