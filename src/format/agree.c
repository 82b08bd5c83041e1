/*
 * Checks that rows, entity index, explicit ids and values of a loaded file agree.
 *
 * The handle of each row must lead through the index back to that row, so no two rows share a record. The number of
 * living records must equal the number of rows, so every living record has a row: the relation is one to one. In the
 * same way each entry of the sorted list of ids must lead to an entity that has the id, and the list must have as many
 * entries as there are entities with explicit ids. Values come last (agree_values.c).
 *
 * Of a part of a file, the rows that are not read count only by their number, which the records of their tables must
 * have; and the list of ids may have any entities of these.
 *
 * Each column lies in one place. The work is split into blocks of rows; any thread can check any block.
 */
#include "agreement.h"
#include "error.h"
#include "identity.h"
#include "state_types.h"

#include <inttypes.h>

/* A range of rows of one table that has rows. */
struct block {
    const struct table *table;
    uint32_t number;
    uint64_t first, end;
};

/* Finds the last table whose first block is at or before the job's block. */
static struct block agree_find_block(const struct agreement *agreement, uint64_t job)
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

static pecs_status agree_check_rows(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct block block = agree_find_block(agreement, job);
    const uint64_t offset = model_handles(agreement->model, &agreement->model->tables[block.number])->offset;
    const pecs_entity *handles = (const pecs_entity *)(const void *)table_chunk(block.table, HANDLE_COLUMN, 0);
    if (block.table->archetype->is_singleton) {
        RULE(error, "ROW-2", handles[0].index || handles[0].generation, offset,
             "table %u: the singletons' row has an entity", block.number);
        return PECS_OK;
    }
    const struct record *records = agreement->records;
    for (uint64_t row = block.first; row < block.end; row++) {
        const pecs_entity handle = handles[row];
        const bool agrees = handle.index < agreement->slot_count &&
                            records[handle.index].generation == handle.generation &&
                            records[handle.index].table == block.number && records[handle.index].row == row;
        RULE(error, "ROW-1", !agrees, offset + row * sizeof(handle),
             "table %u row %" PRIu64 ": its handle {%u, %u} is not that of a record which names this row", block.number,
             row, handle.index, handle.generation);
    }
    return PECS_OK;
}

/* Whether a living record names a row of a table that the part leaves out. */
static bool agree_is_left_out(const struct agreement *agreement, const struct record *record)
{
    const struct model *model = agreement->model;
    return record->table < model->table_count && !part_has_table(agreement->part, record->table) &&
           record->row < model->tables[record->table].row_count;
}

static bool agree_record_is_valid(const struct record *record, uint32_t session_count)
{
    if (record->generation == 0 || record->generation > GENERATION_MAX)
        return false;
    return record->table != NO_TABLE ? record->session < session_count : record->row == 0 && record->session == 0;
}

/* Checks the records of one chunk of the index and its count of free slots. */
static pecs_status agree_check_chunk(struct agreement *agreement, uint64_t chunk, pecs_error *error)
{
    const struct pecs_snapshot *state = agreement->state;
    const uint32_t session_count = state->sessions ? state->sessions->count : 0;
    const uint64_t first = chunk << INDEX_SHIFT, slots = index_chunk_slots(state_index(state), chunk);
    uint64_t living = 0, left = 0, used_up = 0;
    uint32_t lowest = GENERATION_MAX;
    for (uint64_t i = first; i < first + slots; i++) {
        const struct record *record = &agreement->records[i];
        RULE(error, "INDEX-1", !agree_record_is_valid(record, session_count),
             agreement->model->index.offset + i * sizeof(*record), "the record of entity index %" PRIu64 " is invalid",
             i);
        living += record->table != NO_TABLE;
        left += agree_is_left_out(agreement, record);
        used_up += record->table == NO_TABLE && record->generation == GENERATION_MAX;
        lowest = record->generation < lowest ? record->generation : lowest;
    }
    agreement->values.lowest_generations[chunk] = lowest;
    atomic_fetch_add(&agreement->living_count, living - left);
    atomic_fetch_add(&agreement->left_count, left);
    RULE(error, "INDEX-2", slots - living - used_up != state_free_in_chunk(state, chunk),
         agreement->model->free_counts_offset + chunk * sizeof(le32),
         "the free count of index chunk %" PRIu64 " does not match its records", chunk);
    return PECS_OK;
}

static pecs_status agree_check_records(void *user, uint64_t job, pecs_error *error)
{
    struct agreement *agreement = user;
    const uint64_t chunks = BLOCK_ROWS >> INDEX_SHIFT;
    const uint64_t end = min_u64((job + 1) * chunks, index_chunk_count(state_index(agreement->state)));
    pecs_status status = PECS_OK;
    for (uint64_t chunk = job * chunks; !status && chunk < end; chunk++)
        status = agree_check_chunk(agreement, chunk, error);
    return status;
}

struct id_text {
    char text[PECS_ID_TEXT_BYTES];
};

static struct id_text agree_id_text(pecs_id id)
{
    struct id_text text;
    pecs_id_format(id, text.text);
    return text;
}

/* Whether the slot's entity is left out: whether it has an explicit id is not known. */
static bool agree_slot_is_left_out(const struct agreement *agreement, uint32_t index)
{
    return index < agreement->slot_count && agree_is_left_out(agreement, &agreement->records[index]);
}

