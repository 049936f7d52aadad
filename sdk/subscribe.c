#include "subscribe.h"

#include "../core/fail.h"
#include "../core/json.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_BYTES_MAX = 4096, STARTS_MAX = 4, PAUSE_MS = 300, POLL_MS = 5 };

extern char **environ;

/* The socket of this user's sampler, as client/agent_socket.c makes it. */
static bool subscribe_address(struct sockaddr_un *out)
{
    const char *runtime = settings_variable("XDG_RUNTIME_DIR");
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t room = sizeof(out->sun_path);
    int n = runtime && *runtime == '/'
                ? snprintf(out->sun_path, room, "%s/track/agent.sock", runtime)
                : snprintf(out->sun_path, room, "/tmp/track-%u/agent.sock", (unsigned)getuid());
    return n > 0 && (size_t)n < room;
}

/* True if this user, or root, listens there: in /tmp it might be anybody. */
static bool subscribe_is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == getuid() || peer.uid == 0);
}

static track_status subscribe_connect(int *out, track_error *err)
{
    struct sockaddr_un at;
    const struct timeval wait = {.tv_sec = SUBSCRIBE_WAIT_MS / 1000};
    if (!subscribe_address(&at)) {
        return FAIL(err, TRACK_UNREACHABLE, "XDG_RUNTIME_DIR is too long for a socket");
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "a socket: %s", strerror(errno));
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        int why = errno;
        close(fd);
        return FAIL(err, TRACK_UNREACHABLE, "no sampler at %s: %s", at.sun_path, strerror(why));
    }
    if (!subscribe_is_ours(fd)) {
        close(fd);
        return FAIL(err, TRACK_DENIED, "another user listens at %s", at.sun_path);
    }
    *out = fd;
    return TRACK_OK;
}

/* Puts the path of a `track` that lies beside file into out; false if there is none. */
static bool subscribe_beside(const char *file, char out[4096])
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    int n = slash ? snprintf(out, 4096, "%.*s/track", (int)(slash - file), file) : -1;
    return n > 0 && n < 4096 && access(out, X_OK) == 0;
}

/* Where `track` lies: beside this program or library (as in a Python package), else wherever PATH
 * says. */
static const char *subscribe_program(char out[4096])
{
    char self[4096];
    Dl_info library;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    bool found =
        subscribe_beside(self, out) || (dladdr((void *)(uintptr_t)subscribe_program, &library) &&
                                        subscribe_beside(library.dli_fname, out));
    return found ? out : "track";
}

/* Waits for a process that ends soon; -1 when it does not. */
static int subscribe_wait(pid_t pid)
{
    int status = 0;
    for (int waited_ms = 0; waited_ms < SUBSCRIBE_WAIT_MS; waited_ms += POLL_MS) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got != 0) { /* the program we are in may have taken it: then it has ended too */
            return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000}, NULL);
    }
    return -1;
}

/* Starts `track agent`, which returns as soon as its background process listens.  It inherits no
 * descriptor and no blocked signal. */
static track_status subscribe_spawn(track_error *err)
{
    char path[4096];
    const char *program = subscribe_program(path);
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "agent", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid;
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attr) != 0) {
        return FAIL(err, TRACK_NOMEM, "no memory to start a sampler");
    }
    for (int fd = 0; fd < 3; fd++) {
        (void)posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    }
    (void)posix_spawn_file_actions_addclosefrom_np(&files, 3);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    int code = posix_spawnp(&pid, program, &files, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    if (code != 0) {
        return FAIL(err, TRACK_UNSUPPORTED, "no program `track` beside this one or in PATH: %s",
                    strerror(code));
    }
    return subscribe_wait(pid) < 0 ? FAIL(err, TRACK_TIMEOUT, "the sampler does not start in time")
                                   : TRACK_OK;
}

