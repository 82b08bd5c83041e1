/*
 * Every row's handle must lead, through the index, to that very row; so no two rows have one record. And the living
 * records must be as many as the rows; so every living record has its row. The two counts make it one to one. In the
 * same way each entry of the sorted list of ids leads to an entity that has it, and there are as many as entities with one.
 */
#include "agree.h"

#include "error.h"
#include "identity.h"

#include <inttypes.h>

static uint64_t offset_in(const struct pecs_snapshot *state, const void *bytes)
{
    return (uint64_t)((const uint8_t *)bytes - state->image->bytes);
}

static pecs_status check_rows(const struct pecs_snapshot *state, uint32_t number, pecs_error *error)
{
    const struct table *table = state_table(state, number), *index = state_index(state);
    if (!table->row_count)
        return PECS_OK;
    /* one run: the whole column lies in the image */
    const pecs_entity *handles = (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, 0);
    if (table->archetype->is_singleton) {
        if (handles[0].index || handles[0].generation)
            return fail_rule(error, PECS_E_CORRUPT, offset_in(state, handles), "ROW-2",
                             "table %u: the singletons' row has an entity", number);
        return PECS_OK;
    }
    const struct record *records =
        index->row_count ? (const struct record *)(const void *)table_chunk(index, 0, 0) : NULL;
    for (uint64_t row = 0; row < table->row_count; row++) {
        const pecs_entity handle = handles[row];
        const bool agrees = handle.index < index->row_count && records[handle.index].generation == handle.generation &&
                            records[handle.index].table == number && records[handle.index].row == row;
        if (!agrees)
            return fail_rule(error, PECS_E_CORRUPT, offset_in(state, &handles[row]), "ROW-1",
                             "table %u row %llu: its handle {%u, %u} is not that of a record which names this row",
                             number, (unsigned long long)row, handle.index, handle.generation);
    }
    return PECS_OK;
}

static bool record_is_valid(const struct record *record, uint32_t session_count)
{
    if (record->generation == 0 || record->generation > GENERATION_MAX)
        return false;
    return record->table != NO_TABLE ? record->session < session_count : record->row == 0 && record->session == 0;
}

static pecs_status check_index(const struct pecs_snapshot *state, pecs_error *error)
{
    const struct table *index = state_index(state);
    const uint32_t session_count = state->sessions ? state->sessions->count : 0;
    uint64_t living = 0;
    for (uint64_t chunk = 0; chunk < table_chunk_count(index); chunk++) {
        const struct record *records = (const struct record *)(const void *)table_chunk(index, 0, chunk);
        const uint64_t rows = table_live_rows(index, chunk);
        uint64_t chunk_living = 0, used_up = 0;
        for (uint64_t i = 0; i < rows; i++) {
            if (!record_is_valid(&records[i], session_count))
                return fail_rule(error, PECS_E_CORRUPT, offset_in(state, &records[i]), "INDEX-1",
                                 "the record of entity index %" PRIu64 " is not one",
                                 (chunk << index->archetype->chunk_shift) + i);
            chunk_living += records[i].table != NO_TABLE;
            used_up += records[i].table == NO_TABLE && records[i].generation == GENERATION_MAX;
        }
        living += chunk_living;
        if (rows - chunk_living - used_up != state_free_in_chunk(state, chunk))
            return fail_rule(error, PECS_E_CORRUPT, offset_in(state, &index->runs->free_counts[chunk]), "INDEX-2",
                             "chunk %llu of the index has another number of free slots than its count says",
                             (unsigned long long)chunk);
    }
    if (living != state->entity_count)
        return fail_rule(error, PECS_E_CORRUPT, offset_in(state, table_chunk(index, 0, 0)), "INDEX-3",
                         "the index has %llu living records for %llu rows", (unsigned long long)living,
                         (unsigned long long)state->entity_count);
    return PECS_OK;
}

static pecs_status check_ids(const struct pecs_snapshot *state, pecs_error *error)
{
    const struct id_entry *entries = state->id_hints.saved;
    static const pecs_id zero;
    const pecs_id *last = &zero;
    for (uint64_t i = 0; i < state->id_hints.saved_count; last = &entries[i++].id) {
        const uint64_t offset = offset_in(state, &entries[i]);
        const uint32_t index = le32_load(entries[i].index);
        char text[PECS_ID_TEXT_BYTES];
        pecs_entity other;
        if (memcmp(last, &entries[i].id, sizeof(*last)) >= 0)
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-1", "the explicit ids do not ascend");
        pecs_id_format(entries[i].id, text);
        const struct record *record = index < state_slot_count(state) ? state_record(state, index) : NULL;
        const pecs_id *has = record && record->table != NO_TABLE ? identity_explicit(state, record) : NULL;
        if (!has || memcmp(has, &entries[i].id, sizeof(*has)) != 0)
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-2", "entity index %u has not the explicit id %s", index,
                             text);
        if (identity_find_by_birth(state, entries[i].id, &other))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-3", "entity index %u was born with the explicit id %s",
                             other.index, text);
    }
    return PECS_OK;
}

pecs_status agree_check(const struct pecs_snapshot *state, pecs_error *error)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < state->table_count; i++)
        status = check_rows(state, i, error);
    if (!status)
        status = check_index(state, error);
    return status ? status : check_ids(state, error);
}
