#include "../core/fail.h"
#include "../core/hash.h"
#include "../core/json.h"
#include "../core/limits.h"
#include "../core/name.h"
#include "request.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_COPY_MAX = 64 << 20, /* larger ones are sent from where they are */
    FILE_BLOCK_BYTES = 1 << 20,
    FILE_BODY_BYTES = 64 * 1024,
    FILE_MEDIA_BYTES = 250,
};

track_artifact_options track_artifact_options_default(void)
{
    return (track_artifact_options){.size = sizeof(track_artifact_options)};
}

/* A file as it was found. */
struct file {
    int fd;
    int64_t time_ns;
    track_artifact_info info;
    char path[4096]; /* absolute */
};

static void file_close(struct file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
}
#define AUTO_FILE __attribute__((cleanup(file_close))) struct file

static track_status file_fail(track_error *err, const char *path)
{
    int number = errno;
    track_status status = number == ENOENT || number == ENOTDIR  ? TRACK_NOT_FOUND
                          : number == ENOSPC || number == EDQUOT ? TRACK_FULL
                                                                 : TRACK_IO;
    return FAIL(err, status, "%.150s: %s", path, strerrordesc_np(number));
}

static track_status file_stat(const char *path, int fd, struct stat *out, track_error *err)
{
    if (fstat(fd, out) != 0) {
        return file_fail(err, path);
    }
    return S_ISREG(out->st_mode) ? TRACK_OK
                                 : FAIL(err, TRACK_INVALID, "%.150s is no regular file", path);
}

static int64_t file_time_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Reads the file once: its digest, and a copy into `copy` unless that is -1. */
static track_status file_digest(struct file *f, int copy, track_error *err)
{
    AUTO_ARENA arena = ARENA(FILE_BLOCK_BYTES + 65536);
    struct hash_sha256 *hash = NULL;
    struct digest digest;
    unsigned char *block = arena_alloc(&arena, FILE_BLOCK_BYTES, 1);
    if (!block) {
        return FAIL(err, TRACK_NOMEM, "no memory to read a file");
    }
    TRY(hash_open(&arena, &hash, err));
    ssize_t size = 0;
    while ((size = read(f->fd, block, FILE_BLOCK_BYTES)) > 0) {
        TRY(hash_add(hash, (struct bytes){block, (size_t)size}, err));
        if (copy >= 0 && write(copy, block, (size_t)size) != size) {
            return file_fail(err, "the copy in the spool");
        }
        f->info.bytes += (uint64_t)size;
    }
    if (size < 0) {
        return file_fail(err, f->path);
    }
    TRY(hash_end(hash, &digest, err));
    hash_encode_hex(&digest, f->info.digest);
    struct stat st;
    TRY(file_stat(f->path, f->fd, &st, err));
    if ((uint64_t)st.st_size != f->info.bytes || file_time_ns(&st) != f->time_ns) {
        return FAIL(err, TRACK_CONFLICT, "%.150s changed while it was read", f->path);
    }
    return TRACK_OK;
}

static track_status file_open(const char *path, struct file *out, uint64_t *size, track_error *err)
{
    struct stat st;
    out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (out->fd < 0) {
        return file_fail(err, path);
    }
    char *whole = realpath(path, NULL);
    snprintf(out->path, sizeof(out->path), "%s", whole ? whole : path);
    free(whole);
    TRY(file_stat(path, out->fd, &st, err));
    out->time_ns = file_time_ns(&st);
    *size = (uint64_t)st.st_size;
    return TRACK_OK;
}

