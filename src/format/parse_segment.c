/* The segment of a file: its prologue repeats the records of types and tables, and has the place of each column. */
#include "hash.h"
#include "parse.h"

static pecs_status parse_prologue(struct parser *parser, const struct segment_record *record,
                                  struct segment_header *ret_header)
{
    struct model *model = parser->model;
    struct image_parts *parts = &model->parts;
    struct segment_header header;
    parts->prologue_offset = le64_load(record->offset);
    parts->prologue_size = le64_load(record->prologue_size);
    parts->prologue_checksum = le64_load(record->prologue_checksum);
    RULE(parser->error, "SEGMENT-1",
         parts->prologue_offset < sizeof(struct file_header) ||
             parts->prologue_size < sizeof(struct segment_header) + sizeof(le64) ||
             !range_fits(parts->prologue_offset, parts->prologue_size, parts->commit_offset),
         model->segment_offset, "the prologue of segment 0 does not lie before the commit");
    const pecs_status status = parser_get(parser, parts->prologue_offset, parts->prologue_size);
    if (status)
        return status;
    parser->end -= sizeof(le64);
    const uint64_t checksum = parser_le64(parser, parser->end);
    RULE(parser->error, "SEGMENT-2",
         checksum != hash64(parser->bytes, (size_t)(parts->prologue_size - sizeof(le64))) ||
             checksum != parts->prologue_checksum,
         parser->end, "the prologue's checksum is wrong");
    memcpy(&header, parser->bytes, sizeof(header));
    RULE(parser->error, "SEGMENT-3",
         memcmp(header.magic, FORMAT_SEGMENT_MAGIC, sizeof(header.magic)) != 0 || le32_load(header.sequence) != 0 ||
             le64_load(header.size) != parts->prologue_size || le32_load(header.piece_bytes) != FORMAT_PIECE,
         parser->first_offset, "the prologue's header is not that of segment 0");
    const size_t set = PARSER_FIND_SET(parser, header, zero);
    RULE(parser->error, "SEGMENT-3", set, parser->first_offset + set,
         "a reserved byte of the prologue's header is set");
    parser->offset += sizeof(header);
    *ret_header = header;
    return PECS_OK;
}

/* Where data and trailer lie: prologue, data, trailer in this order, all before the commit. */
static pecs_status parse_data_place(struct parser *parser, const struct segment_record *record,
                                    const struct segment_header *header)
{
    struct model *model = parser->model;
    struct image_parts *parts = &model->parts;
    parts->data_offset = le64_load(header->data_offset);
    parts->data_size = le64_load(header->data_size);
    RULE(parser->error, "SEGMENT-4",
         parts->data_offset % FORMAT_PAGE || parts->data_offset < parts->prologue_offset + parts->prologue_size ||
             !range_fits(parts->data_offset, parts->data_size, parts->commit_offset),
         parts->prologue_offset + offsetof(struct segment_header, data_offset),
         "the data of segment 0 does not lie between its prologue and the commit");
    parts->trailer_offset = le64_load(record->trailer_offset);
    parts->trailer_size = le64_load(record->trailer_size);
    parts->trailer_checksum = le64_load(record->trailer_checksum);
    RULE(parser->error, "SEGMENT-5",
         parts->trailer_offset != align_up(parts->data_offset + parts->data_size, FORMAT_ALIGN) ||
             parts->trailer_size != format_trailer_bytes(format_piece_count(parts->data_offset, parts->data_size)) ||
             !range_fits(parts->trailer_offset, parts->trailer_size, parts->commit_offset),
         model->segment_offset + offsetof(struct segment_record, trailer_offset),
         "the trailer of segment 0 does not follow its data");
    return PECS_OK;
}

/* The records in the prologue must be those of the commit, byte for byte. */
static pecs_status parse_compare_records(struct parser *parser, const struct segment_header *header)
{
    struct model *model = parser->model;
    const uint64_t bytes = model->types_end - model->types_offset;
    RULE(parser->error, "SEGMENT-6",
         le32_load(header->type_count) != model->type_count || le32_load(header->table_count) != model->table_count ||
             bytes > parser_left(parser) ||
             memcmp(parser_at(parser, parser->offset),
                    model->commit + (model->types_offset - model->parts.commit_offset), (size_t)bytes) != 0,
         parser->offset, "the segment's types and tables are not those of the commit");
    model->parts.runs_offset = parser->offset += bytes;
    RULE(parser->error, "SEGMENT-7",
         le32_load(header->run_count) != parser_left(parser) / sizeof(struct run_record) ||
             parser_left(parser) % sizeof(struct run_record),
         parser->first_offset + offsetof(struct segment_header, run_count), "the prologue does not end after its runs");
    return PECS_OK;
}

