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
    PyObject *number = PyObject_CallFunctionObjArgs(state->number, key, value, NULL);
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
        PyErr_Format(state->errors[TRACK_INVALID], "%s: half of a surrogate pair is no text", what);
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
