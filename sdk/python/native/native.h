/* native - track._native: libtrack for Python.
 *
 * Translates objects and raises exceptions; everything else is done by libtrack.  The interpreter's
 * lock is released around everything that may wait, never around a log call.
 * One shared object for CPython 3.10 and newer (limited API); free-threaded versions need one each.
 * Uses: track.h.
 */
#ifndef NATIVE_H
#define NATIVE_H
#define PY_SSIZE_T_CLEAN
#include "../../track.h"

#include <Python.h>

#ifndef TRACK_VERSION
#define TRACK_VERSION "unknown"
#endif

/* What the module holds; lives as long as it. */
struct native_state {
    PyObject *errors[TRACK_STATUS_COUNT]; /* exception class of each status; OK: NULL */
    PyObject *warning;                    /* TrackWarning */
    PyObject *plain;                      /* _values.PLAIN: types that float() takes as they are */
    PyObject *number;                     /* _values.number(key, value) -> float */
    PyObject *mapping;                    /* collections.abc.Mapping */
    PyTypeObject *client_type, *run_type, *metric_type;
};

/* The state of track._native, which has been imported; NULL with an exception. */
struct native_state *native_get_state(void);

/* A server and how to reach it.  Its track_client is closed with the last object that needs it. */
struct client_object {
    PyObject_HEAD struct native_state *state;
    track_client *client;
    int closed; /* close() was called: it starts nothing any more */
};

struct run_object {
    PyObject_HEAD struct native_state *state;
    PyObject *client;   /* NULL: libtrack's own */
    PyObject *names;    /* dict: str to metric_object; only grows */
    track_run *run;     /* stays valid after the end */
    track_run *open;    /* run until it is finished, then NULL */
    int64_t next_row;   /* atomic: step of a row without one */
    int64_t first_step; /* of a metric's values without one */
    unsigned warned;    /* atomic: bit s: status s was warned of */
};

/* One series of a run; kept by the run's dict of names. */
struct metric_object {
    PyObject_HEAD struct run_object *run; /* a reference: what it logs to stays */
    PyObject *name;                       /* a str, none of its subclasses */
    track_metric *metric;
    int64_t next_step; /* atomic: of a value without one */
};

/* Function and flags of a method that takes keyword arguments, in a table of methods. */
#define NATIVE_KEYWORDS(fn)      (PyCFunction)(void (*)(void)) fn, METH_VARARGS | METH_KEYWORDS
#define NATIVE_FAST_KEYWORDS(fn) (PyCFunction)(void (*)(void)) fn, METH_FASTCALL | METH_KEYWORDS

/* ---- errors ---- */

/* The word of a status: "not_found". */
const char *native_status_word(track_status status);
/* The word of a state: "finished". */
const char *native_state_word(track_state state);

/* Raises the exception of a status; returns NULL.
 *   err  NULL: no more is known than the status. */
PyObject *native_raise(const struct native_state *state, track_status status,
                       const track_error *err);
/* The same, with what an error reply said. */
PyObject *native_raise_reply(const struct native_state *state, track_status status,
                             const track_error *err, const track_response *reply);
/* What a log or set call gives back: None, an exception for a mistake of the caller, and one
 * warning a run and status where disk or memory fails, which libtrack counts.
 *   name  what the call was about; NULL: libtrack's message has it. */
PyObject *native_logged(struct run_object *run, track_status status, const char *what,
                        PyObject *name);

/* ---- values ---- */

/* Each returns 0, or -1 with an exception that names key. */
int native_get_double(const struct native_state *state, PyObject *key, PyObject *value,
                      double *out);
int native_get_int64(const struct native_state *state, const char *what, PyObject *value,
                     int64_t *out);
/* Seconds since 1970 or a datetime, in microseconds. */
int native_get_time(const struct native_state *state, PyObject *value, int64_t *out);
/* UTF-8 of a str without NUL, borrowed from it; NULL with an exception. */
const char *native_get_text(const struct native_state *state, const char *what, PyObject *value);

/* Seconds, None or NULL in milliseconds: None leaves *out as it is, any negative number is -1, and
 * what is positive never becomes 0. */
int native_get_ms(const struct native_state *state, const char *what, PyObject *value,
                  int64_t *out);
/* None, NULL or an int of 0..max; None leaves *out as it is. */
int native_get_count(const struct native_state *state, const char *what, PyObject *value,
                     uint64_t max, uint64_t *out);

/* Texts as C takes them; to be given to native_release_texts. */
struct native_texts {
    PyObject *kept;  /* list of bytes that at points into */
    const char **at; /* NULL at the end; NULL: there are none */
};

/* Texts of an iterable of str or paths; None or NULL: none. */
int native_get_texts(const char *what, PyObject *value, struct native_texts *out);
void native_release_texts(struct native_texts *texts);

/* ---- metric, run ---- */

/* The metric with this name, borrowed from the run's dict; NULL with an exception, or without one
 * after a warning: the name cannot be kept. */
struct metric_object *native_get_metric(struct run_object *run, PyObject *name);
/* The step that value None stands for, or value itself; *next is beyond it afterwards. */
int native_get_step(const struct native_state *state, PyObject *value, int64_t *next, int64_t *out);
/* The run to log to, or NULL with a ConflictError once it was finished. */
track_run *native_get_open(struct run_object *run);
/* The track_client of a Client or None; -1 with an exception. */
int native_get_client(const struct native_state *state, PyObject *value, track_client **out);

PyObject *run_log_metric(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *run_log_point(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *run_log(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *run_log_row(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *run_get_metric(PyObject *self, PyObject *name);
extern PyMethodDef run_describe_methods[]; /* of run_describe.c, ends with NULL */
PyObject *run_log_artifact(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *run_use_artifact(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *run_get_errors(PyObject *self, PyObject *unused);
PyObject *run_get_progress(PyObject *self, PyObject *unused);
PyObject *run_finish_at_exit(PyObject *self, PyObject *unused); /* of exit.c */
PyObject *client_request(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *client_get_runs(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *client_get_points(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *client_get_artifact(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *client_sync_spools(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *native_get_source(PyObject *self, PyObject *args, PyObject *keywords);

PyTypeObject *native_add_client(PyObject *module);
PyTypeObject *native_add_run(PyObject *module);
PyTypeObject *native_add_metric(PyObject *module);
#endif
