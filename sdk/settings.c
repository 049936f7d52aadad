#include "settings.h"

#include "../core/fail.h"
#include "../core/inifile.h"
#include "../core/name.h"
#include "../core/number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_PATH_BYTES = 4096 };

static const struct setting_row {
    const char *name, *variable, *value;
    bool project; /* a project file may set it */
} setting_rows[SETTING_COUNT] = {
    [SETTING_URL] = {"url", "TRACK_URL", "http://127.0.0.1:8080", true},
    [SETTING_PROJECT] = {"project", "TRACK_PROJECT", NULL, true},
    [SETTING_SPOOL] = {"spool", "TRACK_SPOOL", NULL, false},
    [SETTING_MODE] = {"mode", "TRACK_MODE", "online", true},
    [SETTING_TIMEOUT] = {"timeout", "TRACK_TIMEOUT", "30", true},
    [SETTING_QUIET] = {"quiet", "TRACK_QUIET", "0", true},
    [SETTING_COST_CENTER] = {"cost_center", "TRACK_COST_CENTER", "", true},
    [SETTING_UNTRACKED_MAX] = {"capture.untracked_max", "", "10485760", true},
    [SETTING_TOTAL_MAX] = {"capture.total_max", "", "52428800", true},
    [SETTING_ENV_ALLOW] = {"capture.env_allow", "", "", false},
};

const char *settings_name(enum setting which)
{
    return setting_rows[which].name;
}

const char *settings_variable_name(enum setting which)
{
    return setting_rows[which].variable;
}

const char *settings_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static track_status settings_set(struct settings *s, enum setting which, const char *value,
                                 const char *origin, track_error *err)
{
    if (s->value[which]) {
        return TRACK_OK; /* said by somebody who counts more */
    }
    s->value[which] = arena_text(&s->arena, value, strlen(value));
    s->origin[which] = arena_text(&s->arena, origin, strlen(origin));
    return s->value[which] && s->origin[which]
               ? TRACK_OK
               : FAIL(err, TRACK_NOMEM, "no memory for the settings");
}

/* A file that is being read. */
struct settings_file {
    struct settings *settings;
    const char *path;
    bool project;
};

static track_status settings_entry(void *data, const struct ini_entry *entry, track_error *err)
{
    const struct settings_file *file = data;
    char name[128];
    const char *dot = entry->section[0] ? "." : "";
    snprintf(name, sizeof(name), "%s%s%s", entry->section, dot, entry->key);
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(setting_rows[i].name, name) != 0) {
            continue;
        }
        if (file->project && !setting_rows[i].project) {
            return FAIL(err, TRACK_INVALID,
                        "%.120s:%d: '%s' may not be set by a project; set it in "
                        "~/.config/track/config",
                        file->path, entry->line, name);
        }
        return settings_set(file->settings, (enum setting)i, entry->value, file->path, err);
    }
    return strncmp(name, "agent.", 6) == 0 /* the sampler's own */
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "%.120s:%d: there is no setting '%s'", file->path,
                      entry->line, name);
}

/* Reads a file where there is one. */
static track_status settings_read_file(struct settings_file *file, track_error *err)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? TRACK_OK
                   : FAIL(err, TRACK_IO, "%.150s: %s", file->path, strerrordesc_np(errno));
    }
    AUTO_BUF text = BUF(INI_BYTES_MAX + 4096);
    unsigned char part[4096];
    ssize_t size = 0;
    while (text.size <= INI_BYTES_MAX && (size = read(fd, part, sizeof(part))) > 0) {
        buf_put(&text, part, (size_t)size);
    }
    int failed = size < 0 ? errno : 0;
    close(fd);
    if (failed) {
        return FAIL(err, TRACK_IO, "%.150s: %s", file->path, strerrordesc_np(failed));
    }
    struct bytes all;
    TRY(buf_end(&text, &all, err));
    track_error why = {0};
    track_status status = inifile_read(all, settings_entry, file, &why);
    return status == TRACK_OK ? TRACK_OK
           : strncmp(why.message, file->path, 20) == 0
               ? FAIL(err, status, "%s", why.message)
               : FAIL(err, status, "%.100s: %.130s", file->path, why.message);
}

static void settings_read_environment(struct settings *s)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *value =
            *setting_rows[i].variable ? settings_variable(setting_rows[i].variable) : NULL;
        if (value) {
            (void)!settings_set(s, (enum setting)i, value, "environment", NULL);
        }
    }
}

/* Looks for .track/config upwards; false when there is none. */
static bool settings_find_project(const char *cwd, char out[SETTINGS_PATH_BYTES])
{
    char folder[SETTINGS_PATH_BYTES];
    const char *home = settings_variable("HOME");
    struct stat first, here;
    if (snprintf(folder, sizeof(folder), "%s", cwd) >= (int)sizeof(folder) - 32 ||
        stat(folder, &first) != 0) {
        return false;
    }
    for (;;) {
        char git[SETTINGS_PATH_BYTES + 8];
        snprintf(out, SETTINGS_PATH_BYTES, "%.4000s/.track/config", folder);
        if (access(out, F_OK) == 0) {
            return true;
        }
        snprintf(git, sizeof(git), "%s/.git", folder);
        char *slash = strrchr(folder, '/');
        if (access(git, F_OK) == 0 || (home && strcmp(folder, home) == 0) || !slash ||
            slash == folder) {
            return false;
        }
        *slash = '\0';
        if (stat(folder, &here) != 0 || here.st_dev != first.st_dev) {
            return false;
        }
    }
}

