/*
 * Places the contents that an edit is given in the heap (heap.h), before anything changes. An edit that then fails
 * takes back what it has placed.
 */
#ifndef PECS_WORLD_PLACE_H
#define PECS_WORLD_PLACE_H

#include "content.h"
#include "edit.h"

/* Whether some component of the world may have contents: most programs have none and pay only for this. */
static inline bool place_may_be_needed(const struct pecs_world *world)
{
    return world->registry->has_contents || world->state->unknown;
}

/* Where the heap ended before an edit, and to take back what the edit has placed since. */
struct place_mark {
    uint64_t unit_count;
};
struct place_mark place_mark_of(const struct pecs_world *world);
void place_take_back(struct pecs_world *world, struct place_mark mark);

/*
 * The values of an edit, of `row_count` rows each. Those whose components have contents are copies, in which references
 * stand for what was given; the others are the caller's.
 */
struct placed {
    const pecs_value *values;
    pecs_value *list; /* the memory of these values, if they are not the caller's */
    uint8_t *copies;
    size_t list_bytes, copies_bytes;
    uint64_t units; /* of the heap */
    struct place_mark mark;
};
/*
 * The state must be private. copies_all: the others are copies, too, since they may lie in rows that the edit changes.
 * Call place_end also on failure. PECS_E_MISUSE, PECS_E_LIMIT, PECS_E_MEMORY.
 */
pecs_status place_values(struct pecs_world *world, const pecs_value *values, size_t value_count, size_t row_count,
                         bool copies_all, struct placed *ret_placed);
/* is_used: rows refer to what was placed; else it is taken back. */
void place_end(struct pecs_world *world, struct placed *placed, bool is_used);

/*
 * Does the same for `count` values in place; `base` as in contents.h. The heap must be private and the gate held.
 * *units counts what was appended.
 */
pecs_status place_in_copies(struct pecs_world *world, pecs_component number, uint8_t *copies, uint64_t count,
                            const uint8_t *base, uint64_t *units);

/*
 * The same for one member. Returns the reference to what was appended. A refusal names the entity, unless it is {0, 0},
 * or the row if there are several.
 */
struct place_owner {
    pecs_component component;
    uint64_t row_count;
    pecs_entity entity;
};
pecs_status place_given(struct pecs_world *world, const struct place_owner *owner, const struct content *content,
                        const uint8_t *base, uint64_t *units, uint64_t *ret_reference);

/*
 * Appends contents to the heap, which must be private: a copy of what is given, or zeros where its bytes are NULL.
 * PECS_E_LIMIT, PECS_E_MEMORY.
 */
pecs_status place_content(struct pecs_world *world, const struct component *component, const struct content *content,
                          const struct given *given, uint8_t **ret_bytes, uint64_t *ret_reference);

/*
 * Does so for contents that a heap of the world's pool has. Large ones are shared, unless they are a list whose
 * references are to be changed.
 */
pecs_status place_copied(struct pecs_world *world, const struct component *component, const struct content *content,
                         const struct heap *from, uint64_t *units, uint64_t *ret_reference);

/*
 * At the end of an edit: moves a part of the heap (heap_move.h), as much as edits owe and `units` more. Not before,
 * since what an edit is given may lie in the heap. What memory lacks for is done later.
 */
void place_tend(struct pecs_world *world, uint64_t units);

/* Makes the heap private. The state must be. */
pecs_status place_begin(struct pecs_world *world);
/* Rows refer to what was placed. */
void place_count(struct pecs_world *world, uint64_t units);

/*
 * No row refers to these contents any more: of `count` values, of one member, and of the scratch row but for what `to`
 * has (or NULL).
 */
void place_forget(struct pecs_world *world, pecs_component component, const uint8_t *values, uint64_t count);
void place_forget_content(struct pecs_world *world, const struct content *content);
void place_forget_row(struct pecs_world *world, const struct archetype *from, const struct archetype *to);
/* Contents of columns that a row has not brought along from `had` (or NULL) are empty until a value is written. */
void place_clear_row(struct pecs_world *world, uint32_t table, uint64_t row, const struct archetype *had);

#endif
