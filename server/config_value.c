#include "config_value.h"

#include "../core/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * 1024, GIB = 1024 * 1024 * 1024, WORD_BYTES_MAX = 32 };

#define AT(field) offsetof(struct config, field)

/* clang-format off */
const struct config_option config_options[] = {
    {"listen", CONFIG_KIND_LIST, AT(listen), "127.0.0.1:8080", "ADDR:PORT|unix:PATH",
     "where to listen; loopback or a socket file; may be repeated", NULL, 0, 0},
    {"data", CONFIG_KIND_TEXT, AT(data), "track-data", "DIR",
     "database and blobs; held against a second server", NULL, 0, 0},
    {"sync", CONFIG_KIND_TEXT, AT(sync), "full", "full|normal",
     "a write is answered when it survives power loss, or a crash of trackd", "|full|normal|",
     0, 0},
    {"allow-host", CONFIG_KIND_LIST, AT(hosts), NULL, "NAME[:PORT]",
     "further name by which browsers may reach this server; may be repeated", NULL, 0, 0},
    {"behind-proxy", CONFIG_KIND_FLAG, AT(behind_proxy), "no", NULL,
     "believe X-Forwarded-Host of a proxy on this machine", NULL, 0, 0},
    {"base-path", CONFIG_KIND_TEXT, AT(base_path), "", "/PATH",
     "prefix of every URL, for a proxy that does not cut it off", NULL, 0, 0},
    {"threads", CONFIG_KIND_COUNT, AT(threads), "2", "N", "threads that answer requests",
     NULL, 2, 64},
    {"max-body", CONFIG_KIND_SIZE, AT(max_body_bytes), "32MiB", "SIZE",
     "largest document; uploads of files are not documents", NULL, 64 * KIB, GIB},
    {"free-min", CONFIG_KIND_SIZE, AT(free_min_bytes), "0", "SIZE",
     "free disk below which uploads are refused, and all but ends of runs below half of it; "
     "0: 1 GiB or 2 %, whichever is more", NULL, 0, INT64_C(1) << 50},
    {"seal", CONFIG_KIND_FLAG, AT(seal), "yes", NULL,
     "leave points in the journal; packs are smaller, and charts from them faster", NULL, 0, 0},
    {"journal-max", CONFIG_KIND_SIZE, AT(journal_max_bytes), "4GiB", "SIZE",
     "points that may wait to be packed before more of them are refused for a while; 0: any", NULL,
     0, INT64_C(1) << 50},
    {"drain", CONFIG_KIND_COUNT, AT(drain_s), "20", "SECONDS",
     "time that open requests have when trackd ends", NULL, 0, 600},
    {"log-level", CONFIG_KIND_TEXT, AT(log_level), "info", "debug|info|warning|error",
     "least important lines that are written", "|debug|info|warning|error|", 0, 0},
    {"log-format", CONFIG_KIND_TEXT, AT(log_format), "text", "text|json",
     "how a log line looks", "|text|json|", 0, 0},
    {"log-file", CONFIG_KIND_TEXT, AT(log_file), "", "FILE",
     "where log lines go instead of standard error; opened again on SIGHUP", NULL, 0, 0},
    {"quick", CONFIG_KIND_FLAG, AT(quick), "no", NULL,
     "check: rows and sizes only, without reading every blob", NULL, 0, 0},
    {"repair", CONFIG_KIND_FLAG, AT(repair), "no", NULL,
     "check: write what is derived from other data again where it is wrong", NULL, 0, 0},
    {NULL, CONFIG_KIND_TEXT, 0, NULL, NULL, NULL, NULL, 0, 0},
};
/* clang-format on */

void *config_field(struct config *config, const struct config_option *o)
{
    return (char *)config + o->offset;
}

static const void *field_of(const struct config *config, const struct config_option *o)
{
    return (const char *)config + o->offset;
}

/* Multiplier of what follows the digits, or 0. */
static int64_t size_unit(const char *text)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {{"", 1},    {"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB},
                 {"K", KIB}, {"M", MIB},   {"G", GIB},   {"B", 1}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].name) == 0) {
            return units[i].bytes;
        }
    }
    return 0;
}

static track_status number_set(const struct config_option *o, const char *value, int64_t *out,
                               track_error *err)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    int64_t unit = o->kind == CONFIG_KIND_SIZE ? size_unit(end) : *end == '\0';
    bool digits = isdigit((unsigned char)*value) && errno == 0;
    if (!digits || unit == 0 || number > INT64_MAX / GIB || number * unit < o->least ||
        number * unit > o->most) {
        return FAIL(err, TRACK_INVALID, "%s is '%s', not a %s from %lld to %lld", o->name, value,
                    o->kind == CONFIG_KIND_SIZE ? "size" : "number", (long long)o->least,
                    (long long)o->most);
    }
    *out = number * unit;
    return TRACK_OK;
}

