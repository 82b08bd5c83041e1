/*
 * Saving and loading, and the files that other disciplines resume. Both sides write the same content (components,
 * handles and index), replace an existing file, and start with a quiet disk; loading reads from the page cache
 * into fresh memory.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void bench_path(const struct bench *bench, const char *name, char ret_path[BENCH_PATH_MAX])
{
    snprintf(ret_path, BENCH_PATH_MAX, "%s/%s", bench->directory, name);
}

uint64_t bench_file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) ? 0 : (uint64_t)info.st_size;
}

bool bench_read_once(const char *path)
{
    enum { PIECE = 1024 * 1024 };
    char *piece = malloc(PIECE);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = -1;
    if (piece && descriptor >= 0)
        while ((count = read(descriptor, piece, PIECE)) > 0)
            ;
    if (descriptor >= 0)
        close(descriptor);
    free(piece);
    return count == 0 ? true : bench_wrong("cannot read %s: %s", path, strerror(errno));
}

static bool save_world(struct bench *bench, const char *path, bool durable)
{
    pecs_error error;
    const pecs_save_options options = { .skip_sync = !durable };
    const pecs_status status = pecs_world_save(bench->world, path, &options, &error);
    return status ? bench_failed("save", status, &error) : true;
}

bool bench_files_need(struct bench *bench)
{
    if (bench->has_files)
        return true;
    char path[BENCH_PATH_MAX], raw[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    bench_path(bench, "w1.raw", raw);
    if (!bench_world_need(bench) || !save_world(bench, path, true))
        return false;
    if (!limit_save(&bench->layout, bench->block, raw, true))
        return bench_wrong("cannot write %s: %s", raw, strerror(errno));
    bench->raw_hash = limit_hash(bench->block, bench->layout.size_bytes);
    bench->file_bytes = bench_file_size(path);
    bench->has_files = bench_read_once(path) && bench_read_once(raw);
    return bench->has_files;
}

struct save_context {
    bool durable;
};

static bool save_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "save.pecs", path);
    const double start = bench_now();
    if (!save_world(bench, path, ((struct save_context *)context)->durable))
        return false;
    *ret_seconds = bench_now() - start;
    return true;
}

static bool save_limit(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "save.raw", path);
    const double start = bench_now();
    if (!limit_save(&bench->layout, bench->block, path, ((struct save_context *)context)->durable))
        return bench_wrong("cannot write %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

/* What was saved resumes as what is in memory. Removes the files: they would only push others out of the cache. */
static bool check_save(struct bench *bench)
{
    char path[BENCH_PATH_MAX], raw[BENCH_PATH_MAX];
    bench_path(bench, "save.pecs", path);
    bench_path(bench, "save.raw", raw);
    pecs_snapshot *snapshot;
    pecs_world *world;
    if (!bench_resume(bench->registry, path, &snapshot, &world))
        return false;
    double sum = 0;
    bool ok = bench_check_view(bench, bench->registry, pecs_world_view(world));
    bench_close(snapshot, world);
    if (ok && !limit_map_sum(raw, &sum))
        ok = bench_wrong("cannot map %s: %s", raw, strerror(errno));
    ok = ok && bench_same_sum("save by hand", sum, limit_sum(&bench->layout, bench->block));
    unlink(path);
    unlink(raw);
    return ok;
}

static bool run_save(struct bench *bench, const char *name, const char *limit, bool durable, double mark)
{
    struct save_context context = { durable };
    const struct bench_sides sides = {
        .pecs = save_pecs,
        .limit = save_limit,
        .context = &context,
        .sample_count = 3, /* how long the system takes for fresh pages of a file varies */
        .disk = BENCH_WRITES,
        .fresh_bytes = bench->layout.content_bytes,
    };
    struct bench_result result = {
        .name = name, .bytes = bench->layout.content_bytes, .limit = limit, .mark_kind = BENCH_RATIO, .mark = mark
    };
    double seconds;
    if (!bench_world_need(bench) || !save_pecs(bench, &context, &seconds) || !save_limit(bench, &context, &seconds) ||
        !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return check_save(bench);
}

bool bench_run_save(struct bench *bench)
{
    return run_save(bench, "save", "write", false, 1.2);
}

bool bench_run_save_durable(struct bench *bench)
{
    return run_save(bench, "save_durable", "write, fsync", true, 1.1);
}

/* A registry of its own for each load, so that memory is as fresh as on the other side. */
static bool load_once(struct bench *bench, uint32_t thread_count, bool check, double *ret_seconds)
{
    const pecs_load_options options = { .thread_count = thread_count };
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_world *world = NULL;
    pecs_error error;
    if (!bench_registry_create(NULL, &registry))
        return false;
    const double start = bench_now();
    pecs_status status = pecs_snapshot_load(registry, path, &options, &snapshot, &error);
    bool ok = status ? bench_failed("load", status, &error) : true;
    if (ok) {
        status = pecs_world_create(registry, snapshot, NULL, &world, &error);
        *ret_seconds = bench_now() - start;
        ok = status ? bench_failed("make a world of the file", status, &error) : true;
        ok = ok && (!check || bench_check_view(bench, registry, pecs_world_view(world)));
        bench_close(snapshot, world);
    }
    pecs_registry_release(registry);
    return ok;
}

static bool load_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    return load_once(bench, *(const uint32_t *)context, false, ret_seconds);
}

static bool load_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.raw", path);
    struct w1_layout layout;
    uint8_t *block;
    uint64_t hash;
    const double start = bench_now();
    if (!limit_load(path, &layout, &block, &hash))
        return bench_wrong("cannot load %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    limit_pages_release(block, layout.size_bytes);
    return hash == bench->raw_hash ? true : bench_wrong("%s has another hash", path);
}

static bool run_load(struct bench *bench, const char *name, uint32_t thread_count, double mark)
{
    const struct bench_sides sides = { .pecs = load_pecs,
                                       .limit = load_limit,
                                       .context = &thread_count,
                                       .disk = BENCH_READS,
                                       .fresh_bytes = bench->layout.content_bytes };
    struct bench_result result = { .name = name,
                                   .bytes = bench->layout.content_bytes,
                                   .limit = "read, hash",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = mark };
    double seconds;
    if (!bench_files_need(bench) || !load_once(bench, thread_count, true, &seconds) ||
        !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

bool bench_run_load(struct bench *bench)
{
    return run_load(bench, "load", 1, 1.3);
}

/* On two threads, against the limit on one. */
bool bench_run_load_parallel(struct bench *bench)
{
    return run_load(bench, "load_parallel", 2, 1);
}
