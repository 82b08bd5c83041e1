/*
 * Builder: the way by which a state is made from outside. Who has tables, index and the rest of a state, from wherever
 * they come, gives them in any order and takes the state.
 */
#ifndef PECS_STORAGE_BUILDER_H
#define PECS_STORAGE_BUILDER_H

#include "state.h"

struct builder {
    struct pool *pool;
    struct gate gate; /* only to build the tree: nothing is edited */
    struct pecs_snapshot *state;
};

/* To be deinitialised, also on failure. All that fails here fails with PECS_E_MEMORY. */
pecs_status builder_init(struct builder *builder, pecs_registry *registry);
/* What is shared gets a reference of the state's; each may be NULL. Types first: tables are of them. */
void builder_set_unknown_types(struct builder *builder, struct unknown_types *unknown);
void builder_set_metadata(struct builder *builder, struct metadata *metadata);
void builder_set_retired(struct builder *builder, struct retired *retired);

/* Heads of `count` sessions, for the caller to write; the last one is the state's session. */
pecs_status builder_add_sessions(struct builder *builder, uint32_t count, uint64_t **ret_heads);

/*
 * A table of a set that no other one has (components ascending), whose rows lie in the image: each of its columns is
 * then given its run. The image is NULL when there are no rows. The singletons' table has one.
 */
pecs_status builder_add_table(struct builder *builder, const pecs_component *components, uint32_t count,
                              bool is_singleton, uint64_t row_count, struct image *image, struct table **ret_table);
/*
 * The entity index, once: its records lie in the image, where the run says. The free counts of its chunks are copied,
 * and free_count is their sum.
 */
pecs_status builder_set_index(struct builder *builder, uint64_t slot_count, uint64_t free_count,
                              const le32 *free_counts, struct run run, struct image *image);
static inline void builder_set_run(struct table *table, uint32_t column, uint8_t *base, uint64_t tick)
{
    table->runs->columns[column] = (struct run){ base, tick };
    table->columns[column].tick = tick;
}

/* The entities with explicit ids, ascending by id, which lie in the image. */
void builder_set_ids(struct builder *builder, const struct id_entry *entries, uint64_t count, struct image *image);

/*
 * The state, which is the caller's. `is_proven`: rows and index are known to agree, else an edit looks where it relies
 * on it.
 */
struct pecs_snapshot *builder_finish(struct builder *builder, uint64_t tick, bool is_proven);
void builder_deinit(struct builder *builder);

#endif
