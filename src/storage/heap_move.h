/*
 * Moving the heap: when more than half of it is dead, edits copy what lives into the other space, a few chunks of rows
 * each time, and drop the space that is left. So no edit waits for the whole heap.
 *
 * The walk goes through each table from its last row to its first. Rows move within a table only towards the first, and
 * a row that joins a table brings no contents of the old space (heap_move_row). So what was passed stays done.
 */
#ifndef PECS_STORAGE_HEAP_MOVE_H
#define PECS_STORAGE_HEAP_MOVE_H

#include "state.h"

/* Makes the heap of a state private, and creates it if there is none; the state must be private. PECS_E_MEMORY. */
pecs_status state_own_heap(struct gate *gate, struct pecs_snapshot *state, struct heap **ret_heap);

/*
 * Begins a move if enough of the heap is dead, and goes on with one: with what edits owe to it and `units` more
 * (UINT64_MAX: to its end, whatever is dead). Nothing changes but where contents lie. PECS_E_MEMORY: the move goes on
 * later.
 */
pecs_status heap_move_work(struct gate *gate, struct pecs_snapshot *state, uint64_t units);

/* Rows refer to `units` that were appended: they live, and edits owe a move as much work. */
void heap_count(struct heap *heap, uint64_t units);

/* Whether a move is due or under way; `heap` may be NULL. */
bool heap_move_is_wanted(const struct heap *heap);

/* Whether a move would give back an eighth of the heap or more; `heap` may be NULL. */
bool heap_is_sparse(const struct heap *heap);

/* Moves the contents of one row, all columns of which have passed the gate, before it joins another table. */
pecs_status heap_move_row(struct gate *gate, struct pecs_snapshot *state, struct table *table, uint64_t row);

/* Begins the walk of an unfinished move again, after the rows were arranged otherwise. */
void heap_move_restart(struct heap *heap);

#endif
