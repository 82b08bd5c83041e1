/* Unknown types: the list that the reader of a file fills. It owns the descriptions of its types. */
#include "unknown.h"

#include <assert.h>
#include <stdlib.h>

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
