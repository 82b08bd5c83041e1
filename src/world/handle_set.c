/* Open addressing with linear probing, at most half full. */
#include "handle_set.h"

pecs_status handle_set_init(struct handle_set *set, struct pecs_world *world, const struct pecs_snapshot *state,
                            const pecs_entity *entities, size_t count)
{
    *set = (struct handle_set){ .entities = entities, .bucket_count = 16 };
    while (set->bucket_count < 2 * (uint64_t)count)
        set->bucket_count *= 2;
    set->buckets = pool_allocate(world->registry->pool, (size_t)set->bucket_count * sizeof(*set->buckets));
    if (!set->buckets)
        return PECS_E_MEMORY;
    memset(set->buckets, 0xff, (size_t)set->bucket_count * sizeof(*set->buckets)); /* NOT_IN_SET */
    for (size_t i = 0; i < count; i++) {
        uint64_t bucket = mix_u64(entities[i].index) & (set->bucket_count - 1);
        while (set->buckets[bucket] != NOT_IN_SET && entities[set->buckets[bucket]].index != entities[i].index)
            bucket = (bucket + 1) & (set->bucket_count - 1);
        if (!state_find(state, entities[i]))
            return edit_fail_dead(world, entities[i]);
        if (set->buckets[bucket] != NOT_IN_SET)
            return failure_explain(&world->failure, PECS_E_DEAD, entities[i], NO_COMPONENT, "it is given twice");
        set->buckets[bucket] = (uint32_t)i;
    }
    return PECS_OK;
}

void handle_set_deinit(struct handle_set *set, struct pool *pool)
{
    pool_release(pool, set->buckets, (size_t)set->bucket_count * sizeof(*set->buckets));
}
