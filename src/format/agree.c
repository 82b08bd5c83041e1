/*
 * Every row's handle must lead, through the index, to that very row; so no two rows have one record. And the living
 * records must be as many as the rows; so every living record has its row. The two counts make it one to one. In the
 * same way each entry of the sorted list of ids leads to an entity that has it, and there are as many as entities with
 * one. Then each value must mean something.
 *
 * All columns lie in the image in one run each. The work is cut into blocks of rows, which any thread can do.
 */
#include "agree.h"

#include "error.h"
#include "identity.h"
#include "jobs.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_ROWS = 1 << 16 }; /* a multiple of an index chunk */

struct agreement {
    const struct pecs_snapshot *state;
    uint32_t thread_count;
    uint64_t *first_blocks; /* of each table: the number of its first block */
    const struct record *records;
    uint64_t slot_count;
    uint32_t *lowest_generations; /* of each chunk of the index */
    _Atomic uint64_t living_count;
    struct value_column *columns; /* those that can have values that mean nothing, in the order of the file */
    size_t column_count, column_capacity;
};

struct value_column {
    const uint8_t *values;
    const struct table *table;
    uint32_t number; /* of the table */
    const struct component *component;
    uint64_t first_block; /* of all columns' blocks */
};

static uint64_t offset_in(const struct pecs_snapshot *state, const void *bytes)
{
    return (uint64_t)((const uint8_t *)bytes - state->image->bytes);
}

static uint64_t block_count(uint64_t row_count)
{
    return (row_count + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

/* Some rows of one table, which has any. */
struct block {
    const struct table *table;
    uint32_t number;
    uint64_t first, end;
};

/* The block of a number: that of the last table whose first block is not beyond it. */
static struct block find_block(const struct agreement *agreement, uint64_t job)
{
    uint32_t low = 0, high = agreement->state->table_count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low + 1) / 2;
        if (agreement->first_blocks[middle] <= job)
            low = middle;
        else
            high = middle - 1;
    }
    const struct table *table = state_table(agreement->state, low);
    const uint64_t first = (job - agreement->first_blocks[low]) * BLOCK_ROWS;
    return (struct block){ table, low, first, min_u64(first + BLOCK_ROWS, table->row_count) };
}

static pecs_status check_rows(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct pecs_snapshot *state = agreement->state;
    const struct block block = find_block(agreement, job);
    const pecs_entity *handles = (const pecs_entity *)(const void *)table_chunk(block.table, HANDLE_COLUMN, 0);
    if (block.table->archetype->is_singleton) {
        if (BREAKS("ROW-2", handles[0].index || handles[0].generation))
            return fail_rule(error, PECS_E_CORRUPT, offset_in(state, handles), "ROW-2",
                             "table %u: the singletons' row has an entity", block.number);
        return PECS_OK;
    }
    const struct record *records = agreement->records;
    for (uint64_t row = block.first; row < block.end; row++) {
        const pecs_entity handle = handles[row];
        const bool agrees = handle.index < agreement->slot_count &&
                            records[handle.index].generation == handle.generation &&
                            records[handle.index].table == block.number && records[handle.index].row == row;
        if (BREAKS("ROW-1", !agrees))
            return fail_rule(error, PECS_E_CORRUPT, offset_in(state, &handles[row]), "ROW-1",
                             "table %u row %" PRIu64
                             ": its handle {%u, %u} is not that of a record which names this row",
                             block.number, row, handle.index, handle.generation);
    }
    return PECS_OK;
}

static bool record_is_valid(const struct record *record, uint32_t session_count)
{
    if (record->generation == 0 || record->generation > GENERATION_MAX)
        return false;
    return record->table != NO_TABLE ? record->session < session_count : record->row == 0 && record->session == 0;
}

