/*
 * Merges. First all ids are looked up, which finds conflicts and decides what every entity becomes. Then the world's
 * state is edited while its present one is held, as a snapshot holds one; if anything fails, the world goes back to it.
 *
 *     find     targets and runs; nothing changes
 *     remove   the rows of entities that are replaced, which keep their records
 *     copy     the transplant
 *     own      singletons and attachments
 */
#include "births.h"
#include "error.h"
#include "id_hash.h"
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
    if (fate == FATE_KEPT || fate == FATE_REPLACED)
        merge->targets[entity.index] = (struct merge_target){ entity.generation, target };
    if (fate == FATE_KEPT)
        return PECS_OK;
    run.has_handles = fate == FATE_REPLACED;
    if (fate == FATE_ADDED || (run.has_handles && identity_explicit(state, state_find(state, target))))
        run.to = TO_WITH_ID;
    merge->row_count++;
    return transplant_add_row(&merge->transplant, &run);
}

static pecs_entity merge_entity_of(const struct table *table, uint64_t row)
{
    pecs_entity entity;
    memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
    return entity;
}

/* A few rows of a table of the snapshot at once, so that what a search for their ids reads can be prefetched. */
enum { MERGE_ROWS = 64 };

static pecs_status merge_find_rows(struct merge *merge, uint32_t number, uint64_t first, uint64_t count)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    const struct table *table = state_table(source, number);
    uint64_t *const counts[] = { &merge->report.added_count, &merge->report.kept_count, &merge->report.replaced_count,
                                 &merge->report.new_id_count };
    pecs_status status = PECS_OK;
    pecs_id ids[MERGE_ROWS];
    for (uint64_t i = 0; i < count; i++) {
        const pecs_entity entity = merge_entity_of(table, first + i);
        if (!source->is_proven && !state_row_agrees(source, number, first + i, entity))
            return PECS_E_CORRUPT;
        ids[i] = identity_of(source, entity, state_record(source, entity.index));
        identity_prefetch(merge->transplant.world->state, &ids[i]);
    }
    for (uint64_t i = 0; !status && i < count; i++) {
        pecs_entity target = { 0, 0 };
        enum fate fate;
        status = merge_decide(merge, ids[i], &target, &fate);
        if (status)
            return status;
        ++*counts[fate];
        status = merge_add_row(merge, number, first + i, merge_entity_of(table, first + i), fate, target);
    }
    return status;
}

/* Adds all rows of a table whose ids are known to be new. */
static pecs_status merge_add_table(struct merge *merge, uint32_t number)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    const struct table *table = state_table(source, number);
    const struct transplant_run run = { .from = number, .to = TO_WITH_ID, .count = table->row_count };
    for (uint64_t row = 0; !source->is_proven && row < table->row_count; row++)
        if (!state_row_agrees(source, number, row, merge_entity_of(table, row)))
            return PECS_E_CORRUPT;
    merge->row_count += run.count;
    merge->report.added_count += run.count;
    return run.count ? transplant_add_row(&merge->transplant, &run) : PECS_OK;
}

/*
 * Whether it is plain that no entity of the snapshot has an id that the world has or will assign: there are birth ids
 * only, of other sessions. False: it takes a search.
 */
static bool merge_is_of_strangers(const struct merge *merge)
{
    enum { COMPARISONS_MAX = 1 << 16 };
    struct pecs_world *world = merge->transplant.world;
    const struct sessions *theirs = merge->transplant.source->sessions, *own = world->state->sessions;
    const uint64_t own_count = own ? own->count : 0, count = theirs ? theirs->count : 0;
    if (identity_has_explicit(world->state) || identity_has_explicit(merge->transplant.source))
        return false;
    if (count > COMPARISONS_MAX / (own_count + 1))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (theirs->prefixes[i] == identity_prefix(edit_session_nonce(world)))
            return false;
        for (uint64_t j = 0; j < own_count; j++)
            if (theirs->prefixes[i] == own->prefixes[j])
                return false;
    }
    return true;
}

static pecs_status merge_find_table(struct merge *merge, uint32_t number)
{
    const uint64_t row_count = state_table(merge->transplant.source, number)->row_count;
    pecs_status status = PECS_OK;
    for (uint64_t row = 0; !status && row < row_count; row += MERGE_ROWS)
        status = merge_find_rows(merge, number, row, min_u64(MERGE_ROWS, row_count - row));
    return status;
}

