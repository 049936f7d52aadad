#include "journal_points.h"

#include "../core/hash.h"
#include "../core/name.h"
#include "journal_append.h"
#include "journal_book.h"
#include "store_base.h"

#include <stdlib.h>
#include <string.h>

enum {
    ID_BYTES = 8,
    LEVEL = 0, /* of zstd: the sealer compresses, once and better */
    BODY_ROOM_BYTES = FRAME_BYTES_MAX,
};

/* What a frame is made with. */
struct place {
    struct journal_points *call;
    int64_t run_epoch, next_seq, next_key, count; /* of the writer; 0 while they are not known */
};

/* A series of the call, and its number in the writer. */
struct wanted {
    int64_t series;
    size_t index;   /* of call->keys */
    int64_t number; /* -1: not defined yet */
};

struct wanted_list {
    struct wanted *at; /* [count], by series */
    size_t count;
};

static track_status find_writer(struct journal_points *call, track_error *err)
{
    struct digest digest;
    struct bytes name = {(const unsigned char *)call->writer, strlen(call->writer)};
    TRY(hash_sha256(name, &digest, err));
    memcpy(call->id, digest.at, sizeof(call->id));
    return TRACK_OK;
}

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

/* Rows of the dictionary: numbers of series that were logged before. */
static track_status look_up(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    const struct wanted_list *list = data;
    int64_t first = db_get_i(&c[0]);
    for (size_t i = 0; i < c[1].as.bytes.size / ID_BYTES; i++) {
        struct wanted key = {.series = 0};
        for (size_t k = 0; k < ID_BYTES; k++) {
            key.series = (int64_t)((uint64_t)key.series << 8 | c[1].as.bytes.at[i * ID_BYTES + k]);
        }
        struct wanted *found = bsearch(&key, list->at, list->count, sizeof(key), compare_wanted);
        if (found) {
            found->number = first + (int64_t)i;
        }
    }
    return TRACK_OK;
}

/* Numbers of the call's keys as the database has them. */
static track_status load(const struct append *a, const struct journal_points *call, struct db *db,
                         struct wanted_list *out, track_error *err)
{
    out->count = call->key_count;
    out->at = ARENA_ARRAY(call->append.ticket.arena, struct wanted, call->key_count);
    if (!out->at) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", call->key_count);
    }
    for (size_t i = 0; i < call->key_count; i++) {
        const struct frame_key *key = &call->keys[i];
        out->at[i] = (struct wanted){.index = i, .number = -1};
        TRY(hash_series(key->name, key->context, &out->at[i].series, err));
    }
    if (call->key_count == 0) {
        return TRACK_OK;
    }
    qsort(out->at, out->count, sizeof(*out->at), compare_wanted);
    return db_run(db, QUERY_writer_key_list, DB_IN(db_i(a->run.node), db_b(a->writer)), look_up,
                  out, err);
}

/* Gives numbers to series that are new, and tells the frame to define them. */
static track_status define(struct place *p, const struct wanted_list *wanted, struct frame *out,
                           track_error *err)
{
    struct journal_points *call = p->call;
    struct arena *arena = call->append.ticket.arena;
    struct frame_key *fresh = ARENA_ARRAY(arena, struct frame_key, wanted->count);
    uint32_t *numbers = ARENA_ARRAY(arena, uint32_t, wanted->count);
    if (!fresh || !numbers) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", wanted->count);
    }
    out->keys = fresh;
    for (size_t i = 0; i < wanted->count; i++) {
        struct wanted *w = &wanted->at[i];
        if (w->number < 0) {
            w->number = p->next_key + (int64_t)out->key_count;
            fresh[out->key_count++] = call->keys[w->index];
        }
        numbers[w->index] = (uint32_t)w->number;
    }
    out->first_key = out->key_count ? (uint32_t)p->next_key : 0;
    call->numbers = numbers;
    return TRACK_OK;
}

/* The points with numbers instead of indexes, and with a step. */
static track_status fill_blocks(const struct place *p, struct arena *arena, struct frame *out,
                                track_error *err)
{
    const struct journal_points *call = p->call;
    struct blocks_point *points = ARENA_ARRAY(arena, struct blocks_point, call->point_count);
    struct blocks_text *texts = ARENA_ARRAY(arena, struct blocks_text, call->text_count);
    if (!points || !texts) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu points", call->point_count);
    }
    for (size_t i = 0; i < call->point_count; i++) {
        points[i] = call->points[i];
        points[i].key = call->numbers[points[i].key];
        points[i].step = points[i].step == JOURNAL_NO_STEP ? p->next_seq : points[i].step;
    }
    for (size_t i = 0; i < call->text_count; i++) {
        texts[i] = call->texts[i];
        texts[i].key = call->numbers[texts[i].key];
        texts[i].step = texts[i].step == JOURNAL_NO_STEP ? p->next_seq : texts[i].step;
    }
    return blocks_fill(&(struct blocks_in){points, call->point_count, texts, call->text_count},
                       arena, out, err);
}

/* Its head and its lines. */
static struct frame begin_frame(const struct place *p)
{
    const struct journal_points *call = p->call;
    struct frame f = {.head = {.kind = call->line_count ? FRAME_LINES : FRAME_POINTS,
                               .seq = (uint64_t)p->next_seq,
                               .epoch = (uint32_t)p->run_epoch,
                               .count = call->point_count + call->text_count + call->line_count}};
    memcpy(f.head.writer, call->id, sizeof(call->id));
    for (size_t i = 0; i < call->line_count; i++) {
        call->lines[i].index = p->count + (int64_t)i;
    }
    f.lines = call->lines;
    f.line_count = call->line_count;
    return f;
}

