#include "../core/hash.h"
#include "store_base.h"
#include "store_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MIN = 6, ID_DIGITS = 32, NAMED_MAX = 3, NTH_MAX = 1000000 };

/* Ids that a reference may mean; starts that are also ends count once. */
struct matches {
    char id[2 * 9][ID_DIGITS + 1];
    size_t count;
};

static track_status add(void *data, const struct db_value *columns, track_error *err)
{
    struct matches *m = data;
    if (columns[0].as.bytes.size != ID_DIGITS) {
        return FAIL(err, TRACK_CORRUPT, "a run has an id of %zu digits", columns[0].as.bytes.size);
    }
    for (size_t i = 0; i < m->count; i++) {
        if (memcmp(m->id[i], columns[0].as.bytes.at, ID_DIGITS) == 0) {
            return TRACK_OK;
        }
    }
    memcpy(m->id[m->count++], columns[0].as.bytes.at, ID_DIGITS);
    return TRACK_OK;
}

/* Runs whose id begins or ends with digits. */
static track_status by_digits(struct db *db, const char *digits, struct matches *out,
                              track_error *err)
{
    size_t size = strlen(digits);
    char next[ID_DIGITS + 2];
    snprintf(next, sizeof(next), "%sg", digits); /* behind every id that begins so */
    TRY(db_run(db, QUERY_run_by_start, DB_IN(db_t(digits), db_t(next)), add, out, err));
    if (size == ID_DIGITS) {
        return TRACK_OK; /* a whole id has no other end */
    }
    return db_run(db, QUERY_run_by_end, DB_IN(db_t(digits), db_i((int64_t)(ID_DIGITS + 1 - size))),
                  add, out, err);
}

/* Where best looks: a key, and whether less is better. */
struct best {
    struct bytes key;
    bool least, said; /* said: the reference has the goal, else the metric must */
};

/* best:KEY, best:KEY:min or best:KEY:max; a key may have colons. */
static track_status read_best(const char *ref, struct best *out, track_error *err)
{
    const char *key = ref + strlen("best:"), *goal = strrchr(key, ':');
    out->said = goal && (strcmp(goal, ":min") == 0 || strcmp(goal, ":max") == 0);
    out->least = out->said && strcmp(goal, ":min") == 0;
    out->key =
        (struct bytes){(const unsigned char *)key, out->said ? (size_t)(goal - key) : strlen(key)};
    return out->key.size > 0 ? TRACK_OK
                             : FAIL(err, TRACK_INVALID, "best is best:KEY:min or best:KEY:max");
}

/* The goal that runs of the project give the metric. */
static track_status find_goal(struct db *db, int64_t project, struct best *best, track_error *err)
{
    int64_t goal = 0;
    bool found;
    TRY(db_find_i(db, QUERY_metric_def_goal, DB_IN(db_tn(best->key), db_i(project)), &goal, &found,
                  err));
    if (goal == 0) {
        return FAIL(err, TRACK_INVALID, "%.*s has no goal: say best:KEY:min or best:KEY:max",
                    (int)(best->key.size < 80 ? best->key.size : 80), (const char *)best->key.at);
    }
    best->least = goal == 1;
    return TRACK_OK;
}

static track_status by_value(struct db *db, int64_t project, const char *ref, struct matches *out,
                             track_error *err)
{
    struct best best;
    int64_t series;
    TRY(read_best(ref, &best, err));
    if (!best.said) {
        TRY(find_goal(db, project, &best, err));
    }
    TRY(hash_series(best.key, (struct bytes){NULL, 0}, &series, err));
    return db_run(db, best.least ? QUERY_run_best_min : QUERY_run_best_max,
                  DB_IN(db_i(series), db_i(project)), add, out, err);
}

/* latest or latest~N; -1: neither. */
static int64_t nth_of(const char *ref)
{
    if (strcmp(ref, "latest") == 0) {
        return 0;
    }
    const char *digits = ref + strlen("latest~");
    if (strncmp(ref, "latest~", strlen("latest~")) != 0 || *digits == '\0' || strlen(digits) > 7 ||
        strspn(digits, "0123456789") != strlen(digits)) {
        return -1;
    }
    int64_t nth = strtoll(digits, NULL, 10);
    return nth <= NTH_MAX ? nth : -1;
}

static track_status find(struct db *db, const char *project, const char *ref, struct matches *out,
                         track_error *err)
{
    size_t size = strlen(ref);
    int64_t nth = nth_of(ref), node = 0;
    bool best = strncmp(ref, "best:", strlen("best:")) == 0;
    if (nth >= 0 || best) {
        if (!project) {
            return FAIL(err, TRACK_INVALID, "%.80s looks at one project: say which", ref);
        }
        TRY(project_need(db, project, &node, err));
        return best ? by_value(db, node, ref, out, err)
                    : db_run(db, QUERY_run_latest, DB_IN(db_i(node), db_i(nth)), add, out, err);
    }
    if (size >= DIGITS_MIN && size <= ID_DIGITS && strspn(ref, "0123456789abcdef") == size) {
        return by_digits(db, ref, out, err);
    }
    return FAIL(err, TRACK_INVALID,
                "a run is named by %d or more lower-case hex digits of its id, latest, latest~2 or "
                "best:KEY:min, not %.80s",
                DIGITS_MIN, ref);
}

static track_status say_many(const char *ref, const struct matches *m, track_error *err)
{
    char list[NAMED_MAX * (ID_DIGITS + 2) + 8] = "";
    size_t size = 0;
    for (size_t i = 0; i < m->count && i < NAMED_MAX; i++) {
        size += (size_t)snprintf(list + size, sizeof(list) - size, " %s", m->id[i]);
    }
    return FAIL(err, TRACK_CONFLICT, "%.40s names several runs:%s%s", ref, list,
                m->count > NAMED_MAX ? " ..." : "");
}

track_status store_run_resolve(struct store *s, const char *project, const char *ref, char *id,
                               track_error *err)
{
    AUTO_READ struct read r = {0};
    struct matches found = {.count = 0};
    TRY(store_read_begin(s, &r, err));
    TRY(find(r.db, project, ref, &found, err));
    if (found.count == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "no run %.120s", ref);
    }
    if (found.count > 1) {
        return say_many(ref, &found, err);
    }
    memcpy(id, found.id[0], sizeof(found.id[0]));
    return TRACK_OK;
}
