/* Run: one execution that is being logged. */
#include "native.h"

#include <string.h>

/* Arguments of Run(), in the order of run_names. */
struct run_arguments {
    PyObject *client, *rank, *argv;
    track_run_options options;
    int32_t rank_number;
    struct native_texts words; /* of argv */
};

static int take_rank(const struct native_state *state, struct run_arguments *a)
{
    int64_t rank;
    if (!a->rank || a->rank == Py_None) {
        return 0;
    }
    if (native_get_int64(state, "rank", a->rank, &rank) < 0) {
        return -1;
    }
    if (rank < 0 || rank > INT32_MAX) {
        PyErr_Format(state->errors[TRACK_INVALID], "rank %R: must be 0..1000000", a->rank);
        return -1;
    }
    a->rank_number = (int32_t)rank;
    a->options.rank = &a->rank_number;
    return 0;
}

static int parse_run(PyObject *args, PyObject *keywords, struct run_arguments *a)
{
    static const char *const names[] = {
        "client", "project", "name",     "kind",          "note",      "run_id",
        "join",   "resume",  "no_facts", "writer",        "rank",      "argv",
        "parent", "no_code", "launched", "sample_system", "fork_from", NULL};
    int join = 0, resume = 0, no_facts = 0, no_code = 0, launched = 0, sample = 0;
    track_run_options *o = &a->options;
    if (!PyArg_ParseTupleAndKeywords(
            args, keywords, "|O$zzzzzpppzOOzpppz:Run", (char **)names, &a->client, &o->project,
            &o->name, &o->kind, &o->note, &o->run_id, &join, &resume, &no_facts, &o->writer,
            &a->rank, &a->argv, &o->parent, &no_code, &launched, &sample, &o->fork_from)) {
        return -1;
    }
    o->join = join;
    o->resume = resume;
    o->no_facts = no_facts;
    o->no_code = no_code;
    o->launched = launched;
    o->sample_system = sample;
    return 0;
}

static int run_start(struct run_object *run, struct run_arguments *a)
{
    track_client *client = NULL;
    track_error err = {0};
    if (native_get_client(run->state, a->client, &client) < 0 || take_rank(run->state, a) < 0 ||
        native_get_texts("argv", a->argv, &a->words) < 0) {
        return -1;
    }
    a->options.argv = a->words.at;
    run->client = client ? Py_NewRef(a->client) : NULL;
    track_status status;
    track_run *started = NULL;
    Py_BEGIN_ALLOW_THREADS status = track_start_run(client, &a->options, &started, &err);
    Py_END_ALLOW_THREADS if (status != TRACK_OK)
    {
        native_raise(run->state, status, &err);
        return -1;
    }
    run->run = run->open = started;
    return 0;
}

static PyObject *run_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct native_state *state = native_get_state();
    struct run_arguments a = {.options = track_run_options_default()};
    if (!state || parse_run(args, keywords, &a) < 0) {
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct run_object *run = (struct run_object *)alloc(type, 0);
    if (!run) {
        return NULL;
    }
    run->state = state;
    run->names = PyDict_New();
    int failed = !run->names || run_start(run, &a) < 0;
    native_release_texts(&a.words);
    if (failed) {
        Py_DECREF(run);
        return NULL;
    }
    return (PyObject *)run;
}

static int run_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct run_object *run = (struct run_object *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(run->client);
    Py_VISIT(run->names);
    return 0;
}

/* Its metrics refer to it. */
static int run_clear(PyObject *self)
{
    struct run_object *run = (struct run_object *)self;
    if (run->names) {
        PyDict_Clear(run->names);
    }
    return 0;
}

static void run_dealloc(PyObject *self)
{
    struct run_object *run = (struct run_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(run->names);
    Py_CLEAR(run->client);
    freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_object(self);
    Py_DECREF(type);
}

static PyObject *run_flush(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"timeout", NULL};
    struct run_object *run = (struct run_object *)self;
    PyObject *timeout = NULL;
    int64_t ms = 0;
    track_error err = {0};
    track_status status;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:flush", (char **)names, &timeout) ||
        native_get_ms(run->state, "timeout", timeout, &ms) < 0 || !native_get_open(run)) {
        return NULL;
    }
    if (ms < 0) {
        return PyErr_Format(run->state->errors[TRACK_INVALID], "timeout %R: seconds from 0 on",
                            timeout);
    }
    Py_BEGIN_ALLOW_THREADS status = track_flush_run(run->run, ms, &err);
    Py_END_ALLOW_THREADS return status == TRACK_OK ? Py_NewRef(Py_None)
                                                   : native_raise(run->state, status, &err);
}

/* Has steps that are left out go on from this one. */
static void begin_steps(struct run_object *run, int64_t step)
{
    PyObject *name, *metric;
    Py_ssize_t at = 0;
    run->first_step = step;
    __atomic_store_n(&run->next_row, step, __ATOMIC_RELAXED);
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION(run->names);
#endif
    while (PyDict_Next(run->names, &at, &name, &metric)) {
        struct metric_object *m = (struct metric_object *)metric;
        __atomic_store_n(&m->next_step, step, __ATOMIC_RELAXED);
    }
#ifdef Py_GIL_DISABLED
    Py_END_CRITICAL_SECTION();
#endif
}

