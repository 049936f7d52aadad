/* What Client reads back, and spools. */
#include "native.h"

#include <string.h>

/* A list that a callback of libtrack fills, without the interpreter's lock. */
struct listing {
    PyObject *list;
    int failed;
};

static bool add_run(void *data, const track_run_info *run)
{
    struct listing *l = data;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *row =
        Py_BuildValue("ssssLLs", run->id, run->project, run->name, native_state_word(run->state),
                      (long long)run->started_us, (long long)run->ended_us, run->json);
    l->failed = !row || PyList_Append(l->list, row) < 0;
    Py_XDECREF(row);
    if (l->failed) {
        PyErr_Clear(); /* no memory: said by the caller */
    }
    PyGILState_Release(lock);
    return !l->failed;
}

PyObject *client_get_runs(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"project", "filter", "order", "count_max", NULL};
    struct client_object *c = (struct client_object *)self;
    track_runs_options o = track_runs_options_default();
    track_client *client;
    track_error err = {0};
    track_status status;
    Py_ssize_t count_max = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|zzzn:get_runs", (char **)names, &o.project,
                                     &o.filter, &o.order, &count_max) ||
        native_get_client(c->state, self, &client) < 0) {
        return NULL;
    }
    struct listing l = {PyList_New(0), 0};
    o.count_max = count_max > 0 ? (size_t)count_max : 0;
    if (!l.list) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS status = track_get_runs(client, &o, add_run, &l, &err);
    Py_END_ALLOW_THREADS if (status == TRACK_OK && !l.failed)
    {
        return l.list;
    }
    Py_DECREF(l.list);
    return l.failed ? PyErr_NoMemory() : native_raise(c->state, status, &err);
}

/* Columns that grow page by page. */
struct columns {
    PyObject *at[3]; /* bytearrays of steps, times, values */
    Py_ssize_t count, room;
};

enum { COLUMN_BYTES = 8, COLUMNS_ROOM_MIN = 65536 };

static int columns_resize(struct columns *c, Py_ssize_t room)
{
    for (size_t i = 0; i < 3; i++) {
        if (PyByteArray_Resize(c->at[i], room * COLUMN_BYTES) < 0) {
            return -1;
        }
    }
    c->room = room;
    return 0;
}

static int columns_init(struct columns *c)
{
    *c = (struct columns){0};
    for (size_t i = 0; i < 3; i++) {
        c->at[i] = PyByteArray_FromStringAndSize(NULL, 0);
        if (!c->at[i]) {
            return -1;
        }
    }
    return columns_resize(c, COLUMNS_ROOM_MIN);
}

/* Reads all pages; nobody else has the bytearrays yet, so their memory stays where it is. */
static int columns_read(const struct native_state *state, track_client *client, const char *run_id,
                        const char *key, struct columns *c)
{
    track_points points = {0};
    track_status status;
    do {
        track_error err = {0};
        if (c->count == c->room && columns_resize(c, 2 * c->room) < 0) {
            return -1;
        }
        points.steps = (int64_t *)(void *)PyByteArray_AsString(c->at[0]) + c->count;
        points.times_us = (int64_t *)(void *)PyByteArray_AsString(c->at[1]) + c->count;
        points.values = (double *)(void *)PyByteArray_AsString(c->at[2]) + c->count;
        points.room = (size_t)(c->room - c->count);
        Py_BEGIN_ALLOW_THREADS status = track_get_points(client, run_id, key, &points, &err);
        Py_END_ALLOW_THREADS if (status != TRACK_OK)
        {
            native_raise(state, status, &err);
            return -1;
        }
        c->count += (Py_ssize_t)points.count;
    } while (points.more && PyErr_CheckSignals() == 0);
    return PyErr_Occurred() ? -1 : columns_resize(c, c->count);
}

