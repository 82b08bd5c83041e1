/*
 * The steps that structural edits share. What an edit does is decided by its callers: world.c, components.c, give_id.c
 * and apply.c.
 */
#include "edit.h"

#include "error.h"
#include "heap_move.h"
#include "identity.h"
#include "place.h"

#include <assert.h>

pecs_status edit_own_state(struct pecs_world *world)
{
    gate_drain(&world->gate);
    const pecs_status status = state_own(&world->gate, &world->state);
    if (world->source.state != world->state) /* the workers of an iteration read it concurrently */
        world->source.state = world->state;
    return status;
}

void edit_open_tick(struct pecs_world *world)
{
    if (world->tick_is_seen && world->state->tick < TICK_MAX)
        world->gate.tick = ++world->state->tick;
    if (world->tick_is_seen) /* the workers of an iteration read it concurrently */
        world->tick_is_seen = false;
}

pecs_status edit_begin_values(struct pecs_world *world)
{
    const pecs_status status = edit_own_state(world);
    if (!status)
        edit_open_tick(world);
    return status;
}

static pecs_status edit_fail_busy(struct pecs_world *world)
{
    char terms[320];
    edit_fail(world, PECS_E_BUSY, "an iteration over the world is open");
    pecs_error *error = failure_own_error(&world->failure, world->registry->pool);
    if (!error || !open_queries_describe(&world->open_queries, terms, sizeof(terms)))
        return PECS_E_BUSY;
    world->failure.is_written = true; /* write it now: the query may be destroyed later */
    return fail(error, PECS_E_BUSY, "an iteration over the world is open, of the query {%s}", terms);
}

pecs_status edit_check_busy_writing(struct pecs_world *world)
{
    return atomic_load_explicit(&world->gate.open_writes, memory_order_acquire) ? edit_fail_busy(world) : PECS_OK;
}

pecs_status edit_check_busy(struct pecs_world *world)
{
    return atomic_load_explicit(&world->gate.open_reads, memory_order_acquire) ? edit_fail_busy(world)
                                                                               : edit_check_busy_writing(world);
}

pecs_status edit_check_slots(struct pecs_world *world, uint64_t count)
{
    return state_has_slots(world->state, count) ? PECS_OK
                                                : edit_fail(world, PECS_E_LIMIT, "all entity slots are in use");
}

pecs_status edit_begin(struct pecs_world *world)
{
    const pecs_status status = edit_check_busy(world);
    return status ? status : edit_begin_values(world);
}

static size_t edit_scratch_bytes(const struct pecs_world *world, uint32_t component_count)
{
    return ((size_t)component_count + 1) * (sizeof(*world->row) + sizeof(*world->set));
}

pecs_status edit_reserve_scratch(struct pecs_world *world, const struct pecs_snapshot *state)
{
    const uint32_t count = state_component_count(state);
    if (count <= world->scratch_count)
        return PECS_OK;
    uint8_t **row = pool_allocate(world->registry->pool, edit_scratch_bytes(world, count));
    if (!row)
        return PECS_E_MEMORY;
    edit_release_scratch(world);
    world->row = row;
    world->set = (pecs_component *)(void *)(row + count + 1);
    world->scratch_count = count;
    return PECS_OK;
}

void edit_release_scratch(struct pecs_world *world)
{
    pool_release(world->registry->pool, world->row, edit_scratch_bytes(world, world->scratch_count));
}

pecs_status edit_fail_component(struct pecs_world *world, pecs_component component)
{
    const bool is_id = component == world->registry->id_component;
    return failure_explain(&world->failure, PECS_E_MISUSE, (pecs_entity){ 0, 0 }, component,
                           is_id ? "only pecs_world_set_id changes ids" : "the world has no type of this number");
}

