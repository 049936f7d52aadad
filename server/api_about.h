/* api_about - whether trackd serves, and which trackd it is.
 *
 * Uses: render.
 */
#ifndef SERVER_API_ABOUT_H
#define SERVER_API_ABOUT_H
#include "route.h"

handler api_health_get;
handler api_version_get;
#endif
