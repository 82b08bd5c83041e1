/*
 * Blocks: large pieces of memory that arrays of any size are cut from. This is bookkeeping for the pool, which locks
 * and which calls the allocator.
 *
 *     block    a header with two bits for each unit of 64 bytes, then the units
 *     gap      a maximal range of free units: no two gaps are adjacent
 *     open     a block whose gaps are in the lists by size
 *     closed   a sparse block that shall become empty: its gaps are in no list
 *     empty    a block without arrays: its memory may be returned to the system
 *
 * When no open block has room, the fullest closed block with enough room is opened. So arrays that are moved out of
 * closed blocks fill the fullest of them, and need little new memory.
 */
#ifndef PECS_BASE_BLOCKS_H
#define PECS_BASE_BLOCKS_H

#include "memory.h"

#include <stdatomic.h>

enum {
    UNIT_BYTES = ARRAY_ALIGN,
    BLOCK_BYTES_MIN = 256 * 1024, /* of a shared block; an array that is too large to share has a block of its own */
    BLOCK_BYTES_MAX = 8 * 1024 * 1024,
    GAP_CLASS_COUNT = 256, /* sixteen for each power of two */
};

enum block_state { BLOCK_OPEN, BLOCK_CLOSED, BLOCK_EMPTY, BLOCK_STATE_COUNT };

struct gap;
struct block {
    struct block *next, *previous; /* in the list of blocks of this state */
    _Atomic uint32_t state;        /* written under the pool's lock, read by any thread */
    uint32_t header_units, unit_count, used_units;
    uint32_t largest_units; /* its largest gap, while the block is not open */
    uint64_t bits[]; /* word 2 w: which of the units 64 w to 64 w + 63 are the first or last unit of an array; word 2 w
                        + 1: which of them are the first unit of a gap */
};

/* Zero-initialised: no blocks. `gaps`, GAP_CLASS_COUNT lists, zero-initialised too, must be set before the first. */
struct blocks {
    struct block *lists[BLOCK_STATE_COUNT]; /* the block that was opened last is the first of the open ones */
    struct gap **gaps;                      /* of the open blocks, by size */
    uint64_t gap_classes[GAP_CLASS_COUNT / 64];
    uint64_t array_bytes;    /* of the living arrays, in rounded sizes */
    uint64_t expected_bytes; /* what they will be soon, if that is more: new blocks are as large as then */
    uint64_t used_bytes;     /* of the blocks that are not empty */
    uint64_t empty_bytes;
    uint64_t taken_bytes, given_bytes; /* running totals of arrays taken and given back */
};

static inline uint64_t blocks_bytes(const struct blocks *blocks)
{
    return blocks->used_bytes + blocks->empty_bytes;
}

/* The size of the block to add when blocks_take found no room for an array. */
size_t blocks_wanted_bytes(const struct blocks *blocks, size_t array_bytes);
/* Adds memory, which is aligned to UNIT_BYTES, as an empty block. */
void blocks_add(struct blocks *blocks, void *memory, size_t size_bytes);

/* Returns an array aligned to UNIT_BYTES, and its offset, from 1, which blocks_give needs. NULL: no block has room. */
void *blocks_take(struct blocks *blocks, size_t array_bytes, uint32_t *ret_offset);
/*
 * The same directly behind another one, if it lies in a block (source 0: in none) and there is room; else where others
 * of its kind can follow it: in a gap of an older block, or in the middle of a large one, so that several kinds that
 * grow by turns do not lie between each other. Nothing is reserved.
 */
void *blocks_take_behind(struct blocks *blocks, size_t array_bytes, const struct pool_array *before,
                         uint32_t *ret_offset);
void blocks_give(struct blocks *blocks, void *array, size_t array_bytes, uint32_t offset);

/* Closes the blocks that are more than an eighth free, except the block that is being filled. */
void blocks_close_sparse(struct blocks *blocks);
/* Whether the array lies in a closed block. Any thread may ask that keeps the array alive. */
bool blocks_is_leaving(const void *array, uint32_t offset);

/*
 * Removes empty blocks while the blocks exceed limit_bytes in total, but keeps kept_bytes of empty blocks unless they
 * are oversized. Returns the removed blocks, linked by `next`; block_bytes is the size of each.
 */
struct block *blocks_take_empty(struct blocks *blocks, uint64_t limit_bytes, uint64_t kept_bytes);
static inline size_t block_bytes(const struct block *block)
{
    return (size_t)block->unit_count * UNIT_BYTES;
}

#endif
