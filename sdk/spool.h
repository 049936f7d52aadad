/* spool - the files that hold what a run logs until the server has it.
 *
 * One folder for each (run, writer).  This file is its writing side: segments of fixed slots,
 * allocated on disk before they are mapped, so that a full disk is a status and not a SIGBUS.  A
 * log call reserves slots by one atomic step and publishes each by its CRC; it takes no lock and
 * makes no system call, but for the one in 130,000 that finds the next segment not ready.
 *
 *     <run>.<writer>/  meta.json  lock  owner.*  00000000.trk ...
 *                      cuts.trk  ops.trk  files/  refused/
 *
 * The other files: spool_folder.h (folder, lock, meta), spool_note.h (cuts.trk), spool_op.h
 * (ops.trk), spool_scan.h (reading).
 * Layout: schema/formats.md#spool
 * Uses:   fail, region, spool_slot.  Any thread, where nothing else is said.
 */
#ifndef SDK_SPOOL_H
#define SDK_SPOOL_H
#include "region.h"
#include "spool_slot.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum {
    SPOOL_SEGMENT_MAGIC = 0x31534b54, /* "TKS1" */
    SPOOL_HEAD_BYTES = 4096,
    SPOOL_MAPPED_MAX = 64 << 20,
    SPOOL_ID_BYTES = 16,
};

/* First page of a segment. */
struct spool_head {
    uint32_t magic;
    uint32_t version; /* 1 */
    unsigned char run[SPOOL_ID_BYTES];
    unsigned char writer[SPOOL_ID_BYTES];
    uint64_t first;  /* number of its first slot; segments have equal sizes */
    uint32_t number; /* of the segment, as in its name */
    uint32_t crc;    /* of what stands before */
};

/* A segment in memory; never freed before the spool, since a log call may walk over it. */
struct spool_segment {
    uint64_t first, end; /* slots */
    struct slot *slots;  /* NULL: unmapped, or written by pwrite */
    _Atomic(struct spool_segment *) next;
    int fd; /* only while written by pwrite, else -1 */
    uint32_t number;
};

#define SPOOL_CLOSED (UINT64_C(1) << 63)

/* Invariants: next & ~SPOOL_CLOSED <= ready_end; every slot below ready_end is allocated on disk.
 */
struct spool {
    _Atomic uint64_t next;                   /* first slot that is not reserved; or'ed with
                                                SPOOL_CLOSED when nothing more may come */
    _Atomic uint64_t ready_end;              /* slots that have a segment */
    _Atomic(struct spool_segment *) current; /* a segment that some reserved slot lies in */
    _Atomic uint64_t wake_at;                /* reserving this slot wakes the keeper */
    sem_t *wake;                             /* NULL: there is no keeper */
    bool off;                                /* takes everything, keeps nothing */
    bool by_write;                           /* allocation is no promise here */
    bool reopened;                           /* it goes on behind what a dead process wrote */
    int dir;                                 /* of the folder; -1 when off */
    unsigned char run[SPOOL_ID_BYTES], writer[SPOOL_ID_BYTES];
    uint64_t segment_slots;
    uint64_t bytes_max;
    _Atomic uint64_t lost; /* records that could not be kept */
    pthread_mutex_t grow;  /* guards what follows */
    struct region region;
    struct spool_segment *first, *last; /* first: oldest that has a file */
    uint64_t bytes;                     /* of segments on disk */
    uint64_t synced;                    /* slots below are durable */
    int64_t full_until_ms;              /* a failed allocation is not repeated before */
};

/* What a spool is made with. */
struct spool_options {
    int dir; /* of the folder; kept open by the caller as long as the spool */
    const unsigned char *run, *writer; /* [SPOOL_ID_BYTES] each */
    uint64_t segment_bytes;            /* a power of two of 64 KiB..1 GiB */
    uint64_t bytes_max;                /* of all segments together; at least one is allowed */
    sem_t *wake;   /* posted when the next segment is wanted; NULL: nobody is there */
    bool by_write; /* do not map, also where one could */
};

/* Makes the first segment.
 *
 *   s  zeroed; released by spool_release also after a failure.
 *
 * TRACK_FULL   no room on disk, or the quota.
 * TRACK_IO     the segment cannot be made; err says why.
 * TRACK_NOMEM  no memory to map it.
 *
 * Tests: tests/sdk/test_spool.c, tests/e2e/test_sdk.py
 */
track_status spool_init(struct spool *s, const struct spool_options *options, track_error *err);

/* Goes on with the spool of a dead process.
 *
 *   options  as it was made with.
 *   end      behind its last published slot.
 *
 * Statuses as spool_init.
 * Tests: tests/e2e/python/test_console_death.py
 */
track_status spool_reopen(struct spool *s, const struct spool_options *options, uint64_t end,
                          track_error *err);

/* A spool that takes everything and keeps nothing. */
void spool_init_off(struct spool *s);

/* Adds one record: its slot, and its text in MORE slots before that is published.
 *
 *   head  tag, a, b and c of its slot.
 *   text  may be empty.
 *
 * TRACK_CONFLICT  spool_end was called.
 * TRACK_FULL      the disk or bytes_max; counted in lost.
 * TRACK_IO, TRACK_NOMEM  the next segment could not be made; counted in lost.
 *
 * Cost: 15 ns without text (bench/log_call.c).
 */
track_status spool_add(struct spool *s, const struct slot *head, struct bytes text);

/* Sees to it that slots below `end` have segments; for spool_add.  Statuses as spool_add. */
track_status spool_grow(struct spool *s, uint64_t end);

/* Makes the next segment when more than half of the last one is used, and unmaps those that are
 * full and published.  For the keeper, when woken and once a second. */
void spool_keep(struct spool *s);

/* Makes what was published durable.
 *
 * TRACK_IO  the disk did not take it.
 */
track_status spool_flush(struct spool *s, track_error *err);

/* Ends adding, and waits up to wait_ms until what is being added is published.
 *
 *   out  number of slots that were reserved in all.
 */
void spool_end(struct spool *s, int64_t wait_ms, uint64_t *out);

/* Removes the segments that lie wholly below a slot: the server has them. */
void spool_remove_below(struct spool *s, uint64_t slot);

/* Bytes of its segments on disk. */
uint64_t spool_bytes(struct spool *s);

/* Lets go of the files.  Log calls that are still under way write into memory that nobody reads. */
void spool_close(struct spool *s);

/* Frees everything; no call may be under way. */
void spool_release(struct spool *s);
#endif