pecs_status edit_check_values(struct pecs_world *world, const pecs_value *values, size_t value_count,
                              uint32_t *ret_set_count)
{
    *ret_set_count = 0;
    if (value_count && !values)
        return edit_fail(world, PECS_E_MISUSE, "values is NULL, but value_count is not 0");
    /* edits may not name the id component, so this many values name one twice */
    if (value_count >= state_component_count(world->state))
        return edit_fail(world, PECS_E_MISUSE, "there are more values than component types");
    for (size_t i = 0; i < value_count; i++) {
        const struct component *component = edit_component(world, values[i].component);
        if (!component)
            return edit_fail_component(world, values[i].component);
        if (values[i].size_bytes != component->size)
            return failure_explain(&world->failure, PECS_E_MISUSE, (pecs_entity){ 0, 0 }, values[i].component,
                                   "size_bytes is not the size of the type");
        if (!edit_set_insert(world, ret_set_count, values[i].component))
            return failure_explain(&world->failure, PECS_E_MISUSE, (pecs_entity){ 0, 0 }, values[i].component,
                                   "it is given twice");
    }
    return PECS_OK;
}

pecs_status edit_find_table(struct pecs_world *world, const pecs_component *components, uint32_t count,
                            bool is_singleton, uint32_t *ret_table)
{
    const uint64_t hash = archetype_set_hash(pool_secret(world->registry->pool), components, count, is_singleton);
    *ret_table = catalog_find(&world->catalog, components, count, is_singleton, hash);
    if (*ret_table != NO_TABLE)
        return PECS_OK;
    struct pool *pool = world->registry->pool;
    struct archetype *archetype =
        archetype_create(world->registry, world->state->unknown, components, count, is_singleton);
    if (!archetype)
        return PECS_E_MEMORY;
    pecs_status status = state_add_table(&world->gate, world->state, archetype, ret_table);
    if (!status && (status = catalog_add(&world->catalog, pool, archetype)))
        state_drop_table(&world->gate, world->state);
    node_release(pool, &archetype->node);
    return status;
}

void edit_drop_tables(struct pecs_world *world, uint32_t table_count)
{
    while (world->state->table_count > table_count) {
        catalog_drop(&world->catalog);
        state_drop_table(&world->gate, world->state);
    }
}

pecs_status edit_own_table(struct pecs_world *world, uint32_t table, struct table **ret_table)
{
    return state_own_table(&world->gate, world->state, table, ret_table);
}

pecs_status edit_own_record(struct pecs_world *world, uint32_t index)
{
    struct entity_index *records;
    struct record *record;
    pecs_status status = state_own_index(&world->gate, world->state, &records);
    if (!status)
        status = index_own_record(&world->gate, records, index, &record);
    if (!status)
        __builtin_prefetch(record, 1); /* it is written after everything else is prepared */
    return status;
}

uint64_t edit_session_nonce(struct pecs_world *world)
{
    const uint64_t mask = ((uint64_t)1 << 60) - 1;
    while (!world->nonce) {
        const uint64_t nonce =
            world->given_nonce ? world->given_nonce + mix_u64(world->session_count) : os_random_u64();
        world->session_count++;
        /* a nonce from the options may be that of an earlier world, whose birth ids may be explicit ids here */
        if (!world->given_nonce || !identity_names_session(world->state, identity_prefix(nonce & mask)))
            world->nonce = nonce & mask;
    }
    return world->nonce;
}

/* A nonce from the options is chosen here: whether it is in use must not depend on later rewinds. */
void edit_begin_timeline(struct pecs_world *world)
{
    world->state->timeline = pool_next_epoch(world->registry->pool);
    world->nonce = 0;
    if (world->given_nonce)
        (void)edit_session_nonce(world);
}

pecs_status edit_open_session(struct pecs_world *world)
{
    struct pecs_snapshot *state = world->state;
    if (state->session_timeline == state->timeline)
        return PECS_OK;
    const pecs_status status = sessions_open(state, identity_prefix(edit_session_nonce(world)));
    if (!status)
        state->session_timeline = state->timeline;
    return status;
}

