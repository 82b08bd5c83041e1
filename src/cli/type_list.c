#include "type_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qsort takes no context, so what it sorts brings its keys along. */
struct sort_item {
    const char *name;
    pecs_id id;
    pecs_component component;
};

static int compare_items(const void *a, const void *b)
{
    const struct sort_item *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : memcmp(&x->id, &y->id, sizeof(x->id));
}

static bool make_label(struct type_entry *entry)
{
    char id[PECS_ID_TEXT_BYTES];
    const size_t size = strlen(entry->type->name) + sizeof(id) + 1;
    pecs_id_format(entry->id, id);
    entry->own_label = malloc(size);
    if (!entry->own_label)
        return false;
    snprintf(entry->own_label, size, "%s#%s", entry->type->name, id);
    entry->label = entry->own_label;
    return true;
}

static bool has_name_of(const struct type_list *list, size_t rank, size_t other)
{
    return other < list->count &&
           strcmp(list->entries[list->order[rank]].type->name, list->entries[list->order[other]].type->name) == 0;
}

static bool finish(struct type_list *list, struct sort_item *items)
{
    for (size_t i = 0; i < list->count; i++)
        items[i] = (struct sort_item){ list->entries[i].type->name, list->entries[i].id, (pecs_component)i };
    qsort(items, list->count, sizeof(*items), compare_items);
    for (size_t i = 0; i < list->count; i++) {
        list->order[i] = items[i].component;
        list->entries[items[i].component].rank = (pecs_component)i;
    }
    for (size_t i = 0; i < list->count; i++)
        if ((has_name_of(list, i, i + 1) || (i && has_name_of(list, i, i - 1))) &&
            !make_label(&list->entries[list->order[i]]))
            return false;
    return true;
}

static bool allocate(struct type_list *list, size_t count)
{
    *list = (struct type_list){
        .count = count,
        .id_component = UINT32_MAX,
        .entries = calloc(count + 1, sizeof(*list->entries)),
        .order = calloc(count + 1, sizeof(*list->order)),
        .sorted = calloc(count + 1, sizeof(*list->sorted)),
    };
    return list->entries && list->order && list->sorted;
}

static void set_entry(struct type_list *list, size_t place, const pecs_type *type, pecs_id id)
{
    list->entries[place] = (struct type_entry){ type, id, type->name, NULL, 0 };
}

static bool finish_or_free(struct type_list *list, bool is_allocated, struct type_list *ret_list)
{
    struct sort_item *items = is_allocated ? calloc(list->count + 1, sizeof(*items)) : NULL;
    const bool good = items && finish(list, items);
    free(items);
    if (good)
        *ret_list = *list;
    else
        type_list_free(list);
    return good;
}

bool type_list_of_view(pecs_view view, struct type_list *ret_list)
{
    struct type_list list;
    const bool is_allocated = allocate(&list, pecs_view_type_count(view));
    for (pecs_component i = 0; is_allocated && i < list.count; i++)
        set_entry(&list, i, pecs_view_type(view, i), pecs_view_type_id(view, i));
    if (pecs_view_component(view, "pecs.id", &list.id_component))
        list.id_component = UINT32_MAX;
    return finish_or_free(&list, is_allocated, ret_list);
}

bool type_list_of_info(const pecs_info *info, struct type_list *ret_list)
{
    struct type_list list;
    const bool is_allocated = allocate(&list, info->type_count);
    for (size_t i = 0; is_allocated && i < list.count; i++)
        set_entry(&list, i, info->types[i], info->types[i]->id);
    return finish_or_free(&list, is_allocated, ret_list);
}

void type_list_free(struct type_list *list)
{
    for (size_t i = 0; list->entries && i < list->count; i++)
        free(list->entries[i].own_label);
    free(list->entries);
    free(list->order);
    free(list->sorted);
    *list = (struct type_list){ .count = 0 };
}

bool view_has_explicit_ids(pecs_view view)
{
    pecs_component ids;
    pecs_table table;
    if (pecs_view_component(view, "pecs.id", &ids))
        return false;
    for (uint64_t i = 0; pecs_view_table(view, i, &table); i++)
        for (size_t j = 0; j < table.component_count; j++)
            if (table.components[j] == ids)
                return true;
    return false;
}

bool type_list_find(const struct type_list *list, pecs_view view, const char *label, pecs_component *ret_component)
{
    pecs_component found = 0;
    while (found < list->count && strcmp(list->entries[found].label, label) != 0)
        found++;
    *ret_component = found;
    return found < list->count && (found != list->id_component || view_has_explicit_ids(view));
}

/* A set is short. */
static void sort(const struct type_list *list, pecs_component *components, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const pecs_component moved = components[i];
        size_t at = i;
        for (; at && list->entries[components[at - 1]].rank > list->entries[moved].rank; at--)
            components[at] = components[at - 1];
        components[at] = moved;
    }
}

const pecs_component *type_list_by_name(struct type_list *list, const pecs_component *components, size_t count)
{
    if (count && (components != list->sorted_from || count != list->sorted_count)) {
        memcpy(list->sorted, components, count * sizeof(*components));
        sort(list, list->sorted, count);
        list->sorted_from = components;
        list->sorted_count = count;
    }
    return list->sorted;
}
