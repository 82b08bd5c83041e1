/*
 * Benches of what is left out: a save of a world half of whose bytes are transient, beside one of a world that never
 * had them; and W1 without some components or entities, beside the handles, the index and the references made by hand.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <unistd.h>

typedef struct {
    uint64_t words[8];
} Kept;
PECS_COMPONENT(Kept, 1, words);
typedef struct {
    uint64_t words[8];
    void *owner;
} Fleeting; /* as many bytes as a Kept and a handle */
PECS_TRANSIENT(Fleeting);
PECS_TYPES(half, Kept, Fleeting);

struct half_context {
    pecs_registry *registry;
    pecs_world *worlds[2]; /* with the transient half, and without */
};

static bool half_save(struct bench *bench, const pecs_world *world, const char *name, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    pecs_error error;
    const pecs_save_options options = { .skip_sync = true };
    bench_path(bench, name, path);
    const double start = bench_now();
    const pecs_status status = pecs_world_save((pecs_world *)(uintptr_t)world, path, &options, &error);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("save", status, &error) : true;
}

static bool half_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    return half_save(bench, ((struct half_context *)context)->worlds[0], "with.pecs", ret_seconds);
}

static bool half_limit(struct bench *bench, void *context, double *ret_seconds)
{
    return half_save(bench, ((struct half_context *)context)->worlds[1], "without.pecs", ret_seconds);
}

static bool half_fill(struct bench *bench, struct half_context *context)
{
    const pecs_registry_desc desc = { .types = half_types, .type_count = half_type_count };
    pecs_status status = pecs_registry_create(&desc, &context->registry, NULL);
    const pecs_value values[] = { { Kept_component, sizeof(Kept), NULL },
                                  { Fleeting_component, sizeof(Fleeting), NULL } };
    const pecs_world_options options = { .session_nonce = 1 };
    for (size_t i = 0; !status && i < 2; i++) {
        status = pecs_world_create(context->registry, NULL, &options, &context->worlds[i], NULL);
        if (!status)
            status = pecs_world_spawn(context->worlds[i], values, 2 - i, (size_t)bench->entity_count, NULL);
    }
    return status ? bench_failed("make a world", status, NULL) : true;
}

static bool half_check(struct bench *bench)
{
    char paths[2][BENCH_PATH_MAX];
    bool ok = true;
    uint64_t hashes[2];
    bench_path(bench, "with.pecs", paths[0]);
    bench_path(bench, "without.pecs", paths[1]);
    for (size_t i = 0; ok && i < 2; i++)
        ok = limit_read(paths[i], &hashes[i]);
    for (size_t i = 0; i < 2; i++)
        unlink(paths[i]);
    return ok && hashes[0] == hashes[1] ? true : bench_wrong("the files of both worlds differ");
}

bool bench_run_transient_save(struct bench *bench)
{
    struct half_context context = { .registry = NULL };
    const uint64_t bytes = bench->entity_count * (sizeof(Kept) + sizeof(pecs_entity) + sizeof(struct w1_record));
    const struct bench_sides sides = { .pecs = half_pecs,
                                       .limit = half_limit,
                                       .context = &context,
                                       .sample_count = 3,
                                       .disk = BENCH_WRITES,
                                       .fresh_bytes = bytes };
    struct bench_result result = {
        .name = "transient_save", .bytes = bytes, .limit = "save of half", .mark_kind = BENCH_RATIO, .mark = 1.1
    };
    const bool ok = half_fill(bench, &context) && bench_measure(bench, &sides, &result) && half_check(bench);
    if (ok)
        bench_report(bench, &result);
    pecs_world_destroy(context.worlds[0]);
    pecs_world_destroy(context.worlds[1]);
    pecs_registry_release(context.registry);
    return ok;
}

struct filter_context {
    pecs_snapshot *snapshot;
    pecs_filter filter;
    pecs_left_out left_out;
    uint64_t (*by_hand)(const struct w1_layout *layout, const uint8_t *block, uint8_t *out);
    uint64_t by_hand_count;
};

static bool filter_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    const struct filter_context *filter = context;
    pecs_snapshot *made;
    pecs_error error;
    const double start = bench_now();
    const pecs_status status = pecs_snapshot_filter(filter->snapshot, &filter->filter, &made, &error);
    *ret_seconds = bench_now() - start;
    if (status)
        return bench_failed("filter", status, &error);
    pecs_snapshot_release(made);
    return true;
}

static bool filter_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct filter_context *filter = context;
    const double start = bench_now();
    uint8_t *out = limit_pages_allocate(bench->layout.size_bytes);
    if (out)
        filter->by_hand_count = filter->by_hand(&bench->layout, bench->block, out);
    *ret_seconds = bench_now() - start;
    limit_pages_release(out, bench->layout.size_bytes);
    return out ? true : bench_wrong("out of memory");
}

static bool filter_run(struct bench *bench, struct filter_context *context, const char *name)
{
    const struct bench_sides sides = {
        .pecs = filter_pecs, .limit = filter_limit, .context = context, .sample_count = 3
    };
    struct bench_result result = { .name = name,
                                   .limit = "by hand",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.3,
                                   .bytes = bench->entity_count * (sizeof(pecs_entity) + sizeof(struct w1_record)) };
    const pecs_status status = pecs_snapshot_take(bench->world, &context->snapshot);
    context->filter.left_out = &context->left_out;
    bool ok = status ? bench_failed("take a snapshot", status, NULL) : bench_measure(bench, &sides, &result);
    pecs_snapshot_release(context->snapshot);
    const uint64_t count = context->filter.query ? context->left_out.reference_count
                                                 : bench->entity_count - context->left_out.entity_count;
    if (ok && count != context->by_hand_count)
        ok = bench_wrong("%s: %llu by hand, %llu by PECS", name, (unsigned long long)context->by_hand_count,
                         (unsigned long long)count);
    if (ok)
        bench_report(bench, &result);
    return ok;
}

bool bench_run_filter_columns(struct bench *bench)
{
    static const pecs_component left_out[] = { W1_PARENT, W1_INVENTORY };
    struct filter_context context = { .filter = { .components = left_out, .component_count = 2 },
                                      .by_hand = limit_filter_columns };
    return bench_world_need(bench) && filter_run(bench, &context, "filter_columns");
}

bool bench_run_filter_rows(struct bench *bench)
{
    const pecs_term terms[] = { { W1_HEALTH, PECS_WITH } };
    struct filter_context context = { .filter = { .references = PECS_REFERENCES_CLEAR }, .by_hand = limit_filter_rows };
    pecs_query *query = NULL;
    if (!bench_world_need(bench))
        return false;
    const pecs_status status = pecs_query_create(bench->registry, terms, 1, &query, NULL);
    context.filter.query = query;
    const bool ok = status ? bench_failed("make a query", status, NULL) : filter_run(bench, &context, "filter_rows");
    pecs_query_destroy(query);
    return ok;
}
