/* Writes the error of a failed edit for the program. */
#include "failure.h"

#include "error.h"
#include "value_check.h"

#include <inttypes.h>
#include <stdio.h>

#define GENERAL(code, text) [code] = { .status = code, .message = text }
static const pecs_error failure_general[] = {
    GENERAL(PECS_OK, ""),
    GENERAL(PECS_E_MEMORY, "out of memory"),
    GENERAL(PECS_E_IO, "the operating system failed"),
    GENERAL(PECS_E_CORRUPT, "rows and index of the resumed file disagree: it is damaged; loading it reports where"),
    GENERAL(PECS_E_UNSUPPORTED, "this library does not support it"),
    GENERAL(PECS_E_LAYOUT, "a type has another layout here"),
    GENERAL(PECS_E_LIMIT, "the table is full"),
    GENERAL(PECS_E_CONFLICT, "the id is in use"),
    GENERAL(PECS_E_DEAD, "the entity is not alive"),
    GENERAL(PECS_E_ABSENT, "the entity does not have the component"),
    GENERAL(PECS_E_BUSY, "an iteration over the world is open"),
    GENERAL(PECS_E_CANCELLED, "a function of the program cancelled it"),
    GENERAL(PECS_E_MISUSE, "a required argument is NULL"),
    GENERAL(PECS_E_INVALID, "a value is invalid"),
};
static_assert(sizeof(failure_general) / sizeof(failure_general[0]) == PECS_E_INVALID + 1, "a text for each status");

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

/* Writes what the failure is about: "entity {3, 1}: component Name: ", "row 2: labels[1] of 'Bag': ". */
static void failure_write_subject(const struct failure *failure, const struct component *known, char *text,
                                  size_t capacity)
{
    char field[256];
    text[0] = 0;
    if (failure->entity.generation)
        snprintf(text, capacity, "entity {%u, %u}: ", failure->entity.index, failure->entity.generation);
    else if (failure->row != FAILURE_NO_ROW)
        snprintf(text, capacity, "row %" PRIu64 ": ", failure->row);
    const size_t used = strlen(text);
    text += used;
    capacity -= used;
    if (known && failure->offset != FAILURE_NO_MEMBER) {
        value_write_field(known->type, failure->offset, field, sizeof(field));
        snprintf(text, capacity, "%s of '%.*s': ", field, NAME_SHOWN, known->type->name);
    } else if (known) {
        snprintf(text, capacity, "component %.*s: ", NAME_SHOWN, known->type->name);
    } else if (failure->component != NO_COMPONENT) {
        snprintf(text, capacity, "component %u: ", failure->component);
    }
}

const pecs_error *failure_error(struct failure *failure, const pecs_registry *registry,
                                const struct unknown_types *unknown)
{
    if (failure->status && failure->is_written)
        return failure->error;
    if (!failure->status || !failure_own_error(failure, registry->pool))
        return &failure_general[failure->status];
    char subject[256 + NAME_SHOWN + 64];
    const bool is_named = failure->component != NO_COMPONENT;
    failure_write_subject(failure, is_named ? component_of(registry, unknown, failure->component) : NULL, subject,
                          sizeof(subject));
    (void)fail(failure->error, failure->status, "%s%s", subject, failure->text);
    failure->is_written = true;
    return failure->error;
}