static pecs_status merge_find(struct merge *merge)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    const bool are_strangers = merge_is_of_strangers(merge);
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < source->table_count; i++)
        if (!state_table(source, i)->archetype->is_singleton)
            status = are_strangers ? merge_add_table(merge, i) : merge_find_table(merge, i);
    if (!status)
        status = edit_check_slots(merge->transplant.world, merge->report.added_count + merge->report.new_id_count);
    return status ? status : merge_check_own(merge);
}

static void merge_map(const struct transplant *transplant, struct transplant_reference *references, size_t count)
{
    const struct merge *merge = (const struct merge *)(const void *)transplant;
    const uint64_t slot_count = state_slot_count(transplant->source);
    for (size_t i = 0; i < count; i++)
        if (references[i].entity.index < slot_count)
            __builtin_prefetch(&merge->targets[references[i].entity.index]);
    for (size_t i = 0; i < count; i++) {
        const pecs_entity entity = references[i].entity;
        const bool is_there = entity.index < slot_count && merge->targets[entity.index].generation == entity.generation;
        references[i].entity = is_there ? merge->targets[entity.index].entity : (pecs_entity){ 0, 0 };
    }
}

static pecs_entity merge_replaced(const struct merge *merge, const struct transplant_run *run, uint64_t row)
{
    const struct table *from = state_table(merge->transplant.source, run->from);
    return merge->targets[merge_entity_of(from, run->first + row).index].entity;
}

/* The table in a record whose entity is alive but has no row: another number than NO_TABLE, so its slot is not free. */
#define BETWEEN_TABLES (NO_TABLE - 1)

/* Two entities of a resumed file that was damaged have one id. */
static pecs_status merge_fail_same_id(struct pecs_world *world)
{
    return edit_fail(world, PECS_E_CORRUPT,
                     "two entities of the resumed file have one id: it is damaged; loading it reports where");
}

/* Removes the row of an entity that keeps its record. */
static pecs_status merge_remove_row(struct pecs_world *world, pecs_entity entity)
{
    const struct record *record = state_find(world->state, entity);
    if (!record)
        return merge_fail_same_id(world);
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
    if (status == PECS_E_CORRUPT && world->state->is_proven) /* a table loses more rows than it has */
        status = merge_fail_same_id(world);
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

/* Notes what the entities of a run have become, and gives those that came in with their ids these. */
static void merge_note_run(struct merge *merge, const struct transplant_run *run)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    const struct table *from = state_table(source, run->from);
    struct table *to = edit_table(merge->transplant.world, run->to);
    const uint32_t column = archetype_column(to->archetype, source->registry->id_component);
    const uint64_t from_rows = table_chunk_rows(from), to_rows = table_chunk_rows(to);
    for (uint64_t done = 0, rows; done < run->count; done += rows) {
        const uint64_t row = run->row + done, first = run->first + done;
        rows =
            min_u64(run->count - done, min_u64(to_rows - (row & (to_rows - 1)), from_rows - (first & (from_rows - 1))));
        const pecs_entity *theirs = (const pecs_entity *)(const void *)table_value(from, HANDLE_COLUMN, first);
        const pecs_entity *own = (const pecs_entity *)(const void *)table_value(to, HANDLE_COLUMN, row);
        pecs_id *ids = column == NO_COLUMN ? NULL : (pecs_id *)(void *)table_owned_value(to, column, row);
        for (uint64_t i = 0; i < rows; i++) {
            merge->targets[theirs[i].index] = (struct merge_target){ theirs[i].generation, own[i] };
            if (ids)
                ids[i] = identity_of(source, theirs[i], state_record(source, theirs[i].index));
        }
    }
}

/* Makes a map of the slots in which the entities that came in were born. */
static pecs_status merge_note_births(struct merge *merge)
{
    struct pecs_snapshot *state = merge->transplant.world->state;
    const uint64_t slot_count = state_slot_count(merge->transplant.source);
    struct birth_map *map = birth_map_create(state->registry->pool, slot_count);
    if (!map)
        return PECS_E_MEMORY;
    for (uint64_t slot = 0; slot < slot_count; slot++)
        map->indices[slot] = merge->targets[slot].generation ? merge->targets[slot].entity.index : NO_INDEX;
    return births_add(state, map);
}

