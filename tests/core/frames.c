#include "frames.h"

#include "../../core/hash.h"

#include <string.h>

#define TEXT(t)                                   \
    {                                             \
        (const unsigned char *)(t), sizeof(t) - 1 \
    }

static const struct frame_head head = {
    .writer = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .seq = 7,
    .epoch = 1,
    .content_crc = 0xfeedc0de,
};

struct frame frames_points(void)
{
    static const struct frame_key keys[] = {{TEXT("train/loss"), {NULL, 0}},
                                            {TEXT("lr"), TEXT("{\"rank\":1}")}};
    static const int64_t steps[] = {-1, 0, 1}, times[] = {1000, 2000, 2500};
    static const double floats[] = {1.5, -0.0, 0.25}, doubles[] = {0.1, 1e300, 5e-324};
    static const struct bytes texts[] = {TEXT("Once upon a time")};
    static const struct frame_column columns[] = {{5, floats, NULL}, {4, doubles, NULL}},
                                     text[] = {{4, NULL, texts}};
    static const struct frame_block blocks[] = {{3, 2, steps, times, columns},
                                                {1, 1, steps + 2, times + 2, text}};
    struct frame f = {.head = head, .first_key = 4, .key_count = 2, .keys = keys};
    f.head.kind = FRAME_POINTS;
    f.head.flags = FRAME_SELF | FRAME_SYNC;
    f.block_count = 2;
    f.blocks = blocks;
    return f;
}

struct frame frames_lines(void)
{
    static const struct frame_line lines[] = {{0, 5000000, FRAME_STDOUT, TEXT("epoch 1")},
                                              {1, 5000001, FRAME_STDERR, TEXT("\xff\x1b[0m")}};
    struct frame f = {.head = head, .line_count = 2, .lines = lines};
    f.head.kind = FRAME_LINES;
    return f;
}

struct frame frames_heartbeat(void)
{
    struct frame f = {.head = head};
    f.head.kind = FRAME_HEARTBEAT;
    return f;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static bool same_head(const struct frame_head *a, const struct frame_head *b)
{
    return a->kind == b->kind && a->flags == b->flags && a->seq == b->seq && a->epoch == b->epoch &&
           a->content_crc == b->content_crc && memcmp(a->writer, b->writer, sizeof(a->writer)) == 0;
}

static bool same_column(const struct frame_column *a, const struct frame_column *b, size_t rows)
{
    if (a->key != b->key || !a->texts != !b->texts) {
        return false;
    }
    for (size_t i = 0; a->texts && i < rows; i++) {
        if (!same_bytes(a->texts[i], b->texts[i])) {
            return false;
        }
    }
    return a->texts || memcmp(a->values, b->values, rows * sizeof(double)) == 0;
}

static bool same_block(const struct frame_block *a, const struct frame_block *b)
{
    size_t size = a->rows * sizeof(int64_t);
    if (a->rows != b->rows || a->column_count != b->column_count ||
        memcmp(a->steps, b->steps, size) != 0 || memcmp(a->times_us, b->times_us, size) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->column_count; i++) {
        if (!same_column(&a->columns[i], &b->columns[i], a->rows)) {
            return false;
        }
    }
    return true;
}

static bool same_line(const struct frame_line *a, const struct frame_line *b)
{
    return a->index == b->index && a->time_us == b->time_us && a->stream == b->stream &&
           same_bytes(a->text, b->text);
}

bool frames_same(const struct frame *a, const struct frame *b)
{
    bool same = same_head(&a->head, &b->head) && a->key_count == b->key_count &&
                (a->key_count == 0 || a->first_key == b->first_key) &&
                a->block_count == b->block_count && a->line_count == b->line_count;
    for (size_t i = 0; same && i < a->key_count; i++) {
        same = same_bytes(a->keys[i].name, b->keys[i].name) &&
               same_bytes(a->keys[i].context, b->keys[i].context);
    }
    for (size_t i = 0; same && i < a->block_count; i++) {
        same = same_block(&a->blocks[i], &b->blocks[i]);
    }
    for (size_t i = 0; same && i < a->line_count; i++) {
        same = same_line(&a->lines[i], &b->lines[i]);
    }
    return same;
}

void frames_renew_crc(unsigned char *at, size_t size)
{
    if (size < FRAME_HEAD_BYTES) {
        return;
    }
    uint32_t crc = hash_crc32c(0, (struct bytes){at + 16, size - 16});
    for (int i = 0; i < 4; i++) {
        at[12 + i] = (unsigned char)(crc >> (8 * i));
        at[8 + i] = (unsigned char)(size >> (8 * i));
    }
}
