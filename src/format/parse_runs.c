/*
 * The runs of a segment: where the bytes of each column lie. With FEATURE_SEGMENTS they are blocks, each with some rows
 * of a column. One that has all rows as they are stays where it is, as a run does; others get room among the bytes that
 * are gathered: a column in one place, so that all behind the parser sees columns and no blocks.
 */
#include "entity_index.h"
#include "parse.h"
#include "part.h"
#include "table.h"

#include <inttypes.h>
#include <stdlib.h>

/* A run record, or a block record. */
struct run_fields {
    uint32_t kind, table, type, codec;
    struct codec_filter filter;
    uint64_t first, count; /* rows, of a block */
    uint64_t offset, size, full_size, tick;
    uint64_t place; /* of the record in the file */
};

/* What it is of: how many rows that has, in chunks of which size, and where the model notes its place. */
struct run_target {
    struct model_run *run;     /* NULL: of contents, or of nothing that there is */
    struct model_heaps *heaps; /* of contents of a table */
    bool is_attachments;
    uint64_t row_count, row_bytes;
    uint32_t chunk_shift;
    uint32_t state_shift; /* that a state's chunks have; 32: none, the rows have to be in one place */
    bool is_read;         /* the part has it */
};

static bool parse_finds_nothing(const struct run_target *target)
{
    return !target->run && !target->heaps && !target->is_attachments;
}

static struct run_target parse_find_column(const struct parser *parser, const struct run_fields *run)
{
    const struct model *model = parser->model;
    struct run_target target = { .run = NULL };
    const struct model_table *table = run->table < model->table_count ? &model->tables[run->table] : NULL;
    const struct model_type *type = run->type < model->type_count ? &model->types[run->type] : NULL;
    if (!table || !table->row_count)
        return target;
    target.row_count = table->row_count;
    target.chunk_shift = table->chunk_shift;
    target.state_shift = parser->part->is_whole ? table->state_shift : CHUNK_SHIFT; /* of a part's columns: at most */
    if (run->kind == RUN_HANDLES && run->type == FORMAT_NONE) {
        target.is_read = part_has_table(parser->part, run->table);
        target.run = model_handles(model, table);
        target.row_bytes = sizeof(pecs_entity);
        return target;
    }
    const uint32_t place = type ? model_type_place(table, run->type) : FORMAT_NONE;
    if (place == FORMAT_NONE)
        return target;
    target.is_read = part_has_column(parser->part, run->table, run->type);
    if (run->kind == RUN_VALUES && type->value_size) {
        target.run = model_column(model, table, place);
        target.row_bytes = type->value_size;
    } else if (run->kind == RUN_HEAP && type->has_contents) {
        target.heaps = &model->column_heaps[table->first_column + 1 + place];
    }
    return target;
}

static struct run_target parse_find_target(const struct parser *parser, const struct run_fields *run)
{
    struct model *model = parser->model;
    if (run->table != FORMAT_NONE || run->type != FORMAT_NONE)
        return parse_find_column(parser, run);
    switch (run->kind) {
    case RUN_INDEX:
        return (struct run_target){ .run = model->slot_count ? &model->index : NULL,
                                    .row_count = model->slot_count,
                                    .row_bytes = sizeof(struct record),
                                    .chunk_shift = FORMAT_INDEX_SHIFT,
                                    .state_shift = INDEX_SHIFT,
                                    .is_read = true };
    case RUN_IDS:
        return (struct run_target){ .run = model->id_count ? &model->ids : NULL,
                                    .row_count = model->id_count,
                                    .row_bytes = sizeof(struct id_record),
                                    .chunk_shift = FORMAT_INDEX_SHIFT,
                                    .state_shift = 32,
                                    .is_read = true };
    case RUN_HEAP:
        return (struct run_target){ .is_attachments = model->attachment_units != 0,
                                    .is_read = parser->part->has_attachments };
    default:
        return (struct run_target){ .run = NULL };
    }
}

static uint64_t parse_ends_bytes(const struct run_target *target, uint64_t row_count)
{
    return format_chunk_count(row_count, target->chunk_shift) * sizeof(le64);
}

