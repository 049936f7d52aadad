/* redact - takes secrets out of what is recorded.
 *
 * A secret becomes the text "<redacted>", never a hash: short ones can be guessed.
 * Uses: bytes.  Pure; any thread.
 */
#ifndef SDK_REDACT_H
#define SDK_REDACT_H
#include "../core/bytes.h"

#define REDACTED "<redacted>"

/* True if a variable or option with this name and value looks like a secret: the name says so
 * (password, secret, api key, access token ...), or the value has the form of one.  Numbers never
 * are.
 *
 * Tests: tests/sdk/test_redact.c, tests/e2e/test_sdk.py
 */
bool redact_is_secret(const char *name, const char *value);

/* Appends a URL without user and password: "https://user:word@host/x" as "https://host/x"; other
 * text as it is. */
void redact_put_url(struct buf *b, const char *url);

/* Appends one argument of a command, redacted where it is "name=secret" or follows a name that
 * calls for one; *changed is set then.
 *
 *   before  the argument before it, or NULL.
 */
void redact_put_argument(struct buf *b, const char *before, const char *argument, bool *changed);
#endif
