#include "../core/hash.h"
#include "live.h"
#include "store_base.h"
#include "store_file.h"
#include "store_text.h"

#include <string.h>

enum {
    EDGE_USED = 1,      /* an entity was used by a run */
    BASIS_DECLARED = 1, /* somebody says so */
    NAME_BYTES_MAX = 1024,
    URI_BYTES_MAX = 4096,
    ROLE_BYTES_MAX = 250,
};

/* A digest as external_ref holds it, "sha256:<hex>". */
struct digest_text {
    char at[sizeof("sha256:") + DIGEST_HEX_BYTES];
};

static struct digest_text digest_text(struct bytes digest)
{
    struct digest_text text = {"sha256:"};
    struct digest d;
    memcpy(d.at, digest.at, sizeof(d.at));
    hash_encode_hex(&d, text.at + strlen(text.at));
    return text;
}

static const char *kind_of(const struct run_input *in)
{
    return in->kind && *in->kind ? in->kind : "dataset";
}

/* The node of what was used; made where the project has not seen it. */
static track_status find_or_add(struct db *db, int64_t project, const struct run_input *in,
                                int64_t *node, track_error *err)
{
    struct digest_text digest = digest_text(in->digest);
    struct db_value kind = db_t(kind_of(in)), name = db_t(in->name), hex = db_t(digest.at);
    bool found = false;
    TRY(db_find_i(db, QUERY_external_ref_find, DB_IN(db_i(project), kind, name, hex), node, &found,
                  err));
    if (found) {
        return TRACK_OK;
    }
    TRY(store_node_next(db, NODE_EXTERNAL, node, err));
    return db_exec(db, QUERY_external_ref_add,
                   DB_IN(db_i(*node), db_i(project), kind, name, hex, db_t(in->uri ? in->uri : ""),
                         in->size < 0 ? db_null() : db_i(in->size)),
                   err);
}

static track_status add_one(struct db *db, const struct run_brief *run, const struct run_input *in,
                            int64_t now_us, track_error *err)
{
    int64_t node = 0, edge = 0;
    bool found = false;
    struct db_value role = db_t(in->role ? in->role : "");
    TRY(find_or_add(db, run->project, in, &node, err));
    TRY(db_find_i(db, QUERY_edge_find, DB_IN(db_i(node), db_i(run->node), db_i(EDGE_USED), role),
                  &edge, &found, err));
    return found ? TRACK_OK
                 : db_exec(db, QUERY_edge_add,
                           DB_IN(db_i(EDGE_USED), db_i(node), db_i(run->node), db_i(BASIS_DECLARED),
                                 role, db_t(in->uri ? in->uri : ""), db_i(now_us)),
                           err);
}

static track_status add_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct input_add *call = (const struct input_add *)(const void *)t;
    struct run_brief run;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    for (size_t i = 0; i < call->count; i++) {
        TRY(add_one(db, &run, &call->inputs[i], call->now_us, err));
    }
    return TRACK_OK;
}

static void add_after(struct ticket *t)
{
    run_publish(t, LIVE_FILES, ((const struct input_add *)(const void *)t)->run, "");
}

static track_status check_input(const struct run_input *in, track_error *err)
{
    if (!in->name || !*in->name) {
        return FAIL(err, TRACK_INVALID, "an input has a name");
    }
    TRY(text_check_line("the name of an input", in->name, NAME_BYTES_MAX, err));
    TRY(text_check_word("the kind of an input", in->kind, err));
    TRY(text_check_line("the uri of an input", in->uri, URI_BYTES_MAX, err));
    TRY(text_check_line("the role of an input", in->role, ROLE_BYTES_MAX, err));
    return in->digest.size == DIGEST_BYTES
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "a digest has %d bytes, not %zu", DIGEST_BYTES,
                      in->digest.size);
}

track_status store_input_add(struct store *s, struct input_add *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    if (call->count < 1 || call->count > FILE_LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "a call names 1 to %d inputs, not %zu", FILE_LIST_MAX,
                    call->count);
    }
    for (size_t i = 0; i < call->count; i++) {
        TRY(check_input(&call->inputs[i], err));
    }
    call->ticket.after = add_after;
    return store_submit(s, &call->ticket, add_work, err);
}

/* The bytes of "sha256:<hex>". */
static track_status read_digest(struct arena *arena, const struct db_value *column,
                                struct bytes *out, track_error *err)
{
    struct bytes text = column->as.bytes;
    size_t skip = strlen("sha256:");
    unsigned char *at = arena_alloc(arena, DIGEST_BYTES, 1);
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "no room for a digest");
    }
    if (text.size != skip + DIGEST_HEX_BYTES) {
        return FAIL(err, TRACK_CORRUPT, "an input has a digest of %zu characters", text.size);
    }
    TRY(hash_decode_hex((struct bytes){text.at + skip, DIGEST_HEX_BYTES}, at, DIGEST_BYTES, err));
    *out = (struct bytes){at, DIGEST_BYTES};
    return TRACK_OK;
}

static track_status list_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct run_input *in = at;
    *in = (struct run_input){
        .size = c[5].type == 'n' ? -1 : db_get_i(&c[5]),
        .at_us = db_get_i(&c[6]),
    };
    TRY(db_copy_text(g->arena, &c[0], &in->kind, err));
    TRY(db_copy_text(g->arena, &c[1], &in->name, err));
    TRY(read_digest(g->arena, &c[2], &in->digest, err));
    TRY(db_copy_text(g->arena, &c[3], &in->uri, err));
    return db_copy_text(g->arena, &c[4], &in->role, err);
}

track_status store_input_list(struct store *s, const char *run, struct arena *arena,
                              struct run_input_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct gather g = GATHER(arena, struct run_input);
    TRY(run_check_id(run, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    TRY(db_run(r.db, QUERY_input_list, DB_IN(db_i(found.node)), list_row, &g, err));
    struct run_input *all = g.at;
    for (size_t i = 0; i < g.count; i++) {
        struct db_value c[5];
        TRY(db_find(r.db, QUERY_blob_get, DB_IN(db_b(all[i].digest)), arena, c, err));
        all[i].stored = c[0].type != 0;
    }
    *out = (struct run_input_list){all, g.count};
    return TRACK_OK;
}
