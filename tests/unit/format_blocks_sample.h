/*
 * For tests of the format: the sample world of format_sample.h as a file of three segments, of which the first brings
 * two types and two tables, and the last all others. Its blocks, [first, end) of rows where a column has several:
 *
 *     segment 0    0 handles of table 1, 1 its places: as they are
 *     segment 1    0 handles of table 0 [0, 1), 1 and 2 its values (filters split and delta4), 3 handles of table 2 as
 *                  they are, 4 those of table 3, 5 its values as they are, 6 index [0, 4)
 *     segment 2    0 handles of table 0 [1, 2), as they are, 1 index [4, 6)
 *
 * All others are compressed. SLACK bytes of zeros follow each block.
 */
#ifndef FORMAT_BLOCKS_SAMPLE_H
#define FORMAT_BLOCKS_SAMPLE_H

#include "format_blocks.h"
#include "format_sample.h"

static const struct made_block sample_blocks[] = {
    { 3, 0, 0, 0, CODEC_RAW, { 0, 0 } },
    { 4, 0, 0, 0, CODEC_RAW, { 0, 0 } },
    { 0, 0, 1, 1, CODEC_ZSTD, { 0, 0 } },
    { 1, 0, 0, 1, CODEC_ZSTD, { FILTER_SPLIT, 8 } },
    { 2, 0, 0, 1, CODEC_ZSTD, { FILTER_DELTA4, 4 } },
    { 5, 0, 0, 1, CODEC_RAW, { 0, 0 } },
    { 6, 0, 0, 1, CODEC_ZSTD, { 0, 0 } },
    { 7, 0, 0, 1, CODEC_RAW, { 0, 0 } },
    { 8, 0, 4, 1, CODEC_ZSTD, { FILTER_SPLIT, 16 } },
    { 0, 1, 1, 2, CODEC_RAW, { 0, 0 } },
    { 8, 4, 2, 2, CODEC_ZSTD, { FILTER_DELTA8, 8 } },
};

static const struct made_plan sample_plan = {
    .blocks = sample_blocks,
    .block_count = sizeof(sample_blocks) / sizeof(sample_blocks[0]),
    .segment_count = 3,
    .first_types = 2,
    .first_tables = 2,
    .slack = SLACK,
};

/* The sample in blocks, to be broken. */
static inline struct breakage begin_with_blocks(void)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "plain.pecs");
    make_segments(&sample_plan);
    return breakage_of(registry);
}

#endif
