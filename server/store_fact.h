/* store_fact - what is said of a run: parameters, tags, metric definitions, documents, alerts.
 *
 * See store.h for how reads and writes are called.  Every write takes a whole list and does all of
 * it or nothing.
 * Uses: store.
 */
#ifndef SERVER_STORE_FACT_H
#define SERVER_STORE_FACT_H
#include "store_run.h"

enum {
    NOTE_BYTES_MAX = 64 * 1024,
    PARAM_BYTES_MAX = 64 * 1024,
    DOC_BYTES_MAX = 8 << 20,
    FACTS_MAX = 10000, /* items of one call */
    ALERT_TITLE_BYTES_MAX = 250,
};

/* A parameter is set once; a tag may change.  num is set where the text is a number. */
struct fact {
    const char *key;
    const char *value;  /* a tag with NULL is removed */
    double num;         /* parameters; NaN: no number */
    int64_t updated_us; /* tags, out */
};
struct fact_list {
    const struct fact *at; /* [count], by key */
    size_t count;
};

/* Sets parameters or tags of a run. */
struct fact_set {
    struct ticket ticket;
    const char *run;
    const struct fact *facts; /* [count] */
    size_t count;             /* 1..FACTS_MAX */
    int64_t now_us;
};

/* TRACK_INVALID: a key or value is not legal, or no or too many facts.
 * Status of the ticket: TRACK_NOT_FOUND; TRACK_CONFLICT: the run is deleted, or a parameter has
 * another value already (the same value again is fine); err names it. */
track_status store_param_set(struct store *s, struct fact_set *call, track_error *err);
track_status store_tag_set(struct store *s, struct fact_set *call, track_error *err);

track_status store_param_list(struct store *s, const char *run, struct arena *arena,
                              struct fact_list *out, track_error *err);
track_status store_tag_list(struct store *s, const char *run, struct arena *arena,
                            struct fact_list *out, track_error *err);

/* What a series means.  name may be a glob: "val/\*". */
struct metric_def {
    const char *name;
    int64_t kind;       /* 0 f64, 1 f32: printed as float */
    int64_t step_scale; /* 0..6: real step = step / 10^scale */
    int64_t goal;       /* 0 none, 1 min, 2 max */
    const char *unit;
    const char *step_key; /* series that is its x axis; "": the step */
    int64_t summary;      /* 0 by goal, 1 min, 2 max, 3 mean, 4 last, 5 first */
    bool hidden;
};
struct metric_def_list {
    const struct metric_def *at; /* [count], by name */
    size_t count;
};
/* The definition of a key, or the first glob that stands for it; NULL: there is none. */
const struct metric_def *metric_def_find(const struct metric_def_list *defs, const char *key);

struct metric_def_set {
    struct ticket ticket;
    const char *run;
    const struct metric_def *defs; /* [count]; replaces those of the same name */
    size_t count;                  /* 1..FACTS_MAX */
    int64_t now_us;
};

/* TRACK_INVALID: a name, unit or number out of its range.
 * Status of the ticket: TRACK_NOT_FOUND; TRACK_CONFLICT: the run is deleted, or step_scale differs
 * from the one that points were logged with. */
track_status store_metric_def_set(struct store *s, struct metric_def_set *call, track_error *err);
track_status store_metric_def_list(struct store *s, const char *run, struct arena *arena,
                                   struct metric_def_list *out, track_error *err);

/* The same in a transaction. */
track_status metric_def_list(struct db *db, int64_t run_node, struct arena *arena,
                             struct metric_def_list *out, track_error *err);

/* Documents of a run, returned byte for byte: code, patch, command, host, environment, devices,
 * missing, and any other name. */
struct doc {
    const char *name;
    int64_t rev; /* 1, one more with each change */
    int64_t size;
    struct bytes data; /* of store_doc_get */
};
struct doc_list {
    const struct doc *at; /* [count], by name, without data */
    size_t count;
};
struct doc_put {
    struct ticket ticket;
    const char *run;
    const char *name;  /* [A-Za-z0-9._-]{1,64} */
    struct bytes data; /* at most DOC_BYTES_MAX */
    int64_t now_us;
    int64_t rev; /* out */
};

/* TRACK_INVALID: the name; TRACK_TOO_LARGE: the data.
 * Status of the ticket: TRACK_NOT_FOUND; TRACK_CONFLICT: the run is deleted. */
track_status store_doc_put(struct store *s, struct doc_put *call, track_error *err);
track_status store_doc_get(struct store *s, const char *run, const char *name, struct arena *arena,
                           struct doc *out, track_error *err);
track_status store_doc_list(struct store *s, const char *run, struct arena *arena,
                            struct doc_list *out, track_error *err);

/* Alerts with one title fold into one row with a count. */
struct alert {
    int64_t id;
    const char *run; /* id of the run */
    const char *title, *text;
    int64_t level; /* 0 info, 1 warning, 2 error */
    int64_t count;
    int64_t first_us, last_us;
};
struct alert_list {
    const struct alert *at; /* [count], newest first */
    size_t count;
};
struct alert_add {
    struct ticket ticket;
    const char *run;
    const char *title, *text;
    int64_t level;
    const char *id; /* one that was seen is not counted again; NULL: counted each time */
    int64_t at_us;  /* when it happened; 0: now */
    int64_t now_us;
    struct alert alert; /* out */
};

/* TRACK_INVALID: the title is empty or over ALERT_TITLE_BYTES_MAX, the text over NOTE_BYTES_MAX, or
 * the level is none.  Status of the ticket: TRACK_NOT_FOUND; TRACK_CONFLICT: the run is deleted. */
track_status store_alert_add(struct store *s, struct alert_add *call, track_error *err);
track_status store_alert_list(struct store *s, const char *run, struct arena *arena,
                              struct alert_list *out, track_error *err);
#endif
