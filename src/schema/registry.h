/*
 * Registry: the sealed list of component types, and the pool of all that is made for it. Immutable but for its counts.
 */
#ifndef PECS_SCHEMA_REGISTRY_H
#define PECS_SCHEMA_REGISTRY_H

#include "component.h"

#include <stdatomic.h>

enum { PROGRAM_TYPES_MAX = 1024 };

struct pecs_registry {
    _Atomic uint32_t reference_count;
    uint32_t component_count;
    struct pool *pool;
    struct component *components; /* by pecs_component */
    pecs_component *by_id;        /* all components, ascending by id */
};

pecs_registry *registry_retain(pecs_registry *registry);

/* PECS_OK, or PECS_E_ABSENT. */
pecs_status registry_find(const pecs_registry *registry, pecs_id id, pecs_component *ret_component);

static inline const struct component *registry_component(const pecs_registry *registry, pecs_component component)
{
    return &registry->components[component];
}

#endif
