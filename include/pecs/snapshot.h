/*
 * Snapshot: an immutable state of a world, made of shared, reference-counted arrays. Taking one costs the same
 * whatever the world's size; the first write to an array that a snapshot shares copies that array.
 *
 * Any thread may read, retain and release a snapshot. It holds its registry, and its memory outlives the world.
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
 * builds of the library find such writes and abort; for that, their takes look at every array. PECS_E_BUSY while a
 * write iteration is open.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_take(pecs_world *world, pecs_snapshot **ret_snapshot);

/* One more reference; returns its argument. Any thread. */
PECS_API pecs_snapshot *pecs_snapshot_retain(pecs_snapshot *snapshot);

/*
 * Gives one reference back; NULL is allowed. Any thread. What only this snapshot had is free for other arrays at once,
 * and goes back to the system by the world's next pecs_world_advance.
 */
PECS_API void pecs_snapshot_release(pecs_snapshot *snapshot);

/* The view of a snapshot; valid while the caller holds a reference. */
PECS_API pecs_view pecs_snapshot_view(const pecs_snapshot *snapshot);

/*
 * Makes the world's state that of the snapshot, which may come from this world, another, or a file; it must be of the
 * same registry (else PECS_E_MISUSE). Costs no copy; queries stay valid. The tick does not go back: it becomes one more
 * than the greater of the world's and the snapshot's, and every component counts as changed at it. Entities spawned
 * after the snapshot was taken are gone; the same edits give the same handles again, but other ids (id.h): what happens
 * from here on is another future. PECS_E_BUSY while an iteration is open, PECS_E_MEMORY, PECS_E_LIMIT (no tick is left,
 * as for advance).
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_restore(pecs_world *world, const pecs_snapshot *snapshot);

/*
 * Goes back to do the same again, as rollback netcode does: a restore after which the same edits give the same ids too.
 * Tick and changes are as after a restore: the tick rises and everything counts as changed at it, so a world that was
 * rewound has the same content as one that was not (pecs_view_hash), but not the same tick.
 * The snapshot must have been taken from this world since it was made or last restored, else PECS_E_MISUSE; a rewind
 * does not end that, so snapshots taken before and after it serve as well. Other statuses as for restore.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_rewind(pecs_world *world, const pecs_snapshot *snapshot);

#ifdef __cplusplus
}
#endif
#endif
