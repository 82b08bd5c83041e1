/* For tests of one world: made before each test, checked and destroyed after it, with all its memory counted. */
#ifndef ONE_WORLD_FIXTURE_H
#define ONE_WORLD_FIXTURE_H

#include "world_fixture.h"

static pecs_registry *registry;
static pecs_world *world;

static inline void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static inline void strike(void)
{
    if (world)
        check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

static inline pecs_view view(void)
{
    return pecs_world_view(world);
}

static inline const Position *position_of(pecs_entity entity)
{
    return pecs_get_as(view(), entity, POSITION, Position);
}

static inline const Health *health_of(pecs_entity entity)
{
    return pecs_get_as(view(), entity, HEALTH, Health);
}

/* An edit refused with a status: the world is as before. */
#define assert_refused(expected_status, call)                                                                          \
    do {                                                                                                               \
        const struct photograph before_ = photograph_of(view());                                                       \
        cr_assert_eq(call, expected_status);                                                                           \
        const struct photograph after_ = photograph_of(view());                                                        \
        cr_assert(same_photograph(&before_, &after_));                                                                 \
        check_world(world);                                                                                            \
    } while (0)

/* Opens an iteration of the kind, runs the call, closes it. */
#define assert_busy(call)                                                                                              \
    do {                                                                                                               \
        pecs_query *query_ = make_query(registry, NULL, 0);                                                            \
        pecs_iter iter_ = pecs_query_iter(query_, view(), NULL);                                                       \
        assert_refused(PECS_E_BUSY, call);                                                                             \
        cr_assert_eq(pecs_iter_end(&iter_), PECS_OK);                                                                  \
        iter_ = pecs_query_iter_mut(query_, world, NULL);                                                              \
        assert_refused(PECS_E_BUSY, call);                                                                             \
        cr_assert_eq(pecs_iter_end(&iter_), PECS_OK);                                                                  \
        pecs_query_destroy(query_);                                                                                    \
    } while (0)

#endif
