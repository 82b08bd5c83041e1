/*
 * Heap check: that the references of a column lead to its contents, one after another, so that all contents have one
 * owner: HEAP-1 and HEAP-2 of docs/format.md, for files that are read as a whole or in parts.
 */
#ifndef PECS_FORMAT_HEAP_CHECK_H
#define PECS_FORMAT_HEAP_CHECK_H

#include "component.h"
#include "file_model.h"

/* Rows of a column whose contents lie in one heap run. */
struct heap_column {
    const struct component *component;
    uint8_t *values;
    uint64_t offset; /* of them in the file, or as IMAGE_GATHERED says */
    uint64_t row_count;
    uint32_t chunk_shift;          /* the file's */
    const struct model_heap *heap; /* NULL: the column has no contents, and there is nothing to check */
    const uint8_t *ends, *contents;
    uint64_t first_unit; /* of the contents, as the references have it */
};

/* HEAP-1: the ends of the chunks ascend, and the last is that of the heap. PECS_E_CORRUPT. */
pecs_status heap_check_ends(const struct heap_column *column, pecs_error *error);
/*
 * HEAP-2: the rows of a chunk refer to its contents one after another, without gaps. Reads nothing outside of the run
 * whatever the ends say. PECS_E_CORRUPT.
 */
pecs_status heap_check_chunk(const struct heap_column *column, uint64_t chunk, pecs_error *error);

#endif
