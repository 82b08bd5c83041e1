/* For tests of failing allocations: the world that most trials begin with. */
#ifndef FAILURES_FIXTURE_H
#define FAILURES_FIXTURE_H

#include "world_fixture.h"

enum { ROWS = CHUNK_ROWS + 100 };

/* Two tables, one of more than a chunk; some free slots; entities[] holds some of each. */
static inline void populate(struct stage *stage)
{
    static Position positions[ROWS];
    static pecs_entity all[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        positions[i] = (Position){ (float)i, 1, 2 };
    must(pecs_world_spawn(stage->world, (pecs_value[]){ PECS_ROWS_AS(POSITION, positions) }, 1, ROWS, all) == PECS_OK);
    const pecs_value values[] = { PECS_VALUE_AS(TEAM, Team, 4), PECS_VALUE_AS(HEALTH, Health, 5, 6) };
    for (int i = 0; i < 32; i++)
        stage->entities[i] = all[i * 130];
    for (int i = 32; i < 64; i++)
        stage->entities[i] = spawn_one(stage->world, values, 2);
    must(pecs_world_despawn(stage->world, (pecs_entity[]){ all[5], all[4100], all[77] }, 3) == PECS_OK);
    must(pecs_world_set_singleton(stage->world, TEAM, 1, &(Team){ 3 }) == PECS_OK);
}

static inline void populate_and_share(struct stage *stage)
{
    populate(stage);
    stage->snapshot = take(stage->world);
}

static inline void nothing(struct stage *stage)
{
    (void)stage;
}

#endif
