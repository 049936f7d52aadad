#include "answer.h"

#include "../core/fail.h"
#include "../core/json.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_ARENA_BYTES = 4 << 20 };

static struct bytes answer_body(const struct transport_reply *reply)
{
    return (struct bytes){reply->body.at, reply->body.size};
}

/* For replies that do not come from a trackd. */
static track_status answer_foreign(const struct transport_reply *reply, track_error *err)
{
    track_status status = TRACK_UNREACHABLE;
    switch (reply->http) {
    case 401:
    case 407:
        status = TRACK_NO_IDENTITY;
        break;
    case 403:
        status = TRACK_DENIED;
        break;
    case 404:
    case 405:
        status = TRACK_NOT_FOUND;
        break;
    case 408:
    case 504:
        status = TRACK_TIMEOUT;
        break;
    case 413:
        status = TRACK_TOO_LARGE;
        break;
    case 429:
        status = TRACK_BUSY;
        break;
    default:
        break;
    }
    return FAIL(err, status, "the server answers HTTP %d, and not as a trackd does", reply->http);
}

static void answer_take(const struct json *error, struct answer_error *out)
{
    const char *hint = "", *ref = "";
    (void)!json_may_text(error, "hint", &hint, NULL);
    (void)!json_may_text(error, "ref", &ref, NULL);
    snprintf(out->hint, sizeof(out->hint), "%s", hint);
    snprintf(out->ref, sizeof(out->ref), "%s", ref);
}

track_status answer_check(const struct transport_reply *reply, struct answer_error *out,
                          track_error *err)
{
    struct answer_error none;
    out = out ? out : &none;
    *out = (struct answer_error){.next_seq = -1};
    if (reply->http / 100 == 2) {
        return TRACK_OK;
    }
    AUTO_ARENA arena = ARENA(ANSWER_ARENA_BYTES);
    const struct json *root = NULL, *error = NULL;
    const char *code = NULL, *message = "";
    if (json_read(answer_body(reply), NULL, &arena, &root, NULL) != TRACK_OK ||
        json_need_object(root, "error", &error, NULL) != TRACK_OK ||
        json_need_text(error, "code", &code, NULL) != TRACK_OK) {
        return answer_foreign(reply, err);
    }
    (void)!json_may_text(error, "message", &message, NULL);
    (void)!json_may_int(root, "next_seq", &out->next_seq, NULL);
    answer_take(error, out);
    track_status status = status_from_wire(code);
    return FAIL(err, status == TRACK_OK ? TRACK_UNREACHABLE : status, "%s", message);
}

track_status answer_check_json(const struct transport_reply *reply, track_error *err)
{
    TRY(answer_check(reply, NULL, err));
    AUTO_ARENA arena = ARENA(ANSWER_ARENA_BYTES);
    const struct json *root = NULL;
    bool json = strncmp(reply->type, "application/json", 16) == 0 &&
                json_read(answer_body(reply), NULL, &arena, &root, NULL) == TRACK_OK;
    return json ? TRACK_OK : answer_foreign(reply, err);
}

track_status answer_appended(const struct transport_reply *reply, struct answer_appended *out,
                             track_error *err)
{
    AUTO_ARENA arena = ARENA(ANSWER_ARENA_BYTES);
    const struct json *root = NULL;
    struct answer_appended got = {0};
    if (json_read(answer_body(reply), NULL, &arena, &root, NULL) != TRACK_OK ||
        json_need_int(root, "next_seq", &got.next_seq, NULL) != TRACK_OK || got.next_seq < 0) {
        return FAIL(err, TRACK_UNREACHABLE, "the server answers HTTP %d, and not as a trackd does",
                    reply->http);
    }
    (void)!json_may_bool(root, "stop", &got.stop, NULL);
    (void)!json_may_bool(root, "repeated_steps", &got.repeated_steps, NULL);
    (void)!json_may_int(root, "epoch", &got.epoch, NULL);
    const struct json *rewound = json_find(root, "rewound_to");
    got.rewound = rewound && json_get_int(rewound, &got.rewound_to, NULL) == TRACK_OK;
    *out = got;
    return TRACK_OK;
}
