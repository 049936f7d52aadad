/* The module, and the state of the code in a folder. */
#include "native.h"

struct native_state *native_get_state(void)
{
    PyObject *module = PyImport_ImportModule("track._native");
    struct native_state *state = module ? PyModule_GetState(module) : NULL;
    Py_XDECREF(module); /* sys.modules keeps it */
    return state;
}

static PyObject *get_version(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyUnicode_FromString(TRACK_VERSION);
}

PyObject *native_get_source(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"path", NULL};
    struct native_state *state = PyModule_GetState(self);
    track_source source = {0};
    track_error err = {0};
    track_status status;
    PyObject *path = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O&:get_source", (char **)names,
                                     PyUnicode_FSConverter, &path)) {
        return NULL;
    }
    const char *text = path ? PyBytes_AsString(path) : NULL;
    Py_BEGIN_ALLOW_THREADS status = track_get_source(text, &source, &err);
    Py_END_ALLOW_THREADS Py_XDECREF(path);
    if (status != TRACK_OK) {
        return native_raise(state, status, &err);
    }
    PyObject *out = Py_BuildValue(
        "{s:s,s:s,s:s,s:s,s:y#,s:n,s:n,s:s}", "root", source.root, "commit", source.commit,
        "branch", source.branch, "remote", source.remote, "patch", source.patch,
        (Py_ssize_t)source.patch_size, "changed_count", (Py_ssize_t)source.changed_count,
        "excluded_count", (Py_ssize_t)source.excluded_count, "excluded", source.excluded);
    track_close_source(&source);
    return out;
}

/* An attribute of another module of the package. */
static PyObject *import_from(const char *module, const char *name)
{
    PyObject *from = PyImport_ImportModule(module);
    PyObject *out = from ? PyObject_GetAttrString(from, name) : NULL;
    Py_XDECREF(from);
    return out;
}

/* The exception classes, in the order of the table of statuses. */
static int fill_errors(struct native_state *state)
{
    PyObject *by_status = import_from("track._errors", "BY_STATUS");
    for (size_t i = 1; by_status && i < TRACK_STATUS_COUNT; i++) {
        state->errors[i] = PyMapping_GetItemString(by_status, native_status_word((track_status)i));
        if (!state->errors[i]) {
            Py_CLEAR(by_status);
        }
    }
    Py_XDECREF(by_status);
    return by_status ? 0 : -1;
}

static int module_exec(PyObject *module)
{
    struct native_state *state = PyModule_GetState(module);
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_ImportError,
                        "track does not run in a sub-interpreter: its runs belong to the process. "
                        "Import it in the main interpreter, or use a process");
        return -1;
    }
    state->warning = import_from("track._errors", "TrackWarning");
    state->plain = import_from("track._values", "PLAIN");
    state->number = import_from("track._values", "number");
    /* Of collections.abc, which would bring the whole of collections. */
    state->mapping = import_from("_collections_abc", "Mapping");
    if (fill_errors(state) < 0 || !state->warning || !state->plain || !state->number ||
        !state->mapping) {
        return -1;
    }
    state->client_type = native_add_client(module);
    state->run_type = native_add_run(module);
    state->metric_type = native_add_metric(module);
    if (!state->client_type || !state->run_type || !state->metric_type) {
        return -1;
    }
    return PyModule_AddObjectRef(module, "Client", (PyObject *)state->client_type) < 0 ||
                   PyModule_AddObjectRef(module, "Run", (PyObject *)state->run_type) < 0 ||
                   PyModule_AddObjectRef(module, "Metric", (PyObject *)state->metric_type) < 0
               ? -1
               : 0;
}

PyMODINIT_FUNC PyInit__native(void);
PyMODINIT_FUNC PyInit__native(void)
{
    static PyMethodDef methods[] = {
        {"version", get_version, METH_NOARGS, "version($module, /)\n--\n\nVersion of libtrack."},
        {"get_source", NATIVE_KEYWORDS(native_get_source),
         "get_source($module, path=None)\n--\n\n"
         "State of the git work tree that path lies in (track_get_source).\n\n"
         "NotFoundError     not in a git repository.\n"
         "UnsupportedError  libgit2 cannot read this repository."},
        {0}};
    static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)module_exec},
#ifdef Py_GIL_DISABLED
                                       {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
                                       {0}};
    static struct PyModuleDef module = {PyModuleDef_HEAD_INIT,
                                        .m_name = "track._native",
                                        .m_doc = "libtrack for Python; use the package track.",
                                        .m_size = sizeof(struct native_state),
                                        .m_methods = methods,
                                        .m_slots = slots};
    return PyModuleDef_Init(&module);
}
