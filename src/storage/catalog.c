/*
 * The catalog. As in the state, tables are added and dropped at the end only, so each list is a stack: a bucket's head
 * and the last entry of a posting list are their newest tables, and dropping a table pops both.
 */
#include "catalog.h"

#include "state_types.h"

#include <assert.h>

enum { FIRST_BUCKET_COUNT = 4 };

pecs_status catalog_init(struct catalog *catalog, const pecs_registry *registry, const struct unknown_types *unknown)
{
    struct pool *pool = registry->pool;
    const uint32_t component_count = component_count_of(registry, unknown);
    *catalog = (struct catalog){ .registry = registry, .unknown = unknown, .posting_count = component_count };
    catalog->postings = pool_allocate_zeroed(pool, ((size_t)component_count + 1) * sizeof(*catalog->postings));
    catalog->buckets = pool_allocate(pool, FIRST_BUCKET_COUNT * sizeof(*catalog->buckets));
    if (!catalog->postings || !catalog->buckets) {
        catalog_deinit(catalog, pool);
        return PECS_E_MEMORY;
    }
    catalog->bucket_count = FIRST_BUCKET_COUNT;
    for (size_t i = 0; i < catalog->bucket_count; i++)
        catalog->buckets[i] = NO_TABLE;
    return PECS_OK;
}

void catalog_deinit(struct catalog *catalog, struct pool *pool)
{
    for (uint32_t i = 0; catalog->postings && i < catalog->posting_count; i++)
        if (catalog->postings[i].capacity)
            pool_release(pool, catalog->postings[i].tables.many, catalog->postings[i].capacity * sizeof(uint32_t));
    pool_release(pool, catalog->postings, (catalog->posting_count + 1) * sizeof(*catalog->postings));
    pool_release(pool, catalog->buckets, max_u64(catalog->bucket_count, FIRST_BUCKET_COUNT) * sizeof(uint32_t));
    pool_release(pool, catalog->archetypes, catalog->archetype_capacity * sizeof(*catalog->archetypes));
    pool_release(pool, catalog->next, catalog->next_capacity * sizeof(*catalog->next));
    *catalog = (struct catalog){ 0 };
}

/* Adds lists for components of the state that the catalog does not have yet. */
static pecs_status catalog_reserve_components(struct catalog *catalog, struct pool *pool, uint32_t component_count)
{
    if (component_count <= catalog->posting_count)
        return PECS_OK;
    struct posting_list *postings = pool_allocate_zeroed(pool, ((size_t)component_count + 1) * sizeof(*postings));
    if (!postings)
        return PECS_E_MEMORY;
    memcpy(postings, catalog->postings, catalog->posting_count * sizeof(*postings));
    pool_release(pool, catalog->postings, (catalog->posting_count + 1) * sizeof(*postings));
    catalog->postings = postings;
    catalog->posting_count = component_count;
    return PECS_OK;
}

static void catalog_link_table(struct catalog *catalog, uint32_t table)
{
    uint32_t *bucket = &catalog->buckets[catalog->archetypes[table]->set_hash & (catalog->bucket_count - 1)];
    catalog->next[table] = *bucket;
    *bucket = table;
}

static pecs_status catalog_grow_buckets(struct catalog *catalog, struct pool *pool)
{
    if (catalog->table_count < catalog->bucket_count)
        return PECS_OK;
    const size_t count = catalog->bucket_count * 2;
    uint32_t *buckets = pool_allocate(pool, count * sizeof(*buckets));
    if (!buckets)
        return PECS_E_MEMORY;
    pool_release(pool, catalog->buckets, catalog->bucket_count * sizeof(*buckets));
    catalog->buckets = buckets;
    catalog->bucket_count = count;
    for (size_t i = 0; i < count; i++)
        buckets[i] = NO_TABLE;
    for (uint32_t table = 0; table < catalog->table_count; table++)
        catalog_link_table(catalog, table);
    return PECS_OK;
}

