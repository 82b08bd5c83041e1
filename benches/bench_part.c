/*
 * A part of a file: one component of W1, of which half of the entities have eight bytes each. PECS reads the pieces in
 * which handles, index and component lie, hashes and checks them, and merges the eight tables into the two that are
 * left; the limit reads and hashes these bytes alone, and checks that handles and index agree.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "w1_types.h"

#include <errno.h>
#include <string.h>

static bool part_is_right(const struct bench *bench, pecs_registry *registry, pecs_view view)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    return bench_check_component(bench, registry, view, W1_HEALTH) &&
           (summary.entity_count == bench->entity_count || bench_wrong("the part lacks entities"));
}

static bool part_load(struct bench *bench, bool check, double *ret_seconds)
{
    const pecs_type *const types[] = { w1_types[W1_HEALTH] };
    const pecs_part part = { .types = types, .type_count = 1 };
    const pecs_load_options options = { .part = &part };
    char path[BENCH_PATH_MAX];
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_world *world = NULL;
    pecs_error error;
    bench_path(bench, "w1.pecs", path);
    if (!bench_registry_create(NULL, &registry))
        return false;
    const double start = bench_now();
    pecs_status status = pecs_snapshot_load(registry, path, &options, &snapshot, &error);
    bool ok = status ? bench_failed("load a part", status, &error) : true;
    if (ok) {
        status = pecs_world_create(registry, snapshot, NULL, &world, &error);
        *ret_seconds = bench_now() - start;
        ok = status ? bench_failed("make a world of the part", status, &error) : true;
        ok = ok && (!check || part_is_right(bench, registry, pecs_world_view(world)));
        bench_close(snapshot, world);
    }
    pecs_registry_release(registry);
    return ok;
}

static bool part_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return part_load(bench, false, ret_seconds);
}

static bool part_limit(struct bench *bench, void *context, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    struct w1_layout layout;
    uint8_t *block;
    bench_path(bench, "w1.raw", path);
    const double start = bench_now();
    if (!limit_load_part(path, W1_HEALTH, &layout, &block, context))
        return bench_wrong("cannot load a part of %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    limit_pages_release(block, layout.size_bytes);
    return true;
}

bool bench_run_load_part(struct bench *bench)
{
    uint64_t read_bytes = 0;
    double seconds;
    const struct bench_sides sides = {
        .pecs = part_pecs, .limit = part_limit, .context = &read_bytes, .disk = BENCH_READS
    };
    if (!bench_files_need(bench) || !part_load(bench, true, &seconds) || !part_limit(bench, &read_bytes, &seconds))
        return false;
    struct bench_result result = {
        .name = "load_part", .bytes = read_bytes, .limit = "read, hash", .mark_kind = BENCH_REPORT
    };
    if (!bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}
