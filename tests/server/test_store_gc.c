/* Shows that blobs go when nothing refers to them and not before, bytes last, and that every
 * reference to a blob in the schema is one that the collector looks at.
 * How: a real store whose clock is told; the text of the migrations. */
#include "../../server/store_gc.h"

#include "../../core/hash.h"
#include "../../server/blobs.h"
#include "../../server/db_schema.h"
#include "../../server/store_base.h"
#include "../../server/store_blob.h"
#include "../../server/store_file.h"
#include "../../server/store_object.h"
#include "../harness.h"
#include "packs.h"

#include <stdio.h>
#include <string.h>

enum { BIG = 100000 };

/* Uploads a blob that nobody names. */
static track_status upload(struct fixture *f, const char *content, size_t size)
{
    struct digest digest;
    return fixture_upload(f, (struct bytes){(const unsigned char *)content, size}, true, &digest);
}

static track_status name(struct fixture *f, const char *path, const char *content)
{
    struct run_file file = {.path = path, .digest = packs_digest(f, content)};
    struct file_put call = {.run = RUN_A, .files = &file, .count = 1, .now_us = NOW_US};
    call.ticket.arena = &f->arena;
    return fixture_wait(f, store_file_put(f->store, &call, &f->err), &call.ticket);
}

static bool has(struct fixture *f, const char *content)
{
    struct blob blob;
    return store_blob_get(f->store, packs_digest(f, content), &f->arena, &blob, &f->err) ==
           TRACK_OK;
}

/* Whole passes until one collects nothing more. */
static bool collect(struct fixture *f, int64_t now_us, int64_t want)
{
    struct gc gc = {.after_size = 0};
    while (gc.rest_until_us == 0) {
        if (store_gc(f->store, &gc, now_us, &f->err) != TRACK_OK) {
            return false;
        }
    }
    return gc.collected == want;
}

TEST(store_gc, drops_what_nobody_names_after_a_day)
{
    FIXTURE(f);
    struct run_put put;
    CHECK_INT(fixture_put(&f, RUN_A, "vision", &put), TRACK_OK);
    CHECK_INT(upload(&f, "named", 5), TRACK_OK);
    CHECK_INT(upload(&f, "lost", 4), TRACK_OK);
    CHECK_INT(name(&f, "a.txt", "named"), TRACK_OK);
    CHECK(collect(&f, NOW_US + BLOB_GRACE_US, 0) && has(&f, "lost"));
    CHECK(collect(&f, NOW_US + BLOB_GRACE_US + 1, 1));
    CHECK(!has(&f, "lost") && has(&f, "named"));
    CHECK(name(&f, "b.txt", "lost") == TRACK_CONFLICT); /* send it again */
    CHECK_INT(upload(&f, "lost", 4), TRACK_OK);
    CHECK_INT(name(&f, "b.txt", "lost"), TRACK_OK);
}

static track_status count_object(void *data, const char *loc, int64_t size, track_error *err)
{
    (void)loc;
    (void)size;
    (void)err;
    ++*(int *)data;
    return TRACK_OK;
}

static int objects(struct fixture *f)
{
    int count = 0;
    return blobs_each(store_blobs(f->store), count_object, &count, &f->err) == TRACK_OK ? count
                                                                                        : -1;
}

TEST(store_gc, keeps_bytes_for_slow_readers)
{
    FIXTURE(f);
    int64_t dead_us = NOW_US + BLOB_GRACE_US + 1;
    char *big = arena_alloc(&f.arena, BIG, 1);
    CHECK(big);
    memset(big, 'x', BIG);
    CHECK_INT(upload(&f, big, BIG), TRACK_OK);
    CHECK(collect(&f, dead_us, 1));
    CHECK_INT(store_reap(f.store, dead_us + OBJECT_GRACE_US, &f.err), TRACK_OK);
    CHECK_INT(objects(&f), 1);
    CHECK_INT(store_reap(f.store, dead_us + OBJECT_GRACE_US + 1, &f.err), TRACK_OK);
    CHECK_INT(objects(&f), 0);
}

