/* Notes about sending are read back in order, up to the first that is not whole. */
#include "../../sdk/spool_note.h"
#include "../harness.h"
#include "folder.h"

TEST(spool_note, reads_back_what_was_added)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    struct spool_notes n;
    const struct note *notes = NULL;
    CHECK(spool_notes_open(f.dir, &arena, &n, &notes, NULL) == TRACK_OK);
    CHECK_INT(n.count, 0);
    for (uint64_t i = 0; i < 1500; i++) { /* beyond the room that is allocated at a time */
        struct note note = {.kind = NOTE_CUT, .frame = 1, .seq = i, .from = i, .to = i + 1};
        CHECK(spool_notes_add(&n, &note, NULL) == TRACK_OK);
    }
    CHECK(spool_notes_flush(&n, NULL) == TRACK_OK);
    spool_notes_close(&n);
    CHECK(spool_notes_open(f.dir, &arena, &n, &notes, NULL) == TRACK_OK);
    CHECK_INT(n.count, 1500);
    CHECK(notes[1499].seq == 1499 && notes[1499].to == 1500 && notes[1499].kind == NOTE_CUT);
    spool_notes_close(&n);
}

TEST(spool_note, ends_at_a_damaged_note_and_goes_on_there)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    struct spool_notes n;
    const struct note *notes = NULL;
    CHECK(spool_notes_open(f.dir, &arena, &n, &notes, NULL) == TRACK_OK);
    for (int64_t i = 0; i < 3; i++) {
        CHECK(spool_notes_add(&n, &(struct note){.kind = NOTE_OPS, .value = i}, NULL) == TRACK_OK);
    }
    CHECK(pwrite(n.fd, "x", 1, 2 * 64 + 50) == 1);
    spool_notes_close(&n);
    CHECK(spool_notes_open(f.dir, &arena, &n, &notes, NULL) == TRACK_OK);
    CHECK_INT(n.count, 2);
    CHECK(spool_notes_add(&n, &(struct note){.kind = NOTE_OPS, .value = 9}, NULL) == TRACK_OK);
    spool_notes_close(&n);
    CHECK(spool_notes_open(f.dir, &arena, &n, &notes, NULL) == TRACK_OK);
    CHECK(n.count == 3 && notes[2].value == 9);
    spool_notes_close(&n);
}

TEST(spool_note, says_when_there_is_no_memory_to_read)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(16);
    CHECK(folder_make(&f));
    struct spool_notes n;
    const struct note *notes = NULL;
    CHECK(spool_notes_open(f.dir, &arena, &n, &notes, NULL) == TRACK_NOMEM);
}
