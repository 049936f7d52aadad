/* Shows that a change of packs takes exactly what was read, all or nothing, however often and by
 * however many it is tried.
 * How: real frames in a real journal; packs of any bytes, because rows do not look into them. */
#include "../../server/store_pack.h"

#include "../../server/blobs.h"
#include "../../server/check.h"
#include "../../server/store_base.h"
#include "../../server/store_blob.h"
#include "../harness.h"
#include "faulty_db.h"
#include "packs.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 6, BIG = 100000 };

/* One journal row for each frame first..last of a writer. */
static bool send(struct fixture *f, unsigned char writer, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        struct journal_append call = {.run = RUN_A, .now_us = NOW_US};
        struct fixture_frame frame = {
            .writer = writer, .seq = seq, .rows = 3, .defines = seq == 0 ? "loss" : NULL};
        call.body = fixture_frame(f, &frame);
        call.ticket.arena = &f->arena;
        if (fixture_wait(f, journal_append(f->store, &call, &f->err), &call.ticket) != TRACK_OK) {
            return false;
        }
    }
    return true;
}

static bool begin(struct fixture *f)
{
    struct run_put call;
    return fixture_put(f, RUN_A, "vision", &call) == TRACK_OK && send(f, 1, 0, ROWS - 1);
}

static struct pack_range range(unsigned char writer, int64_t lo, int64_t hi)
{
    struct pack_range r = {.seq_lo = lo, .seq_hi = hi, .rows = hi - lo + 1};
    memset(r.writer, writer, sizeof(r.writer));
    return r;
}

/* A change that seals ranges into a pack with this content. */
struct sealing {
    struct upload *upload;
    struct object object;
    struct pack pack;
    struct pack_change call;
};

static track_status seal(struct fixture *f, const struct pack_range *ranges, size_t count,
                         const char *content, struct sealing *s)
{
    *s = (struct sealing){0};
    TRY(packs_upload(f, content, strlen(content), &s->upload, &s->object));
    s->pack = (struct pack){.digest = s->object.digest, .kind = PACK_POINTS, .n = 3, .series = 1};
    s->call = (struct pack_change){
        .run_node = packs_run(f),
        .ranges = ranges,
        .range_count = count,
        .news = &s->pack,
        .objects = &s->object,
        .new_count = 1,
        .now_us = NOW_US,
    };
    track_status status = store_pack_change(f->store, &s->call, &f->err);
    status = fixture_wait(f, status, &s->call.ticket);
    store_upload_release(s->upload);
    return status;
}

static size_t packs(struct fixture *f)
{
    struct pack_list list = {NULL, 0};
    return store_pack_list(f->store, packs_run(f), &f->arena, &list, &f->err) == TRACK_OK
               ? list.count
               : 99;
}

static void say(void *data, const char *line)
{
    (void)data;
    fprintf(stderr, "check: %s\n", line);
}

/* `trackd check` finds nothing, but for what the packs hold; the store is open again after it. */
static bool clean(struct fixture *f)
{
    struct check_counts counts;
    struct check_options options = {.data = f->dir, .quick = true, .say = say};
    store_close(f->store);
    f->store = NULL;
    bool good = check_run(&options, &counts, &f->err) == TRACK_OK;
    fixture_reopen(f, &(struct store_options){.free_bytes_min = 1});
    return good;
}

TEST(store_pack, takes_exactly_the_rows_that_were_read)
{
    FIXTURE(f);
    struct sealing s;
    CHECK(begin(&f));
    struct pack_range ranges[] = {range(1, 0, 1), range(1, 3, 4)}; /* 2 and 5 stay */
    CHECK_INT(seal(&f, ranges, 2, "first", &s), TRACK_OK);
    CHECK(!s.call.done_before);
    CHECK_INT(packs_waiting(&f), 2);
    CHECK_INT(packs(&f), 1);
    CHECK(clean(&f));
    CHECK(send(&f, 1, ROWS, ROWS)); /* the watermark has stayed where it was */
    CHECK(send(&f, 1, ROWS, ROWS));
    CHECK_INT(packs_waiting(&f), 3);
}

TEST(store_pack, does_nothing_when_a_row_has_gone)
{
    FIXTURE(f);
    struct sealing s;
    CHECK(begin(&f) && send(&f, 2, 0, 1));
    struct pack_range first = range(1, 2, 3);
    CHECK_INT(seal(&f, &first, 1, "first", &s), TRACK_OK);
    struct pack_range all[] = {range(1, 0, ROWS - 1), range(2, 0, 1)};
    CHECK_INT(seal(&f, all, 2, "all", &s), TRACK_CONFLICT);
    CHECK_INT(packs_waiting(&f), 6);
    CHECK_INT(packs(&f), 1);
    struct pack_range more = range(2, 0, 1);
    more.rows = 3; /* a row that came into the range after it was read would be as many too few */
    CHECK_INT(seal(&f, &more, 1, "more", &s), TRACK_CONFLICT);
    CHECK_INT(packs_waiting(&f), 6);
    CHECK(clean(&f));
}

