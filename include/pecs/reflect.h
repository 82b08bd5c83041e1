/*
 * Reflection: types, tables and components of a view, for programs that do not know its types: tools, editors.
 *
 * The component types of a view are numbered: those of the registry first, by their positions in it; then "pecs.id",
 * which holds explicit ids (id.h); then unknown types: those that the view's file has and the registry lacks; with the
 * registry's at most 2048, else the file gives PECS_E_LIMIT. They are kept with all their values: entities that have
 * them can be moved, edited, despawned and saved, and a program that knows the type reads the values again.
 *
 * The number of an unknown type names that type, with its version and layout, in all views of the registry, and never
 * another one. So numbers and queries survive a restore, and a file that is opened again, changed or not. In a view
 * that lacks the type, reads find nothing (NULL, false), a query matches as if no entity had it, and an edit returns
 * PECS_E_MISUSE. Another registry, or the next run, may give the type another number: look it up by name or id. The
 * numbers of a view ascend with gaps: pecs_view_component_at steps through them.
 *
 * A registry remembers the last 8192 unknown types that it met, also in files that it refused. A forgotten one gets a
 * new number when a file with it is opened; in what was opened before, the old number still names it. When all 2^32
 * numbers are used up, opening a file with types that the registry does not remember returns PECS_E_LIMIT.
 *
 * pecs_type and pecs_field (schema.h) describe the layout of a value: element k of a field lies at
 * offset + k * (size / count). So a tool can read and write every kind; spawn, set, add, remove and get_mut accept the
 * number of an unknown type like any other ("pecs.id" is set by id.h alone), command buffers those of the registry
 * only. A registry with type_count 0 suits a tool: all types of a file are then unknown.
 *
 * To remove an unknown type from all entities: find its number (pecs_view_component), make a query with it
 * (pecs_query_create_in), collect the entities (pecs_query_collect), and call pecs_world_remove for each;
 * pecs_world_remove_singleton for the singleton. The type stays in the list, and in files, until pecs_world_compact
 * drops the empty tables that have it.
 *
 * Lists of components and tables are valid until the world's next edit of any kind, or the snapshot's release. Types
 * and their names are valid as long as any world or snapshot that comes from the file; those of the registry belong to
 * the program.
 */
#ifndef PECS_REFLECT_H
#define PECS_REFLECT_H

#include <pecs/query.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number of types in the view, at least one more than the registry's. */
PECS_API size_t pecs_view_type_count(pecs_view view);

/* The number of the type at a place below pecs_view_type_count, ascending with the place; false beyond. */
PECS_API bool pecs_view_component_at(pecs_view view, size_t place, pecs_component *ret_component);

/* The type of a number; NULL if there is none. A nested struct of an unknown type has the name of its field. */
PECS_API const pecs_type *pecs_view_type(pecs_view view, pecs_component component);

/* The id of a type: the one given, or the hash of its name; zero if there is no type of that number. */
PECS_API pecs_id pecs_view_type_id(pecs_view view, pecs_component component);

/* The first type with the name; PECS_E_ABSENT. */
PECS_API PECS_MUST_USE pecs_status pecs_view_component(pecs_view view, const char *name, pecs_component *ret_component);

/* The first type with the id; PECS_E_ABSENT. */
PECS_API PECS_MUST_USE pecs_status pecs_view_component_by_id(pecs_view view, pecs_id type_id,
                                                             pecs_component *ret_component);

/* The components of an entity, ascending; NULL and 0 if it is dead. */
PECS_API const pecs_component *pecs_view_components(pecs_view view, pecs_entity entity, size_t *ret_count);

/* The components that the world itself has, ascending; NULL and 0 if it has none. */
PECS_API const pecs_component *pecs_view_singletons(pecs_view view, size_t *ret_count);

/* The tables: which sets of components there are, and how many entities have each. */
typedef struct pecs_table {
    const pecs_component *components; /* ascending */
    size_t component_count;
    uint64_t row_count;
    bool is_singletons; /* a set that the world itself has (one row) or had (none) */
} pecs_table;

/* The table of a number, from 0 (pecs_summary has their count); false if there is none. */
PECS_API bool pecs_view_table(pecs_view view, uint64_t number, pecs_table *ret_table);

/* The name of a kind ("f32", "entity"), static; NULL if there is no such kind. Any thread. */
PECS_API const char *pecs_kind_name(pecs_kind kind);
/*
 * The size and alignment in bytes of one element of a kind, the same on every host; 0 for enums and structs, where the
 * field says it, and for no kind. Any thread.
 */
PECS_API uint32_t pecs_kind_size(pecs_kind kind);
PECS_API uint32_t pecs_kind_align(pecs_kind kind);

/*
 * pecs_query_create for terms that may name any component of the view ("pecs.id" is not written). The query serves
 * every world and snapshot of the registry: where a view lacks an unknown type, no entity has it.
 */
PECS_API PECS_MUST_USE pecs_status pecs_query_create_in(pecs_view view, const pecs_term *terms, size_t term_count,
                                                        pecs_query **ret_query, pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
