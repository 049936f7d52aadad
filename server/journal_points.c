#include "journal_points.h"

#include "../core/hash.h"
#include "../core/name.h"
#include "journal_body.h"
#include "store_base.h"

#include <stdlib.h>
#include <string.h>

enum { ID_BYTES = 8, LEVEL = 1, BODY_ROOM_BYTES = FRAME_BYTES_MAX };

/* A series of the call, and its number in the writer. */
struct wanted {
    int64_t series;
    size_t index;   /* of call->keys */
    int64_t number; /* -1: not defined yet */
};

/* What the transaction finds. */
struct place {
    struct journal_points *call;
    unsigned char writer[JOURNAL_WRITER_BYTES];
    struct run_brief run;
    int64_t next_seq, next_key, count; /* of the writer */
    struct wanted *wanted;             /* [key_count], by series */
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* Rows of the dictionary: numbers of series that were logged before. */
static track_status look_up(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct place *p = data;
    int64_t first = db_get_i(&c[0]);
    for (size_t i = 0; i < c[1].as.bytes.size / ID_BYTES; i++) {
        struct wanted key = {.series = 0};
        for (size_t k = 0; k < ID_BYTES; k++) {
            key.series = (int64_t)((uint64_t)key.series << 8 | c[1].as.bytes.at[i * ID_BYTES + k]);
        }
        struct wanted *found =
            bsearch(&key, p->wanted, p->call->key_count, sizeof(key), compare_wanted);
        if (found) {
            found->number = first + (int64_t)i;
        }
    }
    return TRACK_OK;
}

static track_status load(struct place *p, struct db *db, track_error *err)
{
    const struct journal_points *call = p->call;
    struct bytes writer = {p->writer, sizeof(p->writer)};
    struct db_value c[8];
    TRY(run_need(db, call->append.run, &p->run, err));
    TRY(db_find(db, QUERY_writer_get, DB_IN(db_i(p->run.node), db_b(writer)),
                call->append.ticket.arena, c, err));
    if (c[0].type) {
        p->next_seq = db_get_i(&c[0]);
        p->next_key = db_get_i(&c[1]);
        p->count = db_get_i(&c[3]);
    }
    for (size_t i = 0; i < call->key_count; i++) {
        const struct frame_key *key = &call->keys[i];
        p->wanted[i] = (struct wanted){.index = i, .number = -1};
        TRY(hash_series(key->name, key->context, &p->wanted[i].series, err));
    }
    if (call->key_count > 0) {
        qsort(p->wanted, call->key_count, sizeof(*p->wanted), compare_wanted);
    }
    return db_run(db, QUERY_writer_key_list, DB_IN(db_i(p->run.node), db_b(writer)), look_up, p,
                  err);
}

/* Gives numbers to series that are new, and tells the frame to define them. */
static track_status define(struct place *p, struct arena *arena, uint32_t *numbers,
                           struct frame *out, track_error *err)
{
    struct frame_key *fresh = ARENA_ARRAY(arena, struct frame_key, p->call->key_count);
    if (!fresh) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", p->call->key_count);
    }
    out->first_key = (uint32_t)p->next_key;
    out->keys = fresh;
    for (size_t i = 0; i < p->call->key_count; i++) {
        struct wanted *w = &p->wanted[i];
        if (w->number < 0) {
            w->number = p->next_key + (int64_t)out->key_count;
            fresh[out->key_count++] = p->call->keys[w->index];
        }
        numbers[w->index] = (uint32_t)w->number;
    }
    if (out->key_count == 0) {
        out->first_key = 0;
    }
    return TRACK_OK;
}

/* The points with numbers instead of indexes, and with a step. */
static track_status fill_blocks(struct place *p, struct arena *arena, const uint32_t *numbers,
                                struct frame *out, track_error *err)
{
    const struct journal_points *call = p->call;
    struct blocks_point *points = ARENA_ARRAY(arena, struct blocks_point, call->point_count);
    struct blocks_text *texts = ARENA_ARRAY(arena, struct blocks_text, call->text_count);
    if (!points || !texts) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu points", call->point_count);
    }
    for (size_t i = 0; i < call->point_count; i++) {
        points[i] = call->points[i];
        points[i].key = numbers[points[i].key];
        points[i].step = points[i].step == JOURNAL_NO_STEP ? p->next_seq : points[i].step;
    }
    for (size_t i = 0; i < call->text_count; i++) {
        texts[i] = call->texts[i];
        texts[i].key = numbers[texts[i].key];
        texts[i].step = texts[i].step == JOURNAL_NO_STEP ? p->next_seq : texts[i].step;
    }
    return blocks_fill(&(struct blocks_in){points, call->point_count, texts, call->text_count},
                       arena, out, err);
}