TEST(store_pack, settles_a_second_try_of_the_same_change)
{
    FIXTURE(f);
    struct sealing s;
    CHECK(begin(&f));
    struct pack_range all = range(1, 0, ROWS - 1);
    CHECK_INT(seal(&f, &all, 1, "all", &s), TRACK_OK);
    CHECK_INT(seal(&f, &all, 1, "all", &s), TRACK_OK);
    CHECK(s.call.done_before);
    CHECK_INT(seal(&f, &all, 1, "other", &s), TRACK_CONFLICT); /* rows are gone, for another pack */
    CHECK_INT(packs(&f), 1);
    CHECK(clean(&f));
}

TEST(store_pack, takes_rows_for_a_pack_that_is_there)
{
    FIXTURE(f);
    struct sealing s;
    CHECK(begin(&f));
    struct pack_range one = range(1, 0, 0), two = range(1, 1, 1);
    CHECK_INT(seal(&f, &one, 1, "repeated points", &s), TRACK_OK);
    CHECK_INT(seal(&f, &two, 1, "repeated points", &s), TRACK_OK);
    CHECK(!s.call.done_before);
    CHECK_INT(packs_waiting(&f), ROWS - 2);
    CHECK_INT(packs(&f), 1);
    CHECK(clean(&f));
}

TEST(store_pack, settles_a_commit_of_unknown_outcome)
{
    static const enum faulty_call calls[] = {FAULTY_COMMIT, FAULTY_AFTER_COMMIT};
    for (size_t i = 0; i < 2; i++) {
        __attribute__((cleanup(fixture_close))) struct fixture f = {0};
        struct sealing s;
        fixture_open(&f, &db_faulty);
        CHECK(f.store && begin(&f));
        struct pack_range all = range(1, 0, ROWS - 1);
        faulty_db_at(calls[i], 1, TRACK_IO, DB_UNKNOWN);
        CHECK_INT(seal(&f, &all, 1, "all", &s), TRACK_OK);
        CHECK_INT(packs(&f), 1);
        CHECK_INT(packs_waiting(&f), 0);
    }
}

/* Merges the packs with these contents. */
static track_status merge(struct fixture *f, const char *a, const char *b, const char *content,
                          struct sealing *s)
{
    struct bytes olds[] = {packs_digest(f, a), packs_digest(f, b)};
    *s = (struct sealing){0};
    TRY(packs_upload(f, content, strlen(content), &s->upload, &s->object));
    s->pack = (struct pack){
        .digest = s->object.digest, .kind = PACK_POINTS, .level = 1, .n = 6, .series = 1};
    s->call = (struct pack_change){
        .run_node = packs_run(f),
        .olds = olds,
        .old_count = 2,
        .news = &s->pack,
        .objects = &s->object,
        .new_count = 1,
        .now_us = NOW_US + 1,
    };
    track_status status = store_pack_change(f->store, &s->call, &f->err);
    status = fixture_wait(f, status, &s->call.ticket);
    store_upload_release(s->upload);
    return status;
}

static bool has_blob(struct fixture *f, const char *content)
{
    struct blob blob;
    return store_blob_get(f->store, packs_digest(f, content), &f->arena, &blob, &f->err) ==
           TRACK_OK;
}

