/*
 * The retired slots of a commit: a record for each chunk of the index that any of them lies in, then the differences of
 * all chunks. They are copied: an edit of the world may outlive the commit's bytes, and they are few.
 */
#include "reader_parts.h"

static pecs_status read_retired_count(const struct reader *reader, uint64_t *ret_count)
{
    const uint64_t count = le64_load(reader->commit.retired_count), slots = le64_load(reader->commit.slot_count);
    if (BREAKS("RETIRED-1", !count || count > SLOT_COUNT_MAX - slots))
        return CORRUPT(reader, reader->commit_offset + offsetof(struct commit_header, retired_count), "RETIRED-1",
                       "the commit cannot have %" PRIu64 " retired slots", count);
    *ret_count = count;
    return PECS_OK;
}

/* Adds the chunks of the records at `offset`. */
static pecs_status read_chunks(struct reader *reader, uint64_t offset, struct retired *retired)
{
    const uint64_t chunk_count = retired_chunk_count(retired->first, retired->end);
    for (uint64_t chunk = 0; chunk < chunk_count; chunk++, offset += sizeof(struct retired_record)) {
        struct retired_record record;
        memcpy(&record, at(reader, offset), sizeof(record));
        const uint32_t lowest = le32_load(record.lowest), width = le32_load(record.width);
        if (BREAKS("RETIRED-3", !lowest || lowest >= GENERATION_MAX || width > FORMAT_RETIRED_WIDTH_MAX))
            return CORRUPT(reader, offset, "RETIRED-3", "retired slots cannot have generations of %u bits from %u on",
                           width, lowest);
        retired_add_chunk(retired, chunk, lowest, width);
    }
    return PECS_OK;
}

/* Load and inspect: the differences are those that a writer would write, and tell generations that can be. */
static bool differences_are_valid(const struct retired *retired, uint64_t chunk)
{
    const uint64_t slots = retired_chunk_slots(retired, chunk);
    const uint32_t lowest = retired->chunks[chunk].lowest, width = retired->chunks[chunk].width;
    const uint8_t *bytes = retired->differences + retired->chunks[chunk].offset;
    uint32_t least = UINT32_MAX, most = 0;
    for (uint64_t n = 0; width && n < slots; n++) {
        const uint32_t difference = retired_difference(retired, chunk, n);
        least = difference < least ? difference : least;
        most = difference > most ? difference : most;
    }
    for (uint64_t bit = slots * width; bit < 8 * retired_chunk_bytes(slots, width); bit++)
        if (bytes[bit / 8] >> bit % 8 & 1)
            return false;
    return !width || (!least && most >> (width - 1) && most < GENERATION_MAX - lowest);
}

static pecs_status read_differences(struct reader *reader, uint64_t records, uint64_t offset, struct retired *retired)
{
    if (BREAKS("RETIRED-4", retired->size_bytes != reader->commit_end - reader->metadata_size - offset))
        return CORRUPT(reader, offset, "RETIRED-4",
                       "the metadata does not begin after the generations of the retired slots");
    if (!retired_reserve(reader->pool, retired))
        return fail_memory(reader->error);
    if (retired->size_bytes)
        memcpy(retired->differences, at(reader, offset), (size_t)retired->size_bytes);
    const uint64_t chunk_count = reader->file ? retired_chunk_count(retired->first, retired->end) : 0;
    for (uint64_t chunk = 0; chunk < chunk_count; chunk++)
        if (BREAKS("RETIRED-5", !differences_are_valid(retired, chunk)))
            return CORRUPT(reader, records + chunk * sizeof(struct retired_record), "RETIRED-5",
                           "the generations of retired slots are not packed as they must be");
    return PECS_OK;
}

pecs_status reader_read_retired(struct reader *reader, uint64_t *offset)
{
    uint64_t count = 0;
    if (!(le64_load(reader->header.required_features) & FEATURE_RETIRED))
        return PECS_OK;
    pecs_status status = read_retired_count(reader, &count);
    if (status)
        return status;
    const uint64_t first = le64_load(reader->commit.slot_count), left = reader->commit_end - reader->metadata_size;
    const uint64_t size = retired_chunk_count(first, first + count) * sizeof(struct retired_record);
    if (BREAKS("RETIRED-2", size > left - *offset))
        return CORRUPT(reader, *offset, "RETIRED-2", "the commit is too short for its retired slots");
    struct retired *retired = retired_allocate(reader->pool, first, first + count);
    if (!retired)
        return fail_memory(reader->error);
    reader->state->retired = retired;
    status = read_chunks(reader, *offset, retired);
    if (!status)
        status = read_differences(reader, *offset, *offset + size, retired);
    *offset += size + retired->size_bytes;
    return status;
}
