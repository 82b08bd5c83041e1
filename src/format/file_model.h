/*
 * Model: the parsed header, footer, commit and prologue of a file, as plain numbers. Parsing needs only a source, no
 * registry and no state: type_match.h compares the types with a registry's, build.h makes a state, and pecs_file_info
 * returns the model's contents.
 *
 * Every offset and size is within the file, and the numbers are consistent: the parser checks every rule of
 * docs/format.md except those on the meaning of types and on the data. Pointers point into the bytes of the source.
 */
#ifndef PECS_FORMAT_FILE_MODEL_H
#define PECS_FORMAT_FILE_MODEL_H

#include "attach_list.h"
#include "codec_filter.h"
#include "layout.h"
#include "meta_list.h"
#include "retired.h"
#include "source.h"

struct part;

struct model_type {
    const uint8_t *record; /* well-formed (typecode.h); what its fields mean is not checked */
    uint32_t record_bytes, value_size;
    uint64_t offset; /* of the record in the file, for errors */
    pecs_id id;
    bool has_contents; /* strings, blobs or lists */
};

/*
 * Where the rows of a column lie, in the file or as IMAGE_GATHERED says (gather.h); offset 0: it has no run. Of a
 * column that is not read (part.h), the offset has no meaning but that.
 */
struct model_run {
    uint64_t offset, tick;
    uint64_t row_count;    /* that its run, or its blocks so far, have */
    uint64_t stored_bytes; /* that these take in the file */
    bool is_packed;        /* some blocks cannot stay where they are: compressed, or not of whole chunks */
    bool is_split;         /* its blocks stay where they are in the file; `offset` is that of the first */
};

/* Contents of some of a column's rows, of all of them in a file without blocks. */
struct model_heap {
    bool is_read;                /* the part has it (part.h) */
    uint64_t run_offset;         /* where the chunks' ends begin; 0: there is no run */
    uint64_t offset, size_bytes; /* of the contents */
    uint64_t first;              /* the unit that they begin at */
    uint64_t first_row, row_count;
    uint64_t stored_bytes; /* of the contents in the file; of a compressed block, of all of it */
    uint32_t next;         /* of the same column's, or FORMAT_NONE */
};
struct model_heaps {
    uint32_t first, last; /* in model.heaps, or FORMAT_NONE */
};

/* Bytes of the file. */
struct model_range {
    uint64_t offset, size;
};

/* Some rows of a column, or contents, that are stored by themselves, and are gathered unless their column is split. */
struct model_block {
    uint64_t offset, size;    /* in the file */
    uint64_t to, full_size;   /* among the gathered bytes */
    struct model_run *column; /* whose rows it has, or NULL */
    uint64_t first, count;    /* of them */
    uint64_t tick;
    uint32_t table; /* of that column, or FORMAT_NONE */
    struct codec_filter filter;
    uint32_t codec, segment;
};
static inline bool model_block_stays(const struct model_block *block)
{
    return block->column && block->column->is_split;
}

struct model_table {
    const le32 *types; /* their numbers, ascending */
    uint32_t type_count;
    uint32_t chunk_shift; /* by which the file counts the chunks of its runs */
    uint32_t state_shift; /* of a state's chunks of such rows */
    bool is_singleton;
    bool has_ids; /* its entities have explicit ids */
    uint64_t row_count;
    uint64_t offset;     /* of the record in the file, for errors */
    size_t first_column; /* in model.columns: that of the handles; then one for each type. Of tables with rows */
};

/* The component sets of tables, by which others with the same set are found. */
struct model_sets {
    uint32_t *buckets; /* a table number, or FORMAT_NONE */
    size_t count;      /* 0, or a power of two and at least twice the tables */
    uint32_t end;      /* the tables before this have been added */
};

struct model {
    struct pool *pool;
    uint64_t file_size;
    uint32_t version;
    uint64_t required_features, optional_features;
    uint64_t wall_clock_ns;
    pecs_id snapshot_id;
    uint64_t entity_count, slot_count, free_count, retired_count, tick;
    uint32_t singleton_table; /* FORMAT_NONE: none */

    struct model_type *types; /* ascending by id */
    uint32_t type_count;
    size_t type_capacity;
    struct model_table *tables;
    uint32_t table_count;
    size_t table_capacity;
    struct model_sets sets; /* of the tables so far, while tables are parsed */
    struct model_run *columns;
    struct model_heaps *column_heaps; /* of each of these; NULL without FEATURE_HEAP */
    size_t column_count;
    struct model_heap *heaps; /* in the order of their records */
    uint32_t heap_count;
    size_t heap_capacity;
    struct model_heap attachment_heap;
    uint64_t heap_units; /* of all of them, from 0 to the last */

