#include "model.h"

#include "../../core/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BEGIN_US  INT64_C(1764000000000000)
#define SECOND_US INT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)

enum { STEPS = 400, CHECK_EVERY = 8 };

/* Source: Steele et al., SplitMix64. */
uint64_t model_random(struct world *w, uint64_t n)
{
    uint64_t z = w->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % n;
}

void model_violate(struct world *w, const char *format, ...)
{
    if (w->violation[0]) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(w->violation, sizeof(w->violation), format, args);
    va_end(args);
}

enum outcome model_commit(struct world *w, struct actor *a, model_work *work)
{
    track_error err = {0};
    if (db_savepoint(w->db, &err) != TRACK_OK) {
        return REFUSED;
    }
    track_status status = work(w, a, &err);
    uint64_t dice = model_random(w, 100);
    bool keep = status == TRACK_OK && dice < 94, heard = dice < 90;
    if (!keep) {
        (void)db_undo(w->db);
    } else if (db_keep(w->db, &err) != TRACK_OK) {
        model_violate(w, "the database: %s", err.message);
    }
    if (status != TRACK_OK) {
        w->counts.refused++;
        return REFUSED;
    }
    w->counts.unknown += !heard;
    return heard ? DONE : AGAIN;
}

struct stored *model_find(struct world *w, const char *loc)
{
    for (size_t i = 0; i < w->object_count; i++) {
        if (w->objects[i].there && strcmp(w->objects[i].loc, loc) == 0) {
            return &w->objects[i];
        }
    }
    return NULL;
}

static track_status step(struct world *w, struct actor *a, track_error *err)
{
    switch (a->kind) {
    case CLIENT:
        return model_client(w, a, err);
    case SEALER:
        return model_sealer(w, a, err);
    case MERGER:
        return model_merger(w, a, err);
    case COLLECTOR:
        return model_collector(w, a, err);
    case READER:
        return model_reader(w, a, err);
    default:
        return model_uploader(w, a, err);
    }
}

/* Mostly seconds; now and then so long that every grace has passed for who sleeps meanwhile. */
static void pass_time(struct world *w)
{
    w->now_us += (int64_t)model_random(w, 30) * SECOND_US;
    if (model_chance(w, 3)) {
        w->now_us += (int64_t)model_random(w, 40) * HOUR_US / 10;
    }
    if (model_chance(w, 2)) {
        w->now_us += (int64_t)model_random(w, 100) * HOUR_US;
    }
}

static struct actor fresh(const struct actor *a)
{
    return (struct actor){.kind = a->kind, .number = a->number};
}

static track_status play(struct world *w, track_error *err)
{
    for (int i = 0; i < STEPS && !w->violation[0]; i++) {
        struct actor *a = &w->actors[model_random(w, 2 * KINDS)];
        pass_time(w);
        if (model_chance(w, 3)) {
            *a = fresh(a);
            w->counts.killed++;
        } else {
            TRY(step(w, a, err));
        }
        if (i % CHECK_EVERY == 0) {
            TRY(model_check(w, err));
        }
    }
    return model_check(w, err);
}

/* Frames of the writers; now and then one holds the same points as an earlier one. */
static void fill_batches(struct world *w)
{
    int64_t next[MODEL_WRITERS] = {0};
    w->batch_count = MODEL_BATCHES;
    for (int i = 0; i < MODEL_BATCHES; i++) {
        int writer = (int)model_random(w, MODEL_WRITERS);
        bool repeats = i > 0 && model_chance(w, 10);
        w->batches[i] = (struct batch){
            .writer = writer,
            .content = repeats ? w->batches[model_random(w, (uint64_t)i)].content : i,
            .seq = next[writer]++,
        };
    }
}

static track_status add_writers(struct world *w, track_error *err)
{
    for (int i = 0; i < MODEL_WRITERS; i++) {
        unsigned char id[16];
        memset(id, i + 1, sizeof(id));
        TRY(db_exec(w->db, QUERY_writer_add,
                    DB_IN(db_i(MODEL_RUN), db_b((struct bytes){id, sizeof(id)}), db_i(w->now_us),
                          db_b((struct bytes){NULL, 0})),
                    err));
    }
    return TRACK_OK;
}

track_status model_play(struct db *db, enum without without, uint64_t seed, struct world *w,
                        track_error *err)
{
    *w = (struct world){.db = db, .without = without, .random = seed, .now_us = BEGIN_US};
    for (int i = 0; i < 2 * KINDS; i++) {
        w->actors[i] = (struct actor){.kind = (enum kind)(i / 2), .number = i % 2};
    }
    fill_batches(w);
    TRY(db_begin(db, 0, err));
    track_status status = add_writers(w, err);
    status = status == TRACK_OK ? play(w, err) : status;
    db_rollback(db);
    return status;
}
