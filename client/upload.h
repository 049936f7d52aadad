/* upload - files of this machine become files of a run.
 *
 * Each is read once for its digest; the server says which contents it lacks; only those travel.
 * Uses: api, hash, tree.
 */
#ifndef CLIENT_UPLOAD_H
#define CLIENT_UPLOAD_H
#include "api.h"
#include "tree.h"

/* Fills the digests of all files, sends what the server lacks and gives all files to the run.
 *
 *   sent_bytes  what travelled.
 *
 * TRACK_CONFLICT  a file changed meanwhile.
 * TRACK_IO        one cannot be read; err names it.  Others as api_send.
 */
track_status upload_send(struct cmd *c, const char *run_id, const struct tree *tree,
                         int64_t *sent_bytes, track_error *err);
#endif
