#include "check_base.h"

/* One kind of derived rows: how many are wrong. */
static track_status copy_row(void *data, const struct db_value *columns, track_error *err)
{
    (void)err;
    struct check *c = data;
    int64_t count = db_get_i(&columns[1]);
    if (count > 0) {
        check_derived(c, false, "%lld %.*s", (long long)count, (int)columns[0].as.bytes.size,
                      (const char *)columns[0].as.bytes.at);
    }
    return TRACK_OK;
}

static track_status fix_work(struct ticket *t, struct db *db, track_error *err)
{
    (void)t;
    TRY(db_exec(db, QUERY_check_series_drop, NULL, err));
    TRY(db_exec(db, QUERY_check_tag_fix, NULL, err));
    return db_exec(db, QUERY_check_path_fix, NULL, err);
}

track_status check_facts(struct check *c, track_error *err)
{
    struct ticket fix = {.next = NULL};
    int64_t repaired = c->counts->repaired;
    TRY(db_run(c->db, QUERY_check_copies, NULL, copy_row, c, err));
    return c->counts->repaired > repaired ? check_repair(c, &fix, fix_work, err) : TRACK_OK;
}
