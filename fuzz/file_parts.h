/*
 * Finds the parts of a possibly broken file by its own numbers, as far as these are valid, and repairs all hashes and
 * offsets, so that only deliberate changes are wrong.
 */
#ifndef PECS_FUZZ_FILE_PARTS_H
#define PECS_FUZZ_FILE_PARTS_H

#include "layout.h"

/* How far parsing got; each part needs those before it. */
enum parts_depth { PARTS_NONE, PARTS_ENDS, PARTS_TYPES, PARTS_COMMIT, PARTS_SEGMENT, PARTS_DATA };

struct file_parts {
    uint8_t *bytes;
    uint64_t size;
    enum parts_depth depth;
    uint64_t footer, commit, commit_end;                            /* PARTS_ENDS */
    uint64_t types, tables;                                         /* PARTS_TYPES */
    uint64_t row_counts, segments, sessions, free_counts, metadata; /* PARTS_COMMIT */
    /* Of the selected segment; `segment` is its record. Its types and tables are those of the commit from own_types to
       types_end, and from own_tables to tables_end: */
    uint64_t segment, own_types, types_end, own_tables, tables_end;
    uint64_t prologue, records, runs, prologue_end; /* PARTS_SEGMENT */
    uint64_t data, data_end, trailer, trailer_end;  /* PARTS_DATA */
    uint64_t file_metadata, file_metadata_end; /* without the checksum, which begins at the end; 0: there is none */
    uint32_t type_count, table_count, session_count;
    uint32_t segment_count, selected, types_before, tables_before, own_type_count, own_table_count, run_count;
    uint32_t run_bytes; /* of a record: sizeof(struct run_record), or struct block_record */
};

uint32_t parts_get32(const struct file_parts *parts, uint64_t offset);
uint64_t parts_get64(const struct file_parts *parts, uint64_t offset);
void parts_put32(struct file_parts *parts, uint64_t offset, uint32_t number);
void parts_put64(struct file_parts *parts, uint64_t offset, uint64_t number);

/* Selects the first segment. */
void parts_find(struct file_parts *parts, uint8_t *bytes, uint64_t size);
/* Selects another one; those before it must be there. False: it is not, or not whole, and `depth` says how far. */
bool parts_select(struct file_parts *parts, uint32_t number);
bool parts_has_blocks(const struct file_parts *parts);

/* Where the n-th type, table, run or metadata record begins; 0: there is none. */
uint64_t parts_type(const struct file_parts *parts, uint32_t number);
uint64_t parts_table(const struct file_parts *parts, uint32_t number);
uint64_t parts_run(const struct file_parts *parts, uint32_t number);
/* Where the bytes of a run or block lie, as its record says. */
struct parts_range {
    uint64_t offset, size;
};
struct parts_range parts_run_range(const struct file_parts *parts, uint32_t number);
uint64_t parts_meta(const struct file_parts *parts, uint32_t number);
/* The same for file metadata. */
uint64_t parts_file_meta(const struct file_parts *parts, uint32_t number);

/* Clears the bytes that belong to no part, as far as the parts can be followed to the data. */
void parts_clear_gaps(uint8_t *bytes, uint64_t size);

/* Repairs hashes, from the inside out. False: no commit was found, and only header and footer are repaired. */
bool parts_repair_hashes(uint8_t *bytes, uint64_t size);

/* Repairs only the hashes of commit, header and footer, if both ends were found; keeps the snapshot id. */
void parts_repair_ends(struct file_parts *parts);

/*
 * Repairs redundant fields: the footer's own offset, the header's counts, the prologue's records, sizes and counts,
 * derived offsets. Then the hashes.
 */
bool parts_repair(uint8_t *bytes, uint64_t size);

#endif
