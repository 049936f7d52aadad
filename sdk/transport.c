#include "transport.h"

#include "../core/fail.h"
#include "moment.h"
#include "settings.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    TRANSPORT_POLL_MS = 100,
    TRANSPORT_CONNECT_MS = 10000,
    TRANSPORT_SINK_BYTES = 256 << 10, /* what comes into a sink is large */
};

struct transport {
    CURLM *multi;
    CURL *easy;
    const atomic_bool *cancel;
    const struct transport_request *rq; /* while sending */
    struct transport_reply *reply;
    struct bytes body_left;
    bool gave_up;
};

track_status transport_open(const atomic_bool *cancel, struct transport **out, track_error *err)
{
    struct transport *t = calloc(1, sizeof(*t));
    if (t && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        t->multi = curl_multi_init();
        t->easy = curl_easy_init();
    }
    if (!t || !t->multi || !t->easy) {
        transport_close(t);
        return FAIL(err, TRACK_NOMEM, "no memory for a connection");
    }
    t->cancel = cancel;
    *out = t;
    return TRACK_OK;
}

void transport_close(struct transport *t)
{
    if (!t) {
        return;
    }
    if (t->easy) {
        curl_easy_cleanup(t->easy);
    }
    if (t->multi) {
        curl_multi_cleanup(t->multi);
    }
    free(t);
}

static size_t transport_read(char *to, size_t size, size_t count, void *data)
{
    struct transport *t = data;
    size_t room = size * count;
    if (t->rq->source) {
        int64_t got = t->rq->source(t->rq->source_data, to, room);
        t->gave_up |= got < 0 || (uint64_t)got > room;
        return t->gave_up ? CURL_READFUNC_ABORT : (size_t)got;
    }
    size_t n = t->body_left.size < room ? t->body_left.size : room;
    if (n > 0) {
        memcpy(to, t->body_left.at, n);
        t->body_left = (struct bytes){t->body_left.at + n, t->body_left.size - n};
    }
    return n;
}

/* libcurl rewinds when it sends again on a fresh connection. */
static int transport_seek(void *data, curl_off_t offset, int origin)
{
    struct transport *t = data;
    if (t->rq->source || origin != SEEK_SET || (size_t)offset > t->rq->body.size) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    t->body_left = (struct bytes){t->rq->body.at + offset, t->rq->body.size - (size_t)offset};
    return CURL_SEEKFUNC_OK;
}

static size_t transport_write(char *bytes, size_t size, size_t count, void *data)
{
    struct transport *t = data;
    long http = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &http);
    if (t->rq->sink && http / 100 == 2) {
        t->gave_up |= !t->rq->sink(t->rq->sink_data, bytes, size * count);
        return t->gave_up ? 0 : size * count;
    }
    buf_put(&t->reply->body, bytes, size * count);
    return t->reply->body.status == TRACK_OK ? size * count : 0;
}

/* Copies the value of a header line when it has this name. */
static void transport_take_header(struct bytes line, const char *name, char *out, size_t room)
{
    size_t size = strlen(name);
    if (line.size <= size || strncasecmp((const char *)line.at, name, size) != 0) {
        return;
    }
    const char *from = (const char *)line.at + size, *end = (const char *)line.at + line.size;
    while (from < end && (*from == ' ' || *from == '\t')) {
        from++;
    }
    while (end > from && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) {
        end--;
    }
    size_t n = (size_t)(end - from) < room - 1 ? (size_t)(end - from) : room - 1;
    memcpy(out, from, n);
    out[n] = '\0';
}

static size_t transport_header(char *bytes, size_t size, size_t count, void *data)
{
    struct transport *t = data;
    struct bytes line = {(const unsigned char *)bytes, size * count};
    char seconds[16] = "";
    transport_take_header(line, "content-type:", t->reply->type, sizeof(t->reply->type));
    transport_take_header(line, "etag:", t->reply->etag, sizeof(t->reply->etag));
    transport_take_header(line, "x-track-next:", t->reply->next, sizeof(t->reply->next));
    transport_take_header(line, "retry-after:", seconds, sizeof(seconds));
    if (seconds[0] >= '0' && seconds[0] <= '9') {
        t->reply->retry_after_s = (int64_t)strtoul(seconds, NULL, 10);
    }
    return size * count;
}

/* Appends "name: value"; NULL once memory failed. */
static struct curl_slist *transport_add(struct curl_slist *list, const char *name,
                                        const char *value)
{
    char line[512];
    snprintf(line, sizeof(line), "%s%s", name, value);
    struct curl_slist *more = curl_slist_append(list, line);
    return more ? more : list;
}

static struct curl_slist *transport_headers(const struct transport_request *rq)
{
    struct curl_slist *list = transport_add(NULL, "Expect:", "");
    list = transport_add(list, "Accept: ", rq->accept ? rq->accept : "application/json");
    if (rq->content_type) {
        list = transport_add(list, "Content-Type: ", rq->content_type);
    }
    for (const char *const *h = rq->headers; h && *h; h++) {
        list = transport_add(list, *h, "");
    }
    return list;
}

/* A proxy of the environment is not for this machine. */
static bool transport_is_local(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0;
}

/* Which certificates to trust: the file that SSL_CERT_FILE names, else that of this machine.  A
 * libcurl that came with a Python wheel knows only where they lie on the machine it is from. */
