/* Selections of entities. In a state that is not proven, each row is compared with its record before it counts. */
#include "selection.h"

static size_t selection_slot_bytes(const struct selection *selection)
{
    return bits_words((size_t)state_slot_count(selection->state)) * sizeof(*selection->slots);
}

static size_t selection_table_bytes(const struct selection *selection)
{
    return ((size_t)selection->state->table_count + 1) * sizeof(*selection->row_counts);
}

pecs_status selection_init(struct selection *selection, const struct pecs_snapshot *state)
{
    *selection = (struct selection){ .state = state };
    selection->slots = pool_allocate_zeroed(state->registry->pool, selection_slot_bytes(selection));
    selection->row_counts = pool_allocate_zeroed(state->registry->pool, selection_table_bytes(selection));
    return selection->slots && selection->row_counts ? PECS_OK : PECS_E_MEMORY;
}

void selection_deinit(struct selection *selection)
{
    struct pool *pool = selection->state->registry->pool;
    pool_release(pool, selection->slots, selection_slot_bytes(selection));
    pool_release(pool, selection->row_counts, selection_table_bytes(selection));
}

/* A row that was added before counts once. */
static pecs_status selection_add(struct selection *selection, uint32_t table, uint64_t row, pecs_entity entity)
{
    if (!selection->state->is_proven && !state_row_agrees(selection->state, table, row, entity))
        return PECS_E_CORRUPT;
    selection->row_counts[table] += !selection_has_slot(selection, entity.index);
    selection->count += !selection_has_slot(selection, entity.index);
    bits_set(selection->slots, entity.index);
    return PECS_OK;
}

pecs_status selection_add_row(struct selection *selection, uint32_t table, uint64_t row)
{
    pecs_entity entity;
    memcpy(&entity, table_value(state_table(selection->state, table), HANDLE_COLUMN, row), sizeof(entity));
    return selection_add(selection, table, row, entity);
}

pecs_status selection_add_table(struct selection *selection, uint32_t number)
{
    const struct table *table = state_table(selection->state, number);
    pecs_status status = PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(table); chunk++) {
        const pecs_entity *entities = (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, chunk);
        const uint64_t first = chunk << table->archetype->chunk_shift, rows = table_live_rows(table, chunk);
        for (uint64_t i = 0; !status && i < rows; i++)
            status = selection_add(selection, number, first + i, entities[i]);
    }
    return status;
}
