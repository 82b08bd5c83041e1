/* The library reports the changes of one entity in no particular order; a bit for each slot marks counted entities. */
#include "diff_form.h"

#include <stdlib.h>
#include <string.h>

static void diff_set_type(struct diff_type *type, const struct type_entry *entry)
{
    type->label = entry->label;
    type->id = entry->id;
}

static size_t diff_place_of(const struct type_list *list, pecs_component component)
{
    return (size_t)(type_list_entry(list, component) - list->entries);
}

/* Types with the same id are one type. */
static void diff_map_types(struct diff_form *form)
{
    const size_t from_count = form->from.types.count;
    for (size_t i = 0; i < from_count; i++)
        diff_set_type(&form->types[i], &form->from.types.entries[i]);
    form->type_count = from_count;
    for (size_t i = 0; i < form->to.types.count; i++) {
        const struct type_entry *entry = &form->to.types.entries[i];
        pecs_component from;
        const bool is_in_from = !pecs_view_component_by_id(form->from.view, entry->id, &from);
        form->to_places[i] = is_in_from ? diff_place_of(&form->from.types, from) : form->type_count;
        if (!is_in_from)
            diff_set_type(&form->types[form->type_count++], entry);
    }
}

bool diff_begin(struct diff_form *form)
{
    pecs_summary summary;
    pecs_view_summary(form->from.view, &summary);
    if (type_lists_of_views(form->from.view, form->to.view, &form->from.types, &form->to.types)) {
        form->types = calloc(form->from.types.count + form->to.types.count, sizeof(*form->types));
        form->to_places = calloc(form->to.types.count, sizeof(*form->to_places));
        form->changed = calloc(summary.slot_count / 8 + 1, 1);
    }
    if (form->types && form->to_places && form->changed) {
        diff_map_types(form);
        return true;
    }
    diff_end(form);
    return false;
}

void diff_end(struct diff_form *form)
{
    free(form->changed);
    free(form->to_places);
    free(form->types);
    type_list_free(&form->to.types);
    type_list_free(&form->from.types);
}

bool diff_is_of_world(const pecs_change *change)
{
    return !change->before.generation && !change->after.generation;
}

static bool diff_is_in_from(const pecs_change *change)
{
    return change->from_component != UINT32_MAX;
}

static struct diff_type *diff_type_of(const struct diff_form *form, const pecs_change *change)
{
    return &form->types[diff_is_in_from(change)
                            ? diff_place_of(&form->from.types, change->from_component)
                            : form->to_places[diff_place_of(&form->to.types, change->to_component)]];
}

const char *diff_label(const struct diff_form *form, const pecs_change *change)
{
    return diff_type_of(form, change)->label;
}

struct value_sides diff_value_sides(const struct diff_form *form)
{
    return (struct value_sides){ form->from.view, form->to.view, form->by_handle };
}

bool diff_names_id(const struct diff_form *form, const struct diff_side *side, const pecs_field *field,
                   const void *element, pecs_id *ret_id)
{
    pecs_entity entity;
    if (field->kind != PECS_ENTITY || form->by_handle)
        return false;
    memcpy(&entity, element, sizeof(entity));
    return !pecs_view_id(side->view, entity, ret_id);
}

bool diff_is_by_field(const struct diff_form *form, const pecs_change *change)
{
    return change->kind == PECS_COMPONENT_CHANGED && change->old_value && change->new_value &&
           value_layouts_match(type_list_entry(&form->from.types, change->from_component)->type,
                               type_list_entry(&form->to.types, change->to_component)->type);
}

static void diff_count_component(struct diff_form *form, const pecs_change *change)
{
    struct diff_type *type = diff_type_of(form, change);
    struct change_counts *counts = diff_is_of_world(change) ? &type->of_world : &type->of_entities;
    counts->added += change->kind == PECS_COMPONENT_ADDED;
    counts->removed += change->kind == PECS_COMPONENT_REMOVED;
    counts->changed += change->kind == PECS_COMPONENT_CHANGED;
    if (diff_is_of_world(change))
        return;
    uint8_t *byte = &form->changed[change->before.index / 8], bit = (uint8_t)(1u << change->before.index % 8);
    form->entities.changed += !(*byte & bit);
    *byte |= bit;
}

