/*
 * Trusts no number of the file: parsing stops where offsets become invalid. Shares layout.h with the library, but none
 * of the reader's code, so that it does not repeat errors of the reader.
 */
#include "file_parts.h"

#include "hash.h"

uint32_t parts_get32(const struct file_parts *parts, uint64_t offset)
{
    le32 value = { { 0 } };
    if (range_fits(offset, sizeof(value), parts->size))
        memcpy(&value, parts->bytes + offset, sizeof(value));
    return le32_load(value);
}

uint64_t parts_get64(const struct file_parts *parts, uint64_t offset)
{
    le64 value = { { 0 } };
    if (range_fits(offset, sizeof(value), parts->size))
        memcpy(&value, parts->bytes + offset, sizeof(value));
    return le64_load(value);
}

void parts_put32(struct file_parts *parts, uint64_t offset, uint32_t number)
{
    const le32 value = le32_make(number);
    if (range_fits(offset, sizeof(value), parts->size))
        memcpy(parts->bytes + offset, &value, sizeof(value));
}

void parts_put64(struct file_parts *parts, uint64_t offset, uint64_t number)
{
    const le64 value = le64_make(number);
    if (range_fits(offset, sizeof(value), parts->size))
        memcpy(parts->bytes + offset, &value, sizeof(value));
}

static bool find_ends(struct file_parts *parts)
{
    if (parts->size < sizeof(struct file_header) + sizeof(struct file_footer))
        return false;
    parts->footer = parts->size - sizeof(struct file_footer);
    parts->commit = parts_get64(parts, parts->footer + offsetof(struct file_footer, commit_offset));
    const uint64_t size = parts_get64(parts, parts->footer + offsetof(struct file_footer, commit_size));
    if (parts->commit < sizeof(struct file_header) || size < sizeof(struct commit_header) ||
        !range_fits(parts->commit, size, parts->footer))
        return false;
    parts->commit_end = parts->commit + size;
    const uint64_t start = format_file_metadata_offset(parts->commit_end);
    const uint64_t bytes = parts_get64(parts, parts->footer + offsetof(struct file_footer, file_metadata_size));
    const uint64_t features = parts_get64(parts, offsetof(struct file_header, optional_features));
    if (features & FEATURE_FILE_METADATA && bytes >= sizeof(le64) && range_fits(start, bytes, parts->footer)) {
        parts->file_metadata = start;
        parts->file_metadata_end = start + bytes - sizeof(le64);
    }
    return true;
}

static uint64_t type_end(const struct file_parts *parts, uint64_t at)
{
    const uint64_t size = parts_get32(parts, at);
    return size < sizeof(struct type_record) || !range_fits(at, size, parts->commit_end) ? 0 : at + size;
}

static uint64_t table_end(const struct file_parts *parts, uint64_t at)
{
    if (!range_fits(at, sizeof(struct table_record), parts->commit_end))
        return 0;
    const uint64_t size = format_table_bytes(parts_get32(parts, at + offsetof(struct table_record, component_count)));
    return range_fits(at, size, parts->commit_end) ? at + size : 0;
}

static bool find_types(struct file_parts *parts)
{
    uint64_t at = parts->types = parts->commit + sizeof(struct commit_header);
    parts->type_count = parts_get32(parts, parts->commit + offsetof(struct commit_header, type_count));
    for (uint32_t i = 0; i < parts->type_count; i++)
        if (!(at = type_end(parts, at)))
            return false;
    parts->tables = at;
    return true;
}

static bool find_commit(struct file_parts *parts)
{
    uint64_t at = parts->tables;
    parts->table_count = parts_get32(parts, parts->commit + offsetof(struct commit_header, table_count));
    for (uint32_t i = 0; i < parts->table_count; i++)
        if (!(at = table_end(parts, at)))
            return false;
    parts->session_count = parts_get32(parts, parts->commit + offsetof(struct commit_header, session_count));
    const uint64_t metadata = parts_get64(parts, parts->commit + offsetof(struct commit_header, metadata_size));
    parts->own_tables = parts->tables;
    parts->own_types = parts->types;
    parts->segment_count = parts_get32(parts, parts->commit + offsetof(struct commit_header, segment_count));
    parts->run_bytes = parts_has_blocks(parts) ? sizeof(struct block_record) : sizeof(struct run_record);
    parts->row_counts = at;
    parts->segments = at + (uint64_t)parts->table_count * sizeof(le64);
    parts->sessions = parts->segments + parts->segment_count * sizeof(struct segment_record);
    parts->free_counts = parts->sessions + (uint64_t)parts->session_count * sizeof(le64);
    parts->metadata = parts->commit_end - metadata;
    return metadata <= parts->commit_end && parts->free_counts <= parts->metadata;
}

