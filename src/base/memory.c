/*
 * The pool. Its lock guards the bookkeeping of the blocks and is held for a few instructions; new blocks are allocated
 * and first touched without it. Reference counts of nodes ensure that no other thread still reads memory that is
 * released here.
 */
#include "memory.h"

#include "blocks.h"
#include "bytes.h"
#include "os.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    DIRECT_LIMIT = 1024 * 1024, /* bytes of arrays that are allocations of their own */
    SOURCE_DIRECT = 0,          /* a source is SOURCE_DIRECT or the offset in a block */
    PATIENCE_MAX = 1024,
    FIRST_ITEMS = 2, /* of a list that grows: most lists of a small world stay that short */
    POOL_GAPS_BYTES = GAP_CLASS_COUNT * sizeof(struct gap *),
};

struct pool {
    pecs_allocator allocator;
    struct os_mutex mutex;
    struct blocks blocks;
    uint64_t direct_bytes, moved_bytes; /* moved: taken by evacuations */
    _Atomic uint64_t epoch, state_count, drop_count, world_count;
    uint64_t secret;
};

void *pool_system_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    (void)user;
    if (align_bytes <= _Alignof(max_align_t))
        return malloc(size_bytes);
    return aligned_alloc(align_bytes, align_up(size_bytes, align_bytes));
}

void pool_system_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    (void)user, (void)size_bytes, (void)align_bytes;
    free(memory);
}

struct pool *pool_create(const pecs_allocator *allocator)
{
    pecs_allocator a = *allocator;
    if (!a.allocate)
        a = (pecs_allocator){ pool_system_allocate, pool_system_release, NULL };
    struct pool *pool = a.allocate(a.user, sizeof(*pool), _Alignof(struct pool));
    if (!pool)
        return NULL;
    memset(pool, 0, sizeof(*pool));
    pool->allocator = a;
    pool->secret = os_random_u64();
    os_mutex_init(&pool->mutex);
    return pool;
}

static bool pool_uses_system(const struct pool *pool)
{
    return pool->allocator.allocate == pool_system_allocate;
}

static size_t pool_large_align(size_t size_bytes)
{
    return size_bytes < OS_HUGE_BYTES ? ARRAY_ALIGN : OS_HUGE_BYTES;
}

/* Blocks and the largest arrays: whole pages, huge ones from 2 MiB on. A release returns them to the system. */
static void *pool_allocate_large(struct pool *pool, size_t size_bytes)
{
    if (pool_uses_system(pool))
        return os_pages_allocate(size_bytes);
    void *memory = pool->allocator.allocate(pool->allocator.user, size_bytes, pool_large_align(size_bytes));
    if (memory && size_bytes >= OS_HUGE_BYTES)
        os_advise_huge(memory, size_bytes);
    return memory;
}

static void pool_release_large(struct pool *pool, void *memory, size_t size_bytes)
{
    if (pool_uses_system(pool))
        os_pages_release(memory, size_bytes);
    else
        pool->allocator.release(pool->allocator.user, memory, size_bytes, pool_large_align(size_bytes));
}

static void pool_release_blocks(struct pool *pool, struct block *block)
{
    while (block) {
        struct block *next = block->next;
        pool_release_large(pool, block, block_bytes(block));
        block = next;
    }
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    assert(pool->blocks.used_bytes == 0 && pool->direct_bytes == 0);
    pool_release_blocks(pool, blocks_take_empty(&pool->blocks, 0, 0));
    pool_release(pool, pool->blocks.gaps, POOL_GAPS_BYTES);
    os_mutex_deinit(&pool->mutex);
    pecs_allocator a = pool->allocator;
    a.release(a.user, pool, sizeof(*pool), _Alignof(struct pool));
}

void *pool_allocate(struct pool *pool, size_t size_bytes)
{
    return pool->allocator.allocate(pool->allocator.user, size_bytes, _Alignof(max_align_t));
}

void *pool_allocate_zeroed(struct pool *pool, size_t size_bytes)
{
    void *memory = pool_allocate(pool, size_bytes);
    if (memory)
        memset(memory, 0, size_bytes);
    return memory;
}

void pool_release(struct pool *pool, void *memory, size_t size_bytes)
{
    if (memory)
        pool->allocator.release(pool->allocator.user, memory, size_bytes, _Alignof(max_align_t));
}

bool pool_reserve(struct pool *pool, void **array, size_t *capacity, size_t count, size_t item_bytes)
{
    if (count <= *capacity)
        return true;
    uint64_t wanted = max_u64(count, max_u64(FIRST_ITEMS, 2 * (uint64_t)*capacity)), bytes;
    if (mul_overflows(wanted, item_bytes, &bytes) || bytes > SIZE_MAX)
        return false;
    void *grown = pool_allocate(pool, (size_t)bytes);
    if (!grown)
        return false;
    if (*array)
        memcpy(grown, *array, *capacity * item_bytes);
    pool_release(pool, *array, *capacity * item_bytes);
    *array = grown;
    *capacity = (size_t)wanted;
    return true;
}

