#include "gate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { HOST_BYTES_MAX = 256 };

/* A host as it is compared: lower case, without port, brackets and one dot at its end. */
struct host {
    char name[HOST_BYTES_MAX];
    char port[8]; /* "" where there is none */
};

static bool port_fill(const char *text, struct host *out)
{
    size_t size = strlen(text);
    if (*text == '\0') {
        return true;
    }
    if (*text != ':' || size > 6 || size < 2 || text[1 + strspn(text + 1, "0123456789")] != '\0') {
        return false;
    }
    memcpy(out->port, text + 1, size);
    return true;
}

/* False for what is no host at all. */
static bool host_fill(struct bytes text, struct host *out)
{
    *out = (struct host){.name = ""};
    char all[HOST_BYTES_MAX];
    if (text.size == 0 || text.size >= sizeof(all) || memchr(text.at, '\0', text.size)) {
        return false;
    }
    memcpy(all, text.at, text.size);
    all[text.size] = '\0';
    bool bracket = all[0] == '[';
    size_t size = strcspn(all, bracket ? "]" : ":");
    if (bracket && all[size] != ']') {
        return false;
    }
    if (!port_fill(all + size + bracket, out)) {
        return false;
    }
    memcpy(out->name, all + bracket, size - bracket);
    for (char *c = out->name; *c; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    size = strlen(out->name);
    if (size > 1 && out->name[size - 1] == '.') {
        out->name[size - 1] = '\0';
    }
    return size > 0;
}

/* 127/8, 10/8, 172.16/12, 192.168/16, 169.254/16. */
static bool is_private_v4(const char *name)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, name, &v4) != 1) {
        return false;
    }
    uint32_t a = ntohl(v4.s_addr);
    return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 ||
           a >> 16 == 0xa9fe;
}

/* ::1, fc00::/7, fe80::/10. */
static bool is_private_v6(const char *name)
{
    struct in6_addr v6;
    if (inet_pton(AF_INET6, name, &v6) != 1) {
        return false;
    }
    return IN6_IS_ADDR_LOOPBACK(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc ||
           IN6_IS_ADDR_LINKLOCAL(&v6);
}

/* An entry without a port stands for every port. */
static bool is_allowed(const struct config *config, const struct host *host)
{
    for (size_t i = 0; i < config->hosts.count; i++) {
        struct host entry;
        const char *text = config->hosts.at[i];
        if (host_fill((struct bytes){(const unsigned char *)text, strlen(text)}, &entry) &&
            strcmp(entry.name, host->name) == 0 &&
            (!*entry.port || strcmp(entry.port, host->port) == 0)) {
            return true;
        }
    }
    return false;
}

bool gate_host_ours(const struct config *config, struct bytes text)
{
    struct host host;
    return host_fill(text, &host) &&
           (strcmp(host.name, "localhost") == 0 || is_private_v4(host.name) ||
            is_private_v6(host.name) || is_allowed(config, &host));
}
