/*
 * For tests of transient types: a world whose registry has some, a registry that has none, which reads its files, and a
 * folder for these.
 */
#ifndef TRANSIENT_FIXTURE_H
#define TRANSIENT_FIXTURE_H

#include "file_fixture.h"

/* Any struct: pointers, no fields. */
typedef struct {
    void *buffer;
    int count;
} Mesh;
PECS_TRANSIENT(Mesh);

typedef struct {
    const char *body;
} Body;
PECS_TRANSIENT_NO_SNAPSHOT(Body);

PECS_TRANSIENT_TAG(Selected);
PECS_TRANSIENT_ENTITY(Ghost);

enum { MESH = FIXTURE_TYPE_COUNT, BODY, SELECTED, GHOST, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = {
    &Position_type, &Health_type, &Team_type,     &Frozen_type, &Link_type,
    &Mesh_type,     &Body_type,   &Selected_type, &Ghost_type,
};

static pecs_registry *registry, *plain;
static pecs_world *world;

static inline void set_up(void)
{
    enter_folder();
    registry = make_registry(types, TYPE_COUNT, counting_hooks);
    plain = make_registry(fixture_types, FIXTURE_TYPE_COUNT, counting_hooks);
    world = make_world(registry, NULL);
}

static inline void tear_down(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    pecs_registry_release(plain);
    assert_no_leak();
    leave_folder();
}

static inline pecs_value position_value(const Position *position)
{
    return (pecs_value){ POSITION, sizeof(*position), position };
}

static inline void add(pecs_entity entity, pecs_component component, const void *value, size_t size)
{
    must(pecs_world_set(world, entity, &(pecs_value){ component, size, value }, 1) == PECS_OK);
}

static inline pecs_snapshot *load_plain(const char *path)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_load(plain, path, &(pecs_load_options){ .refuse_unknown = true }, &snapshot, &error),
                 PECS_OK, "%s", error.message);
    check_state(snapshot);
    return snapshot;
}

static inline bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(int *)user;
    return true;
}

static inline int differences(pecs_view from, pecs_view to)
{
    int by_id = 0, by_handle = 0;
    must(pecs_view_diff(from, to, count_change, &by_id) == PECS_OK);
    must(pecs_view_diff_by_handle(from, to, count_change, &by_handle) == PECS_OK);
    cr_assert_eq(by_id, by_handle);
    return by_id;
}

#endif
