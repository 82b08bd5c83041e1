/*
 * Saving into memory. The memory is an array of the registry's pool that begins with a head, so that its owner can
 * release it by its address alone, on any thread, after the snapshot and all other references to the registry are gone.
 */
#include "error.h"
#include "state.h"

#include <pecs/stream.h>

struct memory_head {
    pecs_registry *registry; /* a reference */
    size_t size_bytes;       /* with the head */
    uint32_t source;         /* of the pool */
};

/* The head takes as much as keeps the bytes after it aligned. */
enum { HEAD_BYTES = ARRAY_ALIGN, MEMORY_FIRST_BYTES = 1024 * 1024 };
static_assert(sizeof(struct memory_head) <= HEAD_BYTES, "the head fits");

struct memory_sink {
    struct pool *pool;
    uint8_t *memory; /* NULL: none was taken */
    size_t size_bytes, written_bytes;
    uint32_t source;
};

static pecs_status save_memory_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct memory_sink *sink = user;
    if (size_bytes > SIZE_MAX / 2)
        return fail_memory(error);
    sink->size_bytes = HEAD_BYTES + (size_t)(size_bytes ? size_bytes : MEMORY_FIRST_BYTES);
    sink->memory = pool_array_allocate(sink->pool, sink->size_bytes, &sink->source);
    sink->written_bytes = HEAD_BYTES;
    return sink->memory ? PECS_OK : fail_memory(error);
}

/* The size of a compressed save is not known beforehand. */
static pecs_status save_memory_grow(struct memory_sink *sink, size_t size_bytes, pecs_error *error)
{
    uint32_t source;
    if (size_bytes > SIZE_MAX / 4)
        return fail_memory(error);
    size_bytes = (size_t)max_u64(size_bytes, 2 * sink->size_bytes);
    uint8_t *memory = pool_array_allocate(sink->pool, size_bytes, &source);
    if (!memory)
        return fail_memory(error);
    memcpy(memory + HEAD_BYTES, sink->memory + HEAD_BYTES, sink->written_bytes - HEAD_BYTES);
    pool_array_release(sink->pool, sink->memory, sink->size_bytes, sink->source);
    sink->memory = memory;
    sink->size_bytes = size_bytes;
    sink->source = source;
    return PECS_OK;
}

static pecs_status save_memory_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct memory_sink *sink = user;
    for (size_t i = 0; i < span_count; i++) {
        const size_t size_bytes = sink->written_bytes + spans[i].size_bytes;
        const pecs_status status = size_bytes > sink->size_bytes ? save_memory_grow(sink, size_bytes, error) : PECS_OK;
        if (status)
            return status;
        memcpy(sink->memory + sink->written_bytes, spans[i].data, spans[i].size_bytes);
        sink->written_bytes += spans[i].size_bytes;
    }
    return PECS_OK;
}

static void save_memory_abort(void *user)
{
    struct memory_sink *sink = user;
    pool_array_release(sink->pool, sink->memory, sink->size_bytes, sink->source);
}

pecs_status pecs_snapshot_save_memory(const pecs_snapshot *snapshot, const pecs_save_options *options, void **ret_bytes,
                                      size_t *ret_size, pecs_error *error)
{
    if (!snapshot || !ret_bytes || !ret_size)
        return fail(error, PECS_E_MISUSE, "snapshot, ret_bytes and ret_size must not be NULL");
    struct memory_sink memory = { .pool = snapshot->registry->pool };
    const pecs_sink sink = { save_memory_begin, save_memory_write, NULL, save_memory_abort, &memory };
    const pecs_status status = pecs_snapshot_save_to(snapshot, &sink, options, error);
    if (status)
        return status;
    const struct memory_head head = { pecs_registry_retain(snapshot->registry), memory.size_bytes, memory.source };
    memcpy(memory.memory, &head, sizeof(head));
    *ret_bytes = memory.memory + HEAD_BYTES;
    *ret_size = memory.written_bytes - HEAD_BYTES;
    return PECS_OK;
}

void pecs_memory_release(void *bytes)
{
    struct memory_head head;
    if (!bytes)
        return;
    uint8_t *memory = (uint8_t *)bytes - HEAD_BYTES;
    memcpy(&head, memory, sizeof(head));
    pool_array_release(head.registry->pool, memory, head.size_bytes, head.source);
    pecs_registry_release(head.registry);
}
