/*
 * A full save: one segment, one run a column, table by table, handles first, components by type number; then the index,
 * then the list of explicit ids, if there are any. The same state gives the same plan: types are numbered by their ids,
 * tables by theirs. A stream has such a plan for each part of it.
 */
#include "save_plan.h"

#include "bits.h"
#include "content.h"
#include "error.h"
#include "identity.h"
#include "program_meta.h"
#include "state_types.h"
#include "typecode.h"

/* Adds the name and version of the saving program and its schema, from the registry. */
static pecs_status plan_metadata(struct save_plan *plan, pecs_error *error)
{
    const uint64_t attached_bytes = attachments_meta_bytes(plan->state->attachments);
    const char *key;
    plan->metadata = plan->state->metadata;
    if (plan->metadata)
        node_retain(&plan->metadata->node);
    const pecs_status status =
        program_meta_set(plan->state->registry, FORMAT_METADATA_MAX - attached_bytes, &plan->metadata, &key);
    if (status == PECS_E_LIMIT) /* only metadata that was loaded from a file can leave no room */
        return fail(error, status, "the metadata has no room for '%s'", key);
    return status ? fail_memory(error) : PECS_OK;
}

static pecs_status plan_ids(struct save_plan *plan)
{
    plan->id_count = plan->stream ? plan->stream->id_count : identity_explicit_count(plan->state);
    if (!plan->id_count || plan->stream)
        return PECS_OK;
    plan->ids = pool_allocate(plan->pool, (size_t)plan->id_count * sizeof(*plan->ids));
    if (!plan->ids)
        return PECS_E_MEMORY;
    identity_list(plan->state, plan->ids);
    return PECS_OK;
}

/* Retired slots that still have no record. After a compaction or a load, memory holds them as the file does. */
static pecs_status plan_retired(struct save_plan *plan)
{
    const struct pecs_snapshot *state = plan->state;
    const uint64_t first = state_slot_count(state), count = state_retired_count(state);
    if (count && state->retired->first == first)
        plan->retired = (struct retired *)node_retain(&state->retired->node);
    else if (count)
        plan->retired = retired_create(state, first, first + count);
    return count && !plan->retired ? PECS_E_MEMORY : PECS_OK;
}

static pecs_status plan_add_run(struct save_plan *plan, const struct plan_run *run)
{
    if (!pool_reserve(plan->pool, (void **)&plan->runs, &plan->run_capacity, plan->run_count + 1, sizeof(*plan->runs)))
        return PECS_E_MEMORY;
    plan->runs[plan->run_count++] = *run;
    return PECS_OK;
}

