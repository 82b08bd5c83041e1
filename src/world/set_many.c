/*
 * Sets components of many entities as one edit: the rows that lack one move, then the values are written, component by
 * component. The entities may be anywhere, so what the next ones need is fetched ahead.
 */
#include "handle_set.h"
#include "identity.h"
#include "place.h"

enum { RECORD_AHEAD = 16, ROW_AHEAD = 12 };

/* Where an entity is, and the table that it moves to; NO_TABLE: it stays, or an earlier place in the list moves it. */
struct set_target {
    uint32_t table, row, to;
};

struct set_many {
    struct pecs_world *world;
    const pecs_value *values;
    size_t value_count, column_count; /* all values, and those of components that have columns */
    pecs_entity *entities;            /* copies: they may lie in rows that change */
    struct set_target *targets;
    size_t entity_count, move_count; /* all, and those with a table to move to */
    bool has_contents;               /* some component has, so the heap has changed */
    struct handle_set moving;
    struct placed placed;
};

static bool set_many_has_all(const struct set_many *many, const struct archetype *archetype)
{
    size_t count = 0;
    while (count < many->value_count && archetype_find(archetype, many->values[count].component) != NO_COLUMN)
        count++;
    return count == many->value_count;
}

/* Finds the entities, and how many lack a component: these get a table to move to (0: set_many_ready finds it). */
static pecs_status set_many_locate(struct set_many *many)
{
    const struct pecs_snapshot *state = many->world->state;
    uint32_t table = NO_TABLE;
    bool has_all = false;
    for (size_t i = 0; i < many->entity_count; i++) {
        if (i + RECORD_AHEAD < many->entity_count)
            __builtin_prefetch(identity_record_at(state, many->entities[i + RECORD_AHEAD].index));
        const struct record *record = state_find(state, many->entities[i]);
        if (!record)
            return edit_fail_dead(many->world, many->entities[i]);
        if (record->table != table) {
            table = record->table;
            has_all = set_many_has_all(many, state_table(state, table)->archetype);
        }
        many->targets[i] = (struct set_target){ table, record->row, has_all ? NO_TABLE : 0 };
        many->move_count += !has_all;
    }
    return PECS_OK;
}

/* The table that rows of another one move to: with the components given, too. */
static pecs_status set_many_find_table(struct set_many *many, uint32_t from, uint32_t *ret_table)
{
    struct pecs_world *world = many->world;
    const struct archetype *had = state_table(world->state, from)->archetype;
    uint32_t set_count = 0;
    for (uint32_t i = 0; i < had->component_count; i++)
        edit_set_insert(world, &set_count, had->components[i]);
    for (size_t i = 0; i < many->value_count; i++)
        edit_set_insert(world, &set_count, many->values[i].component);
    return edit_find_table(world, world->set, set_count, false, ret_table);
}

/* Prepares a row that stays: its columns of the values pass the gate. */
static pecs_status set_many_ready_values(struct set_many *many, size_t i)
{
    struct pecs_world *world = many->world;
    const struct set_target target = many->targets[i];
    const struct record at = { .table = target.table, .row = target.row };
    const pecs_status status = many->move_count ? edit_prove_row(world, many->entities[i], at) : PECS_OK;
    return status ? status : edit_own_values(world, at, many->values, many->value_count);
}

/* Prepares a row that moves. Of an entity that is given again the first place counts. */
static pecs_status set_many_ready_move(struct set_many *many, size_t i, uint32_t to)
{
    struct set_target *target = &many->targets[i];
    const bool is_first = handle_set_add(&many->moving, (uint32_t)i);
    target->to = is_first ? to : NO_TABLE;
    const pecs_status status = is_first ? edit_ready_departure(many->world, many->entities[i]) : PECS_OK;
    return status || !is_first ? status : edit_plan_note(many->world, to, 0, 1);
}

static pecs_status set_many_ready(struct set_many *many)
{
    struct pecs_world *world = many->world;
    uint32_t from = NO_TABLE, to = NO_TABLE;
    pecs_status status = PECS_OK;
    if (many->move_count)
        status = handle_set_create(&many->moving, world->registry->pool, many->entities, many->move_count);
    for (size_t i = 0; !status && i < many->entity_count; i++) {
        if (many->targets[i].to == NO_TABLE) {
            status = set_many_ready_values(many, i);
            continue;
        }
        if (many->targets[i].table != from)
            status = set_many_find_table(many, from = many->targets[i].table, &to);
        if (!status)
            status = set_many_ready_move(many, i, to);
    }
    return status || !many->move_count ? status : edit_plan_ready(world);
}

