/* The builder's part of pecs_builder_adopt, whose conversion (persist/convert.c) is above this layer, and of salvage.
 */
#ifndef PECS_WORLD_BUILDER_ADOPT_H
#define PECS_WORLD_BUILDER_ADOPT_H

#include <pecs/builder.h>
#include <pecs/migration.h>

/* PECS_E_MISUSE if the builder has rows or other parts, adopted a snapshot, or is finished. */
pecs_status builder_check_empty(const struct pecs_builder *builder, pecs_error *error);
/* Makes an empty builder finish with a snapshot of its registry. Takes over the caller's reference. */
void builder_take(struct pecs_builder *builder, struct pecs_snapshot *snapshot);

/* With which options a snapshot that it adopts is migrated; or NULL. They outlive the builder. */
void builder_set_migration(struct pecs_builder *builder, const pecs_migration_options *migration);
const pecs_migration_options *builder_migration(const struct pecs_builder *builder);

/* pecs_builder_create with the types that an empty snapshot knows beside the registry's; or NULL. */
pecs_status builder_create(pecs_registry *registry, const pecs_snapshot *base, const pecs_builder_options *options,
                           pecs_builder **ret_builder, pecs_error *error);

#endif
