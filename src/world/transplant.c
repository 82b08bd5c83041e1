/*
 * Rows are copied column by column, in pieces as long as the chunks of both tables allow; further copies are copied
 * from the first. Only columns whose components have contents or references are looked at value by value.
 */
#include "transplant.h"

#include "id_hash.h"
#include "place.h"
#include "reference_walk.h"
#include "table_merge.h"

/* Makes `unknown` the world's list of types; tables get a new lineage, since places of components change. */
static pecs_status transplant_set_types(struct pecs_world *world, struct unknown_types *unknown)
{
    struct pecs_snapshot *state = world->state;
    struct pool *pool = world->registry->pool;
    struct unknown_types *const old = state->unknown;
    const uint64_t old_lineage = state->lineage;
    state->unknown = unknown;
    state->lineage = pool_next_epoch(pool);
    pecs_status status = edit_reserve_scratch(world, state);
    if (!status)
        status = catalog_follow(&world->catalog, pool, state);
    if (status) {
        state->unknown = old;
        state->lineage = old_lineage;
        const pecs_status back = catalog_follow(&world->catalog, pool, state);
        assert(!back && "its lists have had the room");
        (void)back;
    }
    struct unknown_types *const dropped = status ? unknown : old;
    if (dropped)
        node_release(pool, &dropped->node);
    return status;
}

pecs_status transplant_take_types(struct pecs_world *world, const struct pecs_snapshot *from)
{
    pecs_component number;
    struct unknown_types *joined;
    if (!from->unknown || from->unknown == world->state->unknown)
        return PECS_OK;
    const pecs_status status =
        unknown_types_join(world->registry, world->state->unknown, from->unknown, &joined, &number);
    if (status == PECS_E_LAYOUT)
        return failure_explain(&world->failure, status, (pecs_entity){ 0, 0 }, number,
                               "the registry lacks it, and the snapshot has it with another layout");
    if (status == PECS_E_LIMIT)
        return edit_fail(world, status, "with those of the snapshot there are too many types");
    if (status)
        return status;
    if (joined != world->state->unknown)
        return transplant_set_types(world, joined);
    node_release(world->registry->pool, &joined->node);
    return PECS_OK;
}

pecs_status transplant_add_row(struct transplant *transplant, const struct transplant_run *run)
{
    struct transplant_run *last = transplant->run_count ? &transplant->runs[transplant->run_count - 1] : NULL;
    if (last && last->from == run->from && last->to == run->to && last->has_handles == run->has_handles &&
        last->first + last->count == run->first) {
        last->count += run->count;
        return PECS_OK;
    }
    if (!pool_reserve(transplant->world->registry->pool, (void **)&transplant->runs, &transplant->run_capacity,
                      transplant->run_count + 1, sizeof(*run)))
        return PECS_E_MEMORY;
    transplant->runs[transplant->run_count++] = *run;
    return PECS_OK;
}

void transplant_deinit(struct transplant *transplant)
{
    pool_release(transplant->world->registry->pool, transplant->runs,
                 transplant->run_capacity * sizeof(*transplant->runs));
}

pecs_status transplant_find_table(struct pecs_world *world, const struct archetype *archetype, bool has_id,
                                  uint32_t *ret_table)
{
    const pecs_component id = world->registry->id_component;
    uint32_t count = 0;
    bool needs_id = has_id;
    for (uint32_t i = 0; i < archetype->component_count; i++) {
        const pecs_component component = archetype->components[i];
        if (needs_id && component >= id)
            world->set[count++] = id;
        needs_id &= component < id;
        if (component != id)
            world->set[count++] = component;
    }
    if (needs_id)
        world->set[count++] = id;
    return edit_find_table(world, world->set, count, false, ret_table);
}

/* Copies the rows of one copy. */
static void transplant_copy_runs(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    uint64_t at = 0;
    for (size_t i = 0; i < transplant->run_count; i++) {
        const struct transplant_run *run = &transplant->runs[i];
        struct table_plan *plan = &world->plans[run->to];
        struct table *table = edit_table(world, run->to);
        const uint64_t row = table->row_count + plan->filled_count;
        table_copy_rows(table, row, state_table(transplant_source(transplant), run->from), run->first, run->count);
        if (transplant->ids)
            edit_fill_rows(world, run->to, row, run->count,
                           &(pecs_value){ world->registry->id_component, sizeof(pecs_id), transplant->ids + at });
        plan->filled_count += run->count;
        at += run->count;
    }
}

