/* Fuzzes both decoders of chunks: what they accept encodes again and comes back the same; and the
 * bytes taken as values come back from a chunk. */
#include "../../core/chunk.h"
#include "fuzz.h"

#include <string.h>

/* As the head says. */
static size_t count_of(struct bytes in)
{
    size_t count = in.size < 4 ? 1 : (size_t)in.at[2] + ((size_t)in.at[3] << 8) + 1;
    return count < CHUNK_POINTS_MAX ? count : CHUNK_POINTS_MAX;
}

static bool values_come_back(struct chunk_coder *c, const double *values, size_t count, int level)
{
    AUTO_BUF b = BUF(CHUNK_BYTES_MAX);
    double back[CHUNK_POINTS_MAX];
    return chunk_encode(c, values, count, level, &b, NULL) == TRACK_OK &&
           chunk_decode(c, (struct bytes){b.at, b.size}, back, count, NULL) == TRACK_OK &&
           memcmp(values, back, count * sizeof(*values)) == 0;
}

static bool texts_come_back(struct chunk_coder *c, struct arena *arena, const struct bytes *texts,
                            size_t count)
{
    AUTO_BUF b = BUF((size_t)64 << 20);
    struct bytes back[CHUNK_POINTS_MAX];
    if (chunk_encode_texts(c, texts, count, 1, &b, NULL) != TRACK_OK ||
        chunk_decode_texts(c, (struct bytes){b.at, b.size}, arena, back, count, NULL) != TRACK_OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (back[i].size != texts[i].size || memcmp(back[i].at, texts[i].at, back[i].size) != 0) {
            return false;
        }
    }
    return true;
}

FUZZ(chunk)
{
    AUTO_ARENA arena = ARENA((size_t)64 << 20);
    struct chunk_coder *c;
    double values[CHUNK_POINTS_MAX];
    struct bytes texts[CHUNK_POINTS_MAX];
    size_t count = count_of(in);
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    if (chunk_decode(c, in, values, count, NULL) == TRACK_OK) {
        CHECK(values_come_back(c, values, count, 1));
    }
    if (chunk_decode_texts(c, in, &arena, texts, count, NULL) == TRACK_OK) {
        CHECK(texts_come_back(c, &arena, texts, count));
    }
    size_t size = in.size < sizeof(values) ? in.size : sizeof(values);
    if (size >= sizeof(*values)) {
        memcpy(values, in.at, size);
        CHECK(values_come_back(c, values, size / sizeof(*values), 0));
        CHECK(values_come_back(c, values, size / sizeof(*values), 1));
    }
}
