/* For tests of the pool: one whose memory is counted, and arrays that it gives. */
#ifndef MEMORY_FIXTURE_H
#define MEMORY_FIXTURE_H

#include "counting_allocator.h"
#include "memory.h"

#include <criterion/criterion.h>

enum { MIB = 1024 * 1024 };

struct array {
    uint8_t *bytes;
    uint32_t source;
};

static inline struct pool *counting_pool(void)
{
    struct pool *pool = pool_create(&counting_hooks);
    cr_assert_not_null(pool);
    return pool;
}

static inline struct array take(struct pool *pool, size_t size_bytes)
{
    struct array array;
    array.bytes = pool_array_allocate(pool, size_bytes, &array.source);
    cr_assert_not_null(array.bytes, "%zu bytes", size_bytes);
    return array;
}

/* Destroys the pool: all that it ever took has come back, as it was given. */
static inline void destroy_clean(struct pool *pool)
{
    pool_destroy(pool);
    cr_assert_eq(counting.live_count, 0, "%llu allocations leak", (unsigned long long)counting.live_count);
    cr_assert_eq(counting.live_bytes, 0);
    cr_assert_eq(counting.wrong_count, 0);
}

static inline void release(struct pool *pool, struct array array, size_t size_bytes)
{
    pool_array_release(pool, array.bytes, size_bytes, array.source);
}

/* The same in one array. */
static inline struct array fill_with_one(struct pool *pool)
{
    return take(pool, MIB);
}

#endif
