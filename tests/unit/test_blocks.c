/* Blocks: sizes, gaps that split and join, which block is opened, which are given back. */
#include "blocks.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * 1024, BLOCK_MAX = 64 };

static struct blocks blocks;
static void *memory[BLOCK_MAX];
static size_t memory_count;

static void set_up(void)
{
    static struct gap *gaps[GAP_CLASS_COUNT];
    memset(gaps, 0, sizeof(gaps));
    memset(&blocks, 0, sizeof(blocks));
    blocks.gaps = gaps;
    memory_count = 0;
}

static void strike(void)
{
    while (memory_count)
        free(memory[--memory_count]);
}

TestSuite(blocks, .init = set_up, .fini = strike);

/* As if there were much more, so that blocks of all sizes are in proportion. */
static void pretend_much(void)
{
    blocks.array_bytes = BLOCK_BYTES_MAX * UINT64_C(8);
}

static void *add(size_t size_bytes)
{
    cr_assert_lt(memory_count, BLOCK_MAX);
    void *added = aligned_alloc(UNIT_BYTES, size_bytes);
    memset(added, 0xaa, size_bytes);
    blocks_add(&blocks, added, size_bytes);
    return memory[memory_count++] = added;
}

struct array {
    uint8_t *bytes;
    size_t size_bytes;
    uint32_t offset;
};

static struct array take(size_t size_bytes)
{
    struct array array = { .size_bytes = size_bytes };
    array.bytes = blocks_take(&blocks, size_bytes, &array.offset);
    cr_assert_not_null(array.bytes, "%zu bytes", size_bytes);
    cr_assert_eq((uintptr_t)array.bytes % UNIT_BYTES, 0);
    return array;
}

static void give(struct array array)
{
    blocks_give(&blocks, array.bytes, array.size_bytes, array.offset);
}

static bool has_room(size_t size_bytes)
{
    struct array array = { .size_bytes = size_bytes };
    array.bytes = blocks_take(&blocks, size_bytes, &array.offset);
    if (array.bytes)
        give(array);
    return array.bytes != NULL;
}

static bool lies_in(struct array array, const void *block, size_t size_bytes)
{
    return array.bytes >= (const uint8_t *)block && array.bytes < (const uint8_t *)block + size_bytes;
}

Test(blocks, without_blocks_there_is_no_room)
{
    uint32_t offset;
    cr_assert_null(blocks_take(&blocks, 100, &offset));
    cr_assert_null(blocks_take_empty(&blocks, 0, 0));
}

/* What follows the header of 64 bytes is rounded up to 1/16 of a power of two, and to 64 bytes. */
Test(blocks, sizes_are_rounded_up)
{
    const struct {
        size_t size_bytes, taken_bytes;
    } sizes[] = {
        { 1, 64 },          { 64, 64 },           { 65, 128 },          { 1088, 1088 },   { 1089, 1152 },
        { 2048, 2048 },     { 2049, 2112 },       { 2113, 2240 },       { 2240, 2240 },   { 4160, 4160 },
        { 4161, 4416 },     { 49216, 49216 },     { 49217, 51264 },     { 65600, 65600 }, { 65601, 69696 },
        { 262208, 262208 }, { 1048640, 1048640 }, { 1048641, 1114176 },
    };
    add(8 * MIB);
    pretend_much();
    uint64_t taken_bytes = blocks.array_bytes;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct array array = take(sizes[i].size_bytes), next = take(64);
        cr_assert_eq((size_t)(next.bytes - array.bytes), sizes[i].taken_bytes, "%zu bytes", sizes[i].size_bytes);
        taken_bytes += sizes[i].taken_bytes + 64;
        cr_assert_eq(blocks.array_bytes, taken_bytes);
    }
}

Test(blocks, a_freed_array_is_the_next_one_given)
{
    add(MIB);
    pretend_much();
    struct array arrays[20];
    for (int i = 0; i < 20; i++)
        arrays[i] = take(10000 + 1000 * (size_t)i);
    for (int i = 0; i < 20; i += 3) {
        const struct array before = arrays[i];
        give(before);
        arrays[i] = take(before.size_bytes);
        cr_assert_eq(arrays[i].bytes, before.bytes, "array %d", i);
    }
}

