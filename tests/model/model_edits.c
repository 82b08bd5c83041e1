/*
 * Edits of the model test: spawn, despawn, set, remove, edit, singletons, advance, compact, and misuse of each. The
 * model changes only after the library returned success; a refusal must change nothing.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

/* --- spawn --- */

static void spawn_rows(struct model *model, struct test_world *world, uint32_t mask, size_t rows)
{
    struct batch batch;
    batch_fill(&batch, model, world, mask, rows);
    const bool wanted = !random_once_in(&model->random, 8);
    pecs_entity *handles = calloc(rows + 1, sizeof(*handles));
    if (!handles)
        abort();
    const pecs_status status = pecs_world_spawn(world->world, batch.values, batch.count, rows, wanted ? handles : NULL);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_spawn");
        for (size_t row = 0; row < rows; row++) {
            const pecs_entity entity = naive_spawn(world->naive);
            for (size_t i = 0; i < batch.count; i++)
                naive_set(world->naive, entity, batch.types[i], batch_value(&batch, i, row));
            if (wanted && (handles[row].index != entity.index || handles[row].generation != entity.generation))
                model_fail(model, "spawned {%" PRIu32 ", %" PRIu32 "}, should be {%" PRIu32 ", %" PRIu32 "}",
                           handles[row].index, handles[row].generation, entity.index, entity.generation);
            model_touch(model, entity);
        }
        ids_learn(model, world);
    }
    free(handles);
    batch_free(&batch);
}

void op_spawn(struct model *model, struct test_world *world)
{
    if (world->naive->alive_count < 2 * model->size)
        spawn_rows(model, world, choose_mask(model), 1);
}

void op_spawn_many(struct model *model, struct test_world *world)
{
    const size_t alive = world->naive->alive_count;
    if (alive >= model->size)
        return;
    /* Mostly a few; often many if the world is nearly empty. */
    size_t rows = random_below(&model->random, 9);
    if (alive < model->size / 2)
        rows = random_once_in(&model->random, 2) ? model->size - alive : model->size / 4;
    else if (random_once_in(&model->random, 32))
        rows = random_below(&model->random, model->size / 4);
    spawn_rows(model, world, choose_mask(model), rows);
}

static void expect_misuse(struct model *model, pecs_status status, const char *call)
{
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_MISUSE, call);
}

/* Values that every call must refuse: unknown component, wrong size, a component twice, a tag with a size. */
static size_t bad_values(struct model *model, struct test_world *world, struct batch *ret_batch)
{
    const unsigned type = (unsigned)random_below(&model->random, MODEL_SIZED_COUNT);
    batch_fill(ret_batch, model, world, 1u << type | 1u << TYPE_TAG_B, 1);
    switch (random_below(&model->random, 4)) {
    case 0:
        ret_batch->values[0].component = 1u << 20;
        break;
    case 1:
        ret_batch->values[1].size_bytes++;
        break;
    case 2:
        ret_batch->values[1] = ret_batch->values[0];
        break;
    default:
        ret_batch->values[0].component = (pecs_component)pecs_registry_type_count(model->registries[world->registry]);
        break;
    }
    return ret_batch->count;
}

void op_spawn_misuse(struct model *model, struct test_world *world)
{
    struct batch batch;
    pecs_entity handle = { 7, 7 };
    const size_t count = bad_values(model, world, &batch);
    expect_misuse(model, pecs_world_spawn(world->world, batch.values, count, 1, &handle), "spawn of bad values");
    batch_free(&batch);
    const size_t too_many[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, (size_t)UINT32_MAX };
    batch_fill(&batch, model, world, choose_mask(model), 0);
    const size_t rows = too_many[random_below(&model->random, sizeof(too_many) / sizeof(too_many[0]))];
    const pecs_status status = pecs_world_spawn(world->world, batch.values, batch.count, rows, &handle);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_LIMIT, "spawn of more rows than there can be");
    batch_free(&batch);
    if (handle.index != 7 || handle.generation != 7)
        model_fail(model, "a failed spawn wrote a handle");
}