static void transport_set_trust(CURL *c)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL and its kin */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
    };
    const char *named = settings_variable("SSL_CERT_FILE");
    const char *known = curl_version_info(CURLVERSION_NOW)->cainfo;
    if (named || (known && access(known, R_OK) == 0)) {
        curl_easy_setopt(c, CURLOPT_CAINFO, named ? named : known);
        return;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        if (access(places[i], R_OK) == 0) {
            curl_easy_setopt(c, CURLOPT_CAINFO, places[i]);
            return;
        }
    }
}

static void transport_set_body(struct transport *t, const struct transport_request *rq)
{
    bool has = rq->source || rq->body.at;
    int64_t size = rq->source ? rq->source_bytes : (int64_t)rq->body.size;
    if (!has) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, rq->method);
        return;
    }
    curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, rq->method);
    curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
    curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, transport_read);
    curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, transport_seek);
    curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
}

static void transport_set(struct transport *t, const struct transport_request *rq,
                          struct curl_slist *headers)
{
    CURL *c = t->easy;
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, rq->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)TRANSPORT_CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "libtrack/" TRACK_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, transport_write);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, transport_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    if (rq->sink) {
        curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)TRANSPORT_SINK_BYTES);
    }
    if (strncmp(rq->url, "https:", 6) == 0) {
        transport_set_trust(c);
    }
    if (transport_is_local(rq->url)) {
        curl_easy_setopt(c, CURLOPT_PROXY, "");
    }
    if (rq->timeout_ms > 0) {
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)rq->timeout_ms);
    }
    transport_set_body(t, rq);
}

/* Runs the transfer to its end; false when cancelled. */
static bool transport_run(struct transport *t, CURLcode *out)
{
    curl_multi_add_handle(t->multi, t->easy);
    bool cancelled = false;
    int running = 1;
    *out = CURLE_RECV_ERROR;
    while (running > 0 && !cancelled) {
        if (curl_multi_perform(t->multi, &running) != CURLM_OK) {
            break;
        }
        int left = 0;
        for (CURLMsg *m; (m = curl_multi_info_read(t->multi, &left)) != NULL;) {
            *out = m->msg == CURLMSG_DONE ? m->data.result : *out;
        }
        if (running > 0) {
            curl_multi_poll(t->multi, NULL, 0, TRANSPORT_POLL_MS, NULL);
        }
        cancelled = running > 0 && t->cancel && atomic_load(t->cancel);
    }
    curl_multi_remove_handle(t->multi, t->easy);
    return !cancelled;
}

static track_status transport_result(const struct transport *t, CURLcode code, track_error *err)
{
    const char *url = t->rq->url;
    if (t->gave_up) {
        return FAIL(err, TRACK_CONFLICT, "%.120s: given up by the caller", url);
    }
    switch (code) {
    case CURLE_OK:
        return TRACK_OK;
    case CURLE_OUT_OF_MEMORY:
        return FAIL(err, TRACK_NOMEM, "no memory for a request");
    case CURLE_URL_MALFORMAT:
        return FAIL(err, TRACK_INVALID, "'%.120s' is no http or https address", url);
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the address, or of what answers there */
        return strncmp(url, "http", 4) != 0
                   ? FAIL(err, TRACK_INVALID, "'%.120s' is no http or https address", url)
                   : FAIL(err, TRACK_UNREACHABLE, "%.120s: what answers does not speak HTTP", url);
    case CURLE_OPERATION_TIMEDOUT:
        return FAIL(err, TRACK_TIMEOUT, "%.120s: no reply within %lld ms", url,
                    (long long)t->rq->timeout_ms);
    case CURLE_WRITE_ERROR:
        return t->reply->body.status == TRACK_NOMEM
                   ? FAIL(err, TRACK_NOMEM, "no memory for a reply")
                   : FAIL(err, TRACK_TOO_LARGE, "%.120s: a reply of more than %zu bytes", url,
                          t->reply->body.limit_bytes);
    default:
        return FAIL(err, TRACK_UNREACHABLE, "%.120s: %s", url, curl_easy_strerror(code));
    }
}

track_status transport_send(struct transport *t, const struct transport_request *rq,
                            struct transport_reply *reply, track_error *err)
{
    t->rq = rq;
    t->reply = reply;
    t->body_left = rq->body;
    t->gave_up = false;
    reply->retry_after_s = -1;
    struct curl_slist *headers = transport_headers(rq);
    transport_set(t, rq, headers);
    CURLcode code = CURLE_OK;
    bool ran = transport_run(t, &code);
    long http = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &http);
    reply->http = (int)http;
    curl_slist_free_all(headers);
    if (!ran) {
        return FAIL(err, TRACK_TIMEOUT, "%.120s: cancelled", rq->url);
    }
    return transport_result(t, code, err);
}

void transport_release_reply(struct transport_reply *reply)
{
    buf_release(&reply->body);
}

void transport_put_escaped(struct buf *b, const char *text, const char *keep)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~", *c) || strchr(keep, *c);
        if (plain) {
            buf_byte(b, *c);
        } else {
            char code[3] = {'%', hex[*c >> 4], hex[*c & 15]};
            buf_put(b, code, sizeof(code));
        }
    }
}
