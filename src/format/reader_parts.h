/*
 * What the parts of the reader share: where it is in the file, and what it has made so far. The parts run in the order
 * of the file's own references: ends (reader.c), commit, segments, agreement.
 */
#ifndef PECS_FORMAT_READER_PARTS_H
#define PECS_FORMAT_READER_PARTS_H

#include "error.h"
#include "layout.h"
#include "reader.h"

#include <inttypes.h>

struct reader {
    pecs_registry *registry;
    struct pool *pool;
    struct image *image;        /* NULL: inspection */
    const struct os_file *file; /* NULL: the image is a map */
    const char *path;
    pecs_load_options options;
    pecs_error *error;
    uint64_t file_size;
    uint8_t *bytes; /* of the image, or of the part that was fetched last, which begins at first_offset */
    uint64_t first_offset;
    size_t part_bytes;
    struct gate gate; /* only to build the tree: nothing is edited */
    struct pecs_snapshot *state;

    struct file_header header;
    struct file_footer footer;
    struct commit_header commit;
    uint64_t footer_offset, commit_offset, commit_end;
    uint64_t types_offset, tables_offset, segments_offset; /* sections of the commit */
    uint64_t metadata_size;
    uint32_t type_count, table_count, segment_count;
    uint8_t *chunk_shifts; /* of each table, by which the file counts the chunks of its runs */
    size_t chunk_shift_capacity;
    pecs_component *components; /* of each type number */
    pecs_component *scratch;    /* a set of them, ascending */
    uint64_t *bits;             /* of all components of the state, by place */
    uint64_t last_run_end;
    uint64_t id_count; /* entities with explicit ids */
    struct run id_run;
    struct metadata *file_metadata; /* NULL: none */
    bool wants_file_metadata;       /* inspection hands it out, load only checks it */
};

#define CORRUPT(reader, at, rule, ...) fail_rule((reader)->error, PECS_E_CORRUPT, at, rule, __VA_ARGS__)

/* Makes bytes of the file readable at `at`. */
pecs_status reader_fetch(struct reader *reader, uint64_t offset, uint64_t size);

/* The commit: types, tables, counts, sessions, metadata. */
pecs_status reader_read_commit(struct reader *reader);
/* The file's own metadata, which belongs to no state; NULL when there is none. After all that is in the commit. */
pecs_status reader_read_file_metadata(struct reader *reader, struct metadata **ret_metadata);
/* The retired slots, between free counts and metadata. */
pecs_status reader_read_retired(struct reader *reader, uint64_t *offset);
/* A segment: where its columns lie, and for load its data. */
pecs_status reader_read_segment(struct reader *reader, uint32_t number);
/* Every column has its run. */
pecs_status reader_check_coverage(struct reader *reader);

static inline const uint8_t *at(const struct reader *reader, uint64_t offset)
{
    return reader->bytes + (offset - reader->first_offset);
}

static inline uint32_t le32_at(const struct reader *reader, uint64_t offset)
{
    le32 value;
    memcpy(&value, at(reader, offset), sizeof(value));
    return le32_load(value);
}

static inline uint64_t le64_at(const struct reader *reader, uint64_t offset)
{
    le64 value;
    memcpy(&value, at(reader, offset), sizeof(value));
    return le64_load(value);
}

static inline bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static inline bool has_file_metadata(const struct reader *reader)
{
    return le64_load(reader->header.optional_features) & FEATURE_FILE_METADATA;
}

/* A field called zero: an optional feature that this reader does not know may have given it a meaning. */
static inline bool is_reserved(const struct reader *reader, const uint8_t *zero, size_t size)
{
    return le64_load(reader->header.optional_features) & ~(uint64_t)FEATURE_FILE_METADATA || is_zero(zero, size);
}

static inline struct table *reader_table(struct reader *reader, uint32_t number)
{
    return (struct table *)tree_get(&reader->state->tables, number);
}

#endif
