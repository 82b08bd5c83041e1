/*
 * Benches of migrations: W1's file resumed by a program whose Position has one field more, and by one whose Position
 * has gone through twenty versions since, each with a function. By hand, the raw file is mapped and the same is made of
 * the column; between its versions the chain has blocks that stay in the cache, as the library does it.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    float x, y, z, scale;
} Scaled;
static const pecs_field scaled_fields[] = { PECS_FIELD(Scaled, x), PECS_FIELD(Scaled, y), PECS_FIELD(Scaled, z),
                                            PECS_FIELD(Scaled, scale) };
static const pecs_field position_fields[] = { PECS_FIELD(Position, x), PECS_FIELD(Position, y),
                                              PECS_FIELD(Position, z) };
static const Scaled scaled_default = { 0, 0, 0, 1 };

enum { CHAIN_STEPS = LIMIT_CHAIN_STEPS };

/* A registry of W1's types with another Position, and its past. */
struct migrate_context {
    const char *name;
    pecs_type versions[CHAIN_STEPS + 1]; /* of the chain: 1 to 21 */
    const pecs_type *targets[CHAIN_STEPS];
    pecs_migration migrations[CHAIN_STEPS];
    pecs_type_history past;
    pecs_history history;
    const pecs_type *types[W1_COMPONENT_COUNT];
    pecs_registry *registry;
    bool (*by_hand)(const char *path, double *ret_sum);
    double expected;
};

static pecs_status migrate_step(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Position *from = rows->from;
    Position *to = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        to[i] = (Position){ from[i].x + LIMIT_CHAIN_ADDS, from[i].y, from[i].z };
    return PECS_OK;
}

static bool migrate_open(struct migrate_context *context)
{
    pecs_error error;
    memcpy(context->types, w1_types, sizeof(context->types));
    context->types[W1_POSITION] = &context->versions[context->history.migration_count];
    const pecs_registry_desc desc = { .types = context->types,
                                      .type_count = W1_COMPONENT_COUNT,
                                      .history = &context->history };
    const pecs_status status = pecs_registry_create(&desc, &context->registry, &error);
    return status ? bench_failed("make a registry", status, &error) : true;
}

static void migrate_describe_field(struct migrate_context *context)
{
    context->name = "migrate";
    context->by_hand = limit_map_scale;
    context->versions[0] = (pecs_type){ "Position", { { 0 } }, 2, sizeof(Scaled), 4, 4, scaled_fields, 0 };
    context->past = (pecs_type_history){ .type = &context->versions[0], .defaults = &scaled_default };
    context->history = (pecs_history){ .types = &context->past, .type_count = 1 };
}

static void migrate_describe_chain(struct migrate_context *context)
{
    context->name = "migrate_chain";
    context->by_hand = limit_map_chain;
    for (uint32_t i = 0; i <= CHAIN_STEPS; i++)
        context->versions[i] = (pecs_type){ "Position", { { 0 } }, i + 1, sizeof(Position), 4, 3, position_fields, 0 };
    for (uint32_t i = 0; i < CHAIN_STEPS; i++) {
        context->targets[i] = &context->versions[i + 1];
        context->migrations[i] =
            (pecs_migration){ &context->versions[i], &context->targets[i], 1, migrate_step, NULL, true };
    }
    context->history = (pecs_history){ .migrations = context->migrations, .migration_count = CHAIN_STEPS };
}

static pecs_snapshot *migrate_resume(struct bench *bench, const struct migrate_context *context)
{
    char path[BENCH_PATH_MAX];
    pecs_error error;
    pecs_snapshot *snapshot = NULL;
    bench_path(bench, "w1.pecs", path);
    const pecs_status status = pecs_snapshot_resume(context->registry, path, NULL, &snapshot, &error);
    return status ? (bench_failed("resume", status, &error), NULL) : snapshot;
}

static bool migrate_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const double start = bench_now();
    pecs_snapshot *snapshot = migrate_resume(bench, context);
    if (!snapshot)
        return false;
    pecs_snapshot_release(snapshot);
    *ret_seconds = bench_now() - start;
    return true;
}

static bool migrate_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const struct migrate_context *migrate = context;
    char path[BENCH_PATH_MAX];
    double sum;
    bench_path(bench, "w1.raw", path);
    const double start = bench_now();
    if (!migrate->by_hand(path, &sum))
        return bench_wrong("cannot map %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return sum == migrate->expected ? true : bench_wrong("%s by hand has another value", migrate->name);
}

