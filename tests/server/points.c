#include "points.h"

#include "../../core/frame.h"

#include <stdio.h>
#include <string.h>

void points_open(struct points *p, size_t limit_bytes)
{
    struct run_put put;
    fixture_open(&p->f, NULL);
    struct tail_options options = {p->f.store, limit_bytes};
    if (!p->f.store || fixture_put(&p->f, RUN_A, "points", &put) != TRACK_OK ||
        tail_open(&options, &p->tail, &p->f.err) != TRACK_OK) {
        fprintf(stderr, "points: %s\n", p->f.err.message);
    }
}

void points_close(struct points *p)
{
    tail_close(p->tail);
    fixture_close(&p->f);
}

static struct frame_key key_of(const char *name)
{
    const char *context = strchr(name, '{');
    size_t size = context ? (size_t)(context - name) : strlen(name);
    struct frame_key key = {{(const unsigned char *)name, size}, {NULL, 0}};
    if (context) {
        key.context = (struct bytes){(const unsigned char *)context, strlen(context)};
    }
    return key;
}

/* Key numbers from indexes of names to those of the writer. */
static track_status blocks_shift(struct frame *f, struct arena *arena)
{
    struct frame_block *blocks = ARENA_ARRAY(arena, struct frame_block, f->block_count + 1);
    for (size_t b = 0; blocks && b < f->block_count; b++) {
        size_t count = f->blocks[b].column_count;
        struct frame_column *columns = ARENA_ARRAY(arena, struct frame_column, count);
        for (size_t c = 0; columns && c < count; c++) {
            columns[c] = f->blocks[b].columns[c];
            columns[c].key += f->first_key;
        }
        blocks[b] = f->blocks[b];
        blocks[b].columns = columns;
    }
    f->blocks = blocks;
    return blocks ? TRACK_OK : TRACK_NOMEM;
}

static track_status batch_encode(struct points *p, const struct points_batch *b,
                                 struct arena *arena, struct buf *out)
{
    struct frame_key *keys = ARENA_ARRAY(arena, struct frame_key, b->name_count + 1);
    struct frame frame = {.head = {.kind = b->line_count ? FRAME_LINES : FRAME_POINTS}};
    if (!keys) {
        return TRACK_NOMEM;
    }
    for (size_t i = 0; i < b->name_count; i++) {
        keys[i] = key_of(b->names[i]);
    }
    memset(frame.head.writer, b->writer + 1, sizeof(frame.head.writer));
    frame.head.epoch = b->epoch;
    frame.head.seq = p->seq[b->writer]++;
    frame.first_key = p->key[b->writer];
    frame.keys = keys;
    frame.key_count = b->name_count;
    frame.lines = b->lines;
    frame.line_count = b->line_count;
    p->key[b->writer] += (uint32_t)b->name_count;
    TRY(blocks_fill(&b->in, arena, &frame, &p->f.err));
    TRY(blocks_shift(&frame, arena));
    return frame_encode(&frame, 1, arena, out, &p->f.err);
}

track_status points_add(struct points *p, const struct points_batch *batch)
{
    AUTO_ARENA arena = ARENA((size_t)FRAME_ARENA_BYTES * 2);
    AUTO_BUF body = BUF(FRAME_BYTES_MAX);
    TRY(batch_encode(p, batch, &arena, &body));
    struct journal_append call = {
        .run = batch->run ? batch->run : RUN_A,
        .body = {body.at, body.size},
        .now_us = batch->now_us ? batch->now_us : NOW_US,
    };
    call.ticket.arena = &arena;
    track_status queued = journal_append(p->f.store, &call, &p->f.err);
    track_status status = fixture_wait(&p->f, queued, &call.ticket);
    if (status != TRACK_OK) {
        fprintf(stderr, "points: %s\n", p->f.err.message);
    }
    return status;
}

track_status points_add_one(struct points *p, const char *name, int64_t step, double value)
{
    struct blocks_point point = {step, step * 1000, value, 0};
    struct points_batch batch = {.names = &name, .name_count = 1, .in = {&point, 1, NULL, 0}};
    return points_add(p, &batch);
}
