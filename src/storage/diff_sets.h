/*
 * Sets: which components the tables of two states have. The types of both states share one numbering, in which those of
 * `from` come first, by place. Tables are compared word by word and words without bits are omitted, so the time depends
 * on the components of the tables, not on the number of types.
 */
#ifndef PECS_STORAGE_DIFF_SETS_H
#define PECS_STORAGE_DIFF_SETS_H

#include "state.h"

/* 32 numbers of a bit set; words without bits are omitted. */
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
    uint32_t *relaid; /* a bit for each joint number: both states have the type, with different layouts */
    struct side_sets {
        size_t *ends; /* of each table: the end of its words in `words` */
        struct set_word *words;
        size_t table_count, capacity;
    } from, to;
};

/*
 * Types are the same when their ids are. Explicit ids are skipped unless wanted. PECS_E_MEMORY; call deinit in any
 * case.
 */
pecs_status type_sets_init(struct type_sets *sets, const struct pecs_snapshot *from, const struct pecs_snapshot *to,
                           bool with_explicit_ids);
void type_sets_deinit(struct type_sets *sets);

/* The set of a table of this side; for NO_TABLE the empty set. */
struct type_set type_set_of(const struct side_sets *side, uint32_t table);

/* True when both have the same components with the same layouts. */
bool type_sets_are_alike(const struct type_sets *sets, struct type_set from, struct type_set to);

static inline bool type_set_is_relaid(const struct type_sets *sets, uint32_t joint)
{
    return sets->relaid[joint / 32] >> joint % 32 & 1;
}

#endif
