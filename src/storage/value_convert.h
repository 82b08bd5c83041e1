/* Value conversion: does the steps of a value map for many values. */
#ifndef PECS_STORAGE_VALUE_CONVERT_H
#define PECS_STORAGE_VALUE_CONVERT_H

#include "array.h"
#include "heap.h"
#include "value_map.h"

/* What was lost, by the map's losses. */
struct loss_tally {
    uint64_t count;     /* of values */
    uint64_t first_row; /* valid if there are some */
};

/* Values to convert: `count` of them, which are rows of a table from `row` on, or elements within that one row. */
struct convert_values {
    const uint8_t *from;
    uint8_t *to;
    size_t from_stride, to_stride;
    uint64_t count, row;
    bool is_within_row;
};

struct value_convert {
    const struct value_map *map;
    struct gate *gate;          /* for contents; the heap is private */
    struct heap *heap;          /* to read from and append to. NULL if the map has no contents */
    struct loss_tally *tallies; /* for each loss of the map */
};

/* Converts all that the map has steps for. PECS_E_MEMORY, PECS_E_LIMIT (the heap is full). */
pecs_status value_convert(const struct value_convert *convert, const struct convert_values *values);

#endif
