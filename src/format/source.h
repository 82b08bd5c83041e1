/*
 * Source: where the bytes of a file come from. Parsers ask for ranges and do not know whether these are mapped, read
 * into the image of a load, or read into memory of their own. Another kind (a callback) is another class.
 */
#ifndef PECS_FORMAT_SOURCE_H
#define PECS_FORMAT_SOURCE_H

#include "image.h"

struct source;
struct source_class {
    /*
     * The bytes of a range, which lies within the size and is not empty. They stay as long as the source, and none is
     * read twice. PECS_E_IO, PECS_E_MEMORY, PECS_E_CORRUPT (the file became shorter).
     */
    pecs_status (*get)(struct source *source, uint64_t offset, uint64_t size_bytes, const uint8_t **ret_bytes,
                       pecs_error *error);
    /* several threads may call get at the same time */
    bool is_shared;
};
struct source {
    const struct source_class *class;
    uint64_t size_bytes; /* of the file */
};
static inline pecs_status source_get(struct source *source, uint64_t offset, uint64_t size_bytes,
                                     const uint8_t **ret_bytes, pecs_error *error)
{
    return source->class->get(source, offset, size_bytes, ret_bytes, error);
}

/* A file that is in memory: mapped, or read before. */
struct source_memory {
    struct source source;
    const uint8_t *bytes;
};
void source_memory_init(struct source_memory *source, const uint8_t *bytes, uint64_t size_bytes);

/* A file that is read into memory of its size: each range to its place, when it is first asked for. */
struct source_image {
    struct source source;
    const struct os_file *file;
    const char *path;
    uint8_t *bytes;
};
void source_image_init(struct source_image *source, const struct os_file *file, const char *path, uint8_t *bytes);

/* A file of which few ranges are read, each into its own allocation. Single-threaded. */
struct source_part;
struct source_parts {
    struct source source;
    const struct os_file *file;
    const char *path;
    struct pool *pool;
    struct source_part *parts;
};
void source_parts_init(struct source_parts *source, const struct os_file *file, const char *path, struct pool *pool);
void source_parts_deinit(struct source_parts *source);

#endif
