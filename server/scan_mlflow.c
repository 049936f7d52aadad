#include "scan_mlflow.h"

#include "scan_part.h"

/* Members of a metric, then of log-metric alone; from FOREIGN on they are for others. */
enum metric { KEY, VALUE, TIME, STEP, RUN, UUID, FOREIGN, METRIC_NAMES = FOREIGN + 3 };

static const struct scan_name metric_names[METRIC_NAMES] = {
    [KEY] = SCAN_NAME("key"),
    [VALUE] = SCAN_NAME("value"),
    [TIME] = SCAN_NAME("timestamp"),
    [STEP] = SCAN_NAME("step"),
    [RUN] = SCAN_NAME("run_id"),
    [UUID] = SCAN_NAME("run_uuid"),
    [FOREIGN] = SCAN_NAME("model_id"),
    [FOREIGN + 1] = SCAN_NAME("dataset_name"),
    [FOREIGN + 2] = SCAN_NAME("dataset_digest"),
};

/* Those of log-metric: what its run is called. */
struct runs {
    struct bytes id, uuid;
};

SCAN_INLINE bool take_metric_member(struct scan *s, unsigned what, struct scan_metric *out,
                                    struct runs *runs)
{
    switch (what) {
    case KEY:
        return scan_text(s, &out->key);
    case VALUE:
        return scan_real(s, &out->value);
    case TIME:
        return scan_int(s, &out->time_ms) && out->time_ms >= 0;
    case STEP:
        return scan_int(s, &out->step);
    case RUN:
        return scan_text(s, &runs->id);
    case UUID:
        return scan_text(s, &runs->uuid);
    case METRIC_NAMES:
        return scan_skip(s);
    default:
        return false;
    }
}

/* A metric, or what log-metric has: the same members. */
SCAN_INLINE bool take_metric(struct scan *s, struct scan_names *names, struct scan_metric *out,
                             struct runs *runs)
{
    enum { NEEDED = 1 << KEY | 1 << VALUE | 1 << TIME };
    unsigned seen = 0, member;
    out->step = 0;
    names->other_count = 0;
    if (!scan_take(s, '{')) {
        return false;
    }
    do {
        if (!scan_member(s, names, &seen, &member) || !take_metric_member(s, member, out, runs)) {
            return false;
        }
    } while (scan_take(s, ','));
    return scan_take(s, '}') && (seen & NEEDED) == NEEDED;
}

SCAN_INLINE bool take_metrics(struct scan *s, struct scan_batch *b)
{
    struct scan_names names = {metric_names, METRIC_NAMES, .guess = KEY};
    struct runs ignored;
    if (!scan_take(s, '[')) {
        return false;
    }
    if (scan_take(s, ']')) {
        return true;
    }
    do {
        if (b->metric_count == b->metric_room ||
            !take_metric(s, &names, &b->metrics[b->metric_count], &ignored)) {
            return false;
        }
        b->metric_count++;
    } while (scan_take(s, ','));
    return scan_take(s, ']');
}

/* A param or tag. */
static bool take_pair(struct scan *s, struct scan_names *names, struct scan_pair *out)
{
    unsigned seen = 0, member;
    names->other_count = 0;
    if (!scan_take(s, '{')) {
        return false;
    }
    do {
        if (!scan_member(s, names, &seen, &member) ||
            !(member == KEY     ? scan_text(s, &out->key)
              : member == VALUE ? scan_text(s, &out->value)
                                : scan_skip(s))) {
            return false;
        }
    } while (scan_take(s, ','));
    return scan_take(s, '}') && seen == (1 << KEY | 1 << VALUE);
}

static bool take_pairs(struct scan *s, struct scan_pair *out, size_t room, size_t *count)
{
    struct scan_names names = {metric_names, VALUE + 1, .guess = KEY};
    if (!scan_take(s, '[')) {
        return false;
    }
    if (scan_take(s, ']')) {
        return true;
    }
    do {
        if (*count == room || !take_pair(s, &names, &out[*count])) {
            return false;
        }
        ++*count;
    } while (scan_take(s, ','));
    return scan_take(s, ']');
}

bool scan_log_batch(struct bytes body, struct scan_batch *b)
{
    enum { RUN_ID, METRICS, PARAMS, TAGS, NAMES };
    static const struct scan_name members[NAMES] = {SCAN_NAME("run_id"), SCAN_NAME("metrics"),
                                                    SCAN_NAME("params"), SCAN_NAME("tags")};
    struct scan_names names = {members, NAMES, .guess = RUN_ID};
    struct scan s = {body.at, body.at + body.size};
    unsigned seen = 0, member;
    b->metric_count = b->param_count = b->tag_count = 0;
    if (!scan_take(&s, '{')) {
        return false;
    }
    do {
        bool taken = scan_member(&s, &names, &seen, &member);
        if (!taken ||
            !(member == RUN_ID    ? scan_text(&s, &b->run)
              : member == METRICS ? take_metrics(&s, b)
              : member == PARAMS  ? take_pairs(&s, b->params, b->param_room, &b->param_count)
              : member == TAGS    ? take_pairs(&s, b->tags, b->tag_room, &b->tag_count)
                                  : scan_skip(&s))) {
            return false;
        }
    } while (scan_take(&s, ','));
    return scan_take(&s, '}') && scan_end(&s) && (seen & 1 << RUN_ID);
}

bool scan_log_metric(struct bytes body, struct bytes *run, struct scan_metric *out)
{
    struct scan_names names = {metric_names, METRIC_NAMES, .guess = RUN};
    struct scan s = {body.at, body.at + body.size};
    struct runs runs = {{NULL, 0}, {NULL, 0}};
    if (!take_metric(&s, &names, out, &runs) || !scan_end(&s)) {
        return false;
    }
    *run = runs.id.at ? runs.id : runs.uuid;
    return run->at && (!runs.id.at || !runs.uuid.at ||
                       scan_is(runs.uuid, (const char *)runs.id.at, runs.id.size));
}
