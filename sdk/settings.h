/* settings - where to log to, and where that was said.
 *
 * Option > environment > project file > user file > default.  The project file, .track/config, is
 * looked for upwards from the working directory, up to the repository's root, $HOME or a mount
 * point.  It may come with somebody's repository, so it can set only what harms nobody: not the
 * spool, from which files are sent, and not which variables are recorded.
 * Uses: arena, inifile, name.  settings_read is to be called by one thread at a time, as getenv is.
 */
#ifndef SDK_SETTINGS_H
#define SDK_SETTINGS_H
#include "../core/arena.h"
#include "../core/bytes.h"

enum setting {
    SETTING_URL,
    SETTING_PROJECT,
    SETTING_SPOOL,
    SETTING_MODE,
    SETTING_TIMEOUT,
    SETTING_QUIET,
    SETTING_COST_CENTER,
    SETTING_UNTRACKED_MAX,
    SETTING_TOTAL_MAX,
    SETTING_ENV_ALLOW,
    SETTING_COUNT
};

enum settings_mode { MODE_ONLINE, MODE_OFFLINE, MODE_OFF };

/* Texts lie in arena or belong to the library. */
struct settings {
    struct arena arena;
    const char *value[SETTING_COUNT];
    const char *origin[SETTING_COUNT]; /* "option", "environment", path of a file, "default" */
    const char *url;                   /* without a slash at its end */
    enum settings_mode mode;
    int64_t timeout_ms;
    uint64_t untracked_max, total_max; /* bytes */
    bool quiet;
};

/* Reads them all.
 *
 *   options  [SETTING_COUNT], NULL where not given.
 *   out      zeroed; settings_release also after a failure.
 *
 * TRACK_INVALID  a value is not what it should be, or stands where it may not; err names origin and
 *                key.
 * TRACK_IO       a file is there but cannot be read.
 * TRACK_NOMEM
 *
 * Tests: tests/sdk/test_settings.c, tests/e2e/test_sdk.py
 */
track_status settings_read(const char *const *options, struct settings *out, track_error *err);
void settings_release(struct settings *s);

/* Name of a setting, and of its variable ("" if it has none). */
const char *settings_name(enum setting which);
const char *settings_variable_name(enum setting which);

/* Value of an environment variable, NULL if it is not set or empty. */
const char *settings_variable(const char *name);
#endif
