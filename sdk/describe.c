#include "../core/fail.h"
#include "../core/json.h"
#include "../core/limits.h"
#include "../core/name.h"
#include "../core/number.h"
#include "moment.h"
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum {
    DESCRIBE_BODY_BYTES = 8 << 20,
    DESCRIBE_NOTE_BYTES = 1 << 20,
    DESCRIBE_TITLE_BYTES = 250,
    DESCRIBE_UNIT_BYTES = 64,
    DESCRIBE_DOCUMENT_NAME = 64,
    DESCRIBE_DOCUMENT_BYTES = 7 << 20,
};

/* Counts a failure of a call that takes no err. */
static track_status describe_end(track_run *run, track_status status, const track_error *err)
{
    return status == TRACK_OK ? TRACK_OK : run_count_why(run, status, err->message);
}

static struct bytes describe_bytes(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static track_status describe_check_text(const char *text, size_t max, track_error *err)
{
    struct bytes bytes = describe_bytes(text);
    if (bytes.size > max) {
        return FAIL(err, TRACK_INVALID, "a text of %zu bytes, at most %zu", bytes.size, max);
    }
    return name_check_text(bytes, err);
}

/* Sends the document that w has been writing. */
static track_status describe_send(track_run *run, const char *method, const char *path,
                                  const struct json_writer *w, track_error *err)
{
    struct op op = {.method = method, .path = path, .type = "application/json"};
    TRY(json_end(w, &op.body, err));
    return run_add_op(run, &op, err);
}

/* {"params": {key: text}}, or {"set": {key: text}} for tags. */
static track_status describe_set(track_run *run, const char *path, const char *key,
                                 const char *text, track_error *err)
{
    TRY(name_check_key(describe_bytes(key), err));
    TRY(describe_check_text(text, TAG_BYTES_MAX, err));
    AUTO_BUF body = BUF(DESCRIBE_BODY_BYTES);
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    json_write_object(&w, strcmp(path, "/params") == 0 ? "params" : "set");
    json_write_text(&w, key, text);
    json_write_close(&w);
    json_write_close(&w);
    return describe_send(run, "POST", path, &w, err);
}

track_status track_set_param(track_run *run, const char *key, const char *text)
{
    track_error err;
    run = run_here(run);
    if (!run || !key || !text) {
        return run_count(run, TRACK_INVALID, "a param without key or value");
    }
    return describe_end(run, describe_set(run, "/params", key, text, &err), &err);
}

track_status track_set_param_number(track_run *run, const char *key, double number)
{
    char text[NUMBER_TEXT_MAX + 1];
    text[number_encode(number, text)] = '\0';
    return track_set_param(run, key, text);
}

track_status track_set_tag(track_run *run, const char *key, const char *value)
{
    track_error err;
    run = run_here(run);
    if (!run || !key || !value) {
        return run_count(run, TRACK_INVALID, "a tag without key or value");
    }
    return describe_end(run, describe_set(run, "/tags", key, value, &err), &err);
}

track_status track_set_seed(track_run *run, const char *scope, uint64_t value)
{
    char key[KEY_BYTES_MAX + 16], text[24];
    snprintf(key, sizeof(key), scope ? "seed/%s" : "seed", scope);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    return track_set_param(run, key, text);
}

/* Text of a scalar; false for null, which is not set. */
static bool describe_value(const struct json *v, char number[NUMBER_TEXT_MAX + 1], const char **out)
{
    switch (v->kind) {
    case JSON_KIND_TEXT:
        *out = v->text;
        return true;
    case JSON_KIND_BOOL:
        *out = v->truth ? "true" : "false";
        return true;
    case JSON_KIND_NUMBER:
        number[number_encode(v->number, number)] = '\0';
        *out = number;
        return true;
    default:
        return false;
    }
}

/* Writes the members of an object, nested ones as "outer.inner", arrays as their JSON. */
static track_status describe_flatten(const struct json *object, const char *prefix,
                                     struct json_writer *w, track_error *err)
{
    for (uint32_t i = 0; i < object->count; i++) {
        const struct json *v = &object->items[i];
        char key[KEY_BYTES_MAX + 1], number[NUMBER_TEXT_MAX + 1];
        int size = snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "", v->name);
        if (size >= (int)sizeof(key)) {
            return FAIL(err, TRACK_INVALID, "a key of %d bytes, at most %d", size, KEY_BYTES_MAX);
        }
        TRY(name_check_key(describe_bytes(key), err));
        const char *text = NULL;
        if (v->kind == JSON_KIND_OBJECT) {
            TRY(describe_flatten(v, key, w, err));
        } else if (v->kind == JSON_KIND_ARRAY) {
            AUTO_BUF array = BUF(TAG_BYTES_MAX);
            struct json_writer inner = {.to = &array};
            struct bytes all;
            json_write_value(&inner, NULL, v);
            TRY(json_end(&inner, &all, err));
            json_write_bytes(w, key, all);
        } else if (describe_value(v, number, &text)) {
            TRY(describe_check_text(text, TAG_BYTES_MAX, err));
            json_write_text(w, key, text);
        }
    }
    return TRACK_OK;
}

