#include "journal_append.h"

#include <string.h>

enum {
    SEEN_US = 10 * 1000000,          /* how old run.seen_us may get before it is written again */
    WRITER_SILENT_US = 60 * 1000000, /* then another may take the place of a writer */
    ID_BYTES = 8,                    /* of a series key in a dictionary */
    CRC_BYTES = 4,                   /* of a frame in writer.recent */
};

/* Loads the writer's row; makes it on first contact. */
static track_status load_writer(struct append *a, struct db *db, track_error *err)
{
    struct db_value c[8], key[] = {db_i(a->run.node), db_b(a->writer), DB_END};
    TRY(db_find(db, QUERY_writer_get, key, a->call->ticket.arena, c, err));
    a->fresh = !c[0].type;
    if (a->fresh) {
        TRY(db_exec(db, QUERY_writer_add,
                    DB_IN(key[0], key[1], db_i(a->call->now_us), db_b((struct bytes){NULL, 0})),
                    err));
        return TRACK_OK;
    }
    a->next_seq = db_get_i(&c[0]);
    a->next_key = db_get_i(&c[1]);
    a->gaps = db_get_i(&c[2]);
    a->points = db_get_i(&c[3]);
    a->recent = c[7].as.bytes;
    return TRACK_OK;
}

static uint32_t read_le32(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void write_le32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < CRC_BYTES; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

/* A frame that was sent before: its content must be the same, as far as we remember. */
static track_status check_repeat(const struct append *a, const struct body_frame *f,
                                 track_error *err)
{
    int64_t held = (int64_t)(a->recent.size / CRC_BYTES), back = a->next_seq - f->seq;
    if (back > held) {
        return TRACK_OK;
    }
    uint32_t crc = read_le32(a->recent.at + (held - back) * CRC_BYTES);
    return crc == f->content_crc
               ? TRACK_OK
               : FAIL(err, TRACK_CONFLICT,
                      "frame %lld came before with other content: two processes share a writer id",
                      (long long)f->seq);
}

/* Finds the first frame that is new, and refuses what does not follow. */
static track_status place(struct append *a, track_error *err)
{
    const struct body *b = a->body;
    int64_t lo = b->frames[0].seq;
    a->call->next_seq = a->next_seq;
    if (b->frames[b->count - 1].seq > SEQ_MAX) {
        return FAIL(err, TRACK_INVALID,
                    "frame %lld is beyond %lld, the last that a writer may send",
                    (long long)b->frames[b->count - 1].seq, (long long)SEQ_MAX);
    }
    if (lo > a->next_seq && !b->gap_ok) {
        a->call->gap = true;
        return FAIL(err, TRACK_CONFLICT, "frame %lld came, frame %lld is next", (long long)lo,
                    (long long)a->next_seq);
    }
    a->first = lo > a->next_seq ? 0 : (size_t)(a->next_seq - lo);
    a->first = a->first > b->count ? b->count : a->first;
    for (size_t i = 0; i < a->first; i++) {
        TRY(check_repeat(a, &b->frames[i], err));
    }
    return TRACK_OK;
}

/* Adds a series key; two different series with one number are refused. */
static track_status add_series(struct append *a, struct db *db, const struct body_key *k,
                               track_error *err)
{
    struct db_value c[2];
    TRY(db_exec(db, QUERY_series_key_add, DB_IN(db_i(k->series), db_tn(k->name), db_tn(k->context)),
                err));
    TRY(db_find(db, QUERY_series_key_get, DB_IN(db_i(k->series)), a->call->ticket.arena, c, err));
    bool same =
        c[0].type && c[0].as.bytes.size == k->name.size &&
        memcmp(c[0].as.bytes.at, k->name.at, k->name.size) == 0 &&
        c[1].as.bytes.size == k->context.size &&
        (k->context.size == 0 || memcmp(c[1].as.bytes.at, k->context.at, k->context.size) == 0);
    return same ? TRACK_OK
                : FAIL(err, TRACK_CONFLICT, "two series have the number %lld: rename %.*s",
                       (long long)k->series, (int)(k->name.size < 100 ? k->name.size : 100),
                       (const char *)k->name.at);
}

/* The dictionary as the database has it, from a number on. */
struct dictionary {
    int64_t from;
    const struct body_frame *frame;
    bool differs;
};

static track_status compare_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct dictionary *d = data;
    int64_t first = db_get_i(&c[0]);
    for (size_t i = 0; i < c[1].as.bytes.size / ID_BYTES; i++) {
        int64_t at = first + (int64_t)i - d->from;
        if (at >= 0 && at < (int64_t)d->frame->key_count) {
            unsigned char id[ID_BYTES];
            body_put_id(id, d->frame->keys[at].series);
            d->differs = d->differs || memcmp(id, c[1].as.bytes.at + i * ID_BYTES, ID_BYTES) != 0;
        }
    }
    return TRACK_OK;
}

