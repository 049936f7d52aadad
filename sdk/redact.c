#include "redact.h"

#include <ctype.h>
#include <string.h>

enum { REDACT_WORDS_MAX = 32, REDACT_WORD_BYTES = 24, REDACT_TOKEN_BYTES = 16 };

/* The words of a name, in lower case: "hfApiKey", "HF_API_KEY" and "--hf-api-key" have the same. */
struct redact_words {
    char at[REDACT_WORDS_MAX][REDACT_WORD_BYTES];
    size_t count;
};

static void redact_split(const char *name, struct redact_words *out)
{
    size_t size = 0;
    out->count = 0;
    for (const char *c = name; out->count < REDACT_WORDS_MAX; c++) {
        bool letter = isalnum((unsigned char)*c) != 0;
        bool hump = letter && size > 0 && c > name && isupper((unsigned char)*c) &&
                    islower((unsigned char)c[-1]);
        if ((!letter || hump) && size > 0) {
            out->at[out->count++][size] = '\0';
            size = 0;
        }
        if (letter && size < REDACT_WORD_BYTES - 1 && out->count < REDACT_WORDS_MAX) {
            out->at[out->count][size++] = (char)tolower((unsigned char)*c);
        }
        if (*c == '\0') {
            break;
        }
    }
}

static bool redact_among(const char *word, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(word, *list) == 0) {
            return true;
        }
    }
    return false;
}

static bool redact_name(const char *name, size_t value_size)
{
    static const char *const alone[] = {"password",   "passwd",     "pwd",         "secret",
                                        "secrets",    "credential", "credentials", "apikey",
                                        "passphrase", NULL};
    static const char *const keys[] = {"api", "access", "secret", "private", NULL};
    static const char *const tokens[] = {"access", "auth",    "api",    "hub",
                                         "hf",     "refresh", "bearer", NULL};
    struct redact_words words;
    redact_split(name, &words);
    if (words.count == 0) {
        return false;
    }
    const char *last = words.at[words.count - 1];
    const char *before = words.count > 1 ? words.at[words.count - 2] : "";
    return redact_among(last, alone) || (strcmp(last, "key") == 0 && redact_among(before, keys)) ||
           (strcmp(last, "token") == 0 &&
            (redact_among(before, tokens) || value_size >= REDACT_TOKEN_BYTES));
}

static bool redact_is_number(const char *value)
{
    return *value && strspn(value, "0123456789.+-eE_") == strlen(value);
}

/* Length of "user:word@" in a URL, from behind "://"; 0 if there is none. */
static size_t redact_user_size(const char *url, const char **from)
{
    const char *scheme = strstr(url, "://");
    if (!scheme) {
        return 0;
    }
    *from = scheme + 3;
    const char *end = *from + strcspn(*from, "/?# ");
    const char *at = memrchr(*from, '@', (size_t)(end - *from));
    return at ? (size_t)(at + 1 - *from) : 0;
}

static bool redact_value(const char *value)
{
    static const char *const forms[] = {"trk_",        "hf_",        "ghp_", "gho_", "ghs_",
                                        "sk-",         "AKIA",       "xox",  "eyJ",  "glpat-",
                                        "github_pat_", "-----BEGIN", NULL};
    const char *from = NULL;
    for (const char *const *f = forms; *f; f++) {
        if (strncmp(value, *f, strlen(*f)) == 0 && strlen(value) >= REDACT_TOKEN_BYTES) {
            return true;
        }
    }
    return redact_user_size(value, &from) > 0;
}

bool redact_is_secret(const char *name, const char *value)
{
    if (redact_is_number(value) || !*value) {
        return false;
    }
    return redact_name(name, strlen(value)) || redact_value(value);
}

void redact_put_url(struct buf *b, const char *url)
{
    const char *from = url;
    size_t user = redact_user_size(url, &from);
    if (user == 0) {
        buf_text(b, url);
        return;
    }
    buf_put(b, url, (size_t)(from - url));
    buf_text(b, from + user);
}

void redact_put_argument(struct buf *b, const char *before, const char *argument, bool *changed)
{
    const char *equals = strchr(argument, '=');
    char name[256] = "";
    if (equals && (size_t)(equals - argument) < sizeof(name)) {
        memcpy(name, argument, (size_t)(equals - argument));
        if (redact_is_secret(name, equals + 1)) {
            buf_put(b, argument, (size_t)(equals + 1 - argument));
            buf_text(b, REDACTED);
            *changed = true;
            return;
        }
    }
    bool option = before && before[0] == '-' && !strchr(before, '=') && argument[0] != '-';
    if ((option && redact_is_secret(before, argument)) || redact_value(argument)) {
        buf_text(b, REDACTED);
        *changed = true;
        return;
    }
    buf_text(b, argument);
}
