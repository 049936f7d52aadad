/* config - what trackd was told: flags, environment, file, defaults.
 *
 * One table of options gives the command line, the keys of the file, the variables (TRACKD_ and the
 * name in capitals), the help text and --print-config.  A flag wins over a variable, a variable
 * over the file, the file over the default; a repeatable option is replaced as a whole. Uses:
 * arena, bytes, fail, inifile, log.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"
#include "log.h"

enum { CONFIG_LIST_MAX = 16 };

enum config_command {
    CONFIG_SERVE,
    CONFIG_CHECK,
    CONFIG_VERSION,
    CONFIG_HELP,
    CONFIG_PRINT /* the settings in force, as a file that --config reads */
};

/* Texts that an option may give several times. */
struct config_list {
    const char *at[CONFIG_LIST_MAX];
    size_t count;
};

struct config {
    enum config_command command;
    struct config_list listen; /* "ADDR:PORT" or "unix:PATH" */
    struct config_list hosts;  /* further names for Host and Origin, lower case */
    const char *data;          /* directory */
    const char *sync;          /* "full" or "normal" */
    const char *base_path;     /* "" or "/x/y", no slash at its end */
    const char *log_file;      /* "": standard error */
    const char *log_format;    /* "text" or "json" */
    const char *log_level;     /* "debug", "info", "warning" or "error" */
    bool behind_proxy;         /* X-Forwarded-* of loopback peers count */
    bool quick;                /* check: rows and sizes, no hashing */
    bool repair;               /* check: writes derived rows again */
    int64_t threads;           /* of HTTP, 2..64 */
    int64_t max_body_bytes;    /* largest JSON document, 64 KiB..1 GiB */
    int64_t free_min_bytes;    /* of the disk, for uploads; 0: max(1 GiB, 2 %) */
    bool seal;                 /* points leave the journal for packs */
    int64_t journal_max_bytes; /* that may wait for that */
    int64_t drain_s;           /* time for open requests at the end, 0..600 */
};

/* Reads everything.
 *
 *   argc, argv  of main.
 *   arena       holds the texts.
 *   out         set only on TRACK_OK.
 *
 * TRACK_INVALID    an unknown option, command, key or value out of range; err names it and where it
 *                  was found.
 * TRACK_NOT_FOUND  the file of --config is not there.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/server/test_config.c
 */
track_status config_read(int argc, char **argv, struct arena *arena, struct config *out,
                         track_error *err);

/* The settings as lines `name = value`, and the text of --help. */
void config_print(const struct config *config, struct buf *out);
void config_help(struct buf *out);

/* The level of log_level. */
enum log_level config_level(const struct config *config);
#endif