static track_status fill_frame(struct place *p, struct arena *arena, struct frame *out,
                               track_error *err)
{
    struct journal_points *call = p->call;
    uint32_t *numbers = ARENA_ARRAY(arena, uint32_t, call->key_count);
    if (!numbers) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", call->key_count);
    }
    *out = (struct frame){.head = {.kind = call->line_count ? FRAME_LINES : FRAME_POINTS,
                                   .seq = (uint64_t)p->next_seq,
                                   .epoch = (uint32_t)p->run.epoch}};
    memcpy(out->head.writer, p->writer, sizeof(p->writer));
    if (call->line_count == 0) {
        TRY(define(p, arena, numbers, out, err));
        return fill_blocks(p, arena, numbers, out, err);
    }
    for (size_t i = 0; i < call->line_count; i++) {
        call->lines[i].index = p->count + (int64_t)i;
    }
    out->lines = call->lines;
    out->line_count = call->line_count;
    return TRACK_OK;
}

/* The frame as bytes, decoded again like one that came from outside. */
static track_status make_body(struct place *p, track_error *err)
{
    AUTO_ARENA work = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF out = BUF(BODY_ROOM_BYTES);
    struct frame frame;
    struct bytes bytes;
    struct arena *arena = p->call->append.ticket.arena;
    TRY(fill_frame(p, &work, &frame, err));
    TRY(frame_encode(&frame, LEVEL, &work, &out, err));
    TRY(buf_end(&out, &bytes, err));
    unsigned char *copy = arena_alloc(arena, bytes.size, 1);
    struct body *body = ARENA_NEW(arena, struct body);
    if (!copy || !body) {
        return FAIL(err, TRACK_NOMEM, "no room for a frame of %zu bytes", bytes.size);
    }
    memcpy(copy, bytes.at, bytes.size);
    p->call->append.body = (struct bytes){copy, bytes.size};
    TRY(body_decode(p->call->append.body, arena, body, err));
    p->call->append.decoded = body;
    return TRACK_OK;
}

static track_status points_work(struct ticket *t, struct db *db, track_error *err)
{
    struct journal_points *call = (struct journal_points *)(void *)t;
    struct place p = {.call = call};
    struct digest digest;
    struct bytes name = {(const unsigned char *)call->writer, strlen(call->writer)};
    p.wanted = ARENA_ARRAY(t->arena, struct wanted, call->key_count);
    if (!p.wanted) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", call->key_count);
    }
    TRY(hash_sha256(name, &digest, err));
    memcpy(p.writer, digest.at, sizeof(p.writer));
    TRY(load(&p, db, err));
    TRY(make_body(&p, err));
    TRY(journal_append_work(t, db, err));
    struct db_value run = db_i(p.run.node), now = db_i(call->append.now_us);
    struct db_value writer = db_b((struct bytes){p.writer, sizeof(p.writer)});
    TRY(db_exec(db, QUERY_writer_describe,
                DB_IN(run, writer, db_t(call->writer), db_t(NULL), db_null(), db_i(0), now), err));
    return db_exec(db, QUERY_writer_close, DB_IN(run, writer, now), err);
}

track_status journal_points(struct store *s, struct journal_points *call, track_error *err)
{
    TRY(run_check_id(call->append.run, err));
    for (size_t i = 0; i < call->key_count; i++) {
        TRY(name_check_key(call->keys[i].name, err));
    }
    call->append.ticket.bytes =
        1024 + call->point_count * sizeof(*call->points) + call->line_count * 64;
    call->append.ticket.after = journal_append_after;
    return store_submit_points(s, &call->append.ticket, points_work, err);
}
