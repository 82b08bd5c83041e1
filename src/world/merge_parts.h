/* The parts of a merge: of entities (merge.c), and of what the world itself has (merge_own.c). */
#ifndef PECS_WORLD_MERGE_PARTS_H
#define PECS_WORLD_MERGE_PARTS_H

#include "transplant.h"

#include <pecs/merge.h>

struct merge {
    struct transplant transplant; /* first, so that the map leads to the rest */
    pecs_conflicts conflicts;
    pecs_merge_report report;
    uint64_t row_count; /* of entities that come in */
    /*
     * Of each slot of the snapshot what a reference to its entity becomes: the handle of an entity of the world;
     * {k, 0}: entity k - 1 of the transplant; {0, 0}: there is none.
     */
    pecs_entity *targets;
    bool has_own; /* some singleton or attachment comes in */
};

/* Finds the singletons and attachments that come in. PECS_E_CONFLICT. */
pecs_status merge_check_own(struct merge *merge);
/* Brings them in, after the entities were. PECS_E_LIMIT, PECS_E_MEMORY: the world may only be put back. */
pecs_status merge_own(struct merge *merge);

#endif
