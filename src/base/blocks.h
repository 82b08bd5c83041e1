/*
 * Blocks: large pieces of memory, from which arrays of any size are cut. The pool's bookkeeping: it takes no lock and
 * asks no allocator.
 *
 *     block    a header with two bits for each unit of 64 bytes, then the units
 *     gap      neighbouring free units, as many as there are: no two gaps touch
 *     open     a block whose gaps are offered, by size. The others are
 *     closed   is to become empty: it offers nothing while the open ones have room
 *     empty    no array is left in it: it may be given back
 *
 * When no open block has room, the fullest one that has it is opened. So arrays that are moved out of closed blocks
 * fill the fullest of these, and need little memory that was not there.
 */
#ifndef PECS_BASE_BLOCKS_H
#define PECS_BASE_BLOCKS_H

#include "memory.h"

#include <stdatomic.h>

enum {
    UNIT_BYTES = ARRAY_ALIGN,
    BLOCK_BYTES_MIN = 256 * 1024, /* an array too large to share one has a smaller one for itself */
    BLOCK_BYTES_MAX = 8 * 1024 * 1024,
    GAP_CLASS_COUNT = 256, /* sixteen a power of two */
};

enum block_state { BLOCK_OPEN, BLOCK_CLOSED, BLOCK_EMPTY, BLOCK_STATE_COUNT };

struct gap;
struct block {
    struct block *next, *previous; /* of those in the same state */
    _Atomic uint32_t state;        /* changed by who may change the block, read by any thread */
    uint32_t header_units, unit_count, used_units;
    uint32_t largest_units; /* while it is not open: of its gaps */
    uint64_t bits[];        /* word 2 w: units 64 w and up that are the first or the last one of an array; 2 w + 1: of
                               those that are the first one of a gap */
};

/* All zero: without blocks. */
struct blocks {
    struct block *lists[BLOCK_STATE_COUNT]; /* the last one that was opened is the first of the open ones */
    struct gap *gaps[GAP_CLASS_COUNT];      /* of the open blocks, by size */
    uint64_t gap_classes[GAP_CLASS_COUNT / 64];
    uint64_t array_bytes; /* of the arrays, as they were rounded up */
    uint64_t used_bytes;  /* of the blocks that are not empty */
    uint64_t empty_bytes;
    uint64_t taken_bytes, given_bytes; /* of all arrays that ever came and went */
};

static inline uint64_t blocks_bytes(const struct blocks *blocks)
{
    return blocks->used_bytes + blocks->empty_bytes;
}

/* Bytes of the block to add when an array finds no room. */
size_t blocks_wanted_bytes(const struct blocks *blocks, size_t array_bytes);
/* Adds memory, aligned to UNIT_BYTES, as an empty block. */
void blocks_add(struct blocks *blocks, void *memory, size_t size_bytes);

/* An array, aligned to UNIT_BYTES, and what is to be given back with it: a number from 1. NULL: no block has room. */
void *blocks_take(struct blocks *blocks, size_t array_bytes, uint32_t *ret_offset);
void blocks_give(struct blocks *blocks, void *array, size_t array_bytes, uint32_t offset);

/* Closes the blocks of which more than an eighth is free, but for the one that is being filled. */
void blocks_close_sparse(struct blocks *blocks);
/* The array lies in a closed block. Any thread that the array stays for. */
bool blocks_is_leaving(const void *array, uint32_t offset);

/*
 * Takes empty blocks out while all blocks are more than limit_bytes, but keeps kept_bytes in empty ones that are not
 * out of proportion. A list by `next`; block_bytes gives the size of each.
 */
struct block *blocks_take_empty(struct blocks *blocks, uint64_t limit_bytes, uint64_t kept_bytes);
static inline size_t block_bytes(const struct block *block)
{
    return (size_t)block->unit_count * UNIT_BYTES;
}

#endif
