#include "upload.h"

#include "../core/hash.h"
#include "format.h"
#include "instant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024, BATCH_COUNT = 5000 };

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

#define AUTO_FD __attribute__((cleanup(close_fd))) int

static track_status read_digest(struct tree_file *f, track_error *err)
{
    AUTO_FD fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    AUTO_ARENA arena = ARENA(BLOCK_BYTES * 2);
    struct hash_sha256 *h;
    struct digest digest;
    unsigned char *block = arena_alloc(&arena, BLOCK_BYTES, 1);
    ssize_t n = 0;
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "%.160s: %s", f->path, strerror(errno));
    }
    if (!block) {
        return FAIL(err, TRACK_NOMEM, "a block to read");
    }
    TRY(hash_open(&arena, &h, err));
    f->size = 0;
    while ((n = read(fd, block, BLOCK_BYTES)) > 0) {
        TRY(hash_add(h, (struct bytes){block, (size_t)n}, err));
        f->size += n;
    }
    if (n < 0) {
        return FAIL(err, TRACK_IO, "%.160s: %s", f->path, strerror(errno));
    }
    TRY(hash_end(h, &digest, err));
    hash_encode_hex(&digest, f->digest);
    return TRACK_OK;
}

/* Asks which of up to BATCH_COUNT files from `first` on the server lacks. */
static track_status ask_missing(struct cmd *c, const struct tree_file *first,
                                const struct json **out, track_error *err)
{
    AUTO_BODY body;
    const struct json *reply;
    api_body_init(&body);
    json_write_object(&body.writer, NULL);
    json_write_array(&body.writer, "blobs");
    int n = 0;
    for (const struct tree_file *f = first; f && n < BATCH_COUNT; f = f->next, n++) {
        json_write_object(&body.writer, NULL);
        json_write_text(&body.writer, "digest", f->digest);
        json_write_int(&body.writer, "size", f->size);
        json_write_close(&body.writer);
    }
    json_write_close(&body.writer);
    json_write_close(&body.writer);
    struct api_send send = {"POST", "/api/v1/blobs/missing", &body};
    TRY(api_send(c, &send, &reply, err));
    return json_need_array(reply, "missing", out, err);
}

/* What is on its way. */
struct sending {
    struct cmd *c;
    int64_t all, before; /* bytes of all files; of those sent before this one */
    int64_t sent;        /* of this one */
    const char *name;
    int fd;
};

static int64_t next_bytes(void *data, void *bytes, size_t room)
{
    struct sending *s = data;
    ssize_t n = read(s->fd, bytes, room);
    if (n > 0) {
        char done[FORMAT_TEXT_MAX], all[FORMAT_TEXT_MAX];
        s->sent += n;
        print_progress(s->c->print, instant_us(), "%s of %s  %s",
                       format_bytes(s->before + s->sent, done), format_bytes(s->all, all), s->name);
    }
    return n;
}

static track_status send_blob(struct sending *s, const struct tree_file *f, track_error *err)
{
    AUTO_FD fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "%.160s: %s", f->path, strerror(errno));
    }
    s->fd = fd;
    s->sent = 0;
    s->name = f->name;
    track_request_options options = track_request_options_default();
    options.method = "PUT";
    options.path = api_path(s->c, "/api/v1/blobs/%s", f->digest);
    options.source = next_bytes;
    options.source_data = s;
    options.source_bytes = f->size;
    options.content_type = "application/octet-stream";
    options.timeout_ms = -1;
    track_status status = api_request(s->c, &options, NULL, err);
    if (status == TRACK_INVALID || (status == TRACK_CONFLICT && s->sent != f->size)) {
        return FAIL(err, TRACK_CONFLICT, "%.160s changed while it was sent", f->path);
    }
    s->before += f->size;
    return status;
}

static bool is_among(const struct json *list, const char *digest)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *v = &list->items[i];
        if (v->kind == JSON_KIND_TEXT && strcmp(v->text, digest) == 0) {
            return true;
        }
    }
    return false;
}

static track_status give_file(struct cmd *c, const char *run_id, const struct tree_file *f,
                              track_error *err)
{
    AUTO_BODY body;
    api_body_init(&body);
    json_write_object(&body.writer, NULL);
    json_write_text(&body.writer, "path", f->name);
    json_write_text(&body.writer, "digest", f->digest);
    json_write_close(&body.writer);
    struct api_send send = {"PUT", api_path(c, "/api/v1/runs/%s/files", run_id), &body};
    return api_send(c, &send, NULL, err);
}

track_status upload_send(struct cmd *c, const char *run_id, const struct tree *tree,
                         int64_t *sent_bytes, track_error *err)
{
    const struct json *missing = NULL;
    struct sending s = {.c = c, .all = tree->size};
    size_t i = 0;
    for (struct tree_file *f = tree->files; f; f = f->next) {
        print_progress(c->print, instant_us(), "reading %s", f->name);
        TRY(read_digest(f, err));
    }
    for (const struct tree_file *f = tree->files; f; f = f->next, i++) {
        if (i % BATCH_COUNT == 0) {
            TRY(ask_missing(c, f, &missing, err));
        }
        if (is_among(missing, f->digest)) {
            TRY(send_blob(&s, f, err));
        }
        TRY(give_file(c, run_id, f, err));
    }
    print_progress_end(c->print);
    *sent_bytes = s.before;
    return TRACK_OK;
}