/* Adds the definitions of a frame that are new; those that are there must be the same. */
static track_status add_keys(struct append *a, struct db *db, const struct body_frame *f,
                             track_error *err)
{
    struct db_value run = db_i(a->run.node), writer = db_b(a->writer);
    if (f->first_key > a->next_key) {
        return FAIL(err, TRACK_INVALID, "frame %lld defines key %lld, key %lld is next",
                    (long long)f->seq, (long long)f->first_key, (long long)a->next_key);
    }
    size_t known = (size_t)(a->next_key - f->first_key);
    if (known > 0) {
        struct dictionary d = {f->first_key, f, false};
        TRY(db_run(db, QUERY_writer_key_list, DB_IN(run, writer), compare_row, &d, err));
        if (d.differs) {
            return FAIL(err, TRACK_CONFLICT, "frame %lld defines a key number anew",
                        (long long)f->seq);
        }
    }
    if (known >= f->key_count) {
        return TRACK_OK;
    }
    size_t fresh = f->key_count - known;
    unsigned char *ids = arena_alloc(a->call->ticket.arena, fresh * ID_BYTES, 1);
    if (!ids) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", fresh);
    }
    for (size_t i = 0; i < fresh; i++) {
        TRY(add_series(a, db, &f->keys[known + i], err));
        body_put_id(ids + i * ID_BYTES, f->keys[known + i].series);
    }
    struct bytes blob = {ids, fresh * ID_BYTES};
    TRY(db_exec(db, QUERY_writer_key_add, DB_IN(run, writer, db_i(a->next_key), db_b(blob)), err));
    a->next_key += (int64_t)fresh;
    return TRACK_OK;
}

/* Adds the definitions of all new frames; every key that they use must be defined then. */
static track_status add_all_keys(struct append *a, struct db *db, track_error *err)
{
    for (size_t i = a->first; i < a->body->count; i++) {
        const struct body_frame *f = &a->body->frames[i];
        if (f->key_count > 0) {
            TRY(add_keys(a, db, f, err));
        }
        if (f->keys_end > a->next_key) {
            return FAIL(err, TRACK_INVALID, "frame %lld uses key %lld, which nobody has defined",
                        (long long)f->seq, (long long)f->keys_end - 1);
        }
    }
    return TRACK_OK;
}

/* CRCs of the last frames, with the new ones: at most JOURNAL_RECENT, oldest first. */
static struct bytes new_recent(const struct append *a, unsigned char *to)
{
    size_t fresh = a->body->count - a->first, old = a->recent.size / CRC_BYTES;
    if (a->body->frames[a->first].seq > a->next_seq) {
        old = 0;
    }
    size_t skip_new = fresh > JOURNAL_RECENT ? fresh - JOURNAL_RECENT : 0;
    size_t room = JOURNAL_RECENT - (fresh - skip_new);
    size_t keep = old < room ? old : room, count = 0;
    for (size_t i = old - keep; i < old; i++) {
        memcpy(to + CRC_BYTES * count++, a->recent.at + CRC_BYTES * i, CRC_BYTES);
    }
    for (size_t i = a->first + skip_new; i < a->body->count; i++) {
        write_le32(to + CRC_BYTES * count++, a->body->frames[i].content_crc);
    }
    return (struct bytes){to, count * CRC_BYTES};
}

/* Adds the new frames as one row and moves the watermark. */
static track_status add_row(struct append *a, struct db *db, track_error *err)
{
    const struct body *b = a->body;
    const struct body_frame *lo = &b->frames[a->first], *hi = &b->frames[b->count - 1];
    struct db_value run = db_i(a->run.node), writer = db_b(a->writer);
    struct bytes rest = {lo->bytes.at, (size_t)(hi->bytes.at + hi->bytes.size - lo->bytes.at)};
    int64_t n = 0, now = a->call->now_us;
    bool counts = (b->has_points || b->has_texts) && b->epoch == a->run.epoch;
    for (size_t i = a->first; i < b->count; i++) {
        n += b->frames[i].count;
    }
    unsigned char recent[JOURNAL_RECENT * CRC_BYTES];
    a->gaps += lo->seq > a->next_seq;
    TRY(db_exec(db, QUERY_journal_add,
                DB_IN(run, writer, db_i(lo->seq), db_i(hi->seq), db_i(b->epoch), db_i(n),
                      db_i((int64_t)rest.size), db_i(store_arrival(a->call->ticket.store, now)),
                      db_b(rest)),
                err));
    TRY(db_exec(db, QUERY_writer_advance,
                DB_IN(run, writer, db_i(a->next_seq), db_i(hi->seq + 1), db_i(a->next_key),
                      db_i(a->gaps), db_i(n), db_i(now), db_b(new_recent(a, recent)),
                      counts ? db_i(b->step_max) : db_null(), a->closes ? db_i(now) : db_null()),
                err));
    if (db_changed(db) != 1) {
        return FAIL(err, TRACK_CORRUPT, "the watermark of a writer moved under the writer thread");
    }
    a->call->next_seq = hi->seq + 1;
    a->call->points = n;
    return TRACK_OK;
}

