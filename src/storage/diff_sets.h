/*
 * Sets: which components the tables of two states have. The types of both are numbered together, those of `from` by
 * their places, so that what one table has and another lacks is found word by word, however many components they have.
 */
#ifndef PECS_STORAGE_DIFF_SETS_H
#define PECS_STORAGE_DIFF_SETS_H

#include "state.h"

/* 32 numbers of a bit set; words without bits are left out. */
struct set_word {
    uint32_t place; /* number / 32 */
    uint32_t bits;
};
struct type_set {
    const struct set_word *words, *end; /* ascending by place */
};

struct type_sets {
    struct pool *pool;
    uint32_t from_count, to_count, joint_count; /* components of each state, and of both together */
    uint32_t *to_joint;                         /* of each component of `to`, by place: its joint number */
    pecs_component *to_component;               /* of each joint number: the component in `to`, or NO_COMPONENT */
    uint32_t *relaid;                           /* joint numbers as bits: types of both that are not laid out alike */
    struct side_sets {
        size_t *ends; /* of each table, in `words` */
        struct set_word *words;
        size_t table_count, capacity;
    } from, to;
};

/*
 * Types are the same when their ids are. Explicit ids are left out, unless wanted. PECS_E_MEMORY; deinit is right then,
 * too.
 */
pecs_status type_sets_init(struct type_sets *sets, const struct pecs_snapshot *from, const struct pecs_snapshot *to,
                           bool with_explicit_ids);
void type_sets_deinit(struct type_sets *sets);

/* Of a table of the side; NO_TABLE: none. */
struct type_set type_set_of(const struct side_sets *side, uint32_t table);

/* The same components, all laid out alike. */
bool type_sets_are_alike(const struct type_sets *sets, struct type_set from, struct type_set to);

static inline bool type_set_is_relaid(const struct type_sets *sets, uint32_t joint)
{
    return sets->relaid[joint / 32] >> joint % 32 & 1;
}

#endif
