/*
 * The writer of full saves. The plan fixes contents and offsets. All parts except the data are built in memory; then
 * the writer sends everything in file order. It writes data straight from the world's arrays, and hashes and checks it
 * on the way.
 */
#include "writer.h"

#include "error.h"
#include "save_plan.h"
#include "state_seal.h"
#include "value_check.h"
#include "write_contents.h"
#include "write_parts.h"

struct writer {
    const struct writer_options *options;
    struct save_plan plan;
    struct output output;
    struct value_check values;
    struct buffer prologue, trailer, commit, file_metadata;
};

static bool writer_makes_parts(struct writer *writer)
{
    const struct metadata *file_metadata = writer->options->file_metadata;
    write_prologue(&writer->prologue, &writer->plan);
    write_trailer_header(&writer->trailer, &writer->plan);
    write_commit(&writer->commit, &writer->plan, writer->options->wall_clock_ns);
    if (file_metadata)
        write_file_metadata(&writer->file_metadata, file_metadata);
    return !(writer->prologue.failed || writer->trailer.failed || writer->commit.failed ||
             writer->file_metadata.failed);
}

/* *unit: where the contents of the chunk's first row will lie; then of the next chunk's. */
static void writer_put_chunk(struct writer *writer, const struct plan_run *run, uint64_t chunk, uint64_t *unit)
{
    const struct table *table = run->table;
    struct output *output = &writer->output;
    const uint8_t *bytes = table_chunk(table, run->column, chunk);
    const uint64_t rows = table_live_rows(table, chunk);
    const struct component *component = run->component;
    if (component && values_can_be_wrong(component) && !writer->options->skip_check)
        output->status = values_check(&writer->values, table, run->component_number,
                                      chunk << table->archetype->chunk_shift, bytes, rows, 0, output->error);
    if (component && component_has_contents(component))
        write_references(output, component, state_heap(writer->plan.state), bytes, rows, unit);
    else if (component && !span_list_is_empty(&component->padding))
        output_put_masked(output, component, bytes, rows);
    else
        output_put(output, bytes, rows * run->row_bytes);
}

static void writer_put_run(struct writer *writer, const struct plan_run *run)
{
    struct output *output = &writer->output;
    const struct entity_index *index = state_index(writer->plan.state);
    output_put_zeros_to(output, run->offset);
    if (run->kind == RUN_IDS) {
        output_put(output, writer->plan.ids, plan_run_size(&writer->plan, run));
        return;
    }
    if (run->kind == RUN_HEAP) {
        (run->table ? write_heap : write_attachment_bytes)(output, &writer->plan, run);
        return;
    }
    uint64_t unit = run->first;
    for (uint64_t chunk = 0; chunk < run->chunk_count && !output->status; chunk++) {
        if (run->kind == RUN_INDEX)
            output_put(output, index_chunk(index, chunk), index_chunk_slots(index, chunk) * run->row_bytes);
        else
            writer_put_chunk(writer, run, chunk, &unit);
    }
}

static void writer_put_data(struct writer *writer)
{
    const struct save_plan *plan = &writer->plan;
    struct output *output = &writer->output;
    output_put_zeros_to(output, plan->data_offset);
    output_begin_hashing(output, &writer->trailer);
    for (size_t i = 0; i < plan->run_count && !output->status; i++)
        writer_put_run(writer, &plan->runs[i]);
    output_end_hashing(output);
    write_trailer_checksum(&writer->trailer);
    if (!output->status && writer->trailer.failed)
        output->status = fail_memory(output->error);
    output_put_zeros_to(output, align_up(output->offset, FORMAT_ALIGN));
    output_put(output, writer->trailer.bytes, writer->trailer.size_bytes);
}

/* The commit, what belongs to the file alone, and the footer that ends at the file's size. */
static void writer_put_end(struct writer *writer, uint64_t commit_offset)
{
    struct output *output = &writer->output;
    write_commit_hashes(&writer->commit, &writer->plan, &writer->prologue, &writer->trailer);
    output_put(output, writer->commit.bytes, writer->commit.size_bytes);
    output_put_zeros_to(output, format_file_metadata_offset(output->offset));
    output_put(output, writer->file_metadata.bytes, writer->file_metadata.size_bytes);
    output_put_zeros_to(output, output->total_bytes - sizeof(struct file_footer));
    const struct file_footer footer =
        make_file_footer(output->offset, commit_offset, &writer->commit, writer->file_metadata.size_bytes);
    output_put(output, &footer, sizeof(footer));
    output_flush(output);
}

static void writer_put_all(struct writer *writer)
{
    const struct save_plan *plan = &writer->plan;
    struct output *output = &writer->output;
    const uint64_t trailer_size = format_trailer_bytes(format_piece_count(plan->data_offset, plan->data_size));
    const uint64_t trailer_offset = align_up(plan->data_offset + plan->data_size, FORMAT_ALIGN);
    const uint64_t commit_offset = align_up(trailer_offset + trailer_size, FORMAT_ALIGN);
    const uint64_t commit_end = commit_offset + writer->commit.size_bytes;
    const struct file_header header = make_file_header(plan, writer->options->file_metadata != NULL);
    output_begin(output,
                 align_up(format_file_metadata_offset(commit_end) + writer->file_metadata.size_bytes, FORMAT_PAGE) +
                     sizeof(struct file_footer));
    output_put(output, &header, sizeof(header));
    output_put(output, writer->prologue.bytes, writer->prologue.size_bytes);
    writer_put_data(writer);
    output_put_zeros_to(output, commit_offset);
    if (!output->status)
        writer_put_end(writer, commit_offset);
}

static pecs_status writer_run(struct writer *writer, const struct pecs_snapshot *state, const pecs_sink *sink,
                              pecs_error *error)
{
    pecs_status status = save_plan_init(&writer->plan, state, error);
    if (!status)
        status = output_init(&writer->output, writer->plan.pool, sink, writer->options->unit_bytes, error);
    if (!status && (value_check_init(&writer->values, state) || !writer_makes_parts(writer)))
        status = fail_memory(error);
    if (status)
        return status;
    writer->output.progress = writer->options->progress;
    writer->output.progress_user = writer->options->user;
    writer_put_all(writer);
    return output_end(&writer->output);
}

pecs_status writer_write(const struct pecs_snapshot *state, const pecs_sink *sink, const struct writer_options *options,
                         uint64_t *ret_size_bytes, pecs_error *error)
{
    struct pool *pool = state->registry->pool;
    struct writer writer = { .options = options };
    writer.prologue.pool = writer.trailer.pool = writer.commit.pool = writer.file_metadata.pool = pool;
    writer.output.pool = pool;
    state_check_seals(state);
    const pecs_status status = writer_run(&writer, state, sink, error);
    *ret_size_bytes = writer.output.offset;
    if (writer.values.state)
        value_check_deinit(&writer.values);
    buffer_deinit(&writer.file_metadata);
    buffer_deinit(&writer.commit);
    buffer_deinit(&writer.trailer);
    buffer_deinit(&writer.prologue);
    output_deinit(&writer.output);
    save_plan_deinit(&writer.plan);
    return status;
}