/* Whether so many bytes are those of rows, or of a heap that its addresses have room for. */
static bool parse_size_is_right(const struct model *model, const struct run_target *target, uint64_t row_count,
                                uint64_t size)
{
    const uint64_t ends_bytes = parse_ends_bytes(target, row_count);
    if (target->run)
        return size == row_count * target->row_bytes;
    if (target->is_attachments && size != model->attachment_units * FORMAT_HEAP_UNIT)
        return false;
    return size % FORMAT_HEAP_UNIT == 0 && size >= ends_bytes &&
           range_fits(format_heap_first(model->heap_units), (size - ends_bytes) / FORMAT_HEAP_UNIT,
                      (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX);
}

/* Notes contents that begin at an offset, in the file or among the gathered bytes. */
static pecs_status parse_note_heap(struct parser *parser, const struct run_target *target, const struct run_fields *run,
                                   uint64_t offset)
{
    struct model *model = parser->model;
    const uint64_t ends_bytes = parse_ends_bytes(target, run->count), contents = run->full_size - ends_bytes;
    const struct model_heap heap = { .is_read = target->is_read,
                                     .run_offset = offset,
                                     .offset = offset + ends_bytes,
                                     .size_bytes = contents,
                                     .first = format_heap_first(model->heap_units),
                                     .first_row = run->first,
                                     .row_count = run->count,
                                     .stored_bytes = run->codec == CODEC_RAW ? contents : run->size,
                                     .next = FORMAT_NONE };
    model->heap_units = heap.first + contents / FORMAT_HEAP_UNIT;
    if (target->is_attachments) {
        model->attachment_heap = heap;
        return PECS_OK;
    }
    if (!pool_reserve(model->pool, (void **)&model->heaps, &model->heap_capacity, (size_t)model->heap_count + 1,
                      sizeof(*model->heaps)))
        return fail_memory(parser->error);
    struct model_heaps *list = target->heaps;
    *(list->first == FORMAT_NONE ? &list->first : &model->heaps[list->last].next) = model->heap_count;
    list->last = model->heap_count;
    model->heaps[model->heap_count++] = heap;
    return PECS_OK;
}

/* The rows that a column has so far. */
static uint64_t parse_rows_so_far(const struct model *model, const struct run_target *target)
{
    if (target->run)
        return target->run->row_count;
    if (!target->heaps || target->heaps->first == FORMAT_NONE)
        return 0;
    const struct model_heap *last = &model->heaps[target->heaps->last];
    return last->first_row + last->row_count;
}

static bool parse_has_run(const struct model *model, const struct run_target *target)
{
    if (target->run)
        return target->run->offset != 0;
    return target->heaps ? target->heaps->first != FORMAT_NONE : model->attachment_heap.run_offset != 0;
}

/* Bytes that stay where they are. */
static pecs_status parse_keep(struct parser *parser, const struct run_target *target, const struct run_fields *run)
{
    parser->model->uses_file |= target->is_read;
    if (!target->run)
        return parse_note_heap(parser, target, run, run->offset);
    *target->run = (struct model_run){ run->offset, run->tick, run->count, run->size, false, false };
    return PECS_OK;
}

/* Room among the gathered bytes, which it leaves aligned. */
static pecs_status parse_add_room(struct parser *parser, uint64_t size_bytes, uint64_t *ret_offset)
{
    struct model *model = parser->model;
    if (size_bytes > IMAGE_GATHERED / 2 || model->gathered_bytes > IMAGE_GATHERED / 2)
        return fail(parser->error, PECS_E_LIMIT, "the file's blocks hold more bytes than there is memory");
    *ret_offset = model->gathered_bytes;
    model->gathered_bytes += align_up(size_bytes, FORMAT_ALIGN);
    return PECS_OK;
}

/* A block whose bytes are gathered, if its column is not split. */
static pecs_status parse_note_block(struct parser *parser, const struct run_target *target,
                                    const struct run_fields *run, uint32_t segment)
{
    struct model *model = parser->model;
    if (!pool_reserve(model->pool, (void **)&model->blocks, &model->block_capacity, model->block_count + 1,
                      sizeof(*model->blocks)))
        return fail_memory(parser->error);
    model->blocks[model->block_count++] = (struct model_block){
        .offset = run->offset,
        .size = run->size,
        .full_size = run->full_size,
        .column = target->run,
        .first = run->first,
        .count = run->count,
        .tick = run->tick,
        .table = run->table,
        .filter = run->filter,
        .codec = run->codec,
        .segment = segment,
    };
    return PECS_OK;
}

/* Contents that are compressed. */
static pecs_status parse_gather_contents(struct parser *parser, const struct run_target *target,
                                         const struct run_fields *run, uint32_t segment)
{
    uint64_t to = 0;
    pecs_status status = target->is_read ? parse_add_room(parser, run->full_size, &to) : PECS_OK;
    if (!status)
        status = parse_note_heap(parser, target, run, IMAGE_GATHERED + to);
    if (status || !target->is_read)
        return status;
    status = parse_note_block(parser, target, run, segment);
    if (!status)
        parser->model->blocks[parser->model->block_count - 1].to = to;
    return status;
}

/* Some rows of a column, behind those before them. */
static pecs_status parse_add_rows(struct parser *parser, const struct run_target *target, const struct run_fields *run,
                                  uint32_t segment)
{
    struct model_run *column = target->run;
    column->tick = max_u64(column->tick, run->tick);
    column->row_count += run->count;
    column->stored_bytes += run->size;
    column->is_packed |= run->codec != CODEC_RAW || target->state_shift > CHUNK_SHIFT ||
                         (run->first & (((uint64_t)1 << target->state_shift) - 1)) != 0;
    return target->is_read ? parse_note_block(parser, target, run, segment) : PECS_OK;
}

/* When all blocks are known: a column stays where it is, in pieces, or gets room where its blocks are gathered. */
pecs_status parse_place_columns(struct parser *parser, bool may_split)
{
    struct model *model = parser->model;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < model->block_count; i++) {
        struct model_block *block = &model->blocks[i];
        struct model_run *column = block->column;
        if (!column)
            continue;
        const uint64_t row_bytes = block->full_size / block->count;
        column->is_split = may_split && !column->is_packed;
        model->has_split |= column->is_split;
        model->uses_file |= column->is_split;
        if (column->is_split) {
            column->offset = column->offset ? column->offset : block->offset;
            continue;
        }
        if (!column->offset) {
            status = parse_add_room(parser, column->row_count * row_bytes, &column->offset);
            column->offset += IMAGE_GATHERED;
        }
        block->to = column->offset - IMAGE_GATHERED + block->first * row_bytes;
    }
    return status;
}

