/*
 * The segments of a file: each has a prologue with the records of types and tables that are new in it, and the places
 * of its runs or blocks.
 */
#include "hash.h"
#include "parse.h"
#include "part.h"

static pecs_status parse_get_prologue(struct parser *parser, const struct segment_parse *segment)
{
    struct segment_parts *parts = segment->parts;
    parts->prologue_offset = le64_load(segment->record.offset);
    parts->prologue_size = le64_load(segment->record.prologue_size);
    parts->prologue_checksum = le64_load(segment->record.prologue_checksum);
    RULE(parser->error, "SEGMENT-1",
         parts->prologue_offset < segment->end || parts->prologue_size < sizeof(struct segment_header) + sizeof(le64) ||
             !range_fits(parts->prologue_offset, parts->prologue_size, parser->model->parts.commit_offset),
         segment->record_offset, "the prologue of segment %u does not lie before the commit", segment->number);
    return parser_get(parser, parts->prologue_offset, parts->prologue_size);
}

pecs_status parse_prologue(struct parser *parser, struct segment_parse *segment)
{
    const struct segment_parts *parts = segment->parts;
    const struct segment_header *header = &segment->header;
    parser->end -= sizeof(le64);
    const uint64_t checksum = parser_le64(parser, parser->end);
    RULE(parser->error, "SEGMENT-2",
         checksum != hash64(parser->bytes, (size_t)(parts->prologue_size - sizeof(le64))) ||
             checksum != parts->prologue_checksum,
         parser->end, "the prologue's checksum is wrong");
    memcpy(&segment->header, parser->bytes, sizeof(segment->header));
    RULE(parser->error, "SEGMENT-3",
         memcmp(header->magic, FORMAT_SEGMENT_MAGIC, sizeof(header->magic)) != 0 ||
             le32_load(header->sequence) != segment->number || le64_load(header->size) != parts->prologue_size ||
             le32_load(header->piece_bytes) != FORMAT_PIECE,
         parser->first_offset, "the prologue's header is not that of segment %u", segment->number);
    const size_t set = PARSER_FIND_SET(parser, *header, zero);
    RULE(parser->error, "SEGMENT-3", set, parser->first_offset + set,
         "a reserved byte of the prologue's header is set");
    parser->offset += sizeof(*header);
    return PECS_OK;
}

pecs_status parse_data_place(struct parser *parser, struct segment_parse *segment)
{
    struct segment_parts *parts = segment->parts;
    const uint64_t commit_offset = parser->model->parts.commit_offset;
    parts->data_offset = le64_load(segment->header.data_offset);
    parts->data_size = le64_load(segment->header.data_size);
    RULE(parser->error, "SEGMENT-4",
         parts->data_offset % FORMAT_PAGE || parts->data_offset < parts->prologue_offset + parts->prologue_size ||
             !range_fits(parts->data_offset, parts->data_size, commit_offset),
         parts->prologue_offset + offsetof(struct segment_header, data_offset),
         "the data of segment %u does not lie between its prologue and the commit", segment->number);
    parts->trailer_offset = le64_load(segment->record.trailer_offset);
    parts->trailer_size = le64_load(segment->record.trailer_size);
    parts->trailer_checksum = le64_load(segment->record.trailer_checksum);
    RULE(parser->error, "SEGMENT-5",
         parts->trailer_offset != align_up(parts->data_offset + parts->data_size, FORMAT_ALIGN) ||
             parts->trailer_size != format_trailer_bytes(format_piece_count(parts->data_offset, parts->data_size)) ||
             !range_fits(parts->trailer_offset, parts->trailer_size, commit_offset),
         segment->record_offset + offsetof(struct segment_record, trailer_offset),
         "the trailer of segment %u does not follow its data", segment->number);
    segment->end = parts->trailer_offset + parts->trailer_size;
    return PECS_OK;
}

/* The types and tables that segments had so far. */
struct records_walk {
    uint64_t type_count, table_count;
};

/* Whether the next records in the prologue are those of the commit from one place to another, byte for byte. */
static bool parse_records_agree(struct parser *parser, const uint8_t *commit, uint64_t from, uint64_t to)
{
    const uint64_t bytes = to - from;
    if (bytes > parser_left(parser) || memcmp(parser_at(parser, parser->offset), commit + from, (size_t)bytes) != 0)
        return false;
    parser->offset += bytes;
    return true;
}

/* Where the record of a type or a table begins in the commit; of the one behind the last, where they end. */
static uint64_t parse_table_offset(const struct model *model, uint64_t number)
{
    return (number < model->table_count ? model->tables[number].offset : model->records_end) -
           model->parts.commit_offset;
}
static uint64_t parse_type_offset(const struct model *model, uint64_t number)
{
    return number < model->type_count ? model->types[number].offset - model->parts.commit_offset
                                      : parse_table_offset(model, 0);
}

