/*
 * A segment by itself is parsed as a file is: its tables have the rows that it brings, and its contents the addresses
 * from 0 on, by which the references in its values are lowered. The image begins shortly before the data, so all
 * offsets of the model are lowered, too.
 */
#include "part_reader.h"

#include "build.h"
#include "gather.h"
#include "part.h"
#include "segment_check.h"
#include "state_types.h"
#include "verify.h"

struct part_prologue {
    struct part_prologue *next;
    uint8_t *bytes;
    size_t size_bytes;
};

pecs_status part_reader_init(struct part_reader *reader, pecs_registry *registry, bool skip_unknown, uint64_t max_bytes)
{
    *reader = (struct part_reader){ .pool = registry->pool,
                                    .registry = registry,
                                    .skip_unknown = skip_unknown,
                                    .max_bytes = max_bytes,
                                    .model = { .pool = registry->pool } };
    reader->records.pool = reader->hashes.pool = registry->pool;
    return piece_hash_init(&reader->pieces, registry->pool);
}

/* Releases what the model has of a segment. */
static void part_reader_clear(struct part_reader *reader)
{
    struct model *model = &reader->model;
    struct pool *pool = reader->pool;
    pool_release(pool, model->columns, model->columns ? (model->column_count + 1) * sizeof(*model->columns) : 0);
    pool_release(pool, model->column_heaps,
                 model->column_heaps ? (model->column_count + 1) * sizeof(*model->column_heaps) : 0);
    model->columns = NULL;
    model->column_heaps = NULL;
    model->column_count = model->block_count = model->heap_count = 0;
    model->heap_units = model->gathered_bytes = 0;
    model->uses_file = model->has_split = false;
}

void part_reader_deinit(struct part_reader *reader)
{
    struct pool *pool = reader->pool;
    part_reader_clear(reader);
    if (reader->has_match)
        match_deinit(&reader->match);
    model_deinit(&reader->model);
    while (reader->prologues) {
        struct part_prologue *prologue = reader->prologues;
        reader->prologues = prologue->next;
        pool_release(pool, prologue->bytes, prologue->size_bytes);
        pool_release(pool, prologue, sizeof(*prologue));
    }
    struct part_tables *tables = &reader->tables;
    pool_release(pool, tables->rows_before, tables->before_capacity * sizeof(*tables->rows_before));
    pool_release(pool, tables->numbers, tables->capacity * sizeof(*tables->numbers));
    pool_release(pool, reader->present, reader->present_capacity * sizeof(*reader->present));
    buffer_deinit(&reader->records);
    buffer_deinit(&reader->hashes);
    piece_hash_deinit(&reader->pieces);
}

pecs_status part_reader_begin(struct part_reader *reader, const struct file_header *header, pecs_error *error)
{
    struct file_header same;
    struct source_memory source;
    source_memory_init(&source, (const uint8_t *)header, sizeof(*header));
    struct parser parser = { .model = &reader->model, .source = &source.source, .error = error };
    reader->offset = sizeof(*header);
    reader->model.file_size = UINT64_MAX;
    reader->model.parts.commit_offset = UINT64_MAX / 2; /* it comes later, and the tick with it */
    reader->model.tick = TICK_MAX;
    return parse_header(&parser, &same);
}

bool part_reader_has_zero_gaps(const struct part_reader *reader)
{
    return !model_has_unknown_features(&reader->model);
}

pecs_status part_reader_size(const struct part_reader *reader, const struct segment_header *header, uint64_t offset,
                             uint64_t *ret_size, pecs_error *error)
{
    const uint64_t size = le64_load(header->size);
    if (memcmp(header->magic, FORMAT_SEGMENT_MAGIC, sizeof(header->magic)) != 0 ||
        size < sizeof(*header) + sizeof(le64) || size > UINT64_MAX / 4)
        return fail(error, PECS_E_CORRUPT, "there is no segment %u at offset %" PRIu64, reader->segment_count, offset);
    *ret_size = size;
    return PECS_OK;
}