pecs_status edit_plan_note(struct pecs_world *world, uint32_t table, uint64_t removal_count, uint64_t append_count)
{
    struct pool *pool = world->registry->pool;
    const size_t had = world->plan_capacity;
    if (!pool_reserve(pool, (void **)&world->plans, &world->plan_capacity, (size_t)table + 1, sizeof(*world->plans)))
        return PECS_E_MEMORY;
    if (world->plan_capacity > had)
        memset(world->plans + had, 0, (world->plan_capacity - had) * sizeof(*world->plans));
    if (!pool_reserve(pool, (void **)&world->planned, &world->planned_capacity, world->planned_count + 1,
                      sizeof(*world->planned)))
        return PECS_E_MEMORY;
    struct table_plan *plan = &world->plans[table];
    if (!plan->removal_count && !plan->append_count)
        world->planned[world->planned_count++] = table;
    plan->removal_count += removal_count;
    plan->append_count += append_count;
    return PECS_OK;
}

pecs_status edit_prove_row(const struct pecs_world *world, pecs_entity entity, struct record at)
{
    return world->state->is_proven || state_row_agrees(world->state, at.table, at.row, entity) ? PECS_OK
                                                                                               : PECS_E_CORRUPT;
}

/* Makes private the record of a row that may move to the place of a removed one. */
static pecs_status edit_own_record_of_row(struct pecs_world *world, uint32_t number, const struct table *table,
                                          uint64_t row)
{
    pecs_entity entity;
    memcpy(&entity, table_tail_value(&world->gate, table, HANDLE_COLUMN, row), sizeof(entity));
    const pecs_status status = edit_prove_row(world, entity, (struct record){ .table = number, .row = (uint32_t)row });
    return status ? status : edit_own_record(world, entity.index);
}

/* Does so for the last rows, which are those that may move. */
static pecs_status edit_own_last_records(struct pecs_world *world, uint32_t number, const struct table *table,
                                         uint64_t count)
{
    pecs_status status = count <= table->row_count ? PECS_OK : PECS_E_CORRUPT;
    for (uint64_t row = table->row_count - count; !status && row < table->row_count; row++)
        status = edit_own_record_of_row(world, number, table, row);
    return status;
}

pecs_status edit_plan_ready(struct pecs_world *world)
{
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < world->planned_count; i++) {
        struct table_plan *plan = &world->plans[world->planned[i]];
        struct table *table;
        status = edit_own_table(world, world->planned[i], &table);
        if (status)
            break;
        if (table->row_count + plan->append_count > ROW_COUNT_MAX)
            return PECS_E_LIMIT;
        status = edit_own_last_records(world, world->planned[i], table, plan->removal_count);
        if (status)
            break;
        plan->row_count_before = table->row_count + plan->append_count;
        status = plan->adoption.count
                     ? table_reserve_adopting(&world->gate, world->state, table, plan->append_count, &plan->adoption)
                     : table_reserve(&world->gate, table, plan->removal_count, plan->append_count);
    }
    return status;
}

static void edit_plan_clear(struct pecs_world *world)
{
    for (size_t i = 0; i < world->planned_count; i++)
        world->plans[world->planned[i]] = (struct table_plan){ 0 };
    world->planned_count = 0;
}

void edit_plan_finish(struct pecs_world *world)
{
    for (size_t i = 0; i < world->planned_count; i++) {
        const uint32_t table = world->planned[i];
        if (world->plans[table].removal_count)
            table_trim(&world->gate, edit_table(world, table), world->plans[table].row_count_before);
    }
    edit_plan_clear(world);
}

void edit_plan_forget(struct pecs_world *world)
{
    for (size_t i = 0; i < world->planned_count; i++) {
        const struct table_plan *plan = &world->plans[world->planned[i]];
        if (plan->row_count_before && plan->append_count)
            table_give_back(&world->gate, edit_table(world, world->planned[i]), plan->append_count);
    }
    edit_plan_clear(world);
}

