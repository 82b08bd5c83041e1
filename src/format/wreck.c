/* Parsers refuse at the first fault; here each part that they accept counts by itself. */
#include "wreck.h"

#include "hash.h"
#include "parse.h"

#include <stdlib.h>

struct wreck_block {
    struct wreck_block *next;
    uint8_t *bytes;
    size_t size_bytes;
    bool is_whole;
};

/* The file with a header that may be another. */
struct wreck_source {
    struct source source;
    const struct wreck *wreck;
};

static pecs_status wreck_get(struct source *source, uint64_t offset, uint64_t size_bytes, const uint8_t **ret_bytes,
                             pecs_error *error)
{
    const struct wreck *wreck = ((const struct wreck_source *)source)->wreck;
    (void)error;
    *ret_bytes =
        offset == 0 && size_bytes <= sizeof(wreck->header) ? (const uint8_t *)&wreck->header : wreck->bytes + offset;
    return PECS_OK;
}

static const struct source_class wreck_source_class = { wreck_get, false };

static struct wreck_source wreck_source_of(const struct wreck *wreck)
{
    return (struct wreck_source){ { &wreck_source_class, wreck->size_bytes }, wreck };
}

/* --- header and commit --- */

static bool wreck_parse_header(struct wreck *wreck)
{
    struct wreck_source source = wreck_source_of(wreck);
    struct parser parser = { .model = &wreck->model, .source = &source.source };
    struct file_header same;
    model_deinit(&wreck->model);
    wreck->model = (struct model){ .pool = wreck->pool, .file_size = wreck->size_bytes };
    return !parse_header(&parser, &same);
}

/* PECS_E_CORRUPT: there is no whole commit. PECS_E_MEMORY. */
static pecs_status wreck_parse_commit(struct wreck *wreck)
{
    const struct model_limits no_limits = { .max_commit_bytes = 0 };
    struct wreck_source source = wreck_source_of(wreck);
    struct model *commit = &wreck->commit;
    if (wreck->size_bytes < sizeof(struct file_header) + sizeof(struct file_footer))
        return PECS_E_CORRUPT;
    pecs_status status = model_parse(commit, &source.source, &no_limits, wreck->pool, NULL);
    if (!status)
        status = model_check_retired(commit, NULL);
    if (!status)
        status = model_check_id(commit, NULL);
    if (!status && model_parse_file_metadata(commit, &source.source, &no_limits, NULL) == PECS_E_MEMORY)
        status = PECS_E_MEMORY;
    if (status)
        model_deinit(commit);
    wreck->has_commit = !status;
    return status == PECS_E_MEMORY ? status : status ? PECS_E_CORRUPT : PECS_OK;
}

static struct file_header wreck_make_header(uint64_t features)
{
    struct file_header header = { .magic = FORMAT_HEADER_MAGIC,
                                  .version = le32_make(FORMAT_VERSION),
                                  .required_features = le64_make(features) };
    header.checksum = le64_make(hash64(&header, offsetof(struct file_header, checksum)));
    return header;
}

enum { FEATURES_END = FEATURE_SEGMENTS << 1 };

/* Without a header, the features of the file are those with which its commit is whole. */
static pecs_status wreck_find_features(struct wreck *wreck)
{
    pecs_status status = PECS_E_CORRUPT;
    for (uint64_t features = 0; status == PECS_E_CORRUPT && features < FEATURES_END; features++) {
        wreck->header = wreck_make_header(features);
        status = wreck_parse_commit(wreck);
    }
    (void)wreck_parse_header(wreck);
    return status;
}

static pecs_status wreck_find_ends(struct wreck *wreck)
{
    memcpy(&wreck->header, wreck->bytes, sizeof(wreck->header));
    wreck->has_header = wreck_parse_header(wreck);
    const pecs_status status = wreck->has_header ? wreck_parse_commit(wreck) : wreck_find_features(wreck);
    return status == PECS_E_MEMORY ? status : PECS_OK;
}

