/*
 * Checks that rows, entity index, explicit ids and values of a loaded file agree.
 *
 * The handle of each row must lead through the index back to that row, so no two rows share a record. The number of
 * living records must equal the number of rows, so every living record has a row: the relation is one to one. In the
 * same way each entry of the sorted list of ids must lead to an entity that has the id, and the list must have as many
 * entries as there are entities with explicit ids. Then each value must be valid, or the repair callback must fix it.
 *
 * Each column lies in one place. The work is split into blocks of rows; any thread can check any block. A column whose
 * contents lie in several heaps is several columns here.
 */
#include "agree.h"

#include "content.h"
#include "error.h"
#include "identity.h"
#include "jobs.h"
#include "state_types.h"
#include "value_check.h"

#include <inttypes.h>
#include <stdlib.h>

enum { BLOCK_ROWS = 1 << 16 }; /* a multiple of an index chunk */

struct agreement {
    const struct pecs_snapshot *state;
    const struct model *model;
    const struct match *match;
    const struct part *part;
    const struct image *image, *gathered;
    const pecs_load_options *options;
    uint64_t *first_blocks; /* of each table: the number of its first block */
    const struct record *records;
    uint64_t slot_count;
    struct value_check values;
    _Atomic uint64_t living_count; /* records of entities in tables that are read, */
    _Atomic uint64_t left_count;   /* and in those that are left out */
    _Atomic uint64_t listed_count; /* of the former, those in the list of ids */
    struct value_column *columns;  /* columns that can hold invalid values, in file order */
    size_t column_count, column_capacity;
    uint8_t *wrong_blocks; /* one for each block of all columns: 1 if it has a value to repair; NULL without repair */
};

struct value_column {
    uint8_t *values;
    uint64_t offset; /* of them in the file, or as IMAGE_GATHERED says */
    const struct table *table;
    uint64_t first_row, row_count;
    pecs_component number;
    const struct component *component;
    uint64_t first_block;          /* of all columns' blocks */
    const struct model_heap *heap; /* of the contents of these rows, or NULL */
    const uint8_t *ends, *contents;
    uint32_t chunk_shift; /* the file's */
};

static uint64_t agree_block_count(uint64_t row_count)
{
    return (row_count + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

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
        if (BREAKS("ROW-2", handles[0].index || handles[0].generation))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ROW-2", "table %u: the singletons' row has an entity",
                             block.number);
        return PECS_OK;
    }
    const struct record *records = agreement->records;
    for (uint64_t row = block.first; row < block.end; row++) {
        const pecs_entity handle = handles[row];
        const bool agrees = handle.index < agreement->slot_count &&
                            records[handle.index].generation == handle.generation &&
                            records[handle.index].table == block.number && records[handle.index].row == row;
        if (BREAKS("ROW-1", !agrees))
            return fail_rule(error, PECS_E_CORRUPT, offset + row * sizeof(handle), "ROW-1",
                             "table %u row %" PRIu64
                             ": its handle {%u, %u} is not that of a record which names this row",
                             block.number, row, handle.index, handle.generation);
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
        if (BREAKS("INDEX-1", !agree_record_is_valid(record, session_count)))
            return fail_rule(error, PECS_E_CORRUPT, agreement->model->index.offset + i * sizeof(*record), "INDEX-1",
                             "the record of entity index %" PRIu64 " is invalid", i);
        living += record->table != NO_TABLE;
        left += agree_is_left_out(agreement, record);
        used_up += record->table == NO_TABLE && record->generation == GENERATION_MAX;
        lowest = record->generation < lowest ? record->generation : lowest;
    }
    agreement->values.lowest_generations[chunk] = lowest;
    atomic_fetch_add(&agreement->living_count, living - left);
    atomic_fetch_add(&agreement->left_count, left);
    if (BREAKS("INDEX-2", slots - living - used_up != state_free_in_chunk(state, chunk)))
        return fail_rule(error, PECS_E_CORRUPT, agreement->model->free_counts_offset + chunk * sizeof(le32), "INDEX-2",
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
        if (BREAKS("ID-1", memcmp(i ? &entries[i - 1].id : &zero, &entries[i].id, sizeof(zero)) >= 0))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-1", "the explicit ids do not ascend");
        const bool is_left_out = agree_slot_is_left_out(agreement, index);
        const pecs_id *has = identity_explicit_at(state, index);
        left += is_left_out;
        if (BREAKS("ID-2", !is_left_out && (!has || memcmp(has, &entries[i].id, sizeof(*has)) != 0)))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-2", "entity index %u does not have the explicit id %s",
                             index, agree_id_text(entries[i].id).text);
        if (BREAKS("ID-3", identity_find_by_birth(state, entries[i].id, &other) &&
                               !agree_slot_is_left_out(agreement, other.index)))
            return fail_rule(error, PECS_E_CORRUPT, offset, "ID-3", "entity index %u was born with the explicit id %s",
                             other.index, agree_id_text(entries[i].id).text);
    }
    atomic_fetch_add(&agreement->listed_count, end - job * BLOCK_ROWS - left);
    return PECS_OK;
}

