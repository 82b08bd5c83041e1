/* Rows of one table copied to another or adopted, and the merging of two tables that have the same components. */
#ifndef PECS_STORAGE_TABLE_MERGE_H
#define PECS_STORAGE_TABLE_MERGE_H

#include "table.h"

/*
 * Copies rows of `from`, which may be the same table, to rows of a private table from `row` on. All chunks that they
 * lie in must have passed the gate with room for them. Columns that `from` lacks, and those that are adopted there, are
 * left as they are. Ranges of rows must not overlap.
 */
void table_copy_rows(struct table *table, uint64_t row, const struct table *from, uint64_t first, uint64_t count);

/*
 * Reserves rows behind the last, as table_reserve does. Some full chunks among them are adopted: where `from` has a
 * column whose values mean the same in both tables, so that it has neither handles, ids, references nor contents, a
 * chunk borrows the bytes of `from` and is not copied until an edit changes it. Where they lie in a mapped file, so
 * that they may not last, it has room for a copy.
 */
struct table_adoption {
    const struct table *from; /* with chunks of the same size */
    uint64_t from_chunk;
    uint64_t chunk, count; /* of the table that adopts; 0: none */
};
pecs_status table_reserve_adopting(struct gate *gate, const struct pecs_snapshot *state, struct table *table,
                                   uint64_t append_count, const struct table_adoption *adoption);
/* Copies rows behind the last one and counts them; `from` has all components of the table. */
void table_append_rows(struct table *table, const struct table *from, uint64_t first, uint64_t count);

/*
 * Appends all rows of `from`, a table with the same components, to a private table. Full chunks are shared and come
 * first, so at most a chunk of rows moves in each table. *ret_first_row is the first row whose place is another than
 * before. PECS_E_MEMORY: the table may only be released.
 */
pecs_status table_merge(struct gate *gate, struct table *table, const struct table *from, uint64_t *ret_first_row);

#endif
