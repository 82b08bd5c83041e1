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
enum { HEAD_BYTES = ARRAY_ALIGN };
static_assert(sizeof(struct memory_head) <= HEAD_BYTES, "the head fits");

struct memory_sink {
    struct pool *pool;
    uint8_t *memory; /* NULL: none was taken */
    size_t size_bytes, written_bytes;
    uint32_t source;
};

static pecs_status memory_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct memory_sink *sink = user;
    if (size_bytes > SIZE_MAX / 2)
        return fail_memory(error);
    sink->size_bytes = HEAD_BYTES + (size_t)size_bytes;
    sink->memory = pool_array_allocate(sink->pool, sink->size_bytes, &sink->source);
    sink->written_bytes = HEAD_BYTES;
    return sink->memory ? PECS_OK : fail_memory(error);
}

static pecs_status memory_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct memory_sink *sink = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        assert(spans[i].size_bytes <= sink->size_bytes - sink->written_bytes);
        memcpy(sink->memory + sink->written_bytes, spans[i].data, spans[i].size_bytes);
        sink->written_bytes += spans[i].size_bytes;
    }
    return PECS_OK;
}

static void memory_abort(void *user)
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
    const pecs_sink sink = { memory_begin, memory_write, NULL, memory_abort, &memory };
    const pecs_status status = pecs_snapshot_save_to(snapshot, &sink, options, error);
    if (status)
        return status;
    assert(memory.written_bytes == memory.size_bytes);
    const struct memory_head head = { pecs_registry_retain(snapshot->registry), memory.size_bytes, memory.source };
    memcpy(memory.memory, &head, sizeof(head));
    *ret_bytes = memory.memory + HEAD_BYTES;
    *ret_size = memory.size_bytes - HEAD_BYTES;
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
