/* Fuzzes the reader of packs: whatever directory and frames say, it ends within its memory with the
 * points or with a status.  The input is head and frames, the directory before compression, and its
 * size in 4 bytes; compression and CRCs are put right, so that damage reaches what lies behind. */
#include "../../core/pack_lines.h"
#include "../../core/pack_read.h"
#include "fuzz.h"

#include <string.h>

enum { ARENA_BYTES = 32 << 20 };

static void put_crc(unsigned char *at, struct bytes of)
{
    uint32_t crc = hash_crc32c(0, of);
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(crc >> (8 * i));
    }
}

/* Makes a pack of the input; false if it has no place for one. */
static bool pack_make(struct bytes in, struct zstream *z, struct buf *out)
{
    static const unsigned char end[] = {0, 0, 0, 0, 0, 0, 0, 0, 'T', 'K', 'P', 'E'};
    if (in.size < PACK_HEAD_BYTES + 4) {
        return false;
    }
    const unsigned char *tail = in.at + in.size - 4;
    size_t plain = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16;
    if (plain > in.size - 4 - PACK_HEAD_BYTES) {
        return false;
    }
    size_t offset = in.size - 4 - plain;
    buf_put(out, in.at, offset);
    put_crc(out->at + PACK_HEAD_BYTES - 4, (struct bytes){out->at, PACK_HEAD_BYTES - 4});
    if (zstream_compress(z, (struct bytes){in.at + offset, plain}, 1, out, NULL) != TRACK_OK) {
        return false;
    }
    struct bytes stored = {out->at + offset, out->size - offset};
    uint32_t crc = hash_crc32c(0, stored), size = (uint32_t)stored.size;
    buf_le64(out, offset);
    buf_le32(out, size);
    buf_le32(out, (uint32_t)plain);
    buf_le32(out, crc);
    buf_put(out, end, sizeof(end));
    return true;
}

static bool fine(track_status status)
{
    return status == TRACK_OK || status == TRACK_CORRUPT || status == TRACK_NOMEM ||
           status == TRACK_TOO_LARGE;
}

static void series_read(struct pack_reader *r, const struct pack_dir *dir,
                        const struct pack_series *s)
{
    for (size_t i = s->chunk_from; i < s->chunk_from + s->chunk_count; i++) {
        AUTO_ARENA arena = ARENA(ARENA_BYTES);
        struct stretch points;
        struct pack_texts texts;
        CHECK(fine(s->kind == PACK_TEXTS ? pack_read_texts(r, i, &arena, &texts, NULL)
                                         : pack_read_chunk(r, i, &points, NULL)));
    }
    for (size_t i = s->block_from; i < s->block_from + s->block_count; i++) {
        AUTO_ARENA arena = ARENA(ARENA_BYTES);
        struct pack_level_ask ask = {s, dir->blocks[i].shift, {INT64_MIN, INT64_MAX}};
        struct pyramid_level level;
        CHECK(fine(pack_read_level(r, &ask, &arena, &level, NULL)));
    }
}

/* The same bytes as a pack of lines. */
static void lines_read(struct bytes pack, struct pack_tools *tools)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct pack_blob blob = {pack_read_memory, &pack, pack.size};
    struct pack_lines_dir dir;
    struct pack_lines_ask ask = {&blob, &dir, tools};
    track_status status = pack_lines_dir_read(&blob, &arena, &dir, NULL);
    CHECK(fine(status));
    for (size_t i = 0; status == TRACK_OK && i < dir.chunk_count; i++) {
        AUTO_ARENA work = ARENA(ARENA_BYTES);
        struct pack_lines_chunk *c = &dir.chunks[i];
        struct frame_line *lines;
        c->crc = hash_crc32c(0, (struct bytes){pack.at + c->offset, c->stored});
        CHECK(fine(pack_lines_read(&ask, i, &work, &lines, NULL)));
    }
}

FUZZ(pack)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    AUTO_BUF bytes = BUF(4 << 20);
    struct pack_tools tools;
    struct pack_reader *r;
    struct pack_dir dir;
    CHECK(pack_tools_open(&arena, &tools, NULL) == TRACK_OK);
    if (!pack_make(in, tools.z, &bytes)) {
        return;
    }
    struct bytes pack = {bytes.at, bytes.size};
    struct pack_blob blob = {pack_read_memory, &pack, pack.size};
    lines_read(pack, &tools);
    track_status status = pack_dir_read(&blob, &arena, &dir, NULL);
    CHECK(fine(status));
    if (status != TRACK_OK) {
        return;
    }
    for (size_t i = 0; i < dir.frame_count; i++) {
        struct pack_frame *f = &dir.frames[i];
        f->crc = hash_crc32c(0, (struct bytes){pack.at + f->offset, f->stored});
    }
    CHECK(pack_reader_open(&blob, &dir, &tools, &arena, &r, NULL) == TRACK_OK);
    for (size_t i = 0; i < dir.series_count; i++) {
        series_read(r, &dir, &dir.series[i]);
    }
}
