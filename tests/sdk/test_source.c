/* The state of a git work tree, made by the git program and read by libgit2. */
#include "../../sdk/source.h"
#include "../harness.h"
#include "folder.h"

#include <signal.h>
#include <sys/wait.h>

/* Runs a shell command in the folder. */
static bool shell(const struct folder *f, const char *command)
{
    pid_t child = fork();
    if (child == 0) {
        if (fchdir(f->dir) == 0) {
            execlp("sh", "sh", "-c", command, (char *)NULL);
        }
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#define GIT "git -c user.name=t -c user.email=t@t "

TEST(source, reads_commit_branch_remote_and_patch)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    CHECK(shell(&f, GIT "init -q -b trunk . && echo one >a && " GIT "add a && " GIT
                        "commit -qm one && " GIT "remote add origin https://u:w@host/x.git"));
    track_source s;
    CHECK(track_get_source(f.path, &s, NULL) == TRACK_OK);
    bool clean = strlen(s.commit) == 40 && strcmp(s.branch, "trunk") == 0 &&
                 strcmp(s.remote, "https://host/x.git") == 0 && s.changed_count == 0 &&
                 s.patch_size == 0;
    track_close_source(&s);
    CHECK(clean);
    CHECK(shell(&f, "echo two >a; echo new >b; mkdir d; printf 'x\\0y' >d/c"));
    CHECK(track_get_source(f.path, &s, NULL) == TRACK_OK);
    bool dirty = s.changed_count == 3 && strstr(s.patch, "+two") && strstr(s.patch, "+new") &&
                 strstr(s.patch, "GIT binary patch") && s.excluded_count == 0;
    track_close_source(&s);
    CHECK(dirty);
}

TEST(source, its_patch_makes_the_same_tree)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    CHECK(shell(&f, "mkdir w && cd w && " GIT "init -q . && echo one >a && echo gone >g && " GIT
                    "add a g && " GIT "commit -qm one && rm g && echo two >a && echo new >b && "
                    "chmod +x a && printf 'no newline' >n"));
    char path[128];
    track_source s;
    snprintf(path, sizeof(path), "%s/w", f.path);
    CHECK(track_get_source(path, &s, NULL) == TRACK_OK);
    bool written = folder_write(&f, "p", s.patch);
    track_close_source(&s);
    CHECK(written);
    CHECK(shell(&f, "git clone -q w c && cd c && git apply --index --binary ../p && "
                    "t=$(git write-tree) && cd ../w && git add -A && test \"$t\" = \"$(git "
                    "write-tree)\""));
}

TEST(source, leaves_out_what_is_too_large)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    CHECK(shell(&f, GIT "init -q . && head -c 1001 /dev/zero >big && echo x >small"));
    struct source_limits limits = {1000, 2000, 0, NULL};
    track_source s;
    CHECK(source_read(f.path, &limits, &s, NULL) == TRACK_OK);
    bool right = s.commit[0] == '\0' && s.excluded_count == 1 && strcmp(s.excluded, "big\n") == 0 &&
                 strstr(s.patch, "small") && !strstr(s.patch, "big");
    track_close_source(&s);
    CHECK(right);
}

TEST(source, reads_while_a_file_is_being_written)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    CHECK(shell(&f,
                GIT "init -q . && echo x >still && touch -d '1 hour ago' still && touch go log && "
                    "(while test -e go; do printf %01000d 1 >>log; done) &"));
    struct source_limits limits = {1 << 30, 1 << 30, 0, NULL};
    bool right = true;
    for (int i = 0; i < 20 && right; i++) {
        track_source s;
        right = source_read(f.path, &limits, &s, NULL) == TRACK_OK && strstr(s.patch, "still") &&
                (s.excluded_count == 0 || strstr(s.excluded, "log\n"));
        if (right) {
            track_close_source(&s);
        }
    }
    CHECK(shell(&f, "rm go"));
    CHECK(right);
}

TEST(source, says_when_there_is_none_and_when_it_is_late)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    track_source s;
    CHECK(track_get_source("/proc", &s, NULL) == TRACK_NOT_FOUND);
    CHECK(track_get_source(NULL, NULL, NULL) == TRACK_INVALID);
    CHECK(shell(&f, GIT "init -q . && echo x >a"));
    atomic_bool stop;
    atomic_init(&stop, true);
    struct source_limits limits = {1000, 2000, 0, &stop};
    CHECK(source_read(f.path, &limits, &s, NULL) == TRACK_TIMEOUT);
    track_close_source(NULL);
}
