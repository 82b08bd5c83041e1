/*
 * Segment writer: gathers the blocks of a segment, compresses them, and puts the segment: prologue, blocks, trailer.
 *
 *     segment_writer_add(...), once a block; then
 *     segment_writer_flush(...), for blocks in memory, or
 *     segment_writer_begin(...); segment_writer_next(...) and the bytes of the block, once a block;
 * segment_writer_end(...)
 *
 * Failures are the output's status.
 */
#ifndef PECS_FORMAT_SEGMENT_WRITER_H
#define PECS_FORMAT_SEGMENT_WRITER_H

#include "codecs.h"
#include "jobs.h"
#include "output.h"
#include "save_plan.h"

#include <pecs/file.h>

enum { SEGMENT_LAST = 2 }; /* blocks of a column alternate with those of its contents */

/* How the blocks of a column are compressed. */
struct segment_choice {
    struct block_record record; /* which column it is */
    struct codec_choice how;
    uint32_t age; /* segments that go by the choice, so far; 0: it is not made yet */
};

struct segment_block;
struct segment_blocks {
    struct segment_block *blocks;
    size_t count, capacity;
};

struct segment_writer {
    struct pool *pool;
    const struct save_plan *plan;
    struct output *output;
    uint8_t *stage; /* the blocks that are added; behind it as much room for what they become */
    size_t stage_bytes;
    struct codecs codecs;
    struct segment_blocks added, packed, put; /* of a segment that is filled, is compressed, is ready to be put */
    struct jobs_crew crew;                    /* that compresses, if packed.count */
    size_t next;                              /* of those that are put */
    struct buffer prologue, trailer;
    struct buffer records;                    /* of the segments so far */
    struct segment_choice last[SEGMENT_LAST]; /* of the columns that the last segment ended with, the last one first */
    uint32_t segment_count;
    uint32_t type_count, table_count; /* whose records they have */
    size_t record_bytes;              /* that these take */
};

void segment_writer_init(struct segment_writer *writer, const struct save_plan *plan, struct pool *pool,
                         struct output *output);
void segment_writer_deinit(struct segment_writer *writer);
/* Where the blocks that will be added lie: 2 * stage_bytes. */
void segment_writer_set_stage(struct segment_writer *writer, uint8_t *stage, size_t stage_bytes);

/*
 * Adds a block of `size` bytes, which lie in the stage, or are put later (NULL). row_bytes: of its rows, or 0. The
 * record gets offset, size, codec and filter.
 */
void segment_writer_add(struct segment_writer *writer, const struct block_record *record, const uint8_t *bytes,
                        uint64_t size, uint32_t row_bytes, pecs_profile profile);

/*
 * Begins to compress all blocks that were added, on other threads until the next flush or drain, and puts those of the
 * segment before. Until they are put, the memory of blocks is in use.
 */
void segment_writer_flush(struct segment_writer *writer, uint32_t thread_count);
/* Puts all that was flushed. */
void segment_writer_drain(struct segment_writer *writer);

/* Puts the prologue; the zeros before the next block, whose bytes the caller puts if it is true; the trailer. */
void segment_writer_begin(struct segment_writer *writer);
bool segment_writer_next(struct segment_writer *writer);
void segment_writer_end(struct segment_writer *writer);

#endif
