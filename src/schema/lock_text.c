/* The list of types of a lock, and its memory, which is released as a whole. */
#include "lock_text.h"

#include "bytes.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct lock_block {
    struct lock_block *next;
    size_t size_bytes, used_bytes; /* with this head */
};

void lock_init(struct lock *lock, struct pool *pool)
{
    *lock = (struct lock){ .pool = pool };
}

void lock_deinit(struct lock *lock)
{
    struct lock_block *block = lock->blocks;
    while (block) {
        struct lock_block *next = block->next;
        pool_release(lock->pool, block, block->size_bytes);
        block = next;
    }
    pool_release(lock->pool, lock->types, lock->capacity * sizeof(*lock->types));
    pool_release(lock->pool, lock->by_id, lock->by_id ? lock->type_count * sizeof(*lock->by_id) : 0);
}

pecs_status lock_add(struct lock *lock, const pecs_type *type, pecs_id id)
{
    if (!pool_reserve(lock->pool, (void **)&lock->types, &lock->capacity, lock->type_count + 1, sizeof(*lock->types)))
        return PECS_E_MEMORY;
    lock->types[lock->type_count++] = (struct lock_type){ type, id };
    return PECS_OK;
}

static int lock_compare_ids(const void *a, const void *b)
{
    return memcmp(&((const struct lock_type *)a)->id, &((const struct lock_type *)b)->id, sizeof(pecs_id));
}

int lock_compare_types(const struct lock_type *a, const struct lock_type *b)
{
    const int order = strcmp(a->type->name, b->type->name);
    return order ? order : lock_compare_ids(a, b);
}

static int lock_compare_items(const void *a, const void *b)
{
    return lock_compare_types(a, b);
}

pecs_status lock_sort(struct lock *lock)
{
    const size_t bytes = lock->type_count * sizeof(*lock->by_id);
    if (!lock->type_count)
        return PECS_OK;
    lock->by_id = pool_allocate(lock->pool, bytes);
    if (!lock->by_id)
        return PECS_E_MEMORY;
    memcpy(lock->by_id, lock->types, bytes);
    qsort(lock->by_id, lock->type_count, sizeof(*lock->by_id), lock_compare_ids);
    qsort(lock->types, lock->type_count, sizeof(*lock->types), lock_compare_items);
    return PECS_OK;
}

const struct lock_type *lock_find(const struct lock *lock, pecs_id id)
{
    const struct lock_type key = { NULL, id };
    return lock->type_count ? bsearch(&key, lock->by_id, lock->type_count, sizeof(key), lock_compare_ids) : NULL;
}

const struct lock_type *lock_find_name(const struct lock *lock, const char *name)
{
    size_t begin = 0, end = lock->type_count;
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        if (strcmp(lock->types[middle].type->name, name) < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    const bool is_found = begin < lock->type_count && strcmp(lock->types[begin].type->name, name) == 0;
    return is_found ? &lock->types[begin] : NULL;
}

void *lock_allocate(struct lock *lock, size_t size_bytes)
{
    struct lock_block *block = lock->blocks;
    const size_t size = (size_bytes + 7) & ~(size_t)7;
    if (!block || block->size_bytes - block->used_bytes < size) {
        const size_t room = (size_t)max_u64(BLOCK_BYTES, sizeof(*block) + size);
        block = pool_allocate(lock->pool, room);
        if (!block)
            return NULL;
        *block = (struct lock_block){ lock->blocks, room, sizeof(*block) };
        lock->blocks = block;
    }
    void *const memory = (uint8_t *)block + block->used_bytes;
    block->used_bytes += size;
    return memory;
}