/* The records of types and tables that are new in a segment are the next ones of the commit, byte for byte. */
static pecs_status parse_compare_records(struct parser *parser, const struct segment_parse *segment,
                                         struct records_walk *walk)
{
    const struct model *model = parser->model;
    const struct segment_header *header = &segment->header;
    const uint64_t place = parser->offset;
    const uint64_t types = walk->type_count + le32_load(header->type_count);
    const uint64_t tables = walk->table_count + le32_load(header->table_count);
    const bool is_last = segment->number == model->parts.segment_count - 1;
    const bool are_next = types <= model->type_count && tables <= model->table_count &&
                          (!is_last || (types == model->type_count && tables == model->table_count)) &&
                          parse_records_agree(parser, model->commit, parse_type_offset(model, walk->type_count),
                                              parse_type_offset(model, types)) &&
                          parse_records_agree(parser, model->commit, parse_table_offset(model, walk->table_count),
                                              parse_table_offset(model, tables));
    RULE(parser->error, "SEGMENT-6", !are_next, place, "the segment's types and tables are not those of the commit");
    walk->type_count = types;
    walk->table_count = tables;
    segment->parts->runs_offset = parser->offset;
    parser->model->records[segment->number] = parser_at(parser, parser->offset);
    return parse_check_run_count(parser, segment);
}

pecs_status parse_check_run_count(struct parser *parser, const struct segment_parse *segment)
{
    const size_t record_bytes =
        model_has_segments(parser->model) ? sizeof(struct block_record) : sizeof(struct run_record);
    RULE(parser->error, "SEGMENT-7",
         le32_load(segment->header.run_count) != parser_left(parser) / record_bytes ||
             parser_left(parser) % record_bytes,
         parser->first_offset + offsetof(struct segment_header, run_count), "the prologue does not end after its runs");
    return PECS_OK;
}

static struct segment_record parse_segment_record(const struct model *model, uint32_t number)
{
    struct segment_record record;
    const uint64_t offset = model->segment_offset + number * sizeof(record);
    memcpy(&record, model->commit + (offset - model->parts.commit_offset), sizeof(record));
    return record;
}

uint64_t model_prologue_size(const struct model *model)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < model->parts.segment_count; i++) {
        const struct segment_record record = parse_segment_record(model, i);
        if (add_overflows(sum, le64_load(record.prologue_size), &sum))
            return UINT64_MAX;
    }
    return sum;
}

pecs_status parse_make_columns(struct model *model)
{
    const size_t columns = model->column_count + 1;
    model->columns = pool_allocate_zeroed(model->pool, columns * sizeof(*model->columns));
    if (model_has_contents(model))
        model->column_heaps = pool_allocate(model->pool, columns * sizeof(*model->column_heaps));
    if (!model->columns || (model_has_contents(model) && !model->column_heaps))
        return PECS_E_MEMORY;
    if (model->column_heaps)
        memset(model->column_heaps, 0xff, columns * sizeof(*model->column_heaps)); /* FORMAT_NONE */
    return PECS_OK;
}

/* Memory for what the segments say. */
static pecs_status parse_make_room(struct model *model)
{
    struct image_parts *parts = &model->parts;
    parts->has_blocks = model_has_segments(model);
    if (parts->segment_count > 1)
        parts->segments = pool_allocate_zeroed(model->pool, parts->segment_count * sizeof(*parts->segments));
    model->records = pool_allocate_zeroed(model->pool, parts->segment_count * sizeof(*model->records));
    return (parts->segment_count > 1 && !parts->segments) || !model->records ? PECS_E_MEMORY
                                                                             : parse_make_columns(model);
}

static pecs_status parse_segment(struct parser *parser, struct segment_parse *segment, struct records_walk *walk)
{
    pecs_status status = parse_get_prologue(parser, segment);
    if (!status)
        status = parse_prologue(parser, segment);
    if (!status)
        status = parse_data_place(parser, segment);
    if (!status)
        status = parse_compare_records(parser, segment, walk);
    return status ? status : parse_runs(parser, segment->parts, segment->number);
}

pecs_status model_parse_segments(struct model *model, struct source *source, const struct part *part,
                                 const struct model_limits *limits, pecs_error *error)
{
    struct parser parser = { .model = model, .source = source, .error = error, .part = part };
    struct records_walk walk = { .type_count = 0 };
    uint64_t end = sizeof(struct file_header);
    pecs_status status = parse_make_room(model) ? fail_memory(error) : PECS_OK;
    if (!status && part->is_whole) /* also what belongs to no column */
        status = parse_note_range(&parser, 0, UINT64_MAX);
    for (uint32_t i = 0; !status && i < model->parts.segment_count; i++) {
        struct segment_parse segment = {
            .parts = image_segment(&model->parts, i),
            .record = parse_segment_record(model, i),
            .record_offset = model->segment_offset + i * sizeof(struct segment_record),
            .end = end,
            .number = i,
        };
        status = parse_segment(&parser, &segment, &walk);
        end = segment.end;
    }
    if (!status)
        status = parse_check_coverage(model, error);
    if (!status)
        status = parse_place_columns(&parser, limits->may_split);
    if (!status && limits->max_bytes && model->gathered_bytes > limits->max_bytes)
        status = fail(error, PECS_E_LIMIT, "the file's blocks hold %" PRIu64 " bytes; the limit is %" PRIu64,
                      model->gathered_bytes, limits->max_bytes);
    return status;
}