/* Three neighbours, freed in any order, leave room for one of their size together. */
Test(blocks, gaps_that_touch_become_one)
{
    const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    add(256 * KIB);
    for (int order = 0; order < 6; order++) {
        const struct array first = take(64);
        const struct array three[3] = { take(4160), take(4160), take(4160) };
        struct array fill[4096];
        size_t fill_count = 0;
        while (has_room(64))
            fill[fill_count++] = take(64);
        for (int i = 0; i < 3; i++) {
            cr_assert_not(has_room(12352), "before all are free");
            give(three[orders[order][i]]);
        }
        const struct array one = take(12352);
        cr_assert_eq(one.bytes, three[0].bytes);
        give(one);
        give(first);
        while (fill_count)
            give(fill[--fill_count]);
        cr_assert_eq(blocks.array_bytes, 0);
        cr_assert_eq(blocks.empty_bytes, 256 * KIB);
    }
}

static uint64_t seed = 1;
static uint64_t next_random(uint64_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % limit;
}

/* Arrays of all sizes come and go, blocks are closed now and then; each keeps its bytes, and at last all is one gap. */
Test(blocks, arrays_of_all_sizes_come_and_go)
{
    enum { COUNT = 600, ROUNDS = 60000 };
    static struct array arrays[COUNT];
    for (int i = 0; i < 6; i++)
        add((size_t)(1 + i) * 512 * KIB);
    uint64_t held_bytes = 0;
    for (int round = 0; round < ROUNDS + COUNT; round++) {
        const size_t place = round < ROUNDS ? next_random(COUNT) : (size_t)(round - ROUNDS);
        struct array *array = &arrays[place];
        if (array->bytes) {
            for (size_t i = 0; i < array->size_bytes; i += 64)
                cr_assert_eq(array->bytes[i], (uint8_t)place);
            cr_assert_eq(array->bytes[array->size_bytes - 1], (uint8_t)place);
            give(*array);
            held_bytes -= array->size_bytes;
            array->bytes = NULL;
        }
        if (round % 1000 == 999)
            blocks_close_sparse(&blocks);
        if (round >= ROUNDS)
            continue;
        array->size_bytes = 1 + next_random((size_t)1 << (6 + next_random(12)));
        array->bytes = blocks_take(&blocks, array->size_bytes, &array->offset);
        if (!array->bytes)
            continue;
        memset(array->bytes, (uint8_t)place, array->size_bytes);
        held_bytes += array->size_bytes;
        cr_assert_geq(blocks.array_bytes, held_bytes);
        cr_assert_eq(blocks.used_bytes + blocks.empty_bytes, 21u * 512 * KIB);
    }
    cr_assert_eq(held_bytes, 0);
    cr_assert_eq(blocks.array_bytes, 0);
    cr_assert_eq(blocks.empty_bytes, 21u * 512 * KIB);
    for (struct block *block = blocks.lists[BLOCK_EMPTY]; block; block = block->next)
        cr_assert_eq(block->largest_units, block->unit_count - block->header_units);
}

Test(blocks, what_is_wanted_is_an_eighth_of_what_is_there)
{
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64 + 32 * KIB), 256 * KIB);
    blocks.array_bytes = 4 * MIB;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 512 * KIB);
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64 + 64 * KIB), 512 * KIB);
    blocks.array_bytes = 6 * MIB;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 2 * MIB, "a huge page early");
    blocks.array_bytes = 63 * MIB;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 6 * MIB, "whole huge pages");
    blocks.array_bytes = (uint64_t)1 << 40;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 8 * MIB);
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64 + MIB), 8 * MIB);
}

Test(blocks, expected_arrays_count_as_if_they_were_there)
{
    blocks.expected_bytes = 63 * MIB;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 6 * MIB);
    blocks.array_bytes = 64 * MIB;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 8 * MIB, "not in addition");
    blocks.array_bytes = blocks.expected_bytes = 0;
    cr_assert_eq(blocks_wanted_bytes(&blocks, 64), 256 * KIB);
}

/* Whole pages, of which the array takes all but one at most. */
Test(blocks, a_large_array_has_a_block_of_its_own)
{
    for (size_t size = 40 * KIB; size < 2 * MIB; size += size / 7) {
        const size_t wanted = blocks_wanted_bytes(&blocks, size);
        cr_assert_eq(wanted % 4096, 0);
        cr_assert_leq(wanted, size + size / 16 + 2 * 4096, "%zu bytes", size);
        add(wanted);
        take(size);
        cr_assert_eq(blocks.empty_bytes, 0);
        blocks.array_bytes = 0; /* as if it were small again */
    }
}

