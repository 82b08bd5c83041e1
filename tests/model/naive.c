/*
 * Naive model. Invariants: a slot with index below slot_count was used; alive_count and free_count count the slots that
 * live and those that a spawn may take again; a dead slot with the last generation is neither.
 *
 * A slot's generation is the last one used, and spawning adds one: the first entity is {0, 1}.
 */
#include "naive.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

struct naive *naive_create(void)
{
    struct naive *naive = must(calloc(1, sizeof(*naive)));
    naive->tick = 1;
    return naive;
}

struct naive *naive_copy(const struct naive *naive)
{
    struct naive *copy = must(malloc(sizeof(*copy)));
    *copy = *naive;
    copy->slot_capacity = naive->slot_count + 1;
    copy->slots = must(malloc(copy->slot_capacity * sizeof(*copy->slots)));
    if (naive->slot_count)
        memcpy(copy->slots, naive->slots, naive->slot_count * sizeof(*copy->slots));
    return copy;
}

void naive_destroy(struct naive *naive)
{
    if (naive)
        free(naive->slots);
    free(naive);
}

static bool slot_free(const struct naive_slot *slot)
{
    return !slot->alive && slot->generation < NAIVE_GENERATION_MAX;
}

static size_t lowest_free(struct naive *naive)
{
    while (naive->lowest < naive->slot_count && !slot_free(&naive->slots[naive->lowest]))
        naive->lowest++;
    if (naive->lowest < naive->slot_count)
        return naive->lowest;
    if (naive->slot_count == naive->slot_capacity) {
        naive->slot_capacity = naive->slot_capacity * 2 + 16;
        naive->slots = must(realloc(naive->slots, naive->slot_capacity * sizeof(*naive->slots)));
    }
    naive->slots[naive->slot_count] = (struct naive_slot){ .alive = false };
    naive->free_count++;
    return naive->slot_count++;
}

pecs_entity naive_spawn(struct naive *naive)
{
    const size_t index = lowest_free(naive);
    struct naive_slot *slot = &naive->slots[index];
    slot->generation++;
    slot->alive = true;
    slot->has = 0;
    naive->alive_count++;
    naive->free_count--;
    return naive_entity(naive, index);
}

void naive_despawn(struct naive *naive, pecs_entity entity)
{
    assert(naive_alive(naive, entity));
    struct naive_slot *slot = &naive->slots[entity.index];
    slot->alive = false;
    naive->alive_count--;
    if (!slot_free(slot))
        return;
    naive->free_count++;
    if (entity.index < naive->lowest)
        naive->lowest = entity.index;
}

bool naive_alive(const struct naive *naive, pecs_entity entity)
{
    return entity.index < naive->slot_count && naive->slots[entity.index].alive &&
           naive->slots[entity.index].generation == entity.generation;
}

pecs_entity naive_entity(const struct naive *naive, size_t index)
{
    return (pecs_entity){ (uint32_t)index, naive->slots[index].generation };
}

static void value_write(uint8_t *values, unsigned type, const void *value)
{
    uint8_t *to = values + model_offsets[type];
    if (value)
        memcpy(to, value, model_size(type));
    else
        memset(to, 0, model_size(type));
}

void naive_set(struct naive *naive, pecs_entity entity, unsigned type, const void *value)
{
    assert(naive_alive(naive, entity));
    struct naive_slot *slot = &naive->slots[entity.index];
    slot->has |= 1u << type;
    slot->changed[type] = naive->tick;
    value_write(slot->values, type, value);
}

void naive_remove(struct naive *naive, pecs_entity entity, unsigned type)
{
    assert(naive_alive(naive, entity));
    naive->slots[entity.index].has &= ~(1u << type);
}

void naive_touch(struct naive *naive, pecs_entity entity, unsigned type)
{
    assert(naive_alive(naive, entity));
    naive->slots[entity.index].changed[type] = naive->tick;
}

const void *naive_get(const struct naive *naive, pecs_entity entity, unsigned type)
{
    if (!naive_alive(naive, entity) || !(naive->slots[entity.index].has >> type & 1))
        return NULL;
    return naive->slots[entity.index].values + model_offsets[type];
}

void naive_set_singleton(struct naive *naive, unsigned type, const void *value)
{
    naive->singleton_has |= 1u << type;
    value_write(naive->singletons, type, value);
}

void naive_restored(struct naive *naive, uint64_t tick)
{
    naive->tick = tick;
    for (size_t index = 0; index < naive->slot_count; index++) {
        for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
            naive->slots[index].changed[type] = tick;
    }
}

uint64_t naive_component_bytes(const struct naive *naive)
{
    uint64_t bytes = 0;
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        bytes += naive->singleton_has >> type & 1 ? model_size(type) : 0;
    for (size_t index = 0; index < naive->slot_count; index++) {
        for (unsigned type = 0; naive->slots[index].alive && type < MODEL_TYPE_COUNT; type++)
            bytes += naive->slots[index].has >> type & 1 ? model_size(type) : 0;
    }
    return bytes;
}
