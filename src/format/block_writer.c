/*
 * The writer of compressed files. Columns that stay as they are go into the first segment, each as one block that can
 * be mapped; all others follow in segments of a few MiB. The blocks of such a segment are staged in memory while those
 * of the one before are compressed on as many threads as the caller asks for. So the writer needs the same memory
 * whatever the state.
 */
#include "block_writer.h"

#include "component_value.h"
#include "content.h"
#include "error.h"
#include "state_seal.h"
#include "write_contents.h"
#include "write_parts.h"
#include "write_rows.h"

enum {
    BLOCK_BYTES = 512 * 1024,       /* of rows or contents in a block, if no single row has more */
    STAGE_BYTES = 4 * 1024 * 1024,  /* of all blocks of a segment */
    STAGE_BLOCKS = 4096,            /* in a segment, at most; what describes a block takes memory, too */
    CONTENTS_MAX = 2 * 1024 * 1024, /* of one row: more are stored as they are */
    STAGE_UNIT = 256 * 1024,        /* of the output into the stage */
    KEPT_SAMPLE_BYTES = 128 * 1024, /* of a column, to see whether it is kept as it is */
    ROWS_AT_ONCE = 256,             /* whose contents are counted together */
};

static pecs_status stage_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct block_writer *writer = user;
    for (size_t i = 0; i < span_count; i++) {
        if (spans[i].size_bytes > writer->stage_bytes - writer->staged)
            return fail(error, PECS_E_CORRUPT, "the file that was resumed has changed meanwhile");
        memcpy(writer->present + writer->staged, spans[i].data, spans[i].size_bytes);
        writer->staged += spans[i].size_bytes;
    }
    return PECS_OK;
}

static pecs_profile writer_profile(const struct block_writer *writer, const struct plan_run *run)
{
    const struct writer_options *options = writer->options;
    if (run->kind == RUN_HEAP && !run->table)
        return PECS_PROFILE_OFF; /* attachments, which may have any size */
    if (run->is_kept)
        return PECS_PROFILE_OFF;
    for (size_t i = 0; run->component_number != NO_COMPONENT && i < options->component_profile_count; i++)
        if (options->component_profiles[i].component == run->component_number)
            return options->component_profiles[i].profile;
    return options->profile;
}

static struct block_record writer_record(const struct plan_run *run, uint64_t first, uint64_t count, uint64_t full_size)
{
    return (struct block_record){
        .kind = le32_make(run->kind),
        .table = le32_make(run->table_number),
        .type = le32_make(run->type),
        .first = le32_make((uint32_t)(run->before + first)),
        .count = le32_make((uint32_t)count),
        .size = le64_make(full_size),
        .full_size = le64_make(full_size),
        .tick = le64_make(run->tick),
    };
}

/* The first unit of contents that follow in the file. */
static uint64_t writer_next_unit(const struct block_writer *writer)
{
    return format_heap_first(writer->heap_units);
}

