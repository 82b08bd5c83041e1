/*
 * Two hash maps. A type is looked up in both; one that is only in the old map is added to the young one too. A full
 * young map replaces the old one. So memory is bounded, nothing is ever removed from a map, and the last NUMBERS_KEPT
 * different types that were looked up are present.
 */
#include "number_table.h"

#include <string.h>

enum { FIRST_CAPACITY = 32 };

static void number_map_deinit(struct number_map *map, struct pool *pool)
{
    pool_release(pool, map->buckets, map->capacity * sizeof(*map->buckets));
    *map = (struct number_map){ NULL, 0, 0 };
}

/* Returns the bucket of a fingerprint, or the empty one where it belongs. The map must have buckets. */
static struct number_entry *number_map_bucket(const struct number_map *map, const pecs_id *fingerprint)
{
    uint64_t bucket; /* a fingerprint is a keyed hash: any of its bits will do */
    memcpy(&bucket, fingerprint->bytes, sizeof(bucket));
    for (;; bucket++) {
        struct number_entry *entry = &map->buckets[bucket & (map->capacity - 1)];
        if (!entry->number || memcmp(&entry->fingerprint, fingerprint, sizeof(*fingerprint)) == 0)
            return entry;
    }
}

/* Returns 0 if the fingerprint has no number. */
static pecs_component number_map_find(const struct number_map *map, const pecs_id *fingerprint)
{
    return map->capacity ? number_map_bucket(map, fingerprint)->number : 0;
}

/* Makes room for one more entry. False: out of memory, nothing has changed. */
static bool number_map_reserve(struct number_map *map, struct pool *pool)
{
    if (map->count < map->capacity / 2)
        return true;
    struct number_map larger = { .count = map->count, .capacity = map->capacity ? 2 * map->capacity : FIRST_CAPACITY };
    larger.buckets = pool_allocate_zeroed(pool, larger.capacity * sizeof(*larger.buckets));
    if (!larger.buckets)
        return false;
    for (uint32_t i = 0; i < map->capacity; i++)
        if (map->buckets[i].number)
            *number_map_bucket(&larger, &map->buckets[i].fingerprint) = map->buckets[i];
    number_map_deinit(map, pool);
    *map = larger;
    return true;
}

/* Makes room for one more entry in the young map. False: out of memory, nothing has changed. */
static bool number_table_reserve(struct number_table *table, struct pool *pool)
{
    if (table->young.count < NUMBERS_KEPT)
        return number_map_reserve(&table->young, pool);
    struct number_map fresh = { NULL, 0, 0 };
    if (!number_map_reserve(&fresh, pool))
        return false;
    number_map_deinit(&table->old, pool);
    table->old = table->young;
    table->young = fresh;
    return true;
}

static pecs_status number_table_give_locked(struct number_table *table, struct pool *pool, const pecs_id *fingerprint,
                                            pecs_component *ret_number)
{
    pecs_component number = number_map_find(&table->young, fingerprint);
    if (!number) {
        number = number_map_find(&table->old, fingerprint);
        if (!number && table->next == NO_COMPONENT)
            return PECS_E_LIMIT;
        if (!number_table_reserve(table, pool))
            return PECS_E_MEMORY;
        if (!number)
            number = table->next++;
        *number_map_bucket(&table->young, fingerprint) = (struct number_entry){ *fingerprint, number };
        table->young.count++;
    }
    *ret_number = number;
    return PECS_OK;
}

void number_table_init(struct number_table *table, pecs_component first)
{
    os_mutex_init(&table->mutex);
    table->next = first;
}

void number_table_deinit(struct number_table *table, struct pool *pool)
{
    number_map_deinit(&table->young, pool);
    number_map_deinit(&table->old, pool);
    os_mutex_deinit(&table->mutex);
}

pecs_status number_table_give(struct number_table *table, struct pool *pool, pecs_id fingerprint,
                              pecs_component *ret_number)
{
    os_mutex_lock(&table->mutex);
    const pecs_status status = number_table_give_locked(table, pool, &fingerprint, ret_number);
    os_mutex_unlock(&table->mutex);
    return status;
}