/* Keeps run.seen_us roughly up to date; a run that was thought silent runs again. */
static track_status hear(struct append *a, struct db *db, track_error *err)
{
    int64_t since_us = a->call->now_us - a->run.seen_us; /* below 0 when the clock was set back */
    bool fresh = since_us >= 0 && since_us < SEEN_US && strcmp(a->run.state, "running") == 0;
    if (fresh || !run_is_open(&a->run)) {
        return TRACK_OK;
    }
    memcpy(a->call->state, "running", sizeof("running"));
    return db_exec(db, QUERY_run_seen, DB_IN(db_i(a->run.node), db_i(a->call->now_us)), err);
}

/* A sender that takes the place of another and starts over logs steps that are there already. */
static track_status look_for_repeats(struct append *a, struct db *db, track_error *err)
{
    struct db_value c[1];
    if (a->next_seq > 0 || !a->body->has_points || a->body->epoch != a->run.epoch) {
        return TRACK_OK;
    }
    TRY(db_find(db, QUERY_writer_last_step,
                DB_IN(db_i(a->run.node), db_b(a->writer), db_i(a->call->now_us - WRITER_SILENT_US)),
                a->call->ticket.arena, c, err));
    a->call->repeated_steps = c[0].type == 'i' && a->body->step_min <= db_get_i(&c[0]);
    return TRACK_OK;
}

static track_status add_frames(struct append *a, struct db *db, track_error *err)
{
    TRY(place(a, err));
    a->call->duplicate = a->first == a->body->count;
    if (a->call->duplicate) {
        return TRACK_OK;
    }
    if (!run_is_open(&a->run)) {
        return FAIL(err, TRACK_CONFLICT, "run %s has ended (%s): reopen it first", a->call->run,
                    a->run.state);
    }
    if (a->body->epoch > a->run.epoch) {
        return FAIL(err, TRACK_INVALID, "a frame is of epoch %lld, the run is at %lld",
                    (long long)a->body->epoch, (long long)a->run.epoch);
    }
    TRY(add_all_keys(a, db, err));
    TRY(add_row(a, db, err));
    if (!a->run.series_stale) {
        TRY(db_exec(db, QUERY_run_series_stale, DB_IN(db_i(a->run.node)), err));
    }
    if (a->body->epoch < a->run.epoch) {
        TRY(db_find_i(db, QUERY_rewind_least, DB_IN(db_i(a->run.node), db_i(a->body->epoch)),
                      &a->call->rewound_to, &a->call->rewound, err));
    }
    if (a->run.has_forks) {
        TRY(db_exec(db, QUERY_fork_stale, DB_IN(db_i(a->run.node)), err));
    }
    return look_for_repeats(a, db, err);
}

track_status append_load(struct append *a, struct db *db, track_error *err)
{
    struct journal_append *call = a->call;
    call->points = 0;
    call->gap = call->duplicate = call->repeated_steps = call->rewound = false;
    TRY(run_need(db, call->run, &a->run, err));
    call->run_node = a->run.node;
    call->stop = a->run.stop;
    call->epoch = a->run.epoch;
    memcpy(call->state, a->run.state, sizeof(call->state));
    call->ticket.project = a->run.project_number;
    TRY(load_writer(a, db, err));
    call->next_seq = a->next_seq;
    return TRACK_OK;
}

track_status append_store(struct append *a, struct db *db, track_error *err)
{
    if (a->body->count > 0) {
        TRY(add_frames(a, db, err));
    } else {
        TRY(db_exec(db, QUERY_writer_seen,
                    DB_IN(db_i(a->run.node), db_b(a->writer), db_i(a->call->now_us)), err));
    }
    return hear(a, db, err);
}