/* A range of rows of one column. */
struct value_block {
    const struct value_column *column;
    uint64_t first, count;
    uint8_t *values;
};

/* Finds the last column whose first block is at or before the job's block. */
static struct value_block agree_find_value_block(const struct agreement *agreement, uint64_t job)
{
    size_t low = 0, high = agreement->column_count - 1;
    while (low < high) {
        const size_t middle = low + (high - low + 1) / 2;
        if (agreement->columns[middle].first_block <= job)
            low = middle;
        else
            high = middle - 1;
    }
    const struct value_column *column = &agreement->columns[low];
    const uint64_t first = (job - column->first_block) * BLOCK_ROWS;
    return (struct value_block){
        .column = column,
        .first = first,
        .count = min_u64(column->row_count - first, BLOCK_ROWS),
        .values = column->values + first * column->component->size,
    };
}

static pecs_status agree_fail_place(const struct agreement *agreement, const struct value_block *block, uint64_t row,
                                    const struct wrong_place *place, pecs_error *error)
{
    const struct value_column *column = block->column;
    const uint64_t number = block->first + row;
    struct wrong_value wrong;
    wrong_value_init(&wrong, agreement->state, column->table, column->first_row + number, column->number, place);
    return fail_value(error, PECS_E_CORRUPT, column->offset + number * column->component->size + place->span.offset,
                      &wrong);
}

static pecs_status agree_check_values(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct value_block block = agree_find_value_block(agreement, job);
    const struct component *component = block.column->component;
    const uint64_t row = values_find_wrong(&agreement->values, component, block.values, block.count);
    if (row == block.count)
        return PECS_OK;
    if (agreement->wrong_blocks) {
        agreement->wrong_blocks[job] = 1;
        return PECS_OK;
    }
    struct wrong_iter iter;
    struct wrong_place place;
    wrong_iter_begin(&iter, &agreement->values, component, block.values + row * component->size);
    return wrong_iter_next(&iter, &place) ? agree_fail_place(agreement, &block, row, &place, error) : PECS_OK;
}

/* Repairs all invalid spans of one value. Fails if a span is still invalid after the callback. */
static pecs_status agree_repair_value(const struct agreement *agreement, const struct value_block *block, uint64_t row,
                                      pecs_error *error)
{
    const struct value_column *column = block->column;
    const pecs_load_options *options = agreement->options;
    uint8_t *value = block->values + row * column->component->size;
    struct wrong_iter iter;
    struct wrong_place place;
    wrong_iter_begin(&iter, &agreement->values, column->component, value);
    while (wrong_iter_next(&iter, &place)) {
        struct wrong_value wrong;
        wrong_value_init(&wrong, agreement->state, column->table, column->first_row + block->first + row,
                         column->number, &place);
        if (!options->repair(options->user, &wrong.invalid, value + place.span.offset) ||
            wrong_place_is_wrong(&agreement->values, &place, value))
            return agree_fail_place(agreement, block, row, &place, error);
    }
    return PECS_OK;
}

