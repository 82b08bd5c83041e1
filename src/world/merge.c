/*
 * Merges. First all ids are looked up, which finds conflicts and decides what every entity becomes. Then the world's
 * state is edited while its present one is held, as a snapshot holds one; if anything fails, the world goes back to it.
 *
 *     find     targets and runs; nothing changes
 *     remove   the rows of entities that are replaced, which keep their records
 *     copy     the transplant
 *     own      singletons and attachments
 */
#include "error.h"
#include "identity.h"
#include "merge_parts.h"
#include "place.h"

/* Writes an error that names an id. */
static pecs_status merge_fail_id(struct pecs_world *world, pecs_id id, const char *text)
{
    char name[PECS_ID_TEXT_BYTES];
    edit_fail(world, PECS_E_CONFLICT, text);
    pecs_error *error = failure_own_error(&world->failure, world->registry->pool);
    if (!error)
        return PECS_E_CONFLICT;
    pecs_id_format(id, name);
    world->failure.is_written = true;
    return fail(error, PECS_E_CONFLICT, "id %s: %s", name, text);
}

/* What one entity of the snapshot becomes. */
enum fate { FATE_ADDED, FATE_KEPT, FATE_REPLACED, FATE_NEW_ID };

static pecs_status merge_decide(const struct merge *merge, pecs_id id, pecs_entity *ret_target, enum fate *ret_fate)
{
    struct pecs_world *world = merge->transplant.world;
    const bool is_there = identity_find(world->state, id, ret_target);
    *ret_fate = FATE_ADDED;
    if (!is_there && !edit_id_is_future(world, id))
        return PECS_OK;
    *ret_fate = FATE_NEW_ID;
    if (merge->conflicts == PECS_CONFLICTS_NEW_ID)
        return PECS_OK;
    if (!is_there)
        return merge_fail_id(world, id, "the world will assign it to a later entity");
    if (merge->conflicts == PECS_CONFLICTS_REFUSE)
        return merge_fail_id(world, id, "an entity of the world has it already");
    *ret_fate = merge->conflicts == PECS_CONFLICTS_KEEP ? FATE_KEPT : FATE_REPLACED;
    return PECS_OK;
}

/* In a run, before its table is found: whether its entities have explicit ids. */
enum { TO_WITHOUT_ID, TO_WITH_ID };

static pecs_status merge_add_row(struct merge *merge, uint32_t table, uint64_t row, pecs_entity entity, enum fate fate,
                                 pecs_entity target)
{
    const struct pecs_snapshot *state = merge->transplant.world->state;
    struct transplant_run run = { .from = table, .to = TO_WITHOUT_ID, .first = row, .count = 1 };
    merge->targets[entity.index] = target;
    if (fate == FATE_KEPT)
        return PECS_OK;
    if (fate == FATE_REPLACED) {
        run.has_handles = true;
        run.to = identity_explicit(state, state_find(state, target)) ? TO_WITH_ID : TO_WITHOUT_ID;
    } else {
        run.to = fate == FATE_ADDED ? TO_WITH_ID : TO_WITHOUT_ID;
        merge->targets[entity.index] = (pecs_entity){ (uint32_t)merge->row_count + 1, 0 };
    }
    merge->row_count++;
    return transplant_add_row(&merge->transplant, &run);
}

static pecs_status merge_find_table(struct merge *merge, uint32_t number)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    const struct table *table = state_table(source, number);
    uint64_t *const counts[] = { &merge->report.added_count, &merge->report.kept_count, &merge->report.replaced_count,
                                 &merge->report.new_id_count };
    pecs_status status = PECS_OK;
    for (uint64_t row = 0; !status && row < table->row_count; row++) {
        pecs_entity entity, target = { 0, 0 };
        enum fate fate;
        memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
        if (!source->is_proven && !state_row_agrees(source, number, row, entity))
            return PECS_E_CORRUPT;
        const struct record *record = state_record(source, entity.index);
        status = merge_decide(merge, identity_of(source, entity, record), &target, &fate);
        if (status)
            return status;
        ++*counts[fate];
        status = merge_add_row(merge, number, row, entity, fate, target);
    }
    return status;
}

static pecs_status merge_find(struct merge *merge)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < source->table_count; i++)
        if (!state_table(source, i)->archetype->is_singleton)
            status = merge_find_table(merge, i);
    if (!status)
        status = edit_check_slots(merge->transplant.world, merge->report.added_count + merge->report.new_id_count);
    return status ? status : merge_check_own(merge);
}

