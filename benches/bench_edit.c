/*
 * Editing in bulk: the update on large and on small tables, and spawning whole columns. The update is done on the
 * block and on the world the same number of times, so the two stay equal to the last bit.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static bool update_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    const double start = bench_now();
    const bool ok = bench_update(bench->moving, bench->world);
    *ret_seconds = bench_now() - start;
    return ok;
}

static bool update_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    const double start = bench_now();
    limit_update(&bench->layout, bench->block);
    *ret_seconds = bench_now() - start;
    return true;
}

uint64_t bench_moving_bytes(const struct bench *bench)
{
    uint64_t rows = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        rows += w1_table_has(t, W1_VELOCITY) ? bench->layout.row_counts[t] : 0;
    return 3 * rows * w1_sizes[W1_POSITION]; /* two read, one written */
}

bool bench_run_update(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = update_pecs, .limit = update_limit, .sample_count = 5 };
    struct bench_result result = { .name = "update",
                                   .bytes = bench_moving_bytes(bench),
                                   .limit = "plain loop",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.1 };
    if (!bench_world_need(bench) || !bench_measure(bench, &sides, &result))
        return false;
    bench->has_files = false; /* they hold an older state now */
    bench_report(bench, &result);
    return bench_check_view(bench, bench->registry, pecs_world_view(bench->world));
}

/* 1,000 tables of 100 rows: Position, Velocity and a subset of ten tags each */

enum {
    SMALL_TABLES = 1000,
    SMALL_ROWS = 100,
    SMALL_TAGS = 10,
    SMALL_REPEATS = 100, /* one pass is too short to time */
    FIRST_TAG = W1_COMPONENT_COUNT,
};

PECS_TAG(Tag0, 1);
PECS_TAG(Tag1, 1);
PECS_TAG(Tag2, 1);
PECS_TAG(Tag3, 1);
PECS_TAG(Tag4, 1);
PECS_TAG(Tag5, 1);
PECS_TAG(Tag6, 1);
PECS_TAG(Tag7, 1);
PECS_TAG(Tag8, 1);
PECS_TAG(Tag9, 1);

static const pecs_type *const tags[SMALL_TAGS] = { &Tag0_type, &Tag1_type, &Tag2_type, &Tag3_type, &Tag4_type,
                                                   &Tag5_type, &Tag6_type, &Tag7_type, &Tag8_type, &Tag9_type };

struct small_context {
    const pecs_type *types[W1_COMPONENT_COUNT + SMALL_TAGS];
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *moving;
    struct limit_small *limit;
};

static bool small_open(struct small_context *small)
{
    memcpy(small->types, w1_types, sizeof(w1_types));
    memcpy(small->types + FIRST_TAG, tags, sizeof(tags));
    const pecs_registry_desc desc = { .types = small->types, .type_count = W1_COMPONENT_COUNT + SMALL_TAGS };
    const pecs_term terms[] = { { W1_POSITION, PECS_WRITE }, { W1_VELOCITY, PECS_READ } };
    pecs_error error;
    pecs_status status = pecs_registry_create(&desc, &small->registry, &error);
    if (!status)
        status = pecs_world_create(small->registry, NULL, NULL, &small->world, &error);
    if (!status)
        status = pecs_query_create(small->registry, terms, 2, &small->moving, &error);
    if (status)
        return bench_failed("make small tables", status, &error);
    small->limit = limit_small_create(SMALL_TABLES, SMALL_ROWS);
    return small->limit ? true : bench_wrong("out of memory");
}

static void small_close(struct small_context *small)
{
    pecs_query_destroy(small->moving);
    pecs_world_destroy(small->world);
    pecs_registry_release(small->registry);
    limit_small_destroy(small->limit);
}

static bool small_fill(struct small_context *small)
{
    for (uint32_t t = 0; t < SMALL_TABLES; t++) {
        float *positions = limit_small_positions(small->limit, t),
              *velocities = limit_small_velocities(small->limit, t);
        for (uint32_t i = 0; i < 3 * SMALL_ROWS; i++) {
            const uint64_t random = w1_random((uint64_t)t * SMALL_ROWS * 3 + i, 61);
            positions[i] = (float)(random & 0xffff);
            velocities[i] = (float)(random >> 16 & 0xff) - 128;
        }
        pecs_value values[2 + SMALL_TAGS] = { { W1_POSITION, sizeof(Position), positions },
                                              { W1_VELOCITY, sizeof(Velocity), velocities } };
        size_t count = 2;
        for (uint32_t tag = 0; tag < SMALL_TAGS; tag++)
            if (t >> tag & 1)
                values[count++] = (pecs_value)PECS_HAS_AS(FIRST_TAG + tag);
        const pecs_status status = pecs_world_spawn(small->world, values, count, SMALL_ROWS, NULL);
        if (status)
            return bench_failed("spawn", status, NULL);
    }
    return true;
}

