/*
 * Catalog: finds the tables of a world by their set of components, and the tables that have a component. It is derived
 * from the state's list of tables and belongs to one world. Searches of snapshots visit every table.
 */
#ifndef PECS_STORAGE_CATALOG_H
#define PECS_STORAGE_CATALOG_H

#include "state.h"

/* The tables that have a component, ascending; a few without memory of their own, for thousands of small worlds. */
enum { POSTING_FEW = 2 };
struct posting_list {
    union {
        uint32_t few[POSTING_FEW]; /* while there is no capacity */
        uint32_t *many;
    } tables;
    uint32_t count, capacity;
};

static inline const uint32_t *posting_tables(const struct posting_list *list)
{
    return list->capacity ? list->tables.many : list->tables.few;
}

struct catalog {
    const pecs_registry *registry;
    const struct unknown_types *unknown; /* owned by the state that the catalog follows */
    const struct archetype **archetypes; /* of each table of the state */
    size_t archetype_capacity;
    uint32_t *next; /* of each table: the previous one in its bucket, or NO_TABLE */
    size_t next_capacity;
    uint32_t *buckets;   /* the newest table of each, or NO_TABLE */
    size_t bucket_count; /* a power of two */
    uint32_t table_count;
    uint64_t lineage;              /* the state's */
    struct posting_list *postings; /* of each component, by place */
    uint32_t posting_count;
};

/* Starts as the catalog of a state without tables. */
pecs_status catalog_init(struct catalog *catalog, const pecs_registry *registry, const struct unknown_types *unknown);
void catalog_deinit(struct catalog *catalog, struct pool *pool);

/*
 * Makes this the catalog of `state`. States of one lineage share the beginning of their lists, so only the rest is
 * updated. When out of memory, call this again with the previous state, which then cannot fail.
 */
pecs_status catalog_follow(struct catalog *catalog, struct pool *pool, const struct pecs_snapshot *state);

/* The table of a set (components ascending, set_hash from archetype_set_hash), or NO_TABLE. */
uint32_t catalog_find(const struct catalog *catalog, const pecs_component *components, uint32_t count,
                      bool is_singleton, uint64_t set_hash);

/* The tables that have a component. NULL: the state has no such component. */
static inline struct posting_list *catalog_posting(const struct catalog *catalog, pecs_component component)
{
    const uint32_t place = component_place(catalog->registry, catalog->unknown, component);
    return place == NO_COMPONENT ? NULL : &catalog->postings[place];
}

/* Follow the state, to which a table was added or which dropped its last one. */
pecs_status catalog_add(struct catalog *catalog, struct pool *pool, const struct archetype *archetype);
void catalog_drop(struct catalog *catalog);

#endif
