/* db_like - LIKE with the same meaning on every engine.
 *
 * Uses: bytes.  Pure; any thread.
 */
#ifndef SERVER_DB_LIKE_H
#define SERVER_DB_LIKE_H
#include "../core/bytes.h"

/* True if text is like pattern: % stands for any characters, _ for one, a backslash makes the next
 * character stand for itself.
 *
 *   text, pattern  UTF-8.
 *   fold           true: A-Z equal a-z; no other letters are folded.
 *
 * Cost:  at most text.size x pattern.size steps.
 * Tests: tests/server/test_db.c
 */
bool db_like(struct bytes text, struct bytes pattern, bool fold);
#endif
