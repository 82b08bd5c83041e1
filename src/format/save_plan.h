/*
 * Save plan: the contents of a file before it is written: the types in the file's order, and the runs in the order of
 * their offsets. The plan fixes every size and offset before the first byte is written.
 */
#ifndef PECS_FORMAT_SAVE_PLAN_H
#define PECS_FORMAT_SAVE_PLAN_H

#include "buffer.h"
#include "state.h"

/* One run: what it is of, where its bytes are, and where it lies in the file. */
struct plan_run {
    uint32_t kind, table_number, type; /* as in the run's record */
    uint32_t column;
    const struct table *table; /* of handles and values; else NULL */
    const struct component *component;
    pecs_component component_number; /* NO_COMPONENT: of handles, records and ids */
    uint64_t row_count, row_bytes, chunk_count, tick;
    uint64_t offset; /* in the file */
    size_t ends;     /* of a heap: where the ends of its chunks begin in plan.ends */
    uint64_t first;  /* of a heap, and of values with contents: the unit that the contents begin at */
    uint64_t before; /* of a stream: rows of the column that earlier segments have */
    bool is_kept;    /* of a compressed file: it stays as it is, because little would be saved */
};

/*
 * What a stream puts next, of a state that holds the rows which it has not put yet. Its entities have the slots from 0
 * on, in their order. Each table's number is a place in the two lists.
 */
struct plan_stream {
    const uint64_t *rows_before; /* that earlier segments have */
    const uint64_t *row_counts;  /* that are put now: whole chunks of the first ones, or all */
    const struct record *slots;  /* records of the entity index that are put now */
    uint64_t slots_before, slot_count;
    const struct id_entry *ids; /* at the end of the stream, sorted: those that are put now */
    uint64_t ids_before, id_count;
    bool puts_attachments;
};

struct save_plan {
    struct pool *pool;
    const struct pecs_snapshot *state;
    const struct plan_stream *stream; /* or NULL: the file is the state's */
    pecs_component *components;       /* of each type number: ascending by type id */
    uint32_t *numbers; /* of each component, by place: its type's number, FORMAT_NONE when no table has it */
    uint32_t type_count;
    size_t list_capacity;      /* of these two */
    struct retired *retired;   /* slots from the state's slot count on; or NULL */
    struct metadata *metadata; /* the state's, with which program saves; or NULL */
    struct id_entry *ids;      /* explicit ones, sorted; of a stream NULL */
    uint64_t id_count;

    struct plan_run *runs;
    size_t run_count, run_capacity;
    le64 *ends; /* of each chunk with contents: where they end, in bytes from the first of its run */
    size_t end_count, end_capacity;
    uint64_t heap_units; /* of all heaps so far */
    uint64_t attachment_units;
    bool has_contents;               /* of some type */
    struct buffer records;           /* of types and tables, as prologue and commit both hold them */
    uint64_t prologue_size;          /* with its checksum */
    uint64_t data_offset, data_size; /* of the runs and what is between them */
};

/*
 * Plans a file, or the next part of a stream, whose types are all those of the registry that are saved. PECS_E_MEMORY;
 * PECS_E_LIMIT: the metadata has no room for the application's name. Call deinit in any case.
 */
pecs_status save_plan_init(struct save_plan *plan, const struct pecs_snapshot *state, const struct plan_stream *stream,
                           pecs_error *error);
void save_plan_deinit(struct save_plan *plan);

/* Of the whole file, as far as it is planned: rows of a table, slots, living entities, free slots of a chunk. */
static inline uint64_t plan_row_count(const struct save_plan *plan, uint32_t table)
{
    return plan->stream ? plan->stream->rows_before[table] + plan->stream->row_counts[table]
                        : state_table(plan->state, table)->row_count;
}
static inline uint64_t plan_slot_count(const struct save_plan *plan)
{
    return plan->stream ? plan->stream->slots_before + plan->stream->slot_count : state_slot_count(plan->state);
}
static inline uint64_t plan_entity_count(const struct save_plan *plan)
{
    return plan->stream ? plan_slot_count(plan) : plan->state->entity_count;
}
static inline uint64_t plan_free_in_chunk(const struct save_plan *plan, uint64_t chunk)
{
    return plan->stream ? 0 : state_free_in_chunk(plan->state, chunk);
}

static inline uint64_t plan_contents_size(const struct save_plan *plan, const struct plan_run *run)
{
    return run->chunk_count ? le64_load(plan->ends[run->ends + run->chunk_count - 1]) : 0;
}
static inline uint64_t plan_run_size(const struct save_plan *plan, const struct plan_run *run)
{
    if (run->kind == RUN_HEAP && !run->table)
        return plan->attachment_units * FORMAT_HEAP_UNIT;
    return run->kind == RUN_HEAP ? run->chunk_count * sizeof(le64) + plan_contents_size(plan, run)
                                 : run->row_count * run->row_bytes;
}

#endif
