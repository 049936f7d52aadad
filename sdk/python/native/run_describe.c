/* Parameters, tags, documents, texts, lines and alerts of Run. */
#include "native.h"

#include <string.h>

/* A call that takes one or two texts. */
struct texts_call {
    const char *format;
    const char *names[3]; /* NULL at the end */
    const char *what[2];
};

/* What it was given; borrowed from its arguments. */
struct texts {
    PyObject *first;
    const char *at[2]; /* NULL: left out */
};

/* Texts of a call, each a str without NUL, and its run while it is open. */
static int take_texts(struct run_object *run, PyObject *args, PyObject *keywords,
                      const struct texts_call *call, struct texts *out)
{
    PyObject *given[2] = {NULL, NULL};
    if (!PyArg_ParseTupleAndKeywords(args, keywords, call->format, (char **)(uintptr_t)call->names,
                                     &given[0], &given[1])) {
        return -1;
    }
    *out = (struct texts){.first = given[0]};
    for (size_t i = 0; i < 2 && given[i]; i++) {
        out->at[i] = native_get_text(run->state, call->what[i], given[i]);
        if (!out->at[i]) {
            return -1;
        }
    }
    return native_get_open(run) ? 0 : -1;
}

static PyObject *set_param_text(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const struct texts_call call = {
        "OO:_set_param_text", {"key", "text", NULL}, {"parameter's key", "parameter's text"}};
    struct run_object *run = (struct run_object *)self;
    struct texts t;
    if (take_texts(run, args, keywords, &call, &t) < 0) {
        return NULL;
    }
    return native_logged(run, track_set_param(run->run, t.at[0], t.at[1]), "parameter", t.first);
}

static PyObject *set_param_number(PyObject *self, PyObject *args)
{
    struct run_object *run = (struct run_object *)self;
    PyObject *key;
    double number;
    if (!PyArg_ParseTuple(args, "Od:_set_param_number", &key, &number)) {
        return NULL;
    }
    const char *text = native_get_text(run->state, "parameter's key", key);
    if (!text || !native_get_open(run)) {
        return NULL;
    }
    return native_logged(run, track_set_param_number(run->run, text, number), "parameter", key);
}

static PyObject *set_params_json(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const struct texts_call call = {
        "O:set_params_json", {"json", NULL}, {"parameters' JSON", NULL}};
    struct run_object *run = (struct run_object *)self;
    struct texts t;
    if (take_texts(run, args, keywords, &call, &t) < 0) {
        return NULL;
    }
    return native_logged(run, track_set_params_json(run->run, t.at[0]), "parameters:", NULL);
}

static PyObject *set_tag(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const struct texts_call call = {
        "O|O:set_tag", {"key", "value", NULL}, {"tag's key", "tag's value"}};
    struct run_object *run = (struct run_object *)self;
    struct texts t;
    if (take_texts(run, args, keywords, &call, &t) < 0) {
        return NULL;
    }
    return native_logged(run, track_set_tag(run->run, t.at[0], t.at[1] ? t.at[1] : ""), "tag",
                         t.first);
}

static PyObject *set_note(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const struct texts_call call = {"O:set_note", {"text", NULL}, {"note", NULL}};
    struct run_object *run = (struct run_object *)self;
    struct texts t;
    if (take_texts(run, args, keywords, &call, &t) < 0) {
        return NULL;
    }
    return native_logged(run, track_set_note(run->run, t.at[0]), "note:", NULL);
}

static PyObject *set_document(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const struct texts_call call = {
        "OO:set_document", {"name", "json", NULL}, {"document's name", "document's JSON"}};
    struct run_object *run = (struct run_object *)self;
    struct texts t;
    if (take_texts(run, args, keywords, &call, &t) < 0) {
        return NULL;
    }
    return native_logged(run, track_set_document(run->run, t.at[0], t.at[1]), "document", t.first);
}

static PyObject *set_seed(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"value", "scope", NULL};
    struct run_object *run = (struct run_object *)self;
    PyObject *value;
    const char *scope = NULL;
    uint64_t seed = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|z:set_seed", (char **)names, &value,
                                     &scope)) {
        return NULL;
    }
    if (native_get_count(run->state, "seed", value, UINT64_MAX, &seed) < 0 ||
        !native_get_open(run)) {
        return NULL;
    }
    return native_logged(run, track_set_seed(run->run, scope, seed), "seed", value);
}

static PyObject *set_exit(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"code", "signal", NULL};
    struct run_object *run = (struct run_object *)self;
    int code, signal_number = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "i|i:set_exit", (char **)names, &code,
                                     &signal_number) ||
        !native_get_open(run)) {
        return NULL;
    }
    return native_logged(run, track_set_exit(run->run, code, signal_number), "exit code:", NULL);
}

/* Index of word in words, which end with NULL; -1 with an exception. */
static int take_word(const struct native_state *state, const char *what, const char *word,
                     const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    PyErr_Format(state->errors[TRACK_INVALID], "%s '%.100s': must be one of %s, %s%s%s", what, word,
                 words[0], words[1], words[2] ? ", " : "", words[2] ? words[2] : "");
    return -1;
}

