/* json - documents from outside read strictly, documents of ours written as they grow.
 *
 * Reading gives a tree in the caller's arena.  The accessors name the place in their message:
 * `points[2].value: a text, must be a number`.  Numbers are doubles, so a whole number beyond
 * 2^53 - 1 stands in a text ("9007199254740993"), and NaN and the infinities are the texts "NaN",
 * "Infinity", "-Infinity": the accessors take both forms, the writer chooses.
 *
 * Writing appends to a `struct buf`; both fail stickily, ask once with json_end.
 * Uses: arena, bytes, fail, name, number; jansson, which nobody else includes.  Pure; any thread.
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H
#include "arena.h"
#include "bytes.h"
#include "fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_DEPTH_MAX = 32,               /* of what is read, unless the caller says otherwise */
    JSON_NODE_COUNT_MAX = 200000,      /* values in one document, likewise */
    JSON_TEXT_BYTES_MAX = 1024 * 1024, /* one text as it stands between its quotes, likewise */
    JSON_NUMBER_BYTES_MAX = 64,        /* characters of one number */
    JSON_WRITER_DEPTH_MAX = 64,
};
#define JSON_INT_MAX ((INT64_C(1) << 53) - 1) /* greatest whole number written as a number */

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_NUMBER,
    JSON_KIND_TEXT,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

/* One value.  Arrays and objects: for (i = 0; i < v->count; i++) ... &v->items[i] ...
 * Invariants: items[i].parent == v; the items of an object have names, none twice, in byte order;
 * text and names are UTF-8 without NUL inside. */
struct json {
    enum json_kind kind;
    uint32_t count;            /* of items, or bytes of text */
    const struct json *parent; /* NULL at the root */
    const char *name;          /* in its object; NULL elsewhere */
    union {
        bool truth;
        double number; /* finite */
        const char *text;
        const struct json *items; /* [count] */
    };
};

/* How much a document may hold. */
struct json_limits {
    unsigned depth_max;
    size_t node_count_max;
    size_t text_bytes_max;
};

/* Reads one document.
 *
 *   text    [size]; the whole document, nothing behind it but blanks.  Not kept.
 *   limits  NULL for the three defaults above.  Values are counted by commas and opening brackets,
 *           so an empty array counts twice.
 *   arena   holds the tree.
 *   out     the root, of any kind; set only on TRACK_OK.
 *
 * TRACK_INVALID    not JSON (with line and column), a name twice in one object, not UTF-8, a NUL in
 *                  a text, a number beyond the doubles or over JSON_NUMBER_BYTES_MAX.
 * TRACK_TOO_LARGE  too deep, too many values, or a text too long.
 * TRACK_NOMEM      the arena's limit, or the system's.
 *
 * Cost:  0.5 M small values a second and more; nothing is read beyond a limit.
 * Tests: tests/core/test_json.c, tests/fuzz/fuzz_json.c
 */
track_status json_read(struct bytes text, const struct json_limits *limits, struct arena *arena,
                       const struct json **out, track_error *err);

/* The member with this name, or NULL: absent, or `object` is NULL or no object. */
const struct json *json_find(const struct json *object, const char *name);

/* Checks that value is an object with no other members than these.
 *
 *   names  of all members that are known; NULL ends them.
 *
 * TRACK_INVALID  another kind, or an unknown member; err names it, and the nearest known name.
 */
track_status json_check_object(const struct json *value, const char *const *names,
                               track_error *err);

/* Fails with `place: message` in err, for what the caller finds wrong with a value:
 *     return JSON_FAIL(err, value, "%lld, must be odd", n); */
