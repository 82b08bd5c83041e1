/*
 * W2: 10,000 tables of 10 entities, which is where an engine's cost of a table shows. Table s holds Position and the
 * subset s of 14 tags, in counting order; tag k has 4 bytes when k is odd and none when it is even. The
 * number of entities is its own, whatever --entities says. No limit: the file's size against its content has the mark.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    W2_TABLES = 10000,
    W2_ROWS = 10,
    W2_TAGS = 14,
    W2_ENTITIES = W2_TABLES * W2_ROWS,
    W2_OVERHEAD = 24, /* an entity's handle and index record */
};

#define NUMBER_TAG(T)                                                                                                  \
    typedef struct {                                                                                                   \
        uint32_t value;                                                                                                \
    } T;                                                                                                               \
    PECS_COMPONENT(T, 1, value)

PECS_TAG(Tag0, 1);
NUMBER_TAG(Tag1);
PECS_TAG(Tag2, 1);
NUMBER_TAG(Tag3);
PECS_TAG(Tag4, 1);
NUMBER_TAG(Tag5);
PECS_TAG(Tag6, 1);
NUMBER_TAG(Tag7);
PECS_TAG(Tag8, 1);
NUMBER_TAG(Tag9);
PECS_TAG(Tag10, 1);
NUMBER_TAG(Tag11);
PECS_TAG(Tag12, 1);
NUMBER_TAG(Tag13);

static const pecs_type *const tags[W2_TAGS] = { &Tag0_type,  &Tag1_type,  &Tag2_type,  &Tag3_type, &Tag4_type,
                                                &Tag5_type,  &Tag6_type,  &Tag7_type,  &Tag8_type, &Tag9_type,
                                                &Tag10_type, &Tag11_type, &Tag12_type, &Tag13_type };

struct w2 {
    const pecs_type *types[1 + W2_TAGS]; /* Position is component 0 */
    struct bench_counter counter;
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *positions;
    double sum; /* of every position */
    uint64_t content_bytes, memory_bytes, file_bytes;
};

static bool w2_registry(struct w2 *w2)
{
    w2->types[0] = w1_types[W1_POSITION];
    memcpy(w2->types + 1, tags, sizeof(tags));
    const pecs_registry_desc desc = { .types = w2->types,
                                      .type_count = 1 + W2_TAGS,
                                      .allocator = bench_counting_allocator(&w2->counter) };
    pecs_error error;
    pecs_status status = pecs_registry_create(&desc, &w2->registry, &error);
    if (!status)
        status = pecs_query_create(w2->registry, (pecs_term[]){ { 0, PECS_READ } }, 1, &w2->positions, &error);
    return status ? bench_failed("make W2's registry", status, &error) : true;
}

static pecs_status w2_spawn(struct w2 *w2, uint32_t subset)
{
    float positions[3 * W2_ROWS];
    uint32_t numbers[W2_TAGS][W2_ROWS];
    pecs_value values[1 + W2_TAGS] = { { 0, sizeof(Position), positions } };
    size_t count = 1;
    for (uint32_t i = 0; i < 3 * W2_ROWS; i++)
        positions[i] = (float)(w1_random((uint64_t)subset * 3 * W2_ROWS + i, 62) & 0xffff);
    for (uint32_t tag = 0; tag < W2_TAGS; tag++) {
        if (!(subset >> tag & 1))
            continue;
        const size_t size = tag % 2 ? 4 : 0;
        for (uint32_t row = 0; row < W2_ROWS; row++)
            numbers[tag][row] = (uint32_t)w1_random((uint64_t)subset * W2_ROWS + row, 41 + tag);
        values[count++] = (pecs_value){ 1 + tag, size, size ? numbers[tag] : NULL };
        w2->content_bytes += W2_ROWS * size;
    }
    w2->content_bytes += W2_ROWS * (sizeof(Position) + W2_OVERHEAD);
    w2->sum += w1_sum(positions, W2_ROWS);
    return pecs_world_spawn(w2->world, values, count, W2_ROWS, NULL);
}

static double w2_sum(const struct w2 *w2, pecs_view view)
{
    double sum = 0;
    pecs_iter it = pecs_query_iter(w2->positions, view, NULL);
    while (pecs_iter_next(&it))
        sum += w1_sum(&pecs_column_as(&it, 0, Position)->x, it.row_count);
    return pecs_iter_end(&it) ? -1 : sum;
}

