/* Shows how programs are found, started and waited for.
 * How: real processes: true, false, sh. */
#include "../../client/child.h"
#include "../../client/instant.h"
#include "../harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static track_status start(const char *const *words, struct arena *a, struct child *out, int *why)
{
    char *argv[8] = {0};
    const char *path;
    for (int i = 0; words[i] && i < 7; i++) {
        argv[i] = arena_text(a, words[i], strlen(words[i]));
    }
    TRY(child_find(words[0], a, &path, why, NULL));
    struct child_options o = {.argv = argv, .path = path, .env = environ, .fds = {-1, -1, -1}};
    return child_start(&o, a, out, why, NULL);
}

static void wait_for(struct child *c)
{
    for (int i = 0; i < 2000 && !c->over; i++) {
        child_wait(c);
        instant_pause(c->over ? 0 : 5);
    }
    close(c->pidfd);
}

#define START(...) start((const char *const[]){__VA_ARGS__, NULL}, &a, &c, &why)

TEST(child, gives_the_exit_code)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct child c;
    int why = 0;
    CHECK(START("true") == TRACK_OK);
    wait_for(&c);
    CHECK(c.over && c.code == 0 && c.signal == 0);
    for (int code = 1; code < 256; code += 51) {
        char text[32];
        snprintf(text, sizeof(text), "exit %d", code);
        CHECK(START("sh", "-c", text) == TRACK_OK);
        wait_for(&c);
        CHECK_INT(c.code, code);
    }
}

TEST(child, gives_the_signal)
{
    static const int numbers[] = {SIGKILL, SIGTERM, SIGINT, SIGUSR1};
    AUTO_ARENA a = ARENA(1 << 20);
    struct child c;
    int why = 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CHECK(START("sleep", "60") == TRACK_OK);
        child_signal(&c, numbers[i]);
        wait_for(&c);
        CHECK_INT(c.signal, numbers[i]);
        CHECK_INT(c.code, -1);
        child_signal(&c, SIGKILL); /* harmless: it is over */
    }
}

TEST(child, starts_with_plain_signals_whatever_ours_are)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct child c;
    int why = 0;
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &before);
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    track_status status = START("sh", "-c", "kill -PIPE $$; exit 3");
    signal(SIGPIPE, pipe_before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    CHECK(status == TRACK_OK);
    wait_for(&c);
    CHECK_INT(c.signal, SIGPIPE);
}

TEST(child, tells_not_found_from_not_executable)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct child c;
    int why = 0;
    CHECK(START("no-such-program-here") == TRACK_NOT_FOUND && why == ENOENT);
    CHECK(START("./no/such/program") == TRACK_NOT_FOUND && why == ENOENT);
    CHECK(START("") == TRACK_NOT_FOUND && why == ENOENT);
    CHECK(START("/etc/passwd") == TRACK_DENIED && why == EACCES);
    CHECK(START("/etc/") == TRACK_DENIED && why == EACCES);
}

TEST(child, runs_a_script_without_a_shebang)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct child c;
    int why = 0;
    char path[] = "/tmp/track-child-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    bool written = write(fd, "exit $1\n", 8) == 8 && fchmod(fd, 0755) == 0;
    CHECK(close(fd) == 0 && written);
    track_status status = START(path, "7");
    CHECK(status == TRACK_OK);
    wait_for(&c);
    unlink(path);
    CHECK_INT(c.code, 7);
}

TEST(child, says_what_exec_said)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct child c;
    int why = 0;
    char path[] = "/tmp/track-child-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    bool written = write(fd, "#!/no/such/interpreter\n", 23) == 23 && fchmod(fd, 0755) == 0;
    CHECK(close(fd) == 0 && written);
    track_status status = START(path);
    unlink(path);
    CHECK(status == TRACK_DENIED && why == ENOENT);
}

TEST(child, knows_signals_by_name_and_number)
{
    CHECK_INT(child_signal_number("TERM"), SIGTERM);
    CHECK_INT(child_signal_number("SIGUSR1"), SIGUSR1);
    CHECK_INT(child_signal_number("15"), 15);
    CHECK_INT(child_signal_number("0"), 0);
    CHECK_INT(child_signal_number("NOPE"), -1);
    CHECK_INT(child_signal_number(""), -1);
    CHECK_INT(child_signal_number("4711"), -1);
}
