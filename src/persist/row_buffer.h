/*
 * Row buffer: the rows of a stream that are not in its file yet. They are those of a world without an entity index,
 * which also has what belongs to no entity; and the records of the index that they will have.
 */
#ifndef PECS_PERSIST_ROW_BUFFER_H
#define PECS_PERSIST_ROW_BUFFER_H

#include "edit.h"
#include "save_plan.h"
#include "value_check.h"

#include <pecs/builder.h>

/* The reference to the highest slot, as one behind it; 0: there was none. */
struct far_reference {
    uint64_t end;
    pecs_entity from; /* {0, 0}: the singletons */
    pecs_component component;
};

struct row_buffer {
    struct pecs_world *world;
    struct value_check values;
    uint64_t *rows_before, *row_counts; /* as in a plan_stream, of each table */
    size_t before_capacity, count_capacity;
    struct record *slots;
    size_t slot_count, slot_capacity;
    uint64_t slots_before;
    struct id_entry *ids; /* explicit ones, of all rows so far */
    size_t id_count, id_capacity, ids_put;
    bool are_ids_final;             /* and sorted */
    uint64_t most_bytes;            /* that it should hold */
    uint64_t held_bytes;            /* by rows and slots that are not put yet */
    uint64_t row_units;             /* of the heap, that these rows have */
    uint32_t next_table, end_table; /* that a part begins with, and that the next one begins with */
    uint64_t component_bytes;       /* of values of all rows so far, without the singletons */
    struct far_reference farthest;
    uint32_t last_table; /* that rows were added to */
    uint64_t spare_rows; /* that it has memory for, of rows that were put */
};

/* Takes the world, which is empty. */
void row_buffer_init(struct row_buffer *buffer, struct pecs_world *world, uint64_t most_bytes);
void row_buffer_deinit(struct row_buffer *buffer);
/* Of values of all rows, and of the singletons. */
uint64_t row_buffer_component_bytes(const struct row_buffer *buffer);

/* Rows so far, put or not. */
static inline uint64_t row_buffer_total(const struct row_buffer *buffer)
{
    return buffer->slots_before + buffer->slot_count;
}

/* Adds rows whose handles are the next ones. On failure nothing has changed. PECS_E_MISUSE, _INVALID, _MEMORY. */
pecs_status row_buffer_add(struct row_buffer *buffer, const pecs_rows *rows, const pecs_entity *entities,
                           pecs_error *error);

/* Whether a part is to be put now; or, `at_the_end`, before the last one. */
bool row_buffer_has_part(const struct row_buffer *buffer, bool at_the_end);
/*
 * Chooses what is put next: of each table the whole chunks, if these are worth it; else, or if it is the last part,
 * all. But no more than twice most_bytes, and only so many tables that their blocks take little memory. PECS_E_MEMORY.
 */
pecs_status row_buffer_choose(struct row_buffer *buffer, bool is_last, struct plan_stream *ret_part);
/* Drops what was put. PECS_E_MEMORY: the buffer is of no more use. */
pecs_status row_buffer_drop(struct row_buffer *buffer, const struct plan_stream *part);

/* What only the whole can show: PECS_E_INVALID, a reference to no row; PECS_E_CONFLICT, an id of two. Sorts the ids. */
pecs_status row_buffer_check(struct row_buffer *buffer, pecs_error *error);

#endif
