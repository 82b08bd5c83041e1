/*
 * Benches of clones and merges: a prefab, one entity of each table of W1, cloned into an empty world until that has as
 * many entities; and all of W1 merged into a world of as many, where its entities keep their ids as explicit ones.
 */
#define _GNU_SOURCE
#include "bench.h"

struct clone_context {
    pecs_snapshot *snapshot;
    pecs_snapshot *base; /* of the world that the copies come into; NULL: it is empty */
    bool (*run)(struct bench *bench, struct clone_context *context, pecs_world *world);
    bool is_merge;
    uint64_t count; /* of entities */
};

static bool clone_pecs(struct bench *bench, void *user, double *ret_seconds)
{
    struct clone_context *context = user;
    pecs_world *world = NULL;
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_world_create(bench->registry, context->base, NULL, &world, &error);
    if (status)
        return bench_failed("make a world", status, &error);
    const double start = bench_now();
    const bool ok = context->run(bench, context, world);
    *ret_seconds = bench_now() - start;
    pecs_summary before = { 0 }, after;
    if (context->base)
        pecs_view_summary(pecs_snapshot_view(context->base), &before);
    pecs_view_summary(pecs_world_view(world), &after);
    pecs_world_destroy(world);
    return ok && after.entity_count != before.entity_count + context->count ? bench_wrong("entities are missing") : ok;
}

static bool clone_limit(struct bench *bench, void *user, double *ret_seconds)
{
    const struct clone_context *context = user;
    const struct w1_layout *layout = &bench->layout;
    const size_t ids_bytes = (size_t)(layout->entity_count * sizeof(struct limit_id));
    const size_t map_bytes = (size_t)(layout->entity_count * sizeof(w1_entity));
    const double start = bench_now();
    uint8_t *out = limit_pages_allocate((size_t)layout->size_bytes);
    void *ids = context->is_merge ? limit_pages_allocate(ids_bytes) : NULL;
    void *map = context->is_merge ? limit_pages_allocate(map_bytes) : NULL;
    const bool ok = out && (!context->is_merge || (ids && map));
    if (ok && context->is_merge)
        limit_merge(layout, bench->block, 1, out, ids, map);
    else if (ok)
        limit_clone(layout, bench->block, out);
    limit_pages_release(map, map_bytes);
    *ret_seconds = bench_now() - start;
    limit_pages_release(ids, ids_bytes);
    limit_pages_release(out, (size_t)layout->size_bytes);
    return ok ? true : bench_wrong("out of memory");
}

static bool clone_run_prefab(struct bench *bench, struct clone_context *context, pecs_world *world)
{
    pecs_entity prefab[W1_TABLE_COUNT];
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        memcpy(&prefab[t], bench->block + bench->layout.entities[t], sizeof(prefab[t]));
    const pecs_status status = pecs_world_clone(world, context->snapshot, prefab, W1_TABLE_COUNT,
                                                (size_t)(context->count / W1_TABLE_COUNT), NULL);
    return status ? bench_failed("clone", status, pecs_world_error(world)) : true;
}

static bool clone_run_merge(struct bench *bench, struct clone_context *context, pecs_world *world)
{
    (void)bench;
    pecs_merge_report report;
    const pecs_status status = pecs_world_merge(world, context->snapshot, PECS_CONFLICTS_REFUSE, NULL, &report);
    if (status)
        return bench_failed("merge", status, pecs_world_error(world));
    return report.reference_count ? bench_wrong("references were cleared") : true;
}

static bool clone_measure(struct bench *bench, struct clone_context *context, const char *name, uint64_t bytes)
{
    const struct bench_sides sides = {
        .pecs = clone_pecs, .limit = clone_limit, .context = context, .sample_count = 3, .fresh_bytes = bytes
    };
    struct bench_result result = {
        .name = name, .limit = "by hand", .mark_kind = BENCH_RATIO, .mark = 1.3, .bytes = bytes
    };
    if (!bench_world_need(bench))
        return false;
    const pecs_status status = pecs_snapshot_take(bench->world, &context->snapshot);
    const bool ok = status ? bench_failed("take a snapshot", status, NULL) : bench_measure(bench, &sides, &result);
    pecs_snapshot_release(context->snapshot);
    if (ok)
        bench_report(bench, &result);
    return ok;
}

bool bench_run_clone(struct bench *bench)
{
    struct clone_context context = { .run = clone_run_prefab,
                                     .count = bench->entity_count / W1_TABLE_COUNT * W1_TABLE_COUNT };
    return clone_measure(bench, &context, "clone", bench->layout.content_bytes);
}

/* Another W1, with ids of its own. */
static bool clone_make_base(struct bench *bench, pecs_snapshot **ret_base)
{
    pecs_world *world;
    pecs_error error;
    pecs_status status = pecs_world_create(bench->registry, NULL, NULL, &world, &error);
    if (status)
        return bench_failed("make a world", status, &error);
    bool ok = bench_spawn_all(bench, world);
    status = ok ? pecs_snapshot_take(world, ret_base) : PECS_OK;
    if (status)
        ok = bench_failed("take a snapshot", status, pecs_world_error(world));
    pecs_world_destroy(world);
    return ok;
}

bool bench_run_merge(struct bench *bench)
{
    struct clone_context context = { .run = clone_run_merge, .is_merge = true, .count = bench->entity_count };
    const uint64_t bytes = bench->layout.content_bytes + bench->entity_count * sizeof(struct limit_id);
    const bool ok = clone_make_base(bench, &context.base) && clone_measure(bench, &context, "merge", bytes);
    pecs_snapshot_release(context.base);
    return ok;
}
