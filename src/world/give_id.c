/*
 * Assigns explicit ids. An id is in use when a living entity has it, and also when it is the birth id of an entity that
 * this world's session has yet to spawn: the two could not be distinguished.
 */
#include "edit.h"
#include "id_hash.h"
#include "identity.h"

#include <pecs/id.h>

static bool give_id_is_zero(pecs_id id)
{
    static const pecs_id zero;
    return memcmp(&id, &zero, sizeof(id)) == 0;
}

bool edit_id_is_future(struct pecs_world *world, pecs_id id)
{
    uint64_t prefix;
    pecs_entity entity;
    if (!identity_parse(id, &prefix, &entity) || prefix != identity_prefix(edit_session_nonce(world)))
        return false;
    const uint32_t last = state_last_generation(world->state, entity.index);
    return !last || entity.generation > last;
}

/* PECS_E_CONFLICT when another entity has or will get the id. */
static pecs_status give_id_check(struct pecs_world *world, pecs_id id)
{
    pecs_entity other;
    if (give_id_is_zero(id))
        return edit_fail(world, PECS_E_MISUSE, "the id is zero");
    if (identity_find(world->state, id, &other))
        return failure_explain(&world->failure, PECS_E_CONFLICT, other, NO_COMPONENT, "it has the id already");
    return edit_id_is_future(world, id)
               ? edit_fail(world, PECS_E_CONFLICT, "the world will assign the id to a later entity")
               : PECS_OK;
}

/* Puts the entity's components into the scratch set, with or without the one that holds explicit ids. */
static uint32_t give_id_make_set(struct pecs_world *world, struct record at, bool is_explicit)
{
    const struct archetype *had = state_table(world->state, at.table)->archetype;
    uint32_t count = 0;
    for (uint32_t i = 0; i < had->component_count; i++)
        if (had->components[i] != world->registry->id_component)
            edit_set_insert(world, &count, had->components[i]);
    if (is_explicit)
        edit_set_insert(world, &count, world->registry->id_component);
    return count;
}

static pecs_status give_id_write(struct pecs_world *world, pecs_entity entity, struct record at, pecs_id id)
{
    const pecs_value value = { world->registry->id_component, sizeof(id), &id };
    const bool had_one = identity_explicit(world->state, &at) != NULL;
    pecs_status status = id_hash_reserve(&world->gate, world->state, &id, 1);
    if (!status)
        status = had_one ? edit_own_values(world, at, &value, 1)
                         : edit_relocate(world, entity, at, give_id_make_set(world, at, true), false, &at);
    if (status)
        return status;
    edit_fill_rows(world, at.table, at.row, 1, &value);
    id_hash_note(world->state, 1, &id, &entity);
    return PECS_OK;
}

static pecs_status give_id_set(struct pecs_world *world, pecs_entity entity, pecs_id id)
{
    const struct record *record = state_find(world->state, entity);
    if (!record)
        return edit_fail_dead(world, entity);
    struct record at = *record;
    const pecs_id birth = identity_of_birth(world->state, entity, record);
    const pecs_id *present = identity_explicit(world->state, record);
    if (memcmp(present ? present : &birth, &id, sizeof(id)) == 0)
        return PECS_OK;
    pecs_status status = give_id_check(world, id);
    if (!status)
        status = edit_begin(world);
    if (status)
        return status;
    return memcmp(&birth, &id, sizeof(id)) == 0
               ? edit_relocate(world, entity, at, give_id_make_set(world, at, false), false, &at)
               : give_id_write(world, entity, at, id);
}

pecs_status pecs_world_set_id(pecs_world *world, pecs_entity entity, pecs_id id)
{
    return world ? failure_end(&world->failure, give_id_set(world, entity, id)) : PECS_E_MISUSE;
}

pecs_status pecs_world_remap_id(pecs_world *world, pecs_id from, pecs_id to)
{
    pecs_entity entity;
    if (!world)
        return PECS_E_MISUSE;
    const pecs_status status = identity_find(world->state, from, &entity)
                                   ? give_id_set(world, entity, to)
                                   : edit_fail(world, PECS_E_ABSENT, "no living entity has the id");
    return failure_end(&world->failure, status);
}

/* PECS_E_CONFLICT when an id is in use or given twice. */
static pecs_status give_id_check_all(struct pecs_world *world, const pecs_id *ids, size_t count)
{
    struct pool *pool = world->registry->pool;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = give_id_check(world, ids[i]);
    if (status || count < 2)
        return status;
    struct id_entry *sorted = pool_allocate(pool, count * sizeof(*sorted));
    if (!sorted)
        return PECS_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct id_entry){ .id = ids[i] };
    identity_sort(sorted, count);
    for (size_t i = 1; !status && i < count; i++)
        if (memcmp(&sorted[i - 1].id, &sorted[i].id, sizeof(pecs_id)) == 0)
            status = edit_fail(world, PECS_E_CONFLICT, "an id is given twice");
    pool_release(pool, sorted, count * sizeof(*sorted));
    return status;
}

static pecs_status give_id_spawn(struct pecs_world *world, size_t row_count, const pecs_id *ids,
                                 const pecs_value *values, size_t value_count, pecs_entity *ret_entities)
{
    pecs_status status = row_count && !ids ? edit_fail(world, PECS_E_MISUSE, "ids is NULL, but row_count is not 0")
                                           : edit_check_slots(world, row_count);
    if (!status)
        status = give_id_check_all(world, ids, row_count);
    if (!status)
        status = edit_begin(world);
    if (status || !row_count)
        return status;
    struct pool *pool = world->registry->pool;
    pecs_entity *entities = pool_allocate(pool, row_count * sizeof(*entities));
    if (!entities)
        return PECS_E_MEMORY;
    status = id_hash_reserve(&world->gate, world->state, ids, row_count);
    if (!status)
        status =
            edit_spawn(world, &(struct spawn){ .row_count = row_count, .ids = ids }, values, value_count, entities);
    if (!status)
        id_hash_note(world->state, row_count, ids, entities);
    if (!status && ret_entities)
        memcpy(ret_entities, entities, row_count * sizeof(*entities));
    pool_release(pool, entities, row_count * sizeof(*entities));
    return status;
}

pecs_status pecs_world_spawn_with_ids(pecs_world *world, const pecs_value *values, size_t value_count,
                                      const pecs_id *ids, size_t row_count, pecs_entity *ret_entities)
{
    if (!world)
        return PECS_E_MISUSE;
    gate_hold(&world->gate); /* the ids may lie in the world */
    const pecs_status status = give_id_spawn(world, row_count, ids, values, value_count, ret_entities);
    gate_let_go(&world->gate);
    return failure_end(&world->failure, status);
}