/* Whether the entities of a run came in under their birth ids, if they kept any. */
static bool merge_is_born(const struct merge *merge, const struct transplant_run *run)
{
    const struct pecs_snapshot *source = merge->transplant.source;
    return archetype_find(state_table(source, run->from)->archetype, source->registry->id_component) == NO_COLUMN;
}

/* The ids of many births go to a map, all others to the hash index. */
static pecs_status merge_note_ids(struct merge *merge)
{
    const struct transplant *transplant = &merge->transplant;
    struct pecs_world *world = transplant->world;
    uint64_t counts[2] = { 0, 0 }; /* explicit in the snapshot, births */
    for (size_t i = 0; i < transplant->run_count; i++)
        if (!transplant->runs[i].has_handles)
            counts[merge_is_born(merge, &transplant->runs[i])] += transplant->runs[i].count;
    const bool has_map = counts[1] >= BIRTH_MAP_MIN && births_make_room(world->state);
    const uint64_t hash_count = min_u64(counts[0] + (has_map ? 0 : counts[1]), merge->report.added_count);
    pecs_status status = has_map ? merge_note_births(merge) : PECS_OK;
    if (!status && hash_count)
        status = id_hash_make_room(&world->gate, world->state, hash_count);
    for (size_t i = 0; !status && i < transplant->run_count; i++) {
        const struct transplant_run *run = &transplant->runs[i];
        if (!run->has_handles && !(has_map && merge_is_born(merge, run)))
            status = id_hash_note_rows(&world->gate, world->state, run->to, run->row, run->count);
    }
    return status;
}

/* Of a resumed snapshot it is not known that ids are unique: each must find the entity that came in with it. */
static pecs_status merge_prove_ids(const struct merge *merge)
{
    struct pecs_world *world = merge->transplant.world;
    const struct pecs_snapshot *state = world->state;
    for (size_t i = 0; !merge->transplant.source->is_proven && i < merge->transplant.run_count; i++) {
        const struct transplant_run *run = &merge->transplant.runs[i];
        for (uint64_t row = run->row; row < run->row + run->count; row++) {
            const pecs_entity entity = merge_entity_of(state_table(state, run->to), row);
            const struct record *record = state_find(state, entity);
            pecs_entity found;
            if (!record || !identity_find(state, identity_of(state, entity, record), &found) ||
                found.index != entity.index)
                return merge_fail_same_id(world);
        }
    }
    return PECS_OK;
}

static pecs_status merge_entities(struct merge *merge)
{
    struct pecs_world *world = merge->transplant.world;
    pecs_status status = transplant_take_types(world, merge->transplant.source);
    if (!status && merge->report.added_count + merge->report.new_id_count)
        status = edit_open_session(world); /* while those that are replaced still hold theirs */
    if (!status && merge->report.replaced_count)
        status = merge_remove_replaced(merge);
    if (!status)
        status = merge_find_tables(merge);
    if (!status)
        status = transplant_ready(&merge->transplant);
    if (status)
        return status;
    transplant_append(&merge->transplant);
    for (size_t i = 0; i < merge->transplant.run_count; i++)
        merge_note_run(merge, &merge->transplant.runs[i]);
    transplant_finish(&merge->transplant);
    status = merge->report.added_count ? merge_note_ids(merge) : PECS_OK;
    return status ? status : merge_prove_ids(merge);
}

static pecs_status merge_copy(struct merge *merge)
{
    pecs_status status = merge->row_count ? merge_entities(merge) : PECS_OK;
    return !status && merge->has_own ? merge_own(merge) : status;
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
    const uint64_t slot_count = state_slot_count(merge->transplant.source);
    const size_t bytes = ((size_t)slot_count + 1) * sizeof(*merge->targets);
    pecs_status status = edit_check_busy(world);
    if (status)
        return status;
    uint32_t source;
    merge->targets = pool_array_allocate(pool, bytes, &source); /* huge pages: references lead all over it */
    if (!merge->targets)
        return PECS_E_MEMORY;
    memset(merge->targets, 0, bytes);
    status = merge_find(merge);
    if (!status && (merge->row_count || merge->has_own))
        status = merge_edit(merge);
    for (uint64_t i = 0; !status && ret_entities && i < slot_count; i++)
        ret_entities[i] = merge->targets[i].entity;
    transplant_deinit(&merge->transplant);
    pool_array_release(pool, merge->targets, bytes, source);
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
        .transplant = { .world = world, .source = snapshot, .copy_count = 1, .adopts = true, .map = merge_map },
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
