#include "../core/fail.h"
#include "../core/hash.h"
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTBOX_REPLY_BYTES = 1 << 20 };

static int64_t outbox_read_file(void *data, void *bytes, size_t room)
{
    ssize_t size = read(*(const int *)data, bytes, room);
    return size;
}

/* Opens the bytes of a blob; TRACK_INVALID once they are not what they were. */
static track_status outbox_open_blob(const struct outbox *o, const struct op *op, int *out,
                                     track_error *err)
{
    int fd = openat(o->folder.dir, op->blob, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        int number = errno;
        if (fd >= 0) {
            close(fd);
        }
        return number == ENOENT
                   ? FAIL(err, TRACK_INVALID, "%.150s is gone, so it cannot be sent", op->blob)
                   : FAIL(err, TRACK_IO, "%.150s: %s", op->blob, strerrordesc_np(number));
    }
    int64_t time_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    bool same = S_ISREG(st.st_mode) && (uint64_t)st.st_size == op->blob_bytes &&
                (op->blob_time_ns == 0 || op->blob_time_ns == time_ns);
    if (!same) {
        close(fd);
        return FAIL(err, TRACK_INVALID, "%.150s was changed after it was logged", op->blob);
    }
    *out = fd;
    return TRACK_OK;
}

/* Asks whether the server misses the blob. */
static track_status outbox_blob_missing(struct outbox *o, const struct outbox_call *call,
                                        const struct op *op, bool *out, track_error *err)
{
    char text[192], found[72];
    int size = snprintf(text, sizeof(text), "{\"blobs\":[{\"digest\":\"%s\",\"size\":%llu}]}",
                        op->digest, (unsigned long long)op->blob_bytes);
    struct transport_request rq = {.method = "POST",
                                   .url = "/api/v1/blobs/missing",
                                   .body = {(const unsigned char *)text, (size_t)size},
                                   .content_type = "application/json"};
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_request(o, call, &rq, &reply, err));
    TRY(answer_check_json(&reply, err));
    snprintf(found, sizeof(found), "\"%s\"", op->digest);
    *out = reply.body.size > 0 && memmem(reply.body.at, reply.body.size, found, strlen(found));
    return TRACK_OK;
}

static track_status outbox_send_blob(struct outbox *o, const struct outbox_call *call,
                                     const struct op *op, struct transport_reply *reply,
                                     track_error *err)
{
    bool missing = false;
    TRY(outbox_blob_missing(o, call, op, &missing, err));
    if (!missing) {
        return TRACK_OK;
    }
    int fd = -1;
    TRY(outbox_open_blob(o, op, &fd, err));
    char path[96];
    snprintf(path, sizeof(path), "/api/v1/blobs/%s", op->digest);
    struct transport_request rq = {.method = "PUT",
                                   .url = path,
                                   .source = outbox_read_file,
                                   .source_data = &fd,
                                   .source_bytes = (int64_t)op->blob_bytes,
                                   .content_type = "application/octet-stream"};
    /* A large file may take longer than a request; one that moves is not cut off. */
    struct outbox_call slow = {call->t, call->timeout_ms + (int64_t)(op->blob_bytes >> 10)};
    track_status status = outbox_request(o, &slow, &rq, reply, err);
    close(fd);
    TRY(status);
    return answer_check_json(reply, err);
}

static track_status outbox_send_op(struct outbox *o, const struct outbox_call *call,
                                   const struct op *op, struct transport_reply *reply,
                                   track_error *err)
{
    if (op->blob[0]) {
        TRY(outbox_send_blob(o, call, op, reply, err));
    }
    struct transport_request rq = {
        .method = op->method, .url = op->path, .body = op->body, .content_type = op->type};
    TRY(outbox_request(o, call, &rq, reply, err));
    return answer_check_json(reply, err);
}

/* A request that the server refuses is kept; but without the run nothing else makes sense. */
static bool outbox_may_skip(track_status status, uint64_t offset)
{
    bool says_no = outbox_is_refusal(status) || status == TRACK_CONFLICT;
    return says_no && offset > 0;
}

static void outbox_keep_op(struct outbox *o, const struct op *op, uint64_t offset,
                           struct transport_reply *reply, const track_error *why)
{
    char name[48];
    snprintf(name, sizeof(name), "request-%llu", (unsigned long long)offset);
    if (reply->body.size == 0) { /* nobody answered: we found out ourselves */
        buf_text(&reply->body, why->message);
    }
    AUTO_BUF text = BUF(OP_BYTES_MAX + 8192);
    buf_text(&text, op->method);
    buf_text(&text, " ");
    buf_text(&text, op->path);
    buf_text(&text, "\n");
    buf_put(&text, op->body.at, op->body.size);
    outbox_keep_refused(o, name, (struct bytes){text.at, text.size}, reply);
    atomic_fetch_add(&o->refused, 1);
}

/* Sends the request at an offset; *next is where the following one stands. */
static track_status outbox_next_op(struct outbox *o, const struct outbox_call *call,
                                   uint64_t offset, uint64_t *next, track_error *err)
{
    AUTO_ARENA arena = ARENA(OP_BYTES_MAX + (1 << 16));
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    struct op op;
    TRY(spool_ops_read(&o->ops, offset, &arena, &op, next, err));
    track_error why = {0};
    track_status status = outbox_send_op(o, call, &op, &reply, &why);
    if (outbox_may_skip(status, offset)) {
        outbox_keep_op(o, &op, offset, &reply, &why);
        if (o->refused_say) {
            o->refused_say(o->siblings_data, why.message);
            o->refused_say = NULL; /* the rest is counted */
        }
        status = TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    return offset == 0 ? outbox_epoch_began(o, &reply, err) : TRACK_OK;
}

track_status outbox_send_ops(struct outbox *o, const struct outbox_call *call, track_error *err)
{
    uint64_t at = atomic_load(&o->ops_done);
    while (at < spool_ops_bytes(&o->ops)) {
        uint64_t next = at;
        TRY(outbox_next_op(o, call, at, &next, err));
        struct note note = {.kind = NOTE_OPS, .value = (int64_t)next};
        TRY(spool_notes_add(&o->notes, &note, err));
        atomic_store(&o->ops_done, next);
        at = next;
    }
    return TRACK_OK;
}
