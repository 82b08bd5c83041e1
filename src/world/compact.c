/*
 * Compaction: drops what a world does not use but every save would write: tables without rows, sessions without living
 * entities, and free slots at the end of the entity index, of which only the last generations are kept (retired.h).
 * Entities, values, handles, ids and ticks do not change, nor do the handles that later spawns get.
 *
 * It works like every edit: first prepare all that can fail, then change the state. A slot that is used up is not free
 * and ends the cut. Unknown types keep their numbers, which programs may hold; a file lists only the types that a table
 * has.
 */
#include "edit.h"
#include "error.h"
#include "heap_move.h"

#include <assert.h>

struct compaction {
    struct pecs_world *world;
    uint32_t *tables;                    /* of each table: its new number, or NO_TABLE when it is dropped */
    uint32_t *sessions;                  /* of each session: its new place, or NO_SESSION when it is dropped */
    uint32_t table_total, session_total; /* before the compaction */
    uint32_t table_count, session_count; /* after it */
    uint64_t slot_total, slot_count;

    struct tree new_tables;
    struct sessions *new_sessions;
    struct retired *retired;
};
#define NO_SESSION UINT32_MAX

static void compact_number_tables(struct compaction *compaction)
{
    const struct pecs_snapshot *state = compaction->world->state;
    for (uint32_t i = 0; i < compaction->table_total; i++) {
        const struct table *table = state_table(state, i);
        /* removing the last singleton leaves a row without components */
        const bool is_used = table->row_count && !(i == state->singleton_table && !table->archetype->component_count);
        compaction->tables[i] = is_used ? compaction->table_count++ : NO_TABLE;
    }
}

/* Verifies the record of a slot, since the file may be damaged: it is dead, or its row and its session exist. */
static bool compact_record_is_valid(const struct compaction *compaction, uint64_t slot, const struct record *record)
{
    const pecs_entity entity = { (uint32_t)slot, record->generation };
    if (!record->generation || record->generation > GENERATION_MAX)
        return false;
    return record->table == NO_TABLE ||
           (record->session < compaction->session_total && !edit_prove_row(compaction->world, entity, *record));
}

/* Marks the sessions that are used and finds the end of the slots that stay. False: index and rows disagree. */
static bool compact_look_at_index(struct compaction *compaction)
{
    const struct pecs_snapshot *state = compaction->world->state;
    const struct entity_index *index = state_index(state);
    uint64_t living = 0;
    for (uint64_t chunk = 0; chunk < index_chunk_count(index); chunk++) {
        const struct record *records = index_chunk(index, chunk);
        uint64_t free_count = 0, slot = chunk << INDEX_SHIFT;
        for (uint64_t i = 0; i < index_chunk_slots(index, chunk); i++, slot++) {
            if (!compact_record_is_valid(compaction, slot, &records[i]))
                return false;
            if (records[i].table == NO_TABLE && records[i].generation < GENERATION_MAX) {
                free_count++;
                continue;
            }
            compaction->slot_count = slot + 1;
            if (records[i].table == NO_TABLE)
                continue;
            compaction->sessions[records[i].session] = 0;
            living++;
        }
        if (free_count != state_free_in_chunk(state, chunk))
            return false;
    }
    return living == state->entity_count;
}

/* Numbers the marked sessions in their order. A file with slots needs a session, even if no entity uses it. */
static void compact_number_sessions(struct compaction *compaction)
{
    for (uint32_t i = 0; i < compaction->session_total; i++)
        if (compaction->sessions[i] != NO_SESSION)
            compaction->sessions[i] = compaction->session_count++;
    if (compaction->slot_count && !compaction->session_count)
        compaction->sessions[0] = compaction->session_count++;
}

static pecs_status compact_look(struct compaction *compaction)
{
    struct pool *pool = compaction->world->registry->pool;
    compaction->tables = pool_allocate(pool, ((size_t)compaction->table_total + 1) * sizeof(uint32_t));
    compaction->sessions = pool_allocate(pool, ((size_t)compaction->session_total + 1) * sizeof(uint32_t));
    if (!compaction->tables || !compaction->sessions)
        return PECS_E_MEMORY;
    for (uint32_t i = 0; i < compaction->session_total; i++)
        compaction->sessions[i] = NO_SESSION;
    compact_number_tables(compaction);
    if (!compact_look_at_index(compaction))
        return PECS_E_CORRUPT;
    compact_number_sessions(compaction);
    return PECS_OK;
}

