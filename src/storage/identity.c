/*
 * Stable ids. Three indices find the entities with explicit ids, and their entries are only hints (state.h): the list
 * of a file, which is sorted by id and searched in the image, the hash index of the ids that were assigned since
 * (id_hash.h), and the maps of those that large merges brought in (births.h).
 */
#include "identity.h"

#include "births.h"
#include "id_hash.h"

static_assert(sizeof(struct id_entry) == 20 && _Alignof(struct id_entry) == 1, "an entry needs no alignment in a file");
static_assert(sizeof(pecs_id) == 16, "an id is 128 bits");

const pecs_id *identity_explicit_slow(const struct pecs_snapshot *state, const struct record *record)
{
    const struct table *table = state_table(state, record->table);
    const uint32_t column = archetype_column(table->archetype, state->registry->id_component);
    return column == NO_COLUMN || record->row >= table->row_count
               ? NULL
               : (const pecs_id *)(const void *)table_value(table, column, record->row);
}

static bool identity_is_same(const pecs_id *a, const pecs_id *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool identity_hint_counts(const struct pecs_snapshot *state, uint32_t index, const pecs_id *id, pecs_entity *ret_entity)
{
    const pecs_id *explicit_id = identity_explicit_at(state, index);
    if (!explicit_id || !identity_is_same(explicit_id, id))
        return false;
    *ret_entity = (pecs_entity){ index, state_record(state, index)->generation };
    return true;
}

/* The place of the first saved entry that is not below an id. */
static uint64_t identity_saved_place(const struct pecs_snapshot *state, const pecs_id *id)
{
    uint64_t low = 0, high = state->saved_ids.count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (memcmp(&state->saved_ids.entries[middle].id, id, sizeof(*id)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool identity_find_saved(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity *ret_entity)
{
    const uint64_t at = identity_saved_place(state, id);
    if (at == state->saved_ids.count)
        return false;
    const struct id_entry *entry = &state->saved_ids.entries[at];
    return identity_is_same(&entry->id, id) && identity_hint_counts(state, le32_load(entry->index), id, ret_entity);
}

bool identity_has_birth_form(pecs_id id)
{
    uint64_t prefix;
    pecs_entity entity;
    return identity_parse(id, &prefix, &entity) && identity_prefix(identity_nonce(prefix)) == prefix;
}

bool identity_find_by_birth(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
{
    uint64_t prefix;
    if (!identity_parse(id, &prefix, ret_entity))
        return false;
    const struct record *record = state_find(state, *ret_entity);
    return record && state_session_prefix(state, record->session) == prefix && !identity_explicit(state, record);
}

void identity_prefetch(const struct pecs_snapshot *state, const pecs_id *id)
{
    pecs_entity entity;
    uint64_t prefix;
    if (identity_parse(*id, &prefix, &entity)) {
        __builtin_prefetch(identity_record_at(state, entity.index));
        births_prefetch(state, entity);
    }
    id_hash_prefetch(state, id);
}

static bool identity_find_born(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity *ret_entity)
{
    uint64_t prefix;
    pecs_entity born;
    return state->births && identity_parse(*id, &prefix, &born) && births_find(state, id, born, ret_entity);
}

bool identity_find(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
{
    return identity_find_by_birth(state, id, ret_entity) ||
           (identity_has_explicit(state) &&
            (id_hash_find(state, &id, ret_entity) || identity_find_born(state, &id, ret_entity) ||
             identity_find_saved(state, &id, ret_entity)));
}

/* Whether one of the saved entries with this prefix counts. */
static bool identity_saved_names_session(const struct pecs_snapshot *state, uint64_t prefix)
{
    const pecs_id lowest = identity_make(prefix, (pecs_entity){ 0, 0 });
    pecs_entity entity;
    for (uint64_t i = identity_saved_place(state, &lowest); i < state->saved_ids.count; i++) {
        const struct id_entry *entry = &state->saved_ids.entries[i];
        if (memcmp(entry->id.bytes, lowest.bytes, sizeof(prefix)) != 0)
            return false;
        if (identity_has_birth_form(entry->id) &&
            identity_hint_counts(state, le32_load(entry->index), &entry->id, &entity))
            return true;
    }
    return false;
}

bool identity_names_session(const struct pecs_snapshot *state, uint64_t prefix)
{
    return identity_saved_names_session(state, prefix) || id_hash_names_session(state, prefix) ||
           births_name_session(state, prefix);
}