    const le64 *nonces; /* of each session */
    uint32_t session_count;
    const le32 *free_counts;         /* of each chunk of the index */
    struct retired *retired;         /* or NULL */
    struct metadata *metadata;       /* or NULL */
    struct attachments *attachments; /* or NULL; with names and sizes, without references */
    uint64_t attachment_units;       /* that they take */
    struct metadata *file_metadata;

    /* Of segments, which model_parse_segments reads: */
    struct image_parts parts;
    const uint8_t **records;    /* of the runs of each segment, in the source */
    struct model_range *ranges; /* that are read, of the segments' data; in the order of their offsets */
    size_t range_count, range_capacity;
    struct model_block *blocks; /* those that are read, in the order of their offsets */
    size_t block_count, block_capacity;
    uint64_t block_records, block_bytes, block_full_bytes; /* of all blocks, also those that stay where they are */
    uint64_t gathered_bytes;                               /* that they have room in */
    bool uses_file;                                        /* some bytes of the state stay where they are in the file */
    bool has_split;                                        /* some column is split */
    struct model_run index, ids;
    uint64_t id_count; /* entities with explicit ids */

    /* Places in the file, and the commit's bytes: */
    uint64_t footer_offset, metadata_size, file_metadata_size;
    uint64_t records_end;    /* of types and tables, in the commit */
    uint64_t segment_offset; /* of the first segment's record */
    uint64_t free_counts_offset, retired_offset;
    const uint8_t *commit;
};

struct model_limits {
    uint64_t max_entities, max_commit_bytes; /* 0: none; the file's metadata counts with the commit */
    uint64_t max_bytes;                      /* of what is gathered of blocks */
    bool may_split;                          /* columns whose blocks have whole chunks need not be gathered */
    uint32_t max_types;
};

/* Parses header, footer and commit. Call model_deinit also on failure. */
pecs_status model_parse(struct model *model, struct source *source, const struct model_limits *limits,
                        struct pool *pool, pecs_error *error);
/*
 * Parses the prologues of the segments: where every column lies. Each of them is in the file. Blocks and ranges are
 * noted for what is read.
 */
pecs_status model_parse_segments(struct model *model, struct source *source, const struct part *part,
                                 const struct model_limits *limits, pecs_error *error);
/* The bytes that model_parse_segments would read, as the commit has them: any number. */
uint64_t model_prologue_size(const struct model *model);
/* Parses the file's own metadata, which lies behind the commit, and counts against the limit with it. */
pecs_status model_parse_file_metadata(struct model *model, struct source *source, const struct model_limits *limits,
                                      pecs_error *error);
/* Checks that resume skips: the snapshot id hashes the whole commit again; the other is linear in the retired slots. */
pecs_status model_check_id(const struct model *model, pecs_error *error);
pecs_status model_check_retired(const struct model *model, pecs_error *error);
void model_deinit(struct model *model);

/* The place of a type among those of a table, or FORMAT_NONE. */
uint32_t model_type_place(const struct model_table *table, uint32_t type);
/* Of a table that has rows, after model_parse_segments. */
static inline struct model_run *model_handles(const struct model *model, const struct model_table *table)
{
    return &model->columns[table->first_column];
}
static inline struct model_run *model_column(const struct model *model, const struct model_table *table, uint32_t place)
{
    return &model->columns[table->first_column + 1 + place];
}

/* The first heap of a column with contents, and the one after one, or NULL; as model_column. */
static inline const struct model_heap *model_heap(const struct model *model, const struct model_table *table,
                                                  uint32_t place)
{
    const uint32_t first =
        model->column_heaps ? model->column_heaps[table->first_column + 1 + place].first : FORMAT_NONE;
    return first == FORMAT_NONE ? NULL : &model->heaps[first];
}
static inline const struct model_heap *model_next_heap(const struct model *model, const struct model_heap *heap)
{
    return heap->next == FORMAT_NONE ? NULL : &model->heaps[heap->next];
}

/* Bits of optional_features that this library does not know: such features may own bytes that are otherwise zero. */
static inline bool model_has_unknown_features(const struct model *model)
{
    return model->optional_features & ~(uint64_t)FEATURE_FILE_METADATA;
}
static inline bool model_has_file_metadata(const struct model *model)
{
    return model->optional_features & FEATURE_FILE_METADATA;
}
static inline bool model_has_contents(const struct model *model)
{
    return model->required_features & FEATURE_HEAP;
}
static inline bool model_has_attachments(const struct model *model)
{
    return model->required_features & FEATURE_ATTACHMENTS;
}
static inline bool model_has_segments(const struct model *model)
{
    return model->required_features & FEATURE_SEGMENTS;
}
static inline bool model_has_retired(const struct model *model)
{
    return model->required_features & FEATURE_RETIRED;
}

#endif
