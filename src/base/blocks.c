/*
 * Gaps are found by good fit: the size of an array is rounded up to the smallest size of its class, with sixteen
 * classes for each power of two, and any gap of that class or a higher one is large enough. So the next array of the
 * same size finds a freed one. Adjacent gaps are joined at once. (Masmano, Ripoll, Crespo, Real: TLSF, a new dynamic
 * memory allocator for real-time systems, 2004.)
 *
 * A gap keeps its state in its own memory: links and size at its start, and the size again at its end, where freeing
 * the array behind it reads it. Few gaps are touched by a call, since their memory is not in the caches.
 */
#include "blocks.h"

#include "bytes.h"
#include "os.h"

#include <assert.h>

/* The first bytes of a gap. Its last eight bytes repeat unit_count. */
struct gap {
    struct gap *next, *previous; /* in the list of its class, while its block is open */
    struct block *block;
    uint64_t unit_count;
};
static_assert(sizeof(struct gap) + sizeof(uint64_t) <= UNIT_BYTES, "the smallest gap has room for both");

enum {
    CLASS_SHIFT = 4, /* 2^CLASS_SHIFT classes for each power of two */
    PAGE_BYTES = 4096,
    SPREAD_ARRAYS = 4, /* an array that others will follow takes a gap for so many */
};

/*
 * Arrays have a header of one unit and often a power of two of rows, so classes are steps of the size behind the
 * header: the smallest gap of a class has 1 + m units, where m has at most CLASS_SHIFT + 1 significant bits.
 */
static uint32_t blocks_class_shift(uint64_t row_units)
{
    return row_units < 2 << CLASS_SHIFT ? 0 : 63 - (uint32_t)__builtin_clzll(row_units) - CLASS_SHIFT;
}

static uint64_t blocks_array_units(size_t array_bytes)
{
    assert(array_bytes && array_bytes <= OS_HUGE_BYTES);
    const uint64_t row_units = (array_bytes - 1) / UNIT_BYTES;
    return 1 + align_up(row_units, (uint64_t)1 << blocks_class_shift(row_units));
}

/* The highest class whose smallest gap has at most unit_count units. */
static uint32_t blocks_class_of(uint64_t unit_count)
{
    const uint32_t shift = blocks_class_shift(unit_count - 1);
    return (shift << CLASS_SHIFT) + (uint32_t)((unit_count - 1) >> shift);
}

static void blocks_list_push(struct blocks *blocks, struct block *block, enum block_state state)
{
    struct block **list = &blocks->lists[state];
    block->previous = NULL;
    block->next = *list;
    if (*list)
        (*list)->previous = block;
    *list = block;
    atomic_store_explicit(&block->state, state, memory_order_relaxed);
}

static void blocks_list_remove(struct blocks *blocks, struct block *block)
{
    if (block->previous)
        block->previous->next = block->next;
    else
        blocks->lists[block->state] = block->next;
    if (block->next)
        block->next->previous = block->previous;
}

static void blocks_class_push(struct blocks *blocks, struct gap *gap)
{
    const uint32_t class = blocks_class_of(gap->unit_count);
    gap->previous = NULL;
    gap->next = blocks->gaps[class];
    if (gap->next)
        gap->next->previous = gap;
    blocks->gaps[class] = gap;
    blocks->gap_classes[class / 64] |= (uint64_t)1 << class % 64;
}

static void blocks_class_remove(struct blocks *blocks, struct gap *gap)
{
    const uint32_t class = blocks_class_of(gap->unit_count);
    if (gap->previous)
        gap->previous->next = gap->next;
    else
        blocks->gaps[class] = gap->next;
    if (gap->next)
        gap->next->previous = gap->previous;
    if (!blocks->gaps[class])
        blocks->gap_classes[class / 64] &= ~((uint64_t)1 << class % 64);
}

/* Returns a gap of this class or a higher one, or NULL. */
static struct gap *blocks_class_find(const struct blocks *blocks, uint32_t class)
{
    uint64_t bits = blocks->gap_classes[class / 64] >> class % 64 << class % 64;
    for (uint32_t word = class / 64;; bits = blocks->gap_classes[word]) {
        if (bits)
            return blocks->gaps[word * 64 + (uint32_t)__builtin_ctzll(bits)];
        if (++word == GAP_CLASS_COUNT / 64)
            return NULL;
    }
}

static void *block_unit_at(struct block *block, uint64_t unit)
{
    return (uint8_t *)block + unit * UNIT_BYTES;
}

