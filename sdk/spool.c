#include "spool.h"

#include "../core/fail.h"

#include <errno.h>
#include <unistd.h>

/* What to do when the reservation does not fit: nothing, fail, or grow and try again. */
static track_status spool_make_room(struct spool *s, uint64_t at, uint64_t count)
{
    if (at & SPOOL_CLOSED) {
        return TRACK_CONFLICT;
    }
    return spool_grow(s, at + count); /* the slow path: takes a lock */
}

/* Reserves slots; *segment is one that lies at or before them. */
static inline track_status spool_reserve(struct spool *s, uint64_t count,
                                         struct spool_segment **segment, uint64_t *out)
{
    *segment = atomic_load_explicit(&s->current, memory_order_acquire);
    uint64_t at = atomic_load_explicit(&s->next, memory_order_relaxed);
    do {
        while (at + count > atomic_load_explicit(&s->ready_end, memory_order_acquire)) {
            TRY(spool_make_room(s, at, count));
            at = atomic_load_explicit(&s->next, memory_order_relaxed);
        }
    } while (!atomic_compare_exchange_weak_explicit(&s->next, &at, at + count, memory_order_acq_rel,
                                                    memory_order_relaxed));
    uint64_t wake_at = atomic_load_explicit(&s->wake_at, memory_order_relaxed);
    if (at <= wake_at && at + count > wake_at && s->wake) {
        sem_post(s->wake);
    }
    *out = at;
    return TRACK_OK;
}

/* Goes on to the segment that a slot lies in, and takes the others along. */
static struct spool_segment *spool_walk(struct spool *s, struct spool_segment *segment, uint64_t at)
{
    struct spool_segment *from = segment;
    while (at >= segment->end) {
        segment = atomic_load_explicit(&segment->next, memory_order_acquire);
    }
    if (segment != from) {
        atomic_compare_exchange_strong(&s->current, &from, segment);
    }
    return segment;
}

static track_status spool_publish_by_write(const struct spool_segment *segment, uint64_t at,
                                           const struct slot *slot)
{
    off_t offset = SPOOL_HEAD_BYTES + (off_t)(at - segment->first) * SLOT_BYTES;
    if (pwrite(segment->fd, slot, sizeof(*slot), offset) != (ssize_t)sizeof(*slot)) {
        return errno == ENOSPC || errno == EDQUOT ? TRACK_FULL : TRACK_IO;
    }
    return TRACK_OK;
}

/* Fills a slot of a mapped segment, its CRC last. */
static inline void spool_store(struct slot *to, const struct slot *in, uint32_t crc)
{
    to->tag = in->tag;
    to->a = in->a;
    to->b = in->b;
    to->c = in->c;
    __atomic_store_n(&to->crc, crc, __ATOMIC_RELEASE);
}

#if defined(__x86_64__)
/* The same as spool_store with slot_crc: three steps of the CPU's own CRC, a third of the time. */
__attribute__((target("sse4.2"))) static void spool_store_sse42(struct slot *to,
                                                                const struct slot *in)
{
    uint64_t crc = __builtin_ia32_crc32di(0xffffffff, (uint64_t)in->a);
    crc = __builtin_ia32_crc32di(crc, (uint64_t)in->b);
    crc = __builtin_ia32_crc32di(crc, in->c);
    uint32_t all = ~__builtin_ia32_crc32si((uint32_t)crc, in->tag);
    spool_store(to, in, all ? all : 1);
}
#endif

static track_status spool_publish(const struct spool_segment *segment, uint64_t at,
                                  const struct slot *in)
{
    if (!segment->slots) {
        struct slot slot = {in->tag, slot_crc(in), in->a, in->b, in->c};
        return spool_publish_by_write(segment, at, &slot);
    }
    struct slot *to = &segment->slots[at - segment->first];
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        spool_store_sse42(to, in);
        return TRACK_OK;
    }
#endif
    spool_store(to, in, slot_crc(in));
    return TRACK_OK;
}

/* Publishes the MORE slots of a text, which begin at slot `at`. */
static track_status spool_publish_text(struct spool *s, struct spool_segment *segment, uint64_t at,
                                       struct bytes text)
{
    for (size_t from = 0; from < text.size; from += SLOT_MORE_BYTES, at++) {
        size_t size = text.size - from < SLOT_MORE_BYTES ? text.size - from : SLOT_MORE_BYTES;
        struct slot more = {.tag = slot_tag(SLOT_MORE, 0)};
        memcpy(&more.a, text.at + from, size);
        segment = spool_walk(s, segment, at);
        TRY(spool_publish(segment, at, &more));
    }
    return TRACK_OK;
}

/* A record with text; its MORE slots are published first. */
static track_status spool_add_text(struct spool *s, const struct slot *head, struct bytes text)
{
    struct spool_segment *segment = NULL;
    uint64_t at = 0;
    TRY(spool_reserve(s, 1 + slot_more(text.size), &segment, &at));
    segment = spool_walk(s, segment, at);
    TRY(spool_publish_text(s, segment, at + 1, text));
    return spool_publish(segment, at, head);
}

static track_status spool_add_slot(struct spool *s, const struct slot *head)
{
    struct spool_segment *segment = NULL;
    uint64_t at = 0;
    TRY(spool_reserve(s, 1, &segment, &at));
    if (at >= segment->end) {
        segment = spool_walk(s, segment, at);
    }
    return spool_publish(segment, at, head);
}

track_status spool_add(struct spool *s, const struct slot *head, struct bytes text)
{
    if (s->off) {
        return atomic_load_explicit(&s->next, memory_order_relaxed) & SPOOL_CLOSED ? TRACK_CONFLICT
                                                                                   : TRACK_OK;
    }
    track_status status = text.size > 0 ? spool_add_text(s, head, text) : spool_add_slot(s, head);
    if (status == TRACK_FULL || status == TRACK_IO || status == TRACK_NOMEM) {
        atomic_fetch_add(&s->lost, 1);
    }
    return status;
}
