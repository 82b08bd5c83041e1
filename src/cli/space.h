/*
 * Space: what takes the bytes of a file, as far as header and commit tell. Sizes of rows follow docs/format.md. What a
 * bad file claims can exceed its size, and any number; sums stop at the largest.
 */
#ifndef PECS_CLI_SPACE_H
#define PECS_CLI_SPACE_H

#include "type_list.h"

struct space_part {
    const char *kind;  /* "component", "handles", "index", "ids", "metadata", "structure" */
    const char *label; /* of the component; NULL: it is none */
    uint64_t bytes;
};

struct space {
    struct space_part *parts; /* the largest first */
    size_t part_count;
    uint64_t sum_bytes;    /* of the parts: the file's size, unless it claims more */
    uint64_t *table_bytes; /* of the rows of each table, handles too */
};

/* False: no memory. Labels are those of the list. */
bool space_of(const pecs_info *info, const struct type_list *types, struct space *ret_space);
void space_free(struct space *space);

/* Of the file's size. */
double space_percent(uint64_t bytes, uint64_t size_bytes);

#endif
