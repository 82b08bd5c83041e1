#include "salvage_rows.h"

/* --- tables --- */

static pecs_status salvage_column_init(struct salvage_table *table, struct salvage_column *column, uint32_t type,
                                       const struct component *component)
{
    struct wreck *wreck = table->wreck;
    *column = (struct salvage_column){ .type = type,
                                       .component = component,
                                       .row_bytes = component ? component->size : sizeof(pecs_entity) };
    if (component && component_has_contents(component)) {
        column->heaps = wreck_find_runs(wreck, RUN_HEAP, table->number, type, &column->heap_count);
        for (size_t i = 0; i < column->heap_count; i++)
            column->heaps[i].taken_end = 0;
    }
    return wreck_find_rows(wreck, component ? RUN_VALUES : RUN_HANDLES, table->number, type, column->row_bytes,
                           &column->whole);
}

static pecs_status salvage_column_reserve(struct salvage_table *table, struct salvage_column *column)
{
    struct pool *pool = table->wreck->pool;
    const struct component *component = column->component;
    struct span_iter iter;
    struct value_span span;
    if (!component || !(component_has_contents(component) || component->has_references))
        return PECS_OK;
    column->copy = pool_allocate(pool, table->batch_rows * (size_t)column->row_bytes);
    if (!column->copy)
        return PECS_E_MEMORY;
    if (!component_has_contents(component))
        return PECS_OK;
    for (span_iter_begin(&iter, component->contents->spans); span_iter_next(&iter, &span);)
        column->member_count += span.size / sizeof(uint64_t);
    column->given = pool_allocate(pool, table->batch_rows * column->member_count * sizeof(*column->given));
    return column->given ? PECS_OK : PECS_E_MEMORY;
}

/* The most rows that may follow one another in all columns: a batch takes no more memory than rows that are there. */
static size_t salvage_most_rows(const struct salvage_table *table)
{
    uint64_t most = SALVAGE_BATCH_ROWS;
    for (uint32_t i = table->is_singleton; i < table->column_count; i++) {
        const struct salvage_column *column = &table->columns[i];
        uint64_t longest = 0;
        for (size_t j = 0; j < column->whole.count; j++)
            longest = max_u64(longest, column->whole.rows[j].count);
        most = min_u64(most, longest);
        most = min_u64(most, max_u64(SALVAGE_BATCH_BYTES / column->row_bytes, 1));
    }
    return (size_t)most;
}

pecs_status salvage_table_init(struct salvage_table *table, struct wreck *wreck, uint32_t number,
                               const struct component *const *components)
{
    const struct model_table *from = &wreck->model.tables[number];
    *table = (struct salvage_table){ .wreck = wreck, .number = number, .is_singleton = from->is_singleton };
    table->columns = pool_allocate_zeroed(wreck->pool, ((size_t)from->type_count + 1) * sizeof(*table->columns));
    if (!table->columns)
        return PECS_E_MEMORY;
    pecs_status status = salvage_column_init(table, &table->columns[table->column_count++], FORMAT_NONE, NULL);
    for (uint32_t i = 0; !status && i < from->type_count; i++) {
        const uint32_t type = le32_load(from->types[i]);
        if (components[type])
            status = salvage_column_init(table, &table->columns[table->column_count++], type, components[type]);
    }
    table->batch_rows = status ? 0 : salvage_most_rows(table);
    for (uint32_t i = 0; table->batch_rows && !status && i < table->column_count; i++)
        status = salvage_column_reserve(table, &table->columns[i]);
    return status;
}

void salvage_table_free(struct salvage_table *table)
{
    struct pool *pool = table->wreck->pool;
    for (uint32_t i = 0; i < table->column_count; i++) {
        struct salvage_column *column = &table->columns[i];
        wreck_column_free(table->wreck, &column->whole);
        if (column->copy)
            pool_release(pool, column->copy, table->batch_rows * (size_t)column->row_bytes);
        if (column->given)
            pool_release(pool, column->given, table->batch_rows * column->member_count * sizeof(*column->given));
    }
    if (table->columns)
        pool_release(pool, table->columns,
                     ((size_t)table->wreck->model.tables[table->number].type_count + 1) * sizeof(*table->columns));
}