PyObject *client_get_points(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"run_id", "key", NULL};
    struct client_object *c = (struct client_object *)self;
    track_client *client;
    const char *run_id, *key;
    struct columns columns;
    PyObject *out = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "ss:get_points", (char **)names, &run_id,
                                     &key) ||
        native_get_client(c->state, self, &client) < 0) {
        return NULL;
    }
    if (columns_init(&columns) == 0 && columns_read(c->state, client, run_id, key, &columns) == 0) {
        out = Py_BuildValue("OOO", columns.at[0], columns.at[1], columns.at[2]);
    }
    for (size_t i = 0; i < 3; i++) {
        Py_XDECREF(columns.at[i]);
    }
    return out;
}

PyObject *client_get_artifact(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"run_id", "name", "dest", NULL};
    struct client_object *c = (struct client_object *)self;
    track_client *client;
    track_artifact_info info = {0};
    track_error err = {0};
    track_status status;
    const char *run_id, *name;
    PyObject *dest = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "ssO&:get_artifact", (char **)names, &run_id,
                                     &name, PyUnicode_FSConverter, &dest)) {
        return NULL;
    }
    const char *path = PyBytes_AsString(dest);
    if (!path || native_get_client(c->state, self, &client) < 0) {
        Py_DECREF(dest);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS status = track_get_artifact(client, run_id, name, path, &info, &err);
    Py_END_ALLOW_THREADS Py_DECREF(dest);
    return status == TRACK_OK ? Py_BuildValue("sK", info.digest, (unsigned long long)info.bytes)
                              : native_raise(c->state, status, &err);
}

/* A sync that tells its caller; an exception of the sink waits here. */
struct telling {
    PyObject *sink;
    PyObject *type, *value, *trace;
};

static bool tell(void *data, const track_spool_info *s)
{
    static const char *const states[] = {"waiting", "held", "sending", "sent", "stuck"};
    struct telling *t = data;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *said = PyObject_CallFunction(
        t->sink, "({s:s,s:s,s:s,s:s,s:s,s:s,s:K,s:K,s:K,s:z})", "path", s->path, "url", s->url,
        "project", s->project, "run_id", s->run_id, "writer", s->writer, "state", states[s->state],
        "count", (unsigned long long)s->count, "sent", (unsigned long long)s->sent, "bytes",
        (unsigned long long)s->bytes, "error",
        s->error && s->error->status ? s->error->message : NULL);
    bool go_on = said && said != Py_False;
    if (!said) {
        PyErr_Fetch(&t->type, &t->value, &t->trace);
    }
    Py_XDECREF(said);
    PyGILState_Release(lock);
    return go_on;
}

PyObject *client_sync_spools(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"paths",   "run_id", "keep", "list_only",
                                        "timeout", "sink",   NULL};
    struct client_object *c = (struct client_object *)self;
    track_sync_options o = track_sync_options_default();
    struct telling telling = {0};
    track_client *client;
    track_error err = {0};
    PyObject *paths = NULL, *timeout = NULL, *sink = NULL;
    struct native_texts texts = {0};
    int keep = 0, list_only = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|$OzppOO:sync_spools", (char **)names, &paths,
                                     &o.run_id, &keep, &list_only, &timeout, &sink) ||
        native_get_client(c->state, self, &client) < 0 ||
        native_get_ms(c->state, "timeout", timeout, &o.timeout_ms) < 0 ||
        native_get_texts("paths", paths, &texts) < 0) {
        return NULL;
    }
    o.timeout_ms = o.timeout_ms > 0 ? o.timeout_ms : 0;
    o.keep = keep;
    o.list_only = list_only;
    o.paths = texts.at;
    telling.sink = sink;
    o.sink = sink && sink != Py_None ? tell : NULL;
    o.sink_data = &telling;
    track_status status;
    Py_BEGIN_ALLOW_THREADS status = track_sync_spools(client, &o, &err);
    Py_END_ALLOW_THREADS native_release_texts(&texts);
    if (telling.type) {
        PyErr_Restore(telling.type, telling.value, telling.trace);
        return NULL;
    }
    return status == TRACK_OK ? Py_NewRef(Py_None) : native_raise(c->state, status, &err);
}
