/* The log calls of Run. */
#include "native.h"

#include <string.h>

track_run *native_get_open(struct run_object *run)
{
    track_run *open = __atomic_load_n(&run->open, __ATOMIC_RELAXED);
    if (!open) {
        PyErr_Format(run->state->errors[TRACK_CONFLICT],
                     "run %s was finished: this was not logged; start_run(resume='%s') goes on "
                     "with it",
                     track_get_run_id(run->run), track_get_run_id(run->run));
    }
    return open;
}

/* The arguments of a call as the interpreter hands them over. */
struct arguments {
    const char *function;
    PyObject *const *at; /* [count], then the named ones */
    Py_ssize_t count;
    PyObject *names; /* tuple of str, or NULL */
};

/* Sorts arguments by their names: out[i] is the one called known[i], NULL where it is missing.
 *   known, out  [room]. */
static int take_arguments(const struct arguments *a, const char *const *known, size_t room,
                          PyObject **out)
{
    Py_ssize_t named = a->names ? PyTuple_Size(a->names) : 0;
    if ((size_t)a->count > room) {
        PyErr_Format(PyExc_TypeError, "%s(): at most %zu arguments, not %zd", a->function, room,
                     a->count);
        return -1;
    }
    memset(out, 0, room * sizeof(*out));
    memcpy(out, a->at, (size_t)a->count * sizeof(*out));
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(a->names, i);
        size_t at = 0;
        while (at < room && PyUnicode_CompareWithASCIIString(name, known[at]) != 0) {
            at++;
        }
        if (at == room || out[at]) {
            PyErr_Format(PyExc_TypeError, "%s(): argument %R %s", a->function, name,
                         at == room ? "is not known" : "is given twice");
            return -1;
        }
        out[at] = a->at[a->count + i];
    }
    return 0;
}

/* Logs a value of a metric at a time, or now.
 *   time  NULL or None: now. */
