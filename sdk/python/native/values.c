#include "native.h"

#include <math.h>
#include <string.h>

int native_get_double(const struct native_state *state, PyObject *key, PyObject *value, double *out)
{
    if (PyFloat_Check(value)) {
        *out = PyFloat_AsDouble(value);
        return 0;
    }
    if (PyLong_Check(value)) {
        *out = PyLong_AsDouble(value);
        if (*out != -1.0 || !PyErr_Occurred()) {
            return 0;
        }
        PyErr_Format(state->errors[TRACK_INVALID],
                     "%R: an int beyond what a double can hold; it was not logged", key);
        return -1;
    }
    int plain = PySet_Contains(state->plain, (PyObject *)Py_TYPE(value));
    PyObject *number = plain > 0 ? PyNumber_Float(value)
                                 : PyObject_CallFunctionObjArgs(state->number, key, value, NULL);
    if (!number) {
        return -1;
    }
    *out = PyFloat_AsDouble(number);
    Py_DECREF(number);
    return *out == -1.0 && PyErr_Occurred() ? -1 : 0;
}

int native_get_int64(const struct native_state *state, const char *what, PyObject *value,
                     int64_t *out)
{
    PyObject *index = PyLong_Check(value) ? Py_NewRef(value) : PyNumber_Index(value);
    if (!index) {
        PyErr_Format(PyExc_TypeError, "%s: must be an int, not %R of type %R", what, value,
                     (PyObject *)Py_TYPE(value));
        return -1;
    }
    int over = 0;
    *out = PyLong_AsLongLongAndOverflow(index, &over);
    Py_DECREF(index);
    if (over) {
        PyErr_Format(state->errors[TRACK_INVALID], "%s %R: does not fit into 64 bits", what, value);
    }
    return over || (*out == -1 && PyErr_Occurred()) ? -1 : 0;
}

int native_get_time(const struct native_state *state, PyObject *value, int64_t *out)
{
    PyObject *seconds = PyNumber_Check(value) ? PyNumber_Float(value)
                                              : PyObject_CallMethod(value, "timestamp", NULL);
    if (!seconds) {
        PyErr_Format(PyExc_TypeError,
                     "time: must be seconds since 1970 or a datetime, not %R of type %R", value,
                     (PyObject *)Py_TYPE(value));
        return -1;
    }
    double us = PyFloat_AsDouble(seconds) * 1e6;
    Py_DECREF(seconds);
    if (!(fabs(us) < 9e18)) {
        if (!PyErr_Occurred()) {
            PyErr_Format(state->errors[TRACK_INVALID], "time %R: no time", value);
        }
        return -1;
    }
    *out = llround(us);
    return 0;
}

const char *native_get_text(const struct native_state *state, const char *what, PyObject *value)
{
    Py_ssize_t size = 0;
    if (!PyUnicode_Check(value)) {
        return (const char *)PyErr_Format(PyExc_TypeError, "%s: must be a str, not %R of type %R",
                                          what, value, (PyObject *)Py_TYPE(value));
    }
    const char *text = PyUnicode_AsUTF8AndSize(value, &size);
    if (!text) {
        PyErr_Format(state->errors[TRACK_INVALID], "%s %R: half of a surrogate pair is no text",
                     what, value);
        return NULL;
    }
    if (strlen(text) != (size_t)size) {
        PyErr_Format(state->errors[TRACK_INVALID], "%s %R: has a NUL character", what, value);
        return NULL;
    }
    return text;
}

int native_get_step(const struct native_state *state, PyObject *value, int64_t *next, int64_t *out)
{
    if (!value || value == Py_None) {
        *out = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
        return 0;
    }
    if (native_get_int64(state, "step", value, out) < 0) {
        return -1;
    }
    int64_t seen = __atomic_load_n(next, __ATOMIC_RELAXED);
    while (*out >= seen && *out < INT64_MAX &&
           !__atomic_compare_exchange_n(next, &seen, *out + 1, 1, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
    return 0;
}

int native_get_ms(const struct native_state *state, const char *what, PyObject *value, int64_t *out)
{
    if (!value || value == Py_None) {
        return 0;
    }
    double seconds = PyFloat_AsDouble(value);
    if (seconds == -1.0 && PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "%s: must be seconds, not %R of type %R", what, value,
                     (PyObject *)Py_TYPE(value));
        return -1;
    }
    if (!(seconds < 1e12)) {
        PyErr_Format(state->errors[TRACK_INVALID], "%s %R: must be seconds", what, value);
        return -1;
    }
    *out = seconds < 0 ? -1 : (int64_t)ceil(seconds * 1000);
    return 0;
}

int native_get_count(const struct native_state *state, const char *what, PyObject *value,
                     uint64_t max, uint64_t *out)
{
    if (!value || value == Py_None) {
        return 0;
    }
    PyObject *index = PyNumber_Index(value);
    uint64_t count = index ? PyLong_AsUnsignedLongLong(index) : 0;
    int exact = index != NULL;
    Py_XDECREF(index);
    if (PyErr_Occurred() || count > max) {
        PyErr_Format(exact ? state->errors[TRACK_INVALID] : PyExc_TypeError,
                     "%s: must be an int of 0..%llu, not %R", what, (unsigned long long)max, value);
        return -1;
    }
    *out = count;
    return 0;
}

/* Makes out->at of the bytes in out->kept. */
static int point_at_texts(struct native_texts *out)
{
    Py_ssize_t count = PyList_Size(out->kept);
    out->at = PyMem_Calloc((size_t)count + 1, sizeof(*out->at));
    if (!out->at) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        out->at[i] = PyBytes_AsString(PyList_GetItem(out->kept, i));
    }
    return 0;
}

int native_get_texts(const char *what, PyObject *value, struct native_texts *out)
{
    *out = (struct native_texts){0};
    if (!value || value == Py_None) {
        return 0;
    }
    if (PyUnicode_Check(value) || PyBytes_Check(value)) {
        PyErr_Format(PyExc_TypeError, "%s: must be a list of texts, not the text %R", what, value);
        return -1;
    }
    PyObject *iterator = PyObject_GetIter(value), *item;
    out->kept = iterator ? PyList_New(0) : NULL;
    while (out->kept && !PyErr_Occurred() && (item = PyIter_Next(iterator)) != NULL) {
        PyObject *bytes = NULL;
        if (PyUnicode_FSConverter(item, &bytes)) {
            PyList_Append(out->kept, bytes);
            Py_DECREF(bytes);
        }
        Py_DECREF(item);
    }
    Py_XDECREF(iterator);
    if (PyErr_Occurred() || point_at_texts(out) < 0) {
        native_release_texts(out);
        return -1;
    }
    return 0;
}

void native_release_texts(struct native_texts *texts)
{
    PyMem_Free(texts->at);
    Py_XDECREF(texts->kept);
    *texts = (struct native_texts){0};
}
