/*
 * A registry does not own its types, and nothing calls back when the last snapshot that needs them is gone; but all its
 * memory is then released. So memory is counted, and the types go with the last of it.
 */
#include "json_type_store.h"

#include "json_arena.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct type_store {
    struct arena arena;
    atomic_size_t uses;
};

struct type_store *type_store_create(void)
{
    struct type_store *store = calloc(1, sizeof(*store));
    if (store)
        atomic_init(&store->uses, 1);
    return store;
}

void type_store_leave(struct type_store *store)
{
    if (!store || atomic_fetch_sub_explicit(&store->uses, 1, memory_order_acq_rel) > 1)
        return;
    arena_free(&store->arena);
    free(store);
}

void *type_store_take(struct type_store *store, size_t size_bytes)
{
    return arena_take(&store->arena, size_bytes);
}

char *type_store_copy(struct type_store *store, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = arena_take(&store->arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static void *type_store_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    struct type_store *store = user;
    void *memory;
    const size_t align = align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes;
    if (posix_memalign(&memory, align, size_bytes))
        return NULL;
    atomic_fetch_add_explicit(&store->uses, 1, memory_order_relaxed);
    return memory;
}

static void type_store_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    (void)size_bytes;
    (void)align_bytes;
    free(memory);
    type_store_leave(user);
}

pecs_allocator type_store_allocator(struct type_store *store)
{
    return (pecs_allocator){ type_store_allocate, type_store_release, store };
}
