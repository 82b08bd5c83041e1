/*
 * Command buffers. A buffer is a log of commands; apply sorts it into groups, one an entity, and makes each group one
 * structural change.
 *
 *     gather     groups in the order of their first commands; the table that each comes from and goes to
 *     ready      rows, slots and records of all groups: the last step that may fail
 *     structure  group by group: spawn, despawn or move the row
 *     values     group by group: the recorded values of components that the entity now has, provisional handles
 *                replaced
 *
 * A provisional handle is {place among the batch's spawns, PROVISIONAL | batch}: no living entity has such a
 * generation. Each batch of a registry's buffers has a number of its own, so that a handle of another buffer, or of an
 * earlier batch, is refused.
 */
#include "bits.h"
#include "edit.h"

#include <pecs/commands.h>

#include <assert.h>

enum operation { SPAWN, DESPAWN, SET, REMOVE };

#define PROVISIONAL UINT32_C(0x80000000)

enum { COMMANDS_MAX = INT32_MAX };

/* In the log, followed by value_count items: a struct item each, then the value's bytes. */
struct command {
    enum operation operation;
    uint32_t item_count;
    pecs_entity entity;
    uint64_t next;       /* place in the log of the entity's next command, or NO_COMMAND; found by apply */
    uint64_t size_bytes; /* of the command with its items */
};
struct item {
    pecs_component component;
    uint32_t size_bytes; /* of the value that follows; 0: none is given */
    uint32_t has_value;
};
static const uint64_t NO_COMMAND = UINT64_MAX;

struct group {
    pecs_entity entity;
    uint64_t first, last; /* commands in the log */
    uint32_t from, to;    /* tables; NO_TABLE: not alive before, or after */
};

struct pecs_commands {
    pecs_registry *registry;
    uint8_t *log;
    size_t log_bytes, log_capacity;
    size_t command_count, spawn_count;
    uint32_t batch; /* without the PROVISIONAL bit; of the first spawn on */

    /* of apply, kept for the next one */
    struct group *groups;
    size_t group_count, group_capacity;
    uint32_t *buckets;                    /* 1 + group, or 0 */
    size_t bucket_count, bucket_capacity; /* a power of two for this batch, and the most there ever were */
    uint64_t *wanted;                     /* a bit for each component of the world, by place */
    size_t wanted_words;
    pecs_entity *spawned; /* real handles of the batch that was applied last */
    size_t spawned_count, spawned_capacity;
    uint32_t spawned_batch;
};

pecs_status pecs_commands_create(pecs_registry *registry, pecs_commands **ret_commands)
{
    if (!registry || !ret_commands)
        return PECS_E_MISUSE;
    struct pecs_commands *commands = pool_allocate_zeroed(registry->pool, sizeof(*commands));
    if (!commands)
        return PECS_E_MEMORY;
    commands->registry = registry_retain(registry);
    *ret_commands = commands;
    return PECS_OK;
}

void pecs_commands_destroy(pecs_commands *commands)
{
    if (!commands)
        return;
    pecs_registry *registry = commands->registry;
    struct pool *pool = registry->pool;
    pool_release(pool, commands->log, commands->log_capacity);
    pool_release(pool, commands->groups, commands->group_capacity * sizeof(*commands->groups));
    pool_release(pool, commands->buckets, commands->bucket_capacity * sizeof(*commands->buckets));
    pool_release(pool, commands->wanted, commands->wanted_words * sizeof(*commands->wanted));
    pool_release(pool, commands->spawned, commands->spawned_capacity * sizeof(*commands->spawned));
    pool_release(pool, commands, sizeof(*commands));
    pecs_registry_destroy(registry);
}

void pecs_commands_clear(pecs_commands *commands)
{
    if (!commands)
        return;
    commands->log_bytes = 0;
    commands->command_count = commands->spawn_count = commands->spawned_count = 0;
}

static bool is_provisional(pecs_entity entity)
{
    return entity.generation & PROVISIONAL;
}

/* A real handle, or a provisional one of this batch. */
static bool is_usable(const pecs_commands *commands, pecs_entity entity)
{
    return !is_provisional(entity) ||
           (entity.generation == (commands->batch | PROVISIONAL) && entity.index < commands->spawn_count);
}

