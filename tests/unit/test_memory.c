/*
 * The pool: arrays of their own and in blocks, growth and return, failing allocators, threads. Frames are in
 * test_memory_frames.c.
 */
#include "memory_fixture.h"
#include "os.h"

#include <stdalign.h>
#include <stdio.h>

Test(memory, pool_that_cannot_be_made_is_null)
{
    counting.fail_at = 1;
    cr_assert_null(pool_create(&counting_hooks));
    cr_assert_eq(counting.live_count, 0);
}

Test(memory, empty_pool_is_one_small_allocation)
{
    struct pool *pool = counting_pool();
    cr_assert_eq(counting.live_count, 1);
    cr_assert_lt(counting.live_bytes, 4096);
    destroy_clean(pool);
}

Test(memory, destroying_null_is_allowed)
{
    pool_destroy(NULL);
    struct pool *pool = counting_pool();
    pool_release(pool, NULL, 100);
    destroy_clean(pool);
}

Test(memory, small_objects_are_aligned_and_come_from_the_hooks)
{
    struct pool *pool = counting_pool();
    const uint64_t before = counting.live_bytes;
    uint8_t *object = pool_allocate(pool, 100);
    cr_assert_eq((uintptr_t)object % alignof(max_align_t), 0);
    cr_assert_eq(counting.live_bytes - before, 100);
    pool_release(pool, object, 100);
    cr_assert_eq(counting.live_bytes, before);
    destroy_clean(pool);
}

Test(memory, zeroed_objects_are_zero)
{
    struct pool *pool = counting_pool();
    uint8_t *object = pool_allocate_zeroed(pool, 1000);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(object[i], 0, "byte %zu", i);
    pool_release(pool, object, 1000);
    counting.fail_at = counting.call_count + 1;
    cr_assert_null(pool_allocate_zeroed(pool, 1000));
    destroy_clean(pool);
}

Test(memory, reserve_starts_at_two_and_doubles)
{
    struct pool *pool = counting_pool();
    void *array = NULL;
    size_t capacity = 0;
    const struct {
        size_t count, capacity;
    } steps[] = { { 0, 0 }, { 1, 2 }, { 2, 2 }, { 3, 4 }, { 5, 8 }, { 100, 100 }, { 101, 200 } };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        cr_assert(pool_reserve(pool, &array, &capacity, steps[i].count, sizeof(uint32_t)));
        cr_assert_eq(capacity, steps[i].capacity, "%zu items: capacity %zu", steps[i].count, capacity);
    }
    pool_release(pool, array, capacity * sizeof(uint32_t));
    destroy_clean(pool);
}

Test(memory, reserve_keeps_the_items)
{
    struct pool *pool = counting_pool();
    uint32_t *items = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        void *array = items;
        cr_assert(pool_reserve(pool, &array, &capacity, i + 1, sizeof(*items)));
        items = array;
        items[i] = i * 7;
    }
    for (uint32_t i = 0; i < 1000; i++)
        cr_assert_eq(items[i], i * 7);
    pool_release(pool, items, capacity * sizeof(*items));
    destroy_clean(pool);
}

Test(memory, reserve_that_fails_changes_nothing)
{
    struct pool *pool = counting_pool();
    void *array = NULL;
    size_t capacity = 0;
    cr_assert(pool_reserve(pool, &array, &capacity, 5, 16));
    memset(array, 0x5c, 5 * 16);
    void *const before = array;
    counting.fail_at = counting.call_count + 1;
    cr_assert_not(pool_reserve(pool, &array, &capacity, 9, 16));
    cr_assert_eq(array, before);
    cr_assert_eq(capacity, 5);
    cr_assert_eq(((uint8_t *)array)[79], 0x5c);
    pool_release(pool, array, 5 * 16);
    destroy_clean(pool);
}

