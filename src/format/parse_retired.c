/*
 * Parses the retired slots of a commit: a record for each chunk of the index with retired slots, then the differences
 * of all chunks. The parser copies them, because the world can outlive the commit's bytes; they are few.
 */
#include "parse.h"

/* Adds the chunk of each record. */
static pecs_status parse_chunks(struct parser *parser, struct retired *retired)
{
    const uint64_t chunk_count = retired_chunk_count(retired->first, retired->end);
    for (uint64_t chunk = 0; chunk < chunk_count; chunk++, parser->offset += sizeof(struct retired_record)) {
        struct retired_record record;
        memcpy(&record, parser_at(parser, parser->offset), sizeof(record));
        const uint32_t lowest = le32_load(record.lowest), width = le32_load(record.width);
        RULE(parser->error, "RETIRED-3", !lowest || lowest >= GENERATION_MAX || width > FORMAT_RETIRED_WIDTH_MAX,
             parser->offset, "retired slots cannot have generations of %u bits from %u on", width, lowest);
        retired_add_chunk(retired, chunk, lowest, width);
    }
    return PECS_OK;
}

pecs_status parse_retired(struct parser *parser, uint64_t metadata_offset)
{
    struct model *model = parser->model;
    const uint64_t first = model->slot_count, count = model->retired_count;
    RULE(parser->error, "RETIRED-1", !count || count > SLOT_COUNT_MAX - first,
         parser->first_offset + offsetof(struct commit_header, retired_count),
         "the commit cannot have %" PRIu64 " retired slots", count);
    const uint64_t size = retired_chunk_count(first, first + count) * sizeof(struct retired_record);
    RULE(parser->error, "RETIRED-2", size > metadata_offset - parser->offset, parser->offset,
         "the commit is too short for its retired slots");
    struct retired *retired = model->retired = retired_allocate(model->pool, first, first + count);
    if (!retired)
        return fail_memory(parser->error);
    model->retired_offset = parser->offset;
    const pecs_status status = parse_chunks(parser, retired);
    if (status)
        return status;
    RULE(parser->error, "RETIRED-4", retired->size_bytes != metadata_offset - parser->offset, parser->offset,
         "the metadata does not begin after the generations of the retired slots");
    if (!retired_reserve(model->pool, retired))
        return fail_memory(parser->error);
    if (retired->size_bytes)
        memcpy(retired->differences, parser_at(parser, parser->offset), (size_t)retired->size_bytes);
    parser->offset = metadata_offset;
    return PECS_OK;
}

/* Checks that the packing is canonical and that the generations are in range. */
static bool retired_chunk_is_valid(const struct retired *retired, uint64_t chunk)
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

pecs_status model_check_retired(const struct model *model, pecs_error *error)
{
    const struct retired *retired = model->retired;
    const uint64_t chunk_count = retired ? retired_chunk_count(retired->first, retired->end) : 0;
    for (uint64_t chunk = 0; chunk < chunk_count; chunk++)
        RULE(error, "RETIRED-5", !retired_chunk_is_valid(retired, chunk),
             model->retired_offset + chunk * sizeof(struct retired_record),
             "the generations of retired slots are not packed canonically");
    return PECS_OK;
}
