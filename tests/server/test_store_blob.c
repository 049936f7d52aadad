/* Shows that bytes come back as they were sent, whole and in ranges, whatever their size and kind,
 * and that nothing wrong is kept.
 * How: a real store; content of sizes around each limit. */
#include "../../core/hash.h"
#include "../../server/blobs.h"
#include "../../server/store_base.h"
#include "../../server/store_blob.h"
#include "../harness.h"
#include "faulty_db.h"
#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BIG = BLOB_SQUEEZE_BYTES + 4096 };

/* Text compresses, noise does not. */
static struct bytes content(struct fixture *f, size_t size, bool noise)
{
    unsigned char *at = arena_alloc(&f->arena, size ? size : 1, 1);
    uint64_t state = 42;
    for (size_t i = 0; i < size; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        at[i] =
            noise ? (unsigned char)(state >> 56) : (unsigned char)"epoch 17 loss 0.25\n"[i % 19];
    }
    return (struct bytes){at, size};
}

static track_status send(struct fixture *f, struct bytes in, struct bytes digest, int64_t size,
                         bool *known)
{
    struct upload *u = NULL;
    struct upload_want want = {.digest = digest, .size = size, .now_us = NOW_US};
    struct upload_end end = {.known = false};
    track_status status = store_upload_begin(f->store, &want, &u, &f->err);
    for (size_t at = 0; status == TRACK_OK && at < in.size;) {
        size_t part = in.size - at < 100000 ? in.size - at : 100000;
        status = store_upload_part(u, (struct bytes){in.at + at, part}, &f->err);
        at += part;
    }
    if (status == TRACK_OK) {
        status = store_upload_end(u, &end, &f->err);
        status = fixture_wait(f, status, &end.ticket);
    }
    store_upload_release(u);
    *known = end.known;
    return status;
}

static struct bytes digest_of(struct fixture *f, struct bytes in)
{
    struct digest *d = ARENA_NEW(&f->arena, struct digest);
    return hash_sha256(in, d, NULL) == TRACK_OK ? (struct bytes){d->at, sizeof(d->at)}
                                                : (struct bytes){NULL, 0};
}

/* Reads [at, at + size) back and compares. */
static bool reads(struct fixture *f, const struct blob *blob, struct bytes in, size_t at,
                  size_t size)
{
    AUTO_BUF out = BUF(BLOB_READ_BYTES_MAX);
    return store_blob_read(f->store, blob, (int64_t)at, size, &out, &f->err) == TRACK_OK &&
           out.size == size && (size == 0 || memcmp(out.at, in.at + at, size) == 0);
}

static bool comes_back(struct fixture *f, const struct blob *blob, struct bytes in)
{
    for (size_t at = 0; at < in.size; at += BLOB_READ_BYTES_MAX) {
        size_t left = in.size - at;
        if (!reads(f, blob, in, at, left < BLOB_READ_BYTES_MAX ? left : BLOB_READ_BYTES_MAX)) {
            return false;
        }
    }
    return reads(f, blob, in, in.size, 0) && reads(f, blob, in, in.size / 3, in.size ? 1 : 0) &&
           (in.size < 3 << 20 || reads(f, blob, in, (1 << 20) - 7, 1 << 20));
}

static void check_round_trip(size_t size, bool noise, int64_t enc, bool inlined)
{
    FIXTURE(f);
    bool known;
    struct blob blob;
    struct bytes in = content(&f, size, noise), digest = digest_of(&f, in);
    CHECK_INT(send(&f, in, digest, (int64_t)size, &known), TRACK_OK);
    CHECK(!known);
    CHECK_INT(store_blob_get(f.store, digest, &f.arena, &blob, &f.err), TRACK_OK);
    CHECK_INT(blob.size, size);
    CHECK_INT(blob.enc, enc);
    CHECK((blob.loc[0] == '\0') == inlined);
    CHECK(comes_back(&f, &blob, in));
    CHECK_INT(send(&f, in, digest, (int64_t)size, &known), TRACK_OK);
    CHECK(known);
}

TEST(store_blob, gives_every_size_back)
{
    check_round_trip(0, false, 0, true);
    check_round_trip(1, false, 0, true);
    check_round_trip(BLOB_INLINE_BYTES, false, 1, true);
    check_round_trip(BLOB_INLINE_BYTES, true, 0, true);
    check_round_trip(BLOB_INLINE_BYTES + 1, false, 1, false);
    check_round_trip(BLOB_INLINE_BYTES + 1, true, 0, false);
    check_round_trip(5 << 20, false, 1, false);
    check_round_trip(5 << 20, true, 0, false);
    check_round_trip(BLOB_SQUEEZE_BYTES, false, 1, false);
    check_round_trip(BIG, false, 0, false);
}

