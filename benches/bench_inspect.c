/* Benches of tools: the difference of two states, the information of a file; and a save of values with padding. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <unistd.h>

/* Diff. */

static bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(uint64_t *)user;
    return true;
}

struct diff_context {
    pecs_snapshot *from, *to;
    const uint8_t *copy;
    struct limit_set sets[BENCH_SET_COUNT];
    uint64_t change_count;
};

static bool diff_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    struct diff_context *diff = context;
    diff->change_count = 0;
    const double start = bench_now();
    const pecs_status status =
        pecs_view_diff(pecs_snapshot_view(diff->from), pecs_snapshot_view(diff->to), count_change, &diff->change_count);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("diff", status, NULL) : true;
}

static bool diff_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const struct diff_context *diff = context;
    const double start = bench_now();
    const bool same = limit_same(bench->block, diff->copy, bench->layout.size_bytes);
    *ret_seconds = bench_now() - start;
    return same ? true : bench_wrong("the blocks differ");
}

/* Two maps of one file: nothing is shared, nothing differs, and every byte must be compared. */
static bool diff_of_files(struct bench *bench)
{
    struct diff_context diff = { .from = NULL };
    uint8_t *copy;
    if (!limit_copy(&bench->layout, bench->block, &copy))
        return bench_wrong("out of memory");
    memcpy(copy, bench->block, 64); /* the header, which is no array */
    diff.copy = copy;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    pecs_world *worlds[2] = { NULL, NULL };
    const struct bench_sides sides = { .pecs = diff_pecs, .limit = diff_limit, .context = &diff };
    struct bench_result result = { .name = "diff", .bytes = 2 * bench->layout.content_bytes, .limit = "memcmp" };
    bool ok = bench_files_need(bench) && bench_resume(bench->registry, path, &diff.from, &worlds[0]);
    if (ok && (ok = bench_resume(bench->registry, path, &diff.to, &worlds[1]))) {
        ok = bench_measure(bench, &sides, &result);
        if (ok && diff.change_count)
            ok = bench_wrong("%llu differences between a file and itself", (unsigned long long)diff.change_count);
        if (ok)
            bench_report(bench, &result);
        bench_close(diff.to, worlds[1]);
    }
    if (worlds[0])
        bench_close(diff.from, worlds[0]);
    limit_pages_release(copy, bench->layout.size_bytes);
    return ok;
}

/* A snapshot, and one after 1,000 set calls that change what was there. */
static bool diff_of_sets(struct bench *bench)
{
    struct diff_context diff = { .from = NULL };
    const struct bench_sides sides = { .pecs = diff_pecs, .context = &diff, .sample_count = 5 };
    struct bench_result result = { .name = "diff_set" };
    pecs_status status = pecs_snapshot_take(bench->world, &diff.from);
    if (status)
        return bench_failed("take a snapshot", status, NULL);
    bench_sets(bench, diff.sets);
    for (int i = 0; i < BENCH_SET_COUNT; i++)
        diff.sets[i].xyz[0] += 1;
    bool ok = bench_set_all(bench->world, diff.sets);
    if (ok && (status = pecs_snapshot_take(bench->world, &diff.to)))
        ok = bench_failed("take a snapshot", status, NULL);
    if (ok) {
        ok = bench_measure(bench, &sides, &result);
        result.figures[0] = (struct bench_figure){ "differences", diff.change_count };
        if (ok && (diff.change_count == 0 || diff.change_count > BENCH_SET_COUNT))
            ok = bench_wrong("%llu differences after %d sets", (unsigned long long)diff.change_count, BENCH_SET_COUNT);
        if (ok)
            bench_report(bench, &result);
        pecs_snapshot_release(diff.to);
    }
    pecs_snapshot_release(diff.from);
    bench_sets(bench, diff.sets); /* what the block has */
    return bench_set_all(bench->world, diff.sets) && ok;
}

bool bench_run_diff(struct bench *bench)
{
    return bench_world_need(bench) && diff_of_files(bench) && diff_of_sets(bench);
}

/* Info. */

static bool info_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    pecs_info *info;
    pecs_error error;
    const double start = bench_now();
    const pecs_status status = pecs_file_info(path, NULL, NULL, &info, &error);
    if (status)
        return bench_failed("info", status, &error);
    const bool ok = info->entity_count == bench->entity_count && info->type_count == W1_COMPONENT_COUNT;
    pecs_info_destroy(info);
    *ret_seconds = bench_now() - start;
    return ok ? true : bench_wrong("the file information is wrong");
}