/* What a run is of: how many rows it must hold, in chunks of which size, and where the model notes its place. */
struct run_target {
    struct model_run *run;
    struct model_heap *heap; /* of RUN_HEAP, instead of `run` */
    uint64_t row_count, row_bytes;
    uint32_t chunk_shift;
};

static struct run_target parse_find_column(const struct model *model, const struct run_record *run)
{
    const uint32_t number = le32_load(run->table), type = le32_load(run->type);
    struct run_target target = { .run = NULL };
    const struct model_table *table = number < model->table_count ? &model->tables[number] : NULL;
    if (!table || !table->row_count)
        return target;
    target.row_count = table->row_count;
    target.chunk_shift = table->chunk_shift;
    if (le32_load(run->kind) == RUN_HANDLES && type == FORMAT_NONE) {
        target.run = model_handles(model, table);
        target.row_bytes = sizeof(pecs_entity);
    } else if (le32_load(run->kind) == RUN_VALUES && type < model->type_count && model->types[type].value_size) {
        const uint32_t place = model_type_place(table, type);
        target.run = place == FORMAT_NONE ? NULL : model_column(model, table, place);
        target.row_bytes = model->types[type].value_size;
    } else if (le32_load(run->kind) == RUN_HEAP && type < model->type_count && model->types[type].has_contents &&
               model->heaps) {
        const uint32_t place = model_type_place(table, type);
        target.heap = place == FORMAT_NONE ? NULL : &model->heaps[table->first_column + 1 + place];
    }
    return target;
}

/* run NULL: it is of nothing that there is. */
static struct run_target parse_find_target(struct model *model, const struct run_record *run)
{
    const bool is_of_none = le32_load(run->table) == FORMAT_NONE && le32_load(run->type) == FORMAT_NONE;
    if (le32_load(run->kind) == RUN_INDEX && is_of_none)
        return (struct run_target){ model->slot_count ? &model->index : NULL, NULL, model->slot_count,
                                    sizeof(struct record), FORMAT_INDEX_SHIFT };
    if (le32_load(run->kind) == RUN_IDS && is_of_none)
        return (struct run_target){ model->id_count ? &model->ids : NULL, NULL, model->id_count,
                                    sizeof(struct id_record), FORMAT_INDEX_SHIFT };
    if (le32_load(run->kind) == RUN_HEAP && is_of_none)
        return (struct run_target){ NULL, model->attachment_units ? &model->attachment_heap : NULL, 0, 0, 0 };
    return parse_find_column(model, run);
}