static bool compact_is_needed(const struct compaction *compaction)
{
    return compaction->table_count < compaction->table_total || compaction->session_count < compaction->session_total ||
           compaction->slot_count < compaction->slot_total;
}

/* Whether records of a chunk that stays change: those with another table or session number. */
static bool compact_changes_chunk(const struct compaction *compaction, uint64_t chunk)
{
    const struct entity_index *index = state_index(compaction->world->state);
    const struct record *records = index_chunk(index, chunk);
    for (uint64_t i = 0; i < index_chunk_slots(index, chunk); i++)
        if (records[i].table != NO_TABLE && (compaction->tables[records[i].table] != records[i].table ||
                                             compaction->sessions[records[i].session] != records[i].session))
            return true;
    return false;
}

static uint64_t compact_chunk_count(const struct compaction *compaction)
{
    return chunk_count_of(compaction->slot_count, INDEX_SHIFT);
}

static pecs_status compact_ready_index(struct compaction *compaction)
{
    struct gate *gate = &compaction->world->gate;
    struct entity_index *index;
    struct record *record;
    pecs_status status = state_own_index(gate, compaction->world->state, &index);
    if (!status)
        status = index_reserve_cut(gate, index, compaction->slot_count);
    for (uint64_t chunk = 0; !status && chunk < compact_chunk_count(compaction); chunk++)
        if (compact_changes_chunk(compaction, chunk))
            status = index_own_record(gate, index, chunk << INDEX_SHIFT, &record);
    return status;
}

static pecs_status compact_ready_tables(struct compaction *compaction)
{
    struct gate *gate = &compaction->world->gate;
    for (uint32_t i = 0; i < compaction->table_total; i++) {
        struct ref *ref;
        if (compaction->tables[i] == NO_TABLE)
            continue;
        if (tree_own_ref(gate->pool, gate->epoch, &compaction->new_tables, compaction->tables[i], &ref))
            return PECS_E_MEMORY;
        *ref = (struct ref){ node_retain(tree_get(&compaction->world->state->tables, i)), NULL, 0 };
    }
    return PECS_OK;
}

static pecs_status compact_ready_sessions(struct compaction *compaction)
{
    if (!compaction->session_count)
        return PECS_OK;
    struct sessions *sessions = sessions_create(compaction->world->registry->pool, compaction->session_count, 0);
    compaction->new_sessions = sessions;
    for (uint32_t i = 0; sessions && i < compaction->session_total; i++)
        if (compaction->sessions[i] != NO_SESSION)
            sessions->prefixes[compaction->sessions[i]] = compaction->world->state->sessions->prefixes[i];
    return sessions ? PECS_OK : PECS_E_MEMORY;
}

static pecs_status compact_ready_retired(struct compaction *compaction)
{
    const struct pecs_snapshot *state = compaction->world->state;
    const uint64_t end = compaction->slot_total + state_retired_count(state);
    if (compaction->slot_count == end)
        return PECS_OK;
    compaction->retired = retired_create(state, compaction->slot_count, end);
    return compaction->retired ? PECS_OK : PECS_E_MEMORY;
}

/* Nothing below this line fails. */

static void compact_change_index(struct compaction *compaction)
{
    struct pecs_snapshot *state = compaction->world->state;
    struct entity_index *index = edit_index(compaction->world);
    for (uint64_t chunk = 0; chunk < compact_chunk_count(compaction); chunk++) {
        if (!compact_changes_chunk(compaction, chunk))
            continue;
        struct record *records = index_owned_record(index, chunk << INDEX_SHIFT);
        for (uint64_t i = 0; i < index_chunk_slots(index, chunk); i++) {
            if (records[i].table == NO_TABLE)
                continue;
            records[i].table = compaction->tables[records[i].table];
            records[i].session = compaction->sessions[records[i].session];
        }
    }
    index_cut(&compaction->world->gate, index, compaction->slot_count); /* the slots that are cut are free */
    state->free_count -= compaction->slot_total - compaction->slot_count;
}

