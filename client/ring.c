#include "ring.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static track_status ring_map(int fd, struct ring **out, track_error *err)
{
    void *at = mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        return FAIL(err, TRACK_NOMEM, "%zu bytes shared with the device worker", sizeof **out);
    }
    *out = at;
    return TRACK_OK;
}

track_status ring_open(int *fd, struct ring **out, track_error *err)
{
    int made = memfd_create("track-devices", MFD_CLOEXEC);
    if (made < 0 || ftruncate(made, (off_t)sizeof **out) != 0) {
        if (made >= 0) {
            close(made);
        }
        return FAIL(err, TRACK_NOMEM, "%zu bytes shared with the device worker", sizeof **out);
    }
    track_status status = ring_map(made, out, err);
    if (status != TRACK_OK) {
        close(made);
        return status;
    }
    *fd = made;
    return TRACK_OK;
}

track_status ring_join(int fd, struct ring **out, track_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof **out) {
        return FAIL(err, TRACK_INVALID, "descriptor %d is no ring of a sampler", fd);
    }
    return ring_map(fd, out, err);
}

void ring_close(struct ring *r)
{
    if (r != NULL) {
        munmap(r, sizeof *r);
    }
}

void ring_put(struct ring *r, const struct ring_record *record)
{
    uint64_t number = atomic_load_explicit(&r->written, memory_order_relaxed);
    struct ring_record *to = &r->records[number % RING_RECORDS];
    uint32_t seq = (uint32_t)number + 1;
    atomic_store_explicit(&to->seq2, 0, memory_order_relaxed);
    atomic_store_explicit(&to->seq, seq, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    to->device = record->device;
    to->metric = record->metric;
    to->time_us = record->time_us;
    to->value = record->value;
    to->window_us = record->window_us;
    to->flags = record->flags;
    to->code = record->code;
    to->pid = record->pid;
    atomic_store_explicit(&to->seq2, seq, memory_order_release);
    atomic_store_explicit(&r->written, number + 1, memory_order_release);
}

bool ring_get(struct ring *r, uint64_t *at, struct ring_record *out)
{
    for (;;) {
        uint64_t written = atomic_load_explicit(&r->written, memory_order_acquire);
        if (*at >= written) {
            return false;
        }
        if (written - *at > RING_RECORDS / 2) {
            *at = written - RING_RECORDS / 2;
        }
        struct ring_record *from = &r->records[*at % RING_RECORDS];
        uint32_t seq = (uint32_t)*at + 1;
        uint32_t last = atomic_load_explicit(&from->seq2, memory_order_acquire);
        memcpy(out, from, sizeof *out);
        atomic_thread_fence(memory_order_acquire);
        uint32_t first = atomic_load_explicit(&from->seq, memory_order_relaxed);
        ++*at;
        if (first == seq && last == seq) {
            return true;
        }
    }
}

void ring_put_table(struct ring *r, const struct device_table *table)
{
    uint32_t seq = atomic_load_explicit(&r->table_seq, memory_order_relaxed);
    atomic_store_explicit(&r->table_seq, seq | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    memcpy(&r->table, table, sizeof *table);
    atomic_fetch_add_explicit(&r->table_count, 1, memory_order_relaxed);
    atomic_store_explicit(&r->table_seq, (seq | 1) + 1, memory_order_release);
}

bool ring_get_table(struct ring *r, struct device_table *out)
{
    uint32_t before = atomic_load_explicit(&r->table_seq, memory_order_acquire);
    memcpy(out, &r->table, sizeof *out);
    atomic_thread_fence(memory_order_acquire);
    uint32_t after = atomic_load_explicit(&r->table_seq, memory_order_relaxed);
    return before == after && before % 2 == 0;
}
