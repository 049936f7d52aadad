#include "store_run.h"

#include "live.h"
#include "store_base.h"
#include "store_branch.h"
#include "store_fact.h"
#include "store_text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 1024, LABEL_BYTES_MAX = 250 };

static const char *const kinds[] = {"train", "eval", "transform", "build", NULL};
static const char *const capture_modes[] = {"sdk", "launcher", "joined", "api", NULL};

track_status run_check_id(const char *id, track_error *err)
{
    if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32) {
        return FAIL(err, TRACK_INVALID, "a run id is 32 hex digits in lower case, not %.80s", id);
    }
    return TRACK_OK;
}

/* Copies a text column that is known to be short. */
static void copy_short(const struct db_value *column, char *out, size_t room)
{
    size_t size = column->as.bytes.size < room ? column->as.bytes.size : room - 1;
    memcpy(out, column->as.bytes.at, size);
    out[size] = '\0';
}

static track_status brief_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct run_brief *out = data;
    *out = (struct run_brief){
        .node = db_get_i(&c[0]),
        .project = db_get_i(&c[1]),
        .project_number = db_get_i(&c[2]),
        .rev = db_get_i(&c[3]),
        .epoch = db_get_i(&c[4]),
        .seen_us = db_get_i(&c[5]),
        .ended_us = db_get_i(&c[6]),
        .deleted_us = db_get_i(&c[7]),
        .stop = db_get_i(&c[8]) != 0,
        .series_stale = db_get_i(&c[11]) < 0,
        .has_forks = db_get_i(&c[12]) != 0,
    };
    copy_short(&c[9], out->state, sizeof(out->state));
    copy_short(&c[10], out->final_state, sizeof(out->final_state));
    return TRACK_OK;
}

track_status run_find(struct db *db, const char *id, struct run_brief *out, track_error *err)
{
    struct run_brief found = {0};
    TRY(run_check_id(id, err));
    TRY(db_run(db, QUERY_run_brief, DB_IN(db_t(id)), brief_row, &found, err));
    if (!found.node) {
        return FAIL(err, TRACK_NOT_FOUND, "no run %s", id);
    }
    *out = found;
    return TRACK_OK;
}

track_status run_need(struct db *db, const char *id, struct run_brief *out, track_error *err)
{
    struct run_brief found;
    TRY(run_find(db, id, &found, err));
    if (found.deleted_us) {
        return FAIL(err, TRACK_CONFLICT, "run %s is in the trash: restore it first", id);
    }
    *out = found;
    return TRACK_OK;
}

/* Copies the text columns of run_get. */
static track_status copy_texts(struct arena *arena, const struct db_value *c, struct run *run,
                               track_error *err)
{
    TRY(db_copy_text(arena, &c[2], &run->id, err));
    TRY(db_copy_text(arena, &c[3], &run->project_name, err));
    TRY(db_copy_text(arena, &c[5], &run->name, err));
    TRY(db_copy_text(arena, &c[6], &run->kind, err));
    TRY(db_copy_text(arena, &c[7], &run->state, err));
    TRY(db_copy_text(arena, &c[8], &run->final_state, err));
    TRY(db_copy_text(arena, &c[9], &run->capture_mode, err));
    TRY(db_copy_text(arena, &c[10], &run->client, err));
    TRY(db_copy_text(arena, &c[11], &run->user, err));
    TRY(db_copy_text(arena, &c[12], &run->host, err));
    TRY(db_copy_text(arena, &c[13], &run->parent, err));
    return db_copy_text(arena, &c[27], &run->note, err);
}

/* Where run_get's row goes. */
struct get {
    struct arena *arena;
    struct run *out;
    bool found;
};

static track_status get_row(void *data, const struct db_value *c, track_error *err)
{
    struct get *g = data;
    g->found = true;
    *g->out = (struct run){
        .node = db_get_i(&c[0]),
        .project = db_get_i(&c[1]),
        .project_number = db_get_i(&c[4]),
        .created_us = db_get_i(&c[14]),
        .started_us = db_get_i(&c[15]),
        .ended_us = db_get_i(&c[16]),
        .seen_us = db_get_i(&c[17]),
        .updated_us = db_get_i(&c[18]),
        .deleted_us = db_get_i(&c[19]),
        .rev = db_get_i(&c[20]),
        .epoch = db_get_i(&c[21]),
        .exit_code = c[22].type == 'n' ? RUN_NO_CODE : db_get_i(&c[22]),
        .signal = db_get_i(&c[23]),
        .stop = db_get_i(&c[24]) != 0,
        .next_seq = db_get_i(&c[25]),
        .lost = db_get_i(&c[26]),
    };
    return copy_texts(g->arena, c, g->out, err);
}

