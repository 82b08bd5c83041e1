/* The three kinds of sources: memory, the image of a load, and parts. */
#include "source.h"

#include "error.h"

#include <inttypes.h>
#include <string.h>

static pecs_status source_memory_get(struct source *source, uint64_t offset, uint64_t size_bytes,
                                     const uint8_t **ret_bytes, pecs_error *error)
{
    (void)size_bytes;
    (void)error;
    *ret_bytes = ((const struct source_memory *)source)->bytes + offset;
    return PECS_OK;
}

void source_memory_init(struct source_memory *source, const uint8_t *bytes, uint64_t size_bytes)
{
    static const struct source_class class = { source_memory_get, true };
    *source = (struct source_memory){ { &class, size_bytes }, bytes };
}

pecs_status source_input_read(const struct source_input *input, uint64_t offset, uint8_t *bytes, size_t size_bytes,
                              pecs_error *error)
{
    const pecs_source *from = input->from;
    if (input->mapped) {
        memcpy(bytes, input->mapped + offset, size_bytes);
        return PECS_OK;
    }
    for (size_t done = 0; done < size_bytes;) {
        pecs_error why = { .status = PECS_OK };
        size_t count = 0;
        const pecs_status status =
            from->read_at(from->user, offset + done, bytes + done, size_bytes - done, &count, &why);
        if (status)
            return fail_as(error, status, &why, "read_at of the source");
        if (count > size_bytes - done)
            return fail(error, PECS_E_MISUSE, "read_at of the source gave %zu bytes where %zu were asked for", count,
                        size_bytes - done);
        if (!count)
            return fail_rule(error, PECS_E_CORRUPT, offset + done, "FILE-1",
                             "the file ended before its size of %" PRIu64 " bytes", input->size_bytes);
        done += count;
    }
    return PECS_OK;
}

static pecs_status source_image_get(struct source *source, uint64_t offset, uint64_t size_bytes,
                                    const uint8_t **ret_bytes, pecs_error *error)
{
    const struct source_image *image = (const struct source_image *)source;
    *ret_bytes = image->bytes + offset;
    return source_input_read(image->input, offset, image->bytes + offset, (size_t)size_bytes, error);
}

void source_image_init(struct source_image *source, const struct source_input *input, uint8_t *bytes)
{
    static const struct source_class class = { source_image_get, true };
    *source = (struct source_image){ { &class, input->size_bytes }, input, bytes };
}

struct source_part {
    struct source_part *next;
    size_t size_bytes; /* of this and the bytes behind it */
    uint8_t bytes[];
};

static pecs_status source_parts_get(struct source *source, uint64_t offset, uint64_t size_bytes,
                                    const uint8_t **ret_bytes, pecs_error *error)
{
    struct source_parts *parts = (struct source_parts *)source;
    const size_t size = sizeof(struct source_part) + (size_t)size_bytes;
    struct source_part *part = size_bytes < SIZE_MAX / 2 ? pool_allocate(parts->pool, size) : NULL;
    if (!part)
        return fail_memory(error);
    part->next = parts->parts;
    part->size_bytes = size;
    parts->parts = part;
    *ret_bytes = part->bytes;
    return source_input_read(parts->input, offset, part->bytes, (size_t)size_bytes, error);
}

void source_parts_init(struct source_parts *source, const struct source_input *input, struct pool *pool)
{
    static const struct source_class class = { source_parts_get, false };
    *source = (struct source_parts){ { &class, input->size_bytes }, input, pool, NULL };
}

void source_parts_deinit(struct source_parts *source)
{
    while (source->parts) {
        struct source_part *part = source->parts;
        source->parts = part->next;
        pool_release(source->pool, part, part->size_bytes);
    }
}
