/*
 * All chunks of a blank column are one array of zeros, in a tree whose pages are shared as well. The gate copies both
 * where a world writes to such a column, as it copies whatever is shared.
 */
#include "blank.h"

#include "state_types.h"

bool blank_is_needed(const struct pecs_snapshot *state)
{
    bool is_needed = false;
    for (uint32_t i = 0; state->registry->flags & PECS_TYPE_NO_SNAPSHOT && !is_needed && i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        is_needed = table->archetype->flags & PECS_TYPE_NO_SNAPSHOT && table->row_count;
    }
    return is_needed;
}

static pecs_status blank_column(struct pool *pool, struct table *table, uint32_t number)
{
    struct column *column = &table->columns[number];
    const uint64_t rows = table_live_rows(table, 0);
    struct array *zeros = array_create(pool, rows * table->archetype->column_bytes[number]);
    if (!zeros)
        return PECS_E_MEMORY;
    memset(zeros->data, 0, (size_t)zeros->size_bytes);
    zeros->tick = column->tick;
    tree_clear(pool, &column->chunks);
    const pecs_status status = tree_fill(pool, &column->chunks, table_chunk_count(table), &zeros->node, zeros->data);
    node_release(pool, &zeros->node);
    return status;
}

static pecs_status blank_table(struct gate *gate, struct pecs_snapshot *state, uint32_t number)
{
    struct table *table;
    pecs_status status = state_own_table(gate, state, number, &table);
    for (uint32_t i = HANDLE_COLUMN + 1; !status && i < table->archetype->column_count; i++)
        if (state_component(state, table->archetype->column_components[i])->flags & PECS_TYPE_NO_SNAPSHOT)
            status = blank_column(gate->pool, table, i);
    return status;
}

pecs_status blank_make(struct pecs_snapshot *state, struct pecs_snapshot **ret_state)
{
    struct gate gate;
    gate_init(&gate, state->registry->pool);
    gate.tick = state->tick;
    struct pecs_snapshot *copy = pecs_snapshot_retain(state); /* shared, so to own it is to copy it */
    pecs_status status = state_own(&gate, &copy);
    for (uint32_t i = 0; !status && i < copy->table_count; i++) {
        const struct table *table = state_table(copy, i);
        if (table->archetype->flags & PECS_TYPE_NO_SNAPSHOT && table->row_count)
            status = blank_table(&gate, copy, i);
    }
    gate_deinit(&gate);
    if (status)
        state_release(copy);
    else
        *ret_state = copy;
    return status;
}
