/* Shows how a filter falls into words.
 * How: one text with a token of each kind; a word with and without what only values hold. */
#include "../../core/filter_token.h"
#include "../harness.h"

#include <string.h>

static struct scan scan_of(const char *text, struct arena *a)
{
    return (struct scan){.text = {(const unsigned char *)text, strlen(text)}, .arena = a};
}

TEST(filter_token, tells_every_kind)
{
    static const enum token_kind kinds[] = {
        TOKEN_WORD, TOKEN_OP,    TOKEN_QUOTED, TOKEN_MINUS, TOKEN_OPEN, TOKEN_NAME,
        TOKEN_OP,   TOKEN_COMMA, TOKEN_CLOSE,  TOKEN_NAME,  TOKEN_OP,   TOKEN_OP,
        TOKEN_OP,   TOKEN_BAD,   TOKEN_BAD,    TOKEN_END,   TOKEN_END,
    };
    struct scan s = scan_of("a/b-c.d[0]>='x''y' -(\"q\" !=,)`n`!~<>:!{", NULL);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct token t = token_peek(&s, false);
        CHECK_INT(t.kind, kinds[i]);
        token_take(&s, &t);
    }
}

TEST(filter_token, takes_more_into_a_word_where_a_value_stands)
{
    struct scan s = scan_of("-12:30 x", NULL);
    struct token t = token_peek(&s, true);
    CHECK(t.kind == TOKEN_WORD && t.from == 0 && t.to == 6);
    t = token_peek(&s, false);
    CHECK(t.kind == TOKEN_MINUS && t.to == 1);
    token_take(&s, &t);
    t = token_peek(&s, false);
    CHECK(t.kind == TOKEN_WORD && t.to == 3);
}

TEST(filter_token, undoes_doubled_quotes)
{
    AUTO_ARENA a = ARENA(1 << 16);
    struct scan s = scan_of("'it''s \"\"' \"a\"\"b'\" `` '''' 'open", &a);
    static const char *const texts[] = {"it's \"\"", "a\"b'", "", "'"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct token t = token_peek(&s, false);
        CHECK(strcmp(token_text(&s, &t), texts[i]) == 0);
        token_take(&s, &t);
    }
    CHECK(token_peek(&s, false).kind == TOKEN_BAD);
}

TEST(filter_token, knows_keywords_in_any_case)
{
    struct scan s = scan_of("aNd", NULL);
    struct token t = token_peek(&s, false);
    CHECK(token_is(&t, "AND") && !token_is(&t, "OR") && !token_is(&t, "ANDY"));
    s = scan_of("'AND'", NULL);
    t = token_peek(&s, false);
    CHECK(!token_is(&t, "AND"));
}
