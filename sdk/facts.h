/* facts - what a run was started with: code, command, host, environment.
 *
 * Gathered by a thread of its own while the run goes on; what is not there in time is said to be
 * missing.  Secrets are taken out before anything reaches the spool.
 * Uses: host, redact, run, source.
 */
#ifndef SDK_FACTS_H
#define SDK_FACTS_H
#include "run.h"

enum { FACTS_DEADLINE_MS = 2000, FACTS_GRACE_MS = 1000 };

/* Starts gathering: of a run that was joined, or wants no facts, only the sampler is asked.
 *
 *   options  argv and no_code are read.
 */
void facts_start(struct track_run *run, const track_run_options *options);
/* Waits until it is done, which is soon after the deadline.  A thread that hangs, on a file system
 * or on a lock of libgit2 that a fork left locked, is left behind, and so is the run's memory. */
void facts_wait(struct track_run *run);

/* Name of the user that runs this process. */
const char *facts_user(char (*out)[64]);
#endif