/* --- segments --- */

enum { TRIED_FACTOR = 8 }; /* of the file's size: bytes that are hashed in search of prologues */

/* The prologue at an offset, if one is there that is whole. */
static bool wreck_find_prologue(struct wreck *wreck, uint64_t offset, uint32_t least_number,
                                struct segment_parse *ret_segment, struct parser *ret_parser)
{
    struct segment_header header;
    if (!range_fits(offset, sizeof(header), wreck->size_bytes))
        return false;
    memcpy(&header, wreck->bytes + offset, sizeof(header));
    const uint64_t size = le64_load(header.size);
    if (memcmp(header.magic, FORMAT_SEGMENT_MAGIC, sizeof(header.magic)) != 0 ||
        le32_load(header.sequence) < least_number || size < sizeof(header) + sizeof(le64) ||
        !range_fits(offset, size, wreck->size_bytes))
        return false;
    if (size > TRIED_FACTOR * wreck->size_bytes - wreck->tried_bytes)
        return false;
    wreck->tried_bytes += size;
    struct segment_parts *parts = ret_segment->parts;
    *parts = (struct segment_parts){ .prologue_offset = offset, .prologue_size = size };
    le64 checksum;
    memcpy(&checksum, wreck->bytes + offset + size - sizeof(checksum), sizeof(checksum));
    parts->prologue_checksum = le64_load(checksum);
    ret_segment->number = le32_load(header.sequence);
    *ret_parser = (struct parser){ .model = &wreck->model,
                                   .bytes = wreck->bytes + offset,
                                   .first_offset = offset,
                                   .offset = offset,
                                   .end = offset + size };
    const uint64_t data_offset = le64_load(header.data_offset), data_size = le64_load(header.data_size);
    if (data_offset > UINT64_MAX / 4 || data_size > UINT64_MAX / 4)
        return false;
    ret_segment->record.trailer_offset = le64_make(align_up(data_offset + data_size, FORMAT_ALIGN));
    ret_segment->record.trailer_size = le64_make(format_trailer_bytes(format_piece_count(data_offset, data_size)));
    wreck->model.parts.commit_offset = UINT64_MAX / 2;
    return !parse_prologue(ret_parser, ret_segment) && !parse_data_place(ret_parser, ret_segment);
}

/* The next records of types and tables. PECS_E_CORRUPT: they are not, since some of a lost segment are missing. */
static pecs_status wreck_parse_records(struct wreck *wreck, const struct segment_parse *segment, struct parser *parser)
{
    struct model *model = &wreck->model;
    const uint32_t types = model->type_count, tables = model->table_count;
    model->type_count += (uint32_t)min_u64(le32_load(segment->header.type_count), UINT32_MAX - 1 - types);
    pecs_status status = parse_types(parser, types);
    if (!status) {
        model->table_count += (uint32_t)min_u64(le32_load(segment->header.table_count), UINT32_MAX - 1 - tables);
        status = parse_tables(parser, tables);
    }
    if (status) {
        parse_drop_tables(parser, tables);
        model->type_count = types;
    }
    return status;
}

/* The records of types and tables are those of the commit, if it is there. Then come those of the runs. */
static pecs_status wreck_take_records(struct wreck *wreck, const struct segment_parse *segment, struct parser *parser)
{
    const bool is_block = model_has_segments(&wreck->model);
    const size_t record_bytes = is_block ? sizeof(struct block_record) : sizeof(struct run_record);
    const uint64_t run_bytes = (uint64_t)le32_load(segment->header.run_count) * record_bytes;
    pecs_status status = run_bytes > parser_left(parser) ? PECS_E_CORRUPT : PECS_OK;
    if (!status && !wreck->has_commit)
        status = wreck_parse_records(wreck, segment, parser);
    if (!status && !wreck->has_commit && parser_left(parser) != run_bytes)
        status = PECS_E_CORRUPT;
    parser->offset = parser->end - run_bytes;
    return status;
}