/* The entities with explicit ids in the tables that are read. */
static uint64_t agree_count_ids(const struct agreement *agreement)
{
    const struct model *model = agreement->model;
    uint64_t count = 0;
    for (uint32_t i = 0; i < model->table_count; i++)
        if (model->tables[i].has_ids && part_has_table(agreement->part, i))
            count += model->tables[i].row_count;
    return count;
}

static pecs_status agree_check_ids(void *user, uint64_t job, pecs_error *error)
{
    struct agreement *agreement = user;
    const struct pecs_snapshot *state = agreement->state;
    const struct id_entry *entries = state->saved_ids.entries;
    static const pecs_id zero;
    const uint64_t end = min_u64((job + 1) * BLOCK_ROWS, state->saved_ids.count);
    uint64_t left = 0;
    for (uint64_t i = job * BLOCK_ROWS; i < end; i++) {
        const uint64_t offset = agreement->model->ids.offset + i * sizeof(*entries);
        const uint32_t index = le32_load(entries[i].index);
        pecs_entity other;
        /* entries lead to scattered records, and records to scattered rows: prefetch both */
        if (end - i > IDENTITY_FAR_AHEAD) {
            __builtin_prefetch(identity_record_at(state, le32_load(entries[i + IDENTITY_FAR_AHEAD].index)));
            __builtin_prefetch(identity_explicit_at(state, le32_load(entries[i + IDENTITY_AHEAD].index)));
        }
        RULE(error, "ID-1", memcmp(i ? &entries[i - 1].id : &zero, &entries[i].id, sizeof(zero)) >= 0, offset,
             "the explicit ids do not ascend");
        const bool is_left_out = agree_slot_is_left_out(agreement, index);
        const pecs_id *has = identity_explicit_at(state, index);
        left += is_left_out;
        RULE(error, "ID-2", !is_left_out && (!has || memcmp(has, &entries[i].id, sizeof(*has)) != 0), offset,
             "entity index %u does not have the explicit id %s", index, agree_id_text(entries[i].id).text);
        RULE(error, "ID-3",
             identity_find_by_birth(state, entries[i].id, &other) && !agree_slot_is_left_out(agreement, other.index),
             offset, "entity index %u was born with the explicit id %s", other.index,
             agree_id_text(entries[i].id).text);
    }
    atomic_fetch_add(&agreement->listed_count, end - job * BLOCK_ROWS - left);
    return PECS_OK;
}

pecs_status agree_run(struct agreement *agreement, uint64_t count,
                      pecs_status (*function)(void *user, uint64_t job, pecs_error *error), pecs_error *error)
{
    const struct jobs jobs = {
        .count = count, .run = function, .user = agreement, .thread_count = agreement->options->thread_count
    };
    return jobs_run(&jobs, error);
}

/* Checks the number of living records, when every chunk of the index has been counted. */
static pecs_status agree_check_living_count(const struct agreement *agreement, pecs_error *error)
{
    const struct model *model = agreement->model;
    const uint64_t row_count = part_entity_count(agreement->part, model);
    RULE(error, "INDEX-3",
         agreement->living_count != row_count || agreement->left_count != model->entity_count - row_count,
         model->index.offset, "the index has %" PRIu64 " living records for %" PRIu64 " rows",
         (uint64_t)agreement->living_count + agreement->left_count, model->entity_count);
    return PECS_OK;
}

/* Checks the number of entries of the list of ids, when all have been counted. */
static pecs_status agree_check_listed_count(const struct agreement *agreement, pecs_error *error)
{
    RULE(error, "ID-2", agreement->listed_count != agree_count_ids(agreement), agreement->model->ids.offset,
         "the list does not have the explicit ids of all entities that are read");
    return PECS_OK;
}

static pecs_status agree_check_all(struct agreement *agreement, pecs_error *error)
{
    const struct pecs_snapshot *state = agreement->state;
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < state->table_count; i++) {
        agreement->first_blocks[i] = blocks;
        blocks += agree_block_count(state_table(state, i)->row_count);
    }
    pecs_status status = agree_run(agreement, blocks, agree_check_rows, error);
    if (!status)
        status = agree_run(agreement, agree_block_count(agreement->slot_count), agree_check_records, error);
    if (!status)
        status = agree_check_living_count(agreement, error);
    if (!status)
        status = agree_run(agreement, agree_block_count(state->saved_ids.count), agree_check_ids, error);
    if (!status)
        status = agree_check_listed_count(agreement, error);
    return status ? status : agree_check_all_values(agreement, error);
}

pecs_status agree_check(const struct pecs_snapshot *state, const struct model *model, const struct match *match,
                        const struct part *part, const struct image *image, const struct image *gathered,
                        const pecs_load_options *options, pecs_error *error)
{
    struct pool *pool = state->registry->pool;
    const struct entity_index *index = state_index(state);
    const size_t table_bytes = ((size_t)state->table_count + 1) * sizeof(uint64_t);
    struct agreement agreement = {
        .state = state,
        .model = model,
        .match = match,
        .part = part,
        .image = image,
        .gathered = gathered,
        .options = options,
        .first_blocks = pool_allocate(pool, table_bytes),
        .records = index_slot_count(index) ? index_chunk(index, 0) : NULL,
        .slot_count = index_slot_count(index),
    };
    pecs_status status = value_check_init(&agreement.values, state);
    if (!status && agreement.first_blocks)
        status = agree_check_all(&agreement, error);
    else
        status = fail_memory(error);
    pool_release(pool, agreement.first_blocks, table_bytes);
    value_check_deinit(&agreement.values);
    return status;
}
