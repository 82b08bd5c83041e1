/*
 * Contents are checked before values are, as a load does it: so no two references lead to the same contents, and the
 * work is that of the segment's bytes. Some thousands of rows go through all checks while they are in the cache.
 */
#include "segment_check.h"

#include "content.h"
#include "error.h"
#include "heap_check.h"
#include "state_types.h"
#include "value_check.h"

#include <inttypes.h>

enum { ROWS_SHIFT = 12 };

/* Rows of a column; if it has contents, those whose contents lie in one heap. */
struct segment_column {
    struct heap_column rows;
    const struct table *table;
    pecs_component number;
    uint64_t first_row;
};

static bool segment_is_handle(pecs_entity entity)
{
    return (entity.index < SLOT_COUNT_MAX) & (entity.generation - 1u < GENERATION_MAX);
}

/* The loop over a chunk is free of branches. */
static pecs_status segment_check_handles(const struct table *table, uint32_t number, pecs_error *error)
{
    for (uint64_t row = 0, rows; !table->archetype->is_singleton && row < table->row_count; row += rows) {
        const pecs_entity *handles = (const pecs_entity *)(const void *)table_value(table, HANDLE_COLUMN, row);
        uint64_t place = 0;
        uint32_t wrong = 0;
        rows = table_rows_at(table, row);
        for (uint64_t i = 0; i < rows; i++)
            wrong += !segment_is_handle(handles[i]);
        if (!wrong)
            continue;
        while (segment_is_handle(handles[place]))
            place++;
        return fail(error, PECS_E_CORRUPT, "table %u, row %" PRIu64 ": %u:%u is not a handle of an entity", number,
                    row + place, handles[place].index, handles[place].generation);
    }
    return PECS_OK;
}

static pecs_status segment_check_values(const struct segment_column *column, const struct value_check *check,
                                        uint64_t first, uint64_t count, pecs_error *error)
{
    const struct heap_column *rows = &column->rows;
    const uint64_t at = first * rows->component->size;
    const pecs_status status = values_check(check, column->table, column->number, column->first_row + first,
                                            rows->values + at, count, rows->offset + at, error);
    if (status == PECS_E_INVALID && error)
        error->status = PECS_E_CORRUPT;
    return status == PECS_E_INVALID ? PECS_E_CORRUPT : status;
}

/* Inlined for values that are one reference, of which compilers make vectors. */
static inline __attribute__((always_inline)) void segment_lower(uint8_t *place, size_t stride, uint64_t count,
                                                                uint64_t units)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t reference;
        memcpy(&reference, place + i * stride, sizeof(reference));
        reference -= reference ? units << 2 : 0;
        memcpy(place + i * stride, &reference, sizeof(reference));
    }
}

/* References that have been checked: each is empty, or to contents of this segment. */
static void segment_lower_references(const struct heap_column *rows, uint64_t first, uint64_t count, uint64_t units)
{
    const size_t stride = rows->component->size, one = sizeof(uint64_t);
    const struct span_list *flat = content_flat(rows->component);
    uint8_t *values = rows->values + first * stride;
    struct content_walk walk;
    struct content content;
    if (!units)
        return;
    for (uint32_t i = 0; flat && i < flat->count; i++)
        for (uint32_t at = 0; at < flat->spans[i].size; at += (uint32_t)one)
            if (stride == one)
                segment_lower(values, one, count, units);
            else
                segment_lower(values + flat->spans[i].offset + at, stride, count, units);
    content_walk_begin(&walk, rows->component, values, flat ? 0 : count);
    while (content_walk_next(&walk, &content))
        segment_lower(values + content.offset, one, 1, units);
}

static pecs_status segment_check_heap(const struct segment_column *column, const struct value_check *check,
                                      uint64_t first_unit, pecs_error *error)
{
    const struct heap_column *rows = &column->rows;
    const uint32_t shift = rows->chunk_shift;
    const uint64_t at_once = (uint64_t)1 << (shift > ROWS_SHIFT ? shift : ROWS_SHIFT);
    pecs_status status = heap_check_ends(rows, error);
    for (uint64_t first = 0, end; !status && first < rows->row_count; first = end) {
        end = min_u64(first + at_once, rows->row_count);
        for (uint64_t chunk = first >> shift; !status && chunk << shift < end; chunk++)
            status = heap_check_chunk(rows, chunk, error);
        if (status)
            break;
        segment_lower_references(rows, first, end - first, first_unit);
        status = segment_check_values(column, check, first, end - first, error);
    }
    return status;
}

static const uint8_t *segment_bytes(const struct segment_rows *rows, uint64_t offset)
{
    return offset < IMAGE_GATHERED ? rows->image->bytes + offset : rows->gathered->bytes + (offset - IMAGE_GATHERED);
}

static pecs_status segment_check_heaps(const struct segment_rows *rows, const struct segment_column *all,
                                       const struct model_heap *heap, const struct value_check *check,
                                       pecs_error *error)
{
    pecs_status status = PECS_OK;
    for (; !status && heap; heap = model_next_heap(rows->model, heap)) {
        const uint64_t at = heap->first_row * all->rows.component->size;
        struct segment_column column = *all;
        column.first_row = heap->first_row;
        column.rows.values += at;
        column.rows.offset += at;
        column.rows.row_count = heap->row_count;
        column.rows.heap = heap;
        column.rows.ends = segment_bytes(rows, heap->run_offset);
        column.rows.contents = segment_bytes(rows, heap->offset);
        column.rows.first_unit = rows->first_unit + heap->first;
        status = segment_check_heap(&column, check, rows->first_unit, error);
    }
    return status;
}

static pecs_status segment_check_table(const struct segment_rows *rows, uint32_t place, const struct value_check *check,
                                       pecs_error *error)
{
    const struct model_table *from = &rows->model->tables[place];
    const struct table *table = state_table(rows->state, place);
    pecs_status status = segment_check_handles(table, rows->tables[place], error);
    for (uint32_t i = 0; !status && i < from->type_count; i++) {
        const pecs_component number = rows->match->components[le32_load(from->types[i])];
        const struct component *component = state_component(rows->state, number);
        if (!values_can_be_invalid(component))
            continue;
        const struct segment_column column = {
            .rows.component = component,
            .rows.values = table->runs->columns[archetype_column(table->archetype, number)].base,
            .rows.offset = model_column(rows->model, from, i)->offset,
            .rows.row_count = table->row_count,
            .rows.chunk_shift = from->chunk_shift,
            .table = table,
            .number = number,
        };
        const struct model_heap *heap = model_heap(rows->model, from, i);
        status = heap ? segment_check_heaps(rows, &column, heap, check, error)
                      : segment_check_values(&column, check, 0, table->row_count, error);
    }
    return status;
}

pecs_status segment_check(const struct segment_rows *rows, pecs_error *error)
{
    struct value_check check;
    pecs_status status = PECS_OK;
    value_check_init_ahead(&check, rows->state, GENERATION_MAX);
    for (uint32_t i = 0; !status && i < rows->state->table_count; i++)
        status = segment_check_table(rows, i, &check, error);
    return status;
}
