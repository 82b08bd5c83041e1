#include "dump_form.h"
#include "value_json.h"

#include <inttypes.h>

static void dump_json_write_component(const struct dump *dump, struct json_out *json, pecs_component component,
                                      const void *value)
{
    const struct type_entry *entry = type_list_entry(&dump->types, component);
    value_write(json, entry->label, dump->view, entry->type, value);
}

static void dump_json_write_attachments(struct dump *dump, struct json_out *json)
{
    pecs_attachment attachment;
    json_begin_array(json, "attachments");
    for (size_t i = 0; pecs_view_attachment_at(dump->view, i, &attachment); i++) {
        json_begin_object(json, NULL);
        json_string(json, "name", attachment.name);
        json_number(json, "size", attachment.size_bytes);
        json_end_object(json);
    }
    json_end_array(json);
}

static void dump_json_write_world(struct dump *dump, struct json_out *json)
{
    pecs_meta meta;
    size_t count;
    if (!dump->one_component) {
        json_begin_object(json, "metadata");
        for (size_t i = 0; pecs_view_meta_at(dump->view, i, &meta); i++)
            value_write_meta(json, meta.key, &meta);
        json_end_object(json);
        json_begin_object(json, "file_metadata");
        for (size_t i = 0; i < dump->info->file_metadata_count; i++)
            value_write_meta(json, dump->info->file_metadata[i].key, &dump->info->file_metadata[i]);
        json_end_object(json);
        dump_json_write_attachments(dump, json);
    }
    json_begin_object(json, "singletons");
    const pecs_component *components = dump_singletons(dump, &count);
    for (size_t i = 0; i < count; i++)
        dump_json_write_component(dump, json, components[i], dump_singleton(dump, components[i]));
    json_end_object(json);
}

static void dump_json_write_entity(struct dump *dump, struct json_out *json, const struct dump_iter *iter)
{
    char handle[32];
    size_t count;
    const pecs_entity entity = iter->ids.entity;
    json_begin_object(json, NULL);
    json_id(json, "id", iter->ids.id);
    snprintf(handle, sizeof(handle), "%" PRIu32 ":%" PRIu32, entity.index, entity.generation);
    json_string(json, "handle", handle);
    json_bool(json, "has_explicit_id", dump_has_explicit_id(dump, entity));
    json_begin_object(json, "components");
    const pecs_component *components = dump_components_of(dump, entity, &count);
    for (size_t i = 0; i < count; i++)
        if (!dump_is_hidden(dump, components[i]))
            dump_json_write_component(dump, json, components[i], dump_value(dump, entity, components[i]));
    json_end_object(json);
    json_end_object(json);
}

void dump_json(struct dump *dump, struct text_out *out)
{
    struct json_out json = { .out = out, .line_depth = 2 };
    pecs_summary summary;
    pecs_view_summary(dump->view, &summary);
    json_begin_object(&json, NULL);
    json_string(&json, "file", dump->path);
    json_number(&json, "entity_count", summary.entity_count);
    json_number(&json, "tick", summary.tick);
    if (dump_has_world(dump))
        dump_json_write_world(dump, &json);
    json_begin_array(&json, "entities");
    struct dump_iter iter = dump_entities(dump);
    while (!out->os_error && dump_next(dump, &iter))
        dump_json_write_entity(dump, &json, &iter);
    json_end_array(&json);
    json_bool(&json, "cut", iter.cut);
    json_end_object(&json);
    json_finish(&json);
}
