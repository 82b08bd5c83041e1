#include "type_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

/* Items hold their sort keys, since qsort passes no context. */
struct sort_item {
    const char *name;
    pecs_id id;
    struct type_list *list;
    size_t place;
};

static int type_list_compare_items(const void *a, const void *b)
{
    const struct sort_item *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : memcmp(&x->id, &y->id, sizeof(x->id));
}

/* Whether a name ends in "#" and an id. */
static bool type_list_looks_like_label(const char *name)
{
    pecs_id id;
    const size_t size = strlen(name);
    return size >= PECS_ID_TEXT_BYTES && name[size - PECS_ID_TEXT_BYTES] == '#' &&
           pecs_id_parse(name + size - PECS_ID_TEXT_BYTES + 1, &id) == PECS_OK;
}

bool type_may_have_label(const pecs_type *type, const char *label)
{
    char id[PECS_ID_TEXT_BYTES];
    const size_t size = strlen(type->name);
    pecs_id_format(type->id, id);
    return strncmp(label, type->name, size) == 0 &&
           (!label[size] || (label[size] == '#' && strcmp(label + size + 1, id) == 0));
}

static bool type_list_make_label(struct type_entry *entry)
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

/* Labels a group of sorted items, which are all types with one name. */
static bool type_list_label_namesakes(const struct sort_item *items, size_t count)
{
    if (memcmp(&items[0].id, &items[count - 1].id, sizeof(pecs_id)) == 0 && !type_list_looks_like_label(items[0].name))
        return true;
    for (size_t i = 0; i < count; i++)
        if (!type_list_make_label(&items[i].list->entries[items[i].place]))
            return false;
    return true;
}

/* Ranks are indices among the sorted types of one list. */
static void type_list_set_ranks(const struct sort_item *items, size_t count, struct type_list *list)
{
    size_t rank = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].list != list)
            continue;
        list->order[rank] = items[i].place;
        list->entries[items[i].place].rank = rank++;
    }
}

static size_t type_list_put_items(struct type_list *list, struct sort_item *items)
{
    for (size_t i = 0; i < list->count; i++)
        items[i] = (struct sort_item){ list->entries[i].type->name, list->entries[i].id, list, i };
    return list->count;
}

/* Sorts and labels one or two lists. */
static bool type_list_finish(struct type_list *lists, size_t list_count)
{
    size_t count = 0;
    for (size_t i = 0; i < list_count; i++)
        count += lists[i].count;
    struct sort_item *items = calloc(count + 1, sizeof(*items));
    if (!items)
        return false;
    count = 0;
    for (size_t i = 0; i < list_count; i++)
        count += type_list_put_items(&lists[i], items + count);
    qsort(items, count, sizeof(*items), type_list_compare_items);
    for (size_t i = 0; i < list_count; i++)
        type_list_set_ranks(items, count, &lists[i]);
    bool good = true;
    for (size_t from = 0, to; good && from < count; from = to) {
        for (to = from + 1; to < count && strcmp(items[from].name, items[to].name) == 0;)
            to++;
        good = type_list_label_namesakes(items + from, to - from);
    }
    free(items);
    return good;
}

static bool type_list_allocate(struct type_list *list, size_t count)
{
    *list = (struct type_list){
        .count = count,
        .id_component = UINT32_MAX,
        .entries = calloc(count + 1, sizeof(*list->entries)),
        .order = calloc(count + 1, sizeof(*list->order)),
        .sorted = calloc(count + 1, sizeof(*list->sorted)),
        .present = calloc(count / WORD_BITS + 1, sizeof(*list->present)),
    };
    return list->entries && list->order && list->sorted && list->present;
}

static void type_list_set_entry(struct type_list *list, size_t place, pecs_component component, const pecs_type *type,
                                pecs_id id)
{
    list->entries[place] = (struct type_entry){ type, component, id, type->name, NULL, 0 };
}

static bool type_list_fill_from_view(struct type_list *list, pecs_view view)
{
    if (!type_list_allocate(list, pecs_view_type_count(view)))
        return false;
    pecs_component component;
    for (size_t i = 0; pecs_view_component_at(view, i, &component); i++)
        type_list_set_entry(list, i, component, pecs_view_type(view, component), pecs_view_type_id(view, component));
    if (pecs_view_component(view, "pecs.id", &list->id_component))
        list->id_component = UINT32_MAX;
    return true;
}

bool type_list_of_view(pecs_view view, struct type_list *ret_list)
{
    struct type_list list;
    const bool good = type_list_fill_from_view(&list, view) && type_list_finish(&list, 1);
    if (good)
        *ret_list = list;
    else
        type_list_free(&list);
    return good;
}

bool type_lists_of_views(pecs_view a, pecs_view b, struct type_list *ret_a, struct type_list *ret_b)
{
    struct type_list lists[2] = { { .count = 0 }, { .count = 0 } };
    const bool good =
        type_list_fill_from_view(&lists[0], a) && type_list_fill_from_view(&lists[1], b) && type_list_finish(lists, 2);
    if (good) {
        *ret_a = lists[0];
        *ret_b = lists[1];
    } else {
        type_list_free(&lists[0]);
        type_list_free(&lists[1]);
    }
    return good;
}

bool type_list_of_info(const pecs_info *info, struct type_list *ret_list)
{
    struct type_list list;
    bool good = type_list_allocate(&list, info->type_count);
    for (size_t i = 0; good && i < list.count; i++)
        type_list_set_entry(&list, i, (pecs_component)i, info->types[i], info->types[i]->id);
    good = good && type_list_finish(&list, 1);
    if (good)
        *ret_list = list;
    else
        type_list_free(&list);
    return good;
}

void type_list_free(struct type_list *list)
{
    for (size_t i = 0; list->entries && i < list->count; i++)
        free(list->entries[i].own_label);
    free(list->entries);
    free(list->order);
    free(list->sorted);
    free(list->present);
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

const struct type_entry *type_list_entry(const struct type_list *list, pecs_component component)
{
    size_t low = 0, high = list->count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (list->entries[middle].component <= component)
            low = middle;
        else
            high = middle;
    }
    return &list->entries[low];
}

bool type_list_find(const struct type_list *list, pecs_view view, const char *label, pecs_component *ret_component)
{
    size_t found = 0;
    while (found < list->count && strcmp(list->entries[found].label, label) != 0)
        found++;
    if (found == list->count)
        return false;
    *ret_component = list->entries[found].component;
    return *ret_component != list->id_component || view_has_explicit_ids(view);
}

const pecs_component *type_list_by_name(struct type_list *list, const pecs_component *components, size_t count)
{
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t rank = type_list_entry(list, components[i])->rank;
        list->present[rank / WORD_BITS] |= UINT64_C(1) << rank % WORD_BITS;
    }
    for (size_t word = 0; place < count; word++) {
        for (uint64_t bits = list->present[word]; bits; bits &= bits - 1)
            list->sorted[place++] =
                list->entries[list->order[word * WORD_BITS + (size_t)__builtin_ctzll(bits)]].component;
        list->present[word] = 0;
    }
    return list->sorted;
}