static track_status describe_params_json(track_run *run, const char *json, track_error *err)
{
    AUTO_ARENA arena = ARENA(256 << 20);
    AUTO_BUF body = BUF(DESCRIBE_BODY_BYTES);
    const struct json *root = NULL, *object = NULL;
    TRY(json_read(describe_bytes(json), NULL, &arena, &root, err));
    TRY(json_get_object(root, &object, err));
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    json_write_object(&w, "params");
    TRY(describe_flatten(object, "", &w, err));
    json_write_close(&w);
    json_write_close(&w);
    return describe_send(run, "POST", "/params", &w, err);
}

track_status track_set_params_json(track_run *run, const char *json)
{
    track_error err;
    run = run_here(run);
    if (!run || !json) {
        return run_count(run, TRACK_INVALID, "params without a document");
    }
    return describe_end(run, describe_params_json(run, json, &err), &err);
}

static track_status describe_note(track_run *run, const char *text, track_error *err)
{
    TRY(describe_check_text(text, DESCRIBE_NOTE_BYTES, err));
    AUTO_BUF body = BUF(DESCRIBE_BODY_BYTES);
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    json_write_text(&w, "note", text);
    json_write_close(&w);
    return describe_send(run, "PATCH", "", &w, err);
}

track_status track_set_note(track_run *run, const char *text)
{
    track_error err;
    run = run_here(run);
    if (!run || !text) {
        return run_count(run, TRACK_INVALID, "a note without text");
    }
    return describe_end(run, describe_note(run, text, &err), &err);
}

static track_status describe_document(track_run *run, const char *name, const char *json,
                                      track_error *err)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);
    char path[DESCRIBE_DOCUMENT_NAME + 8];
    if (size == 0 || size > DESCRIBE_DOCUMENT_NAME || strspn(name, legal) != size || *name == '.') {
        return FAIL(err, TRACK_INVALID, "document '%.70s': 1 to %d of A-Z a-z 0-9 . _ -", name,
                    DESCRIBE_DOCUMENT_NAME);
    }
    if (strlen(json) > DESCRIBE_DOCUMENT_BYTES) {
        return FAIL(err, TRACK_INVALID, "document %s: %zu bytes, at most 7 MiB", name,
                    strlen(json));
    }
    AUTO_ARENA arena = ARENA(256 << 20);
    const struct json *root = NULL;
    TRY(json_read(describe_bytes(json), NULL, &arena, &root, err));
    snprintf(path, sizeof(path), "/docs/%s", name);
    struct op op = {
        .method = "PUT", .path = path, .type = "application/json", .body = describe_bytes(json)};
    return run_add_op(run, &op, err);
}

track_status track_set_document(track_run *run, const char *name, const char *json)
{
    track_error err;
    run = run_here(run);
    if (!run || !name || !json) {
        return run_count(run, TRACK_INVALID, "a document without name or text");
    }
    return describe_end(run, describe_document(run, name, json, &err), &err);
}

