/* cell - one value of a table or an object, in each form of output.
 *
 * Uses: bytes, format, json.
 */
#ifndef CLIENT_CELL_H
#define CLIENT_CELL_H
#include "../core/bytes.h"
#include "../core/json.h"

enum cell_kind {
    CELL_NONE, /* nothing there */
    CELL_TEXT,
    CELL_INT,
    CELL_COUNT, /* an integer, grouped for people */
    CELL_BYTES,
    CELL_REAL,
    CELL_TIME,     /* us since 1970; people see how long ago */
    CELL_MOMENT,   /* us since 1970; people see the date */
    CELL_DURATION, /* us */
    CELL_BOOL,
    CELL_STATE,  /* state of a run, in its colour */
    CELL_METRIC, /* a metric of a row of runs: {value, step, how, bad} */
    CELL_JSON,   /* a value as it came; people see `shown` */
    CELL_RAW,    /* bytes of one JSON value; people see `shown` */
};

struct cell {
    enum cell_kind kind;
    union {
        const char *text;
        int64_t number;
        double real;
        bool truth;
        const struct json *json;
        struct bytes raw;
    };
    const char *shown; /* what people see instead; NULL: by kind */
};

#define CELL(k, member, value) ((struct cell){.kind = (k), .member = (value)})

/* The text, or nothing for NULL or "". */
struct cell cell_text(const char *text);
/* The member of a reply, as this kind; nothing if it is absent, null or of another kind. */
struct cell cell_member(const struct json *object, const char *name, enum cell_kind kind);

/* Appends the value as people read it, escaped for a terminal. */
void cell_show(const struct cell *c, int64_t now_us, struct buf *to);

/* Appends the value as programs read it from a tab-separated line: numbers exact, times in seconds,
 * truth as true and false, nothing for nothing. */
void cell_write_tsv(const struct cell *c, struct buf *to);

/* Writes the value into a JSON document: times in microseconds. */
void cell_write_json(const struct cell *c, const char *name, struct json_writer *w);

/* The colour of a state as an SGR sequence ("\033[32m"), or NULL. */
const char *cell_colour(const struct cell *c);
#endif
