/*
 * Space: what takes the bytes of a file, computed from its information. Sizes of rows follow docs/format.md. An invalid
 * file may claim more than its size, or than 64 bits can hold: sums saturate.
 */
#ifndef PECS_CLI_SPACE_H
#define PECS_CLI_SPACE_H

#include "type_list.h"

struct space_part {
    const char *kind;  /* "component", "contents", "handles", "index", "ids", "attachments", "metadata", "structure" */
    const char *label; /* of a component: its values, or the contents of its strings, blobs and lists; else NULL */
    uint64_t bytes, full_bytes; /* in the file; uncompressed */
};

struct space {
    struct space_part *parts; /* in descending order of bytes */
    size_t part_count;
    uint64_t sum_bytes;    /* of all parts: the file's size, or more if it claims more */
    uint64_t *table_bytes; /* for each table: bytes of its rows, including handles, uncompressed */
};

/* False: out of memory. The labels belong to the list. */
bool space_of(const pecs_info *info, const struct type_list *types, struct space *ret_space);
void space_free(struct space *space);

/* "zstd" for what is compressed, "raw" for what is not; NULL for what never is. */
const char *space_codec(const struct space_part *part);

/* How often the stored bytes fit into the uncompressed ones; 1 for none. */
double space_ratio(uint64_t stored_bytes, uint64_t full_bytes);

/* Percentage of the file's size. */
double space_percent(uint64_t bytes, uint64_t size_bytes);

#endif
