/* Shows what a settings file may hold and which line is named when it may not.
 * How: small texts, each limit at the limit and one beyond. */
#include "../../core/inifile.h"
#include "../fault.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

/* Entries as one text: "section.key=value@line;" */
struct seen {
    char text[2048];
};

static track_status see(void *data, const struct ini_entry *e, track_error *err)
{
    struct seen *seen = data;
    size_t end = strlen(seen->text);
    if (strcmp(e->key, "bad") == 0) {
        return FAIL(err, TRACK_CONFLICT, "line %d: bad", e->line);
    }
    snprintf(seen->text + end, sizeof(seen->text) - end, "%s.%s=%s@%d;", e->section, e->key,
             e->value, e->line);
    return TRACK_OK;
}

static track_status read_text(const char *text, struct seen *seen, track_error *err)
{
    seen->text[0] = 0;
    return inifile_read((struct bytes){(const unsigned char *)text, strlen(text)}, see, seen, err);
}

TEST(inifile, reads_sections_entries_and_comments)
{
    struct seen seen;
    CHECK(read_text("\xef\xbb\xbfurl = http://h:1/a=b\r\n\n# note\n; note\n[s \xc3\xa9]\n"
                    "  key: a b  ; rest\n\tempty=\nhash = #1;2",
                    &seen, NULL) == TRACK_OK);
    CHECK(strcmp(seen.text, ".url=http://h:1/a=b@1;s \xc3\xa9.key=a b@6;s \xc3\xa9.empty=@7;"
                            "s \xc3\xa9.hash=#1;2@8;") == 0);
    CHECK(inifile_read((struct bytes){NULL, 0}, see, &seen, NULL) == TRACK_OK);
}

TEST(inifile, names_the_line_it_refuses)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"a=1\nnonsense\n", "line 2: must be key = value, [section] or # comment"},
        {"[open\na=1", "line 1: must be key = value, [section] or # comment"},
        {"a=1\n\n = 2", "line 3: nothing before the ="},
        {"a=\xff", "byte 0xff at 2 is not UTF-8"},
    };
    struct seen seen;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        track_error err = {0};
        CHECK(read_text(rows[i].text, &seen, &err) == TRACK_INVALID);
        CHECK(strcmp(err.message, rows[i].message) == 0);
    }
    CHECK(inifile_read((struct bytes){(const unsigned char *)"a=\0", 3}, see, &seen, NULL) ==
          TRACK_INVALID);
}

TEST(inifile, ends_with_the_first_refusal_of_the_caller)
{
    struct seen seen;
    track_error err = {0};
    CHECK(read_text("a=1\nbad=2\nb=3\nbad=4", &seen, &err) == TRACK_CONFLICT);
    CHECK(strcmp(err.message, "line 2: bad") == 0 && strcmp(seen.text, ".a=1@1;") == 0);
}

TEST(inifile, keeps_its_limits)
{
    char text[INI_BYTES_MAX + 2];
    struct seen seen;
    memset(text, 'x', sizeof(text));
    memcpy(text, "k=", 2);
    for (size_t size = INI_LINE_BYTES_MAX; size <= INI_LINE_BYTES_MAX + 1; size++) {
        text[size] = 0;
        CHECK(read_text(text, &seen, NULL) ==
              (size <= INI_LINE_BYTES_MAX ? TRACK_OK : TRACK_INVALID));
        text[size] = 'x';
    }
    for (int size = INI_SECTION_BYTES_MAX; size <= INI_SECTION_BYTES_MAX + 1; size++) {
        snprintf(text, sizeof(text), "[%.*s]\nk=v", size,
                 "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssss");
        CHECK(read_text(text, &seen, NULL) ==
              (size <= INI_SECTION_BYTES_MAX ? TRACK_OK : TRACK_INVALID));
    }
    memset(text, '\n', sizeof(text));
    for (size_t size = INI_BYTES_MAX; size <= INI_BYTES_MAX + 1; size++) {
        struct bytes all = {(unsigned char *)text, size};
        CHECK(inifile_read(all, see, &seen, NULL) ==
              (size <= INI_BYTES_MAX ? TRACK_OK : TRACK_TOO_LARGE));
    }
}