/* The contents of a column, whose run has been added, in the order of its rows. */
static pecs_status plan_add_heap(struct save_plan *plan, const struct plan_run *values)
{
    struct plan_run run = *values;
    uint64_t end = 0;
    run.kind = RUN_HEAP;
    run.ends = plan->end_count;
    if (!pool_reserve(plan->pool, (void **)&plan->ends, &plan->end_capacity, plan->end_count + run.chunk_count,
                      sizeof(*plan->ends)))
        return PECS_E_MEMORY;
    for (uint64_t chunk = 0; chunk < run.chunk_count; chunk++) {
        end += FORMAT_HEAP_UNIT * contents_count_units(state_heap(plan->state), run.component,
                                                       table_chunk(run.table, run.column, chunk),
                                                       table_live_rows(run.table, chunk));
        plan->ends[plan->end_count++] = le64_make(end);
    }
    plan->heap_units = run.first + end / FORMAT_HEAP_UNIT;
    return plan->heap_units > (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX ? PECS_E_LIMIT : plan_add_run(plan, &run);
}

static pecs_status plan_add_column(struct save_plan *plan, uint32_t kind, uint32_t number, uint32_t column)
{
    const struct table *table = state_table(plan->state, number);
    const struct archetype *archetype = table->archetype;
    const struct plan_stream *stream = plan->stream;
    const pecs_component component = archetype->column_components[column];
    const uint64_t row_count = stream ? stream->row_counts[number] : table->row_count;
    const struct plan_run run = {
        .kind = kind,
        .table_number = number,
        .type = component == NO_COMPONENT ? FORMAT_NONE : plan->numbers[state_place(plan->state, component)],
        .column = column,
        .table = table,
        .component = component == NO_COMPONENT ? NULL : state_component(plan->state, component),
        .component_number = component,
        .row_count = row_count,
        .row_bytes = archetype->column_bytes[column],
        .chunk_count = chunk_count_of(row_count, archetype->chunk_shift),
        .tick = state_write_tick(plan->state, table->columns[column].tick),
        .first = format_heap_first(plan->heap_units),
        .before = stream ? stream->rows_before[number] : 0,
    };
    const pecs_status status = plan_add_run(plan, &run);
    return status || !run.component || !component_has_contents(run.component) ? status : plan_add_heap(plan, &run);
}

/* Room that planning a table takes: its types in the order of their numbers. */
struct type_order {
    uint64_t *bits;
    uint32_t *numbers;
    size_t word_count;
};

static uint32_t plan_order_types(const struct save_plan *plan, const struct archetype *archetype,
                                 struct type_order *order)
{
    memset(order->bits, 0, order->word_count * sizeof(*order->bits));
    for (uint32_t i = 0; i < archetype->component_count; i++)
        bits_set(order->bits, plan->numbers[state_place(plan->state, archetype->components[i])]);
    return bits_list(order->bits, order->word_count, order->numbers);
}

static void plan_write_table(struct save_plan *plan, uint32_t number, const struct archetype *archetype,
                             const uint32_t *types, uint32_t type_count)
{
    const size_t start = plan->records.size_bytes;
    const struct table_record record = {
        .number = le32_make(number),
        .flags = le32_make(archetype->is_singleton ? TABLE_SINGLETONS : 0),
        .chunk_shift = le32_make(archetype->chunk_shift),
        .component_count = le32_make(type_count),
    };
    buffer_append(&plan->records, &record, sizeof(record));
    for (uint32_t i = 0; i < type_count; i++)
        buffer_append_le32(&plan->records, types[i]);
    buffer_pad(&plan->records, start, 8);
}

static pecs_status plan_table(struct save_plan *plan, uint32_t number, struct type_order *order)
{
    const struct table *table = state_table(plan->state, number);
    const uint32_t type_count = plan_order_types(plan, table->archetype, order);
    plan_write_table(plan, number, table->archetype, order->numbers, type_count);
    if (plan->stream ? !plan->stream->row_counts[number] : !table->row_count)
        return PECS_OK;
    pecs_status status = plan_add_column(plan, RUN_HANDLES, number, HANDLE_COLUMN);
    for (uint32_t i = 0; !status && i < type_count; i++) {
        const uint32_t column = archetype_column(table->archetype, plan->components[order->numbers[i]]);
        if (column != NO_COLUMN)
            status = plan_add_column(plan, RUN_VALUES, number, column);
    }
    return status;
}

static pecs_status plan_tables(struct save_plan *plan)
{
    struct type_order order = { .word_count = bits_words(plan->type_count) };
    const size_t list_bytes = ((size_t)plan->type_count + 1) * sizeof(*order.numbers);
    order.bits = pool_allocate(plan->pool, (order.word_count + 1) * sizeof(*order.bits));
    order.numbers = pool_allocate(plan->pool, list_bytes);
    pecs_status status = order.bits && order.numbers ? PECS_OK : PECS_E_MEMORY;
    for (uint32_t i = 0; !status && i < plan->state->table_count; i++)
        status = plan_table(plan, i, &order);
    pool_release(plan->pool, order.numbers, list_bytes);
    pool_release(plan->pool, order.bits, (order.word_count + 1) * sizeof(*order.bits));
    return status;
}

static pecs_status plan_index_and_ids(struct save_plan *plan)
{
    const struct entity_index *index = state_index(plan->state);
    const struct plan_stream *stream = plan->stream;
    pecs_status status = PECS_OK;
    static_assert(sizeof(struct id_entry) == sizeof(struct id_record), "entries are written as they are");
    const struct plan_run ids = {
        .kind = RUN_IDS,
        .table_number = FORMAT_NONE,
        .type = FORMAT_NONE,
        .component_number = NO_COMPONENT,
        .row_count = plan->id_count,
        .row_bytes = sizeof(struct id_record),
        .chunk_count = format_chunk_count(plan->id_count, FORMAT_INDEX_SHIFT),
        .before = stream ? stream->ids_before : 0,
    };
    const struct plan_run records = {
        .kind = RUN_INDEX,
        .table_number = FORMAT_NONE,
        .type = FORMAT_NONE,
        .component_number = NO_COMPONENT,
        .row_count = stream ? stream->slot_count : index_slot_count(index),
        .row_bytes = sizeof(struct record),
        .chunk_count = index_chunk_count(index),
        .tick = stream ? plan->state->tick : state_write_tick(plan->state, index->records.tick),
        .before = stream ? stream->slots_before : 0,
    };
    if (records.row_count)
        status = plan_add_run(plan, &records);
    return status || !plan->id_count ? status : plan_add_run(plan, &ids);
}

static pecs_status plan_attachments(struct save_plan *plan)
{
    const struct attachments *list = plan->state->attachments;
    const struct plan_run run = {
        .kind = RUN_HEAP,
        .table_number = FORMAT_NONE,
        .type = FORMAT_NONE,
        .component_number = NO_COMPONENT,
        .tick = plan->state->tick,
        .first = format_heap_first(plan->heap_units),
    };
    if (plan->stream && !plan->stream->puts_attachments)
        return PECS_OK;
    for (uint32_t i = 0; list && i < list->count; i++)
        plan->attachment_units += contents_units(list->entries[i].size_bytes, false);
    plan->heap_units = run.first + plan->attachment_units;
    if (plan->heap_units > (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX)
        return PECS_E_LIMIT;
    return plan->attachment_units ? plan_add_run(plan, &run) : PECS_OK;
}

/* Where each run lies, behind a prologue that holds them all. */
static void plan_places(struct save_plan *plan)
{
    plan->prologue_size = sizeof(struct segment_header) + plan->records.size_bytes +
                          plan->run_count * sizeof(struct run_record) + sizeof(le64);
    plan->data_offset = align_up(sizeof(struct file_header) + plan->prologue_size, FORMAT_PAGE);
    uint64_t end = plan->data_offset;
    for (size_t i = 0; i < plan->run_count; i++) {
        struct plan_run *run = &plan->runs[i];
        run->offset = align_up(end, FORMAT_ALIGN);
        end = run->offset + plan_run_size(plan, run);
    }
    plan->data_size = end - plan->data_offset;
}

static pecs_status plan_types(struct save_plan *plan)
{
    plan->list_capacity = (size_t)state_component_count(plan->state) + 1;
    plan->numbers = pool_allocate(plan->pool, plan->list_capacity * sizeof(*plan->numbers));
    plan->components = pool_allocate(plan->pool, plan->list_capacity * sizeof(*plan->components));
    if (!plan->numbers || !plan->components)
        return PECS_E_MEMORY;
    plan->type_count = plan->stream ? state_list_saved(plan->state, plan->components, plan->numbers)
                                    : state_list_components(plan->state, plan->components, plan->numbers);
    for (uint32_t i = 0; i < plan->type_count; i++) {
        const struct component *component = state_component(plan->state, plan->components[i]);
        typecode_write(&plan->records, component, i);
        plan->has_contents |= component_has_contents(component);
    }
    return PECS_OK;
}

pecs_status save_plan_init(struct save_plan *plan, const struct pecs_snapshot *state, const struct plan_stream *stream,
                           pecs_error *error)
{
    *plan = (struct save_plan){ .pool = state->registry->pool, .state = state, .stream = stream };
    plan->records.pool = plan->pool;
    pecs_status status = plan_types(plan);
    if (!status)
        status = plan_retired(plan);
    if (!status)
        status = plan_ids(plan);
    if (!status)
        status = plan_tables(plan);
    if (!status)
        status = plan_index_and_ids(plan);
    if (!status)
        status = plan_attachments(plan);
    if (status == PECS_E_LIMIT)
        return fail(error, status, "the contents of strings, blobs and lists take more than %d TiB",
                    1 << (FORMAT_HEAP_SHIFT_MAX - 37));
    if (status || plan->records.failed)
        return fail_memory(error);
    plan_places(plan);
    return plan_metadata(plan, error);
}

void save_plan_deinit(struct save_plan *plan)
{
    struct pool *pool = plan->pool;
    pool_release(pool, plan->runs, plan->run_capacity * sizeof(*plan->runs));
    pool_release(pool, plan->ends, plan->end_capacity * sizeof(*plan->ends));
    if (plan->ids)
        pool_release(pool, plan->ids, (size_t)plan->id_count * sizeof(*plan->ids));
    pool_release(pool, plan->components, plan->list_capacity * sizeof(*plan->components));
    pool_release(pool, plan->numbers, plan->list_capacity * sizeof(*plan->numbers));
    buffer_deinit(&plan->records);
    if (plan->metadata)
        node_release(pool, &plan->metadata->node);
    if (plan->retired)
        node_release(pool, &plan->retired->node);
}
