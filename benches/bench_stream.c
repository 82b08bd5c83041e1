/*
 * Saving into memory and into a pipe. Both sides have the same content; the memory is fresh, and the pipe is drained by
 * a thread that reads into one buffer again and again. The time of a pipe ends when its reader has seen the end.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct stream_context {
    pecs_snapshot *snapshot;
    uint64_t size_bytes; /* of the file */
};

/* Memory. */

static bool memory_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const struct stream_context *stream = context;
    void *bytes;
    size_t size_bytes;
    pecs_error error;
    (void)bench;
    const double start = bench_now();
    const pecs_status status = pecs_snapshot_save_memory(stream->snapshot, NULL, &bytes, &size_bytes, &error);
    *ret_seconds = bench_now() - start;
    if (status)
        return bench_failed("save into memory", status, &error);
    pecs_memory_release(bytes);
    return true;
}

static bool memory_limit(struct bench *bench, void *context, double *ret_seconds)
{
    uint8_t *copy;
    (void)context;
    const double start = bench_now();
    if (!limit_copy(&bench->layout, bench->block, &copy))
        return bench_wrong("out of memory");
    *ret_seconds = bench_now() - start;
    limit_pages_release(copy, bench->layout.size_bytes);
    return true;
}

/* Pipes. */

enum { DRAIN_BYTES = 1024 * 1024 };

struct drain {
    pthread_t thread;
    int descriptor;
    uint8_t *bytes; /* what is kept; NULL: only counted */
    uint64_t size_bytes;
};

static void *drain_run(void *argument)
{
    struct drain *drain = argument;
    static uint8_t buffer[DRAIN_BYTES];
    ssize_t count;
    do {
        count = read(drain->descriptor, drain->bytes ? drain->bytes + drain->size_bytes : buffer, DRAIN_BYTES);
        drain->size_bytes += count > 0 ? (uint64_t)count : 0;
    } while (count > 0);
    close(drain->descriptor);
    return NULL;
}

/* The descriptor to write to; -1 after a message. */
static int drain_start(struct drain *drain)
{
    int ends[2];
    if (pipe(ends)) {
        bench_wrong("cannot make a pipe: %s", strerror(errno));
        return -1;
    }
    drain->descriptor = ends[0];
    const int os_error = pthread_create(&drain->thread, NULL, drain_run, drain);
    if (!os_error)
        return ends[1];
    bench_wrong("cannot start a thread: %s", strerror(os_error));
    close(ends[0]);
    close(ends[1]);
    return -1;
}

static void drain_end(struct drain *drain, int descriptor)
{
    close(descriptor);
    pthread_join(drain->thread, NULL);
}

static bool pipe_save(const pecs_snapshot *snapshot, struct drain *drain, double *ret_seconds)
{
    pecs_error error;
    const double start = bench_now();
    const int descriptor = drain_start(drain);
    if (descriptor < 0)
        return false;
    const pecs_sink sink = pecs_sink_for_fd(descriptor);
    const pecs_status status = pecs_snapshot_save_to(snapshot, &sink, NULL, &error);
    drain_end(drain, descriptor);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("save into a pipe", status, &error) : true;
}

static bool pipe_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const struct stream_context *stream = context;
    struct drain drain = { .bytes = NULL };
    (void)bench;
    if (!pipe_save(stream->snapshot, &drain, ret_seconds))
        return false;
    return drain.size_bytes == stream->size_bytes ? true : bench_wrong("a part of the save is missing in the pipe");
}

bool bench_pipe_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct drain drain = { .bytes = NULL };
    (void)context;
    const double start = bench_now();
    const int descriptor = drain_start(&drain);
    if (descriptor < 0)
        return false;
    const bool ok = limit_pipe(descriptor, bench->block, bench->layout.size_bytes);
    const int os_error = errno;
    drain_end(&drain, descriptor);
    *ret_seconds = bench_now() - start;
    return ok && drain.size_bytes == bench->layout.size_bytes ? true
                                                              : bench_wrong("cannot write: %s", strerror(os_error));
}

/* What is in memory loads as the world, and what comes out of a pipe is the same. */
static bool stream_check(struct bench *bench, struct stream_context *stream)
{
    void *bytes;
    size_t size_bytes;
    pecs_snapshot *loaded;
    pecs_error error;
    double seconds;
    pecs_status status = pecs_snapshot_save_memory(stream->snapshot, NULL, &bytes, &size_bytes, &error);
    if (status)
        return bench_failed("save into memory", status, &error);
    stream->size_bytes = size_bytes;
    status = pecs_snapshot_load_memory(bench->registry, bytes, size_bytes, NULL, &loaded, &error);
    bool ok = status ? bench_failed("load from memory", status, &error)
                     : bench_check_view(bench, bench->registry, pecs_snapshot_view(loaded));
    if (!status)
        pecs_snapshot_release(loaded);
    struct drain drain = { .bytes = malloc(size_bytes + DRAIN_BYTES) };
    if (!drain.bytes)
        ok = bench_wrong("out of memory");
    ok = ok && pipe_save(stream->snapshot, &drain, &seconds);
    if (ok && (drain.size_bytes != size_bytes || memcmp(drain.bytes, bytes, size_bytes) != 0))
        ok = bench_wrong("the pipe gave other bytes than the memory has");
    free(drain.bytes);
    pecs_memory_release(bytes);
    return ok;
}

static bool run_stream(struct bench *bench, const struct bench_sides *sides, const char *name, const char *limit)
{
    struct stream_context context = { NULL, 0 };
    struct bench_sides own = *sides;
    struct bench_result result = {
        .name = name, .bytes = bench->layout.content_bytes, .limit = limit, .mark_kind = BENCH_RATIO, .mark = 1.2
    };
    own.context = &context;
    if (!bench_world_need(bench))
        return false;
    const pecs_status status = pecs_snapshot_take(bench->world, &context.snapshot);
    if (status)
        return bench_failed("take a snapshot", status, NULL);
    const bool ok = stream_check(bench, &context) && bench_measure(bench, &own, &result);
    if (ok)
        bench_report(bench, &result);
    pecs_snapshot_release(context.snapshot);
    return ok;
}

bool bench_run_save_memory(struct bench *bench)
{
    const struct bench_sides sides = {
        .pecs = memory_pecs, .limit = memory_limit, .sample_count = 3, .fresh_bytes = bench->layout.content_bytes
    };
    return run_stream(bench, &sides, "save_memory", "memcpy");
}

bool bench_run_save_pipe(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = pipe_pecs, .limit = bench_pipe_limit, .sample_count = 3 };
    return run_stream(bench, &sides, "save_pipe", "write");
}
