/* Writes the error of a failed edit for the program. */
#include "failure.h"

#include "error.h"

#include <stdio.h>

#define GENERAL(code, text) [code] = { .status = code, .message = text }
static const pecs_error failure_general[] = {
    GENERAL(PECS_OK, ""),
    GENERAL(PECS_E_MEMORY, "out of memory"),
    GENERAL(PECS_E_CORRUPT, "rows and index of the resumed file disagree: it is damaged; loading it reports where"),
    GENERAL(PECS_E_LIMIT, "the table is full"),
    GENERAL(PECS_E_CONFLICT, "the id is in use"),
    GENERAL(PECS_E_DEAD, "the entity is not alive"),
    GENERAL(PECS_E_ABSENT, "the entity does not have the component"),
    GENERAL(PECS_E_BUSY, "an iteration over the world is open"),
    GENERAL(PECS_E_MISUSE, "a required argument is NULL"),
};

pecs_status failure_end_slow(struct failure *failure, pecs_status status)
{
    if (!failure->is_explained)
        failure_explain(failure, status, (pecs_entity){ 0, 0 }, NO_COMPONENT, failure_general[status].message);
    failure->is_explained = false;
    return status;
}

pecs_error *failure_own_error(struct failure *failure, struct pool *pool)
{
    if (!failure->error)
        failure->error = pool_allocate(pool, sizeof(*failure->error));
    return failure->error;
}

void failure_deinit(struct failure *failure, struct pool *pool)
{
    pool_release(pool, failure->error, sizeof(*failure->error));
}

void failure_copy(struct failure *to, const struct failure *from, struct pool *pool)
{
    pecs_error *own = failure_own_error(to, pool);
    *to = *from;
    to->error = own;
    to->is_written = from->is_written && own;
    if (to->is_written)
        *own = *from->error;
}

const pecs_error *failure_error(struct failure *failure, const pecs_registry *registry,
                                const struct unknown_types *unknown)
{
    if (failure->status && failure->is_written)
        return failure->error;
    if (!failure->status || !failure_own_error(failure, registry->pool))
        return &failure_general[failure->status];
    char entity[48] = "", component[NAME_SHOWN + 32] = "";
    const struct component *known = NULL;
    if (failure->entity.generation)
        snprintf(entity, sizeof(entity), "entity {%u, %u}: ", failure->entity.index, failure->entity.generation);
    if (failure->component != NO_COMPONENT)
        known = component_of(registry, unknown, failure->component);
    if (known)
        snprintf(component, sizeof(component), "component %.*s: ", NAME_SHOWN, known->type->name);
    else if (failure->component != NO_COMPONENT)
        snprintf(component, sizeof(component), "component %u: ", failure->component);
    (void)fail(failure->error, failure->status, "%s%s%s", entity, component, failure->text);
    failure->is_written = true;
    return failure->error;
}
