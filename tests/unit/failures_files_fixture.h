/* For tests of failing allocations with files: the world that the trials begin with, and a file that it is saved to. */
#ifndef FAILURES_FILES_FIXTURE_H
#define FAILURES_FILES_FIXTURE_H

#include "world_fixture.h"

#include <stdio.h>
#include <unistd.h>

static char path[64];
static const pecs_id id_a = { { 1, 2, 3 } };
static const pecs_save_options quick = { .skip_sync = true };

static inline void populate(struct stage *stage)
{
    const pecs_value values[] = { PECS_VALUE_AS(TEAM, Team, 4), PECS_VALUE_AS(HEALTH, Health, 5, 6) };
    for (int i = 0; i < 20; i++)
        stage->entities[i] = i % 2 ? spawn_position(stage->world, (float)i) : spawn_one(stage->world, values, 2);
    must(pecs_world_despawn(stage->world, &stage->entities[19], 1) == PECS_OK);
    must(pecs_world_set_singleton(stage->world, TEAM, 1, &(Team){ 3 }) == PECS_OK);
    must(pecs_world_set_id(stage->world, stage->entities[4], id_a) == PECS_OK);
    must(pecs_world_set_meta_text(stage->world, "level", "seven") == PECS_OK);
    snprintf(path, sizeof(path), "/tmp/pecs-failures-files-%ld", (long)getpid());
}

static inline void populate_and_share(struct stage *stage)
{
    populate(stage);
    stage->snapshot = take(stage->world);
}

static inline void save_before(struct stage *stage)
{
    populate_and_share(stage);
    pecs_error error;
    cr_assert_eq(pecs_world_save(stage->world, path, &quick, &error), PECS_OK, "%s", error.message);
    must(pecs_world_set_meta_text(stage->world, "level", "eight") == PECS_OK);
}

#endif
