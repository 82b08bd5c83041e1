/*
 * The reader. Nothing in a file is believed: each number is checked against the file's size or against another number
 * that was, and each broken rule is told with its id and the byte offset. Memory grows with the file's length only.
 *
 * The order: header, footer, commit (types, tables, counts), segments (prologue, runs), and for load each segment's
 * data, then the agreement of rows and index. A state is handed out only when all of it has passed.
 *
 * Resume, load and inspect get their bytes in one place, `reader_fetch`: a map has them, a private image reads them
 * when they are first wanted, and an inspection keeps only the part that was fetched last.
 */
#include "agree.h"
#include "bits.h"
#include "builder.h"
#include "hash.h"
#include "reader_parts.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "columns are used where they lie: big-endian hosts need a converting reader"
#endif

pecs_status reader_fetch(struct reader *reader, uint64_t offset, uint64_t size)
{
    if (!reader->file)
        return PECS_OK;
    if (!reader->image) {
        pool_release(reader->pool, reader->bytes, reader->part_bytes);
        reader->bytes = size < SIZE_MAX ? pool_allocate(reader->pool, (size_t)size) : NULL;
        if (!reader->bytes)
            return fail_memory(reader->error);
        reader->first_offset = offset;
        reader->part_bytes = (size_t)size;
    }
    return os_file_read(reader->file, reader->path, reader->bytes + (offset - reader->first_offset), (size_t)size,
                        offset, reader->error);
}

/* The footer and the header: where the commit is, and whether this reader may read the file at all. */

static pecs_status read_header(struct reader *reader)
{
    pecs_status status = reader_fetch(reader, 0, sizeof(reader->header));
    if (status)
        return status;
    struct file_header *header = &reader->header;
    memcpy(header, at(reader, 0), sizeof(*header));
    if (BREAKS("HEADER-1", memcmp(header->magic, FORMAT_HEADER_MAGIC, sizeof(header->magic)) != 0))
        return CORRUPT(reader, 0, "HEADER-1", "this is not a PECS file");
    const uint32_t version = le32_load(header->version);
    if (BREAKS("HEADER-2", version != FORMAT_VERSION))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offsetof(struct file_header, version), "HEADER-2",
                         "the file has format version %u; this library reads version %u", version, FORMAT_VERSION);
    if (BREAKS("HEADER-3", le64_load(header->checksum) != hash64(header, offsetof(struct file_header, checksum))))
        return CORRUPT(reader, offsetof(struct file_header, checksum), "HEADER-3", "the header's checksum is wrong");
    const uint64_t features = le64_load(header->required_features), unknown = features & ~(uint64_t)FEATURE_RETIRED;
    if (BREAKS("HEADER-4", unknown))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offsetof(struct file_header, required_features), "HEADER-4",
                         "the file needs feature %d (of the bits %#" PRIx64 "), which this library does not know",
                         __builtin_ctzll(unknown), features);
    if (BREAKS("HEADER-5", le32_load(header->flags) & ~(uint32_t)HEADER_COUNTS_KNOWN ||
                               !is_reserved(reader, header->zero, sizeof(header->zero))))
        return CORRUPT(reader, offsetof(struct file_header, flags), "HEADER-5",
                       "a flag or reserved byte of the header is set");
    return PECS_OK;
}

