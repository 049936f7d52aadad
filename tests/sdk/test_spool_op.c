/* Requests that wait are read back as they were; a torn one at the end never was. */
#include "../../sdk/spool_op.h"
#include "../harness.h"
#include "folder.h"

static const struct op sample = {.method = "PUT",
                                 .path = "/files",
                                 .type = "application/json",
                                 .body = {(const unsigned char *)"{\"a\":\0}", 7},
                                 .blob = "files/x",
                                 .digest = "ab",
                                 .blob_bytes = UINT64_C(1) << 40,
                                 .blob_time_ns = -5};

TEST(spool_op, reads_back_what_was_added)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    struct spool_ops o;
    struct op got;
    uint64_t next = 0;
    CHECK(spool_ops_open(f.dir, &o, NULL) == TRACK_OK);
    CHECK(spool_ops_read(&o, 0, &arena, &got, &next, NULL) == TRACK_NOT_FOUND);
    CHECK(spool_ops_add(&o, &sample, NULL) == TRACK_OK);
    CHECK(spool_ops_add(&o, &(struct op){.method = "POST", .path = "", .type = ""}, NULL) ==
          TRACK_OK);
    CHECK(spool_ops_flush(&o, NULL) == TRACK_OK);
    spool_ops_close(&o);
    CHECK(spool_ops_open(f.dir, &o, NULL) == TRACK_OK);
    CHECK(spool_ops_read(&o, 0, &arena, &got, &next, NULL) == TRACK_OK);
    CHECK(strcmp(got.method, "PUT") == 0 && strcmp(got.path, "/files") == 0);
    CHECK(got.body.size == 7 && memcmp(got.body.at, sample.body.at, 7) == 0);
    CHECK(strcmp(got.blob, "files/x") == 0 && strcmp(got.digest, "ab") == 0);
    CHECK(got.blob_bytes == UINT64_C(1) << 40 && got.blob_time_ns == -5);
    CHECK(spool_ops_read(&o, next, &arena, &got, &next, NULL) == TRACK_OK);
    CHECK(strcmp(got.method, "POST") == 0 && got.body.size == 0);
    CHECK_INT(next, spool_ops_bytes(&o));
    spool_ops_close(&o);
}

TEST(spool_op, cuts_a_torn_request_off)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool_ops o;
    CHECK(spool_ops_open(f.dir, &o, NULL) == TRACK_OK);
    CHECK(spool_ops_add(&o, &sample, NULL) == TRACK_OK);
    uint64_t whole = spool_ops_bytes(&o);
    CHECK(spool_ops_add(&o, &sample, NULL) == TRACK_OK);
    uint64_t both = spool_ops_bytes(&o);
    spool_ops_close(&o);
    for (uint64_t size = both - 1; size > whole; size--) {
        int fd = openat(f.dir, "ops.trk", O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
        close(fd);
        CHECK(spool_ops_open(f.dir, &o, NULL) == TRACK_OK);
        CHECK_INT(spool_ops_bytes(&o), whole);
        spool_ops_close(&o);
    }
}

TEST(spool_op, notices_damage)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    struct spool_ops o;
    struct op got;
    uint64_t next = 0;
    CHECK(spool_ops_open(f.dir, &o, NULL) == TRACK_OK);
    CHECK(spool_ops_add(&o, &sample, NULL) == TRACK_OK);
    CHECK(pwrite(o.fd, "x", 1, 20) == 1);
    CHECK(spool_ops_read(&o, 0, &arena, &got, &next, NULL) == TRACK_CORRUPT);
    spool_ops_close(&o);
}

TEST(spool_op, refuses_a_request_over_its_limit)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    AUTO_ARENA arena = ARENA(OP_BYTES_MAX + 65536);
    struct spool_ops o;
    struct op op = sample;
    op.body = (struct bytes){arena_alloc(&arena, OP_BYTES_MAX, 1), OP_BYTES_MAX};
    CHECK(op.body.at && spool_ops_open(f.dir, &o, NULL) == TRACK_OK);
    CHECK(spool_ops_add(&o, &op, NULL) == TRACK_TOO_LARGE);
    CHECK_INT(spool_ops_bytes(&o), 0);
    spool_ops_close(&o);
}
