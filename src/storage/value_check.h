/* Values: the bytes of a column that mean nothing, which a program that trusts its types would trip over. */
#ifndef PECS_STORAGE_VALUE_CHECK_H
#define PECS_STORAGE_VALUE_CHECK_H

#include "state.h"

#include <pecs/values.h>

/*
 * What is known of the entity index: a handle is of the future when its index has no slot, or its generation is above
 * the slot's. Most handles are told without a look at the record, by the lowest generation in its chunk of the index.
 * Those are found when they are first wanted, on one thread; on several, all must have been noted before.
 */
struct value_check {
    const struct pecs_snapshot *state;
    uint32_t *lowest_generations; /* of each chunk; 0: not known */
};
pecs_status value_check_init(struct value_check *check, const struct pecs_snapshot *state);
void value_check_deinit(struct value_check *check);

/* Whether a component can have values that mean nothing. */
static inline bool values_can_be_wrong(const struct component *component)
{
    return !span_list_is_empty(&component->special);
}

/* The first of `count` values that has a wrong place, or `count`. */
uint64_t values_find_wrong(const struct value_check *check, const struct component *component, const uint8_t *values,
                           uint64_t count);

/* The wrong places of one value, in order. */
struct wrong_place {
    const char *rule;
    struct value_span span; /* one element */
};
bool wrong_place_is_wrong(const struct value_check *check, const struct wrong_place *place, const uint8_t *value);
struct wrong_iter {
    const struct value_check *check;
    const uint8_t *value;
    struct span_iter spans;
    struct value_span span; /* that is being looked at */
    uint32_t next;          /* byte of it to look at next */
};
void wrong_iter_begin(struct wrong_iter *iter, const struct value_check *check, const struct component *component,
                      const uint8_t *value);
bool wrong_iter_next(struct wrong_iter *iter, struct wrong_place *ret_place);

/* A wrong place in the value of a row, as users are told of it. */
struct wrong_value {
    pecs_invalid invalid;
    char field[256]; /* where invalid.field leads */
};
void wrong_value_init(struct wrong_value *wrong, const struct pecs_snapshot *state, const struct table *table,
                      uint64_t row, pecs_component component, const struct wrong_place *place);

/* "entity 3:1: slots[2].owner of 'Bag' is ..."; the offset is the file's, or 0. */
pecs_status fail_value(pecs_error *error, pecs_status status, uint64_t offset, const struct wrong_value *wrong);

/* Looks at the values of `count` rows, from `row` on; PECS_E_INVALID tells of the first wrong place. */
pecs_status values_check(const struct value_check *check, const struct table *table, pecs_component component,
                         uint64_t row, const uint8_t *values, uint64_t count, pecs_error *error);

#endif
