/*
 * Resuming: from open to everything given back on both sides, the world included on PECS's side, since an editable
 * world is what a user wants of it. The files are in the page cache.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SMALL_ENTITIES = 100000, /* what resume is compared with: its time must not depend on the number of entities */
};

bool bench_resume(pecs_registry *registry, const char *path, pecs_snapshot **ret_snapshot, pecs_world **ret_world)
{
    pecs_error error;
    pecs_status status = pecs_snapshot_resume(registry, path, NULL, ret_snapshot, &error);
    if (status)
        return bench_failed("resume", status, &error);
    status = pecs_world_create(registry, *ret_snapshot, NULL, ret_world, &error);
    if (!status)
        return true;
    pecs_snapshot_release(*ret_snapshot);
    return bench_failed("make a world of the file", status, &error);
}

void bench_close(pecs_snapshot *snapshot, pecs_world *world)
{
    pecs_world_destroy(world);
    pecs_snapshot_release(snapshot);
}

static bool resume_file(struct bench *bench, const char *name, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, name, path);
    pecs_snapshot *snapshot;
    pecs_world *world;
    const double start = bench_now();
    if (!bench_resume(bench->registry, path, &snapshot, &world))
        return false;
    bench_close(snapshot, world);
    *ret_seconds = bench_now() - start;
    return true;
}

static bool resume_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return resume_file(bench, "w1.pecs", ret_seconds);
}

static bool resume_small(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return resume_file(bench, "w1-small.pecs", ret_seconds);
}

