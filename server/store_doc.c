#include "live.h"
#include "store_base.h"
#include "store_fact.h"
#include "store_text.h"

#include <string.h>

enum { DOC_NAME_BYTES_MAX = 64, LEVEL_MAX = 2, ALERT_ID_BYTES_MAX = 64 };

static track_status check_name(const char *name, track_error *err)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);
    if (size == 0 || size > DOC_NAME_BYTES_MAX || strspn(name, legal) != size || name[0] == '.') {
        return FAIL(err, TRACK_INVALID,
                    "a document's name is 1 to %d of A-Z a-z 0-9 . _ -, not '%.80s'",
                    DOC_NAME_BYTES_MAX, name);
    }
    return TRACK_OK;
}

static track_status put_work(struct ticket *t, struct db *db, track_error *err)
{
    struct doc_put *call = (struct doc_put *)(void *)t;
    struct run_brief run;
    bool found;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    return db_find_i(db, QUERY_run_doc_put,
                     DB_IN(db_i(run.node), db_t(call->name), db_b(call->data)), &call->rev, &found,
                     err);
}

static void put_after(struct ticket *t)
{
    run_publish(t, LIVE_RUN, ((const struct doc_put *)(const void *)t)->run, "docs");
}

track_status store_doc_put(struct store *s, struct doc_put *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    TRY(check_name(call->name, err));
    if (call->data.size > DOC_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a document has at most %d bytes, not %zu", DOC_BYTES_MAX,
                    call->data.size);
    }
    call->ticket.bytes = call->data.size;
    call->ticket.after = put_after;
    return store_submit(s, &call->ticket, put_work, err);
}

track_status store_doc_get(struct store *s, const char *run, const char *name, struct arena *arena,
                           struct doc *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct db_value c[2];
    TRY(run_check_id(run, err));
    TRY(check_name(name, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    TRY(db_find(r.db, QUERY_run_doc_get, DB_IN(db_i(found.node), db_t(name)), arena, c, err));
    if (!c[0].type) {
        return FAIL(err, TRACK_NOT_FOUND, "run %s has no document %s", run, name);
    }
    *out = (struct doc){name, db_get_i(&c[0]), (int64_t)c[1].as.bytes.size, c[1].as.bytes};
    return TRACK_OK;
}

static track_status list_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct doc *d = at;
    *d = (struct doc){.rev = db_get_i(&c[1]), .size = db_get_i(&c[2])};
    return db_copy_text(g->arena, &c[0], &d->name, err);
}

track_status store_doc_list(struct store *s, const char *run, struct arena *arena,
                            struct doc_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct gather g = GATHER(arena, struct doc);
    TRY(run_check_id(run, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    TRY(db_run(r.db, QUERY_run_doc_list, DB_IN(db_i(found.node)), list_row, &g, err));
    *out = (struct doc_list){g.at, g.count};
    return TRACK_OK;
}

/* Where alerts go: the text of their run is known already. */
struct alerts {
    struct gather rows;
    const char *run;
};

static track_status alert_row(void *data, const struct db_value *c, track_error *err)
{
    struct alerts *to = data;
    void *at;
    TRY(gather_add(&to->rows, &at, err));
    struct alert *a = at;
    *a = (struct alert){
        .id = db_get_i(&c[0]),
        .run = to->run,
        .level = db_get_i(&c[2]),
        .count = db_get_i(&c[3]),
        .first_us = db_get_i(&c[4]),
        .last_us = db_get_i(&c[5]),
    };
    TRY(db_copy_text(to->rows.arena, &c[1], &a->title, err));
    return db_copy_text(to->rows.arena, &c[6], &a->text, err);
}

static track_status seen_row(void *data, const struct db_value *c, track_error *err)
{
    (void)c;
    (void)err;
    *(bool *)data = true;
    return TRACK_OK;
}

/* Counts the alert unless its id was seen. */
static track_status count_alert(const struct alert_add *call, struct db *db, int64_t run,
                                track_error *err)
{
    bool fresh = true;
    if (call->id) {
        fresh = false;
        TRY(db_run(db, QUERY_alert_seen_add, DB_IN(db_i(run), db_t(call->id)), seen_row, &fresh,
                   err));
    }
    return fresh ? db_exec(db, QUERY_alert_add,
                           DB_IN(db_i(run), db_t(call->title), db_i(call->level), db_i(call->at_us),
                                 db_t(call->text ? call->text : "")),
                           err)
                 : TRACK_OK;
}

static track_status alert_work(struct ticket *t, struct db *db, track_error *err)
{
    struct alert_add *call = (struct alert_add *)(void *)t;
    struct run_brief run;
    struct alerts to = {GATHER(t->arena, struct alert), call->run};
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    TRY(count_alert(call, db, run.node, err));
    TRY(db_run(db, QUERY_alert_get, DB_IN(db_i(run.node), db_t(call->title)), alert_row, &to, err));
    if (to.rows.count == 0) {
        return FAIL(err, TRACK_CONFLICT, "alert %s came before with another title", call->id);
    }
    call->alert = *(const struct alert *)to.rows.at;
    return TRACK_OK;
}

static void alert_after(struct ticket *t)
{
    run_publish(t, LIVE_ALERTS, ((const struct alert_add *)(const void *)t)->run, "");
}

track_status store_alert_add(struct store *s, struct alert_add *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    if (!call->title || !*call->title) {
        return FAIL(err, TRACK_INVALID, "an alert has a title");
    }
    TRY(text_check_line("the id of an alert", call->id, ALERT_ID_BYTES_MAX, err));
    TRY(text_check_line("the title of an alert", call->title, ALERT_TITLE_BYTES_MAX, err));
    TRY(text_check_note("the text of an alert", call->text, NOTE_BYTES_MAX, err));
    if (call->level < 0 || call->level > LEVEL_MAX) {
        return FAIL(err, TRACK_INVALID, "the level of an alert is 0 to %d, not %lld", LEVEL_MAX,
                    (long long)call->level);
    }
    call->at_us = call->at_us ? call->at_us : call->now_us;
    call->ticket.after = alert_after;
    return store_submit(s, &call->ticket, alert_work, err);
}

track_status store_alert_list(struct store *s, const char *run, struct arena *arena,
                              struct alert_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct alerts to = {GATHER(arena, struct alert), run};
    TRY(run_check_id(run, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    TRY(db_run(r.db, QUERY_alert_list, DB_IN(db_i(found.node)), alert_row, &to, err));
    *out = (struct alert_list){to.rows.at, to.rows.count};
    return TRACK_OK;
}
