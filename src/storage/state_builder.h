/* State builder: makes a state from tables, an index and the other parts, in any order, wherever they come from. */
#ifndef PECS_STORAGE_STATE_BUILDER_H
#define PECS_STORAGE_STATE_BUILDER_H

#include "state.h"

struct state_builder {
    struct pool *pool;
    struct gate gate; /* only to build the tree; the builder edits nothing */
    struct pecs_snapshot *state;
};

/* Call deinit in any case, also after a failure. Every failure is PECS_E_MEMORY. */
pecs_status state_builder_init(struct state_builder *builder, pecs_registry *registry);
/* The state retains each argument, which may be NULL. Set the types before adding tables, which refer to them. */
void state_builder_set_unknown_types(struct state_builder *builder, struct unknown_types *unknown);
void state_builder_set_metadata(struct state_builder *builder, struct metadata *metadata);
void state_builder_set_retired(struct state_builder *builder, struct retired *retired);

/* Adds `count` sessions, whose prefixes the caller writes. The last one becomes the session of the state. */
pecs_status state_builder_add_sessions(struct state_builder *builder, uint32_t count, uint64_t **ret_prefixes);

/*
 * Adds a table whose set (components ascending) no other table has and whose rows lie in the image. The caller then
 * sets the run of each column. Without rows, the image is NULL. The singletons' table has one row.
 */
pecs_status state_builder_add_table(struct state_builder *builder, const pecs_component *components, uint32_t count,
                                    bool is_singleton, uint64_t row_count, struct image *image,
                                    struct table **ret_table);
/* Instead of a run: the rows of a column from `first` on, which begins a chunk, lie in the image where the run says. */
pecs_status state_builder_lend(struct state_builder *builder, struct table *table, uint32_t column, uint64_t first,
                               uint64_t count, struct run run, struct image *image);
/*
 * Sets the entity index, once. Its records lie in the image, where the run says; without a base,
 * state_builder_lend_index then says where. The free counts of its chunks are copied, and free_count is their sum.
 */
pecs_status state_builder_set_index(struct state_builder *builder, uint64_t slot_count, uint64_t free_count,
                                    const le32 *free_counts, struct run run, struct image *image);
pecs_status state_builder_lend_index(struct state_builder *builder, uint64_t first, uint64_t count, struct run run,
                                     struct image *image);
static inline void state_builder_set_run(struct table *table, uint32_t column, uint8_t *base, uint64_t tick)
{
    table->runs->columns[column] = (struct run){ base, tick };
    table->columns[column].tick = tick;
}

/*
 * Gives the state a heap whose contents lie in the image, once; then say where by heap_set_run. PECS_E_MEMORY.
 */
pecs_status state_builder_set_heap(struct state_builder *builder, uint64_t unit_count, struct image *image,
                                   struct heap **ret_heap);

/* Takes the caller's reference to the list, or NULL. */
static inline void state_builder_set_attachments(struct state_builder *builder, struct attachments *list)
{
    builder->state->attachments = list;
}

/* The entities with explicit ids, ascending by id. The entries lie in the image. */
void state_builder_set_ids(struct state_builder *builder, const struct id_entry *entries, uint64_t count,
                           struct image *image);

/*
 * Returns the state, which the caller owns. `is_proven`: rows and index are known to agree; otherwise edits verify them
 * where they rely on it.
 */
struct pecs_snapshot *state_builder_finish(struct state_builder *builder, uint64_t tick, bool is_proven);
void state_builder_deinit(struct state_builder *builder);

#endif
