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
#include "write_parts.h"
#include "write_rows.h"

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
    const struct segment_record segment = make_segment_record(&writer->plan);
    write_commit(&writer->commit, &writer->plan, &segment, 1, writer->options->wall_clock_ns);
    if (file_metadata)
        write_file_metadata(&writer->file_metadata, file_metadata);
    return !(writer->prologue.failed || writer->trailer.failed || writer->commit.failed ||
             writer->file_metadata.failed);
}

static void writer_put_data(struct writer *writer)
{
    const struct save_plan *plan = &writer->plan;
    struct output *output = &writer->output;
    const struct row_writer rows = { plan, output, &writer->values, writer->options->skip_check };
    output_put_zeros_to(output, plan->data_offset);
    output_begin_hashing(output, &writer->trailer);
    for (size_t i = 0; i < plan->run_count && !output->status; i++) {
        output_put_zeros_to(output, plan->runs[i].offset);
        write_whole_run(&rows, &plan->runs[i]);
    }
    output_end_hashing(output);
    write_trailer_checksum(&writer->trailer);
    if (!output->status && writer->trailer.failed)
        output->status = fail_memory(output->error);
    output_put_zeros_to(output, align_up(output->offset, FORMAT_ALIGN));
    output_put(output, writer->trailer.bytes, writer->trailer.size_bytes);
}

/* The commit, what belongs to the file alone, and the footer that ends at the file's size. */
static void writer_put_commit_and_footer(struct writer *writer, uint64_t commit_offset)
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
    const struct file_header header = make_file_header(plan, writer->options->file_metadata != NULL, false);
    output_begin(output,
                 align_up(format_file_metadata_offset(commit_end) + writer->file_metadata.size_bytes, FORMAT_PAGE) +
                     sizeof(struct file_footer));
    output_put(output, &header, sizeof(header));
    output_put(output, writer->prologue.bytes, writer->prologue.size_bytes);
    writer_put_data(writer);
    output_put_zeros_to(output, commit_offset);
    if (!output->status)
        writer_put_commit_and_footer(writer, commit_offset);
}

static pecs_status writer_run(struct writer *writer, const struct pecs_snapshot *state, const pecs_sink *sink,
                              pecs_error *error)
{
    pecs_status status = save_plan_init(&writer->plan, state, NULL, error);
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
