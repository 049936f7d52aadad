/* Client: a server and how to reach it. */
#include "native.h"

#include <string.h>

int native_get_client(const struct native_state *state, PyObject *value, track_client **out)
{
    *out = NULL;
    if (!value || value == Py_None) {
        return 0;
    }
    if (!PyObject_TypeCheck(value, state->client_type)) {
        PyErr_Format(PyExc_TypeError, "client: must be a track.Client, not %R of type %R", value,
                     (PyObject *)Py_TYPE(value));
        return -1;
    }
    struct client_object *c = (struct client_object *)value;
    if (c->closed) {
        PyErr_SetString(state->errors[TRACK_CONFLICT], "the client was closed");
        return -1;
    }
    *out = c->client;
    return 0;
}

static int take_mode(const struct native_state *state, const char *word, track_mode *out)
{
    static const char *const words[] = {"", "online", "offline", "off"};
    for (size_t i = 1; i < sizeof(words) / sizeof(*words); i++) {
        if (word && strcmp(words[i], word) == 0) {
            *out = (track_mode)i;
            return 0;
        }
    }
    if (word) {
        PyErr_Format(state->errors[TRACK_INVALID], "mode '%.100s': must be online, offline or off",
                     word);
    }
    return word ? -1 : 0;
}

static int parse_client(const struct native_state *state, PyObject *args, PyObject *keywords,
                        track_options *o)
{
    static const char *const names[] = {
        "url",           "project",   "spool", "mode", "timeout", "drain", "spool_bytes_max",
        "segment_bytes", "names_max", "quiet", NULL};
    const char *mode = NULL;
    PyObject *timeout = NULL, *drain = NULL, *spool_max = NULL, *segment = NULL, *names_max = NULL;
    uint64_t names_count = 0;
    int quiet = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|zzzzOO$OOOp:Client", (char **)names, &o->url,
                                     &o->project, &o->spool, &mode, &timeout, &drain, &spool_max,
                                     &segment, &names_max, &quiet) ||
        take_mode(state, mode, &o->mode) < 0 ||
        native_get_ms(state, "timeout", timeout, &o->timeout_ms) < 0 ||
        native_get_ms(state, "drain", drain, &o->drain_ms) < 0 ||
        native_get_count(state, "spool_bytes_max", spool_max, INT64_MAX, &o->spool_bytes_max) < 0 ||
        native_get_count(state, "segment_bytes", segment, INT64_MAX, &o->segment_bytes) < 0 ||
        native_get_count(state, "names_max", names_max, UINT32_MAX, &names_count) < 0) {
        return -1;
    }
    if (drain && drain != Py_None && o->drain_ms == 0) {
        o->drain_ms = -1; /* 0 would be the default */
    }
    o->names_max = (uint32_t)names_count;
    o->quiet = quiet;
    return 0;
}

static PyObject *client_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct native_state *state = native_get_state();
    track_options o = track_options_default();
    track_client *client = NULL;
    track_error err = {0};
    if (!state || parse_client(state, args, keywords, &o) < 0) {
        return NULL;
    }
    track_status status = track_init(&o, &client, &err);
    if (status != TRACK_OK) {
        return native_raise(state, status, &err);
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct client_object *c = (struct client_object *)alloc(type, 0);
    if (!c) {
        track_close(&client);
        return NULL;
    }
    c->state = state;
    c->client = client;
    return (PyObject *)c;
}

static void client_dealloc(PyObject *self)
{
    struct client_object *c = (struct client_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_BEGIN_ALLOW_THREADS track_close(&c->client);
    Py_END_ALLOW_THREADS freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_object(self);
    Py_DECREF(type);
}

static PyObject *client_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    ((struct client_object *)self)->closed = 1;
    Py_RETURN_NONE;
}

static void add_setting(void *data, const track_setting *s)
{
    PyObject *list = data;
    PyObject *row = PyErr_Occurred() ? NULL
                                     : Py_BuildValue("ssss", s->name, s->variable,
                                                     s->value ? s->value : "", s->origin);
    if (row) {
        PyList_Append(list, row);
        Py_DECREF(row);
    }
}

static PyObject *client_get_settings(PyObject *self, PyObject *unused)
{
    struct client_object *c = (struct client_object *)self;
    track_client *client;
    track_error err = {0};
    (void)unused;
    PyObject *list = native_get_client(c->state, self, &client) < 0 ? NULL : PyList_New(0);
    if (!list) {
        return NULL;
    }
    track_status status = track_get_settings(client, add_setting, list, &err);
    if (status != TRACK_OK) {
        native_raise(c->state, status, &err);
    }
    if (PyErr_Occurred()) {
        Py_CLEAR(list);
    }
    return list;
}

PyTypeObject *native_add_client(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"close", client_close, METH_NOARGS,
         "close($self, /)\n--\n\nStarts nothing any more; it is gone with the last of its runs."},
        {"get_settings", client_get_settings, METH_NOARGS,
         "get_settings($self, /)\n--\n\n"
         "Every setting: list of (name, variable, value, origin) (track_get_settings)."},
        {"request", NATIVE_KEYWORDS(client_request),
         "request($self, method, path, body=None, *, content_type=None, accept=None, headers=(), "
         "timeout=None, sink=None)\n--\n\n"
         "One request to the server's API (track_request): (status, body, type, etag, next).\n\n"
         "path     '/api/v1/...' with its query.\n"
         "body     bytes-like, a str, an iterable of bytes, or an open file.\n"
         "headers  'Name: value' lines.\n"
         "timeout  seconds; None: the client's; -1: none.\n"
         "sink     callable(bytes) that takes the body of a 2xx reply as it comes.\n\n"
         "An error reply raises the exception of its status, with .hint, .ref and .http."},
        {"get_runs", NATIVE_KEYWORDS(client_get_runs),
         "get_runs($self, project=None, filter=None, order=None, count_max=0)\n--\n\n"
         "List of (id, project, name, state, started_us, ended_us, json) (track_get_runs)."},
        {"get_points", NATIVE_KEYWORDS(client_get_points),
         "get_points($self, run_id, key)\n--\n\n"
         "All points of a series as bytearrays: int64 steps, int64 times in us, float64 values\n"
         "(track_get_points), in order of (step, time, value), in the machine's byte order.\n\n"
         "NotFoundError  no such run or series."},
        {"get_artifact", NATIVE_KEYWORDS(client_get_artifact),
         "get_artifact($self, run_id, name, dest)\n--\n\n"
         "Fetches a file of a run, checks its digest, moves it into place: (SHA-256, bytes)."},
        {"sync_spools", NATIVE_KEYWORDS(client_sync_spools),
         "sync_spools($self, *, paths=None, run_id=None, keep=False, list_only=False, "
         "timeout=None, "
         "sink=None)\n--\n\n"
         "Sends what processes left behind (track_sync_spools).\n\n"
         "sink  callable(dict) for news of a spool; returns False to end."},
        {0}};
    static PyType_Slot slots[] = {
        {Py_tp_new, (void *)client_new},
        {Py_tp_dealloc, (void *)client_dealloc},
        {Py_tp_methods, methods},
        {Py_tp_doc, (char *)"A server and how to reach it (track_client)."},
        {0}};
    static PyType_Spec spec = {"track._native.Client", sizeof(struct client_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    return (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
}