pecs_status edit_ready_slots(struct pecs_world *world, uint64_t count)
{
    struct entity_index *index;
    uint64_t append_count = 0;
    pecs_status status = state_own_index(&world->gate, world->state, &index);
    if (!status)
        status = free_map_reserve(&world->free_map, &world->gate, world->state, index, count, &append_count);
    if (status)
        return status;
    status = index_reserve(&world->gate, index, append_count);
    if (!status)
        status = edit_open_session(world);
    if (status)
        index_give_back(&world->gate, index, append_count);
    return status;
}

void edit_give_back_slots(struct pecs_world *world, uint64_t count)
{
    if (count)
        index_give_back(&world->gate, edit_index(world), count);
}

pecs_entity edit_take_slot(struct pecs_world *world)
{
    struct entity_index *index = edit_index(world);
    pecs_entity entity = { 0, 1 };
    if (world->state->free_count) {
        entity.index = free_map_take(&world->free_map, world->state, index);
        entity.generation = edit_record(world, entity.index)->generation + 1;
    } else {
        entity.index = (uint32_t)index->records.count++;
        if (world->state->retired)
            entity.generation = retired_generation(world->state->retired, entity.index) + 1;
    }
    *edit_record(world, entity.index) = (struct record){ entity.generation, NO_TABLE, 0, world->state->session };
    world->state->entity_count++;
    return entity;
}

void edit_take_slots(struct pecs_world *world, uint64_t count, pecs_entity *ret_entities)
{
    struct pecs_snapshot *state = world->state;
    uint64_t done = 0;
    for (; done < count && state->free_count; done++)
        ret_entities[done] = edit_take_slot(world);
    const uint64_t first = index_slot_count(edit_index(world));
    const bool has_retired = state_retired_count(state) != 0;
    edit_index(world)->records.count += count - done;
    state->entity_count += count - done;
    for (uint64_t i = 0; done < count; i++, done++)
        ret_entities[done] = (pecs_entity){ (uint32_t)(first + i),
                                            1 + (has_retired ? retired_generation(state->retired, first + i) : 0) };
}

void edit_place_entities(struct pecs_world *world, uint32_t number, uint64_t row, uint64_t count,
                         const pecs_entity *entities, uint64_t stride)
{
    struct table *table = edit_table(world, number);
    const uint32_t session = world->state->session;
    while (count) {
        const uint64_t rows = min_u64(count, table_chunk_rows(table) - (row & (table_chunk_rows(table) - 1)));
        pecs_entity *handles = (pecs_entity *)(void *)table_owned_value(table, HANDLE_COLUMN, row);
        for (uint64_t i = 0; i < rows; i++, entities += stride) {
            handles[i] = *entities;
            *edit_record(world, entities->index) =
                (struct record){ entities->generation, number, (uint32_t)(row + i), session };
        }
        row += rows;
        count -= rows;
    }
}

void edit_give_slot(struct pecs_world *world, uint32_t index)
{
    struct record *record = edit_record(world, index);
    *record = (struct record){ record->generation, NO_TABLE, 0, 0 };
    world->state->entity_count--;
    if (record->generation < GENERATION_MAX)
        free_map_give(&world->free_map, world->state, edit_index(world), index);
}

static void edit_point_record(struct pecs_world *world, pecs_entity entity, uint32_t table, uint64_t row)
{
    if (entity.generation == 0) {
        world->state->singleton_table = table;
        return;
    }
    struct record *record = edit_record(world, entity.index);
    record->table = table;
    record->row = (uint32_t)row;
}