/* Runs on the caller's thread, in file order. */
static pecs_status agree_repair_blocks(struct agreement *agreement, uint64_t block_count, pecs_error *error)
{
    pecs_status status = PECS_OK;
    for (uint64_t job = 0; !status && job < block_count; job++) {
        if (!agreement->wrong_blocks[job])
            continue;
        const struct value_block block = agree_find_value_block(agreement, job);
        const struct component *component = block.column->component;
        for (uint64_t row = 0; !status && row < block.count; row++) {
            const uint8_t *values = block.values + row * component->size;
            row += values_find_wrong(&agreement->values, component, values, block.count - row);
            if (row < block.count)
                status = agree_repair_value(agreement, &block, row, error);
        }
    }
    return status;
}

/* Bytes of the file's image, or of what was gathered, by an offset that is the model's. */
static const uint8_t *agree_bytes(const struct agreement *agreement, uint64_t offset)
{
    return offset < IMAGE_GATHERED ? agreement->image->bytes + offset
                                   : agreement->gathered->bytes + (offset - IMAGE_GATHERED);
}

/* The rows of a column whose contents lie in one heap; without contents, all rows. */
static pecs_status agree_add_column(struct agreement *agreement, struct value_column column,
                                    const struct model_heap *heap, uint64_t column_offset)
{
    const struct component *component = column.component;
    if (!pool_reserve(agreement->state->registry->pool, (void **)&agreement->columns, &agreement->column_capacity,
                      agreement->column_count + 1, sizeof(*agreement->columns)))
        return PECS_E_MEMORY;
    column.row_count = column.table->row_count;
    column.offset = column_offset;
    if (heap) {
        column.first_row = heap->first_row;
        column.row_count = heap->row_count;
        column.offset += heap->first_row * component->size;
        column.values += heap->first_row * component->size;
        column.heap = heap;
        column.ends = agree_bytes(agreement, heap->run_offset);
        column.contents = agree_bytes(agreement, heap->offset);
    }
    agreement->columns[agreement->column_count++] = column;
    return PECS_OK;
}

static pecs_status agree_add_columns(struct agreement *agreement, uint32_t number)
{
    const struct pecs_snapshot *state = agreement->state;
    const struct model *model = agreement->model;
    const struct model_table *from = &model->tables[number];
    const struct table *table = state_table(state, number);
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && table->row_count && i < from->type_count; i++) {
        if (!part_has_type(agreement->part, le32_load(from->types[i])))
            continue;
        const pecs_component component = agreement->match->components[le32_load(from->types[i])];
        const struct model_heap *heap = model_heap(model, from, i);
        if (!values_can_be_wrong(state_component(state, component)))
            continue;
        const uint64_t offset = model_column(model, from, i)->offset;
        const struct value_column column = {
            .values = table->runs->columns[archetype_column(table->archetype, component)].base,
            .table = table,
            .number = component,
            .component = state_component(state, component),
            .chunk_shift = from->chunk_shift,
        };
        status = agree_add_column(agreement, column, heap, offset);
        while (!status && heap && (heap = model_next_heap(model, heap)) != NULL)
            status = agree_add_column(agreement, column, heap, offset);
    }
    return status;
}

static int agree_compare_columns(const void *a, const void *b)
{
    const uint64_t x = ((const struct value_column *)a)->offset, y = ((const struct value_column *)b)->offset;
    return (x > y) - (x < y);
}

