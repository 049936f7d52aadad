/* Fuzzes the cursors of searches: what decodes, encodes to a cursor that decodes to the same place.
 */
#include "../../server/store_cursor.h"
#include "fuzz.h"

#include <string.h>

FUZZ(cursor)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct run_search search = {.project = "p", .filter = "x"};
    struct cursor first, second;
    const char *text = arena_text(&a, in.size ? (const char *)in.at : "", in.size), *again;
    CHECK(text);
    if (cursor_decode(text, &search, &a, &first, NULL) == TRACK_OK) {
        CHECK(cursor_encode(&first, &search, &a, &again, NULL) == TRACK_OK);
        CHECK(cursor_decode(again, &search, &a, &second, NULL) == TRACK_OK);
        CHECK(first.has_number == second.has_number && first.has_text == second.has_text);
        CHECK(first.node == second.node);
        CHECK(memcmp(&first.number, &second.number, sizeof(first.number)) == 0);
        CHECK(!first.has_text || strcmp(first.text, second.text) == 0);
    }
}
