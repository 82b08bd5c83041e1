/* For suites about files of every profile: each test has a registry of all profiled types, in a folder of its own. */
#ifndef PROFILES_SUITE_H
#define PROFILES_SUITE_H

#include "profiles_fixture.h"

static pecs_registry *registry;

static inline void set_up(void)
{
    enter_folder();
    registry = profiles_registry();
}

static inline void strike(void)
{
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

#endif
