/* Fuzzes a query: names are not empty and not twice, control bytes are few, and what comes out is
 * the same when it is escaped and read again. */
#include "../../server/url.h"
#include "fuzz.h"

#include <string.h>

enum { AGAIN_BYTES_MAX = 1 << 20 };

FUZZ(query)
{
    AUTO_ARENA arena = ARENA(8 * AGAIN_BYTES_MAX);
    AUTO_BUF text = BUF(AGAIN_BYTES_MAX);
    const struct url_pair *pairs, *again;
    size_t count, again_count;
    struct bytes raw;
    if (url_query(in, &arena, &pairs, &count, NULL) != TRACK_OK) {
        return;
    }
    CHECK(count <= URL_QUERY_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(pairs[i].name.size > 0);
        for (size_t k = 0; k < pairs[i].value.size; k++) {
            unsigned char c = pairs[i].value.at[k];
            CHECK(c != 0x7f && (c >= 0x20 || c == '\n' || c == '\t'));
        }
        buf_text(&text, i ? "&" : "");
        url_encode(pairs[i].name, &text);
        buf_text(&text, "=");
        url_encode(pairs[i].value, &text);
    }
    CHECK(buf_end(&text, &raw, NULL) == TRACK_OK);
    CHECK(url_query(raw, &arena, &again, &again_count, NULL) == TRACK_OK && again_count == count);
    for (size_t i = 0; i < count; i++) {
        CHECK(again[i].name.size == pairs[i].name.size &&
              again[i].value.size == pairs[i].value.size);
        CHECK(memcmp(again[i].name.at, pairs[i].name.at, pairs[i].name.size) == 0);
        CHECK(pairs[i].value.size == 0 ||
              memcmp(again[i].value.at, pairs[i].value.at, pairs[i].value.size) == 0);
    }
}
