/* Shows that what is written to the files is read, once and whole, and that nothing is left behind.
 * How: a folder below /tmp; what a launcher that was killed leaves. */
#include "../../client/follow.h"
#include "../harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *spool, const char *below)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/console/%s", spool, below);
    return access(path, F_OK) == 0;
}

static void remove_spool(const char *spool)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/console", spool);
    rmdir(path);
    rmdir(spool);
}

TEST(follow, reads_what_was_written)
{
    AUTO_ARENA a = ARENA(1 << 20);
    char spool[] = "/tmp/track-follow-XXXXXX";
    struct follow f;
    CHECK(mkdtemp(spool));
    CHECK(follow_open(&f, spool, "run-1", &a, NULL) == TRACK_OK);
    bool written = write(f.write_fd[0], "out\n", 4) == 4 && write(f.write_fd[1], "err\n", 4) == 4;
    struct bytes out = follow_read(&f, 0);
    bool same = out.size == 4 && memcmp(out.at, "out\n", 4) == 0;
    out = follow_read(&f, 1);
    same = same && out.size == 4 && memcmp(out.at, "err\n", 4) == 0;
    same = same && follow_read(&f, 0).size == 0;
    bool there = exists(spool, "run-1/out");
    follow_close(&f);
    bool gone = !exists(spool, "run-1");
    remove_spool(spool);
    CHECK(written && same && there && gone);
}

TEST(follow, gives_back_what_was_read)
{
    AUTO_ARENA a = ARENA(1 << 20);
    char spool[] = "/tmp/track-follow-XXXXXX", block[65536];
    struct follow f;
    struct stat st = {0};
    int64_t sum = 0;
    memset(block, 'x', sizeof(block));
    CHECK(mkdtemp(spool));
    CHECK(follow_open(&f, spool, "run-1", &a, NULL) == TRACK_OK);
    for (int i = 0; i < 256; i++) { /* 16 MiB */
        sum -= write(f.write_fd[0], block, sizeof(block));
        for (struct bytes b; (b = follow_read(&f, 0)).size > 0;) {
            sum += (int64_t)b.size;
        }
    }
    fstat(f.read_fd[0], &st);
    follow_close(&f);
    remove_spool(spool);
    CHECK_INT(sum, 0);
    CHECK_INT(st.st_size, 16 << 20);
    CHECK(st.st_blocks * 512 <= 4 << 20);
}

TEST(follow, removes_what_was_left_behind_long_ago)
{
    AUTO_ARENA a = ARENA(1 << 20);
    char spool[] = "/tmp/track-follow-XXXXXX", path[256];
    struct follow old, new;
    CHECK(mkdtemp(spool));
    CHECK(follow_open(&old, spool, "old", &a, NULL) == TRACK_OK);
    struct timespec week[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    snprintf(path, sizeof(path), "%s/console/old/out", spool);
    utimensat(AT_FDCWD, path, week, 0);
    CHECK(follow_open(&new, spool, "new", &a, NULL) == TRACK_OK);
    bool gone = !exists(spool, "old");
    follow_close(&new);
    follow_close(&old);
    remove_spool(spool);
    CHECK(gone);
}

TEST(follow, says_where_it_cannot_write)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct follow f;
    track_error err = {0};
    CHECK(follow_open(&f, "/proc/nowhere", "x", &a, &err) == TRACK_IO);
    CHECK(strstr(err.message, "/proc/nowhere"));
}
