/* For tests that change what a segment says, or its data, in the bytes of a file with blocks. */
#ifndef SEGMENT_FIXTURE_H
#define SEGMENT_FIXTURE_H

#include "file_fixture.h"
#include "hash.h"
#include "layout.h"

/* The prologue of a segment, in the bytes of a file, and the records of its blocks. */
struct prologue {
    uint8_t *bytes;
    uint64_t size;
    struct block_record *blocks;
    uint32_t block_count;
};

static inline struct prologue prologue_of(const struct file_bytes *file, uint32_t number)
{
    for (uint64_t at = sizeof(struct file_header); at + sizeof(struct segment_header) <= file->size;
         at += FORMAT_ALIGN) {
        const struct segment_header *header = (const struct segment_header *)(file->bytes + at);
        if (memcmp(header->magic, FORMAT_SEGMENT_MAGIC, sizeof(header->magic)) != 0 ||
            le32_load(header->sequence) != number)
            continue;
        struct prologue prologue = { .bytes = file->bytes + at, .size = le64_load(header->size) };
        prologue.block_count = le32_load(header->run_count);
        prologue.blocks =
            (struct block_record *)(void *)(prologue.bytes + prologue.size - sizeof(le64)) - prologue.block_count;
        return prologue;
    }
    must(false);
    abort();
}

static inline void seal_prologue(const struct prologue *prologue)
{
    const uint64_t end = prologue->size - sizeof(le64);
    const le64 checksum = le64_make(hash64(prologue->bytes, (size_t)end));
    memcpy(prologue->bytes + end, &checksum, sizeof(checksum));
}

/* The record of the n-th column of a table, or the only one of its handles or contents. */
static inline struct block_record *block_record_of(const struct prologue *prologue, uint32_t kind, uint32_t table,
                                                   uint32_t number)
{
    for (uint32_t i = 0; i < prologue->block_count; i++) {
        struct block_record *block = &prologue->blocks[i];
        if (le32_load(block->kind) == kind && le32_load(block->table) == table && number-- == 0)
            return block;
    }
    must(false);
    abort();
}

/* After a change of the data: hashes and checksum of the trailer, but not the commit's. */
static inline void seal_data(const struct file_bytes *file, const struct prologue *prologue)
{
    const struct segment_header *header = (const struct segment_header *)(const void *)prologue->bytes;
    const uint64_t first = le64_load(header->data_offset), end = first + le64_load(header->data_size);
    uint8_t *trailer = file->bytes + align_up(end, FORMAT_ALIGN), *to = trailer + sizeof(struct trailer_header);
    for (uint64_t at = first, next; at < end; at = next, to += sizeof(le64)) {
        next = min_u64((at / FORMAT_PIECE + 1) * FORMAT_PIECE, end);
        const le64 hash = le64_make(hash64(file->bytes + at, (size_t)(next - at)));
        memcpy(to, &hash, sizeof(hash));
    }
    const le64 checksum = le64_make(hash64(trailer, (size_t)(to - trailer)));
    memcpy(to, &checksum, sizeof(checksum));
}

#endif