static void wreck_find_trailer(struct wreck *wreck, struct wreck_segment *segment)
{
    const struct segment_parts *parts = &segment->parts;
    struct trailer_header trailer;
    segment->piece_count = format_piece_count(parts->data_offset, parts->data_size);
    if (!range_fits(parts->trailer_offset, parts->trailer_size, wreck->size_bytes))
        return;
    const uint8_t *bytes = wreck->bytes + parts->trailer_offset;
    le64 checksum;
    const size_t end = (size_t)(parts->trailer_size - sizeof(checksum));
    memcpy(&checksum, bytes + end, sizeof(checksum));
    memcpy(&trailer, bytes, sizeof(trailer));
    if (le64_load(checksum) == hash64(bytes, end) &&
        memcmp(trailer.magic, FORMAT_TRAILER_MAGIC, sizeof(trailer.magic)) == 0 &&
        le32_load(trailer.sequence) == segment->number && le64_load(trailer.piece_count) == segment->piece_count)
        segment->hashes = bytes + sizeof(trailer);
}

static struct wreck_run wreck_run_of_record(const struct parser *parser, bool is_block)
{
    struct block_record block;
    struct run_record run;
    if (is_block) {
        memcpy(&block, parser_at(parser, parser->offset), sizeof(block));
        return (struct wreck_run){ .kind = le32_load(block.kind),
                                   .table = le32_load(block.table),
                                   .type = le32_load(block.type),
                                   .codec = le32_load(block.codec),
                                   .filter = { le32_load(block.filter), le32_load(block.stride) },
                                   .first = le32_load(block.first),
                                   .count = le32_load(block.count),
                                   .offset = le64_load(block.offset),
                                   .size = le64_load(block.size),
                                   .full_size = le64_load(block.full_size),
                                   .tick = le64_load(block.tick) };
    }
    memcpy(&run, parser_at(parser, parser->offset), sizeof(run));
    return (struct wreck_run){ .kind = le32_load(run.kind),
                               .table = le32_load(run.table),
                               .type = le32_load(run.type),
                               .codec = le32_load(run.codec),
                               .count = UINT64_MAX, /* all rows; its size gives their number */
                               .offset = le64_load(run.offset),
                               .size = le64_load(run.size),
                               .full_size = le64_load(run.size),
                               .tick = le64_load(run.tick) };
}

/* The chunk ends before contents; their number is not in a run's record. */
static uint64_t wreck_ends_bytes(const struct wreck *wreck, const struct wreck_run *run, uint64_t row_count)
{
    const struct model *model = &wreck->model;
    return run->table >= model->table_count
               ? 0
               : format_chunk_count(row_count, model->tables[run->table].chunk_shift) * sizeof(le64);
}

static bool wreck_run_is_sound(const struct wreck *wreck, const struct wreck_run *run,
                               const struct segment_parts *parts)
{
    const struct model *model = &wreck->model;
    const bool is_of_table = run->table < model->table_count;
    return (is_of_table || run->table == FORMAT_NONE) && (run->codec == CODEC_RAW || run->codec == CODEC_ZSTD) &&
           run->offset >= parts->data_offset &&
           range_fits(run->offset, run->size, parts->data_offset + parts->data_size) &&
           range_fits(run->offset, run->size, wreck->size_bytes) && run->size &&
           (run->codec == CODEC_RAW ? run->size == run->full_size && run->offset % FORMAT_ALIGN == 0
                                    : run->full_size && run->full_size <= FORMAT_BLOCK_MAX) &&
           (run->kind != RUN_HEAP || (!run->filter.kind && !run->filter.stride));
}

