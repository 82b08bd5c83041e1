/*
 * Parts of an iteration on threads of their own: together they see all rows once, and each also reads what no part
 * writes, of any entity.
 */
#define _GNU_SOURCE
#include "model_types.h"
#include "threads_shared.h"

/* The handle of a random slot's entity, or of no living one. */
static pecs_entity random_entity(pecs_view view, struct random *random)
{
    pecs_entity entity = { (uint32_t)random_below(random, ENTITY_COUNT * 3 / 2), 1 };
    while (entity.generation < 40 && !pecs_view_alive(view, entity))
        entity.generation++;
    return entity;
}

static uint64_t add_bytes(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; bytes && i < size; i++)
        sum = sum * 31 + ((const uint8_t *)bytes)[i];
    return sum;
}

/* A number of what some entities have beside Word, of their ids, and of all Vectors through an iteration. */
static uint64_t sum_of_others(const struct shared *shared, pecs_view view, uint64_t seed)
{
    enum { LOOKS = 100 };
    struct random random = { seed };
    uint64_t sum = 0;
    for (unsigned i = 0; i < LOOKS; i++) {
        const pecs_entity entity = random_entity(view, &random);
        pecs_id id;
        size_t component_count;
        pecs_entity found = { 0, 0 };
        sum =
            add_bytes(sum, pecs_view_get(view, entity, TYPE_VECTOR, model_size(TYPE_VECTOR)), model_size(TYPE_VECTOR));
        sum = add_bytes(sum, pecs_view_get(view, entity, TYPE_LINK, model_size(TYPE_LINK)), model_size(TYPE_LINK));
        sum = sum * 31 + pecs_view_has(view, entity, TYPE_TAG_A);
        if (pecs_view_id(view, entity, &id) == PECS_OK)
            require(pecs_view_find(view, id, &found), PECS_OK, "status of a find beside a part");
        (void)pecs_view_components(view, entity, &component_count);
        sum = sum * 31 + found.index + component_count;
    }
    pecs_iter iter = pecs_query_iter(shared->vectors, view, NULL);
    while (pecs_iter_next(&iter))
        sum = add_bytes(sum, pecs_iter_column(&iter, TYPE_VECTOR, model_size(TYPE_VECTOR)),
                        iter.row_count < 100 ? iter.row_count : 100); /* bytes of the first rows */
    require(pecs_iter_end(&iter), PECS_OK, "status of an iteration beside a part");
    return sum + pecs_query_count(shared->vectors, view);
}

struct part {
    pecs_iter iter;
    const struct shared *shared;
    pecs_view view;
    uint64_t seed, others; /* for sum_of_others, and what it gives */
    bool writing;
    uint64_t rows, sum;
    pecs_status status;
};

static void *part_run(void *user)
{
    struct part *part = user;
    while (pecs_iter_next(&part->iter)) {
        require(sum_of_others(part->shared, part->view, part->seed), part->others, "what no part writes");
        uint32_t *written = part->writing ? pecs_column_mut_as(&part->iter, TYPE_WORD, uint32_t) : NULL;
        const uint32_t *words = pecs_column_as(&part->iter, TYPE_WORD, uint32_t);
        for (size_t row = 0; row < part->iter.row_count; row++) {
            if (part->writing)
                written[row] &= 0xffff; /* so that the sums below cannot wrap */
            part->sum += words[row];
            if (part->writing)
                written[row]++;
        }
        part->rows += part->iter.row_count;
    }
    part->status = pecs_iter_end(&part->iter);
    return NULL;
}

void run_parts(const struct shared *shared, pecs_world *world, bool writing, uint32_t worker_count)
{
    struct part parts[PART_MAX];
    pthread_t threads[PART_MAX];
    const pecs_view view = pecs_world_view(world);
    const uint64_t seed = pecs_view_tick(view), others = sum_of_others(shared, view, seed);
    for (uint32_t i = 0; i < worker_count; i++) {
        const pecs_iter_options options = { .worker = i, .worker_count = worker_count };
        parts[i] = (struct part){ .shared = shared, .view = view, .seed = seed, .others = others, .writing = writing };
        parts[i].iter = writing ? pecs_query_iter_mut(shared->words, world, &options)
                                : pecs_query_iter(shared->words, view, &options);
    }
    for (size_t i = 0; i < worker_count; i++)
        pthread_create(&threads[i], NULL, part_run, &parts[i]);
    uint64_t rows = 0, sum = 0;
    for (size_t i = 0; i < worker_count; i++) {
        pthread_join(threads[i], NULL);
        require(parts[i].status, PECS_OK, "status of a part");
        rows += parts[i].rows;
        sum += parts[i].sum;
    }
    require(rows, pecs_query_count(shared->words, view), "rows of all parts");
    require(word_sum(shared, view), writing ? sum + rows : sum, "sum of words after the parts");
}
