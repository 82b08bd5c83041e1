/*
 * Parser: the position in the file that the parsers share. They run in the order of the file's references: ends,
 * commit, segments.
 */
#ifndef PECS_FORMAT_PARSE_H
#define PECS_FORMAT_PARSE_H

#include "error.h"
#include "file_model.h"
#include "record.h"

#include <inttypes.h>

/* A part of the file whose bytes are in memory. */
struct parser {
    struct model *model;
    struct source *source;
    pecs_error *error;
    const struct part *part; /* of segments: what is read */
    const uint8_t *bytes;
    uint64_t first_offset, end; /* in the file */
    uint64_t offset;            /* of what is parsed next */
    bool is_part;               /* a prologue by itself, which may name types that a later one brings */
};

/* Reads a part and moves to its start. */
static inline pecs_status parser_get(struct parser *parser, uint64_t offset, uint64_t size_bytes)
{
    parser->first_offset = parser->offset = offset;
    parser->end = offset + size_bytes;
    return source_get(parser->source, offset, size_bytes, &parser->bytes, parser->error);
}

static inline const uint8_t *parser_at(const struct parser *parser, uint64_t offset)
{
    return parser->bytes + (offset - parser->first_offset);
}
static inline uint64_t parser_left(const struct parser *parser)
{
    return parser->end - parser->offset;
}
static inline uint32_t parser_le32(const struct parser *parser, uint64_t offset)
{
    le32 value;
    memcpy(&value, parser_at(parser, offset), sizeof(value));
    return le32_load(value);
}
static inline uint64_t parser_le64(const struct parser *parser, uint64_t offset)
{
    le64 value;
    memcpy(&value, parser_at(parser, offset), sizeof(value));
    return le64_load(value);
}

/*
 * Finds the first nonzero byte of a reserved field and returns its offset in the struct. The field must not begin at
 * offset 0. Returns 0 if all bytes are zero or if an unknown optional feature may own them.
 */
static inline size_t parser_find_set(const struct parser *parser, const void *bytes, size_t offset, size_t size)
{
    for (size_t i = offset; !model_has_unknown_features(parser->model) && i < offset + size; i++)
        if (((const uint8_t *)bytes)[i])
            return i;
    return 0;
}
#define PARSER_FIND_SET(parser, structure, field)                                                                      \
    parser_find_set(parser, &(structure),                                                                              \
                    (size_t)((const uint8_t *)&(structure).field - (const uint8_t *)&(structure)),                     \
                    sizeof((structure).field))

/* The header, which it reads. */
pecs_status parse_header(struct parser *parser, struct file_header *ret_header);
/* The records of the model's types, and of its tables, from number `first` on; all before have been parsed. */
pecs_status parse_types(struct parser *parser, uint32_t first);
pecs_status parse_tables(struct parser *parser, uint32_t first);
/* Forgets the tables from a number on, of which some may have been refused. The work is theirs. */
void parse_drop_tables(struct parser *parser, uint32_t first);
/* The commit, which is the part; its header, then all that follows. */
pecs_status parse_commit_header(struct parser *parser, const struct model_limits *limits);
pecs_status parse_commit_sections(struct parser *parser);
/* A part of it: the retired slots that follow the free counts; their differences end where the metadata begins. */
pecs_status parse_retired(struct parser *parser, uint64_t metadata_offset);
/* A segment while it is parsed. `end` is that of the one before it. */
struct segment_parse {
    struct segment_parts *parts;
    struct segment_record record;
    struct segment_header header;
    uint64_t record_offset, end;
    uint32_t number;
};
/* The header of its prologue, which is the part; the checksum of it is not of the part any more. */
pecs_status parse_prologue(struct parser *parser, struct segment_parse *segment);
/* Where data and trailer lie: prologue, data, trailer in this order, all before the commit. */
pecs_status parse_data_place(struct parser *parser, struct segment_parse *segment);
/* Whether as many records as the header says are left of the part. */
pecs_status parse_check_run_count(struct parser *parser, const struct segment_parse *segment);
/* The records of a segment's runs or blocks, from where the parser is to the end of the part. */
pecs_status parse_runs(struct parser *parser, const struct segment_parts *segment, uint32_t number);
/* Tables of a file that is parsed segment by segment. */
struct part_tables {
    uint64_t *rows_before; /* of each table, in the segments before */
    uint32_t *numbers;     /* of the tables that have rows in this segment, ascending */
    size_t count, before_capacity, capacity;
};
/*
 * The same of a segment by itself, whose tables have the rows that it brings, the first behind those of the segments
 * before. Runs of no table are skipped. The work is that of the segment's records, however many tables there are.
 * PECS_E_LIMIT: what describes its columns would take more than max_bytes.
 */
pecs_status parse_part_runs(struct parser *parser, const struct segment_parts *segment, uint32_t number,
                            struct part_tables *tables, uint64_t max_bytes);
/* Memory for where columns lie; the tables have their places in it. */
pecs_status parse_make_columns(struct model *model);
/* When those of all segments have been parsed: where the columns of several blocks lie. */
pecs_status parse_place_columns(struct parser *parser, bool may_split);
/* Adds to the ranges that are read. */
pecs_status parse_note_range(struct parser *parser, uint64_t offset, uint64_t size);
/* Whether every column has its rows; the first, those of tables only. */
pecs_status parse_check_rows(const struct model *model, pecs_error *error);
/* PECS_E_UNSUPPORTED: a file whose segments have no whole rows is read as a whole only. */
pecs_status parse_fail_partial(uint32_t segment, pecs_error *error);
pecs_status parse_check_coverage(const struct model *model, pecs_error *error);
/* Records of metadata, and of attachments if it may have them, to the end of the part; none for no bytes. */
pecs_status parse_metadata(struct parser *parser, bool may_attach, struct metadata **ret_metadata);

#endif