static bool wreck_take_runs(struct wreck *wreck, const struct wreck_segment *segment, struct parser *parser)
{
    const bool is_block = model_has_segments(&wreck->model);
    const size_t record_bytes = is_block ? sizeof(struct block_record) : sizeof(struct run_record);
    uint64_t end = segment->parts.data_offset; /* of the run before: no two share bytes */
    for (; parser_left(parser) >= record_bytes; parser->offset += record_bytes) {
        struct wreck_run run = wreck_run_of_record(parser, is_block);
        run.segment = (uint32_t)wreck->segment_count;
        run.next_row = UINT64_MAX;
        if (run.kind == RUN_HEAP) {
            const uint64_t rows = is_block                               ? run.count
                                  : run.table < wreck->model.table_count ? wreck->model.tables[run.table].row_count
                                                                         : 0;
            const uint64_t ends = wreck_ends_bytes(wreck, &run, rows);
            run.count = rows;
            run.unit = format_heap_first(wreck->heap_units);
            run.has_unit = segment->follows;
            if (run.full_size < ends)
                continue;
            wreck->heap_units = run.unit + min_u64(run.full_size - ends, UINT64_MAX / 4) / FORMAT_HEAP_UNIT;
        }
        if (!wreck_run_is_sound(wreck, &run, &segment->parts) || run.offset < end)
            continue;
        end = run.offset + run.size;
        if (run.kind == RUN_HANDLES && run.table != FORMAT_NONE) /* those of a heap run behind it are as many */
            wreck->model.tables[run.table].row_count = run.full_size / sizeof(pecs_entity);
        if (!pool_reserve(wreck->pool, (void **)&wreck->runs, &wreck->run_capacity, wreck->run_count + 1,
                          sizeof(*wreck->runs)))
            return false;
        wreck->runs[wreck->run_count++] = run;
    }
    return true;
}

static pecs_status wreck_add_segment(struct wreck *wreck, const struct segment_parse *parsed, struct parser *parser)
{
    struct wreck_segment segment = { .parts = *parsed->parts, .number = parsed->number };
    const uint32_t next = wreck->segment_count ? wreck->segments[wreck->segment_count - 1].number + 1 : 0;
    segment.follows = parsed->number == next && (!next || wreck->segments[wreck->segment_count - 1].follows);
    const pecs_status status = wreck_take_records(wreck, parsed, parser);
    if (status)
        return status == PECS_E_MEMORY ? status : PECS_OK;
    wreck_find_trailer(wreck, &segment);
    if (segment.hashes && segment.piece_count &&
        !(segment.pieces = pool_allocate_zeroed(wreck->pool, (size_t)segment.piece_count)))
        return PECS_E_MEMORY;
    if (!pool_reserve(wreck->pool, (void **)&wreck->segments, &wreck->segment_capacity, wreck->segment_count + 1,
                      sizeof(*wreck->segments))) {
        pool_release(wreck->pool, segment.pieces, (size_t)segment.piece_count);
        return PECS_E_MEMORY;
    }
    wreck->segments[wreck->segment_count] = segment;
    const bool has_room = wreck_take_runs(wreck, &segment, parser);
    wreck->segment_count++;
    return has_room ? PECS_OK : PECS_E_MEMORY;
}

/* Prologues begin at a multiple of FORMAT_ALIGN. Within the data of one that was found, none is looked for. */
static pecs_status wreck_find_segments(struct wreck *wreck)
{
    const uint64_t end = wreck->has_commit ? wreck->commit.parts.commit_offset : wreck->size_bytes;
    uint32_t least = 0;
    pecs_status status = PECS_OK;
    for (uint64_t offset = sizeof(struct file_header); !status && offset < end;) {
        struct segment_parts parts;
        struct segment_parse segment = { .parts = &parts };
        struct parser parser;
        if (!wreck_find_prologue(wreck, offset, least, &segment, &parser)) {
            offset += FORMAT_ALIGN;
            continue;
        }
        status = wreck_add_segment(wreck, &segment, &parser);
        least = segment.number + 1;
        offset = align_up(parts.trailer_offset + parts.trailer_size, FORMAT_ALIGN);
    }
    return status;
}

