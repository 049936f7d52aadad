#include "clock.h"
#include "live.h"
#include "store_base.h"
#include "store_fact.h"
#include "store_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 250, LIST_MAX = 1000, NUMBER_DIGITS_MAX = 18 };

/* True if ref is ~NUMBER. */
static bool is_number(const char *ref)
{
    size_t digits = ref[0] == '~' ? strspn(ref + 1, "0123456789") : 0;
    return digits > 0 && digits <= NUMBER_DIGITS_MAX && ref[digits + 1] == '\0';
}

static track_status check_name(const char *name, track_error *err)
{
    if (name[0] == '\0' || name[0] == '~') {
        return FAIL(err, TRACK_INVALID, "a project name is not empty and does not begin with ~");
    }
    return text_check_line("a project name", name, NAME_BYTES_MAX, err);
}

static track_status check_ref(const char *ref, track_error *err)
{
    return is_number(ref) ? TRACK_OK : check_name(ref, err);
}

static track_status find(struct db *db, const char *ref, int64_t *node, bool *found,
                         track_error *err)
{
    TRY(check_ref(ref, err));
    if (is_number(ref)) {
        return db_find_i(db, QUERY_project_node_by_number, DB_IN(db_i(strtoll(ref + 1, NULL, 10))),
                         node, found, err);
    }
    return db_find_i(db, QUERY_project_node_by_name, DB_IN(db_t(ref)), node, found, err);
}

track_status project_need(struct db *db, const char *ref, int64_t *node, track_error *err)
{
    bool found = false;
    TRY(find(db, ref, node, &found, err));
    return found ? TRACK_OK : FAIL(err, TRACK_NOT_FOUND, "no project %.150s", ref);
}

/* Adds a project whose name is free. */
static track_status add(struct db *db, const char *name, int64_t now_us, int64_t *node,
                        track_error *err)
{
    int64_t number = 0;
    bool found = false;
    unsigned char random[16];
    char id[33];
    TRY(clock_random(random, sizeof(random), err));
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(id + 2 * i, 3, "%02x", random[i]);
    }
    TRY(db_find_i(db, QUERY_counter_next, DB_IN(db_t("project")), &number, &found, err));
    TRY(store_node_next(db, NODE_PROJECT, node, err));
    return db_exec(db, QUERY_project_add,
                   DB_IN(db_i(*node), db_t(id), db_i(number), db_t(name), db_i(now_us)), err);
}

track_status project_make(struct db *db, const char *ref, int64_t now_us, int64_t *node,
                          bool *created, track_error *err)
{
    bool found = false;
    *created = false;
    TRY(find(db, ref, node, &found, err));
    if (found) {
        return TRACK_OK;
    }
    if (is_number(ref)) {
        return FAIL(err, TRACK_NOT_FOUND, "no project %s", ref);
    }
    *created = true;
    return add(db, ref, now_us, node, err);
}

static track_status get(struct db *db, int64_t node, struct arena *arena, struct project *out,
                        track_error *err)
{
    struct db_value c[11];
    TRY(db_find(db, QUERY_project_get, DB_IN(db_i(node)), arena, c, err));
    if (!c[0].type) {
        return FAIL(err, TRACK_CORRUPT, "project %lld is gone", (long long)node);
    }
    struct project p = {
        .node = node,
        .number = db_get_i(&c[1]),
        .created_us = db_get_i(&c[4]),
        .updated_us = db_get_i(&c[5]),
        .deleted_us = db_get_i(&c[6]),
        .runs = db_get_i(&c[7]),
        .running = db_get_i(&c[8]),
        .last_us = db_get_i(&c[9]),
    };
    TRY(db_copy_text(arena, &c[2], &p.id, err));
    TRY(db_copy_text(arena, &c[3], &p.name, err));
    TRY(db_copy_text(arena, &c[10], &p.note, err));
    *out = p;
    return TRACK_OK;
}

track_status store_project_get(struct store *s, const char *ref, struct arena *arena,
                               struct project *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    int64_t node = 0;
    TRY(check_ref(ref, err));
    TRY(store_read_begin(s, &r, err));
    TRY(project_need(r.db, ref, &node, err));
    return get(r.db, node, arena, out, err);
}

