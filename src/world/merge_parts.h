/* The parts of a merge: of entities (merge.c), and of what the world itself has (merge_own.c). */
#ifndef PECS_WORLD_MERGE_PARTS_H
#define PECS_WORLD_MERGE_PARTS_H

#include "transplant.h"

#include <pecs/merge.h>

/* What a reference to the entity in a slot of the snapshot becomes. */
struct merge_target {
    uint32_t generation; /* of the entity in the snapshot; 0: the slot has none, or its target is not known yet */
    pecs_entity entity;  /* of the world */
};

struct merge {
    struct transplant transplant; /* first, so that the map leads to the rest */
    pecs_conflicts conflicts;
    pecs_merge_report report;
    uint64_t row_count;           /* of entities that come in */
    struct merge_target *targets; /* of each slot of the snapshot */
    bool has_own;                 /* some singleton or attachment comes in */
};

/* Finds the singletons and attachments that come in. PECS_E_CONFLICT. */
pecs_status merge_check_own(struct merge *merge);
/* Brings them in, after the entities were. PECS_E_LIMIT, PECS_E_MEMORY: the world may only be put back. */
pecs_status merge_own(struct merge *merge);

#endif