/* The x of the last row of each table, in both. */
static bool migrate_check(struct bench *bench, struct migrate_context *context)
{
    pecs_snapshot *snapshot = migrate_resume(bench, context);
    double sum = 0;
    if (!snapshot)
        return false;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        w1_entity last;
        memcpy(&last, bench->block + bench->layout.entities[t] + (bench->layout.row_counts[t] - 1) * sizeof(last),
               sizeof(last));
        const float *x = pecs_view_get(pecs_snapshot_view(snapshot), (pecs_entity){ last.index, last.generation },
                                       W1_POSITION, context->types[W1_POSITION]->size);
        sum += x ? (double)x[0] : 0;
    }
    pecs_snapshot_release(snapshot);
    context->expected = sum;
    return true;
}

static bool migrate_run(struct bench *bench, void (*describe)(struct migrate_context *context), double mark)
{
    struct migrate_context context = { .name = NULL };
    const struct bench_sides sides = { .pecs = migrate_pecs,
                                       .limit = migrate_limit,
                                       .context = &context,
                                       .disk = BENCH_READS,
                                       .fresh_bytes = bench->entity_count * sizeof(Scaled) };
    struct bench_result result = { .bytes = bench->entity_count * (sizeof(Position) + sizeof(Scaled)),
                                   .limit = "by hand",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = mark };
    describe(&context);
    result.name = context.name;
    const bool ok = bench_files_need(bench) && migrate_open(&context) && migrate_check(bench, &context) &&
                    bench_measure(bench, &sides, &result);
    if (ok)
        bench_report(bench, &result);
    pecs_registry_release(context.registry);
    return ok;
}

bool bench_run_migrate(struct bench *bench)
{
    return migrate_run(bench, migrate_describe_field, 1.3);
}

bool bench_run_migrate_chain(struct bench *bench)
{
    return migrate_run(bench, migrate_describe_chain, 1.1);
}

/*
 * Pages of a range that the process has mapped. A fault maps the pages around it too, up to a folio of 2 MiB, so pages
 * so near to another column do not count.
 */
static uint64_t touch_count(int pagemap, const void *bytes, uint64_t size_bytes)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), near = 2 << 20, at = (uint64_t)(uintptr_t)bytes;
    const uint64_t first = (at + near + page - 1) / page,
                   end = size_bytes > 2 * near ? (at + size_bytes - near) / page : 0;
    uint64_t count = 0, entry;
    for (uint64_t i = first; i < end; i++)
        if (pread(pagemap, &entry, sizeof(entry), (off_t)(i * sizeof(entry))) == (ssize_t)sizeof(entry))
            count += entry >> 63;
    return count;
}

/* Pages of all columns but Position that a resume with a migration reads: bytes, of which there should be none. */
bool bench_run_migrate_touch(struct bench *bench)
{
    struct migrate_context context = { .name = NULL };
    struct bench_result result = { .name = "migrate_touch", .mark_kind = BENCH_BYTES, .mark = 0 };
    migrate_describe_field(&context);
    if (!bench_files_need(bench) || !migrate_open(&context))
        return false;
    pecs_snapshot *snapshot = migrate_resume(bench, &context);
    const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    uint64_t pages = 0;
    for (uint32_t t = 0; snapshot && t < W1_TABLE_COUNT; t++)
        for (uint32_t c = W1_VELOCITY; c < W1_COMPONENT_COUNT && pagemap >= 0; c++) {
            w1_entity first;
            memcpy(&first, bench->block + bench->layout.entities[t], sizeof(first));
            const void *values = pecs_view_get(pecs_snapshot_view(snapshot),
                                               (pecs_entity){ first.index, first.generation }, c, w1_sizes[c]);
            if (values)
                pages += touch_count(pagemap, values, bench->layout.row_counts[t] * w1_sizes[c]);
        }
    pecs_snapshot_release(snapshot);
    pecs_registry_release(context.registry);
    if (pagemap < 0)
        return bench_wrong("cannot open /proc/self/pagemap: %s", strerror(errno));
    close(pagemap);
    result.bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    if (snapshot)
        bench_report(bench, &result);
    return snapshot != NULL;
}
