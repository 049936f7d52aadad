#include "console_tail.h"

#include "console_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static track_status tail_open(struct console_tail *t, int dir, int flags, track_error *err)
{
    char name[sizeof(t->name) + 4];
    snprintf(name, sizeof(name), "%s.at", t->name);
    flags |= O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    t->at_fd = -1;
    t->fd = console_lift(openat(dir, t->name, flags, 0600));
    if (t->fd >= 0) {
        t->at_fd = console_lift(openat(dir, name, flags | O_CREAT, 0600));
    }
    if (t->at_fd < 0) {
        int why = errno;
        console_tail_close(t);
        bool full = why == ENOSPC || why == EDQUOT;
        return FAIL(err,
                    why == ENOENT ? TRACK_NOT_FOUND
                    : full        ? TRACK_FULL
                                  : TRACK_IO,
                    "%s of the spool: %s", t->name, strerror(why));
    }
    return TRACK_OK;
}

static void tail_init(struct console_tail *t, unsigned number, lines_sink *sink, void *data)
{
    snprintf(t->name, sizeof(t->name), "console%u", number);
    t->lines = (struct lines){.text = t->text, .sink = sink, .data = data};
}

track_status console_tail_make(struct console_tail *t, int dir, unsigned number, lines_sink *sink,
                               void *data, track_error *err)
{
    tail_init(t, number, sink, data);
    return tail_open(t, dir, O_CREAT | O_EXCL, err);
}

track_status console_tail_open(struct console_tail *t, int dir, unsigned number, lines_sink *sink,
                               void *data, track_error *err)
{
    uint64_t at = 0;
    tail_init(t, number, sink, data);
    TRY(tail_open(t, dir, 0, err));
    if (pread(t->at_fd, &at, sizeof(at), 0) == sizeof(at) && at <= console_tail_size(t)) {
        t->at = t->punched = at;
    }
    return TRACK_OK;
}

uint64_t console_tail_size(const struct console_tail *t)
{
    struct stat st;
    return fstat(t->fd, &st) == 0 ? (uint64_t)st.st_size : t->at;
}

/* Remembers what became lines, and gives it back to the disk where that can. */
static void tail_note(struct console_tail *t)
{
    uint64_t noted = t->at - t->lines.pending;
    (void)!pwrite(t->at_fd, &noted, sizeof(noted), 0);
    if (noted >= t->punched + TAIL_PUNCH_BYTES) {
        (void)!fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)t->punched,
                         (off_t)(noted - t->punched));
        t->punched = noted;
    }
}

static void tail_skip(struct console_tail *t, uint64_t size)
{
    lines_end(&t->lines);
    t->skipped += size - t->at;
    t->at = size;
    t->in_skipped = true;
    tail_note(t);
}

/* A line in place of what was skipped. */
static void tail_tell(struct console_tail *t)
{
    char text[96];
    int n = snprintf(text, sizeof(text), "track: %llu bytes of output were not recorded",
                     (unsigned long long)t->skipped);
    t->lines.sink(t->lines.data, (struct bytes){(const unsigned char *)text, (size_t)n});
    t->skipped = 0;
    t->in_skipped = false;
}

/* What is skipped ends at an end of line. */
static struct bytes tail_resume(struct console_tail *t, struct bytes bytes)
{
    const unsigned char *end = memchr(bytes.at, '\n', bytes.size);
    size_t size = end ? (size_t)(end - bytes.at) + 1 : bytes.size;
    t->skipped += size;
    if (end) {
        tail_tell(t);
    }
    return (struct bytes){bytes.at + size, bytes.size - size};
}

void console_tail_take(struct console_tail *t, bool skip, int64_t now_us)
{
    uint64_t size = console_tail_size(t);
    if (size > t->at && (skip || size - t->at > TAIL_BEHIND_MAX)) {
        tail_skip(t, size);
    }
    while (t->at < size) {
        ssize_t n = pread(t->fd, t->block, sizeof(t->block), (off_t)t->at);
        if (n <= 0) {
            return;
        }
        struct bytes bytes = {t->block, (size_t)n};
        t->at += (uint64_t)n;
        if (t->in_skipped) {
            bytes = tail_resume(t, bytes);
        }
        lines_add(&t->lines, bytes, now_us);
        tail_note(t);
    }
}

void console_tail_append(struct console_tail *t, struct bytes bytes)
{
    (void)!pwrite(t->fd, bytes.at, bytes.size, (off_t)console_tail_size(t));
}

void console_tail_end(struct console_tail *t, int dir)
{
    char name[sizeof(t->name) + 4];
    lines_end(&t->lines);
    if (t->in_skipped) {
        tail_tell(t);
    }
    snprintf(name, sizeof(name), "%s.at", t->name);
    unlinkat(dir, t->name, 0);
    unlinkat(dir, name, 0);
    console_tail_close(t);
}

void console_tail_close(struct console_tail *t)
{
    if (t->fd >= 0) {
        close(t->fd);
    }
    if (t->at_fd >= 0) {
        close(t->at_fd);
    }
    t->fd = t->at_fd = -1;
}
