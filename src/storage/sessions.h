/* Sessions: the stretches in which entities were spawned, which their ids begin with. */
#ifndef PECS_STORAGE_SESSIONS_H
#define PECS_STORAGE_SESSIONS_H

#include "node.h"

struct pecs_snapshot;

/*
 * The sessions in which entities were spawned; records name them by place. Of each the head: the first eight bytes of
 * the ids of those that were born in it, which its nonce makes (identity.h). Immutable.
 *
 * A place whose entities are all dead can be given to a new session. Which these are is known for those
 * in the list of free places, and found out for the others now and then (sessions_open).
 */
struct sessions {
    struct node node;
    uint32_t count, free_count;
    uint32_t *free; /* free_count places, behind the heads */
    uint64_t heads[];
};
struct sessions *sessions_create(struct pool *pool, uint32_t count, uint32_t free_count);

/*
 * Entities that are spawned from now on have ids with this head. The state must be private. PECS_E_LIMIT,
 * PECS_E_MEMORY.
 */
pecs_status sessions_open(struct pecs_snapshot *state, uint64_t head);

#endif
