/* track config, init: settings, printed and written. */
#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 256 * 1024 };

struct settings {
    struct cmd *c;
    struct table table;
    const char *name;    /* only this one; NULL: all */
    const char *written; /* the file that this one was just written to; NULL: none was */
    track_status status;
    track_error err;
    const char *value;
};

/* Says it when what was written is not what is used from now on. */
static void say_overridden(const char *written, const track_setting *s)
{
    if (written && strcmp(s->origin, written) != 0) {
        bool variable = strcmp(s->origin, "environment") == 0;
        fprintf(stderr, "track: %s is now in %s, but here %s%s wins: %s\n", s->name, written,
                variable ? s->variable : "", variable ? " of the environment" : s->origin,
                s->value);
    }
}

static void add_setting(void *data, const track_setting *s)
{
    struct settings *t = data;
    const char *texts[] = {s->name, s->value ? s->value : "", s->origin, s->variable};
    if ((t->name && strcmp(t->name, s->name) != 0) || t->status != TRACK_OK) {
        return;
    }
    say_overridden(t->written, s);
    for (size_t i = 0; i < 4; i++) {
        texts[i] = arena_text(t->c->arena, texts[i], strlen(texts[i]));
    }
    if (!texts[0] || !texts[1] || !texts[2] || !texts[3]) {
        t->status = FAIL(&t->err, TRACK_NOMEM, "settings");
        return;
    }
    t->value = texts[1];
    struct cell cells[] = {CELL(CELL_TEXT, text, texts[0]), CELL(CELL_TEXT, text, texts[1]),
                           CELL(CELL_TEXT, text, texts[2]), cell_text(texts[3])};
    t->status = table_add(&t->table, cells, &t->err);
}

static track_status print_settings(struct cmd *c, const char *name, const char *written,
                                   track_error *err)
{
    unsigned origin = args_has(c->args, "show-origin") ? 0 : COLUMN_HIDDEN;
    const struct column columns[] = {{"name", "SETTING", COLUMN_ID},
                                     {"value", "VALUE", COLUMN_CUT},
                                     {"origin", "FROM", origin | COLUMN_CUT},
                                     {"variable", "VARIABLE", COLUMN_HIDDEN}};
    const struct table_spec spec = {"settings", "setting", columns, 4};
    struct settings s = {.c = c, .name = name, .written = written};
    track_client *client;
    bool plain = name && origin && !c->print->fields && c->print->mode != PRINT_JSON &&
                 c->print->mode != PRINT_JSONL;
    struct print quiet = *c->print; /* one value alone is printed as it is */
    quiet.mode = plain ? PRINT_TABLE : quiet.mode;
    TRY(api_open(c, &client, err));
    TRY(table_init(&s.table, &quiet, c->arena, &spec, err));
    TRY(track_get_settings(client, add_setting, &s, err));
    if (s.status != TRACK_OK) {
        return FAIL(err, s.status, "%s", s.err.message);
    }
    if (name && !s.value) {
        return FAIL(err, TRACK_NOT_FOUND, "no setting \"%.80s\"; `track config` lists them", name);
    }
    if (plain) {
        fprintf(c->print->out, "%s\n", s.value);
        return print_end(c->print, err);
    }
    return table_write(&s.table, err);
}

static track_status read_file(const char *path, struct buf *to, track_error *err)
{
    char block[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file) {
        return errno == ENOENT ? TRACK_OK
                               : FAIL(err, TRACK_IO, "%.160s: %s", path, strerror(errno));
    }
    while ((n = fread(block, 1, sizeof(block), file)) > 0) {
        buf_put(to, block, n);
    }
    bool bad = ferror(file) != 0;
    fclose(file);
    return bad ? FAIL(err, TRACK_IO, "%.160s cannot be read", path) : TRACK_OK;
}

/* Writes a file under another name, then renames it. */
static track_status replace_file(const char *path, struct bytes text, track_error *err)
{
    char part[4096];
    if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part)) {
        return FAIL(err, TRACK_INVALID, "%.160s…: the path is too long", path);
    }
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool good = fd >= 0 && write(fd, text.at, text.size) == (ssize_t)text.size && fsync(fd) == 0;
    int why = errno;
    good = (fd < 0 || close(fd) == 0) && good;
    if (good && rename(part, path) != 0) {
        why = errno;
        good = false;
    }
    return good ? TRACK_OK
                : FAIL(err, why == ENOSPC ? TRACK_FULL : TRACK_IO, "%.160s: %s", path,
                       strerror(why));
}

/* The text of an INI file with `key = value` in place of the line that set it, before any section.
 */