static int wreck_compare_runs(const void *x, const void *y)
{
    const struct wreck_run *a = x, *b = y;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* The types and tables of the commit are those of the model, too. */
static pecs_status wreck_take_commit(struct wreck *wreck)
{
    struct parser parser = { .model = &wreck->model,
                             .bytes = wreck->commit.commit,
                             .first_offset = wreck->commit.parts.commit_offset,
                             .end = wreck->commit.records_end };
    parser.offset = parser.first_offset + sizeof(struct commit_header);
    wreck->model.type_count = wreck->commit.type_count;
    wreck->model.table_count = wreck->commit.table_count;
    return parse_types(&parser, 0) || parse_tables(&parser, 0) ? PECS_E_MEMORY : PECS_OK;
}

pecs_status wreck_open(struct wreck *wreck, struct pool *pool, const uint8_t *bytes, uint64_t size_bytes,
                       uint64_t max_bytes, pecs_error *error)
{
    *wreck = (struct wreck){ .pool = pool, .bytes = bytes, .size_bytes = size_bytes, .max_bytes = max_bytes };
    wreck->model.pool = wreck->commit.pool = pool;
    codecs_init(&wreck->codecs, pool);
    if (size_bytes < sizeof(struct file_header) + sizeof(struct segment_header))
        return fail(error, PECS_E_CORRUPT, "the file has %" PRIu64 " bytes, which hold no segment", size_bytes);
    pecs_status status = wreck_find_ends(wreck);
    if (!status && wreck->has_commit)
        status = wreck_take_commit(wreck);
    if (!status)
        status = wreck_find_segments(wreck);
    if (!status && !wreck->segment_count && !wreck->has_header && !wreck->has_commit) { /* perhaps it has blocks */
        wreck->header = wreck_make_header(FEATURES_END - 1);
        (void)wreck_parse_header(wreck);
        status = wreck_find_segments(wreck);
    }
    if (status)
        return fail_memory(error);
    if (!wreck->segment_count)
        return fail(error, PECS_E_CORRUPT, "no segment of a PECS file was found");
    if (wreck->run_count)
        qsort(wreck->runs, wreck->run_count, sizeof(*wreck->runs), wreck_compare_runs);
    return PECS_OK;
}

void wreck_deinit(struct wreck *wreck)
{
    struct pool *pool = wreck->pool;
    while (wreck->blocks) {
        struct wreck_block *block = wreck->blocks;
        wreck->blocks = block->next;
        pool_release(pool, block->bytes, block->size_bytes);
        pool_release(pool, block, sizeof(*block));
    }
    codecs_deinit(&wreck->codecs);
    for (size_t i = 0; i < wreck->segment_count; i++)
        if (wreck->segments[i].pieces)
            pool_release(pool, wreck->segments[i].pieces, (size_t)wreck->segments[i].piece_count);
    pool_release(pool, wreck->segments, wreck->segment_capacity * sizeof(*wreck->segments));
    pool_release(pool, wreck->runs, wreck->run_capacity * sizeof(*wreck->runs));
    model_deinit(&wreck->model);
    if (wreck->has_commit)
        model_deinit(&wreck->commit);
}

/* --- data --- */

enum { PIECE_UNKNOWN, PIECE_WHOLE, PIECE_LOST };

/* A piece of a segment's data. */
struct wreck_piece {
    uint64_t offset, end;
    bool is_whole;
};

/* The piece that an offset lies in. Each is hashed once. */
static struct wreck_piece wreck_piece_at(const struct wreck *wreck, const struct wreck_segment *segment,
                                         uint64_t offset)
{
    const struct segment_parts *parts = &segment->parts;
    const uint64_t number = offset / FORMAT_PIECE - parts->data_offset / FORMAT_PIECE;
    struct wreck_piece piece = {
        .offset = max_u64(parts->data_offset, offset / FORMAT_PIECE * FORMAT_PIECE),
        .end = min_u64(parts->data_offset + parts->data_size, (offset / FORMAT_PIECE + 1) * FORMAT_PIECE),
    };
    uint8_t *known = &segment->pieces[number];
    if (*known == PIECE_UNKNOWN) {
        le64 hash;
        memcpy(&hash, segment->hashes + number * sizeof(hash), sizeof(hash));
        const uint64_t found = hash64(wreck->bytes + piece.offset, (size_t)(piece.end - piece.offset));
        *known = found == le64_load(hash) ? PIECE_WHOLE : PIECE_LOST;
    }
    piece.is_whole = *known == PIECE_WHOLE;
    return piece;
}

uint64_t wreck_count_lost(const struct wreck *wreck)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < wreck->segment_count; i++) {
        const struct wreck_segment *segment = &wreck->segments[i];
        const uint64_t end = segment->parts.data_offset + segment->parts.data_size;
        struct wreck_piece piece;
        for (uint64_t at = segment->parts.data_offset; segment->hashes && at < end; at = piece.end) {
            piece = wreck_piece_at(wreck, segment, at);
            lost += piece.is_whole ? 0 : piece.end - piece.offset;
        }
        lost += segment->hashes ? 0 : segment->parts.data_size;
    }
    return lost;
}

