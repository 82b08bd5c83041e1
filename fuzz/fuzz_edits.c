/*
 * Operations on a world and on command buffers, decoded from bytes, compared with a naive model of a world
 * (tests/model/naive.h). After every operation the status and the sums are the model's, at the end the whole content,
 * and once more after a save and a load.
 */
#include "fuzz_common.h"
#include "naive.h"

#include <string.h>

enum { SNAPSHOT_MAX = 3, COMMAND_MAX = 16, OPERATION_MAX = 120, SPAWN_MAX = 5, SLOT_MAX = 64 };

enum command_kind { COMMAND_SPAWN, COMMAND_DESPAWN, COMMAND_SET, COMMAND_REMOVE };

struct command {
    enum command_kind kind;
    pecs_entity entity; /* of a spawn: the provisional handle */
    uint32_t mask;
    uint8_t values[MODEL_VALUE_BYTES];
};

struct run {
    const uint8_t *at, *end;
    struct random random; /* of values */
    pecs_registry *registry;
    pecs_world *world;
    struct naive *naive;
    pecs_commands *buffer;
    struct command commands[COMMAND_MAX];
    size_t command_count;
    pecs_snapshot *snapshots[SNAPSHOT_MAX];
    struct naive *copies[SNAPSHOT_MAX];
};

static uint8_t next_byte(struct run *run)
{
    return run->at < run->end ? *run->at++ : 0;
}

static void must(pecs_status status)
{
    FUZZ_CHECK(status == PECS_OK, pecs_status_name(status));
}

/* A living or stale handle of a used slot, or none; never a future one. */
static pecs_entity any_handle(void *user, struct random *random)
{
    const struct run *run = user;
    if (!run->naive->slot_count || random_once_in(random, 4))
        return (pecs_entity){ 0, 0 };
    pecs_entity entity = naive_entity(run->naive, (size_t)random_below(random, run->naive->slot_count));
    entity.generation -= entity.generation > 1 && random_once_in(random, 4);
    return entity;
}

static pecs_entity pick_entity(struct run *run)
{
    const uint8_t byte = next_byte(run);
    if (!run->naive->slot_count || byte == 255)
        return (pecs_entity){ byte, 1 };
    pecs_entity entity = naive_entity(run->naive, byte % run->naive->slot_count);
    entity.generation -= byte >= 240 && entity.generation > 1;
    return entity;
}

/* A mask of a few or many types. */
static uint32_t pick_mask(struct run *run)
{
    const uint8_t low = next_byte(run), high = next_byte(run);
    const uint32_t wide = (uint32_t)low | (uint32_t)high << 8 | (uint32_t)(low & high) << 16;
    const uint32_t few = 1u << low % MODEL_TYPE_COUNT | 1u << high % MODEL_TYPE_COUNT;
    return (high & 1 ? few : wide) & ((1u << MODEL_TYPE_COUNT) - 1);
}

struct values {
    pecs_value list[MODEL_TYPE_COUNT];
    pecs_component components[MODEL_TYPE_COUNT];
    size_t count;
};

/* Random values of the mask's types, one row, kept in `bytes`. */
static void fill_values(struct run *run, uint32_t mask, uint8_t bytes[MODEL_VALUE_BYTES], struct values *values)
{
    values->count = 0;
    memset(bytes, 0, MODEL_VALUE_BYTES);
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (!(mask >> type & 1))
            continue;
        uint8_t *value = bytes + model_offsets[type];
        if (model_size(type))
            model_value_random(type, value, &run->random, any_handle, run);
        const pecs_component component = model_component(0, type);
        values->list[values->count] = (pecs_value){ component, model_size(type), model_size(type) ? value : NULL };
        values->components[values->count++] = component;
    }
}

static void set_naive(struct naive *naive, pecs_entity entity, uint32_t mask, const uint8_t *bytes)
{
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        if (mask >> type & 1)
            naive_set(naive, entity, type, bytes ? bytes + model_offsets[type] : NULL);
}

static void op_spawn(struct run *run)
{
    const size_t count = 1 + next_byte(run) % SPAWN_MAX;
    const uint32_t mask = pick_mask(run);
    uint8_t bytes[MODEL_VALUE_BYTES];
    struct values values;
    pecs_entity entities[SPAWN_MAX];
    if (run->naive->slot_count + count > SLOT_MAX)
        return;
    fill_values(run, mask, bytes, &values);
    for (size_t i = 0; count > 1 && i < values.count; i++)
        values.list[i].data = NULL; /* one row of values is there; many rows are of zeros */
    must(pecs_world_spawn(run->world, values.list, values.count, count, entities));
    for (size_t i = 0; i < count; i++) {
        const pecs_entity entity = naive_spawn(run->naive);
        FUZZ_CHECK(memcmp(&entity, &entities[i], sizeof(entity)) == 0, "the lowest free slot");
        set_naive(run->naive, entity, mask, count > 1 ? NULL : bytes);
    }
}

