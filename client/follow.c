#include "follow.h"

#include "instant.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024, PUNCH_BYTES = 1 << 20, KEEP_S = 7 * 86400 };

static const char *const file_names[2] = {"out", "err"};

static track_status fail_at_path(const char *path, track_error *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return FAIL(err, full ? TRACK_FULL : TRACK_IO, "%.160s: %s", path, strerror(errno));
}

static void remove_folder(int root, const char *name)
{
    int dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir >= 0) {
        unlinkat(dir, file_names[0], 0);
        unlinkat(dir, file_names[1], 0);
        close(dir);
        unlinkat(root, name, AT_REMOVEDIR);
    }
}

/* Files nobody has written to for a week. */
static bool is_old(int root, const char *name, int64_t now_s)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof(path), "%s/out", name);
    return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime + KEEP_S < now_s;
}

static void remove_old(int root)
{
    int copy = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    int64_t now_s = instant_us() / 1000000;
    for (const struct dirent *d; list && (d = readdir(list));) {
        if (d->d_name[0] != '.' && is_old(root, d->d_name, now_s)) {
            remove_folder(root, d->d_name);
        }
    }
    if (list) {
        closedir(list);
    }
}

static track_status make_folder(struct follow *f, const char *spool, track_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/console", spool) >= (int)sizeof(path)) {
        return FAIL(err, TRACK_IO, "%.160s…: the path is too long", spool);
    }
    mkdir(spool, 0700);
    mkdir(path, 0700);
    f->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (f->root < 0) {
        return fail_at_path(path, err);
    }
    remove_old(f->root);
    mkdirat(f->root, f->name, 0700);
    f->dir = openat(f->root, f->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return f->dir < 0 ? fail_at_path(path, err) : TRACK_OK;
}

static track_status make_files(struct follow *f, track_error *err)
{
    f->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    for (int i = 0; i < 2; i++) {
        int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
        f->write_fd[i] = openat(f->dir, file_names[i], flags, 0600);
        f->read_fd[i] = openat(f->dir, file_names[i], O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (f->write_fd[i] < 0 || f->read_fd[i] < 0) {
            return fail_at_path(file_names[i], err);
        }
    }
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", f->dir);
    if (f->notify >= 0) { /* without it the caller looks now and then */
        inotify_add_watch(f->notify, path, IN_MODIFY);
    }
    return TRACK_OK;
}

track_status follow_open(struct follow *f, const char *spool, const char *name, struct arena *arena,
                         track_error *err)
{
    *f = (struct follow){
        .dir = -1, .root = -1, .notify = -1, .write_fd = {-1, -1}, .read_fd = {-1, -1}};
    snprintf(f->name, sizeof(f->name), "%s", name);
    f->block = arena_alloc(arena, BLOCK_BYTES, 1);
    if (!f->block) {
        return FAIL(err, TRACK_NOMEM, "a block to read");
    }
    track_status status = make_folder(f, spool, err);
    status = status == TRACK_OK ? make_files(f, err) : status;
    if (status != TRACK_OK) {
        follow_close(f);
    }
    return status;
}

void follow_close_writers(struct follow *f)
{
    for (int i = 0; i < 2; i++) {
        if (f->write_fd[i] >= 0) {
            close(f->write_fd[i]);
            f->write_fd[i] = -1;
        }
    }
}

/* Gives what was read back to the disk, where the file system can. */
static void punch(struct follow *f, int which)
{
    int64_t size = f->at[which] - f->punched[which];
    if (size >= PUNCH_BYTES) {
        fallocate(f->read_fd[which], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, f->punched[which],
                  size);
        f->punched[which] = f->at[which];
    }
}

struct bytes follow_read(struct follow *f, int which)
{
    ssize_t n = pread(f->read_fd[which], f->block, BLOCK_BYTES, f->at[which]);
    if (n <= 0) {
        return (struct bytes){0};
    }
    f->at[which] += n;
    punch(f, which);
    return (struct bytes){f->block, (size_t)n};
}

void follow_close(struct follow *f)
{
    follow_close_writers(f);
    for (int i = 0; i < 2; i++) {
        if (f->read_fd[i] >= 0) {
            close(f->read_fd[i]);
            f->read_fd[i] = -1;
        }
    }
    if (f->notify >= 0) {
        close(f->notify);
    }
    if (f->dir >= 0) {
        close(f->dir);
        remove_folder(f->root, f->name);
    }
    if (f->root >= 0) {
        close(f->root);
    }
    f->dir = f->root = f->notify = -1;
}