/* The types and tables that the segment brings: as many as its header says, the last one all that are left. */
static bool find_records(struct file_parts *parts)
{
    const bool is_last = parts->selected == parts->segment_count - 1;
    const uint32_t types = parts->type_count - parts->types_before, tables = parts->table_count - parts->tables_before;
    const uint64_t header = parts->prologue;
    parts->own_type_count = is_last ? types : parts_get32(parts, header + offsetof(struct segment_header, type_count));
    parts->own_table_count =
        is_last ? tables : parts_get32(parts, header + offsetof(struct segment_header, table_count));
    if (parts->own_type_count > types || parts->own_table_count > tables)
        return false;
    parts->types_end = parts->own_types;
    for (uint32_t i = 0; i < parts->own_type_count; i++)
        parts->types_end = type_end(parts, parts->types_end);
    parts->tables_end = parts->own_tables;
    for (uint32_t i = 0; i < parts->own_table_count; i++)
        parts->tables_end = table_end(parts, parts->tables_end);
    return true;
}

static bool find_segment(struct file_parts *parts)
{
    parts->segment = parts->segments + parts->selected * sizeof(struct segment_record);
    parts->prologue = parts_get64(parts, parts->segment + offsetof(struct segment_record, offset));
    const uint64_t size = parts_get64(parts, parts->segment + offsetof(struct segment_record, prologue_size));
    parts->records = parts->prologue + sizeof(struct segment_header);
    if (parts->selected >= parts->segment_count || parts->prologue < sizeof(struct file_header) ||
        !range_fits(parts->prologue, size, parts->commit) || size < sizeof(struct segment_header) + sizeof(le64) ||
        !find_records(parts))
        return false;
    const uint64_t record_bytes = parts->types_end - parts->own_types + parts->tables_end - parts->own_tables;
    if (size < sizeof(struct segment_header) + record_bytes + sizeof(le64))
        return false;
    parts->runs = parts->records + record_bytes;
    parts->prologue_end = parts->prologue + size;
    parts->run_count = (uint32_t)((parts->prologue_end - sizeof(le64) - parts->runs) / parts->run_bytes);
    return true;
}

static bool find_data(struct file_parts *parts)
{
    parts->data = parts_get64(parts, parts->prologue + offsetof(struct segment_header, data_offset));
    const uint64_t size = parts_get64(parts, parts->prologue + offsetof(struct segment_header, data_size));
    parts->trailer = parts_get64(parts, parts->segment + offsetof(struct segment_record, trailer_offset));
    const uint64_t trailer_size = parts_get64(parts, parts->segment + offsetof(struct segment_record, trailer_size));
    if (parts->data < parts->prologue_end || !range_fits(parts->data, size, parts->commit) ||
        !range_fits(parts->trailer, trailer_size, parts->commit) || parts->trailer < parts->data + size ||
        trailer_size < format_trailer_bytes(format_piece_count(parts->data, size)))
        return false;
    parts->data_end = parts->data + size;
    parts->trailer_end = parts->trailer + trailer_size;
    return true;
}

static bool (*const steps[])(struct file_parts *parts) = { find_ends, find_types, find_commit, find_segment,
                                                           find_data };

static void find_all(struct file_parts *parts)
{
    while (parts->depth < PARTS_DATA && steps[parts->depth](parts))
        parts->depth++;
}

void parts_find(struct file_parts *parts, uint8_t *bytes, uint64_t size)
{
    *parts = (struct file_parts){ .bytes = bytes, .size = size };
    find_all(parts);
}

bool parts_select(struct file_parts *parts, uint32_t number)
{
    if (number < parts->selected) {
        parts_find(parts, parts->bytes, parts->size);
        return parts_select(parts, number);
    }
    while (parts->selected < number && parts->depth >= PARTS_SEGMENT) {
        parts->selected++;
        parts->types_before += parts->own_type_count;
        parts->tables_before += parts->own_table_count;
        parts->own_types = parts->types_end;
        parts->own_tables = parts->tables_end;
        parts->depth = PARTS_COMMIT;
        find_all(parts);
    }
    return parts->selected == number && parts->depth == PARTS_DATA;
}

bool parts_has_blocks(const struct file_parts *parts)
{
    return parts_get64(parts, offsetof(struct file_header, required_features)) & FEATURE_SEGMENTS;
}

uint64_t parts_type(const struct file_parts *parts, uint32_t number)
{
    uint64_t at = parts->types;
    if (parts->depth < PARTS_TYPES || number >= parts->type_count)
        return 0;
    while (number--)
        at = type_end(parts, at);
    return at;
}

uint64_t parts_table(const struct file_parts *parts, uint32_t number)
{
    uint64_t at = parts->tables;
    if (parts->depth < PARTS_COMMIT || number >= parts->table_count)
        return 0;
    while (number--)
        at = table_end(parts, at);
    return at;
}

