#include "diff_form.h"
#include "meta_text.h"
#include "value_diff.h"
#include "value_text.h"

#include <inttypes.h>

static void diff_text_print_entity(struct text_out *out, pecs_id id, pecs_entity entity)
{
    char text[PECS_ID_TEXT_BYTES];
    pecs_id_format(id, text);
    out_format(out, "%" PRIu32 ":%" PRIu32 " %s", entity.index, entity.generation, text);
}

/* Prints an entity that only one file has, with all its components. */
static void diff_text_print_whole(struct diff_form *form, struct diff_side *side, const char *what, pecs_id id,
                                  pecs_entity entity)
{
    size_t count;
    out_format(form->out, "%s ", what);
    diff_text_print_entity(form->out, id, entity);
    out_format(form->out, "\n");
    const pecs_component *components = pecs_view_components(side->view, entity, &count);
    components = type_list_by_name(&side->types, components, count);
    for (size_t i = 0; i < count; i++) {
        const struct type_entry *entry = type_list_entry(&side->types, components[i]);
        if (components[i] == side->types.id_component)
            continue;
        out_format(form->out, "  ");
        out_name(form->out, entry->label);
        value_print(form->out, side->view, entry->type,
                    pecs_view_get(side->view, entity, components[i], entry->type->size));
        out_format(form->out, "\n");
    }
}

/* Handles of two files cannot be compared by eye, so the entity's id follows. */
static void diff_text_print_side(const struct diff_form *form, const struct diff_side *side, const pecs_field *field,
                                 const void *element)
{
    char text[PECS_ID_TEXT_BYTES];
    pecs_id id;
    value_print_element(form->out, side->view, field, element);
    if (!diff_names_id(form, side, field, element, &id))
        return;
    pecs_id_format(id, text);
    out_format(form->out, " %s", text);
}

static void diff_text_print_element(void *user, const char *path, const pecs_field *field, const void *old_element,
                                    const void *new_element)
{
    const struct diff_form *form = user;
    out_format(form->out, "\n  ");
    out_name(form->out, path);
    out_format(form->out, ": ");
    diff_text_print_side(form, &form->from, field, old_element);
    out_format(form->out, " -> ");
    diff_text_print_side(form, &form->to, field, new_element);
}

static void diff_text_print_values(struct diff_form *form, const pecs_change *change)
{
    const pecs_type *from = NULL, *to = NULL;
    if (change->kind != PECS_COMPONENT_ADDED)
        from = type_list_entry(&form->from.types, change->from_component)->type;
    if (change->kind != PECS_COMPONENT_REMOVED)
        to = type_list_entry(&form->to.types, change->to_component)->type;
    if (diff_is_by_field(form, change)) {
        const struct value_sides sides = diff_value_sides(form);
        value_diff(&sides, from, change->old_value, change->new_value, diff_text_print_element, form);
        return;
    }
    if (change->kind == PECS_COMPONENT_CHANGED)
        out_format(form->out, ", with another layout\n  old");
    if (from)
        value_print(form->out, form->from.view, from, change->old_value);
    if (change->kind == PECS_COMPONENT_CHANGED)
        out_format(form->out, "\n  new");
    if (to)
        value_print(form->out, form->to.view, to, change->new_value);
}

static void diff_text_print_component(struct diff_form *form, const pecs_change *change)
{
    static const char *const words[] = {
        [PECS_COMPONENT_ADDED] = "added to",
        [PECS_COMPONENT_REMOVED] = "removed from",
        [PECS_COMPONENT_CHANGED] = "changed in",
    };
    out_format(form->out, "%s ", words[change->kind]);
    if (diff_is_of_world(change))
        out_format(form->out, "the world");
    else
        diff_text_print_entity(form->out, change->id, change->before);
    out_format(form->out, ": ");
    out_name(form->out, diff_label(form, change));
    diff_text_print_values(form, change);
    out_format(form->out, "\n");
}

bool diff_text_change(void *user, const pecs_change *change)
{
    struct diff_form *form = user;
    diff_count(form, change);
    if (change->kind == PECS_ENTITY_ADDED)
        diff_text_print_whole(form, &form->to, "added", change->id, change->after);
    else if (change->kind == PECS_ENTITY_REMOVED)
        diff_text_print_whole(form, &form->from, "removed", change->id, change->before);
    else
        diff_text_print_component(form, change);
    return !form->out->os_error;
}

static const char *diff_text_what(const void *old, const void *new_entry)
{
    return old && new_entry ? "changed in" : old ? "removed from" : "added to";
}

void diff_text_meta(struct diff_form *form, bool is_of_file, const pecs_meta *old, const pecs_meta *new_entry)
{
    out_format(form->out, "%s metadata%s: ", diff_text_what(old, new_entry), is_of_file ? " of the file alone" : "");
    out_name(form->out, old ? old->key : new_entry->key);
    out_format(form->out, " ");
    if (old)
        meta_print_value(form->out, old);
    out_format(form->out, old && new_entry ? " -> " : "");
    if (new_entry)
        meta_print_value(form->out, new_entry);
    out_format(form->out, "\n");
}

void diff_text_attachment(struct diff_form *form, const pecs_attachment *old, const pecs_attachment *new_entry,
                          size_t same_bytes)
{
    out_format(form->out, "%s attachments: ", diff_text_what(old, new_entry));
    out_name(form->out, old ? old->name : new_entry->name);
    if (old)
        out_format(form->out, " %zu bytes", old->size_bytes);
    if (new_entry)
        out_format(form->out, "%s %zu bytes", old ? " ->" : "", new_entry->size_bytes);
    if (old && new_entry)
        out_format(form->out, ", from byte %zu on", same_bytes);
    out_format(form->out, "\n");
}

static void diff_text_print_counts(struct text_out *out, const char *label, const char *of,
                                   const struct change_counts *counts)
{
    if (!counts_any(counts))
        return;
    out_format(out, "  ");
    out_name(out, label);
    out_format(out, "%s: %" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed\n", of, counts->added,
               counts->removed, counts->changed);
}

void diff_text_end(struct diff_form *form)
{
    diff_sort_types(form);
    out_name(form->out, form->from.path);
    out_format(form->out, " and ");
    out_name(form->out, form->to.path);
    if (form->has_other_ids)
        out_format(form->out, " have the same content except for ids of entities (--by-handle ignores ids)\n");
    else
        out_format(form->out, diff_found(form) ? " differ\n" : " have the same content\n");
    diff_text_print_counts(form->out, "entities", "", &form->entities);
    for (size_t i = 0; i < form->type_count; i++) {
        diff_text_print_counts(form->out, form->types[i].label, " of entities in both", &form->types[i].of_entities);
        diff_text_print_counts(form->out, form->types[i].label, " of the world", &form->types[i].of_world);
    }
    diff_text_print_counts(form->out, "metadata", " of the file alone", &form->file_metadata);
    diff_text_print_counts(form->out, "metadata", "", &form->metadata);
    diff_text_print_counts(form->out, "attachments", "", &form->attachments);
}