static bool info_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "w1.pecs", path);
    const double start = bench_now();
    if (!limit_read_ends(path))
        return bench_wrong("cannot read %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

bool bench_run_info(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = info_pecs, .limit = info_limit, .sample_count = 21 };
    struct bench_result result = { .name = "info", .limit = "open, three reads" };
    if (!bench_files_need(bench) || !bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

/* A save of values with padding. */

typedef struct {
    uint8_t team;
    uint32_t health;
} Padded;
PECS_COMPONENT_OF(Padded, "Padded", 1, PECS_FIELD(Padded, team), PECS_GAP_AFTER(Padded, team, 3),
                  PECS_FIELD(Padded, health));

struct padded_context {
    pecs_world *world;
    struct limit_padded rows;
    uint8_t *block;
    size_t block_bytes;
};

static bool padded_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct padded_context *padded = context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "padded.pecs", path);
    pecs_error error;
    const double start = bench_now();
    const pecs_status status = pecs_world_save(padded->world, path, &(pecs_save_options){ .skip_sync = true }, &error);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("save", status, &error) : true;
}

static bool padded_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct padded_context *padded = context;
    char path[BENCH_PATH_MAX];
    bench_path(bench, "padded.raw", path);
    const double start = bench_now();
    if (!limit_save_padded(&padded->rows, path))
        return bench_wrong("cannot write %s: %s", path, strerror(errno));
    *ret_seconds = bench_now() - start;
    return true;
}

/* Rows with rubbish in their padding, as arrays and in a world. */
static bool padded_rows(struct bench *bench, pecs_registry *registry, struct padded_context *padded)
{
    const uint64_t count = bench->entity_count;
    padded->block_bytes = count * 32;
    padded->block = limit_pages_allocate(padded->block_bytes);
    if (!padded->block)
        return bench_wrong("out of memory");
    padded->rows = (struct limit_padded){ padded->block, padded->block + count * 8, padded->block + count * 16, count };
    uint64_t *values = (uint64_t *)(void *)(padded->block + count * 8);
    struct w1_record *index = (struct w1_record *)(void *)(padded->block + count * 16);
    pecs_entity *handles = (pecs_entity *)(void *)padded->block;
    for (uint64_t i = 0; i < count; i++) {
        values[i] = w1_random(i, 41);
        index[i] = (struct w1_record){ 1, 0, (uint32_t)i, 0 };
        handles[i] = (pecs_entity){ (uint32_t)i, 1 };
    }
    pecs_error error = { .message = "" };
    const pecs_value value = { 0, sizeof(Padded), values };
    pecs_status status = pecs_world_create(registry, NULL, NULL, &padded->world, &error);
    if (!status)
        status = pecs_world_spawn(padded->world, &value, 1, count, NULL);
    return status ? bench_failed("make a world with padding", status, &error) : true;
}

/* The padding that was saved is zero. */
static bool check_padded(struct bench *bench, pecs_registry *registry, const struct padded_context *padded)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "padded.pecs", path);
    pecs_snapshot *snapshot;
    pecs_error error;
    const pecs_status status = pecs_snapshot_resume(registry, path, NULL, &snapshot, &error);
    if (status)
        return bench_failed("resume", status, &error);
    uint64_t wrong = 0, value, expected;
    for (uint64_t i = 0; i < bench->entity_count; i++) {
        memcpy(&value, pecs_view_get(pecs_snapshot_view(snapshot), (pecs_entity){ (uint32_t)i, 1 }, 0, sizeof(Padded)),
               sizeof(value));
        memcpy(&expected, padded->rows.values + i * sizeof(expected), sizeof(expected));
        wrong += value != (expected & 0xffffffff000000ff);
    }
    pecs_snapshot_release(snapshot);
    return wrong ? bench_wrong("%llu values are wrong", (unsigned long long)wrong) : true;
}

bool bench_run_save_padded(struct bench *bench)
{
    static const pecs_type *const types[] = { &Padded_type };
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    pecs_registry *registry;
    pecs_error error;
    const pecs_status status = pecs_registry_create(&desc, &registry, &error);
    if (status)
        return bench_failed("make a registry", status, &error);
    struct padded_context padded = { .world = NULL };
    const struct bench_sides sides = { .pecs = padded_pecs,
                                       .limit = padded_limit,
                                       .context = &padded,
                                       .sample_count = 3,
                                       .disk = BENCH_WRITES,
                                       .fresh_bytes = bench->entity_count * 32 };
    struct bench_result result = { .name = "save_padded",
                                   .bytes = bench->entity_count * 32,
                                   .limit = "masked by hand" };
    bool ok = padded_rows(bench, registry, &padded) && bench_measure(bench, &sides, &result) &&
              check_padded(bench, registry, &padded);
    if (ok)
        bench_report(bench, &result);
    pecs_world_destroy(padded.world);
    if (padded.block)
        limit_pages_release(padded.block, padded.block_bytes);
    pecs_registry_release(registry);
    return ok;
}