static void put_edited(struct buf *to, struct bytes old, const char *key, const char *value)
{
    size_t size = strlen(key);
    bool done = false, section = false;
    struct bytes left = old;
    while (left.size > 0) {
        const unsigned char *end = memchr(left.at, '\n', left.size);
        size_t line = end ? (size_t)(end - left.at) + 1 : left.size;
        const char *at = (const char *)left.at;
        bool same =
            line > size && memcmp(at, key, size) == 0 && at[size + strspn(at + size, " \t")] == '=';
        section = section || at[0] == '[';
        if (!done && (section || same)) {
            buf_text(to, key);
            buf_text(to, " = ");
            buf_text(to, value);
            buf_byte(to, '\n');
            done = true;
        }
        if (section || !same) {
            buf_put(to, left.at, line);
            buf_text(to, end ? "" : "\n");
        }
        left.at += line;
        left.size -= line;
    }
    if (!done) {
        buf_text(to, key);
        buf_text(to, " = ");
        buf_text(to, value);
        buf_byte(to, '\n');
    }
}

static track_status user_file(struct cmd *c, const char **dir, const char **path, track_error *err)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (!base || base[0] != '/') {
        base = home && home[0] == '/' ? api_path(c, "%s/.config", home) : NULL;
    }
    if (!base) {
        return FAIL(err, TRACK_INVALID, "neither XDG_CONFIG_HOME nor HOME is an absolute path");
    }
    if (mkdir(base, 0700) != 0 && errno != EEXIST) {
        return FAIL(err, TRACK_IO, "%.160s: %s", base, strerror(errno));
    }
    *dir = api_path(c, "%s/track", base);
    *path = api_path(c, "%s/track/config", base);
    return *dir && *path ? TRACK_OK : FAIL(err, TRACK_NOMEM, "a path");
}

/*   written  set: the file. */
static track_status write_setting(struct cmd *c, const char *key, const char *value,
                                  const char **written, track_error *err)
{
    static const char *const keys[] = {"url", "project", "spool", "mode", "timeout"};
    const char *dir = NULL, *path = NULL;
    AUTO_BUF old = BUF(FILE_BYTES_MAX), edited = BUF(FILE_BYTES_MAX);
    struct bytes text, whole;
    bool known = false;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        known = known || strcmp(keys[i], key) == 0;
    }
    if (!known) {
        return FAIL(err, TRACK_INVALID,
                    "config: no key \"%.80s\"; there are url, project, spool, "
                    "mode, timeout",
                    key);
    }
    if (value[strcspn(value, "\r\n")]) {
        return FAIL(err, TRACK_INVALID, "config: a value is one line");
    }
    TRY(user_file(c, &dir, &path, err));
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return FAIL(err, TRACK_IO, "%.160s: %s", dir, strerror(errno));
    }
    TRY(read_file(path, &old, err));
    buf_byte(&old, '\0'); /* so that a line always ends */
    TRY(buf_end(&old, &text, err));
    text.size--;
    put_edited(&edited, text, key, value);
    TRY(buf_end(&edited, &whole, err));
    TRY(replace_file(path, whole, err));
    *written = path;
    return TRACK_OK;
}

track_status cmd_config(struct cmd *c, track_error *err)
{
    size_t count = c->args->operand_count;
    const char *written = NULL;
    if (count == 2) {
        TRY(write_setting(c, c->args->operands[0], c->args->operands[1], &written, err));
    }
    return print_settings(c, count ? c->args->operands[0] : NULL, written, err);
}

track_status cmd_init(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {
        {"path", "File", COLUMN_ID}, {"project", "Project", 0}, {"url", "Server", 0}};
    static const struct table_spec spec = {"project_file", "project_file", columns, 3};
    static const char path[] = ".track/config";
    const char *url = args_find(c->args, "url"), *project;
    AUTO_BUF text = BUF(FILE_BYTES_MAX);
    struct bytes whole;
    if (c->args->operand_count) {
        project = c->args->operands[0];
    } else {
        TRY(api_get_setting(c, "project", &project, err));
    }
    if (!*project || strlen(project) > 250 || project[strcspn(project, "\r\n")]) {
        return FAIL(err, TRACK_INVALID, "init: a project has a name of 1 to 250 bytes in one line");
    }
    if (mkdir(".track", 0777) != 0 && errno != EEXIST) {
        return FAIL(err, TRACK_IO, ".track: %s", strerror(errno));
    }
    if (access(path, F_OK) == 0 && !args_has(c->args, "force")) {
        return FAIL(err, TRACK_CONFLICT, "%s is there already; --force replaces it", path);
    }
    put_edited(&text, (struct bytes){(const unsigned char *)"", 0}, "project", project);
    if (url) {
        buf_text(&text, "url = ");
        buf_text(&text, url);
        buf_byte(&text, '\n');
    }
    TRY(buf_end(&text, &whole, err));
    TRY(replace_file(path, whole, err));
    struct cell cells[] = {CELL(CELL_TEXT, text, path), CELL(CELL_TEXT, text, project),
                           cell_text(url)};
    return print_record(c->print, c->arena, &spec, cells, err);
}
