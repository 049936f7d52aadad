/* Any bytes as a key, note, checkpoint and receipt: nothing is read beyond, and what is taken is
 * written again as it was. */
#include "../../core/checkpoint.h"
#include "../../core/note.h"
#include "fuzz.h"

#include <string.h>

static bool is_same(const struct buf *b, struct bytes in)
{
    return b->size == in.size && memcmp(b->at, in.at, in.size) == 0;
}

FUZZ(note)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF key_text = BUF(1 << 12);
    AUTO_BUF receipt_text = BUF(1 << 20);
    struct note_key key;
    struct note note;
    struct checkpoint c;
    struct receipt r;
    if (note_key_take(in, &key, NULL) == TRACK_OK) {
        note_key_put(&key_text, &key);
        CHECK(is_same(&key_text, in));
    }
    if (note_take(in, &arena, &note, NULL) == TRACK_OK) {
        CHECK(note.text.size > 0 && note.text.at[note.text.size - 1] == '\n');
        (void)checkpoint_take(note.text, &c, NULL);
    }
    if (receipt_take(in, &r, NULL) == TRACK_OK) {
        receipt_put(&receipt_text, &r);
        CHECK(is_same(&receipt_text, in));
    }
}