pecs_status parse_note_range(struct parser *parser, uint64_t offset, uint64_t size)
{
    struct model *model = parser->model;
    if (!pool_reserve(model->pool, (void **)&model->ranges, &model->range_capacity, model->range_count + 1,
                      sizeof(*model->ranges)))
        return fail_memory(parser->error);
    model->ranges[model->range_count++] = (struct model_range){ offset, size };
    return PECS_OK;
}

static bool parse_block_size_is_right(const struct model *model, const struct run_target *target,
                                      const struct run_fields *run)
{
    if (!parse_size_is_right(model, target, run->count, run->full_size))
        return false;
    if (run->codec == CODEC_RAW)
        return run->size == run->full_size && !run->filter.kind && !run->filter.stride;
    return run->size && run->full_size && run->full_size <= FORMAT_BLOCK_MAX && !target->is_attachments;
}

/* Contents have no rows that a filter could take apart. */
static bool parse_filter_is_right(const struct run_target *target, struct codec_filter filter)
{
    return target->run ? codec_filter_is_valid(filter, target->row_bytes) : !filter.kind && !filter.stride;
}

/* Rows follow those of the column that other blocks have. */
static pecs_status parse_check_block(struct parser *parser, const struct run_target *target,
                                     const struct run_fields *run)
{
    const struct model *model = parser->model;
    const uint64_t so_far = parse_rows_so_far(model, target);
    RULE_AS(PECS_E_UNSUPPORTED, parser->error, "BLOCK-1", run->filter.kind >= FILTER_COUNT,
            run->place + offsetof(struct block_record, filter),
            "the block has filter %u, which this library does not know", run->filter.kind);
    RULE(parser->error, "BLOCK-2",
         target->is_attachments
             ? run->first || run->count || model->attachment_heap.run_offset
             : run->first != so_far || !run->count || !range_fits(run->first, run->count, target->row_count),
         run->place + offsetof(struct block_record, first), "the block's rows do not follow those before it");
    RULE(parser->error, "BLOCK-3",
         !parse_block_size_is_right(model, target, run) || !parse_filter_is_right(target, run->filter),
         run->place + offsetof(struct block_record, size), "the block's sizes or its filter are invalid");
    return PECS_OK;
}