bool salvage_table_had_singletons(const struct salvage_table *table)
{
    size_t count = 0;
    if (table->wreck->has_commit)
        return table->wreck->commit.singleton_table == table->number;
    for (uint32_t i = 0; !count && i < table->column_count; i++)
        (void)wreck_find_runs(table->wreck, i ? RUN_VALUES : RUN_HANDLES, table->number, table->columns[i].type,
                              &count);
    return count > 0;
}

/* --- rows --- */

/* Moves on to the whole rows that include the row or, if none do, come next. False: there is none. */
static bool salvage_column_seek(struct salvage_column *column, uint64_t row)
{
    const struct wreck_column *whole = &column->whole;
    while (column->at < whole->count && whole->rows[column->at].first + whole->rows[column->at].count <= row)
        column->at++;
    return column->at < whole->count;
}

/* The one row of singletons has the handle of none, which need not be whole; of tags alone, nothing else is there. */
bool salvage_table_next(struct salvage_table *table, struct salvage_batch *ret_batch)
{
    const uint64_t most = table->is_singleton ? 1 : UINT64_MAX;
    uint64_t start = table->row, end = most;
    for (bool is_settled = false; !is_settled;) {
        is_settled = true;
        end = most;
        for (uint32_t i = table->is_singleton; i < table->column_count; i++) {
            struct salvage_column *column = &table->columns[i];
            if (!salvage_column_seek(column, start))
                return false;
            const struct wreck_rows *rows = &column->whole.rows[column->at];
            is_settled &= rows->first <= start;
            start = max_u64(start, rows->first);
            end = min_u64(end, rows->first + rows->count);
        }
    }
    if (start >= end)
        return false;
    end = min_u64(end, start + table->batch_rows);
    table->row = end;
    *ret_batch = (struct salvage_batch){ .first = start, .count = (size_t)(end - start) };
    if (!table->is_singleton)
        ret_batch->entities = (const pecs_entity *)(const void *)salvage_values(&table->columns[0], ret_batch);
    return true;
}

const uint8_t *salvage_values(const struct salvage_column *column, const struct salvage_batch *batch)
{
    const struct wreck_rows *rows = &column->whole.rows[column->at];
    return rows->bytes + (batch->first - rows->first) * column->row_bytes;
}

const uint8_t *salvage_data(const struct salvage_column *column, const struct salvage_batch *batch, size_t row)
{
    const uint8_t *values = !column ? NULL : column->copy ? column->copy : salvage_values(column, batch);
    return values ? values + row * column->row_bytes : NULL;
}

/* --- contents --- */

static bool salvage_has_row(const struct wreck_run *run, uint64_t row)
{
    return row >= run->first && row - run->first < run->count;
}

/* The run that has the contents of a row, or NULL. Runs are in the order of rows, if the file does not lie. */
static struct wreck_run *salvage_heap_of(struct salvage_column *column, uint64_t row)
{
    size_t low = 0, high = column->heap_count;
    if (column->heap_at < high && salvage_has_row(&column->heaps[column->heap_at], row))
        return &column->heaps[column->heap_at];
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (column->heaps[middle].first + column->heaps[middle].count <= row)
            low = middle + 1;
        else
            high = middle;
    }
    column->heap_at = low;
    return low < column->heap_count && salvage_has_row(&column->heaps[low], row) ? &column->heaps[low] : NULL;
}

/* The bytes of contents at an offset within those of a run; NULL: they are not whole. PECS_E_MEMORY, PECS_E_LIMIT. */
static pecs_status salvage_bytes(struct wreck *wreck, struct wreck_run *run, uint64_t offset, uint64_t size,
                                 const uint8_t **ret_bytes)
{
    const uint64_t ends = format_chunk_count(run->count, wreck->model.tables[run->table].chunk_shift) * sizeof(le64);
    *ret_bytes = NULL;
    if (ends > run->full_size || !range_fits(offset, size, run->full_size - ends))
        return PECS_OK;
    if (run->codec == CODEC_RAW) {
        if (wreck_is_whole(wreck, run, run->offset + ends + offset, size))
            *ret_bytes = wreck->bytes + run->offset + ends + offset;
        return PECS_OK;
    }
    const uint8_t *bytes;
    const pecs_status status = wreck_take(wreck, run, &bytes);
    if (!status && bytes)
        *ret_bytes = bytes + ends + offset;
    return status;
}

