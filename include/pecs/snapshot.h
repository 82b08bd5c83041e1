/*
 * Snapshot: an immutable state of a world, made of shared, reference-counted arrays. Taking one takes constant time;
 * the first write to an array that a snapshot shares copies that array (copy on write).
 *
 * Any thread may read, retain and release a snapshot. It holds its registry and outlives its world.
 */
#ifndef PECS_SNAPSHOT_H
#define PECS_SNAPSHOT_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Takes a snapshot: O(1), no copy. The caller owns one reference. The world's writer only. The world's next edit
 * carries a higher tick than the snapshot (see pecs_world_advance). Pointers from pecs_world_get_mut and
 * pecs_world_get_singleton_mut end here, as they do at a save: a write through them would change the snapshot. Debug
 * builds of the library detect such writes and abort; to that end their takes hash every array that changed.
 * Values whose type has PECS_TYPE_NO_SNAPSHOT (schema.h) are zeros in the snapshot; each table that has some then costs
 * a take about a microsecond and at most a mebibyte of zeros for each such component.
 * PECS_E_BUSY while an iteration that may write is open; PECS_E_MEMORY, which only these values need.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_take(pecs_world *world, pecs_snapshot **ret_snapshot);

/* Adds a reference and returns the argument. NULL is allowed. Any thread. */
PECS_API pecs_snapshot *pecs_snapshot_retain(pecs_snapshot *snapshot);

/*
 * Releases one reference. NULL is allowed. Any thread. Memory that only this snapshot used is free for other arrays at
 * once, and for the system by the world's next pecs_world_advance.
 */
PECS_API void pecs_snapshot_release(pecs_snapshot *snapshot);

/* The view of a snapshot, valid while the caller holds a reference. */
PECS_API pecs_view pecs_snapshot_view(const pecs_snapshot *snapshot);

/*
 * Sets the world to the state of the snapshot, which may come from this world, another one, or a file, of the same
 * registry (else PECS_E_MISUSE). No copy; queries stay valid. The tick does not decrease: it becomes one more than the
 * greater of the world's and the snapshot's, and every component counts as changed at it. Entities spawned after the
 * snapshot was taken are gone. The same edits give the same handles again, but other ids (id.h), since from here on the
 * world has another timeline. PECS_E_BUSY while an iteration is open, PECS_E_MEMORY, PECS_E_LIMIT (no tick is left, as
 * for advance).
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_restore(pecs_world *world, const pecs_snapshot *snapshot);

/*
 * Rolls back for re-simulation, as rollback netcode does: a restore after which the same edits also give the same ids.
 * Tick and changes are as after a restore, so a world that was rewound and stepped again has the content of one that
 * was not (pecs_view_hash), but another tick. The snapshot must have been taken from this world since it was created or
 * last restored, before or after other rewinds, else PECS_E_MISUSE. Other statuses as for restore.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_rewind(pecs_world *world, const pecs_snapshot *snapshot);

#ifdef __cplusplus
}
#endif
#endif
