#include "../core/hash.h"
#include "../core/pack_check.h"
#include "../core/pack_lines.h"
#include "check_base.h"
#include "store_pack_bytes.h"

#include <stdio.h>
#include <string.h>

enum { LINES_BYTES = 512 << 20 /* a directory */ };

/* A pack being looked at. */
struct looking {
    struct check *check;
    const struct check_run *run;
    const struct pack *pack;
    char hex[DIGEST_HEX_BYTES + 1];
};

static struct looking look_at(struct check *c, const struct check_run *run, const struct pack *p)
{
    struct looking l = {.check = c, .run = run, .pack = p};
    struct digest d = {{0}};
    memcpy(d.at, p->digest.at, p->digest.size < sizeof(d.at) ? p->digest.size : sizeof(d.at));
    hash_encode_hex(&d, l.hex);
    return l;
}

/* What a finding means for what is stored. */
static const char *meaning(enum pack_loss loss)
{
    switch (loss) {
    case PACK_LOSS_NOTHING:
        return "nothing uses these bytes, no data is lost";
    case PACK_LOSS_POINTS:
        return "these points are lost unless there is a copy of the pack";
    case PACK_LOSS_CHARTS:
        return "its points are whole, charts and summaries of them may be wrong";
    case PACK_LOSS_PROOF:
        break;
    }
    return "its points can be read, but they may not be those that were logged";
}

static void say_finding(void *data, const struct pack_finding *f)
{
    const struct looking *l = data;
    char where[320] = "", which[96] = "";
    if (f->series) {
        struct bytes name = f->series->name, context = f->series->context;
        (void)snprintf(where, sizeof(where), ", series %.*s%s%.*s",
                       (int)(name.size < 120 ? name.size : 120), (const char *)name.at,
                       context.size ? " " : "", (int)(context.size < 120 ? context.size : 120),
                       (const char *)context.at);
    }
    if (f->chunk) {
        (void)snprintf(which, sizeof(which), " (%llu points, steps %lld to %lld)",
                       (unsigned long long)f->chunk->sum.n, (long long)f->chunk->sum.first.step,
                       (long long)f->chunk->sum.last.step);
    } else if (!f->series) {
        (void)snprintf(which, sizeof(which), " (%lld points)", (long long)l->pack->n);
    }
    check_wrong(l->check, "run %s, pack %s%s: %s%s; %s", l->run->id, l->hex, where, f->what, which,
                meaning(f->loss));
}

/* A row that says what the pack says of itself. */
struct pack_fix {
    struct ticket ticket;
    int64_t run_node;
    struct pack pack;
};

static track_status fix_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct pack_fix *f = (const struct pack_fix *)(void *)t;
    const struct pack *p = &f->pack;
    return db_exec(db, QUERY_check_pack_fix,
                   DB_IN(db_i(f->run_node), db_b(p->digest), db_i(p->kind), db_i(p->epoch),
                         db_i(p->level), db_i(p->rev), db_i(p->n), db_i(p->series),
                         db_i(p->step_lo), db_i(p->step_hi), db_i(p->us_lo), db_i(p->us_hi)),
                   err);
}

static struct pack row_of(const struct pack *had, const struct pack_checked *is)
{
    struct pack p = *had;
    bool final = (is->head.flags & PACK_FINAL) != 0;
    p.kind = is->head.kind;
    p.epoch = is->head.epoch;
    p.level = is->head.level;
    p.rev = final ? (had->rev > 0 ? had->rev : 1) : 0;
    p.n = (int64_t)is->head.points;
    p.series = is->head.series;
    p.step_lo = is->head.step_first;
    p.step_hi = is->head.step_last;
    p.us_lo = is->time_min_us;
    p.us_hi = is->time_max_us;
    return p;
}

/* The row must say what the pack says of itself. */
static track_status compare(const struct looking *l, const struct pack_checked *is,
                            track_error *err)
{
    const struct pack *had = l->pack;
    struct pack_fix fix = {.run_node = l->run->node, .pack = row_of(had, is)};
    const struct pack *p = &fix.pack;
    if (memcmp(is->head.run, l->run->binary, sizeof(is->head.run)) != 0) {
        check_wrong(l->check, "run %s, pack %s: it holds points of another run", l->run->id,
                    l->hex);
        return TRACK_OK;
    }
    if (p->epoch > l->run->epoch) {
        check_wrong(l->check, "run %s, pack %s: it is of epoch %lld, which its run has not reached",
                    l->run->id, l->hex, (long long)p->epoch);
    }
    bool same_kind = p->kind == had->kind && p->epoch == had->epoch && p->level == had->level &&
                     p->rev == had->rev;
    bool same_points = p->n == had->n && p->series == had->series && p->step_lo == had->step_lo &&
                       p->step_hi == had->step_hi && p->us_lo == had->us_lo &&
                       p->us_hi == had->us_hi;
    if (same_kind && same_points) {
        return TRACK_OK;
    }
    check_derived(l->check, false, "run %s, pack %s: its row says %s that are not the pack's",
                  l->run->id, l->hex,
                  same_points ? "kind, epoch, level or end" : "counts or ranges");
    return l->check->options->repair ? check_repair(l->check, &fix.ticket, fix_work, err)
                                     : TRACK_OK;
}