/* The frame as bytes and as what is stored of it. */
static track_status make_body(const struct place *p, struct frame *f, track_error *err)
{
    AUTO_ARENA work = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF out = BUF(BODY_ROOM_BYTES);
    struct bytes bytes;
    struct arena *arena = p->call->append.ticket.arena;
    TRY(fill_blocks(p, &work, f, err));
    TRY(frame_encode(f, LEVEL, &work, &out, err));
    TRY(buf_end(&out, &bytes, err));
    const char *copy = arena_text(arena, (const char *)bytes.at, bytes.size);
    struct body *body = ARENA_NEW(arena, struct body);
    if (!copy || !body) {
        return FAIL(err, TRACK_NOMEM, "no room for a frame of %zu bytes", bytes.size);
    }
    p->call->append.body = (struct bytes){(const unsigned char *)copy, bytes.size};
    TRY(body_of_frame(f, p->call->append.body, arena, body, err));
    p->call->append.decoded = body;
    return TRACK_OK;
}

/* Makes the frame in the transaction, with what the database says. */
static track_status make_now(struct place *p, const struct append *a, struct db *db,
                             track_error *err)
{
    struct wanted_list wanted;
    p->run_epoch = a->run.epoch;
    p->next_seq = a->next_seq;
    p->next_key = a->next_key;
    p->count = a->points;
    struct frame f = begin_frame(p);
    TRY(load(a, p->call, db, &wanted, err));
    TRY(define(p, &wanted, &f, err));
    p->call->ready_node = 0;
    return make_body(p, &f, err);
}

/* Puts a frame that was made before in its place. */
static void move(const struct journal_points *call, const struct append *a)
{
    struct body *body = (struct body *)(uintptr_t)call->append.decoded;
    struct body_frame *f = (struct body_frame *)(uintptr_t)body->frames;
    struct frame_place to = {.seq = (uint64_t)a->next_seq,
                             .epoch = (uint32_t)a->run.epoch,
                             .step_base = call->counts_calls ? a->next_seq : 0};
    frame_move((unsigned char *)(uintptr_t)call->append.body.at, call->append.body.size, &to);
    f->seq = a->next_seq;
    body->epoch = a->run.epoch;
    if (call->counts_calls) {
        body->step_min = body->step_max = a->next_seq;
    }
}

static track_status points_work(struct ticket *t, struct db *db, track_error *err)
{
    struct journal_points *call = (struct journal_points *)(void *)t;
    struct place p = {.call = call};
    struct append a = {
        .call = &call->append, .writer = {call->id, sizeof(call->id)}, .closes = true};
    TRY(append_load(&a, db, err));
    if (call->ready_node == a.run.node) {
        move(call, &a);
    } else {
        TRY(make_now(&p, &a, db, err));
    }
    a.body = call->append.decoded;
    TRY(append_store(&a, db, err));
    return a.fresh ? db_exec(db, QUERY_writer_describe,
                             DB_IN(db_i(a.run.node), db_b(a.writer), db_t(call->writer), db_t(NULL),
                                   db_null(), db_i(0), db_i(call->append.now_us)),
                             err)
                   : TRACK_OK;
}

/* Notes what the keys are called now, then says what has changed. */
static void points_after(struct ticket *t)
{
    struct journal_points *call = (struct journal_points *)(void *)t;
    if (call->ready_node == 0 && call->key_count > 0) {
        struct book_writer writer = {call->append.run, call->writer};
        struct book_place place = {.run_node = call->append.run_node};
        memcpy(place.writer, call->id, sizeof(place.writer));
        book_add(store_book(t->store), &writer, &place,
                 (struct book_keys){call->keys, call->key_count}, call->numbers);
    }
    journal_append_after(t);
}

/* Whether all steps are said, or none of them is. */
static bool has_one_kind_of_steps(struct journal_points *call)
{
    size_t missing = 0;
    for (size_t i = 0; i < call->point_count; i++) {
        missing += call->points[i].step == JOURNAL_NO_STEP;
    }
    for (size_t i = 0; i < call->text_count; i++) {
        missing += call->texts[i].step == JOURNAL_NO_STEP;
    }
    call->counts_calls = missing > 0;
    return missing == 0 || missing == call->point_count + call->text_count;
}

/* Makes the frame on the calling thread, if the book knows all of its keys. */
static track_status make_before(struct store *s, struct journal_points *call, track_error *err)
{
    struct place p = {.call = call};
    uint32_t *numbers = ARENA_ARRAY(call->append.ticket.arena, uint32_t, call->key_count);
    struct book_writer writer = {call->append.run, call->writer};
    struct book_keys keys = {call->keys, call->key_count};
    struct book_place place;
    call->ready_node = 0;
    if (!numbers) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", call->key_count);
    }
    if (call->key_count == 0 || !has_one_kind_of_steps(call) ||
        !book_find(store_book(s), &writer, keys, numbers, &place)) {
        return find_writer(call, err);
    }
    call->numbers = numbers;
    memcpy(call->id, place.writer, sizeof(call->id));
    struct frame f = begin_frame(&p);
    TRY(make_body(&p, &f, err));
    call->ready_node = place.run_node;
    return TRACK_OK;
}

track_status journal_points(struct store *s, struct journal_points *call, track_error *err)
{
    TRY(run_check_id(call->append.run, err));
    TRY(make_before(s, call, err));
    for (size_t i = 0; i < call->key_count && call->ready_node == 0; i++) {
        TRY(name_check_key(call->keys[i].name, err));
    }
    call->append.ticket.bytes =
        1024 + call->point_count * sizeof(*call->points) + call->line_count * 64;
    call->append.ticket.after = points_after;
    return store_submit_points(s, &call->append.ticket, points_work, err);
}
