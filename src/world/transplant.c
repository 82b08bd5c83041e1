/*
 * Rows are copied column by column, in pieces as long as the chunks of both tables allow; further copies are copied
 * from the first. Only columns whose components have contents or references are looked at value by value.
 */
#include "transplant.h"

#include "place.h"
#include "reference_walk.h"

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
    for (size_t i = 0; i < transplant->run_count; i++) {
        struct transplant_run *run = &transplant->runs[i];
        struct table_plan *plan = &world->plans[run->to];
        struct table *table = edit_table(world, run->to);
        run->row = table->row_count + plan->filled_count;
        table_copy_rows(table, run->row, state_table(transplant_source(transplant), run->from), run->first, run->count);
        plan->filled_count += run->count;
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
        uint64_t reference;
        const pecs_status status =
            place_copied(transplant->world, component, &content, state_heap(transplant_source(transplant)),
                         &transplant->units, &reference);
        if (status)
            return status;
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
static pecs_status transplant_fill(struct transplant *transplant, uint64_t slot_count)
{
    struct pecs_world *world = transplant->world;
    pecs_status status = PECS_OK;
    transplant_copy_runs(transplant);
    for (size_t i = 0; !status && i < world->planned_count; i++) {
        transplant_repeat(transplant, world->planned[i]);
        status = transplant_place_table(transplant, world->planned[i]);
    }
    if (!status && slot_count)
        status = edit_ready_slots(world, slot_count);
    return status;
}

/* Whether full chunks of a run can be adopted: they have the size of the table's, which adopts no others yet. */
static bool transplant_can_adopt(const struct transplant *transplant, const struct transplant_run *run)
{
    const struct table *from = state_table(transplant_source(transplant), run->from);
    const struct table *to = state_table(transplant->world->state, run->to);
    return transplant->adopts && !run->has_handles && !transplant->world->plans[run->to].adoption.count &&
           from->archetype->chunk_shift == to->archetype->chunk_shift &&
           (run->first & (table_chunk_rows(from) - 1)) == 0;
}

static pecs_status transplant_push(struct transplant *transplant, struct transplant_run run, uint64_t first,
                                   uint64_t count)
{
    if (!count)
        return PECS_OK;
    if (!pool_reserve(transplant->world->registry->pool, (void **)&transplant->runs, &transplant->run_capacity,
                      transplant->run_count + 1, sizeof(run)))
        return PECS_E_MEMORY;
    run.first = first;
    run.count = count;
    transplant->runs[transplant->run_count++] = run;
    return PECS_OK;
}

/*
 * Adds a run in three parts, the second of which is adopted. The first fills the last chunk of the world's table, by
 * rows from the end of the run. `row` is where the run begins there.
 */
static pecs_status transplant_add_parts(struct transplant *transplant, const struct transplant_run *run, uint64_t row)
{
    struct table_plan *plan = &transplant->world->plans[run->to];
    const uint32_t shift = state_table(transplant->world->state, run->to)->archetype->chunk_shift;
    const uint64_t room = (chunk_count_of(row, shift) << shift) - row;
    const uint64_t chunks =
        transplant_can_adopt(transplant, run) && run->count > room ? (run->count - room) >> shift : 0;
    const uint64_t adopted = chunks << shift;
    if (!chunks)
        return transplant_push(transplant, *run, run->first, run->count);
    plan->adoption = (struct table_adoption){
        .from = state_table(transplant_source(transplant), run->from),
        .from_chunk = run->first >> shift,
        .chunk = (row + room) >> shift,
        .count = chunks,
    };
    pecs_status status = transplant_push(transplant, *run, run->first + run->count - room, room);
    if (!status)
        status = transplant_push(transplant, *run, run->first, adopted);
    if (!status)
        status = transplant_push(transplant, *run, run->first + adopted, run->count - room - adopted);
    return status;
}

/* Notes the rows of all runs, and decides which chunks are adopted. */
static pecs_status transplant_plan(struct transplant *transplant, uint64_t *ret_slot_count)
{
    struct pecs_world *world = transplant->world;
    const struct transplant given = *transplant;
    pecs_status status = PECS_OK;
    *ret_slot_count = 0;
    transplant->runs = NULL;
    transplant->run_count = transplant->run_capacity = 0;
    for (size_t i = 0; !status && i < given.run_count; i++) {
        const struct transplant_run *run = &given.runs[i];
        const uint64_t rows = run->count * transplant->copy_count;
        *ret_slot_count += run->has_handles ? 0 : rows;
        status = edit_plan_note(world, run->to, 0, rows);
        if (!status)
            status = transplant_add_parts(transplant, run,
                                          state_table(world->state, run->to)->row_count +
                                              world->plans[run->to].append_count - rows);
    }
    pool_release(world->registry->pool, given.runs, given.run_capacity * sizeof(*given.runs));
    return status;
}

pecs_status transplant_ready(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    uint64_t slot_count;
    pecs_status status = transplant_plan(transplant, &slot_count);
    gate_hold(&world->gate); /* the source may be the world, whose arrays this replaces */
    if (!status)
        status = edit_plan_ready(world);
    if (!status)
        status = transplant_fill(transplant, slot_count);
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
        struct transplant_reference it = { .copy = 0 };
        memcpy(&it.entity, table_value(from, HANDLE_COLUMN, run->first + i), sizeof(it.entity));
        transplant->map(transplant, &it, 1);
        if (handles)
            handles[i] = it.entity;
        edit_append_row(transplant->world, run->to, it.entity);
    }
}

