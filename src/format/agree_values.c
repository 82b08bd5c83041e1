/*
 * Checks that contents have the one reference that they must have, and that every value is valid, or the repair
 * callback fixes it. Each column lies in one place, and any thread can check any block of its rows. A column whose
 * contents lie in several heaps is several columns here.
 */
#include "agreement.h"
#include "error.h"
#include "heap_check.h"
#include "state_types.h"

#include <stdlib.h>

struct value_column {
    struct heap_column rows;
    const struct table *table;
    uint64_t first_row;
    pecs_component number;
    uint64_t first_block; /* of all columns' blocks */
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
        .count = min_u64(column->rows.row_count - first, BLOCK_ROWS),
        .values = column->rows.values + first * column->rows.component->size,
    };
}

static pecs_status agree_fail_place(const struct agreement *agreement, const struct value_block *block, uint64_t row,
                                    const struct invalid_place *place, pecs_error *error)
{
    const struct value_column *column = block->column;
    const uint64_t number = block->first + row;
    struct invalid_value wrong;
    invalid_value_init(&wrong, agreement->state, column->table, column->first_row + number, column->number, place);
    return fail_value(error, PECS_E_CORRUPT,
                      column->rows.offset + number * column->rows.component->size + place->span.offset, &wrong);
}

static pecs_status agree_check_values(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct value_block block = agree_find_value_block(agreement, job);
    const struct component *component = block.column->rows.component;
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
    uint8_t *value = block->values + row * column->rows.component->size;
    struct invalid_iter iter;
    struct invalid_place place;
    invalid_iter_begin(&iter, &agreement->values, column->rows.component, value);
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
        const struct component *component = block.column->rows.component;
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
    struct heap_column *rows = &column.rows;
    if (!pool_reserve(agreement->state->registry->pool, (void **)&agreement->columns, &agreement->column_capacity,
                      agreement->column_count + 1, sizeof(*agreement->columns)))
        return PECS_E_MEMORY;
    rows->row_count = column.table->row_count;
    rows->offset = column_offset;
    if (heap) {
        column.first_row = heap->first_row;
        rows->row_count = heap->row_count;
        rows->offset += heap->first_row * rows->component->size;
        rows->values += heap->first_row * rows->component->size;
        rows->heap = heap;
        rows->first_unit = heap->first;
        rows->ends = agree_bytes(agreement, heap->run_offset);
        rows->contents = agree_bytes(agreement, heap->offset);
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
            .rows.values = table->runs->columns[archetype_column(table->archetype, component)].base,
            .rows.component = state_component(state, component),
            .rows.chunk_shift = from->chunk_shift,
            .table = table,
            .number = component,
        };
        status = agree_add_column(agreement, column, heap, offset);
        while (!status && heap && (heap = model_next_heap(model, heap)) != NULL)
            status = agree_add_column(agreement, column, heap, offset);
    }
    return status;
}

static int agree_compare_columns(const void *a, const void *b)
{
    const struct heap_column *x = &((const struct value_column *)a)->rows, *y = &((const struct value_column *)b)->rows;
    return (x->offset > y->offset) - (x->offset < y->offset);
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
        blocks += agree_block_count(agreement->columns[i].rows.row_count);
    }
    *ret_blocks = blocks;
    return PECS_OK;
}

static pecs_status agree_check_heap(void *user, uint64_t job, pecs_error *error)
{
    const struct agreement *agreement = user;
    const struct value_block block = agree_find_value_block(agreement, job);
    const struct heap_column *column = &block.column->rows;
    if (!column->heap)
        return PECS_OK;
    const uint64_t end_row = block.first + block.count;
    uint64_t chunk = (block.first + ((uint64_t)1 << column->chunk_shift) - 1) >> column->chunk_shift;
    pecs_status status = PECS_OK;
    for (; !status && chunk << column->chunk_shift < end_row; chunk++)
        status = heap_check_chunk(column, chunk, error);
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
        if (agreement->columns[i].rows.heap)
            status = heap_check_ends(&agreement->columns[i].rows, error);
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
