#include "config.h"

#include "../core/inifile.h"
#include "config_value.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VARIABLE_BYTES_MAX = 64 };

/* Where a value came from; a later one wins. */
enum origin { FROM_DEFAULT, FROM_FILE, FROM_VARIABLE, FROM_FLAG };

struct reading {
    struct config *config;
    struct arena *arena;
    enum origin origin[CONFIG_OPTIONS_MAX]; /* of the value in force */
    const char *file;                       /* of --config, or NULL */
    bool print;
    bool help;
};

static const char *const commands[] = {
    [CONFIG_SERVE] = "serve", [CONFIG_CHECK] = "check", [CONFIG_VERSION] = "version"};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static track_status option_set(struct reading *in, const struct config_option *o, const char *value,
                               enum origin origin, track_error *err)
{
    enum origin *had = &in->origin[o - config_options];
    if (*had > origin) {
        return TRACK_OK;
    }
    if (*had < origin && o->kind == CONFIG_KIND_LIST) {
        *(struct config_list *)config_field(in->config, o) = (struct config_list){.count = 0};
    }
    *had = origin;
    return config_value_set(in->config, o, value, in->arena, err);
}

static const struct config_option *option_find(const char *name, size_t size)
{
    for (const struct config_option *o = config_options; o->name; o++) {
        if (strlen(o->name) == size && memcmp(o->name, name, size) == 0) {
            return o;
        }
    }
    return NULL;
}

static track_status read_defaults(struct reading *in, track_error *err)
{
    for (const struct config_option *o = config_options; o->name; o++) {
        if (o->standard) {
            TRY(option_set(in, o, o->standard, FROM_DEFAULT, err));
        }
    }
    const char *state = getenv("STATE_DIRECTORY"); /* of systemd */
    return state && *state ? option_set(in, option_find("data", 4), state, FROM_DEFAULT, err)
                           : TRACK_OK;
}

/* A list in a variable or a file is separated by commas. */
static track_status set_split(struct reading *in, const struct config_option *o, const char *value,
                              enum origin origin, track_error *err)
{
    while (o->kind == CONFIG_KIND_LIST && strchr(value, ',')) {
        size_t size = strcspn(value, ",");
        const char *part = arena_text(in->arena, value, size);
        if (!part) {
            return FAIL(err, TRACK_NOMEM, "no room for the settings");
        }
        TRY(option_set(in, o, part, origin, err));
        value += size + 1;
    }
    return option_set(in, o, value, origin, err);
}

static track_status read_variables(struct reading *in, track_error *err)
{
    for (const struct config_option *o = config_options; o->name; o++) {
        char name[VARIABLE_BYTES_MAX];
        int size = snprintf(name, sizeof(name), "TRACKD_%s", o->name);
        for (int i = 0; i < size; i++) {
            name[i] = (char)(name[i] == '-' ? '_' : toupper((unsigned char)name[i]));
        }
        const char *value = getenv(name);
        if (value && *value) {
            TRY(set_split(in, o, value, FROM_VARIABLE, err));
        }
    }
    return TRACK_OK;
}

static track_status read_key(void *data, const struct ini_entry *entry, track_error *err)
{
    struct reading *in = data;
    const struct config_option *o = option_find(entry->key, strlen(entry->key));
    if (!o || *entry->section) {
        return FAIL(err, TRACK_INVALID, "%s line %d: no setting is called '%s'", in->file,
                    entry->line, entry->key);
    }
    return set_split(in, o, entry->value, FROM_FILE, err);
}

static track_status read_file(struct reading *in, track_error *err)
{
    if (!in->file) {
        return TRACK_OK;
    }
    AUTO_BUF text = BUF(INI_BYTES_MAX + 1);
    int fd = open(in->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return FAIL(err, TRACK_NOT_FOUND, "cannot open the settings file '%s'", in->file);
    }
    char part[4096];
    for (ssize_t got; (got = read(fd, part, sizeof(part))) > 0;) {
        buf_put(&text, part, (size_t)got);
    }
    close(fd);
    struct bytes all;
    TRY(buf_end(&text, &all, err));
    return inifile_read(all, read_key, in, err);
}

