/*
 * Stable ids: of a million random entities, and back, by a call each and by one call for all. The world has no explicit
 * ids. Times are of one id. Calls do not depend on one another, so as many misses overlap as the instructions between
 * them allow; one call for all can ask for records ahead of their use.
 */
#include "bench.h"

#include <stdlib.h>

enum { CALL_COUNT = 1000000 };

struct ids {
    pecs_entity *entities, *found;
    pecs_id *ids;
    w1_entity *limit_entities, *limit_found; /* the same by hand */
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
        status |= pecs_view_id(view, ids->entities[i], &ids->ids[i]);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return status ? bench_wrong("an entity has no id") : true;
}

static bool id_of_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    bool ok = true;
    const double start = bench_now();
    for (size_t i = 0; i < ids->count; i++)
        ok &= limit_id_of(&bench->layout, bench->block, &ids->nonce, ids->limit_entities[i], &ids->limit_ids[i]);
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
                 entity.index != ids->limit_entities[i].index;
    }
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return wrong ? bench_wrong("%llu ids lead elsewhere by hand", (unsigned long long)wrong) : true;
}

static bool id_many_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    const double start = bench_now();
    const pecs_status status = pecs_view_id_many(pecs_world_view(bench->world), ids->entities, ids->count, ids->ids);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return status ? bench_wrong("an entity has no id") : true;
}

static bool find_many_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    const double start = bench_now();
    const pecs_status status = pecs_view_find_many(pecs_world_view(bench->world), ids->ids, ids->count, ids->found);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return status || memcmp(ids->found, ids->entities, ids->count * sizeof(*ids->found)) != 0
               ? bench_wrong("ids lead elsewhere")
               : true;
}

static bool id_many_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    const double start = bench_now();
    const bool ok =
        limit_id_many(&bench->layout, bench->block, &ids->nonce, ids->count, ids->limit_entities, ids->limit_ids);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return ok ? true : bench_wrong("an entity has no id by hand");
}

static bool find_many_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct ids *ids = context;
    const double start = bench_now();
    const bool ok =
        limit_find_many(&bench->layout, bench->block, &ids->nonce, ids->count, ids->limit_ids, ids->limit_found);
    *ret_seconds = (bench_now() - start) / (double)ids->count;
    return ok && memcmp(ids->limit_found, ids->limit_entities, ids->count * sizeof(*ids->limit_found)) == 0
               ? true
               : bench_wrong("ids lead elsewhere by hand");
}

/* The entities, and the nonce of the one session in which all were spawned: the first 60 free bits of any id. */
static bool choose(struct bench *bench, struct ids *ids)
{
    ids->count = CALL_COUNT;
    ids->entities = malloc(ids->count * sizeof(*ids->entities));
    ids->found = calloc(ids->count, sizeof(*ids->found));
    ids->ids = malloc(ids->count * sizeof(*ids->ids));
    ids->limit_entities = malloc(ids->count * sizeof(*ids->limit_entities));
    ids->limit_found = calloc(ids->count, sizeof(*ids->limit_found));
    ids->limit_ids = malloc(ids->count * sizeof(*ids->limit_ids));
    if (!ids->entities || !ids->found || !ids->ids || !ids->limit_entities || !ids->limit_found || !ids->limit_ids)
        return bench_wrong("out of memory");
    for (size_t i = 0; i < ids->count; i++) {
        const w1_entity entity = w1_entity_of(&bench->layout, w1_random(i, 40) % bench->entity_count);
        ids->limit_entities[i] = entity;
        ids->entities[i] = (pecs_entity){ entity.index, entity.generation };
    }
    pecs_id id;
    if (pecs_view_id(pecs_world_view(bench->world), ids->entities[0], &id))
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
    struct bench_result result = { .name = name, .limit = "by hand", .mark_kind = BENCH_RATIO, .mark = 1.3 };
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
    free(ids.found);
    free(ids.ids);
    free(ids.limit_entities);
    free(ids.limit_found);
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

bool bench_run_id_many(struct bench *bench)
{
    return run(bench, &(struct bench_sides){ .pecs = id_many_pecs, .limit = id_many_limit }, "id_many");
}

bool bench_run_find_many(struct bench *bench)
{
    return run(bench, &(struct bench_sides){ .pecs = find_many_pecs, .limit = find_many_limit }, "find_many");
}
