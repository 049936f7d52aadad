#include "store_cursor.h"

#include "../core/bytes.h"
#include "../core/hash.h"

#include <string.h>

enum { CURSOR_VERSION = 1, CURSOR_NUMBER = 1, CURSOR_TEXT = 2 };

static uint32_t crc_text(uint32_t crc, const char *text)
{
    const char *in = text ? text : "";
    return hash_crc32c(crc, (struct bytes){(const unsigned char *)in, strlen(in) + 1});
}

/* What a cursor belongs to. */
static uint32_t cursor_question(const struct run_search *search)
{
    uint32_t crc = crc_text(0, search->project);
    crc = crc_text(crc, search->filter);
    crc = crc_text(crc, search->order);
    return crc_text(crc, search->deleted ? "trash" : "");
}

track_status cursor_encode(const struct cursor *c, const struct run_search *search,
                           struct arena *arena, const char **out, track_error *err)
{
    static const char digits[] = "0123456789abcdef";
    AUTO_BUF b = BUF(SEARCH_CURSOR_BYTES_MAX / 2);
    struct bytes plain;
    uint64_t bits;
    memcpy(&bits, &c->number, sizeof(bits));
    buf_byte(&b, CURSOR_VERSION);
    buf_le32(&b, cursor_question(search));
    buf_byte(&b, (c->has_number ? CURSOR_NUMBER : 0u) | (c->has_text ? CURSOR_TEXT : 0u));
    buf_varint(&b, bits);
    buf_varint(&b, (uint64_t)c->node);
    buf_text(&b, c->has_text ? c->text : "");
    TRY(buf_end(&b, &plain, err));
    char *text = arena_alloc(arena, 2 * plain.size + 1, 1);
    if (!text) {
        return FAIL(err, TRACK_NOMEM, "no memory for a cursor");
    }
    for (size_t i = 0; i < plain.size; i++) {
        text[2 * i] = digits[plain.at[i] >> 4];
        text[2 * i + 1] = digits[plain.at[i] & 15];
    }
    *out = text;
    return TRACK_OK;
}

/* The bytes that the digits stand for; NULL at if they are none, or without memory. */
static struct bytes cursor_plain(const char *text, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = strlen(text);
    unsigned char *out = size % 2 == 0 && size <= SEARCH_CURSOR_BYTES_MAX
                             ? ARENA_ARRAY(arena, unsigned char, size / 2 + 1)
                             : NULL;
    for (size_t i = 0; out && i < size; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit) {
            return (struct bytes){NULL, 0};
        }
        out[i / 2] = (unsigned char)(out[i / 2] << 4 | (digit - digits));
    }
    return (struct bytes){out, out ? size / 2 : 0};
}

track_status cursor_decode(const char *text, const struct run_search *search, struct arena *arena,
                           struct cursor *out, track_error *err)
{
    struct reader r = {.left = cursor_plain(text, arena)};
    unsigned version = reader_byte(&r);
    uint32_t question = reader_le32(&r);
    unsigned flags = reader_byte(&r);
    uint64_t bits = reader_varint(&r);
    int64_t node = (int64_t)reader_varint(&r);
    if (r.failed || version != CURSOR_VERSION || question != cursor_question(search) ||
        memchr(r.left.size ? r.left.at : (const unsigned char *)"x", 0, r.left.size)) {
        return FAIL(err, TRACK_INVALID,
                    "the cursor is of another search: it goes with the project, "
                    "filter and order of the page that gave it");
    }
    *out = (struct cursor){.has_number = flags & CURSOR_NUMBER,
                           .has_text = flags & CURSOR_TEXT,
                           .text = arena_text(arena, (const char *)r.left.at, r.left.size),
                           .node = node};
    memcpy(&out->number, &bits, sizeof(bits));
    return out->text ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no memory for a cursor");
}
