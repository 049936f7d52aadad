/* What store_filter.h looks up: ids of series, goals of metrics. */
#include "../core/limits.h"
#include "../core/name.h"
#include "store_filter.h"

#include <string.h>

static track_status id_row(void *data, const struct db_value *c, track_error *err)
{
    struct key_ids *ids = data;
    (void)err;
    if (ids->count < SEARCH_KEYS_MAX) {
        ids->id[ids->count++] = db_get_i(&c[0]);
    }
    return TRACK_OK;
}

track_status search_key_ids(struct db *db, const char *name, int64_t project, struct key_ids *out,
                            track_error *err)
{
    out->count = 0;
    return db_run(db, QUERY_search_keys, DB_IN(db_t(name), db_i(project)), id_row, out, err);
}

/* The longest glob so far that stands for key. */
struct glob_walk {
    char at[KEY_BYTES_MAX + 1]; /* the name that the walk has come to */
    char best[KEY_BYTES_MAX + 1];
};

static track_status name_row(void *data, const struct db_value *c, track_error *err)
{
    struct glob_walk *walk = data;
    if (c[0].as.bytes.size > KEY_BYTES_MAX) {
        return FAIL(err, TRACK_CORRUPT, "a definition with a name of %zu bytes",
                    c[0].as.bytes.size);
    }
    memcpy(walk->at, c[0].as.bytes.at, c[0].as.bytes.size);
    walk->at[c[0].as.bytes.size] = '\0';
    return TRACK_OK;
}

/* Walks over the names of all definitions, each once however many runs have it. */
static track_status find_glob(struct db *db, const char *key, struct glob_walk *walk,
                              track_error *err)
{
    *walk = (struct glob_walk){.at = ""};
    for (;;) {
        TRY(db_run(db, QUERY_search_def_next, DB_IN(db_t(walk->at)), name_row, walk, err));
        if (!walk->at[0]) {
            return TRACK_OK;
        }
        if (strchr(walk->at, '*') && name_match_glob(walk->at, key) &&
            strlen(walk->at) > strlen(walk->best)) {
            memcpy(walk->best, walk->at, sizeof(walk->best));
        }
    }
}

track_status search_goal(struct db *db, const char *key, int64_t project, enum filter_func *out,
                         track_error *err)
{
    static const enum filter_func funcs[] = {FILTER_LAST, FILTER_MIN, FILTER_MAX};
    int64_t goal = 0;
    bool found = false;
    TRY(db_find_i(db, QUERY_search_goal, DB_IN(db_t(key), db_i(project)), &goal, &found, err));
    if (!found) {
        struct glob_walk walk;
        TRY(find_glob(db, key, &walk, err));
        TRY(db_find_i(db, QUERY_search_goal, DB_IN(db_t(walk.best), db_i(project)), &goal, &found,
                      err));
    }
    *out = found && goal >= 0 && goal <= 2 ? funcs[goal] : FILTER_LAST;
    return TRACK_OK;
}
