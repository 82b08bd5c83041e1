/*
 * Streams of rows: W1 is written in batches of 4096 rows and entity by entity, table by table, beside a plain write of
 * the block to a file; the file is then resumed as it is. What was written is W1. The memory is that of a stream of a
 * hundred times as many rows, whose bytes are counted and hashed.
 */
#include "bench.h"

#include <pecs/row_stream.h>

#include <errno.h>
#include <unistd.h>

enum { BATCH_ROWS = 4096 };

static bool add_rows(const struct bench *bench, pecs_stream *stream, uint32_t table, uint64_t row, uint64_t count)
{
    pecs_value values[W1_COMPONENT_COUNT];
    pecs_error error;
    const pecs_rows rows = { .values = values,
                             .value_count = bench_row_values(bench, table, row, values),
                             .row_count = (size_t)count };
    const pecs_status status = pecs_stream_add(stream, &rows, NULL, &error);
    return status ? bench_failed("add rows", status, &error) : true;
}

bool bench_stream_rows(const struct bench *bench, pecs_stream *stream, uint64_t batch_rows)
{
    bool ok = true;
    if (bench->shuffled)
        for (uint64_t i = 0; ok && i < bench->entity_count; i++)
            ok = add_rows(bench, stream, i % W1_TABLE_COUNT, i / W1_TABLE_COUNT, 1);
    for (uint32_t t = 0; !bench->shuffled && t < W1_TABLE_COUNT; t++) {
        const uint64_t count = bench->layout.row_counts[t];
        for (uint64_t row = 0; ok && row < count; row += batch_rows)
            ok = add_rows(bench, stream, t, row, count - row < batch_rows ? count - row : batch_rows);
    }
    return ok;
}

static bool write_rows_to(struct bench *bench, uint64_t batch_rows, double *ret_seconds)
{
    const pecs_stream_options options = { .skip_sync = true };
    char path[BENCH_PATH_MAX];
    pecs_stream *stream;
    pecs_error error;
    bench_path(bench, "stream.pecs", path);
    const double start = bench_now();
    pecs_status status = pecs_stream_create(bench->registry, path, &options, &stream, &error);
    if (status)
        return bench_failed("make a stream", status, &error);
    const bool ok = bench_stream_rows(bench, stream, batch_rows);
    if (ok)
        status = pecs_stream_finish(stream, NULL, &error);
    pecs_stream_destroy(stream);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("finish the stream", status, &error) : ok;
}

static bool write_batches(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return write_rows_to(bench, BATCH_ROWS, ret_seconds);
}

static bool write_each(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return write_rows_to(bench, 1, ret_seconds);
}

static bool write_limit(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    (void)context;
    bench_path(bench, "stream.raw", path);
    const double start = bench_now();
    if (!limit_save(&bench->layout, bench->block, path, false))
        return bench_wrong("cannot write %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

static bool stream_check(struct bench *bench)
{
    char path[BENCH_PATH_MAX];
    pecs_snapshot *snapshot;
    pecs_world *world;
    bench_path(bench, "stream.pecs", path);
    if (!bench_resume(bench->registry, path, &snapshot, &world))
        return false;
    const bool ok = bench_check_view(bench, bench->registry, pecs_world_view(world));
    bench_close(snapshot, world);
    return ok;
}

static void stream_remove(struct bench *bench)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "stream.pecs", path);
    unlink(path);
    bench_path(bench, "stream.raw", path);
    unlink(path);
}

static bool run_write(struct bench *bench, const char *name, bench_side side, enum bench_mark_kind kind)
{
    const struct bench_sides sides = { .pecs = side,
                                       .limit = write_limit,
                                       .sample_count = 3, /* what the page cache takes in varies */
                                       .disk = BENCH_WRITES,
                                       .fresh_bytes = bench->layout.content_bytes };
    struct bench_result result = { .name = name,
                                   .bytes = bench->layout.content_bytes,
                                   .limit = "write of the same bytes",
                                   .mark_kind = kind,
                                   .mark = 1.3 };
    const bool ok = bench_measure(bench, &sides, &result) && stream_check(bench);
    if (ok)
        bench_report(bench, &result);
    stream_remove(bench);
    return ok;
}

bool bench_run_stream_write(struct bench *bench)
{
    return run_write(bench, "stream_write", write_batches, BENCH_RATIO);
}

bool bench_run_stream_write_each(struct bench *bench)
{
    return run_write(bench, "stream_write_each", write_each, BENCH_REPORT);
}

static bool resume_stream(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    pecs_snapshot *snapshot;
    pecs_error error;
    (void)context;
    bench_path(bench, "stream.pecs", path);
    const double start = bench_now();
    const pecs_status status = pecs_snapshot_resume(bench->registry, path, NULL, &snapshot, &error);
    *ret_seconds = bench_now() - start;
    if (status)
        return bench_failed("resume", status, &error);
    pecs_snapshot_release(snapshot);
    return true;
}

bool bench_run_stream_resume(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = resume_stream };
    struct bench_result result = { .name = "stream_resume", .mark_kind = BENCH_SECONDS, .mark = 0.005 };
    double seconds;
    result.bytes = bench->layout.content_bytes;
    const bool ok = write_rows_to(bench, BATCH_ROWS, &seconds) && bench_measure(bench, &sides, &result);
    if (ok)
        bench_report(bench, &result);
    stream_remove(bench);
    return ok;
}

/* Memory. */

enum { REPEATS = 100 };

struct counted {
    uint64_t size_bytes, hash;
};

static pecs_status counted_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct counted *counted = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        counted->hash ^= limit_hash(spans[i].data, spans[i].size_bytes) + counted->size_bytes;
        counted->size_bytes += spans[i].size_bytes;
    }
    return PECS_OK;
}

static bool stream_repeats(struct bench *bench, pecs_registry *registry, struct counted *counted)
{
    const pecs_sink sink = { .write = counted_write, .user = counted };
    pecs_stream *stream;
    pecs_error error;
    bool ok = true;
    pecs_status status = pecs_stream_create_to(registry, &sink, NULL, &stream, &error);
    if (status)
        return bench_failed("make a stream", status, &error);
    for (int i = 0; ok && i < REPEATS; i++)
        ok = bench_stream_rows(bench, stream, BATCH_ROWS);
    status = ok ? pecs_stream_finish(stream, NULL, &error) : PECS_OK;
    pecs_stream_destroy(stream);
    return status ? bench_failed("finish the stream", status, &error) : ok;
}

bool bench_run_stream_memory(struct bench *bench)
{
    struct bench_result result = { .name = "stream_memory",
                                   .mark_kind = BENCH_BYTES,
                                   .mark = 32 << 20,
                                   .entity_count = REPEATS * bench->entity_count };
    struct bench_counter counter = { 0 };
    struct counted counted = { 0 };
    const pecs_allocator allocator = bench_counting_allocator(&counter);
    pecs_registry *registry;
    if (!bench_registry_create(&allocator, &registry))
        return false;
    const double start = bench_now();
    const bool ok = stream_repeats(bench, registry, &counted);
    result.seconds = bench_now() - start;
    pecs_registry_release(registry);
    if (!ok)
        return false;
    result.bytes = counter.peak_bytes;
    result.figures[0] = (struct bench_figure){ "stream_bytes", counted.size_bytes };
    bench_report(bench, &result);
    return true;
}