uint64_t wreck_count_entities(const struct wreck *wreck)
{
    uint64_t count = 0, end = 0;
    if (wreck->has_commit)
        return wreck->commit.entity_count;
    for (size_t i = 0; i < wreck->run_count && wreck->runs[i].kind == RUN_HANDLES; i++) {
        const struct wreck_run *run = &wreck->runs[i];
        const bool is_last =
            i + 1 == wreck->run_count || wreck->runs[i + 1].kind != run->kind || wreck->runs[i + 1].table != run->table;
        end = run->first + run->full_size / sizeof(pecs_entity);
        if (is_last && run->table != FORMAT_NONE && !wreck->model.tables[run->table].is_singleton)
            count += end;
    }
    return count;
}

bool wreck_is_whole(const struct wreck *wreck, const struct wreck_run *run, uint64_t offset, uint64_t size_bytes)
{
    const struct wreck_segment *segment = &wreck->segments[run->segment];
    struct wreck_piece piece = { .is_whole = segment->hashes != NULL };
    for (uint64_t at = offset; piece.is_whole && at < offset + size_bytes; at = piece.end)
        piece = wreck_piece_at(wreck, segment, at);
    return piece.is_whole;
}

pecs_status wreck_hold(struct wreck *wreck, uint64_t size_bytes)
{
    if (wreck->max_bytes && size_bytes > wreck->max_bytes - wreck->held_bytes)
        return PECS_E_LIMIT;
    wreck->held_bytes += size_bytes;
    return PECS_OK;
}

static pecs_status wreck_inflate(struct wreck *wreck, const struct wreck_run *run, struct wreck_block *block)
{
    if (!wreck_is_whole(wreck, run, run->offset, run->size))
        return PECS_OK;
    struct codec *codec = codecs_take(&wreck->codecs);
    const pecs_status status = codec ? codec_decompress(codec, run->filter, wreck->bytes + run->offset,
                                                        (size_t)run->size, block->bytes, block->size_bytes)
                                     : PECS_E_MEMORY;
    codecs_give(&wreck->codecs, codec);
    block->is_whole = !status;
    return status == PECS_E_MEMORY ? status : PECS_OK;
}

static pecs_status wreck_make_block(struct wreck *wreck, struct wreck_run *run)
{
    if (wreck_hold(wreck, run->full_size))
        return PECS_E_LIMIT;
    struct wreck_block *block = pool_allocate_zeroed(wreck->pool, sizeof(*block));
    if (!block)
        return PECS_E_MEMORY;
    block->next = wreck->blocks;
    wreck->blocks = run->block = block;
    block->bytes = pool_allocate(wreck->pool, (size_t)run->full_size);
    if (!block->bytes)
        return PECS_E_MEMORY;
    block->size_bytes = (size_t)run->full_size;
    return wreck_inflate(wreck, run, block);
}

