/*
 * For tests of the format: a file in memory whose parts are found, whose bytes can be replaced, and whose checksums can
 * be made right again, so that only the rule under test is broken.
 */
#ifndef FORMAT_PATCHES_H
#define FORMAT_PATCHES_H

#include "file_bytes.h"
#include "hash.h"
#include "layout.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PART_MAX = 16 };

/* Offsets of a segment's parts; `record` is that in the commit. */
struct segment_image {
    uint64_t record, prologue, runs, data, data_end, trailer;
    uint32_t run_count; /* or blocks */
};

struct file_image {
    uint8_t *bytes;
    size_t size;
    /* Offsets in the file, as they were when it was read. The parts of a segment are those of the first one. */
    uint64_t prologue, prologue_types, runs, data, data_end, trailer, commit, footer;
    struct segment_image parts[PART_MAX]; /* of all segments */
    uint32_t segment_count;
    uint64_t types[PART_MAX], tables[PART_MAX]; /* records of the commit */
    uint64_t row_counts, segments, sessions, free_counts, metadata, commit_end;
};

static inline uint32_t get32(const struct file_image *file, uint64_t offset)
{
    le32 value;
    memcpy(&value, file->bytes + offset, sizeof(value));
    return le32_load(value);
}

static inline uint64_t get64(const struct file_image *file, uint64_t offset)
{
    le64 value;
    memcpy(&value, file->bytes + offset, sizeof(value));
    return le64_load(value);
}

static inline void put32(struct file_image *file, uint64_t offset, uint32_t number)
{
    const le32 value = le32_make(number);
    memcpy(file->bytes + offset, &value, sizeof(value));
}

static inline void put64(struct file_image *file, uint64_t offset, uint64_t number)
{
    const le64 value = le64_make(number);
    memcpy(file->bytes + offset, &value, sizeof(value));
}

static inline void find_segment(struct file_image *file, uint32_t number)
{
    struct segment_image *parts = &file->parts[number];
    const bool has_blocks = get64(file, offsetof(struct file_header, required_features)) & FEATURE_SEGMENTS;
    parts->record = file->segments + number * sizeof(struct segment_record);
    parts->prologue = get64(file, parts->record);
    parts->run_count = get32(file, parts->prologue + offsetof(struct segment_header, run_count));
    const uint64_t size = get64(file, parts->record + offsetof(struct segment_record, prologue_size));
    parts->runs = parts->prologue + size - sizeof(le64) -
                  parts->run_count * (has_blocks ? sizeof(struct block_record) : sizeof(struct run_record));
    parts->data = get64(file, parts->prologue + offsetof(struct segment_header, data_offset));
    parts->data_end = parts->data + get64(file, parts->prologue + offsetof(struct segment_header, data_size));
    parts->trailer = get64(file, parts->record + offsetof(struct segment_record, trailer_offset));
}

/* Finds the parts of a good file, with at most PART_MAX types, tables and segments. */
static inline void find_parts(struct file_image *file)
{
    file->footer = file->size - sizeof(struct file_footer);
    file->commit = get64(file, file->footer + offsetof(struct file_footer, commit_offset));
    const uint32_t type_count = get32(file, file->commit + offsetof(struct commit_header, type_count));
    const uint32_t table_count = get32(file, file->commit + offsetof(struct commit_header, table_count));
    file->segment_count = get32(file, file->commit + offsetof(struct commit_header, segment_count));
    cr_assert(type_count <= PART_MAX && table_count <= PART_MAX && file->segment_count <= PART_MAX);
    uint64_t at = file->commit + sizeof(struct commit_header);
    for (uint32_t i = 0; i < type_count; i++) {
        file->types[i] = at;
        at += get32(file, at);
    }
    for (uint32_t i = 0; i < table_count; i++) {
        file->tables[i] = at;
        at += format_table_bytes(get32(file, at + offsetof(struct table_record, component_count)));
    }
    file->row_counts = at;
    file->segments = file->row_counts + table_count * sizeof(le64);
    file->sessions = file->segments + file->segment_count * sizeof(struct segment_record);
    const uint32_t session_count = get32(file, file->commit + offsetof(struct commit_header, session_count));
    file->free_counts = file->sessions + session_count * sizeof(le64);
    file->commit_end = file->commit + get64(file, file->footer + offsetof(struct file_footer, commit_size));
    file->metadata = file->commit_end - get64(file, file->commit + offsetof(struct commit_header, metadata_size));
    for (uint32_t i = 0; i < file->segment_count; i++)
        find_segment(file, i);
    file->prologue = file->parts[0].prologue;
    file->prologue_types = file->prologue + sizeof(struct segment_header);
    file->runs = file->parts[0].runs;
    file->data = file->parts[0].data;
    file->data_end = file->parts[0].data_end;
    file->trailer = file->parts[0].trailer;
}

