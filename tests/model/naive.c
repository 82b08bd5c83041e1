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
    copy->id_capacity = naive->id_count + 1;
    copy->ids = must(malloc(copy->id_capacity * sizeof(*copy->ids)));
    if (naive->id_count)
        memcpy(copy->ids, naive->ids, naive->id_count * sizeof(*copy->ids));
    return copy;
}

void naive_destroy(struct naive *naive)
{
    if (naive)
        free(naive->slots), free(naive->ids);
    free(naive);
}

void naive_open_tick(struct naive *naive)
{
    naive->tick += naive->tick_is_seen;
    naive->tick_is_seen = false;
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
    naive->slots[naive->slot_count] = (struct naive_slot){ .alive = false, .id_place = NAIVE_NO_ID };
    naive->free_count++;
    return naive->slot_count++;
}

/* The last entry of the list replaces the removed one. */
static void drop_id(struct naive *naive, struct naive_slot *slot)
{
    if (slot->id_place == NAIVE_NO_ID)
        return;
    const struct naive_id last = naive->ids[--naive->id_count];
    naive->ids[slot->id_place] = last;
    naive->slots[last.index].id_place = slot->id_place;
    slot->id_place = NAIVE_NO_ID;
}

pecs_entity naive_spawn(struct naive *naive)
{
    const size_t index = lowest_free(naive);
    struct naive_slot *slot = &naive->slots[index];
    naive_open_tick(naive);
    naive->retired_count -= index + naive->retired_count >= naive->slot_count && naive->retired_count;
    slot->generation++;
    slot->alive = true;
    slot->has = 0;
    slot->nonce = naive->nonce;
    naive->alive_count++;
    naive->free_count--;
    return naive_entity(naive, index);
}

void naive_despawn(struct naive *naive, pecs_entity entity)
{
    assert(naive_alive(naive, entity));
    struct naive_slot *slot = &naive->slots[entity.index];
    naive_open_tick(naive);
    slot->alive = false;
    drop_id(naive, slot);
    naive->alive_count--;
    if (!slot_free(slot))
        return;
    naive->free_count++;
    if (entity.index < naive->lowest)
        naive->lowest = entity.index;
}

void naive_compact(struct naive *naive)
{
    naive->retired_count = 0;
    while (naive->retired_count < naive->slot_count &&
           slot_free(&naive->slots[naive->slot_count - 1 - naive->retired_count]))
        naive->retired_count++;
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

/* The layout is that of include/pecs/id.h. */
pecs_id naive_birth_id(uint64_t nonce, pecs_entity entity)
{
    const uint64_t halves[] = { (nonce >> 12) << 16 | 0x8000 | (nonce & 0xfff),
                                (uint64_t)(0x80000000u | entity.generation) << 32 | entity.index };
    pecs_id id;
    for (size_t i = 0; i < 16; i++)
        id.bytes[i] = (uint8_t)(halves[i / 8] >> (56 - i % 8 * 8));
    return id;
}

pecs_id naive_id(const struct naive *naive, pecs_entity entity)
{
    const struct naive_slot *slot = &naive->slots[entity.index];
    return slot->id_place == NAIVE_NO_ID ? naive_birth_id(slot->nonce, entity) : naive->ids[slot->id_place].id;
}

bool naive_find(const struct naive *naive, pecs_id id, pecs_entity *ret_entity)
{
    const uint32_t index =
        (uint32_t)id.bytes[12] << 24 | (uint32_t)id.bytes[13] << 16 | (uint32_t)id.bytes[14] << 8 | id.bytes[15];
    size_t place = 0;
    while (place < naive->id_count && memcmp(&naive->ids[place].id, &id, sizeof(id)) != 0)
        place++;
    const uint32_t candidate = place < naive->id_count ? naive->ids[place].index : index;
    if (candidate >= naive->slot_count || !naive->slots[candidate].alive)
        return false;
    *ret_entity = naive_entity(naive, candidate);
    const pecs_id has = naive_id(naive, *ret_entity);
    return memcmp(&has, &id, sizeof(id)) == 0;
}

void naive_give_id(struct naive *naive, pecs_entity entity, pecs_id id)
{
    struct naive_slot *slot = &naive->slots[entity.index];
    const pecs_id birth = naive_birth_id(slot->nonce, entity), present = naive_id(naive, entity);
    if (memcmp(&present, &id, sizeof(id)) != 0)
        naive_open_tick(naive);
    drop_id(naive, slot);
    if (memcmp(&birth, &id, sizeof(id)) == 0)
        return;
    if (naive->id_count == naive->id_capacity) {
        naive->id_capacity = naive->id_capacity * 2 + 16;
        naive->ids = must(realloc(naive->ids, naive->id_capacity * sizeof(*naive->ids)));
    }
    slot->id_place = (uint32_t)naive->id_count;
    naive->ids[naive->id_count++] = (struct naive_id){ id, entity.index };
}

const char *const naive_meta_keys[NAIVE_META_COUNT] = { "author", "level", "level.name", "png", "title", "über" };
const char *const naive_attachment_names[NAIVE_ATTACHMENT_COUNT] = { "map", "seed", "éclair" };

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
    if (model_size(type) || !(slot->has >> type & 1))
        naive_open_tick(naive);
    slot->has |= 1u << type;
    slot->changed[type] = naive->tick;
    value_write(slot->values, type, value);
}

void naive_remove(struct naive *naive, pecs_entity entity, unsigned type)
{
    assert(naive_alive(naive, entity));
    if (naive->slots[entity.index].has >> type & 1)
        naive_open_tick(naive);
    naive->slots[entity.index].has &= ~(1u << type);
}

void naive_touch(struct naive *naive, pecs_entity entity, unsigned type)
{
    assert(naive_alive(naive, entity));
    naive_open_tick(naive);
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
    if (model_size(type) || !(naive->singleton_has >> type & 1))
        naive_open_tick(naive);
    naive->singleton_has |= 1u << type;
    value_write(naive->singletons, type, value);
}

void naive_restored(struct naive *naive, uint64_t tick)
{
    naive->tick = tick;
    naive->tick_is_seen = false;
    for (size_t index = 0; index < naive->slot_count; index++) {
        for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
            naive->slots[index].changed[type] = tick;
    }
}

uint64_t naive_component_bytes(const struct naive *naive)
{
    uint64_t bytes = naive->id_count * sizeof(pecs_id);
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        bytes += naive->singleton_has >> type & 1 ? model_size(type) : 0;
    for (size_t index = 0; index < naive->slot_count; index++) {
        for (unsigned type = 0; naive->slots[index].alive && type < MODEL_TYPE_COUNT; type++)
            bytes += naive->slots[index].has >> type & 1 ? model_size(type) : 0;
    }
    return bytes;
}

uint64_t naive_content_bytes(const struct naive *naive)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < NAIVE_ATTACHMENT_COUNT; i++)
        bytes += naive->attachments[i].is_there ? (naive->attachments[i].size_bytes + 7) / 8 * 8 : 0;
    return bytes;
}
