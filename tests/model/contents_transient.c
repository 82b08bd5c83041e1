/*
 * What is transient in contents_test: a Cache, which snapshots keep, a Body, whose values they do not keep, and ghosts,
 * which are entities that no file has. Pointers lead nowhere: the library only copies them.
 */
#include "contents_model.h"

static const void *make_pointer(struct model *model)
{
    return (const void *)(uintptr_t)pick(model, UINT32_MAX);
}

static void make_cache(struct model *model, struct shadow *shadow, bool has_cache)
{
    shadow->has_cache = has_cache;
    shadow->cache = (Cache){ has_cache ? make_pointer(model) : NULL };
}

static void make_body(struct model *model, struct shadow *shadow, bool has_body)
{
    shadow->has_body = has_body;
    shadow->body = has_body ? (Body){ make_pointer(model), 1 + pick(model, 1000) } : (Body){ NULL, 0 };
}

void make_transient(struct model *model, struct shadow *shadow)
{
    make_cache(model, shadow, pick(model, 4) == 0);
    make_body(model, shadow, pick(model, 6) == 0);
    shadow->is_ghost = pick(model, 12) == 0;
}

size_t transient_values(const struct shadow *shadow, pecs_value values[3])
{
    size_t count = 0;
    if (shadow->has_cache)
        values[count++] = (pecs_value)PECS_ROWS(Cache, &shadow->cache);
    if (shadow->has_body)
        values[count++] = (pecs_value)PECS_ROWS(Body, &shadow->body);
    if (shadow->is_ghost)
        values[count++] = (pecs_value)PECS_HAS(Ghost);
    return count;
}

void change_transient(struct model *model, struct shadow *shadow)
{
    const uint64_t choice = pick(model, 8);
    if (choice < 3) {
        make_cache(model, shadow, choice > 0);
        CHECK(model, !(choice ? pecs_set_ptr(model->world, shadow->entity, Cache, &shadow->cache)
                              : pecs_remove(model->world, shadow->entity, Cache)));
    } else if (choice < 5) {
        make_body(model, shadow, choice > 3);
        CHECK(model, !(shadow->has_body ? pecs_set_ptr(model->world, shadow->entity, Body, &shadow->body)
                                        : pecs_remove(model->world, shadow->entity, Body)));
    } else if (choice < 6) {
        if (!shadow->has_body) {
            CHECK(model, !pecs_add(model->world, shadow->entity, Body));
            shadow->has_body = true; /* of zeros */
        }
        Body *body = pecs_get_mut(model->world, shadow->entity, Body);
        shadow->body.pointer = body->pointer = make_pointer(model);
    } else {
        shadow->is_ghost = choice > 6 && pick(model, 2);
        CHECK(model, !(shadow->is_ghost ? pecs_add(model->world, shadow->entity, Ghost)
                                        : pecs_remove(model->world, shadow->entity, Ghost)));
    }
}

void change_own_transient(struct model *model)
{
    struct shadow *own = &model->now.own;
    make_cache(model, own, pick(model, 3) > 0);
    CHECK(model,
          !(own->has_cache ? pecs_world_set_singleton(model->world, Cache_component, sizeof(own->cache), &own->cache)
                           : pecs_world_remove_singleton(model->world, Cache_component)));
    make_body(model, own, pick(model, 3) > 0);
    CHECK(model, !(own->has_body ? pecs_world_set_singleton(model->world, Body_component, sizeof(own->body), &own->body)
                                 : pecs_world_remove_singleton(model->world, Body_component)));
}

/* What becomes of it. */

void contents_forget_bodies(struct contents *contents)
{
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        contents->shadows[i].body = (Body){ NULL, 0 };
    contents->own.body = (Body){ NULL, 0 };
}

static void drop_transient(struct shadow *shadow)
{
    shadow->has_cache = shadow->has_body = shadow->is_ghost = false;
    shadow->cache = (Cache){ NULL };
    shadow->body = (Body){ NULL, 0 };
}

static uint64_t count_friends(struct shadow *shadow, const pecs_entity *ghosts, size_t ghost_count, bool clears)
{
    pecs_entity *friends = (pecs_entity *)(void *)shadow->friends.data;
    uint64_t count = 0;
    for (size_t i = 0; shadow->has_bag && i < shadow->friends.size / sizeof(*friends); i++) {
        size_t place = 0;
        while (place < ghost_count && memcmp(&friends[i], &ghosts[place], sizeof(*ghosts)) != 0)
            place++;
        if (place == ghost_count)
            continue;
        count++;
        if (clears)
            friends[i] = (pecs_entity){ 0, 0 };
    }
    return count;
}

uint64_t contents_leave_out(struct contents *contents, bool clears)
{
    pecs_entity ghosts[ENTITY_COUNT];
    size_t ghost_count = 0;
    for (size_t i = 0; i < ENTITY_COUNT; i++) {
        struct shadow *shadow = &contents->shadows[i];
        if (shadow->entity.generation && shadow->is_ghost) {
            ghosts[ghost_count++] = shadow->entity;
            shadow_clear(shadow);
        }
        drop_transient(shadow);
    }
    drop_transient(&contents->own);
    uint64_t count = count_friends(&contents->own, ghosts, ghost_count, clears);
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (contents->shadows[i].entity.generation)
            count += count_friends(&contents->shadows[i], ghosts, ghost_count, clears);
    return count;
}