static void pool_release_direct(struct pool *pool, size_t size_bytes)
{
    os_mutex_lock(&pool->mutex);
    pool->direct_bytes -= size_bytes;
    os_mutex_unlock(&pool->mutex);
}

/*
 * Adds a block, with the first one the lists of gaps, which most pools of small worlds never need. Allocates without
 * the lock, which the caller holds. False: out of memory.
 */
static bool pool_add_block(struct pool *pool, size_t size_bytes)
{
    const bool has_gaps = pool->blocks.gaps;
    os_mutex_unlock(&pool->mutex);
    struct gap **gaps = has_gaps ? NULL : pool_allocate_zeroed(pool, POOL_GAPS_BYTES);
    uint8_t *memory = has_gaps || gaps ? pool_allocate_large(pool, size_bytes) : NULL;
    if (memory)
        *memory = 0; /* faults the first page in, without the lock */
    os_mutex_lock(&pool->mutex);
    if (memory && !pool->blocks.gaps) {
        pool->blocks.gaps = gaps;
        gaps = NULL;
    }
    if (memory)
        blocks_add(&pool->blocks, memory, size_bytes);
    if (gaps) { /* another thread was first, or there is no block */
        os_mutex_unlock(&pool->mutex);
        pool_release(pool, gaps, POOL_GAPS_BYTES);
        os_mutex_lock(&pool->mutex);
    }
    return memory != NULL;
}

/*
 * Takes an array from a block with room or from a new block, behind another one unless that is NULL; NULL when out of
 * memory. The caller holds the lock.
 */
static void *pool_take_from_blocks(struct pool *pool, size_t size_bytes, const struct pool_array *before,
                                   uint32_t *ret_source)
{
    struct blocks *blocks = &pool->blocks;
    for (;;) {
        void *array = before ? blocks_take_behind(blocks, size_bytes, before, ret_source)
                             : blocks_take(blocks, size_bytes, ret_source);
        if (array || !pool_add_block(pool, blocks_wanted_bytes(blocks, size_bytes)))
            return array;
    }
}

static void *pool_take_array(struct pool *pool, size_t size_bytes, const struct pool_array *before,
                             uint32_t *ret_source)
{
    *ret_source = SOURCE_DIRECT;
    if (size_bytes >= OS_HUGE_BYTES)
        return pool_allocate_large(pool, size_bytes);
    os_mutex_lock(&pool->mutex);
    if (pool->direct_bytes + max_u64(size_bytes, pool->blocks.expected_bytes) > DIRECT_LIMIT) {
        void *array = pool_take_from_blocks(pool, size_bytes, before, ret_source);
        os_mutex_unlock(&pool->mutex);
        return array;
    }
    pool->direct_bytes += size_bytes;
    os_mutex_unlock(&pool->mutex);
    void *memory = pool->allocator.allocate(pool->allocator.user, size_bytes, ARRAY_ALIGN);
    if (!memory)
        pool_release_direct(pool, size_bytes);
    return memory;
}

void *pool_array_allocate(struct pool *pool, size_t size_bytes, uint32_t *ret_source)
{
    return pool_take_array(pool, size_bytes, NULL, ret_source);
}

void *pool_array_allocate_behind(struct pool *pool, size_t size_bytes, const struct pool_array *before,
                                 uint32_t *ret_source)
{
    return pool_take_array(pool, size_bytes, before, ret_source);
}

void pool_array_release(struct pool *pool, void *array, size_t size_bytes, uint32_t source)
{
    if (source == SOURCE_DIRECT && size_bytes >= OS_HUGE_BYTES) {
        pool_release_large(pool, array, size_bytes);
    } else if (source == SOURCE_DIRECT) {
        pool->allocator.release(pool->allocator.user, array, size_bytes, ARRAY_ALIGN);
        pool_release_direct(pool, size_bytes);
    } else {
        os_mutex_lock(&pool->mutex);
        struct blocks *blocks = &pool->blocks;
        blocks_give(blocks, array, size_bytes, source);
        struct block *surplus = blocks_take_empty(blocks, 2 * blocks->used_bytes + pool->direct_bytes, 0);
        os_mutex_unlock(&pool->mutex);
        pool_release_blocks(pool, surplus);
    }
}

bool pool_array_resizes(const struct pool *pool, size_t size_bytes)
{
    return pool_uses_system(pool) && size_bytes >= OS_HUGE_BYTES;
}

void *pool_array_resize(void *array, size_t size_bytes, size_t new_bytes)
{
    return os_pages_resize(array, size_bytes, new_bytes);
}

