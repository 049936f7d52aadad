#include "spool_folder.h"

#include "../core/fail.h"
#include "../core/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_BYTES_MAX = 64 * 1024 };

static track_status folder_fail(track_error *err, const char *path)
{
    int number = errno;
    track_status status = number == ENOSPC || number == EDQUOT ? TRACK_FULL : TRACK_IO;
    return FAIL(err, status, "%.150s: %s", path, strerrordesc_np(number));
}

track_status spool_folder_make_path(const char *path, track_error *err)
{
    char part[SPOOL_PATH_BYTES];
    size_t size = strlen(path);
    if (size >= sizeof(part)) {
        return FAIL(err, TRACK_INVALID, "%.100s...: a path of %zu bytes, must be at most %zu", path,
                    size, sizeof(part) - 1);
    }
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return folder_fail(err, part);
        }
    }
    return TRACK_OK;
}

/* When this process started, in clock ticks since boot; with the pid it names the process. */
static unsigned long long folder_process_start(void)
{
    char text[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0) {
        close(fd);
    }
    if (size <= 0) {
        return 0;
    }
    text[size] = '\0';
    const char *at = strrchr(text, ')'); /* the name before it may hold anything */
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

/* Holds the folder that f->dir is; closes nothing of f on failure.  `create` is O_CREAT for who
 * makes the folder: a lock that is missing otherwise was removed with all the rest. */
static track_status folder_hold(struct spool_folder *f, int create, track_error *err)
{
    snprintf(f->owner, sizeof(f->owner), "owner.%ld-%llu", (long)getpid(), folder_process_start());
    int mark = openat(f->dir, f->owner, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark < 0) {
        return errno == EEXIST   ? FAIL(err, TRACK_BUSY, "this process sends %.150s", f->path)
               : errno == ENOENT ? FAIL(err, TRACK_NOT_FOUND, "%.150s is gone", f->path)
                                 : folder_fail(err, f->path);
    }
    close(mark);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    f->lock = openat(f->dir, "lock", O_RDWR | create | O_CLOEXEC, 0600);
    struct stat now;
    if (f->lock >= 0 && fcntl(f->lock, F_SETLK, &whole) == 0 && fstat(f->lock, &now) == 0 &&
        now.st_nlink > 0) {
        return TRACK_OK;
    }
    bool held = f->lock >= 0, gone = !held && errno == ENOENT;
    track_status status = held   ? FAIL(err, TRACK_BUSY, "a live process sends %.150s", f->path)
                          : gone ? FAIL(err, TRACK_NOT_FOUND, "%.150s is gone", f->path)
                                 : folder_fail(err, f->path);
    if (held) {
        close(f->lock);
    }
    unlinkat(f->dir, f->owner, 0);
    rmdir(f->path); /* if it is empty: who removed it could not while our mark was in it */
    return status;
}

track_status spool_folder_claim(const char *path, struct spool_folder *out, track_error *err)
{
    struct spool_folder f = {.dir = -1, .lock = -1};
    if (strlen(path) >= sizeof(f.path)) {
        return FAIL(err, TRACK_INVALID, "%.100s...: the path is too long", path);
    }
    memcpy(f.path, path, strlen(path) + 1);
    f.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f.dir < 0) {
        return errno == ENOENT ? FAIL(err, TRACK_NOT_FOUND, "%.150s is gone", path)
                               : folder_fail(err, path);
    }
    track_status status = folder_hold(&f, 0, err);
    if (status != TRACK_OK) {
        close(f.dir);
        return status;
    }
    *out = f;
    return TRACK_OK;
}