track_status run_get(struct db *db, int64_t node, struct arena *arena, struct run *out,
                     track_error *err)
{
    struct get g = {arena, out, false};
    TRY(db_run(db, QUERY_run_get, DB_IN(db_i(node)), get_row, &g, err));
    return g.found ? TRACK_OK
                   : FAIL(err, TRACK_NOT_FOUND, "no run of number %lld", (long long)node);
}

track_status store_run_get(struct store *s, const char *id, struct arena *arena, struct run *out,
                           track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief run;
    TRY(run_check_id(id, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, id, &run, err));
    return run_get(r.db, run.node, arena, out, err);
}

static const char *or_default(const char *text, const char *other)
{
    return text && *text ? text : other;
}

/* The node of the parent; 0: none. */
static track_status find_parent(struct db *db, const char *parent, int64_t *node, track_error *err)
{
    *node = 0;
    if (!parent || !*parent) {
        return TRACK_OK;
    }
    struct run_brief run;
    TRY(run_find(db, parent, &run, err));
    *node = run.node;
    return TRACK_OK;
}

/* Makes the run a fork where the call says so; one that is there already stays what it is. */
static track_status put_fork(const struct run_put *call, struct db *db, int64_t node,
                             track_error *err)
{
    struct branch_fork from = {call->fork_parent, call->fork_step};
    bool is_one = false;
    if (from.parent) {
        TRY(branch_is_any(db, node, &is_one, err));
    }
    return from.parent && !is_one ? branch_fork(db, node, &from, call->now_us, err) : TRACK_OK;
}

static track_status put_new(struct run_put *call, struct db *db, int64_t project, int64_t *node,
                            track_error *err)
{
    int64_t parent;
    char made[RUN_NAME_BYTES];
    run_make_name(call->id, made);
    const char *name = or_default(call->name, made);
    TRY(find_parent(db, call->parent, &parent, err));
    TRY(store_node_next(db, NODE_RUN, node, err));
    TRY(db_exec(db, QUERY_run_add,
                DB_IN(db_i(*node), db_t(call->id), db_i(project), db_t(name),
                      db_t(or_default(call->kind, "train")),
                      db_t(or_default(call->state, "running")),
                      db_t(or_default(call->capture_mode, "manual")),
                      db_t(or_default(call->client, "")), db_maybe_i(parent), db_i(call->now_us),
                      db_i(call->started_us ? call->started_us : call->now_us),
                      db_t(or_default(call->note, "")), db_t(or_default(call->user, "")),
                      db_t(or_default(call->host, ""))),
                err));
    TRY(put_fork(call, db, *node, err));
    TRY(fact_put_params(db, *node, call->params, call->param_count, err));
    struct fact_set tags = {.facts = call->tags, .count = call->tag_count, .now_us = call->now_us};
    return fact_put_tags(db, *node, &tags, err);
}

/* A joiner (a rank, the sampler of a node) may be the first that reaches the server, and knows
 * little: the one that started the run says how it is called. */
static track_status adopt(struct run_put *call, struct db *db, int64_t node, bool *adopted,
                          track_error *err)
{
    struct run run;
    int64_t parent;
    TRY(run_get(db, node, call->ticket.arena, &run, err));
    *adopted = strcmp(run.capture_mode, RUN_JOINED) == 0 && call->capture_mode &&
               strcmp(call->capture_mode, RUN_JOINED) != 0;
    if (!*adopted) {
        return TRACK_OK;
    }
    TRY(find_parent(db, call->parent, &parent, err));
    TRY(put_fork(call, db, node, err));
    return db_exec(db, QUERY_run_adopt,
                   DB_IN(db_i(node), db_t(or_default(call->name, "")),
                         db_t(or_default(call->kind, "train")), db_t(call->capture_mode),
                         db_t(or_default(call->client, "")), db_t(or_default(call->user, "")),
                         db_t(or_default(call->host, "")), db_maybe_i(parent),
                         db_i(call->started_us ? call->started_us : run.started_us),
                         db_t(or_default(call->note, "")), db_i(call->now_us)),
                   err);
}

