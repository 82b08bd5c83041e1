/* Type store: memory of types that outlives their registry, whose allocator it is. */
#ifndef PECS_JSON_TYPE_STORE_H
#define PECS_JSON_TYPE_STORE_H

#include <pecs/schema.h>

struct type_store;

/* NULL: out of memory. The caller has one use of it. */
struct type_store *type_store_create(void);
void type_store_leave(struct type_store *store);

/* Zeroed. NULL: out of memory. */
void *type_store_take(struct type_store *store, size_t size_bytes);
char *type_store_copy(struct type_store *store, const char *text);

/* What is allocated by it keeps the store. */
pecs_allocator type_store_allocator(struct type_store *store);

#endif
