/* What is a secret and what only looks like one. */
#include "../../sdk/redact.h"
#include "../harness.h"

#include <string.h>

#define LONG "0123456789abcdefXYZ"

TEST(redact, knows_secrets_by_their_name)
{
    static const char *const names[] = {
        "PASSWORD",    "db_password",    "dbPassword", "MY_SECRET",     "aws-secret",
        "credentials", "GIT_CREDENTIAL", "apikey",     "API_KEY",       "apiKey",
        "x-api-key",   "ACCESS_KEY",     "SECRET_KEY", "private_key",   "ACCESS_TOKEN",
        "auth-token",  "API_TOKEN",      "hub_token",  "HF_TOKEN",      "REFRESH_TOKEN",
        "bearerToken", "TOKEN",          "--api-key",  "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY",
        "passphrase"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!redact_is_secret(names[i], LONG)) {
            test_fail(__FILE__, __LINE__, "%s is no secret", names[i]);
            return;
        }
    }
}

TEST(redact, knows_secrets_by_their_value)
{
    CHECK(redact_is_secret("x", "hf_" LONG));
    CHECK(redact_is_secret("x", "ghp_" LONG));
    CHECK(redact_is_secret("x", "AKIA" LONG));
    CHECK(redact_is_secret("x", "sk-" LONG));
    CHECK(redact_is_secret("x", "https://user:word@host/path"));
    CHECK(!redact_is_secret("x", "https://host/path@2x"));
    CHECK(!redact_is_secret("x", "sk-short"));
}

TEST(redact, leaves_what_only_looks_like_one)
{
    static const char *const names[] = {"max_tokens",          "pad_token", "tokenizer", "author",
                                        "num_key_value_heads", "keyboard",  "secretary", "passage"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        CHECK(!redact_is_secret(names[i], "<pad>"));
    }
    CHECK(!redact_is_secret("API_KEY", "12345"));
    CHECK(!redact_is_secret("password", "1e-4"));
    CHECK(!redact_is_secret("password", ""));
}

static bool argument_is(const char *before, const char *argument, const char *want)
{
    AUTO_BUF b = BUF(4096);
    bool changed = false;
    redact_put_argument(&b, before, argument, &changed);
    return b.size == strlen(want) && memcmp(b.at, want, b.size) == 0 &&
           changed == (strcmp(argument, want) != 0);
}

TEST(redact, takes_secrets_out_of_a_command)
{
    CHECK(argument_is(NULL, "train.py", "train.py"));
    CHECK(argument_is("--lr", "3e-4", "3e-4"));
    CHECK(argument_is("--api-key", LONG, "<redacted>"));
    CHECK(argument_is("x", "--api-key=" LONG, "--api-key=<redacted>"));
    CHECK(argument_is("x", "hf_" LONG, "<redacted>"));
    CHECK(argument_is("--password", "--verbose", "--verbose"));
    CHECK(argument_is("-v", "name=value", "name=value"));
}

static bool url_is(const char *url, const char *want)
{
    AUTO_BUF b = BUF(4096);
    redact_put_url(&b, url);
    return b.size == strlen(want) && memcmp(b.at, want, b.size) == 0;
}

TEST(redact, takes_user_and_password_out_of_a_url)
{
    CHECK(url_is("https://me:word@host/x.git", "https://host/x.git"));
    CHECK(url_is("https://token@host/x@y", "https://host/x@y"));
    CHECK(url_is("https://a:b@c@host/x", "https://host/x"));
    CHECK(url_is("git@host:x.git", "git@host:x.git"));
    CHECK(url_is("/srv/x.git", "/srv/x.git"));
}
