/*
 * Builder: a growing run of bytes in memory. After a failed append `failed` stays set, and nothing is added any more.
 */
#ifndef PECS_FORMAT_BUILDER_H
#define PECS_FORMAT_BUILDER_H

#include "layout.h"
#include "memory.h"

struct builder {
    struct pool *pool;
    uint8_t *bytes;
    size_t size_bytes, capacity;
    bool failed;
};

static inline void builder_deinit(struct builder *builder)
{
    pool_release(builder->pool, builder->bytes, builder->capacity);
    *builder = (struct builder){ .pool = builder->pool };
}

static inline void builder_append(struct builder *builder, const void *bytes, size_t size_bytes)
{
    if (builder->failed || !size_bytes)
        return;
    builder->failed =
        !pool_reserve(builder->pool, (void **)&builder->bytes, &builder->capacity, builder->size_bytes + size_bytes, 1);
    if (builder->failed)
        return;
    memcpy(builder->bytes + builder->size_bytes, bytes, size_bytes);
    builder->size_bytes += size_bytes;
}

/* Zeros up to a multiple of `align` from `start`, at most 8. */
static inline void builder_pad(struct builder *builder, size_t start, size_t align)
{
    static const uint8_t zeros[8];
    builder_append(builder, zeros,
                   (size_t)align_up(builder->size_bytes - start, align) - (builder->size_bytes - start));
}

static inline void builder_append_le32(struct builder *builder, uint32_t number)
{
    const le32 value = le32_make(number);
    builder_append(builder, &value, sizeof(value));
}

static inline void builder_append_le64(struct builder *builder, uint64_t number)
{
    const le64 value = le64_make(number);
    builder_append(builder, &value, sizeof(value));
}

#endif