/* --- despawn --- */

enum { DESPAWN_MAX = 64 };

/* Different living entities in random order. */
static size_t choose_several(struct model *model, const struct naive *naive, pecs_entity *entities)
{
    const size_t wanted = random_once_in(&model->random, 3) ? random_below(&model->random, DESPAWN_MAX) : 1;
    size_t count = 0;
    walk_begin(model, naive);
    for (size_t attempt = 0; attempt < 2 * wanted && count < wanted; attempt++) {
        pecs_entity entity;
        if (!choose_alive(model, naive, &entity) || walk_seen(model, entity.index))
            continue;
        model->seen[entity.index] = model->walk;
        entities[count++] = entity;
    }
    return count;
}

void op_despawn(struct model *model, struct test_world *world)
{
    pecs_entity entities[DESPAWN_MAX];
    const size_t count = choose_several(model, world->naive, entities);
    const pecs_status status = pecs_world_despawn(world->world, entities, count);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_world_despawn");
    for (size_t i = 0; i < count; i++) {
        naive_despawn(world->naive, entities[i]);
        model_touch(model, entities[i]);
    }
}

void op_despawn_refused(struct model *model, struct test_world *world)
{
    pecs_entity entities[DESPAWN_MAX + 1];
    size_t count = choose_several(model, world->naive, entities);
    const pecs_entity dead = choose_dead(model, world->naive);
    const bool twice = count > 0 && random_once_in(&model->random, 2);
    entities[count] = twice ? entities[random_below(&model->random, count)] : dead;
    const size_t at = random_below(&model->random, count + 1);
    const pecs_entity last = entities[count];
    entities[count] = entities[at];
    entities[at] = last;
    count++;
    const pecs_status status = pecs_world_despawn(world->world, entities, count);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_DEAD, twice ? "despawn of one twice" : "despawn of a dead one");
    for (size_t i = 0; i < count; i++)
        model_touch(model, entities[i]);
}

void op_despawn_matching(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    const struct test_query *query = choose_query(model, world->registry);
    const size_t matching = model_match_count(query, naive);
    if (matching * 2 > naive->alive_count && !random_once_in(&model->random, 8))
        return;
    uint64_t count = UINT64_MAX;
    const bool wanted = !random_once_in(&model->random, 8);
    const pecs_status status = pecs_world_despawn_matching(world->world, query->query, wanted ? &count : NULL);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_world_despawn_matching");
    if (wanted && count != matching)
        model_fail(model, "despawned %" PRIu64 ", should be %zu", count, matching);
    for (size_t index = 0; index < naive->slot_count; index++) {
        if (!model_matches(query, &naive->slots[index]))
            continue;
        model_touch(model, naive_entity(naive, index));
        naive_despawn(naive, naive_entity(naive, index));
    }
    if (matching)
        model_count(model, "despawn_matching: some");
}

/* --- set, remove, edit --- */

void op_set(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_entity entity;
    if (!choose_alive(model, naive, &entity))
        return;
    const uint32_t has = naive->slots[entity.index].has;
    uint32_t mask = choose_mask(model);
    const unsigned kind = (unsigned)random_below(&model->random, 3);
    if (kind == 0)
        mask &= has;
    else if (kind == 1)
        mask = mask & ~has ? mask & ~has : mask;
    struct batch batch;
    batch_fill(&batch, model, world, mask, 1);
    const pecs_status status = pecs_world_set(world->world, entity, batch.values, batch.count);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_set");
        for (size_t i = 0; i < batch.count; i++)
            naive_set(naive, entity, batch.types[i], batch_value(&batch, i, 0));
        model_count(model, !(mask & ~has) ? "set: present" : mask & has ? "set: mixed" : "set: absent");
    }
    model_touch(model, entity);
    batch_free(&batch);
}

