/* Unknown types: the list that the reader of a file fills. It owns the descriptions of its types. */
#include "unknown.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)TYPES_MAX <= (int)NUMBERS_KEPT, "a file opened twice in a row gets the same numbers");

static size_t unknown_types_bytes(uint32_t capacity)
{
    return sizeof(struct unknown_types) + capacity * (sizeof(struct unknown_type) + sizeof(uint32_t));
}

void unknown_type_deinit(struct unknown_type *type, struct pool *pool)
{
    component_deinit(&type->component, pool);
    pool_release(pool, type->description, type->description_bytes);
}

static void unknown_types_destroy(struct pool *pool, struct node *node)
{
    struct unknown_types *list = (struct unknown_types *)node;
    for (uint32_t i = 0; i < list->count; i++)
        unknown_type_deinit(&list->types[i], pool);
    for (uint32_t i = 0; i < 2; i++)
        node_release(pool, list->lenders[i]);
    pool_release(pool, list, unknown_types_bytes(list->capacity));
}

static const struct node_class unknown_types_class = { unknown_types_destroy, NULL };

struct unknown_types *unknown_types_create(struct pool *pool, uint32_t capacity)
{
    struct unknown_types *list = pool_allocate_zeroed(pool, unknown_types_bytes(capacity));
    if (!list)
        return NULL;
    node_init(&list->node, &unknown_types_class);
    list->capacity = capacity;
    list->by_id = (uint32_t *)(void *)(list->types + capacity);
    return list;
}

static int unknown_compare_numbers(const void *a, const void *b)
{
    const struct unknown_type *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

void unknown_types_sort(struct unknown_types *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        list->types[i].read_place = i;
    qsort(list->types, list->count, sizeof(*list->types), unknown_compare_numbers);
    for (uint32_t i = 0; i < list->count; i++)
        list->by_id[list->types[i].read_place] = i;
}

/* The type with the k-th lowest id. */
static const struct unknown_type *unknown_by_id(const struct unknown_types *list, uint32_t k)
{
    return &list->types[list->by_id[k]];
}

/* Compares what the next types of both lists are; a list that has ended comes last. */
static int unknown_compare_next(const struct unknown_types *a, uint32_t i, const struct unknown_types *b, uint32_t j)
{
    if (i == a->count || j == b->count)
        return (i == a->count) - (j == b->count);
    return memcmp(&unknown_by_id(a, i)->component.id, &unknown_by_id(b, j)->component.id, sizeof(pecs_id));
}

/* Adds the types of both lists to `to`, or, if it is NULL, only counts them. */
static pecs_status unknown_merge(struct pool *pool, const struct unknown_types *a, const struct unknown_types *b,
                                 struct unknown_types *to, uint32_t *ret_count, pecs_component *ret_number)
{
    uint32_t i = 0, j = 0, count = 0;
    for (; i < a->count || j < b->count; count++) {
        const int order = unknown_compare_next(a, i, b, j);
        const struct unknown_type *type = order > 0 ? unknown_by_id(b, j) : unknown_by_id(a, i);
        if (!order && type->number != unknown_by_id(b, j)->number) {
            *ret_number = type->number;
            return PECS_E_LAYOUT;
        }
        i += order <= 0;
        j += order >= 0;
        if (!to)
            continue;
        struct unknown_type *added = &to->types[count];
        const pecs_status status = component_init(&added->component, type->component.type, pool, NULL);
        if (status)
            return status;
        added->number = type->number;
        to->count++;
    }
    *ret_count = count;
    return PECS_OK;
}

pecs_status unknown_types_join(const pecs_registry *registry, struct unknown_types *a, struct unknown_types *b,
                               struct unknown_types **ret_list, pecs_component *ret_number)
{
    uint32_t count = 0;
    pecs_status status = PECS_OK;
    if (a && b)
        status = unknown_merge(registry->pool, a, b, NULL, &count, ret_number);
    if (status)
        return status;
    if (!a || !b || count == a->count || count == b->count) {
        struct unknown_types *list = !b || (a && count == a->count) ? a : b;
        *ret_list = (struct unknown_types *)node_retain(&list->node);
        return PECS_OK;
    }
    if (registry->id_component + (uint64_t)count > TYPES_MAX)
        return PECS_E_LIMIT;
    struct unknown_types *list = unknown_types_create(registry->pool, count);
    if (!list)
        return PECS_E_MEMORY;
    list->lenders[0] = node_retain(&a->node);
    list->lenders[1] = node_retain(&b->node);
    status = unknown_merge(registry->pool, a, b, list, &count, ret_number);
    if (status) {
        node_release(registry->pool, &list->node);
        return status;
    }
    unknown_types_sort(list);
    *ret_list = list;
    return PECS_OK;
}

/* The index of a type, or NO_COMPONENT. */
static uint32_t unknown_find(const struct unknown_types *list, pecs_component number)
{
    if (!list)
        return NO_COMPONENT;
    /* the numbers of one file are consecutive unless another file had one of the types before */
    const uint32_t guess = number - list->types[0].number;
    if (guess < list->count && list->types[guess].number == number)
        return guess;
    uint32_t low = 0, high = list->count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (list->types[middle].number == number)
            return middle;
        if (list->types[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NO_COMPONENT;
}

const struct component *unknown_component(const struct unknown_types *unknown, pecs_component number)
{
    const uint32_t index = unknown_find(unknown, number);
    return index == NO_COMPONENT ? NULL : &unknown->types[index].component;
}

uint32_t unknown_place(const pecs_registry *registry, const struct unknown_types *unknown, pecs_component number)
{
    const uint32_t index = unknown_find(unknown, number);
    return index == NO_COMPONENT ? NO_COMPONENT : registry->type_count + index;
}
