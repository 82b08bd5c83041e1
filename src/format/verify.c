#include "verify.h"

#include "error.h"
#include "hash.h"
#include "layout.h"

static uint64_t le64_in(const struct image *image, uint64_t offset)
{
    le64 value;
    memcpy(&value, image->bytes + offset, sizeof(value));
    return le64_load(value);
}

/* A part that ends in its checksum. */
static bool is_whole(const struct image *image, uint64_t offset, uint64_t size, uint64_t checksum)
{
    const uint64_t end = offset + size - sizeof(le64);
    return le64_in(image, end) == checksum && hash64(image->bytes + offset, (size_t)(end - offset)) == checksum;
}

static pecs_status verify_structure(const struct image *image, pecs_error *error)
{
    const struct image_parts *parts = &image->parts;
    if (hash64(image->bytes + parts->commit_offset, (size_t)parts->commit_size) != parts->commit_hash)
        return fail_rule(error, PECS_E_CORRUPT, parts->commit_offset, "FOOTER-6",
                         "the commit is not what it was when the file was opened");
    if (!is_whole(image, parts->prologue_offset, parts->prologue_size, parts->prologue_checksum))
        return fail_rule(error, PECS_E_CORRUPT, parts->prologue_offset, "SEGMENT-2",
                         "the prologue is not what it was when the file was opened");
    if (!is_whole(image, parts->trailer_offset, parts->trailer_size, parts->trailer_checksum))
        return fail_rule(error, PECS_E_CORRUPT, parts->trailer_offset, "TRAILER-1",
                         "the trailer is not what it was when the file was opened");
    return PECS_OK;
}

pecs_status verify_image(const struct image *image, pecs_progress_function progress, void *user, pecs_error *error)
{
    const struct image_parts *parts = &image->parts;
    const uint64_t end = parts->data_offset + parts->data_size;
    uint64_t expected = parts->trailer_offset + sizeof(struct trailer_header);
    pecs_status status = verify_structure(image, error);
    for (uint64_t offset = parts->data_offset; !status && offset < end; expected += sizeof(le64)) {
        const uint64_t next = min_u64(end, align_up(offset + 1, FORMAT_PIECE));
        if (hash64(image->bytes + offset, (size_t)(next - offset)) != le64_in(image, expected))
            status = fail_rule(error, PECS_E_CORRUPT, offset, "DATA-1",
                               "the data piece at this offset is not what it was when the file was written");
        else if (progress && !progress(user, next, image->size_bytes))
            status = fail(error, PECS_E_CANCELLED, "cancelled");
        offset = next;
    }
    if (!status && progress && !progress(user, image->size_bytes, image->size_bytes))
        status = fail(error, PECS_E_CANCELLED, "cancelled");
    return status;
}
