#include "blobs.h"
#include "clock.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TMP_NAME_BYTES = 24, FOLDER_BYTES = 2 };

struct fs {
    const struct blobs_ops *ops; /* first, as in struct blobs */
    struct arena own;            /* holds this struct */
    int dir_fd;
};

struct part {
    const struct blobs_ops *ops; /* first, as in struct blob_part */
    struct arena own;            /* holds this struct */
    const struct fs *fs;
    int fd;
    char tmp[TMP_NAME_BYTES]; /* its name where O_TMPFILE is not known; "" else */
};

static const struct blobs_ops fs_ops;

static struct fs *fs_of(struct blobs *b)
{
    return (struct fs *)(void *)b;
}

static struct part *part_of(struct blob_part *p)
{
    return (struct part *)(void *)p;
}

static track_status failed(const char *what, const char *loc, track_error *err)
{
    int e = errno;
    track_status status = e == ENOSPC || e == EDQUOT ? TRACK_FULL
                          : e == ENOENT              ? TRACK_NOT_FOUND
                          : e == EEXIST              ? TRACK_CONFLICT
                                                     : TRACK_IO;
    return FAIL(err, status, "blob %s: %s: %s", loc, what, strerror(e));
}

/* Opens below the directory only, through no link whatever it says. */
static int open_beneath(int dir_fd, const char *name, int flags)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

static void fs_close(struct blobs *b)
{
    struct fs *fs = fs_of(b);
    close(fs->dir_fd);
    struct arena own = fs->own;
    arena_release(&own);
}

/* Removes temporary names that a crash left where O_TMPFILE is not known. */
static void remove_leftovers(int dir_fd)
{
    int fd = open_beneath(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        return;
    }
    for (const struct dirent *e; (e = readdir(dir));) {
        if (strncmp(e->d_name, "tmp.", 4) == 0) {
            (void)unlinkat(dir_fd, e->d_name, 0);
        }
    }
    closedir(dir);
}

track_status blobs_fs_open(int data_fd, const char *name, struct blobs **out, track_error *err)
{
    if (mkdirat(data_fd, name, 0700) == 0) {
        if (fsync(data_fd) != 0) {
            return failed("cannot make the directory durable", name, err);
        }
    } else if (errno != EEXIST) {
        return failed("cannot make the directory", name, err);
    }
    int dir_fd = open_beneath(data_fd, name, O_RDONLY | O_DIRECTORY);
    if (dir_fd < 0) {
        return FAIL(err, TRACK_IO, "cannot open the directory %s: %s", name, strerror(errno));
    }
    struct arena own = ARENA(4096);
    struct fs *fs = ARENA_NEW(&own, struct fs);
    if (!fs) {
        close(dir_fd);
        return FAIL(err, TRACK_NOMEM, "no room for the blob store");
    }
    *fs = (struct fs){.ops = &fs_ops, .own = own, .dir_fd = dir_fd};
    remove_leftovers(dir_fd);
    *out = (struct blobs *)(void *)fs;
    return TRACK_OK;
}

/* Opens a file without a name, or with a temporary one where the file system cannot. */
static track_status open_nameless(struct part *p, track_error *err)
{
    p->fd = openat(p->fs->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (p->fd >= 0) {
        return TRACK_OK;
    }
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) {
        return failed("cannot begin", "upload", err);
    }
    uint64_t random;
    TRY(clock_random(&random, sizeof(random), err));
    snprintf(p->tmp, sizeof(p->tmp), "tmp.%016" PRIx64, random);
    p->fd = openat(p->fs->dir_fd, p->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return p->fd >= 0 ? TRACK_OK : failed("cannot begin", "upload", err);
}

static track_status fs_begin(struct blobs *b, int64_t size, struct blob_part **out,
                             track_error *err)
{
    (void)size;
    struct arena own = ARENA(4096);
    struct part *p = ARENA_NEW(&own, struct part);
    if (!p) {
        return FAIL(err, TRACK_NOMEM, "no room for an upload");
    }
    *p = (struct part){.ops = &fs_ops, .own = own, .fs = fs_of(b), .fd = -1};
    track_status status = open_nameless(p, err);
    if (status != TRACK_OK) {
        blobs_drop((struct blob_part *)(void *)p);
        return status;
    }
    *out = (struct blob_part *)(void *)p;
    return TRACK_OK;
}

static track_status fs_part(struct blob_part *part, struct bytes bytes, track_error *err)
{
    struct part *p = part_of(part);
    for (size_t at = 0; at < bytes.size;) {
        ssize_t put = write(p->fd, bytes.at + at, bytes.size - at);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return failed("cannot write", "upload", err);
        }
        at += (size_t)put;
    }
    return TRACK_OK;
}

