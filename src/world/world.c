/*
 * Worlds: creation, spawn and despawn, snapshots and restore. Each edit decides what to change, prepares it with the
 * steps of edit.h, and changes it. components.c edits the components of one entity.
 */
#include "blank.h"
#include "edit.h"
#include "error.h"
#include "handle_set.h"
#include "heap_move.h"
#include "match.h"
#include "place.h"
#include "state_seal.h"

#include <pecs/snapshot.h>

#include <assert.h>

pecs_status pecs_world_create(pecs_registry *registry, const pecs_snapshot *base, const pecs_world_options *options,
                              pecs_world **ret_world, pecs_error *error)
{
    if (!registry || !ret_world)
        return fail(error, PECS_E_MISUSE, "registry and ret_world must not be NULL");
    if (base && base->registry != registry)
        return fail(error, PECS_E_MISUSE, "the snapshot is of another registry than the world");
    struct pool *pool = registry->pool;
    struct pecs_world *world = pool_allocate_zeroed(pool, sizeof(*world));
    if (!world)
        return fail_memory(error);
    pool_note_world(pool, true);
    world->source.world = world;
    world->registry = pecs_registry_retain(registry);
    world->given_nonce = options ? options->session_nonce : 0;
    gate_init(&world->gate, pool);
    open_queries_init(&world->open_queries);
    pecs_status status = catalog_init(&world->catalog, registry, NULL);
    if (base)
        world->state = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)base);
    else if (!status)
        status = state_create(registry, &world->state);
    if (!status)
        status = edit_own_state(world); /* copies the state of a base: the timeline is the world's own */
    if (!status)
        status = edit_reserve_scratch(world, world->state);
    if (!status)
        status = catalog_follow(&world->catalog, pool, world->state);
    if (status) {
        pecs_world_destroy(world);
        return fail_memory(error);
    }
    edit_begin_timeline(world);
    world->gate.tick = world->state->tick;
    world->tick_is_seen = base != NULL;
    *ret_world = world;
    return PECS_OK;
}

void pecs_world_destroy(pecs_world *world)
{
    if (!world)
        return;
    pecs_registry *registry = world->registry;
    struct pool *pool = registry->pool;
    free_map_deinit(&world->free_map, pool);
    catalog_deinit(&world->catalog, pool);
    gate_deinit(&world->gate);
    open_queries_deinit(&world->open_queries);
    failure_deinit(&world->failure, pool);
    edit_release_scratch(world);
    pool_release(pool, world->plans, world->plan_capacity * sizeof(*world->plans));
    pool_release(pool, world->planned, world->planned_capacity * sizeof(*world->planned));
    state_release(world->state);
    pool_note_world(pool, false);
    pool_release(pool, world, sizeof(*world));
    pecs_registry_release(registry);
}

pecs_view pecs_world_view(const pecs_world *world)
{
    return (pecs_view){ world ? &world->source : NULL };
}

const pecs_error *pecs_world_error(pecs_world *world)
{
    return world ? failure_error(&world->failure, world->registry, world->state->unknown) : NULL;
}

uint64_t pecs_world_copied_bytes(const pecs_world *world)
{
    return world ? atomic_load_explicit(&world->gate.copied_bytes, memory_order_relaxed) : 0;
}

/* Prepares new rows and, unless they have handles, slots. */
static pecs_status world_ready_spawn(struct pecs_world *world, uint32_t table, const struct spawn *spawn)
{
    const uint64_t row_count = spawn->row_count;
    pecs_status status = row_count == 1 ? edit_ready_row(world, table) : edit_plan_note(world, table, 0, row_count);
    if (!status && row_count > 1)
        status = edit_plan_ready(world);
    if (!status && !spawn->entities)
        status = edit_ready_slots(world, row_count);
    if (status)
        edit_plan_forget(world);
    return status;
}