static void writer_note_contents(struct block_writer *writer, uint64_t bytes)
{
    struct output *output = &writer->output;
    writer->heap_units = writer_next_unit(writer) + bytes / FORMAT_HEAP_UNIT;
    if (writer->heap_units > (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX && !output->status)
        output->status =
            fail(output->error, PECS_E_LIMIT, "the contents of strings, blobs and lists take more than %d TiB",
                 1 << (FORMAT_HEAP_SHIFT_MAX - 37));
}

static void writer_report(struct block_writer *writer, uint64_t bytes)
{
    const struct writer_options *options = writer->options;
    struct output *output = &writer->output;
    writer->done_bytes += bytes;
    if (!output->status && options->progress &&
        !options->progress(options->user, writer->done_bytes, writer->data_bytes))
        output->status = fail(output->error, PECS_E_CANCELLED, "the save was cancelled");
}

/* Each stage has room for blocks, and as much for what they become. */
static void writer_use_stage(struct block_writer *writer, size_t number)
{
    writer->present = writer->stage_memory + writer->stage_bytes * 2 * number;
    segment_writer_set_stage(&writer->segments, writer->present, writer->stage_bytes);
}

static size_t writer_stage_memory_bytes(const struct block_writer *writer)
{
    return writer->stage_bytes * 2 * writer->stage_count;
}

static void writer_flush(struct block_writer *writer)
{
    segment_writer_flush(&writer->segments, writer->options->thread_count);
    if (writer->stage_count < 2)
        segment_writer_drain(&writer->segments);
    else if (writer->staged && !writer->output.status) /* what lies in the other one has been put */
        writer_use_stage(writer, writer->present == writer->stage_memory);
    writer_report(writer, writer->staged_data);
    writer->staged_data = 0;
    writer->staged = 0;
}

/* Progress within data that is put as it is, which may have any size. */
static bool writer_plain_progress(void *user, uint64_t offset, uint64_t total_bytes)
{
    const struct block_writer *writer = user;
    const uint64_t done_bytes = writer->done_bytes + min_u64(offset - writer->plain_from, writer->plain_bytes);
    (void)total_bytes;
    return writer->options->progress(writer->options->user, done_bytes, writer->data_bytes);
}

static void writer_begin_plain(struct block_writer *writer, uint64_t bytes)
{
    struct output *output = &writer->output;
    segment_writer_begin(&writer->segments);
    writer->plain_bytes = bytes;
    writer->plain_from = output->offset;
    output->progress = writer->options->progress ? writer_plain_progress : NULL;
    output->progress_user = writer;
}

static void writer_end_plain(struct block_writer *writer)
{
    segment_writer_end(&writer->segments);
    writer->output.progress = NULL;
    writer_report(writer, writer->plain_bytes);
}

/* Makes room for a block of rows and contents. A part of a stream is one segment. */
static void writer_reserve(struct block_writer *writer, uint64_t bytes)
{
    if (writer->staged + align_up(bytes, FORMAT_ALIGN) > writer->stage_bytes ||
        (writer->segments.added.count >= STAGE_BLOCKS && !writer->plan.stream))
        writer_flush(writer);
}

/* A block of what has been staged since `start`. */
static void writer_add_block(struct block_writer *writer, struct block_record record, const struct plan_run *run,
                             size_t start)
{
    output_flush(&writer->stage);
    if (writer->stage.status && !writer->output.status)
        writer->output.status = writer->stage.status;
    const size_t size = writer->staged - start;
    record.size = record.full_size = le64_make(size);
    if (!writer->output.status)
        segment_writer_add(&writer->segments, &record, writer->present + start, size,
                           run->kind == RUN_HEAP ? 0 : (uint32_t)run->row_bytes, writer_profile(writer, run));
    writer->staged = (size_t)align_up(writer->staged, FORMAT_ALIGN);
}

static struct row_writer writer_rows(struct block_writer *writer, struct output *output)
{
    return (struct row_writer){ &writer->plan, output, &writer->values, writer->options->skip_check };
}

static void writer_stage_rows(struct block_writer *writer, const struct plan_run *run, uint64_t first, uint64_t count)
{
    const struct row_writer rows = writer_rows(writer, &writer->stage);
    uint64_t unit = writer_next_unit(writer);
    writer_reserve(writer, count * run->row_bytes);
    const size_t start = writer->staged;
    write_rows(&rows, run, first, count, &unit);
    writer->staged_data += count * run->row_bytes;
    writer_add_block(writer, writer_record(run, first, count, 0), run, start);
}

/* Contents of one row that are too many for the stage: a segment of their own, stored as they are. */
static void writer_put_large(struct block_writer *writer, const struct plan_run *heap, uint64_t row, uint64_t bytes)
{
    const le64 end = le64_make(bytes);
    struct output *output = &writer->output;
    struct block_record record = writer_record(heap, row, 1, sizeof(end) + bytes);
    writer_flush(writer);
    segment_writer_add(&writer->segments, &record, NULL, sizeof(end) + bytes, 0, PECS_PROFILE_OFF);
    writer_begin_plain(writer, bytes);
    if (segment_writer_next(&writer->segments)) {
        output_put(output, &end, sizeof(end));
        write_contents(output, state_heap(writer->plan.state), heap, row, 1, output->offset + bytes);
    }
    writer_end_plain(writer);
}

static void writer_stage_contents(struct block_writer *writer, const struct plan_run *heap, uint64_t first,
                                  uint64_t count, uint64_t bytes)
{
    const le64 end = le64_make(bytes);
    struct output *stage = &writer->stage;
    if (bytes > CONTENTS_MAX && !writer->plan.stream) {
        writer_put_large(writer, heap, first, bytes);
    } else {
        writer_reserve(writer, sizeof(end) + bytes);
        const size_t start = writer->staged;
        output_put(stage, &end, sizeof(end));
        write_contents(stage, state_heap(writer->plan.state), heap, first, count, stage->offset + bytes);
        writer->staged_data += bytes;
        writer_add_block(writer, writer_record(heap, first, count, 0), heap, start);
    }
    writer_note_contents(writer, bytes);
}

/*
 * Rows from `first` on whose contents fill a block, of one chunk, so that the block has one end. At least one row,
 * whose contents may be more.
 */
static uint64_t writer_rows_of_block(const struct block_writer *writer, const struct plan_run *run, uint64_t first,
                                     uint64_t max_rows, uint64_t *ret_bytes)
{
    const struct heap *heap = state_heap(writer->plan.state);
    uint64_t rows = 0, bytes = 0, step = ROWS_AT_ONCE;
    max_rows = min_u64(max_rows, table_rows_at(run->table, first));
    while (rows < max_rows) {
        const uint64_t some = min_u64(step, max_rows - rows);
        const uint8_t *values = table_value(run->table, run->column, first + rows);
        const uint64_t more = FORMAT_HEAP_UNIT * contents_count_units(heap, run->component, values, some);
        if (some > 1 && bytes + more > BLOCK_BYTES) {
            step = some / 2;
            continue;
        }
        if (rows && bytes + more > BLOCK_BYTES)
            break;
        rows += some;
        bytes += more;
    }
    *ret_bytes = bytes;
    return rows;
}

static void writer_stage_run(struct block_writer *writer, const struct plan_run *run)
{
    const bool has_contents = run->component && component_has_contents(run->component);
    const uint64_t most = max_u64(BLOCK_BYTES / run->row_bytes, 1);
    for (uint64_t row = 0, rows; row < run->row_count && !writer->output.status; row += rows) {
        uint64_t contents = 0;
        rows = min_u64(most, run->row_count - row);
        if (has_contents)
            rows = writer_rows_of_block(writer, run, row, rows, &contents);
        writer_stage_rows(writer, run, row, rows);
        if (has_contents)
            writer_stage_contents(writer, run + 1, row, rows, contents);
    }
}

/* Without the ends of a heap, of which blocks have others than runs. */
static uint64_t writer_data_bytes(const struct block_writer *writer, const struct plan_run *run)
{
    return run->kind == RUN_HEAP && run->table ? plan_contents_size(&writer->plan, run)
                                               : plan_run_size(&writer->plan, run);
}

/* Whether a run is staged. A part of a stream is one segment, so that each segment has whole rows. */
static bool writer_stages(const struct block_writer *writer, const struct plan_run *run)
{
    const struct writer_options *options = writer->options;
    if (run->kind == RUN_HEAP && !run->table)
        return false;
    return writer->plan.stream ? options->profile != PECS_PROFILE_OFF || options->component_profile_count
                               : writer_profile(writer, run) != PECS_PROFILE_OFF;
}

/* The first segment: runs that stay as they are, each as one block. */
static void writer_put_plain(struct block_writer *writer)
{
    struct save_plan *plan = &writer->plan;
    const struct row_writer rows = writer_rows(writer, &writer->output);
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->run_count; i++) {
        struct plan_run *run = &plan->runs[i];
        if (writer_stages(writer, run))
            continue;
        const struct block_record record =
            writer_record(run, 0, run->kind == RUN_HEAP && !run->table ? 0 : run->row_count, plan_run_size(plan, run));
        run->first = writer_next_unit(writer); /* of values with contents too: their heap is next */
        if (run->kind == RUN_HEAP)
            writer_note_contents(writer, writer_data_bytes(writer, run));
        bytes += writer_data_bytes(writer, run);
        segment_writer_add(&writer->segments, &record, NULL, plan_run_size(plan, run), 0, PECS_PROFILE_OFF);
    }
    writer_begin_plain(writer, bytes);
    for (size_t i = 0; i < plan->run_count && !writer->output.status; i++)
        if (!writer_stages(writer, &plan->runs[i]) && segment_writer_next(&writer->segments))
            write_whole_run(&rows, &plan->runs[i]);
    writer_end_plain(writer);
}