void pool_expect_arrays(struct pool *pool, uint64_t size_bytes)
{
    os_mutex_lock(&pool->mutex);
    pool->blocks.expected_bytes = size_bytes ? pool->blocks.array_bytes + size_bytes : 0;
    os_mutex_unlock(&pool->mutex);
}

bool pool_array_is_leaving(const void *array, uint32_t source)
{
    return source != SOURCE_DIRECT && blocks_is_leaving(array, source);
}

/* The block bytes with which the pool holds a quarter more than the living arrays. */
static uint64_t pool_allowed_block_bytes(const struct pool *pool)
{
    const uint64_t live_bytes = pool->direct_bytes + pool->blocks.array_bytes;
    return live_bytes + live_bytes / 4 - pool->direct_bytes;
}

/* Bytes taken, without evacuations. Of two concurrent evacuations each subtracts the other's, so this may decrease. */
static uint64_t pool_demanded_bytes(const struct pool *pool)
{
    return pool->blocks.taken_bytes - min_u64(pool->moved_bytes, pool->blocks.taken_bytes);
}

void pool_frame_init(struct pool *pool, struct pool_frame *frame)
{
    os_mutex_lock(&pool->mutex);
    *frame = (struct pool_frame){ .demanded_bytes = pool_demanded_bytes(pool) };
    os_mutex_unlock(&pool->mutex);
}

/*
 * Whether enough has changed since the last evacuation that another one may move something. While a snapshot pins
 * sparse blocks, dropping other states frees nothing, so each evacuation in vain doubles the number of drops to wait
 * for.
 */
static bool pool_frame_may_help(const struct pool *pool, const struct pool_frame *frame, uint64_t drop_count)
{
    const uint64_t made_count = atomic_load_explicit(&pool->state_count, memory_order_relaxed);
    const bool has_snapshots = made_count - drop_count > atomic_load_explicit(&pool->world_count, memory_order_relaxed);
    const uint64_t dropped = drop_count - frame->drop_count;
    return frame->has_failed || pool->blocks.given_bytes - frame->given_bytes > pool->blocks.array_bytes / 8 ||
           dropped > (has_snapshots ? frame->patience : 0);
}

bool pool_frame_begin_evacuation(struct pool *pool, struct pool_frame *frame)
{
    os_mutex_lock(&pool->mutex);
    const struct blocks *blocks = &pool->blocks;
    const uint64_t drop_count = atomic_load_explicit(&pool->drop_count, memory_order_relaxed);
    const bool is_wanted =
        blocks->used_bytes > pool_allowed_block_bytes(pool) && pool_frame_may_help(pool, frame, drop_count);
    frame->is_evacuating = is_wanted;
    if (is_wanted) {
        blocks_close_sparse(&pool->blocks);
        frame->given_bytes = blocks->given_bytes;
        frame->drop_count = drop_count;
    }
    const uint64_t remembered_bytes = frame->has_snapshots ? frame->demand_bytes - frame->demand_bytes / 32 : 0;
    const uint64_t demanded_bytes = max_u64(pool_demanded_bytes(pool), frame->demanded_bytes);
    frame->demand_bytes = max_u64(demanded_bytes - frame->demanded_bytes, remembered_bytes);
    frame->has_snapshots = false;
    frame->taken_bytes = blocks->taken_bytes;
    os_mutex_unlock(&pool->mutex);
    return is_wanted;
}

void pool_frame_end(struct pool *pool, struct pool_frame *frame, bool has_moved)
{
    os_mutex_lock(&pool->mutex);
    frame->has_failed = !has_moved;
    if (frame->is_evacuating && pool->blocks.taken_bytes == frame->taken_bytes)
        frame->patience = min_u64(2 * frame->patience + 1, PATIENCE_MAX);
    else if (frame->is_evacuating)
        frame->patience = 0;
    frame->is_evacuating = false;
    struct block *surplus = blocks_take_empty(&pool->blocks, pool_allowed_block_bytes(pool), frame->demand_bytes);
    pool->moved_bytes += pool->blocks.taken_bytes - frame->taken_bytes;
    frame->demanded_bytes = pool_demanded_bytes(pool);
    os_mutex_unlock(&pool->mutex);
    pool_release_blocks(pool, surplus);
}

void pool_note_state(struct pool *pool)
{
    atomic_fetch_add_explicit(&pool->state_count, 1, memory_order_relaxed);
}

void pool_note_world(struct pool *pool, bool is_made)
{
    atomic_fetch_add_explicit(&pool->world_count, is_made ? 1 : (uint64_t)-1, memory_order_relaxed);
}

void pool_note_drop(struct pool *pool)
{
    atomic_fetch_add_explicit(&pool->drop_count, 1, memory_order_relaxed);
}

uint64_t pool_secret(const struct pool *pool)
{
    return pool->secret;
}

uint64_t pool_next_epoch(struct pool *pool)
{
    return 1 + atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_relaxed);
}
