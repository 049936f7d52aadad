#include "../core/fail.h"
#include "moment.h"
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { SPOOL_RETRY_MS = 1000 };

static void spool_segment_name(uint32_t number, char out[16])
{
    snprintf(out, 16, "%08u.trk", number);
}

static size_t spool_segment_bytes(const struct spool *s)
{
    return SPOOL_HEAD_BYTES + (size_t)s->segment_slots * SLOT_BYTES;
}

/* True where posix_fallocate promises nothing about later writes to a mapping. */
static bool spool_must_write(int dir)
{
    struct statfs fs;
    if (fstatfs(dir, &fs) != 0) {
        return true;
    }
    switch ((unsigned long)fs.f_type) {
    case 0x9123683eUL: /* btrfs */
    case 0x2fc12fc1UL: /* ZFS */
    case 0x6969UL:     /* NFS */
    case 0xff534d42UL: /* CIFS */
    case 0xfe534d42UL: /* SMB2 */
    case 0x65735546UL: /* FUSE */
        return true;
    default:
        return false;
    }
}

static track_status spool_fail(track_error *err, int number, const char *what)
{
    track_status status = number == ENOSPC || number == EDQUOT || number == EFBIG ? TRACK_FULL
                          : number == ENOMEM                                      ? TRACK_NOMEM
                                                                                  : TRACK_IO;
    return FAIL(err, status, "spool: %s: %s", what, strerrordesc_np(number));
}

/* Writes the head page of a segment and allocates the rest. */
static int spool_segment_make(struct spool *s, const struct spool_segment *segment, int fd)
{
    struct spool_head head = {.magic = SPOOL_SEGMENT_MAGIC,
                              .version = 1,
                              .first = segment->first,
                              .number = segment->number};
    memcpy(head.run, s->run, sizeof(head.run));
    memcpy(head.writer, s->writer, sizeof(head.writer));
    head.crc = hash_crc32c(
        0, (struct bytes){(const unsigned char *)&head, offsetof(struct spool_head, crc)});
    int number = posix_fallocate(fd, 0, (off_t)spool_segment_bytes(s));
    if (number == 0 && pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head)) {
        number = errno ? errno : EIO;
    }
    return number;
}

/* Touches every page for writing, so that log calls do not meet the faults. */
static int spool_segment_map(struct spool *s, struct spool_segment *segment, int fd)
{
    size_t bytes = spool_segment_bytes(s);
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return errno;
    }
    if (madvise(map, bytes, MADV_POPULATE_WRITE) != 0) {
        for (size_t at = SPOOL_HEAD_BYTES; at < bytes; at += SPOOL_HEAD_BYTES) {
            ((volatile unsigned char *)map)[at] = 0;
        }
    }
    segment->slots = (struct slot *)(void *)((char *)map + SPOOL_HEAD_BYTES);
    return 0;
}

