/*
 * Checks that contents have the one reference that they must have, and that every value is valid, or the repair
 * callback fixes it. Each column lies in one place, and any thread can check any block of its rows. A column whose
 * contents lie in several heaps is several columns here.
 */
#include "agreement.h"
#include "content.h"
#include "error.h"
#include "state_types.h"

#include <stdlib.h>

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
                                    const struct invalid_place *place, pecs_error *error)
{
    const struct value_column *column = block->column;
    const uint64_t number = block->first + row;
    struct invalid_value wrong;
    invalid_value_init(&wrong, agreement->state, column->table, column->first_row + number, column->number, place);
    return fail_value(error, PECS_E_CORRUPT, column->offset + number * column->component->size + place->span.offset,
                      &wrong);
}

static pecs_status agree_check_values(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct value_block block = agree_find_value_block(agreement, job);
    const struct component *component = block.column->component;
    const uint64_t row = values_find_invalid(&agreement->values, component, block.values, block.count);
    if (row == block.count)
        return PECS_OK;
    if (agreement->invalid_blocks) {
        agreement->invalid_blocks[job] = 1;
        return PECS_OK;
    }
    struct invalid_iter iter;
    struct invalid_place place;
    invalid_iter_begin(&iter, &agreement->values, component, block.values + row * component->size);
    return invalid_iter_next(&iter, &place) ? agree_fail_place(agreement, &block, row, &place, error) : PECS_OK;
}

/* Repairs all invalid spans of one value. Fails if a span is still invalid after the callback. */
static pecs_status agree_repair_value(const struct agreement *agreement, const struct value_block *block, uint64_t row,
                                      pecs_error *error)
{
    const struct value_column *column = block->column;
    const pecs_load_options *options = agreement->options;
    uint8_t *value = block->values + row * column->component->size;
    struct invalid_iter iter;
    struct invalid_place place;
    invalid_iter_begin(&iter, &agreement->values, column->component, value);
    while (invalid_iter_next(&iter, &place)) {
        struct invalid_value wrong;
        invalid_value_init(&wrong, agreement->state, column->table, column->first_row + block->first + row,
                           column->number, &place);
        if (!options->repair(options->user, &wrong.invalid, value + place.span.offset) ||
            invalid_place_remains(&agreement->values, &place, value))
            return agree_fail_place(agreement, block, row, &place, error);
    }
    return PECS_OK;
}

/* Runs on the caller's thread, in file order. */
static pecs_status agree_repair_blocks(struct agreement *agreement, uint64_t block_count, pecs_error *error)
{
    pecs_status status = PECS_OK;
    for (uint64_t job = 0; !status && job < block_count; job++) {
        if (!agreement->invalid_blocks[job])
            continue;
        const struct value_block block = agree_find_value_block(agreement, job);
        const struct component *component = block.column->component;
        for (uint64_t row = 0; !status && row < block.count; row++) {
            const uint8_t *values = block.values + row * component->size;
            row += values_find_invalid(&agreement->values, component, values, block.count - row);
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
        if (!values_can_be_invalid(state_component(state, component)))
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
             column->heap->run_offset + chunk * sizeof(le64), "the end of a chunk's contents is invalid");
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

static pecs_status agree_check_columns(struct agreement *agreement, uint64_t blocks, pecs_error *error)
{
    struct pool *pool = agreement->state->registry->pool;
    if (agreement->options->repair) {
        agreement->invalid_blocks = pool_allocate_zeroed(pool, (size_t)blocks + 1);
        if (!agreement->invalid_blocks)
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
    if (agreement->invalid_blocks) {
        status = status ? status : agree_repair_blocks(agreement, blocks, error);
        pool_release(pool, agreement->invalid_blocks, (size_t)blocks + 1);
    }
    return status;
}

pecs_status agree_check_all_values(struct agreement *agreement, pecs_error *error)
{
    uint64_t blocks = 0;
    const pecs_status status =
        agree_gather_columns(agreement, &blocks) ? fail_memory(error) : agree_check_columns(agreement, blocks, error);
    pool_release(agreement->state->registry->pool, agreement->columns,
                 agreement->column_capacity * sizeof(*agreement->columns));
    return status;
}