/* Doubles what a table has got until it has all copies. */
static void transplant_repeat(struct transplant *transplant, uint32_t number)
{
    struct table_plan *plan = &transplant->world->plans[number];
    struct table *table = edit_table(transplant->world, number);
    while (plan->filled_count < plan->append_count) {
        const uint64_t count = min_u64(plan->filled_count, plan->append_count - plan->filled_count);
        table_copy_rows(table, table->row_count + plan->filled_count, table, table->row_count, count);
        plan->filled_count += count;
    }
}

pecs_status transplant_place(struct transplant *transplant, pecs_component number, uint8_t *values, uint64_t count)
{
    const struct component *component = edit_component(transplant->world, number);
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, component, values, count); content_walk_next(&walk, &content);) {
        struct given given;
        uint64_t reference;
        uint8_t *to;
        given.bytes = heap_find(state_heap(transplant_source(transplant)), content.reference, &given.size_bytes);
        const pecs_status status = place_content(transplant->world, component, &content, &given, &to, &reference);
        if (status)
            return status;
        transplant->units += contents_units(given.size_bytes, content.kind == PECS_STRING);
        memcpy(values + content.offset, &reference, sizeof(reference));
    }
    return PECS_OK;
}

/* A number of the next rows that lie in one chunk. */
static uint64_t transplant_rows_in_chunk(const struct table *table, uint64_t row, uint64_t count)
{
    return min_u64(count, table_chunk_rows(table) - (row & (table_chunk_rows(table) - 1)));
}

static pecs_status transplant_place_table(struct transplant *transplant, uint32_t number)
{
    struct table *table = edit_table(transplant->world, number);
    const struct archetype *archetype = table->archetype;
    const uint64_t end = table->row_count + transplant->world->plans[number].append_count;
    pecs_status status = archetype->has_contents ? place_begin(transplant->world) : PECS_OK;
    for (uint32_t i = 1; !status && archetype->has_contents && i < archetype->column_count; i++) {
        const pecs_component component = archetype->column_components[i];
        if (!component_has_contents(state_component(transplant->world->state, component)))
            continue;
        for (uint64_t row = table->row_count, rows; !status && row < end; row += rows) {
            rows = transplant_rows_in_chunk(table, row, end - row);
            status = transplant_place(transplant, component, table_owned_value(table, i, row), rows);
        }
    }
    return status;
}

/* Fills the rows that were reserved, and reserves all else. Slots come last, since they would be given back. */
static pecs_status transplant_fill(struct transplant *transplant, uint64_t row_count, uint64_t slot_count)
{
    struct pecs_world *world = transplant->world;
    pecs_status status = PECS_OK;
    transplant_copy_runs(transplant);
    for (size_t i = 0; !status && i < world->planned_count; i++) {
        transplant_repeat(transplant, world->planned[i]);
        status = transplant_place_table(transplant, world->planned[i]);
    }
    if (!status && transplant->ids)
        status = id_hash_reserve(&world->gate, world->state, transplant->ids, row_count);
    if (!status && slot_count)
        status = edit_ready_slots(world, slot_count);
    return status;
}

pecs_status transplant_ready(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    uint64_t row_count = 0, slot_count = 0;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < transplant->run_count; i++) {
        const uint64_t rows = transplant->runs[i].count * transplant->copy_count;
        row_count += rows;
        slot_count += transplant->runs[i].has_handles ? 0 : rows;
        status = edit_plan_note(world, transplant->runs[i].to, 0, rows);
    }
    gate_hold(&world->gate); /* the source may be the world, whose arrays this replaces */
    if (!status)
        status = edit_plan_ready(world);
    if (!status)
        status = transplant_fill(transplant, row_count, slot_count);
    gate_let_go(&world->gate);
    if (status)
        edit_plan_forget(world);
    return status;
}

