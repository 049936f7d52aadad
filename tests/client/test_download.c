/* Shows that no path of a server writes outside the directory that was named.
 * How: hostile paths and links below /tmp; each is refused before a request is made, so none is. */
#include "../../client/download.h"
#include "../harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static track_status fetch(const char *dir, const char *path, track_error *err)
{
    struct cmd nobody = {0};
    struct download d = {.url = "/", .path = path, .digest = "00"};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    track_status status = fd >= 0 ? download_file(&nobody, fd, &d, err) : TRACK_IO;
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

TEST(download, refuses_paths_that_lead_elsewhere)
{
    static const char *const bad[] = {"",      "/etc/x", "..",     "../x", "a/../x", "a/..",
                                      ".",     "a/./b",  "a//b",   "a/",   "a\\b",   "a\nb",
                                      "a\x7f", "a\x1b",  "..\\..", "\xff"};
    char dir[] = "/tmp/track-download-XXXXXX", name[300];
    CHECK(mkdtemp(dir));
    bool refused = true;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused = refused && fetch(dir, bad[i], NULL) == TRACK_INVALID;
    }
    memset(name, 'n', sizeof(name));
    name[256] = '\0'; /* one byte more than a segment may have */
    refused = refused && fetch(dir, name, NULL) == TRACK_INVALID;
    bool empty = rmdir(dir) == 0;
    CHECK(refused);
    CHECK(empty);
}

TEST(download, follows_no_link_on_its_way)
{
    char dir[] = "/tmp/track-download-XXXXXX", other[] = "/tmp/track-download-XXXXXX", link[64];
    track_error err = {0};
    CHECK(mkdtemp(dir) && mkdtemp(other));
    snprintf(link, sizeof(link), "%s/out", dir);
    bool made = symlink(other, link) == 0;
    track_status status = fetch(dir, "out/f", &err);
    unlink(link);
    bool empty = rmdir(dir) == 0 && rmdir(other) == 0;
    CHECK(made && empty);
    CHECK(status == TRACK_CONFLICT && strstr(err.message, "out/f"));
}

TEST(download, replaces_nothing_unasked)
{
    char dir[] = "/tmp/track-download-XXXXXX", path[64];
    track_error err = {0};
    CHECK(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/f", dir);
    bool made = symlink("/no/such/file", path) == 0; /* also a link that leads nowhere */
    track_status status = fetch(dir, "f", &err);
    unlink(path);
    bool empty = rmdir(dir) == 0;
    CHECK(made && empty);
    CHECK(status == TRACK_CONFLICT && strstr(err.message, "--force"));
}
