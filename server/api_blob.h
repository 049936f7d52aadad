/* api_blob - bytes by content, in and out.
 *
 * Uses: api_parse, render, store_blob, stream.
 */
#ifndef SERVER_API_BLOB_H
#define SERVER_API_BLOB_H
#include "route.h"
#include "store_blob.h"

handler api_blob_missing;
receiver api_blob_receive;
handler api_blob_put;
finisher api_blob_stored;
handler api_blob_get;

/* Answers with the bytes of a blob: all, the one range that is asked for, or 304 to who has them.
 *
 *   name  for the file that a browser makes of it, or NULL; its ending also gives the type.
 *
 * TRACK_INVALID  the range lies outside; rs->http is 416.
 */
track_status blob_answer(struct app *app, const struct request *rq, const struct blob *blob,
                         const char *name, struct response *rs, track_error *err);
#endif
