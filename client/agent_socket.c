#include "agent_socket.h"

#include "../core/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

track_status agent_folder(char *out, track_error *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    int n = runtime != NULL && runtime[0] == '/'
                ? snprintf(out, AGENT_PATH_MAX, "%s/track", runtime)
                : snprintf(out, AGENT_PATH_MAX, "/tmp/track-%u", (unsigned)getuid());
    if (n < 0 || n >= AGENT_PATH_MAX - 12) {
        return FAIL(err, TRACK_INVALID, "XDG_RUNTIME_DIR is too long for a socket: %.100s",
                    runtime);
    }
    if (mkdir(out, 0700) != 0 && errno != EEXIST) {
        return FAIL(err, TRACK_IO, "%s: %s", out, strerror(errno));
    }
    if (lstat(out, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid() ||
        (st.st_mode & 022) != 0) {
        return FAIL(err, TRACK_DENIED, "%s is not a folder that only you may write to", out);
    }
    return TRACK_OK;
}

static track_status lock_take(const char *folder, int *out, track_error *err)
{
    char path[AGENT_PATH_MAX + 16], text[64] = "";
    snprintf(path, sizeof path, "%s/agent.lock", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "%s: %s", path, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
        close(fd);
        return FAIL(err, TRACK_CONFLICT, "a sampler runs already (%s); %s", text, path);
    }
    int size = snprintf(text, sizeof text, "pid %d, version %s\n", (int)getpid(), TRACK_VERSION);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)size, 0) != size) {
        close(fd);
        return FAIL(err, TRACK_IO, "%s: %s", path, strerror(errno));
    }
    *out = fd;
    return TRACK_OK;
}

track_status agent_listen(const char *folder, int *lock, int *listener, track_error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int held = -1;
    TRY(lock_take(folder, &held, err));
    snprintf(at.sun_path, sizeof at.sun_path, "%.95s/agent.sock", folder);
    unlink(at.sun_path); /* the lock says that nobody listens there any more */
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        close(held);
        return FAIL(err, TRACK_IO, "%s: %s", at.sun_path, strerror(why));
    }
    *lock = held;
    *listener = fd;
    return TRACK_OK;
}

static const struct {
    const char *name;
    enum agent_op op;
} op_rows[] = {{"subscribe", AGENT_SUBSCRIBE},
               {"unsubscribe", AGENT_UNSUBSCRIBE},
               {"ping", AGENT_PING},
               {"status", AGENT_STATUS}};

static track_status op_read(const struct json *root, enum agent_op *out, track_error *err)
{
    const char *op;
    TRY(json_need_text(root, "op", &op, err));
    for (size_t i = 0; i < sizeof op_rows / sizeof *op_rows; i++) {
        if (strcmp(op, op_rows[i].name) == 0) {
            *out = op_rows[i].op;
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_UNSUPPORTED,
                "no op \"%.40s\"; there are subscribe, unsubscribe, ping and "
                "status",
                op);
}

/* The start time is a text, because it may go beyond what JSON numbers hold. */
static track_status process_read(const struct json *root, const char *sys_root, int peer_pid,
                                 struct watch_request *out, track_error *err)
{
    int64_t pid = 0, start = 0;
    TRY(json_may_int_in(root, "pid", (struct json_range){0, INT32_MAX}, &pid, err));
    TRY(json_may_int_in(root, "start", (struct json_range){0, INT64_MAX}, &start, err));
    uint64_t found = pid == 0 ? 0 : proc_start(sys_root, (int)pid);
    bool ours = pid == peer_pid || (found != 0 && (start == 0 || (uint64_t)start == found));
    out->pid = ours ? (int)pid : peer_pid;
    out->start = ours && start != 0 ? (uint64_t)start : proc_start(sys_root, out->pid);
    return TRACK_OK;
}

static track_status watch_read(const struct json *json, struct arena *arena,
                               struct watch_request *out, track_error *err)
{
    struct uuid id;
    char *run = ARENA_ARRAY(arena, char, PROC_RUN_ID_BYTES);
    TRY(json_need_text(json, "run", &out->run, err));
    if (run == NULL) {
        return FAIL(err, TRACK_NOMEM, "a request");
    }
    run_id_fill(out->run, run);
    TRY(name_decode_uuid(run, &id, err));
    out->run = run;
    TRY(json_may_text(json, "url", &out->url, err));
    TRY(json_may_text(json, "project", &out->project, err));
    TRY(json_may_text(json, "spool", &out->spool, err));
    TRY(json_may_text(json, "mode", &out->mode, err));
    return json_may_bool(json, "exclusive", &out->exclusive, err);
}

track_status agent_read(struct bytes packet, const char *root, int peer_pid, struct arena *arena,
                        struct agent_request *out, track_error *err)
{
    const struct json *json;
    struct agent_request rq = {0};
    const struct json_limits small = {
        .depth_max = 4, .node_count_max = 64, .text_bytes_max = AGENT_PACKET_MAX};
    TRY(json_read(packet, &small, arena, &json, err));
    TRY(op_read(json, &rq.op, err));
    if (rq.op == AGENT_SUBSCRIBE || rq.op == AGENT_UNSUBSCRIBE) {
        TRY(watch_read(json, arena, &rq.watch, err));
        TRY(process_read(json, root, peer_pid, &rq.watch, err));
    }
    *out = rq;
    return TRACK_OK;
}