static void compact_change_tables(struct compaction *compaction)
{
    struct pecs_world *world = compaction->world;
    struct pecs_snapshot *state = world->state;
    struct pool *pool = world->registry->pool;
    if (state->singleton_table != NO_TABLE)
        state->singleton_table = compaction->tables[state->singleton_table];
    struct tree old_tables = state->tables;
    state->tables = compaction->new_tables;
    state->table_count = compaction->table_count;
    state->lineage = pool_next_epoch(pool);
    const pecs_status status = catalog_follow(&world->catalog, pool, state);
    assert(!status && "there are fewer tables: its lists have had the room");
    (void)status;
    tree_clear(pool, &old_tables); /* last: catalog_follow reads their archetypes */
}

/* A dropped session of this timeline is opened again later, with the same nonce. */
static void compact_change_sessions(struct compaction *compaction)
{
    struct pecs_snapshot *state = compaction->world->state;
    const bool is_kept =
        state->session < compaction->session_total && compaction->sessions[state->session] != NO_SESSION;
    if (state->sessions)
        node_release(compaction->world->registry->pool, &state->sessions->node);
    state->sessions = compaction->new_sessions;
    if (is_kept) {
        state->session = compaction->sessions[state->session];
    } else {
        state->session = compaction->session_count ? compaction->session_count - 1 : 0;
        state->session_timeline = 0;
    }
}

static void compact_change(struct compaction *compaction)
{
    struct pecs_world *world = compaction->world;
    struct pool *pool = world->registry->pool;
    compact_change_index(compaction);
    compact_change_tables(compaction);
    compact_change_sessions(compaction);
    if (world->state->retired)
        node_release(pool, &world->state->retired->node);
    world->state->retired = compaction->retired;
    free_map_invalidate(&world->free_map, pool);
    gate_close(&world->gate); /* tables have moved: at their new places none is known to be private */
}

static void compact_forget(struct compaction *compaction)
{
    struct pool *pool = compaction->world->registry->pool;
    tree_clear(pool, &compaction->new_tables);
    if (compaction->new_sessions)
        node_release(pool, &compaction->new_sessions->node);
    if (compaction->retired)
        node_release(pool, &compaction->retired->node);
}

static pecs_status compact_ready_and_change(struct compaction *compaction)
{
    pecs_status status = edit_own_state(compaction->world);
    if (!status)
        status = compact_ready_index(compaction);
    if (!status)
        status = compact_ready_tables(compaction);
    if (!status)
        status = compact_ready_sessions(compaction);
    if (!status)
        status = compact_ready_retired(compaction);
    if (status)
        compact_forget(compaction);
    else
        compact_change(compaction);
    return status;
}

/* Moves what lives of a heap of which a part is dead. */
static pecs_status compact_heap(struct pecs_world *world)
{
    if (!heap_is_sparse(state_heap(world->state)))
        return PECS_OK;
    const pecs_status status = edit_own_state(world);
    return status ? status : heap_move_work(&world->gate, world->state, UINT64_MAX);
}

static pecs_status compact_world(struct pecs_world *world)
{
    pecs_status status = edit_check_busy(world);
    if (status)
        return status;
    const struct pecs_snapshot *state = world->state;
    struct compaction compaction = {
        .world = world,
        .table_total = state->table_count,
        .session_total = state->sessions ? state->sessions->count : 0,
        .slot_total = state_slot_count(state),
    };
    status = compact_heap(world);
    if (!status)
        status = compact_look(&compaction);
    if (!status && compact_is_needed(&compaction))
        status = compact_ready_and_change(&compaction);
    struct pool *pool = world->registry->pool;
    pool_release(pool, compaction.sessions, ((size_t)compaction.session_total + 1) * sizeof(uint32_t));
    pool_release(pool, compaction.tables, ((size_t)compaction.table_total + 1) * sizeof(uint32_t));
    return status;
}

pecs_status pecs_world_compact(pecs_world *world, pecs_error *error)
{
    if (!world)
        return fail(error, PECS_E_MISUSE, "world must not be NULL");
    const pecs_status status = failure_end(&world->failure, compact_world(world));
    if (status && error)
        *error = *pecs_world_error(world);
    return status;
}
