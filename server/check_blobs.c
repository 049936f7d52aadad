#include "../core/hash.h"
#include "blobs.h"
#include "check_base.h"
#include "store_blob.h"

#include <string.h>

static const char *hex_of(struct bytes digest, char *out)
{
    struct digest d = {{0}};
    memcpy(d.at, digest.at, digest.size < sizeof(d.at) ? digest.size : sizeof(d.at));
    hash_encode_hex(&d, out);
    return out;
}

/* Hashes the content of a blob; damage is a finding. */
static track_status hash_content(struct check *c, const struct blob *blob, struct digest *out,
                                 track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF part = BUF(BLOB_READ_BYTES_MAX);
    struct hash_sha256 *hash;
    TRY(hash_open(&arena, &hash, err));
    for (int64_t at = 0; at < blob->size; at += (int64_t)part.size) {
        int64_t left = blob->size - at;
        size_t size = left < BLOB_READ_BYTES_MAX ? (size_t)left : BLOB_READ_BYTES_MAX;
        part.size = 0;
        TRY(store_blob_read(c->store, blob, at, size, &part, err));
        TRY(hash_add(hash, (struct bytes){part.at, part.size}, err));
    }
    return hash_end(hash, out, err);
}

static track_status check_content(struct check *c, const struct blob *blob, track_error *err)
{
    char hex[DIGEST_HEX_BYTES + 1];
    struct digest got;
    track_error why = {0};
    track_status status = hash_content(c, blob, &got, &why);
    if (status == TRACK_CORRUPT) {
        check_wrong(c, "blob %s: %s", hex_of(blob->digest, hex), why.message);
        return TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    if (memcmp(got.at, blob->digest.at, sizeof(got.at)) != 0) {
        check_wrong(c, "blob %s: its bytes have another SHA-256", hex_of(blob->digest, hex));
    }
    c->counts->blob_bytes += blob->size;
    return TRACK_OK;
}

/* The object is there, in its size. */
static track_status check_object(struct check *c, const struct blob *blob, bool *good,
                                 track_error *err)
{
    char hex[DIGEST_HEX_BYTES + 1];
    int64_t size = 0;
    track_error why = {0};
    *good = true;
    if (blob->loc[0] == '\0') {
        return TRACK_OK;
    }
    track_status status = blobs_size(store_blobs(c->store), blob->loc, &size, &why);
    if (status == TRACK_IO) {
        return FAIL(err, status, "%s", why.message);
    }
    if (status != TRACK_OK) {
        check_wrong(c, "blob %s: %s", hex_of(blob->digest, hex), why.message);
    } else if (size != blob->stored) {
        check_wrong(c, "blob %s: %lld bytes are stored, not %lld", hex_of(blob->digest, hex),
                    (long long)size, (long long)blob->stored);
    }
    *good = status == TRACK_OK && size == blob->stored;
    return TRACK_OK;
}

static track_status blob_row(void *data, const struct db_value *columns, track_error *err)
{
    struct check *c = data;
    AUTO_ARENA arena = ARENA(1 << 16);
    bool good;
    struct blob blob = {
        .size = db_get_i(&columns[1]),
        .stored = db_get_i(&columns[2]),
        .enc = db_get_i(&columns[3]),
    };
    TRY(db_copy_bytes(&arena, &columns[0], &blob.digest, err));
    TRY(db_copy_text(&arena, &columns[4], &blob.loc, err));
    c->counts->blobs++;
    TRY(check_object(c, &blob, &good, err));
    return good && !c->options->quick ? check_content(c, &blob, err) : TRACK_OK;
}

/* An object must be named by a row: by its blob, or among the loose ones. */
static track_status object(void *data, const char *loc, int64_t size, track_error *err)
{
    (void)size;
    struct check *c = data;
    struct digest digest;
    int64_t rows = 0, loose = 0;
    bool found;
    if (!blobs_loc_check(loc)) {
        check_wrong(c, "blobs/%.200s is no object of ours", loc);
        return TRACK_OK;
    }
    TRY(hash_decode_hex((struct bytes){(const unsigned char *)loc + 3, DIGEST_HEX_BYTES}, digest.at,
                        sizeof(digest.at), err));
    struct bytes bytes = {digest.at, sizeof(digest.at)};
    TRY(db_find_i(c->db, QUERY_check_loc_find, DB_IN(db_b(bytes), db_t(loc)), &rows, &found, err));
    TRY(db_find_i(c->db, QUERY_check_loose_find, DB_IN(db_t(loc)), &loose, &found, err));
    c->counts->loose += rows == 0 && loose > 0;
    if (rows == 0 && loose == 0) {
        check_wrong(c, "blobs/%s belongs to no row", loc);
    }
    return TRACK_OK;
}

track_status check_blobs(struct check *c, track_error *err)
{
    TRY(db_run(c->db, QUERY_check_blob_list, NULL, blob_row, c, err));
    return blobs_each(store_blobs(c->store), object, c, err);
}
