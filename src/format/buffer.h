/*
 * Buffer: a growing run of bytes in memory. After a failed append `failed` stays set, and later appends do nothing.
 */
#ifndef PECS_FORMAT_BUFFER_H
#define PECS_FORMAT_BUFFER_H

#include "layout.h"
#include "memory.h"

struct buffer {
    struct pool *pool;
    uint8_t *bytes;
    size_t size_bytes, capacity;
    bool failed;
};

static inline void buffer_deinit(struct buffer *buffer)
{
    pool_release(buffer->pool, buffer->bytes, buffer->capacity);
    *buffer = (struct buffer){ .pool = buffer->pool };
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t size_bytes)
{
    if (buffer->failed || !size_bytes)
        return;
    buffer->failed =
        !pool_reserve(buffer->pool, (void **)&buffer->bytes, &buffer->capacity, buffer->size_bytes + size_bytes, 1);
    if (buffer->failed)
        return;
    memcpy(buffer->bytes + buffer->size_bytes, bytes, size_bytes);
    buffer->size_bytes += size_bytes;
}

/* Zeros up to a multiple of `align` from `start`, at most 8. */
static inline void buffer_pad(struct buffer *buffer, size_t start, size_t align)
{
    static const uint8_t zeros[8];
    buffer_append(buffer, zeros, (size_t)align_up(buffer->size_bytes - start, align) - (buffer->size_bytes - start));
}

static inline void buffer_append_le32(struct buffer *buffer, uint32_t number)
{
    const le32 value = le32_make(number);
    buffer_append(buffer, &value, sizeof(value));
}

static inline void buffer_append_le64(struct buffer *buffer, uint64_t number)
{
    const le64 value = le64_make(number);
    buffer_append(buffer, &value, sizeof(value));
}

#endif