/* Several living entities in random order, some of them more than once. */
static size_t choose_repeated(struct model *model, const struct naive *naive, pecs_entity *entities)
{
    size_t count = choose_several(model, naive, entities);
    while (count && count < DESPAWN_MAX && random_once_in(&model->random, 3)) {
        const size_t from = random_below(&model->random, count), to = random_below(&model->random, count);
        entities[count++] = entities[to];
        entities[to] = entities[from];
    }
    return count;
}

void op_set_many(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_entity entities[DESPAWN_MAX];
    const size_t count = choose_repeated(model, naive, entities);
    uint32_t mask = choose_mask(model), common = UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        common &= naive->slots[entities[i].index].has;
    if (random_once_in(&model->random, 2))
        mask &= common;
    struct batch batch;
    batch_fill(&batch, model, world, mask, count);
    const pecs_status status = pecs_world_set_many(world->world, entities, count, batch.values, batch.count);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_set_many");
        for (size_t row = 0; row < count; row++)
            for (size_t i = 0; i < batch.count; i++)
                naive_set(naive, entities[row], batch.types[i], batch_value(&batch, i, row));
        if (count > 1)
            model_count(model, mask & ~common ? "set_many: some absent" : "set_many: all present");
    }
    for (size_t i = 0; i < count; i++)
        model_touch(model, entities[i]);
    batch_free(&batch);
}

static void set_many_of_dead(struct model *model, struct test_world *world)
{
    pecs_entity entities[DESPAWN_MAX + 1];
    struct batch batch;
    const size_t count = choose_repeated(model, world->naive, entities);
    const size_t at = random_below(&model->random, count + 1);
    entities[count] = entities[at];
    entities[at] = choose_dead(model, world->naive);
    batch_fill(&batch, model, world, choose_mask(model), count + 1);
    const pecs_status status = pecs_world_set_many(world->world, entities, count + 1, batch.values, batch.count);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_DEAD, "set_many of a dead entity");
    for (size_t i = 0; i <= count; i++)
        model_touch(model, entities[i]);
    batch_free(&batch);
}

void op_set_refused(struct model *model, struct test_world *world)
{
    set_many_of_dead(model, world);
    struct batch batch;
    const pecs_entity dead = choose_dead(model, world->naive);
    batch_fill(&batch, model, world, choose_mask(model), 1);
    pecs_status status = pecs_world_set(world->world, dead, batch.values, batch.count);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_DEAD, "set of a dead entity");
    batch_free(&batch);
    pecs_entity entity;
    if (!choose_alive(model, world->naive, &entity))
        return;
    const size_t count = bad_values(model, world, &batch);
    expect_misuse(model, pecs_world_set(world->world, entity, batch.values, count), "set of bad values");
    expect_misuse(model, pecs_world_set_many(world->world, &entity, 1, batch.values, count), "set_many of bad values");
    batch_free(&batch);
    model_touch(model, entity);
}

static size_t mask_components(const struct test_world *world, uint32_t mask, pecs_component *components)
{
    size_t count = 0;
    for (unsigned type = MODEL_TYPE_COUNT; type-- > 0;) {
        if (mask >> type & 1)
            components[count++] = model_component(world->registry, type);
    }
    return count;
}

void op_remove(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_entity entity;
    if (!choose_alive(model, naive, &entity))
        return;
    const uint32_t has = naive->slots[entity.index].has;
    /* Mostly one component, so that entities keep some. */
    uint32_t mask = 1u << random_below(&model->random, MODEL_TYPE_COUNT);
    if (random_once_in(&model->random, 3))
        mask = choose_mask(model);
    pecs_component components[MODEL_TYPE_COUNT];
    const size_t count = mask_components(world, mask, components);
    const pecs_status status = pecs_world_remove(world->world, entity, components, count);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_remove");
        for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
            if (mask >> type & 1)
                naive_remove(naive, entity, type);
        }
        model_count(model, mask & has ? "remove: some" : "remove: none there");
    }
    model_touch(model, entity);
}