Test(memory, reserve_refuses_sizes_that_overflow)
{
    struct pool *pool = counting_pool();
    void *array = NULL;
    size_t capacity = 0;
    const uint64_t calls = counting.call_count;
    cr_assert_not(pool_reserve(pool, &array, &capacity, SIZE_MAX / 2, 16));
    cr_assert_eq(counting.call_count, calls);
    cr_assert_null(array);
    destroy_clean(pool);
}

Test(memory, small_arrays_are_allocations_of_their_own)
{
    struct pool *pool = counting_pool();
    struct array arrays[100];
    const uint64_t before = counting.live_bytes;
    for (size_t i = 0; i < 100; i++) {
        arrays[i] = take(pool, 2112);
        cr_assert_eq((uintptr_t)arrays[i].bytes % 64, 0);
    }
    cr_assert_eq(counting.live_bytes - before, 211200);
    for (size_t i = 0; i < 100; i++)
        pool_array_release(pool, arrays[i].bytes, 2112, arrays[i].source);
    cr_assert_eq(counting.live_bytes, before);
    destroy_clean(pool);
}

enum { GAP_LISTS_BYTES = 256 * 8 };

/* Arrays of all sizes are allocations of their own up to one mebibyte; those beyond it share a block. */
Test(memory, arrays_are_in_blocks_beyond_one_mebibyte)
{
    struct pool *pool = counting_pool();
    struct array arrays[65];
    arrays[0] = take(pool, MIB - 63 * 8192);
    for (size_t i = 1; i < 64; i++)
        arrays[i] = take(pool, 8192);
    cr_assert_eq(counting.live_count, 1 + 64);
    const uint64_t before = counting.live_bytes;
    arrays[64] = take(pool, 64);
    struct array other = take(pool, 20000);
    cr_assert_eq(counting.live_count, 1 + 64 + 2, "a block, and the lists of gaps");
    cr_assert_eq(counting.live_bytes - before, 256 * 1024 + GAP_LISTS_BYTES);
    release(pool, arrays[0], MIB - 63 * 8192);
    for (size_t i = 1; i < 64; i++)
        release(pool, arrays[i], 8192);
    release(pool, arrays[64], 64);
    release(pool, other, 20000);
    destroy_clean(pool);
}

/* Two blocks of 8 MiB instead of many small ones; then as before. */
Test(memory, expected_arrays_are_in_large_blocks_from_the_first_on)
{
    enum { COUNT = 240 };
    struct pool *pool = counting_pool();
    struct array arrays[COUNT];
    const size_t size = 64 + 64 * 1024;
    pool_expect_arrays(pool, COUNT * (uint64_t)size + 50 * MIB);
    const uint64_t before = counting.live_count;
    for (int i = 0; i < COUNT; i++) {
        arrays[i] = take(pool, size);
        cr_assert_neq(arrays[i].source, 0);
    }
    cr_assert_eq(counting.live_count, before + 3, "the lists of gaps, and two blocks");
    for (int i = 0; i < COUNT; i++)
        release(pool, arrays[i], size);
    pool_expect_arrays(pool, 0);
    destroy_clean(pool);
    pool = counting_pool();
    pool_expect_arrays(pool, 64 * MIB);
    pool_expect_arrays(pool, 0);
    arrays[0] = take(pool, size);
    cr_assert_eq(arrays[0].source, 0, "an allocation of its own");
    release(pool, arrays[0], size);
    destroy_clean(pool);
}

Test(memory, released_direct_bytes_make_room_for_direct_ones)
{
    struct pool *pool = counting_pool();
    for (size_t i = 0; i < 1000; i++) {
        struct array array = take(pool, 900000);
        pool_array_release(pool, array.bytes, 900000, array.source);
    }
    cr_assert_eq(counting.large_count, 0);
    cr_assert_eq(counting.live_count, 1);
    destroy_clean(pool);
}

/* Fills the allowance outside blocks, so that the next arrays are in blocks. Returns how many it took. */
static size_t fill_allowance(struct pool *pool, size_t size_bytes, struct array *arrays)
{
    const size_t count = MIB / size_bytes;
    for (size_t i = 0; i < count; i++)
        arrays[i] = take(pool, size_bytes);
    return count;
}