track_status track_set_exit(track_run *run, int exit_code, int signal_number)
{
    run = run_here(run);
    if (!run || exit_code < -1 || exit_code > 255 || signal_number < 0 || signal_number > 64) {
        return run_count_why(run, TRACK_INVALID, "an exit code is 0..255 or -1, a signal 0..64");
    }
    pthread_mutex_lock(&run->lock);
    track_status status = run->ended ? TRACK_CONFLICT : TRACK_OK;
    run->exit_code = exit_code >= 0 ? exit_code : OUTBOX_NO_CODE;
    run->signal_number = signal_number;
    pthread_mutex_unlock(&run->lock);
    return status == TRACK_OK ? TRACK_OK : run_count(run, status, "how the command ended");
}

track_metric_options track_metric_options_default(void)
{
    return (track_metric_options){.size = sizeof(track_metric_options)};
}

static track_status describe_metric(track_run *run, const char *key, const track_metric_options *in,
                                    track_error *err)
{
    static const char *const goals[] = {"none", "min", "max"};
    track_metric_options o = track_metric_options_default();
    if (in) {
        TRY(client_take_options(in, sizeof(o), &o, err));
    }
    TRY(name_check_key(describe_bytes(key), err));
    if ((unsigned)o.goal >= sizeof(goals) / sizeof(*goals)) {
        return FAIL(err, TRACK_INVALID, "goal %d: no such goal", (int)o.goal);
    }
    TRY(describe_check_text(o.unit ? o.unit : "", DESCRIBE_UNIT_BYTES, err));
    AUTO_BUF body = BUF(DESCRIBE_BODY_BYTES);
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    json_write_array(&w, "definitions");
    json_write_object(&w, NULL);
    json_write_text(&w, "name", key);
    json_write_text(&w, "goal", goals[o.goal]);
    json_write_text(&w, "unit", o.unit ? o.unit : "");
    if (o.x) {
        TRY(name_check_key(describe_bytes(o.x), err));
        json_write_text(&w, "step_key", o.x);
    }
    json_write_close(&w);
    json_write_close(&w);
    json_write_close(&w);
    return describe_send(run, "POST", "/definitions", &w, err);
}

track_status track_define_metric(track_run *run, const char *key,
                                 const track_metric_options *options)
{
    track_error err;
    run = run_here(run);
    if (!run || !key) {
        return run_count(run, TRACK_INVALID, "a definition without a key");
    }
    return describe_end(run, describe_metric(run, key, options, &err), &err);
}

static track_status describe_alert(track_run *run, track_level level, const char *title,
                                   const char *text, track_error *err)
{
    static const char *const levels[] = {"info", "warning", "error"};
    unsigned char random[16];
    char id[33];
    if ((unsigned)level >= sizeof(levels) / sizeof(*levels) || !title || !*title) {
        return FAIL(err, TRACK_INVALID, "an alert without level or title");
    }
    TRY(describe_check_text(title, DESCRIBE_TITLE_BYTES, err));
    TRY(describe_check_text(text ? text : "", TAG_BYTES_MAX, err));
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return FAIL(err, TRACK_IO, "the system gives no random bytes");
    }
    struct uuid uuid;
    memcpy(uuid.byte, random, sizeof(random));
    name_encode_uuid(&uuid, id);
    AUTO_BUF body = BUF(DESCRIBE_BODY_BYTES);
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    json_write_text(&w, "id", id);
    json_write_text(&w, "title", title);
    json_write_text(&w, "text", text ? text : "");
    json_write_text(&w, "level", levels[level]);
    json_write_int(&w, "time_us", moment_now_us());
    json_write_close(&w);
    return describe_send(run, "POST", "/alerts", &w, err);
}

track_status track_log_alert(track_run *run, track_level level, const char *title, const char *text)
{
    track_error err;
    run = run_here(run);
    if (!run) {
        return TRACK_INVALID;
    }
    return describe_end(run, describe_alert(run, level, title, text, &err), &err);
}
