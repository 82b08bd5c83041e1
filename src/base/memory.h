/*
 * Memory: the pool that backs all worlds and snapshots of one registry.
 *
 * Small objects go to the allocator as they are. Arrays of more than 2 KiB come from slabs once a pool is large:
 *
 *     slab    2 MiB, 2 MiB-aligned, huge pages; cut into slots of one size class
 *     class   sizes rounded up to 1/8 of a power of two; a class uses slabs once its live bytes outside them exceed 1
 *             MiB
 *     spare   empty slabs, kept for reuse: at most one more than are in use
 *
 * All functions may be called from any thread.
 */
#ifndef PECS_BASE_MEMORY_H
#define PECS_BASE_MEMORY_H

#include <pecs/status.h>

enum {
    ARRAY_ALIGN = 64, /* of every array, in memory and in files */
    SLAB_BYTES = 2 * 1024 * 1024,
};

struct pool;

/* allocator all zero: the system's memory. NULL when out of memory. */
struct pool *pool_create(const pecs_allocator *allocator);
void pool_destroy(struct pool *pool);

/* A small object, aligned for anything, not cleared. Release it with the same size; NULL is allowed there. */
void *pool_allocate(struct pool *pool, size_t size_bytes);
void *pool_allocate_zeroed(struct pool *pool, size_t size_bytes);
void pool_release(struct pool *pool, void *memory, size_t size_bytes);

/* Grows *array (of *capacity items) to hold `count` items, doubling; false and unchanged when out of memory. */
bool pool_reserve(struct pool *pool, void **array, size_t *capacity, size_t count, size_t item_bytes);

/*
 * Bytes for an array, aligned to ARRAY_ALIGN, not cleared. *ret_source tells pool_array_release where they came from.
 * Sizes of a slab and more are aligned to 2 MiB and use huge pages.
 */
void *pool_array_allocate(struct pool *pool, size_t size_bytes, uint32_t *ret_source);
void pool_array_release(struct pool *pool, void *array, size_t size_bytes, uint32_t source);

/* A number that this pool never gave before, from 1: marks who may edit a node. */
uint64_t pool_next_epoch(struct pool *pool);

/* A random number of this pool's, for hash tables: a file can then not be made whose keys all meet in one bucket. */
uint64_t pool_secret(const struct pool *pool);

#endif
