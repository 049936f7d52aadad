#include "filter_history.h"

#include "filter_operand.h"
#include "filter_value.h"

#include <string.h>

static bool word_is(const struct token *word, enum filter_func func)
{
    const char *name = filter_func_name(func);
    return word->text.size == strlen(name) && memcmp(word->text.at, name, word->text.size) == 0;
}

bool filter_is_history(const struct token *word)
{
    return word->kind == TOKEN_WORD && (word_is(word, FILTER_ANY) || word_is(word, FILTER_ALL));
}

static track_status take_test(struct scan *s, struct filter *term, track_error *err)
{
    struct token t = token_peek(s, false);
    struct filter_value *v;
    if (t.kind != TOKEN_OP || t.op > FILTER_GE) {
        return scan_fail(s, t.from, err, "expected = != < <= > or >= and a number: %s(KEY > 10)",
                         filter_func_name(term->operand.func));
    }
    token_take(s, &t);
    term->op = t.op;
    TRY(filter_take_value(s, FILTER_IS_NUMBER, &v, err));
    term->values = v;
    return TRACK_OK;
}

/* The steps, if they are given. */
static track_status take_steps(struct scan *s, struct filter_operand *operand, track_error *err)
{
    int64_t *const bounds[] = {&operand->step, &operand->step_to};
    struct token t = token_peek(s, false);
    for (size_t i = 0; i < 2 && t.kind == TOKEN_COMMA; i++) {
        token_take(s, &t);
        size_t offset = token_peek(s, true).from;
        TRY(filter_take_step(s, bounds[i], err));
        if (operand->step > operand->step_to) {
            return scan_fail(s, offset, err, "the last step lies before the first");
        }
        t = token_peek(s, false);
    }
    return TRACK_OK;
}

track_status filter_take_history(struct scan *s, struct filter *term, track_error *err)
{
    struct token word = token_peek(s, false);
    term->operand = (struct filter_operand){
        .field = FILTER_METRIC,
        .func = word_is(&word, FILTER_ALL) ? FILTER_ALL : FILTER_ANY,
        .step = INT64_MIN,
        .step_to = INT64_MAX,
    };
    s->at = word.to + 1;
    TRY(filter_take_key(s, &term->operand.key, err));
    TRY(take_test(s, term, err));
    TRY(take_steps(s, &term->operand, err));
    struct token t = token_peek(s, false);
    if (t.kind != TOKEN_CLOSE) {
        return scan_fail(s, t.from, err, "expected ), or a comma and a step");
    }
    token_take(s, &t);
    return TRACK_OK;
}