static pecs_status parse_check_run(struct parser *parser, const struct run_target *target, const struct run_fields *run)
{
    struct run_record record;
    memcpy(&record, parser_at(parser, run->place), sizeof(record));
    RULE(parser->error, "RUN-3",
         le32_load(record.first_chunk) != 0 ||
             le32_load(record.chunk_count) != format_chunk_count(target->row_count, target->chunk_shift) ||
             !parse_size_is_right(parser->model, target, target->row_count, run->size),
         run->place + offsetof(struct run_record, first_chunk), "the run does not hold all rows of its column");
    return PECS_OK;
}

/* `end` is that of the run before. */
static pecs_status parse_check_place(const struct parser *parser, const struct segment_parts *segment,
                                     const struct run_fields *run, uint64_t end)
{
    const size_t offset_at =
        model_has_segments(parser->model) ? offsetof(struct block_record, offset) : offsetof(struct run_record, offset);
    RULE(parser->error, "RUN-4",
         (run->codec == CODEC_RAW && run->offset % FORMAT_ALIGN) || run->offset < end ||
             !range_fits(run->offset, run->size, segment->data_offset + segment->data_size),
         run->place + offset_at, "the run is not aligned, not within the data, or overlaps the run before");
    return PECS_OK;
}

static pecs_status parse_run(struct parser *parser, const struct segment_parts *segment, uint32_t number,
                             struct run_fields *run, uint64_t end)
{
    struct model *model = parser->model;
    pecs_error *error = parser->error;
    const bool is_block = model_has_segments(model);
    const size_t codec_at = is_block ? offsetof(struct block_record, codec) : offsetof(struct run_record, codec);
    const size_t tick_at = is_block ? offsetof(struct block_record, tick) : offsetof(struct run_record, tick);
    RULE_AS(PECS_E_UNSUPPORTED, error, "RUN-8", run->kind < RUN_HANDLES || run->kind > RUN_HEAP, run->place,
            "the run has the kind %u, which this library does not know", run->kind);
    const struct run_target target = parse_find_target(parser, run);
    RULE(error, "RUN-1", parse_finds_nothing(&target), run->place, "the run is of no column that has rows");
    RULE_AS(PECS_E_UNSUPPORTED, error, "RUN-2", run->codec != CODEC_RAW && (!is_block || run->codec != CODEC_ZSTD),
            run->place + codec_at, "the run has codec %u, which this library does not know", run->codec);
    run->count = is_block ? run->count : target.row_count;
    pecs_status status = is_block ? parse_check_block(parser, &target, run) : parse_check_run(parser, &target, run);
    if (!status)
        status = parse_check_place(parser, segment, run, end);
    if (status)
        return status;
    RULE(error, "RUN-5", !is_block && parse_has_run(model, &target), run->place, "a column has two runs");
    RULE(error, "RUN-6", run->tick > model->tick, run->place + tick_at, "the run was written in the future");
    if (target.is_read)
        status = parser->part->is_whole ? PECS_OK : parse_note_range(parser, run->offset, run->size);
    if (status)
        return status;
    if (run->codec == CODEC_RAW && (!target.run || run->count == target.row_count))
        return parse_keep(parser, &target, run);
    return target.run ? parse_add_rows(parser, &target, run, number)
                      : parse_gather_contents(parser, &target, run, number);
}

static struct run_fields parse_run_record(const struct parser *parser)
{
    struct run_record record;
    memcpy(&record, parser_at(parser, parser->offset), sizeof(record));
    return (struct run_fields){
        .kind = le32_load(record.kind),
        .table = le32_load(record.table),
        .type = le32_load(record.type),
        .codec = le32_load(record.codec),
        .offset = le64_load(record.offset),
        .size = le64_load(record.size),
        .full_size = le64_load(record.size),
        .tick = le64_load(record.tick),
        .place = parser->offset,
    };
}