static void writer_put_end(struct block_writer *writer)
{
    struct output *output = &writer->output;
    const struct metadata *file_metadata = writer->options->file_metadata;
    const struct segment_writer *segments = &writer->segments;
    write_commit(&writer->commit, &writer->plan, (const struct segment_record *)(const void *)segments->records.bytes,
                 segments->segment_count, writer->options->wall_clock_ns);
    if (file_metadata)
        write_file_metadata(&writer->file_metadata, file_metadata);
    if (!output->status && (writer->commit.failed || writer->file_metadata.failed || segments->records.failed))
        output->status = fail_memory(output->error);
    if (output->status)
        return;
    write_commit_id(&writer->commit);
    output_put_zeros_to(output, align_up(output->offset, FORMAT_ALIGN));
    const uint64_t commit_offset = output->offset;
    output_put(output, writer->commit.bytes, writer->commit.size_bytes);
    output_put_zeros_to(output, format_file_metadata_offset(output->offset));
    output_put(output, writer->file_metadata.bytes, writer->file_metadata.size_bytes);
    output_put_zeros_to(output, align_up(output->offset, FORMAT_PAGE));
    const struct file_footer footer =
        make_file_footer(output->offset, commit_offset, &writer->commit, writer->file_metadata.size_bytes);
    output_put(output, &footer, sizeof(footer));
    output_flush(output);
}

