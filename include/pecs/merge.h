/*
 * Merge: the content of a snapshot comes into a world that has content already: a level, a chunk of the map, a mod's
 * data. Stable ids (id.h) decide which entities are the same.
 *
 *     pecs_merge_report report;
 *     status = pecs_world_merge(world, level, PECS_CONFLICTS_KEEP, NULL, &report);
 */
#ifndef PECS_MERGE_H
#define PECS_MERGE_H

#include <pecs/snapshot.h>
#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What becomes of an entity of the snapshot whose id an entity of the world has. Singletons and attachments are in
 * conflict when the world has one of the same type or name.
 */
typedef enum pecs_conflicts {
    PECS_CONFLICTS_REFUSE,  /* PECS_E_CONFLICT; the error names the id, the singleton or the attachment */
    PECS_CONFLICTS_KEEP,    /* the world's stays as it is, and references to the other lead to it */
    PECS_CONFLICTS_REPLACE, /* the world's gets exactly the components of the other; its handle and id stay */
    PECS_CONFLICTS_NEW_ID   /* the other comes in as one more entity with another id; the world's singletons and
                               attachments are kept */
} pecs_conflicts;

/* What a merge has done. Each entity of the snapshot is counted once. */
typedef struct pecs_merge_report {
    uint64_t added_count; /* entities that came in with their id */
    uint64_t kept_count, replaced_count, new_id_count;
    uint64_t reference_count; /* references that were cleared */
} pecs_merge_report;

/*
 * Brings all entities, singletons and attachments of a snapshot into the world. Entities come in with new handles and
 * keep their ids, as explicit ones. References, also those in lists, lead to the entities that came in or that stand
 * for them; one to an entity that is dead in the snapshot becomes {0, 0}. Of a transient component the library knows no
 * fields, so its bytes are copied as they are. The world's metadata stays. The same merge once more with
 * PECS_CONFLICTS_KEEP changes nothing.
 *
 * ret_entities[slot] is the world's entity that came in, or stands, for the one that has this slot in the snapshot, so
 * that ret_entities[entity.index] is what became of `entity`; {0, 0} for a slot that no living entity has. It may be
 * NULL, or has as many elements as the snapshot has slots (pecs_summary.slot_count).
 *
 * The snapshot must be of the world's registry: pecs_snapshot_convert (filter.h) makes one of another registry so, and
 * pecs_snapshot_filter one with less in it. Types that it has and the registry lacks come along. ret_report may be
 * NULL.
 *
 * A structural edit (world.h), linear in the rows of the snapshot. Chunks of 4096 rows whose components have neither
 * references nor contents, and contents from 64 KiB on, are shared with the snapshot until an edit changes them, unless
 * they lie in a file that was resumed; the snapshot may be released. What the world shares with no snapshot is copied
 * where it changes, so that a merge that fails changes nothing. The world's writer only. PECS_E_CONFLICT: see above;
 * also, with all but PECS_CONFLICTS_NEW_ID, when the world would later give the id to an entity of its own, as after a
 * rewind to before it was spawned. PECS_E_MISUSE, PECS_E_BUSY, PECS_E_LIMIT (slots, rows in a table, the heap of
 * contents, types, names of attachments), PECS_E_LAYOUT (of a type that the registry lacks, snapshot and world have
 * different layouts), PECS_E_CORRUPT (rows and index of a resumed snapshot or world disagree, or two entities have one
 * id), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_merge(pecs_world *world, const pecs_snapshot *snapshot,
                                                    pecs_conflicts conflicts, pecs_entity *ret_entities,
                                                    pecs_merge_report *ret_report);

#ifdef __cplusplus
}
#endif
#endif
