/* page_asset - files of the bundle: scripts, styles, icons.
 *
 * Their names carry a hash of the content, so a browser may keep them for ever.
 * Uses: assets.
 */
#ifndef SERVER_PAGE_ASSET_H
#define SERVER_PAGE_ASSET_H
#include "route.h"

handler page_asset; /* /assets/:name, in the smallest form that the browser takes */
#endif