static track_status flag_unknown(const char *word, track_error *err)
{
    const char *near = config_option_near(word);
    return FAIL(err, TRACK_INVALID, "no option is called '--%s'%s%s%s", word,
                near ? "; did you mean '--" : "", near ? near : "", near ? "'?" : "");
}

/* The option of "NAME" or, with *no, of "no-NAME" for a flag. */
static const struct config_option *option_of_word(const char *word, size_t size, bool *no)
{
    const struct config_option *o = option_find(word, size);
    *no = !o && size > 3 && memcmp(word, "no-", 3) == 0;
    o = *no ? option_find(word + 3, size - 3) : o;
    return o && *no && (o->kind != CONFIG_KIND_FLAG || word[size]) ? NULL : o;
}

/* `word` is what follows "--"; `next` may hold its value.  *used: 1, or 2 with next. */
static track_status read_flag(struct reading *in, const char *word, const char *next, int *used,
                              track_error *err)
{
    bool no;
    size_t size = strcspn(word, "=");
    const struct config_option *o = option_of_word(word, size, &no);
    bool file = size == 6 && memcmp(word, "config", 6) == 0;
    if (!o && !file) {
        return flag_unknown(word, err);
    }
    const char *value = word[size] == '=' ? word + size + 1 : NULL;
    *used = 1;
    if (!value && o && o->kind == CONFIG_KIND_FLAG) {
        value = no ? "no" : "yes";
    } else if (!value) {
        value = next;
        *used = 2;
    }
    if (!value) {
        return FAIL(err, TRACK_INVALID, "--%s needs a value", word);
    }
    if (file) {
        in->file = value;
        return TRACK_OK;
    }
    return option_set(in, o, value, FROM_FLAG, err);
}

static track_status read_command(struct reading *in, const char *word, track_error *err)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i], word) == 0) {
            in->config->command = (enum config_command)i;
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_INVALID, "no command is called '%s'; there are serve, check and version",
                word);
}

/* Options that take no value and are no settings; true if word was one. */
static bool read_special(struct reading *in, const char *word)
{
    if (strcmp(word, "--help") == 0) {
        in->config->command = CONFIG_HELP;
        in->help = true;
    } else if (strcmp(word, "--version") == 0) {
        in->config->command = CONFIG_VERSION;
    } else if (strcmp(word, "--print-config") == 0) {
        in->print = true;
    } else {
        return false;
    }
    return true;
}

static track_status read_flags(struct reading *in, int argc, char **argv, track_error *err)
{
    bool command = false;
    for (int i = 1, used = 1; i < argc; i += used) {
        used = 1;
        if (read_special(in, argv[i])) {
            continue;
        }
        if (strncmp(argv[i], "--", 2) == 0) {
            TRY(read_flag(in, argv[i] + 2, i + 1 < argc ? argv[i + 1] : NULL, &used, err));
        } else if (!command) {
            command = true;
            TRY(read_command(in, argv[i], err));
        } else {
            return FAIL(err, TRACK_INVALID, "'%s' is one word too many", argv[i]);
        }
    }
    return TRACK_OK;
}

track_status config_read(int argc, char **argv, struct arena *arena, struct config *out,
                         track_error *err)
{
    struct config config = {.command = CONFIG_SERVE};
    struct reading in = {.config = &config, .arena = arena};
    TRY(read_defaults(&in, err));
    TRY(read_flags(&in, argc, argv, err));
    TRY(read_variables(&in, err));
    TRY(read_file(&in, err));
    if (config.repair && config.quick) {
        return FAIL(err, TRACK_INVALID,
                    "--repair reads everything and --quick does not: give one of them");
    }
    if (in.print && !in.help) {
        config.command = CONFIG_PRINT;
    }
    *out = config;
    return TRACK_OK;
}

enum log_level config_level(const struct config *config)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    int level = LOG_ERROR;
    while (level > LOG_DEBUG && strcmp(names[level], config->log_level) != 0) {
        level--;
    }
    return (enum log_level)level;
}
