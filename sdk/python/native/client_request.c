/* Requests of Client, with bodies that come and go as streams. */
#include "native.h"

#include <string.h>

/* A request on its way; libtrack calls back without the interpreter's lock. */
struct request {
    const struct native_state *state;
    PyObject *read;     /* read(size) -> bytes, or NULL */
    PyObject *parts;    /* iterator of bytes, or NULL */
    PyObject *chunk;    /* bytes that read or parts gave, or NULL */
    Py_ssize_t written; /* bytes of chunk that are sent */
    PyObject *sink;     /* callable(bytes), or NULL */
    int failed;         /* a callback raised; the exception waits below */
    PyObject *type, *value, *trace;
};

static void keep_failure(struct request *r)
{
    r->failed = 1;
    PyErr_Fetch(&r->type, &r->value, &r->trace);
}

/* What the caller's object gave, as bytes. */
static PyObject *as_bytes(PyObject *given)
{
    PyObject *view = PyMemoryView_FromObject(given);
    PyObject *bytes = view ? PyBytes_FromObject(view) : NULL;
    Py_XDECREF(view);
    if (!bytes) {
        PyErr_Format(PyExc_TypeError, "body: its parts must be bytes, not %R of type %R", given,
                     (PyObject *)Py_TYPE(given));
    }
    return bytes;
}

/* Gets the next part of the body; 0 at its end, -1 with an exception. */
static int take_chunk(struct request *r, size_t room)
{
    PyObject *given =
        r->read ? PyObject_CallFunction(r->read, "n", (Py_ssize_t)room) : PyIter_Next(r->parts);
    Py_CLEAR(r->chunk);
    r->chunk = given ? as_bytes(given) : NULL;
    r->written = 0;
    Py_XDECREF(given);
    if (!r->chunk) {
        return PyErr_Occurred() ? -1 : 0;
    }
    return PyBytes_Size(r->chunk) > 0 || !r->read;
}

static int64_t request_source(void *data, void *bytes, size_t room)
{
    struct request *r = data;
    PyGILState_STATE lock = PyGILState_Ensure();
    int more = 1;
    while (more > 0 && (!r->chunk || r->written == PyBytes_Size(r->chunk))) {
        more = take_chunk(r, room); /* an iterable may give empty parts */
    }
    int64_t size = more;
    if (more > 0) {
        size = PyBytes_Size(r->chunk) - r->written;
        size = size < (int64_t)room ? size : (int64_t)room;
        memcpy(bytes, PyBytes_AsString(r->chunk) + r->written, (size_t)size);
        r->written += size;
    } else if (more < 0) {
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
    PyObject *bytes; /* of body */
    struct native_texts lines;
};

/* The body as a whole, if it is text or bytes; 0 if it is neither. */
static int take_whole_body(struct arguments *a)
{
    if (PyUnicode_Check(a->body)) {
        a->bytes = PyUnicode_AsUTF8String(a->body);
    } else {
        PyObject *view = PyMemoryView_FromObject(a->body);
        if (!view) {
            PyErr_Clear();
            return 0;
        }
        a->bytes = PyBytes_FromObject(view);
        Py_DECREF(view);
    }
    if (!a->bytes) {
        return -1;
    }
    a->options.body = PyBytes_AsString(a->bytes);
    a->options.body_size = (size_t)PyBytes_Size(a->bytes);
    return 1;
}

static int take_body(struct arguments *a, struct request *r)
{
    if (!a->body || a->body == Py_None) {
        return 0;
    }
    int whole = take_whole_body(a);
    if (whole != 0) {
        return whole < 0 ? -1 : 0;
    }
    if (PyObject_HasAttrString(a->body, "read")) {
        r->read = PyObject_GetAttrString(a->body, "read");
    } else {
        r->parts = PyObject_GetIter(a->body);
    }
    if (!r->read && !r->parts) {
        PyErr_Format(PyExc_TypeError,
                     "body: must be bytes, an iterable of bytes or an open file, not %R of type %R",
                     a->body, (PyObject *)Py_TYPE(a->body));
        return -1;
    }
    a->options.source = request_source;
    a->options.source_data = r;
    a->options.source_bytes = -1;
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
        take_body(a, r) < 0 || native_get_texts("headers", a->headers, &a->lines) < 0 ||
        native_get_ms(r->state, "timeout", a->timeout, &o->timeout_ms) < 0) {
        return -1;
    }
    o->headers = a->lines.at;
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
    native_release_texts(&a.lines);
    Py_XDECREF(a.bytes);
    Py_XDECREF(r.read);
    Py_XDECREF(r.parts);
    Py_XDECREF(r.chunk);
    return out;
}
