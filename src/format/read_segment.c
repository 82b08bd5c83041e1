/* A segment of a file: its prologue repeats the records of types and tables, and tells where each column lies. */
#include "hash.h"
#include "jobs.h"
#include "reader_parts.h"

struct segment {
    struct segment_record record;
    struct segment_header header;
    uint64_t offset, size; /* of the prologue */
    uint64_t data_offset, data_size;
    uint64_t trailer_offset, piece_count;
};

static pecs_status read_prologue(struct reader *reader, uint32_t number, struct segment *segment)
{
    const uint64_t place = reader->segments_offset + number * sizeof(struct segment_record);
    memcpy(&segment->record, at(reader, place), sizeof(segment->record));
    segment->offset = le64_load(segment->record.offset);
    segment->size = le64_load(segment->record.prologue_size);
    if (BREAKS("SEGMENT-1", segment->offset < sizeof(struct file_header) ||
                                segment->size < sizeof(struct segment_header) + sizeof(le64) ||
                                !range_fits(segment->offset, segment->size, reader->commit_offset)))
        return CORRUPT(reader, place, "SEGMENT-1", "the prologue of segment %u does not lie before the commit", number);
    pecs_status status = reader_fetch(reader, segment->offset, segment->size);
    if (status)
        return status;
    const uint64_t checksum_offset = segment->offset + segment->size - sizeof(le64);
    const uint64_t checksum = le64_at(reader, checksum_offset);
    if (BREAKS("SEGMENT-2", checksum != hash64(at(reader, segment->offset), (size_t)(segment->size - sizeof(le64))) ||
                                checksum != le64_load(segment->record.prologue_checksum)))
        return CORRUPT(reader, checksum_offset, "SEGMENT-2", "the prologue's checksum is wrong");
    struct segment_header *header = &segment->header;
    memcpy(header, at(reader, segment->offset), sizeof(*header));
    if (BREAKS("SEGMENT-3", memcmp(header->magic, FORMAT_SEGMENT_MAGIC, sizeof(header->magic)) != 0 ||
                                le32_load(header->sequence) != number || le64_load(header->size) != segment->size ||
                                le32_load(header->piece_bytes) != FORMAT_PIECE ||
                                !is_reserved(reader, header->zero, sizeof(header->zero))))
        return CORRUPT(reader, segment->offset, "SEGMENT-3", "the prologue's header is not that of segment %u", number);
    return PECS_OK;
}

/* Where data and trailer lie: prologue, data, trailer in this order, all before the commit. */
static pecs_status place_data(struct reader *reader, uint32_t number, struct segment *segment)
{
    const uint64_t place = reader->segments_offset + number * sizeof(struct segment_record);
    segment->data_offset = le64_load(segment->header.data_offset);
    segment->data_size = le64_load(segment->header.data_size);
    if (BREAKS("SEGMENT-4", segment->data_offset % FORMAT_PAGE ||
                                segment->data_offset < segment->offset + segment->size ||
                                !range_fits(segment->data_offset, segment->data_size, reader->commit_offset)))
        return CORRUPT(reader, segment->offset + offsetof(struct segment_header, data_offset), "SEGMENT-4",
                       "the data of segment %u does not lie between its prologue and the commit", number);
    segment->piece_count = format_piece_count(segment->data_offset, segment->data_size);
    segment->trailer_offset = le64_load(segment->record.trailer_offset);
    const uint64_t size = le64_load(segment->record.trailer_size);
    if (BREAKS("SEGMENT-5",
               segment->trailer_offset != align_up(segment->data_offset + segment->data_size, FORMAT_ALIGN) ||
                   size != format_trailer_bytes(segment->piece_count) ||
                   !range_fits(segment->trailer_offset, size, reader->commit_offset)))
        return CORRUPT(reader, place + offsetof(struct segment_record, trailer_offset), "SEGMENT-5",
                       "the trailer of segment %u does not follow its data", number);
    reader->last_run_end = segment->data_offset;
    reader->image->parts = (struct image_parts){
        .commit_offset = reader->commit_offset,
        .commit_size = reader->commit_end - reader->commit_offset,
        .commit_hash = le64_load(reader->footer.commit_hash),
        .prologue_offset = segment->offset,
        .prologue_size = segment->size,
        .prologue_checksum = le64_load(segment->record.prologue_checksum),
        .data_offset = segment->data_offset,
        .data_size = segment->data_size,
        .trailer_offset = segment->trailer_offset,
        .trailer_size = size,
        .trailer_checksum = le64_load(segment->record.trailer_checksum),
    };
    return PECS_OK;
}

