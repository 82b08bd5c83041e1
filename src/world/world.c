/*
 * The public edits of a world. Each decides what is to change, has it readied by the steps of edit.h, and changes it.
 */
#include "edit.h"
#include "error.h"
#include "match.h"
#include "state_seal.h"

#include <pecs/snapshot.h>

#include <assert.h>

enum { SMALL_VALUES_BYTES = 512 }; /* of all values given to one set, that are copied without an allocation */

pecs_status pecs_world_create(pecs_registry *registry, const pecs_snapshot *base, const pecs_world_options *options,
                              pecs_world **ret_world, pecs_error *error)
{
    if (!registry || !ret_world || (base && base->registry != registry))
        return fail(error, PECS_E_MISUSE, "a world needs a registry, and a base of the same one");
    struct pool *pool = registry->pool;
    struct pecs_world *world = pool_allocate_zeroed(pool, sizeof(*world));
    if (!world)
        return fail_memory(error);
    pool_note_world(pool, true);
    world->source.world = world;
    world->registry = registry_retain(registry);
    world->given_nonce = options ? options->session_nonce : 0;
    gate_init(&world->gate, pool);
    pecs_status status = catalog_init(&world->catalog, registry, NULL);
    if (base)
        world->state = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)base);
    else if (!status)
        status = state_create(registry, &world->state);
    if (!status)
        status = edit_own_state(world); /* of a base this is a copy: the stretch is its own */
    if (!status)
        status = edit_reserve_scratch(world, world->state);
    if (!status)
        status = catalog_follow(&world->catalog, pool, world->state);
    if (status) {
        pecs_world_destroy(world);
        return fail_memory(error);
    }
    edit_begin_stretch(world);
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
    edit_release_scratch(world);
    pool_release(pool, world->plans, world->plan_capacity * sizeof(*world->plans));
    pool_release(pool, world->planned, world->planned_capacity * sizeof(*world->planned));
    state_release(world->state);
    pool_note_world(pool, false);
    pool_release(pool, world, sizeof(*world));
    pecs_registry_destroy(registry);
}

pecs_view pecs_world_view(const pecs_world *world)
{
    return (pecs_view){ world ? &world->source : NULL };
}

uint64_t pecs_world_copied_bytes(const pecs_world *world)
{
    return world ? atomic_load_explicit(&world->gate.copied_bytes, memory_order_relaxed) : 0;
}

/* Makes and readies row_count new rows and slots. */
static pecs_status ready_spawn(struct pecs_world *world, uint32_t table, uint64_t row_count)
{
    pecs_status status = row_count == 1 ? edit_ready_row(world, table) : edit_plan_note(world, table, 0, row_count);
    if (!status && row_count > 1)
        status = edit_plan_ready(world);
    if (!status)
        status = edit_ready_slots(world, row_count);
    if (status)
        edit_plan_forget(world);
    return status;
}

/* Retired slots go on with the generations after their last. */
static void continue_generations(const struct pecs_snapshot *state, uint64_t slot, uint64_t count, pecs_entity *handles,
                                 struct record *records)
{
    for (uint64_t i = 0; i < count; i++)
        handles[i].generation = records[i].generation = retired_generation(state->retired, slot + i) + 1;
}

/* Rows with slots that are all new: runs of consecutive records and rows. */
static void append_entities(struct pecs_world *world, uint32_t table_number, uint64_t count, pecs_entity *entities)
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
            continue_generations(world->state, slot, rows, handles, records);
        if (entities)
            memcpy(entities, handles, (size_t)rows * sizeof(*handles)), entities += rows;
        table->row_count += rows;
        index->records.count += rows;
        count -= rows;
    }
}

