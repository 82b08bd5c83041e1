/*
 * Reads and hashes the pieces one by one, each while it is in the cache, on as many threads as the caller asks for.
 * Bytes between the parts must be zero, so every changed byte of a file is detected.
 */
#include "verify.h"

#include "error.h"
#include "hash.h"
#include "jobs.h"

/* A segment among the jobs. */
struct verify_segment_jobs {
    uint64_t first;        /* its first job */
    const uint8_t *hashes; /* of the pieces, in the trailer */
};

struct verification {
    const struct verify_plan *plan;
    const struct verify_options *options;
    struct verify_segment_jobs *segments;
    uint32_t segment_count; /* those that have their jobs: not the ones behind a wrong trailer */
    uint64_t job_count;
};

static uint64_t verify_le64(const uint8_t *bytes)
{
    le64 value;
    memcpy(&value, bytes, sizeof(value));
    return le64_load(value);
}

/* Where piece `number` begins. */
static uint64_t verify_piece_start(const struct segment_parts *parts, uint64_t number)
{
    return max_u64(parts->data_offset, (parts->data_offset / FORMAT_PIECE + number) * FORMAT_PIECE);
}

static uint64_t verify_piece_end(const struct segment_parts *parts, uint64_t number)
{
    return min_u64(parts->data_offset + parts->data_size, verify_piece_start(parts, number + 1));
}

/* Whether bytes from `start` to `end` - 1 are in a range: in the first that does not end before them, if in any. */
static bool verify_has_some(struct verify_ranges ranges, uint64_t start, uint64_t end)
{
    size_t low = 0, high = ranges.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ranges.list[middle].offset + ranges.list[middle].size <= start)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < ranges.count && !ranges.list[low].size)
        low++;
    return low < ranges.count && ranges.list[low].offset < end;
}

/* `hashes` are those of the trailer. */
static pecs_status verify_hash(const struct segment_parts *parts, uint64_t number, uint64_t hash, const uint8_t *hashes,
                               pecs_error *error)
{
    RULE(error, "DATA-1", hash != verify_le64(hashes + number * sizeof(le64)), verify_piece_start(parts, number),
         "the hash of the data piece at this offset is wrong");
    return PECS_OK;
}

static pecs_status verify_piece(const struct segment_parts *parts, uint64_t number, const uint8_t *bytes,
                                const uint8_t *hashes, pecs_error *error)
{
    const uint64_t size = verify_piece_end(parts, number) - verify_piece_start(parts, number);
    return verify_hash(parts, number, hash64(bytes, (size_t)size), hashes, error);
}

static pecs_status verify_trailer(const struct segment_parts *parts, uint32_t sequence, const uint8_t *bytes,
                                  pecs_error *error)
{
    struct trailer_header trailer;
    const uint64_t end = parts->trailer_size - sizeof(le64), checksum = verify_le64(bytes + end);
    RULE(error, "TRAILER-1", checksum != hash64(bytes, (size_t)end) || checksum != parts->trailer_checksum,
         parts->trailer_offset + end, "the trailer's checksum is wrong");
    memcpy(&trailer, bytes, sizeof(trailer));
    RULE(error, "TRAILER-2",
         memcmp(trailer.magic, FORMAT_TRAILER_MAGIC, sizeof(trailer.magic)) != 0 ||
             le32_load(trailer.sequence) != sequence ||
             le64_load(trailer.piece_count) != format_piece_count(parts->data_offset, parts->data_size),
         parts->trailer_offset, "the trailer is not that of its segment");
    return PECS_OK;
}

/* --- jobs --- */

static enum verify_way verify_way_of(const struct verify_plan *plan, uint32_t segment)
{
    return plan->ways ? (enum verify_way)plan->ways[segment] : VERIFY_PIECES;
}

/* The segment that has a job: the last that begins at or before it. Those without jobs begin where the next one does.
 */
