/* What a program reads of an edit that failed. */
#include "failure.h"

#include "error.h"

#include <stdio.h>

pecs_status failure_end_slow(struct failure *failure, pecs_status status)
{
    static const char *const texts[] = {
        [PECS_E_MEMORY] = "out of memory",
        [PECS_E_CORRUPT] = "rows and index of the resumed file disagree: it was damaged; load names the place",
        [PECS_E_LIMIT] = "the table has as many rows as a table can have",
        [PECS_E_MISUSE] = "an argument is NULL that must not be",
    };
    if (!failure->is_explained)
        failure_explain(failure, status, (pecs_entity){ 0, 0 }, NO_COMPONENT, texts[status]);
    failure->is_explained = false;
    return status;
}

const pecs_error *failure_error(struct failure *failure, const pecs_registry *registry,
                                const struct unknown_types *unknown)
{
    if (!failure->status || failure->is_written)
        return &failure->error;
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
    (void)fail(&failure->error, failure->status, "%s%s%s", entity, component, failure->text);
    failure->is_written = true;
    return &failure->error;
}
