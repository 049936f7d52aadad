/* tail_texts - the text samples of a run in order, from the journal and from packs.
 *
 * Texts are a set: a series has a text of the same step, time and bytes once.
 * Order: newest step first, then newest time; then by series; then by bytes.
 * Uses: frame, tail, tail_pack.  One thread, one request.
 */
#ifndef SERVER_TAIL_TEXTS_H
#define SERVER_TAIL_TEXTS_H
#include "tail_readers.h"

/* A text sample; its nth of its series, step and time. */
struct tail_sample {
    uint32_t series; /* index */
    uint32_t nth;
    int64_t step, time_us;
    struct bytes text; /* UTF-8 */
};

struct tail_texts_ask {
    const char *key;                 /* NULL: every one */
    const struct tail_sample *after; /* what comes behind it; its text does not matter; NULL: all */
    size_t limit;
};

/* The first samples that ask wants.
 *
 *   arena  holds them, and what is read on the way.
 *   out    [limit + 1]: one more says that there are more.
 *
 * TRACK_CONFLICT  as tail_read_row.
 * TRACK_CORRUPT   a pack or journal row is damaged.
 * TRACK_NOMEM     the arena's limit.
 *
 * Cost:  the chunks (1 MiB of text, 4,096 samples) that may hold them; the journal's rows.
 * Tests: tests/server/test_tail_texts.c
 */
track_status tail_texts_page(struct tail_run *run, const struct tail_texts_ask *ask,
                             struct arena *arena, struct tail_sample *out, size_t *count,
                             track_error *err);
#endif
