#include "note.h"

#include "base64.h"
#include "name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char dash[] = "\xe2\x80\x94 "; /* an em dash and a blank */

enum {
    DASH_BYTES = sizeof(dash) - 1,
    ID_BYTES = 4,
    TIME_BYTES = 8,
    BLOB_MAX = ID_BYTES + TIME_BYTES + SIGN_BYTES,
};

static track_status name_check(struct bytes name, track_error *err)
{
    bool right =
        name.size > 0 && name.size <= NOTE_NAME_MAX && name_check_text(name, NULL) == TRACK_OK;
    for (size_t i = 0; i < name.size && right; i++) {
        right = name.at[i] > ' ' && name.at[i] != '+' && name.at[i] != 0x7f;
    }
    return right ? TRACK_OK
                 : FAIL(err, TRACK_INVALID,
                        "a key's name is 1 to %d bytes without blanks, '+' and control bytes",
                        NOTE_NAME_MAX);
}

static uint32_t be32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_be(struct buf *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        buf_byte(out, (unsigned)(value >> (8 * i)) & 0xff);
    }
}

track_status note_key_make(const char *name, enum note_kind kind, const struct sign_public *key,
                           struct note_key *out, track_error *err)
{
    AUTO_BUF plain = BUF(NOTE_NAME_MAX + 64);
    struct bytes all;
    struct digest digest;
    struct note_key made = {.kind = kind, .key = *key};
    TRY(name_check((struct bytes){(const unsigned char *)name, strlen(name)}, err));
    snprintf(made.name, sizeof(made.name), "%s", name);
    buf_text(&plain, name);
    buf_byte(&plain, '\n');
    buf_byte(&plain, kind);
    buf_put(&plain, key->at, sizeof(key->at));
    TRY(buf_end(&plain, &all, err));
    TRY(hash_sha256(all, &digest, err));
    made.id = be32(digest.at);
    *out = made;
    return TRACK_OK;
}

void note_key_put(struct buf *out, const struct note_key *key)
{
    char id[16];
    unsigned char blob[1 + SIGN_PUBLIC_BYTES] = {(unsigned char)key->kind};
    memcpy(blob + 1, key->key.at, SIGN_PUBLIC_BYTES);
    snprintf(id, sizeof(id), "+%08" PRIx32 "+", key->id);
    buf_text(out, key->name);
    buf_text(out, id);
    base64_put(out, (struct bytes){blob, sizeof(blob)});
}

track_status note_key_take(struct bytes text, struct note_key *out, track_error *err)
{
    char name[NOTE_NAME_MAX + 1], word[16];
    unsigned char id[ID_BYTES];
    AUTO_BUF blob = BUF(1 + SIGN_PUBLIC_BYTES);
    struct sign_public key;
    struct note_key made;
    const unsigned char *plus = text.size ? memchr(text.at, '+', text.size) : NULL;
    size_t name_size = plus ? (size_t)(plus - text.at) : 0;
    size_t key_at = name_size + 1 + 2 * ID_BYTES + 1;
    if (!plus || name_size > NOTE_NAME_MAX || text.size <= key_at || text.at[key_at - 1] != '+') {
        return FAIL(err, TRACK_INVALID, "a key is NAME+ID+KEY");
    }
    TRY(hash_decode_hex((struct bytes){plus + 1, 2 * ID_BYTES}, id, ID_BYTES, err));
    TRY(base64_take(&blob, (struct bytes){text.at + key_at, text.size - key_at}, err));
    if (blob.size != 1 + SIGN_PUBLIC_BYTES ||
        (blob.at[0] != NOTE_ED25519 && blob.at[0] != NOTE_COSIGNATURE)) {
        return FAIL(err, TRACK_INVALID, "the key is not of Ed25519");
    }
    memcpy(key.at, blob.at + 1, SIGN_PUBLIC_BYTES);
    memcpy(name, text.at, name_size);
    name[name_size] = '\0';
    TRY(note_key_make(name, (enum note_kind)blob.at[0], &key, &made, err));
    snprintf(word, sizeof(word), "%08" PRIx32, made.id);
    if (memcmp(word, plus + 1, 2 * ID_BYTES) != 0) {
        return FAIL(err, TRACK_INVALID, "the id of the key %.100s is %s", name, word);
    }
    *out = made;
    return TRACK_OK;
}

/* The text of a note that is being written: up to its empty line, or all of it. */
static struct bytes text_of(struct bytes note)
{
    for (size_t i = 1; i < note.size; i++) {
        if (note.at[i] == '\n' && note.at[i - 1] == '\n') {
            return (struct bytes){note.at, i};
        }
    }
    return note;
}

static void put_line(struct buf *note, const char *name, struct bytes blob)
{
    if (text_of((struct bytes){note->at, note->size}).size == note->size) {
        buf_byte(note, '\n');
    }
    buf_text(note, dash);
    buf_text(note, name);
    buf_byte(note, ' ');
    base64_put(note, blob);
    buf_byte(note, '\n');
}

track_status note_put_signature(struct buf *note, const struct note_key *key,
                                const struct sign_seed *seed, track_error *err)
{
    AUTO_BUF blob = BUF(BLOB_MAX);
    struct signature signature;
    TRY(sign_bytes(seed, text_of((struct bytes){note->at, note->size}), &signature, err));
    put_be(&blob, key->id, ID_BYTES);
    buf_put(&blob, signature.at, sizeof(signature.at));
    put_line(note, key->name, (struct bytes){blob.at, blob.size});
    return blob.status;
}

/* What a witness signs. */
static void put_seen(struct buf *out, int64_t time_s, struct bytes text)
{
    char head[64];
    snprintf(head, sizeof(head), "cosignature/v1\ntime %" PRId64 "\n", time_s);
    buf_text(out, head);
    buf_put(out, text.at, text.size);
}

