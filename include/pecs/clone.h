/*
 * Clone: copies of entities in a world: of its own or of a snapshot, for example a prefab that is built once.
 *
 *     pecs_entity wagons[100][2];                // cart and driver, a hundred times
 *     status = pecs_world_clone(world, NULL, (pecs_entity[]){ cart, driver }, 2, 100, wagons[0]);
 */
#ifndef PECS_CLONE_H
#define PECS_CLONE_H

#include <pecs/snapshot.h>
#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Spawns `copy_count` copies of `entity_count` entities of a snapshot, or, if it is NULL, of the world as it is: all
 * components with their values, and the contents of strings, blobs and lists. A copy has an id of its own (id.h): an
 * explicit id is not copied. ret_entities[c * entity_count + k] is copy c of entity k; ret_entities may be NULL, or the
 * array of the entities. Slots and rows are taken in this order, as by pecs_world_spawn, so the same calls give the
 * same handles.
 *
 * References to one of the entities, also those in lists, lead to its clone in the same copy. Other references lead
 * where they led: in copies of the world's own entities, and of those of a snapshot of its own timeline (taken from it
 * since it was created or last restored), they stay as they are, but for those to entities that a rewind undid, which
 * become {0, 0}. Those of another snapshot lead to the entity of the world that has the same stable id, and become {0,
 * 0} if none has, since handles of the one name other entities in the other. Of a transient component the library knows
 * no fields, so its bytes are copied as they are; one with PECS_TYPE_NO_SNAPSHOT is all zeros in a snapshot, and so in
 * its copies.
 *
 * Contents from 64 KiB on are shared, as by a merge (merge.h), unless they are a list of references.
 *
 * The snapshot must be of the world's registry. Types that it has and the registry lacks come along. The entities may
 * lie in the world itself. A structural edit (world.h): all copies are made, or none. The world's writer only.
 * PECS_E_DEAD: an entity is not alive in the snapshot or the world, or is listed twice; the error names it.
 * PECS_E_MISUSE, PECS_E_BUSY, PECS_E_LIMIT (slots, rows in a table, the heap of contents, types), PECS_E_LAYOUT (of a
 * type that the registry lacks, snapshot and world have different layouts), PECS_E_CORRUPT (rows and index of a resumed
 * snapshot disagree), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_clone(pecs_world *world, const pecs_snapshot *snapshot,
                                                    const pecs_entity *entities, size_t entity_count, size_t copy_count,
                                                    pecs_entity *ret_entities);

#ifdef __cplusplus
}
#endif
#endif