void op_remove_refused(struct model *model, struct test_world *world)
{
    const pecs_component components[] = { 0, 1u << 20 };
    pecs_status status = pecs_world_remove(world->world, choose_dead(model, world->naive), components, 1);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_DEAD, "remove from a dead entity");
    pecs_entity entity;
    if (!choose_alive(model, world->naive, &entity))
        return;
    expect_misuse(model, pecs_world_remove(world->world, entity, components, 2), "remove of an unknown component");
    model_touch(model, entity);
}

void op_edit(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_entity entity;
    if (!choose_alive(model, naive, &entity))
        return;
    unsigned type = (unsigned)random_below(&model->random, MODEL_SIZED_COUNT);
    for (unsigned i = 0; i < MODEL_SIZED_COUNT && !naive_get(naive, entity, type); i++)
        type = (type + 1) % MODEL_SIZED_COUNT;
    const void *known = naive_get(naive, entity, type);
    void *value = NULL;
    const pecs_status status =
        pecs_world_get_mut(world->world, entity, model_component(world->registry, type), model_size(type), &value);
    if (model_refused(model, status))
        return;
    model_expect(model, status, known ? PECS_OK : PECS_E_ABSENT, "pecs_world_get_mut");
    model_touch(model, entity);
    if (!known)
        return;
    if (!model_value_equal(type, value, known))
        model_fail(model, "{%" PRIu32 ", %" PRIu32 "}: edit gives another value of %s", entity.index, entity.generation,
                   model_types[type]->name);
    model_value_random(type, value, &model->random, choose_handle, naive);
    naive_set(naive, entity, type, value);
    model_count(model, "edit: done");
}

void op_edit_refused(struct model *model, struct test_world *world)
{
    const pecs_component word = model_component(world->registry, TYPE_WORD);
    const pecs_component tag = model_component(world->registry, TYPE_TAG_A);
    void *untouched = model, *value = untouched;
    pecs_status status = pecs_world_get_mut(world->world, choose_dead(model, world->naive), word, 4, &value);
    model_expect(model, status, PECS_E_DEAD, "edit of a dead entity");
    pecs_entity entity;
    if (choose_alive(model, world->naive, &entity)) {
        expect_misuse(model, pecs_world_get_mut(world->world, entity, word, 8, &value), "edit with a wrong size");
        expect_misuse(model, pecs_world_get_mut(world->world, entity, 1u << 20, 4, &value), "edit of no component");
        expect_misuse(model, pecs_world_get_mut(world->world, entity, tag, 0, &value), "edit of a tag");
        model_touch(model, entity);
    }
    if (value != untouched)
        model_fail(model, "a failed edit gave a pointer");
}

/* --- singletons --- */

void op_singleton_set(struct model *model, struct test_world *world)
{
    const unsigned type = (unsigned)random_below(&model->random, MODEL_TYPE_COUNT);
    const pecs_component component = model_component(world->registry, type);
    uint8_t value[MODEL_VALUE_BYTES];
    model_value_random(type, value, &model->random, choose_handle, world->naive);
    const void *data = model_size(type) && !random_once_in(&model->random, 16) ? value : NULL; /* or zeros */
    pecs_status status = pecs_world_set_singleton(world->world, component, model_size(type), data);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_set_singleton");
        naive_set_singleton(world->naive, type, data);
    }
    expect_misuse(model, pecs_world_set_singleton(world->world, component, model_size(type) + 1, value),
                  "set_singleton with a wrong size");
    model->in_doubt |= world->naive->alive_count < 64;
}

