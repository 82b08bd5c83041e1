/* For tests of command buffers: one world, and a buffer that records and is applied to it. */
#ifndef COMMANDS_FIXTURE_H
#define COMMANDS_FIXTURE_H

#include "one_world_fixture.h"

static pecs_commands *commands;

static inline void set_up_with_commands(void)
{
    set_up();
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
}

static inline void strike_with_commands(void)
{
    pecs_commands_destroy(commands);
    strike();
}

static inline pecs_entity command_spawn(const pecs_value *values, size_t count)
{
    pecs_entity entity = none;
    must(pecs_commands_spawn(commands, values, count, &entity) == PECS_OK);
    return entity;
}

static inline void command_team(pecs_entity entity, uint8_t number)
{
    must(pecs_commands_set(commands, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, number) }, 1) == PECS_OK);
}

static inline void command_remove(pecs_entity entity, pecs_component component)
{
    must(pecs_commands_remove(commands, entity, &component, 1) == PECS_OK);
}

static inline void command_despawn(pecs_entity entity)
{
    must(pecs_commands_despawn(commands, entity) == PECS_OK);
}

/* Applies, and gives the number of commands skipped. */
static inline uint64_t apply(void)
{
    uint64_t skipped_count = 77;
    cr_assert_eq(pecs_commands_apply(commands, world, &skipped_count), PECS_OK);
    check_world(world);
    return skipped_count;
}

/* The team's number, or -1 when it has none. */
static inline int team_of(pecs_entity entity)
{
    const Team *team = pecs_get_as(view(), entity, TEAM, Team);
    return team ? team->number : -1;
}

#endif
