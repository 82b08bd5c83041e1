/* Sessions: the parts of a timeline in which entities were spawned; a birth id begins with its session's prefix. */
#ifndef PECS_STORAGE_SESSIONS_H
#define PECS_STORAGE_SESSIONS_H

#include "node.h"

struct pecs_snapshot;

/*
 * The sessions in which entities were spawned; records name them by place. The prefix of a session is the first eight
 * bytes of the ids of the entities that were born in it, made from its nonce (identity.h). Immutable.
 *
 * A session without living entities can be reused. `free` lists the places of such sessions, as far as sessions_open
 * has found them.
 */
struct sessions {
    struct node node;
    uint32_t count, free_count;
    uint32_t *free; /* free_count places; lies behind the prefixes */
    uint64_t prefixes[];
};
struct sessions *sessions_create(struct pool *pool, uint32_t count, uint32_t free_count);

/*
 * Opens a session: entities spawned from now on have ids with this prefix. The state must be private. PECS_E_LIMIT,
 * PECS_E_MEMORY.
 */
pecs_status sessions_open(struct pecs_snapshot *state, uint64_t prefix);

#endif