static bool resume_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    const double start = bench_now();
    if (!limit_map(path))
        return bench_wrong("cannot map %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

/* Saves W1 of SMALL_ENTITIES as "w1-small.pecs". */
static bool write_small(struct bench *bench)
{
    struct bench small = { .entity_count = SMALL_ENTITIES, .shuffled = bench->shuffled, .registry = bench->registry };
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1-small.pecs", path);
    small.layout = w1_layout_of(SMALL_ENTITIES, bench->shuffled);
    small.block = limit_pages_allocate(small.layout.size_bytes);
    if (!small.block)
        return bench_wrong("out of memory");
    w1_fill(&small.layout, small.block);
    bool ok = bench_world_need(&small);
    if (ok) {
        pecs_error error;
        const pecs_status status = pecs_world_save(small.world, path, NULL, &error);
        ok = status ? bench_failed("save", status, &error) : bench_read_once(path);
    }
    bench_world_drop(&small);
    limit_pages_release(small.block, small.layout.size_bytes);
    return ok;
}

bool bench_run_resume(struct bench *bench)
{
    const struct bench_sides sides = {
        .pecs = resume_pecs, .limit = resume_limit, .sample_count = 21, .disk = BENCH_READS
    };
    struct bench_result result = { .name = "resume", .limit = "map", .mark_kind = BENCH_RATIO, .mark = 6 };
    if (!bench_files_need(bench) || !write_small(bench) || !bench_measure(bench, &sides, &result))
        return false;
    result.bytes = 0;
    result.figures[0] = (struct bench_figure){ "file_bytes", bench->file_bytes };
    bench_report(bench, &result);

    const struct bench_sides scaling = {
        .pecs = resume_pecs, .limit = resume_small, .sample_count = 21, .disk = BENCH_READS
    };
    result = (struct bench_result){
        .name = "resume_scaling", .limit = "resume, 100k", .mark_kind = BENCH_RATIO, .mark = 1.5
    };
    if (!bench_measure(bench, &scaling, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

static bool query_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    pecs_snapshot *snapshot;
    pecs_world *world;
    const double start = bench_now();
    if (!bench_resume(bench->registry, path, &snapshot, &world))
        return false;
    const double sum = bench_sum(bench->positions, pecs_world_view(world));
    bench_close(snapshot, world);
    *ret_seconds = bench_now() - start;
    return bench_same_sum("resume_query", sum, *(const double *)context);
}

static bool query_limit(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.raw", path);
    double sum;
    const double start = bench_now();
    if (!limit_map_sum(path, &sum))
        return bench_wrong("cannot map %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return bench_same_sum("resume_query by hand", sum, *(const double *)context);
}

bool bench_run_resume_query(struct bench *bench)
{
    if (!bench_files_need(bench))
        return false;
    double expected = limit_sum(&bench->layout, bench->block);
    const struct bench_sides sides = {
        .pecs = query_pecs, .limit = query_limit, .context = &expected, .sample_count = 5, .disk = BENCH_READS
    };
    struct bench_result result = { .name = "resume_query",
                                   .bytes = bench->entity_count * w1_sizes[W1_POSITION],
                                   .limit = "mapped raw",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.15 };
    if (!bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

/* Runs a program that prints a sum, from its start to its exit. */
static bool answer(struct bench *bench, const char *program, const char *file, double expected, double *ret_seconds)
{
    char path[BENCH_PATH_MAX], executable[BENCH_PATH_MAX], text[64] = "";
    bench_path(bench, file, path);
    snprintf(executable, sizeof(executable), "%s/%s", bench->programs, program);
    int ends[2], exit_status = -1;
    if (pipe(ends))
        return bench_wrong("cannot make a pipe: %s", strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    pid_t child;
    char *arguments[] = { executable, path, NULL };
    const double start = bench_now();
    const int os_error = posix_spawn(&child, executable, &actions, NULL, arguments, environ);
    if (!os_error)
        waitpid(child, &exit_status, 0); /* the pipe holds the answer */
    *ret_seconds = bench_now() - start;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    const bool ok = !os_error && exit_status == 0 && read(ends[0], text, sizeof(text) - 1) > 0;
    close(ends[0]);
    if (!ok)
        return bench_wrong("%s failed: %s", executable, os_error ? strerror(os_error) : "its status is not 0");
    return bench_same_sum(program, strtod(text, NULL), expected);
}

static bool answer_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    return answer(bench, "answer-pecs", "w1.pecs", *(const double *)context, ret_seconds);
}

static bool answer_limit(struct bench *bench, void *context, double *ret_seconds)
{
    return answer(bench, "answer-limit", "w1.raw", *(const double *)context, ret_seconds);
}

bool bench_run_answer(struct bench *bench)
{
    if (!bench_files_need(bench))
        return false;
    double expected = limit_sum(&bench->layout, bench->block);
    const struct bench_sides sides = {
        .pecs = answer_pecs, .limit = answer_limit, .context = &expected, .sample_count = 5, .disk = BENCH_READS
    };
    struct bench_result result = { .name = "answer",
                                   .bytes = bench->entity_count * w1_sizes[W1_POSITION],
                                   .limit = "raw program",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.2 };
    if (!bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

static bool update_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    pecs_snapshot *snapshot;
    pecs_world *world;
    const double start = bench_now();
    if (!bench_resume(bench->registry, path, &snapshot, &world))
        return false;
    const bool ok = bench_update(bench->moving, world);
    bench_close(snapshot, world);
    *ret_seconds = bench_now() - start;
    return ok;
}

static bool update_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.raw", path);
    const double start = bench_now();
    if (!limit_map_update(path))
        return bench_wrong("cannot map %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

/* Updates a resumed world and the block; both must agree, and the block is put back. */
static bool check_update(struct bench *bench)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    uint8_t *copy = limit_pages_allocate(bench->layout.size_bytes);
    pecs_snapshot *snapshot;
    pecs_world *world;
    if (!copy)
        return bench_wrong("out of memory");
    bool ok = bench_resume(bench->registry, path, &snapshot, &world);
    if (ok) {
        limit_copy_update(&bench->layout, bench->block, copy);
        ok = bench_update(bench->moving, world) && bench_check_view(bench, bench->registry, pecs_world_view(world));
        for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
            if (w1_table_has(t, W1_VELOCITY))
                memcpy(bench->block + bench->layout.columns[t][W1_POSITION],
                       copy + bench->layout.columns[t][W1_POSITION],
                       bench->layout.row_counts[t] * w1_sizes[W1_POSITION]);
        ok = ok && bench_check_view(bench, bench->registry, pecs_snapshot_view(snapshot));
        bench_close(snapshot, world);
    }
    limit_pages_release(copy, bench->layout.size_bytes);
    return ok;
}

static uint64_t moving_rows(const struct bench *bench)
{
    uint64_t rows = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        rows += w1_table_has(t, W1_VELOCITY) ? bench->layout.row_counts[t] : 0;
    return rows;
}

bool bench_run_resume_update(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = update_pecs,
                                       .limit = update_limit,
                                       .sample_count = 3,
                                       .disk = BENCH_READS,
                                       .fresh_bytes = 12 * moving_rows(bench) };
    struct bench_result result = { .name = "resume_update",
                                   .bytes = 36 * moving_rows(bench),
                                   .limit = "private map",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 0.5 };
    if (!bench_files_need(bench) || !check_update(bench) || !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

struct set_context {
    struct limit_set sets[BENCH_SET_COUNT];
    uint64_t copied_bytes;
};

static bool set_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct set_context *set = context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    pecs_snapshot *snapshot;
    pecs_world *world;
    const double start = bench_now();
    if (!bench_resume(bench->registry, path, &snapshot, &world))
        return false;
    const bool ok = bench_set_all(world, set->sets);
    set->copied_bytes = pecs_world_copied_bytes(world);
    bench_close(snapshot, world);
    *ret_seconds = bench_now() - start;
    return ok;
}

static bool set_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const struct set_context *set = context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.raw", path);
    const double start = bench_now();
    if (!limit_map_set(path, set->sets, BENCH_SET_COUNT))
        return bench_wrong("cannot set in a map of %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

bool bench_run_resume_set(struct bench *bench)
{
    struct set_context set;
    const struct bench_sides sides = {
        .pecs = set_pecs, .limit = set_limit, .context = &set, .sample_count = 3, .disk = BENCH_READS
    };
    struct bench_result result = { .name = "resume_set",
                                   .bytes = (uint64_t)BENCH_SET_COUNT * w1_sizes[W1_POSITION],
                                   .limit = "private map" };
    bench_sets(bench, set.sets);
    if (!bench_files_need(bench) || !bench_measure(bench, &sides, &result))
        return false;
    result.figures[0] = (struct bench_figure){ "copied_bytes", set.copied_bytes };
    bench_report(bench, &result);
    return true;
}
