/*
 * Lock text: a schema as text, and back; pecs/lock.h has the format. What is printed is parsed to the same schema, and
 * what is parsed is printed as the same bytes.
 */
#ifndef PECS_SCHEMA_LOCK_TEXT_H
#define PECS_SCHEMA_LOCK_TEXT_H

#include "component.h"

enum {
    LOCK_MAX_BYTES = 16 * 1024 * 1024, /* of a text */
    LOCK_TYPES_MAX = 2048,             /* as many as a world may have */
    LOCK_INDENT = 4,                   /* spaces */
};

/* A type of a lock. Of a transient one only the flags count. */
struct lock_type {
    const pecs_type *type;
    pecs_id id;
};

struct lock {
    struct pool *pool;
    uint32_t schema_version, oldest_reader;
    size_t type_count, capacity;
    struct lock_type *types;   /* ascending by name, then by id */
    struct lock_type *by_id;   /* the same */
    struct lock_block *blocks; /* of a parsed lock: all that its types point to */
};

/* A schema without types. */
void lock_init(struct lock *lock, struct pool *pool);
void lock_deinit(struct lock *lock);

/* PECS_E_MEMORY. The type is not copied. After the last one, the lock is sorted. */
pecs_status lock_add(struct lock *lock, const pecs_type *type, pecs_id id);
/* PECS_E_MEMORY. */
pecs_status lock_sort(struct lock *lock);
int lock_compare_types(const struct lock_type *a, const struct lock_type *b);

/* The type with an id; NULL: there is none. */
const struct lock_type *lock_find(const struct lock *lock, pecs_id id);
/* The first type with a name; NULL. */
const struct lock_type *lock_find_name(const struct lock *lock, const char *name);

/* Memory that lives as long as the lock. NULL: there is none. */
void *lock_allocate(struct lock *lock, size_t size_bytes);

/* The least alignment that the fields of a valid type allow. */
uint32_t lock_align(const pecs_type *type);

/*
 * Prints a sorted lock: writes as much of the text as there is room for, and returns how long it is; above
 * LOCK_MAX_BYTES, any length above it.
 */
size_t lock_print(const struct lock *lock, char *bytes, size_t capacity);

/* Prints what a field is, without its name: "list of enum8". The same, with at most 64 bytes. */
size_t lock_print_shape(const pecs_field *field, char *bytes, size_t capacity);

/*
 * Parses a text into an initialised lock. PECS_E_CORRUPT: it is not what lock_print prints, and the message begins with
 * line and column. PECS_E_UNSUPPORTED: it has a later form. PECS_E_LIMIT, PECS_E_MEMORY. Call deinit also on failure.
 */
pecs_status lock_parse(struct lock *lock, const char *text, size_t size_bytes, pecs_error *error);

#endif
