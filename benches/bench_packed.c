/*
 * Compressed files of W1. A save is measured beside a plain, durable one, or beside Zstandard at level 3, which
 * compresses the plain file on two threads of its own; opening beside a load of the plain file. Two threads everywhere.
 */
#include "bench.h"

#include <unistd.h>

enum { THREADS = 2 };

struct packed_context {
    pecs_profile profile;
    bool durable;
    uint64_t packed_bytes, limit_bytes; /* of the files */
};

static bool packed_save(struct bench *bench, const char *name, pecs_profile profile, bool durable,
                        uint64_t *ret_size_bytes, double *ret_seconds)
{
    const pecs_save_options options = { .skip_sync = !durable, .profile = profile, .thread_count = THREADS };
    char path[BENCH_PATH_MAX];
    pecs_error error;
    bench_path(bench, name, path);
    const double start = bench_now();
    const pecs_status status = pecs_world_save(bench->world, path, &options, &error);
    *ret_seconds = bench_now() - start;
    *ret_size_bytes = bench_file_size(path);
    return status ? bench_failed("save", status, &error) : true;
}

static bool save_packed(struct bench *bench, void *context, double *ret_seconds)
{
    struct packed_context *packed = context;
    return packed_save(bench, "packed.pecs", packed->profile, packed->durable, &packed->packed_bytes, ret_seconds);
}

static bool save_plain(struct bench *bench, void *context, double *ret_seconds)
{
    struct packed_context *packed = context;
    return packed_save(bench, "plain.pecs", PECS_PROFILE_OFF, true, &packed->limit_bytes, ret_seconds);
}

static bool compress_plain(struct bench *bench, void *context, double *ret_seconds)
{
    struct packed_context *packed = context;
    char path[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    bench_path(bench, "w1.pecs.zst", to);
    const double start = bench_now();
    if (!limit_zstd_file(path, to, 3, THREADS))
        return bench_wrong("cannot compress %s", path);
    *ret_seconds = bench_now() - start;
    packed->limit_bytes = bench_file_size(to);
    return true;
}

/* The files only push others out of the cache. */
static void packed_remove(struct bench *bench)
{
    static const char *const names[] = { "packed.pecs", "plain.pecs", "w1.pecs.zst" };
    char path[BENCH_PATH_MAX];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bench_path(bench, names[i], path);
        unlink(path);
    }
}

/* What was saved opens as what is in memory. */
static bool packed_check(struct bench *bench)
{
    const pecs_resume_options options = { .thread_count = THREADS };
    char path[BENCH_PATH_MAX];
    pecs_snapshot *snapshot;
    pecs_error error;
    bench_path(bench, "packed.pecs", path);
    const pecs_status status = pecs_snapshot_resume(bench->registry, path, &options, &snapshot, &error);
    if (status)
        return bench_failed("resume", status, &error);
    const bool ok = bench_check_view(bench, bench->registry, pecs_snapshot_view(snapshot));
    pecs_snapshot_release(snapshot);
    return ok;
}

static bool run_save(struct bench *bench, const char *name, const char *limit, bench_side limit_side,
                     struct packed_context *context)
{
    const struct bench_sides sides = { .pecs = save_packed,
                                       .limit = limit_side,
                                       .context = context,
                                       .sample_count = 3, /* how long the disk takes varies */
                                       .disk = BENCH_WRITES,
                                       .fresh_bytes = bench->layout.content_bytes };
    struct bench_result result = {
        .name = name, .bytes = bench->layout.content_bytes, .limit = limit, .mark_kind = BENCH_RATIO, .mark = 1.0
    };
    bool ok = bench_files_need(bench) && bench_measure(bench, &sides, &result);
    if (ok) {
        result.figures[0] = (struct bench_figure){ "packed_bytes", context->packed_bytes };
        result.figures[1] = (struct bench_figure){ "limit_bytes", context->limit_bytes };
        bench_report(bench, &result);
        ok = packed_check(bench);
    }
    packed_remove(bench);
    return ok;
}

bool bench_run_save_fast(struct bench *bench)
{
    struct packed_context context = { .profile = PECS_PROFILE_FAST, .durable = true };
    return run_save(bench, "save_fast", "plain save, fsync", save_plain, &context);
}

bool bench_run_save_small(struct bench *bench)
{
    struct packed_context context = { .profile = PECS_PROFILE_SMALL };
    return run_save(bench, "save_small", "zstd -3 of the file", compress_plain, &context);
}

/* A registry of its own for each, so that memory is as fresh on both sides. */
static bool open_once(struct bench *bench, const char *name, bool resumes, double *ret_seconds)
{
    const pecs_resume_options resume = { .thread_count = THREADS };
    const pecs_load_options load = { .thread_count = THREADS };
    char path[BENCH_PATH_MAX];
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_error error;
    bench_path(bench, name, path);
    if (!bench_registry_create(NULL, &registry))
        return false;
    const double start = bench_now();
    const pecs_status status = resumes ? pecs_snapshot_resume(registry, path, &resume, &snapshot, &error)
                                       : pecs_snapshot_load(registry, path, &load, &snapshot, &error);
    *ret_seconds = bench_now() - start;
    if (!status)
        pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    return status ? bench_failed("open", status, &error) : true;
}

static bool open_packed(struct bench *bench, void *context, double *ret_seconds)
{
    return open_once(bench, "packed.pecs", *(const bool *)context, ret_seconds);
}

static bool load_plain(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return open_once(bench, "w1.pecs", false, ret_seconds);
}

static bool run_open(struct bench *bench, const char *name, bool resumes, enum bench_mark_kind kind)
{
    const struct bench_sides sides = { .pecs = open_packed,
                                       .limit = load_plain,
                                       .context = &resumes,
                                       .sample_count = 3, /* memory is fresh by turns */
                                       .disk = BENCH_READS,
                                       .fresh_bytes = bench->layout.content_bytes };
    struct bench_result result = { .name = name,
                                   .bytes = bench->layout.content_bytes,
                                   .limit = "load of the plain file",
                                   .mark_kind = kind,
                                   .mark = 2 };
    double seconds;
    uint64_t bytes;
    const bool ok = bench_files_need(bench) &&
                    packed_save(bench, "packed.pecs", PECS_PROFILE_FAST, false, &bytes, &seconds) &&
                    packed_check(bench) && bench_measure(bench, &sides, &result);
    if (ok)
        bench_report(bench, &result);
    packed_remove(bench);
    return ok;
}

bool bench_run_load_fast(struct bench *bench)
{
    return run_open(bench, "load_fast", false, BENCH_RATIO);
}

bool bench_run_resume_fast(struct bench *bench)
{
    return run_open(bench, "resume_fast", true, BENCH_REPORT);
}