/* Where contents begin, in bytes from the first of their run. */
static bool salvage_offset(const struct wreck_run *run, uint64_t reference, uint64_t *ret_offset)
{
    const uint64_t unit = reference >> 2 & (((uint64_t)1 << FORMAT_HEAP_SHIFT_MAX) - 1);
    if (!run->has_unit || unit < run->unit || (reference & 3))
        return false;
    *ret_offset = (unit - run->unit) * FORMAT_HEAP_UNIT;
    return true;
}

/*
 * The contents of a member; NULL: they are not whole, or begin before those of the members before it end. Contents lie
 * in the order of rows, so no two rows have the same ones, and all together are no more than their run holds.
 */
static pecs_status salvage_content(struct salvage_table *table, struct wreck_run *run, const struct content *content,
                                   pecs_bytes *ret_given)
{
    const uint8_t *bytes = NULL;
    uint64_t offset = 0, size = content->reference >> 40;
    *ret_given = (pecs_bytes){ NULL, 0 };
    if (!content->reference || !run || !salvage_offset(run, content->reference, &offset) || offset < run->taken_end)
        return PECS_OK;
    if (size == FORMAT_HEAP_LONG) {
        const pecs_status status = salvage_bytes(table->wreck, run, offset, sizeof(size), &bytes);
        if (status || !bytes)
            return status;
        memcpy(&size, bytes, sizeof(size));
        offset += sizeof(size);
    }
    run->taken_end = offset + min_u64(size, run->full_size);
    const pecs_status status = salvage_bytes(table->wreck, run, offset, size, &bytes);
    if (!status && bytes)
        *ret_given = (pecs_bytes){ bytes, (size_t)size };
    return status;
}

/*
 * When segments before were lost, the address at which a run begins is not known. The first row that has contents
 * refers to it, unless a row before is lost.
 */
static void salvage_find_units(struct salvage_column *column, const struct salvage_batch *batch)
{
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, column->component, column->copy, batch->count);
         content_walk_next(&walk, &content);) {
        const uint64_t row = batch->first + content.row;
        struct wreck_run *run = salvage_heap_of(column, row);
        if (!run || run->has_unit)
            continue;
        if (row == run->first)
            run->next_row = row;
        if (row > run->next_row) /* a row before was lost, or has been empty */
            run->next_row += row == run->next_row + 1;
        if (content.reference && row == run->next_row && !(content.reference & 3)) {
            run->unit = content.reference >> 2 & (((uint64_t)1 << FORMAT_HEAP_SHIFT_MAX) - 1);
            run->has_unit = true;
        }
    }
}

static pecs_status salvage_give(struct salvage_table *table, struct salvage_column *column,
                                const struct salvage_batch *batch)
{
    struct content_walk walk;
    struct content content;
    pecs_bytes *given = column->given;
    pecs_status status = PECS_OK;
    salvage_find_units(column, batch);
    for (content_walk_begin(&walk, column->component, column->copy, batch->count);
         !status && content_walk_next(&walk, &content); given++) {
        struct wreck_run *run = salvage_heap_of(column, batch->first + content.row);
        status = salvage_content(table, run, &content, given);
        const struct given as_given = { given->data, given->size_bytes };
        const uint64_t pointer = pecs_give_(given);
        if ((content.reference && !given->size_bytes) ||
            content_check_given(column->component, content.kind, content.list, &as_given))
            table->is_lost[content.row] = true;
        memcpy(column->copy + content.offset, &pointer, sizeof(pointer));
    }
    return status;
}

pecs_status salvage_table_copy(struct salvage_table *table, const struct salvage_batch *batch)
{
    pecs_status status = PECS_OK;
    memset(table->is_lost, 0, sizeof(table->is_lost));
    for (uint32_t i = 1; !status && i < table->column_count; i++) {
        struct salvage_column *column = &table->columns[i];
        if (!column->copy)
            continue;
        memcpy(column->copy, salvage_values(column, batch), batch->count * (size_t)column->row_bytes);
        if (!component_has_contents(column->component))
            continue;
        status = salvage_give(table, column, batch);
    }
    return status;
}
