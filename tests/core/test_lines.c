/* Shows where lines of console output end, and what is left of a progress bar.
 * How: bytes in pieces of every size into a sink that writes down what it gets. */
#include "../../core/lines.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

/* Text of all that came: "line|". */
struct seen {
    char text[4096];
    size_t size, longest;
    int lines;
};

static unsigned char room[LINES_BYTES_MAX];

static void see(void *data, struct bytes text)
{
    struct seen *s = data;
    size_t size = text.size < 100 ? text.size : 100; /* tests see few lines */
    CHECK(s->size + size + 2 <= sizeof(s->text));
    memcpy(s->text + s->size, text.at, size);
    s->size += size;
    s->text[s->size++] = '|';
    s->text[s->size] = '\0';
    s->lines++;
    s->longest = text.size > s->longest ? text.size : s->longest;
}

static void add(struct lines *l, const char *text, int64_t now_us)
{
    lines_add(l, (struct bytes){(const unsigned char *)text, strlen(text)}, now_us);
}

TEST(lines, end_at_newlines_however_they_come)
{
    static const char text[] = "one\n\ntwo\r\nthree";
    for (size_t piece = 1; piece <= sizeof(text); piece++) {
        struct seen seen = {0};
        struct lines l = {.text = room, .sink = see, .data = &seen};
        for (size_t i = 0; i < sizeof(text) - 1; i += piece) {
            char part[32] = "";
            snprintf(part, sizeof(part), "%.*s", (int)piece, text + i);
            add(&l, part, 0);
        }
        CHECK_INT(l.pending, 5);
        lines_end(&l);
        CHECK(strcmp(seen.text, "one||two|three|") == 0);
        CHECK_INT(l.pending, 0);
    }
}

TEST(lines, collapse_what_is_rewritten)
{
    struct seen seen = {0};
    struct lines l = {.text = room, .sink = see, .data = &seen};
    for (int i = 0; i < 100; i++) { /* ten texts a second */
        char text[16];
        snprintf(text, sizeof(text), "\r%d%%", i);
        add(&l, text, 5000000 + i * 100000);
    }
    CHECK_INT(l.pending, 3);
    add(&l, "\rdone\n", 15000000);
    CHECK(strcmp(seen.text, "0%|10%|20%|30%|40%|50%|60%|70%|80%|90%|done|") == 0);
}

TEST(lines, keep_all_of_it_when_raw)
{
    struct seen seen = {0};
    struct lines l = {.text = room, .sink = see, .data = &seen, .raw = true};
    add(&l, "a\rb\rc\n", 0);
    CHECK(strcmp(seen.text, "a|b|c|") == 0);
}

TEST(lines, survive_a_flood)
{
    struct seen seen = {0};
    struct lines l = {.text = room, .sink = see, .data = &seen};
    for (int i = 0; i < 100000; i++) {
        add(&l, "\r\r\rx", 5000000);
    }
    lines_end(&l);
    CHECK_INT(seen.lines, 2); /* the first of that second, and the last */
}

TEST(lines, are_cut_where_they_do_not_end)
{
    static unsigned char text[LINES_BYTES_MAX + 1];
    struct seen seen = {0};
    struct lines l = {.text = room, .sink = see, .data = &seen};
    memset(text, 'x', sizeof(text));
    lines_add(&l, (struct bytes){text, LINES_BYTES_MAX}, 0);
    add(&l, "\n", 0);
    CHECK(seen.lines == 1 && seen.longest == LINES_BYTES_MAX);
    lines_add(&l, (struct bytes){text, sizeof(text)}, 0);
    CHECK_INT(l.pending, 1);
    add(&l, "\n", 0);
    CHECK_INT(seen.lines, 3);
}
