/* A spool's folder is held by one process, and once within it; meta.json is read back or refused.
 */
#include "../../sdk/spool_folder.h"
#include "../harness.h"
#include "folder.h"

#include <sys/wait.h>

static const struct spool_meta sample = {.url = "http://127.0.0.1:8080",
                                         .project = "a/b \"c\"",
                                         .run = "01890a5b0c0d7e008000000000000001",
                                         .writer = "00112233445566778899aabbccddeeff",
                                         .created_us = 5,
                                         .segment_bytes = 4 << 20,
                                         .joined = true};

TEST(spool_folder, comes_back_as_it_was_made)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    struct spool_folder held, again;
    struct spool_meta meta;
    CHECK(spool_folder_make(f.path, &sample, &held, NULL) == TRACK_OK);
    CHECK(spool_folder_make(f.path, &sample, &again, NULL) == TRACK_CONFLICT);
    CHECK(spool_folder_meta(held.dir, &arena, &meta, NULL) == TRACK_OK);
    CHECK(strcmp(meta.url, sample.url) == 0 && strcmp(meta.project, sample.project) == 0);
    CHECK(strcmp(meta.run, sample.run) == 0 && strcmp(meta.writer, sample.writer) == 0);
    CHECK(meta.joined && meta.created_us == 5 && meta.segment_bytes == 4 << 20);
    const char *const *paths = NULL;
    size_t count = 0;
    CHECK(spool_folder_list(f.path, &arena, &paths, &count, NULL) == TRACK_OK);
    CHECK(count == 1 && strcmp(paths[0], held.path) == 0);
    spool_folder_remove(&held);
    CHECK(spool_folder_list(f.path, &arena, &paths, &count, NULL) == TRACK_OK && count == 0);
    CHECK(spool_folder_claim("/nowhere/at/all", &again, NULL) == TRACK_NOT_FOUND);
}

/* Status of claiming the folder in a child, as its exit code. */
static int claim_in_child(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        struct spool_folder f;
        track_status status = spool_folder_claim(path, &f, NULL);
        execlp("sh", "sh", "-c", status == TRACK_OK ? "exit 0" : "exit 7", (char *)NULL);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(spool_folder, is_held_once)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool_folder held, again;
    char path[SPOOL_PATH_BYTES];
    CHECK(spool_folder_make(f.path, &sample, &held, NULL) == TRACK_OK);
    memcpy(path, held.path, sizeof(path));
    CHECK(spool_folder_claim(path, &again, NULL) == TRACK_BUSY); /* in this process */
    CHECK_INT(claim_in_child(path), 7);                          /* in another */
    CHECK(spool_folder_claim(path, &again, NULL) == TRACK_BUSY); /* and the lock is still ours */
    CHECK_INT(claim_in_child(path), 7);
    spool_folder_release(&held);
    CHECK_INT(claim_in_child(path), 0); /* which dies with it */
    CHECK(spool_folder_claim(path, &again, NULL) == TRACK_OK);
    spool_folder_remove(&again);
    CHECK(access(path, F_OK) != 0);
}

TEST(spool_folder, that_is_being_removed_is_gone)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool_folder held, again;
    char path[SPOOL_PATH_BYTES];
    CHECK(spool_folder_make(f.path, &sample, &held, NULL) == TRACK_OK);
    memcpy(path, held.path, sizeof(path));
    CHECK(unlinkat(held.dir, "lock", 0) == 0 && unlinkat(held.dir, "meta.json", 0) == 0);
    spool_folder_release(&held);
    CHECK(spool_folder_claim(path, &again, NULL) == TRACK_NOT_FOUND);
    CHECK(access(path, F_OK) != 0);
}

TEST(spool_folder, refuses_a_damaged_meta)
{
    static const char *const bad[] = {"", "{", "[]", "{\"version\":2}", "{\"version\":1}"};
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    struct spool_meta meta;
    CHECK(spool_folder_meta(f.dir, &arena, &meta, NULL) == TRACK_IO);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(folder_write(&f, "meta.json", bad[i]));
        CHECK(spool_folder_meta(f.dir, &arena, &meta, NULL) == TRACK_CORRUPT);
    }
}

TEST(spool_folder, lists_nothing_where_there_is_nothing)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(1 << 20);
    CHECK(folder_make(&f));
    const char *const *paths = NULL;
    size_t count = 9;
    CHECK(folder_write(&f, "notes.txt", "x"));
    CHECK(spool_folder_list(f.path, &arena, &paths, &count, NULL) == TRACK_OK && count == 0);
    CHECK(spool_folder_list("/nowhere/at/all", &arena, &paths, &count, NULL) == TRACK_OK);
    CHECK_INT(count, 0);
    CHECK(spool_folder_make_path("/dev/null/x", NULL) == TRACK_IO);
}
