/* Values: the bytes of a column that mean nothing, which a program that trusts its types would trip over. */
#ifndef PECS_FORMAT_VALUES_H
#define PECS_FORMAT_VALUES_H

#include "state.h"

/*
 * What is known of the entity index: a handle is of the future when its index has no slot, or its generation is above
 * the slot's. Most handles are told by the lowest generation in a chunk of the index, without a look at the record.
 */
struct values_index {
    const struct record *records;
    uint64_t slot_count;
    const uint32_t *lowest_generations; /* of each chunk */
};

/* The rule that the first wrong place in `row_count` values breaks, or NULL; *ret_offset is in bytes from `values`. */
const char *values_find_wrong(const struct component *component, const uint8_t *values, uint64_t row_count,
                              const struct values_index *index, uint64_t *ret_offset);

/* Tells in words what is wrong at a byte of a value, where a rule is broken: "text of 'Name' is not UTF-8 ...". */
void values_tell_wrong(const struct component *component, const char *rule, uint64_t offset, char *text,
                       size_t capacity);

#endif