/* In retired slots, generations continue after the last one. */
static void world_continue_generations(const struct pecs_snapshot *state, uint64_t slot, uint64_t count,
                                       pecs_entity *handles, struct record *records)
{
    for (uint64_t i = 0; i < count; i++)
        handles[i].generation = records[i].generation = retired_generation(state->retired, slot + i) + 1;
}

/* Appends entities whose slots are all new: runs of consecutive records and rows. */
static void world_append_entities(struct pecs_world *world, uint32_t table_number, uint64_t count,
                                  pecs_entity *entities)
{
    struct table *table = edit_table(world, table_number);
    struct entity_index *index = edit_index(world);
    const uint32_t session = world->state->session;
    world->state->entity_count += count;
    while (count) {
        const uint64_t row = table->row_count, slot = index_slot_count(index);
        const uint64_t row_room = table_chunk_rows(table) - (row & (table_chunk_rows(table) - 1));
        const uint64_t slot_room = ((uint64_t)1 << INDEX_SHIFT) - (slot & ((1 << INDEX_SHIFT) - 1));
        const uint64_t rows = min_u64(count, min_u64(row_room, slot_room));
        pecs_entity *handles = (pecs_entity *)(void *)table_owned_value(table, HANDLE_COLUMN, row);
        struct record *records = index_owned_record(index, slot);
        for (uint64_t i = 0; i < rows; i++) {
            handles[i] = (pecs_entity){ (uint32_t)(slot + i), 1 };
            records[i] = (struct record){ 1, table_number, (uint32_t)(row + i), session };
        }
        if (state_retired_count(world->state))
            world_continue_generations(world->state, slot, rows, handles, records);
        if (entities)
            memcpy(entities, handles, (size_t)rows * sizeof(*handles)), entities += rows;
        table->row_count += rows;
        index->records.count += rows;
        count -= rows;
    }
}

void edit_append_entities(struct pecs_world *world, uint32_t table, uint64_t count, pecs_entity *ret_entities)
{
    uint64_t done = 0;
    for (; done < count && (world->state->free_count || count == 1); done++) {
        const pecs_entity entity = edit_take_slot(world);
        edit_append_row(world, table, entity);
        if (ret_entities)
            ret_entities[done] = entity;
    }
    if (done < count)
        world_append_entities(world, table, count - done, ret_entities ? ret_entities + done : NULL);
}

/* Appends rows of entities whose records the caller writes. */
static void world_append_handles(struct pecs_world *world, uint32_t table, const struct spawn *spawn)
{
    const uint64_t first = edit_table(world, table)->row_count;
    edit_table(world, table)->row_count += spawn->row_count;
    world->state->entity_count += spawn->row_count;
    edit_fill_column(world, table, HANDLE_COLUMN, first, spawn->row_count,
                     &(pecs_value){ NO_COMPONENT, sizeof(pecs_entity), spawn->entities });
}

/* The values may lie in the world, so the caller holds the gate meanwhile. */
static pecs_status world_spawn_held(struct pecs_world *world, const struct spawn *spawn, const pecs_value *values,
                                    size_t value_count, pecs_entity *ret_entities)
{
    const uint64_t row_count = spawn->row_count;
    uint32_t set_count, table;
    pecs_status status = edit_check_values(world, values, value_count, &set_count);
    if (!status && spawn->ids)
        edit_set_insert(world, &set_count, world->registry->id_component);
    if (!status)
        status = edit_check_busy(world);
    if (!status) /* before reserving memory for the rows */
        status = edit_check_slots(world, row_count);
    if (status || !row_count)
        return status;
    status = edit_begin_values(world);
    if (status)
        return status;
    const uint32_t table_count = world->state->table_count;
    struct placed placed;
    status = place_values(world, values, value_count, (size_t)row_count, false, &placed);
    if (!status)
        status = edit_find_table(world, world->set, set_count, false, &table);
    if (!status)
        status = world_ready_spawn(world, table, spawn);
    if (status) {
        edit_drop_tables(world, table_count);
        place_end(world, &placed, false);
        return status;
    }
    const uint64_t first = edit_table(world, table)->row_count;
    if (spawn->entities)
        world_append_handles(world, table, spawn);
    else
        edit_append_entities(world, table, row_count, ret_entities);
    for (size_t i = 0; i < value_count; i++)
        edit_fill_rows(world, table, first, row_count, &placed.values[i]);
    if (spawn->ids)
        edit_fill_rows(world, table, first, row_count,
                       &(pecs_value){ world->registry->id_component, sizeof(*spawn->ids), spawn->ids });
    edit_plan_finish(world);
    place_end(world, &placed, true);
    if (spawn->ret_table)
        *spawn->ret_table = table;
    return PECS_OK;
}

