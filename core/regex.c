#include "regex.h"

#include "name.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

struct regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    struct arena *arena;
    unsigned char *mended; /* [REGEX_SUBJECT_BYTES_MAX], made when first needed */
    const char *names[REGEX_GROUP_COUNT_MAX + 1]; /* of groups, NULL where they have none */
    uint32_t group_count;
};

static void regex_free(void *data)
{
    struct regex *re = data;
    pcre2_match_context_free(re->limits);
    pcre2_match_data_free(re->match);
    pcre2_code_free(re->code);
}

/* What PCRE2 has no limit for is refused by the pattern's text. */
static track_status regex_check(struct bytes pattern, track_error *err)
{
    if (pattern.size == 0 || pattern.size > REGEX_PATTERN_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "a pattern of %zu bytes, must be 1 to %d", pattern.size,
                    REGEX_PATTERN_BYTES_MAX);
    }
    TRY(name_check_text(pattern, err));
    for (size_t i = 0; i + 2 < pattern.size; i++) {
        if (memcmp(pattern.at + i, "(?C", 3) == 0) {
            return FAIL(err, TRACK_INVALID, "a callout, (?C, at byte %zu of the pattern", i);
        }
    }
    return TRACK_OK;
}

static track_status regex_no_memory(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "no memory for a pattern");
}

static void context_free(pcre2_compile_context **c)
{
    pcre2_compile_context_free(*c);
}

static track_status regex_compile_code(struct regex *re, struct bytes pattern, track_error *err)
{
    const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    __attribute__((cleanup(context_free))) pcre2_compile_context *context =
        pcre2_compile_context_create(NULL);
    if (!context) {
        return regex_no_memory(err);
    }
    pcre2_set_parens_nest_limit(context, REGEX_PAREN_DEPTH_MAX);
    int why;
    PCRE2_SIZE at;
    re->code = pcre2_compile(pattern.at, pattern.size, options, &why, &at, context);
    if (!re->code && why == PCRE2_ERROR_HEAP_FAILED) {
        return regex_no_memory(err);
    }
    if (!re->code) {
        PCRE2_UCHAR text[160];
        pcre2_get_error_message(why, text, sizeof(text));
        return FAIL(err, TRACK_INVALID, "%s, at byte %zu of the pattern", (const char *)text, at);
    }
    return TRACK_OK;
}

/* The name table is rows of `row_size` bytes: number in two bytes, then the name. */
static void regex_fill_names(struct regex *re)
{
    uint32_t count = 0, row_size = 0;
    PCRE2_SPTR row = NULL;
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &row_size);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &row);
    for (; count > 0; count--, row += row_size) {
        unsigned n = (unsigned)row[0] << 8 | row[1];
        re->names[n] = (const char *)row + 2;
    }
}

track_status regex_compile(struct bytes pattern, struct arena *arena, struct regex **out,
                           track_error *err)
{
    TRY(regex_check(pattern, err));
    struct regex *re = ARENA_NEW(arena, struct regex);
    if (!re || !arena_defer(arena, regex_free, re)) {
        return regex_no_memory(err);
    }
    TRY(regex_compile_code(re, pattern, err));
    pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->group_count);
    if (re->group_count > REGEX_GROUP_COUNT_MAX) {
        return FAIL(err, TRACK_INVALID, "%u groups in the pattern, at most %d", re->group_count,
                    REGEX_GROUP_COUNT_MAX);
    }
    re->arena = arena;
    re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
    re->limits = pcre2_match_context_create(NULL);
    if (!re->match || !re->limits) {
        return regex_no_memory(err);
    }
    pcre2_set_match_limit(re->limits, REGEX_MATCH_STEPS_MAX);
    pcre2_set_depth_limit(re->limits, REGEX_MATCH_DEPTH_MAX);
    pcre2_set_heap_limit(re->limits, REGEX_HEAP_KIB_MAX);
    regex_fill_names(re);
    *out = re;
    return TRACK_OK;
}

unsigned regex_group_count(const struct regex *re)
{
    return re->group_count;
}