uint64_t edit_append_row(struct pecs_world *world, uint32_t table, pecs_entity entity)
{
    struct table *to = edit_table(world, table);
    const uint64_t row = to->row_count++;
    memcpy((uint8_t *)(uintptr_t)table_tail_value(&world->gate, to, HANDLE_COLUMN, row), &entity, sizeof(entity));
    edit_point_record(world, entity, table, row);
    return row;
}

void edit_find_row(struct pecs_world *world, uint32_t table, uint64_t row)
{
    struct table *from = edit_table(world, table);
    for (uint32_t i = 0; i < from->archetype->column_count; i++)
        world->row[i] = table_owned_value(from, i, row);
}

void edit_remove_row(struct pecs_world *world, uint32_t table, uint64_t row)
{
    struct table *from = edit_table(world, table);
    table_remove_row(&world->gate, from, row, world->row);
    if (row == from->row_count)
        return;
    pecs_entity moved;
    memcpy(&moved, world->row[HANDLE_COLUMN], sizeof(moved));
    edit_point_record(world, moved, table, row);
}

void edit_move_row(struct pecs_world *world, pecs_entity entity, uint32_t from, uint64_t row, uint32_t to)
{
    const uint64_t new_row = edit_append_row(world, to, entity);
    const struct table *source = edit_table(world, from);
    struct table *target = edit_table(world, to);
    const struct archetype *a = source->archetype, *b = target->archetype;
    for (uint32_t i = 1, j = 1; i < a->column_count && j < b->column_count;) {
        if (a->column_components[i] == b->column_components[j]) {
            copy_small((uint8_t *)(uintptr_t)table_tail_value(&world->gate, target, j, new_row), world->row[i],
                       b->column_bytes[j]);
            i++, j++;
        } else if (a->column_components[i] < b->column_components[j]) {
            i++;
        } else {
            j++;
        }
    }
    place_forget_row(world, a, b);
    edit_remove_row(world, from, row);
}

/* Prepares for what becomes of the contents of a row, all columns of which have passed the gate. */
static pecs_status edit_ready_contents(struct pecs_world *world, struct table *table, uint64_t row)
{
    struct heap *heap;
    if (!table->archetype->has_contents || !world->state->heap.node)
        return PECS_OK;
    const pecs_status status = state_own_heap(&world->gate, world->state, &heap);
    return status ? status : heap_move_row(&world->gate, world->state, table, row);
}

pecs_status edit_own_row(struct pecs_world *world, struct table *table, uint64_t row, uint8_t **values)
{
    const pecs_status status = table_own_row(&world->gate, table, row, values);
    return status || !table->archetype->has_contents ? status : edit_ready_contents(world, table, row);
}

/* The scratch row is filled here and stays valid until edit_move, since no array is replaced in between. */
static pecs_status edit_ready_source(struct pecs_world *world, pecs_entity entity, struct record at)
{
    struct table *source;
    pecs_status status = entity.generation ? edit_prove_row(world, entity, at) : PECS_OK;
    if (!status)
        status = edit_own_table(world, at.table, &source);
    if (!status)
        status = table_reserve_removal(&world->gate, source);
    if (!status && at.row != source->row_count - 1)
        status = edit_own_record_of_row(world, at.table, source, source->row_count - 1);
    return status ? status : edit_own_row(world, source, at.row, world->row);
}

pecs_status edit_ready_row(struct pecs_world *world, uint32_t table)
{
    struct table *target;
    const pecs_status status = edit_own_table(world, table, &target);
    if (status)
        return status;
    return target->row_count < ROW_COUNT_MAX ? table_reserve_append(&world->gate, target) : PECS_E_LIMIT;
}

pecs_status edit_ready_move(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t to)
{
    pecs_status status = entity.generation ? edit_own_record(world, entity.index) : PECS_OK;
    if (!status && to != NO_TABLE)
        status = edit_ready_row(world, to);
    return status || at.table == NO_TABLE ? status : edit_ready_source(world, entity, at);
}