/* Appends the rows of entities that have their handles. */
static void transplant_append_known(struct transplant *transplant, const struct transplant_run *run,
                                    pecs_entity *handles)
{
    const struct table *from = state_table(transplant_source(transplant), run->from);
    for (uint64_t i = 0; i < run->count; i++) {
        pecs_entity entity;
        memcpy(&entity, table_value(from, HANDLE_COLUMN, run->first + i), sizeof(entity));
        handles[i] = transplant->map(transplant, 0, entity);
        edit_append_row(transplant->world, run->to, handles[i]);
    }
}

static void transplant_append(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    pecs_entity *handles = transplant->handles;
    uint64_t at = 0;
    for (uint64_t copy = 0; copy < transplant->copy_count; copy++) {
        for (size_t i = 0; i < transplant->run_count; i++) {
            const struct transplant_run *run = &transplant->runs[i];
            if (run->has_handles)
                transplant_append_known(transplant, run, handles + at);
            else
                edit_append_entities(world, run->to, run->count, handles + at);
            const bool has_id =
                archetype_find(edit_table(world, run->to)->archetype, world->registry->id_component) != NO_COLUMN;
            if (transplant->ids && has_id)
                id_hash_note(world->state, run->count, transplant->ids + at, handles + at);
            at += run->count;
        }
    }
}

/* The number of the copy that a row belongs to, counted from the first row that was appended to its table. */
static uint64_t transplant_copy_of(const struct transplant *transplant, uint64_t row, uint64_t each)
{
    return transplant->copy_count == 1 ? 0 : row / each;
}

static void transplant_map_one(struct transplant *transplant, uint8_t *value, uint64_t copy)
{
    pecs_entity entity;
    memcpy(&entity, value, sizeof(entity));
    if (!entity.generation)
        return;
    entity = transplant->map(transplant, copy, entity);
    transplant->cleared_count += !entity.generation;
    memcpy(value, &entity, sizeof(entity));
}

/* The elements of a list. Lists of the copies were appended in this epoch, so they are private. */
static void transplant_map_list(struct transplant *transplant, const struct component *component,
                                const struct content *content, uint64_t copy)
{
    const struct component *element = content->list ? component_element(component, content->list) : NULL;
    struct reference_walk walk;
    uint64_t size, offset;
    if (!element || !element->has_references)
        return;
    const uint8_t *bytes = heap_find(state_heap(transplant->world->state), content->reference, &size);
    if (!bytes)
        return;
    for (reference_walk_begin(&walk, element, size / element->size); reference_walk_next(&walk, &offset);)
        transplant_map_one(transplant, (uint8_t *)(uintptr_t)bytes + offset, copy);
}

void transplant_map(struct transplant *transplant, const struct component *component, uint8_t *values, uint64_t count,
                    uint64_t first, uint64_t each)
{
    struct reference_walk walk;
    struct content_walk contents;
    struct content content;
    uint64_t offset;
    for (reference_walk_begin(&walk, component, count); reference_walk_next(&walk, &offset);)
        transplant_map_one(transplant, values + offset,
                           transplant_copy_of(transplant, first + offset / component->size, each));
    if (!component_has_contents(component))
        return;
    for (content_walk_begin(&contents, component, values, count); content_walk_next(&contents, &content);)
        transplant_map_list(transplant, component, &content, transplant_copy_of(transplant, first + content.row, each));
}

/* Sets the references in the rows that were appended to a table. */
static void transplant_map_table(struct transplant *transplant, uint32_t number)
{
    struct table *table = edit_table(transplant->world, number);
    const uint64_t appended = transplant->world->plans[number].append_count;
    const uint64_t each = appended / transplant->copy_count, first = table->row_count - appended;
    for (uint32_t i = 1; i < table->archetype->column_count; i++) {
        const struct component *component =
            state_component(transplant->world->state, table->archetype->column_components[i]);
        if (!component->has_references)
            continue;
        for (uint64_t done = 0, rows; done < appended; done += rows) {
            rows = transplant_rows_in_chunk(table, first + done, appended - done);
            transplant_map(transplant, component, table_owned_value(table, i, first + done), rows, done, each);
        }
    }
}

void transplant_commit(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    transplant_append(transplant);
    for (size_t i = 0; i < world->planned_count; i++)
        transplant_map_table(transplant, world->planned[i]);
    edit_plan_finish(world);
    place_count(world, transplant->units);
}
