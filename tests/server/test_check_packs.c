/* Shows that a check finds packs that are not what their rows or their points say.
 * How: sealed rows of a real run; a pack of which one number is changed, with its digest. */
#include "../../server/check.h"

#include "../../core/hash.h"
#include "../../server/seal_run.h"
#include "../../server/store_blob.h"
#include "../harness.h"
#include "sealed.h"

#include <stdio.h>
#include <string.h>

static void keep_line(void *data, const char *line)
{
    snprintf(data, 512, "%s", line);
}

/* Checks, and opens the store again: what was found first, "" for nothing. */
static bool finds(struct points *p, const char *says, int64_t packs)
{
    char line[512] = "";
    struct check_counts counts;
    struct check_options options = {.data = p->f.dir, .say = keep_line, .say_data = line};
    tail_close(p->tail);
    p->tail = NULL;
    store_close(p->f.store);
    p->f.store = NULL;
    track_status status = check_run(&options, &counts, &p->f.err);
    fixture_reopen(&p->f, &(struct store_options){.free_bytes_min = 1});
    bool good = *says ? status == TRACK_CORRUPT && strstr(line, says)
                      : status == TRACK_OK && counts.packs == packs;
    if (!good) {
        fprintf(stderr, "check: %s\n", line);
    }
    return good && p->f.store;
}

/* Seals what is in the journal. */
static bool seal(struct points *p)
{
    struct seal_did did;
    struct seal_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    return seal_run(&ask, &did, &p->f.err) == TRACK_OK && did.rows > 0;
}

/* Puts a pack in the place of the only one: like it, or with one thing changed. */
struct forgery {
    int64_t n;    /* added to the points that the row counts */
    size_t flip;  /* a byte of the pack to change; 0: none */
    bool foreign; /* of another run */
};

static track_status replace(struct points *p, const struct forgery *how)
{
    struct fixture *f = &p->f;
    struct pack_list list = sealed_packs(f, RUN_A);
    struct pack pack = list.at[0];
    struct bytes bytes = sealed_bytes(f, &pack), old = pack.digest;
    unsigned char *at = (unsigned char *)arena_text(&f->arena, (const char *)bytes.at, bytes.size);
    struct upload *upload = NULL;
    struct object object;
    struct digest digest;
    struct pack_head head;
    TRY(pack_decode_head((struct bytes){bytes.at, PACK_HEAD_BYTES}, &head, &f->err));
    if (how->flip) {
        at[how->flip] ^= 1;
    }
    if (how->foreign) {
        AUTO_BUF out = BUF(PACK_HEAD_BYTES);
        head.run[0] ^= 1;
        TRY(pack_encode_head(&head, &out, &f->err));
        memcpy(at, out.at, out.size);
    }
    struct bytes in = {at, bytes.size};
    TRY(hash_sha256(in, &digest, &f->err));
    struct upload_want want = {.digest = {digest.at, sizeof(digest.at)},
                               .size = (int64_t)in.size,
                               .now_us = NOW_US,
                               .raw = true};
    TRY(store_upload_begin(f->store, &want, &upload, &f->err));
    TRY(store_upload_part(upload, in, &f->err));
    TRY(store_upload_settle(upload, &object, &f->err));
    pack.digest = object.digest;
    pack.n += how->n;
    struct pack_change call = {.run_node = sealed_run(f, RUN_A),
                               .olds = &old,
                               .old_count = 1,
                               .news = &pack,
                               .objects = &object,
                               .new_count = 1,
                               .now_us = NOW_US};
    track_status status = store_pack_change(f->store, &call, &f->err);
    status = fixture_wait(f, status, &call.ticket);
    store_upload_release(upload);
    return status;
}

/* A pack that is changed in this way is found. */
static void finds_forgery(struct forgery how, const char *says)
{
    POINTS(p);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(points_add_one(&p, "loss", i, i * 0.1), TRACK_OK);
    }
    CHECK(seal(&p) && finds(&p, "", 1));
    CHECK_INT(replace(&p, &how), TRACK_OK);
    CHECK(finds(&p, says, 1));
}

TEST(check_packs, finds_changed_bytes)
{
    finds_forgery((struct forgery){.flip = PACK_HEAD_BYTES + 3}, "pack ");
}

TEST(check_packs, finds_a_pack_of_another_run)
{
    finds_forgery((struct forgery){.foreign = true}, "it holds points of another run");
}

TEST(check_packs, finds_a_row_that_counts_other_points)
{
    finds_forgery((struct forgery){.n = 1},
                  "its row says counts or ranges that are not the pack's");
}
