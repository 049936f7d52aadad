/* store_text - checks of what people write: lines, notes, words.
 *
 * Uses: bytes, fail, name.  Pure; any thread.
 */
#ifndef SERVER_STORE_TEXT_H
#define SERVER_STORE_TEXT_H
#include "../core/bytes.h"
#include "../core/fail.h"

struct bytes text_bytes(const char *text);

/* Each takes a text that may be NULL, which is fine, and names `what` it is in messages.
 *
 * TRACK_INVALID  more than max bytes, not UTF-8, or bytes that do not belong there. */
track_status text_check_line(const char *what, const char *text, size_t max, track_error *err);
track_status text_check_note(const char *what, const char *text, size_t max, track_error *err);
track_status text_check_word(const char *what, const char *text, track_error *err); /* [a-z0-9_-] */
track_status text_check_one(const char *what, const char *text,
                            const char *const *words, /* NULL: end */
                            track_error *err);
track_status text_check_key(const char *what, const char *text, track_error *err); /* not NULL */
#endif
