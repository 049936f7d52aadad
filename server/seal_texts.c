#include "seal_texts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sample; its bytes lie at offset. */
struct seal_text {
    int64_t step, time_us;
    size_t offset, size;
};

track_status seal_texts_add(struct seal_texts *t, const struct frame_block *block,
                            const struct bytes *texts, track_error *err)
{
    struct bytes ignored;
    for (size_t i = 0; i < block->rows; i++) {
        struct seal_text text = {block->steps[i], block->times_us[i], t->bytes.size, texts[i].size};
        buf_put(&t->at, &text, sizeof(text));
        buf_put(&t->bytes, texts[i].at, texts[i].size);
    }
    TRY(buf_end(&t->at, &ignored, err));
    return buf_end(&t->bytes, &ignored, err);
}

static int compare_texts(const void *left, const void *right, void *data)
{
    const struct seal_text *a = left, *b = right;
    const struct seal_texts *t = data;
    if (a->step != b->step) {
        return a->step < b->step ? -1 : 1;
    }
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    size_t size = a->size < b->size ? a->size : b->size;
    int order = size ? memcmp(t->bytes.at + a->offset, t->bytes.at + b->offset, size) : 0;
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

track_status seal_texts_build(struct seal_texts *t, struct pack_builder *to, track_error *err)
{
    static const double as_value = (double)NAN;
    struct seal_text *at = (struct seal_text *)(void *)t->at.at;
    size_t count = t->at.size / sizeof(*at);
    if (count > 1) {
        qsort_r(at, count, sizeof(*at), compare_texts, t);
    }
    for (size_t i = 0; i < count; i++) {
        if (i && compare_texts(&at[i - 1], &at[i], t) == 0) {
            continue;
        }
        struct stretch one = {&at[i].step, &at[i].time_us, &as_value, 1};
        struct bytes text = {t->bytes.at + at[i].offset, at[i].size};
        TRY(pack_build_add_texts(to, &one, &text, err));
    }
    return TRACK_OK;
}

void seal_texts_release(struct seal_texts *t)
{
    buf_release(&t->at);
    buf_release(&t->bytes);
}