void diff_count(struct diff_form *form, const pecs_change *change)
{
    if (change->kind == PECS_ENTITY_ADDED)
        form->entities.added++;
    else if (change->kind == PECS_ENTITY_REMOVED)
        form->entities.removed++;
    else
        diff_count_component(form, change);
}

static bool diff_is_same_entry(const pecs_meta *a, const pecs_meta *b)
{
    return a->kind == b->kind && a->size_bytes == b->size_bytes && memcmp(a->value, b->value, a->size_bytes) == 0;
}

struct meta_span {
    const pecs_meta *entries;
    size_t count;
};

static void diff_count_entry(struct change_counts *counts, int order)
{
    counts->added += order > 0;
    counts->removed += order < 0;
    counts->changed += order == 0;
}

/* Merges two lists, which are in ascending order of keys. */
static void diff_compare_metadata(struct diff_form *form, bool is_of_file, struct meta_span from, struct meta_span to,
                                  diff_meta_function each)
{
    struct change_counts *counts = is_of_file ? &form->file_metadata : &form->metadata;
    for (size_t i = 0, j = 0; i < from.count || j < to.count;) {
        const pecs_meta *old = i < from.count ? &from.entries[i] : NULL;
        const pecs_meta *new_entry = j < to.count ? &to.entries[j] : NULL;
        const int order = !new_entry ? -1 : !old ? 1 : strcmp(old->key, new_entry->key);
        i += order <= 0;
        j += order >= 0;
        if (order == 0 && diff_is_same_entry(old, new_entry))
            continue;
        diff_count_entry(counts, order);
        if (each)
            each(form, is_of_file, order <= 0 ? old : NULL, order >= 0 ? new_entry : NULL);
    }
}

void diff_metadata(struct diff_form *form, diff_meta_function each)
{
    const pecs_info *from = form->from.info, *to = form->to.info;
    diff_compare_metadata(form, true, (struct meta_span){ from->file_metadata, from->file_metadata_count },
                          (struct meta_span){ to->file_metadata, to->file_metadata_count }, each);
    diff_compare_metadata(form, false, (struct meta_span){ from->metadata, from->metadata_count },
                          (struct meta_span){ to->metadata, to->metadata_count }, each);
}

/* How many bytes the contents of two attachments begin with that are the same. */
static size_t diff_same_bytes(const pecs_attachment *a, const pecs_attachment *b)
{
    const size_t size = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
    const uint8_t *x = a->data, *y = b->data;
    size_t same = 0;
    while (same < size && size - same >= 4096 && memcmp(x + same, y + same, 4096) == 0)
        same += 4096;
    while (same < size && x[same] == y[same])
        same++;
    return same;
}

void diff_attachments(struct diff_form *form, diff_attachment_function each)
{
    pecs_attachment old, new_entry;
    for (size_t i = 0, j = 0;;) {
        const bool has_old = pecs_view_attachment_at(form->from.view, i, &old);
        const bool has_new = pecs_view_attachment_at(form->to.view, j, &new_entry);
        if (!has_old && !has_new)
            return;
        const int order = !has_new ? -1 : !has_old ? 1 : strcmp(old.name, new_entry.name);
        const size_t same = order == 0 ? diff_same_bytes(&old, &new_entry) : 0;
        i += order <= 0;
        j += order >= 0;
        if (order == 0 && old.size_bytes == same && new_entry.size_bytes == same)
            continue;
        diff_count_entry(&form->attachments, order);
        if (each)
            each(form, order <= 0 ? &old : NULL, order >= 0 ? &new_entry : NULL, same);
    }
}

static int diff_compare_labels(const void *a, const void *b)
{
    const struct diff_type *x = a, *y = b;
    const int order = strcmp(x->label, y->label);
    return order ? order : memcmp(&x->id, &y->id, sizeof(x->id));
}

void diff_sort_types(struct diff_form *form)
{
    qsort(form->types, form->type_count, sizeof(*form->types), diff_compare_labels);
}

bool counts_any(const struct change_counts *counts)
{
    return counts->added || counts->removed || counts->changed;
}

bool diff_found(const struct diff_form *form)
{
    bool found = form->has_other_ids || counts_any(&form->entities) || counts_any(&form->metadata) ||
                 counts_any(&form->file_metadata) || counts_any(&form->attachments);
    for (size_t i = 0; !found && i < form->type_count; i++)
        found = counts_any(&form->types[i].of_world);
    return found;
}
