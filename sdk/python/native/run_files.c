/* Files of Run, and how it is doing. */
#include "native.h"

#include <string.h>

typedef track_status file_call(track_run *run, const char *name, const char *path,
                               const track_artifact_options *options, track_artifact_info *info,
                               track_error *err);

/* The file's own name where none is given. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static PyObject *with_file(struct run_object *run, PyObject *args, PyObject *keywords,
                           file_call *call, int names_itself)
{
    static const char *const names[] = {"path", "name", "type", "media", NULL};
    track_artifact_options o = track_artifact_options_default();
    track_artifact_info info = {0};
    track_error err = {0};
    track_status status;
    PyObject *path = NULL;
    const char *name = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O&|z$zz:artifact", (char **)names,
                                     PyUnicode_FSConverter, &path, &name, &o.type, &o.media)) {
        return NULL;
    }
    const char *text = PyBytes_AsString(path);
    if (!text || !native_get_open(run)) {
        Py_DECREF(path);
        return NULL;
    }
    name = name || !names_itself ? name : base_name(text);
    Py_BEGIN_ALLOW_THREADS status = call(run->run, name, text, &o, &info, &err);
    Py_END_ALLOW_THREADS Py_DECREF(path);
    return status == TRACK_OK ? Py_BuildValue("sK", info.digest, (unsigned long long)info.bytes)
                              : native_raise(run->state, status, &err);
}

PyObject *run_log_artifact(PyObject *self, PyObject *args, PyObject *keywords)
{
    return with_file((struct run_object *)self, args, keywords, track_log_artifact, 1);
}

PyObject *run_use_artifact(PyObject *self, PyObject *args, PyObject *keywords)
{
    return with_file((struct run_object *)self, args, keywords, track_use_artifact, 0);
}

/* "status: message", or None. */
static PyObject *error_text(const track_error *err)
{
    if (err->status == TRACK_OK) {
        Py_RETURN_NONE;
    }
    return PyUnicode_FromFormat("%s: %s", native_status_word(err->status), err->message);
}

PyObject *run_get_errors(PyObject *self, PyObject *unused)
{
    track_run_errors errors = {0};
    PyObject *counts = PyDict_New();
    (void)unused;
    (void)!track_get_run_errors(((struct run_object *)self)->run, &errors);
    for (size_t i = 1; counts && i < TRACK_STATUS_COUNT; i++) {
        PyObject *count = errors.counts[i] ? PyLong_FromUnsignedLongLong(errors.counts[i]) : NULL;
        if (count && PyDict_SetItemString(counts, native_status_word((track_status)i), count) < 0) {
            Py_CLEAR(counts);
        }
        Py_XDECREF(count);
    }
    return Py_BuildValue("{s:N,s:K,s:K,s:N}", "counts", counts, "lost",
                         (unsigned long long)errors.lost, "refused",
                         (unsigned long long)errors.refused, "last", error_text(&errors.last));
}

PyObject *run_get_progress(PyObject *self, PyObject *unused)
{
    track_run_progress p = {0};
    (void)unused;
    (void)!track_get_run_progress(((struct run_object *)self)->run, &p);
    return Py_BuildValue("{s:K,s:K,s:K,s:N,s:N}", "logged", (unsigned long long)p.logged, "sent",
                         (unsigned long long)p.sent, "requests", (unsigned long long)p.requests,
                         "connected", PyBool_FromLong(p.connected), "last_fail",
                         error_text(&p.last_fail));
}
