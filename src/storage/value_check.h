/*
 * Value check: finds values of a column that are invalid for their type, which a program that trusts its types would
 * misread.
 */
#ifndef PECS_STORAGE_VALUE_CHECK_H
#define PECS_STORAGE_VALUE_CHECK_H

#include "state.h"

#include <pecs/values.h>

/*
 * Data for the check of handles: a handle is invalid when its index has no slot, or when its generation is above the
 * slot's. The lowest generation in a chunk of the index accepts most handles without reading their records. It is
 * computed when first needed, by one thread; before several threads check, all must be computed.
 */
struct value_check {
    const struct pecs_snapshot *state;
    uint64_t slot_count;
    uint32_t *lowest_generations; /* of each chunk; 0: not computed; NULL: any slot has any generation up to the next */
    uint32_t highest_generation;
};
pecs_status value_check_init(struct value_check *check, const struct pecs_snapshot *state);
/* For values whose entities are not known yet: of any slot that there may be, in any generation up to this one. */
void value_check_init_ahead(struct value_check *check, const struct pecs_snapshot *state, uint32_t highest_generation);
void value_check_deinit(struct value_check *check);

/* Whether a component can have invalid values. */
static inline bool values_can_be_invalid(const struct component *component)
{
    return !span_list_is_empty(component->special);
}

/* The first of `count` values that is invalid, or `count`. */
uint64_t values_find_invalid(const struct value_check *check, const struct component *component, const uint8_t *values,
                             uint64_t count);

/* The invalid elements of one value, in order. */
struct invalid_place {
    const char *rule;
    const struct component *component;
    struct value_span span; /* one element */
    /* Of a list: its first invalid element, of this type and index, and the span in it. NULL: the list is invalid. */
    const struct component *listed;
    uint64_t index;
    struct value_span in_listed;
};
/* Whether the element is invalid in `value`, where it may have been repaired. */
bool invalid_place_remains(const struct value_check *check, const struct invalid_place *place, const uint8_t *value);
struct invalid_iter {
    const struct value_check *check;
    const struct component *component;
    const uint8_t *value;
    struct span_iter spans;
    struct value_span span; /* the current span */
    uint32_t next;          /* the next byte of it to verify */
};
void invalid_iter_begin(struct invalid_iter *iter, const struct value_check *check, const struct component *component,
                        const uint8_t *value);
bool invalid_iter_next(struct invalid_iter *iter, struct invalid_place *ret_place);

/* Writes the path of fields to a byte of a value: "slots[2].owner". */
void value_write_field(const pecs_type *type, uint32_t offset, char *text, size_t capacity);

/* An invalid element in the value of a row, as reported to users. */
struct invalid_value {
    pecs_invalid invalid;
    const char *what; /* "is not ..."; static */
    char field[256];  /* invalid.field points here */
};
void invalid_value_init(struct invalid_value *wrong, const struct pecs_snapshot *state, const struct table *table,
                        uint64_t row, pecs_component component, const struct invalid_place *place);

/* Writes "entity 3:1: slots[2].owner of 'Bag' is not ..."; the offset is the file's, or 0. */
pecs_status fail_value(pecs_error *error, pecs_status status, uint64_t offset, const struct invalid_value *wrong);

/*
 * Verifies the values of `count` rows, from `row` on. PECS_E_INVALID with a message for the first invalid element.
 * offset: that of the values in the file that they come from, for the error; or 0.
 */
pecs_status values_check(const struct value_check *check, const struct table *table, pecs_component component,
                         uint64_t row, const uint8_t *values, uint64_t count, uint64_t offset, pecs_error *error);

#endif