TEST(store_gc, goes_over_many_in_slices)
{
    FIXTURE(f);
    for (int i = 0; i < 2 * GC_SLICE + 1; i++) {
        char content[32];
        snprintf(content, sizeof(content), "blob %d", i);
        CHECK_INT(upload(&f, content, strlen(content)), TRACK_OK);
    }
    struct gc gc = {.after_size = 0};
    int64_t now_us = NOW_US + BLOB_GRACE_US + 1;
    CHECK_INT(store_gc(f.store, &gc, now_us, &f.err), TRACK_OK);
    CHECK(gc.collected == GC_SLICE && gc.rest_until_us == 0);
    CHECK_INT(store_gc(f.store, &gc, now_us, &f.err), TRACK_OK);
    CHECK_INT(store_gc(f.store, &gc, now_us, &f.err), TRACK_OK);
    CHECK(gc.collected == 2 * GC_SLICE + 1 && gc.rest_until_us == now_us + GC_REST_US);
    CHECK_INT(store_gc(f.store, &gc, now_us + 1, &f.err), TRACK_OK); /* rests */
}

/* Bytes columns that name no blob that somebody else has to keep. */
static const char *const own[] = {"run_doc.data",      "writer.writer",  "writer.recent",
                                  "writer_key.writer", "writer_key.ids", "journal.writer",
                                  "journal.body",      "blob.digest",    "blob_inline.digest",
                                  "blob_inline.data",  "loose.digest",   NULL};

static bool is_own(const char *column)
{
    size_t i = 0;
    while (own[i] && strcmp(own[i], column) != 0) {
        i++;
    }
    return own[i] != NULL;
}

/* Both statements of the collector look at the column. */
static bool is_kept(const char *table, const char *column)
{
    char drop[256], list[256];
    snprintf(drop, sizeof(drop), "(SELECT 1 FROM %s WHERE %s.%s = $1)", table, table, column);
    snprintf(list, sizeof(list), "(SELECT 1 FROM %s WHERE %s.%s = blob.digest)", table, table,
             column);
    return strstr(query_rows[QUERY_blob_collect].text, drop) &&
           strstr(query_rows[QUERY_blob_slice].text, list);
}

/* The column that a line of a migration declares, with its type; table is kept from line to line.
 */
static bool read_column(const char *line, char table[64], char word[64], char type[64])
{
    if (sscanf(line, "CREATE TABLE %60[a-z_]", table) == 1) {
        return false;
    }
    return sscanf(line, "ALTER TABLE %60[a-z_] ADD COLUMN %60[a-z_] %60s", table, word, type) ==
               3 ||
           sscanf(line, " %60[a-z_] %60s", word, type) == 2;
}

/* A column of bytes is either kept by the collector or holds something else. */
static bool is_known(const char *line, char table[64], int *kept)
{
    char word[64], type[64], column[130];
    if (!read_column(line, table, word, type) || !strstr(type, "{BYTES}")) {
        return true;
    }
    snprintf(column, sizeof(column), "%s.%s", table, word);
    bool is = is_kept(table, word);
    *kept += is;
    if (is == is_own(column)) {
        fprintf(stderr, "%s: does it name a blob?\n", column);
    }
    return is != is_own(column);
}

TEST(store_gc, looks_at_every_reference_of_the_schema)
{
    int kept = 0;
    for (const struct db_migration *m = db_migrations; m->path; m++) {
        char table[64] = "", line[256];
        for (size_t at = 0; at < m->size;) {
            const char *from = (const char *)m->sql + at;
            const char *end = memchr(from, '\n', m->size - at);
            size_t size = end ? (size_t)(end - from) : m->size - at;
            snprintf(line, sizeof(line), "%.*s", (int)size, from);
            CHECK(is_known(line, table, &kept));
            at += size + 1;
        }
    }
    CHECK_INT(kept, 2); /* pack.digest and path.digest */
}
