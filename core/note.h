/* note - signed notes.
 *
 * A note is text that ends with a newline, an empty line, and a line for each signature:
 *     — <name> base64(id of the key, 4 bytes; signature)
 * A witness does not sign the text itself but `cosignature/v1`, the time, and the text.
 *
 * Source: C2SP signed-note, tlog-cosignature; lineage.md 10.
 * Uses: base64, hash, sign.  Pure; any thread.
 */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H
#include "hash.h"
#include "sign.h"

enum {
    NOTE_NAME_MAX = 255,        /* bytes of a key's name */
    NOTE_SIGNATURES_MAX = 16,   /* of a note */
    NOTE_BYTES_MAX = 64 * 1024, /* of a note */
};

enum note_kind {
    NOTE_ED25519 = 1,     /* signs the text */
    NOTE_COSIGNATURE = 4, /* of a witness: with a time */
};

/* Who signs, as everybody may know him. */
struct note_key {
    char name[NOTE_NAME_MAX + 1];
    enum note_kind kind;
    struct sign_public key;
    uint32_t id; /* big-endian start of SHA-256(name 0A kind key) */
};

/* Puts the id in.
 *
 * TRACK_INVALID  the name is empty, too long, or holds a blank, a '+' or a control byte.
 */
track_status note_key_make(const char *name, enum note_kind kind, const struct sign_public *key,
                           struct note_key *out, track_error *err);

/* A key as one word: name+<id, 8 hex digits>+base64(kind key). */
void note_key_put(struct buf *out, const struct note_key *key);

/* TRACK_INVALID  not such a word, another kind, or an id that is not that of this name and key. */
track_status note_key_take(struct bytes text, struct note_key *out, track_error *err);

/* Appends the empty line and the first signature to a text, or a further signature line.
 *
 *   note  holds the text, and the signatures that were put before.
 *   key   of kind NOTE_ED25519, belongs to seed.
 *
 * TRACK_NOMEM  as sign_bytes; buf_end says what else went wrong.
 */
track_status note_put_signature(struct buf *note, const struct note_key *key,
                                const struct sign_seed *seed, track_error *err);

/* The same of a witness, who saw it at this time. */
track_status note_put_cosignature(struct buf *note, const struct note_key *key,
                                  const struct sign_seed *seed, int64_t time_s, track_error *err);

struct note_signature {
    struct bytes name; /* borrowed */
    uint32_t id;
    struct bytes at; /* borrowed, behind the id */
};

struct note {
    struct bytes text; /* with its last newline; borrowed */
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
    size_t signature_count;
};

/* Takes a note apart.
 *
 *   arena  gets the signatures.
 *
 * TRACK_INVALID  not a note: the empty line or every signature is missing, a line is malformed, a
 *                control byte, not UTF-8, too long; err says which.
 *
 * Tests: tests/core/test_note.c (receipt of lineage.md 10), tests/fuzz/fuzz_note.c
 */
track_status note_take(struct bytes in, struct arena *arena, struct note *out, track_error *err);

/* Looks for the key's signature and checks it.  Signatures of others mean nothing.
 *
 *   time_s  of a cosignature; 0 for NOTE_ED25519.  NULL: not asked for.
 *
 * TRACK_NOT_FOUND  this key has not signed it.
 * TRACK_CORRUPT    it stands there as having signed, and has not.
 */
track_status note_check(const struct note *note, const struct note_key *key, int64_t *time_s,
                        track_error *err);
#endif
