/*
 * Births: finds the entities that large merges brought in under birth ids of other sessions, by the slots in which they
 * were born. A map takes four bytes for each slot of the snapshot, written one after another, where the hash index
 * would take a dozen all over memory.
 *
 * An index in a map is only a hint: it counts when that entity lives and has the id. So nothing is updated when an
 * entity dies or gets another id. Few maps are kept, since a search reads all; other ids go to the hash index.
 */
#ifndef PECS_STORAGE_BIRTHS_H
#define PECS_STORAGE_BIRTHS_H

#include "node.h"

#include <pecs/id.h>
#include <pecs/snapshot.h>

enum {
    BIRTH_MAPS_MAX = 4,
    BIRTH_MAP_MIN = 1 << 19, /* entities of a merge that makes one: then its array has pages of its own */
};

struct birth_map {
    struct node node;
    uint32_t *indices; /* by slot; NO_INDEX: none */
    uint64_t slot_count;
    uint32_t indices_source;
};

struct births {
    struct node node;
    uint32_t count;
    struct birth_map *maps[BIRTH_MAPS_MAX];
};

/* The indices are not set. NULL: out of memory. */
struct birth_map *birth_map_create(struct pool *pool, uint64_t slot_count);

/* Whether one more map can be added; drops those without a hint that counts if needed. The state must be private. */
bool births_make_room(struct pecs_snapshot *state);
/* Adds a map, for which there is room, and takes over the caller's reference, also on failure. PECS_E_MEMORY. */
pecs_status births_add(struct pecs_snapshot *state, struct birth_map *map);

/* Begins to read what a search for the entity born as this one reads first. */
void births_prefetch(const struct pecs_snapshot *state, pecs_entity born);
/* Finds the living entity with an explicit id, which has the form of the birth id of `born`. */
bool births_find(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity born, pecs_entity *ret_entity);
/* As identity_names_session. Linear in the slots of the maps. */
bool births_name_session(const struct pecs_snapshot *state, uint64_t prefix);

#endif
