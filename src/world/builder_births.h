/* Builder births: rows of a builder that were born in other sessions than its own. */
#ifndef PECS_WORLD_BUILDER_BIRTHS_H
#define PECS_WORLD_BUILDER_BIRTHS_H

#include "edit.h"

struct builder_birth {
    uint64_t prefix; /* of the session */
    uint32_t index;
};

/* All zero: none. */
struct builder_births {
    struct builder_birth *entries;
    size_t count, capacity;
    uint64_t nonce; /* of the rows that are added now; 0: that of the builder */
};

/* Reserves room for rows, and notes them if their session is another one. False: out of memory. */
bool builder_births_reserve(struct pool *pool, struct builder_births *births, size_t count);
void builder_births_note(struct builder_births *births, const pecs_entity *entities, size_t count);

/* Makes the sessions and puts them into the records. PECS_E_LIMIT, PECS_E_MEMORY. */
pecs_status builder_births_write(struct builder_births *births, struct pecs_world *world, struct entity_index *index);
void builder_births_free(struct pool *pool, struct builder_births *births);

#endif
