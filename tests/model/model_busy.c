/*
 * Edits while an iteration is open: structural edits return PECS_E_BUSY and change nothing; edits of values work, and
 * the iteration's pointers stay readable until it ends.
 */
#include "model.h"

#include <stdio.h>
#include <string.h>

struct busy {
    struct model *model;
    struct test_world *world;
    bool writing; /* an edit iteration is open, not just a reading one */
};

static void expect_busy(const struct busy *busy, pecs_status status, const char *call)
{
    if (!model_refused(busy->model, status))
        model_expect(busy->model, status, PECS_E_BUSY, call);
}

static void try_spawn(const struct busy *busy)
{
    struct batch batch;
    batch_fill(&batch, busy->model, busy->world, choose_mask(busy->model), 1);
    expect_busy(busy, pecs_world_spawn(busy->world->world, batch.values, batch.count, 1, NULL),
                "spawn while iterating");
    batch_free(&batch);
}

static void try_compact(const struct busy *busy)
{
    expect_busy(busy, pecs_world_compact(busy->world->world, NULL), "compact while iterating");
}

static void try_despawn(const struct busy *busy)
{
    struct model *model = busy->model;
    pecs_entity entity;
    if (choose_alive(model, busy->world->naive, &entity))
        expect_busy(busy, pecs_world_despawn(busy->world->world, &entity, 1), "despawn while iterating");
    const struct test_query *query = choose_query(model, busy->world->registry);
    if (model_match_count(query, busy->world->naive))
        expect_busy(busy, pecs_world_despawn_matching(busy->world->world, query->query, NULL),
                    "despawn_matching while iterating");
}

/* Sets one component of an entity: refused if it must be added, done if the entity has it. */
static void try_set(const struct busy *busy)
{
    struct model *model = busy->model;
    struct naive *naive = busy->world->naive;
    pecs_entity entity;
    if (!choose_alive(model, naive, &entity))
        return;
    const unsigned type = (unsigned)random_below(&model->random, MODEL_TYPE_COUNT);
    struct batch batch;
    batch_fill(&batch, model, busy->world, 1u << type, 1);
    const pecs_status status = pecs_world_set(busy->world->world, entity, batch.values, 1);
    if (!(naive->slots[entity.index].has >> type & 1)) {
        expect_busy(busy, status, "set of an absent component while iterating");
    } else if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "set of a present component while iterating");
        naive_set(naive, entity, type, batch_value(&batch, 0, 0));
        model_touch(model, entity);
    }
    batch_free(&batch);
}

static void try_remove(const struct busy *busy)
{
    struct model *model = busy->model;
    pecs_entity entity;
    if (!choose_alive(model, busy->world->naive, &entity) || !busy->world->naive->slots[entity.index].has)
        return;
    unsigned type = 0;
    while (!(busy->world->naive->slots[entity.index].has >> type & 1))
        type++;
    const pecs_component component = model_component(busy->world->registry, type);
    expect_busy(busy, pecs_world_remove(busy->world->world, entity, &component, 1), "remove while iterating");
}

static void try_singletons(const struct busy *busy)
{
    struct model *model = busy->model;
    struct naive *naive = busy->world->naive;
    const unsigned type = (unsigned)random_below(&model->random, MODEL_SIZED_COUNT);
    const pecs_component component = model_component(busy->world->registry, type);
    uint8_t value[MODEL_VALUE_BYTES];
    model_value_random(type, value, &model->random, choose_handle, naive);
    pecs_status status = pecs_world_set_singleton(busy->world->world, component, model_size(type), value);
    if (!(naive->singleton_has >> type & 1)) {
        expect_busy(busy, status, "a singleton added while iterating");
        return;
    }
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "a singleton set while iterating");
        naive_set_singleton(naive, type, value);
    }
    expect_busy(busy, pecs_world_remove_singleton(busy->world->world, component),
                "a singleton removed while iterating");
}

/* Changes of ids are refused, changes of metadata are not. */
static void try_ids(const struct busy *busy)
{
    const struct naive *naive = busy->world->naive;
    pecs_entity entity, other;
    const pecs_id id = ids_random(busy->model);
    if (naive_find(naive, id, &other) || !choose_alive(busy->model, naive, &entity))
        return;
    expect_busy(busy, pecs_world_set_id(busy->world->world, entity, id), "set_id while iterating");
    expect_busy(busy, pecs_world_remap_id(busy->world->world, naive_id(naive, entity), id), "remap_id while iterating");
    expect_busy(busy, pecs_world_spawn_with_ids(busy->world->world, NULL, 0, &id, 1, NULL),
                "spawn_with_ids while iterating");
    op_meta_set(busy->model, busy->world);
}

static void try_transplants(const struct busy *busy)
{
    pecs_world *world = busy->world->world;
    const struct test_snapshot *snapshot = choose_snapshot(busy->model);
    pecs_entity entity;
    if (choose_alive(busy->model, busy->world->naive, &entity))
        expect_busy(busy, pecs_world_clone(world, NULL, &entity, 1, 1, NULL), "clone while iterating");
    if (snapshot && snapshot->registry == busy->world->registry)
        expect_busy(busy, pecs_world_merge(world, snapshot->snapshot, PECS_CONFLICTS_KEEP, NULL, NULL),
                    "merge while iterating");
}