static void writer_put_runs(struct block_writer *writer)
{
    const struct save_plan *plan = &writer->plan;
    for (size_t i = 0; i < plan->run_count && !writer->output.status; i++)
        if (plan->runs[i].kind != RUN_HEAP && writer_stages(writer, &plan->runs[i]))
            writer_stage_run(writer, &plan->runs[i]);
    writer_flush(writer);
    segment_writer_drain(&writer->segments);
}

/* Some rows from the middle of a column, with zeros as padding. */
static void writer_sample(const struct plan_run *run, uint64_t count, uint8_t *to)
{
    const uint64_t first = (run->row_count - count) / 2;
    for (uint64_t row = first, rows; row < first + count; row += rows, to += rows * run->row_bytes) {
        const uint8_t *from = table_value(run->table, run->column, row);
        rows = min_u64(table_rows_at(run->table, row), first + count - row);
        if (run->component)
            component_copy_masked(run->component, to, from, rows);
        else
            memcpy(to, from, (size_t)(rows * run->row_bytes));
    }
}

/*
 * Noise, such as most floats, gets a little smaller for most of the time that a save and a load take. A fast save keeps
 * such a column as it is, so that a resume maps it.
 */
static pecs_status writer_choose_kept(struct plan_run *run, struct codec *codec, uint8_t *sample)
{
    const uint64_t rows = min_u64(run->row_count, KEPT_SAMPLE_BYTES / run->row_bytes);
    const size_t size = (size_t)(rows * run->row_bytes);
    struct codec_choice choice = { .is_worth = true };
    if (size < KEPT_SAMPLE_BYTES / 2) /* a small column, or large rows */
        return PECS_OK;
    writer_sample(run, rows, sample);
    const pecs_status status = codec_choose(codec, CODEC_FAST, sample, size, (size_t)run->row_bytes, &choice);
    run->is_kept = !choice.is_worth;
    return status;
}