/* The values may lie in the world: the arrays that they lie in are held meanwhile. */
static pecs_status spawn_held(struct pecs_world *world, size_t row_count, const pecs_id *ids, const pecs_value *values,
                              size_t value_count, pecs_entity *ret_entities)
{
    pecs_status status = edit_check_values(world, values, value_count);
    uint32_t set_count = 0, table;
    for (size_t i = 0; !status && i < value_count; i++)
        if (!edit_set_insert(world, &set_count, values[i].component))
            status = PECS_E_MISUSE;
    if (!status && ids)
        edit_set_insert(world, &set_count, world->registry->id_component);
    if (!status)
        status = edit_check_busy(world);
    if (!status)
        status =
            state_has_slots(world->state, row_count) ? PECS_OK : PECS_E_LIMIT; /* before much is reserved for rows */
    if (status || !row_count)
        return status;
    status = edit_begin_values(world);
    if (status)
        return status;
    const uint32_t table_count = world->state->table_count;
    status = edit_find_table(world, world->set, set_count, false, &table);
    if (!status)
        status = ready_spawn(world, table, row_count);
    if (status) {
        edit_drop_tables(world, table_count);
        return status;
    }
    const uint64_t first = edit_table(world, table)->row_count;
    uint64_t done = 0;
    for (; done < row_count && (world->state->free_count || row_count == 1); done++) {
        const pecs_entity entity = edit_take_slot(world);
        edit_append_row(world, table, entity);
        if (ret_entities)
            ret_entities[done] = entity;
    }
    if (done < row_count)
        append_entities(world, table, row_count - done, ret_entities ? ret_entities + done : NULL);
    for (size_t i = 0; i < value_count; i++)
        edit_fill_rows(world, table, first, row_count, &values[i]);
    if (ids)
        edit_fill_rows(world, table, first, row_count,
                       &(pecs_value){ world->registry->id_component, sizeof(*ids), ids });
    edit_plan_finish(world);
    return PECS_OK;
}

pecs_status edit_spawn(struct pecs_world *world, size_t row_count, const pecs_id *ids, const pecs_value *values,
                       size_t value_count, pecs_entity *ret_entities)
{
    if (!world)
        return PECS_E_MISUSE;
    gate_hold(&world->gate);
    const pecs_status status = spawn_held(world, row_count, ids, values, value_count, ret_entities);
    gate_let_go(&world->gate);
    return status;
}

pecs_status pecs_world_spawn(pecs_world *world, size_t row_count, const pecs_value *values, size_t value_count,
                             pecs_entity *ret_entities)
{
    return edit_spawn(world, row_count, NULL, values, value_count, ret_entities);
}

/* PECS_E_DEAD when an entity is dead or named twice: a set of the indices seen, by open addressing. */
static pecs_status check_despawn(struct pecs_world *world, const pecs_entity *entities, size_t count)
{
    struct pool *pool = world->registry->pool;
    uint64_t bucket_count = 16;
    while (bucket_count < 2 * (uint64_t)count)
        bucket_count *= 2;
    uint32_t *seen = pool_allocate(pool, (size_t)bucket_count * sizeof(*seen));
    if (!seen)
        return PECS_E_MEMORY;
    memset(seen, 0xff, (size_t)bucket_count * sizeof(*seen)); /* no slot has that index */
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < count; i++) {
        const uint32_t index = entities[i].index;
        uint64_t bucket = mix_u64(index) & (bucket_count - 1);
        while (seen[bucket] != UINT32_MAX && seen[bucket] != index)
            bucket = (bucket + 1) & (bucket_count - 1);
        if (seen[bucket] == index || !state_find(world->state, entities[i]))
            status = PECS_E_DEAD;
        seen[bucket] = index;
    }
    pool_release(pool, seen, (size_t)bucket_count * sizeof(*seen));
    return status;
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
    return status ? status : table_own_row(&world->gate, table, record.row, NULL);
}

static void despawn_one(struct pecs_world *world, pecs_entity entity)
{
    const struct record record = *state_find(world->state, entity);
    edit_find_row(world, record.table, record.row);
    edit_remove_row(world, record.table, record.row);
    edit_give_slot(world, entity.index);
}