static int spool_segment_open(struct spool *s, struct spool_segment *segment)
{
    char name[16];
    spool_segment_name(segment->number, name);
    int fd = openat(s->dir, name, O_RDWR | O_CREAT | (s->reopened ? 0 : O_EXCL) | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    int number = spool_segment_make(s, segment, fd);
    if (number == 0 && s->by_write) {
        segment->fd = fd;
        return 0;
    }
    if (number == 0) {
        number = spool_segment_map(s, segment, fd);
    }
    if (number != 0 && !s->reopened) {
        unlinkat(s->dir, name, 0);
    }
    close(fd);
    return number;
}

/* Adds a segment; s->grow is held. */
static track_status spool_segment_add(struct spool *s, track_error *err)
{
    if (s->bytes + spool_segment_bytes(s) > s->bytes_max && s->first) {
        return FAIL(err, TRACK_FULL, "spool: its limit of %llu bytes is reached",
                    (unsigned long long)s->bytes_max);
    }
    struct spool_segment *segment = region_alloc(&s->region, sizeof(*segment));
    if (!segment) {
        return FAIL(err, TRACK_NOMEM, "spool: no memory for a segment");
    }
    segment->fd = -1;
    segment->number =
        s->last ? s->last->number + 1 : (uint32_t)(atomic_load(&s->next) / s->segment_slots);
    segment->first = segment->number * s->segment_slots;
    segment->end = segment->first + s->segment_slots;
    int number = spool_segment_open(s, segment);
    if (number != 0) {
        return spool_fail(err, number, "the next segment");
    }
    s->bytes += spool_segment_bytes(s);
    if (s->last) {
        atomic_store_explicit(&s->last->next, segment, memory_order_release);
    } else {
        atomic_store(&s->current, segment);
    }
    s->first = s->first ? s->first : segment;
    s->last = segment;
    atomic_store(&s->wake_at, segment->first + s->segment_slots / 2);
    atomic_store_explicit(&s->ready_end, segment->end, memory_order_release);
    return TRACK_OK;
}

static void spool_set(struct spool *s, const struct spool_options *options)
{
    pthread_mutex_init(&s->grow, NULL);
    s->dir = options->dir;
    s->wake = options->wake;
    s->bytes_max = options->bytes_max;
    s->segment_slots = (options->segment_bytes - SPOOL_HEAD_BYTES) / SLOT_BYTES;
    s->by_write = options->by_write || spool_must_write(options->dir);
    memcpy(s->run, options->run, sizeof(s->run));
    memcpy(s->writer, options->writer, sizeof(s->writer));
}

track_status spool_init(struct spool *s, const struct spool_options *options, track_error *err)
{
    spool_set(s, options);
    return spool_segment_add(s, err);
}

track_status spool_reopen(struct spool *s, const struct spool_options *options, uint64_t end,
                          track_error *err)
{
    spool_set(s, options);
    s->by_write = s->reopened = true;
    atomic_store(&s->next, end);
    return spool_segment_add(s, err);
}

void spool_init_off(struct spool *s)
{
    pthread_mutex_init(&s->grow, NULL);
    s->dir = -1;
    s->off = true;
}

track_status spool_grow(struct spool *s, uint64_t end)
{
    pthread_mutex_lock(&s->grow);
    track_status status = TRACK_OK;
    while (status == TRACK_OK && atomic_load(&s->ready_end) < end) {
        if (moment_tick_ms() < s->full_until_ms) {
            status = TRACK_FULL;
        } else {
            status = spool_segment_add(s, NULL);
            s->full_until_ms = status == TRACK_OK ? 0 : moment_tick_ms() + SPOOL_RETRY_MS;
        }
    }
    pthread_mutex_unlock(&s->grow);
    return status;
}

static void *spool_map_start(const struct spool_segment *segment)
{
    return (char *)segment->slots - SPOOL_HEAD_BYTES;
}

/* True once nobody writes to the segment any more. */
static bool spool_segment_done(const struct spool *s, const struct spool_segment *segment)
{
    if ((atomic_load(&s->next) & ~SPOOL_CLOSED) < segment->end) {
        return false;
    }
    for (uint64_t i = 0; i < segment->end - segment->first; i++) {
        if (__atomic_load_n(&segment->slots[i].crc, __ATOMIC_ACQUIRE) == 0) {
            return false;
        }
    }
    return true;
}

static void spool_segment_unmap(struct spool *s, struct spool_segment *segment)
{
    if (segment->slots) {
        munmap(spool_map_start(segment), spool_segment_bytes(s));
        segment->slots = NULL;
    }
    if (segment->fd >= 0) {
        close(segment->fd);
        segment->fd = -1;
    }
}

/* Unmaps what is full, oldest first, keeping the two newest; s->grow is held. */
static void spool_unmap_done(struct spool *s)
{
    for (struct spool_segment *g = s->first; g && g != s->last; g = atomic_load(&g->next)) {
        if (g->slots && g != atomic_load(&s->current) && spool_segment_done(s, g)) {
            spool_segment_unmap(s, g);
        }
    }
}

void spool_keep(struct spool *s)
{
    if (s->off) {
        return;
    }
    pthread_mutex_lock(&s->grow);
    uint64_t next = atomic_load(&s->next);
    if (!(next & SPOOL_CLOSED) && next > atomic_load(&s->wake_at) &&
        moment_tick_ms() >= s->full_until_ms) {
        (void)!spool_segment_add(s, NULL);
    }
    spool_unmap_done(s);
    pthread_mutex_unlock(&s->grow);
}

track_status spool_flush(struct spool *s, track_error *err)
{
    if (s->off) {
        return TRACK_OK;
    }
    pthread_mutex_lock(&s->grow);
    uint64_t to = atomic_load(&s->next) & ~SPOOL_CLOSED;
    uint32_t number = s->first->number, last = s->last->number;
    uint64_t synced = s->synced;
    pthread_mutex_unlock(&s->grow);
    for (; to > synced && number <= last; number++) {
        if (((uint64_t)number + 1) * s->segment_slots <= synced) {
            continue;
        }
        char name[16];
        spool_segment_name(number, name);
        int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            continue; /* sent and removed meanwhile */
        }
        int failed = fdatasync(fd) == 0 ? 0 : errno;
        close(fd);
        if (failed) {
            return FAIL(err, TRACK_IO, "spool: %s: %s", name, strerrordesc_np(failed));
        }
    }
    pthread_mutex_lock(&s->grow);
    s->synced = to > s->synced ? to : s->synced;
    pthread_mutex_unlock(&s->grow);
    return TRACK_OK;
}