static pecs_status writer_choose_all_kept(struct block_writer *writer, pecs_error *error)
{
    struct save_plan *plan = &writer->plan;
    struct codec *codec = codec_create(plan->pool);
    uint8_t *sample = pool_allocate(plan->pool, KEPT_SAMPLE_BYTES);
    pecs_status status = codec && sample ? PECS_OK : PECS_E_MEMORY;
    for (size_t i = 0; !status && i < plan->run_count; i++) {
        struct plan_run *run = &plan->runs[i];
        const bool has_contents = run->component && component_has_contents(run->component);
        if (run->table && !has_contents && writer_profile(writer, run) == PECS_PROFILE_FAST)
            status = writer_choose_kept(run, codec, sample);
    }
    codec_destroy(codec);
    pool_release(plan->pool, sample, KEPT_SAMPLE_BYTES);
    return status ? fail_memory(error) : PECS_OK;
}

/* What the blocks of a run take in the stage, at most: each begins aligned, those of contents with an end. */
static uint64_t writer_staged_bytes(const struct save_plan *plan, const struct plan_run *run)
{
    const uint64_t size = plan_run_size(plan, run);
    const uint64_t blocks = size / (BLOCK_BYTES / 2) + run->chunk_count + 1;
    return size + blocks * 3 * FORMAT_ALIGN;
}

/*
 * Memory for the blocks of a segment; of two, if one is compressed while the one before is put. What a stream has for
 * the part before is used again if it is large enough.
 */
static pecs_status writer_make_stage(struct block_writer *writer)
{
    const struct save_plan *plan = &writer->plan;
    struct pool *pool = plan->pool;
    uint64_t bytes = 0, row_bytes = 0;
    for (size_t i = 0; i < plan->run_count; i++) {
        const struct plan_run *run = &plan->runs[i];
        writer->data_bytes += writer_data_bytes(writer, run);
        if (!writer_stages(writer, run))
            continue;
        bytes += writer_staged_bytes(plan, run);
        row_bytes = run->kind == RUN_HEAP ? row_bytes : max_u64(row_bytes, run->row_bytes);
    }
    const uint64_t least = max_u64(align_up(row_bytes, FORMAT_ALIGN), CONTENTS_MAX + 2 * FORMAT_ALIGN);
    const uint64_t wanted = plan->stream ? bytes + FORMAT_ALIGN
                                         : max_u64(min_u64(bytes, STAGE_BYTES), min_u64(bytes, least) + FORMAT_ALIGN);
    if (writer->stage_memory && writer->stage_bytes >= wanted)
        return PECS_OK;
    if (writer->stage_memory)
        pool_array_release(pool, writer->stage_memory, writer_stage_memory_bytes(writer), writer->stage_source);
    writer->stage_bytes = (size_t)wanted;
    writer->stage_count = !plan->stream && writer->options->thread_count > 1 && bytes > wanted ? 2 : 1;
    writer->stage_memory = pool_array_allocate(pool, writer_stage_memory_bytes(writer), &writer->stage_source);
    if (!writer->stage_memory)
        return PECS_E_MEMORY;
    writer_use_stage(writer, 0);
    return PECS_OK;
}

