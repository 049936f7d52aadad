/* Shows that files name bytes that are there, that paths are what they seem, and that an input is
 * one thing however many runs used it.
 * How: a real store with small blobs. */
#include "../../server/store_file.h"

#include "../../server/store_blob.h"
#include "../harness.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>

/* Stores a text as a blob; its digest. */
static struct bytes blob(struct fixture *f, const char *text)
{
    struct bytes in = {(const unsigned char *)text, strlen(text)}, none = {NULL, 0};
    struct digest *d = ARENA_NEW(&f->arena, struct digest);
    return fixture_upload(f, in, false, d) == TRACK_OK ? (struct bytes){d->at, sizeof(d->at)}
                                                       : none;
}

static track_status name(struct fixture *f, const char *path, struct bytes digest)
{
    struct run_file file = {.path = path, .digest = digest, .media = "text/plain"};
    struct file_put call = {.run = RUN_A, .files = &file, .count = 1, .now_us = NOW_US};
    call.ticket.arena = &f->arena;
    return fixture_wait(f, store_file_put(f->store, &call, &f->err), &call.ticket);
}

static bool put(struct fixture *f)
{
    struct run_put a, b;
    return fixture_put(f, RUN_A, "vision", &a) == TRACK_OK &&
           fixture_put(f, RUN_B, "vision", &b) == TRACK_OK;
}

TEST(store_file, names_bytes_that_are_there)
{
    FIXTURE(f);
    struct run_file file;
    struct bytes digest = blob(&f, "weights"),
                 absent = {(const unsigned char *)"0123456789abcdef0123456789abcdef", 32};
    CHECK(digest.at && put(&f));
    CHECK_INT(name(&f, "out/model 🙂.bin", digest), TRACK_OK);
    CHECK_INT(name(&f, "other", absent), TRACK_CONFLICT);
    CHECK(strstr(f.err.message, "send the blob first"));
    CHECK_INT(name(&f, "other", (struct bytes){absent.at, 31}), TRACK_INVALID);
    CHECK_INT(store_file_get(f.store, RUN_A, "out/model 🙂.bin", &f.arena, &file, &f.err),
              TRACK_OK);
    CHECK(file.size == 7 && file.at_us == NOW_US && strcmp(file.media, "text/plain") == 0);
    CHECK(memcmp(file.digest.at, digest.at, 32) == 0);
    CHECK_INT(store_file_get(f.store, RUN_A, "nope", &f.arena, &file, &f.err), TRACK_NOT_FOUND);
    CHECK_INT(store_file_get(f.store, RUN_B, "out/model 🙂.bin", &f.arena, &file, &f.err),
              TRACK_NOT_FOUND);
    digest = blob(&f, "newer weights");
    CHECK_INT(name(&f, "out/model 🙂.bin", digest), TRACK_OK);
    CHECK_INT(store_file_get(f.store, RUN_A, "out/model 🙂.bin", &f.arena, &file, &f.err),
              TRACK_OK);
    CHECK_INT(file.size, 13);
}

TEST(store_file, refuses_paths_that_lead_elsewhere)
{
    FIXTURE(f);
    struct bytes digest = blob(&f, "x");
    char path[FILE_PATH_BYTES_MAX + 2];
    static const char *const bad[] = {"",     "/a",       "a/",           "a//b", ".",
                                      "..",   "a/../b",   "a/./b",        "a\\b", "a\nb",
                                      "\xff", "a/\x7f/b", "../etc/passwd"};
    CHECK(digest.at && put(&f));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(name(&f, bad[i], digest), TRACK_INVALID);
    }
    CHECK_INT(name(&f, "..a/.b/c..", digest), TRACK_OK);
    memset(path, 'p', sizeof(path));
    path[FILE_SEGMENT_BYTES_MAX + 1] = '\0';
    CHECK_INT(name(&f, path, digest), TRACK_INVALID);
    path[FILE_SEGMENT_BYTES_MAX] = '\0';
    CHECK_INT(name(&f, path, digest), TRACK_OK);
    for (size_t i = 0; i < sizeof(path); i++) {
        path[i] = i % 200 == 199 ? '/' : 'q';
    }
    path[FILE_PATH_BYTES_MAX + 1] = '\0';
    CHECK_INT(name(&f, path, digest), TRACK_INVALID);
    path[FILE_PATH_BYTES_MAX] = '\0';
    CHECK_INT(name(&f, path, digest), TRACK_OK);
}

