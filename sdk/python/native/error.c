#include "native.h"

#include <string.h>

const char *native_status_word(track_status status)
{
    static const char *const words[] = {
#define WORD(name, wire, http, retry, exit, meaning) wire,
        TRACK_STATUS_TABLE(WORD)};
    return words[status];
}

const char *native_state_word(track_state state)
{
    static const char *const words[] = {"running", "finished",  "failed",
                                        "stopped", "preempted", "unconfirmed"};
    return words[state];
}

static PyObject *raise_with(const struct native_state *state, track_status status,
                            const char *message, const track_response *reply)
{
    if (status <= TRACK_OK || status >= TRACK_STATUS_COUNT) {
        return PyErr_Format(PyExc_SystemError, "status %d of libtrack is not known", (int)status);
    }
    PyObject *text = PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
    PyObject *hint = reply && *reply->hint ? PyUnicode_FromString(reply->hint) : NULL;
    PyObject *ref = reply && *reply->ref ? PyUnicode_FromString(reply->ref) : NULL;
    PyErr_Clear(); /* hint and ref may be missing */
    PyObject *error =
        text ? PyObject_CallFunction(state->errors[status], "OOOi", text, hint ? hint : Py_None,
                                     ref ? ref : Py_None, reply ? reply->http : 0)
             : NULL;
    if (error) {
        PyErr_SetObject(state->errors[status], error);
    }
    Py_XDECREF(error);
    Py_XDECREF(text);
    Py_XDECREF(hint);
    Py_XDECREF(ref);
    return NULL;
}

PyObject *native_raise(const struct native_state *state, track_status status,
                       const track_error *err)
{
    return raise_with(state, status, err && *err->message ? err->message : "no more is known",
                      NULL);
}

PyObject *native_raise_reply(const struct native_state *state, track_status status,
                             const track_error *err, const track_response *reply)
{
    return raise_with(state, status, err->message, reply);
}

/* True for the first failure of this kind in the run. */
static int is_first(struct run_object *run, track_status status)
{
    unsigned bit = 1u << (unsigned)status;
    return !(__atomic_fetch_or(&run->warned, bit, __ATOMIC_RELAXED) & bit);
}

PyObject *native_logged(struct run_object *run, track_status status, const char *what,
                        PyObject *name)
{
    if (status == TRACK_OK) {
        Py_RETURN_NONE;
    }
    if (status == TRACK_CONFLICT && !native_get_open(run)) {
        return NULL;
    }
    track_run_errors errors = {0};
    (void)!track_get_run_errors(run->run, &errors);
    const char *why = errors.last.status == status ? errors.last.message : "not taken";
    PyObject *message = name ? PyUnicode_FromFormat("%s %R: %s", what, name, why)
                             : PyUnicode_FromFormat("%s %s", what, why);
    const char *text = message ? PyUnicode_AsUTF8AndSize(message, NULL) : NULL;
    int failed = !text;
    if (text && status != TRACK_FULL && status != TRACK_IO && status != TRACK_NOMEM) {
        raise_with(run->state, status, text, NULL);
        failed = 1;
    } else if (text && is_first(run, status)) {
        failed = PyErr_WarnFormat(run->state->warning, 1,
                                  "%s; what cannot be kept is counted (track.errors()), and this "
                                  "is said once",
                                  text) < 0;
    }
    Py_XDECREF(message);
    return failed ? NULL : Py_NewRef(Py_None);
}