static pecs_entity merge_map(const struct transplant *transplant, uint64_t copy, pecs_entity entity)
{
    const struct merge *merge = (const struct merge *)(const void *)transplant;
    const struct pecs_snapshot *source = transplant->source;
    (void)copy;
    if (!state_find(source, entity))
        return (pecs_entity){ 0, 0 };
    const pecs_entity target = merge->targets[entity.index];
    return target.generation || !target.index ? target : transplant->handles[target.index - 1];
}

static pecs_entity merge_replaced(const struct merge *merge, const struct transplant_run *run, uint64_t row)
{
    const struct table *from = state_table(merge->transplant.source, run->from);
    pecs_entity entity;
    memcpy(&entity, table_value(from, HANDLE_COLUMN, run->first + row), sizeof(entity));
    return merge->targets[entity.index];
}

/* The table in a record whose entity is alive but has no row: another number than NO_TABLE, so its slot is not free. */
#define BETWEEN_TABLES (NO_TABLE - 1)

/* Removes the row of an entity that keeps its record. Two entities of a damaged file may have one id. */
static pecs_status merge_remove_row(struct pecs_world *world, pecs_entity entity)
{
    const struct record *record = state_find(world->state, entity);
    if (!record)
        return PECS_E_CORRUPT;
    const struct record at = *record;
    edit_find_row(world, at.table, at.row);
    place_forget_row(world, state_table(world->state, at.table)->archetype, NULL);
    edit_remove_row(world, at.table, at.row);
    edit_record(world, entity.index)->table = BETWEEN_TABLES;
    return PECS_OK;
}

static pecs_status merge_remove_replaced(struct merge *merge)
{
    const struct transplant *transplant = &merge->transplant;
    struct pecs_world *world = transplant->world;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < transplant->run_count; i++)
        for (uint64_t row = 0; !status && transplant->runs[i].has_handles && row < transplant->runs[i].count; row++)
            status = edit_ready_departure(world, merge_replaced(merge, &transplant->runs[i], row));
    if (!status)
        status = edit_plan_ready(world);
    for (size_t i = 0; !status && i < transplant->run_count; i++)
        for (uint64_t row = 0; !status && transplant->runs[i].has_handles && row < transplant->runs[i].count; row++)
            status = merge_remove_row(world, merge_replaced(merge, &transplant->runs[i], row));
    if (status)
        edit_plan_forget(world);
    else
        edit_plan_finish(world);
    return status;
}

static pecs_status merge_find_tables(struct merge *merge)
{
    struct transplant *transplant = &merge->transplant;
    uint32_t tables[2] = { NO_TABLE, NO_TABLE };
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < transplant->run_count; i++) {
        struct transplant_run *run = &transplant->runs[i];
        const bool has_id = run->to == TO_WITH_ID;
        if (i && transplant->runs[i - 1].from != run->from)
            tables[0] = tables[1] = NO_TABLE;
        if (tables[has_id] == NO_TABLE)
            status = transplant_find_table(transplant->world, state_table(transplant->source, run->from)->archetype,
                                           has_id, &tables[has_id]);
        run->to = tables[has_id];
    }
    return status;
}

static void merge_list_ids(const struct merge *merge, pecs_id *ids)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    for (size_t i = 0; i < merge->transplant.run_count; i++) {
        const struct transplant_run *run = &merge->transplant.runs[i];
        for (uint64_t row = 0; row < run->count; row++) {
            pecs_entity entity;
            memcpy(&entity, table_value(state_table(source, run->from), HANDLE_COLUMN, run->first + row),
                   sizeof(entity));
            *ids++ = identity_of(source, entity, state_record(source, entity.index));
        }
    }
}

/* Of a resumed snapshot it is not known that ids are unique: each must find the entity that came in with it. */
static pecs_status merge_prove_ids(const struct merge *merge)
{
    const struct pecs_snapshot *state = merge->transplant.world->state;
    for (uint64_t i = 0; !merge->transplant.source->is_proven && i < merge->row_count; i++) {
        const pecs_entity entity = merge->transplant.handles[i];
        const struct record *record = state_find(state, entity);
        pecs_entity found;
        if (!record || !identity_find(state, identity_of(state, entity, record), &found) || found.index != entity.index)
            return PECS_E_CORRUPT;
    }
    return PECS_OK;
}

static pecs_status merge_entities(struct merge *merge, pecs_id *ids)
{
    struct pecs_world *world = merge->transplant.world;
    pecs_status status = transplant_take_types(world, merge->transplant.source);
    if (!status && merge->report.added_count + merge->report.new_id_count)
        status = edit_open_session(world); /* while those that are replaced still hold theirs */
    if (!status && merge->report.replaced_count)
        status = merge_remove_replaced(merge);
    if (!status)
        status = merge_find_tables(merge);
    if (status)
        return status;
    merge_list_ids(merge, ids);
    merge->transplant.ids = ids;
    status = transplant_ready(&merge->transplant);
    if (status)
        return status;
    transplant_commit(&merge->transplant);
    return merge_prove_ids(merge);
}