static track_status folder_write_meta(int dir, const struct spool_meta *meta, track_error *err)
{
    AUTO_BUF text = BUF(META_BYTES_MAX);
    struct json_writer w = {.to = &text};
    json_write_object(&w, NULL);
    json_write_int(&w, "version", 1);
    json_write_text(&w, "url", meta->url);
    json_write_text(&w, "project", meta->project);
    json_write_text(&w, "run", meta->run);
    json_write_text(&w, "writer", meta->writer);
    json_write_int(&w, "created_us", meta->created_us);
    json_write_int(&w, "segment_bytes", (int64_t)meta->segment_bytes);
    json_write_bool(&w, "joined", meta->joined);
    json_write_close(&w);
    struct bytes out;
    TRY(json_end(&w, &out, err));
    int fd = openat(dir, "meta.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, out.at, out.size) == (ssize_t)out.size;
    track_status status = written ? TRACK_OK : folder_fail(err, "meta.json");
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

/* Makes the folder under a passing name, holds it, renames it. */
static track_status folder_build(const char *temp, const struct spool_meta *meta,
                                 struct spool_folder *f, track_error *err)
{
    if (mkdir(temp, 0700) != 0) {
        return folder_fail(err, temp);
    }
    f->dir = open(temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->dir < 0) {
        return folder_fail(err, temp);
    }
    TRY(folder_hold(f, O_CREAT, err));
    TRY(folder_write_meta(f->dir, meta, err));
    if (rename(temp, f->path) != 0) {
        return errno == EEXIST || errno == ENOTEMPTY
                   ? FAIL(err, TRACK_CONFLICT, "%.150s is there already", f->path)
                   : folder_fail(err, f->path);
    }
    return TRACK_OK;
}

track_status spool_folder_make(const char *root, const struct spool_meta *meta,
                               struct spool_folder *out, track_error *err)
{
    TRY(spool_folder_make_path(root, err));
    struct spool_folder f = {.dir = -1, .lock = -1};
    char temp[SPOOL_PATH_BYTES];
    int size = snprintf(f.path, sizeof(f.path), "%s/%s.%s", root, meta->run, meta->writer);
    int temp_size = snprintf(temp, sizeof(temp), "%s/.%s.%s", root, meta->run, meta->writer);
    if (size >= (int)sizeof(f.path) || temp_size >= (int)sizeof(temp)) {
        return FAIL(err, TRACK_INVALID, "%.100s...: the path is too long", root);
    }
    track_status status = folder_build(temp, meta, &f, err);
    if (status != TRACK_OK) {
        if (f.dir >= 0) {
            memcpy(f.path, temp, sizeof(temp));
            spool_folder_remove(&f);
        }
        return status;
    }
    *out = f;
    return TRACK_OK;
}

/* Reads a small file whole into the arena. */
static track_status folder_read(int dir, const char *name, struct arena *arena, struct bytes *out,
                                track_error *err)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return folder_fail(err, name);
    }
    unsigned char *text = arena_alloc(arena, META_BYTES_MAX, 1);
    ssize_t size = text ? read(fd, text, META_BYTES_MAX) : 0;
    track_status status = !text      ? FAIL(err, TRACK_NOMEM, "%s: no memory", name)
                          : size < 0 ? folder_fail(err, name)
                                     : TRACK_OK;
    close(fd);
    *out = (struct bytes){text, size < 0 ? 0 : (size_t)size};
    return status;
}

static track_status folder_decode_meta(const struct json *root, struct spool_meta *out,
                                       track_error *err)
{
    int64_t version = 0, segment_bytes = 0;
    const char *run = NULL, *writer = NULL;
    TRY(json_need_int_in(root, "version", (struct json_range){1, 1}, &version, err));
    TRY(json_need_text(root, "url", &out->url, err));
    TRY(json_need_text(root, "project", &out->project, err));
    TRY(json_need_text(root, "run", &run, err));
    TRY(json_need_text(root, "writer", &writer, err));
    TRY(json_need_int(root, "created_us", &out->created_us, err));
    TRY(json_need_int_in(root, "segment_bytes", (struct json_range){64 << 10, 1 << 30},
                         &segment_bytes, err));
    TRY(json_need_bool(root, "joined", &out->joined, err));
    if (strlen(run) != SPOOL_HEX_BYTES - 1 || strlen(writer) != SPOOL_HEX_BYTES - 1) {
        return FAIL(err, TRACK_INVALID, "run or writer is no 32 hex digits");
    }
    memcpy(out->run, run, sizeof(out->run));
    memcpy(out->writer, writer, sizeof(out->writer));
    out->segment_bytes = (uint64_t)segment_bytes;
    return TRACK_OK;
}