void op_singleton_edit(struct model *model, struct test_world *world)
{
    const unsigned type = (unsigned)random_below(&model->random, MODEL_TYPE_COUNT);
    const bool has = world->naive->singleton_has >> type & 1;
    void *value = NULL;
    const pecs_status status =
        pecs_world_get_singleton_mut(world->world, model_component(world->registry, type), model_size(type), &value);
    if (model_refused(model, status))
        return;
    const bool editable = has && model_size(type) > 0;
    model_expect(model, status,
                 model_size(type) == 0 ? PECS_E_MISUSE
                 : has                 ? PECS_OK
                                       : PECS_E_ABSENT,
                 "pecs_world_get_singleton_mut");
    if (!editable)
        return;
    if (!model_value_equal(type, value, world->naive->singletons + model_offsets[type]))
        model_fail(model, "edit_singleton gives another value of %s", model_types[type]->name);
    model_value_random(type, value, &model->random, choose_handle, world->naive);
    naive_set_singleton(world->naive, type, value);
    model->in_doubt |= world->naive->alive_count < 64;
    model_count(model, "edit_singleton: done");
}

void op_singleton_remove(struct model *model, struct test_world *world)
{
    const unsigned type = (unsigned)random_below(&model->random, MODEL_TYPE_COUNT);
    const bool has = world->naive->singleton_has >> type & 1;
    const pecs_status status = pecs_world_remove_singleton(world->world, model_component(world->registry, type));
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_world_remove_singleton");
    if (has)
        naive_open_tick(world->naive);
    world->naive->singleton_has &= ~(1u << type);
    model->in_doubt |= world->naive->alive_count < 64;
    if (has)
        model_count(model, "remove_singleton: done");
}

/* --- the rest --- */

void op_advance(struct model *model, struct test_world *world)
{
    uint64_t tick = 0;
    const pecs_status status = pecs_world_advance(world->world, &tick);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_world_advance");
    if (tick <= world->naive->tick)
        model_fail(model, "advance from tick %" PRIu64 " to %" PRIu64, world->naive->tick, tick);
    world->naive->tick = tick;
    world->naive->tick_is_seen = false;
    if (pecs_view_tick(pecs_world_view(world->world)) != tick)
        model_fail(model, "the view's tick is not that of the advance");
}

void op_misuse_handles(struct model *model, struct test_world *world)
{
    const pecs_view view = pecs_world_view(world->world);
    const pecs_entity dead = choose_dead(model, world->naive);
    const pecs_component word = model_component(world->registry, TYPE_WORD);
    if (pecs_view_alive(view, dead) || pecs_view_has(view, dead, word) || pecs_view_get(view, dead, word, 4))
        model_fail(model, "{%" PRIu32 ", %" PRIu32 "} is not alive, but was found", dead.index, dead.generation);
    pecs_entity entity;
    if (!choose_alive(model, world->naive, &entity))
        return;
    if (pecs_view_has(view, entity, 1u << 20) || pecs_view_get(view, entity, 1u << 20, 4) ||
        pecs_view_get(view, entity, word, 3) || pecs_view_get(view, entity, word, 0))
        model_fail(model, "an unknown component or a wrong size was found");
    if (pecs_view_get_singleton(view, 1u << 20, 4) || pecs_view_get_singleton(view, word, 5))
        model_fail(model, "an unknown singleton was found");
}

/* Nothing visible changes, except the counts of tables and slots; later handles do not change either. */
void op_compact(struct model *model, struct test_world *world)
{
    const pecs_view view = pecs_world_view(world->world);
    const uint64_t hash = pecs_view_hash(view);
    const pecs_status status = pecs_world_compact(world->world, NULL);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_world_compact");
    model_memory_disarm();
    naive_compact(world->naive);
    pecs_table table;
    for (uint64_t i = 0; pecs_view_table(view, i, &table); i++)
        if (!table.row_count)
            model_fail(model, "a compaction left table %" PRIu64 ", which has no rows", i);
    if (pecs_view_hash(view) != hash)
        model_fail(model, "a compaction changed the content");
    model_count(model, world->naive->retired_count ? "compact: slots retired" : "compact: no slot retired");
    compare_all(model, view, world->registry, world->naive);
}