/* Provisional handles in a value's entity fields must be of this batch. */
static bool fields_are_usable(const pecs_commands *commands, const pecs_value *value)
{
    const struct component *component = registry_component(commands->registry, value->component);
    if (!value->data || span_list_is_empty(&component->special))
        return true;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, &component->special); span_iter_next(&iter, &span);) {
        for (uint32_t at = 0; span.kind == PECS_ENTITY && at < span.size; at += sizeof(pecs_entity)) {
            pecs_entity entity;
            memcpy(&entity, (const uint8_t *)value->data + span.offset + at, sizeof(entity));
            if (!is_usable(commands, entity))
                return false;
        }
    }
    return true;
}

/* A buffer knows no world, so it takes the program's types only. */
static bool may_name(const pecs_commands *commands, pecs_component component)
{
    return component < commands->registry->id_component;
}

static pecs_status check_items(const pecs_commands *commands, const pecs_value *values, size_t count)
{
    if (count > commands->registry->id_component || (count && !values))
        return PECS_E_MISUSE;
    for (size_t i = 0; i < count; i++) {
        if (!may_name(commands, values[i].component) ||
            values[i].size_bytes != registry_component(commands->registry, values[i].component)->size ||
            !fields_are_usable(commands, &values[i]))
            return PECS_E_MISUSE;
        for (size_t j = 0; j < i; j++)
            if (values[j].component == values[i].component)
                return PECS_E_MISUSE;
    }
    return PECS_OK;
}

/* Reserves the whole command, then writes it. */
static pecs_status record(pecs_commands *commands, enum operation operation, pecs_entity entity,
                          const pecs_value *values, size_t count)
{
    pecs_status status = commands && is_usable(commands, entity) ? check_items(commands, values, count) : PECS_E_MISUSE;
    if (status)
        return status;
    if (commands->command_count == COMMANDS_MAX)
        return PECS_E_LIMIT;
    size_t bytes = sizeof(struct command);
    for (size_t i = 0; i < count; i++)
        bytes += sizeof(struct item) + (values[i].data ? values[i].size_bytes : 0);
    if (!pool_reserve(commands->registry->pool, (void **)&commands->log, &commands->log_capacity,
                      commands->log_bytes + bytes, 1))
        return PECS_E_MEMORY;
    const struct command command = { operation, (uint32_t)count, entity, NO_COMMAND, bytes };
    uint8_t *to = commands->log + commands->log_bytes;
    memcpy(to, &command, sizeof(command));
    to += sizeof(command);
    for (size_t i = 0; i < count; i++) {
        const size_t size = values[i].data ? values[i].size_bytes : 0;
        const struct item item = { values[i].component, (uint32_t)size, operation != REMOVE };
        memcpy(to, &item, sizeof(item));
        to += sizeof(item);
        if (size)
            memcpy(to, values[i].data, size);
        to += size;
    }
    commands->log_bytes += bytes;
    commands->command_count++;
    return PECS_OK;
}

pecs_status pecs_commands_spawn(pecs_commands *commands, const pecs_value *values, size_t value_count,
                                pecs_entity *ret_provisional)
{
    if (!commands)
        return PECS_E_MISUSE;
    if (!commands->spawn_count)
        commands->batch = registry_next_batch(commands->registry) & ~PROVISIONAL;
    const pecs_entity entity = { (uint32_t)commands->spawn_count, commands->batch | PROVISIONAL };
    commands->spawn_count++; /* so that a field may name the entity itself */
    const pecs_status status = record(commands, SPAWN, entity, values, value_count);
    if (status)
        commands->spawn_count--;
    else if (ret_provisional)
        *ret_provisional = entity;
    return status;
}

pecs_status pecs_commands_despawn(pecs_commands *commands, pecs_entity entity)
{
    return record(commands, DESPAWN, entity, NULL, 0);
}

pecs_status pecs_commands_set(pecs_commands *commands, pecs_entity entity, const pecs_value *values, size_t value_count)
{
    return record(commands, SET, entity, values, value_count);
}

pecs_status pecs_commands_remove(pecs_commands *commands, pecs_entity entity, const pecs_component *components,
                                 size_t component_count)
{
    if (!commands || component_count > commands->registry->id_component || (component_count && !components))
        return PECS_E_MISUSE;
    struct pool *pool = commands->registry->pool;
    pecs_value *values = pool_allocate(pool, (component_count + 1) * sizeof(*values));
    if (!values)
        return PECS_E_MEMORY;
    pecs_status status = PECS_OK;
    size_t count = 0;
    for (size_t i = 0; !status && i < component_count; i++) {
        if (!may_name(commands, components[i])) {
            status = PECS_E_MISUSE;
            break;
        }
        bool is_new = true; /* named twice is removed once */
        for (size_t j = 0; is_new && j < count; j++)
            is_new = values[j].component != components[i];
        if (is_new)
            values[count++] =
                (pecs_value){ components[i], registry_component(commands->registry, components[i])->size, NULL };
    }
    if (!status)
        status = record(commands, REMOVE, entity, values, count);
    pool_release(pool, values, (component_count + 1) * sizeof(*values));
    return status;
}

