/*
 * For tests of the format: makes a file of segments and blocks from a plain one. It shares layout.h with the library,
 * but not its writer, so that it makes layouts that the library's writer does not make: blocks of one row, columns over
 * several segments, types and tables in the last segment.
 */
#ifndef SEGMENT_MAKER_H
#define SEGMENT_MAKER_H

#include "codec_filter.h"
#include "hash.h"
#include "layout.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* A block of a run of the plain file. */
struct made_block {
    uint32_t run;
    uint32_t first, count; /* rows; count 0: the whole run. Of contents, which then must be none */
    uint32_t segment;      /* ascending */
    uint32_t codec;
    struct codec_filter filter;
};

struct made_plan {
    const struct made_block *blocks;
    size_t block_count;
    uint32_t segment_count;
    uint32_t first_types, first_tables; /* that the first segment brings; the last one brings all others */
    uint32_t slack;                     /* bytes of zeros behind each block */
};

struct made_bytes {
    uint8_t *bytes;
    size_t size, capacity;
};

/* Zeros if `bytes` is NULL. */
static inline void made_put(struct made_bytes *to, const void *bytes, size_t size)
{
    if (!size)
        return;
    if (to->size + size > to->capacity) {
        to->capacity = 2 * (to->size + size) + 4096;
        to->bytes = realloc(to->bytes, to->capacity);
        if (!to->bytes)
            abort();
    }
    if (bytes)
        memcpy(to->bytes + to->size, bytes, size);
    else
        memset(to->bytes + to->size, 0, size);
    to->size += size;
}

static inline void made_align(struct made_bytes *to, uint64_t align)
{
    made_put(to, NULL, (size_t)(align_up(to->size, align) - to->size));
}

static inline uint64_t made_get64(const uint8_t *bytes)
{
    le64 value;
    memcpy(&value, bytes, sizeof(value));
    return le64_load(value);
}
static inline uint32_t made_get32(const uint8_t *bytes)
{
    le32 value;
    memcpy(&value, bytes, sizeof(value));
    return le32_load(value);
}
static inline void made_set64(uint8_t *bytes, uint64_t number)
{
    const le64 value = le64_make(number);
    memcpy(bytes, &value, sizeof(value));
}

/* The plain file and the file that is made of it. */
struct maker {
    const uint8_t *plain;
    size_t plain_size;
    const struct made_plan *plan;
    struct file_footer footer;
    struct commit_header commit;
    uint64_t commit_at, types, tables, row_counts; /* offsets in the plain file */
    uint64_t split_types, split_tables;            /* behind those that the first segment brings */
    struct made_bytes file, records;               /* records of segments */
};

static inline void maker_find(struct maker *maker)
{
    const uint8_t *plain = maker->plain;
    memcpy(&maker->footer, plain + maker->plain_size - sizeof(maker->footer), sizeof(maker->footer));
    maker->commit_at = le64_load(maker->footer.commit_offset);
    memcpy(&maker->commit, plain + maker->commit_at, sizeof(maker->commit));
    uint64_t at = maker->types = maker->split_types = maker->commit_at + sizeof(maker->commit);
    for (uint32_t i = 0; i < le32_load(maker->commit.type_count); i++) {
        at += made_get32(plain + at);
        if (i < maker->plan->first_types)
            maker->split_types = at;
    }
    maker->tables = maker->split_tables = at;
    for (uint32_t i = 0; i < le32_load(maker->commit.table_count); i++) {
        at += format_table_bytes(made_get32(plain + at + offsetof(struct table_record, component_count)));
        if (i < maker->plan->first_tables)
            maker->split_tables = at;
    }
    maker->row_counts = at;
}

static inline struct run_record maker_run(const struct maker *maker, uint32_t number)
{
    const uint64_t segment = maker->row_counts + le32_load(maker->commit.table_count) * sizeof(le64);
    const uint64_t runs =
        made_get64(maker->plain + segment) + sizeof(struct segment_header) + maker->row_counts - maker->types;
    struct run_record run;
    memcpy(&run, maker->plain + runs + number * sizeof(run), sizeof(run));
    return run;
}

static inline uint64_t maker_row_count(const struct maker *maker, const struct run_record *run)
{
    const uint32_t table = le32_load(run->table);
    if (table != FORMAT_NONE)
        return made_get64(maker->plain + maker->row_counts + table * sizeof(le64));
    if (le32_load(run->kind) == RUN_INDEX)
        return le64_load(maker->commit.slot_count);
    return le32_load(run->kind) == RUN_IDS ? le64_load(run->size) / sizeof(struct id_record) : 0;
}

static inline uint32_t maker_chunk_shift(const struct maker *maker, uint32_t table)
{
    uint64_t at = maker->tables;
    while (table--)
        at += format_table_bytes(made_get32(maker->plain + at + offsetof(struct table_record, component_count)));
    return made_get32(maker->plain + at + offsetof(struct table_record, chunk_shift));
}

