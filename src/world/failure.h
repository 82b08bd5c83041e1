/*
 * Failure: why the last failed edit of a world or command buffer failed. Recording it costs a few stores, so a program
 * may try edits that fail. The message is formatted when the program asks for it, except where it names an object that
 * may be destroyed by then (a query).
 */
#ifndef PECS_WORLD_FAILURE_H
#define PECS_WORLD_FAILURE_H

#include "state.h"

#define FAILURE_NO_MEMBER UINT32_MAX
#define FAILURE_NO_ROW UINT64_MAX

struct failure {
    bool is_explained;        /* a step of the current edit has set the reason */
    bool is_written;          /* *error has the message */
    pecs_status status;       /* PECS_OK: no edit has failed */
    const char *text;         /* the reason, a static string */
    pecs_entity entity;       /* {0, 0}: the failure is not about an entity */
    pecs_component component; /* NO_COMPONENT: the failure is not about a component */
    uint32_t offset;          /* of one of its members; FAILURE_NO_MEMBER: the failure is not about one */
    uint64_t row;      /* of the given values; FAILURE_NO_ROW: there is one, or the failure is not about one of them */
    pecs_error *error; /* allocated when it is first written; or NULL */
};

/* Called by the step that finds the reason. Returns the status, so that failing is one expression. */
static inline pecs_status failure_explain(struct failure *failure, pecs_status status, pecs_entity entity,
                                          pecs_component component, const char *text)
{
    failure->is_explained = true;
    failure->is_written = false;
    failure->status = status;
    failure->text = text;
    failure->entity = entity;
    failure->component = component;
    failure->offset = FAILURE_NO_MEMBER;
    failure->row = FAILURE_NO_ROW;
    return status;
}

/* PECS_E_MISUSE for a member of a component of the entity, or of given values (entity {0, 0}). */
static inline pecs_status failure_explain_member(struct failure *failure, pecs_entity entity, pecs_component component,
                                                 uint64_t offset, const char *text)
{
    failure_explain(failure, PECS_E_MISUSE, entity, component, text);
    failure->offset = (uint32_t)offset;
    return PECS_E_MISUSE;
}

/*
 * Every public edit ends with this call, which sets a general text for a status without a reason. Returns the status.
 */
pecs_status failure_end_slow(struct failure *failure, pecs_status status);
static inline pecs_status failure_end(struct failure *failure, pecs_status status)
{
    return status ? failure_end_slow(failure, status) : PECS_OK;
}

/* The error to write the message to; NULL: out of memory. */
pecs_error *failure_own_error(struct failure *failure, struct pool *pool);
void failure_deinit(struct failure *failure, struct pool *pool);

/*
 * Returns the error for the program; when out of memory, a general one of the same status. Component names are looked
 * up in the registry and in `unknown` (or NULL).
 */
const pecs_error *failure_error(struct failure *failure, const pecs_registry *registry,
                                const struct unknown_types *unknown);

/* Copies a failure. `to` keeps its own error buffer. */
void failure_copy(struct failure *to, const struct failure *from, struct pool *pool);

#endif