static pecs_status despawn_single(struct pecs_world *world, pecs_entity entity)
{
    const struct record *record = state_find(world->state, entity);
    if (!record)
        return PECS_E_DEAD;
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

static pecs_status despawn_many(struct pecs_world *world, const pecs_entity *entities, size_t entity_count)
{
    pecs_status status = check_despawn(world, entities, entity_count);
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
        despawn_one(world, entities[i]);
    edit_plan_finish(world);
    return PECS_OK;
}

pecs_status pecs_world_despawn(pecs_world *world, const pecs_entity *entities, size_t entity_count)
{
    if (!world || (entity_count && !entities))
        return PECS_E_MISUSE;
    pecs_status status = edit_check_busy(world);
    if (status || !entity_count)
        return status;
    if (entity_count == 1)
        return despawn_single(world, entities[0]);
    if (entity_count > world->state->entity_count)
        return PECS_E_DEAD; /* one of them at least */
    /* the handles may be those of rows, which change while entities go */
    struct pool *pool = world->registry->pool;
    pecs_entity *copy = pool_allocate(pool, entity_count * sizeof(*copy));
    if (!copy)
        return PECS_E_MEMORY;
    memcpy(copy, entities, entity_count * sizeof(*copy));
    status = despawn_many(world, copy, entity_count);
    pool_release(pool, copy, entity_count * sizeof(*copy));
    return status;
}

pecs_status pecs_world_despawn_matching(pecs_world *world, const pecs_query *query, uint64_t *ret_count)
{
    if (!world || !query || !query_fits(query, world->state))
        return PECS_E_MISUSE;
    pecs_status status = edit_check_busy(world);
    for (uint32_t i = 0; !status && i < world->state->table_count; i++) {
        const struct table *table = state_table(world->state, i);
        if (table->row_count && query_matches(query, table->archetype))
            status = edit_plan_note(world, i, table->row_count, 0);
    }
    if (!status && world->planned_count)
        status = edit_begin_values(world);
    if (!status)
        status = edit_plan_ready(world); /* every row is among the last: every record is readied */
    if (status) {
        edit_plan_forget(world);
        return status;
    }
    uint64_t count = 0;
    for (size_t i = 0; i < world->planned_count; i++) {
        struct table *table = edit_table(world, world->planned[i]);
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

/* Where an entity is, or with entity none the singletons. table NO_TABLE: nowhere yet. */
static bool locate(const struct pecs_world *world, pecs_entity entity, bool is_singleton, struct record *ret_record)
{
    *ret_record = (struct record){ 0, world->state->singleton_table, 0, 0 };
    if (is_singleton)
        return true;
    const struct record *record = state_find(world->state, entity);
    if (record)
        *ret_record = *record;
    return record != NULL;
}

/* The values' data lie one after another at `data`; where none is given, there is none. */
static pecs_status set_copied(struct pecs_world *world, pecs_entity entity, bool is_singleton, const pecs_value *values,
                              size_t value_count, const uint8_t *data)
{
    pecs_status status = PECS_OK;
    struct record at;
    if (!locate(world, entity, is_singleton, &at))
        return PECS_E_DEAD;
    uint32_t set_count = 0, given_count = 0;
    for (size_t i = 0; i < value_count; i++)
        if (!edit_set_insert(world, &given_count, values[i].component))
            return PECS_E_MISUSE;
    const struct archetype *had = at.table == NO_TABLE ? NULL : state_table(world->state, at.table)->archetype;
    uint32_t had_count = 0, column_count = 0;
    for (size_t i = 0; had && i < value_count; i++) {
        had_count += archetype_find(had, values[i].component) != NO_COLUMN;
        column_count += values[i].size_bytes > 0;
    }
    if (had && had_count == value_count) {
        if (!column_count) /* no value, or tags that are there */
            return PECS_OK;
        status = edit_begin_values(world);
        if (!status)
            status = edit_own_values(world, at, values, value_count);
    } else {
        status = edit_begin(world);
        set_count = given_count;
        for (uint32_t i = 0; had && i < had->component_count; i++)
            edit_set_insert(world, &set_count, had->components[i]);
        if (!status)
            status = edit_relocate(world, entity, at, set_count, is_singleton, &at);
    }
    for (size_t i = 0; !status && i < value_count; i++) {
        const pecs_value value = { values[i].component, values[i].size_bytes, values[i].data ? data : NULL };
        edit_fill_rows(world, at.table, at.row, 1, &value);
        data += values[i].data ? value.size_bytes : 0;
    }
    return status;
}

/* The values may lie in the world, even in the row that they are for: they are copied before anything moves. */
static pecs_status set_values(struct pecs_world *world, pecs_entity entity, bool is_singleton, const pecs_value *values,
                              size_t value_count)
{
    pecs_status status = world ? edit_check_values(world, values, value_count) : PECS_E_MISUSE;
    if (status)
        return status;
    uint8_t small[SMALL_VALUES_BYTES], *copy = small;
    size_t bytes = 0;
    for (size_t i = 0; i < value_count; i++)
        bytes += values[i].data ? values[i].size_bytes : 0;
    if (bytes > sizeof(small) && !(copy = pool_allocate(world->registry->pool, bytes)))
        return PECS_E_MEMORY;
    uint8_t *to = copy;
    for (size_t i = 0; i < value_count; i++) {
        if (!values[i].data)
            continue;
        memcpy(to, values[i].data, values[i].size_bytes);
        to += values[i].size_bytes;
    }
    status = set_copied(world, entity, is_singleton, values, value_count, copy);
    if (copy != small)
        pool_release(world->registry->pool, copy, bytes);
    return status;
}

pecs_status pecs_world_set(pecs_world *world, pecs_entity entity, const pecs_value *values, size_t value_count)
{
    return set_values(world, entity, false, values, value_count);
}

pecs_status pecs_world_set_singleton(pecs_world *world, pecs_component component, size_t size_bytes, const void *value)
{
    return set_values(world, (pecs_entity){ 0, 0 }, true, &(pecs_value){ component, size_bytes, value }, 1);
}

static pecs_status remove_components(struct pecs_world *world, pecs_entity entity, bool is_singleton,
                                     const pecs_component *components, size_t count)
{
    struct record at;
    /* a count beyond the types names one of them twice */
    if (!world || count > state_component_count(world->state) || (count && !components))
        return PECS_E_MISUSE;
    for (size_t i = 0; i < count; i++)
        if (!edit_component(world, components[i]))
            return PECS_E_MISUSE;
    if (!locate(world, entity, is_singleton, &at))
        return PECS_E_DEAD;
    if (at.table == NO_TABLE)
        return PECS_OK;
    const struct archetype *had = state_table(world->state, at.table)->archetype;
    uint32_t set_count = 0;
    for (uint32_t i = 0; i < had->component_count; i++) {
        bool stays = true;
        for (size_t j = 0; stays && j < count; j++)
            stays = had->components[i] != components[j];
        if (stays)
            world->set[set_count++] = had->components[i];
    }
    if (set_count == had->component_count)
        return PECS_OK;
    const pecs_status status = edit_begin(world);
    return status ? status : edit_relocate(world, entity, at, set_count, is_singleton, &at);
}

pecs_status pecs_world_remove(pecs_world *world, pecs_entity entity, const pecs_component *components,
                              size_t component_count)
{
    return remove_components(world, entity, false, components, component_count);
}

pecs_status pecs_world_remove_singleton(pecs_world *world, pecs_component component)
{
    return remove_components(world, (pecs_entity){ 0, 0 }, true, &component, 1);
}

static pecs_status edit_value(struct pecs_world *world, pecs_entity entity, bool is_singleton, pecs_component component,
                              size_t size_bytes, void **ret_value)
{
    const pecs_value value = { component, size_bytes, NULL };
    struct record at;
    pecs_status status = world && size_bytes && ret_value ? edit_check_values(world, &value, 1) : PECS_E_MISUSE;
    if (status)
        return status;
    if (!locate(world, entity, is_singleton, &at))
        return PECS_E_DEAD;
    if (at.table == NO_TABLE || archetype_find(state_table(world->state, at.table)->archetype, component) == NO_COLUMN)
        return PECS_E_ABSENT;
    status = edit_begin_values(world);
    if (!status)
        status = edit_own_values(world, at, &value, 1);
    if (status)
        return status;
    struct table *table = edit_table(world, at.table);
    *ret_value = table_owned_value(table, archetype_column(table->archetype, component), at.row);
    return PECS_OK;
}

pecs_status pecs_world_edit(pecs_world *world, pecs_entity entity, pecs_component component, size_t size_bytes,
                            void **ret_value)
{
    return edit_value(world, entity, false, component, size_bytes, ret_value);
}

pecs_status pecs_world_edit_singleton(pecs_world *world, pecs_component component, size_t size_bytes, void **ret_value)
{
    return edit_value(world, (pecs_entity){ 0, 0 }, true, component, size_bytes, ret_value);
}

/* The frame's end: the pool keeps what the next frame may want. */
static void give_memory_back(struct pecs_world *world)
{
    struct gate *gate = &world->gate;
    bool has_moved = true;
    if (pool_frame_begin_evacuation(gate->pool, &gate->frame))
        has_moved = state_evacuate(gate->pool, world->state);
    pool_frame_end(gate->pool, &gate->frame, has_moved);
}

pecs_status pecs_world_advance(pecs_world *world, uint64_t *ret_tick)
{
    pecs_status status = world ? edit_check_busy(world) : PECS_E_MISUSE;
    if (!status && world->state->tick == TICK_MAX) /* only a file can bring a world so far */
        status = PECS_E_LIMIT;
    if (!status)
        status = edit_own_state(world);
    if (status)
        return status;
    world->gate.tick = ++world->state->tick;
    world->tick_is_seen = false;
    /* what was private stays so: only the stamps are to be renewed */
    gate_close(&world->gate);
    give_memory_back(world);
    if (ret_tick)
        *ret_tick = world->gate.tick;
    return PECS_OK;
}

pecs_status pecs_snapshot_take(pecs_world *world, pecs_snapshot **ret_snapshot)
{
    if (!world || !ret_snapshot)
        return PECS_E_MISUSE;
    if (atomic_load_explicit(&world->gate.open_writes, memory_order_acquire))
        return PECS_E_BUSY;
    gate_drain(&world->gate);
    state_seal(world->state);
    *ret_snapshot = pecs_snapshot_retain(world->state);
    world->gate.frame.has_snapshots = true;
    gate_close(&world->gate);
    world->tick_is_seen = true;
    return PECS_OK;
}

/* The world takes the state, a private one, over. */
static void replace_state(struct pecs_world *world, struct pecs_snapshot *state)
{
    state->tick = state->floor_tick = 1 + max_u64(world->state->tick, state->tick);
    free_map_invalidate(&world->free_map, world->registry->pool);
    state_release(world->state);
    world->state = state;
    world->source.state = state;
    world->gate.tick = state->tick;
    world->tick_is_seen = false;
}

static pecs_status restore(struct pecs_world *world, const pecs_snapshot *snapshot)
{
    pecs_status status = edit_check_busy(world);
    if (!status && max_u64(world->state->tick, snapshot->tick) == TICK_MAX)
        status = PECS_E_LIMIT;
    if (status)
        return status;
    gate_drain(&world->gate);
    struct pool *pool = world->registry->pool;
    struct pecs_snapshot *state = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)snapshot);
    gate_close(&world->gate);
    status = state_own(&world->gate, &state); /* a copy: tick and stretch are its own */
    if (!status)
        status = edit_reserve_scratch(world, state);
    if (!status && (status = catalog_follow(&world->catalog, pool, state))) {
        const pecs_status back = catalog_follow(&world->catalog, pool, world->state);
        assert(!back && "its lists have had the room");
        (void)back;
    }
    if (status) {
        state_release(state);
        gate_close(&world->gate); /* it was the new state that the epoch spoke of */
        return status;
    }
    replace_state(world, state);
    return PECS_OK;
}

pecs_status pecs_world_restore(pecs_world *world, const pecs_snapshot *snapshot)
{
    if (!world || !snapshot || snapshot->registry != world->registry)
        return PECS_E_MISUSE;
    const pecs_status status = restore(world, snapshot);
    if (status)
        return status;
    edit_begin_stretch(world);
    return PECS_OK;
}

pecs_status pecs_world_rewind(pecs_world *world, const pecs_snapshot *snapshot)
{
    if (!world || !snapshot || snapshot->registry != world->registry || snapshot->stretch != world->state->stretch)
        return PECS_E_MISUSE;
    return restore(world, snapshot);
}