static inline struct file_image read_image(const char *path)
{
    const struct file_bytes all = read_bytes(path);
    struct file_image file = { .bytes = all.bytes, .size = all.size };
    find_parts(&file);
    return file;
}

static inline void write_image(const struct file_image *file, const char *path)
{
    write_bytes(path, file->bytes, file->size);
}

static inline void free_image(struct file_image *file)
{
    free(file->bytes);
}

static inline void repair_prologue_of(struct file_image *file, const struct segment_image *parts)
{
    const uint64_t size = get64(file, parts->record + offsetof(struct segment_record, prologue_size)) - sizeof(le64);
    const uint64_t checksum = hash64(file->bytes + parts->prologue, size);
    put64(file, parts->prologue + size, checksum);
    put64(file, parts->record + offsetof(struct segment_record, prologue_checksum), checksum);
}

static inline void repair_trailer_of(struct file_image *file, const struct segment_image *parts)
{
    uint64_t at = parts->data;
    const uint64_t piece_count = format_piece_count(parts->data, parts->data_end - parts->data);
    for (uint64_t i = 0; i < piece_count; i++) {
        const uint64_t next = min_u64(parts->data_end, align_up(at + 1, FORMAT_PIECE));
        put64(file, parts->trailer + sizeof(struct trailer_header) + i * sizeof(le64),
              hash64(file->bytes + at, next - at));
        at = next;
    }
    const uint64_t size = format_trailer_bytes(piece_count) - sizeof(le64);
    const uint64_t checksum = hash64(file->bytes + parts->trailer, size);
    put64(file, parts->trailer + size, checksum);
    put64(file, parts->record + offsetof(struct segment_record, trailer_checksum), checksum);
}

/* Of all segments. */
static inline void repair_prologue(struct file_image *file)
{
    for (uint32_t i = 0; i < file->segment_count; i++)
        repair_prologue_of(file, &file->parts[i]);
}
static inline void repair_trailer(struct file_image *file)
{
    for (uint32_t i = 0; i < file->segment_count; i++)
        repair_trailer_of(file, &file->parts[i]);
}

/* The commit's hash, and header and footer. */
static inline void repair_ends(struct file_image *file)
{
    const uint64_t own = format_file_metadata_offset(file->commit_end);
    const uint64_t own_size = get64(file, file->footer + offsetof(struct file_footer, file_metadata_size));
    if (own_size >= sizeof(le64) && range_fits(own, own_size, file->footer))
        put64(file, own + own_size - sizeof(le64), hash64(file->bytes + own, own_size - sizeof(le64)));
    const uint64_t commit_size = get64(file, file->footer + offsetof(struct file_footer, commit_size));
    put64(file, file->footer + offsetof(struct file_footer, commit_hash),
          hash64(file->bytes + file->commit, commit_size));
    put64(file, offsetof(struct file_header, checksum), hash64(file->bytes, offsetof(struct file_header, checksum)));
    put64(file, file->footer + offsetof(struct file_footer, checksum),
          hash64(file->bytes + file->footer, offsetof(struct file_footer, checksum)));
}

/* The snapshot id, and the ends. */
static inline void repair_commit(struct file_image *file)
{
    const uint64_t commit_size = get64(file, file->footer + offsetof(struct file_footer, commit_size));
    uint8_t *id = file->bytes + file->commit + offsetof(struct commit_header, snapshot_id);
    memset(id, 0, sizeof(pecs_id));
    const pecs_id hash = hash128(file->bytes + file->commit, commit_size);
    memcpy(id, hash.bytes, sizeof(hash));
    repair_ends(file);
}

/* Makes every checksum right, from the inside out. Sizes that a test changed in commit and footer are followed. */
static inline void repair(struct file_image *file)
{
    repair_prologue(file);
    repair_trailer(file);
    repair_commit(file);
}

#endif
