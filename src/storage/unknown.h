/*
 * Unknown types: the types that a file has and the registry lacks. They belong to the states made from the file.
 * Immutable once the file is read.
 *
 *     number  of a component, public: the registry's by their places in it, unknown ones by the registry's number
 * table. It identifies one type in all states of a registry place   of a component in a state: first the registry's,
 * then the unknown ones, ascending by number. Lists with an item for each component of a state are indexed by it
 */
#ifndef PECS_STORAGE_UNKNOWN_H
#define PECS_STORAGE_UNKNOWN_H

#include "node.h"
#include "registry.h"

/*
 * Limit of the program's and unknown types together, in a world and in a file. A tool without types of its own can read
 * any file.
 */
enum { TYPES_MAX = 2 * PROGRAM_TYPES_MAX };

struct unknown_type {
    struct component component;
    pecs_component number;
    uint32_t read_place; /* among the unknown types of the file: they ascend by id there */
    void *description;   /* the pecs_type and all that it points to, in one allocation; NULL: a lender has it */
    size_t description_bytes;
};

struct unknown_types {
    struct node node;
    uint32_t count, capacity;
    struct node *lenders[2];     /* what descriptions belong to that are not the list's own; or NULL */
    uint32_t *by_id;             /* indices of types, ascending by id */
    struct unknown_type types[]; /* ascending by number */
};

struct unknown_types *unknown_types_create(struct pool *pool, uint32_t capacity);
/* Releases a type that is not in a list. */
void unknown_type_deinit(struct unknown_type *type, struct pool *pool);
/* Sorts a list whose types were added in the order of their ids and have their numbers. */
void unknown_types_sort(struct unknown_types *list);

/*
 * Makes the list of the types of both lists, either of which may be the result, and which it retains. PECS_E_LAYOUT:
 * both have a type of one id with different numbers; *ret_number is that in `a`. PECS_E_LIMIT: there are more types
 * than TYPES_MAX. PECS_E_MEMORY.
 */
pecs_status unknown_types_join(const pecs_registry *registry, struct unknown_types *a, struct unknown_types *b,
                               struct unknown_types **ret_list, pecs_component *ret_number);

/* component_of and component_place for numbers beyond the registry's. `unknown` may be NULL. */
const struct component *unknown_component(const struct unknown_types *unknown, pecs_component number);
uint32_t unknown_place(const pecs_registry *registry, const struct unknown_types *unknown, pecs_component number);

/* The number of components; all places are below it. */
static inline uint32_t component_count_of(const pecs_registry *registry, const struct unknown_types *unknown)
{
    return registry->type_count + (unknown ? unknown->count : 0);
}

/* NULL: there is no such component. */
static inline const struct component *component_of(const pecs_registry *registry, const struct unknown_types *unknown,
                                                   pecs_component number)
{
    return number < registry->type_count ? registry_component(registry, number) : unknown_component(unknown, number);
}

/* The place of a number; NO_COMPONENT: there is no such component. */
static inline uint32_t component_place(const pecs_registry *registry, const struct unknown_types *unknown,
                                       pecs_component number)
{
    return number < registry->type_count ? number : unknown_place(registry, unknown, number);
}

static inline pecs_component component_number_at(const pecs_registry *registry, const struct unknown_types *unknown,
                                                 uint32_t place)
{
    return place < registry->type_count ? place : unknown->types[place - registry->type_count].number;
}

static inline const struct component *component_at(const pecs_registry *registry, const struct unknown_types *unknown,
                                                   uint32_t place)
{
    return place < registry->type_count ? registry_component(registry, place)
                                        : &unknown->types[place - registry->type_count].component;
}

#endif