static uint64_t block_unit_of(const struct block *block, const void *place)
{
    return (uint64_t)((const uint8_t *)place - (const uint8_t *)block) / UNIT_BYTES;
}

enum bit_kind { EDGE, GAP_START };

static bool block_bit_at(const struct block *block, uint64_t unit, enum bit_kind kind)
{
    return block->bits[unit / 64 * 2 + kind] >> unit % 64 & 1;
}

static void block_bit_flip(struct block *block, uint64_t unit, enum bit_kind kind)
{
    block->bits[unit / 64 * 2 + kind] ^= (uint64_t)1 << unit % 64;
}

/* Marks the first and last unit as edges of an array, or clears the marks. */
static void block_flip_edges(struct block *block, uint64_t first, uint64_t end)
{
    block_bit_flip(block, first, EDGE);
    if (end - first > 1)
        block_bit_flip(block, end - 1, EDGE);
}

/* Makes a gap of the units [first, first + unit_count), which are adjacent to no gap. */
static void blocks_gap_add(struct blocks *blocks, struct block *block, uint64_t first, uint64_t unit_count)
{
    struct gap *gap = block_unit_at(block, first);
    *gap = (struct gap){ NULL, NULL, block, unit_count };
    memcpy((uint8_t *)block_unit_at(block, first + unit_count) - sizeof(unit_count), &unit_count, sizeof(unit_count));
    block_bit_flip(block, first, GAP_START);
    if (block->state == BLOCK_OPEN)
        blocks_class_push(blocks, gap);
    else
        block->largest_units = (uint32_t)max_u64(block->largest_units, unit_count);
}

static void blocks_gap_remove(struct blocks *blocks, struct gap *gap)
{
    block_bit_flip(gap->block, block_unit_of(gap->block, gap), GAP_START);
    if (gap->block->state == BLOCK_OPEN)
        blocks_class_remove(blocks, gap);
}

/* Adds the block's gaps to the lists or removes them, as `offer` does, and finds the largest gap. */
static void blocks_offer_gaps(struct blocks *blocks, struct block *block,
                              void (*offer)(struct blocks *blocks, struct gap *gap))
{
    block->largest_units = 0;
    for (uint64_t word = 0; word * 64 < block->unit_count; word++)
        for (uint64_t bits = block->bits[word * 2 + GAP_START]; bits; bits &= bits - 1) {
            struct gap *gap = block_unit_at(block, word * 64 + (uint64_t)__builtin_ctzll(bits));
            block->largest_units = (uint32_t)max_u64(block->largest_units, gap->unit_count);
            offer(blocks, gap);
        }
}

static void block_open(struct blocks *blocks, struct block *block)
{
    if (block->state == BLOCK_EMPTY) {
        blocks->empty_bytes -= block_bytes(block);
        blocks->used_bytes += block_bytes(block);
    }
    blocks_list_remove(blocks, block);
    blocks_list_push(blocks, block, BLOCK_OPEN);
    blocks_offer_gaps(blocks, block, blocks_class_push);
}

static void block_close(struct blocks *blocks, struct block *block, enum block_state state)
{
    blocks_offer_gaps(blocks, block, blocks_class_remove);
    blocks_list_remove(blocks, block);
    blocks_list_push(blocks, block, state);
}

/*
 * Opens the fullest closed block with room, else the smallest empty one. Skips blocks that are oversized for the array.
 */
static bool blocks_open_one(struct blocks *blocks, size_t array_bytes)
{
    const uint64_t unit_count = blocks_array_units(array_bytes);
    const uint64_t most_units = 2 * blocks_wanted_bytes(blocks, array_bytes) / UNIT_BYTES;
    struct block *best = NULL;
    for (struct block *block = blocks->lists[BLOCK_CLOSED]; block; block = block->next)
        if (block->largest_units >= unit_count && block->unit_count <= most_units &&
            (!best || block->used_units > best->used_units))
            best = block;
    for (struct block *block = best ? NULL : blocks->lists[BLOCK_EMPTY]; block; block = block->next)
        if (block->largest_units >= unit_count && block->unit_count <= most_units &&
            (!best || block->unit_count < best->unit_count))
            best = block;
    if (best)
        block_open(blocks, best);
    return best != NULL;
}

static uint64_t block_header_units(uint64_t unit_count)
{
    return (sizeof(struct block) + (unit_count / 64 + 1) * 2 * sizeof(uint64_t) + UNIT_BYTES - 1) / UNIT_BYTES;
}

/*
 * The size of a shared block: an eighth of the living and expected arrays, in whole pages, which bounds what the block
 * that is being filled wastes. But a huge page as soon as that is at most a third of the arrays: queries loop faster
 * over huge pages.
 */