/* Commands and items are read by copy: the log has no alignment. */
static struct command command_at(const pecs_commands *commands, uint64_t place)
{
    struct command command;
    memcpy(&command, commands->log + place, sizeof(command));
    return command;
}

/* Steps through the items of a command; *place is that of the item, and moves to the next. */
static struct item next_item(const pecs_commands *commands, uint64_t *place, const uint8_t **ret_bytes)
{
    struct item item;
    memcpy(&item, commands->log + *place, sizeof(item));
    *ret_bytes = commands->log + *place + sizeof(item);
    *place += sizeof(item) + item.size_bytes;
    return item;
}

static void set_next(pecs_commands *commands, uint64_t place, uint64_t next)
{
    memcpy(commands->log + place + offsetof(struct command, next), &next, sizeof(next));
}

/* Gather. */

static pecs_status ready_buckets(pecs_commands *commands)
{
    size_t wanted = 16;
    while (wanted < 2 * commands->command_count)
        wanted *= 2;
    struct pool *pool = commands->registry->pool;
    if (wanted > commands->bucket_capacity) {
        uint32_t *buckets = pool_allocate(pool, wanted * sizeof(*buckets));
        if (!buckets)
            return PECS_E_MEMORY;
        pool_release(pool, commands->buckets, commands->bucket_capacity * sizeof(*buckets));
        commands->buckets = buckets;
        commands->bucket_capacity = wanted;
    }
    commands->bucket_count = wanted;
    memset(commands->buckets, 0, commands->bucket_count * sizeof(*commands->buckets));
    return PECS_OK;
}

static pecs_status add_to_group(pecs_commands *commands, pecs_entity entity, uint64_t place)
{
    set_next(commands, place, NO_COMMAND);
    const size_t mask = commands->bucket_count - 1;
    size_t bucket = (size_t)mix_u64((uint64_t)entity.generation << 32 | entity.index) & mask;
    for (; commands->buckets[bucket]; bucket = (bucket + 1) & mask) {
        struct group *group = &commands->groups[commands->buckets[bucket] - 1];
        if (group->entity.index == entity.index && group->entity.generation == entity.generation) {
            set_next(commands, group->last, place);
            group->last = place;
            return PECS_OK;
        }
    }
    if (!pool_reserve(commands->registry->pool, (void **)&commands->groups, &commands->group_capacity,
                      commands->group_count + 1, sizeof(*commands->groups)))
        return PECS_E_MEMORY;
    commands->groups[commands->group_count++] = (struct group){ entity, place, place, NO_TABLE, NO_TABLE };
    commands->buckets[bucket] = (uint32_t)commands->group_count;
    return PECS_OK;
}

static pecs_status ready_wanted(pecs_commands *commands, const struct pecs_world *world)
{
    const size_t words = bits_words(state_component_count(world->state));
    if (words <= commands->wanted_words)
        return PECS_OK;
    struct pool *pool = commands->registry->pool;
    uint64_t *wanted = pool_allocate(pool, words * sizeof(*wanted));
    if (!wanted)
        return PECS_E_MEMORY;
    pool_release(pool, commands->wanted, commands->wanted_words * sizeof(*wanted));
    commands->wanted = wanted;
    commands->wanted_words = words;
    return PECS_OK;
}

static pecs_status gather_groups(pecs_commands *commands, const struct pecs_world *world)
{
    commands->group_count = 0;
    pecs_status status = ready_buckets(commands);
    if (!status)
        status = ready_wanted(commands, world);
    for (uint64_t place = 0; !status && place < commands->log_bytes;) {
        const struct command command = command_at(commands, place);
        status = add_to_group(commands, command.entity, place);
        place += command.size_bytes;
    }
    return status;
}

static void want(pecs_commands *commands, const struct command *command, uint64_t place)
{
    place += sizeof(*command);
    for (uint32_t i = 0; i < command->item_count; i++) {
        const uint8_t *bytes;
        const struct item item = next_item(commands, &place, &bytes);
        if (command->operation == REMOVE)
            bits_clear(commands->wanted, item.component);
        else
            bits_set(commands->wanted, item.component);
    }
}

