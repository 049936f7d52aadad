/* The document of a run's devices: a machine without a GPU says why, other nodes' parts stay. */
#include "../../client/devices_doc.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

struct scene {
    struct devices devices;
    struct missing host, run;
    struct devices_doc doc;
};

static void scene_set(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->doc = (struct devices_doc){.node = "n1",
                                  .basis = SHARE_PROCESS,
                                  .devices = &s->devices,
                                  .host = &s->host,
                                  .run = &s->run};
}

static bool same(struct buf *to, const struct devices_doc *doc, const struct json *old,
                 const char *want)
{
    struct bytes got;
    return devices_doc_write(doc, old, to, &got, NULL) == TRACK_OK && got.size == strlen(want) &&
           memcmp(got.at, want, got.size) == 0;
}

TEST(devices_doc, no_gpu_is_an_empty_list_and_a_reason)
{
    static struct scene s;
    AUTO_BUF buf = BUF(DEVICES_DOC_BYTES_MAX);
    scene_set(&s);
    missing_add(&s.devices.table.missing, "gpu", "no NVIDIA driver library here");
    missing_add(&s.run, "cgroup", "version 1");
    CHECK(
        same(&buf, &s.doc, NULL,
             "{\"devices\":[],\"missing\":[{\"node\":\"n1\",\"what\":\"gpu\",\"why\":\"no NVIDIA "
             "driver library here\"},{\"node\":\"n1\",\"what\":\"cgroup\",\"why\":\"version 1\"}],"
             "\"nodes\":[{\"node\":\"n1\",\"basis\":\"process\"}]}"));
}

TEST(devices_doc, parts_of_other_nodes_are_kept)
{
    static struct scene s;
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF buf = BUF(DEVICES_DOC_BYTES_MAX);
    const struct json *old;
    const char *text = "{\"devices\":[{\"node\":\"n1\",\"device\":\"old\"},{\"node\":\"n2\"}],"
                       "\"missing\":[{\"node\":\"n2\",\"what\":\"psi\"},7],\"nodes\":\"odd\"}";
    scene_set(&s);
    struct bytes in = {(const unsigned char *)text, strlen(text)};
    CHECK(json_read(in, NULL, &arena, &old, NULL) == TRACK_OK);
    CHECK(same(&buf, &s.doc, old,
               "{\"devices\":[{\"node\":\"n2\"}],\"missing\":[{\"node\":\"n2\",\"what\":\"psi\"}],"
               "\"nodes\":[{\"node\":\"n1\",\"basis\":\"process\"}]}"));
}

TEST(devices_doc, a_device_with_what_is_known_of_it)
{
    static struct scene s;
    AUTO_BUF buf = BUF(DEVICES_DOC_BYTES_MAX);
    struct bytes got;
    scene_set(&s);
    s.devices.table.count = 1;
    memcpy(s.devices.table.list[0].name, "H100", 5);
    s.devices.table.list[0].mem_total_bytes = 8e10;
    s.devices.table.list[0].major = 9;
    s.devices.list[0].energy_counted = true;
    CHECK(devices_doc_write(&s.doc, NULL, &buf, &got, NULL) == TRACK_OK);
    CHECK_GOLDEN("devices_doc", got);
    AUTO_BUF small = BUF(64);
    CHECK(devices_doc_write(&s.doc, NULL, &small, &got, NULL) == TRACK_TOO_LARGE);
}

static track_status write_one(void)
{
    static struct scene s;
    AUTO_BUF buf = BUF(DEVICES_DOC_BYTES_MAX);
    struct bytes got;
    scene_set(&s);
    return devices_doc_write(&s.doc, NULL, &buf, &got, NULL);
}

TEST(devices_doc, no_memory_is_said)
{
    CHECK(fault_each(write_one) >= 1);
}
