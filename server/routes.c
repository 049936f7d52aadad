#include "routes.h"

#include "api_about.h"

/* clang-format off */
const struct route routes[] = {
    /* about the server: no data, so any Host may ask */
    {"GET", "/health", api_health_get, NULL, RIGHT_NONE, BODY_NONE, 0, NULL, NULL},
    {"GET", "/healthz", api_health_get, NULL, RIGHT_NONE, BODY_NONE, 0, NULL, NULL},
    {"GET", "/version", api_version_get, NULL, RIGHT_NONE, BODY_NONE, 0, NULL, NULL},
    {"GET", "/api/v1/version", api_version_get, NULL, RIGHT_NONE, BODY_NONE, 0, NULL, NULL},
};
/* clang-format on */
const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