TEST(store_pack, merges_packs_and_drops_their_blobs)
{
    FIXTURE(f);
    struct sealing s;
    char *big = arena_alloc(&f.arena, BIG + 1, 1);
    CHECK(big && begin(&f));
    memset(big, 'x', BIG);
    big[BIG] = '\0';
    struct pack_range one = range(1, 0, 2), two = range(1, 3, 5);
    CHECK_INT(seal(&f, &one, 1, "one", &s), TRACK_OK);
    CHECK_INT(seal(&f, &two, 1, "two", &s), TRACK_OK);
    CHECK_INT(merge(&f, "one", "other", "?", &s), TRACK_CONFLICT);
    CHECK(has_blob(&f, "one") && packs(&f) == 2); /* what went came back */
    CHECK_INT(merge(&f, "one", "two", big, &s), TRACK_OK);
    CHECK(packs(&f) == 1 && !has_blob(&f, "one") && !has_blob(&f, "two"));
    struct pack_list list;
    CHECK_INT(store_pack_list(f.store, packs_run(&f), &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.at[0].level == 1 && list.at[0].n == 6 && list.at[0].enc == 0);
    CHECK(list.at[0].stored == BIG && blobs_loc_check(list.at[0].loc)); /* raw, in a file */
    CHECK_INT(merge(&f, "one", "two", "late", &s), TRACK_CONFLICT);
    CHECK(clean(&f));
}

TEST(store_pack, keeps_final_packs_and_bounds_changes)
{
    FIXTURE(f);
    struct sealing s;
    CHECK(begin(&f));
    struct pack_range one = range(1, 0, 2);
    s = (struct sealing){0};
    CHECK_INT(packs_upload(&f, "final", 5, &s.upload, &s.object), TRACK_OK);
    s.pack = (struct pack){.digest = s.object.digest, .kind = PACK_POINTS, .rev = 1};
    s.call = (struct pack_change){.run_node = packs_run(&f),
                                  .ranges = &one,
                                  .range_count = 1,
                                  .news = &s.pack,
                                  .objects = &s.object,
                                  .new_count = 1};
    track_status status = store_pack_change(f.store, &s.call, &f.err);
    status = fixture_wait(&f, status, &s.call.ticket);
    store_upload_release(s.upload);
    CHECK_INT(status, TRACK_OK);
    struct pack_range two = range(1, 3, 5);
    CHECK_INT(seal(&f, &two, 1, "two", &s), TRACK_OK);
    CHECK_INT(merge(&f, "final", "two", "both", &s), TRACK_CONFLICT);
    CHECK_INT(packs(&f), 2);
    s.call.range_count = PACK_CHANGE_MAX + 1;
    CHECK_INT(store_pack_change(f.store, &s.call, &f.err), TRACK_INVALID);
    s.call = (struct pack_change){.new_count = 1};
    CHECK_INT(store_pack_change(f.store, &s.call, &f.err), TRACK_INVALID);
}

TEST(store_pack, pages_rows_and_reads_their_frames)
{
    FIXTURE(f);
    AUTO_READ struct read r = {0};
    struct journal_head *heads = ARENA_ARRAY(&f.arena, struct journal_head, PACK_HEADS_MAX);
    size_t count = 0;
    struct bytes body;
    CHECK(heads && begin(&f) && send(&f, 2, 0, 0));
    struct head_ask ask = {.run_node = packs_run(&f)};
    CHECK_INT(store_read_begin(f.store, &r, &f.err), TRACK_OK);
    CHECK_INT(journal_heads(r.db, &ask, heads, &count, &f.err), TRACK_OK);
    CHECK_INT(count, ROWS + 1);
    CHECK(heads[0].seq_lo == 0 && heads[0].points == 3 && heads[ROWS].writer[0] == 2);
    struct journal_head last = heads[ROWS - 1];
    CHECK_INT(journal_body(r.db, ask.run_node, &last, &f.arena, &body, &f.err), TRACK_OK);
    CHECK_INT(body.size, last.bytes);
    ask.after = &last;
    CHECK_INT(journal_heads(r.db, &ask, heads, &count, &f.err), TRACK_OK);
    CHECK(count == 1 && heads[0].writer[0] == 2);
    ask.epoch = 1;
    CHECK_INT(journal_heads(r.db, &ask, heads, &count, &f.err), TRACK_OK);
    CHECK_INT(count, 0);
    last.seq_lo = 77;
    CHECK_INT(journal_body(r.db, ask.run_node, &last, &f.arena, &body, &f.err), TRACK_OK);
    CHECK_INT(body.size, 0);
}

TEST(store_pack, finds_runs_with_packs_to_merge)
{
    FIXTURE(f);
    struct run_nodes runs;
    CHECK(begin(&f) && send(&f, 1, ROWS, PACK_FAN_IN - 1));
    for (int i = 0; i < PACK_FAN_IN; i++) {
        struct sealing s;
        char content[32];
        struct pack_range one = range(1, i, i);
        CHECK_INT(store_pack_many(f.store, &f.arena, &runs, &f.err), TRACK_OK);
        CHECK_INT(runs.count, 0);
        snprintf(content, sizeof(content), "pack %d", i);
        CHECK_INT(seal(&f, &one, 1, content, &s), TRACK_OK);
    }
    CHECK_INT(store_pack_many(f.store, &f.arena, &runs, &f.err), TRACK_OK);
    CHECK(runs.count == 1 && runs.at[0] == packs_run(&f));
}
