/* track put: files of this machine become files of a run. */
#include "runs.h"
#include "upload.h"

#include <string.h>

track_status cmd_put(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"path", "FILE", COLUMN_ID | COLUMN_CUT},
                                            {"size_bytes", "SIZE", COLUMN_RIGHT},
                                            {"digest", "SHA-256", COLUMN_CUT}};
    static const struct table_spec spec = {"files", "file", columns, 3};
    const char *path = c->args->operands[0], *ref = args_find(c->args, "run"), *id;
    const char *name =
        c->args->operand_count > 1 ? c->args->operands[1] : tree_base_name(c->arena, path);
    const struct json *run;
    struct tree tree;
    int64_t sent = 0;
    struct table t;
    if (!name || !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return FAIL(err, TRACK_INVALID,
                    "put: %.120s has no name of its own; put PATH NAME gives it "
                    "one",
                    path);
    }
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    TRY(api_get_run(c, ref ? ref : "latest", &run, &id, err));
    TRY(tree_list(c->arena, path, name, &tree, err));
    TRY(upload_send(c, id, &tree, &sent, err));
    for (const struct tree_file *f = tree.files; f; f = f->next) {
        struct cell cells[] = {CELL(CELL_TEXT, text, f->name), CELL(CELL_BYTES, number, f->size),
                               CELL(CELL_TEXT, text, f->digest)};
        TRY(table_add(&t, cells, err));
    }
    if (tree.skipped) {
        print_say(c->print, "track: %zu left out: neither file nor directory", tree.skipped);
    }
    return table_write(&t, err);
}