Test(blocks, the_fullest_closed_block_is_opened_first)
{
    enum { BLOCKS = 4, ARRAYS = 62 };
    const size_t kept[BLOCKS] = { 1, 30, 60, ARRAYS };
    static struct array arrays[BLOCKS][ARRAYS];
    struct block *block[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        block[i] = add(256 * KIB);
        for (size_t k = 0; k < ARRAYS; k++)
            arrays[i][k] = take(4160);
        cr_assert_not(has_room(4160), "the block is full");
    }
    for (size_t i = 0; i < BLOCKS; i++)
        for (size_t k = kept[i]; k < ARRAYS; k++)
            give(arrays[i][k]);
    blocks_close_sparse(&blocks);
    cr_assert_eq(block[0]->state, BLOCK_CLOSED);
    cr_assert_eq(block[1]->state, BLOCK_CLOSED);
    cr_assert_eq(block[2]->state, BLOCK_OPEN, "no more than an eighth is free");
    for (size_t k = 0; k < 2; k++)
        cr_assert(lies_in(take(4160), block[2], 256 * KIB));
    for (size_t k = 0; k < 32; k++) {
        const struct array array = take(4160);
        cr_assert(lies_in(array, block[1], 256 * KIB), "array %zu", k);
        cr_assert_not(blocks_is_leaving(array.bytes, array.offset));
    }
    cr_assert_eq(block[0]->state, BLOCK_CLOSED);
    cr_assert(blocks_is_leaving(arrays[0][0].bytes, arrays[0][0].offset));
    cr_assert(lies_in(take(4160), block[0], 256 * KIB));
}

/* Of a small pool, the block that is being filled is sparse, and no others would be better. */
Test(blocks, the_block_that_is_being_filled_is_not_closed)
{
    struct block *block = add(256 * KIB);
    take(4160);
    blocks_close_sparse(&blocks);
    cr_assert_eq(block->state, BLOCK_OPEN);
}

/* A closed block offers nothing while there is room, and is empty when its last array goes. */
Test(blocks, a_closed_block_becomes_empty)
{
    const struct block *block = add(512 * KIB); /* more than is made for so little */
    const struct array old[] = { take(4160), take(4160) };
    blocks_close_sparse(&blocks);
    cr_assert(blocks_is_leaving(old[0].bytes, old[0].offset));
    give(old[1]);
    cr_assert_eq(block->state, BLOCK_CLOSED);
    give(old[0]);
    cr_assert_eq(block->state, BLOCK_EMPTY);
    cr_assert_eq(blocks.empty_bytes, 512 * KIB);
    cr_assert_eq(blocks.used_bytes, 0);
    cr_assert(lies_in(take(4160), block, 512 * KIB), "it serves again");
    cr_assert_eq(block->state, BLOCK_OPEN);
}

/* Of 64 KiB of arrays, a block of 8 MiB is out of proportion: it is not opened again. */
Test(blocks, a_block_out_of_proportion_stays_closed)
{
    add(8 * MIB);
    uint32_t offset;
    cr_assert_null(blocks_take(&blocks, 4160, &offset));
    add(512 * KIB);
    cr_assert(has_room(4160));
}

static uint64_t count_and_free(struct block *block)
{
    uint64_t bytes = 0;
    for (; block; block = block->next)
        bytes += block_bytes(block);
    return bytes;
}

Test(blocks, empty_blocks_go_down_to_the_limit)
{
    for (int i = 0; i < 10; i++)
        add(256 * KIB);
    take(4160);
    cr_assert_eq(count_and_free(blocks_take_empty(&blocks, 2560 * KIB, 0)), 0);
    cr_assert_eq(count_and_free(blocks_take_empty(&blocks, 2048 * KIB, 0)), 512 * KIB);
    cr_assert_eq(count_and_free(blocks_take_empty(&blocks, 0, 1024 * KIB)), 768 * KIB, "1 MiB is kept");
    cr_assert_eq(blocks.empty_bytes, 1024 * KIB);
    cr_assert_eq(count_and_free(blocks_take_empty(&blocks, 0, 0)), 1024 * KIB);
    cr_assert_eq(blocks.used_bytes, 256 * KIB);
}

Test(blocks, an_empty_block_out_of_proportion_is_not_kept)
{
    add(8 * MIB);
    add(256 * KIB);
    cr_assert_eq(count_and_free(blocks_take_empty(&blocks, 0, 100 * KIB)), 8 * MIB);
    cr_assert_eq(blocks.empty_bytes, 256 * KIB);
}
