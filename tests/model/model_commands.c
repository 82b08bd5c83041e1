/*
 * Command buffers of the model test. Each world has a buffer that is filled over several operations, so that targets
 * die between recording and applying. The model keeps the list of recorded commands and applies it in the simplest way:
 * all commands of an entity at the position of its first one.
 *
 * Provisional handles are used as targets of later commands and inside entity fields.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

void commands_init(struct model *model, struct test_world *world)
{
    world->commands = (struct test_commands){ .list = malloc(COMMAND_MAX * sizeof(struct test_command)) };
    if (!world->commands.list)
        abort();
    model_expect(model, pecs_commands_create(model->registries[world->registry], &world->commands.buffer), PECS_OK,
                 "pecs_commands_create");
}

void commands_deinit(struct test_world *world)
{
    pecs_commands_destroy(world->commands.buffer);
    free(world->commands.list);
}

static void batch_ended(struct test_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->list[i].kind == COMMAND_SPAWN)
            commands->old = commands->list[i].entity;
    }
    commands->count = 0;
}

void commands_forget(struct test_world *world)
{
    pecs_commands_clear(world->commands.buffer);
    batch_ended(&world->commands);
}

void op_commands_clear(struct model *model, struct test_world *world)
{
    (void)model;
    commands_forget(world);
}

static bool same(pecs_entity left, pecs_entity right)
{
    return left.index == right.index && left.generation == right.generation;
}

/* --- recording --- */

static bool choose_provisional(struct model *model, const struct test_commands *commands, pecs_entity *ret_entity)
{
    if (commands->count == 0)
        return false;
    const size_t start = random_below(&model->random, commands->count);
    for (size_t i = 0; i < commands->count; i++) {
        const struct test_command *command = &commands->list[(start + i) % commands->count];
        if (command->kind == COMMAND_SPAWN) {
            *ret_entity = command->entity;
            return true;
        }
    }
    return false;
}

static pecs_entity choose_target(struct model *model, struct test_world *world)
{
    pecs_entity entity;
    const struct test_commands *commands = &world->commands;
    const unsigned kind = (unsigned)random_below(&model->random, 8);
    if (kind < 3 && choose_provisional(model, commands, &entity))
        return entity;
    if (kind < 5 && commands->count)
        return commands->list[random_below(&model->random, commands->count)].entity;
    if (kind < 7 && choose_alive(model, world->naive, &entity))
        return entity;
    entity = choose_dead(model, world->naive);
    /* Not a handle that was never alive: it may be spawned before the buffer is applied. */
    if (entity.index >= world->naive->slot_count)
        return (pecs_entity){ 0, 0 };
    return entity;
}

struct linker {
    struct model *model;
    const struct test_commands *commands;
};

static void link_to_provisional(void *user, pecs_entity *entity)
{
    const struct linker *linker = user;
    if (random_once_in(&linker->model->random, 2))
        choose_provisional(linker->model, linker->commands, entity);
}

/* Random values, some of their entity fields provisional; kept in the command too. */
static void command_fill(struct test_command *command, struct batch *batch, struct model *model,
                         struct test_world *world, uint32_t mask)
{
    batch_fill(batch, model, world, mask, 1);
    command->mask = mask;
    memset(command->values, 0, sizeof(command->values));
    struct linker linker = { model, &world->commands };
    for (size_t i = 0; i < batch->count; i++) {
        const unsigned type = batch->types[i];
        if (!batch->values[i].data)
            continue;
        uint8_t *value = command->values + model_offsets[type];
        memcpy(value, batch->values[i].data, model_size(type));
        model_value_entities(type, value, link_to_provisional, &linker);
        batch->values[i].data = value;
    }
}

