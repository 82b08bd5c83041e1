/*
 * Wreck: what is left of a file that is cut or damaged. The parts of a file carry hashes of their own, so each that is
 * whole is found and trusted: header, commit, prologues, and the data piece by piece. Nothing else is.
 */
#ifndef PECS_FORMAT_WRECK_H
#define PECS_FORMAT_WRECK_H

#include "codecs.h"
#include "file_model.h"

/* A segment whose prologue is whole. */
struct wreck_segment {
    struct segment_parts parts;
    const uint8_t *hashes; /* of its pieces, in the trailer; NULL: the trailer is lost, and the data with it */
    uint8_t *pieces;       /* what is known of each */
    uint64_t piece_count;
    uint32_t number;
    bool follows; /* every segment before it was found, so the addresses of its contents are known */
};

/* Rows of a column, or contents, as a prologue says. */
struct wreck_run {
    uint32_t kind, table, type, codec, segment;
    struct codec_filter filter;
    uint64_t first, count;
    uint64_t offset, size, full_size;
    uint64_t unit; /* of contents: their first address, if it is known */
    uint64_t tick;
    bool has_unit;
    uint64_t next_row;         /* without it: this one had no contents, nor any before it; or UINT64_MAX */
    uint64_t taken_end;        /* of contents: where those of the rows so far end, in bytes from the first ones */
    struct wreck_block *block; /* what it was inflated to; or NULL */
};

/* Consecutive rows that are whole. */
struct wreck_rows {
    uint64_t first, count;
    const uint8_t *bytes;
};
struct wreck_column {
    struct wreck_rows *rows; /* ascending */
    size_t count, capacity;
};

struct wreck_block; /* inflated bytes */

struct wreck {
    struct pool *pool;
    const uint8_t *bytes;
    uint64_t size_bytes;
    struct file_header header; /* the file's, or one that fits what is left */
    bool has_header, has_commit;
    struct model commit; /* if there is one */
    struct model model;  /* types and tables */
    struct wreck_segment *segments;
    struct wreck_run *runs; /* by kind, table and type, then in the order of the file */
    size_t segment_count, segment_capacity, run_count, run_capacity;
    struct wreck_block *blocks;
    uint64_t max_bytes, held_bytes; /* that blocks, and what else grows beyond the file, may hold; and do */
    struct codecs codecs;
    uint64_t heap_units;  /* of the segments so far */
    uint64_t tried_bytes; /* of what looked like a prologue */
};

/*
 * Finds the parts. Blocks, and what wreck_hold adds, may hold at most max_bytes (0: any number). PECS_E_CORRUPT: there
 * is nothing. PECS_E_MEMORY. Call deinit in any case.
 */
pecs_status wreck_open(struct wreck *wreck, struct pool *pool, const uint8_t *bytes, uint64_t size_bytes,
                       uint64_t max_bytes, pecs_error *error);
void wreck_deinit(struct wreck *wreck);
/* Counts bytes that are held besides those of the file. PECS_E_LIMIT: more than max_bytes would be. */
pecs_status wreck_hold(struct wreck *wreck, uint64_t size_bytes);

/* Bytes of pieces that are not whole, of the segments that were found. Hashes all data. */
uint64_t wreck_count_lost(const struct wreck *wreck);
/* How many entities there were: the commit says it, or the handles of prologues do. */
uint64_t wreck_count_entities(const struct wreck *wreck);

/* Whether these bytes of the data are whole. */
bool wreck_is_whole(const struct wreck *wreck, const struct wreck_run *run, uint64_t offset, uint64_t size_bytes);

/* The runs of one column, of *ret_count. */
struct wreck_run *wreck_find_runs(struct wreck *wreck, uint32_t kind, uint32_t table, uint32_t type, size_t *ret_count);

/*
 * Lists the rows of a column that are whole: of a table's handles or values (`type`), of the index or of the ids. The
 * caller frees the list (wreck_column_free). PECS_E_MEMORY, PECS_E_LIMIT.
 */
pecs_status wreck_find_rows(struct wreck *wreck, uint32_t kind, uint32_t table, uint32_t type, uint64_t row_bytes,
                            struct wreck_column *ret_column);
void wreck_column_free(const struct wreck *wreck, struct wreck_column *column);

/* All bytes of a compressed run. NULL: they are not whole. PECS_E_MEMORY, PECS_E_LIMIT. */
pecs_status wreck_take(struct wreck *wreck, struct wreck_run *run, const uint8_t **ret_bytes);

#endif