static bool small_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    struct small_context *small = context;
    bool ok = true;
    const double start = bench_now();
    for (int i = 0; ok && i < SMALL_REPEATS; i++)
        ok = bench_update(small->moving, small->world);
    *ret_seconds = (bench_now() - start) / SMALL_REPEATS;
    return ok;
}

static bool small_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    struct small_context *small = context;
    const double start = bench_now();
    for (int i = 0; i < SMALL_REPEATS; i++)
        limit_small_update(small->limit);
    *ret_seconds = (bench_now() - start) / SMALL_REPEATS;
    return true;
}

static bool small_check(const struct small_context *small)
{
    double expected = 0;
    uint32_t table_count = 0;
    for (uint32_t t = 0; t < SMALL_TABLES; t++)
        expected += w1_sum(limit_small_positions(small->limit, t), SMALL_ROWS);
    pecs_iter it = pecs_query_iter(small->moving, pecs_world_view(small->world), NULL);
    while (pecs_iter_next(&it))
        table_count += it.row_count == SMALL_ROWS;
    if (pecs_iter_end(&it) || table_count != SMALL_TABLES)
        return bench_wrong("update_small: %u tables of %d rows", table_count, SMALL_ROWS);
    return bench_same_sum("update_small", bench_sum(small->moving, pecs_world_view(small->world)), expected);
}

bool bench_run_update_small(struct bench *bench)
{
    struct small_context small = { 0 };
    const struct bench_sides sides = { .pecs = small_pecs, .limit = small_limit, .context = &small, .sample_count = 3 };
    struct bench_result result = { .name = "update_small",
                                   .bytes = 36 * SMALL_TABLES * SMALL_ROWS,
                                   .limit = "plain loops",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 2,
                                   .entity_count = SMALL_TABLES * SMALL_ROWS };
    const bool ok =
        small_open(&small) && small_fill(&small) && bench_measure(bench, &sides, &result) && small_check(&small);
    if (ok)
        bench_report(bench, &result);
    small_close(&small);
    return ok;
}

/* A registry of its own for each sample, so that memory is as fresh as on the other side. */
static bool spawn_once(struct bench *bench, bool check, double *ret_seconds)
{
    pecs_registry *registry;
    pecs_world *world;
    pecs_error error;
    pecs_value values[W1_COMPONENT_COUNT];
    if (!bench_registry_create(NULL, &registry))
        return false;
    pecs_status status = pecs_world_create(registry, NULL, NULL, &world, &error);
    bool ok = status ? bench_failed("make a world", status, &error) : true;
    if (ok) {
        const double start = bench_now();
        for (uint32_t t = 0; !status && t < W1_TABLE_COUNT; t++) {
            const size_t value_count = bench_row_values(bench, t, 0, values);
            status = pecs_world_spawn(world, values, value_count, bench->layout.row_counts[t], NULL);
        }
        *ret_seconds = bench_now() - start;
        ok = status ? bench_failed("spawn", status, NULL) : true;
        ok = ok && (!check || bench_check_view(bench, registry, pecs_world_view(world)));
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
    return ok;
}

static bool spawn_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return spawn_once(bench, false, ret_seconds);
}

static bool spawn_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    uint8_t *copy;
    const double start = bench_now();
    if (!limit_copy(&bench->layout, bench->block, &copy))
        return bench_wrong("out of memory");
    *ret_seconds = bench_now() - start;
    limit_pages_release(copy, bench->layout.size_bytes);
    return true;
}

bool bench_run_spawn_many(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = spawn_pecs,
                                       .limit = spawn_limit,
                                       .fresh_bytes = bench->layout.content_bytes };
    struct bench_result result = { .name = "spawn_many",
                                   .bytes = bench->layout.content_bytes,
                                   .limit = "memcpy",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.6 };
    double seconds;
    /* shuffled handles come from spawning one by one, so there the rows are right and the handles others */
    if (!spawn_once(bench, !bench->shuffled, &seconds) || !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}