/* One frame, at level 1. */
static inline void maker_compress(struct made_bytes *data, struct codec_filter filter, const uint8_t *bytes,
                                  size_t size)
{
    const size_t at = data->size, bound = ZSTD_compressBound(size);
    uint8_t *filtered = malloc(size + 1);
    if (!filtered)
        abort();
    if (filter.kind)
        codec_filter_apply(filter, bytes, size, filtered);
    made_put(data, NULL, bound);
    const size_t found = ZSTD_compress(data->bytes + at, bound, filter.kind ? filtered : bytes, size, 1);
    if (ZSTD_isError(found))
        abort();
    data->size = at + found;
    free(filtered);
}

static inline void maker_add_block(struct maker *maker, const struct made_block *block, uint64_t data_offset,
                                   struct made_bytes *prologue, struct made_bytes *data)
{
    const struct run_record run = maker_run(maker, block->run);
    const uint64_t rows = maker_row_count(maker, &run), size = le64_load(run.size);
    const uint64_t row_bytes = rows ? size / rows : 0;
    uint64_t full_size = block->count ? block->count * row_bytes : size;
    const uint8_t *bytes = maker->plain + le64_load(run.offset) + block->first * row_bytes;
    if (block->count && le32_load(run.kind) == RUN_HEAP) { /* the ends of chunks, zeros */
        full_size = format_chunk_count(block->count, maker_chunk_shift(maker, le32_load(run.table))) * sizeof(le64);
        bytes = maker->plain + le64_load(run.offset);
    }
    if (block->codec == CODEC_RAW)
        made_align(data, FORMAT_ALIGN);
    const size_t at = data->size;
    if (block->codec == CODEC_RAW)
        made_put(data, bytes, (size_t)full_size);
    else
        maker_compress(data, block->filter, bytes, (size_t)full_size);
    const struct block_record record = {
        .kind = run.kind,
        .table = run.table,
        .type = run.type,
        .codec = le32_make(block->codec),
        .filter = le32_make(block->filter.kind),
        .stride = le32_make(block->filter.stride),
        .first = le32_make(block->first),
        .count = le32_make(block->count ? block->count : (uint32_t)rows),
        .offset = le64_make(data_offset + at),
        .size = le64_make(data->size - at),
        .full_size = le64_make(full_size),
        .tick = run.tick,
    };
    made_put(prologue, &record, sizeof(record));
    made_put(data, NULL, maker->plan->slack);
}

/* The records that a segment brings, and its header as far as these say. */
static inline struct segment_header maker_begin_prologue(const struct maker *maker, uint32_t number,
                                                         struct made_bytes *prologue)
{
    const struct made_plan *plan = maker->plan;
    const bool is_first = number == 0, is_last = number == plan->segment_count - 1;
    const uint64_t types_begin = is_first ? maker->types : maker->split_types;
    const uint64_t types_end = is_last ? maker->tables : maker->split_types;
    const uint64_t tables_begin = is_first ? maker->tables : maker->split_tables;
    const uint64_t tables_end = is_last ? maker->row_counts : maker->split_tables;
    const uint32_t all_types = le32_load(maker->commit.type_count), all_tables = le32_load(maker->commit.table_count);
    const uint32_t some_types = plan->first_types < all_types ? plan->first_types : all_types;
    const uint32_t some_tables = plan->first_tables < all_tables ? plan->first_tables : all_tables;
    made_put(prologue, NULL, sizeof(struct segment_header));
    made_put(prologue, maker->plain + types_begin, (size_t)(types_end - types_begin));
    made_put(prologue, maker->plain + tables_begin, (size_t)(tables_end - tables_begin));
    return (struct segment_header){
        .magic = FORMAT_SEGMENT_MAGIC,
        .sequence = le32_make(number),
        .type_count = le32_make((is_last ? all_types : some_types) - (is_first ? 0 : some_types)),
        .table_count = le32_make((is_last ? all_tables : some_tables) - (is_first ? 0 : some_tables)),
        .piece_bytes = le32_make(FORMAT_PIECE),
    };
}

static inline void maker_put_trailer(struct maker *maker, uint32_t number, uint64_t data, struct segment_record *record)
{
    struct made_bytes *file = &maker->file;
    const uint64_t end = file->size, pieces = format_piece_count(data, end - data);
    made_align(file, FORMAT_ALIGN);
    const size_t begin = file->size;
    const struct trailer_header trailer = { .magic = FORMAT_TRAILER_MAGIC,
                                            .sequence = le32_make(number),
                                            .piece_count = le64_make(pieces) };
    made_put(file, &trailer, sizeof(trailer));
    for (uint64_t at = data, next; at < end; at = next) {
        next = min_u64(end, align_up(at + 1, FORMAT_PIECE));
        const le64 hash = le64_make(hash64(file->bytes + at, (size_t)(next - at)));
        made_put(file, &hash, sizeof(hash));
    }
    record->trailer_checksum = le64_make(hash64(file->bytes + begin, file->size - begin));
    made_put(file, &record->trailer_checksum, sizeof(le64));
    record->trailer_offset = le64_make(begin);
    record->trailer_size = le64_make(file->size - begin);
}