/* The registry and a world full of W2. */
static bool w2_open(struct w2 *w2)
{
    *w2 = (struct w2){ 0 };
    if (!w2_registry(w2))
        return false;
    pecs_error error;
    pecs_status status = pecs_world_create(w2->registry, NULL, NULL, &w2->world, &error);
    for (uint32_t subset = 0; !status && subset < W2_TABLES; subset++)
        status = w2_spawn(w2, subset);
    if (status)
        return bench_failed("make W2", status, NULL);
    w2->memory_bytes = w2->counter.live_bytes;
    return bench_same_sum("W2", w2_sum(w2, pecs_world_view(w2->world)), w2->sum);
}

static void w2_close(struct w2 *w2)
{
    pecs_world_destroy(w2->world);
    pecs_query_destroy(w2->positions);
    pecs_registry_release(w2->registry);
}

static bool w2_save(struct bench *bench, void *context, double *ret_seconds)
{
    struct w2 *w2 = context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w2.pecs", path);
    pecs_error error;
    const double start = bench_now();
    const pecs_status status = pecs_world_save(w2->world, path, &(pecs_save_options){ .skip_sync = true }, &error);
    *ret_seconds = bench_now() - start;
    w2->file_bytes = bench_file_size(path);
    return status ? bench_failed("save W2", status, &error) : true;
}

static bool w2_get(struct bench *bench, struct w2 *w2, bool load, double *ret_seconds)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w2.pecs", path);
    pecs_snapshot *snapshot;
    pecs_error error;
    pecs_world *world = NULL;
    const uint64_t before = w2->counter.live_bytes;
    const double start = bench_now();
    pecs_status status = load ? pecs_snapshot_load(w2->registry, path, NULL, &snapshot, &error)
                              : pecs_snapshot_resume(w2->registry, path, NULL, &snapshot, &error);
    if (status)
        return bench_failed("get W2 back", status, &error);
    status = pecs_world_create(w2->registry, snapshot, NULL, &world, &error);
    *ret_seconds = bench_now() - start;
    w2->memory_bytes = w2->counter.live_bytes - before;
    const bool ok = !status && bench_same_sum("W2 back", w2_sum(w2, pecs_world_view(world)), w2->sum);
    const double close = bench_now();
    bench_close(snapshot, world);
    if (!load)
        *ret_seconds += bench_now() - close;
    return ok;
}

static bool w2_resume(struct bench *bench, void *context, double *ret_seconds)
{
    return w2_get(bench, context, false, ret_seconds);
}

static bool w2_load(struct bench *bench, void *context, double *ret_seconds)
{
    return w2_get(bench, context, true, ret_seconds);
}

static bool w2_run(struct bench *bench, const char *name, bench_side side)
{
    struct w2 w2;
    const struct bench_sides sides = {
        .pecs = side, .context = &w2, .sample_count = side == w2_save ? 1 : 5, .disk = BENCH_READS
    };
    struct bench_result result = { .name = name, .entity_count = W2_ENTITIES };
    double seconds;
    bool ok = w2_open(&w2) && w2_save(bench, &w2, &seconds);
    if (ok && side != w2_save) {
        pecs_world_destroy(w2.world);
        w2.world = NULL; /* memory is that of what comes from the file */
    }
    ok = ok && bench_measure(bench, &sides, &result);
    if (ok) {
        result.bytes = w2.file_bytes;
        result.mark_kind = BENCH_BYTES;
        result.mark = 2.5 * (double)w2.content_bytes;
        result.figures[0] = (struct bench_figure){ "content_bytes", w2.content_bytes };
        result.figures[1] = (struct bench_figure){ "memory_bytes", w2.memory_bytes };
        bench_report(bench, &result);
    }
    w2_close(&w2);
    return ok;
}

bool bench_run_w2_save(struct bench *bench)
{
    return w2_run(bench, "w2_save", w2_save);
}

bool bench_run_w2_resume(struct bench *bench)
{
    return w2_run(bench, "w2_resume", w2_resume);
}

bool bench_run_w2_load(struct bench *bench)
{
    return w2_run(bench, "w2_load", w2_load);
}
