/* For tests of JSON documents: saves and loads in memory, by the plugin's own functions. The model tests use it too. */
#ifndef JSON_FIXTURE_H
#define JSON_FIXTURE_H

#include <pecs/json.h>
#include <pecs/pecs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_text {
    char *bytes; /* zero-terminated */
    size_t size;
};

static inline pecs_status json_gather(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct json_text *text = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        char *more = realloc(text->bytes, text->size + spans[i].size_bytes + 1);
        if (!more)
            return PECS_E_MEMORY;
        text->bytes = more;
        memcpy(text->bytes + text->size, spans[i].data, spans[i].size_bytes);
        text->size += spans[i].size_bytes;
        text->bytes[text->size] = 0;
    }
    return PECS_OK;
}

/* *ret_text is set whatever the status is; free its bytes. */
static inline pecs_status json_write(const pecs_snapshot *snapshot, const pecs_json_options *options,
                                     const pecs_save_options *save, struct json_text *ret_text, pecs_error *error)
{
    static const pecs_save_options defaults;
    const pecs_plugin plugin = pecs_json_plugin_with(options);
    const pecs_plugin_context context = { .user = plugin.user, .save = save ? save : &defaults };
    const pecs_sink sink = { .write = json_gather, .user = ret_text };
    *ret_text = (struct json_text){ NULL, 0 };
    return plugin.save(&context, snapshot, &sink, error);
}

static inline pecs_status json_read_from(pecs_registry *registry, const pecs_source *source,
                                         const pecs_json_options *options, const pecs_load_options *load,
                                         pecs_snapshot **ret_snapshot, pecs_error *error)
{
    static const pecs_load_options defaults;
    const pecs_plugin plugin = pecs_json_plugin_with(options);
    const pecs_plugin_context context = { .user = plugin.user, .load = load ? load : &defaults };
    pecs_builder *builder = NULL;
    pecs_status status = pecs_builder_create(registry, NULL, &builder, error);
    if (!status)
        status = plugin.load(&context, source, builder, error);
    if (!status)
        status = pecs_builder_finish(builder, ret_snapshot, error);
    pecs_builder_destroy(builder);
    return status;
}

static inline pecs_status json_read(pecs_registry *registry, const char *text, size_t size,
                                    const pecs_json_options *options, const pecs_load_options *load,
                                    pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_bytes bytes = { text, size };
    const pecs_source source = pecs_source_for_memory(&bytes);
    return json_read_from(registry, &source, options, load, ret_snapshot, error);
}

#endif
