/* The stable ids of a view: the public side of identity.h. */
#include "identity.h"

static pecs_status view_ids_of_any(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record,
                                   pecs_id *ret_id) __attribute__((noinline));

static pecs_status view_ids_of_any(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record,
                                   pecs_id *ret_id)
{
    *ret_id = identity_of(state, entity, record);
    return PECS_OK;
}

/*
 * Here and in pecs_view_find the common case stands alone: programs make many such calls in a row, each waits for its
 * record, and the fewer instructions a call has, the more of them overlap.
 */
pecs_status pecs_view_id(pecs_view view, pecs_entity entity, pecs_id *ret_id)
{
    if (!view.source || !ret_id)
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    const struct record *record = state_find(state, entity);
    if (!record)
        return PECS_E_DEAD;
    if (identity_has_explicit(state))
        return view_ids_of_any(state, entity, record, ret_id);
    *ret_id = identity_of_birth(state, entity, record);
    return PECS_OK;
}

static pecs_status view_ids_find_any(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
    __attribute__((noinline));

static pecs_status view_ids_find_any(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
{
    pecs_entity entity;
    if (!identity_find(state, id, &entity))
        return PECS_E_ABSENT;
    *ret_entity = entity;
    return PECS_OK;
}

pecs_status pecs_view_find(pecs_view view, pecs_id id, pecs_entity *ret_entity)
{
    if (!view.source || !ret_entity)
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_entity entity;
    uint64_t prefix;
    if (identity_has_explicit(state))
        return view_ids_find_any(state, id, ret_entity);
    if (!identity_parse(id, &prefix, &entity))
        return PECS_E_ABSENT;
    const struct record *record = state_find(state, entity);
    if (!record || state_session_prefix(state, record->session) != prefix)
        return PECS_E_ABSENT;
    *ret_entity = entity;
    return PECS_OK;
}

pecs_status pecs_view_id_many(pecs_view view, const pecs_entity *entities, size_t count, pecs_id *ret_ids)
{
    if (!view.source || (count && (!entities || !ret_ids)))
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < count; i++) {
        if (count - i > IDENTITY_AHEAD)
            __builtin_prefetch(identity_record_at(state, entities[i + IDENTITY_AHEAD].index));
        const struct record *record = state_find(state, entities[i]);
        ret_ids[i] = record ? identity_of(state, entities[i], record) : (pecs_id){ { 0 } };
        if (!record)
            status = PECS_E_DEAD;
    }
    return status;
}

pecs_status pecs_view_find_many(pecs_view view, const pecs_id *ids, size_t count, pecs_entity *ret_entities)
{
    if (!view.source || (count && (!ids || !ret_entities)))
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < count; i++) {
        pecs_entity entity;
        if (count - i > IDENTITY_AHEAD)
            identity_prefetch(state, &ids[i + IDENTITY_AHEAD]);
        const bool is_found = identity_find(state, ids[i], &entity);
        ret_entities[i] = is_found ? entity : (pecs_entity){ 0, 0 };
        if (!is_found)
            status = PECS_E_ABSENT;
    }
    return status;
}

pecs_id_iter pecs_view_ids(pecs_view view)
{
    return (pecs_id_iter){ .state = { .source = view.source } };
}

bool pecs_id_iter_next(pecs_id_iter *iter)
{
    if (!iter)
        return false;
    const struct pecs_snapshot *state = view_source((pecs_view){ iter->state.source })->state;
    while (iter->state.next < state_slot_count(state)) {
        const uint32_t index = (uint32_t)iter->state.next++;
        const struct record *record = state_record(state, index);
        if (!state_is_living(state, record))
            continue;
        iter->entity = (pecs_entity){ index, record->generation };
        iter->id = identity_of(state, iter->entity, record);
        return true;
    }
    return false;
}
