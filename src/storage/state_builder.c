/* A state under construction has one reference and its nodes are private: no edit has begun. */
#include "state_builder.h"

pecs_status state_builder_init(struct state_builder *builder, pecs_registry *registry)
{
    *builder = (struct state_builder){ .pool = registry->pool };
    gate_init(&builder->gate, builder->pool);
    builder->gate.state_epoch = builder->gate.epoch;
    return state_create(registry, &builder->state);
}

void state_builder_set_unknown_types(struct state_builder *builder, struct unknown_types *unknown)
{
    assert(!builder->state->table_count);
    builder->state->unknown = unknown ? (struct unknown_types *)node_retain(&unknown->node) : NULL;
}

void state_builder_set_metadata(struct state_builder *builder, struct metadata *metadata)
{
    builder->state->metadata = metadata ? (struct metadata *)node_retain(&metadata->node) : NULL;
}

void state_builder_set_retired(struct state_builder *builder, struct retired *retired)
{
    builder->state->retired = retired ? (struct retired *)node_retain(&retired->node) : NULL;
}

pecs_status state_builder_add_sessions(struct state_builder *builder, uint32_t count, uint64_t **ret_prefixes)
{
    struct sessions *sessions = count ? sessions_create(builder->pool, count, 0) : NULL;
    if (count && !sessions)
        return PECS_E_MEMORY;
    builder->state->sessions = sessions;
    builder->state->session = count ? count - 1 : 0;
    *ret_prefixes = sessions ? sessions->prefixes : NULL;
    return PECS_OK;
}

pecs_status state_builder_add_table(struct state_builder *builder, const pecs_component *components, uint32_t count,
                                    bool is_singleton, uint64_t row_count, struct image *image,
                                    struct table **ret_table)
{
    struct pecs_snapshot *state = builder->state;
    struct archetype *archetype = archetype_create(state->registry, state->unknown, components, count, is_singleton);
    uint32_t number = NO_TABLE;
    if (!archetype)
        return PECS_E_MEMORY;
    const pecs_status status = state_add_table(&builder->gate, state, archetype, &number);
    node_release(builder->pool, &archetype->node);
    if (status)
        return PECS_E_MEMORY;
    *ret_table = (struct table *)tree_get(&state->tables, number);
    if (is_singleton && row_count)
        state->singleton_table = number;
    state->entity_count += is_singleton ? 0 : row_count;
    if (row_count && !((*ret_table)->runs = runs_create(builder->pool, archetype->column_count, image)))
        return PECS_E_MEMORY;
    (*ret_table)->row_count = row_count;
    return PECS_OK;
}

pecs_status state_builder_set_index(struct state_builder *builder, uint64_t slot_count, uint64_t free_count,
                                    const le32 *free_counts, struct run run, struct image *image)
{
    builder->state->free_count = free_count;
    return index_set_run(builder->pool, (struct entity_index *)builder->state->index.node, slot_count, free_counts, run,
                         image);
}

pecs_status state_builder_lend_index(struct state_builder *builder, uint64_t first, uint64_t count, struct run run,
                                     struct image *image)
{
    return index_lend(&builder->gate, (struct entity_index *)builder->state->index.node, first, count, run, image);
}

pecs_status state_builder_lend(struct state_builder *builder, struct table *table, uint32_t column, uint64_t first,
                               uint64_t count, struct run run, struct image *image)
{
    const struct archetype *archetype = table->archetype;
    const struct extent extent = { table->row_count, archetype->column_bytes[column], archetype->chunk_shift, column,
                                   NULL };
    table->columns[column].tick = max_u64(table->columns[column].tick, run.tick);
    return chunk_lend(&builder->gate, &table->columns[column].chunks, &extent, first, count, run, image);
}

pecs_status state_builder_set_heap(struct state_builder *builder, uint64_t unit_count, struct image *image,
                                   struct heap **ret_heap)
{
    struct heap *heap = heap_create(builder->pool);
    if (!heap)
        return PECS_E_MEMORY;
    builder->state->heap = (struct ref){ &heap->node, NULL, 0 };
    *ret_heap = heap;
    return heap_set_image(&builder->gate, heap, image, unit_count);
}

void state_builder_set_ids(struct state_builder *builder, const struct id_entry *entries, uint64_t count,
                           struct image *image)
{
    if (!count)
        return;
    builder->state->saved_ids = (struct saved_ids){ entries, count };
    builder->state->ids_image = (struct image *)node_retain(&image->node);
}

#ifndef NDEBUG
static bool builder_has_runs(const struct table *table)
{
    for (uint32_t i = 0; table->row_count && i < table->archetype->column_count; i++)
        if (!table->runs->columns[i].base && !tree_get(&table->columns[i].chunks, table_chunk_count(table) - 1))
            return false;
    return true;
}
#endif

struct pecs_snapshot *state_builder_finish(struct state_builder *builder, uint64_t tick, bool is_proven)
{
    struct pecs_snapshot *state = builder->state;
#ifndef NDEBUG
    for (uint32_t i = 0; i < state->table_count; i++)
        assert(builder_has_runs(state_table(state, i)));
#endif
    state->tick = tick;
    state->is_proven = is_proven;
    builder->state = NULL;
    return state;
}

void state_builder_deinit(struct state_builder *builder)
{
    state_release(builder->state);
    gate_deinit(&builder->gate);
}