/* One chunk of the index: its records, and how many of them are free. */
static pecs_status check_chunk(struct agreement *agreement, uint64_t chunk, pecs_error *error)
{
    const struct pecs_snapshot *state = agreement->state;
    const struct table *index = state_index(state);
    const uint32_t session_count = state->sessions ? state->sessions->count : 0;
    const uint64_t first = chunk << CHUNK_SHIFT, rows = table_live_rows(index, chunk);
    uint64_t living = 0, used_up = 0;
    uint32_t lowest = GENERATION_MAX;
    for (uint64_t i = first; i < first + rows; i++) {
        const struct record *record = &agreement->records[i];
        if (BREAKS("INDEX-1", !record_is_valid(record, session_count)))
            return fail_rule(error, PECS_E_CORRUPT, offset_in(state, record), "INDEX-1",
                             "the record of entity index %" PRIu64 " is not one", i);
        living += record->table != NO_TABLE;
        used_up += record->table == NO_TABLE && record->generation == GENERATION_MAX;
        lowest = record->generation < lowest ? record->generation : lowest;
    }
    agreement->lowest_generations[chunk] = lowest;
    atomic_fetch_add(&agreement->living_count, living);
    if (BREAKS("INDEX-2", rows - living - used_up != state_free_in_chunk(state, chunk)))
        return fail_rule(error, PECS_E_CORRUPT, offset_in(state, &index->runs->free_counts[chunk]), "INDEX-2",
                         "chunk %" PRIu64 " of the index has another number of free slots than its count says", chunk);
    return PECS_OK;
}

static pecs_status check_records(void *user, uint64_t job, pecs_error *error)
{
    struct agreement *agreement = user;
    const uint64_t chunks = BLOCK_ROWS >> CHUNK_SHIFT;
    const uint64_t end = min_u64((job + 1) * chunks, table_chunk_count(state_index(agreement->state)));
    pecs_status status = PECS_OK;
    for (uint64_t chunk = job * chunks; !status && chunk < end; chunk++)
        status = check_chunk(agreement, chunk, error);
    return status;
}

struct id_text {
    char text[PECS_ID_TEXT_BYTES];
};

static struct id_text id_text(pecs_id id)
{
    struct id_text text;
    pecs_id_format(id, text.text);
    return text;
}

static pecs_status check_ids(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct pecs_snapshot *state = agreement->state;
    const struct id_entry *entries = state->id_hints.saved;
    static const pecs_id zero;
    const uint64_t end = min_u64((job + 1) * BLOCK_ROWS, state->id_hints.saved_count);
    for (uint64_t i = job * BLOCK_ROWS; i < end; i++) {
        const uint64_t offset = offset_in(state, &entries[i]);
        const uint32_t index = le32_load(entries[i].index);
        pecs_entity other;
        /* entries lead to records in any order, and these to rows: both are on their way */
        if (end - i > IDENTITY_FAR_AHEAD) {
            __builtin_prefetch(identity_record_at(state, le32_load(entries[i + IDENTITY_FAR_AHEAD].index)));
            __builtin_prefetch(identity_explicit_at(state, le32_load(entries[i + IDENTITY_AHEAD].index)));
        }
        if (BREAKS("ID-1", memcmp(i ? &entries[i - 1].id : &zero, &entries[i].id, sizeof(zero)) >= 0))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-1", "the explicit ids do not ascend");
        const pecs_id *has = identity_explicit_at(state, index);
        if (BREAKS("ID-2", !has || memcmp(has, &entries[i].id, sizeof(*has)) != 0))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-2", "entity index %u has not the explicit id %s", index,
                             id_text(entries[i].id).text);
        if (BREAKS("ID-3", identity_find_by_birth(state, entries[i].id, &other)))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-3", "entity index %u was born with the explicit id %s",
                             other.index, id_text(entries[i].id).text);
    }
    return PECS_OK;
}

static pecs_status check_values(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    size_t low = 0, high = agreement->column_count - 1;
    while (low < high) { /* the last column whose first block is not beyond the job */
        const size_t middle = low + (high - low + 1) / 2;
        if (agreement->columns[middle].first_block <= job)
            low = middle;
        else
            high = middle - 1;
    }
    const struct value_column *column = &agreement->columns[low];
    const struct component *component = column->component;
    const uint64_t first = (job - column->first_block) * BLOCK_ROWS;
    const uint64_t rows = min_u64(column->table->row_count - first, BLOCK_ROWS);
    const struct values_index index = { agreement->records, agreement->slot_count, agreement->lowest_generations };
    const uint8_t *values = column->values + first * component->size;
    uint64_t at;
    const char *rule = values_find_wrong(component, values, rows, &index, &at);
    if (!rule)
        return PECS_OK;
    char whose[32] = "singleton", what[320];
    if (!column->table->archetype->is_singleton) {
        pecs_entity entity;
        memcpy(&entity, table_value(column->table, HANDLE_COLUMN, first + at / component->size), sizeof(entity));
        snprintf(whose, sizeof(whose), "entity %u:%u", entity.index, entity.generation);
    }
    values_tell_wrong(component, rule, at % component->size, what, sizeof(what));
    return fail_rule(error, PECS_E_CORRUPT, offset_in(agreement->state, values + at), rule, "%s: %s", whose, what);
}

