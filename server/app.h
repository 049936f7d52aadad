/* app - what is opened; handed to every handler.
 *
 * Filled by main.c before the first request and not changed after that.
 * Uses: config, log, stats, store, live, tail, seal.
 */
#ifndef SERVER_APP_H
#define SERVER_APP_H
#include "config.h"
#include "live.h"
#include "log.h"
#include "route.h"
#include "seal.h"
#include "stats.h"
#include "store.h"
#include "tail.h"

struct app {
    const struct config *config;
    struct log *log;
    struct stats *stats;
    struct store *store;
    struct live *live;
    struct tail *tail;
    struct seal *seal;          /* NULL: nothing is sealed */
    const struct route *routes; /* [routes_count], checked */
    size_t routes_count;
    int64_t started_us;
};
#endif