static void record_one(struct model *model, struct test_world *world)
{
    struct test_commands *commands = &world->commands;
    struct test_command *command = &commands->list[commands->count];
    struct batch batch = { .count = 0 };
    const unsigned kind = (unsigned)random_below(&model->random, 8);
    pecs_status status = PECS_OK;
    if (kind < 3) {
        command->kind = COMMAND_SPAWN;
        command_fill(command, &batch, model, world, choose_mask(model));
        status = pecs_commands_spawn(commands->buffer, batch.values, batch.count, &command->entity);
    } else if (kind < 4) {
        command->kind = COMMAND_DESPAWN;
        command->entity = choose_target(model, world);
        status = pecs_commands_despawn(commands->buffer, command->entity);
    } else if (kind < 6) {
        command->kind = COMMAND_SET;
        command->entity = choose_target(model, world);
        command_fill(command, &batch, model, world, choose_mask(model));
        status = pecs_commands_set(commands->buffer, command->entity, batch.values, batch.count);
    } else {
        command->kind = COMMAND_REMOVE;
        command->entity = choose_target(model, world);
        command->mask = choose_mask(model);
        pecs_component components[MODEL_TYPE_COUNT];
        size_t count = 0;
        for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
            if (command->mask >> type & 1)
                components[count++] = model_component(world->registry, type);
        }
        status = pecs_commands_remove(commands->buffer, command->entity, components, count);
    }
    batch_free(&batch);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "recording a command");
    if (command->kind == COMMAND_SPAWN && pecs_view_alive(pecs_world_view(world->world), command->entity))
        model_fail(model, "a provisional handle is alive");
    commands->count++;
    model_count(model, command->kind == COMMAND_SPAWN     ? "command: spawn"
                       : command->kind == COMMAND_DESPAWN ? "command: despawn"
                       : command->kind == COMMAND_SET     ? "command: set"
                                                          : "command: remove");
}

void op_commands_record(struct model *model, struct test_world *world)
{
    const size_t count = 1 + random_below(&model->random, 12);
    for (size_t i = 0; i < count && world->commands.count < COMMAND_MAX; i++)
        record_one(model, world);
}

/* --- applying --- */

/* The index of the first command on the same entity. */
static size_t group_of(const struct test_commands *commands, size_t place)
{
    size_t first = 0;
    while (!same(commands->list[first].entity, commands->list[place].entity))
        first++;
    return first;
}

static bool group_dies(const struct test_commands *commands, size_t first)
{
    for (size_t i = first; i < commands->count; i++) {
        if (commands->list[i].kind == COMMAND_DESPAWN && same(commands->list[i].entity, commands->list[first].entity))
            return true;
    }
    return false;
}

struct resolution {
    const struct test_commands *commands;
    const pecs_entity *real; /* by index of the spawn command; none if it was not spawned */
};

static void resolve_field(void *user, pecs_entity *entity)
{
    const struct resolution *resolution = user;
    for (size_t i = 0; i < resolution->commands->count; i++) {
        const struct test_command *command = &resolution->commands->list[i];
        if (command->kind == COMMAND_SPAWN && same(command->entity, *entity)) {
            *entity = resolution->real[i];
            return;
        }
    }
}

/* Despawns and spawns in the order of the entities' first commands; returns each group's real handle, none if dead. */
static void apply_lives(struct naive *naive, const struct test_commands *commands, pecs_entity *real)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct test_command *command = &commands->list[i];
        real[i] = (pecs_entity){ 0, 0 };
        if (group_of(commands, i) != i)
            continue;
        const bool dies = group_dies(commands, i);
        if (command->kind == COMMAND_SPAWN) {
            if (!dies)
                real[i] = naive_spawn(naive);
        } else if (naive_alive(naive, command->entity)) {
            real[i] = command->entity;
            if (dies)
                naive_despawn(naive, command->entity);
        }
    }
}

static void apply_values(struct naive *naive, struct test_command *command, pecs_entity real,
                         const struct resolution *resolution)
{
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (!(command->mask >> type & 1))
            continue;
        if (command->kind == COMMAND_REMOVE) {
            naive_remove(naive, real, type);
            continue;
        }
        uint8_t *value = command->values + model_offsets[type];
        model_value_entities(type, value, resolve_field, (void *)resolution);
        naive_set(naive, real, type, value);
    }
}

