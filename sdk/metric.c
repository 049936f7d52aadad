#include "../core/fail.h"
#include "../core/limits.h"
#include "../core/name.h"
#include "moment.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

/* Writes the definition of a metric before anybody can use its number. */
static track_status metric_define(track_run *run, const struct track_metric *m)
{
    char text[2 * KEY_BYTES_MAX];
    size_t context = strlen(run->context);
    memcpy(text, m->name, m->size);
    memcpy(text + m->size, run->context, context);
    struct slot slot = {
        .tag = slot_tag(SLOT_KEY, m->number), .a = (int64_t)m->size, .b = (int64_t)context};
    return spool_add(&run->spool, &slot,
                     (struct bytes){(const unsigned char *)text, m->size + context});
}

/* run->lock is held. */
static track_status metric_add(track_run *run, struct bytes name, uint32_t hash,
                               struct track_metric **out)
{
    *out = names_find(&run->names, name, hash);
    if (*out) {
        return TRACK_OK;
    }
    if (run->ended) {
        return TRACK_CONFLICT;
    }
    if (run->names.count >= run->names_max) {
        return TRACK_FULL;
    }
    struct track_metric *m = names_make(&run->names, &run->region, name, hash);
    if (!m) {
        return TRACK_NOMEM;
    }
    m->run = run;
    TRY(metric_define(run, m));
    if (!names_add(&run->names, &run->region, m)) {
        return TRACK_NOMEM;
    }
    *out = m;
    return TRACK_OK;
}

/* The metric of this name, defined now if it is new. */
static track_status metric_get(track_run *run, const char *name, struct track_metric **out)
{
    struct bytes text = {(const unsigned char *)name, strlen(name)};
    uint32_t hash = names_hash(text);
    *out = names_find(&run->names, text, hash);
    if (*out) {
        return TRACK_OK;
    }
    TRY(name_check_key(text, NULL));
    pthread_mutex_lock(&run->lock);
    track_status status = metric_add(run, text, hash, out);
    pthread_mutex_unlock(&run->lock);
    return status;
}

/* Counts a call that failed, and says which rule an argument breaks.
 *   why  NULL: if any, it is the name. */
static track_status metric_count(track_run *run, track_status status, const char *name,
                                 const track_error *why)
{
    char text[200];
    track_error bad;
    struct bytes key = {(const unsigned char *)name, strlen(name)};
    if (!why && status == TRACK_INVALID && name_check_key(key, &bad) != TRACK_OK) {
        why = &bad;
    }
    snprintf(text, sizeof(text), "'%.60s': %.120s", name,
             why ? why->message : status_meaning(status));
    for (char *c = text; *c; c++) {
        *c = (unsigned char)*c < 0x20 ? '?' : *c;
    }
    return run_count_why(run, status, text);
}

static track_status metric_log(track_run *run, uint32_t number, int64_t step, int64_t time_us,
                               double value)
{
    struct slot slot = {.tag = slot_tag(SLOT_POINT, number), .a = step, .b = time_us};
    memcpy(&slot.c, &value, sizeof(value));
    track_status status = spool_add(&run->spool, &slot, (struct bytes){0});
    return status == TRACK_OK ? TRACK_OK : run_count(run, status, "a value");
}

track_status track_log_point(track_run *run, const char *name, int64_t step, int64_t time_us,
                             double value)
{
    run = run_here(run);
    if (!run || !name) {
        return run_count(run, TRACK_INVALID, "a metric without a name");
    }
    struct track_metric *m = NULL;
    track_status status = metric_get(run, name, &m);
    if (status != TRACK_OK) {
        return metric_count(run, status, name, NULL);
    }
    return metric_log(run, m->number, step, time_us, value);
}

track_status track_log_metric(track_run *run, const char *name, int64_t step, double value)
{
    return track_log_point(run, name, step, moment_now_us(), value);
}

track_status track_get_metric(track_run *run, const char *name, track_metric **out)
{
    run = run_here(run);
    if (!run || !name || !out) {
        return run_count(run, TRACK_INVALID, "a metric without a name");
    }
    track_status status = metric_get(run, name, out);
    return status == TRACK_OK ? TRACK_OK : metric_count(run, status, name, NULL);
}

track_status track_log_value(track_metric *metric, int64_t step, double value)
{
    if (!metric) {
        return TRACK_INVALID;
    }
    track_run *run = run_here(metric->run);
    if (run != metric->run) { /* in a child made by fork, where its number is another */
        return track_log_metric(metric->run, metric->name, step, value);
    }
    return metric_log(run, metric->number, step, moment_now_us(), value);
}

track_status track_log_row(track_run *run, int64_t step, const track_value *values, size_t count)
{
    run = run_here(run);
    if (!run || (!values && count > 0)) {
        return run_count(run, TRACK_INVALID, "a row without values");
    }
    int64_t time_us = moment_now_us();
    track_status first = TRACK_OK;
    for (size_t i = 0; i < count; i++) {
        track_status status = track_log_point(run, values[i].name, step, time_us, values[i].value);
        first = first == TRACK_OK ? status : first;
    }
    return first;
}

track_status track_log_text(track_run *run, const char *key, int64_t step, const char *text)
{
    run = run_here(run);
    if (!run || !key || !text) {
        return run_count(run, TRACK_INVALID, "a text without a key");
    }
    struct bytes bytes = {(const unsigned char *)text, strlen(text)};
    struct track_metric *m = NULL;
    track_error why;
    track_status status = bytes.size > FRAME_TEXT_BYTES_MAX
                              ? FAIL(&why, TRACK_INVALID, "a text of %zu bytes, at most %d",
                                     bytes.size, FRAME_TEXT_BYTES_MAX)
                              : name_check_text(bytes, &why);
    if (status != TRACK_OK) {
        return metric_count(run, status, key, &why);
    }
    status = metric_get(run, key, &m);
    if (status != TRACK_OK) {
        return metric_count(run, status, key, NULL);
    }
    struct slot slot = {
        .tag = slot_tag(SLOT_TEXT, m->number), .a = step, .b = moment_now_us(), .c = bytes.size};
    status = spool_add(&run->spool, &slot, bytes);
    return status == TRACK_OK ? TRACK_OK : run_count(run, status, key);
}

track_status track_log_line(track_run *run, track_stream stream, const char *text, size_t size)
{
    run = run_here(run);
    if (!run || (!text && size > 0) || (stream != TRACK_STDOUT && stream != TRACK_STDERR)) {
        return run_count(run, TRACK_INVALID, "a line");
    }
    int64_t time_us = moment_now_us();
    do {
        size_t part = size < FRAME_LINE_BYTES_MAX ? size : FRAME_LINE_BYTES_MAX;
        struct slot slot = {.tag = slot_tag(SLOT_LINE, (uint32_t)stream),
                            .a = atomic_fetch_add(&run->line_next, 1),
                            .b = time_us,
                            .c = part};
        track_status status =
            spool_add(&run->spool, &slot, (struct bytes){(const unsigned char *)text, part});
        if (status != TRACK_OK) {
            return run_count(run, status, "a line");
        }
        text += part;
        size -= part;
    } while (size > 0);
    return TRACK_OK;
}

track_status track_rewind(track_run *run, int64_t step)
{
    run = run_here(run);
    if (!run) {
        return TRACK_INVALID;
    }
    struct slot slot = {.tag = slot_tag(SLOT_REWIND, 0), .a = step, .b = moment_now_us()};
    track_status status = spool_add(&run->spool, &slot, (struct bytes){NULL, 0});
    return status == TRACK_OK ? TRACK_OK : run_count(run, status, "a rewind");
}