static const char *file_media(const char *name)
{
    static const char *const types[][2] = {
        {".txt", "text/plain"},       {".log", "text/plain"},        {".md", "text/markdown"},
        {".csv", "text/csv"},         {".json", "application/json"}, {".yaml", "application/yaml"},
        {".yml", "application/yaml"}, {".html", "text/html"},        {".png", "image/png"},
        {".jpg", "image/jpeg"},       {".jpeg", "image/jpeg"},       {".svg", "image/svg+xml"},
        {".pdf", "application/pdf"},  {".py", "text/x-python"},      {".c", "text/x-c"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++) {
        if (strcasecmp(dot, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

/* Copies a file into the spool's files/, under its digest; *blob is its path there. */
static track_status file_copy(track_run *run, struct file *f, char blob[96], track_error *err)
{
    int dir = run->outbox.folder.dir;
    char temp[64];
    mkdirat(dir, "files", 0700);
    snprintf(temp, sizeof(temp), "files/.%lx-%d", (unsigned long)pthread_self(), f->fd);
    int copy = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (copy < 0) {
        return file_fail(err, "the copy in the spool");
    }
    bool cloned = ioctl(copy, FICLONE, f->fd) == 0; /* shares blocks where the disk can */
    track_status status = file_digest(f, cloned ? -1 : copy, err);
    close(copy);
    snprintf(blob, 96, "files/%s", f->info.digest);
    if (status == TRACK_OK && renameat(dir, temp, dir, blob) != 0) {
        status = file_fail(err, "the copy in the spool");
    }
    if (status != TRACK_OK) {
        unlinkat(dir, temp, 0);
    }
    return status;
}

static track_status file_options(const track_artifact_options *in, track_artifact_options *out,
                                 track_error *err)
{
    *out = track_artifact_options_default();
    if (in) {
        TRY(client_take_options(in, sizeof(*out), out, err));
    }
    size_t type = out->type ? strlen(out->type) : 0, media = out->media ? strlen(out->media) : 0;
    return type <= FILE_MEDIA_BYTES && media <= FILE_MEDIA_BYTES
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "type or media of over %d bytes", FILE_MEDIA_BYTES);
}

static track_status file_log(track_run *run, const char *name, struct file *f,
                             const track_artifact_options *o, track_error *err)
{
    char blob[96] = "";
    AUTO_BUF text = BUF(FILE_BODY_BYTES);
    struct json_writer w = {.to = &text};
    bool copied = f->info.bytes <= FILE_COPY_MAX && run->opened;
    f->info.bytes = 0;
    if (copied) {
        TRY(file_copy(run, f, blob, err));
    } else {
        TRY(file_digest(f, -1, err));
    }
    json_write_object(&w, NULL);
    json_write_text(&w, "path", name);
    json_write_text(&w, "digest", f->info.digest);
    json_write_text(&w, "media", o->media ? o->media : file_media(name));
    json_write_close(&w);
    struct op op = {.method = "PUT",
                    .path = "/files",
                    .type = "application/json",
                    .blob = copied ? blob : f->path,
                    .digest = f->info.digest,
                    .blob_bytes = f->info.bytes,
                    .blob_time_ns = copied ? 0 : f->time_ns};
    TRY(json_end(&w, &op.body, err));
    return run_add_op(run, &op, err);
}

static track_status file_use(track_run *run, const char *name, struct file *f,
                             const track_artifact_options *o, track_error *err)
{
    AUTO_BUF text = BUF(FILE_BODY_BYTES), uri = BUF(16 * 1024);
    struct json_writer w = {.to = &text};
    f->info.bytes = 0;
    TRY(file_digest(f, -1, err));
    buf_text(&uri, "file://");
    transport_put_escaped(&uri, f->path, "/");
    json_write_object(&w, NULL);
    json_write_text(&w, "name", name);
    json_write_text(&w, "digest", f->info.digest);
    json_write_int(&w, "size", (int64_t)f->info.bytes);
    if (uri.size <= 4096) {
        json_write_bytes(&w, "uri", (struct bytes){uri.at, uri.size});
    }
    if (o->type) {
        json_write_text(&w, "role", o->type);
    }
    json_write_close(&w);
    struct op op = {.method = "PUT", .path = "/inputs", .type = "application/json"};
    TRY(json_end(&w, &op.body, err));
    return run_add_op(run, &op, err);
}

/* Holds the run's spool open meanwhile: track_finish_run waits. */
static bool file_enter(track_run *run)
{
    pthread_mutex_lock(&run->lock);
    bool open = !run->ended;
    run->users += open;
    pthread_mutex_unlock(&run->lock);
    return open;
}

static void file_leave(track_run *run)
{
    pthread_mutex_lock(&run->lock);
    run->users--;
    pthread_mutex_unlock(&run->lock);
}

/* What to do with a file. */
struct file_call {
    const char *name, *path;
    track_artifact_options options;
    track_status (*work)(track_run *run, const char *name, struct file *f,
                         const track_artifact_options *o, track_error *err);
};

static track_status file_add(track_run *run, const struct file_call *call,
                             track_artifact_info *info, track_error *err)
{
    AUTO_FILE f = {.fd = -1};
    TRY(file_open(call->path, &f, &f.info.bytes, err));
    if (!file_enter(run)) {
        return FAIL(err, TRACK_CONFLICT, "the run was finished");
    }
    track_status status = call->work(run, call->name, &f, &call->options, err);
    file_leave(run);
    if (status == TRACK_OK && info) {
        *info = f.info;
    }
    return status;
}

track_status track_log_artifact(track_run *run, const char *name, const char *path,
                                const track_artifact_options *options, track_artifact_info *info,
                                track_error *err)
{
    struct file_call call = {.name = name, .path = path, .work = file_log};
    run = run_here(run);
    if (!run || !name || !path) {
        return FAIL(err, TRACK_INVALID, "no run, no name or no path");
    }
    TRY(name_check_path((struct bytes){(const unsigned char *)name, strlen(name)}, err));
    TRY(file_options(options, &call.options, err));
    return file_add(run, &call, info, err);
}

track_status track_use_artifact(track_run *run, const char *name, const char *path,
                                const track_artifact_options *options, track_artifact_info *info,
                                track_error *err)
{
    struct file_call call = {.name = name ? name : path, .path = path, .work = file_use};
    run = run_here(run);
    if (!run || !path) {
        return FAIL(err, TRACK_INVALID, "no run or no path");
    }
    struct bytes line = {(const unsigned char *)call.name, strlen(call.name)};
    if (line.size == 0 || line.size > PATH_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "a name of %zu bytes, must be 1..%d", line.size,
                    PATH_BYTES_MAX);
    }
    TRY(name_check_line(line, err));
    TRY(file_options(options, &call.options, err));
    return file_add(run, &call, info, err);
}

/* A download under way. */
struct file_download {
    int fd;
    struct hash_sha256 *hash;
    uint64_t bytes;
    track_error error; /* of writing */
};

static bool file_take(void *data, const void *bytes, size_t size)
{
    struct file_download *d = data;
    struct bytes part = {bytes, size};
    if (write(d->fd, bytes, size) != (ssize_t)size) {
        (void)!file_fail(&d->error, "the download");
        return false;
    }
    d->bytes += size;
    return hash_add(d->hash, part, &d->error) == TRACK_OK;
}

static track_status file_fetch(track_client *client, const char *path, struct file_download *d,
                               track_artifact_info *out, track_error *err)
{
    track_request_options o = track_request_options_default();
    track_response r = {0};
    struct digest digest;
    o.path = path;
    o.accept = "*/*";
    o.sink = file_take;
    o.sink_data = d;
    track_status status = track_request(client, &o, &r, err);
    char etag[128];
    snprintf(etag, sizeof(etag), "%s", r.etag);
    track_close_response(&r);
    if (d->error.status != TRACK_OK) {
        return FAIL(err, d->error.status, "%s", d->error.message);
    }
    TRY(status);
    TRY(hash_end(d->hash, &digest, err));
    hash_encode_hex(&digest, out->digest);
    out->bytes = d->bytes;
    if (!strstr(etag, out->digest)) {
        return FAIL(err, TRACK_CORRUPT, "what came has the digest %s, not %.80s", out->digest,
                    etag);
    }
    return TRACK_OK;
}

/* Writes beside dest, then renames. */
static track_status file_get(track_client *client, const char *path, const char *dest,
                             track_artifact_info *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(65536);
    struct file_download d = {.fd = -1};
    char temp[4096];
    if (snprintf(temp, sizeof(temp), "%s.track-%ld", dest, (long)getpid()) >= (int)sizeof(temp)) {
        return FAIL(err, TRACK_INVALID, "'%.100s...': the path is too long", dest);
    }
    TRY(hash_open(&arena, &d.hash, err));
    d.fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (d.fd < 0) {
        return file_fail(err, temp);
    }
    track_status status = file_fetch(client, path, &d, out, err);
    if (status == TRACK_OK && fsync(d.fd) != 0) {
        status = file_fail(err, temp);
    }
    close(d.fd);
    if (status == TRACK_OK && rename(temp, dest) != 0) {
        status = file_fail(err, dest);
    }
    if (status != TRACK_OK) {
        unlink(temp);
    }
    return status;
}

track_status track_get_artifact(track_client *client, const char *run_id, const char *name,
                                const char *dest, track_artifact_info *info, track_error *err)
{
    if (!run_id || !name || !dest) {
        return FAIL(err, TRACK_INVALID, "no run, no name or no destination");
    }
    char run[SPOOL_HEX_BYTES];
    TRY(run_read_id(run_id, run, err));
    AUTO_BUF path = BUF(16 * 1024);
    struct bytes text;
    buf_text(&path, "/api/v1/runs/");
    buf_text(&path, run);
    buf_text(&path, "/files/content?path=");
    transport_put_escaped(&path, name, "/");
    buf_byte(&path, 0);
    TRY(buf_end(&path, &text, err));
    track_artifact_info got = {0};
    TRY(file_get(client, (const char *)text.at, dest, &got, err));
    if (info) {
        *info = got;
    }
    return TRACK_OK;
}