/* The records in the prologue must be those of the commit, byte for byte. */
static pecs_status compare_records(struct reader *reader, const struct segment *segment, uint64_t *offset)
{
    const uint64_t end = segment->offset + segment->size - sizeof(le64);
    const uint64_t bytes = reader->segments_offset - reader->table_count * sizeof(le64) - reader->types_offset;
    *offset = segment->offset + sizeof(struct segment_header);
    if (BREAKS("SEGMENT-6", le32_load(segment->header.type_count) != reader->type_count ||
                                le32_load(segment->header.table_count) != reader->table_count ||
                                bytes > end - *offset ||
                                memcmp(at(reader, *offset), at(reader, reader->types_offset), (size_t)bytes) != 0))
        return CORRUPT(reader, *offset, "SEGMENT-6", "the segment's types and tables are not those of the commit");
    *offset += bytes;
    if (BREAKS("SEGMENT-7", le32_load(segment->header.run_count) != (end - *offset) / sizeof(struct run_record) ||
                                (end - *offset) % sizeof(struct run_record)))
        return CORRUPT(reader, segment->offset + offsetof(struct segment_header, run_count), "SEGMENT-7",
                       "the prologue does not end after its runs");
    return PECS_OK;
}

/* The column that a run is of, or NO_COLUMN. */
static uint32_t find_column(struct reader *reader, const struct run_record *run, struct table **ret_table)
{
    const uint32_t kind = le32_load(run->kind), number = le32_load(run->table), type = le32_load(run->type);
    if (kind == RUN_INDEX && number == FORMAT_NONE && type == FORMAT_NONE) {
        *ret_table = (struct table *)reader->state->index.root.node;
        return 0;
    }
    if (number >= reader->table_count)
        return NO_COLUMN;
    *ret_table = reader_table(reader, number);
    if (kind == RUN_HANDLES && type == FORMAT_NONE)
        return HANDLE_COLUMN;
    return kind == RUN_VALUES && type < reader->type_count
               ? archetype_column((*ret_table)->archetype, reader->components[type])
               : NO_COLUMN;
}

/* What a run is of: how many rows it must hold, and where the reader notes where they lie. */
struct run_target {
    uint64_t row_count, chunk_count, row_bytes;
    struct run *place;
    struct column *column; /* NULL: of the ids */
};

static bool find_target(struct reader *reader, const struct run_record *run, struct run_target *ret_target)
{
    if (le32_load(run->kind) == RUN_IDS) {
        const uint64_t count = reader->id_count;
        *ret_target = (struct run_target){
            .row_count = count,
            .chunk_count = format_chunk_count(count, FORMAT_INDEX_SHIFT),
            .row_bytes = sizeof(struct id_record),
            .place = &reader->id_run,
        };
        return count && le32_load(run->table) == FORMAT_NONE && le32_load(run->type) == FORMAT_NONE;
    }
    struct table *table;
    const uint32_t column = find_column(reader, run, &table);
    if (column == NO_COLUMN || !table->row_count)
        return false;
    const uint32_t shift =
        table->archetype->is_plain ? FORMAT_INDEX_SHIFT : reader->chunk_shifts[le32_load(run->table)];
    *ret_target = (struct run_target){ table->row_count, format_chunk_count(table->row_count, shift),
                                       table->archetype->column_bytes[column], &table->runs->columns[column],
                                       &table->columns[column] };
    return true;
}

static pecs_status read_run(struct reader *reader, const struct segment *segment, uint64_t place)
{
    struct run_record run;
    struct run_target target = { .row_count = 0 };
    memcpy(&run, at(reader, place), sizeof(run));
    const uint32_t kind = le32_load(run.kind);
    if (BREAKS("RUN-8", kind < RUN_HANDLES || kind > RUN_IDS))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, place, "RUN-8",
                         "the run has the kind %u, which this library does not know", kind);
    const bool found = find_target(reader, &run, &target);
    if (BREAKS("RUN-1", !found))
        return CORRUPT(reader, place, "RUN-1", "the run is of no column that has rows");
    if (BREAKS("RUN-2", le32_load(run.codec) != CODEC_RAW))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, place + offsetof(struct run_record, codec), "RUN-2",
                         "the run has codec %u, which this library does not know", le32_load(run.codec));
    const uint64_t offset = le64_load(run.offset), size = le64_load(run.size);
    if (BREAKS("RUN-3", le32_load(run.first_chunk) != 0 || le32_load(run.chunk_count) != target.chunk_count ||
                            size != target.row_count * target.row_bytes))
        return CORRUPT(reader, place + offsetof(struct run_record, first_chunk), "RUN-3",
                       "the run does not hold all rows of its column");
    if (BREAKS("RUN-4", offset % FORMAT_ALIGN || offset < reader->last_run_end ||
                            !range_fits(offset, size, segment->data_offset + segment->data_size)))
        return CORRUPT(reader, place + offsetof(struct run_record, offset), "RUN-4",
                       "the run is not aligned, not within the data, or overlaps the run before");
    if (BREAKS("RUN-5", target.place->base))
        return CORRUPT(reader, place, "RUN-5", "a column has two runs");
    const uint64_t tick = le64_load(run.tick);
    if (BREAKS("RUN-6", tick > reader->state->tick))
        return CORRUPT(reader, place + offsetof(struct run_record, tick), "RUN-6", "the run was written in the future");
    reader->last_run_end = offset + size;
    *target.place = (struct run){ reader->bytes + offset, tick };
    if (target.column)
        target.column->tick = tick;
    return PECS_OK;
}

