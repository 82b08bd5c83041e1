/*
 * Free map: finds the lowest free slots of an entity index. It is derived from the index when first needed and belongs
 * to one world. It is never saved or shared.
 */
#ifndef PECS_STORAGE_FREE_MAP_H
#define PECS_STORAGE_FREE_MAP_H

#include "state.h"

struct free_map {
    bool is_valid;
    uint64_t *chunks;   /* a bit for each chunk of the index: it has a free slot */
    uint64_t **slots;   /* of each chunk: a bit for each free slot; NULL until needed */
    size_t chunk_room;  /* chunks that both arrays have room for, a multiple of 64 */
    size_t lowest_word; /* no bit of `chunks` is set below this word */
};

void free_map_deinit(struct free_map *map, struct pool *pool);
/* Call this when the state was replaced. Drops all bits. */
void free_map_invalidate(struct free_map *map, struct pool *pool);

/*
 * Prepares `count` takes: makes the map, and passes the gate for the chunks of the lowest free slots. *ret_append_count
 * is how many slots the caller must append because too few are free. The state and index must be private.
 * PECS_E_CORRUPT: the free count of a chunk of a resumed file is wrong.
 */
pecs_status free_map_reserve(struct free_map *map, struct gate *gate, struct pecs_snapshot *state,
                             struct entity_index *index, uint64_t count, uint64_t *ret_append_count);
/* Prepares free_map_give of a slot that takes of the same batch may reuse. */
pecs_status free_map_reserve_give(struct free_map *map, struct pool *pool, const struct pecs_snapshot *state,
                                  uint32_t slot);

/* Takes the lowest free slot, of which there must be one, and updates the counts. */
uint32_t free_map_take(struct free_map *map, struct pecs_snapshot *state, struct entity_index *index);
/* Gives back the slot of an entity that died. The caller has written its record. */
void free_map_give(struct free_map *map, struct pecs_snapshot *state, struct entity_index *index, uint32_t slot);

#endif
