/* For tests of queries: one world, and the query under test. */
#ifndef QUERY_FIXTURE_H
#define QUERY_FIXTURE_H

#include "one_world_fixture.h"

static pecs_query *query;

static inline void strike_with_query(void)
{
    pecs_query_destroy(query);
    strike();
}

/* The query under test; the one before is destroyed. */
#define ask(...)                                                                                                       \
    (pecs_query_destroy(query), query = make_query(registry, (pecs_term[]){ __VA_ARGS__ },                             \
                                                   sizeof((pecs_term[]){ __VA_ARGS__ }) / sizeof(pecs_term)))

static inline void spawn_rows(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        spawn_one(world,
                  (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, (float)i, 0, 0),
                                  PECS_VALUE_AS(TEAM, Team, (uint8_t)i), PECS_HAS_AS(FROZEN) },
                  3);
}

#endif
