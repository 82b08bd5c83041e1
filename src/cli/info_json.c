#include "info_form.h"
#include "value_json.h"

#include <pecs/reflect.h>

#include <string.h>

/* The value of a metadata entry, which is also listed among the metadata, or null. */
static void info_json_write_entry(struct json_out *json, const char *name, const pecs_info *info, const char *key)
{
    const pecs_meta *entry = pecs_info_meta(info, key);
    if (entry)
        value_write_meta(json, name, entry);
    else
        json_word(json, name, "null");
}

static void info_json_write_ratio(struct json_out *json, const char *key, uint64_t stored_bytes, uint64_t full_bytes)
{
    char ratio[32];
    snprintf(ratio, sizeof(ratio), "%.2f", space_ratio(stored_bytes, full_bytes));
    json_word(json, key, ratio);
}

static void info_json_write_head(struct json_out *json, const struct info_form *form)
{
    const pecs_info *info = form->info;
    char time[32];
    json_string(json, "file", form->path);
    json_number(json, "size_bytes", info->size_bytes);
    json_number(json, "format_version", info->format_version);
    json_number(json, "optional_features", info->optional_features);
    json_number(json, "segment_count", info->segment_count);
    json_number(json, "block_count", info->block_count);
    json_number(json, "block_bytes", info->block_bytes);
    json_number(json, "block_full_bytes", info->block_full_bytes);
    info_json_write_ratio(json, "ratio", info->block_bytes, info->block_full_bytes);
    info_json_write_entry(json, "application", info, PECS_META_APPLICATION);
    info_json_write_entry(json, "application_version", info, PECS_META_APPLICATION_VERSION);
    json_number(json, "wall_clock_ns", info->wall_clock_ns);
    if (info_time(info, time, sizeof(time)))
        json_string(json, "saved_at", time);
    else
        json_word(json, "saved_at", "null");
    json_id(json, "snapshot_id", info->snapshot_id);
    json_id(json, "parent_id", info->parent_id);
    json_number(json, "entity_count", info->entity_count);
    json_number(json, "slot_count", info->slot_count);
    json_number(json, "free_count", info->free_count);
    json_number(json, "retired_count", info->retired_count);
    json_number(json, "tick", info->tick);
    json_number(json, "session_count", info->session_count);
    json_begin_object(json, "metadata");
    for (size_t i = 0; i < info->metadata_count; i++)
        value_write_meta(json, info->metadata[i].key, &info->metadata[i]);
    json_end_object(json);
    json_begin_object(json, "file_metadata");
    for (size_t i = 0; i < info->file_metadata_count; i++)
        value_write_meta(json, info->file_metadata[i].key, &info->file_metadata[i]);
    json_end_object(json);
}

static void info_json_write_fields(struct json_out *json, const pecs_type *type)
{
    json_begin_array(json, "fields");
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const pecs_kind kind = field->kind == PECS_LIST ? field->element : field->kind;
        json_begin_object(json, NULL);
        if (field->kind == PECS_PADDING)
            json_word(json, "name", "null");
        else
            json_string(json, "name", field->name);
        json_string(json, "kind", pecs_kind_name(field->kind));
        json_number(json, "offset", field->offset);
        json_number(json, "size", field->size);
        json_number(json, "count", field->count);
        json_number(json, "columns", field->columns);
        if (field->kind == PECS_LIST) {
            json_string(json, "element", pecs_kind_name(field->element));
            json_number(json, "element_size", field->element_size);
        }
        if (kind == PECS_ENUM) {
            json_begin_array(json, "names");
            for (uint32_t j = 0; j < field->enum_count; j++)
                json_string(json, NULL, field->enum_names[j]);
            json_end_array(json);
        }
        if (kind == PECS_STRUCT)
            info_json_write_fields(json, field->nested);
        json_end_object(json);
    }
    json_end_array(json);
}

static void info_json_write_types(struct json_out *json, const struct info_form *form)
{
    json_begin_array(json, "types");
    for (size_t i = 0; i < form->types.count; i++) {
        const struct type_entry *entry = &form->types.entries[form->types.order[i]];
        json_begin_object(json, NULL);
        json_string(json, "name", entry->type->name);
        json_id(json, "id", entry->id);
        json_number(json, "version", entry->type->version);
        json_number(json, "size", entry->type->size);
        json_number(json, "align", entry->type->align);
        info_json_write_fields(json, entry->type);
        json_end_object(json);
    }
    json_end_array(json);
}

static void info_json_write_tables(struct json_out *json, struct info_form *form)
{
    json_begin_array(json, "tables");
    for (size_t i = 0; i < form->info->table_count; i++) {
        const pecs_table *table = &form->info->tables[i];
        const pecs_component *components = type_list_by_name(&form->types, table->components, table->component_count);
        json_begin_object(json, NULL);
        json_number(json, "rows", table->row_count);
        json_number(json, "bytes", form->space.table_bytes[i]);
        json_bool(json, "singletons", table->is_singletons);
        json_begin_array(json, "components");
        for (size_t j = 0; j < table->component_count; j++)
            json_string(json, NULL, type_list_entry(&form->types, components[j])->label);
        json_end_array(json);
        json_end_object(json);
    }
    json_end_array(json);
}

static void info_json_write_attachments(struct json_out *json, const struct info_form *form)
{
    json_begin_array(json, "attachments");
    for (size_t i = 0; i < form->info->attachment_count; i++) {
        json_begin_object(json, NULL);
        json_string(json, "name", form->info->attachments[i].name);
        json_number(json, "size", form->info->attachments[i].size_bytes);
        json_end_object(json);
    }
    json_end_array(json);
}

static void info_json_write_space(struct json_out *json, const struct info_form *form)
{
    json_begin_array(json, "space");
    for (size_t i = 0; i < form->space.part_count; i++) {
        const struct space_part *part = &form->space.parts[i];
        char percent[32];
        json_begin_object(json, NULL);
        json_string(json, "kind", part->kind);
        if (part->label)
            json_string(json, "component", part->label);
        json_number(json, "bytes", part->bytes);
        snprintf(percent, sizeof(percent), "%.2f", space_percent(part->bytes, form->info->size_bytes));
        json_word(json, "percent", percent);
        if (space_codec(part)) {
            json_string(json, "codec", space_codec(part));
            json_number(json, "full_bytes", part->full_bytes);
            info_json_write_ratio(json, "ratio", part->bytes, part->full_bytes);
        }
        json_end_object(json);
    }
    json_end_array(json);
    json_number(json, "space_bytes", form->space.sum_bytes);
}

void info_json(struct info_form *form, struct text_out *out)
{
    struct json_out json = { .out = out, .line_depth = 2 };
    json_begin_object(&json, NULL);
    info_json_write_head(&json, form);
    info_json_write_attachments(&json, form);
    info_json_write_types(&json, form);
    info_json_write_tables(&json, form);
    info_json_write_space(&json, form);
    if (form->advice)
        advice_json(form->advice, &json);
    json_end_object(&json);
    json_finish(&json);
}
