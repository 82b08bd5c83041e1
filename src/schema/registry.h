/*
 * Registry: the sealed list of component types, and the pool of all that is made for it. Immutable but for its counts
 * and the table of numbers.
 */
#ifndef PECS_SCHEMA_REGISTRY_H
#define PECS_SCHEMA_REGISTRY_H

#include "component.h"
#include "number_table.h"

#include <stdatomic.h>

enum { PROGRAM_TYPES_MAX = 1024 };

/*
 * The library's own type, of which every registry has one, behind the program's: an entity that has it has an explicit
 * id, its value.
 */
#define ID_TYPE_NAME "pecs.id"
extern const pecs_type id_component_type;
/* Names of types and keys of metadata that begin with it are not the program's to give. */
#define RESERVED_PREFIX "pecs."

struct pecs_registry {
    _Atomic uint32_t reference_count;
    _Atomic uint32_t batch_count; /* of command buffers, from a random number on */
    uint32_t type_count;          /* of the program and the library */
    pecs_component id_component;  /* the library's; also the number of the program's types */
    struct pool *pool;
    struct component *components;                  /* by pecs_component */
    pecs_component *by_id;                         /* all components, ascending by id */
    const char *application, *application_version; /* or NULL */
    struct number_table numbers;                   /* of unknown types, from type_count on */
};

bool name_is_reserved(const char *name, size_t size_bytes);

/* A number for a batch of commands that no other batch of this registry has, as long as there are 2^31 between them. */
static inline uint32_t registry_next_batch(pecs_registry *registry)
{
    return atomic_fetch_add_explicit(&registry->batch_count, 1, memory_order_relaxed);
}

/* PECS_OK, or PECS_E_ABSENT. */
pecs_status registry_find(const pecs_registry *registry, pecs_id id, pecs_component *ret_component);

static inline const struct component *registry_component(const pecs_registry *registry, pecs_component component)
{
    return &registry->components[component];
}

#endif