static PyObject *log_one(struct run_object *run, PyObject *name, PyObject *value, PyObject *step,
                         PyObject *time)
{
    double number;
    int64_t at, time_us;
    struct metric_object *m;
    if (!native_get_open(run) || native_get_double(run->state, name, value, &number) < 0) {
        return NULL;
    }
    m = native_get_metric(run, name);
    if (!m) {
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    if (native_get_step(run->state, step, &m->next_step, &at) < 0) {
        return NULL;
    }
    if (!time || time == Py_None) {
        return native_logged(run, track_log_value(m->metric, at, number), "metric", NULL);
    }
    const char *text = native_get_text(run->state, "metric name", name);
    if (!text || native_get_time(run->state, time, &time_us) < 0) {
        return NULL;
    }
    return native_logged(run, track_log_point(run->run, text, at, time_us, number), "metric", NULL);
}

PyObject *run_log_metric(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const known[] = {"name", "value", "step", "time"};
    PyObject *a[4];
    if (take_arguments(&(struct arguments){"log_metric", args, count, names}, known, 4, a) < 0) {
        return NULL;
    }
    if (!a[0] || !a[1]) {
        return PyErr_Format(PyExc_TypeError, "log_metric(): name and value are needed");
    }
    return log_one((struct run_object *)self, a[0], a[1], a[2], a[3]);
}

PyObject *run_log_point(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct run_object *run = (struct run_object *)self;
    double number;
    int64_t step, time_us;
    if (count != 4) {
        return PyErr_Format(PyExc_TypeError,
                            "log_point(name, step, time_us, value): 4 arguments, not %zd", count);
    }
    const char *name = native_get_text(run->state, "metric name", args[0]);
    if (!name || !native_get_open(run) ||
        native_get_int64(run->state, "step", args[1], &step) < 0 ||
        native_get_int64(run->state, "time_us", args[2], &time_us) < 0 ||
        native_get_double(run->state, args[0], args[3], &number) < 0) {
        return NULL;
    }
    return native_logged(run, track_log_point(run->run, name, step, time_us, number), "metric",
                         NULL);
}

/* A row on its way into the run. */
struct row {
    struct run_object *run;
    int64_t step, time_us;
    int timed;         /* time_us was given */
    PyObject *failure; /* the first one, raised at the end: the others are still logged */
    track_value values[64];
    size_t count;
};

/* Keeps the present exception if it is the first. */
static void row_fail(struct row *row)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (!row->failure && value) {
        row->failure = Py_NewRef(value);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
}

static void row_flush(struct row *row)
{
    track_status status =
        row->count ? track_log_row(row->run->run, row->step, row->values, row->count) : TRACK_OK;
    row->count = 0;
    PyObject *none = native_logged(row->run, status, "row:", NULL);
    if (!none) {
        row_fail(row);
    }
    Py_XDECREF(none);
}

/* One value; name is a str that outlives the row. */
static void row_add(struct row *row, PyObject *name, PyObject *value)
{
    struct run_object *run = row->run;
    double number = 0;
    struct metric_object *m = NULL;
    if (native_get_double(run->state, name, value, &number) < 0 ||
        !(m = native_get_metric(run, name))) {
        if (PyErr_Occurred()) {
            row_fail(row);
        }
        return;
    }
    int64_t seen = __atomic_load_n(&m->next_step, __ATOMIC_RELAXED);
    if (row->step >= seen && row->step < INT64_MAX) {
        __atomic_store_n(&m->next_step, row->step + 1, __ATOMIC_RELAXED);
    }
    const char *text = PyUnicode_AsUTF8AndSize(m->name, NULL);
    if (row->timed) {
        PyObject *none = native_logged(
            run, track_log_point(run->run, text, row->step, row->time_us, number), "metric", NULL);
        if (!none) {
            row_fail(row);
        }
        Py_XDECREF(none);
        return;
    }
    row->values[row->count++] = (track_value){text, number};
    if (row->count == sizeof(row->values) / sizeof(*row->values)) {
        row_flush(row);
    }
}

static void row_add_all(struct row *row, PyObject *prefix, PyObject *values);

/* One member of a mapping: a number, or a mapping whose names go on with '/'. */
static void row_add_member(struct row *row, PyObject *prefix, PyObject *key, PyObject *value)
{
    if (!PyUnicode_Check(key)) {
        PyErr_Format(PyExc_TypeError, "metric name: must be a str, not %R of type %R", key,
                     (PyObject *)Py_TYPE(key));
        row_fail(row);
        return;
    }
    PyObject *name = prefix ? PyUnicode_FromFormat("%U/%U", prefix, key) : Py_NewRef(key);
    int nested = PyDict_Check(value) || (!PyFloat_Check(value) && !PyLong_Check(value) &&
                                         PyObject_IsInstance(value, row->run->state->mapping) > 0);
    if (!name) {
        row_fail(row);
    } else if (nested && Py_EnterRecursiveCall(" in a nested row")) {
        row_fail(row);
    } else if (nested) {
        row_add_all(row, name, value);
        Py_LeaveRecursiveCall();
    } else {
        row_add(row, name, value);
    }
    Py_XDECREF(name);
}

static void row_add_all(struct row *row, PyObject *prefix, PyObject *values)
{
    PyObject *key, *value;
#ifndef Py_GIL_DISABLED
    if (PyDict_CheckExact(values)) {
        for (Py_ssize_t at = 0; PyDict_Next(values, &at, &key, &value);) {
            Py_INCREF(key); /* a value's __float__ may change the dict */
            Py_INCREF(value);
            row_add_member(row, prefix, key, value);
            Py_DECREF(key);
            Py_DECREF(value);
        }
        return;
    }
#endif
    PyObject *items = PyMapping_Items(values);
    Py_ssize_t count = items ? PyList_Size(items) : 0;
    if (!items) {
        row_fail(row);
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = PyList_GetItem(items, i);
        if (PyArg_ParseTuple(pair, "OO", &key, &value)) {
            row_add_member(row, prefix, key, value);
        } else {
            row_fail(row);
        }
    }
    Py_XDECREF(items);
}

static PyObject *log_mapping(struct run_object *run, PyObject *values, PyObject *step,
                             PyObject *time)
{
    struct row row = {.run = run};
    if (!native_get_open(run)) {
        return NULL;
    }
    if (!PyDict_Check(values) && PyObject_IsInstance(values, run->state->mapping) <= 0) {
        return PyErr_Occurred() ? NULL
                                : PyErr_Format(PyExc_TypeError,
                                               "log(): values must be a mapping of names to "
                                               "numbers, not %R of type %R",
                                               values, (PyObject *)Py_TYPE(values));
    }
    row.timed = time && time != Py_None;
    if ((row.timed && native_get_time(run->state, time, &row.time_us) < 0) ||
        native_get_step(run->state, step, &run->next_row, &row.step) < 0) {
        return NULL;
    }
    row_add_all(&row, NULL, values);
    row_flush(&row);
    if (row.failure) {
        PyErr_SetObject((PyObject *)Py_TYPE(row.failure), row.failure);
        Py_DECREF(row.failure);
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *run_log(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const known[] = {"values", "step", "time"};
    PyObject *a[3];
    if (take_arguments(&(struct arguments){"log", args, count, names}, known, 3, a) < 0) {
        return NULL;
    }
    if (!a[0]) {
        return PyErr_Format(PyExc_TypeError, "log(): values are needed");
    }
    return log_mapping((struct run_object *)self, a[0], a[1], a[2]);
}

PyObject *run_log_row(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2) {
        return PyErr_Format(PyExc_TypeError, "log_row(step, values): 2 arguments, not %zd", count);
    }
    return log_mapping((struct run_object *)self, args[1], args[0], NULL);
}

PyObject *run_get_metric(PyObject *self, PyObject *name)
{
    struct run_object *run = (struct run_object *)self;
    if (!native_get_open(run)) {
        return NULL;
    }
    struct metric_object *m = native_get_metric(run, name);
    if (!m && !PyErr_Occurred()) {
        track_run_errors errors = {0};
        (void)!track_get_run_errors(run->run, &errors);
        return native_raise(run->state, errors.last.status ? errors.last.status : TRACK_FULL,
                            &errors.last);
    }
    return Py_XNewRef((PyObject *)m);
}