static void op_despawn(struct run *run)
{
    const pecs_entity entities[2] = { pick_entity(run), pick_entity(run) };
    const bool twice = memcmp(&entities[0], &entities[1], sizeof(entities[0])) == 0;
    const bool good = naive_alive(run->naive, entities[0]) && naive_alive(run->naive, entities[1]) && !twice;
    FUZZ_CHECK(pecs_world_despawn(run->world, entities, 2) == (good ? PECS_OK : PECS_E_DEAD), "despawn");
    for (size_t i = 0; good && i < 2; i++)
        naive_despawn(run->naive, entities[i]);
}

static void op_set_or_remove(struct run *run)
{
    const bool is_set = next_byte(run) & 1;
    const pecs_entity entity = pick_entity(run);
    const uint32_t mask = pick_mask(run);
    uint8_t bytes[MODEL_VALUE_BYTES];
    struct values values;
    fill_values(run, mask, bytes, &values);
    const pecs_status status = is_set ? pecs_world_set(run->world, entity, values.list, values.count)
                                      : pecs_world_remove(run->world, entity, values.components, values.count);
    const bool alive = naive_alive(run->naive, entity);
    FUZZ_CHECK(status == (alive ? PECS_OK : PECS_E_DEAD), pecs_status_name(status));
    if (alive && is_set)
        set_naive(run->naive, entity, mask, bytes);
    for (unsigned type = 0; alive && !is_set && type < MODEL_TYPE_COUNT; type++)
        if (mask >> type & 1)
            naive_remove(run->naive, entity, type);
}

static void op_edit(struct run *run)
{
    const pecs_entity entity = pick_entity(run);
    const unsigned type = next_byte(run) % MODEL_SIZED_COUNT;
    uint8_t bytes[MODEL_VALUE_BYTES];
    struct values values;
    void *value;
    fill_values(run, 1u << type, bytes, &values);
    const pecs_status status =
        pecs_world_get_mut(run->world, entity, model_component(0, type), model_size(type), &value);
    const pecs_status expected = !naive_alive(run->naive, entity)       ? PECS_E_DEAD
                                 : !naive_get(run->naive, entity, type) ? PECS_E_ABSENT
                                                                        : PECS_OK;
    FUZZ_CHECK(status == expected, pecs_status_name(status));
    if (status)
        return;
    memcpy(value, bytes + model_offsets[type], model_size(type));
    naive_set(run->naive, entity, type, bytes + model_offsets[type]);
}

static void op_singleton(struct run *run)
{
    const unsigned type = next_byte(run) % MODEL_TYPE_COUNT;
    const pecs_component component = model_component(0, type);
    const bool has = run->naive->singleton_has >> type & 1;
    uint8_t bytes[MODEL_VALUE_BYTES];
    struct values values;
    if (has && next_byte(run) & 1) {
        must(pecs_world_remove_singleton(run->world, component));
        run->naive->singleton_has &= ~(1u << type);
        naive_open_tick(run->naive);
        return;
    }
    fill_values(run, 1u << type, bytes, &values);
    must(pecs_world_set_singleton(run->world, component, model_size(type), values.list[0].data));
    naive_set_singleton(run->naive, type, bytes + model_offsets[type]);
}

static void op_compact(struct run *run)
{
    must(pecs_world_compact(run->world, NULL));
    naive_compact(run->naive);
}

static void op_advance(struct run *run)
{
    uint64_t tick;
    naive_follow_tick(run->naive, pecs_view_tick(pecs_world_view(run->world)));
    FUZZ_CHECK(pecs_view_tick(pecs_world_view(run->world)) == run->naive->tick, "the present tick");
    must(pecs_world_advance(run->world, &tick));
    FUZZ_CHECK(tick == ++run->naive->tick, "the next tick");
    run->naive->tick_is_seen = false;
}

static void op_take(struct run *run)
{
    const size_t slot = next_byte(run) % SNAPSHOT_MAX;
    pecs_snapshot_release(run->snapshots[slot]);
    naive_destroy(run->copies[slot]);
    run->snapshots[slot] = NULL;
    must(pecs_snapshot_take(run->world, &run->snapshots[slot]));
    run->copies[slot] = naive_copy(run->naive);
    run->naive->tick_is_seen = true;
}

