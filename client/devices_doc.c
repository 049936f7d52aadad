#include "devices_doc.h"

#include <stdio.h>
#include <string.h>

enum { OLD_BYTES_MAX = 4 << 20 };

static void write_number(struct json_writer *w, const char *name, double value)
{
    if (value > 0) {
        json_write_double(w, name, value);
    }
}

static void write_device(struct json_writer *w, const struct devices_doc *doc, size_t i)
{
    const struct device_table *table = &doc->devices->table;
    const struct device_info *info = &table->list[i];
    const struct device *dev = &doc->devices->list[i];
    char name[16], capability[32];
    snprintf(name, sizeof name, "gpu%zu", i);
    snprintf(capability, sizeof capability, "%d.%d", info->major, info->minor);
    json_write_object(w, NULL);
    json_write_text(w, "node", doc->node);
    json_write_text(w, "device", name);
    json_write_text(w, "vendor", table->vendor);
    json_write_text(w, "name", info->name);
    json_write_text(w, "uuid", info->uuid);
    json_write_text(w, "pci", info->pci);
    json_write_text(w, "vbios", info->vbios);
    json_write_text(w, "driver", table->driver);
    json_write_text(w, "cuda", table->cuda);
    json_write_text(w, "compute_capability", info->major > 0 ? capability : NULL);
    write_number(w, "mem_total_bytes", info->mem_total_bytes);
    write_number(w, "power_limit_w", info->power_limit_w);
    json_write_text(w, "energy_basis",
                    dev->energy_counted  ? "counter"
                    : dev->power_us != 0 ? "integrated"
                                         : NULL);
    json_write_bool(w, "lost", info->lost || dev->lost);
    json_write_close(w);
}

static void write_missing(struct json_writer *w, const char *node, const struct missing *m)
{
    for (size_t i = 0; i < m->count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "node", node);
        json_write_text(w, "what", m->rows[i].what);
        json_write_text(w, "why", m->rows[i].why);
        json_write_close(w);
    }
}

/* Items of one list of the old document that other nodes wrote. */
static void write_others(struct json_writer *w, const struct devices_doc *doc,
                         const struct json *old, const char *list)
{
    const struct json *items = old == NULL ? NULL : json_find(old, list);
    for (size_t i = 0; items != NULL && items->kind == JSON_KIND_ARRAY && i < items->count; i++) {
        const char *node = "";
        if (json_may_text(&items->items[i], "node", &node, NULL) == TRACK_OK &&
            strcmp(node, doc->node) != 0) {
            json_write_value(w, NULL, &items->items[i]);
        }
    }
}

track_status devices_doc_write(const struct devices_doc *doc, const struct json *old,
                               struct buf *to, struct bytes *out, track_error *err)
{
    struct json_writer w = {.to = to};
    json_write_object(&w, NULL);
    json_write_array(&w, "devices");
    write_others(&w, doc, old, "devices");
    for (size_t i = 0; i < doc->devices->table.count && i < DEVICES_MAX; i++) {
        write_device(&w, doc, i);
    }
    json_write_close(&w);
    json_write_array(&w, "missing");
    write_others(&w, doc, old, "missing");
    write_missing(&w, doc->node, &doc->devices->table.missing);
    write_missing(&w, doc->node, doc->host);
    write_missing(&w, doc->node, doc->run);
    json_write_close(&w);
    json_write_array(&w, "nodes");
    write_others(&w, doc, old, "nodes");
    json_write_object(&w, NULL);
    json_write_text(&w, "node", doc->node);
    json_write_text(&w, "basis", share_name(doc->basis));
    json_write_close(&w);
    json_write_close(&w);
    json_write_close(&w);
    return json_end(&w, out, err);
}

/* The document as it is; *out stays NULL when there is none, or none that can be read. */
static track_status old_get(track_client *client, const char *path, struct arena *arena,
                            const struct json **out, track_error *err)
{
    track_response rs = {0};
    track_request_options o = track_request_options_default();
    o.path = path;
    track_error why = {0};
    track_status status = track_request(client, &o, &rs, &why);
    if (status == TRACK_OK) {
        struct bytes text = {(const unsigned char *)rs.body, rs.body_size};
        if (json_read(text, NULL, arena, out, NULL) != TRACK_OK) {
            *out = NULL;
        }
    }
    track_close_response(&rs);
    return status == TRACK_OK || status == TRACK_NOT_FOUND ? TRACK_OK
                                                           : FAIL(err, status, "%s", why.message);
}

track_status devices_doc_put(const struct devices_doc *doc, track_client *client,
                             const char *run_id, track_error *err)
{
    AUTO_ARENA arena = ARENA(OLD_BYTES_MAX);
    AUTO_BUF buf = BUF(DEVICES_DOC_BYTES_MAX);
    const struct json *old = NULL;
    struct bytes text;
    char path[128];
    snprintf(path, sizeof path, "/api/v1/runs/%s/docs/devices", run_id);
    TRY(old_get(client, path, &arena, &old, err));
    TRY(devices_doc_write(doc, old, &buf, &text, err));
    track_response rs = {0};
    track_request_options o = track_request_options_default();
    o.method = "PUT";
    o.path = path;
    o.body = text.at;
    o.body_size = text.size;
    track_status status = track_request(client, &o, &rs, err);
    track_close_response(&rs);
    return status;
}