/* The components that an entity has after its commands, as the world's scratch set. False: it is dead then. */
static bool find_set(pecs_commands *commands, struct pecs_world *world, const struct group *group, uint32_t *ret_count,
                     uint64_t *skipped_count)
{
    const size_t words = commands->wanted_words;
    memset(commands->wanted, 0, words * sizeof(*commands->wanted));
    const struct archetype *had = group->from == NO_TABLE ? NULL : state_table(world->state, group->from)->archetype;
    for (uint32_t i = 0; had && i < had->component_count; i++)
        bits_set(commands->wanted, state_place(world->state, had->components[i]));
    bool lives = true;
    for (uint64_t place = group->first; place != NO_COMMAND;) {
        const struct command command = command_at(commands, place);
        if (!lives)
            ++*skipped_count;
        else if (command.operation == DESPAWN)
            lives = false;
        else
            want(commands, &command, place);
        place = command.next;
    }
    *ret_count = state_list_places(world->state, commands->wanted, words, world->set);
    return lives;
}

/* Where each group comes from and goes to. Dead ones are emptied, their commands counted. */
static pecs_status find_tables(pecs_commands *commands, struct pecs_world *world, uint64_t *skipped_count)
{
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < commands->group_count; i++) {
        struct group *group = &commands->groups[i];
        const bool is_new = is_provisional(group->entity);
        const struct record *record = is_new ? NULL : state_find(world->state, group->entity);
        group->from = record ? record->table : NO_TABLE;
        if (!is_new && !record) {
            for (uint64_t place = group->first; place != NO_COMMAND; place = command_at(commands, place).next)
                ++*skipped_count;
            group->first = NO_COMMAND;
            continue;
        }
        uint32_t set_count;
        status = edit_begin_values(world);
        if (status)
            return status;
        if (find_set(commands, world, group, &set_count, skipped_count))
            status = edit_find_table(world, world->set, set_count, false, &group->to);
        else
            group->to = NO_TABLE;
    }
    return status;
}

/* Ready. */

/* Values set in a row that stays: only their columns pass the gate. */
static pecs_status ready_values(pecs_commands *commands, struct pecs_world *world, const struct group *group)
{
    const struct record record = *state_find(world->state, group->entity);
    struct table *table;
    pecs_status status = edit_prove_row(world, group->entity, record);
    if (!status)
        status = edit_own_table(world, record.table, &table);
    if (status)
        return status;
    const uint64_t chunk = record.row >> table->archetype->chunk_shift, rows = table_live_rows(table, chunk);
    for (uint64_t place = group->first; !status && place != NO_COMMAND;) {
        const struct command command = command_at(commands, place);
        uint64_t at = place + sizeof(command);
        for (uint32_t i = 0; !status && i < command.item_count; i++) {
            const uint8_t *bytes;
            uint8_t *owned;
            const uint32_t column = archetype_column(table->archetype, next_item(commands, &at, &bytes).component);
            if (column != NO_COLUMN)
                status = table_own_chunk(&world->gate, table, column, chunk, rows, &owned);
        }
        place = command.next;
    }
    return status;
}

/* A world's entity that is told to change. */
static bool is_present(const struct group *group)
{
    return group->first != NO_COMMAND && group->from != NO_TABLE;
}

static bool is_spawned(const struct group *group)
{
    return is_provisional(group->entity) && group->to != NO_TABLE;
}

static pecs_status ready_slots(pecs_commands *commands, struct pecs_world *world, uint64_t spawn_count)
{
    struct pool *pool = world->registry->pool;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < commands->group_count; i++)
        if (is_present(&commands->groups[i]) && commands->groups[i].to == NO_TABLE)
            status = free_map_reserve_give(&world->free_map, pool, world->state, commands->groups[i].entity.index);
    return status ? status : edit_ready_slots(world, spawn_count);
}

static pecs_status ready(pecs_commands *commands, struct pecs_world *world)
{
    uint64_t spawn_count = 0;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < commands->group_count; i++) {
        const struct group *group = &commands->groups[i];
        const bool moves = group->from != group->to;
        if (is_spawned(group))
            spawn_count++;
        if (is_present(group))
            status = moves ? edit_ready_departure(world, group->entity) : ready_values(commands, world, group);
        if (!status && group->to != NO_TABLE && moves)
            status = edit_plan_note(world, group->to, 0, 1);
    }
    if (!status && !state_has_slots(world->state, spawn_count))
        status = PECS_E_LIMIT;
    if (!status)
        status = edit_plan_ready(world);
    if (!status && !pool_reserve(world->registry->pool, (void **)&commands->spawned, &commands->spawned_capacity,
                                 commands->spawn_count, sizeof(*commands->spawned)))
        status = PECS_E_MEMORY;
    return status || !spawn_count ? status : ready_slots(commands, world, spawn_count);
}

