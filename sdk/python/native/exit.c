/* Runs that are still open when the interpreter has ended: only then is the exit code known. */
#include "native.h"

#include <stdlib.h>

/* Called by exit() after Python is gone; a run that was finished meanwhile is left as it is. */
static void end_run(int status, void *data)
{
    track_run *run = data;
    int code = status & 0xff;
    (void)!track_set_exit(run, code, 0);
    (void)!track_finish_run(&run, code == 0 ? TRACK_FINISHED : TRACK_FAILED, NULL);
}

PyObject *run_finish_at_exit(PyObject *self, PyObject *unused)
{
    struct run_object *run = (struct run_object *)self;
    (void)unused;
    track_run *open = native_get_open(run);
    if (!open) {
        return NULL;
    }
    Py_XINCREF(run->client); /* for ever: closing it would end the run too early */
    if (on_exit(end_run, open) != 0) {
        Py_XDECREF(run->client);
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}