uint64_t parts_run(const struct file_parts *parts, uint32_t number)
{
    if (parts->depth < PARTS_SEGMENT || number >= parts->run_count)
        return 0;
    return parts->runs + (uint64_t)number * parts->run_bytes;
}

struct parts_range parts_run_range(const struct file_parts *parts, uint32_t number)
{
    const bool is_block = parts->run_bytes == sizeof(struct block_record);
    const uint64_t run = parts_run(parts, number);
    return (struct parts_range){
        parts_get64(parts,
                    run + (is_block ? offsetof(struct block_record, offset) : offsetof(struct run_record, offset))),
        parts_get64(parts, run + (is_block ? offsetof(struct block_record, size) : offsetof(struct run_record, size))),
    };
}

static uint64_t find_meta(const struct file_parts *parts, uint64_t at, uint64_t end, uint32_t number)
{
    for (;; number--) {
        if (!range_fits(at, sizeof(struct meta_record), end))
            return 0;
        if (!number)
            return at;
        const uint64_t key = parts_get32(parts, at + offsetof(struct meta_record, key_size));
        const uint64_t value = parts_get64(parts, at + offsetof(struct meta_record, value_size));
        if (value > parts->size || !range_fits(at, format_meta_bytes(key, value), end))
            return 0;
        at += format_meta_bytes(key, value);
    }
}

uint64_t parts_meta(const struct file_parts *parts, uint32_t number)
{
    return parts->depth < PARTS_COMMIT ? 0 : find_meta(parts, parts->metadata, parts->commit_end, number);
}

uint64_t parts_file_meta(const struct file_parts *parts, uint32_t number)
{
    return find_meta(parts, parts->file_metadata, parts->file_metadata_end, number);
}

static void clear(struct file_parts *parts, uint64_t begin, uint64_t end)
{
    memset(parts->bytes + begin, 0, (size_t)(end - begin));
}

/* Up to the first run that is not behind the one before it. */
static void clear_data_gaps(struct file_parts *parts)
{
    uint64_t end = parts->data;
    for (uint32_t i = 0; i < parts->run_count; i++) {
        const struct parts_range range = parts_run_range(parts, i);
        if (range.offset < end || !range_fits(range.offset, range.size, parts->data_end))
            return;
        clear(parts, end, range.offset);
        end = range.offset + range.size;
    }
    clear(parts, end, parts->data_end);
}

void parts_clear_gaps(uint8_t *bytes, uint64_t size)
{
    struct file_parts parts;
    parts_find(&parts, bytes, size);
    if (parts.depth < PARTS_DATA)
        return;
    uint64_t end = sizeof(struct file_header);
    for (uint32_t i = 0; i < parts.segment_count && parts_select(&parts, i) && parts.prologue >= end; i++) {
        clear(&parts, end, parts.prologue);
        clear(&parts, parts.prologue_end, parts.data);
        clear_data_gaps(&parts);
        clear(&parts, parts.data_end, parts.trailer);
        end = parts.trailer_end;
    }
    if (parts.selected == parts.segment_count - 1 && parts.depth == PARTS_DATA && end == parts.trailer_end)
        clear(&parts, end, parts.commit);
    clear(&parts, parts.commit_end, parts.file_metadata ? parts.file_metadata : parts.footer);
    if (parts.file_metadata)
        clear(&parts, parts.file_metadata_end + sizeof(le64), parts.footer);
}

static void hash_prologue(struct file_parts *parts)
{
    const uint64_t size = parts->prologue_end - parts->prologue - sizeof(le64);
    const uint64_t checksum = hash64(parts->bytes + parts->prologue, (size_t)size);
    parts_put64(parts, parts->prologue_end - sizeof(le64), checksum);
    parts_put64(parts, parts->segment + offsetof(struct segment_record, prologue_checksum), checksum);
}

static void hash_data(struct file_parts *parts)
{
    uint64_t place = parts->trailer + sizeof(struct trailer_header);
    for (uint64_t at = parts->data; at < parts->data_end; place += sizeof(le64)) {
        const uint64_t next = min_u64(parts->data_end, align_up(at + 1, FORMAT_PIECE));
        parts_put64(parts, place, hash64(parts->bytes + at, (size_t)(next - at)));
        at = next;
    }
    const uint64_t size = parts->trailer_end - parts->trailer - sizeof(le64);
    const uint64_t checksum = hash64(parts->bytes + parts->trailer, (size_t)size);
    parts_put64(parts, parts->trailer + size, checksum);
    parts_put64(parts, parts->segment + offsetof(struct segment_record, trailer_checksum), checksum);
}