/* Sorts by file offset, so the error reports the first invalid value whatever the order of the program's types. */
static pecs_status agree_gather_columns(struct agreement *agreement, uint64_t *ret_blocks)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < agreement->state->table_count; i++)
        status = agree_add_columns(agreement, i);
    if (status)
        return status;
    if (agreement->column_count)
        qsort(agreement->columns, agreement->column_count, sizeof(*agreement->columns), agree_compare_columns);
    uint64_t blocks = 0;
    for (size_t i = 0; i < agreement->column_count; i++) {
        agreement->columns[i].first_block = blocks;
        blocks += agree_block_count(agreement->columns[i].row_count);
    }
    *ret_blocks = blocks;
    return PECS_OK;
}

/* Where a heap's chunk ends, in bytes from its first contents. */
static uint64_t agree_heap_end(const struct value_column *column, uint64_t chunk)
{
    le64 end;
    memcpy(&end, column->ends + chunk * sizeof(end), sizeof(end));
    return le64_load(end);
}

/* The ends of a heap's chunks ascend, and the last is that of the heap. */
static pecs_status agree_check_ends(const struct value_column *column, pecs_error *error)
{
    const uint64_t chunks = format_chunk_count(column->row_count, column->chunk_shift);
    uint64_t before = 0;
    for (uint64_t chunk = 0; chunk < chunks; chunk++) {
        const uint64_t end = agree_heap_end(column, chunk);
        RULE(error, "HEAP-1",
             end < before || end % FORMAT_HEAP_UNIT || end > column->heap->size_bytes ||
                 (chunk == chunks - 1 && end != column->heap->size_bytes),
             column->heap->run_offset + chunk * sizeof(le64), "a chunk's contents do not end where they can");
        before = end;
    }
    return PECS_OK;
}

/* Whether the member refers to the contents at `at`, in bytes from the first ones, and these end before `end`. */
static bool agree_content_is_next(const struct value_column *column, const struct content *content, uint64_t at,
                                  uint64_t end, uint64_t *ret_size)
{
    const uint8_t *bytes = column->contents + at;
    uint64_t size = content->reference >> 40;
    *ret_size = size;
    if (!size)
        return content->reference == 0;
    const bool is_long = size == FORMAT_HEAP_LONG;
    if (is_long) {
        if (end - at < FORMAT_HEAP_UNIT)
            return false;
        memcpy(&size, bytes, sizeof(size));
        bytes += FORMAT_HEAP_UNIT;
    }
    const uint64_t reference = format_reference(column->heap->first + at / FORMAT_HEAP_UNIT, size);
    const bool is_string = content->kind == PECS_STRING;
    *ret_size = size;
    if ((is_long && size < FORMAT_HEAP_LONG) || size > end - at || content->reference != reference ||
        contents_units(size, is_string) > (end - at) / FORMAT_HEAP_UNIT)
        return false;
    return contents_end_in_zeros(bytes, size, is_string);
}

/* Checks that the rows of a chunk refer to its contents one after another, without gaps. */
static pecs_status agree_check_heap_chunk(const struct value_column *column, uint64_t chunk, pecs_error *error)
{
    const uint64_t first = chunk << column->chunk_shift;
    const uint64_t end = min_u64(agree_heap_end(column, chunk), column->heap->size_bytes);
    const uint64_t rows = min_u64(column->row_count - first, (uint64_t)1 << column->chunk_shift);
    const uint64_t offset = first * column->component->size;
    uint64_t at = chunk ? min_u64(agree_heap_end(column, chunk - 1), end) : 0, size = 0;
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, column->component, column->values + offset, rows);
         content_walk_next(&walk, &content);) {
        RULE(error, "HEAP-2", !agree_content_is_next(column, &content, at, end, &size),
             column->offset + offset + content.offset,
             "the reference is not to the contents that follow those before it, or these do not end in zeros");
        at += contents_units(size, content.kind == PECS_STRING) * FORMAT_HEAP_UNIT;
    }
    RULE(error, "HEAP-2", at != end, column->heap->run_offset + chunk * sizeof(le64),
         "the contents of a chunk's rows do not end where the chunk ends");
    return PECS_OK;
}