static uint64_t blocks_shared_bytes(const struct blocks *blocks)
{
    const uint64_t array_bytes = max_u64(blocks->array_bytes, blocks->expected_bytes);
    const uint64_t bytes = min_u64(max_u64(array_bytes / 8, BLOCK_BYTES_MIN), BLOCK_BYTES_MAX);
    if (bytes >= OS_HUGE_BYTES || array_bytes / 3 >= OS_HUGE_BYTES)
        return max_u64(bytes, OS_HUGE_BYTES) & ~(uint64_t)(OS_HUGE_BYTES - 1);
    return bytes & ~(uint64_t)(PAGE_BYTES - 1);
}

/*
 * Arrays of up to an eighth of a shared block plus their header share one: so at most an eighth is wasted when it is
 * full.
 */
size_t blocks_wanted_bytes(const struct blocks *blocks, size_t array_bytes)
{
    const uint64_t shared_bytes = blocks_shared_bytes(blocks), units = blocks_array_units(array_bytes);
    if ((units - 1) * UNIT_BYTES <= shared_bytes / 8)
        return (size_t)shared_bytes;
    const uint64_t own_units = units + block_header_units(units + block_header_units(units) + PAGE_BYTES / UNIT_BYTES);
    return (size_t)align_up(own_units * UNIT_BYTES, PAGE_BYTES);
}

void blocks_add(struct blocks *blocks, void *memory, size_t size_bytes)
{
    struct block *block = memory;
    const uint64_t unit_count = size_bytes / UNIT_BYTES, header_units = block_header_units(unit_count);
    memset(block, 0, header_units * UNIT_BYTES);
    block->header_units = (uint32_t)header_units;
    block->unit_count = (uint32_t)unit_count;
    block_bit_flip(block, header_units - 1, EDGE);
    blocks_list_push(blocks, block, BLOCK_EMPTY);
    blocks_gap_add(blocks, block, header_units, unit_count - header_units);
    blocks->empty_bytes += block_bytes(block);
}

/* Takes an array from a gap, behind the first `skip` units of it. */
static void *blocks_cut(struct blocks *blocks, struct gap *gap, uint64_t skip, uint64_t unit_count,
                        uint32_t *ret_offset)
{
    struct block *block = gap->block;
    const uint64_t begin = block_unit_of(block, gap), first = begin + skip, rest = gap->unit_count - skip - unit_count;
    blocks_gap_remove(blocks, gap);
    if (skip)
        blocks_gap_add(blocks, block, begin, skip);
    if (rest)
        blocks_gap_add(blocks, block, first + unit_count, rest);
    block_flip_edges(block, first, first + unit_count);
    block->used_units += (uint32_t)unit_count;
    blocks->array_bytes += unit_count * UNIT_BYTES;
    blocks->taken_bytes += unit_count * UNIT_BYTES;
    *ret_offset = (uint32_t)first;
    return block_unit_at(block, first);
}

void *blocks_take(struct blocks *blocks, size_t array_bytes, uint32_t *ret_offset)
{
    const uint64_t unit_count = blocks_array_units(array_bytes);
    struct gap *gap = blocks_class_find(blocks, blocks_class_of(unit_count));
    if (!gap && blocks_open_one(blocks, array_bytes))
        gap = blocks_class_find(blocks, blocks_class_of(unit_count));
    return gap ? blocks_cut(blocks, gap, 0, unit_count, ret_offset) : NULL;
}

/* One of the largest gaps of the open blocks, or NULL. */
static struct gap *blocks_find_largest(const struct blocks *blocks)
{
    for (uint32_t word = GAP_CLASS_COUNT / 64; word-- > 0;)
        if (blocks->gap_classes[word])
            return blocks->gaps[word * 64 + 63 - (uint32_t)__builtin_clzll(blocks->gap_classes[word])];
    return NULL;
}

/* The gap that begins where an array ends, if it lies in an open block. */
static struct gap *blocks_find_behind(const struct pool_array *before)
{
    if (!before->source)
        return NULL;
    struct block *block =
        (struct block *)(void *)((uint8_t *)(uintptr_t)before->memory - (size_t)before->source * UNIT_BYTES);
    const uint64_t end = before->source + blocks_array_units(before->size_bytes);
    const bool is_gap = block->state == BLOCK_OPEN && end < block->unit_count && !block_bit_at(block, end, EDGE);
    return is_gap ? block_unit_at(block, end) : NULL;
}

