/*
 * Clones in the model test: of entities of the world itself, of a snapshot of its timeline and of any other. The model
 * first decides where each reference leads, from the world as it was before; then it spawns one clone after the other
 * and sets the values.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

enum { CHOSEN_MAX = 8, COPIES_MAX = 2000 };

/* In the model's copies of values: the generation of a reference to a chosen entity, whose place is its index. */
#define CHOSEN UINT32_MAX

struct cloning {
    const pecs_snapshot *snapshot; /* NULL: the world itself */
    const struct naive *from, *to;
    bool is_of_timeline;
    pecs_entity entities[CHOSEN_MAX];
    size_t count, copy_count;
    uint8_t values[CHOSEN_MAX][MODEL_VALUE_BYTES];
    const pecs_entity *made; /* the clones of one copy */
};

/* --- choosing --- */

static void choose_source(struct model *model, const struct test_world *world, struct cloning *cloning,
                          unsigned *ret_registry)
{
    const uint64_t kind = random_below(&model->random, 4);
    const struct test_snapshot *snapshot = kind == 0  ? NULL
                                           : kind < 3 ? choose_snapshot_of(model, world)
                                                      : choose_snapshot(model);
    *cloning = (struct cloning){ .snapshot = snapshot ? snapshot->snapshot : NULL,
                                 .from = snapshot ? snapshot->naive : world->naive,
                                 .to = world->naive,
                                 .is_of_timeline = !snapshot || snapshot->timeline == world->timeline };
    *ret_registry = snapshot ? snapshot->registry : world->registry;
}

static size_t place_of(const struct cloning *cloning, pecs_entity entity)
{
    size_t place = 0;
    while (place < cloning->count && memcmp(&cloning->entities[place], &entity, sizeof(entity)) != 0)
        place++;
    return place;
}

static bool is_known(const struct naive *naive, pecs_entity entity)
{
    return entity.index < naive->slot_count && entity.generation <= naive->slots[entity.index].generation;
}

/* Finds an entity that refers to one that the world does not know: a rewind undid it. */
static bool find_undone(struct model *model, const struct cloning *cloning, pecs_entity *ret_entity)
{
    const struct naive *from = cloning->from;
    const size_t start = random_below(&model->random, from->slot_count);
    for (size_t i = 0; i < from->slot_count && i < 1000; i++) {
        const struct naive_slot *slot = &from->slots[(start + i) % from->slot_count];
        pecs_entity other;
        memcpy(&other, slot->values + model_offsets[TYPE_LINK], sizeof(other));
        *ret_entity = naive_entity(from, (start + i) % from->slot_count);
        if (slot->alive && slot->has >> TYPE_LINK & 1 && other.generation && !is_known(cloning->to, other))
            return true;
    }
    return false;
}

static void follow(void *user, pecs_entity *entity)
{
    *(pecs_entity *)user = *entity;
}

/* An entity that another one refers to. */
static bool find_linked(struct model *model, const struct naive *from, pecs_entity entity, pecs_entity *ret_other)
{
    const struct naive_slot *slot = &from->slots[entity.index];
    const unsigned type = random_once_in(&model->random, 2) ? TYPE_LINK : TYPE_LINKS;
    uint8_t value[MODEL_VALUE_BYTES];
    memcpy(value, slot->values + model_offsets[type], model_size(type));
    if (slot->has >> type & 1)
        model_value_entities(type, value, follow, ret_other);
    return slot->has >> type & 1 && naive_alive(from, *ret_other);
}

/* An entity of the source that was not chosen yet. */
static bool choose_next(struct model *model, const struct cloning *cloning, pecs_entity *ret_entity)
{
    pecs_entity other;
    if (!choose_alive(model, cloning->from, ret_entity))
        return false;
    if (random_once_in(&model->random, 2)) {
        const bool is_past = cloning->snapshot && cloning->is_of_timeline;
        if (cloning->count ? find_linked(model, cloning->from, cloning->entities[cloning->count - 1], &other)
                           : is_past && find_undone(model, cloning, &other))
            *ret_entity = other;
    }
    return place_of(cloning, *ret_entity) == cloning->count;
}

static void choose_entities(struct model *model, struct cloning *cloning)
{
    const size_t most = model->size + model->size / 8, alive = cloning->to->alive_count;
    const size_t room = alive < most ? most - alive : 0; /* the world stays about as large as without clones */
    const size_t wanted = random_once_in(&model->random, 12) ? 0 : 1 + random_below(&model->random, CHOSEN_MAX);
    for (size_t i = 0; i < wanted; i++)
        cloning->count += choose_next(model, cloning, &cloning->entities[cloning->count]);
    cloning->copy_count = random_once_in(&model->random, 12) ? 0 : 1 + random_below(&model->random, 3);
    if (cloning->count && random_once_in(&model->random, 8))
        cloning->copy_count = random_below(&model->random, room / cloning->count + 1);
    if (cloning->copy_count > COPIES_MAX)
        cloning->copy_count = COPIES_MAX;
    if (cloning->copy_count * cloning->count > room)
        cloning->copy_count = alive < 2 * model->size;
}

/* --- the same in the model --- */

