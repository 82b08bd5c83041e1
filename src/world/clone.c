/* Clones of chosen entities. Rows are appended in the order in which the entities are given, as spawns would do it. */
#include "handle_set.h"
#include "identity.h"
#include "place.h"
#include "transplant.h"

#include <pecs/clone.h>

struct clone {
    struct transplant transplant; /* first, so that the map leads to the rest */
    struct handle_set set;
    pecs_entity *entities; /* a copy, since the program's may lie in rows or be where the handles are written */
    size_t entity_count;
    bool is_of_timeline; /* handles of the source name the same entities in the world */
};

/*
 * A handle of the timeline, which stays if the world knows it: a rewind may have left the entity behind, and its handle
 * is now one that is still to come, or that of a clone.
 */
static pecs_entity clone_keep(const struct transplant *transplant, pecs_entity entity)
{
    const struct pecs_snapshot *state = transplant->world->state;
    const struct record *record = state_find(state, entity);
    const bool is_known = record ? !transplant_has_appended(transplant, record)
                                 : entity.generation <= state_last_generation(state, entity.index);
    return is_known || !transplant->source ? entity : (pecs_entity){ 0, 0 };
}

static pecs_entity clone_map_one(const struct clone *clone, uint64_t copy, pecs_entity entity)
{
    const struct transplant *transplant = &clone->transplant;
    const uint32_t place = handle_set_find(&clone->set, entity);
    pecs_entity target;
    if (place != NOT_IN_SET)
        return transplant->handles[copy * clone->entity_count + place];
    if (clone->is_of_timeline)
        return clone_keep(transplant, entity);
    const struct record *record = state_find(transplant->source, entity);
    const struct pecs_snapshot *state = transplant->world->state;
    const bool is_there = record && identity_find(state, identity_of(transplant->source, entity, record), &target) &&
                          !transplant_has_appended(transplant, state_find(state, target)); /* no clone's own id */
    return is_there ? target : (pecs_entity){ 0, 0 };
}

static void clone_map(const struct transplant *transplant, struct transplant_reference *references, size_t count)
{
    const struct clone *clone = (const struct clone *)(const void *)transplant;
    for (size_t i = 0; i < count; i++)
        references[i].entity = clone_map_one(clone, references[i].copy, references[i].entity);
}

/* Finds the rows of the entities, and the tables for them. */
static pecs_status clone_list_rows(struct clone *clone)
{
    struct transplant *transplant = &clone->transplant;
    const struct pecs_snapshot *source = transplant_source(transplant);
    struct transplant_run run = { .from = NO_TABLE, .count = 1 };
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < clone->entity_count; i++) {
        const struct record *record = state_find(source, clone->entities[i]);
        if (!source->is_proven && !state_row_agrees(source, record->table, record->row, clone->entities[i]))
            return PECS_E_CORRUPT;
        if (record->table != run.from)
            status =
                transplant_find_table(transplant->world, state_table(source, record->table)->archetype, false, &run.to);
        run.from = record->table;
        run.first = record->row;
        if (!status)
            status = transplant_add_row(transplant, &run);
    }
    return status;
}

static pecs_status clone_make(struct clone *clone)
{
    struct pecs_world *world = clone->transplant.world;
    pecs_status status = edit_begin_values(world);
    if (!status && clone->transplant.source)
        status = transplant_take_types(world, clone->transplant.source);
    if (status)
        return status;
    const uint32_t table_count = world->state->table_count;
    const struct place_mark mark = place_mark_of(world);
    status = clone_list_rows(clone);
    if (!status)
        status = transplant_ready(&clone->transplant);
    if (status) {
        edit_drop_tables(world, table_count);
        place_take_back(world, mark);
        return status;
    }
    transplant_append(&clone->transplant);
    transplant_finish(&clone->transplant);
    place_tend(world, 0);
    return PECS_OK;
}

/* Gives the handles a place if the program has none for them. */
static pecs_status clone_with_handles(struct clone *clone, size_t total, pecs_entity *ret_entities)
{
    struct pool *pool = clone->transplant.world->registry->pool;
    const size_t bytes = ret_entities ? 0 : total * sizeof(*ret_entities);
    uint32_t source;
    pecs_entity *own = bytes ? pool_array_allocate(pool, bytes, &source) : NULL;
    clone->transplant.handles = ret_entities ? ret_entities : own;
    const pecs_status status = clone->transplant.handles ? clone_make(clone) : PECS_E_MEMORY;
    if (own)
        pool_array_release(pool, own, bytes, source);
    return status;
}

static pecs_status clone_copied(struct clone *clone, size_t total, pecs_entity *ret_entities)
{
    struct pecs_world *world = clone->transplant.world;
    pecs_status status = handle_set_init(&clone->set, world, transplant_source(&clone->transplant), clone->entities,
                                         clone->entity_count);
    if (!status && clone->entity_count > transplant_source(&clone->transplant)->entity_count)
        status = edit_fail(world, PECS_E_CORRUPT,
                           "more entities of the resumed file live than it counts: it is damaged; loading it reports "
                           "where");
    if (!status)
        status = edit_check_slots(world, total);
    if (!status && total)
        status = clone_with_handles(clone, total, ret_entities);
    transplant_deinit(&clone->transplant);
    handle_set_deinit(&clone->set, world->registry->pool);
    return status;
}

static pecs_status clone_run(struct pecs_world *world, const pecs_snapshot *snapshot, const pecs_entity *entities,
                             size_t entity_count, size_t copy_count, pecs_entity *ret_entities)
{
    const struct pecs_snapshot *source = snapshot ? snapshot : world->state;
    struct clone clone = {
        .transplant = { .world = world, .source = snapshot, .copy_count = copy_count, .map = clone_map },
        .is_of_timeline = !snapshot || (snapshot->timeline && snapshot->timeline == world->state->timeline),
    };
    uint64_t total;
    if (source->registry != world->registry)
        return edit_fail(world, PECS_E_MISUSE, "the snapshot is of another registry than the world");
    if (entity_count && !entities)
        return edit_fail(world, PECS_E_MISUSE, "entities is NULL, but entity_count is not 0");
    pecs_status status = edit_check_busy(world);
    if (status || !entity_count)
        return status;
    /* of one more than there are, one is dead or given twice, and will be named */
    clone.entity_count = (size_t)min_u64(entity_count, source->entity_count + 1);
    if (mul_overflows(entity_count, copy_count, &total) || total > SIZE_MAX / sizeof(*entities))
        return edit_check_slots(world, UINT64_MAX);
    struct pool *pool = world->registry->pool;
    clone.entities = pool_allocate(pool, clone.entity_count * sizeof(*entities));
    if (!clone.entities)
        return PECS_E_MEMORY;
    memcpy(clone.entities, entities, clone.entity_count * sizeof(*entities));
    status = clone_copied(&clone, (size_t)total, ret_entities);
    pool_release(pool, clone.entities, clone.entity_count * sizeof(*entities));
    return status;
}

pecs_status pecs_world_clone(pecs_world *world, const pecs_snapshot *snapshot, const pecs_entity *entities,
                             size_t entity_count, size_t copy_count, pecs_entity *ret_entities)
{
    return world ? failure_end(&world->failure,
                               clone_run(world, snapshot, entities, entity_count, copy_count, ret_entities))
                 : PECS_E_MISUSE;
}
