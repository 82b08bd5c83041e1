/* The three kinds of sources: memory, the image of a load, and parts. */
#include "source.h"

#include "error.h"

static pecs_status memory_get(struct source *source, uint64_t offset, uint64_t size_bytes, const uint8_t **ret_bytes,
                              pecs_error *error)
{
    (void)size_bytes;
    (void)error;
    *ret_bytes = ((const struct source_memory *)source)->bytes + offset;
    return PECS_OK;
}

void source_memory_init(struct source_memory *source, const uint8_t *bytes, uint64_t size_bytes)
{
    static const struct source_class class = { memory_get, true };
    *source = (struct source_memory){ { &class, size_bytes }, bytes };
}

static pecs_status image_get(struct source *source, uint64_t offset, uint64_t size_bytes, const uint8_t **ret_bytes,
                             pecs_error *error)
{
    const struct source_image *image = (const struct source_image *)source;
    *ret_bytes = image->bytes + offset;
    return os_file_read(image->file, image->path, image->bytes + offset, (size_t)size_bytes, offset, error);
}

void source_image_init(struct source_image *source, const struct os_file *file, const char *path, uint8_t *bytes)
{
    static const struct source_class class = { image_get, true };
    *source = (struct source_image){ { &class, file->size_bytes }, file, path, bytes };
}

struct source_part {
    struct source_part *next;
    size_t size_bytes; /* of this and the bytes behind it */
    uint8_t bytes[];
};

static pecs_status parts_get(struct source *source, uint64_t offset, uint64_t size_bytes, const uint8_t **ret_bytes,
                             pecs_error *error)
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
    return os_file_read(parts->file, parts->path, part->bytes, (size_t)size_bytes, offset, error);
}

void source_parts_init(struct source_parts *source, const struct os_file *file, const char *path, struct pool *pool)
{
    static const struct source_class class = { parts_get, false };
    *source = (struct source_parts){ { &class, file->size_bytes }, file, path, pool, NULL };
}

void source_parts_deinit(struct source_parts *source)
{
    while (source->parts) {
        struct source_part *part = source->parts;
        source->parts = part->next;
        pool_release(source->pool, part, part->size_bytes);
    }
}