static PyObject *run_set_first_step(PyObject *self, PyObject *step)
{
    struct run_object *run = (struct run_object *)self;
    int64_t first;
    if (native_get_int64(run->state, "step", step, &first) < 0) {
        return NULL;
    }
    begin_steps(run, first);
    Py_RETURN_NONE;
}

static PyObject *run_rewind(PyObject *self, PyObject *step)
{
    struct run_object *run = (struct run_object *)self;
    int64_t last;
    if (!native_get_open(run) || native_get_int64(run->state, "step", step, &last) < 0) {
        return NULL;
    }
    PyObject *done = native_logged(run, track_rewind(run->run, last), "rewind", NULL);
    if (done) {
        begin_steps(run, last < INT64_MAX ? last + 1 : last);
    }
    return done;
}

static PyObject *run_log_console(PyObject *self, PyObject *unused)
{
    struct run_object *run = (struct run_object *)self;
    track_error err = {0};
    track_status status;
    (void)unused;
    if (!native_get_open(run)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS status = track_log_console(run->run, &err);
    Py_END_ALLOW_THREADS return status == TRACK_OK ? Py_NewRef(Py_None)
                                                   : native_raise(run->state, status, &err);
}

static int take_state(const struct native_state *state, const char *word, track_state *out)
{
    for (track_state s = TRACK_FINISHED; s <= TRACK_PREEMPTED; s++) {
        if (strcmp(native_state_word(s), word) == 0) {
            *out = s;
            return 0;
        }
    }
    PyErr_Format(state->errors[TRACK_INVALID],
                 "state '%.100s': must be finished, failed, stopped or preempted; the run goes on",
                 word);
    return -1;
}

static PyObject *run_finish(PyObject *self, PyObject *args)
{
    struct run_object *run = (struct run_object *)self;
    const char *word;
    track_state state;
    track_error err = {0};
    track_status status;
    if (!PyArg_ParseTuple(args, "s:_finish", &word) || take_state(run->state, word, &state) < 0) {
        return NULL;
    }
    track_run *open = __atomic_exchange_n(&run->open, NULL, __ATOMIC_RELAXED);
    if (!open) {
        Py_RETURN_NONE;
    }
    Py_BEGIN_ALLOW_THREADS status = track_finish_run(&open, state, &err);
    Py_END_ALLOW_THREADS return status == TRACK_OK ? Py_NewRef(Py_None)
                                                   : native_raise(run->state, status, &err);
}

static PyObject *run_get_id(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(track_get_run_id(((struct run_object *)self)->run));
}

static PyObject *run_get_url(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(track_get_run_url(((struct run_object *)self)->run));
}

static PyObject *run_get_should_stop(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(track_should_stop(((struct run_object *)self)->run));
}

static PyObject *run_get_ended(PyObject *self, void *unused)
{
    (void)unused;
    track_run *open = __atomic_load_n(&((struct run_object *)self)->open, __ATOMIC_RELAXED);
    return PyBool_FromLong(!open);
}

static PyGetSetDef run_members[] = {
    {"id", run_get_id, NULL, "Id of the run: 32 hex digits (track_get_run_id).", NULL},
    {"url", run_get_url, NULL, "Address of the run's page (track_get_run_url).", NULL},
    {"should_stop", run_get_should_stop, NULL,
     "True once somebody asked for the run to be stopped: the page, `track stop`.\n\n"
     "One load: ask at every step (track_should_stop).",
     NULL},
    {"ended", run_get_ended, NULL, "True once the run was finished by this process.", NULL},
    {0}};

static PyMethodDef run_methods[] = {
    {"log_metric", NATIVE_FAST_KEYWORDS(run_log_metric),
     "log_metric($self, name, value, step=None, time=None)\n--\n\n"
     "Logs one value of a metric (track_log_metric).\n\n"
     "name   1..2,048 bytes of UTF-8 without control characters; '/' groups: 'train/loss'.\n"
     "value  any real scalar: float, int, bool, numpy, 0-d tensor, Decimal.\n"
     "step   int; None: one more than this metric's last here, 0 at first.\n"
     "time   seconds since 1970 or a datetime; None: now.\n\n"
     "TypeError      value is no real scalar, name no str.\n"
     "InvalidError   a bad name, or a step beyond 64 bits.\n"
     "ConflictError  the run was finished.\n"
     "A full disk or a missing server never raises: one TrackWarning tells, errors() counts."},
    {"log_point", (PyCFunction)(void (*)(void))run_log_point, METH_FASTCALL,
     "log_point($self, name, step, time_us, value, /)\n--\n\n"
     "The same for a time of your own, in microseconds since 1970 UTC (track_log_point)."},
    {"log", NATIVE_FAST_KEYWORDS(run_log),
     "log($self, values, step=None, time=None)\n--\n\n"
     "Logs several metrics of one step with one time.\n\n"
     "values  mapping of names to scalars; nested mappings join their names with '/'.\n"
     "step    int; None: one more than the run's last row, 0 at first.\n\n"
     "Errors as log_metric; the other values of the row are logged before the first is raised."},
    {"log_row", (PyCFunction)(void (*)(void))run_log_row, METH_FASTCALL,
     "log_row($self, step, values, /)\n--\n\nlog(values, step) in the order of track_log_row."},
    {"get_metric", run_get_metric, METH_O,
     "get_metric($self, name, /)\n--\n\nLooks a metric up: metric(value, step) then skips the "
     "look-up."},
    {"metric", run_get_metric, METH_O,
     "metric($self, name, /)\n--\n\nThe same as get_metric(name)."},
    {"flush", NATIVE_KEYWORDS(run_flush),
     "flush($self, timeout=0.0)\n--\n\n"
     "Makes what was logged survive a power loss, and waits for the server to hold it.\n\n"
     "timeout  seconds to wait for the server; 0: do not.\n\n"
     "TimeoutError, UnreachableError  it does not hold all yet; it is on disk.\n"
     "IoError                         the disk did not take it."},
    {"log_console", run_log_console, METH_NOARGS,
     "log_console($self, /)\n--\n\n"
     "Logs everything that this process and its children print from now on, until the run ends.\n\n"
     "ConflictError     another run does, or this one was joined.\n"
     "UnsupportedError  not possible here: no sh or tee, or the first process of a container.\n"
     "NotFoundError     descriptors 1 and 2 are closed."},
    {"_finish", run_finish, METH_VARARGS,
     "_finish($self, state, /)\n--\n\nEnds the run (track_finish_run)."},
    {"log_artifact", NATIVE_KEYWORDS(run_log_artifact),
     "log_artifact($self, path, name=None, *, type=None, media=None)\n--\n\n"
     "Attaches a file to the run as its output; returns (SHA-256, bytes)."},
    {"use_artifact", NATIVE_KEYWORDS(run_use_artifact),
     "use_artifact($self, path, name=None, *, type=None, media=None)\n--\n\n"
     "Records a file as an input of the run; returns (SHA-256, bytes)."},
    {"get_errors", run_get_errors, METH_NOARGS,
     "get_errors($self, /)\n--\n\nWhat went wrong so far: counts by status, lost, refused, last."},
    {"_finish_at_exit", run_finish_at_exit, METH_NOARGS,
     "_finish_at_exit($self, /)\n--\n\n"
     "Has the run end when the process does, by its exit code; for Python's own atexit."},
    {"rewind", run_rewind, METH_O,
     "rewind($self, step, /)\n--\n\n"
     "Goes back to a step, as after loading a checkpoint: what was logged before this call stays\n"
     "visible up to the step, what is logged from now on is visible from anywhere; steps that are\n"
     "left out go on behind it.  Nothing is deleted.  Works without a server.  Each process of a\n"
     "run that goes back says so: they go back together.\n\n"
     "step  the last one that stays; -1: none, where steps begin at 0.\n\n"
     "InvalidError   a step beyond 64 bits.\n"
     "ConflictError  the run was finished."},
    {"_set_first_step", run_set_first_step, METH_O,
     "_set_first_step($self, step, /)\n--\n\nWhat steps that are left out begin with."},
    {"get_progress", run_get_progress, METH_NOARGS,
     "get_progress($self, /)\n--\n\nHow far it is sent: logged, sent, requests, connected, "
     "last_fail."},
    {0}};

/* Methods of run.c and run_describe.c in one table. */
static PyMethodDef *all_methods(void)
{
    size_t mine = sizeof(run_methods) / sizeof(*run_methods) - 1, more = 0;
    while (run_describe_methods[more].ml_name) {
        more++;
    }
    PyMethodDef *all = PyMem_Calloc(mine + more + 1, sizeof(*all));
    if (all) {
        memcpy(all, run_methods, mine * sizeof(*all));
        memcpy(all + mine, run_describe_methods, more * sizeof(*all));
    }
    return all; /* lives as long as the type: as long as the process */
}

PyTypeObject *native_add_run(PyObject *module)
{
    PyMethodDef *methods = all_methods();
    PyType_Slot slots[] = {{Py_tp_new, (void *)run_new},
                           {Py_tp_traverse, (void *)run_traverse},
                           {Py_tp_clear, (void *)run_clear},
                           {Py_tp_dealloc, (void *)run_dealloc},
                           {Py_tp_methods, methods},
                           {Py_tp_getset, run_members},
                           {Py_tp_doc, (char *)"One execution that is being logged (track_run)."},
                           {0}};
    PyType_Spec spec = {"track._native.Run", sizeof(struct run_object), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
    return methods ? (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL)
                   : (PyTypeObject *)PyErr_NoMemory();
}
