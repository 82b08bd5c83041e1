/*
 * Diff: the differences between two views, entity by entity. Entities are matched by their stable ids, and so are
 * references to them; component types by their type ids. So the views may be of two registries, two files or two
 * moments of one world. Arrays that both share are skipped: the diff of a world and a snapshot taken from it costs what
 * was written since. Attachments and metadata are not compared (pecs diff does).
 */
#ifndef PECS_DIFF_H
#define PECS_DIFF_H

#include <pecs/id.h>
#include <pecs/reflect.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pecs_change_kind {
    PECS_ENTITY_ADDED,      /* only in `to`; its components are not reported */
    PECS_ENTITY_REMOVED,    /* only in `from` */
    PECS_COMPONENT_ADDED,   /* in both, with the component only in `to` */
    PECS_COMPONENT_REMOVED, /* in both, with the component only in `from` */
    PECS_COMPONENT_CHANGED  /* in both, with two values, or two layouts of the type */
} pecs_change_kind;

/*
 * One difference. Its pointers are valid during the callback. What members with contents hold (contents.h) is read by
 * the view of their side.
 */
typedef struct pecs_change {
    pecs_change_kind kind;
    pecs_id id;                                  /* of the entity; zero: the world itself (singletons) */
    pecs_entity before, after;                   /* its handles in `from` and `to`; none where it is not */
    pecs_component from_component, to_component; /* the type's numbers in the views; UINT32_MAX where it is not */
    const void *old_value, *new_value;           /* NULL where there is none, and for tags */
} pecs_change;

/* Callback for each difference; must edit neither world. Return false to cancel: PECS_E_CANCELLED. */
typedef bool (*pecs_change_function)(void *user, const pecs_change *change);

/*
 * Calls `each` for every difference, in an order that depends only on the two states and their registries. Padding is
 * not compared; references are, by the entities that they name (pecs_diff_same_target). Transient components and
 * entities (schema.h) are left out, as if they were not there; but a reference to a transient entity counts as one to
 * an entity that lives. PECS_E_CANCELLED;
 * PECS_E_MEMORY, then before the first difference; PECS_E_MISUSE.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_diff(pecs_view from, pecs_view to, pecs_change_function each, void *user);

/*
 * The same, with entities and references matched by handle; explicit ids are then a component like others. For two runs
 * of the same edits, whose birth ids differ.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_diff_by_handle(pecs_view from, pecs_view to, pecs_change_function each,
                                                            void *user);

/*
 * True if references in two views name the same entity: entities with the same id; no living entity on either side; or
 * the same handle, whose entity died between `from` and `to`, and nothing has its id there. So the death of an entity
 * is reported once, not at each reference to it. A dead entity that is alive again after a restore is a change at each
 * reference: a dead entity has no id, so a copy that follows by ids could not have kept the reference.
 */
PECS_API bool pecs_diff_same_target(pecs_view from, pecs_entity before, pecs_view to, pecs_entity after);

#ifdef __cplusplus
}
#endif
#endif
