/* Shows that a file that somebody appends to becomes lines once, also over the death of the reader.
 */
#include "../../sdk/console_tail.h"
#include "../harness.h"
#include "folder.h"

#include <sys/stat.h>

struct seen {
    char text[256]; /* "line|" of the short ones */
    size_t lines;
};

static void see(void *data, struct bytes text)
{
    struct seen *s = data;
    size_t size = strlen(s->text);
    s->lines++;
    if (text.size + size + 2 < sizeof(s->text)) {
        snprintf(s->text + size, sizeof(s->text) - size, "%.*s|", (int)text.size, text.at);
    }
}

static void append(struct console_tail *t, const char *text)
{
    console_tail_append(t, (struct bytes){(const unsigned char *)text, strlen(text)});
}

/* A tail that is closed; it is too large for the stack. */
static struct console_tail *make(void)
{
    static struct console_tail t;
    t = (struct console_tail){.fd = -1, .at_fd = -1};
    return &t;
}

static bool is_there(const struct folder *f, const char *name)
{
    return faccessat(f->dir, name, F_OK, 0) == 0;
}

TEST(console_tail, makes_each_line_once)
{
    AUTO_FOLDER f = {.dir = -1};
    struct seen seen = {.lines = 0};
    struct console_tail *t = make();
    CHECK(folder_make(&f));
    CHECK(console_tail_make(t, f.dir, 0, see, &seen, NULL) == TRACK_OK);
    append(t, "one\ntw");
    console_tail_take(t, false, 0);
    console_tail_take(t, false, 0);
    append(t, "o\nrest");
    console_tail_take(t, false, 0);
    CHECK(strcmp(seen.text, "one|two|") == 0);
    console_tail_end(t, f.dir);
    CHECK(strcmp(seen.text, "one|two|rest|") == 0);
    CHECK(!is_there(&f, "console0") && !is_there(&f, "console0.at"));
}

TEST(console_tail, goes_on_where_a_killed_process_was)
{
    AUTO_FOLDER f = {.dir = -1};
    struct seen seen = {.lines = 0};
    struct console_tail *t = make();
    CHECK(folder_make(&f));
    CHECK(console_tail_open(t, f.dir, 1, see, &seen, NULL) == TRACK_NOT_FOUND);
    CHECK(console_tail_make(t, f.dir, 1, see, &seen, NULL) == TRACK_OK);
    append(t, "one\ntwo\nthr");
    console_tail_take(t, false, 0);
    append(t, "ee\nfour");
    console_tail_close(t);
    CHECK(strcmp(seen.text, "one|two|") == 0);
    memset(t, 0, sizeof(*t));
    CHECK(console_tail_open(t, f.dir, 1, see, &seen, NULL) == TRACK_OK);
    console_tail_take(t, false, 0);
    console_tail_end(t, f.dir);
    CHECK(strcmp(seen.text, "one|two|three|four|") == 0);
    CHECK(console_tail_open(t, f.dir, 1, see, &seen, NULL) == TRACK_NOT_FOUND);
}

TEST(console_tail, says_what_it_skipped)
{
    AUTO_FOLDER f = {.dir = -1};
    struct seen seen = {.lines = 0};
    struct console_tail *t = make();
    CHECK(folder_make(&f));
    CHECK(console_tail_make(t, f.dir, 0, see, &seen, NULL) == TRACK_OK);
    append(t, "one\nlost\nlo");
    console_tail_take(t, true, 0);
    append(t, "st\ntwo\n");
    console_tail_take(t, false, 0);
    CHECK(strcmp(seen.text, "track: 14 bytes of output were not recorded|two|") == 0);
    append(t, "more");
    console_tail_take(t, true, 0);
    seen.text[0] = '\0';
    console_tail_end(t, f.dir);
    CHECK(strcmp(seen.text, "track: 4 bytes of output were not recorded|") == 0);
}

TEST(console_tail, gives_back_what_was_read)
{
    AUTO_FOLDER f = {.dir = -1};
    struct seen seen = {.lines = 0};
    struct console_tail *t = make();
    static char block[64 << 10];
    struct stat st;
    CHECK(folder_make(&f));
    CHECK(console_tail_make(t, f.dir, 0, see, &seen, NULL) == TRACK_OK);
    memset(block, 'x', sizeof(block) - 1);
    block[100] = block[sizeof(block) - 2] = '\n';
    for (int i = 0; i < 256; i++) { /* 16 MiB */
        append(t, block);
        console_tail_take(t, false, 0);
    }
    CHECK_INT(seen.lines, 512);
    CHECK(fstat(t->fd, &st) == 0 && st.st_blocks * 512 < 4 << 20);
    console_tail_end(t, f.dir);
}
