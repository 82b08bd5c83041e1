/*
 * Reading a stream of rows: from a file, beside a read and hash of the same bytes into one piece of memory; and from a
 * pipe into which another thread writes the stream, beside a plain write of as many bytes that is drained.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <pecs/row_stream.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum { BATCH_ROWS = 4096 };

static bool count_rows(const struct bench *bench, pecs_stream_reader *reader)
{
    uint64_t count = 0;
    pecs_rows rows;
    pecs_error error;
    pecs_status status;
    while (!(status = pecs_stream_reader_next(reader, &rows, &error)) && rows.row_count)
        count += rows.row_count;
    if (status)
        return bench_failed("read rows", status, &error);
    return count == bench->entity_count ? true : bench_wrong("%llu rows were read", (unsigned long long)count);
}

static bool fill_stream(struct bench *bench, pecs_stream *stream)
{
    pecs_error error;
    const bool ok = bench_stream_rows(bench, stream, BATCH_ROWS);
    const pecs_status status = ok ? pecs_stream_finish(stream, NULL, &error) : PECS_OK;
    pecs_stream_destroy(stream);
    return status ? bench_failed("finish the stream", status, &error) : ok;
}

static bool write_stream(struct bench *bench, const pecs_sink *sink)
{
    pecs_stream *stream;
    pecs_error error;
    const pecs_status status = pecs_stream_create_to(bench->registry, sink, NULL, &stream, &error);
    return status ? bench_failed("make a stream", status, &error) : fill_stream(bench, stream);
}

/* Files. */

static bool write_file(struct bench *bench, const char *path)
{
    const pecs_stream_options options = { .skip_sync = true };
    pecs_stream *stream;
    pecs_error error;
    const pecs_status status = pecs_stream_create(bench->registry, path, &options, &stream, &error);
    return status ? bench_failed("make a stream", status, &error) : fill_stream(bench, stream);
}

static bool read_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    pecs_stream_reader *reader;
    pecs_error error;
    (void)context;
    bench_path(bench, "stream.pecs", path);
    const double start = bench_now();
    const pecs_status status = pecs_stream_reader_open(bench->registry, path, NULL, &reader, &error);
    if (status)
        return bench_failed("open the stream", status, &error);
    const bool ok = count_rows(bench, reader);
    pecs_stream_reader_close(reader);
    *ret_seconds = bench_now() - start;
    return ok;
}

static bool read_limit(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    uint64_t hash;
    (void)context;
    bench_path(bench, "stream.pecs", path);
    const double start = bench_now();
    if (!limit_read_on(path, &hash))
        return bench_wrong("cannot read %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

bool bench_run_stream_read(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = read_pecs, .limit = read_limit, .sample_count = 5, .disk = BENCH_READS };
    struct bench_result result = { .name = "stream_read",
                                   .bytes = bench->layout.content_bytes,
                                   .limit = "read and hash",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.3 };
    char path[BENCH_PATH_MAX];
    bench_path(bench, "stream.pecs", path);
    const bool ok = write_file(bench, path) && bench_measure(bench, &sides, &result);
    if (ok)
        bench_report(bench, &result);
    unlink(path);
    return ok;
}

/* Pipes. */

struct pipe_writer {
    struct bench *bench;
    pthread_t thread;
    int descriptor;
    bool ok;
};

static void *pipe_run(void *argument)
{
    struct pipe_writer *writer = argument;
    const pecs_sink sink = pecs_sink_for_fd(writer->descriptor);
    writer->ok = write_stream(writer->bench, &sink);
    close(writer->descriptor);
    return NULL;
}

static bool pipe_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    int ends[2];
    pecs_stream_reader *reader;
    pecs_error error;
    (void)context;
    const double start = bench_now();
    if (pipe(ends))
        return bench_wrong("cannot make a pipe: %s", strerror(errno));
    struct pipe_writer writer = { .bench = bench, .descriptor = ends[1] };
    const int os_error = pthread_create(&writer.thread, NULL, pipe_run, &writer);
    if (os_error)
        return bench_wrong("cannot start a thread: %s", strerror(os_error));
    const pecs_source source = pecs_source_for_fd(ends[0]);
    const pecs_status status = pecs_stream_reader_open_from(bench->registry, &source, NULL, &reader, &error);
    const bool ok = status ? bench_failed("open the stream", status, &error) : count_rows(bench, reader);
    if (!status)
        pecs_stream_reader_close(reader);
    close(ends[0]);
    pthread_join(writer.thread, NULL);
    *ret_seconds = bench_now() - start;
    return ok && writer.ok;
}

bool bench_run_stream_pipe(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = pipe_pecs, .limit = bench_pipe_limit };
    struct bench_result result = { .name = "stream_pipe",
                                   .bytes = bench->layout.content_bytes,
                                   .limit = "write, drained",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.3 };
    const bool ok = bench_measure(bench, &sides, &result);
    if (ok)
        bench_report(bench, &result);
    return ok;
}
