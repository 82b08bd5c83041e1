/*
 * The pool. Its lock guards the slabs' bookkeeping and is held for a few instructions; fresh slabs are asked for
 * and touched outside it. It never returns memory that another thread may still read: that is the node counts' duty.
 */
#include "memory.h"

#include "bytes.h"
#include "os.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    FIRST_SHIFT = 11,
    SMALLEST_SLAB_ARRAY = 1 << FIRST_SHIFT, /* arrays above this size have a class */
    LARGEST_SLAB_ARRAY = SLAB_BYTES / 2 + ARRAY_ALIGN - SLAB_BYTES / 16,
    CLASS_COUNT = 8 * (20 - FIRST_SHIFT), /* eight a power of two */
    DIRECT_LIMIT = 1024 * 1024,
    SOURCE_DIRECT = 0, /* a source is this or 1 + class */
    MAX_SLOTS = SLAB_BYTES / SMALLEST_SLAB_ARRAY,
};

/* In the first bytes of each slab; slots follow at SLAB_HEADER_BYTES. */
struct slab {
    struct slab *next, *previous; /* of the class's slabs with a free slot, or of the spares */
    uint32_t class_index, slot_count, used_count;
    uint64_t free_slots[MAX_SLOTS / 64]; /* a set bit is a free slot */
};

#define SLAB_HEADER_BYTES ((size_t)align_up(sizeof(struct slab), ARRAY_ALIGN))

struct size_class {
    struct slab *open; /* slabs with a free slot */
    uint64_t direct_bytes;
};

struct pool {
    pecs_allocator allocator;
    struct os_mutex mutex;
    struct size_class classes[CLASS_COUNT];
    struct slab *spares;
    uint64_t spare_count, used_slab_count;
    _Atomic uint64_t epoch;
    uint64_t secret;
};

static void *system_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    (void)user;
    if (align_bytes <= _Alignof(max_align_t))
        return malloc(size_bytes);
    return aligned_alloc(align_bytes, align_up(size_bytes, align_bytes));
}

static void system_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    (void)user, (void)size_bytes, (void)align_bytes;
    free(memory);
}

struct pool *pool_create(const pecs_allocator *allocator)
{
    pecs_allocator a = *allocator;
    if (!a.allocate)
        a = (pecs_allocator){ system_allocate, system_release, NULL };
    struct pool *pool = a.allocate(a.user, sizeof(*pool), _Alignof(struct pool));
    if (!pool)
        return NULL;
    memset(pool, 0, sizeof(*pool));
    pool->allocator = a;
    pool->secret = os_random_u64();
    os_mutex_init(&pool->mutex);
    return pool;
}

static bool uses_system(const struct pool *pool)
{
    return pool->allocator.allocate == system_allocate;
}

/* 2 MiB-aligned memory in huge pages: slabs and the largest arrays. */
static void *allocate_large(struct pool *pool, size_t size_bytes)
{
    if (uses_system(pool))
        return os_pages_allocate(size_bytes);
    void *memory = pool->allocator.allocate(pool->allocator.user, size_bytes, SLAB_BYTES);
    if (memory)
        os_advise_huge(memory, size_bytes);
    return memory;
}