TEST(store_blob, keeps_nothing_that_is_wrong)
{
    FIXTURE(f);
    bool known;
    struct blob blob;
    struct bytes in = content(&f, 200000, true), digest = digest_of(&f, in);
    struct bytes other = content(&f, 200000, false), small = content(&f, 100, false);
    CHECK_INT(send(&f, other, digest, 200000, &known), TRACK_INVALID);
    CHECK_INT(send(&f, (struct bytes){in.at, 199999}, digest, 200000, &known), TRACK_INVALID);
    CHECK_INT(send(&f, in, digest, 199999, &known), TRACK_INVALID);
    CHECK_INT(send(&f, small, digest, 100, &known), TRACK_INVALID);
    CHECK_INT(store_blob_get(f.store, digest, &f.arena, &blob, &f.err), TRACK_NOT_FOUND);
    CHECK_INT(send(&f, in, (struct bytes){digest.at, 31}, 200000, &known), TRACK_INVALID);
    CHECK_INT(send(&f, in, digest, -1, &known), TRACK_INVALID);
    CHECK_INT(send(&f, in, digest, BLOB_BYTES_MAX + 1, &known), TRACK_TOO_LARGE);
}

TEST(store_blob, says_which_are_missing)
{
    FIXTURE(f);
    bool known;
    size_t missing[2], count;
    struct bytes a = content(&f, 10, false), b = content(&f, 11, false);
    struct bytes digests[2] = {digest_of(&f, a), digest_of(&f, b)};
    CHECK_INT(send(&f, a, digests[0], 10, &known), TRACK_OK);
    CHECK_INT(store_blob_missing(f.store, digests, 2, missing, &count, &f.err), TRACK_OK);
    CHECK_INT(count, 1);
    CHECK_INT(missing[0], 1);
    CHECK_INT(store_blob_missing(f.store, digests, 0, missing, &count, &f.err), TRACK_INVALID);
}

TEST(store_blob, refuses_ranges_outside)
{
    FIXTURE(f);
    AUTO_BUF out = BUF(BLOB_READ_BYTES_MAX + 1);
    bool known;
    struct blob blob;
    struct bytes in = content(&f, 1000, false), digest = digest_of(&f, in);
    CHECK_INT(send(&f, in, digest, 1000, &known), TRACK_OK);
    CHECK_INT(store_blob_get(f.store, digest, &f.arena, &blob, &f.err), TRACK_OK);
    CHECK_INT(store_blob_read(f.store, &blob, 1001, 0, &out, &f.err), TRACK_INVALID);
    CHECK_INT(store_blob_read(f.store, &blob, 1, 1000, &out, &f.err), TRACK_INVALID);
    CHECK_INT(store_blob_read(f.store, &blob, -1, 1, &out, &f.err), TRACK_INVALID);
    CHECK_INT(store_blob_read(f.store, &blob, 0, 1000, &out, &f.err), TRACK_OK);
}

TEST(store_blob, notices_objects_that_are_gone)
{
    FIXTURE(f);
    AUTO_BUF out = BUF(1 << 20);
    bool known;
    int fd;
    struct blob blob;
    struct bytes in = content(&f, 100000, true), digest = digest_of(&f, in);
    CHECK_INT(send(&f, in, digest, 100000, &known), TRACK_OK);
    CHECK_INT(store_blob_get(f.store, digest, &f.arena, &blob, &f.err), TRACK_OK);
    CHECK_INT(store_blob_open(f.store, &blob, &fd, &f.err), TRACK_OK);
    CHECK(fd >= 0);
    close(fd);
    CHECK_INT(blobs_remove(store_blobs(f.store), blob.loc, &f.err), TRACK_OK);
    CHECK_INT(store_blob_read(f.store, &blob, 0, 10, &out, &f.err), TRACK_CORRUPT);
    CHECK_INT(store_blob_open(f.store, &blob, &fd, &f.err), TRACK_CORRUPT);
}

TEST(store_blob, refuses_uploads_when_the_disk_is_nearly_full)
{
    FIXTURE(f);
    fixture_reopen(&f, &(struct store_options){.free_bytes_min = INT64_MAX / 2});
    CHECK(f.store);
    bool known;
    struct bytes in = content(&f, 10, false);
    CHECK_INT(send(&f, in, digest_of(&f, in), 10, &known), TRACK_FULL);
}

TEST(store_blob, settles_a_commit_of_unknown_outcome)
{
    static const size_t sizes[] = {100, 200000};
    for (int i = 0; i < 2; i++) {
        __attribute__((cleanup(fixture_close))) struct fixture f = {0};
        fixture_open(&f, &db_faulty);
        CHECK(f.store);
        bool known;
        struct blob blob;
        struct bytes in = content(&f, sizes[i], true), digest = digest_of(&f, in);
        struct upload *u = NULL;
        struct upload_want want = {.digest = digest, .size = (int64_t)in.size, .now_us = NOW_US};
        struct upload_end end = {.known = true};
        CHECK_INT(store_upload_begin(f.store, &want, &u, &f.err), TRACK_OK);
        track_status status = store_upload_part(u, in, &f.err);
        CHECK_INT(store_reap(f.store, NOW_US, &f.err), TRACK_OK); /* what was queued is done */
        faulty_db_at(FAULTY_AFTER_COMMIT, 1, TRACK_IO, DB_UNKNOWN);
        status = status == TRACK_OK ? store_upload_end(u, &end, &f.err) : status;
        status = fixture_wait(&f, status, &end.ticket);
        store_upload_release(u);
        CHECK_INT(status, TRACK_OK);
        CHECK_INT(store_blob_get(f.store, digest, &f.arena, &blob, &f.err), TRACK_OK);
        CHECK(comes_back(&f, &blob, in));
        CHECK_INT(send(&f, in, digest, (int64_t)in.size, &known), TRACK_OK);
        CHECK(known);
    }
}