/* A project's place in the list. */
struct place {
    int64_t node, at_us;
};

static track_status add_place(void *data, const struct db_value *columns, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    *(struct place *)at = (struct place){db_get_i(&columns[0]), db_get_i(&columns[1])};
    return TRACK_OK;
}

/* Reads what write_place wrote; NULL is in front of everything. */
static track_status read_place(const char *text, struct place *out, track_error *err)
{
    char end;
    *out = (struct place){INT64_MAX, INT64_MAX};
    if (text && sscanf(text, "%20" SCNd64 "-%20" SCNd64 "%c", &out->at_us, &out->node, &end) != 2) {
        return FAIL(err, TRACK_INVALID, "%.60s is no cursor of a list of projects", text);
    }
    return TRACK_OK;
}

static track_status write_place(const struct place *p, struct arena *arena, const char **out,
                                track_error *err)
{
    char text[48];
    int size = snprintf(text, sizeof(text), "%" PRId64 "-%" PRId64, p->at_us, p->node);
    *out = arena_text(arena, text, (size_t)size);
    return *out ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no room for a cursor");
}

/* Fetches the projects of places[count]. */
static track_status get_all(struct db *db, const struct place *places, struct project_list *out,
                            struct arena *arena, track_error *err)
{
    struct project *all = ARENA_ARRAY(arena, struct project, out->count ? out->count : 1);
    if (!all) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu projects", out->count);
    }
    for (size_t i = 0; i < out->count; i++) {
        TRY(get(db, places[i].node, arena, &all[i], err));
    }
    out->at = all;
    return TRACK_OK;
}

track_status store_project_list(struct store *s, const struct project_page *page,
                                struct arena *arena, struct project_list *out, track_error *err)
{
    struct place after;
    if (page->limit < 1 || page->limit > LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "a page has 1 to %d projects, not %d", LIST_MAX,
                    page->limit);
    }
    TRY(read_place(page->after, &after, err));
    AUTO_READ struct read r = {0};
    struct gather places = GATHER(arena, struct place);
    TRY(store_read_begin(s, &r, err));
    TRY(db_run(r.db, QUERY_project_list,
               DB_IN(db_i(after.at_us), db_i(after.node), db_i(page->limit + 1)), add_place,
               &places, err));
    const struct place *at = places.at;
    bool more = places.count > (size_t)page->limit;
    struct project_list list = {.count = more ? (size_t)page->limit : places.count};
    if (more) {
        TRY(write_place(&at[list.count - 1], arena, &list.next, err));
    }
    TRY(get_all(r.db, at, &list, arena, err));
    *out = list;
    return TRACK_OK;
}

/* Finds the project that a call changes, or makes it. */
static track_status find_or_make(struct project_set *call, struct db *db, int64_t *node,
                                 track_error *err)
{
    call->created = false;
    return call->create ? project_make(db, call->ref, call->now_us, node, &call->created, err)
                        : project_need(db, call->ref, node, err);
}

static track_status set_work(struct ticket *t, struct db *db, track_error *err)
{
    struct project_set *call = (struct project_set *)(void *)t;
    int64_t node = 0;
    TRY(find_or_make(call, db, &node, err));
    if (call->note) {
        TRY(db_exec(db, QUERY_project_change,
                    DB_IN(db_i(node), db_t(call->note), db_i(call->now_us)), err));
    }
    if (call->deleted) {
        TRY(db_exec(db, QUERY_project_delete,
                    DB_IN(db_i(node), call->deleted > 0 ? db_i(call->now_us) : db_null()), err));
    }
    TRY(get(db, node, t->arena, &call->project, err));
    t->project = call->project.number;
    return TRACK_OK;
}

static void set_after(struct ticket *t)
{
    run_publish(t, LIVE_PROJECT, "", "");
}

track_status store_project_set(struct store *s, struct project_set *call, track_error *err)
{
    TRY(check_ref(call->ref, err));
    TRY(text_check_note("the note", call->note, NOTE_BYTES_MAX, err));
    call->ticket.after = set_after;
    return store_submit(s, &call->ticket, set_work, err);
}
