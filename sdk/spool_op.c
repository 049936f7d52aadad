#include "spool_op.h"

#include "../core/fail.h"
#include "../core/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OP_HEAD_BYTES = 8, OP_TEXTS = 5 };

static track_status ops_fail(track_error *err, int number)
{
    track_status status = number == ENOSPC || number == EDQUOT ? TRACK_FULL : TRACK_IO;
    return FAIL(err, status, "ops.trk: %s", strerrordesc_np(number));
}

static void op_put_text(struct buf *b, const char *text)
{
    buf_put(b, text ? text : "", strlen(text ? text : "") + 1);
}

static void op_put_64(struct buf *b, uint64_t value)
{
    buf_le32(b, (uint32_t)value);
    buf_le32(b, (uint32_t)(value >> 32));
}

/* Head and content of a record. */
static track_status op_encode(const struct op *op, struct buf *out, track_error *err)
{
    AUTO_BUF content = BUF(OP_BYTES_MAX);
    op_put_text(&content, op->method);
    op_put_text(&content, op->path);
    op_put_text(&content, op->type);
    op_put_text(&content, op->blob);
    op_put_text(&content, op->digest);
    op_put_64(&content, op->blob_bytes);
    op_put_64(&content, (uint64_t)op->blob_time_ns);
    buf_put(&content, op->body.at, op->body.size);
    struct bytes all;
    TRY(buf_end(&content, &all, err));
    buf_le32(out, (uint32_t)all.size);
    buf_le32(out, hash_crc32c(0, all));
    buf_put(out, all.at, all.size);
    return TRACK_OK;
}

static uint64_t op_take_64(struct reader *r)
{
    uint64_t low = reader_le32(r);
    return low | (uint64_t)reader_le32(r) << 32;
}

static const char *op_take_text(struct reader *r)
{
    const char *text = (const char *)r->left.at;
    const void *end = r->left.size ? memchr(text, 0, r->left.size) : NULL;
    if (!end) {
        r->failed = true;
        return "";
    }
    reader_take(r, (size_t)((const char *)end - text) + 1);
    return text;
}

static track_status op_decode(struct bytes content, struct op *out, track_error *err)
{
    struct reader r = {.left = content};
    struct op op = {.method = op_take_text(&r), .path = op_take_text(&r), .type = op_take_text(&r)};
    op.blob = op_take_text(&r);
    op.digest = op_take_text(&r);
    op.blob_bytes = op_take_64(&r);
    op.blob_time_ns = (int64_t)op_take_64(&r);
    if (r.failed) {
        return FAIL(err, TRACK_CORRUPT, "ops.trk: a record without its fields");
    }
    op.body = r.left;
    *out = op;
    return TRACK_OK;
}

track_status spool_ops_read(struct spool_ops *o, uint64_t offset, struct arena *arena,
                            struct op *out, uint64_t *next, track_error *err)
{
    unsigned char head[OP_HEAD_BYTES];
    if (offset >= spool_ops_bytes(o)) {
        return FAIL(err, TRACK_NOT_FOUND, "ops.trk: nothing at %llu", (unsigned long long)offset);
    }
    ssize_t size = pread(o->fd, head, sizeof(head), (off_t)offset);
    struct reader r = {.left = {head, sizeof(head)}};
    uint32_t bytes = reader_le32(&r), crc = reader_le32(&r);
    if (size != (ssize_t)sizeof(head) || bytes > OP_BYTES_MAX) {
        return FAIL(err, TRACK_CORRUPT, "ops.trk: no record at %llu", (unsigned long long)offset);
    }
    unsigned char *content = arena_alloc(arena, bytes ? bytes : 1, 1);
    if (!content) {
        return FAIL(err, TRACK_NOMEM, "ops.trk: no memory for %u bytes", bytes);
    }
    size = pread(o->fd, content, bytes, (off_t)offset + OP_HEAD_BYTES);
    if (size < 0) {
        return ops_fail(err, errno);
    }
    struct bytes all = {content, bytes};
    if ((size_t)size != bytes || hash_crc32c(0, all) != crc) {
        return FAIL(err, TRACK_CORRUPT, "ops.trk: damaged at %llu", (unsigned long long)offset);
    }
    *next = offset + OP_HEAD_BYTES + bytes;
    return op_decode(all, out, err);
}

/* Sets o->bytes to the end of the last whole record. */
static track_status ops_find_end(struct spool_ops *o, uint64_t size, track_error *err)
{
    uint64_t at = 0;
    o->bytes = size;
    track_status status = TRACK_OK;
    while (status == TRACK_OK && at < size) {
        AUTO_ARENA arena = ARENA(OP_BYTES_MAX + 4096);
        struct op op;
        uint64_t next = at;
        status = spool_ops_read(o, at, &arena, &op, &next, err);
        at = status == TRACK_OK ? next : at;
    }
    o->bytes = at;
    return status == TRACK_CORRUPT ? TRACK_OK : status;
}

track_status spool_ops_open(int dir, struct spool_ops *out, track_error *err)
{
    *out = (struct spool_ops){.fd = openat(dir, "ops.trk", O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (out->fd < 0) {
        return ops_fail(err, errno);
    }
    pthread_mutex_init(&out->lock, NULL);
    struct stat st;
    track_status status = fstat(out->fd, &st) == 0 ? ops_find_end(out, (uint64_t)st.st_size, err)
                                                   : ops_fail(err, errno);
    if (status != TRACK_OK) {
        spool_ops_close(out);
    }
    return status;
}

/* Writes at the end, or nothing; o->lock is held. */
static track_status ops_write(struct spool_ops *o, struct bytes record, track_error *err)
{
    size_t done = 0;
    while (done < record.size) {
        ssize_t n = pwrite(o->fd, record.at + done, record.size - done, (off_t)(o->bytes + done));
        if (n <= 0 && errno != EINTR) {
            int number = n < 0 ? errno : ENOSPC;
            (void)!ftruncate(o->fd, (off_t)o->bytes);
            return ops_fail(err, number);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    o->bytes += record.size;
    return TRACK_OK;
}

track_status spool_ops_add(struct spool_ops *o, const struct op *op, track_error *err)
{
    AUTO_BUF record = BUF(OP_BYTES_MAX + OP_HEAD_BYTES);
    TRY(op_encode(op, &record, err));
    struct bytes all;
    TRY(buf_end(&record, &all, err));
    pthread_mutex_lock(&o->lock);
    track_status status = ops_write(o, all, err);
    pthread_mutex_unlock(&o->lock);
    return status;
}

uint64_t spool_ops_bytes(struct spool_ops *o)
{
    pthread_mutex_lock(&o->lock);
    uint64_t bytes = o->bytes;
    pthread_mutex_unlock(&o->lock);
    return bytes;
}

track_status spool_ops_flush(struct spool_ops *o, track_error *err)
{
    return fdatasync(o->fd) == 0 ? TRACK_OK : ops_fail(err, errno);
}

void spool_ops_close(struct spool_ops *o)
{
    if (o->fd >= 0) {
        close(o->fd);
        pthread_mutex_destroy(&o->lock);
    }
    o->fd = -1;
}
