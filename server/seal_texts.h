/* seal_texts - text samples of one series, in order, each once.
 *
 * Uses: frame, pack_build.  One thread.
 */
#ifndef SERVER_SEAL_TEXTS_H
#define SERVER_SEAL_TEXTS_H
#include "../core/frame.h"
#include "../core/pack_build.h"

struct seal_texts {
    struct buf at;    /* of struct seal_text */
    struct buf bytes; /* of the texts, one behind the other */
};
#define SEAL_TEXTS                                \
    {                                             \
        .at = BUF(1 << 30), .bytes = BUF(1 << 30) \
    }

/* Adds a column of texts.  TRACK_NOMEM. */
track_status seal_texts_add(struct seal_texts *t, const struct frame_block *block,
                            const struct bytes *texts, track_error *err);

/* Gives them to a builder whose open series is of texts: by step, time and bytes.
 *
 * TRACK_NOMEM, and what the builder says.
 *
 * Tests: tests/server/test_seal_run.c
 */
track_status seal_texts_build(struct seal_texts *t, struct pack_builder *to, track_error *err);

void seal_texts_release(struct seal_texts *t);
#endif
