/*
 * Entity index: a record for each slot, that is for each index that an entity has had, and for each chunk of slots how
 * many are free.
 *
 * The records of a damaged, resumed file may have any content. Code that relies on one verifies it first (state.h).
 */
#ifndef PECS_STORAGE_ENTITY_INDEX_H
#define PECS_STORAGE_ENTITY_INDEX_H

#include "record.h"
#include "vector.h"

struct entity_index {
    struct node node;
    struct vector records;
    uint32_t *free_counts; /* of each chunk: slots without an entity that have a generation left; 0 beyond the chunks */
    size_t free_count_capacity;
};

/* Creates an index without slots. NULL: out of memory. */
struct entity_index *index_create(struct pool *pool);
/*
 * Creates an index of the same records for another pool: their bytes are borrowed from the lender (array.h), the counts
 * are copied. NULL: out of memory.
 */
struct entity_index *index_borrow(struct pool *pool, const struct entity_index *from, struct node *lender);
/*
 * Gives an index without slots the records of a run in the image; without a base, index_lend then gives it all of them.
 * The counts are copied.
 */
pecs_status index_set_run(struct pool *pool, struct entity_index *index, uint64_t slot_count, const le32 *free_counts,
                          struct run run, struct image *image);
static inline pecs_status index_lend(struct gate *gate, struct entity_index *index, uint64_t first, uint64_t count,
                                     struct run run, struct image *image)
{
    return vector_lend(gate, &index->records, first, count, run, image);
}

static inline uint64_t index_slot_count(const struct entity_index *index)
{
    return index->records.count;
}
static inline uint64_t index_chunk_count(const struct entity_index *index)
{
    return vector_chunk_count(&index->records);
}
static inline uint64_t index_chunk_slots(const struct entity_index *index, uint64_t chunk)
{
    return vector_chunk_live(&index->records, chunk);
}
/* The record of a slot. This is the most frequent call of the library. */
static inline const struct record *index_record(const struct entity_index *index, uint64_t slot)
{
    return (const struct record *)(const void *)vector_value(&index->records, slot, INDEX_SHIFT, sizeof(struct record));
}
/* The records of a chunk. */
static inline const struct record *index_chunk(const struct entity_index *index, uint64_t chunk)
{
    return index_record(index, chunk << INDEX_SHIFT);
}

/* The editing functions need a private index. When they fail, its content is as before. */

/* The record of a slot whose chunk has passed the gate. */
static inline struct record *index_owned_record(struct entity_index *index, uint64_t slot)
{
    return (struct record *)(uintptr_t)index_record(index, slot);
}
/* Passes the gate for the chunk of a slot and returns the record of the slot. */
static inline pecs_status index_own_record(struct gate *gate, struct entity_index *index, uint64_t slot,
                                           struct record **ret_record)
{
    const uint64_t chunk = slot >> INDEX_SHIFT;
    uint8_t *bytes = vector_owned_chunk(gate, &index->records, chunk);
    pecs_status status = PECS_OK;
    if (!bytes)
        status = vector_own_chunk(gate, &index->records, chunk, index_chunk_slots(index, chunk), &bytes);
    if (!status)
        *ret_record = (struct record *)(void *)bytes + (slot & ((1 << INDEX_SHIFT) - 1));
    return status;
}

/* Reserves `count` more slots, and gives back those that will not be appended. */
pecs_status index_reserve(struct gate *gate, struct entity_index *index, uint64_t count);
void index_give_back(struct gate *gate, struct entity_index *index, uint64_t count);

/* Prepare a cut to `slot_count` slots, then cut. The slots behind must be free. */
pecs_status index_reserve_cut(struct gate *gate, struct entity_index *index, uint64_t slot_count);
void index_cut(struct gate *gate, struct entity_index *index, uint64_t slot_count);

#endif
