/* Open addressing with linear probing, at most half full. */
#include "handle_set.h"

pecs_status handle_set_create(struct handle_set *set, struct pool *pool, const pecs_entity *entities, size_t count)
{
    *set = (struct handle_set){ .entities = entities, .bucket_count = 16 };
    while (set->bucket_count < 2 * (uint64_t)count)
        set->bucket_count *= 2;
    set->buckets = pool_allocate(pool, (size_t)set->bucket_count * sizeof(*set->buckets));
    if (!set->buckets)
        return PECS_E_MEMORY;
    memset(set->buckets, 0xff, (size_t)set->bucket_count * sizeof(*set->buckets)); /* NOT_IN_SET */
    return PECS_OK;
}

bool handle_set_add(struct handle_set *set, uint32_t place)
{
    const uint32_t index = set->entities[place].index;
    uint64_t bucket = mix_u64(index) & (set->bucket_count - 1);
    for (; set->buckets[bucket] != NOT_IN_SET; bucket = (bucket + 1) & (set->bucket_count - 1))
        if (set->entities[set->buckets[bucket]].index == index)
            return false;
    set->buckets[bucket] = place;
    return true;
}

pecs_status handle_set_init(struct handle_set *set, struct pecs_world *world, const struct pecs_snapshot *state,
                            const pecs_entity *entities, size_t count)
{
    pecs_status status = handle_set_create(set, world->registry->pool, entities, count);
    for (size_t i = 0; !status && i < count; i++) {
        if (!state_find(state, entities[i]))
            status = edit_fail_dead(world, entities[i]);
        else if (!handle_set_add(set, (uint32_t)i))
            status = failure_explain(&world->failure, PECS_E_DEAD, entities[i], NO_COMPONENT, "it is given twice");
    }
    return status;
}

void handle_set_deinit(struct handle_set *set, struct pool *pool)
{
    pool_release(pool, set->buckets, (size_t)set->bucket_count * sizeof(*set->buckets));
}
