/* What is said on the sampler's socket, and who may say it; the lock of a node. */
#include "../../client/agent.h"
#include "../harness.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "0198c2f0a1b27c3d9e40518a6b7c8d9e"

static track_status read_text(const char *text, struct agent_request *out, struct arena *arena,
                              track_error *err)
{
    struct bytes in = {(const unsigned char *)text, strlen(text)};
    return agent_read(in, "", (int)getpid(), arena, out, err);
}

TEST(agent, reads_a_subscription)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct agent_request rq;
    char text[512];
    snprintf(text, sizeof text,
             "{\"op\":\"subscribe\",\"run\":\"0198C2F0-A1B2-7C3D-9E40-518A6B7C8D9E\",\"pid\":%d,"
             "\"start\":\"%llu\",\"url\":\"http://x\",\"exclusive\":true,\"new\":[]}",
             (int)getpid(), (unsigned long long)proc_start("", (int)getpid()));
    CHECK(read_text(text, &rq, &arena, NULL) == TRACK_OK);
    CHECK_INT(rq.op, AGENT_SUBSCRIBE);
    CHECK(strcmp(rq.watch.run, RUN) == 0);
    CHECK(strcmp(rq.watch.url, "http://x") == 0);
    CHECK(rq.watch.project == NULL);
    CHECK(rq.watch.exclusive);
    CHECK_INT(rq.watch.pid, getpid());
    CHECK(rq.watch.start == proc_start("", (int)getpid()));
}

TEST(agent, a_number_of_another_namespace_means_the_sender)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct agent_request rq;
    CHECK(read_text("{\"op\":\"subscribe\",\"run\":\"" RUN "\",\"pid\":1,\"start\":\"999999\"}",
                    &rq, &arena, NULL) == TRACK_OK);
    CHECK_INT(rq.watch.pid, getpid());
    CHECK(rq.watch.start == proc_start("", (int)getpid()));
}

TEST(agent, refuses_what_it_does_not_understand)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct agent_request rq;
    track_error err;
    CHECK(read_text("", &rq, &arena, NULL) == TRACK_INVALID);
    CHECK(read_text("[]", &rq, &arena, NULL) == TRACK_INVALID);
    CHECK(read_text("{\"op\":7}", &rq, &arena, NULL) == TRACK_INVALID);
    CHECK(read_text("{\"op\":\"format\"}", &rq, &arena, &err) == TRACK_UNSUPPORTED);
    CHECK(strstr(err.message, "format") != NULL);
    CHECK(read_text("{\"op\":\"subscribe\"}", &rq, &arena, NULL) == TRACK_INVALID);
    CHECK(read_text("{\"op\":\"subscribe\",\"run\":\"abc\"}", &rq, &arena, NULL) == TRACK_INVALID);
    CHECK(read_text("{\"op\":\"subscribe\",\"run\":\"" RUN "\",\"pid\":\"x\"}", &rq, &arena,
                    NULL) == TRACK_INVALID);
    AUTO_ARENA tiny = ARENA(16);
    CHECK(read_text("{\"op\":\"ping\"}", &rq, &tiny, NULL) == TRACK_NOMEM);
}

TEST(agent, answers_packets)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct agent *a = ARENA_NEW(&arena, struct agent);
    const struct agent_options options = {.root = "", .program = "/nowhere"};
    char out[AGENT_PACKET_MAX + 1];
    CHECK(a != NULL && agent_init(a, &arena, &options, NULL) == TRACK_OK);
    const char *ping = "{\"op\":\"ping\"}", *status = "{\"op\":\"status\"}", *wrong = "{\"op\":";
    size_t n = agent_answer(a, (struct bytes){(const unsigned char *)ping, strlen(ping)}, 1, out);
    out[n] = '\0';
    CHECK(strncmp(out, "{\"ok\":true,\"writer\":\"agent:", 27) == 0);
    n = agent_answer(a, (struct bytes){(const unsigned char *)status, strlen(status)}, 1, out);
    out[n] = '\0';
    CHECK(strstr(out, "\"runs\":[]") != NULL);
    n = agent_answer(a, (struct bytes){(const unsigned char *)wrong, strlen(wrong)}, 1, out);
    out[n] = '\0';
    CHECK(strncmp(out, "{\"ok\":false,\"code\":\"invalid\"", 28) == 0);
    devices_close(&a->devices);
}

TEST(agent, one_lock_a_folder)
{
    AUTO_TREE t = tree_make();
    int lock, listener, lock2, listener2;
    track_error err;
    CHECK(agent_listen(t.root, &lock, &listener, NULL) == TRACK_OK);
    CHECK(agent_listen(t.root, &lock2, &listener2, &err) == TRACK_CONFLICT);
    CHECK(strstr(err.message, "pid ") != NULL);
    close(lock);
    close(listener);
    CHECK(agent_listen(t.root, &lock, &listener, NULL) ==
          TRACK_OK); /* the old socket is in the way */
    close(lock);
    close(listener);
    CHECK(agent_listen("/nowhere", &lock, &listener, NULL) == TRACK_IO);
}

TEST(agent, the_folder_must_be_the_users_own)
{
    AUTO_TREE t = tree_make();
    char folder[AGENT_PATH_MAX], path[200], longer[300];
    const char *before = getenv("XDG_RUNTIME_DIR");
    char kept[512];
    snprintf(kept, sizeof kept, "%s", before == NULL ? "" : before);
    setenv("XDG_RUNTIME_DIR", t.root, 1);
    CHECK(agent_folder(folder, NULL) == TRACK_OK);
    CHECK(agent_folder(folder, NULL) == TRACK_OK);
    snprintf(path, sizeof path, "%s/track", t.root);
    CHECK(strcmp(folder, path) == 0);
    CHECK(chmod(path, 0777) == 0);
    CHECK(agent_folder(folder, NULL) == TRACK_DENIED);
    snprintf(longer, sizeof longer, "/%0250d", 1);
    setenv("XDG_RUNTIME_DIR", longer, 1);
    CHECK(agent_folder(folder, NULL) == TRACK_INVALID);
    setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
    CHECK(agent_folder(folder, NULL) == TRACK_IO);
    before == NULL ? unsetenv("XDG_RUNTIME_DIR") : setenv("XDG_RUNTIME_DIR", kept, 1);
}