pecs_status edit_spawn(struct pecs_world *world, const struct spawn *spawn, const pecs_value *values,
                       size_t value_count, pecs_entity *ret_entities)
{
    gate_hold(&world->gate);
    const pecs_status status = world_spawn_held(world, spawn, values, value_count, ret_entities);
    gate_let_go(&world->gate);
    if (!status)
        place_tend(world, 0);
    return status;
}

pecs_status pecs_world_spawn(pecs_world *world, const pecs_value *values, size_t value_count, size_t row_count,
                             pecs_entity *ret_entities)
{
    if (!world)
        return PECS_E_MISUSE;
    return failure_end(&world->failure,
                       edit_spawn(world, &(struct spawn){ .row_count = row_count }, values, value_count, ret_entities));
}

pecs_status edit_ready_departure(struct pecs_world *world, pecs_entity entity)
{
    const struct record record = *state_find(world->state, entity);
    struct table *table;
    pecs_status status = edit_prove_row(world, entity, record);
    if (!status)
        status = edit_plan_note(world, record.table, 1, 0);
    if (!status)
        status = edit_own_record(world, entity.index);
    if (!status)
        status = edit_own_table(world, record.table, &table);
    return status ? status : edit_own_row(world, table, record.row, NULL);
}

static void world_despawn_readied(struct pecs_world *world, pecs_entity entity)
{
    const struct record record = *state_find(world->state, entity);
    edit_find_row(world, record.table, record.row);
    place_forget_row(world, state_table(world->state, record.table)->archetype, NULL);
    edit_remove_row(world, record.table, record.row);
    edit_give_slot(world, entity.index);
}

static pecs_status world_despawn_single(struct pecs_world *world, pecs_entity entity)
{
    const struct record *record = state_find(world->state, entity);
    if (!record)
        return edit_fail_dead(world, entity);
    const struct record at = *record;
    pecs_status status = edit_begin_values(world);
    if (!status)
        status = edit_ready_move(world, entity, at, NO_TABLE);
    if (status)
        return status;
    edit_move(world, entity, at, NO_TABLE);
    edit_give_slot(world, entity.index);
    return PECS_OK;
}

static pecs_status world_despawn_many(struct pecs_world *world, const pecs_entity *entities, size_t entity_count)
{
    struct handle_set set;
    pecs_status status = handle_set_init(&set, world, world->state, entities, entity_count);
    handle_set_deinit(&set, world->registry->pool);
    if (!status)
        status = edit_begin_values(world);
    for (size_t i = 0; !status && i < entity_count; i++)
        status = edit_ready_departure(world, entities[i]);
    if (!status)
        status = edit_plan_ready(world);
    if (status) {
        edit_plan_forget(world);
        return status;
    }
    for (size_t i = 0; i < entity_count; i++)
        world_despawn_readied(world, entities[i]);
    edit_plan_finish(world);
    return PECS_OK;
}

static pecs_status world_despawn(struct pecs_world *world, const pecs_entity *entities, size_t entity_count)
{
    pecs_status status = edit_check_busy(world);
    if (status || !entity_count)
        return status;
    if (!entities)
        return edit_fail(world, PECS_E_MISUSE, "entities is NULL, but entity_count is not 0");
    if (entity_count == 1)
        return world_despawn_single(world, entities[0]);
    if (entity_count > world->state->entity_count)
        return edit_fail(world, PECS_E_DEAD, "entity_count exceeds the number of living entities");
    /* the handles may lie in rows, which this changes */
    struct pool *pool = world->registry->pool;
    pecs_entity *copy = pool_allocate(pool, entity_count * sizeof(*copy));
    if (!copy)
        return PECS_E_MEMORY;
    memcpy(copy, entities, entity_count * sizeof(*copy));
    status = world_despawn_many(world, copy, entity_count);
    pool_release(pool, copy, entity_count * sizeof(*copy));
    return status;
}