static void forget_commands(struct run *run)
{
    pecs_commands_clear(run->buffer);
    run->command_count = 0;
}

/* Restores the world, or makes another one from the snapshot. Handles in the buffer may be future ones then. */
static void op_back(struct run *run)
{
    const size_t slot = next_byte(run) % SNAPSHOT_MAX;
    const uint64_t before = pecs_view_tick(pecs_world_view(run->world));
    if (!run->snapshots[slot])
        return;
    forget_commands(run);
    naive_destroy(run->naive);
    run->naive = naive_copy(run->copies[slot]);
    if (next_byte(run) & 1) {
        must(pecs_world_restore(run->world, run->snapshots[slot]));
        const uint64_t tick = pecs_view_tick(pecs_world_view(run->world));
        FUZZ_CHECK(tick > before && tick > run->naive->tick, "a restore opens a tick");
        naive_restored(run->naive, tick);
        return;
    }
    pecs_world_destroy(run->world);
    must(pecs_world_create(run->registry, run->snapshots[slot], &(pecs_world_options){ .session_nonce = 4 },
                           &run->world, NULL));
    naive_restored(run->naive, pecs_view_tick(pecs_world_view(run->world)));
    run->naive->tick_is_seen = true;
}

static void op_record(struct run *run)
{
    struct command *command = &run->commands[run->command_count];
    struct values values;
    pecs_status status;
    if (run->command_count == COMMAND_MAX || run->naive->slot_count + COMMAND_MAX > SLOT_MAX)
        return;
    const uint8_t how = next_byte(run);
    command->kind = (enum command_kind)(how % 4);
    command->entity = how & 64 && run->command_count ? run->commands[(size_t)(how >> 2) % run->command_count].entity
                                                     : pick_entity(run);
    if (!naive_alive(run->naive, command->entity) && command->entity.index >= run->naive->slot_count && !(how & 64))
        command->entity = (pecs_entity){ 0, 0 }; /* not a handle that may be alive when the buffer is applied */
    command->mask = pick_mask(run);
    fill_values(run, command->mask, command->values, &values);
    if (command->kind == COMMAND_SPAWN)
        status = pecs_commands_spawn(run->buffer, values.list, values.count, &command->entity);
    else if (command->kind == COMMAND_DESPAWN)
        status = pecs_commands_despawn(run->buffer, command->entity);
    else if (command->kind == COMMAND_SET)
        status = pecs_commands_set(run->buffer, command->entity, values.list, values.count);
    else
        status = pecs_commands_remove(run->buffer, command->entity, values.components, values.count);
    must(status);
    run->command_count++;
}

static size_t first_of(const struct run *run, size_t place)
{
    size_t first = 0;
    while (memcmp(&run->commands[first].entity, &run->commands[place].entity, sizeof(pecs_entity)) != 0)
        first++;
    return first;
}

static bool group_dies(const struct run *run, size_t first)
{
    for (size_t i = first; i < run->command_count; i++)
        if (run->commands[i].kind == COMMAND_DESPAWN && first_of(run, i) == first)
            return true;
    return false;
}

/* Spawns and despawns in the order of the entities' first commands. */
static void apply_lives(struct run *run, pecs_entity real[COMMAND_MAX])
{
    for (size_t i = 0; i < run->command_count; i++) {
        const struct command *command = &run->commands[i];
        real[i] = (pecs_entity){ 0, 0 };
        if (first_of(run, i) != i)
            continue;
        const bool dies = group_dies(run, i);
        if (command->kind == COMMAND_SPAWN) {
            if (!dies)
                real[i] = naive_spawn(run->naive);
        } else if (naive_alive(run->naive, command->entity)) {
            real[i] = command->entity;
            if (dies)
                naive_despawn(run->naive, command->entity);
        }
    }
}

/* Commands that cancel out, such as setting and removing a component, open no tick. */
static void follow_applied_tick(struct run *run, uint64_t before, bool was_seen)
{
    const uint64_t tick = pecs_view_tick(pecs_world_view(run->world));
    FUZZ_CHECK(tick == before || (was_seen && tick == before + 1), "the tick after commands");
    run->naive->tick = tick;
    run->naive->tick_is_seen = was_seen && tick == before;
}