static struct run_fields parse_block_record(const struct parser *parser)
{
    struct block_record record;
    memcpy(&record, parser_at(parser, parser->offset), sizeof(record));
    return (struct run_fields){
        .kind = le32_load(record.kind),
        .table = le32_load(record.table),
        .type = le32_load(record.type),
        .codec = le32_load(record.codec),
        .filter = { le32_load(record.filter), le32_load(record.stride) },
        .first = le32_load(record.first),
        .count = le32_load(record.count),
        .offset = le64_load(record.offset),
        .size = le64_load(record.size),
        .full_size = le64_load(record.full_size),
        .tick = le64_load(record.tick),
        .place = parser->offset,
    };
}

/* Neither sum overflows: what blocks store does not overlap, and a compressed one holds at most FORMAT_BLOCK_MAX. */
static void parse_count_block(struct model *model, const struct run_fields *run)
{
    model->block_records++;
    model->block_bytes += run->size;
    model->block_full_bytes += run->full_size;
}

pecs_status parse_runs(struct parser *parser, const struct segment_parts *segment, uint32_t number)
{
    const bool is_block = model_has_segments(parser->model);
    uint64_t end = segment->data_offset;
    pecs_status status = PECS_OK;
    while (!status && parser_left(parser)) {
        struct run_fields run = is_block ? parse_block_record(parser) : parse_run_record(parser);
        status = parse_run(parser, segment, number, &run, end);
        if (!status && is_block)
            parse_count_block(parser->model, &run);
        parser->offset += is_block ? sizeof(struct block_record) : sizeof(struct run_record);
        end = run.offset + run.size;
    }
    return status;
}

static int parse_compare_numbers(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Adds the rows of handles to those of their table, which the list gets with its first ones. */
static pecs_status parse_count_run(const struct parser *parser, struct part_tables *tables,
                                   const struct run_fields *run)
{
    struct model *model = parser->model;
    const uint64_t rows = model_has_segments(model) ? run->count : run->size / sizeof(pecs_entity);
    if (run->kind != RUN_HANDLES || run->table >= model->table_count || !rows)
        return PECS_OK;
    struct model_table *table = &model->tables[run->table];
    if (!table->row_count) {
        if (!pool_reserve(model->pool, (void **)&tables->numbers, &tables->capacity, tables->count + 1,
                          sizeof(*tables->numbers)))
            return fail_memory(parser->error);
        tables->numbers[tables->count++] = run->table;
    }
    table->row_count = min_u64(table->row_count + rows, SLOT_COUNT_MAX);
    return PECS_OK;
}

/* The rows of each table that a segment brings: those that it has handles of. Tables without any cost no time. */
static pecs_status parse_count_rows(struct parser *parser, struct part_tables *tables)
{
    struct model *model = parser->model;
    const bool is_block = model_has_segments(model);
    const uint64_t first = parser->offset;
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < tables->count; i++) /* of the segment before */
        model->tables[tables->numbers[i]].row_count = 0;
    tables->count = 0;
    while (!status && parser_left(parser)) {
        const struct run_fields run = is_block ? parse_block_record(parser) : parse_run_record(parser);
        status = parse_count_run(parser, tables, &run);
        parser->offset += is_block ? sizeof(struct block_record) : sizeof(struct run_record);
    }
    parser->offset = first;
    model->column_count = 0;
    if (tables->count)
        qsort(tables->numbers, tables->count, sizeof(*tables->numbers), parse_compare_numbers);
    for (size_t i = 0; i < tables->count; i++) {
        struct model_table *table = &model->tables[tables->numbers[i]];
        table->first_column = model->column_count;
        model->column_count += 1 + (size_t)table->type_count;
    }
    return status;
}

pecs_status parse_fail_partial(uint32_t segment, pecs_error *error)
{
    return fail(error, PECS_E_UNSUPPORTED,
                "segment %u has rows of some columns only, so the file cannot be read in parts: load it", segment);
}

/* A block of rows that other segments have the handles of, or of a table or type that a later one brings. */
static bool parse_is_partial(const struct parser *parser, const struct run_fields *run)
{
    const struct model *model = parser->model;
    if (run->table == FORMAT_NONE)
        return false;
    if (run->table >= model->table_count || (run->type != FORMAT_NONE && run->type >= model->type_count) ||
        !model->tables[run->table].row_count)
        return true;
    const struct run_target target = parse_find_column(parser, run);
    return !parse_finds_nothing(&target) &&
           (run->first != parse_rows_so_far(model, &target) || !range_fits(run->first, run->count, target.row_count));
}

