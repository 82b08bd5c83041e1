/*
 * Source: where the bytes of a file come from. Parsers ask for ranges and do not know whether these are in memory, read
 * into the image of a load, or read into memory of their own. The last two read an input, which is a file or a user's
 * source (pecs/stream.h).
 */
#ifndef PECS_FORMAT_SOURCE_H
#define PECS_FORMAT_SOURCE_H

#include "image.h"

#include <pecs/stream.h>

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

/* A whole file that can be read at any place: in memory, or by read_at. */
struct source_input {
    const pecs_source *from;
    const uint8_t *mapped; /* NULL: from->read_at reads it. Others may change it at any time, so it is copied once */
    uint64_t size_bytes;
};
/* Copies a range, which lies within the size. The errors of source_class.get, and any that the user's function gives.
 */
pecs_status source_input_read(const struct source_input *input, uint64_t offset, uint8_t *bytes, size_t size_bytes,
                              pecs_error *error);

/* A file that is read into memory of its size: each range to its place, when it is first asked for. */
struct source_image {
    struct source source;
    const struct source_input *input;
    uint8_t *bytes;
};
void source_image_init(struct source_image *source, const struct source_input *input, uint8_t *bytes);

/* A file of which few ranges are read, each into its own allocation. Single-threaded. */
struct source_part;
struct source_parts {
    struct source source;
    const struct source_input *input; /* may end before the parts */
    struct pool *pool;
    struct source_part *parts;
};
void source_parts_init(struct source_parts *source, const struct source_input *input, struct pool *pool);
void source_parts_deinit(struct source_parts *source);

#endif
