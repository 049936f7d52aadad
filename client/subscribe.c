#include "subscribe.h"

#include "agent_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MS = 200, START_MS = 300 };

extern char **environ;

static int open_socket(const char *folder)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof(at.sun_path), "%.95s/agent.sock", folder);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void write_member(struct json_writer *w, const char *name, const char *text)
{
    if (text) {
        json_write_text(w, name, text);
    }
}

static track_status write_packet(struct buf *to, const char *op,
                                 const struct subscribe_request *request, struct bytes *out,
                                 track_error *err)
{
    struct json_writer w = {.to = to};
    json_write_object(&w, NULL);
    json_write_text(&w, "op", op);
    json_write_text(&w, "run", request->run);
    json_write_int(&w, "pid", request->pid);
    write_member(&w, "url", request->url);
    write_member(&w, "project", request->project);
    write_member(&w, "spool", request->spool);
    json_write_close(&w);
    return json_end(&w, out, err);
}

/* Reads {"ok":true,...} or {"ok":false,"error":"..."}. */
static track_status read_answer(int fd, track_error *err)
{
    AUTO_ARENA arena = ARENA(64 * 1024);
    unsigned char packet[AGENT_PACKET_MAX];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    const struct json *answer;
    const char *why = "no reason given";
    bool ok = false;
    ssize_t n = poll(&wait, 1, ANSWER_MS) > 0 ? recv(fd, packet, sizeof(packet), 0) : 0;
    if (n <= 0) {
        return FAIL(err, TRACK_UNREACHABLE, "the sampler does not answer");
    }
    TRY(json_read((struct bytes){packet, (size_t)n}, NULL, &arena, &answer, err));
    TRY(json_need_bool(answer, "ok", &ok, err));
    TRY(json_may_text(answer, "error", &why, err));
    return ok ? TRACK_OK : FAIL(err, TRACK_INVALID, "the sampler says: %.160s", why);
}

static track_status exchange(int fd, const char *op, const struct subscribe_request *request,
                             track_error *err)
{
    AUTO_BUF packet = BUF(AGENT_PACKET_MAX);
    struct bytes bytes;
    TRY(write_packet(&packet, op, request, &bytes, err));
    if (send(fd, bytes.at, bytes.size, MSG_NOSIGNAL) != (ssize_t)bytes.size) {
        return FAIL(err, TRACK_UNREACHABLE, "the sampler's socket: %s", strerror(errno));
    }
    return read_answer(fd, err);
}

/* Starts `track agent`, which returns when it listens in the background. */
static void start_sampler(const char *program)
{
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "agent", NULL};
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    posix_spawn_file_actions_init(&quiet);
    for (int i = 0; i < 3; i++) {
        posix_spawn_file_actions_addopen(&quiet, i, "/dev/null", O_RDWR, 0);
    }
    int why = posix_spawn(&pid, "/proc/self/exe", &quiet, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (why != 0) {
        return;
    }
    struct pollfd wait = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (wait.fd >= 0) {
        if (poll(&wait, 1, START_MS) > 0) {
            waitpid(pid, NULL, 0);
        }
        close(wait.fd);
    }
}

static track_status ask(const char *op, const struct subscribe_request *request, bool start,
                        track_error *err)
{
    char folder[AGENT_PATH_MAX];
    TRY(agent_folder(folder, err));
    int fd = open_socket(folder);
    if (fd < 0 && start) {
        start_sampler(request->program);
        fd = open_socket(folder);
    }
    if (fd < 0) {
        return FAIL(err, TRACK_UNREACHABLE, "no sampler at %s/agent.sock: %s", folder,
                    strerror(errno));
    }
    track_status status = exchange(fd, op, request, err);
    close(fd);
    return status;
}

track_status subscribe_add(const struct subscribe_request *request, track_error *err)
{
    return ask("subscribe", request, true, err);
}

track_status subscribe_remove(const struct subscribe_request *request, track_error *err)
{
    return ask("unsubscribe", request, false, err);
}
