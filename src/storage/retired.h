/*
 * Retired slots: slots at the end of the entity index that a compaction dropped. The last generation of each is kept,
 * because the next entity in the slot must get the one after it: otherwise an old handle would name the new entity.
 * Immutable.
 *
 *     slots       first to end - 1, in chunks of the index; the first and the last chunk may be partial
 *     generation  the lowest of the slot's chunk, plus the slot's difference, a number of `width` bits
 *
 * A slot below the state's slot count has a record again, and its generation here is out of date.
 *
 * The differences of a chunk are packed as in a file: that of its n-th slot is in the bits n * width to (n + 1) * width
 * - 1, where bit b is bit b % 8 of byte b / 8. Zeros pad to a multiple of 8 bytes.
 */
#ifndef PECS_STORAGE_RETIRED_H
#define PECS_STORAGE_RETIRED_H

#include "table.h"

struct pecs_snapshot;

struct retired_chunk {
    uint32_t lowest, width;
    uint64_t offset; /* of its differences */
};
struct retired {
    struct node node;
    uint64_t first, end;
    uint64_t size_bytes; /* of all differences */
    uint8_t *differences;
    struct retired_chunk chunks[];
};

static inline uint64_t retired_chunk_count(uint64_t first, uint64_t end)
{
    return first == end ? 0 : ((end - 1) >> INDEX_SHIFT) - (first >> INDEX_SHIFT) + 1;
}
/* The first slot of a chunk. */
static inline uint64_t retired_chunk_first(const struct retired *retired, uint64_t chunk)
{
    return chunk ? ((retired->first >> INDEX_SHIFT) + chunk) << INDEX_SHIFT : retired->first;
}
static inline uint64_t retired_chunk_slots(const struct retired *retired, uint64_t chunk)
{
    const uint64_t next = ((retired->first >> INDEX_SHIFT) + chunk + 1) << INDEX_SHIFT;
    return min_u64(next, retired->end) - retired_chunk_first(retired, chunk);
}
static inline uint64_t retired_chunk_bytes(uint64_t slots, uint32_t width)
{
    return align_up(slots * width, 64) / 8;
}

/*
 * To make one: allocate, add its chunks in order (width <= 32), reserve, and write the differences, which are zero.
 * NULL or false: out of memory.
 */
struct retired *retired_allocate(struct pool *pool, uint64_t first, uint64_t end);
void retired_add_chunk(struct retired *retired, uint64_t chunk, uint32_t lowest, uint32_t width);
bool retired_reserve(struct pool *pool, struct retired *retired);

/* Makes one of the slots from first to end - 1, with their generations in the state. NULL: out of memory. */
struct retired *retired_create(const struct pecs_snapshot *state, uint64_t first, uint64_t end);

/* The difference of a chunk's n-th slot. */
static inline uint32_t retired_difference(const struct retired *retired, uint64_t chunk, uint64_t n)
{
    const uint64_t bit = n * retired->chunks[chunk].width;
    le64 word; /* retired_reserve allocates 8 more bytes */
    memcpy(&word, retired->differences + retired->chunks[chunk].offset + bit / 8, sizeof(word));
    return (uint32_t)(le64_load(word) >> bit % 8 & (((uint64_t)1 << retired->chunks[chunk].width) - 1));
}

/* The last generation of a slot; 0 when it is not retired. */
uint32_t retired_generation(const struct retired *retired, uint64_t slot);

#endif
