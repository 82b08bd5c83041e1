/* Seals every array of a state and verifies the seals. Debug builds only. */
#include "state_seal.h"

#include "id_hash.h"

#ifndef NDEBUG
static void state_seal_each_in(const struct tree *chunks, uint64_t chunk_count, void (*function)(struct array *array))
{
    for (uint64_t chunk = 0; chunk < chunk_count; chunk++) {
        struct node *node = tree_get(chunks, chunk);
        if (node)
            function((struct array *)node);
    }
}

static void state_seal_each(const struct pecs_snapshot *state, void (*function)(struct array *array))
{
    const struct vector *records = &state_index(state)->records;
    const struct id_hash *hash = id_hash_of(state);
    state_seal_each_in(&records->chunks, vector_chunk_count(records), function);
    if (hash)
        state_seal_each_in(&hash->buckets.chunks, vector_chunk_count(&hash->buckets), function);
    const struct heap *heap = state_heap(state);
    for (uint32_t i = 0; heap && i < 2; i++)
        state_seal_each_in(&heap->spaces[i].arrays, heap->view.spaces[i].page_count, function);
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint32_t j = 0; j < table->archetype->column_count; j++)
            state_seal_each_in(&table->columns[j].chunks, table_chunk_count(table), function);
    }
}

static void state_seal_check_one(struct array *array)
{
    array_check_seal(array);
}

void state_seal(const struct pecs_snapshot *state)
{
    state_seal_each(state, array_seal);
}

void state_check_seals(const struct pecs_snapshot *state)
{
    state_seal_each(state, state_seal_check_one);
}
#endif