/* A column takes four bytes of the file and more than ten times as many here. */
static pecs_status parse_make_part_columns(const struct parser *parser, uint32_t number, uint64_t max_bytes)
{
    struct model *model = parser->model;
    const size_t heap_bytes = model_has_contents(model) ? sizeof(*model->column_heaps) : 0;
    const uint64_t bytes = (uint64_t)model->column_count * (sizeof(*model->columns) + heap_bytes);
    if (bytes <= max_bytes)
        return parse_make_columns(model) ? fail_memory(parser->error) : PECS_OK;
    const size_t column_count = model->column_count;
    model->column_count = 0;
    return fail(parser->error, PECS_E_LIMIT,
                "the %zu columns of segment %u take %" PRIu64 " bytes to describe; the reader holds at most %" PRIu64
                " (max_held_bytes): load the file",
                column_count, number, bytes, max_bytes);
}

pecs_status parse_part_runs(struct parser *parser, const struct segment_parts *segment, uint32_t number,
                            struct part_tables *tables, uint64_t max_bytes)
{
    struct model *model = parser->model;
    const bool is_block = model_has_segments(model);
    uint64_t end = segment->data_offset;
    pecs_status status = parse_count_rows(parser, tables);
    if (!status)
        status = parse_make_part_columns(parser, number, max_bytes);
    while (!status && parser_left(parser)) {
        struct run_fields run = is_block ? parse_block_record(parser) : parse_run_record(parser);
        const uint64_t before = run.table < model->table_count ? tables->rows_before[run.table] : 0;
        run.first = !is_block ? 0 : run.first >= before ? run.first - before : UINT64_MAX;
        if (is_block && parse_is_partial(parser, &run))
            return parse_fail_partial(number, parser->error);
        status = run.table != FORMAT_NONE ? parse_run(parser, segment, number, &run, end)
                                          : parse_check_place(parser, segment, &run, end);
        if (run.table == FORMAT_NONE && run.kind == RUN_HEAP)
            model->heap_units =
                format_heap_first(model->heap_units) + min_u64(run.full_size, segment->data_size) / FORMAT_HEAP_UNIT;
        parser->offset += is_block ? sizeof(struct block_record) : sizeof(struct run_record);
        end = run.offset + run.size;
    }
    return status ? status : parse_place_columns(parser, false);
}

/* Whether a column has all rows of its table, as far as it has any bytes. */
static bool parse_column_is_covered(const struct model *model, const struct model_table *table, uint32_t place)
{
    const struct model_type *type = &model->types[le32_load(table->types[place])];
    const struct run_target target = { .heaps = model->column_heaps
                                                    ? &model->column_heaps[table->first_column + 1 + place]
                                                    : NULL };
    return (!type->value_size || model_column(model, table, place)->row_count == table->row_count) &&
           (!type->has_contents || parse_rows_so_far(model, &target) == table->row_count);
}

/* That every column of every table has all rows. */
pecs_status parse_check_rows(const struct model *model, pecs_error *error)
{
    const uint64_t place = model->segment_offset;
    for (uint32_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (!table->row_count)
            continue;
        bool is_covered = model_handles(model, table)->row_count == table->row_count;
        for (uint32_t j = 0; is_covered && j < table->type_count; j++)
            is_covered = parse_column_is_covered(model, table, j);
        RULE(error, "RUN-7", !is_covered, place, "a column of table %u lacks rows", i);
    }
    return PECS_OK;
}

pecs_status parse_check_coverage(const struct model *model, pecs_error *error)
{
    const uint64_t place = model->segment_offset;
    RULE(error, "RUN-7", model->ids.row_count != model->id_count, place, "the list of explicit ids has no run");
    RULE(error, "RUN-7", model->attachment_units && !model->attachment_heap.run_offset, place,
         "the attachments have no run");
    RULE(error, "RUN-7", model->index.row_count != model->slot_count, place, "the entity index has no run");
    return parse_check_rows(model, error);
}