static track_status check_lines(const struct pack_blob *blob, struct pack_checked *out,
                                track_error *err)
{
    AUTO_ARENA arena = ARENA(LINES_BYTES);
    struct pack_lines_dir d;
    TRY(pack_lines_check(blob, &d, &arena, err));
    *out = (struct pack_checked){.head = d.head,
                                 .points = d.head.points,
                                 .time_min_us = INT64_MAX,
                                 .time_max_us = INT64_MIN};
    for (size_t i = 0; i < d.chunk_count; i++) {
        const struct pack_lines_chunk *c = &d.chunks[i];
        out->time_min_us = c->time_min_us < out->time_min_us ? c->time_min_us : out->time_min_us;
        out->time_max_us = c->time_max_us > out->time_max_us ? c->time_max_us : out->time_max_us;
    }
    return TRACK_OK;
}

/* Reads all of a pack of either kind, and tells what is wrong. */
static track_status check_bytes(const struct looking *l, const struct pack_blob *blob,
                                struct pack_checked *out, track_error *err)
{
    struct looking to = *l;
    struct pack_check_say say = {say_finding, &to};
    struct pack_head head;
    struct bytes at;
    unsigned char room[PACK_HEAD_BYTES];
    track_error why;
    at = (struct bytes){room, sizeof(room)};
    track_status status = blob->read(blob->data, 0, sizeof(room), &at, &why);
    status = status == TRACK_OK ? pack_decode_head(at, &head, &why) : status;
    bool lines = status == TRACK_OK && head.kind == PACK_LINES;
    if (!lines) {
        return pack_check(blob, &say, out, err);
    }
    status = check_lines(blob, out, &why);
    if (status == TRACK_CORRUPT) {
        check_wrong(l->check,
                    "run %s, pack %s: %s; some of its %lld console lines are lost unless "
                    "there is a copy of the pack",
                    l->run->id, l->hex, why.message, (long long)l->pack->n);
    }
    return status == TRACK_OK ? status : FAIL(err, status, "%s", why.message);
}

/* Damage is a finding; no memory or a failing disk ends the check. */
static track_status check_one(const struct looking *l, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_PACK_BYTES struct pack_bytes bytes = PACK_BYTES;
    struct pack_checked checked;
    track_error why;
    TRY(pack_bytes_open(l->check->store, NULL, l->pack, &arena, &bytes, err));
    struct pack_blob blob = pack_bytes_blob(&bytes);
    track_status status = check_bytes(l, &blob, &checked, &why);
    if (status == TRACK_CORRUPT) {
        return TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    l->check->counts->packs++;
    l->check->counts->points += (int64_t)checked.points;
    return compare(l, &checked, err);
}

/* What left the journal is in packs, repeats once in each. */
static track_status check_sealed(struct check *c, const struct check_run *run, int64_t packed,
                                 track_error *err)
{
    int64_t sealed = 0;
    bool found;
    TRY(db_find_i(c->db, QUERY_check_sealed, DB_IN(db_i(run->node)), &sealed, &found, err));
    if (sealed > 0 && packed == 0) {
        check_wrong(c,
                    "run %s: %lld points and lines were sealed, and no pack has them: they are "
                    "lost unless there is a copy of the data",
                    run->id, (long long)sealed);
    } else if (packed > sealed) {
        check_wrong(c, "run %s: its packs have %lld points and lines, but %lld were sealed",
                    run->id, (long long)packed, (long long)sealed);
    }
    return TRACK_OK;
}

static track_status check_run_packs(struct check *c, const struct check_run *run,
                                    struct arena *arena, track_error *err)
{
    struct pack_list list;
    int64_t wrong = c->counts->wrong, points = c->counts->points;
    TRY(pack_list(c->db, run->node, arena, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        struct looking l = look_at(c, run, &list.at[i]);
        TRY(check_one(&l, err));
    }
    if (c->counts->wrong > wrong) {
        return TRACK_OK; /* some could not be read */
    }
    TRY(check_sealed(c, run, c->counts->points - points, err));
    return check_splits(c, run, &list, err);
}

track_status check_packs(struct check *c, track_error *err)
{
    return c->options->quick ? TRACK_OK : check_runs(c, check_run_packs, err);
}
