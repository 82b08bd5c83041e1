/*
 * Free map: finds the lowest free slots of an entity index. It is derived from the index, made when first needed, and
 * belongs to one world; nothing of it is saved or shared.
 */
#ifndef PECS_STORAGE_FREE_MAP_H
#define PECS_STORAGE_FREE_MAP_H

#include "state.h"

struct free_map {
    bool is_valid;
    uint64_t *chunks;   /* a bit for each chunk of the index: it has a free slot */
    uint64_t **slots;   /* of each chunk: a bit for each free slot; NULL until it is needed */
    size_t chunk_room;  /* chunks that both have room for, a multiple of 64 */
    size_t lowest_word; /* no bit of `chunks` is set below this word */
};

void free_map_deinit(struct free_map *map, struct pool *pool);
/* The state was replaced: forget everything. */
void free_map_invalidate(struct free_map *map, struct pool *pool);

/*
 * Readies `count` takes: the map is made, and the chunks that the lowest free slots lie in pass the gate. Slots that
 * are not there are to be appended: their number is returned. The state and index must be private. PECS_E_CORRUPT: a
 * chunk of a resumed file has another number of free slots than it says.
 */
pecs_status free_map_reserve(struct free_map *map, struct gate *gate, struct pecs_snapshot *state,
                             struct entity_index *index, uint64_t count, uint64_t *ret_append_count);
/* Readies the give of a slot, when takes of the same batch may then use it. */
pecs_status free_map_reserve_give(struct free_map *map, struct pool *pool, const struct pecs_snapshot *state,
                                  uint32_t slot);

/* Takes the lowest free slot; there must be one. Counts are kept. */
uint32_t free_map_take(struct free_map *map, struct pecs_snapshot *state, struct entity_index *index);
/* A slot whose entity died; its record is final but for that. */
void free_map_give(struct free_map *map, struct pecs_snapshot *state, struct entity_index *index, uint32_t slot);

#endif
