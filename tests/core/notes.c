#include "notes.h"

#include <string.h>

static const struct sign_seed log_seed = {{1, 2, 3}}, witness_seed = {{9, 9}};

struct bytes notes_text(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

bool notes_keys(struct note_key *log, struct note_key *witness)
{
    struct sign_public key;
    return sign_public(&log_seed, &key, NULL) == TRACK_OK &&
           note_key_make("runs.example/log1", NOTE_ED25519, &key, log, NULL) == TRACK_OK &&
           sign_public(&witness_seed, &key, NULL) == TRACK_OK &&
           note_key_make("auditor.example/w1", NOTE_COSIGNATURE, &key, witness, NULL) == TRACK_OK;
}

bool notes_write(struct buf *out)
{
    struct note_key log, witness;
    buf_text(out, NOTES_TEXT);
    return notes_keys(&log, &witness) &&
           note_put_signature(out, &log, &log_seed, NULL) == TRACK_OK &&
           note_put_cosignature(out, &witness, &witness_seed, 1790000000, NULL) == TRACK_OK;
}
