/*
 * Stable ids: of a million random entities, one call each, and back. The world has no explicit ids. Times are of one
 * call; the calls do not depend on one another, so the misses of several overlap, on both sides.
 */
#include "bench.h"

#include <stdlib.h>

enum { CALL_COUNT = 1000000 };

struct ids {
    w1_entity *entities;
    pecs_id *ids;
    struct limit_id *limit_ids;
    uint64_t nonce;
    size_t count;
};

static bool id_of_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    const pecs_view view = pecs_world_view(bench->world);
    pecs_status status = PECS_OK;
    const double start = bench_now();
    for (size_t i = 0; i < ids->count; i++)
        status |=
            pecs_view_id(view, (pecs_entity){ ids->entities[i].index, ids->entities[i].generation }, &ids->ids[i]);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return status ? bench_wrong("an entity has no id") : true;
}

static bool id_of_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    bool ok = true;
    const double start = bench_now();
    for (size_t i = 0; i < ids->count; i++)
        ok &= limit_id_of(&bench->layout, bench->block, &ids->nonce, ids->entities[i], &ids->limit_ids[i]);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return ok ? true : bench_wrong("an entity has no id by hand");
}

static bool find_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    const pecs_view view = pecs_world_view(bench->world);
    uint64_t wrong = 0;
    const double start = bench_now();
    for (size_t i = 0; i < ids->count; i++) {
        pecs_entity entity = { 0, 0 };
        wrong += pecs_view_find(view, ids->ids[i], &entity) != PECS_OK || entity.index != ids->entities[i].index ||
                 entity.generation != ids->entities[i].generation;
    }
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return wrong ? bench_wrong("%llu ids lead elsewhere", (unsigned long long)wrong) : true;
}

static bool find_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    uint64_t wrong = 0;
    const double start = bench_now();
    for (size_t i = 0; i < ids->count; i++) {
        w1_entity entity = { 0, 0 };
        wrong += !limit_find(&bench->layout, bench->block, &ids->nonce, ids->limit_ids[i], &entity) ||
                 entity.index != ids->entities[i].index;
    }
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return wrong ? bench_wrong("%llu ids lead elsewhere by hand", (unsigned long long)wrong) : true;
}

/* The entities, and the nonce of the one session in which all were spawned: the first 60 free bits of any id. */
static bool choose(struct bench *bench, struct ids *ids)
{
    ids->count = CALL_COUNT;
    ids->entities = malloc(ids->count * sizeof(*ids->entities));
    ids->ids = malloc(ids->count * sizeof(*ids->ids));
    ids->limit_ids = malloc(ids->count * sizeof(*ids->limit_ids));
    if (!ids->entities || !ids->ids || !ids->limit_ids)
        return bench_wrong("out of memory");
    for (size_t i = 0; i < ids->count; i++)
        ids->entities[i] = w1_entity_of(&bench->layout, w1_random(i, 40) % bench->entity_count);
    pecs_id id;
    const pecs_entity first = { ids->entities[0].index, ids->entities[0].generation };
    if (pecs_view_id(pecs_world_view(bench->world), first, &id))
        return bench_wrong("an entity has no id");
    for (int i = 0; i < 6; i++)
        ids->nonce = ids->nonce << 8 | id.bytes[i];
    ids->nonce = ids->nonce << 12 | (uint64_t)(id.bytes[6] & 15) << 8 | id.bytes[7];
    return true;
}

static bool run(struct bench *bench, const struct bench_sides *measured, const char *name)
{
    struct ids ids = { .count = 0 };
    struct bench_sides sides = *measured;
    struct bench_result result = { .name = name, .limit = "by hand", .mark_kind = BENCH_SECONDS, .mark = 30e-9 };
    sides.context = &ids;
    sides.sample_count = 3;
    double unused;
    bool ok = bench_world_need(bench) && choose(bench, &ids) && id_of_pecs(bench, &ids, &unused) &&
              id_of_limit(bench, &ids, &unused);
    if (ok && memcmp(ids.ids, ids.limit_ids, ids.count * sizeof(pecs_id)) != 0)
        ok = bench_wrong("the ids by hand are others");
    if (ok && (ok = bench_measure(bench, &sides, &result))) {
        result.bytes = sizeof(pecs_id) + sizeof(struct w1_record);
        result.figures[0] = (struct bench_figure){ "operations", ids.count };
        bench_report(bench, &result);
    }
    free(ids.entities);
    free(ids.ids);
    free(ids.limit_ids);
    return ok;
}

bool bench_run_id_of(struct bench *bench)
{
    return run(bench, &(struct bench_sides){ .pecs = id_of_pecs, .limit = id_of_limit }, "id_of");
}

bool bench_run_find(struct bench *bench)
{
    return run(bench, &(struct bench_sides){ .pecs = find_pecs, .limit = find_limit }, "find");
}