track_status note_put_cosignature(struct buf *note, const struct note_key *key,
                                  const struct sign_seed *seed, int64_t time_s, track_error *err)
{
    AUTO_BUF blob = BUF(BLOB_MAX);
    AUTO_BUF seen = BUF(NOTE_BYTES_MAX + 64);
    struct signature signature;
    struct bytes all;
    put_seen(&seen, time_s, text_of((struct bytes){note->at, note->size}));
    TRY(buf_end(&seen, &all, err));
    TRY(sign_bytes(seed, all, &signature, err));
    put_be(&blob, key->id, ID_BYTES);
    put_be(&blob, (uint64_t)time_s, TIME_BYTES);
    buf_put(&blob, signature.at, sizeof(signature.at));
    put_line(note, key->name, (struct bytes){blob.at, blob.size});
    return blob.status;
}

/* One line without its newline. */
static track_status take_signature(struct bytes line, struct arena *arena,
                                   struct note_signature *out, track_error *err)
{
    AUTO_BUF blob = BUF(1024);
    size_t at = DASH_BYTES;
    if (line.size < DASH_BYTES || memcmp(line.at, dash, DASH_BYTES) != 0) {
        return FAIL(err, TRACK_INVALID, "a line behind the empty one is no signature");
    }
    while (at < line.size && line.at[at] != ' ') {
        at++;
    }
    out->name = (struct bytes){line.at + DASH_BYTES, at - DASH_BYTES};
    TRY(name_check(out->name, err));
    if (at == line.size) {
        return FAIL(err, TRACK_INVALID, "a line has a name and no signature");
    }
    TRY(base64_take(&blob, (struct bytes){line.at + at + 1, line.size - at - 1}, err));
    if (blob.size <= ID_BYTES) {
        return FAIL(err, TRACK_INVALID, "a signature of %zu bytes", blob.size);
    }
    const char *kept = arena_text(arena, (const char *)blob.at, blob.size);
    if (!kept) {
        return FAIL(err, TRACK_NOMEM, "no memory for a signature");
    }
    out->id = be32(blob.at);
    out->at = (struct bytes){(const unsigned char *)kept + ID_BYTES, blob.size - ID_BYTES};
    return TRACK_OK;
}

static track_status note_check_bytes(struct bytes in, track_error *err)
{
    bool right = in.size > 0 && in.size <= NOTE_BYTES_MAX && in.at[in.size - 1] == '\n' &&
                 name_check_text(in, NULL) == TRACK_OK;
    for (size_t i = 0; i < in.size && right; i++) {
        right = in.at[i] >= ' ' || in.at[i] == '\n';
    }
    return right ? TRACK_OK
                 : FAIL(err, TRACK_INVALID,
                        "a note is UTF-8 of at most %d bytes without control bytes, and ends with "
                        "a newline",
                        NOTE_BYTES_MAX);
}

/* Where the signatures begin: behind the last empty line; 0: there is none. */
static size_t signatures_at(struct bytes in)
{
    for (size_t i = in.size; i > 1; i--) {
        if (in.at[i - 1] == '\n' && in.at[i - 2] == '\n') {
            return i;
        }
    }
    return 0;
}

track_status note_take(struct bytes in, struct arena *arena, struct note *out, track_error *err)
{
    struct note note = {.signature_count = 0};
    TRY(note_check_bytes(in, err));
    size_t at = signatures_at(in);
    if (at < 2 || at == in.size) {
        return FAIL(err, TRACK_INVALID, "a note has an empty line and signatures behind it");
    }
    note.text = (struct bytes){in.at, at - 1};
    while (at < in.size) {
        const unsigned char *end = memchr(in.at + at, '\n', in.size - at);
        size_t size = (size_t)(end - in.at) - at;
        if (note.signature_count == NOTE_SIGNATURES_MAX) {
            return FAIL(err, TRACK_INVALID, "a note has over %d signatures", NOTE_SIGNATURES_MAX);
        }
        TRY(take_signature((struct bytes){in.at + at, size}, arena,
                           &note.signatures[note.signature_count++], err));
        at += size + 1;
    }
    *out = note;
    return TRACK_OK;
}

static track_status check_one(const struct note *note, const struct note_key *key,
                              struct bytes blob, int64_t *time_s, track_error *err)
{
    AUTO_BUF seen = BUF(NOTE_BYTES_MAX + 64);
    struct signature signature;
    struct bytes all = note->text;
    size_t before = key->kind == NOTE_COSIGNATURE ? TIME_BYTES : 0;
    uint64_t time = 0;
    if (blob.size != before + SIGN_BYTES) {
        return FAIL(err, TRACK_CORRUPT, "the signature of %s has %zu bytes", key->name, blob.size);
    }
    for (size_t i = 0; i < before; i++) {
        time = time << 8 | blob.at[i];
    }
    if (before) {
        put_seen(&seen, (int64_t)time, note->text);
        TRY(buf_end(&seen, &all, err));
    }
    memcpy(signature.at, blob.at + before, SIGN_BYTES);
    TRY(sign_check(&key->key, all, &signature, err));
    if (time_s) {
        *time_s = (int64_t)time;
    }
    return TRACK_OK;
}

track_status note_check(const struct note *note, const struct note_key *key, int64_t *time_s,
                        track_error *err)
{
    for (size_t i = 0; i < note->signature_count; i++) {
        const struct note_signature *s = &note->signatures[i];
        if (s->id == key->id && s->name.size == strlen(key->name) &&
            memcmp(s->name.at, key->name, s->name.size) == 0) {
            return check_one(note, key, s->at, time_s, err);
        }
    }
    return FAIL(err, TRACK_NOT_FOUND, "%s has not signed the note", key->name);
}
