/* Requests of Client, with bodies that come and go as streams. */
#include "native.h"

#include <string.h>

/* A request on its way; libtrack calls back without the interpreter's lock. */
struct request {
    const struct native_state *state;
    PyObject *read; /* read(size) -> bytes, or NULL */
    PyObject *sink; /* callable(bytes), or NULL */
    int failed;     /* a callback raised; the exception waits below */
    PyObject *type, *value, *trace;
};

static void keep_failure(struct request *r)
{
    r->failed = 1;
    PyErr_Fetch(&r->type, &r->value, &r->trace);
}

/* Copies what read() gave into bytes; -1 with an exception. */
static int64_t copy_chunk(PyObject *chunk, void *bytes, size_t room)
{
    char *at;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(chunk, &at, &size) < 0) {
        return -1;
    }
    if ((size_t)size > room) {
        PyErr_Format(PyExc_ValueError, "body: read(%zu) gave %zd bytes", room, size);
        return -1;
    }
    memcpy(bytes, at, (size_t)size);
    return size;
}

static int64_t request_source(void *data, void *bytes, size_t room)
{
    struct request *r = data;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *chunk = PyObject_CallFunction(r->read, "n", (Py_ssize_t)room);
    int64_t size = chunk ? copy_chunk(chunk, bytes, room) : -1;
    Py_XDECREF(chunk);
    if (size < 0) {
        keep_failure(r);
    }
    PyGILState_Release(lock);
    return size;
}

static bool request_sink(void *data, const void *bytes, size_t size)
{
    struct request *r = data;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *none = PyObject_CallFunction(r->sink, "y#", (const char *)bytes, (Py_ssize_t)size);
    if (!none) {
        keep_failure(r);
    }
    Py_XDECREF(none);
    PyGILState_Release(lock);
    return !r->failed;
}

/* Arguments of request(). */
struct arguments {
    PyObject *body, *headers, *timeout, *sink;
    track_request_options options;
    PyObject *bytes;    /* of body */
    PyObject *lines;    /* tuple of headers */
    const char **heads; /* of lines; to be freed */
};

static int take_body(struct arguments *a, struct request *r)
{
    if (!a->body || a->body == Py_None) {
        return 0;
    }
    if (PyObject_HasAttrString(a->body, "read")) {
        r->read = PyObject_GetAttrString(a->body, "read");
        a->options.source = request_source;
        a->options.source_data = r;
        a->options.source_bytes = -1;
        return r->read ? 0 : -1;
    }
    a->bytes =
        PyUnicode_Check(a->body) ? PyUnicode_AsUTF8String(a->body) : PyBytes_FromObject(a->body);
    if (!a->bytes) {
        return -1;
    }
    a->options.body = PyBytes_AsString(a->bytes);
    a->options.body_size = (size_t)PyBytes_Size(a->bytes);
    return 0;
}

static int take_headers(struct arguments *a)
{
    if (!a->headers || a->headers == Py_None) {
        return 0;
    }
    a->lines = PySequence_Tuple(a->headers);
    Py_ssize_t count = a->lines ? PyTuple_Size(a->lines) : 0;
    a->heads = a->lines ? PyMem_Calloc((size_t)count + 1, sizeof(*a->heads)) : NULL;
    if (!a->heads) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        a->heads[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(a->lines, i), NULL);
        if (!a->heads[i]) {
            return -1;
        }
    }
    a->options.headers = a->heads;
    return 0;
}

static int take_timeout(struct arguments *a)
{
    if (!a->timeout || a->timeout == Py_None) {
        return 0;
    }
    double seconds = PyFloat_AsDouble(a->timeout);
    if (PyErr_Occurred()) {
        return -1;
    }
    a->options.timeout_ms = seconds < 0 ? -1 : (int64_t)(seconds * 1000 + 0.5);
    return 0;
}

static int parse_request(PyObject *args, PyObject *keywords, struct arguments *a, struct request *r)
{
    static const char *const names[] = {
        "method", "path", "body", "content_type", "accept", "headers", "timeout", "sink", NULL};
    track_request_options *o = &a->options;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "ss|O$zzOOO:request", (char **)names,
                                     &o->method, &o->path, &a->body, &o->content_type, &o->accept,
                                     &a->headers, &a->timeout, &a->sink) ||
        take_body(a, r) < 0 || take_headers(a) < 0 || take_timeout(a) < 0) {
        return -1;
    }
    if (a->sink && a->sink != Py_None) {
        r->sink = a->sink;
        o->sink = request_sink;
        o->sink_data = r;
    }
    return 0;
}

PyObject *client_request(PyObject *self, PyObject *args, PyObject *keywords)
{
    struct client_object *c = (struct client_object *)self;
    struct request r = {.state = c->state};
    struct arguments a = {.options = track_request_options_default()};
    track_client *client;
    track_response reply = {0};
    track_error err = {0};
    PyObject *out = NULL;
    if (native_get_client(c->state, self, &client) == 0 &&
        parse_request(args, keywords, &a, &r) == 0) {
        track_status status;
        Py_BEGIN_ALLOW_THREADS status = track_request(client, &a.options, &reply, &err);
        Py_END_ALLOW_THREADS if (r.failed)
        {
            PyErr_Restore(r.type, r.value, r.trace);
        }
        else if (status == TRACK_OK)
        {
            out = Py_BuildValue("iy#sss", reply.http, reply.body, (Py_ssize_t)reply.body_size,
                                reply.type, reply.etag, reply.next);
        }
        else
        {
            native_raise_reply(c->state, status, &err, &reply);
        }
        track_close_response(&reply);
    }
    PyMem_Free(a.heads);
    Py_XDECREF(a.lines);
    Py_XDECREF(a.bytes);
    Py_XDECREF(r.read);
    return out;
}