enum { MATCHES_MAX = 8 };

/* Types are all matched again when there are new ones, which is bounded. A reader of parts converts none. */
static pecs_status part_reader_match(struct part_reader *reader, pecs_error *error)
{
    const struct model *model = &reader->model;
    if (reader->match_count > MATCHES_MAX)
        return fail(error, PECS_E_UNSUPPORTED,
                    "more than %d segments bring types, so the file cannot be read in parts: load it", MATCHES_MAX);
    if (reader->has_match)
        match_deinit(&reader->match);
    reader->has_match = true;
    const pecs_status status = match_types(&reader->match, model, reader->registry, !reader->skip_unknown, error);
    for (uint32_t i = 0; !status && i < model->type_count; i++) {
        pecs_component number;
        if (!registry_find(reader->registry, model->types[i].id, &number) && number != reader->match.components[i])
            return match_compare(reader->pool, &model->types[i], i, registry_component(reader->registry, number),
                                 error);
    }
    return status;
}

static pecs_status part_reader_records(struct part_reader *reader, struct parser *parser,
                                       const struct segment_parse *segment)
{
    struct model *model = &reader->model;
    struct part_tables *known = &reader->tables;
    const uint32_t had_types = model->type_count, had_tables = model->table_count;
    const uint32_t types = le32_load(segment->header.type_count), tables = le32_load(segment->header.table_count);
    if (types > UINT32_MAX - 1 - had_types || tables > UINT32_MAX - 1 - had_tables)
        return fail(parser->error, PECS_E_CORRUPT, "segment %u cannot have so many types and tables", segment->number);
    model->type_count += types;
    pecs_status status = parse_types(parser, had_types);
    if (!status) {
        model->table_count += tables;
        status = parse_tables(parser, had_tables);
    }
    reader->match_count += types != 0;
    if (!status && (types || !reader->has_match))
        status = part_reader_match(reader, parser->error);
    const size_t had = known->before_capacity;
    if (!status && !pool_reserve(reader->pool, (void **)&known->rows_before, &known->before_capacity,
                                 (size_t)model->table_count + 1, sizeof(*known->rows_before)))
        return fail_memory(parser->error);
    if (known->before_capacity > had)
        memset(known->rows_before + had, 0, (known->before_capacity - had) * sizeof(*known->rows_before));
    return status;
}

/* Keeps the bytes, which belong to the reader in any case. */
static pecs_status part_reader_keep(struct part_reader *reader, uint8_t *bytes, size_t size_bytes, pecs_error *error)
{
    struct part_prologue *kept = pool_allocate(reader->pool, sizeof(*kept));
    if (!kept) {
        pool_release(reader->pool, bytes, size_bytes);
        return fail_memory(error);
    }
    *kept = (struct part_prologue){ reader->prologues, bytes, size_bytes };
    reader->prologues = kept;
    return PECS_OK;
}

/* When its segment has been read, nothing refers to a prologue without types and tables. */
static void part_reader_let_go(struct part_reader *reader)
{
    struct part_prologue *kept = reader->prologues;
    struct segment_header header;
    memcpy(&header, kept->bytes, sizeof(header));
    if (le32_load(header.type_count) || le32_load(header.table_count))
        return;
    reader->prologues = kept->next;
    pool_release(reader->pool, kept->bytes, kept->size_bytes);
    pool_release(reader->pool, kept, sizeof(*kept));
}