static pecs_status agree_check_heap(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct value_block block = agree_find_value_block(agreement, job);
    const struct value_column *column = block.column;
    if (!column->heap)
        return PECS_OK;
    const uint64_t end_row = block.first + block.count;
    uint64_t chunk = (block.first + ((uint64_t)1 << column->chunk_shift) - 1) >> column->chunk_shift;
    pecs_status status = PECS_OK;
    for (; !status && chunk << column->chunk_shift < end_row; chunk++)
        status = agree_check_heap_chunk(column, chunk, error);
    return status;
}

static pecs_status agree_run(struct agreement *agreement, uint64_t count,
                             pecs_status (*function)(void *user, uint64_t job, pecs_error *error), pecs_error *error)
{
    const struct jobs jobs = { count, function, agreement, agreement->options->thread_count, NULL };
    return jobs_run(&jobs, error);
}

/* The bytes of attachments follow one another, each with its size before it if it is large, and end in zeros. */
static pecs_status agree_check_attachments(const struct agreement *agreement, pecs_error *error)
{
    const struct pecs_snapshot *state = agreement->state;
    const struct model_heap *run = &agreement->model->attachment_heap;
    uint64_t offset = run->run_offset;
    for (uint32_t i = 0; state->attachments && i < state->attachments->count; i++) {
        const struct attachment *entry = &state->attachments->entries[i];
        uint64_t size;
        const uint8_t *bytes = heap_find(state_heap(state), entry->reference, &size);
        RULE(error, "HEAP-3", size != entry->size_bytes || (size && !contents_end_in_zeros(bytes, size, false)), offset,
             "the attachment '%s' does not have its size before it, or does not end in zeros", entry->name);
        offset += contents_units(size, false) * FORMAT_HEAP_UNIT;
    }
    return PECS_OK;
}

static pecs_status agree_check_all_values(struct agreement *agreement, pecs_error *error)
{
    struct pool *pool = agreement->state->registry->pool;
    uint64_t blocks = 0;
    if (agree_gather_columns(agreement, &blocks))
        return fail_memory(error);
    if (agreement->options->repair) {
        agreement->wrong_blocks = pool_allocate_zeroed(pool, (size_t)blocks + 1);
        if (!agreement->wrong_blocks)
            return fail_memory(error);
    }
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < agreement->column_count; i++)
        if (agreement->columns[i].heap)
            status = agree_check_ends(&agreement->columns[i], error);
    if (!status && model_has_contents(agreement->model))
        status = agree_run(agreement, blocks, agree_check_heap, error);
    if (!status)
        status = agree_check_attachments(agreement, error);
    if (!status)
        status = agree_run(agreement, blocks, agree_check_values, error);
    if (agreement->wrong_blocks) {
        status = status ? status : agree_repair_blocks(agreement, blocks, error);
        pool_release(pool, agreement->wrong_blocks, (size_t)blocks + 1);
    }
    return status;
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
    const uint64_t row_count = part_entity_count(agreement->part, agreement->model);
    if (BREAKS("INDEX-3", !status && (agreement->living_count != row_count ||
                                      agreement->left_count != agreement->model->entity_count - row_count)))
        status = fail_rule(error, PECS_E_CORRUPT, agreement->model->index.offset, "INDEX-3",
                           "the index has %" PRIu64 " living records for %" PRIu64 " rows",
                           (uint64_t)agreement->living_count + agreement->left_count, agreement->model->entity_count);
    if (!status)
        status = agree_run(agreement, agree_block_count(state->saved_ids.count), agree_check_ids, error);
    if (BREAKS("ID-2", !status && agreement->listed_count != agree_count_ids(agreement)))
        status = fail_rule(error, PECS_E_CORRUPT, agreement->model->ids.offset, "ID-2",
                           "the list does not have the explicit ids of all entities that are read");
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
    pool_release(pool, agreement.columns, agreement.column_capacity * sizeof(*agreement.columns));
    pool_release(pool, agreement.first_blocks, table_bytes);
    value_check_deinit(&agreement.values);
    return status;
}