const char *regex_group_name(const struct regex *re, unsigned n)
{
    return n <= re->group_count ? re->names[n] : NULL;
}

/* Gives a copy of subject of the same size in which SUB stands for each byte that is not UTF-8. */
static track_status regex_mend(struct regex *re, struct bytes *subject, track_error *err)
{
    if (name_check_text(*subject, NULL) == TRACK_OK) {
        return TRACK_OK;
    }
    if (!re->mended) {
        re->mended = ARENA_ARRAY(re->arena, unsigned char, REGEX_SUBJECT_BYTES_MAX);
    }
    if (!re->mended) {
        return regex_no_memory(err);
    }
    for (size_t i = 0, size; i < subject->size; i += size) {
        size = name_char_size((struct bytes){subject->at + i, subject->size - i});
        if (size) {
            memcpy(re->mended + i, subject->at + i, size);
        } else {
            re->mended[i] = 0x1a;
            size = 1;
        }
    }
    subject->at = re->mended;
    return TRACK_OK;
}

static track_status regex_fail(int why, track_error *err)
{
    switch (why) {
    case PCRE2_ERROR_MATCHLIMIT:
        return FAIL(err, TRACK_INVALID, "pattern too expensive (match limit %d)",
                    REGEX_MATCH_STEPS_MAX);
    case PCRE2_ERROR_DEPTHLIMIT:
        return FAIL(err, TRACK_INVALID, "pattern too expensive (depth limit %d)",
                    REGEX_MATCH_DEPTH_MAX);
    case PCRE2_ERROR_HEAPLIMIT:
        return FAIL(err, TRACK_INVALID, "pattern too expensive (memory limit %d KiB)",
                    REGEX_HEAP_KIB_MAX);
    case PCRE2_ERROR_NOMEMORY:
        return regex_no_memory(err);
    default:
        return BROKEN(err, "PCRE2 ends with %d", why);
    }
}

/* Where the slice after the one from `start` begins: at a character. */
static size_t regex_next(struct bytes subject, size_t start)
{
    size_t next = start + REGEX_SLICE_BYTES;
    while (next < subject.size && (subject.at[next] & 0xc0) == 0x80) {
        next++;
    }
    return next;
}

static void regex_fill_groups(const struct regex *re, struct bytes subject, struct bytes *groups)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(re->match);
    for (uint32_t i = 0; i <= re->group_count; i++) {
        bool set = ends[2 * i] != PCRE2_UNSET && ends[2 * i] <= ends[2 * i + 1];
        groups[i] = set ? (struct bytes){subject.at + ends[2 * i], ends[2 * i + 1] - ends[2 * i]}
                        : (struct bytes){NULL, 0};
    }
}

track_status regex_search(struct regex *re, struct bytes subject, const struct regex_stop *stop,
                          struct bytes *groups, bool *found, track_error *err)
{
    if (subject.size > REGEX_SUBJECT_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu bytes to search, at most %d", subject.size,
                    REGEX_SUBJECT_BYTES_MAX);
    }
    struct bytes in = {subject.size ? subject.at : (const unsigned char *)"", subject.size};
    struct bytes sound = in;
    TRY(regex_mend(re, &sound, err));
    for (size_t start = 0, next; start <= sound.size; start = next) {
        if (start && stop && stop->ask(stop->data)) {
            return FAIL(err, TRACK_TIMEOUT, "the search was stopped at byte %zu of %zu", start,
                        sound.size);
        }
        next = regex_next(sound, start);
        pcre2_set_offset_limit(re->limits, next - 1);
        int count = pcre2_match(re->code, sound.at, sound.size, start, PCRE2_NO_UTF_CHECK,
                                re->match, re->limits);
        if (count < 0 && count != PCRE2_ERROR_NOMATCH) {
            return regex_fail(count, err);
        }
        *found = count > 0;
        if (*found && groups) {
            regex_fill_groups(re, in, groups);
        }
        if (*found) {
            break;
        }
    }
    return TRACK_OK;
}
