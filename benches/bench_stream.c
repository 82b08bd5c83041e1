/*
 * Saving into memory and into a pipe. Both sides have the same content; the memory is fresh, and the pipe is drained by
 * a thread that reads into one buffer again and again. The time of a pipe ends when its reader has seen the end.
 *
 * Loading from a pipe that `cat` fills, beside a `cat` that reads from it. The time ends when both programs have.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
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

/* cat */

/* Runs `cat` from one file into another, each a descriptor or, when that is below 0, a path. Gives 0 after a message.
 */
static pid_t cat_run(int from, const char *from_path, int to, const char *to_path)
{
    char *arguments[] = { "cat", NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    posix_spawn_file_actions_init(&actions);
    if (from >= 0)
        posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, from_path, O_RDONLY, 0);
    if (to >= 0)
        posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, to_path, O_WRONLY, 0);
    const int os_error = posix_spawnp(&child, "cat", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (os_error)
        bench_wrong("cannot run cat: %s", strerror(os_error));
    return os_error ? 0 : child;
}

static bool cat_wait(pid_t child)
{
    int exit_status = -1;
    return child && waitpid(child, &exit_status, 0) == child && exit_status == 0 ? true : bench_wrong("cat failed");
}

/* The writing end is given to `cat`, the reading end to the caller. Gives 0 after a message. */
static pid_t cat_start(struct bench *bench, int *ret_from)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        bench_wrong("cannot make a pipe: %s", strerror(errno));
        return 0;
    }
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    const pid_t writer = cat_run(-1, path, ends[1], NULL);
    close(ends[1]);
    if (writer)
        *ret_from = ends[0];
    else
        close(ends[0]);
    return writer;
}

static bool cat_limit(struct bench *bench, void *context, double *ret_seconds)
{
    int from;
    (void)context;
    const double start = bench_now();
    const pid_t writer = cat_start(bench, &from);
    if (!writer)
        return false;
    const pid_t reader = cat_run(from, NULL, -1, "/dev/null");
    close(from);
    bool ok = cat_wait(writer);
    ok = cat_wait(reader) && ok;
    *ret_seconds = bench_now() - start;
    return ok;
}

/* A registry of its own, so that memory is fresh. */
static bool cat_load(struct bench *bench, bool check, double *ret_seconds)
{
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_error error;
    int from;
    if (!bench_registry_create(NULL, &registry))
        return false;
    const double start = bench_now();
    const pid_t writer = cat_start(bench, &from);
    bool ok = writer != 0;
    if (ok) {
        const pecs_source source = pecs_source_for_fd(from);
        const pecs_status status = pecs_snapshot_load_from(registry, &source, NULL, &snapshot, &error);
        close(from);
        ok = cat_wait(writer) && !status;
        *ret_seconds = bench_now() - start;
        if (status)
            bench_failed("load from a pipe", status, &error);
        ok = ok && (!check || bench_check_view(bench, registry, pecs_snapshot_view(snapshot)));
        if (!status)
            pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
    return ok;
}

static bool cat_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return cat_load(bench, false, ret_seconds);
}

bool bench_run_load_pipe(struct bench *bench)
{
    const struct bench_sides sides = {
        .pecs = cat_pecs, .limit = cat_limit, .disk = BENCH_READS, .fresh_bytes = bench->layout.content_bytes
    };
    struct bench_result result = {
        .name = "load_pipe", .bytes = bench->layout.content_bytes, .limit = "cat", .mark_kind = BENCH_RATIO, .mark = 1.1
    };
    double seconds;
    if (!bench_files_need(bench) || !cat_load(bench, true, &seconds) || !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}
