/*
 * Diff: what is different between two views, entity by entity. Entities are matched by their stable ids, and so are the
 * references to them; component types by their type ids. So the views may be of two registries, two files or two
 * moments of one world. Arrays that both share are not looked at: the difference of a world and a snapshot taken from
 * it costs what was written since.
 */
#ifndef PECS_DIFF_H
#define PECS_DIFF_H

#include <pecs/id.h>
#include <pecs/reflect.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pecs_change_kind {
    PECS_ENTITY_ADDED,      /* only in `to`; its components are not told one by one */
    PECS_ENTITY_REMOVED,    /* only in `from` */
    PECS_COMPONENT_ADDED,   /* in both, with the component only in `to` */
    PECS_COMPONENT_REMOVED, /* in both, with the component only in `from` */
    PECS_COMPONENT_CHANGED  /* in both, with two values, or two layouts of the type */
} pecs_change_kind;

/* One difference. All pointers live until the function that is given it returns. */
typedef struct pecs_change {
    pecs_change_kind kind;
    pecs_id id;                                  /* of the entity; zero: the world itself (singletons) */
    pecs_entity before, after;                   /* its handles in `from` and `to`; none where it is not */
    pecs_component from_component, to_component; /* the type's numbers in the views; UINT32_MAX where it is not */
    const void *old_value, *new_value;           /* NULL where there is none, and for tags */
} pecs_change;

/* Called for each difference; false ends the diff with PECS_E_CANCELLED. It must edit neither world. */
typedef bool (*pecs_change_function)(void *user, const pecs_change *change);

/*
 * Tells `each` every difference; the order is the same for the same two states of the same registries. Padding never
 * differs, and references are compared by what they name (pecs_diff_same_target). Both views are read as any view;
 * nothing is kept. PECS_E_CANCELLED; PECS_E_MEMORY, before the first difference; PECS_E_MISUSE.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_diff(pecs_view from, pecs_view to, pecs_change_function each, void *user);

/*
 * The same by handle: an entity is the same when its handle is, and a reference too; explicit ids are a component like
 * others. For two runs of the same edits, which make no id twice.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_diff_by_handle(pecs_view from, pecs_view to, pecs_change_function each,
                                                            void *user);

/*
 * True when references of two views name the same: entities with the same id; on neither side a living entity; or the
 * same handle, whose entity died between `from` and `to`, and nothing has its id there. So the death of an entity is
 * reported once, and not at each reference to it. That a dead one lives again, after a restore, is a change at each
 * reference: a dead entity has no id, so a copy that follows by ids could not keep the reference.
 */
PECS_API bool pecs_diff_same_target(pecs_view from, pecs_entity before, pecs_view to, pecs_entity after);

#ifdef __cplusplus
}
#endif
#endif