/* The pieces of a segment's data, which are read and hashed one by one, each while it is in the cache. */
struct pieces {
    struct reader *reader;
    uint64_t start, end; /* of the data */
    uint64_t hashes;     /* where the trailer's list of them is */
};

/* Where piece `number` begins. */
static uint64_t piece_start(const struct pieces *pieces, uint64_t number)
{
    return max_u64(pieces->start, (pieces->start / FORMAT_PIECE + number) * FORMAT_PIECE);
}

static pecs_status read_piece(void *user, uint64_t number, pecs_error *error)
{
    const struct pieces *pieces = user;
    const struct reader *reader = pieces->reader;
    const uint64_t offset = piece_start(pieces, number);
    const uint64_t size = min_u64(pieces->end, piece_start(pieces, number + 1)) - offset;
    const pecs_status status =
        os_file_read(reader->file, reader->path, reader->bytes + offset, (size_t)size, offset, error);
    if (BREAKS("DATA-1", !status && hash64(at(reader, offset), (size_t)size) !=
                                        le64_at(reader, pieces->hashes + number * sizeof(le64))))
        return fail_rule(error, PECS_E_CORRUPT, offset, "DATA-1", "the hash of the data piece at this offset is wrong");
    return status;
}

static bool tell_progress(void *user, uint64_t done_count)
{
    const struct pieces *pieces = user;
    const pecs_load_options *options = &pieces->reader->options;
    return options->progress(options->user, min_u64(pieces->end, piece_start(pieces, done_count)),
                             pieces->reader->file_size);
}

/* Load only. */
static pecs_status read_data(struct reader *reader, const struct segment *segment)
{
    const uint64_t place = segment->trailer_offset, size = le64_load(segment->record.trailer_size);
    const pecs_status status = reader_fetch(reader, place, size);
    if (status)
        return status;
    struct trailer_header trailer;
    memcpy(&trailer, at(reader, place), sizeof(trailer));
    const uint64_t checksum = le64_at(reader, place + size - sizeof(le64));
    if (BREAKS("TRAILER-1", checksum != hash64(at(reader, place), (size_t)(size - sizeof(le64))) ||
                                checksum != le64_load(segment->record.trailer_checksum)))
        return CORRUPT(reader, place + size - sizeof(le64), "TRAILER-1", "the trailer's checksum is wrong");
    if (BREAKS("TRAILER-2", memcmp(trailer.magic, FORMAT_TRAILER_MAGIC, sizeof(trailer.magic)) != 0 ||
                                le32_load(trailer.sequence) != le32_load(segment->header.sequence) ||
                                le64_load(trailer.piece_count) != segment->piece_count))
        return CORRUPT(reader, place, "TRAILER-2", "the trailer is not that of its segment");
    struct pieces pieces = { reader, segment->data_offset, segment->data_offset + segment->data_size,
                             place + sizeof(trailer) };
    const struct jobs jobs = { segment->piece_count, read_piece, &pieces, reader->options.thread_count,
                               reader->options.progress ? tell_progress : NULL };
    return jobs_run(&jobs, reader->error);
}

pecs_status reader_read_segment(struct reader *reader, uint32_t number)
{
    struct segment segment;
    uint64_t offset;
    pecs_status status = read_prologue(reader, number, &segment);
    if (!status)
        status = place_data(reader, number, &segment);
    if (!status)
        status = compare_records(reader, &segment, &offset);
    for (uint32_t i = 0; !status && i < le32_load(segment.header.run_count); i++, offset += sizeof(struct run_record))
        status = read_run(reader, &segment, offset);
    if (!status && reader->file)
        status = read_data(reader, &segment);
    return status;
}

pecs_status reader_check_coverage(struct reader *reader)
{
    if (BREAKS("RUN-7", reader->id_count && !reader->id_run.base))
        return CORRUPT(reader, reader->segments_offset, "RUN-7", "the list of explicit ids has no run");
    reader->state->id_hints.saved = (const struct id_entry *)reader->id_run.base;
    reader->state->id_hints.saved_count = reader->id_count;
    for (uint32_t i = 0; i <= reader->table_count; i++) {
        const struct table *table =
            i < reader->table_count ? reader_table(reader, i) : (const struct table *)reader->state->index.root.node;
        for (uint32_t j = 0; table->row_count && j < table->archetype->column_count; j++)
            if (BREAKS("RUN-7", !table->runs->columns[j].base))
                return CORRUPT(reader, reader->segments_offset, "RUN-7", "a column of %s %u has no run",
                               i < reader->table_count ? "table" : "the index after table", i);
    }
    return PECS_OK;
}
