/*
 * Merging of tables. All chunks but the last of a table are full, so the chunks of two tables can follow each other as
 * they are, except for the last, partial one of each:
 *
 *     A0 A1 a  +  B0 B1 B2 b  =  A0 A1 B0 B1 B2 ab
 *
 * A chunk that lies in an image gets an array that borrows its bytes.
 */
#include "table_merge.h"

#include "state_types.h"

/* Copies values of one column, in pieces that lie in one chunk of each table. */
static void table_merge_copy_values(struct table *table, uint32_t column, uint64_t row, const struct table *from,
                                    uint32_t from_column, uint64_t first, uint64_t count)
{
    const uint32_t width = table->archetype->column_bytes[column];
    const uint64_t chunk_rows = table_chunk_rows(table), from_chunk_rows = table_chunk_rows(from);
    while (count) {
        const uint64_t room = chunk_rows - (row & (chunk_rows - 1));
        const uint64_t left = from_chunk_rows - (first & (from_chunk_rows - 1));
        const uint64_t rows = min_u64(count, min_u64(room, left));
        uint8_t *to = table_owned_value(table, column, row);
        if (rows == 1)
            copy_small(to, table_value(from, from_column, first), width);
        else
            memcpy(to, table_value(from, from_column, first), (size_t)(rows * width));
        row += rows;
        first += rows;
        count -= rows;
    }
}

/* Whether a chunk of a column has bytes that another array lends. */
static bool table_has_borrowed(const struct table *table, uint32_t column, uint64_t row)
{
    const struct array *array =
        (const struct array *)tree_get(&table->columns[column].chunks, row >> table->archetype->chunk_shift);
    return array && array->lender;
}

void table_copy_rows(struct table *table, uint64_t row, const struct table *from, uint64_t first, uint64_t count)
{
    const struct archetype *archetype = table->archetype;
    for (uint32_t i = 0; i < archetype->column_count; i++) {
        const pecs_component component = archetype->column_components[i];
        const uint32_t column =
            component == NO_COMPONENT ? HANDLE_COLUMN : archetype_column(from->archetype, component);
        if (column != NO_COLUMN && !table_has_borrowed(table, i, row))
            table_merge_copy_values(table, i, row, from, column, first, count);
    }
}

void table_append_rows(struct table *table, const struct table *from, uint64_t first, uint64_t count)
{
    table_copy_rows(table, table->row_count, from, first, count);
    table->row_count += count;
}

/* Puts an array into the tree of a column, in place of what is there. Takes over the reference, also on failure. */
static pecs_status table_merge_put(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk,
                                   struct array *array)
{
    struct ref *ref;
    if (!array)
        return PECS_E_MEMORY;
    if (tree_own_ref(gate->pool, gate->epoch, &table->columns[column].chunks, chunk, &ref)) {
        node_release(gate->pool, &array->node);
        return PECS_E_MEMORY;
    }
    node_release(gate->pool, ref->node);
    *ref = (struct ref){ &array->node, array->data, 0 };
    return PECS_OK;
}

/* The array of a full chunk, for another table: the same, one that borrows its bytes, or a copy. NULL: no memory. */
static struct array *table_merge_share(struct gate *gate, const struct table *table, const struct table *from,
                                       uint32_t column, uint64_t chunk)
{
    struct array *array = (struct array *)tree_get(&from->columns[column].chunks, chunk);
    const uint64_t bytes = table_chunk_rows(from) * from->archetype->column_bytes[column];
    const bool is_in_image = array && array->is_lent && !array->lender;
    if (array && (!is_in_image || (table->runs && table->runs->image == from->runs->image)))
        return (struct array *)node_retain(&array->node);
    struct array *made =
        array ? array_create(gate->pool, bytes)
              : array_create_borrowed(gate->pool, table_chunk(from, column, chunk), bytes, &from->runs->node);
    if (!made)
        return NULL;
    if (array)
        memcpy(made->data, array->data, (size_t)bytes);
    made->tick = table_chunk_tick(from, column, chunk);
    return made;
}

/*
 * An array for a full chunk, which has its tick here. It borrows the bytes, or has room for a copy if they may not
 * last, in a file that is mapped for example. NULL: no memory.
 */
static struct array *table_merge_borrow(struct gate *gate, const struct table *from, uint32_t column, uint64_t chunk)
{
    const struct array *array = (const struct array *)tree_get(&from->columns[column].chunks, chunk);
    const uint64_t bytes = table_chunk_rows(from) * from->archetype->column_bytes[column];
    const uint8_t *values = table_chunk(from, column, chunk);
    struct node *owner = array                                      ? array_owner(array)
                         : from->runs->image->kind == IMAGE_PRIVATE ? &from->runs->node
                                                                    : NULL;
    struct array *made =
        owner ? array_create_borrowed(gate->pool, values, bytes, owner) : array_create(gate->pool, bytes);
    if (made)
        made->tick = gate->tick;
    return made;
}

