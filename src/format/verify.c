/*
 * Reads and hashes the pieces one by one, each while it is in the cache, on as many threads as the caller asks for.
 * Bytes between the parts must be zero, so every changed byte of a file is detected.
 */
#include "verify.h"

#include "error.h"
#include "hash.h"
#include "jobs.h"

struct verification {
    struct source *source;
    const struct image_parts *parts;
    const struct verify_options *options;
    const uint8_t *hashes; /* of the pieces, in the trailer */
};

static uint64_t verify_le64(const uint8_t *bytes)
{
    le64 value;
    memcpy(&value, bytes, sizeof(value));
    return le64_load(value);
}

/* Where piece `number` begins. */
static uint64_t verify_piece_start(const struct image_parts *parts, uint64_t number)
{
    return max_u64(parts->data_offset, (parts->data_offset / FORMAT_PIECE + number) * FORMAT_PIECE);
}

static uint64_t verify_piece_end(const struct image_parts *parts, uint64_t number)
{
    return min_u64(parts->data_offset + parts->data_size, verify_piece_start(parts, number + 1));
}

static pecs_status verify_piece(void *user, uint64_t number, pecs_error *error)
{
    const struct verification *verification = user;
    const struct image_parts *parts = verification->parts;
    const uint64_t offset = verify_piece_start(parts, number), size = verify_piece_end(parts, number) - offset;
    const uint8_t *bytes;
    const pecs_status status = source_get(verification->source, offset, size, &bytes, error);
    if (status)
        return status;
    RULE(error, "DATA-1", hash64(bytes, (size_t)size) != verify_le64(verification->hashes + number * sizeof(le64)),
         offset, "the hash of the data piece at this offset is wrong");
    return PECS_OK;
}

static bool verify_progress(void *user, uint64_t done_count)
{
    const struct verification *verification = user;
    const struct verify_options *options = verification->options;
    return options->progress(options->user, verify_piece_end(verification->parts, done_count - 1),
                             verification->source->size_bytes);
}

static pecs_status verify_trailer(struct source *source, const struct image_parts *parts, const uint8_t **ret_hashes,
                                  pecs_error *error)
{
    struct trailer_header trailer;
    const uint8_t *bytes;
    const pecs_status status = source_get(source, parts->trailer_offset, parts->trailer_size, &bytes, error);
    if (status)
        return status;
    const uint64_t end = parts->trailer_size - sizeof(le64), checksum = verify_le64(bytes + end);
    RULE(error, "TRAILER-1", checksum != hash64(bytes, (size_t)end) || checksum != parts->trailer_checksum,
         parts->trailer_offset + end, "the trailer's checksum is wrong");
    memcpy(&trailer, bytes, sizeof(trailer));
    RULE(error, "TRAILER-2",
         memcmp(trailer.magic, FORMAT_TRAILER_MAGIC, sizeof(trailer.magic)) != 0 || le32_load(trailer.sequence) != 0 ||
             le64_load(trailer.piece_count) != format_piece_count(parts->data_offset, parts->data_size),
         parts->trailer_offset, "the trailer is not that of its segment");
    *ret_hashes = bytes + sizeof(trailer);
    return PECS_OK;
}

pecs_status verify_data(struct source *source, const struct image_parts *parts, const struct verify_options *options,
                        pecs_error *error)
{
    struct verification verification = { source, parts, options, NULL };
    const pecs_status status = verify_trailer(source, parts, &verification.hashes, error);
    if (status)
        return status;
    const struct jobs jobs = { format_piece_count(parts->data_offset, parts->data_size), verify_piece, &verification,
                               options->thread_count, options->progress ? verify_progress : NULL };
    return jobs_run(&jobs, error);
}

/* A walk over a file from part to part. */
struct gap_walk {
    struct source *source;
    pecs_error *error;
    uint64_t end; /* of the last part */
};

/* `bytes` are those between the last part and the next one, which begins at an offset. */
static pecs_status verify_zeros(const struct gap_walk *walk, const uint8_t *bytes, uint64_t offset)
{
    uint64_t place = 0;
    if (bytes_are_zero(bytes, (size_t)(offset - walk->end)))
        return PECS_OK;
    while (!bytes[place])
        place++;
    RULE(walk->error, "GAP-1", true, walk->end + place, "a byte that belongs to no part of the file is not zero");
    return PECS_OK;
}