pecs_status block_writer_init(struct block_writer *writer, struct pool *pool, const pecs_sink *sink,
                              const struct writer_options *options, pecs_error *error)
{
    *writer = (struct block_writer){ .options = options };
    writer->commit.pool = writer->file_metadata.pool = writer->plan.pool = pool;
    writer->output.pool = writer->stage.pool = pool;
    writer->stage_sink = (pecs_sink){ .write = stage_write, .user = writer };
    segment_writer_init(&writer->segments, &writer->plan, pool, &writer->output);
    const pecs_status status = output_init(&writer->output, pool, sink, options->unit_bytes, error);
    return status ? status : output_init(&writer->stage, pool, &writer->stage_sink, STAGE_UNIT, error);
}

void block_writer_deinit(struct block_writer *writer)
{
    struct pool *pool = writer->plan.pool;
    if (writer->output.has_begun) {
        writer->output.error = NULL;
        if (!writer->output.status)
            writer->output.status = PECS_E_CANCELLED;
        (void)output_end(&writer->output);
    }
    if (writer->values.state)
        value_check_deinit(&writer->values);
    segment_writer_deinit(&writer->segments);
    if (writer->stage_memory)
        pool_array_release(pool, writer->stage_memory, writer_stage_memory_bytes(writer), writer->stage_source);
    buffer_deinit(&writer->file_metadata);
    buffer_deinit(&writer->commit);
    output_deinit(&writer->stage);
    output_deinit(&writer->output);
    save_plan_deinit(&writer->plan);
}

/* Plans all of a state, or the part of a stream, and takes the memory for it. */
static pecs_status writer_plan(struct block_writer *writer, const struct pecs_snapshot *state,
                               const struct plan_stream *stream, pecs_error *error)
{
    save_plan_deinit(&writer->plan);
    pecs_status status = save_plan_init(&writer->plan, state, stream, error);
    writer->data_bytes = writer->done_bytes = 0;
    if (!status && !stream)
        status = writer_choose_all_kept(writer, error);
    return status ? status : writer_make_stage(writer) ? fail_memory(error) : PECS_OK;
}

/* The size of the file is not known before it is written. */
static void writer_put_header(struct block_writer *writer)
{
    const struct file_header header = make_file_header(&writer->plan, writer->options->file_metadata != NULL, true);
    output_begin(&writer->output, 0);
    output_begin(&writer->stage, 0);
    if (!writer->output.status)
        writer->output.status = writer->stage.status;
    output_put(&writer->output, &header, sizeof(header));
    output_flush(&writer->output);
}

static bool writer_has_plain(const struct block_writer *writer)
{
    for (size_t i = 0; i < writer->plan.run_count; i++)
        if (!writer_stages(writer, &writer->plan.runs[i]))
            return true;
    return false;
}

pecs_status block_writer_put(struct block_writer *writer, const struct pecs_snapshot *state,
                             const struct plan_stream *stream, pecs_error *error)
{
    struct output *output = &writer->output;
    const bool is_first = !output->has_begun;
    output->error = writer->stage.error = error;
    if (!output->status)
        output->status = writer_plan(writer, state, stream, error);
    if (output->status)
        return output->status;
    if (is_first)
        writer_put_header(writer);
    if (is_first || writer_has_plain(writer))
        writer_put_plain(writer);
    writer_put_runs(writer);
    return output->status;
}

pecs_status block_writer_end(struct block_writer *writer, pecs_error *error)
{
    writer->output.error = error;
    if (!writer->output.status && writer->output.has_begun)
        writer_put_end(writer);
    return output_end(&writer->output);
}

pecs_status block_writer_write(const struct pecs_snapshot *state, const pecs_sink *sink,
                               const struct writer_options *options, uint64_t *ret_size_bytes, pecs_error *error)
{
    struct block_writer writer;
    state_check_seals(state);
    pecs_status status = block_writer_init(&writer, state->registry->pool, sink, options, error);
    if (!status && value_check_init(&writer.values, state))
        status = fail_memory(error);
    if (!status && !block_writer_put(&writer, state, NULL, error))
        writer_put_end(&writer);
    if (!status)
        status = output_end(&writer.output);
    *ret_size_bytes = writer.output.offset;
    block_writer_deinit(&writer);
    return status;
}
