/*
 * Number table: which pecs_component each unknown type of a registry has (storage/unknown.h). A type that comes again,
 * from whatever file, gets the number that it had; no number is given to two types. So a number names one type as long
 * as the registry lives.
 *
 * Files from strangers can have ever new types, so the table keeps the NUMBERS_KEPT types that it was last asked for,
 * or more, and forgets the others: such a type gets a new number when it comes again. What is given never comes back,
 * so the numbers end after 2^32 types.
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
    pecs_component number; /* 0: the bucket is empty; that is never an unknown type's */
};
struct number_map {
    struct number_entry *buckets; /* open addressing, at most half full */
    uint32_t count, capacity;     /* a power of two, or 0 */
};

struct number_table {
    struct os_mutex mutex;
    pecs_component next;          /* the lowest that was never given */
    struct number_map young, old; /* a full young map becomes the old one, whose entries are then forgotten */
};

/* `first` is the lowest number to be given. */
void number_table_init(struct number_table *table, pecs_component first);
void number_table_deinit(struct number_table *table, struct pool *pool);

/*
 * The number of a type by its fingerprint: a hash of all that makes it this type, with the pool's secret. Any thread.
 * PECS_E_MEMORY, PECS_E_LIMIT (no number is left).
 */
pecs_status number_table_give(struct number_table *table, struct pool *pool, pecs_id fingerprint,
                              pecs_component *ret_number);

#endif