/* A run that is there is a fork of what the call says, or the call says nothing. */
static track_status check_fork(const struct run_put *call, struct db *db, int64_t node,
                               track_error *err)
{
    struct run_brief parent;
    bool same = false;
    if (!call->fork_parent) {
        return TRACK_OK;
    }
    TRY(run_find(db, call->fork_parent, &parent, err));
    TRY(branch_is_fork(db, node, parent.node, call->fork_step, &same, err));
    return same ? TRACK_OK
                : FAIL(err, TRACK_CONFLICT, "run %s is there, and no fork of %s at step %lld",
                       call->id, call->fork_parent, (long long)call->fork_step);
}

static track_status put_work(struct ticket *t, struct db *db, track_error *err)
{
    struct run_put *call = (struct run_put *)(void *)t;
    int64_t node = 0, project = 0;
    bool made;
    struct run_brief run;
    call->created = call->adopted = false;
    track_status there = run_find(db, call->id, &run, err);
    if (there != TRACK_OK && there != TRACK_NOT_FOUND) {
        return there;
    }
    TRY(project_make(db, call->project, call->now_us, &project, &made, err));
    if (there == TRACK_OK && run.project != project) {
        return FAIL(err, TRACK_CONFLICT, "run %s belongs to another project than %.120s", call->id,
                    call->project);
    }
    if (there == TRACK_OK && run.deleted_us) {
        return FAIL(err, TRACK_CONFLICT, "run %s is in the trash: restore it first", call->id);
    }
    if (there == TRACK_NOT_FOUND) {
        TRY(put_new(call, db, project, &node, err));
        call->created = true;
    } else {
        TRY(adopt(call, db, run.node, &call->adopted, err));
        TRY(check_fork(call, db, run.node, err));
    }
    TRY(run_get(db, there == TRACK_OK ? run.node : node, t->arena, &call->run, err));
    t->project = call->run.project_number;
    return TRACK_OK;
}

static void put_after(struct ticket *t)
{
    struct run_put *call = (struct run_put *)(void *)t;
    if (call->created) {
        run_publish(t, LIVE_PROJECT, "", "");
        run_publish(t, LIVE_RUN, call->run.id, "state");
    }
    if (call->adopted) {
        run_publish(t, LIVE_RUN, call->run.id, "name");
    }
}

static track_status check_fork_parent(const struct run_put *call, track_error *err)
{
    if (!call->fork_parent) {
        return TRACK_OK;
    }
    TRY(run_check_id(call->fork_parent, err));
    return strcmp(call->fork_parent, call->id) != 0
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "run %s cannot be a fork of itself: rewind it", call->id);
}

track_status store_run_put(struct store *s, struct run_put *call, track_error *err)
{
    TRY(run_check_id(call->id, err));
    TRY(text_check_line("the name of a run", call->name, NAME_BYTES_MAX, err));
    TRY(text_check_line("client", call->client, LABEL_BYTES_MAX, err));
    TRY(text_check_line("user", call->user, LABEL_BYTES_MAX, err));
    TRY(text_check_line("host", call->host, LABEL_BYTES_MAX, err));
    TRY(fact_check_params(call->params, call->param_count, err));
    TRY(fact_check_tags(call->tags, call->tag_count, err));
    TRY(text_check_note("the note", call->note, NOTE_BYTES_MAX, err));
    TRY(text_check_one("kind", call->kind, kinds, err));
    TRY(text_check_one("capture_mode", call->capture_mode, capture_modes, err));
    if (call->state && strcmp(call->state, "running") != 0 && strcmp(call->state, "queued") != 0) {
        return FAIL(err, TRACK_INVALID, "a run begins queued or running, not %.40s", call->state);
    }
    if (!call->project || !*call->project) {
        return FAIL(err, TRACK_INVALID, "a run belongs to a project: name one");
    }
    TRY(check_fork_parent(call, err));
    call->ticket.after = put_after;
    return store_submit(s, &call->ticket, put_work, err);
}

track_status run_check_patch(const struct run_change *call, track_error *err)
{
    if (call->name && !*call->name) {
        return FAIL(err, TRACK_INVALID, "the name of a run is not empty");
    }
    TRY(text_check_line("the name of a run", call->name, NAME_BYTES_MAX, err));
    return text_check_note("the note", call->note, NOTE_BYTES_MAX, err);
}