/* Neighbours in a block keep their bytes, whatever their size. */
Test(memory, arrays_in_blocks_do_not_overlap)
{
    struct pool *pool = counting_pool();
    struct array one = fill_with_one(pool), arrays[8];
    for (size_t size = 64; size < OS_HUGE_BYTES; size += 1 + size / 5) {
        for (int i = 0; i < 8; i++) {
            arrays[i] = take(pool, size);
            cr_assert_eq((uintptr_t)arrays[i].bytes % 64, 0);
            memset(arrays[i].bytes, 'a' + i, size);
        }
        for (int i = 0; i < 8; i++) {
            for (size_t k = 0; k < size; k++)
                if (arrays[i].bytes[k] != 'a' + i)
                    cr_assert_fail("array %d of %zu bytes lost byte %zu", i, size, k);
            release(pool, arrays[i], size);
        }
    }
    release(pool, one, MIB);
    destroy_clean(pool);
}

static struct array take_behind(struct pool *pool, size_t size, struct array before, size_t before_size)
{
    struct array array;
    const struct pool_array place = { before.bytes, before_size, before.source };
    array.bytes = pool_array_allocate_behind(pool, size, &place, &array.source);
    cr_assert_not_null(array.bytes);
    return array;
}

/* Of eight kinds that grow by turns, most arrays lie behind the one before. No memory is reserved for that. */
Test(memory, arrays_lie_behind_those_that_they_follow)
{
    enum { KINDS = 8, COUNT = 200, SIZE = 64 + 48 * 1024 };
    static struct array kinds[KINDS][COUNT];
    struct pool *pool = counting_pool();
    struct array one = fill_with_one(pool);
    unsigned behind = 0;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < KINDS; k++) {
            const struct array none = { NULL, 0 };
            kinds[k][i] = take_behind(pool, SIZE, i ? kinds[k][i - 1] : none, SIZE);
            behind += i && kinds[k][i].bytes == kinds[k][i - 1].bytes + SIZE;
            memset(kinds[k][i].bytes, (int)(k * COUNT + i) & 0xff, SIZE);
        }
    cr_assert_gt(behind, KINDS * COUNT / 2, "%u", behind);
    cr_assert_lt(counting.live_bytes, MIB + KINDS * COUNT * SIZE * 9 / 8 + 8 * MIB);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < KINDS; k++) {
            for (size_t at = 0; at < SIZE; at += 61)
                cr_assert_eq(kinds[k][i].bytes[at], (k * COUNT + i) & 0xff);
            release(pool, kinds[k][i], SIZE);
        }
    release(pool, one, MIB);
    destroy_clean(pool);
}

/* Behind arrays of any size, in blocks and in none, while others come and go. */
Test(memory, arrays_behind_others_do_not_overlap)
{
    enum { COUNT = 400 };
    static struct array arrays[COUNT];
    static size_t sizes[COUNT];
    struct pool *pool = counting_pool();
    uint64_t random = 7;
    for (uint32_t step = 0; step < 20000; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const uint32_t i = (uint32_t)(random >> 33) % COUNT, other = (uint32_t)(random >> 13) % COUNT;
        if (arrays[i].bytes) {
            cr_assert(arrays[i].bytes[0] == (uint8_t)i && arrays[i].bytes[sizes[i] - 1] == (uint8_t)i);
            release(pool, arrays[i], sizes[i]);
            arrays[i] = (struct array){ NULL, 0 };
            continue;
        }
        sizes[i] = 64 * (1 + (random >> 40) % (step % 50 ? 100 : 20000));
        arrays[i] = random >> 63 ? take(pool, sizes[i]) : take_behind(pool, sizes[i], arrays[other], sizes[other]);
        memset(arrays[i].bytes, (int)i, sizes[i]);
    }
    for (uint32_t i = 0; i < COUNT; i++)
        if (arrays[i].bytes)
            release(pool, arrays[i], sizes[i]);
    destroy_clean(pool);
}