track_status spool_folder_meta(int dir, struct arena *arena, struct spool_meta *out,
                               track_error *err)
{
    struct bytes text;
    TRY(folder_read(dir, "meta.json", arena, &text, err));
    const struct json *root = NULL;
    struct spool_meta meta = {0};
    track_error why = {0};
    track_status status = json_read(text, NULL, arena, &root, &why);
    if (status == TRACK_OK) {
        status = folder_decode_meta(root, &meta, &why);
    }
    if (status != TRACK_OK) {
        return FAIL(err, status == TRACK_NOMEM ? status : TRACK_CORRUPT, "meta.json: %.200s",
                    why.message);
    }
    *out = meta;
    return TRACK_OK;
}

void spool_folder_release(struct spool_folder *f)
{
    if (f->dir >= 0) {
        unlinkat(f->dir, f->owner, 0);
        close(f->dir);
    }
    if (f->lock >= 0) {
        close(f->lock);
    }
    f->dir = f->lock = -1;
}

/* Removes what is in a folder; `lock` last, so that the folder stays held as long as it has any. */
static void folder_empty(int dir, int depth)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (!list) {
        if (copy >= 0) {
            close(copy);
        }
        return;
    }
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, "lock") == 0) {
            continue;
        }
        int sub = e->d_type == DT_DIR && depth == 0
                      ? openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                      : -1;
        if (sub >= 0) {
            folder_empty(sub, depth + 1);
            close(sub);
        }
        unlinkat(dir, e->d_name, sub >= 0 ? AT_REMOVEDIR : 0);
    }
    closedir(list);
}

void spool_folder_remove(struct spool_folder *f)
{
    folder_empty(f->dir, 0);
    unlinkat(f->dir, "lock", 0);
    rmdir(f->path);
    spool_folder_release(f);
}

static int folder_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool folder_is_name(const char *name)
{
    return strlen(name) == 65 && name[32] == '.' && strspn(name, "0123456789abcdef") == 32;
}

static track_status folder_collect(DIR *list, const char *root, struct arena *arena,
                                   struct buf *names, track_error *err)
{
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        char path[SPOOL_PATH_BYTES];
        int size =
            folder_is_name(e->d_name) ? snprintf(path, sizeof(path), "%s/%s", root, e->d_name) : 0;
        if (size <= 0 || size >= (int)sizeof(path)) {
            continue;
        }
        const char *copy = arena_text(arena, path, (size_t)size);
        if (!copy) {
            return FAIL(err, TRACK_NOMEM, "no memory for the list of spools");
        }
        buf_put(names, &copy, sizeof(copy));
    }
    return TRACK_OK;
}

track_status spool_folder_list(const char *root, struct arena *arena, const char *const **out,
                               size_t *count, track_error *err)
{
    *count = 0;
    *out = NULL;
    DIR *list = opendir(root);
    if (!list) {
        return errno == ENOENT ? TRACK_OK : folder_fail(err, root);
    }
    AUTO_BUF names = BUF(64 << 20);
    track_status status = folder_collect(list, root, arena, &names, err);
    closedir(list);
    TRY(status);
    struct bytes all;
    TRY(buf_end(&names, &all, err));
    size_t n = all.size / sizeof(char *);
    const char **paths = ARENA_ARRAY(arena, const char *, n ? n : 1);
    if (!paths) {
        return FAIL(err, TRACK_NOMEM, "no memory for the list of spools");
    }
    if (n > 0) {
        memcpy(paths, all.at, all.size);
        qsort(paths, n, sizeof(*paths), folder_compare);
    }
    *out = paths;
    *count = n;
    return TRACK_OK;
}
