/*
 * For tests of one world with strings, blobs and lists: made before each test in a folder of its own, checked and
 * destroyed after it, with all its memory counted.
 */
#ifndef ONE_CONTENTS_FIXTURE_H
#define ONE_CONTENTS_FIXTURE_H

#include "contents_fixture.h"

static pecs_registry *registry;
static pecs_world *world;

static inline void set_up(void)
{
    enter_folder();
    registry = contents_registry();
    world = make_world(registry, NULL);
}

static inline void strike(void)
{
    check_contents(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

static inline pecs_view view(void)
{
    return pecs_world_view(world);
}

#endif
