#include "seal_lines.h"

#include <stdlib.h>
#include <string.h>

/* What arrived together, and where it lies. */
struct seal_batch {
    struct pack_batch batch;
    size_t line, byte; /* of lines and bytes: its first */
};

static struct seal_batch *last_of(struct seal_lines *l)
{
    size_t count = l->batches.size / sizeof(struct seal_batch);
    return count ? (struct seal_batch *)(void *)l->batches.at + count - 1 : NULL;
}

/* The batch of a row: the last one, or a new one. */
static track_status batch_of(struct seal_lines *l, const struct journal_head *row,
                             struct seal_batch **out, track_error *err)
{
    struct seal_batch *last = last_of(l);
    struct bytes ignored;
    if (!last || last->batch.seq != row->seq_lo ||
        memcmp(last->batch.writer, row->writer, sizeof(row->writer)) != 0) {
        struct seal_batch fresh = {.batch = {.seq = row->seq_lo, .recv_us = row->recv_us}};
        fresh.line = l->lines.size / sizeof(struct frame_line);
        fresh.byte = l->bytes.size;
        memcpy(fresh.batch.writer, row->writer, sizeof(row->writer));
        buf_put(&l->batches, &fresh, sizeof(fresh));
        TRY(buf_end(&l->batches, &ignored, err));
        last = last_of(l);
    }
    *out = last;
    return TRACK_OK;
}

track_status seal_lines_add(struct seal_lines *l, const struct journal_head *row,
                            const struct frame *frame, track_error *err)
{
    struct seal_batch *batch;
    struct bytes ignored;
    if (frame->line_count == 0) {
        return TRACK_OK;
    }
    TRY(batch_of(l, row, &batch, err));
    buf_put(&l->lines, frame->lines, frame->line_count * sizeof(*frame->lines));
    for (size_t i = 0; i < frame->line_count; i++) {
        buf_put(&l->bytes, frame->lines[i].text.at, frame->lines[i].text.size);
    }
    batch->batch.count += (uint32_t)frame->line_count;
    TRY(buf_end(&l->lines, &ignored, err));
    return buf_end(&l->bytes, &ignored, err);
}

static int compare_batches(const void *a, const void *b)
{
    return pack_lines_compare(&((const struct seal_batch *)a)->batch,
                              &((const struct seal_batch *)b)->batch);
}

track_status seal_lines_build(struct seal_lines *l, struct pack_lines_builder *to, track_error *err)
{
    struct seal_batch *at = (struct seal_batch *)(void *)l->batches.at;
    size_t count = l->batches.size / sizeof(*at);
    if (count > 1) {
        qsort(at, count, sizeof(*at), compare_batches);
    }
    for (size_t i = 0; i < count; i++) {
        struct frame_line *lines = (struct frame_line *)(void *)l->lines.at + at[i].line;
        const unsigned char *text = l->bytes.at + at[i].byte;
        for (uint32_t k = 0; k < at[i].batch.count; k++) {
            lines[k].text.at = text;
            text += lines[k].text.size;
        }
        TRY(pack_lines_add(to, &at[i].batch, lines, err));
    }
    return TRACK_OK;
}

void seal_lines_release(struct seal_lines *l)
{
    buf_release(&l->batches);
    buf_release(&l->lines);
    buf_release(&l->bytes);
}