TEST(store_file, lets_no_path_be_file_and_folder)
{
    FIXTURE(f);
    struct bytes digest = blob(&f, "x");
    CHECK(digest.at && put(&f));
    CHECK_INT(name(&f, "a/b/c", digest), TRACK_OK);
    CHECK_INT(name(&f, "a/b", digest), TRACK_CONFLICT);
    CHECK_INT(name(&f, "a/b/c/d", digest), TRACK_CONFLICT);
    CHECK_INT(name(&f, "a/bc", digest), TRACK_OK);
    CHECK_INT(name(&f, "a/b0", digest), TRACK_OK);
}

TEST(store_file, lists_by_path)
{
    FIXTURE(f);
    struct bytes digest = blob(&f, "x");
    struct run_file_list list;
    struct file_page page = {.run = RUN_A, .limit = 2};
    CHECK(digest.at && put(&f));
    CHECK_INT(name(&f, "b", digest), TRACK_OK);
    CHECK_INT(name(&f, "a", digest), TRACK_OK);
    CHECK_INT(name(&f, "c", digest), TRACK_OK);
    CHECK_INT(store_file_list(f.store, &page, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 2 && list.more && strcmp(list.at[1].path, "b") == 0);
    page.after = "b";
    CHECK_INT(store_file_list(f.store, &page, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 1 && !list.more && strcmp(list.at[0].path, "c") == 0);
    page.limit = FILE_LIST_MAX + 1;
    CHECK_INT(store_file_list(f.store, &page, &f.arena, &list, &f.err), TRACK_INVALID);
}

static track_status use(struct fixture *f, const char *run, struct run_input input)
{
    struct input_add call = {.run = run, .inputs = &input, .count = 1, .now_us = NOW_US};
    call.ticket.arena = &f->arena;
    return fixture_wait(f, store_input_add(f->store, &call, &f->err), &call.ticket);
}

TEST(store_file, knows_the_inputs_of_a_run)
{
    FIXTURE(f);
    struct run_input_list list;
    struct bytes here = blob(&f, "data");
    static const unsigned char other[32] = {1, 2, 3};
    struct run_input train = {
        .name = "corpus", .digest = here, .uri = "file:///data/c.txt", .role = "train", .size = 4};
    struct run_input test = {.name = "corpus", .digest = {other, 32}, .role = "test", .size = -1};
    CHECK(here.at && put(&f));
    CHECK_INT(use(&f, RUN_A, train), TRACK_OK);
    CHECK_INT(use(&f, RUN_A, test), TRACK_OK);
    CHECK_INT(use(&f, RUN_A, train), TRACK_OK);
    train.uri = "s3://elsewhere/c.txt";
    CHECK_INT(use(&f, RUN_B, train), TRACK_OK);
    CHECK_INT(store_input_list(f.store, RUN_A, &f.arena, &list, &f.err), TRACK_OK);
    CHECK_INT(list.count, 2);
    CHECK(list.at[0].stored && !list.at[1].stored && list.at[0].size == 4 && list.at[1].size == -1);
    CHECK(strcmp(list.at[0].role, "train") == 0 && strcmp(list.at[0].kind, "dataset") == 0);
    CHECK(memcmp(list.at[1].digest.at, other, 32) == 0);
    CHECK(strcmp(list.at[0].uri, "file:///data/c.txt") == 0);
    CHECK_INT(store_input_list(f.store, RUN_B, &f.arena, &list, &f.err), TRACK_OK);
    CHECK(list.count == 1 && strcmp(list.at[0].uri, train.uri) == 0);
    test.name = "";
    CHECK_INT(use(&f, RUN_A, test), TRACK_INVALID);
    test = (struct run_input){.name = "x", .digest = {other, 20}};
    CHECK_INT(use(&f, RUN_A, test), TRACK_INVALID);
}