pecs_status pecs_world_despawn(pecs_world *world, const pecs_entity *entities, size_t entity_count)
{
    return world ? failure_end(&world->failure, world_despawn(world, entities, entity_count)) : PECS_E_MISUSE;
}

/* All rows of the table go, with their contents. */
static void world_forget_rows(struct pecs_world *world, const struct table *table)
{
    const struct archetype *archetype = table->archetype;
    for (uint32_t i = 1; archetype->has_contents && i < archetype->column_count; i++) {
        const pecs_component number = archetype->column_components[i];
        if (!component_has_contents(state_component(world->state, number)))
            continue;
        for (uint64_t chunk = 0; chunk < table_chunk_count(table); chunk++)
            place_forget(world, number, table_chunk(table, i, chunk), table_live_rows(table, chunk));
    }
}

static pecs_status world_despawn_matching(struct pecs_world *world, const pecs_query *query, uint64_t *ret_count)
{
    struct heap *heap;
    if (!query || !query_fits(query, world->state))
        return edit_fail(world, PECS_E_MISUSE, "the query is NULL or of another registry than the world");
    pecs_status status = edit_check_busy(world);
    for (uint32_t i = 0; !status && i < world->state->table_count; i++) {
        const struct table *table = state_table(world->state, i);
        if (table->row_count && query_matches(query, table->archetype))
            status = edit_plan_note(world, i, table->row_count, 0);
    }
    if (!status && world->planned_count)
        status = edit_begin_values(world);
    if (!status)
        status = edit_plan_ready(world); /* all rows are removed, so all records are prepared */
    if (!status && world->planned_count && world->state->heap.node)
        status = state_own_heap(&world->gate, world->state, &heap);
    if (status) {
        edit_plan_forget(world);
        return status;
    }
    uint64_t count = 0;
    for (size_t i = 0; i < world->planned_count; i++) {
        struct table *table = edit_table(world, world->planned[i]);
        world_forget_rows(world, table);
        for (uint64_t row = 0; row < table->row_count; row++) {
            pecs_entity entity;
            memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
            edit_give_slot(world, entity.index);
        }
        count += table->row_count;
        table->row_count = 0;
    }
    edit_plan_finish(world);
    if (ret_count)
        *ret_count = count;
    return PECS_OK;
}

pecs_status pecs_world_despawn_matching(pecs_world *world, const pecs_query *query, uint64_t *ret_count)
{
    return world ? failure_end(&world->failure, world_despawn_matching(world, query, ret_count)) : PECS_E_MISUSE;
}

enum { ADVANCE_UNITS = 1 << 15 }; /* of the heap, moved at the end of each frame: 256 KiB */

/* Ends a frame: the pool frees memory that the next frame will not need. */
static void world_give_memory_back(struct pecs_world *world)
{
    struct gate *gate = &world->gate;
    bool has_moved = true;
    if (pool_frame_begin_evacuation(gate->pool, &gate->frame))
        has_moved = state_evacuate(gate->pool, world->state);
    pool_frame_end(gate->pool, &gate->frame, has_moved);
}

/* PECS_E_LIMIT at the last tick, which only a file can bring a world to. */
static pecs_status world_check_tick(struct pecs_world *world, uint64_t tick)
{
    return tick == TICK_MAX ? edit_fail(world, PECS_E_LIMIT, "the tick is the last possible one") : PECS_OK;
}

