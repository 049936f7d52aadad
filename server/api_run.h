/* api_run - runs and their life: make, get, change, rewind, finish, receipt.
 *
 * Uses: api_parse, api_facts, render, store.
 */
#ifndef SERVER_API_RUN_H
#define SERVER_API_RUN_H
#include "route.h"

handler api_run_create;
finisher api_run_created;
handler api_run_get;
handler api_resolve_get;
handler api_run_update;
handler api_run_delete;
handler api_run_restore;
handler api_run_stop;
handler api_run_reopen;
finisher api_run_changed;
handler api_run_rewind;
finisher api_run_rewound;
handler api_run_finish;
finisher api_run_finished;
handler api_run_receipt;
#endif