void *blocks_take_behind(struct blocks *blocks, size_t array_bytes, const struct pool_array *before,
                         uint32_t *ret_offset)
{
    const uint64_t unit_count = blocks_array_units(array_bytes);
    struct gap *gap = blocks_find_behind(before);
    if (gap && gap->unit_count >= unit_count)
        return blocks_cut(blocks, gap, 0, unit_count, ret_offset);
    gap = blocks_class_find(blocks, blocks_class_of(SPREAD_ARRAYS * unit_count));
    if (gap && gap->block != blocks->lists[BLOCK_OPEN]) /* what others left, who grow in the newest block by now */
        return blocks_cut(blocks, gap, 0, unit_count, ret_offset);
    gap = blocks_find_largest(blocks);
    if (gap && gap->unit_count >= SPREAD_ARRAYS * unit_count)
        return blocks_cut(blocks, gap, gap->unit_count / unit_count / 2 * unit_count, unit_count, ret_offset);
    return blocks_take(blocks, array_bytes, ret_offset);
}

void blocks_give(struct blocks *blocks, void *array, size_t array_bytes, uint32_t offset)
{
    struct block *block = (struct block *)(void *)((uint8_t *)array - (size_t)offset * UNIT_BYTES);
    const uint64_t unit_count = blocks_array_units(array_bytes);
    uint64_t first = offset, end = offset + unit_count;
    assert(end <= block->unit_count && block_bit_at(block, first, EDGE) && block_bit_at(block, end - 1, EDGE));
    block_flip_edges(block, first, end);
    block->used_units -= (uint32_t)unit_count;
    blocks->array_bytes -= unit_count * UNIT_BYTES;
    blocks->given_bytes += unit_count * UNIT_BYTES;
    if (end < block->unit_count && !block_bit_at(block, end, EDGE)) {
        struct gap *after = block_unit_at(block, end);
        end += after->unit_count;
        blocks_gap_remove(blocks, after);
    }
    if (!block_bit_at(block, first - 1, EDGE)) { /* stops at the header, whose last unit is an edge */
        uint64_t before;
        memcpy(&before, (uint8_t *)block_unit_at(block, first) - sizeof(before), sizeof(before));
        first -= before;
        blocks_gap_remove(blocks, block_unit_at(block, first));
    }
    blocks_gap_add(blocks, block, first, end - first);
    if (block->used_units == 0) {
        if (block->state == BLOCK_OPEN)
            block_close(blocks, block, BLOCK_EMPTY);
        else
            blocks_list_remove(blocks, block), blocks_list_push(blocks, block, BLOCK_EMPTY);
        blocks->used_bytes -= block_bytes(block);
        blocks->empty_bytes += block_bytes(block);
    }
}

void blocks_close_sparse(struct blocks *blocks)
{
    struct block *newest = blocks->lists[BLOCK_OPEN], *next;
    for (struct block *block = newest; block; block = next) {
        next = block->next;
        if (block == newest && block_bytes(block) <= blocks_shared_bytes(blocks))
            continue;
        if (block->unit_count - block->header_units - block->used_units > block->unit_count / 8)
            block_close(blocks, block, BLOCK_CLOSED);
    }
}

bool blocks_is_leaving(const void *array, uint32_t offset)
{
    const struct block *block = (const void *)((const uint8_t *)array - (size_t)offset * UNIT_BYTES);
    return atomic_load_explicit(&block->state, memory_order_relaxed) == BLOCK_CLOSED;
}

static void blocks_take_out(struct blocks *blocks, struct block *block, struct block **taken)
{
    blocks_list_remove(blocks, block);
    blocks->empty_bytes -= block_bytes(block);
    block->next = *taken;
    *taken = block;
}

struct block *blocks_take_empty(struct blocks *blocks, uint64_t limit_bytes, uint64_t kept_bytes)
{
    const uint64_t most_bytes = 2 * max_u64(blocks_shared_bytes(blocks), kept_bytes);
    struct block *taken = NULL, *block, *next;
    for (block = blocks->lists[BLOCK_EMPTY]; block && blocks_bytes(blocks) > limit_bytes; block = next) {
        next = block->next;
        if (block_bytes(block) > most_bytes)
            blocks_take_out(blocks, block, &taken);
    }
    for (block = blocks->lists[BLOCK_EMPTY]; block && blocks_bytes(blocks) > limit_bytes; block = next) {
        next = block->next;
        if (blocks->empty_bytes >= kept_bytes + block_bytes(block))
            blocks_take_out(blocks, block, &taken);
    }
    return taken;
}