static void lead(void *user, pecs_entity *entity)
{
    const struct cloning *cloning = user;
    const size_t place = place_of(cloning, *entity);
    pecs_entity target = { 0, 0 };
    if (!entity->generation)
        return;
    if (place < cloning->count) {
        *entity = (pecs_entity){ (uint32_t)place, CHOSEN };
        return;
    }
    if (cloning->is_of_timeline) {
        target = is_known(cloning->to, *entity) ? *entity : target;
    } else if (naive_alive(cloning->from, *entity)) {
        if (!naive_find(cloning->to, naive_id(cloning->from, *entity), &target))
            target = (pecs_entity){ 0, 0 };
    }
    *entity = target;
}

static void lead_all(struct cloning *cloning)
{
    for (size_t i = 0; i < cloning->count; i++) {
        const struct naive_slot *slot = &cloning->from->slots[cloning->entities[i].index];
        memcpy(cloning->values[i], slot->values, MODEL_VALUE_BYTES);
        for (unsigned type = 0; type < MODEL_SIZED_COUNT; type++)
            if (slot->has >> type & 1)
                model_value_entities(type, cloning->values[i] + model_offsets[type], lead, cloning);
    }
}

static void lead_to_clone(void *user, pecs_entity *entity)
{
    const struct cloning *cloning = user;
    if (entity->generation == CHOSEN)
        *entity = cloning->made[entity->index];
}

static void set_values(struct naive *naive, const struct cloning *cloning, size_t place, uint32_t has)
{
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        uint8_t value[MODEL_VALUE_BYTES];
        if (!(has >> type & 1))
            continue;
        memcpy(value, cloning->values[place] + model_offsets[type], model_size(type));
        model_value_entities(type, value, lead_to_clone, (void *)(uintptr_t)cloning);
        naive_set(naive, cloning->made[place], type, value);
    }
}

static void clone_naive(struct model *model, struct test_world *world, struct cloning *cloning,
                        const pecs_entity *handles)
{
    struct naive *naive = world->naive;
    uint32_t has[CHOSEN_MAX];
    pecs_entity made[CHOSEN_MAX];
    cloning->made = made;
    lead_all(cloning);
    for (size_t i = 0; i < cloning->count; i++)
        has[i] = cloning->from->slots[cloning->entities[i].index].has; /* the source may be this model */
    for (size_t copy = 0; copy < cloning->copy_count; copy++) {
        for (size_t i = 0; i < cloning->count; i++) {
            made[i] = naive_spawn(naive);
            const pecs_entity *handle = handles ? &handles[copy * cloning->count + i] : &made[i];
            if (memcmp(handle, &made[i], sizeof(*handle)) != 0)
                model_fail(model, "clone {%" PRIu32 ", %" PRIu32 "}, should be {%" PRIu32 ", %" PRIu32 "}",
                           handle->index, handle->generation, made[i].index, made[i].generation);
            model_touch(model, made[i]);
        }
        for (size_t i = 0; i < cloning->count; i++)
            set_values(naive, cloning, i, has[i]);
    }
    ids_learn(model, world);
}

/* --- the operation --- */

/* One that is dead, or is listed twice. */
static void clone_refused(struct model *model, struct test_world *world, struct cloning *cloning)
{
    pecs_entity handles[2 * CHOSEN_MAX] = { { 7, 7 } };
    const size_t at = random_below(&model->random, cloning->count);
    cloning->entities[at] = cloning->count > 1 && random_once_in(&model->random, 2)
                                ? cloning->entities[(at + 1) % cloning->count]
                                : choose_dead(model, cloning->from);
    const pecs_status status = pecs_world_clone(world->world, cloning->snapshot, cloning->entities, cloning->count,
                                                random_below(&model->random, 3), handles);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_DEAD, "a clone of a dead entity, or of one that is listed twice");
    if (handles[0].index != 7 || handles[0].generation != 7)
        model_fail(model, "a failed clone wrote a handle");
    model_count(model, "clone: refused");
}

static void clone(struct model *model, struct test_world *world, struct cloning *cloning)
{
    const size_t total = cloning->count * cloning->copy_count;
    pecs_entity *handles = calloc(total + cloning->count + 1, sizeof(*handles));
    const unsigned returned = (unsigned)random_below(&model->random, 4);
    if (!handles)
        abort();
    /* the entities' own array may receive the handles */
    memcpy(handles, cloning->entities, cloning->count * sizeof(*handles));
    const pecs_status status =
        pecs_world_clone(world->world, cloning->snapshot, returned == 1 ? handles : cloning->entities, cloning->count,
                         cloning->copy_count, returned ? handles : NULL);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_clone");
        clone_naive(model, world, cloning, returned ? handles : NULL);
        model_count(model, !total                    ? "clone: none"
                           : !cloning->snapshot      ? "clone: of the world"
                           : cloning->is_of_timeline ? "clone: of the timeline"
                                                     : "clone: of another");
    }
    model->in_doubt |= world->naive->alive_count < 64;
    free(handles);
}

void op_clone(struct model *model, struct test_world *world)
{
    struct cloning cloning;
    unsigned registry;
    choose_source(model, world, &cloning, &registry);
    if (registry != world->registry) {
        pecs_entity entity;
        if (choose_alive(model, cloning.from, &entity))
            model_expect(model, pecs_world_clone(world->world, cloning.snapshot, &entity, 1, 1, NULL), PECS_E_MISUSE,
                         "a clone from a snapshot of another registry");
        return;
    }
    choose_entities(model, &cloning);
    if (cloning.count && random_once_in(&model->random, 8))
        clone_refused(model, world, &cloning);
    else
        clone(model, world, &cloning);
}