static track_status flag_set(const struct config_option *o, const char *value, bool *out,
                             track_error *err)
{
    bool yes = strcmp(value, "yes") == 0, no = strcmp(value, "no") == 0;
    if (!yes && !no) {
        return FAIL(err, TRACK_INVALID, "%s is '%s', not yes or no", o->name, value);
    }
    *out = yes;
    return TRACK_OK;
}

static track_status list_add(const struct config_option *o, const char *value,
                             struct config_list *list, track_error *err)
{
    if (list->count == CONFIG_LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "%s is given more than %d times", o->name, CONFIG_LIST_MAX);
    }
    list->at[list->count++] = value;
    return TRACK_OK;
}

static track_status choice_check(const struct config_option *o, const char *value, track_error *err)
{
    char wanted[WORD_BYTES_MAX];
    int size = snprintf(wanted, sizeof(wanted), "|%s|", value);
    if (!o->choice || (size < WORD_BYTES_MAX && strstr(o->choice, wanted))) {
        return TRACK_OK;
    }
    return FAIL(err, TRACK_INVALID, "%s is '%s', not %s", o->name, value, o->argument);
}

/* "x/y/" and "/x/y" are both "/x/y"; "/" is "". */
static track_status base_path_set(const char *value, struct arena *arena, const char **out,
                                  track_error *err)
{
    static const char legal[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
    while (*value == '/') {
        value++;
    }
    size_t size = strlen(value);
    while (size > 0 && value[size - 1] == '/') {
        size--;
    }
    if (value[strspn(value, legal)] != '\0') {
        return FAIL(err, TRACK_INVALID, "base-path is '%s'; letters, digits and -._/ only", value);
    }
    char *text = ARENA_ARRAY(arena, char, size + 2);
    if (!text) {
        return FAIL(err, TRACK_NOMEM, "no room for the settings");
    }
    if (size > 0) {
        text[0] = '/';
        memcpy(text + 1, value, size);
    }
    *out = text;
    return TRACK_OK;
}

track_status config_value_set(struct config *config, const struct config_option *o,
                              const char *value, struct arena *arena, track_error *err)
{
    void *field = config_field(config, o);
    char *text = arena_text(arena, value, strlen(value));
    if (!text) {
        return FAIL(err, TRACK_NOMEM, "no room for the settings");
    }
    TRY(choice_check(o, value, err));
    if (field == &config->base_path) {
        return base_path_set(value, arena, &config->base_path, err);
    }
    switch (o->kind) {
    case CONFIG_KIND_LIST:
        return list_add(o, text, field, err);
    case CONFIG_KIND_FLAG:
        return flag_set(o, value, field, err);
    case CONFIG_KIND_COUNT:
    case CONFIG_KIND_SIZE:
        return number_set(o, value, field, err);
    case CONFIG_KIND_TEXT:
        break;
    }
    *(const char **)field = text;
    return TRACK_OK;
}

const char *config_option_near(const char *word)
{
    const char *names[CONFIG_OPTIONS_MAX] = {NULL};
    for (size_t i = 0; config_options[i].name; i++) {
        names[i] = config_options[i].name;
    }
    return name_find_near(word, names);
}

static void print_number(struct buf *out, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    buf_text(out, text);
}

void config_print(const struct config *config, struct buf *out)
{
    for (const struct config_option *o = config_options; o->name; o++) {
        const void *field = field_of(config, o);
        buf_text(out, o->name);
        buf_text(out, " = ");
        if (o->kind == CONFIG_KIND_LIST) {
            const struct config_list *list = field;
            for (size_t i = 0; i < list->count; i++) {
                buf_text(out, i ? "," : "");
                buf_text(out, list->at[i]);
            }
        } else if (o->kind == CONFIG_KIND_FLAG) {
            buf_text(out, *(const bool *)field ? "yes" : "no");
        } else if (o->kind == CONFIG_KIND_TEXT) {
            buf_text(out, *(const char *const *)field);
        } else {
            print_number(out, *(const int64_t *)field);
        }
        buf_text(out, "\n");
    }
}

void config_help(struct buf *out)
{
    buf_text(out, "usage: trackd [serve|check|version] [options]\n\n"
                  "  serve     answer requests (without a command)\n"
                  "  check     read everything that is stored and compare it with its hashes\n"
                  "  version   print the version\n\noptions, also keys of the settings file and "
                  "variables TRACKD_...:\n");
    for (const struct config_option *o = config_options; o->name; o++) {
        char line[200];
        bool no = o->kind == CONFIG_KIND_FLAG && strcmp(o->standard, "yes") == 0;
        (void)snprintf(line, sizeof(line), "  --%s%s%s%s\n        %s%s%s%s\n", no ? "no-" : "",
                       o->name, o->argument ? " " : "", o->argument ? o->argument : "", o->help,
                       o->argument && o->standard && *o->standard ? " [" : "",
                       o->argument && o->standard ? o->standard : "",
                       o->argument && o->standard && *o->standard ? "]" : "");
        buf_text(out, line);
    }
    buf_text(out, "  --config FILE\n        settings, one `name = value` a line\n"
                  "  --print-config\n        print the settings in force and end\n"
                  "  --help, --version\n");
}
