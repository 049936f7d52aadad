/* Shows that an object is there whole or not at all, that names from outside reach nothing, and
 * that every failure of the disk is told. How: a directory of its own; each write, fsync and link
 * failing in turn. */
#include "../../server/blobs.h"

#include "../fault.h"
#include "../harness.h"
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char digest[32] = {0xab, 1, 2, 3};

struct place {
    char dir[64], loc[BLOBS_LOC_BYTES + 1];
    int fd;
    struct blobs *blobs;
    track_error err;
};

static void place_open(struct place *p)
{
    snprintf(p->dir, sizeof(p->dir), "/tmp/track-test-XXXXXX");
    p->fd = mkdtemp(p->dir) ? open(p->dir, O_RDONLY | O_DIRECTORY) : -1;
    blobs_loc((struct bytes){digest, sizeof(digest)}, 42, p->loc);
    if (p->fd >= 0) {
        (void)(blobs_fs_open(p->fd, "blobs", &p->blobs, &p->err) == TRACK_OK);
    }
}

static void place_close(struct place *p)
{
    blobs_close(p->blobs);
    close(p->fd);
    fixture_remove(p->dir);
}

#define PLACE(p)                                                \
    __attribute__((cleanup(place_close))) struct place p = {0}; \
    place_open(&(p));                                           \
    CHECK(p.blobs)

static track_status put(struct place *p, const char *text)
{
    struct blob_part *part;
    TRY(blobs_begin(p->blobs, 0, &part, &p->err));
    track_status status =
        blobs_part(part, (struct bytes){(const unsigned char *)text, strlen(text)}, &p->err);
    if (status != TRACK_OK) {
        blobs_drop(part);
        return status;
    }
    return blobs_end(part, p->loc, &p->err);
}

static bool holds(struct place *p, const char *text)
{
    char got[64] = "";
    int64_t size = 0;
    return blobs_size(p->blobs, p->loc, &size, &p->err) == TRACK_OK &&
           size == (int64_t)strlen(text) &&
           blobs_get(p->blobs, p->loc, 0, got, (size_t)size, &p->err) == TRACK_OK &&
           strcmp(got, text) == 0;
}

static track_status count(void *data, const char *loc, int64_t size, track_error *err)
{
    (void)loc;
    (void)size;
    (void)err;
    ++*(int *)data;
    return TRACK_OK;
}

TEST(blobs, holds_what_was_put)
{
    PLACE(p);
    char got[8] = "";
    int objects = 0;
    CHECK(!holds(&p, "content"));
    CHECK_INT(put(&p, "content"), TRACK_OK);
    CHECK(holds(&p, "content"));
    CHECK_INT(blobs_get(p.blobs, p.loc, 3, got, 4, &p.err), TRACK_OK);
    CHECK(strcmp(got, "tent") == 0);
    CHECK_INT(blobs_get(p.blobs, p.loc, 5, got, 4, &p.err), TRACK_CORRUPT);
    CHECK_INT(put(&p, "other"), TRACK_CONFLICT);
    CHECK(holds(&p, "content"));
    CHECK_INT(blobs_each(p.blobs, count, &objects, &p.err), TRACK_OK);
    CHECK_INT(objects, 1);
    CHECK_INT(blobs_remove(p.blobs, p.loc, &p.err), TRACK_OK);
    CHECK_INT(blobs_remove(p.blobs, p.loc, &p.err), TRACK_OK);
    CHECK_INT(blobs_get(p.blobs, p.loc, 0, got, 1, &p.err), TRACK_NOT_FOUND);
}

TEST(blobs, leaves_nothing_of_what_was_given_up)
{
    PLACE(p);
    struct blob_part *part;
    int objects = 0;
    char back[4] = "";
    CHECK_INT(blobs_begin(p.blobs, 0, &part, &p.err), TRACK_OK);
    CHECK_INT(blobs_part(part, (struct bytes){digest, 3}, &p.err), TRACK_OK);
    CHECK_INT(blobs_read_back(part, 0, back, 3, &p.err), TRACK_OK);
    CHECK(memcmp(back, digest, 3) == 0);
    blobs_drop(part);
    blobs_drop(NULL);
    CHECK_INT(blobs_each(p.blobs, count, &objects, &p.err), TRACK_OK);
    CHECK_INT(objects, 0);
}

TEST(blobs, takes_no_name_from_outside)
{
    PLACE(p);
    char buf[1];
    static const char *const bad[] = {
        "",
        "ab",
        "../../etc/passwd",
        "/etc/passwd",
        "ab/../../../../../../../../../../../../../../../../../../../../../../../../../../../../a",
        "ab/cd01020300000000000000000000000000000000000000000000000000000000.000000000000002a",
        "AB/AB01020300000000000000000000000000000000000000000000000000000000.000000000000002a",
    };
    CHECK(blobs_loc_check(p.loc));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(!blobs_loc_check(bad[i]));
        CHECK_INT(blobs_get(p.blobs, bad[i], 0, buf, 1, &p.err), TRACK_CORRUPT);
        CHECK_INT(blobs_remove(p.blobs, bad[i], &p.err), TRACK_CORRUPT);
    }
}

TEST(blobs, follows_no_link)
{
    PLACE(p);
    char buf[1], folder[80];
    snprintf(folder, sizeof(folder), "%s/blobs/ab", p.dir);
    CHECK_INT(symlink("/tmp", folder), 0);
    CHECK_INT(blobs_get(p.blobs, p.loc, 0, buf, 1, &p.err), TRACK_IO);
    CHECK(put(&p, "x") != TRACK_OK);
}

TEST(blobs, keeps_files_to_itself)
{
    PLACE(p);
    char path[160];
    struct stat st;
    CHECK_INT(put(&p, "x"), TRACK_OK);
    snprintf(path, sizeof(path), "%s/blobs/%s", p.dir, p.loc);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
}

static void fail_each(int error, track_status want)
{
    PLACE(p);
    for (int n = 1;; n++) {
        fault_disk_at(n, error, n % 2);
        track_status status = put(&p, "content");
        bool hit = fault_disk_hit();
        fault_disk_at(0, 0, false);
        if (!hit) {
            CHECK_INT(status, TRACK_OK);
            CHECK(n > 4); /* a write, fsyncs of file and folders, a link */
            return;
        }
        CHECK_INT(status, want);
        CHECK(p.err.message[0]);
        CHECK_INT(blobs_remove(p.blobs, p.loc, &p.err), TRACK_OK); /* named, but not durably */
    }
}

TEST(blobs, tells_every_failure_of_the_disk)
{
    fail_each(EIO, TRACK_IO);
    fail_each(ENOSPC, TRACK_FULL);
}

TEST(blobs, measures_its_disk)
{
    PLACE(p);
    int64_t free_bytes = 0, disk_bytes = 0;
    CHECK_INT(blobs_room(p.blobs, &free_bytes, &disk_bytes, &p.err), TRACK_OK);
    CHECK(free_bytes > 0 && disk_bytes >= free_bytes);
}

static struct place *faulty_place;

static track_status put_faulty(void)
{
    TRY(put(faulty_place, "content"));
    return blobs_remove(faulty_place->blobs, faulty_place->loc, NULL);
}

TEST(blobs, survives_each_allocation_failing)
{
    PLACE(p);
    faulty_place = &p;
    CHECK(fault_each(put_faulty) > 0);
}
