/*
 * The number table: two hash maps. A type is looked for in both, and one that is only in the old map is put into the
 * young one too. When the young map is full, it takes the place of the old one. So the memory is bounded, nothing is
 * ever removed from a map, and what was asked for in the last NUMBERS_KEPT different questions is there.
 */
#include "number_table.h"

#include <string.h>

enum { FIRST_CAPACITY = 32 };

static void number_map_deinit(struct number_map *map, struct pool *pool)
{
    pool_release(pool, map->buckets, map->capacity * sizeof(*map->buckets));
    *map = (struct number_map){ NULL, 0, 0 };
}

/* The bucket of a fingerprint, or the empty one where it belongs. The map is not empty. */
static struct number_entry *number_map_bucket(const struct number_map *map, const pecs_id *fingerprint)
{
    uint64_t place; /* a fingerprint is a secret hash: any bits of it serve */
    memcpy(&place, fingerprint->bytes, sizeof(place));
    for (;; place++) {
        struct number_entry *entry = &map->buckets[place & (map->capacity - 1)];
        if (!entry->number || memcmp(&entry->fingerprint, fingerprint, sizeof(*fingerprint)) == 0)
            return entry;
    }
}

/* 0: it has none. */
static pecs_component number_map_find(const struct number_map *map, const pecs_id *fingerprint)
{
    return map->capacity ? number_map_bucket(map, fingerprint)->number : 0;
}

/* Room for one more; false and unchanged when out of memory. */
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

/* Room in the young map for one more; false and unchanged when out of memory. */
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