/* Room for one more table. */
static bool posting_reserve(struct posting_list *list, struct pool *pool)
{
    uint32_t *tables = list->capacity ? list->tables.many : NULL;
    size_t capacity = list->capacity;
    if (!capacity && list->count < POSTING_FEW)
        return true;
    if (!pool_reserve(pool, (void **)&tables, &capacity, (size_t)list->count + 1, sizeof(*tables)))
        return false;
    if (!list->capacity)
        memcpy(tables, list->tables.few, sizeof(list->tables.few));
    list->tables.many = tables;
    list->capacity = (uint32_t)min_u64(capacity, UINT32_MAX);
    return true;
}

static void posting_push(struct posting_list *list, uint32_t table)
{
    (list->capacity ? list->tables.many : list->tables.few)[list->count++] = table;
}

pecs_status catalog_add(struct catalog *catalog, struct pool *pool, const struct archetype *archetype)
{
    const size_t count = (size_t)catalog->table_count + 1;
    if (!pool_reserve(pool, (void **)&catalog->archetypes, &catalog->archetype_capacity, count,
                      sizeof(*catalog->archetypes)) ||
        !pool_reserve(pool, (void **)&catalog->next, &catalog->next_capacity, count, sizeof(*catalog->next)) ||
        catalog_grow_buckets(catalog, pool))
        return PECS_E_MEMORY;
    for (uint32_t i = 0; i < archetype->component_count; i++)
        if (!posting_reserve(catalog_posting(catalog, archetype->components[i]), pool))
            return PECS_E_MEMORY;
    catalog->archetypes[catalog->table_count] = archetype;
    catalog_link_table(catalog, catalog->table_count);
    for (uint32_t i = 0; i < archetype->component_count; i++)
        posting_push(catalog_posting(catalog, archetype->components[i]), catalog->table_count);
    catalog->table_count++;
    return PECS_OK;
}

void catalog_drop(struct catalog *catalog)
{
    const uint32_t table = --catalog->table_count;
    const struct archetype *archetype = catalog->archetypes[table];
    uint32_t *bucket = &catalog->buckets[archetype->set_hash & (catalog->bucket_count - 1)];
    assert(*bucket == table);
    *bucket = catalog->next[table];
    for (uint32_t i = 0; i < archetype->component_count; i++)
        catalog_posting(catalog, archetype->components[i])->count--;
}

/*
 * Returns how many tables at the beginning are the same. Two states of one lineage that have the same archetype object
 * at one place both come from the state in which that table was added, so all places before it agree too. A binary
 * search finds the end.
 */
static uint32_t catalog_common_count(const struct catalog *catalog, const struct pecs_snapshot *state)
{
    if (catalog->lineage != state->lineage)
        return 0;
    uint32_t low = 0, high = (uint32_t)min_u64(catalog->table_count, state->table_count);
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (catalog->archetypes[middle] == state_table(state, middle)->archetype)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

pecs_status catalog_follow(struct catalog *catalog, struct pool *pool, const struct pecs_snapshot *state)
{
    pecs_status status = catalog_reserve_components(catalog, pool, state_component_count(state));
    if (status)
        return status;
    const uint32_t common = catalog_common_count(catalog, state);
    while (catalog->table_count > common)
        catalog_drop(catalog);
    catalog->lineage = state->lineage;
    /* states with a common table come from one that had it, and the unknown types that it may name */
    assert(!common || catalog->unknown == state->unknown);
    catalog->unknown = state->unknown;
    while (!status && catalog->table_count < state->table_count)
        status = catalog_add(catalog, pool, state_table(state, catalog->table_count)->archetype);
    return status;
}

uint32_t catalog_find(const struct catalog *catalog, const pecs_component *components, uint32_t count,
                      bool is_singleton, uint64_t set_hash)
{
    uint32_t table = catalog->buckets[set_hash & (catalog->bucket_count - 1)];
    for (; table != NO_TABLE; table = catalog->next[table]) {
        const struct archetype *archetype = catalog->archetypes[table];
        if (archetype->set_hash == set_hash && archetype->is_singleton == is_singleton &&
            archetype->component_count == count &&
            (count == 0 || memcmp(archetype->components, components, count * sizeof(*components)) == 0))
            return table;
    }
    return NO_TABLE;
}
