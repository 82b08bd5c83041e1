/*
 * Snapshots: what taking one costs, and what the first edits after it cost. A world is edited before each take, for a
 * take without a change since the last one could be had for nothing.
 */
#include "bench.h"

struct set_context {
    struct limit_set sets[BENCH_SET_COUNT];
    uint64_t copied_bytes;
};

static bool take(struct bench *bench, pecs_snapshot **ret_snapshot)
{
    const pecs_status status = pecs_snapshot_take(bench->world, ret_snapshot);
    return status ? bench_failed("take a snapshot", status, NULL) : true;
}

static bool take_release(struct bench *bench, void *context, double *ret_seconds)
{
    const struct set_context *set = context;
    const struct limit_set *first = &set->sets[0];
    const pecs_entity entity = { first->entity.index, first->entity.generation };
    const pecs_value value = { W1_POSITION, sizeof(Position), first->xyz };
    const pecs_status status = pecs_world_set(bench->world, entity, &value, 1);
    if (status)
        return bench_failed("set a position", status, NULL);
    pecs_snapshot *snapshot;
    const double start = bench_now();
    if (!take(bench, &snapshot))
        return false;
    pecs_snapshot_release(snapshot);
    *ret_seconds = bench_now() - start;
    return true;
}

bool bench_run_snapshot(struct bench *bench)
{
    struct set_context set;
    const struct bench_sides sides = { .pecs = take_release, .context = &set, .sample_count = 101 };
    struct bench_result result = { .name = "snapshot", .mark_kind = BENCH_SECONDS, .mark = 20e-6 };
    bench_sets(bench, set.sets);
    if (!bench_world_need(bench) || !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

static bool update_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct set_context *set = context;
    pecs_snapshot *snapshot;
    if (!take(bench, &snapshot))
        return false;
    const uint64_t copied = pecs_world_copied_bytes(bench->world);
    const double start = bench_now();
    const bool ok = bench_update(bench->moving, bench->world);
    *ret_seconds = bench_now() - start;
    set->copied_bytes = pecs_world_copied_bytes(bench->world) - copied;
    pecs_snapshot_release(snapshot);
    return ok;
}

struct update_context {
    struct set_context set;
    uint8_t *copy;
};

static bool update_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const double start = bench_now();
    limit_copy_update(&bench->layout, bench->block, ((struct update_context *)context)->copy);
    *ret_seconds = bench_now() - start;
    return true;
}

static bool update_pecs_side(struct bench *bench, void *context, double *ret_seconds)
{
    return update_pecs(bench, &((struct update_context *)context)->set, ret_seconds);
}

/* The state before the update stays in the snapshot, and the world has the state after it. */
static bool check_update(struct bench *bench, uint8_t *copy)
{
    pecs_snapshot *snapshot;
    if (!take(bench, &snapshot))
        return false;
    bool ok = bench_update(bench->moving, bench->world) &&
              bench_check_view(bench, bench->registry, pecs_snapshot_view(snapshot));
    pecs_snapshot_release(snapshot);
    limit_copy_update(&bench->layout, bench->block, copy);
    return ok && bench_check_view(bench, bench->registry, pecs_world_view(bench->world));
}

bool bench_run_snapshot_update(struct bench *bench)
{
    struct update_context context = { .copy = limit_pages_allocate(bench->layout.size_bytes) };
    const struct bench_sides sides = {
        .pecs = update_pecs_side, .limit = update_limit, .context = &context, .sample_count = 3
    };
    struct bench_result result = {
        .name = "snapshot_update", .limit = "memcpy, loop", .mark_kind = BENCH_RATIO, .mark = 1.5
    };
    if (!context.copy)
        return bench_wrong("out of memory");
    bench->has_files = false; /* they will hold an older state */
    const bool ok =
        bench_world_need(bench) && bench_measure(bench, &sides, &result) && check_update(bench, context.copy);
    if (ok) {
        /* each moving row: position and velocity read, position copied (read and written) and written */
        for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
            result.bytes += w1_table_has(t, W1_VELOCITY) ? bench->layout.row_counts[t] * 5 * w1_sizes[W1_POSITION] : 0;
        result.figures[0] = (struct bench_figure){ "copied_bytes", context.set.copied_bytes };
        bench_report(bench, &result);
    }
    limit_pages_release(context.copy, bench->layout.size_bytes);
    return ok;
}

static bool set_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct set_context *set = context;
    pecs_snapshot *snapshot;
    if (!take(bench, &snapshot))
        return false;
    const uint64_t copied = pecs_world_copied_bytes(bench->world);
    const double start = bench_now();
    const bool ok = bench_set_all(bench->world, set->sets);
    *ret_seconds = bench_now() - start;
    set->copied_bytes = pecs_world_copied_bytes(bench->world) - copied;
    pecs_snapshot_release(snapshot);
    return ok;
}

bool bench_run_snapshot_set(struct bench *bench)
{
    struct set_context set;
    const struct bench_sides sides = { .pecs = set_pecs, .context = &set, .sample_count = 5 };
    struct bench_result result = { .name = "snapshot_set", .bytes = (uint64_t)BENCH_SET_COUNT * w1_sizes[W1_POSITION] };
    if (!bench_world_need(bench))
        return false;
    bench_sets(bench, set.sets);
    if (!bench_measure(bench, &sides, &result) ||
        !bench_check_view(bench, bench->registry, pecs_world_view(bench->world)))
        return false;
    result.figures[0] = (struct bench_figure){ "copied_bytes", set.copied_bytes };
    bench_report(bench, &result);
    return true;
}
