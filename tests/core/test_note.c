/* Shows that notes, keys and signatures are what others read and write.
 * How: the keys and the note of lineage.md 10, which Go's sumdb made and accepted. */
#include "../../core/note.h"
#include "../harness.h"
#include "notes.h"

#include <string.h>

TEST(note, names_keys_as_others_do)
{
    struct note_key log, witness, again;
    AUTO_BUF out = BUF(1024);
    CHECK(notes_keys(&log, &witness));
    note_key_put(&out, &log);
    buf_byte(&out, ' ');
    note_key_put(&out, &witness);
    buf_byte(&out, 0);
    CHECK(strcmp((const char *)out.at,
                 "runs.example/log1+c5b99880+ASIf5faFmhpP7HkFfJ0yyNP8NW4USx2jsPkBbvbymIja "
                 "auditor.example/w1+234c6621+BL0JV80Xk/GD/136RgVnH/iksbaM1BBpVQJr7kzyfVvu") == 0);
    CHECK(note_key_take(notes_text("runs.example/log1+c5b99880+"
                                   "ASIf5faFmhpP7HkFfJ0yyNP8NW4USx2jsPkBbvbymIja"),
                        &again, NULL) == TRACK_OK);
    CHECK(strcmp(again.name, log.name) == 0 && again.id == log.id && again.kind == log.kind &&
          memcmp(&again.key, &log.key, sizeof(log.key)) == 0);
}

TEST(note, refuses_keys_that_are_none)
{
    static const char *const bad[] = {
        "",
        "a",
        "a+",
        "a+c5b99880",
        "a+c5b99880+",
        "runs.example/log1+c5b99881+ASIf5faFmhpP7HkFfJ0yyNP8NW4USx2jsPkBbvbymIja",
        "runs.example/log2+c5b99880+ASIf5faFmhpP7HkFfJ0yyNP8NW4USx2jsPkBbvbymIja",
        "runs.example/log1+c5b99880+AiIf5faFmhpP7HkFfJ0yyNP8NW4USx2jsPkBbvbymIja",
        "runs.example/log1+c5b99880+ASIf5faFmhpP7HkFfJ0yyNP8NW4USx2jsPkBbvbymI==",
    };
    struct note_key key;
    struct sign_public public = {{0}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(note_key_take(notes_text(bad[i]), &key, NULL) == TRACK_INVALID);
    }
    CHECK(note_key_make("a b", NOTE_ED25519, &public, &key, NULL) == TRACK_INVALID);
    CHECK(note_key_make("a+b", NOTE_ED25519, &public, &key, NULL) == TRACK_INVALID);
    CHECK(note_key_make("", NOTE_ED25519, &public, &key, NULL) == TRACK_INVALID);
}

TEST(note, is_signed_as_others_do)
{
    AUTO_BUF out = BUF(4096);
    CHECK(notes_write(&out));
    buf_byte(&out, 0);
    CHECK(strcmp((const char *)out.at, NOTES_CHECKPOINT) == 0);
}

TEST(note, is_believed_with_the_right_key_only)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct note note;
    struct note_key log, witness, other;
    int64_t time_s = 0;
    CHECK(notes_keys(&log, &witness));
    CHECK(note_take(notes_text(NOTES_CHECKPOINT), &arena, &note, NULL) == TRACK_OK);
    CHECK_INT(note.signature_count, 2);
    CHECK(note_check(&note, &log, NULL, NULL) == TRACK_OK);
    CHECK(note_check(&note, &witness, &time_s, NULL) == TRACK_OK);
    CHECK_INT(time_s, 1790000000);
    other = log;
    other.key.at[0] ^= 1;
    CHECK(note_check(&note, &other, NULL, NULL) == TRACK_CORRUPT);
    other.id ^= 1;
    CHECK(note_check(&note, &other, NULL, NULL) == TRACK_NOT_FOUND);
}

TEST(note, is_not_believed_with_any_bit_flipped)
{
    struct note_key log, witness;
    size_t size = strlen(NOTES_CHECKPOINT);
    CHECK(notes_keys(&log, &witness));
    for (size_t i = 0; i < 8 * size; i++) {
        AUTO_ARENA arena = ARENA(1 << 16);
        char text[sizeof(NOTES_CHECKPOINT)] = NOTES_CHECKPOINT;
        struct note note;
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        struct bytes in = {(const unsigned char *)text, size};
        CHECK(note_take(in, &arena, &note, NULL) != TRACK_OK ||
              note_check(&note, &log, NULL, NULL) != TRACK_OK ||
              note_check(&note, &witness, NULL, NULL) != TRACK_OK);
    }
}

TEST(note, refuses_what_is_none)
{
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\n\xe2\x80\x94 a AAAAAAA=",      /* no newline */
        "text\n\n- a AAAAAAA=\n",               /* no dash */
        "text\n\n\xe2\x80\x94 a\n",             /* no signature */
        "text\n\n\xe2\x80\x94  AAAAAAA=\n",     /* no name */
        "text\n\n\xe2\x80\x94 a AAAAAA==\n",    /* an id alone */
        "te\txt\n\n\xe2\x80\x94 a AAAAAAA=\n",  /* a control byte */
        "te\xfft\n\n\xe2\x80\x94 a AAAAAAA=\n", /* not UTF-8 */
        "text\n\xe2\x80\x94 a AAAAAAA=\n",      /* no empty line */
    };
    AUTO_ARENA arena = ARENA(1 << 16);
    struct note note;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(note_take(notes_text(bad[i]), &arena, &note, NULL) == TRACK_INVALID);
    }
    CHECK(note_take(notes_text("text\n\n\xe2\x80\x94 a AAAAAAA=\n"), &arena, &note, NULL) ==
          TRACK_OK);
}
