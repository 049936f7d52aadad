#include "../core/frame.h"
#include "check_base.h"
#include "journal.h"
#include "journal_body.h"

#include <string.h>

enum { BODY_BYTES = 64 << 20, CRC_BYTES = 4, HEX_BYTES = 33 };

/* A writer being checked: what its row promises, and what was seen of its frames. */
struct writer_check {
    struct check *check;
    const char *run;
    struct bytes id, recent;
    int64_t next_seq, next_key, gaps, points; /* its row */
    int64_t sealed_frames, sealed_points;     /* its row: what has left the journal for packs */
    int64_t seq, found_gaps;                  /* so far: the seq that comes next, ... */
    int64_t found_frames, found_points;
    size_t keys; /* of its dictionary */
};

static const char *hex_of(struct bytes id, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < id.size && i < 16; i++) {
        out[2 * i] = digits[id.at[i] >> 4];
        out[2 * i + 1] = digits[id.at[i] & 15];
        out[2 * i + 2] = '\0';
    }
    return out;
}

static void wrong(struct writer_check *w, const char *what, int64_t a, int64_t b)
{
    char hex[HEX_BYTES] = "";
    check_wrong(w->check, "run %s, writer %s: %s (%lld, %lld)", w->run, hex_of(w->id, hex), what,
                (long long)a, (long long)b);
}

/* The CRC of a recent frame must be the one that the writer's row remembers. */
static void check_recent(struct writer_check *w, const struct body_frame *f)
{
    int64_t held = (int64_t)(w->recent.size / CRC_BYTES), back = w->next_seq - f->seq;
    if (back > held || back < 1) {
        return;
    }
    const unsigned char *at = w->recent.at + (held - back) * CRC_BYTES;
    uint32_t crc = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    if (crc != f->content_crc) {
        wrong(w, "the content of a frame is not what the row remembers", f->seq, back);
    }
}

static void check_frames(struct writer_check *w, const struct journal_row *row,
                         const struct body *body)
{
    int64_t n = 0;
    for (size_t i = 0; i < body->count; i++) {
        const struct body_frame *f = &body->frames[i];
        n += f->count;
        if (f->keys_end > w->next_key) {
            wrong(w, "a frame uses a key that is not defined", f->seq, f->keys_end - 1);
        }
        check_recent(w, f);
    }
    int64_t lo = body->count ? body->frames[0].seq : -1;
    int64_t hi = body->count ? body->frames[body->count - 1].seq : -1;
    if (lo != row->seq_lo || hi != row->seq_hi) {
        wrong(w, "a row's frames are not those that it names", row->seq_lo, row->seq_hi);
    }
    if (n != row->points) {
        wrong(w, "a row counts other points than its frames have", row->points, n);
    }
    if (memcmp(body->writer.at, w->id.at, body->writer.size) != 0) {
        wrong(w, "a row has frames of another writer", row->seq_lo, row->seq_hi);
    }
    w->check->counts->frames += (int64_t)body->count;
    w->check->counts->points += n;
    w->found_frames += (int64_t)body->count;
    w->found_points += n;
}

static track_status check_row(void *data, const struct journal_row *row, track_error *err)
{
    (void)err;
    struct writer_check *w = data;
    AUTO_ARENA arena = ARENA(BODY_BYTES);
    struct body body;
    track_error why = {0};
    if (row->seq_lo < w->seq) {
        wrong(w, "frames are there twice", row->seq_lo, w->seq);
    }
    w->found_gaps += row->seq_lo > w->seq;
    w->seq = row->seq_hi + 1;
    track_status status = body_decode(row->body, &arena, &body, &why);
    if (status == TRACK_NOMEM) {
        return FAIL(err, status, "%s", why.message);
    }
    if (status != TRACK_OK) {
        wrong(w, why.message, row->seq_lo, row->seq_hi);
        return TRACK_OK;
    }
    check_frames(w, row, &body);
    return TRACK_OK;
}

/* Every frame is in the journal, or was counted when it was sealed. */
static void check_seqs(struct writer_check *w)
{
    int64_t frames = w->found_frames + w->sealed_frames;
    bool sealed = w->sealed_frames > 0;
    if (!sealed && w->found_gaps != w->gaps) {
        wrong(w, "there are gaps between frames", w->found_gaps, w->gaps);
    }
    if (sealed ? w->seq > w->next_seq || frames > w->next_seq : w->seq != w->next_seq) {
        wrong(w, "acknowledged frames are missing", w->seq, w->next_seq);
    }
    if (sealed && w->gaps == 0 && frames != w->next_seq) {
        wrong(w, "acknowledged frames are missing", frames, w->next_seq);
    }
}

static track_status check_writer(struct writer_check *w, int64_t run_node, struct arena *arena,
                                 track_error *err)
{
    struct journal_range range = {.run_node = run_node, .writer = w->id, .from_seq = 0};
    struct journal_keys keys;
    track_error why = {0};
    TRY(journal_each(w->check->db, &range, check_row, w, err));
    check_seqs(w);
    if (w->found_points + w->sealed_points != w->points) {
        wrong(w, "the row counts other points than its frames have", w->points,
              w->found_points + w->sealed_points);
    }
    track_status status = journal_key_list(w->check->db, run_node, w->id, arena, &keys, &why);
    if (status == TRACK_CORRUPT) {
        wrong(w, why.message, 0, w->next_key);
        return TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    bool dense = keys.count == 0 || keys.at[keys.count - 1].number + 1 == (int64_t)keys.count;
    if ((int64_t)keys.count != w->next_key || !dense) {
        wrong(w, "key definitions are missing", (int64_t)keys.count, w->next_key);
    }
    return TRACK_OK;
}

static track_status writer_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct writer_check *w = at;
    w->next_seq = db_get_i(&c[1]);
    w->next_key = db_get_i(&c[2]);
    w->gaps = db_get_i(&c[3]);
    w->points = db_get_i(&c[4]);
    TRY(db_copy_bytes(g->arena, &c[0], &w->id, err));
    w->sealed_frames = db_get_i(&c[6]);
    w->sealed_points = db_get_i(&c[7]);
    return db_copy_bytes(g->arena, &c[5], &w->recent, err);
}

static track_status check_one(struct check *c, const struct check_run *run, struct arena *arena,
                              track_error *err)
{
    struct gather writers = GATHER(arena, struct writer_check);
    TRY(db_run(c->db, QUERY_check_writer_list, DB_IN(db_i(run->node)), writer_row, &writers, err));
    struct writer_check *at = writers.at;
    for (size_t i = 0; i < writers.count; i++) {
        at[i].check = c;
        at[i].run = run->id;
        TRY(check_writer(&at[i], run->node, arena, err));
    }
    c->counts->runs++;
    return TRACK_OK;
}

track_status check_journal(struct check *c, track_error *err)
{
    return check_runs(c, check_one, err);
}