static uint32_t verify_segment_of(const struct verification *verification, uint64_t job)
{
    uint32_t low = 0, high = verification->segment_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (verification->segments[middle].first <= job)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static pecs_status verify_job(void *user, uint64_t job, pecs_error *error)
{
    const struct verification *verification = user;
    const struct verify_plan *plan = verification->plan;
    const uint32_t segment = verify_segment_of(verification, job);
    const struct segment_parts *parts = image_segment(plan->parts, segment);
    if (verify_way_of(plan, segment) == VERIFY_AT_ONCE)
        return plan->check(plan->user, segment, error);
    const uint64_t number = job - verification->segments[segment].first;
    const uint64_t offset = verify_piece_start(parts, number), end = verify_piece_end(parts, number);
    const uint8_t *bytes;
    if (!verify_has_some(plan->ranges, offset, end))
        return PECS_OK;
    const pecs_status status = source_get(plan->data, offset, end - offset, &bytes, error);
    return status ? status : verify_piece(parts, number, bytes, verification->segments[segment].hashes, error);
}

static bool verify_progress(void *user, uint64_t done_count)
{
    const struct verification *verification = user;
    const struct verify_options *options = verification->options;
    const struct verify_plan *plan = verification->plan;
    const uint32_t segment = verify_segment_of(verification, done_count - 1);
    const struct segment_parts *parts = image_segment(plan->parts, segment);
    const uint64_t end = verify_way_of(plan, segment) == VERIFY_AT_ONCE
                             ? parts->data_offset + parts->data_size
                             : verify_piece_end(parts, done_count - 1 - verification->segments[segment].first);
    return options->progress(options->user, end, plan->structure->size_bytes);
}

/* Gives the segment its jobs. */
static pecs_status verify_begin_segment(struct verification *verification, uint32_t number, pecs_error *error)
{
    const struct verify_plan *plan = verification->plan;
    const struct segment_parts *parts = image_segment(plan->parts, number);
    const enum verify_way way = verify_way_of(plan, number);
    const uint8_t *trailer;
    verification->segments[number].first = verification->job_count;
    verification->segment_count = number + 1;
    verification->job_count += way == VERIFY_AT_ONCE;
    if (way != VERIFY_PIECES ||
        !verify_has_some(plan->ranges, parts->data_offset, parts->data_offset + parts->data_size))
        return PECS_OK;
    pecs_status status = source_get(plan->structure, parts->trailer_offset, parts->trailer_size, &trailer, error);
    if (!status)
        status = verify_trailer(parts, number, trailer, error);
    if (status)
        return status;
    verification->segments[number].hashes = trailer + sizeof(struct trailer_header);
    verification->job_count += format_piece_count(parts->data_offset, parts->data_size);
    return PECS_OK;
}

pecs_status verify_data(const struct verify_plan *plan, const struct verify_options *options, pecs_error *error)
{
    const uint32_t segment_count = plan->parts->segment_count;
    const size_t bytes = segment_count * sizeof(struct verify_segment_jobs);
    struct verification verification = { .plan = plan, .options = options };
    pecs_error why = { .message = "" };
    pecs_status status = PECS_OK;
    verification.segments = pool_allocate_zeroed(plan->pool, bytes);
    if (!verification.segments)
        return fail_memory(error);
    for (uint32_t i = 0; !status && i < segment_count; i++)
        status = verify_begin_segment(&verification, i, &why);
    const struct jobs jobs = { .count = verification.job_count,
                               .run = verify_job,
                               .user = &verification,
                               .thread_count = options->thread_count,
                               .progress = options->progress ? verify_progress : NULL };
    const pecs_status before = jobs_run(&jobs, error); /* of the segments before a trailer that is wrong */
    pool_release(plan->pool, verification.segments, bytes);
    if (!before && status && error)
        *error = why;
    return before ? before : status;
}

/* --- gaps --- */

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

/* Where a run or a block lies in the file. */
struct verify_range {
    uint64_t offset, size;
};

static struct verify_range verify_range_of(const uint8_t *record, bool is_block)
{
    const size_t offset = is_block ? offsetof(struct block_record, offset) : offsetof(struct run_record, offset);
    const size_t size = is_block ? offsetof(struct block_record, size) : offsetof(struct run_record, size);
    return (struct verify_range){ verify_le64(record + offset), verify_le64(record + size) };
}

/*
 * The data begins where the walk is, which is its first byte. A file that is mapped may have changed since its runs
 * were checked.
 */
static pecs_status verify_data_gaps(struct gap_walk *walk, const struct segment_parts *segment, bool has_blocks,
                                    const uint8_t *records, const uint8_t *data)
{
    const uint64_t records_bytes =
        segment->prologue_offset + segment->prologue_size - sizeof(le64) - segment->runs_offset;
    const uint64_t data_first = segment->data_offset, data_end = data_first + segment->data_size;
    const size_t record_bytes = has_blocks ? sizeof(struct block_record) : sizeof(struct run_record);
    pecs_status status = PECS_OK;
    for (uint64_t at = 0; !status && at < records_bytes; at += record_bytes) {
        const struct verify_range range = verify_range_of(records + at, has_blocks);
        if (range.offset < walk->end || !range_fits(range.offset, range.size, data_end))
            return fail_rule(walk->error, PECS_E_CORRUPT, segment->prologue_offset, "SEGMENT-2",
                             "the prologue is not what it was when the file was opened");
        status = verify_zeros(walk, data + (walk->end - data_first), range.offset);
        walk->end = range.offset + range.size;
    }
    if (!status)
        status = verify_zeros(walk, data + (walk->end - data_first), data_end);
    walk->end = data_end;
    return status;
}

pecs_status verify_segment(const struct segment_parts *segment, uint32_t number, const uint8_t *bytes,
                           pecs_error *error)
{
    const uint64_t piece_count = format_piece_count(segment->data_offset, segment->data_size);
    const uint8_t *trailer = bytes + (segment->trailer_offset - segment->data_offset);
    pecs_status status = verify_trailer(segment, number, trailer, error);
    for (uint64_t i = 0; !status && i < piece_count; i++)
        status = verify_piece(segment, i, bytes + (verify_piece_start(segment, i) - segment->data_offset),
                              trailer + sizeof(struct trailer_header), error);
    return status;
}

pecs_status verify_hashes(const struct segment_parts *segment, uint32_t number, const uint8_t *hashes,
                          const uint8_t *trailer, pecs_error *error)
{
    const uint64_t piece_count = format_piece_count(segment->data_offset, segment->data_size);
    pecs_status status = verify_trailer(segment, number, trailer, error);
    for (uint64_t i = 0; !status && i < piece_count; i++)
        status = verify_hash(segment, i, verify_le64(hashes + i * sizeof(le64)),
                             trailer + sizeof(struct trailer_header), error);
    return status;
}

pecs_status verify_part_gaps(const struct segment_parts *segment, bool has_blocks, const uint8_t *records,
                             const uint8_t *bytes, pecs_error *error)
{
    struct gap_walk walk = { NULL, error, segment->data_offset };
    const pecs_status status = verify_data_gaps(&walk, segment, has_blocks, records, bytes);
    return status ? status : verify_zeros(&walk, bytes + segment->data_size, segment->trailer_offset);
}

static pecs_status verify_segment_gaps(struct gap_walk *walk, const struct segment_parts *segment, bool has_blocks,
                                       const uint8_t *records, const uint8_t *data)
{
    pecs_status status = verify_gap(walk, segment->prologue_offset, segment->prologue_size);
    if (!status)
        status = verify_gap(walk, segment->data_offset, 0);
    if (!status)
        status = verify_data_gaps(walk, segment, has_blocks, records, data + segment->data_offset);
    return status ? status : verify_gap(walk, segment->trailer_offset, segment->trailer_size);
}

/* The data and what follows it to the trailer were checked with the hashes. */
static pecs_status verify_prologue_gaps(struct gap_walk *walk, const struct segment_parts *segment)
{
    pecs_status status = verify_gap(walk, segment->prologue_offset, segment->prologue_size);
    if (!status)
        status = verify_gap(walk, segment->data_offset, 0);
    walk->end = segment->trailer_offset + segment->trailer_size;
    return status;
}

/* Behind the commit, at whose end the walk is. */
static pecs_status verify_tail_gaps(struct gap_walk *walk, const struct image_parts *parts)
{
    pecs_status status = PECS_OK;
    if (parts->file_metadata_end > walk->end) {
        const uint64_t start = format_file_metadata_offset(walk->end);
        status = verify_gap(walk, start, parts->file_metadata_end - start);
    }
    return status ? status : verify_gap(walk, walk->source->size_bytes - sizeof(struct file_footer), 0);
}

pecs_status verify_end_gaps(struct source *source, const struct image_parts *parts, pecs_error *error)
{
    struct gap_walk walk = { source, error, parts->commit_offset + parts->commit_size };
    return parts->has_zero_gaps ? verify_tail_gaps(&walk, parts) : PECS_OK;
}

pecs_status verify_gaps(const struct verify_plan *plan, const uint8_t *const *records, const uint8_t *data,
                        pecs_error *error)
{
    struct image_parts *parts = plan->parts;
    struct gap_walk walk = { plan->structure, error, sizeof(struct file_header) };
    pecs_status status = PECS_OK;
    if (!parts->has_zero_gaps)
        return PECS_OK;
    for (uint32_t i = 0; !status && i < parts->segment_count; i++) {
        const struct segment_parts *segment = image_segment(parts, i);
        status = verify_way_of(plan, i) == VERIFY_AT_ONCE
                     ? verify_prologue_gaps(&walk, segment)
                     : verify_segment_gaps(&walk, segment, parts->has_blocks,
                                           records ? records[i] : data + segment->runs_offset, data);
    }
    if (!status)
        status = verify_gap(&walk, parts->commit_offset, parts->commit_size);
    return status ? status : verify_tail_gaps(&walk, parts);
}

static bool verify_prologue_is_as_it_was(const struct image *image, const struct segment_parts *segment)
{
    const uint64_t size = segment->prologue_size - sizeof(le64);
    const uint8_t *bytes = image->bytes + segment->prologue_offset;
    return verify_le64(bytes + size) == segment->prologue_checksum &&
           hash64(bytes, (size_t)size) == segment->prologue_checksum;
}

pecs_status verify_image(struct image *image, struct pool *pool, const struct verify_options *options,
                         pecs_error *error)
{
    static const struct model_range everything = { 0, UINT64_MAX };
    struct image_parts *parts = &image->parts;
    struct source_memory source;
    source_memory_init(&source, image->bytes, image->size_bytes);
    if (hash64(image->bytes + parts->commit_offset, (size_t)parts->commit_size) != parts->commit_hash)
        return fail_rule(error, PECS_E_CORRUPT, parts->commit_offset, "FOOTER-6",
                         "the commit is not what it was when the file was opened");
    for (uint32_t i = 0; i < parts->segment_count; i++) {
        const struct segment_parts *segment = image_segment(parts, i);
        if (!verify_prologue_is_as_it_was(image, segment))
            return fail_rule(error, PECS_E_CORRUPT, segment->prologue_offset, "SEGMENT-2",
                             "the prologue is not what it was when the file was opened");
    }
    const struct verify_plan plan = {
        .pool = pool, .parts = parts, .structure = &source.source, .data = &source.source, .ranges = { &everything, 1 }
    };
    pecs_status status = verify_data(&plan, options, error);
    if (!status)
        status = verify_gaps(&plan, NULL, image->bytes, error);
    if (!status && options->progress && !options->progress(options->user, image->size_bytes, image->size_bytes))
        return fail(error, PECS_E_CANCELLED, "cancelled");
    return status;
}
