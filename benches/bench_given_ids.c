/*
 * Explicit ids: a million entities that have nothing but an id each, given at random. What they cost beyond the bytes
 * is the search for one that is there twice, the order in which they are saved, and the proof, at a load, that each
 * leads to its entity.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { GIVEN_COUNT_MAX = 1000000 };

struct given {
    pecs_registry *registry;
    pecs_world *world; /* with all of them */
    pecs_id *ids;
    uint32_t count; /* of them: a million, or fewer entities */
    uint8_t *file;  /* the bytes of a save, in huge pages */
    size_t file_bytes;
    char path[BENCH_PATH_MAX], raw_path[BENCH_PATH_MAX];
};

static bool spawn(const struct given *given, pecs_world **ret_world)
{
    pecs_error error = { .message = "" };
    pecs_status status = pecs_world_create(given->registry, NULL, NULL, ret_world, &error);
    if (!status)
        status = pecs_world_spawn_with_ids(*ret_world, NULL, 0, given->ids, given->count, NULL);
    return status ? bench_failed("spawn with ids", status, &error) : true;
}

static bool spawn_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    pecs_world *world = NULL;
    const double start = bench_now();
    const bool ok = spawn(context, &world);
    *ret_seconds = bench_now() - start;
    pecs_world_destroy(world);
    return ok;
}

static bool spawn_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    const struct given *given = context;
    const double start = bench_now();
    struct limit_given *table = limit_given_create((const struct limit_id *)(const void *)given->ids, given->count);
    *ret_seconds = bench_now() - start;
    limit_given_destroy(table);
    return table ? true : bench_wrong("no table of ids by hand");
}

static bool save_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    const struct given *given = context;
    pecs_error error;
    const double start = bench_now();
    const pecs_status status =
        pecs_world_save(given->world, given->path, &(pecs_save_options){ .skip_sync = true }, &error);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("save", status, &error) : true;
}

static bool save_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    const struct given *given = context;
    const double start = bench_now();
    const bool ok = limit_write(given->raw_path, given->file, given->file_bytes);
    *ret_seconds = bench_now() - start;
    return ok ? true : bench_wrong("cannot write %s: %s", given->raw_path, strerror(errno));
}

static bool load_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    const struct given *given = context;
    pecs_snapshot *snapshot;
    pecs_error error;
    const double start = bench_now();
    const pecs_status status = pecs_snapshot_load(given->registry, given->path, NULL, &snapshot, &error);
    *ret_seconds = bench_now() - start;
    if (status)
        return bench_failed("load", status, &error);
    uint64_t wrong = 0;
    for (size_t i = 0; i < given->count; i += 97) {
        pecs_entity entity;
        wrong += pecs_view_find(pecs_snapshot_view(snapshot), given->ids[i], &entity) || entity.index != i;
    }
    pecs_snapshot_release(snapshot);
    return wrong ? bench_wrong("%llu ids lead elsewhere", (unsigned long long)wrong) : true;
}

static bool load_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    const struct given *given = context;
    uint64_t hash = 0;
    const double start = bench_now();
    const bool ok = limit_read(given->raw_path, &hash);
    *ret_seconds = bench_now() - start;
    if (!ok)
        return bench_wrong("cannot read %s: %s", given->raw_path, strerror(errno));
    return hash == limit_hash(given->file, given->file_bytes) ? true : bench_wrong("other bytes were read");
}

static bool read_file(struct given *given)
{
    FILE *file = fopen(given->path, "rb");
    const bool is_sized = file && fseek(file, 0, SEEK_END) == 0;
    const long size = is_sized ? ftell(file) : -1;
    given->file_bytes = size > 0 ? (size_t)size : 0;
    given->file = size > 0 && fseek(file, 0, SEEK_SET) == 0 ? limit_pages_allocate(given->file_bytes) : NULL;
    const bool ok = given->file && fread(given->file, 1, given->file_bytes, file) == given->file_bytes;
    if (file)
        fclose(file);
    return ok;
}

static bool open_given(struct bench *bench, struct given *given)
{
    pecs_error error;
    const pecs_status status = pecs_registry_create(&(pecs_registry_desc){ 0 }, &given->registry, &error);
    if (status)
        return bench_failed("make a registry", status, &error);
    given->ids = malloc(given->count * sizeof(*given->ids));
    if (!given->ids)
        return bench_wrong("out of memory");
    for (uint64_t i = 0; i < given->count; i++) {
        const uint64_t halves[2] = { w1_random(i, 42), w1_random(i, 43) };
        memcpy(given->ids[i].bytes, halves, sizeof(halves));
    }
    bench_path(bench, "given.pecs", given->path);
    bench_path(bench, "given.raw", given->raw_path);
    double unused;
    if (!spawn(given, &given->world) || !save_pecs(bench, given, &unused))
        return false;
    return read_file(given) && limit_write(given->raw_path, given->file, given->file_bytes)
               ? true
               : bench_wrong("cannot copy %s: %s", given->path, strerror(errno));
}

static bool run(struct bench *bench, struct bench_sides sides, struct bench_result result)
{
    struct given given = { .count = bench->entity_count < GIVEN_COUNT_MAX ? (uint32_t)bench->entity_count
                                                                          : GIVEN_COUNT_MAX };
    sides.context = &given;
    sides.sample_count = 3;
    bool ok = open_given(bench, &given);
    sides.fresh_bytes = 3 * given.file_bytes;
    if (ok && (ok = bench_measure(bench, &sides, &result))) {
        result.bytes = given.file_bytes;
        result.figures[0] = (struct bench_figure){ "operations", given.count };
        bench_report(bench, &result);
    }
    limit_pages_release(given.file, given.file_bytes);
    pecs_world_destroy(given.world);
    free(given.ids);
    pecs_registry_release(given.registry);
    return ok;
}

bool bench_run_ids_spawn(struct bench *bench)
{
    return run(bench, (struct bench_sides){ .pecs = spawn_pecs, .limit = spawn_limit },
               (struct bench_result){ .name = "ids_spawn", .limit = "hash table" });
}

bool bench_run_ids_save(struct bench *bench)
{
    return run(bench, (struct bench_sides){ .pecs = save_pecs, .limit = save_limit, .disk = BENCH_WRITES },
               (struct bench_result){ .name = "ids_save", .limit = "write" });
}

bool bench_run_ids_load(struct bench *bench)
{
    return run(bench, (struct bench_sides){ .pecs = load_pecs, .limit = load_limit, .disk = BENCH_READS },
               (struct bench_result){ .name = "ids_load", .limit = "read, hash" });
}
