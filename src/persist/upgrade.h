/*
 * Upgrade: what becomes of a state whose file, or whose other registry, has old types or an old schema: component
 * migrations, world migrations, load hooks, and the notes about all of it.
 */
#ifndef PECS_PERSIST_UPGRADE_H
#define PECS_PERSIST_UPGRADE_H

#include "migrate.h"

#include <pecs/file.h>

struct upgrade {
    pecs_registry *registry;
    const pecs_migration_options *options;
    struct migrate_plan plan;
    bool is_partial; /* of a part of a file: without the hooks, which are for whole worlds */
};

/*
 * Plans the upgrade for unknown types, or NULL. PECS_E_LAYOUT: an old type cannot be converted; *ret_culprit is its
 * index. PECS_E_MEMORY. Call deinit also on failure. `options` may be NULL.
 */
pecs_status upgrade_init(struct upgrade *upgrade, pecs_registry *registry, const struct unknown_types *unknown,
                         const pecs_migration_options *options, uint32_t *ret_culprit, pecs_error *error);
void upgrade_deinit(struct upgrade *upgrade);

/* PECS_E_UNSUPPORTED: what has this metadata (or NULL) needs a program of a later schema version. */
pecs_status upgrade_check_reader(const pecs_registry *registry, const struct metadata *metadata, pecs_error *error);

/* PECS_E_UNSUPPORTED: what has this schema version needs a world migration, which is for whole worlds. */
pecs_status upgrade_check_part(const pecs_registry *registry, uint32_t version, pecs_error *error);

/*
 * Replaces the state by the upgraded one, or releases it on failure. `is_checked`: its values are valid. Any status:
 * that of the plan's migrations, of world migrations and hooks.
 */
pecs_status upgrade_run(struct upgrade *upgrade, uint32_t version, bool is_checked, struct pecs_snapshot **state,
                        pecs_error *error);

#endif
