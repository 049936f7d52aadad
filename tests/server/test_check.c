/* Shows that a check finds nothing where nothing is wrong, and every kind of damage to bytes.
 * How: a store with runs, frames and blobs, closed, damaged, checked.  Damage to rows is in
 * tests/e2e/test_data.py. */
#include "../../server/check.h"

#include "../../core/hash.h"
#include "../../server/blobs.h"
#include "../../server/store_base.h"
#include "../../server/store_blob.h"
#include "../fault.h"
#include "../harness.h"
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONTENT_BYTES = 300000 };

static track_status upload(struct fixture *f, bool noise, struct digest *digest)
{
    unsigned char *at = arena_alloc(&f->arena, CONTENT_BYTES, 1);
    uint64_t state = 1;
    for (size_t i = 0; i < CONTENT_BYTES; i++) {
        state = state * 6364136223846793005u + 1;
        at[i] = noise ? (unsigned char)(state >> 56) : (unsigned char)"metric\n"[i % 7];
    }
    struct bytes in = {at, CONTENT_BYTES};
    return fixture_upload(f, in, false, digest);
}

static track_status append(struct fixture *f)
{
    struct journal_append call = {.run = RUN_A, .now_us = NOW_US};
    call.body =
        fixture_frame(f, &(struct fixture_frame){.writer = 1, .rows = 5, .defines = "loss"});
    call.ticket.arena = &f->arena;
    return fixture_wait(f, journal_append(f->store, &call, &f->err), &call.ticket);
}

static void keep_line(void *data, const char *line)
{
    snprintf(data, 512, "%s", line);
}

static track_status check(struct fixture *f, bool quick, struct check_counts *counts, char *line)
{
    struct check_options options = {
        .data = f->dir, .quick = quick, .say = keep_line, .say_data = line};
    store_close(f->store);
    f->store = NULL;
    return check_run(&options, counts, &f->err);
}

TEST(check, finds_nothing_wrong_where_nothing_is)
{
    FIXTURE(f);
    struct run_put put;
    struct digest a, b;
    struct check_counts counts;
    char line[512] = "";
    CHECK_INT(fixture_put(&f, RUN_A, "vision", &put), TRACK_OK);
    CHECK_INT(append(&f), TRACK_OK);
    CHECK_INT(upload(&f, true, &a), TRACK_OK);
    CHECK_INT(upload(&f, false, &b), TRACK_OK);
    CHECK_INT(check(&f, false, &counts, line), TRACK_OK);
    CHECK(counts.runs == 1 && counts.frames == 1 && counts.points == 5 && counts.blobs == 2);
    CHECK_INT(counts.blob_bytes, 2 * CONTENT_BYTES);
    CHECK_INT(check(&f, true, &counts, line), TRACK_OK);
    CHECK(counts.blob_bytes == 0 && line[0] == '\0');
}

TEST(check, is_refused_while_a_server_runs)
{
    FIXTURE(f);
    struct check_counts counts;
    struct check_options options = {.data = f.dir, .say = keep_line};
    CHECK_INT(check_run(&options, &counts, &f.err), TRACK_CONFLICT);
    CHECK(strstr(f.err.message, "in use"));
    options.data = "/tmp/track-test-is-not-there";
    CHECK_INT(check_run(&options, &counts, &f.err), TRACK_IO);
}

/* Path of the object of a digest. */
static bool object_path(struct fixture *f, const struct digest *d, char *path, size_t room)
{
    struct blob blob;
    if (store_blob_get(f->store, (struct bytes){d->at, sizeof(d->at)}, &f->arena, &blob, &f->err) !=
        TRACK_OK) {
        return false;
    }
    snprintf(path, room, "%s/blobs/%s", f->dir, blob.loc);
    return true;
}

/* Uploads, damages the object by `damage`, checks: one finding about a blob. */
static void finds(bool noise, bool quick, bool (*damage)(const char *path), const char *says)
{
    FIXTURE(f);
    struct digest digest;
    struct check_counts counts;
    char path[256], line[512] = "";
    CHECK_INT(upload(&f, noise, &digest), TRACK_OK);
    CHECK(object_path(&f, &digest, path, sizeof(path)));
    CHECK(damage(path));
    CHECK_INT(check(&f, quick, &counts, line), TRACK_CORRUPT);
    CHECK_INT(counts.wrong, 1);
    CHECK(strstr(line, says));
}

static bool cut(const char *path)
{
    return truncate(path, 1000) == 0;
}

static bool flip(const char *path)
{
    int fd = open(path, O_RDWR);
    unsigned char byte = 0;
    bool done = fd >= 0 && pread(fd, &byte, 1, 100) == 1;
    byte ^= 1;
    done = done && pwrite(fd, &byte, 1, 100) == 1;
    return fd >= 0 && close(fd) == 0 && done;
}

static bool lose(const char *path)
{
    return unlink(path) == 0;
}

static bool add_another(const char *path)
{
    char other[256];
    snprintf(other, sizeof(other), "%s", path);
    other[strlen(other) - 1] = other[strlen(other) - 1] == '0' ? '1' : '0';
    return link(path, other) == 0;
}

TEST(check, finds_damaged_objects)
{
    finds(true, false, cut, "bytes are stored");
    finds(true, true, cut, "bytes are stored");
    finds(true, false, flip, "another SHA-256");
    finds(false, false, flip, "blob ");
    finds(true, true, lose, "No such file");
    finds(true, true, add_another, "belongs to no row");
}

TEST(check, is_clean_after_every_failure_of_the_disk)
{
    for (int n = 1;; n++) {
        FIXTURE(f);
        struct digest digest;
        struct check_counts counts;
        char line[512] = "";
        fault_disk_at(n, n % 2 ? EIO : ENOSPC, false);
        track_status status = upload(&f, false, &digest);
        bool hit = fault_disk_hit();
        fault_disk_at(0, 0, false);
        CHECK_INT(status, hit ? (n % 2 ? TRACK_IO : TRACK_FULL) : TRACK_OK);
        CHECK_INT(upload(&f, false, &digest), TRACK_OK); /* sent again it is kept */
        CHECK_INT(check(&f, false, &counts, line), TRACK_OK);
        CHECK_INT(counts.blobs, 1);
        if (!hit) {
            CHECK(n > 5);
            return;
        }
    }
}