static void op_apply(struct run *run)
{
    pecs_entity real[COMMAND_MAX];
    naive_follow_tick(run->naive, pecs_view_tick(pecs_world_view(run->world)));
    const uint64_t before = run->naive->tick;
    const bool was_seen = run->naive->tick_is_seen;
    must(pecs_commands_apply(run->buffer, run->world, NULL));
    apply_lives(run, real);
    for (size_t i = 0; i < run->command_count; i++) {
        const struct command *command = &run->commands[i];
        const pecs_entity entity = real[first_of(run, i)];
        if (!naive_alive(run->naive, entity))
            continue;
        if (command->kind == COMMAND_SPAWN || command->kind == COMMAND_SET)
            set_naive(run->naive, entity, command->mask, command->values);
        for (unsigned type = 0; command->kind == COMMAND_REMOVE && type < MODEL_TYPE_COUNT; type++)
            if (command->mask >> type & 1)
                naive_remove(run->naive, entity, type);
        if (command->kind != COMMAND_SPAWN)
            continue;
        const pecs_entity told = pecs_commands_resolve(run->buffer, command->entity);
        FUZZ_CHECK(memcmp(&told, &entity, sizeof(told)) == 0, "a provisional handle becomes the next one");
    }
    run->command_count = 0;
    follow_applied_tick(run, before, was_seen);
}

static void compare_sums(const struct run *run, pecs_view view)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    FUZZ_CHECK(summary.entity_count == run->naive->alive_count &&
                   summary.slot_count + summary.retired_count == run->naive->slot_count &&
                   summary.free_count + summary.retired_count == run->naive->free_count &&
                   summary.retired_count == run->naive->retired_count,
               "entities and slots");
}

static void compare_whole(const struct run *run, pecs_view view)
{
    pecs_summary summary;
    compare_sums(run, view);
    pecs_view_summary(view, &summary);
    FUZZ_CHECK(summary.component_bytes == naive_component_bytes(run->naive), "bytes of components");
    for (size_t index = 0; index < run->naive->slot_count; index++) {
        const pecs_entity entity = naive_entity(run->naive, index);
        FUZZ_CHECK(pecs_view_alive(view, entity) == run->naive->slots[index].alive, "alive");
        for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
            const pecs_component component = model_component(0, type);
            const void *expected = naive_get(run->naive, entity, type);
            const void *value = pecs_view_get(view, entity, component, model_size(type));
            FUZZ_CHECK(pecs_view_has(view, entity, component) == (expected != NULL), model_types[type]->name);
            FUZZ_CHECK(!value || model_value_equal(type, value, expected), model_types[type]->name);
        }
    }
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        const void *value = pecs_view_get_singleton(view, model_component(0, type), model_size(type));
        const bool has = run->naive->singleton_has >> type & 1;
        FUZZ_CHECK(pecs_view_has_singleton(view, model_component(0, type)) == has, model_types[type]->name);
        FUZZ_CHECK(!value || model_value_equal(type, value, run->naive->singletons + model_offsets[type]),
                   model_types[type]->name);
    }
}

static void save_and_compare(struct run *run)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = NULL;
    const char *path = fuzz_path("saved");
    must(pecs_world_save(run->world, path, &(pecs_save_options){ .skip_sync = true }, &error));
    const pecs_status status = pecs_snapshot_load(run->registry, path, NULL, &snapshot, &error);
    FUZZ_CHECK(status == PECS_OK, error.message);
    compare_whole(run, pecs_snapshot_view(snapshot));
    fuzz_expect_same(pecs_world_view(run->world), pecs_snapshot_view(snapshot));
    pecs_snapshot_release(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const operations[])(struct run * run) = {
        op_spawn,  op_despawn, op_set_or_remove, op_edit,  op_singleton,     op_advance, op_take,    op_back,
        op_record, op_record,  op_apply,         op_spawn, op_set_or_remove, op_record,  op_compact,
    };
    static struct run run;
    run = (struct run){ .at = data, .end = data + size, .random = { size }, .naive = naive_create() };
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    must(model_registry_create(0, &fuzz_allocator, &run.registry, NULL));
    must(pecs_world_create(run.registry, NULL, &(pecs_world_options){ .session_nonce = 3 }, &run.world, NULL));
    must(pecs_commands_create(run.registry, &run.buffer));
    for (int i = 0; i < OPERATION_MAX && run.at < run.end; i++) {
        operations[next_byte(&run) % (sizeof(operations) / sizeof(operations[0]))](&run);
        compare_sums(&run, pecs_world_view(run.world));
    }
    compare_whole(&run, pecs_world_view(run.world));
    for (size_t i = 0; i < SNAPSHOT_MAX; i++)
        pecs_snapshot_release(run.snapshots[i]);
    save_and_compare(&run);
    for (size_t i = 0; i < SNAPSHOT_MAX; i++)
        naive_destroy(run.copies[i]);
    naive_destroy(run.naive);
    pecs_commands_destroy(run.buffer);
    pecs_world_destroy(run.world);
    pecs_registry_release(run.registry);
    fuzz_memory_end();
    return 0;
}