/* A new block is a third of what is there at most: not much more than that is ever held in excess. */
Test(memory, memory_grows_with_use_and_returns)
{
    enum { COUNT = 2000, SIZE = 65600 };
    struct pool *pool = counting_pool();
    static struct array arrays[COUNT];
    const uint64_t empty = counting.live_bytes;
    for (size_t i = 0; i < COUNT; i++) {
        arrays[i] = take(pool, SIZE);
        const uint64_t live = (i + 1) * SIZE, held = counting.live_bytes - empty;
        cr_assert_leq(held, live + live * 3 / 8, "%zu arrays", i + 1);
    }
    cr_assert_lt(counting.live_count, 200, "many share a block");
    for (size_t i = COUNT; i-- > 1000;)
        release(pool, arrays[i], SIZE);
    /* empty blocks are kept for reuse: no more bytes than are in use */
    const uint64_t used = 1000 * SIZE + 1000 * SIZE / 4;
    cr_assert_gt(counting.live_bytes - empty, used, "some are kept");
    cr_assert_leq(counting.live_bytes - empty, 2 * used);
    for (size_t i = 1000; i-- > 0;)
        release(pool, arrays[i], SIZE);
    cr_assert_leq(counting.live_bytes, empty + MIB);
    destroy_clean(pool);
}

Test(memory, arrays_of_a_huge_page_and_more_are_aligned_to_it)
{
    const size_t sizes[] = { OS_HUGE_BYTES, OS_HUGE_BYTES + 64, 7 * MIB };
    struct pool *pool = counting_pool();
    for (size_t i = 0; i < 3; i++) {
        const uint64_t before = counting.live_bytes;
        struct array array = take(pool, sizes[i]);
        cr_assert_eq((uintptr_t)array.bytes % OS_HUGE_BYTES, 0);
        cr_assert_eq(counting.live_bytes - before, sizes[i]);
        memset(array.bytes, 1, sizes[i]);
        release(pool, array, sizes[i]);
        cr_assert_eq(counting.live_bytes, before);
    }
    destroy_clean(pool);
}

Test(memory, the_system_is_the_default)
{
    const size_t sizes[] = { 64, 3000, 500000, OS_HUGE_BYTES - 1, OS_HUGE_BYTES, 5 * MIB + 1 };
    struct pool *pool = pool_create(&(pecs_allocator){ 0 });
    cr_assert_not_null(pool);
    for (size_t i = 0; i < 6; i++) {
        struct array arrays[8];
        for (int k = 0; k < 8; k++) {
            arrays[k] = take(pool, sizes[i]);
            cr_assert_eq((uintptr_t)arrays[k].bytes % (sizes[i] >= OS_HUGE_BYTES ? OS_HUGE_BYTES : 64), 0);
            memset(arrays[k].bytes, k, sizes[i]);
        }
        for (int k = 0; k < 8; k++) {
            cr_assert_eq(arrays[k].bytes[0], k);
            cr_assert_eq(arrays[k].bytes[sizes[i] - 1], k);
            pool_array_release(pool, arrays[k].bytes, sizes[i], arrays[k].source);
        }
    }
    pool_destroy(pool);
}

static uint64_t address_space_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (uint64_t)pages * 4096;
}

Test(memory, large_arrays_of_the_system_are_given_back)
{
    struct pool *pool = pool_create(&(pecs_allocator){ 0 });
    const uint64_t before = address_space_bytes();
    for (int i = 0; i < 100; i++) {
        struct array array = take(pool, 8 * (size_t)MIB);
        pool_array_release(pool, array.bytes, 8 * (size_t)MIB, array.source);
    }
    cr_assert_leq(address_space_bytes(), before + 8 * (size_t)MIB);
    pool_destroy(pool);
}

