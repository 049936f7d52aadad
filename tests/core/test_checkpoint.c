/* Shows that checkpoints and receipts are what others read and write, and lead to the root.
 * How: the receipt of lineage.md 10, from its entries up. */
#include "../../core/checkpoint.h"
#include "../harness.h"
#include "leaves.h"
#include "notes.h"

#include <string.h>

TEST(checkpoint, survives_as_text)
{
    struct checkpoint c;
    AUTO_BUF out = BUF(1024);
    CHECK(checkpoint_take(notes_text(NOTES_TEXT), &c, NULL) == TRACK_OK);
    CHECK_INT(c.size, 7);
    CHECK(c.origin.size == 17);
    checkpoint_put(&out, &c);
    buf_byte(&out, 0);
    CHECK(strcmp((const char *)out.at, NOTES_TEXT) == 0);
}

TEST(checkpoint, refuses_what_is_none)
{
    static const char *const bad[] = {
        "",
        "a\n7\n",
        "\n7\n" NOTES_ROOT "\n",
        "a\n07\n" NOTES_ROOT "\n",
        "a\n\n" NOTES_ROOT "\n",
        "a\n-7\n" NOTES_ROOT "\n",
        "a\n7 \n" NOTES_ROOT "\n",
        "a\n281474976710656\n" NOTES_ROOT "\n",
        "a\n99999999999999999999\n" NOTES_ROOT "\n",
        ("a\n7\n" NOTES_ROOT),
        "a\n7\nAAAA\n",
        "a\n7\n\n",
    };
    struct checkpoint c;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(checkpoint_take(notes_text(bad[i]), &c, NULL) == TRACK_INVALID);
    }
    CHECK(checkpoint_take(notes_text("a\n0\n" NOTES_ROOT "\nmore\n"), &c, NULL) == TRACK_OK);
}

TEST(checkpoint, a_receipt_shows_that_the_entry_is_in_the_log)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct receipt r;
    struct note note;
    struct checkpoint c;
    struct digest leaf;
    CHECK(receipt_take(notes_text(NOTES_RECEIPT), &r, NULL) == TRACK_OK);
    CHECK(note_take(r.checkpoint, &arena, &note, NULL) == TRACK_OK);
    CHECK(checkpoint_take(note.text, &c, NULL) == TRACK_OK);
    CHECK(leaves_leaf(3, &leaf));
    CHECK(merkle_check_inclusion(&leaf, r.index, c.size, &r.proof, &c.root, NULL) == TRACK_OK);
}

TEST(checkpoint, a_receipt_is_made_from_the_tree)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF out = BUF(4096);
    AUTO_BUF checkpoint = BUF(4096);
    struct leaves *l = leaves_make(&arena, 7);
    struct receipt r = {.index = 3};
    CHECK(l && merkle_inclusion(&l->tree, 3, 7, &r.proof, NULL) == TRACK_OK);
    CHECK(notes_write(&checkpoint));
    r.checkpoint = (struct bytes){checkpoint.at, checkpoint.size};
    receipt_put(&out, &r);
    buf_byte(&out, 0);
    CHECK(strcmp((const char *)out.at, NOTES_RECEIPT) == 0);
}

TEST(checkpoint, refuses_receipts_that_are_none)
{
    static const char *const bad[] = {
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex \n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 03\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 3\nAAAA\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 3\n" NOTES_ROOT "\n",
        "c2sp.org/tlog-proof@v1\nindex 3\n" NOTES_ROOT "\n\n",
        "c2sp.org/tlog-proof@v1\nindex 3\nno line",
    };
    struct receipt r;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(receipt_take(notes_text(bad[i]), &r, NULL) == TRACK_INVALID);
    }
}
