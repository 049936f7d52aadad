/* Metric: one series of a run, looked up once. */
#include "native.h"

/* Puts a metric into the run's dict, unless another thread has put one there meanwhile: steps are
 * counted by one.  Returns the one that is there, borrowed. */
static struct metric_object *metric_keep(struct run_object *run, PyObject *made)
{
    PyObject *name = ((struct metric_object *)made)->name;
#ifdef Py_GIL_DISABLED
    PyObject *kept = NULL;
    if (PyDict_SetDefaultRef(run->names, name, made, &kept) < 0) {
        return NULL;
    }
    Py_DECREF(kept);
    return (struct metric_object *)kept;
#else
    if (!PyDict_Contains(run->names, name) && PyDict_SetItem(run->names, name, made) < 0) {
        return NULL;
    }
    return (struct metric_object *)PyDict_GetItemWithError(run->names, name);
#endif
}

static struct metric_object *metric_make(struct run_object *run, PyObject *name)
{
    const char *text = native_get_text(run->state, "metric name", name);
    track_metric *handle = NULL;
    if (!text) {
        return NULL;
    }
    track_status status = track_get_metric(run->run, text, &handle);
    if (status != TRACK_OK) {
        Py_XDECREF(native_logged(run, status, "metric", NULL));
        return NULL;
    }
    PyObject *made = PyType_GenericAlloc(run->state->metric_type, 0);
    struct metric_object *m = (struct metric_object *)made;
    if (!m) {
        return NULL;
    }
    m->run = (struct run_object *)Py_NewRef((PyObject *)run);
    m->metric = handle;
    m->next_step = run->first_step;
    m->name = PyUnicode_FromObject(name); /* of a subclass, its text */
    m = m->name ? metric_keep(run, made) : NULL;
    Py_DECREF(made);
    return m;
}

struct metric_object *native_get_metric(struct run_object *run, PyObject *name)
{
#ifdef Py_GIL_DISABLED
    PyObject *found = NULL;
    if (PyUnicode_Check(name) && PyDict_GetItemRef(run->names, name, &found) > 0) {
        Py_DECREF(found); /* the dict keeps it: nothing is ever removed */
        return (struct metric_object *)found;
    }
#else
    PyObject *found = PyUnicode_Check(name) ? PyDict_GetItemWithError(run->names, name) : NULL;
    if (found) {
        return (struct metric_object *)found;
    }
#endif
    return metric_make(run, name);
}

/* Logs by handle. */
static PyObject *metric_log(struct metric_object *m, PyObject *step, PyObject *value)
{
    double number;
    int64_t at;
    if (native_get_double(m->run->state, m->name, value, &number) < 0 ||
        native_get_step(m->run->state, step, &m->next_step, &at) < 0) {
        return NULL;
    }
    return native_logged(m->run, track_log_value(m->metric, at, number), "metric", NULL);
}

static PyObject *metric_call(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"value", "step", NULL};
    PyObject *value, *step = NULL;
    if (!keywords && PyTuple_Size(args) == 2) {
        return metric_log((struct metric_object *)self, PyTuple_GetItem(args, 1),
                          PyTuple_GetItem(args, 0));
    }
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:Metric", (char **)names, &value, &step)) {
        return NULL;
    }
    return metric_log((struct metric_object *)self, step, value);
}

static PyObject *metric_log_value(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2) {
        return PyErr_Format(PyExc_TypeError, "log_value(step, value): 2 arguments, not %zd", count);
    }
    return metric_log((struct metric_object *)self, args[0], args[1]);
}

static PyObject *metric_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<track.Metric %R>", ((struct metric_object *)self)->name);
}

static PyObject *metric_get_name(PyObject *self, void *unused)
{
    (void)unused;
    return Py_NewRef(((struct metric_object *)self)->name);
}

static int metric_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((struct metric_object *)self)->run);
    return 0;
}

static void metric_dealloc(PyObject *self)
{
    struct metric_object *m = (struct metric_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF((PyObject *)m->run);
    Py_XDECREF(m->name);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyTypeObject *native_add_metric(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"log_value", (PyCFunction)(void (*)(void))metric_log_value, METH_FASTCALL,
         "log_value($self, step, value, /)\n--\n\nLogs one value by handle (track_log_value).\n\n"
         "TypeError      value is no real scalar, or step no int.\n"
         "ConflictError  the run was finished."},
        {0}};
    static PyGetSetDef members[] = {{"name", metric_get_name, NULL, "Name of the metric.", NULL},
                                    {0}};
    static PyType_Slot slots[] = {
        {Py_tp_call, (void *)metric_call},
        {Py_tp_repr, (void *)metric_repr},
        {Py_tp_traverse, (void *)metric_traverse},
        {Py_tp_dealloc, (void *)metric_dealloc},
        {Py_tp_methods, methods},
        {Py_tp_getset, members},
        {Py_tp_doc, (char *)"One series of a run: metric(value, step=None) logs a value.\n\n"
                            "step None is one more than the metric's last, 0 at first."},
        {0}};
    static PyType_Spec spec = {"track._native.Metric", sizeof(struct metric_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
    return (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
}
