/* facts - what a run was started with: code, command, host, environment.
 *
 * Gathered by a thread of its own while the run goes on; what is not there in time is said to be
 * missing.  Secrets are taken out before anything reaches the spool.
 * Uses: host, redact, run, source.
 */
#ifndef SDK_FACTS_H
#define SDK_FACTS_H
#include "run.h"

enum { FACTS_DEADLINE_MS = 2000 };

/* Starts gathering.
 *
 *   argv     command to record, NULL at its end; NULL: that of this process.
 *   no_code  leaves the state of the code out.
 */
void facts_start(struct track_run *run, const char *const *argv, bool no_code);
/* Waits until it is done, which is soon after the deadline. */
void facts_wait(struct track_run *run);

/* Name of the user that runs this process. */
const char *facts_user(char (*out)[64]);
#endif
