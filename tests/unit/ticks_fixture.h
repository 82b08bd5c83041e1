/*
 * For tests of ticks: one world, and which chunks have changed since a tick. Entities of one table lie in the order of
 * their slots; a chunk has 4096 of them.
 */
#ifndef TICKS_FIXTURE_H
#define TICKS_FIXTURE_H

#include "one_world_fixture.h"

static pecs_query *positions, *everything;

static inline void set_up_with_queries(void)
{
    set_up();
    positions = make_query(registry, (pecs_term[]){ { POSITION, PECS_READ } }, 1);
    everything = make_query(registry, NULL, 0);
}

static inline void strike_with_queries(void)
{
    pecs_query_destroy(positions);
    pecs_query_destroy(everything);
    strike();
}

static inline uint64_t advance(void)
{
    uint64_t tick = 0;
    must(pecs_world_advance(world, &tick) == PECS_OK);
    return tick;
}

/* Three chunks at tick 1, and the world at tick 2. */
static inline void spawn_chunks(void)
{
    const pecs_value values[] = { { POSITION, sizeof(Position), NULL }, { TEAM, sizeof(Team), NULL } };
    must(pecs_world_spawn(world, values, 2, 2 * CHUNK_ROWS + 100, NULL) == PECS_OK);
    must(advance() == 2);
}

/* A bit for each chunk of the first table that the query gives; bit 7 for any other table's. */
static inline uint32_t chunks_in(pecs_view of, const pecs_query *query, uint64_t since)
{
    const pecs_iter_options options = { .changed_since = since };
    pecs_iter iter = pecs_query_iter(query, of, &options);
    uint32_t chunks = 0;
    while (pecs_iter_next(&iter))
        chunks |= UINT32_C(1) << (iter.state.table ? 7 : iter.state.chunk - 1);
    must(pecs_iter_end(&iter) == PECS_OK);
    return chunks;
}

static inline uint32_t chunks_since(const pecs_query *query, uint64_t since)
{
    return chunks_in(view(), query, since);
}

#endif
