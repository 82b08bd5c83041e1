/*
 * A PECS file of the user's own, given by --file, saved with a profile: real data has what W1's random floats lack.
 * Beside it Zstandard at level 3, which compresses the plain file; two threads everywhere, and no sync.
 */
#include "bench.h"

#include <unistd.h>

enum { THREADS = 2, LEVEL_LIMIT = 3, LEVEL_LEAST = 1, LEVEL_MOST = 19 };

struct file_context {
    pecs_registry *registry; /* without types: those of the file are kept as they are */
    pecs_snapshot *snapshot;
    pecs_profile profile;
    uint64_t packed_bytes, limit_bytes; /* of the files */
};

static bool file_save(const struct bench *bench, const struct file_context *file, const char *name,
                      pecs_profile profile, double *ret_seconds)
{
    const pecs_save_options options = { .skip_sync = true, .profile = profile, .thread_count = THREADS };
    char path[BENCH_PATH_MAX];
    pecs_error error;
    bench_path(bench, name, path);
    const double start = bench_now();
    const pecs_status status = pecs_snapshot_save(file->snapshot, path, &options, &error);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("save", status, &error) : true;
}

static bool file_pack(struct bench *bench, void *context, double *ret_seconds)
{
    struct file_context *file = context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "packed.pecs", path);
    const bool ok = file_save(bench, file, "packed.pecs", file->profile, ret_seconds);
    file->packed_bytes = ok ? bench_file_size(path) : 0;
    return ok;
}

static bool file_zstd(const struct bench *bench, int level, uint64_t *ret_bytes, double *ret_seconds)
{
    char path[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    bench_path(bench, "plain.pecs", path);
    bench_path(bench, "plain.pecs.zst", to);
    const double start = bench_now();
    if (!limit_zstd_file(path, to, level, THREADS))
        return bench_wrong("cannot compress %s", path);
    *ret_seconds = bench_now() - start;
    *ret_bytes = bench_file_size(to);
    return true;
}

static bool file_limit(struct bench *bench, void *context, double *ret_seconds)
{
    return file_zstd(bench, LEVEL_LIMIT, &((struct file_context *)context)->limit_bytes, ret_seconds);
}

static bool file_open(const struct bench *bench, struct file_context *file)
{
    const pecs_load_options options = { .thread_count = THREADS };
    const pecs_registry_desc no_types = { .types = NULL };
    pecs_error error;
    pecs_status status = pecs_registry_create(&no_types, &file->registry, &error);
    if (!status)
        status = pecs_snapshot_load(file->registry, bench->file, &options, &file->snapshot, &error);
    return status ? bench_failed("load", status, &error) : true;
}

/* What was saved loads as what it was saved from. */
static bool file_check(const struct bench *bench, const struct file_context *file)
{
    char path[BENCH_PATH_MAX];
    pecs_snapshot *loaded;
    pecs_error error;
    bench_path(bench, "packed.pecs", path);
    const pecs_status status = pecs_snapshot_load(file->registry, path, NULL, &loaded, &error);
    if (status)
        return bench_failed("load", status, &error);
    const bool is_same =
        pecs_view_hash(pecs_snapshot_view(loaded)) == pecs_view_hash(pecs_snapshot_view(file->snapshot));
    pecs_snapshot_release(loaded);
    return is_same || bench_wrong("the saved file holds another world");
}

static bool file_measure(struct bench *bench, struct file_context *file, struct bench_result *result)
{
    const struct bench_sides sides = {
        .pecs = file_pack, .limit = file_limit, .context = file, .disk = BENCH_WRITES, .fresh_bytes = result->bytes
    };
    uint64_t least = 0, most = 0;
    double seconds;
    if (!bench_measure(bench, &sides, result) || !file_check(bench, file) ||
        !file_zstd(bench, LEVEL_LEAST, &least, &seconds) || !file_zstd(bench, LEVEL_MOST, &most, &seconds))
        return false;
    result->figures[0] = (struct bench_figure){ "packed_bytes", file->packed_bytes };
    result->figures[1] = (struct bench_figure){ "limit_bytes", file->limit_bytes };
    result->figures[2] = (struct bench_figure){ "zstd_1_bytes", least };
    result->figures[3] = (struct bench_figure){ "zstd_19_bytes", most };
    bench_report(bench, result);
    return true;
}

static void file_remove(const struct bench *bench)
{
    static const char *const names[] = { "plain.pecs", "packed.pecs", "plain.pecs.zst" };
    char path[BENCH_PATH_MAX];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bench_path(bench, names[i], path);
        unlink(path);
    }
}

static bool run_file(struct bench *bench, const char *name, pecs_profile profile)
{
    struct file_context file = { .profile = profile };
    struct bench_result result = {
        .name = name, .limit = "zstd -3 of the file", .mark_kind = BENCH_RATIO, .mark = 1.0
    };
    char path[BENCH_PATH_MAX];
    double seconds;
    if (!bench->file)
        return !bench->only || bench_wrong("%s needs a PECS file: --file PATH", name);
    bench_path(bench, "plain.pecs", path);
    bool ok = file_open(bench, &file) && file_save(bench, &file, "plain.pecs", PECS_PROFILE_OFF, &seconds);
    if (ok) {
        pecs_summary summary;
        pecs_view_summary(pecs_snapshot_view(file.snapshot), &summary);
        result.entity_count = summary.entity_count;
        result.bytes = bench_file_size(path);
        ok = file_measure(bench, &file, &result);
    }
    pecs_snapshot_release(file.snapshot);
    pecs_registry_release(file.registry);
    file_remove(bench);
    return ok;
}

bool bench_run_file_fast(struct bench *bench)
{
    return run_file(bench, "file_fast", PECS_PROFILE_FAST);
}

bool bench_run_file_small(struct bench *bench)
{
    return run_file(bench, "file_small", PECS_PROFILE_SMALL);
}