static pecs_status read_footer(struct reader *reader)
{
    const uint64_t size = reader->file_size;
    reader->footer_offset = size - sizeof(struct file_footer);
    pecs_status status = reader_fetch(reader, reader->footer_offset, sizeof(struct file_footer));
    if (status)
        return status;
    const uint64_t place = reader->footer_offset;
    struct file_footer *footer = &reader->footer;
    memcpy(footer, at(reader, place), sizeof(*footer));
    if (BREAKS("FOOTER-1", memcmp(footer->magic, FORMAT_FOOTER_MAGIC, sizeof(footer->magic)) != 0))
        return CORRUPT(reader, place, "FOOTER-1", "the file does not end in a footer: it was cut or is not finished");
    if (BREAKS("FOOTER-2", le64_load(footer->checksum) != hash64(footer, offsetof(struct file_footer, checksum))))
        return CORRUPT(reader, place + offsetof(struct file_footer, checksum), "FOOTER-2",
                       "the footer's checksum is wrong");
    if (BREAKS("FOOTER-3", le64_load(footer->offset) != place || place % FORMAT_PAGE))
        return CORRUPT(reader, place + offsetof(struct file_footer, offset), "FOOTER-3",
                       "the footer is not where it says");
    if (BREAKS("FOOTER-4", !is_reserved(reader, footer->previous_footer.bytes, sizeof(footer->previous_footer)) ||
                               (!has_file_metadata(reader) && !is_reserved(reader, footer->file_metadata_size.bytes,
                                                                           sizeof(footer->file_metadata_size)))))
        return CORRUPT(reader, place + offsetof(struct file_footer, previous_footer), "FOOTER-4",
                       "a reserved byte of the footer is set");
    reader->commit_offset = le64_load(footer->commit_offset);
    const uint64_t commit_size = le64_load(footer->commit_size);
    if (BREAKS("FOOTER-5", reader->commit_offset < sizeof(struct file_header) || reader->commit_offset % FORMAT_ALIGN ||
                               commit_size < sizeof(struct commit_header) || commit_size % 8 ||
                               !range_fits(reader->commit_offset, commit_size, place)))
        return CORRUPT(reader, place + offsetof(struct file_footer, commit_offset), "FOOTER-5",
                       "the commit does not lie between header and footer");
    reader->commit_end = reader->commit_offset + commit_size;
    if (!reader->image && commit_size > reader->options.max_info_bytes)
        return fail(reader->error, PECS_E_LIMIT, "the commit has %" PRIu64 " bytes; the limit is %" PRIu64, commit_size,
                    reader->options.max_info_bytes);
    status = reader_fetch(reader, reader->commit_offset, commit_size);
    if (BREAKS("FOOTER-6", !status && le64_load(footer->commit_hash) !=
                                          hash64(at(reader, reader->commit_offset), (size_t)commit_size)))
        return CORRUPT(reader, place + offsetof(struct file_footer, commit_hash), "FOOTER-6",
                       "the commit's hash is wrong");
    return status;
}

/* Load and inspect: the snapshot id is the hash of the commit without it. */
static pecs_status check_snapshot_id(struct reader *reader)
{
    struct builder copy = { .pool = reader->pool };
    builder_append(&copy, at(reader, reader->commit_offset), (size_t)(reader->commit_end - reader->commit_offset));
    if (copy.failed)
        return fail_memory(reader->error);
    assert(copy.bytes);
    memset(copy.bytes + offsetof(struct commit_header, snapshot_id), 0, sizeof(reader->commit.snapshot_id));
    const pecs_id id = hash128(copy.bytes, copy.size_bytes);
    builder_deinit(&copy);
    if (BREAKS("COMMIT-9", memcmp(id.bytes, reader->commit.snapshot_id, sizeof(id.bytes)) != 0))
        return CORRUPT(reader, reader->commit_offset + offsetof(struct commit_header, snapshot_id), "COMMIT-9",
                       "the snapshot id is not the hash of the commit");
    return PECS_OK;
}

static pecs_status read_ends(struct reader *reader)
{
    if (BREAKS("FILE-2", reader->file_size < sizeof(struct file_header) + sizeof(struct file_footer)))
        return CORRUPT(reader, reader->file_size, "FILE-2", "the file is too short to be a PECS file");
    pecs_status status = read_header(reader);
    if (!status)
        status = read_footer(reader);
    return status ? status : reader_read_commit(reader);
}

/* What is beside the state: of an inspection the commit is what was fetched last. */
static pecs_status check_file(struct reader *reader)
{
    const pecs_status status = check_snapshot_id(reader);
    return status ? status : reader_read_file_metadata(reader, &reader->file_metadata);
}