/* Change. */

static void change_structure(pecs_commands *commands, struct pecs_world *world)
{
    if (commands->spawn_count)
        memset(commands->spawned, 0, commands->spawn_count * sizeof(*commands->spawned));
    for (size_t i = 0; i < commands->group_count; i++) {
        struct group *group = &commands->groups[i];
        if (is_spawned(group)) {
            const pecs_entity entity = edit_take_slot(world);
            commands->spawned[group->entity.index] = entity;
            group->entity = entity;
            edit_append_row(world, group->to, entity);
        } else if (is_present(group) && group->from != group->to) {
            const struct record record = *state_find(world->state, group->entity);
            edit_find_row(world, record.table, record.row);
            if (group->to == NO_TABLE) {
                edit_remove_row(world, record.table, record.row);
                edit_give_slot(world, group->entity.index);
            } else {
                edit_move_row(world, group->entity, record.table, record.row, group->to);
            }
        }
    }
}

static void replace_provisional(const pecs_commands *commands, const struct component *component, uint8_t *value)
{
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, &component->special); span_iter_next(&iter, &span);) {
        for (uint32_t at = 0; span.kind == PECS_ENTITY && at < span.size; at += sizeof(pecs_entity)) {
            pecs_entity entity;
            memcpy(&entity, value + span.offset + at, sizeof(entity));
            if (is_provisional(entity))
                memcpy(value + span.offset + at, &commands->spawned[entity.index], sizeof(entity));
        }
    }
}

static void write_values(const pecs_commands *commands, struct pecs_world *world, const struct group *group)
{
    const struct record record = *state_find(world->state, group->entity);
    struct table *table = edit_table(world, record.table);
    for (uint64_t place = group->first; place != NO_COMMAND;) {
        const struct command command = command_at(commands, place);
        uint64_t at = place + sizeof(command);
        for (uint32_t i = 0; i < command.item_count; i++) {
            const uint8_t *bytes;
            const struct item item = next_item(commands, &at, &bytes);
            const uint32_t column = archetype_column(table->archetype, item.component);
            if (column == NO_COLUMN || !item.has_value)
                continue;
            const struct component *component = state_component(world->state, item.component);
            uint8_t *value = table_owned_value(table, column, record.row);
            if (!item.size_bytes) {
                memset(value, 0, component->size);
                continue;
            }
            memcpy(value, bytes, item.size_bytes);
            replace_provisional(commands, component, value);
        }
        place = command.next;
    }
}

pecs_status pecs_commands_apply(pecs_commands *commands, pecs_world *world, uint64_t *ret_skipped_count)
{
    if (!commands || !world || commands->registry != world->registry)
        return PECS_E_MISUSE;
    uint64_t skipped_count = 0;
    pecs_status status = edit_check_busy(world);
    if (status)
        return status;
    const uint32_t table_count = world->state->table_count;
    status = gather_groups(commands, world);
    if (!status)
        status = find_tables(commands, world, &skipped_count);
    if (!status)
        status = ready(commands, world);
    if (status) {
        edit_plan_forget(world);
        edit_drop_tables(world, table_count);
        return status;
    }
    change_structure(commands, world);
    for (size_t i = 0; i < commands->group_count; i++)
        if (commands->groups[i].first != NO_COMMAND && commands->groups[i].to != NO_TABLE)
            write_values(commands, world, &commands->groups[i]);
    edit_plan_finish(world);
    edit_give_back_slots(world, commands->spawn_count);
    const size_t spawned_count = commands->spawn_count;
    pecs_commands_clear(commands);
    commands->spawned_count = spawned_count;
    commands->spawned_batch = commands->batch;
    if (ret_skipped_count)
        *ret_skipped_count = skipped_count;
    return PECS_OK;
}

pecs_entity pecs_commands_resolve(const pecs_commands *commands, pecs_entity provisional)
{
    if (!commands || provisional.index >= commands->spawned_count ||
        provisional.generation != (commands->spawned_batch | PROVISIONAL))
        return (pecs_entity){ 0, 0 };
    return commands->spawned[provisional.index];
}