pecs_status wreck_take(struct wreck *wreck, struct wreck_run *run, const uint8_t **ret_bytes)
{
    const pecs_status status = run->block ? PECS_OK : wreck_make_block(wreck, run);
    *ret_bytes = !status && run->block->is_whole ? run->block->bytes : NULL;
    return status;
}

static bool wreck_add_rows(const struct wreck *wreck, struct wreck_column *column, uint64_t first, uint64_t count,
                           const uint8_t *bytes)
{
    const struct wreck_rows *last = column->count ? &column->rows[column->count - 1] : NULL;
    if (!count || (last && first < last->first + last->count)) /* of a file that lies about its rows */
        return true;
    if (!pool_reserve(wreck->pool, (void **)&column->rows, &column->capacity, column->count + 1, sizeof(*column->rows)))
        return false;
    column->rows[column->count++] = (struct wreck_rows){ first, count, bytes };
    return true;
}

/* The rows of a run that is stored as it is which lie in whole pieces. */
static bool wreck_add_raw(struct wreck *wreck, const struct wreck_run *run, uint64_t row_bytes, uint64_t row_count,
                          struct wreck_column *column)
{
    const struct wreck_segment *segment = &wreck->segments[run->segment];
    const uint64_t end = run->offset + row_count * row_bytes;
    bool ok = true;
    for (uint64_t row = 0; ok && segment->hashes && row < row_count;) {
        const uint64_t from = run->offset + row * row_bytes;
        struct wreck_piece piece = wreck_piece_at(wreck, segment, from);
        while (piece.is_whole && piece.end < end)
            piece = wreck_piece_at(wreck, segment, piece.end);
        const uint64_t to = piece.is_whole ? end : max_u64(piece.offset, from);
        const uint64_t whole = (to - from) / row_bytes;
        ok = wreck_add_rows(wreck, column, run->first + row, whole, wreck->bytes + from);
        row += whole;
        if (row < row_count) /* on to the first row behind the piece that is not whole */
            row = max_u64(row + 1, (piece.end - run->offset + row_bytes - 1) / row_bytes);
    }
    return ok;
}

struct wreck_run *wreck_find_runs(struct wreck *wreck, uint32_t kind, uint32_t table, uint32_t type, size_t *ret_count)
{
    const struct wreck_run key = { .kind = kind, .table = table, .type = type };
    size_t low = 0, high = wreck->run_count, end;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (wreck_compare_runs(&wreck->runs[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < wreck->run_count && wreck->runs[end].kind == kind && wreck->runs[end].table == table &&
                    wreck->runs[end].type == type;)
        end++;
    *ret_count = end - low;
    return *ret_count ? &wreck->runs[low] : NULL;
}

pecs_status wreck_find_rows(struct wreck *wreck, uint32_t kind, uint32_t table, uint32_t type, uint64_t row_bytes,
                            struct wreck_column *ret_column)
{
    size_t count;
    struct wreck_run *runs = wreck_find_runs(wreck, kind, table, type, &count);
    *ret_column = (struct wreck_column){ .rows = NULL };
    for (size_t i = 0; i < count; i++) {
        struct wreck_run *run = &runs[i];
        const uint8_t *bytes = NULL;
        const uint64_t rows = min_u64(run->count, run->full_size / row_bytes);
        pecs_status status = PECS_OK;
        if (run->codec == CODEC_RAW) {
            status = wreck_add_raw(wreck, run, row_bytes, rows, ret_column) ? PECS_OK : PECS_E_MEMORY;
        } else if (codec_filter_is_valid(run->filter, row_bytes) && run->full_size % row_bytes == 0) {
            status = wreck_take(wreck, run, &bytes);
            if (!status && bytes && !wreck_add_rows(wreck, ret_column, run->first, rows, bytes))
                status = PECS_E_MEMORY;
        }
        if (status)
            return status;
    }
    return PECS_OK;
}

void wreck_column_free(const struct wreck *wreck, struct wreck_column *column)
{
    pool_release(wreck->pool, column->rows, column->capacity * sizeof(*column->rows));
}
