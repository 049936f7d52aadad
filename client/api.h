/* api - requests of a command to the server, by track_request of track.h.
 *
 * Replies are read as JSON into the command's arena.  What the server says to do about a refusal is
 * kept in the command (hint, ref) for main.c to print.
 * Uses: cmd, json, track.h.
 */
#ifndef CLIENT_API_H
#define CLIENT_API_H
#include "../core/json.h"
#include "../sdk/track.h"
#include "cmd.h"

/* The client of this command, made on first use from --url, --project, --timeout and the settings.
 *
 * TRACK_INVALID  a setting is not what it should be.
 * TRACK_NOMEM    no memory.
 */
track_status api_open(struct cmd *c, track_client **out, track_error *err);

/* The setting with this name as it counts for the command ("url", "project", ...).
 *
 * TRACK_NOT_FOUND  there is no such setting.  Others as api_open.
 */
track_status api_get_setting(struct cmd *c, const char *name, const char **out, track_error *err);

/* Text of a path or query as it stands in a URL: everything but A-Z a-z 0-9 - . _ ~ as %XX.  NULL
 * at the arena's limit, which api_path takes. */
const char *api_encode(struct cmd *c, const char *text);

/* A path by format in the command's arena; NULL at its limit, which the requests below refuse. */
const char *api_path(struct cmd *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One request as track_request makes it.
 *
 *   out  the reply as JSON in the arena; NULL when it goes to a sink or is not wanted.
 *
 * TRACK_CORRUPT  the reply is not JSON.  Others as track_request.
 */
track_status api_request(struct cmd *c, const track_request_options *options,
                         const struct json **out, track_error *err);

/* Gets a document.
 *
 *   out  the reply, in the arena.
 *
 * TRACK_CORRUPT  the reply is not JSON.  Others as track_request.
 */
track_status api_get(struct cmd *c, const char *path, const struct json **out, track_error *err);

/* Sends a body with a method.
 *
 *   method  "POST", "PUT", "PATCH" or "DELETE".
 *   body    what was written so far is ended here; NULL for none.
 *   out     may be NULL.
 *
 * As api_get, and what json_end says.
 */
struct api_body {
    struct buf buf;
    struct json_writer writer;
};
#define API_BODY_BYTES_MAX (8 << 20)
#define AUTO_BODY          __attribute__((cleanup(api_body_release))) struct api_body
void api_body_init(struct api_body *b);
void api_body_release(struct api_body *b);

struct api_send {
    const char *method, *path;
    struct api_body *body;
};
track_status api_send(struct cmd *c, const struct api_send *send, const struct json **out,
                      track_error *err);

/* The run that a reference names (cli.md 1): digits of its id, latest~N, best:KEY:min, the address
 * of its page.
 *
 *   out  the server's document of the run.
 *   id   its id; may be NULL.
 *
 * TRACK_INVALID    no such form.
 * TRACK_NOT_FOUND  no such run.
 * TRACK_CONFLICT   several; err names candidates.
 * Others as api_get.
 */
track_status api_get_run(struct cmd *c, const char *ref, const struct json **out, const char **id,
                         track_error *err);

/* How paths spell the command's project; *out is NULL with --all-projects.
 *
 * TRACK_NOT_FOUND  no such project on the server.  Others as api_get.
 */
track_status api_get_project_ref(struct cmd *c, const char **out, track_error *err);

/* Calls work for each operand as a reference; goes on after a failure, which it prints, and then
 * sets exit code 3, or that of the failure when nothing succeeded. */
typedef track_status api_work(struct cmd *c, const char *ref, void *data, track_error *err);
track_status api_each_operand(struct cmd *c, api_work *work, void *data, track_error *err);
#endif