/* True once every slot that was reserved is published. */
static bool spool_all_done(struct spool *s, uint64_t end)
{
    bool done = true;
    pthread_mutex_lock(&s->grow);
    for (struct spool_segment *g = s->first; g && done; g = atomic_load(&g->next)) {
        for (uint64_t i = g->first; g->slots && done && i < g->end && i < end; i++) {
            done = __atomic_load_n(&g->slots[i - g->first].crc, __ATOMIC_ACQUIRE) != 0;
        }
    }
    pthread_mutex_unlock(&s->grow);
    return done;
}

void spool_end(struct spool *s, int64_t wait_ms, uint64_t *out)
{
    uint64_t end = atomic_fetch_or(&s->next, SPOOL_CLOSED) & ~SPOOL_CLOSED;
    int64_t until_ms = moment_tick_ms() + wait_ms;
    while (!s->off && !spool_all_done(s, end) && moment_tick_ms() < until_ms) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    *out = end;
}

void spool_remove_below(struct spool *s, uint64_t slot)
{
    pthread_mutex_lock(&s->grow);
    while (s->first && s->first != s->last && s->first->end <= slot) {
        char name[16];
        spool_segment_name(s->first->number, name);
        spool_segment_unmap(s, s->first);
        unlinkat(s->dir, name, 0);
        s->bytes -= spool_segment_bytes(s);
        s->first = atomic_load(&s->first->next);
        s->full_until_ms = 0;
    }
    pthread_mutex_unlock(&s->grow);
}

uint64_t spool_bytes(struct spool *s)
{
    pthread_mutex_lock(&s->grow);
    uint64_t bytes = s->bytes;
    pthread_mutex_unlock(&s->grow);
    return bytes;
}

void spool_close(struct spool *s)
{
    pthread_mutex_lock(&s->grow);
    for (struct spool_segment *g = s->first; g; g = atomic_load(&g->next)) {
        if (g->slots) {
            mmap(spool_map_start(g), spool_segment_bytes(s), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        }
        int null = g->fd >= 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
        if (null >= 0) {
            dup3(null, g->fd, O_CLOEXEC);
            close(null);
        }
    }
    pthread_mutex_unlock(&s->grow);
}

void spool_release(struct spool *s)
{
    for (struct spool_segment *g = s->first; g; g = atomic_load(&g->next)) {
        spool_segment_unmap(s, g);
    }
    region_release(&s->region);
    pthread_mutex_destroy(&s->grow);
}
