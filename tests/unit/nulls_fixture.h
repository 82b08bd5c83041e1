/* For tests of the rule for NULL (pecs/status.h): what calls need, and that a refused call has changed nothing. */
#ifndef NULLS_FIXTURE_H
#define NULLS_FIXTURE_H

#include "world_fixture.h"

static pecs_registry *registry;
static pecs_world *world;
static pecs_commands *commands;
static pecs_snapshot *snapshot;
static pecs_query *query;
static pecs_entity entity;
static struct photograph before;
static const pecs_view no_view = { NULL };
static const char *const path = "/nowhere/never.pecs"; /* nothing gets as far as to open it */

static inline void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
    entity = spawn_position(world, 1);
    snapshot = take(world);
    query = make_query(registry, &(pecs_term){ POSITION, PECS_READ }, 1);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    before = photograph_of(pecs_world_view(world));
}

/* Nothing has changed, but for the tick, which an edit that fails may have opened. */
static inline void strike(void)
{
    struct photograph after = photograph_of(pecs_world_view(world));
    after.summary.tick = before.summary.tick;
    must(same_photograph(&before, &after));
    check_world(world);
    pecs_commands_destroy(commands);
    pecs_query_destroy(query);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

#define MISUSE(call) cr_assert_eq(call, PECS_E_MISUSE, "%s", #call)

static inline pecs_view view(void)
{
    return pecs_world_view(world);
}

#endif
