/* Headers, prologue, commit, trailer and metadata: structs of layout.h, filled from a plan. Gaps and padding are zero.
 */
#include "write_parts.h"

#include "hash.h"
#include "identity.h"

struct file_header make_file_header(const struct save_plan *plan, bool has_file_metadata, bool has_blocks)
{
    struct file_header header = {
        .magic = FORMAT_HEADER_MAGIC,
        .version = le32_make(FORMAT_VERSION),
        .flags = le32_make(plan->stream ? 0 : HEADER_COUNTS_KNOWN),
        .entity_count = le64_make(plan->stream ? 0 : plan->state->entity_count),
        .type_count = le32_make(plan->stream ? 0 : plan->type_count),
        .optional_features = le64_make(has_file_metadata ? FEATURE_FILE_METADATA : 0),
        .required_features =
            le64_make((plan->retired ? FEATURE_RETIRED : 0) | (plan->has_contents ? FEATURE_HEAP : 0) |
                      (plan->state->attachments && plan->state->attachments->count ? FEATURE_ATTACHMENTS : 0) |
                      (has_blocks ? FEATURE_SEGMENTS : 0)),
    };
    header.checksum = le64_make(hash64(&header, offsetof(struct file_header, checksum)));
    return header;
}

static void write_run(struct buffer *to, const struct save_plan *plan, const struct plan_run *run)
{
    const struct run_record record = {
        .kind = le32_make(run->kind),
        .table = le32_make(run->table_number),
        .type = le32_make(run->type),
        .codec = le32_make(CODEC_RAW),
        .chunk_count = le32_make((uint32_t)run->chunk_count),
        .offset = le64_make(run->offset),
        .size = le64_make(plan_run_size(plan, run)),
        .tick = le64_make(run->tick),
    };
    buffer_append(to, &record, sizeof(record));
}

void write_prologue(struct buffer *to, const struct save_plan *plan)
{
    const struct segment_header header = {
        .magic = FORMAT_SEGMENT_MAGIC,
        .sequence = le32_make(0),
        .size = le64_make(plan->prologue_size),
        .data_offset = le64_make(plan->data_offset),
        .data_size = le64_make(plan->data_size),
        .type_count = le32_make(plan->type_count),
        .table_count = le32_make(plan->state->table_count),
        .run_count = le32_make((uint32_t)plan->run_count),
        .piece_bytes = le32_make(FORMAT_PIECE),
    };
    buffer_append(to, &header, sizeof(header));
    buffer_append(to, plan->records.bytes, plan->records.size_bytes);
    for (size_t i = 0; i < plan->run_count; i++)
        write_run(to, plan, &plan->runs[i]);
    if (!to->failed)
        buffer_append_le64(to, hash64(to->bytes, to->size_bytes));
}

static uint64_t trailer_piece_count(const struct save_plan *plan)
{
    return format_piece_count(plan->data_offset, plan->data_size);
}

void write_trailer_header(struct buffer *to, const struct save_plan *plan)
{
    const struct trailer_header header = {
        .magic = FORMAT_TRAILER_MAGIC,
        .sequence = le32_make(0),
        .piece_count = le64_make(trailer_piece_count(plan)),
    };
    buffer_append(to, &header, sizeof(header));
}

void write_trailer_checksum(struct buffer *to)
{
    if (!to->failed)
        buffer_append_le64(to, hash64(to->bytes, to->size_bytes));
}

static uint64_t metadata_bytes(const struct metadata *metadata)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; metadata && i < metadata->count; i++)
        bytes += format_meta_bytes(strlen(metadata->entries[i].key), metadata->entries[i].size_bytes);
    return bytes;
}

static_assert((int)META_ENTRY_BYTES == (int)sizeof(struct meta_record) && (int)META_KEY_MAX == (int)NAME_MAX_BYTES,
              "the state counts metadata as the file holds it");
static_assert((int)META_MAX_BYTES + 4096 == (int)FORMAT_METADATA_MAX, "the rest is for the application's name");

static void write_metadata(struct buffer *to, const struct metadata *metadata)
{
    for (uint32_t i = 0; metadata && i < metadata->count; i++) {
        const struct pecs_meta *entry = &metadata->entries[i];
        const size_t start = to->size_bytes;
        const struct meta_record record = {
            .kind = le32_make(entry->kind == PECS_META_TEXT ? META_TEXT : META_BYTES),
            .key_size = le32_make((uint32_t)strlen(entry->key)),
            .value_size = le64_make(entry->size_bytes),
        };
        buffer_append(to, &record, sizeof(record));
        buffer_append(to, entry->key, strlen(entry->key));
        buffer_append(to, entry->value, entry->size_bytes);
        buffer_pad(to, start, 8);
    }
}

/* Names and sizes; the bytes are a run. */
static void write_attachments(struct buffer *to, const struct attachments *list)
{
    for (uint32_t i = 0; list && i < list->count; i++) {
        const struct attachment *entry = &list->entries[i];
        const size_t start = to->size_bytes, name_size = strlen(entry->name);
        const struct meta_record record = {
            .kind = le32_make(META_ATTACHMENT),
            .key_size = le32_make((uint32_t)name_size),
            .value_size = le64_make(sizeof(le64)),
        };
        buffer_append(to, &record, sizeof(record));
        buffer_append(to, entry->name, name_size);
        buffer_append_le64(to, entry->size_bytes);
        buffer_pad(to, start, 8);
    }
}

