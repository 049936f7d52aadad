/* print - everything the command says, in the form that was asked for.
 *
 * stdout is data: a table for people on a terminal, tab-separated values elsewhere, or JSON; never
 * mixed.  stderr is talk: errors, progress, questions.  libsmartcols is included here alone.
 * Uses: arena, args, cell, format, json.
 */
#ifndef CLIENT_PRINT_H
#define CLIENT_PRINT_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/json.h"
#include "args.h"
#include "cell.h"

#include <stdio.h>

enum print_mode {
    PRINT_TABLE, /* aligned, with a header, cut to the terminal's width */
    PRINT_TSV,   /* a line a row, no header, raw seconds and bytes */
    PRINT_JSON,  /* one document */
    PRINT_JSONL, /* one document a row */
    PRINT_IDS,   /* the id of each row */
};

struct print {
    FILE *out;
    FILE *talk;
    enum print_mode mode;
    bool terminal;      /* out is one */
    bool talk_terminal; /* talk is one */
    bool colour;        /* on out */
    bool talk_colour;
    bool progress; /* may be drawn */
    bool quiet, verbose;
    const char *fields; /* "a,b", or NULL for all */
    int width;          /* of the terminal, in columns */
    int64_t now_us;
    int64_t redraw_us;   /* least time between two redraws */
    int64_t progress_us; /* when the line was last drawn; 0: none is there */
};

/* What the environment says about output; each text may be NULL. */
struct print_env {
    const char *no_color, *clicolor_force, *term, *progress_fps;
};

/* Decides mode and colour from the options and the environment.
 *
 *   args  NULL before options are known: talk only.
 *   out, talk  [2] streams.
 */
void print_init(struct print *p, const struct args *args, const struct print_env *env,
                FILE *const streams[2]);

enum { COLUMN_ID = 1, COLUMN_RIGHT = 2, COLUMN_CUT = 4, COLUMN_HIDDEN = 8 };

struct column {
    const char *name;  /* in JSON and for --fields */
    const char *title; /* in the table's header */
    unsigned flags;    /* COLUMN_HIDDEN: in JSON only, unless named by --fields */
};

enum { TABLE_COLUMNS_MAX = 120, TABLE_BYTES_MAX = 512 << 20 };

struct table_row;

/* What a list or an object is made of. */
struct table_spec {
    const char *noun; /* "runs": schema "track.runs/1" and the name of the list */
    const char *one;  /* "run": schema "track.run/1" of an object or a line of --jsonl */
    const struct column *columns; /* [count] */
    size_t count;                 /* 1..TABLE_COLUMNS_MAX */
};

/* Rows on their way out. */
struct table {
    struct print *print;
    struct arena *arena;
    struct table_spec spec;
    size_t chosen[TABLE_COLUMNS_MAX]; /* columns to print, in order */
    size_t chosen_count;
    struct table_row *rows, **rows_end;
    size_t row_count;
    struct buf *json; /* in the arena, and released with it */
    struct json_writer writer;
};

/* Begins a list.
 *
 *   arena  holds the rows until the end.
 *   spec   copied; its columns are kept.
 *
 * TRACK_INVALID  --fields names a column that is not there; err lists those that are.
 * TRACK_NOMEM    the arena's limit.
 *
 * Tests: tests/client/test_print.c
 */
track_status table_init(struct table *t, struct print *print, struct arena *arena,
                        const struct table_spec *spec, track_error *err);

/* Adds a row of one cell a column.  What cells point to must live until table_write.
 *
 * TRACK_NOMEM, TRACK_TOO_LARGE  a limit.
 * TRACK_IO                      the output cannot be written.
 */
track_status table_add(struct table *t, const struct cell *cells, track_error *err);

/* Ends the list and writes what has not been written yet.
 *
 * TRACK_NOMEM, TRACK_TOO_LARGE, TRACK_IO  as above.
 */
track_status table_write(struct table *t, track_error *err);

/* Writes one object: a line for each member, or a document.
 *
 *   cells  [spec->count].
 *
 * Fails as table_init and table_add.
 */
track_status print_record(struct print *p, struct arena *arena, const struct table_spec *spec,
                          const struct cell *cells, track_error *err);

/* Writes a line of data for people: in the modes PRINT_TABLE and PRINT_TSV only.  Text of others in
 * it must have been escaped. */
void print_line(struct print *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a line of talk to stderr, escaped, in any mode but --quiet. */
void print_say(struct print *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes an error: what, what to do, id; as JSON with --json. */
void print_failure(struct print *p, const track_error *err, const char *hint, const char *ref);

/* Draws the progress line anew, on a terminal and at most TRACK_PROGRESS_FPS times a second; and
 * takes it away. */
void print_progress(struct print *p, int64_t now_us, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void print_progress_end(struct print *p);

/* Asks on the terminal; false without one, on any answer but y or yes, and at the end of input. */
bool print_ask(struct print *p, const char *question);

/* Flushes the data.
 *
 * TRACK_IO    what was written did not arrive; a reader that went away (EPIPE) is no failure.
 * TRACK_FULL  no space.
 */
track_status print_end(struct print *p, track_error *err);
#endif
