#include "json_load.h"
#include "json_save.h"

#include <string.h>

/* The bits of the bytes that the plugin knows: a brace, and the first or another part of a document. */
static uint32_t plugin_bid(void *user, const void *bytes, size_t size_bytes)
{
    static const char version[] = "\"version\"", entities[] = "\"entities\"";
    if (!size_bytes)
        return 0;
    const char *at = bytes, *end = at + size_bytes;
    (void)user;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    if (at == end || *at++ != '{')
        return 0;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    if ((size_t)(end - at) >= sizeof(version) - 1 && memcmp(at, version, sizeof(version) - 1) == 0)
        return 8 * sizeof(version);
    for (; (size_t)(end - at) >= sizeof(entities) - 1; at++)
        if (memcmp(at, entities, sizeof(entities) - 1) == 0)
            return 8 * sizeof(entities);
    return at == end ? 8 : 1;
}

static const pecs_plugin plugin_json = {
    .name = "json",
    .version = 1,
    .extensions = "json",
    .bid = plugin_bid,
    .save = json_save,
    .load = json_load,
};

const pecs_plugin *pecs_json_plugin(void)
{
    return &plugin_json;
}

pecs_plugin pecs_json_plugin_with(const pecs_json_options *options)
{
    pecs_plugin plugin = plugin_json;
    plugin.user = (void *)(uintptr_t)options;
    return plugin;
}
