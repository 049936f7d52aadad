/* console - what this process prints becomes lines of its run: track_log_console.
 *
 * The user's output comes first: it must arrive whole, whatever becomes of us.  So it does not pass
 * through this process: a `tee` reads the pipe (or terminal) that 1 and 2 are put on, writes to
 * where they went before, and appends to a file in the spool's folder.  A thread here reads that
 * file ten times a second and makes lines of it.  Why so:
 * - A thread of ours that copies would take with it what a killed trainer had just written, which
 *   is the traceback.  tee goes on until the last writer is gone.
 * - A second pipe from tee to us instead of the file would let a slow reader hold up the trainer,
 *   and leave nothing to record after a crash.  What is in the file becomes lines when the spool of
 *   the dead process is sent.
 * - When tee dies, or cannot write to the file (a full disk) or to the output, 1 and 2 are put back
 *   at once, we pass on what it left, and one line says that recording ended.  We keep its input
 *   open, so that nobody gets SIGPIPE meanwhile.  (Somebody has to kill it by name, and then what
 *   it had read and not written, at most 8 KiB, is gone: no program of coreutils copies without.)
 * - In the first process of a container (pid 1) every other process is killed with it: there it is
 *   not done (TRACK_UNSUPPORTED).
 * Disk: what is read is given back (console_tail.h); while a quarter of the spool's limit is
 * waiting to be sent, output is skipped, and a line says how much.
 * Uses: console_stream, run.
 */
#ifndef SDK_CONSOLE_H
#define SDK_CONSOLE_H
#include "run.h"

enum {
    CONSOLE_TICK_MS = 100,
    CONSOLE_QUIET_MS = 100, /* at the end: children may hold the way open; no more comes */
    CONSOLE_DRAIN_MS = 2000,
};

/* Puts 1 and 2 back, makes lines of the rest and ends; nothing when the run logs no console. */
void console_stop(struct track_run *run);

/* What a process that was killed left in the folder of its spool becomes the last lines of that
 * spool, with the time of the last byte.  What cannot be read now stays for the next time.
 *
 *   folder  held, its outbox not open. */
void console_recover(const struct spool_folder *folder);
#endif