/* Returns the number of commands skipped. */
static uint64_t apply_to_model(struct model *model, struct naive *naive, struct test_commands *commands,
                               pecs_entity *real)
{
    const struct resolution resolution = { commands, real };
    bool despawned[COMMAND_MAX] = { false };
    uint64_t skipped = 0;
    apply_lives(naive, commands, real);
    for (size_t i = 0; i < commands->count; i++) {
        struct test_command *command = &commands->list[i];
        const size_t first = group_of(commands, i);
        const bool was_there = real[first].generation != 0;
        const bool spawned_here = commands->list[first].kind == COMMAND_SPAWN;
        if ((!was_there && !spawned_here) || despawned[first])
            skipped++;
        else if (command->kind == COMMAND_DESPAWN)
            despawned[first] = true;
        else if (naive_alive(naive, real[first]))
            apply_values(naive, command, real[first], &resolution);
        if (was_there)
            model_touch(model, real[first]);
    }
    return skipped;
}

void op_commands_apply(struct model *model, struct test_world *world)
{
    struct test_commands *commands = &world->commands;
    pecs_entity real[COMMAND_MAX];
    uint64_t skipped = UINT64_MAX;
    pecs_status status = pecs_commands_apply(commands->buffer, world->world, &skipped);
    if (model_refused(model, status)) {
        /* The buffer must still be full, and the world untouched: the same apply must do now. */
        naive_follow_tick(world->naive, pecs_view_tick(pecs_world_view(world->world)));
        compare_by_get(model, pecs_world_view(world->world), world->registry, world->naive);
        model_memory_disarm();
        status = pecs_commands_apply(commands->buffer, world->world, &skipped);
    }
    model_expect(model, status, PECS_OK, "pecs_commands_apply");
    const uint64_t wanted = apply_to_model(model, world->naive, commands, real);
    ids_learn(model, world);
    if (skipped != wanted)
        model_fail(model, "%" PRIu64 " commands were skipped, should be %" PRIu64, skipped, wanted);
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->list[i].kind != COMMAND_SPAWN)
            continue;
        const pecs_entity got = pecs_commands_resolve(commands->buffer, commands->list[i].entity);
        if (!same(got, real[i]))
            model_fail(model,
                       "a provisional handle became {%" PRIu32 ", %" PRIu32 "}, should be {%" PRIu32 ", %" PRIu32 "}",
                       got.index, got.generation, real[i].index, real[i].generation);
    }
    if (skipped)
        model_count(model, "commands: some skipped");
    model->in_doubt |= world->naive->alive_count < 64;
    batch_ended(commands);
}

void op_commands_misuse(struct model *model, struct test_world *world)
{
    struct test_commands *commands = &world->commands;
    const pecs_component word = model_component(world->registry, TYPE_WORD);
    const uint32_t number = 5;
    const pecs_value values[] = { { word, 4, &number }, { word, 4, &number } };
    const pecs_value unknown = { 1u << 20, 4, &number };
    pecs_entity entity = { 0, 0 };
    const pecs_status statuses[] = { pecs_commands_spawn(commands->buffer, values, 2, &entity),
                                     pecs_commands_spawn(commands->buffer, &unknown, 1, &entity),
                                     pecs_commands_set(commands->buffer, entity, values, 2),
                                     pecs_commands_remove(commands->buffer, entity, &unknown.component, 1) };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        model_expect(model, statuses[i], PECS_E_MISUSE, "recording a command with bad values");
    for (size_t i = 0; i < model->world_count; i++) {
        if (model->worlds[i].registry != world->registry)
            model_expect(model, pecs_commands_apply(model->worlds[i].commands.buffer, world->world, NULL),
                         PECS_E_MISUSE, "applying commands of another registry");
    }
    if (commands->old.generation == 0)
        return;
    pecs_entity provisional;
    if (choose_provisional(model, commands, &provisional) && same(provisional, commands->old))
        return; /* handles may be reused and cannot be distinguished */
    model_expect(model, pecs_commands_despawn(commands->buffer, commands->old), PECS_E_MISUSE,
                 "a provisional handle of an earlier batch");
    const pecs_value link = { model_component(world->registry, TYPE_LINK), sizeof(pecs_entity), &commands->old };
    model_expect(model, pecs_commands_spawn(commands->buffer, &link, 1, &entity), PECS_E_MISUSE,
                 "a provisional handle of an earlier batch in a field");
    const pecs_status status = pecs_world_despawn(world->world, &commands->old, 1);
    model_expect(model, status, PECS_E_DEAD, "despawn of a provisional handle");
}