static inline void maker_put_segment(struct maker *maker, uint32_t number)
{
    const struct made_plan *plan = maker->plan;
    struct made_bytes *file = &maker->file, prologue = { NULL, 0, 0 }, data = { NULL, 0, 0 };
    struct segment_header header = maker_begin_prologue(maker, number, &prologue);
    uint32_t count = 0;
    for (size_t i = 0; i < plan->block_count; i++)
        count += plan->blocks[i].segment == number;
    made_align(file, FORMAT_ALIGN);
    const uint64_t offset = file->size;
    const uint64_t size = prologue.size + count * sizeof(struct block_record) + sizeof(le64);
    const uint64_t data_offset = align_up(offset + size, FORMAT_PAGE);
    for (size_t i = 0; i < plan->block_count; i++)
        if (plan->blocks[i].segment == number)
            maker_add_block(maker, &plan->blocks[i], data_offset, &prologue, &data);
    header.size = le64_make(size);
    header.data_offset = le64_make(data_offset);
    header.data_size = le64_make(data.size);
    header.run_count = le32_make(count);
    memcpy(prologue.bytes, &header, sizeof(header));
    struct segment_record record = {
        .offset = le64_make(offset),
        .prologue_size = le64_make(size),
        .prologue_checksum = le64_make(hash64(prologue.bytes, prologue.size)),
    };
    made_put(&prologue, &record.prologue_checksum, sizeof(le64));
    made_put(file, prologue.bytes, prologue.size);
    made_align(file, FORMAT_PAGE);
    if (data.size)
        made_put(file, data.bytes, data.size);
    maker_put_trailer(maker, number, data_offset, &record);
    made_put(&maker->records, &record, sizeof(record));
    free(prologue.bytes);
    free(data.bytes);
}

/* Commit, metadata of the file, and footer. */
static inline void maker_put_end(struct maker *maker)
{
    struct made_bytes *file = &maker->file;
    struct file_footer *footer = &maker->footer;
    const uint8_t *plain = maker->plain;
    const uint64_t old_end = maker->commit_at + le64_load(footer->commit_size);
    const uint64_t segments = maker->row_counts + le32_load(maker->commit.table_count) * sizeof(le64);
    const uint64_t rest = segments + sizeof(struct segment_record), own_size = le64_load(footer->file_metadata_size);
    made_align(file, FORMAT_ALIGN);
    const size_t begin = file->size;
    maker->commit.segment_count = le32_make(maker->plan->segment_count);
    memset(&maker->commit.snapshot_id, 0, sizeof(maker->commit.snapshot_id));
    made_put(file, &maker->commit, sizeof(maker->commit));
    made_put(file, plain + maker->types, (size_t)(segments - maker->types));
    made_put(file, maker->records.bytes, maker->records.size);
    made_put(file, plain + rest, (size_t)(old_end - rest));
    const size_t size = file->size - begin;
    const pecs_id id = hash128(file->bytes + begin, size);
    memcpy(file->bytes + begin + offsetof(struct commit_header, snapshot_id), &id, sizeof(id));
    footer->commit_offset = le64_make(begin);
    footer->commit_size = le64_make(size);
    footer->commit_hash = le64_make(hash64(file->bytes + begin, size));
    if (own_size) {
        made_align(file, FORMAT_ALIGN);
        made_put(file, plain + format_file_metadata_offset(old_end), (size_t)own_size);
    }
    made_align(file, FORMAT_PAGE);
    footer->offset = le64_make(file->size);
    footer->checksum = le64_make(hash64(footer, offsetof(struct file_footer, checksum)));
    made_put(file, footer, sizeof(*footer));
}

/* The caller frees the bytes. */
static inline uint8_t *segments_make(const uint8_t *plain, size_t plain_size, const struct made_plan *plan,
                                     size_t *ret_size)
{
    struct maker maker = { .plain = plain, .plain_size = plain_size, .plan = plan };
    maker_find(&maker);
    made_put(&maker.file, plain, sizeof(struct file_header));
    uint8_t *features = maker.file.bytes + offsetof(struct file_header, required_features);
    made_set64(features, made_get64(features) | FEATURE_SEGMENTS);
    made_set64(maker.file.bytes + offsetof(struct file_header, checksum),
               hash64(maker.file.bytes, offsetof(struct file_header, checksum)));
    for (uint32_t i = 0; i < plan->segment_count; i++)
        maker_put_segment(&maker, i);
    maker_put_end(&maker);
    free(maker.records.bytes);
    *ret_size = maker.file.size;
    return maker.file.bytes;
}

#endif
