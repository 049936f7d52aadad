/* config_value - the table of options, and one value of it.
 *
 * Uses: config.
 */
#ifndef SERVER_CONFIG_VALUE_H
#define SERVER_CONFIG_VALUE_H
#include "config.h"

enum { CONFIG_OPTIONS_MAX = 24 };

enum config_kind {
    CONFIG_KIND_TEXT,
    CONFIG_KIND_LIST,
    CONFIG_KIND_FLAG,  /* yes or no */
    CONFIG_KIND_COUNT, /* a whole number */
    CONFIG_KIND_SIZE   /* bytes: 65536, 64KiB, 32MiB, 1GiB */
};

struct config_option {
    const char *name;
    enum config_kind kind;
    size_t offset;        /* of its field in struct config */
    const char *standard; /* the default, or NULL */
    const char *argument; /* in the help */
    const char *help;
    const char *choice;  /* "|full|normal|": the only values; NULL: any */
    int64_t least, most; /* of COUNT and SIZE */
};

/* Ends with a row whose name is NULL. */
extern const struct config_option config_options[];

/* Where the option's value is kept. */
void *config_field(struct config *config, const struct config_option *o);

/* Sets one value, or adds it to a list.
 *
 * TRACK_INVALID  not a value of this option; err says which ones are.
 * TRACK_NOMEM    the arena's limit.
 */
track_status config_value_set(struct config *config, const struct config_option *o,
                              const char *value, struct arena *arena, track_error *err);

/* The option whose name differs least from `word`, if it differs in at most two letters; or NULL.
 */
const char *config_option_near(const char *word);
#endif