/* True if a scheduler or container gave this process devices of its own. */
static bool subscribe_exclusive(void)
{
    const char *visible = settings_variable("NVIDIA_VISIBLE_DEVICES");
    if (settings_variable("SLURM_JOB_GPUS") || settings_variable("SLURM_STEP_GPUS")) {
        return true;
    }
    return visible && strcmp(visible, "all") != 0 && strcmp(visible, "none") != 0 &&
           strcmp(visible, "void") != 0;
}

static track_status subscribe_write(const struct subscription *s, const char *op, struct buf *to,
                                    struct bytes *out, track_error *err)
{
    struct json_writer w = {.to = to};
    char *spool = realpath(s->settings->value[SETTING_SPOOL], NULL);
    json_write_object(&w, NULL);
    json_write_text(&w, "op", op);
    json_write_text(&w, "run", s->run_id);
    json_write_int(&w, "pid", getpid());
    json_write_text(&w, "url", s->settings->url);
    json_write_text(&w, "project", s->project);
    json_write_text(&w, "spool", spool ? spool : s->settings->value[SETTING_SPOOL]);
    json_write_text(&w, "mode", s->settings->mode == MODE_OFFLINE ? "offline" : "online");
    json_write_bool(&w, "exclusive", subscribe_exclusive());
    json_write_close(&w);
    free(spool);
    return json_end(&w, out, err);
}

/* Sends one packet and judges the answer. */
static track_status subscribe_ask(int fd, struct bytes packet, track_error *err)
{
    AUTO_ARENA arena = ARENA(64 * 1024);
    unsigned char answer[PACKET_BYTES_MAX];
    const struct json *json;
    const char *message = "it does not say why";
    bool good = false;
    if (send(fd, packet.at, packet.size, MSG_NOSIGNAL) != (ssize_t)packet.size) {
        return FAIL(err, TRACK_UNREACHABLE, "the sampler does not listen: %s", strerror(errno));
    }
    ssize_t n = recv(fd, answer, sizeof(answer), 0);
    if (n <= 0) {
        return n == 0 ? FAIL(err, TRACK_UNREACHABLE, "the sampler went away")
                      : FAIL(err, TRACK_TIMEOUT, "the sampler does not answer");
    }
    TRY(json_read((struct bytes){answer, (size_t)n}, NULL, &arena, &json, err));
    TRY(json_need_bool(json, "ok", &good, err));
    TRY(json_may_text(json, "message", &message, err));
    return good ? TRACK_OK : FAIL(err, TRACK_CONFLICT, "the sampler refuses: %.200s", message);
}

static track_status subscribe_talk(const struct subscription *s, const char *op, int fd,
                                   track_error *err)
{
    AUTO_BUF buf = BUF(PACKET_BYTES_MAX);
    struct bytes packet;
    track_status status = subscribe_write(s, op, &buf, &packet, err);
    if (status == TRACK_OK) {
        status = subscribe_ask(fd, packet, err);
    }
    close(fd);
    return status;
}

static track_status subscribe_once(const struct subscription *s, track_error *err)
{
    int fd;
    track_status status = subscribe_connect(&fd, err);
    if (status != TRACK_OK) {
        if (status != TRACK_UNREACHABLE) {
            return status;
        }
        TRY(subscribe_spawn(err));
        TRY(subscribe_connect(&fd, err));
    }
    return subscribe_talk(s, "subscribe", fd, err);
}

/* A sampler that is just ending answers no more, but has the lock still: a moment later it has not.
 */
track_status subscribe_start(const struct subscription *s, track_error *err)
{
    track_status status = subscribe_once(s, err);
    for (int i = 1; i < STARTS_MAX && status == TRACK_UNREACHABLE; i++) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000}, NULL);
        status = subscribe_once(s, err);
    }
    return status;
}

track_status subscribe_end(const struct subscription *s, track_error *err)
{
    int fd;
    TRY(subscribe_connect(&fd, err));
    return subscribe_talk(s, "unsubscribe", fd, err);
}
