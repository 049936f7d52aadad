#include "frame_check.h"

#include "name.h"

enum { FLAGS_KNOWN = FRAME_SYNC | FRAME_SELF | FRAME_GAP_OK, CONTEXT_BYTES_MAX = 2048 };

static size_t points_count(const struct frame *in)
{
    size_t count = 0;
    for (size_t i = 0; i < in->block_count; i++) {
        size_t points;
        if (__builtin_mul_overflow(in->blocks[i].rows, in->blocks[i].column_count, &points) ||
            __builtin_add_overflow(count, points, &count)) {
            return SIZE_MAX;
        }
    }
    return count;
}

size_t frame_count(const struct frame *in)
{
    return in->head.kind == FRAME_LINES ? in->line_count : points_count(in);
}

track_status frame_check_head(const struct frame_head *head, track_error *err)
{
    if (head->kind < FRAME_POINTS || head->kind > FRAME_HEARTBEAT) {
        return FAIL(err, TRACK_INVALID, "kind %u of a frame is not known", (unsigned)head->kind);
    }
    if (head->flags & ~(unsigned)FLAGS_KNOWN) {
        return FAIL(err, TRACK_INVALID, "flags 0x%x of a frame are not known", head->flags);
    }
    if (head->seq > INT64_MAX) {
        return FAIL(err, TRACK_INVALID, "seq %llu of a frame is over 2^63",
                    (unsigned long long)head->seq);
    }
    return TRACK_OK;
}

static track_status check_sizes(const struct frame *in, track_error *err)
{
    if (in->key_count > FRAME_KEYS_MAX || in->block_count > FRAME_BLOCKS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu keys and %zu blocks in a frame, at most %d of each",
                    in->key_count, in->block_count, FRAME_KEYS_MAX);
    }
    size_t count = frame_count(in);
    if (count > FRAME_POINTS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu points or lines in a frame, at most %d", count,
                    FRAME_POINTS_MAX);
    }
    return TRACK_OK;
}

/* A kind has its own parts and no others.  Points may be none: the frame then only has its number,
 * which its writer had to use. */
static track_status check_parts(const struct frame *in, track_error *err)
{
    bool points = in->block_count || in->key_count, lines = in->line_count;
    bool right = in->head.kind == FRAME_HEARTBEAT ? !points && !lines
                 : in->head.kind == FRAME_LINES   ? !points && lines
                                                  : !lines;
    if (!right) {
        return FAIL(err, TRACK_INVALID, "%zu keys, %zu blocks, %zu lines in a frame of kind %u",
                    in->key_count, in->block_count, in->line_count, (unsigned)in->head.kind);
    }
    return TRACK_OK;
}

static track_status check_keys(const struct frame *in, track_error *err)
{
    if (in->key_count && in->first_key > FRAME_KEY_NUMBER_MAX - in->key_count) {
        return FAIL(err, TRACK_INVALID, "key number %u is too large", in->first_key);
    }
    for (size_t i = 0; i < in->key_count; i++) {
        struct bytes name = in->keys[i].name, context = in->keys[i].context;
        if (name.size) {
            TRY(name_check_key(name, err));
        }
        if (context.size > CONTEXT_BYTES_MAX ||
            (context.size && (context.at[0] != '{' || context.at[context.size - 1] != '}'))) {
            return FAIL(err, TRACK_INVALID, "context of key %zu: not a JSON object of %d bytes",
                        in->first_key + i, CONTEXT_BYTES_MAX);
        }
        TRY(name_check_line(context, err));
    }
    return TRACK_OK;
}

static track_status check_column(const struct frame *in, const struct frame_column *column,
                                 size_t rows, track_error *err)
{
    uint32_t key = column->key;
    bool self = in->head.flags & FRAME_SELF;
    if (key >= FRAME_KEY_NUMBER_MAX) {
        return FAIL(err, TRACK_INVALID, "key number %u is too large", key);
    }
    if (self && (key < in->first_key || key - in->first_key >= in->key_count)) {
        return FAIL(err, TRACK_INVALID, "key number %u is not defined in its frame", key);
    }
    if (!column->values == !column->texts) {
        return FAIL(err, TRACK_INVALID, "key number %u has neither numbers nor texts, or both",
                    key);
    }
    for (size_t i = 0; column->texts && i < rows; i++) {
        if (column->texts[i].size > FRAME_TEXT_BYTES_MAX) {
            return FAIL(err, TRACK_TOO_LARGE, "a text of %zu bytes, at most %d",
                        column->texts[i].size, FRAME_TEXT_BYTES_MAX);
        }
        TRY(name_check_text(column->texts[i], err));
    }
    return TRACK_OK;
}

static track_status check_block(const struct frame *in, const struct frame_block *block,
                                track_error *err)
{
    if (block->rows == 0 || block->column_count == 0) {
        return FAIL(err, TRACK_INVALID, "a block of %zu keys and %zu rows", block->column_count,
                    block->rows);
    }
    for (size_t i = 0; i < block->column_count; i++) {
        TRY(check_column(in, &block->columns[i], block->rows, err));
    }
    return TRACK_OK;
}

static track_status check_line(const struct frame_line *line, track_error *err)
{
    if (line->index < 0) {
        return FAIL(err, TRACK_INVALID, "line number %lld is negative", (long long)line->index);
    }
    if (line->stream > FRAME_STDERR) {
        return FAIL(err, TRACK_INVALID, "stream %u of a line is not known", (unsigned)line->stream);
    }
    if (line->text.size > FRAME_LINE_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a line of %zu bytes, at most %d", line->text.size,
                    FRAME_LINE_BYTES_MAX);
    }
    return TRACK_OK;
}

track_status frame_check(const struct frame *in, track_error *err)
{
    TRY(frame_check_head(&in->head, err));
    TRY(check_sizes(in, err));
    TRY(check_parts(in, err));
    TRY(check_keys(in, err));
    for (size_t i = 0; i < in->block_count; i++) {
        TRY(check_block(in, &in->blocks[i], err));
    }
    for (size_t i = 0; i < in->line_count; i++) {
        TRY(check_line(&in->lines[i], err));
    }
    return TRACK_OK;
}
