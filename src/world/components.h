/* Components: what the edits of one entity's components share. */
#ifndef PECS_WORLD_COMPONENTS_H
#define PECS_WORLD_COMPONENTS_H

#include "edit.h"

/* Finds where an entity is, or the singletons (table NO_TABLE: nowhere yet). False: the entity is dead. */
bool components_locate(const struct pecs_world *world, pecs_entity entity, bool is_singleton,
                       struct record *ret_record);

#endif