pecs_status pecs_world_advance(pecs_world *world, uint64_t *ret_tick)
{
    pecs_status status = world ? edit_check_busy(world) : PECS_E_MISUSE;
    if (!status)
        status = world_check_tick(world, world->state->tick);
    if (!status)
        status = edit_own_state(world);
    if (status)
        return world ? failure_end(&world->failure, status) : status;
    world->gate.tick = ++world->state->tick;
    world->tick_is_seen = false;
    /* nodes stay private: closing the gate only renews the stamps */
    gate_close(&world->gate);
    place_tend(world, ADVANCE_UNITS);
    world_give_memory_back(world);
    if (ret_tick)
        *ret_tick = world->gate.tick;
    return PECS_OK;
}

pecs_status pecs_snapshot_take(pecs_world *world, pecs_snapshot **ret_snapshot)
{
    if (!world)
        return PECS_E_MISUSE;
    pecs_status status = ret_snapshot ? edit_check_busy_writing(world) : PECS_E_MISUSE;
    if (!status && blank_is_needed(world->state))
        status = blank_make(world->state, ret_snapshot);
    else if (!status)
        *ret_snapshot = pecs_snapshot_retain(world->state);
    if (status)
        return failure_end(&world->failure, status);
    gate_drain(&world->gate);
    state_seal(*ret_snapshot);
    world->gate.frame.has_snapshots = true;
    gate_close(&world->gate);
    world->tick_is_seen = true;
    return PECS_OK;
}

/* Makes the private `state` the state of the world, which takes the reference over. */
static void world_replace_state(struct pecs_world *world, struct pecs_snapshot *state)
{
    state->tick = state->floor_tick = 1 + max_u64(world->state->tick, state->tick);
    free_map_invalidate(&world->free_map, world->registry->pool);
    state_release(world->state);
    world->state = state;
    world->source.state = state;
    world->gate.tick = state->tick;
    world->tick_is_seen = false;
}

static pecs_status world_restore(struct pecs_world *world, const pecs_snapshot *snapshot)
{
    pecs_status status = edit_check_busy(world);
    if (!status)
        status = world_check_tick(world, max_u64(world->state->tick, snapshot->tick));
    if (status)
        return status;
    gate_drain(&world->gate);
    struct pool *pool = world->registry->pool;
    struct pecs_snapshot *state = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)snapshot);
    gate_close(&world->gate);
    status = state_own(&world->gate, &state); /* a copy: tick and timeline are its own */
    if (!status)
        status = edit_reserve_scratch(world, state);
    if (!status && (status = catalog_follow(&world->catalog, pool, state))) {
        const pecs_status back = catalog_follow(&world->catalog, pool, world->state);
        assert(!back && "its lists have had the room");
        (void)back;
    }
    if (status) {
        state_release(state);
        gate_close(&world->gate); /* this epoch was that of the new state */
        return status;
    }
    world_replace_state(world, state);
    return PECS_OK;
}

static pecs_status world_check_snapshot(struct pecs_world *world, const pecs_snapshot *snapshot)
{
    return snapshot && snapshot->registry == world->registry
               ? PECS_OK
               : edit_fail(world, PECS_E_MISUSE, "the snapshot is NULL or of another registry than the world");
}

pecs_status pecs_world_restore(pecs_world *world, const pecs_snapshot *snapshot)
{
    if (!world)
        return PECS_E_MISUSE;
    pecs_status status = world_check_snapshot(world, snapshot);
    if (!status)
        status = world_restore(world, snapshot);
    if (status)
        return failure_end(&world->failure, status);
    edit_begin_timeline(world);
    return PECS_OK;
}

pecs_status pecs_world_rewind(pecs_world *world, const pecs_snapshot *snapshot)
{
    if (!world)
        return PECS_E_MISUSE;
    pecs_status status = world_check_snapshot(world, snapshot);
    if (!status && snapshot->timeline != world->state->timeline)
        status = edit_fail(world, PECS_E_MISUSE,
                           "the snapshot was not taken from this world since it was made or last restored");
    return failure_end(&world->failure, status ? status : world_restore(world, snapshot));
}
