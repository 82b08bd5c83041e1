/*
 * Agreement: what the checks of a loaded file share (agree.h): those of rows, index and ids, which come first, and
 * those of values and contents.
 */
#ifndef PECS_FORMAT_AGREEMENT_H
#define PECS_FORMAT_AGREEMENT_H

#include "agree.h"
#include "jobs.h"
#include "value_check.h"

enum { BLOCK_ROWS = 1 << 16 }; /* a multiple of an index chunk */

struct value_column;
struct agreement {
    const struct pecs_snapshot *state;
    const struct model *model;
    const struct match *match;
    const struct part *part;
    const struct image *image, *gathered;
    const pecs_load_options *options;
    uint64_t *first_blocks; /* of each table: the number of its first block */
    const struct record *records;
    uint64_t slot_count;
    struct value_check values;
    _Atomic uint64_t living_count; /* records of entities in tables that are read, */
    _Atomic uint64_t left_count;   /* and in those that are left out */
    _Atomic uint64_t listed_count; /* of the former, those in the list of ids */
    struct value_column *columns;  /* columns that can hold invalid values, in file order */
    size_t column_count, column_capacity;
    uint8_t *invalid_blocks; /* one for each block of all columns: 1 if it has a value to repair; NULL without repair */
};

static inline uint64_t agree_block_count(uint64_t row_count)
{
    return (row_count + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

/* Runs a function for each of the blocks, on the threads of the options. */
pecs_status agree_run(struct agreement *agreement, uint64_t count,
                      pecs_status (*function)(void *user, uint64_t job, pecs_error *error), pecs_error *error);

/* Checks all contents, attachments and values, or repairs these. The records have been checked. */
pecs_status agree_check_all_values(struct agreement *agreement, pecs_error *error);

#endif
