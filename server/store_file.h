/* store_file - files of a run, and what it used.
 *
 * A file is a path that names a blob; the bytes come first (store_blob.h), then the name.  An input
 * is something outside with a digest: a data set, a model; it is one row for the project, and an
 * edge from it to each run that used it.  See store.h for how reads and writes are called.
 * Uses: store.
 */
#ifndef SERVER_STORE_FILE_H
#define SERVER_STORE_FILE_H
#include "store_run.h"

enum { FILE_PATH_BYTES_MAX = 1024, FILE_SEGMENT_BYTES_MAX = 255, FILE_LIST_MAX = 1000 };

struct run_file {
    const char *path;
    struct bytes digest; /* [32] SHA-256 */
    int64_t size, at_us;
    const char *media; /* MIME type, or "" */
};
struct run_file_list {
    const struct run_file *at; /* [count], by path */
    size_t count;
    bool more;
};

/* Names files, all or none; a path that is there already then names the new bytes. */
struct file_put {
    struct ticket ticket;
    const char *run;
    const struct run_file *files; /* [count]; size is taken from the blob */
    size_t count;                 /* 1..FILE_LIST_MAX */
    int64_t now_us;
};

/* TRACK_INVALID: a path, digest or media type that is not legal.
 * Status of the ticket: TRACK_NOT_FOUND: the run; TRACK_CONFLICT: the run is deleted, the bytes of
 * a file were not sent yet (err names its path), or a path is a folder of another. */
track_status store_file_put(struct store *s, struct file_put *call, track_error *err);

track_status store_file_get(struct store *s, const char *run, const char *path, struct arena *arena,
                            struct run_file *out, track_error *err);

/*   after   the path the last page ended with, or NULL
 *   limit   1..FILE_LIST_MAX */
struct file_page {
    const char *run;
    const char *after;
    int limit;
};
track_status store_file_list(struct store *s, const struct file_page *page, struct arena *arena,
                             struct run_file_list *out, track_error *err);

/* Something a run used. */
struct run_input {
    const char *kind;    /* dataset model file other */
    const char *name;    /* of it, within the project */
    struct bytes digest; /* [32] SHA-256 */
    const char *uri;     /* where it was, or "" */
    const char *role;    /* train, validation, ..., or "" */
    int64_t size;        /* bytes; -1: not known */
    int64_t at_us;
    bool stored; /* out: its bytes are here too */
};
struct run_input_list {
    const struct run_input *at; /* [count], in the order of addition */
    size_t count;
};
struct input_add {
    struct ticket ticket;
    const char *run;
    const struct run_input *inputs; /* [count] */
    size_t count;                   /* 1..FILE_LIST_MAX */
    int64_t now_us;
};

/* TRACK_INVALID: an empty or over-long text, a digest not of 32 bytes.
 * Status of the ticket: TRACK_NOT_FOUND; TRACK_CONFLICT: the run is deleted. */
track_status store_input_add(struct store *s, struct input_add *call, track_error *err);
track_status store_input_list(struct store *s, const char *run, struct arena *arena,
                              struct run_input_list *out, track_error *err);
#endif