static pecs_status add_columns(struct agreement *agreement, uint32_t number)
{
    const struct pecs_snapshot *state = agreement->state;
    const struct table *table = state_table(state, number);
    for (uint32_t i = 0; table->row_count && i < table->archetype->component_count; i++) {
        const struct component *component = state_component(state, table->archetype->components[i]);
        if (span_list_is_empty(&component->special))
            continue;
        if (!pool_reserve(state->registry->pool, (void **)&agreement->columns, &agreement->column_capacity,
                          agreement->column_count + 1, sizeof(*agreement->columns)))
            return PECS_E_MEMORY;
        agreement->columns[agreement->column_count++] =
            (struct value_column){ table_chunk(table, table->archetype->columns[i], 0), table, number, component, 0 };
    }
    return PECS_OK;
}

static int compare_columns(const void *a, const void *b)
{
    const uint8_t *x = ((const struct value_column *)a)->values, *y = ((const struct value_column *)b)->values;
    return (x > y) - (x < y);
}

/* In the order of the file, whatever the order in which the program lists its types: the first wrong value is told. */
static pecs_status gather_columns(struct agreement *agreement, uint64_t *ret_blocks)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < agreement->state->table_count; i++)
        status = add_columns(agreement, i);
    if (status)
        return status;
    if (agreement->column_count)
        qsort(agreement->columns, agreement->column_count, sizeof(*agreement->columns), compare_columns);
    uint64_t blocks = 0;
    for (size_t i = 0; i < agreement->column_count; i++) {
        agreement->columns[i].first_block = blocks;
        blocks += block_count(agreement->columns[i].table->row_count);
    }
    *ret_blocks = blocks;
    return PECS_OK;
}

static pecs_status run(struct agreement *agreement, uint64_t count,
                       pecs_status (*function)(void *user, uint64_t job, pecs_error *error), pecs_error *error)
{
    const struct jobs jobs = { count, function, agreement, agreement->thread_count, NULL };
    return jobs_run(&jobs, error);
}

static pecs_status check_all(struct agreement *agreement, pecs_error *error)
{
    const struct pecs_snapshot *state = agreement->state;
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < state->table_count; i++) {
        agreement->first_blocks[i] = blocks;
        blocks += block_count(state_table(state, i)->row_count);
    }
    pecs_status status = run(agreement, blocks, check_rows, error);
    if (!status)
        status = run(agreement, block_count(agreement->slot_count), check_records, error);
    if (BREAKS("INDEX-3", !status && agreement->living_count != state->entity_count))
        status = fail_rule(error, PECS_E_CORRUPT, offset_in(state, agreement->records), "INDEX-3",
                           "the index has %" PRIu64 " living records for %" PRIu64 " rows",
                           (uint64_t)agreement->living_count, state->entity_count);
    if (!status)
        status = run(agreement, block_count(state->id_hints.saved_count), check_ids, error);
    if (status)
        return status;
    if (gather_columns(agreement, &blocks))
        return fail_memory(error);
    return run(agreement, blocks, check_values, error);
}

pecs_status agree_check(const struct pecs_snapshot *state, uint32_t thread_count, pecs_error *error)
{
    struct pool *pool = state->registry->pool;
    const struct table *index = state_index(state);
    const size_t table_bytes = ((size_t)state->table_count + 1) * sizeof(uint64_t);
    const size_t chunk_bytes = ((size_t)table_chunk_count(index) + 1) * sizeof(uint32_t);
    struct agreement agreement = {
        .state = state,
        .thread_count = thread_count,
        .first_blocks = pool_allocate(pool, table_bytes),
        .records = index->row_count ? (const struct record *)(const void *)table_chunk(index, 0, 0) : NULL,
        .slot_count = index->row_count,
        .lowest_generations = pool_allocate(pool, chunk_bytes),
    };
    const pecs_status status =
        agreement.first_blocks && agreement.lowest_generations ? check_all(&agreement, error) : fail_memory(error);
    pool_release(pool, agreement.columns, agreement.column_capacity * sizeof(*agreement.columns));
    pool_release(pool, agreement.lowest_generations, chunk_bytes);
    pool_release(pool, agreement.first_blocks, table_bytes);
    return status;
}
