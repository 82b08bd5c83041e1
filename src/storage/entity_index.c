/* The entity index. It owns its free counts: whoever may edit the index may edit them. */
#include "entity_index.h"

static_assert(sizeof(struct record) == 16, "a record is 16 bytes");

static void index_destroy(struct pool *pool, struct node *node)
{
    struct entity_index *index = (struct entity_index *)node;
    vector_clear(pool, &index->records);
    pool_release(pool, index->free_counts, index->free_count_capacity * sizeof(*index->free_counts));
    node_free(pool, &index->node, sizeof(*index));
}

static struct node *index_copy(struct pool *pool, const struct node *node);

static const struct node_class index_class = { index_destroy, index_copy };

/* Makes room for the free counts of chunk_count chunks. Those of new chunks are 0. */
static bool index_reserve_counts(struct pool *pool, struct entity_index *index, uint64_t chunk_count)
{
    const size_t had = index->free_count_capacity;
    if (!pool_reserve(pool, (void **)&index->free_counts, &index->free_count_capacity, (size_t)chunk_count,
                      sizeof(*index->free_counts)))
        return false;
    if (index->free_count_capacity > had)
        memset(index->free_counts + had, 0, (index->free_count_capacity - had) * sizeof(*index->free_counts));
    return true;
}

struct entity_index *index_create(struct pool *pool)
{
    struct entity_index *index = node_allocate(pool, sizeof(*index), &index_class);
    if (!index)
        return NULL;
    vector_init(&index->records, sizeof(struct record), INDEX_SHIFT);
    index->free_counts = NULL;
    index->free_count_capacity = 0;
    return index;
}

static struct node *index_copy(struct pool *pool, const struct node *node)
{
    const struct entity_index *index = (const struct entity_index *)node;
    struct entity_index *copy = index_create(pool);
    if (!copy)
        return NULL;
    const uint64_t chunks = index_chunk_count(index);
    if (!index_reserve_counts(pool, copy, chunks) || !vector_copy(pool, &copy->records, &index->records)) {
        node_release(pool, &copy->node);
        return NULL;
    }
    if (chunks)
        memcpy(copy->free_counts, index->free_counts, (size_t)chunks * sizeof(*copy->free_counts));
    return &copy->node;
}

struct entity_index *index_borrow(struct pool *pool, const struct entity_index *from, struct node *lender)
{
    struct entity_index *index = index_create(pool);
    const uint64_t chunks = index_chunk_count(from);
    if (!index)
        return NULL;
    if (!index_reserve_counts(pool, index, chunks) || vector_borrow(pool, &index->records, &from->records, lender)) {
        node_release(pool, &index->node);
        return NULL;
    }
    if (chunks)
        memcpy(index->free_counts, from->free_counts, (size_t)chunks * sizeof(*index->free_counts));
    return index;
}

pecs_status index_set_run(struct pool *pool, struct entity_index *index, uint64_t slot_count, const le32 *free_counts,
                          struct run run, struct image *image)
{
    const uint64_t chunks = chunk_count_of(slot_count, INDEX_SHIFT);
    if (!index_reserve_counts(pool, index, chunks))
        return PECS_E_MEMORY;
    if (run.base ? vector_set_run(pool, &index->records, slot_count, run, image)
                 : vector_set_count(pool, &index->records, slot_count))
        return PECS_E_MEMORY;
    for (uint64_t i = 0; i < chunks; i++)
        index->free_counts[i] = le32_load(free_counts[i]);
    return PECS_OK;
}

pecs_status index_reserve(struct gate *gate, struct entity_index *index, uint64_t count)
{
    const uint64_t chunks = chunk_count_of(index->records.count + count, INDEX_SHIFT);
    return index_reserve_counts(gate->pool, index, chunks) ? vector_reserve(gate, &index->records, count)
                                                           : PECS_E_MEMORY;
}

void index_give_back(struct gate *gate, struct entity_index *index, uint64_t count)
{
    vector_give_back(gate, &index->records, count);
}

pecs_status index_reserve_cut(struct gate *gate, struct entity_index *index, uint64_t slot_count)
{
    return vector_reserve_cut(gate, &index->records, slot_count);
}

void index_cut(struct gate *gate, struct entity_index *index, uint64_t slot_count)
{
    const uint64_t chunks = index_chunk_count(index), left = chunk_count_of(slot_count, INDEX_SHIFT);
    if (left)
        index->free_counts[left - 1] -= (uint32_t)(min_u64(left << INDEX_SHIFT, index->records.count) - slot_count);
    for (uint64_t chunk = left; chunk < chunks; chunk++)
        index->free_counts[chunk] = 0;
    vector_cut(gate, &index->records, slot_count);
}