static PyObject *define_metric(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"key", "goal", "unit", "x", NULL};
    static const char *const goals[] = {"minimize", "maximize", NULL};
    struct run_object *run = (struct run_object *)self;
    track_metric_options o = track_metric_options_default();
    PyObject *key;
    const char *goal = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|$zzz:define_metric", (char **)names, &key,
                                     &goal, &o.unit, &o.x)) {
        return NULL;
    }
    int index = goal ? take_word(run->state, "goal", goal, goals) : -1;
    const char *text = native_get_text(run->state, "metric name", key);
    if ((goal && index < 0) || !text || !native_get_open(run)) {
        return NULL;
    }
    o.goal = (track_goal)(index + 1);
    return native_logged(run, track_define_metric(run->run, text, &o), "metric", key);
}

static PyObject *log_text(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"key", "text", "step", NULL};
    struct run_object *run = (struct run_object *)self;
    PyObject *key, *value, *step = NULL;
    int64_t at, first = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|O:log_text", (char **)names, &key, &value,
                                     &step)) {
        return NULL;
    }
    const char *name = native_get_text(run->state, "text's key", key);
    const char *text = name ? native_get_text(run->state, "text", value) : NULL;
    if (!text || native_get_step(run->state, step, &first, &at) < 0 || !native_get_open(run)) {
        return NULL;
    }
    return native_logged(run, track_log_text(run->run, name, at, text), "text", NULL);
}

static PyObject *log_line(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"text", "stream", NULL};
    static const char *const streams[] = {"stdout", "stderr", NULL};
    struct run_object *run = (struct run_object *)self;
    const char *text, *stream = "stdout";
    Py_ssize_t size;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "s#|s:log_line", (char **)names, &text, &size,
                                     &stream)) {
        return NULL;
    }
    int index = take_word(run->state, "stream", stream, streams);
    if (index < 0 || !native_get_open(run)) {
        return NULL;
    }
    return native_logged(run, track_log_line(run->run, (track_stream)index, text, (size_t)size),
                         "line:", NULL);
}

static PyObject *log_alert(PyObject *self, PyObject *args, PyObject *keywords)
{
    static const char *const names[] = {"title", "text", "level", NULL};
    static const char *const levels[] = {"notice", "warning", "alarm", NULL};
    struct run_object *run = (struct run_object *)self;
    const char *title, *text = NULL, *level = "notice";
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "s|zs:log_alert", (char **)names, &title,
                                     &text, &level)) {
        return NULL;
    }
    int index = take_word(run->state, "level", level, levels);
    if (index < 0 || !native_get_open(run)) {
        return NULL;
    }
    return native_logged(run, track_log_alert(run->run, (track_level)index, title, text),
                         "alert:", NULL);
}

PyMethodDef run_describe_methods[] = {
    {"_set_param_text", NATIVE_KEYWORDS(set_param_text),
     "_set_param_text($self, key, text)\n--\n\nSets a parameter (track_set_param)."},
    {"_set_param_number", set_param_number, METH_VARARGS,
     "_set_param_number($self, key, number, /)\n--\n\nSets a parameter (track_set_param_number)."},
    {"set_params_json", NATIVE_KEYWORDS(set_params_json),
     "set_params_json($self, json)\n--\n\n"
     "Sets each member of a JSON object; nested ones give keys joined by '.'.\n\n"
     "InvalidError  it is no JSON object, deeper than 32 or with a key twice."},
    {"set_tag", NATIVE_KEYWORDS(set_tag),
     "set_tag($self, key, value='')\n--\n\n"
     "Sets a tag: a parameter that is meant to be changed; value at most 64 KiB."},
    {"set_note", NATIVE_KEYWORDS(set_note),
     "set_note($self, text)\n--\n\nSets the run's note: Markdown, at most 1 MiB."},
    {"set_document", NATIVE_KEYWORDS(set_document),
     "set_document($self, name, json)\n--\n\n"
     "Sets a document of the run: one JSON value of at most 7 MiB, stored byte for byte."},
    {"set_seed", NATIVE_KEYWORDS(set_seed),
     "set_seed($self, value, scope=None)\n--\n\nRecords a seed as the parameter seed, or "
     "seed/<scope>."},
    {"set_exit", NATIVE_KEYWORDS(set_exit),
     "set_exit($self, code, signal=0)\n--\n\nRecords how the logged command ended; for launchers."},
    {"define_metric", NATIVE_KEYWORDS(define_metric),
     "define_metric($self, key, *, goal=None, unit=None, x=None)\n--\n\n"
     "Says what a metric means; key may end in '*'.\n\n"
     "goal  'minimize' or 'maximize': which value is the best.\n"
     "unit  's', 'tokens/s', 'B'.\n"
     "x     name of the metric that is its natural x axis."},
    {"log_text", NATIVE_KEYWORDS(log_text),
     "log_text($self, key, text, step=None)\n--\n\n"
     "Logs a text sample of at most 256 KiB; step None is 0."},
    {"log_line", NATIVE_KEYWORDS(log_line),
     "log_line($self, text, stream='stdout')\n--\n\n"
     "Logs one line of console output, str or bytes, without its end of line."},
    {"log_alert", NATIVE_KEYWORDS(log_alert),
     "log_alert($self, title, text=None, level='notice')\n--\n\n"
     "Logs an alert.  level: 'notice', 'warning' or 'alarm'."},
    {0}};
