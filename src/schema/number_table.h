/*
 * Number table: maps the unknown types of a registry (storage/unknown.h) to their pecs_component. A type that occurs
 * again, in any file, gets the same number; no two types get one number. So a number names one type as long as the
 * registry lives.
 *
 * Untrusted files can bring new types without end, so the table keeps at least the NUMBERS_KEPT types that were looked
 * up last and forgets the others: a forgotten type gets a new number when it occurs again. Numbers are never reused, so
 * they run out after 2^32 types.
 */
#ifndef PECS_SCHEMA_NUMBER_TABLE_H
#define PECS_SCHEMA_NUMBER_TABLE_H

#include "memory.h"
#include "os.h"

#include <pecs/schema.h>

enum { NUMBERS_KEPT = 8192 };

#define NO_COMPONENT UINT32_MAX /* the number of no type */

struct number_entry {
    pecs_id fingerprint;
    pecs_component number; /* 0: the bucket is empty; no unknown type has the number 0 */
};
struct number_map {
    struct number_entry *buckets; /* open addressing, at most half full */
    uint32_t count, capacity;     /* a power of two, or 0 */
};

struct number_table {
    struct os_mutex mutex;
    pecs_component next;          /* the lowest unused number */
    struct number_map young, old; /* a full young map replaces the old one, whose entries are forgotten */
};

/* `first` is the lowest number for unknown types. */
void number_table_init(struct number_table *table, pecs_component first);
void number_table_deinit(struct number_table *table, struct pool *pool);

/*
 * Returns the number of a type by its fingerprint: a hash of its record, keyed with the pool's secret. Any thread.
 * PECS_E_MEMORY, PECS_E_LIMIT (no number is left).
 */
pecs_status number_table_give(struct number_table *table, struct pool *pool, pecs_id fingerprint,
                              pecs_component *ret_number);

#endif