static pecs_status read_file(struct reader *reader)
{
    pecs_status status = read_ends(reader);
    if (!status && !reader->image)
        return check_file(reader);
    for (uint32_t i = 0; !status && i < reader->segment_count; i++)
        status = reader_read_segment(reader, i);
    if (!status)
        status = reader_check_coverage(reader);
    if (!status && reader->file)
        status = check_file(reader);
    if (!status && reader->file)
        status = agree_check(reader->state, &reader->options, reader->error);
    const pecs_load_options *options = &reader->options;
    if (!status && reader->file && options->progress &&
        !options->progress(options->user, reader->file_size, reader->file_size))
        status = fail(reader->error, PECS_E_CANCELLED, "cancelled");
    return status;
}

static void read_options(struct reader *reader, const pecs_load_options *options)
{
    if (options)
        reader->options = *options;
    reader->pool = reader->registry->pool;
}

static pecs_status read_state(struct reader *reader, struct pecs_snapshot **ret_state)
{
    gate_init(&reader->gate, reader->pool);
    pecs_status status = state_create(reader->registry, &reader->state);
    if (status) {
        if (reader->image)
            node_release(reader->pool, &reader->image->node);
        gate_deinit(&reader->gate);
        return fail_memory(reader->error);
    }
    reader->state->image = reader->image;
    reader->gate.state_epoch = reader->gate.epoch; /* nobody else has it yet */
    status = read_file(reader);
    pool_release(reader->pool, reader->chunk_shifts, reader->chunk_shift_capacity);
    pool_release(reader->pool, reader->components, ((size_t)reader->type_count + 1) * sizeof(*reader->components));
    pool_release(reader->pool, reader->scratch, ((size_t)reader->type_count + 1) * sizeof(*reader->scratch));
    pool_release(reader->pool, reader->bits, bits_words(state_component_count(reader->state)) * sizeof(uint64_t));
    if (!reader->image)
        pool_release(reader->pool, reader->bytes, reader->part_bytes);
    gate_deinit(&reader->gate);
    if (reader->file_metadata && (status || !reader->wants_file_metadata))
        node_release(reader->pool, &reader->file_metadata->node);
    if (status)
        state_release(reader->state);
    else
        *ret_state = reader->state;
    return status;
}

pecs_status reader_resume(pecs_registry *registry, struct image *image, const pecs_load_options *options,
                          struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct reader reader = {
        .registry = registry,
        .image = image,
        .error = error,
        .file_size = image->size_bytes,
        .bytes = image->bytes,
    };
    read_options(&reader, options);
    return read_state(&reader, ret_state);
}

pecs_status reader_load(pecs_registry *registry, const struct os_file *file, const char *path, struct image *image,
                        const pecs_load_options *options, struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct reader reader = {
        .registry = registry,
        .image = image,
        .file = file,
        .path = path,
        .error = error,
        .file_size = image->size_bytes,
        .bytes = image->bytes,
    };
    read_options(&reader, options);
    return read_state(&reader, ret_state);
}

pecs_status reader_inspect(pecs_registry *registry, const struct os_file *file, const char *path,
                           const pecs_load_options *options, struct reader_facts *ret_facts,
                           struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct reader reader = {
        .registry = registry,
        .file = file,
        .path = path,
        .error = error,
        .file_size = file->size_bytes,
        .wants_file_metadata = true,
    };
    read_options(&reader, options);
    const pecs_status status = read_state(&reader, ret_state);
    if (status)
        return status;
    *ret_facts = (struct reader_facts){
        .version = le32_load(reader.header.version),
        .optional_features = le64_load(reader.header.optional_features),
        .wall_clock_ns = le64_load(reader.commit.wall_clock),
        .file_metadata = reader.file_metadata,
    };
    memcpy(ret_facts->snapshot_id.bytes, reader.commit.snapshot_id, sizeof(pecs_id));
    memcpy(ret_facts->parent_id.bytes, reader.commit.parent_id, sizeof(pecs_id));
    return PECS_OK;
}
