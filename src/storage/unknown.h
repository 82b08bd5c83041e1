/*
 * Unknown types: those that a file has and the registry lacks. They belong to the states that come from the file, and
 * are numbered behind the registry's. Immutable once the file is read.
 */
#ifndef PECS_STORAGE_UNKNOWN_H
#define PECS_STORAGE_UNKNOWN_H

#include "node.h"
#include "registry.h"

/*
 * Of the program and unknown together: so no world has more, no file, and a tool without types of its own reads any.
 */
enum { TYPES_MAX = 2 * PROGRAM_TYPES_MAX };

struct unknown_type {
    struct component component;
    void *description; /* the pecs_type and all that it points to, in one piece */
    size_t description_bytes;
};

struct unknown_types {
    struct node node;
    uint32_t count, capacity;
    struct unknown_type types[]; /* ascending by id */
};

struct unknown_types *unknown_types_create(struct pool *pool, uint32_t capacity);

/* Any component of a state, whether the registry's or not. */
static inline const struct component *component_of(const pecs_registry *registry, const struct unknown_types *unknown,
                                                   pecs_component component)
{
    return component < registry->type_count ? registry_component(registry, component)
                                            : &unknown->types[component - registry->type_count].component;
}

/* How many there are: components are numbered below it. */
static inline uint32_t component_count_of(const pecs_registry *registry, const struct unknown_types *unknown)
{
    return registry->type_count + (unknown ? unknown->count : 0);
}

#endif