/* Moves the rows that lack a component, and finds again where all are. */
static void set_many_move(struct set_many *many)
{
    struct pecs_world *world = many->world;
    for (size_t i = 0; i < many->entity_count; i++) {
        if (many->targets[i].to == NO_TABLE)
            continue;
        const struct record at = *state_find(world->state, many->entities[i]);
        const struct archetype *had = state_table(world->state, at.table)->archetype;
        edit_find_row(world, at.table, at.row);
        edit_move_row(world, many->entities[i], at.table, at.row, many->targets[i].to);
        place_clear_row(world, many->targets[i].to, state_find(world->state, many->entities[i])->row, had);
    }
    for (size_t i = 0; i < many->entity_count; i++) {
        const struct record *record = state_find(world->state, many->entities[i]);
        many->targets[i] = (struct set_target){ record->table, record->row, NO_TABLE };
    }
}

/* Writes the values of one component. */
static void set_many_write(struct set_many *many, const pecs_value *values)
{
    struct pecs_world *world = many->world;
    const bool has_contents = component_has_contents(edit_component(world, values->component));
    many->has_contents |= has_contents;
    const size_t size = values->size_bytes;
    struct table *table = NULL;
    uint32_t number = 0, column = NO_COLUMN;
    for (size_t i = 0; i < many->entity_count; i++) {
        const struct set_target target = many->targets[i];
        if (!table || target.table != number) {
            table = edit_table(world, number = target.table);
            column = archetype_column(table->archetype, values->component);
        }
        if (i + ROW_AHEAD < many->entity_count && many->targets[i + ROW_AHEAD].table == number)
            __builtin_prefetch(table_value(table, column, many->targets[i + ROW_AHEAD].row), 1);
        uint8_t *value = table_owned_value(table, column, target.row);
        if (has_contents)
            place_forget(world, values->component, value, 1);
        edit_fill_value(value, values->data ? (const uint8_t *)values->data + i * size : NULL, size);
    }
}

static void set_many_change(struct set_many *many)
{
    /* first: of several values of an entity, each forgets the one before */
    place_count(many->world, many->placed.units);
    many->placed.units = 0;
    if (many->move_count)
        set_many_move(many);
    for (size_t i = 0; i < many->value_count; i++)
        if (many->values[i].size_bytes)
            set_many_write(many, &many->placed.values[i]);
    edit_plan_finish(many->world);
}

static pecs_status set_many_located(struct set_many *many)
{
    struct pecs_world *world = many->world;
    const uint32_t table_count = world->state->table_count;
    if (!many->move_count && !many->column_count) /* tags that all have */
        return PECS_OK;
    pecs_status status = many->move_count ? edit_begin(world) : edit_begin_values(world);
    if (!status)
        status = place_values(world, many->values, many->value_count, many->entity_count, true, &many->placed);
    if (!status)
        status = set_many_ready(many);
    if (status) {
        edit_plan_forget(world);
        edit_drop_tables(world, table_count);
    } else {
        set_many_change(many);
    }
    place_end(world, &many->placed, !status);
    handle_set_deinit(&many->moving, world->registry->pool);
    return status;
}

/* Checks what is given, but not yet whether the entities live. */
static pecs_status set_many_check(struct set_many *many, const pecs_entity *entities)
{
    struct pecs_world *world = many->world;
    uint32_t set_count;
    const pecs_status status = edit_check_values(world, many->values, many->value_count, &set_count);
    if (status)
        return status;
    for (size_t i = 0; i < many->value_count; i++)
        many->column_count += many->values[i].size_bytes > 0;
    if (many->entity_count && !entities)
        return edit_fail(world, PECS_E_MISUSE, "entities is NULL, but entity_count is not 0");
    if (many->entity_count >= NOT_IN_SET)
        return edit_fail(world, PECS_E_LIMIT, "a call sets fewer than 2^32 - 1 entities");
    return PECS_OK;
}

static pecs_status set_many(struct set_many *many, const pecs_entity *entities)
{
    struct pool *pool = many->world->registry->pool;
    pecs_status status = set_many_check(many, entities);
    if (status || !many->entity_count)
        return status;
    const size_t bytes = many->entity_count * (sizeof(*many->targets) + sizeof(*many->entities));
    many->targets = pool_allocate(pool, bytes);
    if (!many->targets)
        return PECS_E_MEMORY;
    many->entities = (pecs_entity *)(void *)(many->targets + many->entity_count);
    memcpy(many->entities, entities, many->entity_count * sizeof(*entities));
    status = set_many_locate(many);
    if (!status)
        status = set_many_located(many);
    pool_release(pool, many->targets, bytes);
    return status;
}

pecs_status pecs_world_set_many(pecs_world *world, const pecs_entity *entities, size_t entity_count,
                                const pecs_value *values, size_t value_count)
{
    struct set_many many = {
        .world = world, .values = values, .value_count = value_count, .entity_count = entity_count
    };
    if (!world)
        return PECS_E_MISUSE;
    gate_hold(&world->gate); /* the values may lie in the world */
    const pecs_status status = set_many(&many, entities);
    gate_let_go(&world->gate);
    if (!status && many.has_contents)
        place_tend(world, 0);
    return failure_end(&world->failure, status);
}