/* Reads exactly size bytes at offset. */
static track_status read_at(int fd, int64_t offset, struct bytes to, const char *loc,
                            track_error *err)
{
    unsigned char *out = (unsigned char *)(uintptr_t)to.at;
    for (size_t at = 0; at < to.size;) {
        ssize_t got = pread(fd, out + at, to.size - at, offset + (int64_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed("cannot read", loc, err);
        }
        if (got == 0) {
            return FAIL(err, TRACK_CORRUPT, "blob %s ends %zu bytes early", loc, to.size - at);
        }
        at += (size_t)got;
    }
    return TRACK_OK;
}

static track_status fs_read_back(struct blob_part *part, int64_t offset, void *to, size_t size,
                                 track_error *err)
{
    return read_at(part_of(part)->fd, offset, (struct bytes){to, size}, "upload", err);
}

static void fs_drop(struct blob_part *part)
{
    struct part *p = part_of(part);
    if (p->fd >= 0) {
        close(p->fd);
    }
    if (p->tmp[0]) {
        (void)unlinkat(p->fs->dir_fd, p->tmp, 0);
    }
    struct arena own = p->own;
    arena_release(&own);
}

/* Opens the folder of loc; makes it, durably, if it is not there. */
static track_status open_folder(const struct fs *fs, const char *loc, int *out, track_error *err)
{
    char folder[FOLDER_BYTES + 1] = {loc[0], loc[1], '\0'};
    *out = open_beneath(fs->dir_fd, folder, O_RDONLY | O_DIRECTORY);
    if (*out >= 0) {
        return TRACK_OK;
    }
    if (mkdirat(fs->dir_fd, folder, 0700) != 0 && errno != EEXIST) {
        return failed("cannot make its folder", loc, err);
    }
    if (fsync(fs->dir_fd) != 0) {
        return failed("cannot make its folder durable", loc, err);
    }
    *out = open_beneath(fs->dir_fd, folder, O_RDONLY | O_DIRECTORY);
    return *out >= 0 ? TRACK_OK : failed("cannot open its folder", loc, err);
}

/* Gives the file its name: only then it exists. */
static track_status give_name(struct part *p, int folder_fd, const char *loc, track_error *err)
{
    const char *name = loc + FOLDER_BYTES + 1;
    char self[40];
    snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
    int rc = p->tmp[0] ? renameat2(p->fs->dir_fd, p->tmp, folder_fd, name, RENAME_NOREPLACE)
                       : linkat(AT_FDCWD, self, folder_fd, name, AT_SYMLINK_FOLLOW);
    if (rc != 0) {
        return failed("cannot name it", loc, err);
    }
    p->tmp[0] = '\0';
    return fsync(folder_fd) == 0 ? TRACK_OK : failed("cannot make its name durable", loc, err);
}

static track_status fs_end(struct blob_part *part, const char *loc, track_error *err)
{
    struct part *p = part_of(part);
    int folder_fd = -1;
    assert(blobs_loc_check(loc));
    track_status status = fsync(p->fd) == 0 ? TRACK_OK : failed("cannot make it durable", loc, err);
    status = status == TRACK_OK ? open_folder(p->fs, loc, &folder_fd, err) : status;
    status = status == TRACK_OK ? give_name(p, folder_fd, loc, err) : status;
    if (folder_fd >= 0) {
        close(folder_fd);
    }
    fs_drop(part);
    return status;
}

static track_status fs_open(struct blobs *b, const char *loc, int *fd, track_error *err)
{
    if (!blobs_loc_check(loc)) {
        return FAIL(err, TRACK_CORRUPT, "a blob has the location %.100s", loc);
    }
    *fd = open_beneath(fs_of(b)->dir_fd, loc, O_RDONLY);
    return *fd >= 0 ? TRACK_OK : failed("cannot open", loc, err);
}

static track_status fs_get(struct blobs *b, const char *loc, int64_t offset, void *to, size_t size,
                           track_error *err)
{
    int fd;
    TRY(fs_open(b, loc, &fd, err));
    track_status status = read_at(fd, offset, (struct bytes){to, size}, loc, err);
    close(fd);
    return status;
}

static track_status fs_size(struct blobs *b, const char *loc, int64_t *out, track_error *err)
{
    int fd;
    struct stat st;
    TRY(fs_open(b, loc, &fd, err));
    int rc = fstat(fd, &st);
    track_status status = rc == 0 ? TRACK_OK : failed("cannot ask its size", loc, err);
    close(fd);
    *out = rc == 0 ? st.st_size : 0;
    return status;
}

static track_status fs_remove(struct blobs *b, const char *loc, track_error *err)
{
    if (!blobs_loc_check(loc)) {
        return FAIL(err, TRACK_CORRUPT, "a blob has the location %.100s", loc);
    }
    return unlinkat(fs_of(b)->dir_fd, loc, 0) == 0 || errno == ENOENT
               ? TRACK_OK
               : failed("cannot remove", loc, err);
}

/* Calls fn for the objects of one folder. */
static track_status each_in(const struct fs *fs, const char *folder, blobs_visit *fn, void *data,
                            track_error *err)
{
    int fd = open_beneath(fs->dir_fd, folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return errno == ENOENT ? TRACK_OK : failed("cannot list", folder, err);
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return FAIL(err, TRACK_NOMEM, "no room to list blobs");
    }
    track_status status = TRACK_OK;
    for (const struct dirent *e; status == TRACK_OK && (e = readdir(dir));) {
        char loc[FOLDER_BYTES + 2 + sizeof(e->d_name)];
        struct stat st;
        if (e->d_name[0] != '.' && fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            snprintf(loc, sizeof(loc), "%s/%s", folder, e->d_name);
            status = fn(data, loc, st.st_size, err);
        }
    }
    closedir(dir);
    return status;
}

static track_status fs_each(struct blobs *b, blobs_visit *fn, void *data, track_error *err)
{
    for (unsigned i = 0; i < 256; i++) {
        char folder[FOLDER_BYTES + 1];
        snprintf(folder, sizeof(folder), "%02x", i);
        TRY(each_in(fs_of(b), folder, fn, data, err));
    }
    return TRACK_OK;
}

static track_status fs_room(struct blobs *b, int64_t *free_bytes, int64_t *disk_bytes,
                            track_error *err)
{
    struct statvfs st;
    if (fstatvfs(fs_of(b)->dir_fd, &st) != 0) {
        return FAIL(err, TRACK_IO, "cannot ask how full the disk is: %s", strerror(errno));
    }
    *free_bytes = (int64_t)(st.f_bavail * st.f_frsize);
    *disk_bytes = (int64_t)(st.f_blocks * st.f_frsize);
    return TRACK_OK;
}

static const struct blobs_ops fs_ops = {
    .name = "files",
    .close = fs_close,
    .begin = fs_begin,
    .part = fs_part,
    .read_back = fs_read_back,
    .end = fs_end,
    .drop = fs_drop,
    .get = fs_get,
    .open = fs_open,
    .size = fs_size,
    .remove = fs_remove,
    .each = fs_each,
    .room = fs_room,
};
