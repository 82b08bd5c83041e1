#include "write_rows.h"

#include "write_contents.h"

/* Rows of one chunk of a table. */
static void write_table_rows(const struct row_writer *writer, const struct plan_run *run, uint64_t first,
                             uint64_t count, uint64_t *unit)
{
    struct output *output = writer->output;
    const uint8_t *bytes = table_value(run->table, run->column, first);
    const struct component *component = run->component;
    if (component && values_can_be_invalid(component) && !writer->skip_check)
        output->status =
            values_check(writer->values, run->table, run->component_number, first, bytes, count, 0, output->error);
    if (component && component_has_contents(component))
        write_references(output, component, state_heap(writer->plan->state), bytes, count, unit);
    else if (component && !span_list_is_empty(component->padding))
        output_put_masked(output, component, bytes, count);
    else
        output_put(output, bytes, count * run->row_bytes);
}

/* Slots of one chunk of the index. */
static uint64_t write_slots(const struct row_writer *writer, uint64_t first, uint64_t count)
{
    const struct entity_index *index = state_index(writer->plan->state);
    const uint64_t chunk = first >> INDEX_SHIFT, in_chunk = first - (chunk << INDEX_SHIFT);
    const uint64_t slots = min_u64(index_chunk_slots(index, chunk) - in_chunk, count);
    output_put(writer->output, index_chunk(index, chunk) + in_chunk, slots * sizeof(struct record));
    return slots;
}

void write_rows(const struct row_writer *writer, const struct plan_run *run, uint64_t first, uint64_t count,
                uint64_t *unit)
{
    const uint64_t end = first + count;
    const struct plan_stream *stream = writer->plan->stream;
    if (run->kind == RUN_IDS) {
        output_put(writer->output, (stream ? stream->ids : writer->plan->ids) + first, count * run->row_bytes);
        return;
    }
    if (run->kind == RUN_INDEX && stream) {
        output_put(writer->output, stream->slots + first, count * run->row_bytes);
        return;
    }
    for (uint64_t row = first, rows; row < end && !writer->output->status; row += rows) {
        if (run->kind == RUN_INDEX) {
            rows = write_slots(writer, row, end - row);
        } else {
            rows = min_u64(table_rows_at(run->table, row), end - row);
            write_table_rows(writer, run, row, rows, unit);
        }
    }
}

void write_whole_run(const struct row_writer *writer, const struct plan_run *run)
{
    uint64_t unit = run->first;
    if (run->kind == RUN_HEAP)
        (run->table ? write_heap : write_attachment_bytes)(writer->output, writer->plan, run);
    else
        write_rows(writer, run, 0, run->row_count, &unit);
}