static pecs_status merge_copy(struct merge *merge)
{
    struct pool *pool = merge->transplant.world->registry->pool;
    const size_t count = (size_t)merge->row_count + 1;
    pecs_id *ids = pool_allocate(pool, count * sizeof(*ids));
    merge->transplant.handles = pool_allocate(pool, count * sizeof(*merge->transplant.handles));
    pecs_status status = ids && merge->transplant.handles ? PECS_OK : PECS_E_MEMORY;
    if (!status && merge->row_count)
        status = merge_entities(merge, ids);
    for (uint64_t i = 0; !status && i < state_slot_count(merge->transplant.source); i++)
        if (!merge->targets[i].generation && merge->targets[i].index)
            merge->targets[i] = merge->transplant.handles[merge->targets[i].index - 1];
    if (!status && merge->has_own)
        status = merge_own(merge);
    pool_release(pool, merge->transplant.handles, count * sizeof(*merge->transplant.handles));
    pool_release(pool, ids, count * sizeof(*ids));
    return status;
}

/* Puts the world back into the state that was held. */
static void merge_put_back(struct pecs_world *world, struct pecs_snapshot *held, bool tick_was_seen)
{
    const pecs_status status = catalog_follow(&world->catalog, world->registry->pool, held);
    assert(!status && "its lists have had the room");
    (void)status;
    free_map_invalidate(&world->free_map, world->registry->pool);
    state_release(world->state);
    world->state = held;
    world->source.state = held;
    gate_close(&world->gate);
    world->gate.tick = held->tick;
    world->tick_is_seen = tick_was_seen;
}

static pecs_status merge_edit(struct merge *merge)
{
    struct pecs_world *world = merge->transplant.world;
    const bool tick_was_seen = world->tick_is_seen;
    struct pecs_snapshot *held = pecs_snapshot_retain(world->state);
    gate_close(&world->gate);
    pecs_status status = edit_begin_values(world);
    if (!status)
        status = merge_copy(merge);
    if (status) {
        merge_put_back(world, held, tick_was_seen);
        return status;
    }
    state_release(held);
    place_tend(world, 0);
    return PECS_OK;
}

static pecs_status merge_run(struct merge *merge, pecs_entity *ret_entities)
{
    struct pecs_world *world = merge->transplant.world;
    struct pool *pool = world->registry->pool;
    const size_t slot_count = (size_t)state_slot_count(merge->transplant.source);
    const size_t bytes = (slot_count + 1) * sizeof(*merge->targets);
    pecs_status status = edit_check_busy(world);
    if (status)
        return status;
    merge->targets = pool_allocate_zeroed(pool, bytes);
    status = merge->targets ? merge_find(merge) : PECS_E_MEMORY;
    if (!status && (merge->row_count || merge->has_own))
        status = merge_edit(merge);
    if (!status && ret_entities && slot_count)
        memcpy(ret_entities, merge->targets, slot_count * sizeof(*ret_entities));
    transplant_deinit(&merge->transplant);
    pool_release(pool, merge->targets, bytes);
    merge->report.reference_count = merge->transplant.cleared_count;
    return status;
}

static pecs_status merge_check(struct pecs_world *world, const pecs_snapshot *snapshot, pecs_conflicts conflicts)
{
    if (!snapshot)
        return edit_fail(world, PECS_E_MISUSE, "snapshot is NULL");
    if (snapshot->registry != world->registry)
        return edit_fail(world, PECS_E_MISUSE,
                         "the snapshot is of another registry: convert it first with pecs_snapshot_convert");
    if ((unsigned)conflicts > PECS_CONFLICTS_NEW_ID)
        return edit_fail(world, PECS_E_MISUSE, "the value of conflicts is invalid");
    return PECS_OK;
}

pecs_status pecs_world_merge(pecs_world *world, const pecs_snapshot *snapshot, pecs_conflicts conflicts,
                             pecs_entity *ret_entities, pecs_merge_report *ret_report)
{
    struct merge merge = {
        .transplant = { .world = world, .source = snapshot, .copy_count = 1, .map = merge_map },
        .conflicts = conflicts,
    };
    if (!world)
        return PECS_E_MISUSE;
    pecs_status status = merge_check(world, snapshot, conflicts);
    if (!status)
        status = merge_run(&merge, ret_entities);
    if (!status && ret_report)
        *ret_report = merge.report;
    return failure_end(&world->failure, status);
}