/* Of the gap before a part, outside of the data; then the walk is at the part's end. */
static pecs_status verify_gap(struct gap_walk *walk, uint64_t offset, uint64_t size_bytes)
{
    const uint8_t *bytes;
    pecs_status status = PECS_OK;
    if (offset > walk->end) {
        status = source_get(walk->source, walk->end, offset - walk->end, &bytes, walk->error);
        status = status ? status : verify_zeros(walk, bytes, offset);
    }
    walk->end = offset + size_bytes;
    return status;
}

/* The data begins where the walk is. A file that is mapped may have changed since its runs were checked. */
static pecs_status verify_data_gaps(struct gap_walk *walk, const struct image_parts *parts, const uint8_t *bytes)
{
    const uint64_t records_end = parts->prologue_offset + parts->prologue_size - sizeof(le64);
    const uint64_t data_end = parts->data_offset + parts->data_size;
    pecs_status status = PECS_OK;
    for (uint64_t at = parts->runs_offset; !status && at < records_end; at += sizeof(struct run_record)) {
        const uint64_t offset = verify_le64(bytes + at + offsetof(struct run_record, offset));
        const uint64_t size = verify_le64(bytes + at + offsetof(struct run_record, size));
        if (offset < walk->end || !range_fits(offset, size, data_end))
            return fail_rule(walk->error, PECS_E_CORRUPT, parts->prologue_offset, "SEGMENT-2",
                             "the prologue is not what it was when the file was opened");
        status = verify_zeros(walk, bytes + walk->end, offset);
        walk->end = offset + size;
    }
    if (!status)
        status = verify_zeros(walk, bytes + walk->end, data_end);
    walk->end = data_end;
    return status;
}

pecs_status verify_gaps(struct source *source, const struct image_parts *parts, const uint8_t *bytes, pecs_error *error)
{
    struct gap_walk walk = { source, error, sizeof(struct file_header) };
    if (!parts->has_zero_gaps)
        return PECS_OK;
    pecs_status status = verify_gap(&walk, parts->prologue_offset, parts->prologue_size);
    if (!status)
        status = verify_gap(&walk, parts->data_offset, 0);
    if (!status)
        status = verify_data_gaps(&walk, parts, bytes);
    if (!status)
        status = verify_gap(&walk, parts->trailer_offset, parts->trailer_size);
    if (!status)
        status = verify_gap(&walk, parts->commit_offset, parts->commit_size);
    if (!status && parts->file_metadata_end > walk.end) {
        const uint64_t start = format_file_metadata_offset(walk.end);
        status = verify_gap(&walk, start, parts->file_metadata_end - start);
    }
    return status ? status : verify_gap(&walk, source->size_bytes - sizeof(struct file_footer), 0);
}

pecs_status verify_image(const struct image *image, const struct verify_options *options, pecs_error *error)
{
    const struct image_parts *parts = &image->parts;
    const uint64_t prologue_end = parts->prologue_offset + parts->prologue_size - sizeof(le64);
    struct source_memory source;
    source_memory_init(&source, image->bytes, image->size_bytes);
    if (hash64(image->bytes + parts->commit_offset, (size_t)parts->commit_size) != parts->commit_hash)
        return fail_rule(error, PECS_E_CORRUPT, parts->commit_offset, "FOOTER-6",
                         "the commit is not what it was when the file was opened");
    if (verify_le64(image->bytes + prologue_end) != parts->prologue_checksum ||
        hash64(image->bytes + parts->prologue_offset, (size_t)(parts->prologue_size - sizeof(le64))) !=
            parts->prologue_checksum)
        return fail_rule(error, PECS_E_CORRUPT, parts->prologue_offset, "SEGMENT-2",
                         "the prologue is not what it was when the file was opened");
    pecs_status status = verify_data(&source.source, parts, options, error);
    if (!status)
        status = verify_gaps(&source.source, parts, image->bytes, error);
    if (!status && options->progress && !options->progress(options->user, image->size_bytes, image->size_bytes))
        return fail(error, PECS_E_CANCELLED, "cancelled");
    return status;
}