void edit_move(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t to)
{
    if (at.table == NO_TABLE) {
        edit_append_row(world, to, entity);
        return;
    }
    struct table *source = edit_table(world, at.table);
    const uint64_t before = source->row_count;
    if (to == NO_TABLE) {
        place_forget_row(world, source->archetype, NULL);
        edit_remove_row(world, at.table, at.row);
    } else {
        edit_move_row(world, entity, at.table, at.row, to);
    }
    if ((source->row_count & (table_chunk_rows(source) - 1)) == 0) /* the last chunk may be empty now */
        table_trim(&world->gate, source, before);
}

bool edit_set_insert(struct pecs_world *world, uint32_t *count, pecs_component component)
{
    pecs_component *set = world->set;
    uint32_t place = *count;
    while (place && set[place - 1] > component)
        place--;
    if (place && set[place - 1] == component)
        return false;
    memmove(set + place + 1, set + place, (*count - place) * sizeof(*set));
    set[place] = component;
    (*count)++;
    return true;
}

pecs_status edit_relocate(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t set_count,
                          bool is_singleton, struct record *ret_at)
{
    uint32_t to;
    const uint32_t table_count = world->state->table_count;
    pecs_status status = edit_find_table(world, world->set, set_count, is_singleton, &to);
    if (!status)
        status = edit_ready_move(world, entity, at, to);
    if (status) {
        edit_drop_tables(world, table_count);
        return status;
    }
    *ret_at = (struct record){ at.generation, to, (uint32_t)edit_table(world, to)->row_count, at.session };
    edit_move(world, entity, at, to);
    return PECS_OK;
}

pecs_status edit_own_values(struct pecs_world *world, struct record at, const pecs_value *values, size_t value_count)
{
    struct table *table;
    pecs_status status = at.row < state_table(world->state, at.table)->row_count ? PECS_OK : PECS_E_CORRUPT;
    if (!status)
        status = edit_own_table(world, at.table, &table);
    if (status)
        return status;
    const uint64_t chunk = at.row >> table->archetype->chunk_shift, rows = table_live_rows(table, chunk);
    for (size_t i = 0; !status && i < value_count; i++) {
        const uint32_t column = archetype_column(table->archetype, values[i].component);
        uint8_t *bytes;
        if (column != NO_COLUMN)
            status = table_own_chunk(&world->gate, table, column, chunk, rows, &bytes);
    }
    return status;
}

void edit_fill_value(uint8_t *to, const void *data, size_t size)
{
    if (!data)
        memset(to, 0, size);
    else if (size <= 256)
        copy_small(to, data, size);
    else
        memcpy(to, data, size);
}

/* Copies chunk by chunk. */
void edit_fill_column(struct pecs_world *world, uint32_t table_number, uint32_t column, uint64_t first, uint64_t count,
                      const pecs_value *value)
{
    struct table *table = edit_table(world, table_number);
    const uint8_t *from = value->data;
    while (count) {
        const uint64_t room = table_chunk_rows(table) - (first & (table_chunk_rows(table) - 1));
        const uint64_t rows = min_u64(room, count);
        const size_t bytes = (size_t)(rows * value->size_bytes);
        uint8_t *to = table_owned_value(table, column, first);
        if (from)
            memcpy(to, from, bytes), from += bytes;
        else
            memset(to, 0, bytes);
        first += rows;
        count -= rows;
    }
}

void edit_fill_rows(struct pecs_world *world, uint32_t table_number, uint64_t first, uint64_t count,
                    const pecs_value *value)
{
    struct table *table = edit_table(world, table_number);
    const uint32_t column = archetype_column(table->archetype, value->component);
    if (column == NO_COLUMN)
        return;
    if (count == 1) /* often the last row, whose chunk is cached */
        edit_fill_value((uint8_t *)(uintptr_t)table_tail_value(&world->gate, table, column, first), value->data,
                        value->size_bytes);
    else
        edit_fill_column(world, table_number, column, first, count, value);
}