void write_file_metadata(struct buffer *to, const struct metadata *metadata)
{
    write_metadata(to, metadata);
    if (!to->failed)
        buffer_append_le64(to, hash64(to->bytes, to->size_bytes));
}

static void write_free_counts(struct buffer *to, const struct save_plan *plan)
{
    const uint64_t chunks = format_chunk_count(plan_slot_count(plan), FORMAT_INDEX_SHIFT);
    for (uint64_t i = 0; i < chunks; i++)
        buffer_append_le32(to, (uint32_t)plan_free_in_chunk(plan, i));
    buffer_pad(to, 0, 8);
}

static void write_retired(struct buffer *to, const struct retired *retired)
{
    for (uint64_t i = 0; i < retired_chunk_count(retired->first, retired->end); i++) {
        const struct retired_record record = { le32_make(retired->chunks[i].lowest),
                                               le32_make(retired->chunks[i].width) };
        buffer_append(to, &record, sizeof(record));
    }
    buffer_append(to, retired->differences, (size_t)retired->size_bytes);
}

static void write_commit_header(struct buffer *to, const struct save_plan *plan, uint32_t segment_count,
                                uint64_t wall_clock_ns)
{
    const struct pecs_snapshot *state = plan->state;
    const struct commit_header header = {
        .magic = FORMAT_COMMIT_MAGIC,
        .type_count = le32_make(plan->type_count),
        .table_count = le32_make(state->table_count),
        .segment_count = le32_make(segment_count),
        .session_count = le32_make(state->sessions ? state->sessions->count : 0),
        .singleton_table = le32_make(state->singleton_table),
        .slot_count = le64_make(plan_slot_count(plan)),
        .free_count = le64_make(state->free_count),
        .entity_count = le64_make(plan_entity_count(plan)),
        .tick = le64_make(state->tick),
        .wall_clock = le64_make(wall_clock_ns),
        .metadata_size = le64_make(metadata_bytes(plan->metadata) + attachments_meta_bytes(state->attachments)),
        .retired_count = le64_make(plan->retired ? plan->retired->end - plan->retired->first : 0),
    };
    buffer_append(to, &header, sizeof(header));
}

/* The offset of the segment record in the commit. */
static size_t commit_segment_offset(const struct save_plan *plan)
{
    return sizeof(struct commit_header) + plan->records.size_bytes + plan->state->table_count * sizeof(le64);
}

struct segment_record make_segment_record(const struct save_plan *plan)
{
    return (struct segment_record){
        .offset = le64_make(sizeof(struct file_header)),
        .prologue_size = le64_make(plan->prologue_size),
        .trailer_offset = le64_make(align_up(plan->data_offset + plan->data_size, FORMAT_ALIGN)),
        .trailer_size = le64_make(format_trailer_bytes(trailer_piece_count(plan))),
    };
}

void write_commit(struct buffer *to, const struct save_plan *plan, const struct segment_record *segments,
                  uint32_t segment_count, uint64_t wall_clock_ns)
{
    const struct sessions *sessions = plan->state->sessions;
    write_commit_header(to, plan, segment_count, wall_clock_ns);
    buffer_append(to, plan->records.bytes, plan->records.size_bytes);
    for (uint32_t i = 0; i < plan->state->table_count; i++)
        buffer_append_le64(to, plan_row_count(plan, i));
    assert(to->failed || to->size_bytes == commit_segment_offset(plan));
    buffer_append(to, segments, segment_count * sizeof(*segments));
    for (uint32_t i = 0; sessions && i < sessions->count; i++)
        buffer_append_le64(to, identity_nonce(sessions->prefixes[i]));
    write_free_counts(to, plan);
    if (plan->retired)
        write_retired(to, plan->retired);
    write_metadata(to, plan->metadata);
    write_attachments(to, plan->state->attachments);
}

void write_commit_hashes(struct buffer *commit, const struct save_plan *plan, const struct buffer *prologue,
                         const struct buffer *trailer)
{
    uint8_t *segment = commit->bytes + commit_segment_offset(plan);
    memcpy(segment + offsetof(struct segment_record, prologue_checksum),
           prologue->bytes + prologue->size_bytes - sizeof(le64), sizeof(le64));
    memcpy(segment + offsetof(struct segment_record, trailer_checksum),
           trailer->bytes + trailer->size_bytes - sizeof(le64), sizeof(le64));
    write_commit_id(commit);
}

void write_commit_id(struct buffer *commit)
{
    const pecs_id id = hash128(commit->bytes, commit->size_bytes);
    memcpy(commit->bytes + offsetof(struct commit_header, snapshot_id), id.bytes, sizeof(id.bytes));
}

struct file_footer make_file_footer(uint64_t offset, uint64_t commit_offset, const struct buffer *commit,
                                    uint64_t file_metadata_size)
{
    struct file_footer footer = {
        .offset = le64_make(offset),
        .commit_offset = le64_make(commit_offset),
        .commit_size = le64_make(commit->size_bytes),
        .commit_hash = le64_make(hash64(commit->bytes, commit->size_bytes)),
        .file_metadata_size = le64_make(file_metadata_size),
    };
    memcpy(footer.magic, FORMAT_FOOTER_MAGIC, sizeof(footer.magic));
    footer.checksum = le64_make(hash64(&footer, offsetof(struct file_footer, checksum)));
    return footer;
}