pecs_status part_reader_prologue(struct part_reader *reader, uint8_t *bytes, size_t size_bytes, uint64_t offset,
                                 pecs_error *error)
{
    struct parser parser = {
        .model = &reader->model,
        .part = &part_whole,
        .error = error,
        .bytes = bytes,
        .first_offset = offset,
        .end = offset + size_bytes,
        .is_part = true,
    };
    struct segment_parse segment = { .parts = &reader->parts, .number = reader->segment_count };
    pecs_status status = part_reader_keep(reader, bytes, size_bytes, error);
    if (status)
        return status;
    parser.offset = offset;
    part_reader_clear(reader);
    reader->parts = (struct segment_parts){ .prologue_offset = offset, .prologue_size = size_bytes };
    reader->parts.prologue_checksum = parser_le64(&parser, offset + size_bytes - sizeof(le64));
    status = parse_prologue(&parser, &segment);
    if (status)
        return status;
    const uint64_t data_offset = le64_load(segment.header.data_offset), size = le64_load(segment.header.data_size);
    if (data_offset > UINT64_MAX / 4 || size > UINT64_MAX / 4)
        return fail(error, PECS_E_CORRUPT, "the data of segment %u cannot be so large", segment.number);
    segment.record.trailer_offset = le64_make(align_up(data_offset + size, FORMAT_ALIGN));
    segment.record.trailer_size = le64_make(format_trailer_bytes(format_piece_count(data_offset, size)));
    status = parse_data_place(&parser, &segment);
    reader->hashes.size_bytes = 0;
    piece_hash_begin(&reader->pieces, data_offset, &reader->hashes);
    if (!status)
        status = part_reader_records(reader, &parser, &segment);
    reader->parts.runs_offset = parser.offset;
    if (!status)
        status = parse_check_run_count(&parser, &segment);
    if (!status)
        status = parse_part_runs(&parser, &reader->parts, segment.number, &reader->tables, reader->max_bytes);
    if (status)
        return status;
    RULE(error, "RUN-3",
         !range_fits(format_heap_first(reader->heap_units), reader->model.heap_units,
                     (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX),
         reader->parts.runs_offset, "with segment %u the file has more contents than addresses", segment.number);
    return PECS_OK;
}

/* --- rows --- */

void part_reader_hash(struct part_reader *reader, const uint8_t *bytes, size_t size_bytes)
{
    for (size_t at = 0, size; at < size_bytes; at += size) {
        size = (size_t)min_u64(size_bytes - at, FORMAT_PIECE - reader->pieces.offset % FORMAT_PIECE);
        piece_hash_update(&reader->pieces, bytes + at, size);
    }
}

static pecs_status part_reader_verify(struct part_reader *reader, const struct image *image, pecs_error *error)
{
    struct segment_parts *parts = &reader->parts;
    const uint8_t *data = image->bytes + PART_LEAD, *trailer = data + (parts->trailer_offset - parts->data_offset);
    le64 checksum;
    memcpy(&checksum, trailer + parts->trailer_size - sizeof(checksum), sizeof(checksum));
    parts->trailer_checksum = le64_load(checksum);
    piece_hash_end(&reader->pieces);
    if (reader->hashes.failed)
        return fail_memory(error);
    const pecs_status status = verify_hashes(parts, reader->segment_count, reader->hashes.bytes, trailer, error);
    if (status || !part_reader_has_zero_gaps(reader))
        return status;
    const uint8_t *records = reader->prologues->bytes + (parts->runs_offset - parts->prologue_offset);
    return verify_part_gaps(parts, model_has_segments(&reader->model), records, data, error);
}

static void part_reader_lower(struct part_reader *reader, uint64_t base)
{
    struct model *model = &reader->model;
    for (size_t i = 0; i < model->column_count; i++)
        if (model->columns[i].offset && model->columns[i].offset < IMAGE_GATHERED)
            model->columns[i].offset -= base;
    for (uint32_t i = 0; i < model->heap_count; i++) {
        struct model_heap *heap = &model->heaps[i];
        if (heap->run_offset >= IMAGE_GATHERED)
            continue;
        heap->run_offset -= base;
        heap->offset -= base;
    }
    for (size_t i = 0; i < model->block_count; i++)
        model->blocks[i].offset -= base;
}

/* A segment is over: what the next one begins with, and what the commit has to say of it. */
static pecs_status part_reader_pass(struct part_reader *reader, pecs_error *error)
{
    const struct segment_parts *parts = &reader->parts;
    const struct model *model = &reader->model;
    const struct segment_record record = {
        .offset = le64_make(parts->prologue_offset),
        .prologue_size = le64_make(parts->prologue_size),
        .prologue_checksum = le64_make(parts->prologue_checksum),
        .trailer_offset = le64_make(parts->trailer_offset),
        .trailer_size = le64_make(parts->trailer_size),
        .trailer_checksum = le64_make(parts->trailer_checksum),
    };
    buffer_append(&reader->records, &record, sizeof(record));
    for (size_t i = 0; i < reader->tables.count; i++) {
        const struct model_table *table = &reader->present[i];
        reader->tables.rows_before[reader->tables.numbers[i]] += table->row_count;
        reader->row_count += table->is_singleton ? 0 : table->row_count;
    }
    for (size_t i = 0; i < model->column_count; i++)
        reader->last_tick = max_u64(reader->last_tick, model->columns[i].tick);
    if (model->heap_units)
        reader->heap_units = format_heap_first(reader->heap_units) + model->heap_units;
    part_reader_let_go(reader);
    reader->segment_count++;
    reader->offset = parts->trailer_offset + parts->trailer_size;
    return reader->records.failed ? fail_memory(error) : PECS_OK;
}

/* Makes a copy of the model that of the segment by itself: its tables are those that have rows in it. */
static pecs_status part_reader_present(struct part_reader *reader, struct model *model, pecs_error *error)
{
    const struct part_tables *tables = &reader->tables;
    if (!pool_reserve(reader->pool, (void **)&reader->present, &reader->present_capacity, tables->count + 1,
                      sizeof(*reader->present)))
        return fail_memory(error);
    for (size_t i = 0; i < tables->count; i++)
        reader->present[i] = reader->model.tables[tables->numbers[i]];
    model->tables = reader->present;
    model->table_count = (uint32_t)tables->count;
    model->singleton_table = FORMAT_NONE;
    return PECS_OK;
}

static pecs_status part_reader_gather(const struct model *model, struct image *image, struct image **ret_gathered,
                                      pecs_error *error)
{
    const struct verify_options how = { .thread_count = 1 };
    struct gathering gathering;
    pecs_status status = gather_begin(&gathering, model, image, &how, error);
    if (!status)
        status = gather_rest(&gathering, error);
    return gather_end(&gathering, status, ret_gathered);
}

/* A state of the segment, whose rows have been checked. */
static pecs_status part_reader_build(struct part_reader *reader, const struct model *model, struct image *image,
                                     struct image *gathered, struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct segment_rows rows = { .model = model,
                                 .match = &reader->match,
                                 .image = image,
                                 .gathered = gathered,
                                 .tables = reader->tables.numbers,
                                 .first_unit = format_heap_first(reader->heap_units) };
    struct pecs_snapshot *state = NULL;
    if (build_state(model, &reader->match, reader->registry, &part_whole, image, gathered, true, &state))
        return fail_memory(error);
    rows.state = state;
    const pecs_status status = segment_check(&rows, error);
    if (status)
        state_release(state);
    else
        *ret_state = state;
    return status;
}

/* Of offsets in the image, an error has those in the file. */
static void part_reader_place_error(const struct model *model, uint64_t base, pecs_error *error)
{
    if (error && error->offset)
        error->offset = gather_file_offset(model, error->offset) + base;
}

pecs_status part_reader_rows(struct part_reader *reader, struct image *image, struct pecs_snapshot **ret_state,
                             pecs_error *error)
{
    const uint64_t base = reader->parts.data_offset - PART_LEAD;
    struct model model = reader->model;
    struct image *gathered = NULL;
    pecs_error why = { .message = "" };
    pecs_status status = part_reader_verify(reader, image, error);
    if (!status)
        status = part_reader_present(reader, &model, error);
    if (status)
        return status;
    if (parse_check_rows(&model, &why))
        return parse_fail_partial(reader->segment_count, error);
    if (model.gathered_bytes > reader->max_bytes)
        return fail(error, PECS_E_LIMIT,
                    "the blocks of segment %u hold %" PRIu64 " bytes; the reader holds at most %" PRIu64
                    " (max_held_bytes): load the file",
                    reader->segment_count, model.gathered_bytes, reader->max_bytes);
    part_reader_lower(reader, base);
    status = part_reader_gather(&model, image, &gathered, error);
    if (!status)
        status = part_reader_build(reader, &model, image, gathered, ret_state, error);
    if (status == PECS_E_CORRUPT)
        part_reader_place_error(&model, base, error);
    if (gathered)
        node_release(reader->pool, &gathered->node);
    if (!status)
        status = part_reader_pass(reader, error);
    if (!status)
        return PECS_OK;
    state_release(*ret_state);
    *ret_state = NULL;
    return status;
}

/* --- the end --- */

/* The first bytes of the file, and the last. */
struct source_ends {
    struct source source;
    const uint8_t *header, *bytes;
    uint64_t offset; /* of the latter */
};

static pecs_status source_ends_get(struct source *source, uint64_t offset, uint64_t size_bytes,
                                   const uint8_t **ret_bytes, pecs_error *error)
{
    const struct source_ends *ends = (const struct source_ends *)source;
    if (offset >= ends->offset)
        *ret_bytes = ends->bytes + (offset - ends->offset);
    else if (range_fits(offset, size_bytes, sizeof(struct file_header)))
        *ret_bytes = ends->header + offset;
    else
        return fail(error, PECS_E_CORRUPT, "the commit does not follow the segments");
    return PECS_OK;
}

static const struct source_class source_ends_class = { source_ends_get, true };

static bool part_reader_agrees(const struct part_reader *reader, const struct model *model)
{
    const struct model *mine = &reader->model;
    bool same = model->parts.segment_count == reader->segment_count && model->entity_count == reader->row_count &&
                model->type_count == mine->type_count && model->table_count == mine->table_count &&
                memcmp(model->commit + (model->segment_offset - model->parts.commit_offset), reader->records.bytes,
                       reader->records.size_bytes) == 0;
    for (uint32_t i = 0; same && i < mine->type_count; i++)
        same = model->types[i].record_bytes == mine->types[i].record_bytes &&
               memcmp(model->types[i].record, mine->types[i].record, mine->types[i].record_bytes) == 0;
    for (uint32_t i = 0; same && i < mine->table_count; i++) {
        const struct model_table *a = &model->tables[i], *b = &mine->tables[i];
        same = a->type_count == b->type_count && a->is_singleton == b->is_singleton &&
               a->chunk_shift == b->chunk_shift && a->row_count == reader->tables.rows_before[i] &&
               memcmp(a->types, b->types, a->type_count * sizeof(*a->types)) == 0;
    }
    return same;
}

pecs_status part_reader_end(struct part_reader *reader, const struct file_header *header, const uint8_t *bytes,
                            uint64_t offset, uint64_t size_bytes, struct model *ret_model, pecs_error *error)
{
    const struct model_limits no_limits = { .max_commit_bytes = 0 };
    struct source_ends source = { { &source_ends_class, offset + size_bytes }, (const uint8_t *)header, bytes, offset };
    pecs_status status = model_parse(ret_model, &source.source, &no_limits, reader->pool, error);
    if (!status)
        status = model_check_retired(ret_model, error);
    if (!status)
        status = model_check_id(ret_model, error);
    if (!status)
        status = model_parse_file_metadata(ret_model, &source.source, &no_limits, error);
    if (!status && (ret_model->parts.commit_offset != offset || ret_model->tick < reader->last_tick ||
                    !part_reader_agrees(reader, ret_model)))
        status = fail(error, PECS_E_CORRUPT, "the commit is not about the segments before it");
    return status ? status : verify_end_gaps(&source.source, &ret_model->parts, error);
}
