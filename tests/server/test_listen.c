/* Shows where trackd listens and where it refuses to. */
#include "../../server/http_listen.h"
#include "../harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TEST(listen, takes_loopback_and_says_how_to_reach_it)
{
    static const char *const places[] = {"127.0.0.1:0", "127.9.9.9:0", "localhost:0"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int fd = -1;
        char url[LISTEN_URL_BYTES];
        CHECK(listen_open(places[i], &fd, url, NULL) == TRACK_OK);
        CHECK(strncmp(url, "http://127.", 11) == 0 && !strstr(url, ":0"));
        close(fd);
    }
}

TEST(listen, refuses_what_others_can_reach)
{
    static const char *const places[] = {
        "0.0.0.0:80", "[::]:80",     "10.0.0.1:80",     "8.8.8.8:80", "example:80",
        "127.0.0.1",  "127.0.0.1:x", "127.0.0.1:65536", ":80",        "",
        "unix:",      "[::1:80",     "127.0.0.1:-1"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int fd = -1;
        char url[LISTEN_URL_BYTES];
        track_error err = {0};
        CHECK(listen_open(places[i], &fd, url, &err) == TRACK_INVALID);
        CHECK(fd == -1 && strstr(err.message, "listen is '"));
    }
}

TEST(listen, says_that_a_port_is_in_use)
{
    int fd = -1, other = -1;
    char url[LISTEN_URL_BYTES];
    track_error err = {0};
    CHECK(listen_open("127.0.0.1:0", &fd, url, NULL) == TRACK_OK);
    CHECK(listen_open(url + strlen("http://"), &other, url, &err) == TRACK_CONFLICT);
    close(fd);
    CHECK(strstr(err.message, "in use") && strstr(err.message, "127.0.0.1:0"));
}

TEST(listen, replaces_a_socket_file_that_nobody_holds)
{
    char dir[] = "/tmp/track-listen-XXXXXX", place[64], url[LISTEN_URL_BYTES];
    int fd = -1, other = -1;
    CHECK(mkdtemp(dir));
    snprintf(place, sizeof(place), "unix:%s/s", dir);
    CHECK(listen_open(place, &fd, url, NULL) == TRACK_OK && strcmp(url, place) == 0);
    CHECK(listen_open(place, &other, url, NULL) == TRACK_CONFLICT);
    close(fd); /* as after a crash: the file stays */
    CHECK(listen_open(place, &other, url, NULL) == TRACK_OK);
    close(other);
    listen_remove(place);
    CHECK(rmdir(dir) == 0);
}
