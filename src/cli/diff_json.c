#include "diff_form.h"
#include "value_diff.h"
#include "value_json.h"

#include <inttypes.h>

void diff_json_begin(struct diff_form *form, bool with_detail)
{
    form->json = (struct json_out){ .out = form->out, .line_depth = 2 };
    json_begin_object(&form->json, NULL);
    json_string(&form->json, "from", form->from.path);
    json_string(&form->json, "to", form->to.path);
    if (with_detail)
        json_begin_array(&form->json, "changes");
}

static void diff_json_write_handle(struct json_out *json, const char *key, pecs_entity entity)
{
    char text[32];
    if (!entity.generation) {
        json_word(json, key, "null");
        return;
    }
    snprintf(text, sizeof(text), "%" PRIu32 ":%" PRIu32, entity.index, entity.generation);
    json_string(json, key, text);
}

static void diff_json_write_whole(struct json_out *json, struct diff_side *side, pecs_entity entity)
{
    size_t count;
    json_begin_object(json, "components");
    const pecs_component *components = pecs_view_components(side->view, entity, &count);
    components = type_list_by_name(&side->types, components, count);
    for (size_t i = 0; i < count; i++) {
        const struct type_entry *entry = type_list_entry(&side->types, components[i]);
        if (components[i] == side->types.id_component)
            continue;
        value_write(json, entry->label, side->view, entry->type,
                    pecs_view_get(side->view, entity, components[i], entry->type->size));
    }
    json_end_object(json);
}

static void diff_json_write_element(void *user, const char *path, const pecs_field *field, const void *old_element,
                                    const void *new_element)
{
    struct diff_form *form = user;
    pecs_id id;
    json_begin_object(&form->json, path);
    value_write_element(&form->json, "old", form->from.view, field, old_element);
    if (diff_names_id(form, &form->from, field, old_element, &id))
        json_id(&form->json, "old_id", id);
    value_write_element(&form->json, "new", form->to.view, field, new_element);
    if (diff_names_id(form, &form->to, field, new_element, &id))
        json_id(&form->json, "new_id", id);
    json_end_object(&form->json);
}

static void diff_json_write_component(struct diff_form *form, const pecs_change *change)
{
    struct json_out *json = &form->json;
    json_string(json, "component", diff_label(form, change));
    if (diff_is_by_field(form, change)) {
        json_begin_object(json, "fields");
        const struct value_sides sides = diff_value_sides(form);
        value_diff(&sides, type_list_entry(&form->from.types, change->from_component)->type, change->old_value,
                   change->new_value, diff_json_write_element, form);
        json_end_object(json);
        return;
    }
    if (change->kind != PECS_COMPONENT_ADDED)
        value_write(json, "old", form->from.view, type_list_entry(&form->from.types, change->from_component)->type,
                    change->old_value);
    if (change->kind != PECS_COMPONENT_REMOVED)
        value_write(json, "new", form->to.view, type_list_entry(&form->to.types, change->to_component)->type,
                    change->new_value);
}

bool diff_json_change(void *user, const pecs_change *change)
{
    static const char *const words[] = {
        [PECS_ENTITY_ADDED] = "entity added",           [PECS_ENTITY_REMOVED] = "entity removed",
        [PECS_COMPONENT_ADDED] = "component added",     [PECS_COMPONENT_REMOVED] = "component removed",
        [PECS_COMPONENT_CHANGED] = "component changed",
    };
    struct diff_form *form = user;
    struct json_out *json = &form->json;
    diff_count(form, change);
    json_begin_object(json, NULL);
    json_string(json, "change", words[change->kind]);
    json_id(json, "id", change->id);
    diff_json_write_handle(json, "before", change->before);
    diff_json_write_handle(json, "after", change->after);
    if (change->kind == PECS_ENTITY_ADDED)
        diff_json_write_whole(json, &form->to, change->after);
    else if (change->kind == PECS_ENTITY_REMOVED)
        diff_json_write_whole(json, &form->from, change->before);
    else
        diff_json_write_component(form, change);
    json_end_object(json);
    return !form->out->os_error;
}

void diff_json_meta(struct diff_form *form, bool is_of_file, const pecs_meta *old, const pecs_meta *new_entry)
{
    static const char *const words[][3] = {
        { "metadata added", "metadata removed", "metadata changed" },
        { "file metadata added", "file metadata removed", "file metadata changed" },
    };
    struct json_out *json = &form->json;
    json_begin_object(json, NULL);
    json_string(json, "change", words[is_of_file][old && new_entry ? 2 : old ? 1 : 0]);
    json_string(json, "key", old ? old->key : new_entry->key);
    if (old)
        value_write_meta(json, "old", old);
    if (new_entry)
        value_write_meta(json, "new", new_entry);
    json_end_object(json);
}

void diff_json_attachment(struct diff_form *form, const pecs_attachment *old, const pecs_attachment *new_entry,
                          size_t same_bytes)
{
    struct json_out *json = &form->json;
    json_begin_object(json, NULL);
    json_string(json, "change",
                old && new_entry ? "attachment changed"
                : old            ? "attachment removed"
                                 : "attachment added");
    json_string(json, "name", old ? old->name : new_entry->name);
    if (old)
        json_number(json, "old_size", old->size_bytes);
    if (new_entry)
        json_number(json, "new_size", new_entry->size_bytes);
    if (old && new_entry)
        json_number(json, "same_bytes", same_bytes);
    json_end_object(json);
}

static void diff_json_write_counts(struct json_out *json, const struct change_counts *counts)
{
    json_number(json, "added", counts->added);
    json_number(json, "removed", counts->removed);
    json_number(json, "changed", counts->changed);
}

static void diff_json_write_type(struct json_out *json, const struct diff_type *type,
                                 const struct change_counts *counts)
{
    if (!counts_any(counts))
        return;
    json_begin_object(json, NULL);
    json_string(json, "component", type->label);
    json_id(json, "type_id", type->id);
    diff_json_write_counts(json, counts);
    json_end_object(json);
}

void diff_json_end(struct diff_form *form, bool with_detail)
{
    struct json_out *json = &form->json;
    diff_sort_types(form);
    if (with_detail)
        json_end_array(json);
    json_bool(json, "same", !diff_found(form));
    json_bool(json, "other_ids", form->has_other_ids);
    json_begin_object(json, "entities");
    diff_json_write_counts(json, &form->entities);
    json_end_object(json);
    json_begin_array(json, "components");
    for (size_t i = 0; i < form->type_count; i++)
        diff_json_write_type(json, &form->types[i], &form->types[i].of_entities);
    json_end_array(json);
    json_begin_array(json, "singletons");
    for (size_t i = 0; i < form->type_count; i++)
        diff_json_write_type(json, &form->types[i], &form->types[i].of_world);
    json_end_array(json);
    json_begin_object(json, "metadata");
    diff_json_write_counts(json, &form->metadata);
    json_end_object(json);
    json_begin_object(json, "file_metadata");
    diff_json_write_counts(json, &form->file_metadata);
    json_end_object(json);
    json_begin_object(json, "attachments");
    diff_json_write_counts(json, &form->attachments);
    json_end_object(json);
    json_end_object(json);
    json_finish(json);
}
