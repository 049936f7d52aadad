/* Asking a sampler that answers, refuses, says nonsense, or is not there.  The sampler here is a
 * child that answers one packet. */
#include "../../core/json.h"
#include "../../sdk/subscribe.h"
#include "../harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char run_id[] = "0198c2f0a1b27c3d9e40518a6b7c8d9e";

struct bed {
    char folder[64], asked[80];
    struct settings settings;
    pid_t sampler;
};

/* Answers once with `answer`, and keeps the packet it got in a file. */
static void sampler_work(int fd, const char *answer, const char *asked)
{
    char packet[8192];
    int peer = accept(fd, NULL, NULL);
    ssize_t n = recv(peer, packet, sizeof packet, 0);
    FILE *out = fopen(asked, "w");
    if (out != NULL && n > 0) {
        fwrite(packet, 1, (size_t)n, out);
        fclose(out);
    }
    if (answer[0] != '\0') {
        send(peer, answer, strlen(answer), 0);
    }
    kill(getpid(), SIGKILL); /* without a sanitizer's last words */
}

static void bed_set(struct bed *b, const char *answer)
{
    char path[160];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *b = (struct bed){.folder = "/tmp/track-sub.XXXXXX"};
    if (mkdtemp(b->folder) == NULL) {
        return;
    }
    setenv("XDG_RUNTIME_DIR", b->folder, 1);
    snprintf(b->asked, sizeof b->asked, "%s/asked", b->folder);
    b->settings.url = "http://127.0.0.1:1";
    b->settings.value[SETTING_SPOOL] = b->folder;
    snprintf(path, sizeof path, "%s/track", b->folder);
    mkdir(path, 0700);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/track/agent.sock", b->folder);
    int fd = answer == NULL ? -1 : socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 4) == 0) {
        b->sampler = fork();
        if (b->sampler == 0) {
            sampler_work(fd, answer, b->asked);
        }
    }
    close(fd);
}

static void bed_release(struct bed *b)
{
    char path[160];
    if (b->sampler > 0) {
        kill(b->sampler, SIGKILL);
        waitpid(b->sampler, NULL, 0);
    }
    snprintf(path, sizeof path, "%s/track/agent.sock", b->folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/track", b->folder);
    rmdir(path);
    unlink(b->asked);
    rmdir(b->folder);
    unsetenv("XDG_RUNTIME_DIR");
}
#define AUTO_BED __attribute__((cleanup(bed_release))) struct bed

static track_status ask(struct bed *b, bool end, track_error *err)
{
    const struct subscription s = {run_id, "p", &b->settings};
    return end ? subscribe_end(&s, err) : subscribe_start(&s, err);
}

TEST(subscribe, says_which_run_and_where_to)
{
    AUTO_BED b;
    AUTO_ARENA arena = ARENA(1 << 16);
    char packet[4096];
    const struct json *json;
    const char *text;
    int64_t pid;
    bed_set(&b, "{\"ok\":true,\"writer\":\"agent:n\"}");
    CHECK(ask(&b, false, NULL) == TRACK_OK);
    FILE *in = fopen(b.asked, "r");
    CHECK(in != NULL);
    size_t size = fread(packet, 1, sizeof packet, in);
    fclose(in);
    struct bytes bytes = {(unsigned char *)packet, size};
    CHECK(json_read(bytes, NULL, &arena, &json, NULL) == TRACK_OK);
    CHECK(json_need_text(json, "op", &text, NULL) == TRACK_OK && strcmp(text, "subscribe") == 0);
    CHECK(json_need_text(json, "run", &text, NULL) == TRACK_OK && strcmp(text, run_id) == 0);
    CHECK(json_need_text(json, "spool", &text, NULL) == TRACK_OK && text[0] == '/');
    CHECK(json_need_int(json, "pid", &pid, NULL) == TRACK_OK && pid == getpid());
}

TEST(subscribe, a_refusal_says_why)
{
    AUTO_BED b;
    track_error err;
    bed_set(&b, "{\"ok\":false,\"code\":\"too_large\",\"message\":\"64 runs already\"}");
    CHECK(ask(&b, false, &err) == TRACK_CONFLICT);
    CHECK(strstr(err.message, "64 runs already") != NULL);
}

TEST(subscribe, nonsense_is_refused)
{
    AUTO_BED b;
    bed_set(&b, "nonsense");
    CHECK(ask(&b, true, NULL) == TRACK_INVALID);
}

TEST(subscribe, a_sampler_that_goes_away_is_no_sampler)
{
    AUTO_BED b;
    bed_set(&b, "");
    CHECK(ask(&b, true, NULL) == TRACK_UNREACHABLE);
}

TEST(subscribe, ending_starts_none)
{
    AUTO_BED b;
    track_error err;
    bed_set(&b, NULL);
    CHECK(ask(&b, true, &err) == TRACK_UNREACHABLE);
    CHECK(strstr(err.message, "agent.sock") != NULL);
}
