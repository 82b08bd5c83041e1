/*
 * Part reader: a file from its first byte to its last, segment by segment, each as a state that has only its rows. It
 * knows no source: the caller reads, and gives it each part.
 *
 *     part_reader_begin(header); then for each segment
 *     part_reader_prologue(its bytes), part_reader_hash(its data, as it comes),
 *     part_reader_rows(its data and trailer) -> a state; at last
 *     part_reader_end(commit to footer)
 */
#ifndef PECS_FORMAT_PART_READER_H
#define PECS_FORMAT_PART_READER_H

#include "file_model.h"
#include "parse.h"
#include "piece_hash.h"
#include "type_match.h"

#include <pecs/schema.h>

enum { PART_LEAD = FORMAT_ALIGN }; /* bytes before the data in its image: no offset is 0 */

/* The bytes of a prologue that has types or tables, which the model refers to. */
struct part_prologue;

struct part_reader {
    struct pool *pool;
    pecs_registry *registry;
    bool skip_unknown;
    struct model model; /* types and tables so far; else of the present segment */
    struct match match;
    bool has_match;
    uint32_t match_count; /* segments that brought types */
    struct part_prologue *prologues;
    struct part_tables tables;
    struct model_table *present; /* those of the tables that have rows in the present segment */
    size_t present_capacity;
    uint64_t row_count;  /* of entities, in all segments */
    uint64_t last_tick;  /* that a column has */
    uint64_t heap_units; /* of all segments before */
    uint64_t offset;     /* in the file, of the end of the last part */
    uint32_t segment_count;
    struct segment_parts parts; /* of the present segment */
    uint64_t max_bytes;         /* of what a segment's blocks hold; and of what describes its columns */
    struct piece_hash pieces;   /* of its data */
    struct buffer hashes;       /* of its pieces */
    struct buffer records;      /* segment records, as the commit has to have them */
};

/* PECS_E_MEMORY; call deinit also on failure. */
pecs_status part_reader_init(struct part_reader *reader, pecs_registry *registry, bool skip_unknown,
                             uint64_t max_bytes);
void part_reader_deinit(struct part_reader *reader);

pecs_status part_reader_begin(struct part_reader *reader, const struct file_header *header, pecs_error *error);
/* Whether bytes that belong to no part must be zero: no unknown optional feature may use them. */
bool part_reader_has_zero_gaps(const struct part_reader *reader);

/* How many bytes the prologue has that begins so, at an offset; checked. PECS_E_CORRUPT. */
pecs_status part_reader_size(const struct part_reader *reader, const struct segment_header *header, uint64_t offset,
                             uint64_t *ret_size, pecs_error *error);
/*
 * Parses a prologue, whose bytes, of the pool, it takes also on failure. Then reader->parts says where data and trailer
 * lie. PECS_E_CORRUPT, PECS_E_UNSUPPORTED, PECS_E_LAYOUT (an old type), PECS_E_LIMIT,
 * PECS_E_MEMORY.
 */
pecs_status part_reader_prologue(struct part_reader *reader, uint8_t *bytes, size_t size_bytes, uint64_t offset,
                                 pecs_error *error);
/* The bytes that the image of the segment has: PART_LEAD, then all from the data to the trailer's end. */
static inline uint64_t part_reader_image_bytes(const struct part_reader *reader)
{
    const struct segment_parts *parts = &reader->parts;
    return PART_LEAD + (parts->trailer_offset + parts->trailer_size - parts->data_offset);
}
/* The next bytes of the segment's data, to hash while they are in the cache. */
void part_reader_hash(struct part_reader *reader, const uint8_t *bytes, size_t size_bytes);
/*
 * Checks the data against the trailer, and makes a state of the rows of the segment, with their values checked. What
 * they refer to is not: any entity may come later. PECS_E_CORRUPT, PECS_E_UNSUPPORTED (the segment has no whole rows),
 * PECS_E_LIMIT, PECS_E_MEMORY.
 */
pecs_status part_reader_rows(struct part_reader *reader, struct image *image, struct pecs_snapshot **ret_state,
                             pecs_error *error);

/*
 * Parses the rest of the file, from the commit on, and checks that it is about the segments that came before. The model
 * is then the file's; its pointers lead into the bytes.
 */
pecs_status part_reader_end(struct part_reader *reader, const struct file_header *header, const uint8_t *bytes,
                            uint64_t offset, uint64_t size_bytes, struct model *ret_model, pecs_error *error);

#endif
