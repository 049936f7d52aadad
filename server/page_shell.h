/* page_shell - the HTML page of every address of the web interface.
 *
 * shell.html of the bundle with two places filled: {{base}}, the way to the root ("./", "../",
 * ...), so that pages work below any prefix; and {{boot}}, JSON of what the page would ask first:
 *
 *     {"version": "0.1.0", "have": {"projects?limit=1000": {...}}}
 *
 * The names in `have` are paths below /api/v1/, the values what they answer.  Without a bundle
 * (WEB=none) its index.html is sent as it is.
 * Uses: assets, render, store.
 */
#ifndef SERVER_PAGE_SHELL_H
#define SERVER_PAGE_SHELL_H
#include "route.h"

handler page_home;    /* /          have: projects?limit=1000 */
handler page_trash;   /* /trash     have: nothing */
handler page_project; /* /p/:project          have: projects/REF; 404 where there is none */
handler page_run;     /* /p/:project/r/:run and below  have: projects/REF, runs/ID; likewise */

/* Any other address, for a person: the page says that there is nothing; 404. */
handler page_missing;

/* Appends JSON as it may stand inside a script element: '<', U+2028 and U+2029 escaped.
 *
 * Tests: tests/server/test_page.c
 */
void page_escape(struct bytes json, struct buf *out);
#endif