static void hash_snapshot(struct file_parts *parts)
{
    uint8_t *id = parts->bytes + parts->commit + offsetof(struct commit_header, snapshot_id);
    memset(id, 0, sizeof(pecs_id));
    const pecs_id hash = hash128(parts->bytes + parts->commit, (size_t)(parts->commit_end - parts->commit));
    memcpy(id, hash.bytes, sizeof(hash.bytes));
}

void parts_repair_ends(struct file_parts *parts)
{
    if (parts->file_metadata)
        parts_put64(
            parts, parts->file_metadata_end,
            hash64(parts->bytes + parts->file_metadata, (size_t)(parts->file_metadata_end - parts->file_metadata)));
    const size_t header_bytes = offsetof(struct file_header, checksum);
    const size_t footer_bytes = offsetof(struct file_footer, checksum);
    if (parts->depth >= PARTS_ENDS)
        parts_put64(parts, parts->footer + offsetof(struct file_footer, commit_hash),
                    hash64(parts->bytes + parts->commit, (size_t)(parts->commit_end - parts->commit)));
    parts_put64(parts, header_bytes, hash64(parts->bytes, header_bytes));
    parts_put64(parts, parts->footer + footer_bytes, hash64(parts->bytes + parts->footer, footer_bytes));
}

bool parts_repair_hashes(uint8_t *bytes, uint64_t size)
{
    struct file_parts parts;
    parts_find(&parts, bytes, size);
    if (size < sizeof(struct file_header) + sizeof(struct file_footer))
        return false;
    for (uint32_t i = 0; i < parts.segment_count && (parts_select(&parts, i) || parts.depth >= PARTS_SEGMENT); i++) {
        if (parts.depth >= PARTS_DATA)
            hash_data(&parts);
        hash_prologue(&parts);
    }
    if (parts.depth >= PARTS_ENDS)
        hash_snapshot(&parts);
    parts_repair_ends(&parts);
    return parts.depth >= PARTS_ENDS;
}

/* Makes the prologue of the selected segment from the commit. */
static void repair_prologue(struct file_parts *parts)
{
    const uint64_t header = parts->prologue;
    const size_t type_bytes = (size_t)(parts->types_end - parts->own_types);
    memcpy(parts->bytes + parts->records, parts->bytes + parts->own_types, type_bytes);
    memcpy(parts->bytes + parts->records + type_bytes, parts->bytes + parts->own_tables,
           (size_t)(parts->tables_end - parts->own_tables));
    parts_put32(parts, header + offsetof(struct segment_header, sequence), parts->selected);
    parts_put64(parts, header + offsetof(struct segment_header, size), parts->prologue_end - parts->prologue);
    parts_put32(parts, header + offsetof(struct segment_header, type_count), parts->own_type_count);
    parts_put32(parts, header + offsetof(struct segment_header, table_count), parts->own_table_count);
    parts_put32(parts, header + offsetof(struct segment_header, run_count), parts->run_count);
}

static void repair_trailer(struct file_parts *parts)
{
    const uint64_t data = parts_get64(parts, parts->prologue + offsetof(struct segment_header, data_offset));
    const uint64_t size = parts_get64(parts, parts->prologue + offsetof(struct segment_header, data_size));
    if (!range_fits(data, size, parts->commit))
        return;
    const uint64_t pieces = format_piece_count(data, size), trailer = align_up(data + size, FORMAT_ALIGN);
    if (!range_fits(trailer, format_trailer_bytes(pieces), parts->commit))
        return;
    parts_put64(parts, parts->segment + offsetof(struct segment_record, trailer_offset), trailer);
    parts_put64(parts, parts->segment + offsetof(struct segment_record, trailer_size), format_trailer_bytes(pieces));
    memcpy(parts->bytes + trailer, FORMAT_TRAILER_MAGIC, 4);
    parts_put32(parts, trailer + offsetof(struct trailer_header, sequence), parts->selected);
    parts_put64(parts, trailer + offsetof(struct trailer_header, piece_count), pieces);
}

bool parts_repair(uint8_t *bytes, uint64_t size)
{
    struct file_parts parts;
    parts_find(&parts, bytes, size);
    if (parts.depth >= PARTS_ENDS) {
        const uint64_t commit = parts.commit;
        parts_put64(&parts, parts.footer + offsetof(struct file_footer, offset), parts.footer);
        parts_put64(&parts, offsetof(struct file_header, entity_count),
                    parts_get64(&parts, commit + offsetof(struct commit_header, entity_count)));
        parts_put32(&parts, offsetof(struct file_header, type_count),
                    parts_get32(&parts, commit + offsetof(struct commit_header, type_count)));
    }
    for (uint32_t i = 0; i < parts.segment_count && (parts_select(&parts, i) || parts.depth >= PARTS_SEGMENT); i++) {
        repair_prologue(&parts);
        repair_trailer(&parts);
    }
    return parts_repair_hashes(bytes, size);
}