/* Whether the size of a run is right: that of all rows, or of a heap that its addresses have room for. */
static bool parse_size_is_right(const struct model *model, const struct run_target *target, uint64_t size)
{
    const uint64_t ends_bytes = format_chunk_count(target->row_count, target->chunk_shift) * sizeof(le64);
    if (!target->heap)
        return size == target->row_count * target->row_bytes;
    if (target->heap == &model->attachment_heap && size != model->attachment_units * FORMAT_HEAP_UNIT)
        return false;
    return size % FORMAT_HEAP_UNIT == 0 && size >= ends_bytes &&
           range_fits(format_heap_first(model->heap_units), (size - ends_bytes) / FORMAT_HEAP_UNIT,
                      (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX);
}

static void parse_note_heap(struct model *model, const struct run_target *target, uint64_t offset, uint64_t size)
{
    const uint64_t ends_bytes = format_chunk_count(target->row_count, target->chunk_shift) * sizeof(le64);
    const uint64_t first = format_heap_first(model->heap_units), contents = size > ends_bytes ? size - ends_bytes : 0;
    *target->heap = (struct model_heap){ offset, offset + ends_bytes, contents, first };
    model->heap_units = first + contents / FORMAT_HEAP_UNIT;
}

/* `end` is that of the run before; *ret_end of this one. */
static pecs_status parse_run(struct parser *parser, uint64_t end, uint64_t *ret_end)
{
    struct model *model = parser->model;
    pecs_error *error = parser->error;
    const struct image_parts *parts = &model->parts;
    struct run_record run;
    const uint64_t place = parser->offset;
    memcpy(&run, parser_at(parser, place), sizeof(run));
    const uint32_t kind = le32_load(run.kind), codec = le32_load(run.codec);
    RULE_AS(PECS_E_UNSUPPORTED, error, "RUN-8", kind < RUN_HANDLES || kind > RUN_HEAP, place,
            "the run has the kind %u, which this library does not know", kind);
    const struct run_target target = parse_find_target(model, &run);
    RULE(error, "RUN-1", !target.run && !target.heap, place, "the run is of no column that has rows");
    RULE_AS(PECS_E_UNSUPPORTED, error, "RUN-2", codec != CODEC_RAW, place + offsetof(struct run_record, codec),
            "the run has codec %u, which this library does not know", codec);
    const uint64_t offset = le64_load(run.offset), size = le64_load(run.size), tick = le64_load(run.tick);
    RULE(error, "RUN-3",
         le32_load(run.first_chunk) != 0 ||
             le32_load(run.chunk_count) != format_chunk_count(target.row_count, target.chunk_shift) ||
             !parse_size_is_right(model, &target, size),
         place + offsetof(struct run_record, first_chunk), "the run does not hold all rows of its column");
    RULE(error, "RUN-4",
         offset % FORMAT_ALIGN || offset < end || !range_fits(offset, size, parts->data_offset + parts->data_size),
         place + offsetof(struct run_record, offset),
         "the run is not aligned, not within the data, or overlaps the run before");
    RULE(error, "RUN-5", target.heap ? target.heap->run_offset : target.run->offset, place, "a column has two runs");
    RULE(error, "RUN-6", tick > model->tick, place + offsetof(struct run_record, tick),
         "the run was written in the future");
    if (target.heap)
        parse_note_heap(model, &target, offset, size);
    else
        *target.run = (struct model_run){ offset, tick };
    parser->offset += sizeof(run);
    *ret_end = offset + size;
    return PECS_OK;
}

/* Every column has its run. */
static pecs_status parse_check_coverage(const struct model *model, pecs_error *error)
{
    const uint64_t place = model->segment_offset;
    RULE(error, "RUN-7", model->id_count && !model->ids.offset, place, "the list of explicit ids has no run");
    RULE(error, "RUN-7", model->attachment_units && !model->attachment_heap.run_offset, place,
         "the attachments have no run");
    RULE(error, "RUN-7", model->slot_count && !model->index.offset, place, "the entity index has no run");
    for (uint32_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        const struct model_run *runs = &model->columns[table->first_column];
        if (!table->row_count)
            continue;
        bool is_covered = runs[0].offset;
        for (uint32_t j = 0; is_covered && j < table->type_count; j++) {
            const struct model_type *type = &model->types[le32_load(table->types[j])];
            is_covered = (runs[1 + j].offset || !type->value_size) &&
                         (!type->has_contents || model_heap(model, table, j) != NULL);
        }
        RULE(error, "RUN-7", !is_covered, place, "a column of table %u has no run", i);
    }
    return PECS_OK;
}

static struct segment_record parse_segment_record(const struct model *model)
{
    struct segment_record record;
    memcpy(&record, model->commit + (model->segment_offset - model->parts.commit_offset), sizeof(record));
    return record;
}

uint64_t model_prologue_size(const struct model *model)
{
    const struct segment_record record = parse_segment_record(model);
    return le64_load(record.prologue_size);
}

pecs_status model_parse_segments(struct model *model, struct source *source, pecs_error *error)
{
    struct parser parser = { .model = model, .source = source, .error = error };
    const struct segment_record record = parse_segment_record(model);
    struct segment_header header = { .sequence = le32_make(0) };
    pecs_status status = parse_prologue(&parser, &record, &header);
    if (!status)
        status = parse_data_place(&parser, &record, &header);
    if (!status)
        status = parse_compare_records(&parser, &header);
    if (status)
        return status;
    model->columns = pool_allocate_zeroed(model->pool, (model->column_count + 1) * sizeof(*model->columns));
    if (model_has_contents(model))
        model->heaps = pool_allocate_zeroed(model->pool, (model->column_count + 1) * sizeof(*model->heaps));
    if (!model->columns || (model_has_contents(model) && !model->heaps))
        return fail_memory(error);
    uint64_t end = model->parts.data_offset;
    while (!status && parser_left(&parser))
        status = parse_run(&parser, end, &end);
    return status ? status : parse_check_coverage(model, error);
}
