/* For tests of the format: files in blocks, whose records are found, and whose blocks get other bytes. */
#ifndef FORMAT_BLOCKS_H
#define FORMAT_BLOCKS_H

#include "format_breaking.h"
#include "segment_maker.h"

enum { SLACK = 256 }; /* zeros behind each block of the samples */

/* The file "plain.pecs" as "world.pecs", in blocks. */
static inline void make_segments(const struct made_plan *plan)
{
    struct file_bytes plain = read_bytes("plain.pecs");
    size_t size;
    uint8_t *made = segments_make(plain.bytes, plain.size, plan, &size);
    write_bytes("world.pecs", made, size);
    free(made);
    free(plain.bytes);
}

/* The record of a block. */
static inline uint64_t block_at(const struct breakage *b, uint32_t segment, uint32_t number)
{
    return b->file.parts[segment].runs + number * sizeof(struct block_record);
}

/* Offsets in the record. */
enum {
    BLOCK_CODEC = offsetof(struct block_record, codec),
    BLOCK_FILTER = offsetof(struct block_record, filter),
    BLOCK_STRIDE = offsetof(struct block_record, stride),
    BLOCK_FIRST = offsetof(struct block_record, first),
    BLOCK_COUNT = offsetof(struct block_record, count),
    BLOCK_OFFSET = offsetof(struct block_record, offset),
    BLOCK_SIZE = offsetof(struct block_record, size),
    BLOCK_FULL_SIZE = offsetof(struct block_record, full_size),
    BLOCK_TICK = offsetof(struct block_record, tick),
};

/* Where the block's bytes lie. */
static inline uint64_t block_offset(const struct breakage *b, uint32_t segment, uint32_t number)
{
    return get64(&b->file, block_at(b, segment, number) + BLOCK_OFFSET);
}

/* Removes a block's record. */
static inline void leave_out(struct breakage *b, uint32_t segment, uint32_t number)
{
    struct segment_image *parts = &b->file.parts[segment];
    const uint64_t at = block_at(b, segment, number), end = block_at(b, segment, parts->run_count);
    const uint64_t size = get64(&b->file, parts->record + offsetof(struct segment_record, prologue_size));
    memmove(b->file.bytes + at, b->file.bytes + at + sizeof(struct block_record),
            end - at - sizeof(struct block_record));
    put64(&b->file, parts->record + offsetof(struct segment_record, prologue_size), size - sizeof(struct block_record));
    put64(&b->file, parts->prologue + offsetof(struct segment_header, size), size - sizeof(struct block_record));
    put32(&b->file, parts->prologue + offsetof(struct segment_header, run_count), parts->run_count - 1);
}

/* Other bytes for a block, which begin where it begins; zeros behind them. */
static inline void replace_bytes(struct breakage *b, uint32_t segment, uint32_t number, const void *bytes, size_t size)
{
    const uint64_t record = block_at(b, segment, number), offset = get64(&b->file, record + BLOCK_OFFSET);
    const uint64_t old_size = get64(&b->file, record + BLOCK_SIZE);
    cr_assert_leq(size, old_size + SLACK);
    memset(b->file.bytes + offset, 0, old_size + SLACK);
    memcpy(b->file.bytes + offset, bytes, size);
    put64(&b->file, record + BLOCK_SIZE, size);
}

/* What a compressed block holds, changed at one place, compressed again. */
static inline void change_held(struct breakage *b, uint32_t segment, uint32_t number, size_t at, const void *bytes,
                               size_t size)
{
    const uint64_t record = block_at(b, segment, number);
    const size_t full_size = get64(&b->file, record + BLOCK_FULL_SIZE);
    const struct codec_filter filter = { get32(&b->file, record + BLOCK_FILTER),
                                         get32(&b->file, record + BLOCK_STRIDE) };
    struct made_bytes frame = { NULL, 0, 0 };
    uint8_t *filtered = malloc(full_size), *held = malloc(full_size);
    cr_assert(filtered && held && at + size <= full_size);
    cr_assert_eq(get32(&b->file, record + BLOCK_CODEC), CODEC_ZSTD);
    cr_assert_eq(ZSTD_decompress(filtered, full_size, b->file.bytes + get64(&b->file, record + BLOCK_OFFSET),
                                 get64(&b->file, record + BLOCK_SIZE)),
                 full_size);
    if (filter.kind)
        codec_filter_undo(filter, filtered, full_size, held);
    else
        memcpy(held, filtered, full_size);
    memcpy(held + at, bytes, size);
    maker_compress(&frame, filter, held, full_size);
    replace_bytes(b, segment, number, frame.bytes, frame.size);
    free(frame.bytes);
    free(held);
    free(filtered);
}

static inline void expect_unsupported(struct breakage *b, const char *rule, uint64_t offset)
{
    repair(&b->file);
    expect(b, PECS_E_UNSUPPORTED, rule, offset);
}

#endif
