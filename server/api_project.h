/* api_project - projects: list, make, get, note.
 *
 * Uses: api_parse, render, store.
 */
#ifndef SERVER_API_PROJECT_H
#define SERVER_API_PROJECT_H
#include "route.h"

handler api_project_list;
handler api_project_create;
handler api_project_get;
handler api_project_update;
finisher api_project_done;
#endif
