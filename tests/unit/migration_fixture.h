/*
 * For tests of migrations: an old registry whose world is saved, and a new one that gets it back in each of three ways:
 * by a resume, a load and a conversion of the snapshot.
 */
#ifndef MIGRATION_FIXTURE_H
#define MIGRATION_FIXTURE_H

#include "file_fixture.h"

enum { BY_RESUME, BY_LOAD, BY_CONVERT, WAY_COUNT };

static pecs_registry *old_registry, *new_registry;

static inline pecs_registry *registry_with(const pecs_type *const *types, size_t type_count,
                                           const pecs_history *history)
{
    pecs_registry *registry = NULL;
    pecs_error error = { .message = "" };
    const pecs_registry_desc desc = {
        .types = types, .type_count = type_count, .allocator = counting_hooks, .history = history
    };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

/* What a registry with this history is refused for. */
static inline pecs_status refuse_history(const pecs_type *const *types, size_t type_count, const pecs_history *history,
                                         pecs_error *error)
{
    pecs_registry *registry = NULL;
    const pecs_registry_desc desc = {
        .types = types, .type_count = type_count, .allocator = counting_hooks, .history = history
    };
    const pecs_status status = pecs_registry_create(&desc, &registry, error);
    cr_assert_null(registry);
    return status;
}

/* The world's state for the new registry. A conversion has no options. */
static inline pecs_status try_migrate(pecs_world *world, int way, const pecs_migration_options *migration,
                                      pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_resume_options resume = { .migration = migration };
    const pecs_load_options load = { .migration = migration };
    pecs_snapshot *before = NULL;
    pecs_status status;
    save_world(world, "old.pecs");
    switch (way) {
    case BY_RESUME:
        return pecs_snapshot_resume(new_registry, "old.pecs", &resume, ret_snapshot, error);
    case BY_LOAD:
        return pecs_snapshot_load(new_registry, "old.pecs", &load, ret_snapshot, error);
    default:
        cr_assert_eq(pecs_snapshot_take(world, &before), PECS_OK);
        status = pecs_snapshot_convert(before, new_registry, ret_snapshot, error);
        pecs_snapshot_release(before);
        return status;
    }
}

/* The same, and what was migrated is saved by the new program and loaded again. */
static inline pecs_snapshot *migrate(pecs_world *world, int way, const pecs_migration_options *migration)
{
    pecs_snapshot *snapshot = NULL, *again = NULL;
    pecs_error error = { .message = "" };
    cr_assert_eq(try_migrate(world, way, migration, &snapshot, &error), PECS_OK, "way %d: %s %s", way,
                 error.rule ? error.rule : "", error.message);
    cr_assert_eq(pecs_snapshot_save(snapshot, "new.pecs", &(pecs_save_options){ .skip_sync = true }, &error), PECS_OK,
                 "way %d: %s", way, error.message);
    cr_assert_eq(pecs_snapshot_load(new_registry, "new.pecs", NULL, &again, &error), PECS_OK, "way %d: %s %s", way,
                 error.rule ? error.rule : "", error.message);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), pecs_view_hash(pecs_snapshot_view(again)));
    pecs_snapshot_release(again);
    return snapshot;
}

static inline void end_migration(pecs_world *world)
{
    pecs_world_destroy(world);
    pecs_registry_release(old_registry);
    pecs_registry_release(new_registry);
}

#endif
