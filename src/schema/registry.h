/*
 * Registry: the sealed list of component types, and the pool of everything that is made for it. Immutable, except for
 * its counts and the number table.
 */
#ifndef PECS_SCHEMA_REGISTRY_H
#define PECS_SCHEMA_REGISTRY_H

#include "component.h"
#include "number_table.h"

#include <stdatomic.h>

enum { PROGRAM_TYPES_MAX = 1024 };

/*
 * The library's own type, which every registry has behind the program's types. Its value is the explicit id of an
 * entity.
 */
#define ID_TYPE_NAME "pecs.id"
extern const pecs_type id_component_type;
/* Reserved for the library: names of types and keys of metadata that begin with it. */
#define RESERVED_PREFIX "pecs."

struct pecs_registry {
    _Atomic uint32_t reference_count;
    _Atomic uint32_t batch_count; /* of command buffers; starts at a random number */
    uint32_t type_count;          /* program's types and "pecs.id" */
    pecs_component id_component;  /* "pecs.id"; also the number of the program's types */
    bool has_contents;            /* some type has strings, blobs or lists */
    uint32_t flags;               /* those that any type has */
    struct pool *pool;
    struct component *components;                  /* by pecs_component */
    pecs_component *by_id;                         /* all components, in ascending order of ids */
    const char *application, *application_version; /* or NULL */
    struct history *history;                       /* or NULL */
    struct number_table numbers;                   /* for unknown types; they start at type_count */
};

bool name_is_reserved(const char *name, size_t size_bytes);

/* Returns a number for a batch of commands, which no other of the registry's last 2^31 batches has. */
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