static void settings_user_path(char out[SETTINGS_PATH_BYTES])
{
    const char *config = settings_variable("XDG_CONFIG_HOME"), *home = settings_variable("HOME");
    out[0] = '\0';
    if (config) {
        snprintf(out, SETTINGS_PATH_BYTES, "%s/track/config", config);
    } else if (home) {
        snprintf(out, SETTINGS_PATH_BYTES, "%s/.config/track/config", home);
    }
}

/* What the defaults are that depend on where and who we are. */
static track_status settings_fill(struct settings *s, const char *cwd, track_error *err)
{
    char project[PROJECT_REF_SIZE], spool[SETTINGS_PATH_BYTES];
    name_fill_project(cwd, project);
    const char *state = settings_variable("XDG_STATE_HOME"), *home = settings_variable("HOME");
    if (state) {
        snprintf(spool, sizeof(spool), "%s/track/spool", state);
    } else if (home) {
        snprintf(spool, sizeof(spool), "%s/.local/state/track/spool", home);
    } else {
        snprintf(spool, sizeof(spool), "/tmp/track-%u/spool", (unsigned)getuid());
    }
    TRY(settings_set(s, SETTING_PROJECT, project, "default", err));
    TRY(settings_set(s, SETTING_SPOOL, spool, "default", err));
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (setting_rows[i].value) {
            TRY(settings_set(s, (enum setting)i, setting_rows[i].value, "default", err));
        }
    }
    return TRACK_OK;
}

static track_status settings_bad(const struct settings *s, enum setting which, const char *must,
                                 track_error *err)
{
    return FAIL(err, TRACK_INVALID, "%s '%.60s' (%.60s): must be %s", setting_rows[which].name,
                s->value[which], s->origin[which], must);
}

static track_status settings_number(const struct settings *s, enum setting which, double max,
                                    double *out, track_error *err)
{
    const char *text = s->value[which];
    double value = -1;
    struct bytes number = {(const unsigned char *)text, strlen(text)};
    if (!number_decode(number, &value) || !(value >= 0) || value > max) {
        return settings_bad(s, which, "a number that is not negative", err);
    }
    *out = value;
    return TRACK_OK;
}

static track_status settings_check_url(struct settings *s, track_error *err)
{
    const char *url = s->value[SETTING_URL];
    size_t size = strlen(url);
    bool http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
    struct bytes line = {(const unsigned char *)url, size};
    if (!http || size > 2000 || strchr(url, '@') || strchr(url, '#') || strchr(url, '?') ||
        strchr(url, ' ') || name_check_line(line, NULL) != TRACK_OK) {
        return settings_bad(s, SETTING_URL, "like http://host:8080, without user or query", err);
    }
    while (size > 0 && url[size - 1] == '/') {
        size--;
    }
    s->url = arena_text(&s->arena, url, size);
    return s->url ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no memory for the settings");
}

/* Turns texts into what they mean. */
static track_status settings_decode(struct settings *s, track_error *err)
{
    const char *mode = s->value[SETTING_MODE], *quiet = s->value[SETTING_QUIET];
    if (strcmp(mode, "online") != 0 && strcmp(mode, "offline") != 0 && strcmp(mode, "off") != 0) {
        return settings_bad(s, SETTING_MODE, "online, offline or off", err);
    }
    s->mode = strcmp(mode, "online") == 0    ? MODE_ONLINE
              : strcmp(mode, "offline") == 0 ? MODE_OFFLINE
                                             : MODE_OFF;
    if (strcmp(quiet, "0") != 0 && strcmp(quiet, "1") != 0) {
        return settings_bad(s, SETTING_QUIET, "0 or 1", err);
    }
    s->quiet = *quiet == '1';
    double seconds = 0, untracked = 0, total = 0;
    TRY(settings_number(s, SETTING_TIMEOUT, 86400, &seconds, err));
    TRY(settings_number(s, SETTING_UNTRACKED_MAX, 1e12, &untracked, err));
    TRY(settings_number(s, SETTING_TOTAL_MAX, 1e12, &total, err));
    s->timeout_ms = seconds > 0 ? (int64_t)(seconds * 1000 + 0.5) : 30000;
    s->untracked_max = (uint64_t)untracked;
    s->total_max = (uint64_t)total;
    const char *project = s->value[SETTING_PROJECT];
    struct bytes name = {(const unsigned char *)project, strlen(project)};
    if (name_check_project(name, NULL) != TRACK_OK) {
        return settings_bad(s, SETTING_PROJECT, "1 to 250 bytes of UTF-8 without control bytes",
                            err);
    }
    return settings_check_url(s, err);
}

track_status settings_read(const char *const *options, struct settings *out, track_error *err)
{
    char cwd[SETTINGS_PATH_BYTES], path[SETTINGS_PATH_BYTES];
    out->arena.limit_bytes = 1 << 20;
    for (int i = 0; options && i < SETTING_COUNT; i++) {
        if (options[i]) {
            TRY(settings_set(out, (enum setting)i, options[i], "option", err));
        }
    }
    settings_read_environment(out);
    if (!getcwd(cwd, sizeof(cwd))) {
        cwd[0] = '\0';
    }
    if (settings_find_project(cwd, path)) {
        TRY(settings_read_file(&(struct settings_file){out, path, true}, err));
    }
    settings_user_path(path);
    if (path[0]) {
        TRY(settings_read_file(&(struct settings_file){out, path, false}, err));
    }
    TRY(settings_fill(out, cwd, err));
    return settings_decode(out, err);
}

void settings_release(struct settings *s)
{
    arena_release(&s->arena);
    *s = (struct settings){0};
}