static void try_history(const struct busy *busy)
{
    struct model *model = busy->model;
    pecs_world *world = busy->world->world;
    for (size_t i = 0; i < model->snapshot_count; i++) {
        if (model->snapshots[i].registry == busy->world->registry)
            expect_busy(busy, pecs_world_restore(world, model->snapshots[i].snapshot), "restore while iterating");
        if (model->snapshots[i].timeline == busy->world->timeline)
            expect_busy(busy, pecs_world_rewind(world, model->snapshots[i].snapshot), "rewind while iterating");
    }
    expect_busy(busy, pecs_world_advance(world, NULL), "advance while iterating");
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_take(world, &snapshot);
    if (busy->writing) {
        expect_busy(busy, status, "take while an edit iteration is open");
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/busy.pecs", model->directory);
        expect_busy(busy, pecs_world_save(world, path, NULL, NULL), "save while an edit iteration is open");
    } else if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "take while a read iteration is open");
        world_shared(busy->world);
        pecs_snapshot_release(snapshot);
    }
}

static void try_commands(const struct busy *busy)
{
    struct test_commands *commands = &busy->world->commands;
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->list[i].kind == COMMAND_SPAWN) {
            expect_busy(busy, pecs_commands_apply(commands->buffer, busy->world->world, NULL), "apply while iterating");
            return;
        }
    }
}

/* Snapshots may be released at any time; an array that else only the iteration uses must stay. */
static void try_release(const struct busy *busy)
{
    struct model *model = busy->model;
    if (model->snapshot_count)
        snapshot_drop(model, random_below(&model->random, model->snapshot_count));
}

/* Shares the arrays, replaces some by edits, and releases the old ones. */
static void try_share(const struct busy *busy)
{
    struct model *model = busy->model;
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_take(busy->world->world, &snapshot);
    if (busy->writing) {
        expect_busy(busy, status, "take while an edit iteration is open");
        return;
    }
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "take while a read iteration is open");
    world_shared(busy->world);
    for (unsigned i = 0; i < 8; i++)
        try_set(busy);
    pecs_snapshot_release(snapshot);
}

static void try_query(const struct busy *busy)
{
    walk_inside(busy->model, busy->world, random_once_in(&busy->model->random, 2));
}

/* A column pointer of the iteration from before the edits, and a copy of its first bytes. */
enum { HELD_MAX = 48 };
struct held {
    const uint8_t *column;
    uint8_t copy[HELD_MAX * MODEL_VALUE_BYTES];
    pecs_entity entities[HELD_MAX];
    size_t row_count;
    unsigned type;
};

static void held_take(struct held *held, const struct test_query *query, const pecs_iter *iter)
{
    held->column = NULL;
    if (query->term_count == 0 || iter->row_count == 0)
        return;
    held->type = query->terms[0].type;
    const uint32_t size = model_size(held->type);
    pecs_iter copy = *iter; /* the term may be one without a column, which ends an iteration */
    held->column = pecs_iter_column(&copy, model_component(query->registry, held->type), size);
    if (!held->column)
        return;
    held->row_count = iter->row_count < HELD_MAX ? iter->row_count : HELD_MAX;
    memcpy(held->copy, held->column, held->row_count * size);
    memcpy(held->entities, iter->entities, held->row_count * sizeof(held->entities[0]));
}

/* The array was kept and not reused: values without edits are unchanged. */
static void held_check(const struct held *held, const struct busy *busy)
{
    if (!held->column)
        return;
    const uint32_t size = model_size(held->type);
    for (size_t row = 0; row < held->row_count; row++) {
        const uint8_t *before = held->copy + row * size;
        const void *now = naive_get(busy->world->naive, held->entities[row], held->type);
        if (now && model_value_equal(held->type, before, now) &&
            !model_value_equal(held->type, before, held->column + row * size))
            model_fail(busy->model, "a column of %s changed under an open iteration", model_types[held->type]->name);
    }
}

void op_busy(struct model *model, struct test_world *world)
{
    static void (*const attempts[])(const struct busy *) = { try_spawn,      try_despawn,  try_set,     try_set,
                                                             try_remove,     try_set,      try_history, try_transplants,
                                                             try_singletons, try_commands, try_release, try_share,
                                                             try_query,      try_ids,      try_compact };
    const struct test_query *query = choose_query(model, world->registry);
    struct busy busy = { model, world, random_once_in(&model->random, 2) };
    pecs_iter iter = busy.writing ? pecs_query_iter_mut(query->query, world->world, NULL)
                                  : pecs_query_iter(query->query, pecs_world_view(world->world), NULL);
    struct held held = { .column = NULL };
    walk_begin(model, world->naive);
    for (size_t i = random_below(&model->random, 3); i > 0 && pecs_iter_next(&iter); i--) {
        walk_chunk(model, query, &iter, world->naive, busy.writing);
        held_take(&held, query, &iter);
    }
    const bool to_the_end = random_once_in(&model->random, 2);
    do {
        for (size_t i = 1 + random_below(&model->random, 4); i > 0; i--)
            attempts[random_below(&model->random, sizeof(attempts) / sizeof(attempts[0]))](&busy);
        held_check(&held, &busy);
        if (!to_the_end || !pecs_iter_next(&iter))
            break;
        walk_chunk(model, query, &iter, world->naive, busy.writing);
        held_take(&held, query, &iter);
    } while (true);
    const pecs_status status = pecs_iter_end(&iter);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_OK, "pecs_iter_end");
    model->in_doubt |= world->naive->alive_count < 256;
    model_count(model, busy.writing ? "busy: writing" : "busy: reading");
}
