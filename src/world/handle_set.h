/* Handle set: finds out which of a list of handles is dead or given twice, and then where a handle is in the list. */
#ifndef PECS_WORLD_HANDLE_SET_H
#define PECS_WORLD_HANDLE_SET_H

#include "edit.h"

#define NOT_IN_SET UINT32_MAX

struct handle_set {
    const pecs_entity *entities; /* the list, which must outlive the set */
    uint32_t *buckets;           /* places in the list, or NOT_IN_SET; by the hash of the index */
    uint64_t bucket_count;       /* a power of two */
};

/*
 * Makes an empty set with room for `count` handles of a list, and adds the one at a place of it. False: a handle with
 * its index is there. PECS_E_MEMORY. Call deinit in any case.
 */
pecs_status handle_set_create(struct handle_set *set, struct pool *pool, const pecs_entity *entities, size_t count);
bool handle_set_add(struct handle_set *set, uint32_t place);
/*
 * Makes the set of `count` handles, fewer than 2^32. PECS_E_DEAD, explained in the world's failure: one is not alive in
 * the state, or is given twice. PECS_E_MEMORY.
 */
pecs_status handle_set_init(struct handle_set *set, struct pecs_world *world, const struct pecs_snapshot *state,
                            const pecs_entity *entities, size_t count);
/* Nothing for a set of zeros. */
void handle_set_deinit(struct handle_set *set, struct pool *pool);

/* The place of a handle in the list, or NOT_IN_SET. */
static inline uint32_t handle_set_find(const struct handle_set *set, pecs_entity entity)
{
    uint64_t bucket = mix_u64(entity.index) & (set->bucket_count - 1);
    for (; set->buckets[bucket] != NOT_IN_SET; bucket = (bucket + 1) & (set->bucket_count - 1)) {
        const pecs_entity there = set->entities[set->buckets[bucket]];
        if (there.index == entity.index)
            return there.generation == entity.generation ? set->buckets[bucket] : NOT_IN_SET;
    }
    return NOT_IN_SET;
}

#endif