/* The column of `from` that is adopted as a column of the table, or NO_COLUMN. */
static uint32_t table_find_adopted(const struct pecs_snapshot *state, const struct table *table, uint32_t column,
                                   const struct table *from)
{
    const pecs_component number = table->archetype->column_components[column];
    if (column == HANDLE_COLUMN || number == state->registry->id_component)
        return NO_COLUMN;
    const struct component *component = state_component(state, number);
    return component->has_references || component_has_contents(component) ? NO_COLUMN
                                                                          : archetype_column(from->archetype, number);
}

/* The end of a column: rows of its own before and behind the chunks that are adopted. */
static pecs_status table_reserve_adopted(struct gate *gate, struct table *table, uint32_t column, uint64_t end,
                                         const struct table_adoption *adoption, uint32_t from_column)
{
    const uint32_t shift = table->archetype->chunk_shift;
    const uint64_t behind = (adoption->chunk + adoption->count) << shift;
    pecs_status status =
        table_reserve_column(gate, table, column, table->row_count, min_u64(end, adoption->chunk << shift));
    for (uint64_t i = 0; !status && i < adoption->count; i++)
        status = table_merge_put(gate, table, column, adoption->chunk + i,
                                 table_merge_borrow(gate, adoption->from, from_column, adoption->from_chunk + i));
    table->columns[column].tick = gate->tick;
    return status ? status : table_reserve_column(gate, table, column, behind, end);
}

pecs_status table_reserve_adopting(struct gate *gate, const struct pecs_snapshot *state, struct table *table,
                                   uint64_t append_count, const struct table_adoption *adoption)
{
    const uint64_t end = table->row_count + append_count;
    pecs_status status = PECS_OK;
    table->tail_epoch = 0;
    for (uint32_t i = 0; !status && i < table->archetype->column_count; i++) {
        const uint32_t from_column = adoption->count ? table_find_adopted(state, table, i, adoption->from) : NO_COLUMN;
        status = from_column == NO_COLUMN ? table_reserve_column(gate, table, i, table->row_count, end)
                                          : table_reserve_adopted(gate, table, i, end, adoption, from_column);
    }
    return status;
}

/* Writes the rows of both partial chunks, one after the other, into new arrays from chunk `to` on. */
static pecs_status table_merge_tails(struct gate *gate, struct table *table, uint32_t column, uint64_t to,
                                     const struct table *from, const uint8_t *tail, uint64_t tail_rows)
{
    const uint32_t shift = table->archetype->chunk_shift;
    const uint64_t width = table->archetype->column_bytes[column], from_chunk = from->row_count >> shift;
    const uint64_t from_rows = from->row_count - (from_chunk << shift), count = tail_rows + from_rows;
    const uint8_t *next = from_rows ? table_chunk(from, column, from_chunk) : NULL;
    for (uint64_t chunk = 0; chunk < chunk_count_of(count, shift); chunk++, tail = NULL) {
        const uint64_t rows = chunk_live(count, shift, chunk), own = tail ? tail_rows : 0;
        struct array *array = array_create(gate->pool, rows * width);
        if (!array)
            return PECS_E_MEMORY;
        array->tick = gate->tick;
        if (tail)
            memcpy(array->data, tail, (size_t)(own * width));
        if (next) {
            memcpy(array->data + own * width, next, (size_t)((rows - own) * width));
            next += (rows - own) * width;
        }
        if (table_merge_put(gate, table, column, to + chunk, array))
            return PECS_E_MEMORY;
    }
    return PECS_OK;
}

static pecs_status table_merge_column(struct gate *gate, struct table *table, const struct table *from, uint32_t column)
{
    const uint32_t shift = table->archetype->chunk_shift;
    const uint64_t full = table->row_count >> shift, from_full = from->row_count >> shift;
    const uint64_t tail_rows = table->row_count - (full << shift);
    const uint8_t *tail = tail_rows ? table_chunk(table, column, full) : NULL;
    struct node *kept = tail_rows ? node_retain(tree_get(&table->columns[column].chunks, full)) : NULL;
    pecs_status status = PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < from_full; chunk++)
        status =
            table_merge_put(gate, table, column, full + chunk, table_merge_share(gate, table, from, column, chunk));
    if (!status)
        status = table_merge_tails(gate, table, column, full + from_full, from, tail, tail_rows);
    node_release(gate->pool, kept);
    table->columns[column].tick = gate->tick;
    return status;
}

pecs_status table_merge(struct gate *gate, struct table *table, const struct table *from, uint64_t *ret_first_row)
{
    const uint32_t shift = table->archetype->chunk_shift;
    assert(shift == from->archetype->chunk_shift);
    pecs_status status = PECS_OK;
    if (!(from->row_count >> shift)) {
        *ret_first_row = table->row_count;
        status = table_reserve(gate, table, 0, from->row_count);
        if (!status)
            table_append_rows(table, from, 0, from->row_count);
        return status;
    }
    *ret_first_row = table->row_count >> shift << shift;
    table->tail_epoch = 0;
    for (uint32_t i = 0; !status && i < table->archetype->column_count; i++)
        status = table_merge_column(gate, table, from, i);
    if (!status)
        table->row_count += from->row_count;
    return status;
}