/* One array of each way to get one; with the n-th allocation failing, the rest is still given, and all comes back. */
Test(memory, large_arrays_of_the_system_grow_and_shrink_without_a_copy)
{
    enum { MIB2 = 2 * 1024 * 1024, ARRAYS = 3 };
    struct pool *pool = pool_create(&(pecs_allocator){ NULL, NULL, NULL });
    uint32_t source;
    cr_assert(!pool_array_resizes(pool, MIB2 - 1) && pool_array_resizes(pool, MIB2));
    /* of several, at most one can grow where it is */
    uint8_t *arrays[ARRAYS];
    size_t sizes[ARRAYS];
    for (size_t i = 0; i < ARRAYS; i++) {
        sizes[i] = MIB2;
        arrays[i] = pool_array_allocate(pool, sizes[i], &source);
        memset(arrays[i], (int)i + 1, sizes[i]);
    }
    for (size_t step = 1; step < 60; step++) {
        const size_t i = step % ARRAYS, size = MIB2 + step * 7919 * (step % 4);
        const size_t kept = size < sizes[i] ? size : sizes[i];
        arrays[i] = pool_array_resize(arrays[i], sizes[i], size);
        cr_assert(arrays[i] && (uintptr_t)arrays[i] % MIB2 == 0);
        for (size_t at = 0; at < kept; at++)
            cr_assert_eq(arrays[i][at], i + 1);
        memset(arrays[i], (int)i + 1, sizes[i] = size);
    }
    cr_assert_null(pool_array_resize(arrays[0], sizes[0], (size_t)1 << 60), "more than there are addresses");
    cr_assert_eq(arrays[0][sizes[0] - 1], 1, "nothing has changed");
    for (size_t i = 0; i < ARRAYS; i++)
        pool_array_release(pool, arrays[i], sizes[i], 0);
    pool_destroy(pool);
}

Test(memory, a_pool_of_other_memory_does_not_resize)
{
    struct pool *pool = pool_create(&counting_hooks);
    cr_assert(!pool_array_resizes(pool, (size_t)1 << 30));
    pool_destroy(pool);
}

Test(memory, every_failing_allocation_is_survived)
{
    const size_t sizes[] = { 1000, 600000, 600000, 600000, 600000, 600000, 1000000, OS_HUGE_BYTES, 3 * MIB };
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    uint64_t fail_at = 2, failures;
    do {
        struct array arrays[COUNT];
        counting.call_count = 0;
        counting.fail_at = fail_at;
        struct pool *pool = counting_pool();
        failures = 0;
        for (size_t i = 0; i < COUNT; i++) {
            arrays[i].bytes = pool_array_allocate(pool, sizes[i], &arrays[i].source);
            failures += arrays[i].bytes == NULL;
        }
        for (size_t i = 0; i < COUNT; i++)
            if (arrays[i].bytes)
                pool_array_release(pool, arrays[i].bytes, sizes[i], arrays[i].source);
        destroy_clean(pool);
        cr_assert_leq(failures, 1);
        fail_at++;
    } while (failures);
    /* eleven: the pool, two small arrays, five in blocks of their own, their lists, two large ones; there is no twelfth
     */
    cr_assert_eq(fail_at, 13);
}

/* A failed allocation of an array of its own does not count against their limit. */
Test(memory, failed_arrays_leave_the_allowance_as_it_was)
{
    struct pool *pool = counting_pool();
    uint32_t source;
    for (int i = 0; i < 100; i++) {
        counting.fail_at = counting.call_count + 1;
        cr_assert_null(pool_array_allocate(pool, 500000, &source));
    }
    counting.fail_at = 0;
    struct array array = take(pool, 500000);
    cr_assert_eq(counting.large_count, 0);
    pool_array_release(pool, array.bytes, 500000, array.source);
    destroy_clean(pool);
}