#define JSON_FAIL(err, value, ...) json_fail_at((err), (value), __FILE__, __LINE__, __VA_ARGS__)
track_status json_fail_at(track_error *err, const struct json *value, const char *file, int line,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Gets one value (an item of an array, a root) as what it must be.
 *
 *   out  text: NUL-terminated, lives as long as the tree.  Set only on TRACK_OK.
 *
 * TRACK_INVALID  another kind; int: not a whole number, beyond 2^53 - 1 as a number or beyond
 *                int64 as a text; err names the place, what stands there and what must.
 */
track_status json_get_text(const struct json *value, const char **out, track_error *err);
track_status json_get_int(const struct json *value, int64_t *out, track_error *err);
track_status json_get_double(const struct json *value, double *out, track_error *err);
track_status json_get_bool(const struct json *value, bool *out, track_error *err);
track_status json_get_array(const struct json *value, const struct json **out, track_error *err);
track_status json_get_object(const struct json *value, const struct json **out, track_error *err);

/* The same for a member that must be there.
 *
 * TRACK_INVALID  as above; also absent, or `object` is no object.
 */
track_status json_need_text(const struct json *object, const char *name, const char **out,
                            track_error *err);
track_status json_need_int(const struct json *object, const char *name, int64_t *out,
                           track_error *err);
track_status json_need_double(const struct json *object, const char *name, double *out,
                              track_error *err);
track_status json_need_bool(const struct json *object, const char *name, bool *out,
                            track_error *err);
track_status json_need_array(const struct json *object, const char *name, const struct json **out,
                             track_error *err);
track_status json_need_object(const struct json *object, const char *name, const struct json **out,
                              track_error *err);

/* The same for a member that may be absent or null: *out then stays as it was. */
track_status json_may_text(const struct json *object, const char *name, const char **out,
                           track_error *err);
track_status json_may_int(const struct json *object, const char *name, int64_t *out,
                          track_error *err);
track_status json_may_double(const struct json *object, const char *name, double *out,
                             track_error *err);
track_status json_may_bool(const struct json *object, const char *name, bool *out,
                           track_error *err);
track_status json_may_array(const struct json *object, const char *name, const struct json **out,
                            track_error *err);
track_status json_may_object(const struct json *object, const char *name, const struct json **out,
                             track_error *err);

/* The same for a whole number with bounds: min <= *out <= max. */
struct json_range {
    int64_t min, max;
};
track_status json_need_int_in(const struct json *object, const char *name, struct json_range range,
                              int64_t *out, track_error *err);
track_status json_may_int_in(const struct json *object, const char *name, struct json_range range,
                             int64_t *out, track_error *err);

/* Writes a document into *to:
 *     struct json_writer w = {.to = &b};
 *     json_write_object(&w, NULL);
 *     json_write_text(&w, "name", "loss");
 *     json_write_close(&w);
 *     TRY(json_end(&w, &out, err));
 * Invariant: depth counts the open arrays and objects. */
struct json_writer {
    struct buf *to;
    uint64_t objects; /* bit d: the container at depth d + 1 is an object */
    uint64_t filled;  /* bit d: the container at depth d has something */
    unsigned depth;
    bool broken; /* closed too often, too deep, a name missing or too many */
};

/* Each writes one value; `name` within an object, NULL elsewhere.
 *
 *   text    UTF-8; bytes that are not become U+FFFD, so that the outcome is JSON always.  NULL
 *           writes null.
 *   int     beyond +-JSON_INT_MAX as a text.
 *   double  the shortest text that reads back to the same bits; NaN and infinities as texts.
 *   raw     [size]: one JSON value that somebody checked, written as it stands.
 *   value   a tree that was read.  Equal content gives equal bytes, since objects are sorted.
 */
void json_write_object(struct json_writer *w, const char *name);
void json_write_array(struct json_writer *w, const char *name);
void json_write_close(struct json_writer *w); /* the innermost */
void json_write_text(struct json_writer *w, const char *name, const char *text);
void json_write_bytes(struct json_writer *w, const char *name, struct bytes text);
void json_write_int(struct json_writer *w, const char *name, int64_t value);
void json_write_double(struct json_writer *w, const char *name, double value);
void json_write_bool(struct json_writer *w, const char *name, bool value);
void json_write_null(struct json_writer *w, const char *name);
void json_write_raw(struct json_writer *w, const char *name, struct bytes raw);
void json_write_value(struct json_writer *w, const char *name, const struct json *value);

/* Ends a document.
 *
 *   out  all bytes of *w->to; set only on TRACK_OK.
 *
 * TRACK_TOO_LARGE, TRACK_NOMEM  as buf_end.
 * TRACK_CORRUPT                 not well nested: our mistake.
 */
track_status json_end(const struct json_writer *w, struct bytes *out, track_error *err);
#endif
