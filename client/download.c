#include "download.h"

#include "../core/hash.h"
#include "../core/limits.h"
#include "../core/name.h"
#include "format.h"
#include "instant.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

#define AUTO_FD __attribute__((cleanup(close_fd))) int

static int open_beneath(int dir, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .mode = flags & O_CREAT ? 0666 : 0,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static track_status fail_write(const char *path, track_error *err)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT;
    bool place = why == ELOOP || why == EXDEV || why == ENOTDIR || why == EEXIST;
    return FAIL(err,
                full    ? TRACK_FULL
                : place ? TRACK_CONFLICT
                        : TRACK_IO,
                "%.160s: %s", path, why == ELOOP ? "a link stands in the way" : strerror(why));
}

/* Makes and opens the directory that holds path; *name is its last part. */
static track_status open_parent(int dir, const char *path, int *out, const char **name,
                                track_error *err)
{
    int at = open_beneath(dir, ".", O_RDONLY | O_DIRECTORY);
    const char *part = path;
    for (size_t size; at >= 0 && part[size = strcspn(part, "/")] == '/'; part += size + 1) {
        char one[SEGMENT_BYTES_MAX + 1];
        snprintf(one, sizeof(one), "%.*s", (int)size, part);
        int below = mkdirat(at, one, 0777) == 0 || errno == EEXIST
                        ? open_beneath(at, one, O_RDONLY | O_DIRECTORY)
                        : -1;
        int why = errno;
        close(at);
        errno = why;
        at = below;
    }
    if (at < 0) {
        return fail_write(path, err);
    }
    *out = at;
    *name = part;
    return TRACK_OK;
}

/* A file on its way. */
struct arriving {
    struct cmd *c;
    const struct download *d;
    struct hash_sha256 *hash;
    int fd, why; /* errno of a write that failed */
    int64_t size;
    track_status status;
};

static bool take_bytes(void *data, const void *bytes, size_t size)
{
    struct arriving *a = data;
    const char *at = bytes;
    char done[FORMAT_TEXT_MAX], all[FORMAT_TEXT_MAX];
    a->status = hash_add(a->hash, (struct bytes){bytes, size}, NULL);
    for (size_t left = size; left > 0;) {
        ssize_t n = write(a->fd, at, left);
        if (n < 0) {
            a->why = errno;
            return false;
        }
        at += n;
        left -= (size_t)n;
    }
    a->size += (int64_t)size;
    print_progress(a->c->print, instant_us(), "%s of %s  %s", format_bytes(a->size, done),
                   format_bytes(a->d->size, all), a->d->path);
    return a->status == TRACK_OK;
}

static track_status fetch(struct arriving *a, track_error *err)
{
    struct digest digest;
    char hex[DIGEST_HEX_BYTES + 1];
    track_request_options options = track_request_options_default();
    options.path = a->d->url;
    options.accept = "application/octet-stream";
    options.sink = take_bytes;
    options.sink_data = a;
    options.timeout_ms = -1;
    track_status status = api_request(a->c, &options, NULL, err);
    if (a->why) {
        errno = a->why;
        return fail_write(a->d->path, err);
    }
    TRY(status);
    TRY(hash_end(a->hash, &digest, err));
    hash_encode_hex(&digest, hex);
    if (strcmp(hex, a->d->digest) != 0) {
        return FAIL(err, TRACK_CORRUPT, "%.60s: digest %.16s… of %lld bytes, expected %.16s…",
                    a->d->path, hex, (long long)a->size, a->d->digest);
    }
    return TRACK_OK;
}

/* Gives the finished file its name. */
static track_status move_in_place(int parent, const char *from, const char *name,
                                  const struct download *d, track_error *err)
{
    unsigned flags = d->force ? 0 : 1; /* RENAME_NOREPLACE */
    if (syscall(SYS_renameat2, parent, from, parent, name, flags) == 0) {
        return TRACK_OK;
    }
    if (errno == EINVAL && !d->force) { /* a file system without that flag */
        if (linkat(parent, from, parent, name, 0) == 0) {
            unlinkat(parent, from, 0);
            return TRACK_OK;
        }
    }
    return errno == EEXIST
               ? FAIL(err, TRACK_CONFLICT, "%.160s is there already; --force replaces it", d->path)
               : fail_write(d->path, err);
}

track_status download_file(struct cmd *c, int dir, const struct download *d, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_FD parent = -1;
    const char *name;
    char part[64];
    struct stat st;
    TRY(name_check_path((struct bytes){(const unsigned char *)d->path, strlen(d->path)}, err));
    TRY(open_parent(dir, d->path, &parent, &name, err));
    if (!d->force && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return FAIL(err, TRACK_CONFLICT, "%.160s is there already; --force replaces it", d->path);
    }
    snprintf(part, sizeof(part), ".track-%ld-%.16s", (long)getpid(), d->digest);
    AUTO_FD fd = open_beneath(parent, part, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) {
        return fail_write(d->path, err);
    }
    struct arriving a = {.c = c, .d = d, .fd = fd};
    track_status status = hash_open(&arena, &a.hash, err);
    status = status == TRACK_OK ? fetch(&a, err) : status;
    if (status == TRACK_OK && fsync(fd) != 0) {
        status = fail_write(d->path, err);
    }
    status = status == TRACK_OK ? move_in_place(parent, part, name, d, err) : status;
    if (status != TRACK_OK) {
        unlinkat(parent, part, 0);
    }
    return status;
}
