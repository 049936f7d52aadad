/* Requests that cannot be made say why; what goes into a URL is escaped. */
#include "../../sdk/transport.h"
#include "../harness.h"

#include <string.h>

static track_status get(const char *url, const atomic_bool *cancel)
{
    struct transport *t = NULL;
    AUTO_REPLY reply = {.body = BUF(1024)};
    struct transport_request rq = {.method = "GET", .url = url, .timeout_ms = 2000};
    if (transport_open(cancel, &t, NULL) != TRACK_OK) {
        return TRACK_NOMEM;
    }
    track_status status = transport_send(t, &rq, &reply, NULL);
    transport_close(t);
    return status;
}

TEST(transport, refuses_what_is_no_address)
{
    CHECK(get("file:///etc/passwd", NULL) == TRACK_INVALID);
    CHECK(get("gopher://127.0.0.1/", NULL) == TRACK_INVALID);
    CHECK(get("", NULL) == TRACK_INVALID);
}

TEST(transport, says_when_nobody_answers)
{
    CHECK(get("http://127.0.0.1:1/", NULL) == TRACK_UNREACHABLE);
}

TEST(transport, ends_when_it_is_cancelled)
{
    atomic_bool cancel;
    atomic_init(&cancel, true);
    track_status status = get("http://127.0.0.1:1/", &cancel);
    CHECK(status == TRACK_TIMEOUT || status == TRACK_UNREACHABLE);
}

TEST(transport, escapes_all_but_what_is_kept)
{
    AUTO_BUF b = BUF(256);
    transport_put_escaped(&b, "aZ9-._~ /%\xc3\xa9", "/");
    static const char want[] = "aZ9-._~%20/%25%C3%A9";
    CHECK(b.size == strlen(want) && memcmp(b.at, want, b.size) == 0);
}
