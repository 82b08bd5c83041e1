/* Merging of two tables that have the same components. */
#ifndef PECS_STORAGE_TABLE_MERGE_H
#define PECS_STORAGE_TABLE_MERGE_H

#include "table.h"

/* Copies rows of `from` behind the rows of a private table, whose components `from` has and which has room for them. */
void table_copy_rows(struct table *table, const struct table *from, uint64_t first, uint64_t count);

/*
 * Appends all rows of `from`, a table with the same components, to a private table. Full chunks are shared and come
 * first, so at most a chunk of rows moves in each table. *ret_first_row is the first row whose place is another than
 * before. PECS_E_MEMORY: the table may only be released.
 */
pecs_status table_merge(struct gate *gate, struct table *table, const struct table *from, uint64_t *ret_first_row);

#endif
