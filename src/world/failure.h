/*
 * Failure: why the last edit that failed did so; of worlds and of command buffers. Keeping it costs a few stores, so a
 * program may try edits that fail and go on. The message is written when the program asks for it, except where what it
 * names may be gone by then (a query).
 */
#ifndef PECS_WORLD_FAILURE_H
#define PECS_WORLD_FAILURE_H

#include "state.h"

struct failure {
    bool is_explained;        /* by a step of the edit that is under way */
    bool is_written;          /* *error has the message */
    pecs_status status;       /* PECS_OK: no edit has failed */
    const char *text;         /* the reason, a static sentence */
    pecs_entity entity;       /* {0, 0}: it is not about one */
    pecs_component component; /* NO_COMPONENT: it is not about one */
    pecs_error *error;        /* allocated when it is first written; or NULL */
};

/* For the step that finds the reason. Returns the status, so that failing is one expression. */
static inline pecs_status failure_explain(struct failure *failure, pecs_status status, pecs_entity entity,
                                          pecs_component component, const char *text)
{
    failure->is_explained = true;
    failure->is_written = false;
    failure->status = status;
    failure->text = text;
    failure->entity = entity;
    failure->component = component;
    return status;
}

/* Every public edit ends with this: a status that no step has explained gets its general text. Returns the status. */
pecs_status failure_end_slow(struct failure *failure, pecs_status status);
static inline pecs_status failure_end(struct failure *failure, pecs_status status)
{
    return status ? failure_end_slow(failure, status) : PECS_OK;
}

/* The failure's error, to be written; NULL: out of memory. */
pecs_error *failure_own_error(struct failure *failure, struct pool *pool);
void failure_deinit(struct failure *failure, struct pool *pool);

/*
 * The error for the program; without memory for it, a general one of the same status. Names are those of the components
 * of the registry and of `unknown` (or NULL).
 */
const pecs_error *failure_error(struct failure *failure, const pecs_registry *registry,
                                const struct unknown_types *unknown);

/* Makes `to` the same failure; its error is its own. */
void failure_copy(struct failure *to, const struct failure *from, struct pool *pool);

#endif
