/* Unknown types: a list that the reader fills, and that frees what it describes. */
#include "unknown.h"

static size_t list_bytes(uint32_t capacity)
{
    return sizeof(struct unknown_types) + capacity * sizeof(struct unknown_type);
}

static void unknown_types_destroy(struct pool *pool, struct node *node)
{
    struct unknown_types *list = (struct unknown_types *)node;
    for (uint32_t i = 0; i < list->count; i++) {
        component_deinit(&list->types[i].component, pool);
        pool_release(pool, list->types[i].description, list->types[i].description_bytes);
    }
    pool_release(pool, list, list_bytes(list->capacity));
}

static const struct node_class unknown_types_class = { unknown_types_destroy, NULL };

struct unknown_types *unknown_types_create(struct pool *pool, uint32_t capacity)
{
    struct unknown_types *list = pool_allocate_zeroed(pool, list_bytes(capacity));
    if (!list)
        return NULL;
    node_init(&list->node, &unknown_types_class);
    list->capacity = capacity;
    return list;
}
