/* track get: files of a run become files of this machine. */
#include "download.h"
#include "runs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct getting {
    const char *id, *path; /* path: NULL for all */
    struct table table;
    int dir;
    bool force, list;
    size_t wanted, failed;
};

/* Splits RUN/PATH.  A reference with a slash of its own (an address, best:val/loss:min) is taken
 * whole as far as it goes. */
static track_status split_ref(struct cmd *c, const char *word, const char **ref, const char **path,
                              track_error *err)
{
    const char *from = word;
    if (strncmp(word, "best:", 5) == 0) {
        const char *min = strstr(word, ":min"), *max = strstr(word, ":max");
        from = min ? min : max ? max : word + strlen(word);
    } else if (strncmp(word, "http://", 7) == 0 || strncmp(word, "https://", 8) == 0) {
        const char *run = strstr(word, "/r/");
        from = run ? run + 3 : word + strlen(word);
    }
    const char *slash = strchr(from, '/');
    *ref = slash ? arena_text(c->arena, word, (size_t)(slash - word)) : word;
    *path = slash && slash[1] ? slash + 1 : NULL;
    return *ref ? TRACK_OK : FAIL(err, TRACK_NOMEM, "a reference");
}

/* True for the file that was named, one below the folder that was named, or when none was. */
static bool is_wanted(const struct getting *g, const char *path)
{
    size_t size = g->path ? strlen(g->path) : 0;
    while (size > 0 && g->path[size - 1] == '/') {
        size--;
    }
    return size == 0 ||
           (strncmp(path, g->path, size) == 0 && (path[size] == '\0' || path[size] == '/'));
}

static track_status take_file(struct cmd *c, struct getting *g, const struct json *file,
                              track_error *err)
{
    const char *path = runs_text(file, "path");
    struct download d = {.path = path,
                         .digest = runs_text(file, "digest"),
                         .size = runs_int(file, "size", 0),
                         .force = g->force};
    track_error why = {0};
    g->wanted++;
    if (!g->list) {
        const char *encoded = api_encode(c, path);
        d.url =
            encoded ? api_path(c, "/api/v1/runs/%s/files/content?path=%s", g->id, encoded) : NULL;
        if (download_file(c, g->dir, &d, &why) != TRACK_OK) {
            print_failure(c->print, &why, c->hint, c->ref);
            g->failed++;
            *err = why;
            return TRACK_OK;
        }
    }
    struct cell cells[] = {cell_member(file, "path", CELL_TEXT),
                           cell_member(file, "size", CELL_BYTES),
                           cell_member(file, "digest", CELL_TEXT)};
    return table_add(&g->table, cells, err);
}

static track_status take_files(struct cmd *c, struct getting *g, track_error *err)
{
    const char *cursor = "";
    while (cursor) {
        const struct json *page, *list;
        TRY(api_get(c,
                    api_path(c, "/api/v1/runs/%s/files?limit=1000%s%s", g->id,
                             *cursor ? "&cursor=" : "", cursor),
                    &page, err));
        TRY(json_need_array(page, "files", &list, err));
        for (uint32_t i = 0; i < list->count; i++) {
            if (is_wanted(g, runs_text(&list->items[i], "path"))) {
                TRY(take_file(c, g, &list->items[i], err));
            }
        }
        const char *next = runs_text(page, "next");
        cursor = *next ? api_encode(c, next) : NULL;
    }
    return TRACK_OK;
}

static track_status get_all(struct cmd *c, struct getting *g, track_error *err)
{
    track_error last = {0};
    TRY(take_files(c, g, &last) == TRACK_OK ? TRACK_OK
                                            : FAIL(err, last.status, "%s", last.message));
    print_progress_end(c->print);
    if (g->wanted == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "the run has no file%s%.160s", g->path ? " " : "",
                    g->path ? g->path : "");
    }
    TRY(table_write(&g->table, err));
    if (g->failed) {
        c->exit = g->failed < g->wanted ? 3 : status_exit(last.status);
        c->hint[0] = '\0';
        return FAIL(err, last.status, "%zu of %zu files failed", g->failed, g->wanted);
    }
    return TRACK_OK;
}

track_status cmd_get(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"path", "FILE", COLUMN_ID | COLUMN_CUT},
                                            {"size_bytes", "SIZE", COLUMN_RIGHT},
                                            {"digest", "SHA-256", COLUMN_CUT}};
    static const struct table_spec spec = {"files", "file", columns, 3};
    const char *ref, *dest = c->args->operand_count > 1 ? c->args->operands[1] : ".";
    const struct json *run;
    struct getting g = {
        .dir = -1, .force = args_has(c->args, "force"), .list = args_has(c->args, "list")};
    TRY(split_ref(c, c->args->operands[0], &ref, &g.path, err));
    TRY(table_init(&g.table, c->print, c->arena, &spec, err));
    TRY(api_get_run(c, ref, &run, &g.id, err));
    if (!g.list) {
        if (mkdir(dest, 0777) != 0 && errno != EEXIST) {
            return FAIL(err, TRACK_IO, "%.160s: %s", dest, strerror(errno));
        }
        g.dir = open(dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (g.dir < 0) {
            return FAIL(err, errno == ENOTDIR ? TRACK_CONFLICT : TRACK_IO, "%.160s: %s", dest,
                        strerror(errno));
        }
    }
    track_status status = get_all(c, &g, err);
    if (g.dir >= 0) {
        close(g.dir);
    }
    return status;
}