static void transplant_append_once(struct transplant *transplant)
{
    pecs_entity *handles = transplant->handles;
    for (size_t i = 0; i < transplant->run_count; i++) {
        const struct transplant_run *run = &transplant->runs[i];
        if (run->has_handles)
            transplant_append_known(transplant, run, handles);
        else
            edit_append_entities(transplant->world, run->to, run->count, handles);
        if (handles)
            handles += run->count;
    }
}

/* Some copies at once, so that their records and handles stay in the cache from run to run. */
enum { COPIES_AT_ONCE = 4096 }; /* entities */

/* Takes the slots of copies, and then writes their rows, run by run. */
static void transplant_append_some(struct transplant *transplant, uint64_t each, uint64_t first, uint64_t end)
{
    struct pecs_world *world = transplant->world;
    const pecs_entity *handles = transplant->handles;
    edit_take_slots(world, each * (end - first), transplant->handles + first * each);
    for (size_t i = 0; i < transplant->run_count; i++) {
        const struct transplant_run *run = &transplant->runs[i];
        const uint64_t step = world->plans[run->to].append_count / transplant->copy_count;
        const bool is_dense = run->count == 1 && step == 1; /* then the rows of all copies are consecutive */
        const uint64_t times = is_dense ? end - first : 1;
        for (uint64_t copy = first; copy < end; copy += times)
            edit_place_entities(world, run->to, run->row + copy * step, run->count * times, handles + copy * each,
                                is_dense ? each : 1);
        handles += run->count;
    }
}

static void transplant_append_copies(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    uint64_t each = 0, at_once;
    for (size_t i = 0; i < transplant->run_count; i++)
        each += transplant->runs[i].count;
    at_once = max_u64(COPIES_AT_ONCE / max_u64(each, 1), 1);
    for (uint64_t copy = 0; copy < transplant->copy_count; copy += at_once)
        transplant_append_some(transplant, each, copy, min_u64(copy + at_once, transplant->copy_count));
    for (size_t i = 0; i < world->planned_count; i++)
        edit_table(world, world->planned[i])->row_count += world->plans[world->planned[i]].append_count;
}

void transplant_append(struct transplant *transplant)
{
    if (transplant->copy_count == 1)
        transplant_append_once(transplant);
    else
        transplant_append_copies(transplant);
}

/* References that wait to be mapped. */
struct transplant_batch {
    struct transplant *transplant;
    size_t count;
    struct transplant_reference references[128];
};

static void transplant_batch_end(struct transplant_batch *batch)
{
    batch->transplant->map(batch->transplant, batch->references, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct transplant_reference *it = &batch->references[i];
        batch->transplant->cleared_count += !it->entity.generation;
        memcpy(it->place, &it->entity, sizeof(it->entity));
    }
    batch->count = 0;
}

static void transplant_batch_add(struct transplant_batch *batch, uint8_t *place, uint64_t copy)
{
    struct transplant_reference *it = &batch->references[batch->count];
    memcpy(&it->entity, place, sizeof(it->entity));
    if (!it->entity.generation)
        return;
    it->place = place;
    it->copy = copy;
    if (++batch->count == sizeof(batch->references) / sizeof(*batch->references))
        transplant_batch_end(batch);
}

/* The number of the copy that a row belongs to, counted from the first row that was appended to its table. */
static uint64_t transplant_copy_of(const struct transplant *transplant, uint64_t row, uint64_t each)
{
    return transplant->copy_count == 1 ? 0 : row / each;
}

/* The elements of a list. Lists of the copies were appended in this epoch, so they are private. */
static void transplant_map_list(struct transplant_batch *batch, const struct component *component,
                                const struct content *content, uint64_t copy)
{
    const struct component *element = content->list ? component_element(component, content->list) : NULL;
    struct reference_walk walk;
    uint64_t size, offset;
    if (!element || !element->has_references)
        return;
    const uint8_t *bytes = heap_find(state_heap(batch->transplant->world->state), content->reference, &size);
    if (!bytes)
        return;
    for (reference_walk_begin(&walk, element, size / element->size); reference_walk_next(&walk, &offset);)
        transplant_batch_add(batch, (uint8_t *)(uintptr_t)bytes + offset, copy);
}

void transplant_map(struct transplant *transplant, const struct component *component, uint8_t *values, uint64_t count,
                    uint64_t first, uint64_t each)
{
    struct transplant_batch batch;
    struct reference_walk walk;
    struct content_walk contents;
    struct content content;
    uint64_t offset;
    batch.transplant = transplant;
    batch.count = 0;
    for (reference_walk_begin(&walk, component, count); reference_walk_next(&walk, &offset);)
        transplant_batch_add(&batch, values + offset,
                             transplant_copy_of(transplant, first + offset / component->size, each));
    if (component_has_contents(component))
        for (content_walk_begin(&contents, component, values, count); content_walk_next(&contents, &content);)
            transplant_map_list(&batch, component, &content, transplant_copy_of(transplant, first + content.row, each));
    transplant_batch_end(&batch);
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

void transplant_finish(struct transplant *transplant)
{
    struct pecs_world *world = transplant->world;
    for (size_t i = 0; i < world->planned_count; i++)
        transplant_map_table(transplant, world->planned[i]);
    edit_plan_finish(world);
    place_count(world, transplant->units);
}
