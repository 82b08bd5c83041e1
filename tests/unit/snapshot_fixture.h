/* For tests of snapshots: one world, whose entities have their slot as x, and the path of a file. */
#ifndef SNAPSHOT_FIXTURE_H
#define SNAPSHOT_FIXTURE_H

#include "one_world_fixture.h"

#include <stdio.h>
#include <unistd.h>

static char path[64];

static inline void set_up_with_path(void)
{
    snprintf(path, sizeof(path), "/tmp/pecs-snapshot-%ld", (long)getpid());
    set_up();
}

static inline void strike_with_path(void)
{
    strike();
    unlink(path);
}

static inline float x_in(pecs_view view_of, pecs_entity entity)
{
    const Position *position = pecs_get_as(view_of, entity, POSITION, Position);
    return position ? position->x : -1;
}

static inline void set_x(pecs_world *of, pecs_entity entity, float x)
{
    must(pecs_world_set(of, entity, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, x, 0, 0) }, 1) == PECS_OK);
}

/* Entities {0..count-1, 1} whose x is their slot. */
static inline void spawn_row(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        spawn_position(world, (float)i);
}

#endif
