/*
 * Random values, entities, component sets and queries, weighted so that tables and handles recur: most component sets
 * are among a few that the episode has chosen.
 *
 * Entity fields get handles that are, or were, alive in their own world: one from the future is not legal in a file.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

void batch_fill(struct batch *batch, struct model *model, const struct test_world *world, uint32_t mask, size_t rows)
{
    *batch = (struct batch){ .rows = rows };
    size_t row_bytes = 0;
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (!(mask >> type & 1))
            continue;
        const size_t at = random_below(&model->random, batch->count + 1);
        batch->types[batch->count++] = batch->types[at];
        batch->types[at] = type;
        row_bytes += model_size(type);
    }
    batch->storage = malloc(row_bytes * rows + 1);
    if (!batch->storage)
        abort();
    uint8_t *next = batch->storage;
    for (size_t i = 0; i < batch->count; i++) {
        const unsigned type = batch->types[i];
        const uint32_t size = model_size(type);
        const bool zeros = size == 0 || random_once_in(&model->random, 24);
        batch->values[i] = (pecs_value){ model_component(world->registry, type), size, zeros ? NULL : next };
        for (size_t row = 0; !zeros && row < rows; row++, next += size)
            model_value_random(type, next, &model->random, choose_handle, world->naive);
    }
}

void batch_free(struct batch *batch)
{
    free(batch->storage);
}

const void *batch_value(const struct batch *batch, size_t place, size_t row)
{
    const pecs_value *value = &batch->values[place];
    return value->data ? (const uint8_t *)value->data + row * value->size_bytes : NULL;
}

struct test_world *choose_world(struct model *model)
{
    return &model->worlds[random_below(&model->random, model->world_count)];
}

uint32_t choose_mask(struct model *model)
{
    if (!random_once_in(&model->random, 4))
        return model->masks[random_below(&model->random, MASK_MAX)];
    const uint32_t all = (1u << MODEL_TYPE_COUNT) - 1;
    const uint32_t bits = (uint32_t)random_next(&model->random) & all;
    return random_once_in(&model->random, 2) ? bits : bits & (uint32_t)random_next(&model->random);
}

bool choose_alive(struct model *model, const struct naive *naive, pecs_entity *ret_entity)
{
    if (naive->alive_count == 0)
        return false;
    size_t index = random_below(&model->random, naive->slot_count);
    if (random_once_in(&model->random, 8)) /* one of the last: at the end of the entity index, and mostly of a table */
        index = naive->slot_count - 1 - random_below(&model->random, naive->slot_count < 64 ? naive->slot_count : 64);
    while (!naive->slots[index].alive)
        index = (index + 1) % naive->slot_count;
    *ret_entity = naive_entity(naive, index);
    return true;
}

pecs_entity choose_dead(struct model *model, const struct naive *naive)
{
    struct random *random = &model->random;
    const size_t slot_count = naive->slot_count;
    if (slot_count == 0 || random_once_in(random, 8)) {
        const pecs_entity strange[] = {
            { 0, 0 },          { (uint32_t)slot_count + 1000, 1 }, { UINT32_MAX, UINT32_MAX },
            { UINT32_MAX, 1 }, { (uint32_t)slot_count, 1 },        { (uint32_t)slot_count, 0 }
        };
        return strange[random_below(random, sizeof(strange) / sizeof(strange[0]))];
    }
    const size_t index = random_below(random, slot_count);
    const struct naive_slot *slot = &naive->slots[index];
    pecs_entity dead = naive_entity(naive, index);
    if (!slot->alive && random_once_in(random, 2))
        return dead;
    if (random_once_in(random, 16)) {
        dead.generation += NAIVE_GENERATION_MAX; /* a generation that no slot can have */
        return dead;
    }
    dead.generation = (uint32_t)random_below(random, slot->generation);
    return dead;
}

pecs_entity choose_handle(void *user, struct random *random)
{
    const struct naive *naive = user;
    if (naive->slot_count == 0 || random_once_in(random, 8))
        return (pecs_entity){ 0, 0 };
    pecs_entity entity = naive_entity(naive, random_below(random, naive->slot_count));
    if (random_once_in(random, 16)) /* a stale one */
        entity.generation = 1 + (uint32_t)random_below(random, entity.generation);
    return entity;
}

void model_query_random(struct model *model, struct test_query *ret_query)
{
    static const pecs_access accesses[] = { PECS_READ,          PECS_READ,           PECS_WRITE, PECS_WRITE,
                                            PECS_OPTIONAL_READ, PECS_OPTIONAL_WRITE, PECS_WITH,  PECS_WITHOUT };
    struct random *random = &model->random;
    struct test_query query = { .registry = (unsigned)random_below(random, MODEL_REGISTRY_COUNT) };
    const size_t count = random_below(random, 5);
    uint32_t named = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned type = (unsigned)random_below(random, MODEL_TYPE_COUNT);
        const pecs_access access = accesses[random_below(random, sizeof(accesses) / sizeof(accesses[0]))];
        if (named >> type & 1)
            continue;
        named |= 1u << type;
        query.terms[query.term_count++] = (struct test_term){ type, access };
        if (access == PECS_READ || access == PECS_WRITE || access == PECS_WITH)
            query.with |= 1u << type;
        if (access == PECS_WITHOUT)
            query.without |= 1u << type;
    }
    pecs_term terms[MODEL_TYPE_COUNT];
    for (unsigned i = 0; i < query.term_count; i++)
        terms[i] = (pecs_term){ model_component(query.registry, query.terms[i].type), query.terms[i].access };
    const pecs_status status =
        pecs_query_create(model->registries[query.registry], terms, query.term_count, &query.query, NULL);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_query_create");
    *ret_query = query;
}

const struct test_query *choose_query(struct model *model, unsigned registry)
{
    for (size_t place = random_below(&model->random, QUERY_MAX), i = 0; i < QUERY_MAX; i++) {
        const struct test_query *query = &model->queries[(place + i) % QUERY_MAX];
        if (query->registry == registry)
            return query;
    }
    return &model->everything[registry];
}

struct test_snapshot *choose_snapshot(struct model *model)
{
    if (model->snapshot_count == 0)
        return NULL;
    return &model->snapshots[random_below(&model->random, model->snapshot_count)];
}

struct test_snapshot *choose_snapshot_of(struct model *model, const struct test_world *world)
{
    const size_t start = random_below(&model->random, model->snapshot_count);
    for (size_t i = 0; i < model->snapshot_count; i++) {
        struct test_snapshot *snapshot = &model->snapshots[(start + i) % model->snapshot_count];
        if (snapshot->timeline == world->timeline)
            return snapshot;
    }
    return choose_snapshot(model);
}

bool model_matches(const struct test_query *query, const struct naive_slot *slot)
{
    return slot->alive && (slot->has & query->with) == query->with && (slot->has & query->without) == 0;
}

size_t model_match_count(const struct test_query *query, const struct naive *naive)
{
    size_t count = 0;
    for (size_t index = 0; index < naive->slot_count; index++)
        count += model_matches(query, &naive->slots[index]);
    return count;
}