Test(memory, epochs_count_from_one)
{
    struct pool *pool = counting_pool();
    cr_assert_eq(pool_next_epoch(pool), 1);
    cr_assert_eq(pool_next_epoch(pool), 2);
    cr_assert_eq(pool_next_epoch(pool), 3);
    destroy_clean(pool);
}

enum { THREAD_COUNT = 4, HELD = 48, ROUNDS = 20000 };

struct hammer {
    struct pool *pool;
    uint64_t seed, damage, epoch_sum;
};

static void stamp(uint8_t *bytes, size_t size_bytes, uint8_t mark)
{
    for (size_t i = 0; i < size_bytes; i += 512)
        bytes[i] = mark;
    bytes[size_bytes - 1] = mark;
}

static bool stamped(const uint8_t *bytes, size_t size_bytes, uint8_t mark)
{
    for (size_t i = 0; i < size_bytes; i += 512)
        if (bytes[i] != mark)
            return false;
    return bytes[size_bytes - 1] == mark;
}

/* Holds some arrays and replaces one at random, again and again; each must keep its thread's mark. */
static void *hammer_run(void *user)
{
    struct hammer *hammer = user;
    struct array held[HELD] = { { 0 } };
    size_t sizes[HELD] = { 0 };
    uint64_t state = hammer->seed;
    for (int round = 0; round < ROUNDS + HELD; round++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const size_t place = round < ROUNDS ? (size_t)(state >> 33) % HELD : (size_t)(round - ROUNDS);
        const uint8_t mark = (uint8_t)(hammer->seed * HELD + place);
        if (held[place].bytes) {
            hammer->damage += !stamped(held[place].bytes, sizes[place], mark);
            pool_array_release(hammer->pool, held[place].bytes, sizes[place], held[place].source);
            held[place].bytes = NULL;
        }
        if (round >= ROUNDS)
            continue;
        sizes[place] = 1000u << (state >> 50) % 9; /* up to 256,000 bytes */
        held[place].bytes = pool_array_allocate(hammer->pool, sizes[place], &held[place].source);
        if (held[place].bytes)
            stamp(held[place].bytes, sizes[place], mark);
        else
            hammer->damage++;
        hammer->epoch_sum += pool_next_epoch(hammer->pool);
    }
    return NULL;
}

/* No bytes are counted that are gone: a whole mebibyte of direct arrays fits again, and no more. */
static void check_allowances(struct pool *pool)
{
    static struct array direct[512];
    for (size_t size = 4000; size <= 256000; size *= 2) {
        const uint64_t before = counting.live_bytes;
        const size_t count = fill_allowance(pool, size, direct);
        cr_assert_eq(counting.live_bytes - before, count * size, "arrays of %zu bytes", size);
        struct array slot = take(pool, size);
        cr_assert_neq(slot.source, direct[0].source, "arrays of %zu bytes", size);
        pool_array_release(pool, slot.bytes, size, slot.source);
        for (size_t i = 0; i < count; i++)
            pool_array_release(pool, direct[i].bytes, size, direct[i].source);
    }
}

Test(memory, threads_share_a_pool)
{
    struct hammer hammers[THREAD_COUNT];
    pthread_t threads[THREAD_COUNT];
    struct pool *pool = counting_pool();
    for (int i = 0; i < THREAD_COUNT; i++) {
        hammers[i] = (struct hammer){ pool, (uint64_t)i, 0, 0 };
        cr_assert_eq(pthread_create(&threads[i], NULL, hammer_run, &hammers[i]), 0);
    }
    uint64_t epoch_sum = 0;
    for (int i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(hammers[i].damage, 0);
        epoch_sum += hammers[i].epoch_sum;
    }
    cr_assert_eq(epoch_sum, UINT64_C(3200040000)); /* 1 + 2 + ... + 80,000: each given once */
    cr_assert_gt(counting.peak_bytes, 4 * OS_HUGE_BYTES);
    cr_assert_leq(counting.large_count, 1);
    check_allowances(pool);
    destroy_clean(pool);
}