static void release_large(struct pool *pool, void *memory, size_t size_bytes)
{
    if (uses_system(pool))
        os_pages_release(memory, size_bytes);
    else
        pool->allocator.release(pool->allocator.user, memory, size_bytes, SLAB_BYTES);
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    assert(pool->used_slab_count == 0);
    while (pool->spares) {
        struct slab *slab = pool->spares;
        pool->spares = slab->next;
        release_large(pool, slab, SLAB_BYTES);
    }
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
    uint64_t wanted = max_u64(count, max_u64(8, 2 * (uint64_t)*capacity)), bytes;
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

/* Arrays are a header of ARRAY_ALIGN bytes and often a power of two of rows: the steps are those of the rows. */
static uint32_t class_of(size_t size_bytes)
{
    const size_t last = size_bytes - ARRAY_ALIGN - 1;
    const uint32_t shift = 63 - (uint32_t)__builtin_clzll(last);
    return (shift - FIRST_SHIFT) * 8 + ((uint32_t)(last >> (shift - 3)) & 7);
}

static size_t class_bytes(uint32_t class_index)
{
    return ((size_t)(8 + class_index % 8 + 1) << (FIRST_SHIFT - 3 + class_index / 8)) + ARRAY_ALIGN;
}

static bool has_class(size_t size_bytes)
{
    return size_bytes > SMALLEST_SLAB_ARRAY + ARRAY_ALIGN && size_bytes <= LARGEST_SLAB_ARRAY;
}

static void list_push(struct slab **list, struct slab *slab)
{
    slab->previous = NULL;
    slab->next = *list;
    if (*list)
        (*list)->previous = slab;
    *list = slab;
}

static void list_remove(struct slab **list, struct slab *slab)
{
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        *list = slab->next;
    if (slab->next)
        slab->next->previous = slab->previous;
}

static void slab_open(struct pool *pool, struct slab *slab, uint32_t class_index)
{
    slab->class_index = class_index;
    slab->slot_count = (uint32_t)((SLAB_BYTES - SLAB_HEADER_BYTES) / class_bytes(class_index));
    slab->used_count = 0;
    memset(slab->free_slots, 0, sizeof(slab->free_slots));
    for (uint32_t i = 0; i < slab->slot_count; i++)
        slab->free_slots[i / 64] |= (uint64_t)1 << i % 64;
    list_push(&pool->classes[class_index].open, slab);
    pool->used_slab_count++;
}

static void *slab_take(struct pool *pool, struct slab *slab)
{
    uint32_t word = 0;
    while (!slab->free_slots[word])
        word++;
    const uint32_t bit = (uint32_t)__builtin_ctzll(slab->free_slots[word]);
    slab->free_slots[word] &= slab->free_slots[word] - 1;
    if (++slab->used_count == slab->slot_count)
        list_remove(&pool->classes[slab->class_index].open, slab);
    return (uint8_t *)slab + SLAB_HEADER_BYTES + (size_t)(word * 64 + bit) * class_bytes(slab->class_index);
}

/* A slot of the class, from a fresh slab if need be; NULL when out of memory. Called and returns with the lock held. */
static void *class_take(struct pool *pool, uint32_t class_index)
{
    struct size_class *class = &pool->classes[class_index];
    if (!class->open && pool->spares) {
        struct slab *slab = pool->spares;
        list_remove(&pool->spares, slab);
        pool->spare_count--;
        slab_open(pool, slab, class_index);
    }
    if (!class->open) {
        os_mutex_unlock(&pool->mutex);
        struct slab *slab = allocate_large(pool, SLAB_BYTES);
        os_mutex_lock(&pool->mutex);
        if (slab)
            slab_open(pool, slab, class_index);
        if (!class->open)
            return NULL;
    }
    return slab_take(pool, class->open);
}

void *pool_array_allocate(struct pool *pool, size_t size_bytes, uint32_t *ret_source)
{
    *ret_source = SOURCE_DIRECT;
    if (size_bytes >= SLAB_BYTES)
        return allocate_large(pool, size_bytes);
    if (!has_class(size_bytes))
        return pool->allocator.allocate(pool->allocator.user, size_bytes, ARRAY_ALIGN);
    const uint32_t class_index = class_of(size_bytes);
    struct size_class *class = &pool->classes[class_index];
    os_mutex_lock(&pool->mutex);
    if (class->direct_bytes + size_bytes > DIRECT_LIMIT) {
        void *slot = class_take(pool, class_index);
        os_mutex_unlock(&pool->mutex);
        *ret_source = 1 + class_index;
        return slot;
    }
    class->direct_bytes += size_bytes;
    os_mutex_unlock(&pool->mutex);
    void *memory = pool->allocator.allocate(pool->allocator.user, size_bytes, ARRAY_ALIGN);
    if (!memory) {
        os_mutex_lock(&pool->mutex);
        class->direct_bytes -= size_bytes;
        os_mutex_unlock(&pool->mutex);
    }
    return memory;
}

static void slab_give(struct pool *pool, void *array)
{
    struct slab *slab = (struct slab *)((uintptr_t)array & ~(uintptr_t)(SLAB_BYTES - 1));
    const size_t slot =
        (size_t)((uint8_t *)array - (uint8_t *)slab - SLAB_HEADER_BYTES) / class_bytes(slab->class_index);
    struct slab *surplus = NULL;
    os_mutex_lock(&pool->mutex);
    slab->free_slots[slot / 64] |= (uint64_t)1 << slot % 64;
    if (slab->used_count-- == slab->slot_count)
        list_push(&pool->classes[slab->class_index].open, slab);
    if (slab->used_count == 0) {
        list_remove(&pool->classes[slab->class_index].open, slab);
        pool->used_slab_count--;
        list_push(&pool->spares, slab);
        pool->spare_count++;
        while (pool->spare_count > pool->used_slab_count + 1) { /* at most two: one came, and the limit fell */
            struct slab *spare = pool->spares;
            list_remove(&pool->spares, spare);
            pool->spare_count--;
            spare->next = surplus;
            surplus = spare;
        }
    }
    os_mutex_unlock(&pool->mutex);
    while (surplus) {
        struct slab *next = surplus->next;
        release_large(pool, surplus, SLAB_BYTES);
        surplus = next;
    }
}

void pool_array_release(struct pool *pool, void *array, size_t size_bytes, uint32_t source)
{
    if (source != SOURCE_DIRECT) {
        slab_give(pool, array);
        return;
    }
    if (size_bytes >= SLAB_BYTES) {
        release_large(pool, array, size_bytes);
        return;
    }
    if (has_class(size_bytes)) {
        os_mutex_lock(&pool->mutex);
        pool->classes[class_of(size_bytes)].direct_bytes -= size_bytes;
        os_mutex_unlock(&pool->mutex);
    }
    pool->allocator.release(pool->allocator.user, array, size_bytes, ARRAY_ALIGN);
}

uint64_t pool_secret(const struct pool *pool)
{
    return pool->secret;
}

uint64_t pool_next_epoch(struct pool *pool)
{
    return 1 + atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_relaxed);
}
