/* Sinks and sources that the library has: a descriptor, and memory. They have no memory of their own. */
#include "error.h"
#include "os_stream.h"

static int streams_fd_from(void *user)
{
    return (int)(intptr_t)user;
}

static pecs_status streams_fd_fail(pecs_error *error, int os_error, const char *doing, int descriptor)
{
    char name[OS_STREAM_NAME_BYTES];
    os_stream_name(descriptor, name);
    return fail_os(error, os_error, doing, name);
}

static pecs_status streams_fd_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    (void)size_bytes, (void)error;
    os_stream_widen(streams_fd_from(user));
    return PECS_OK;
}

static pecs_status streams_fd_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    const int descriptor = streams_fd_from(user), os_error = os_stream_write(descriptor, spans, span_count);
    return os_error ? streams_fd_fail(error, os_error, "cannot write", descriptor) : PECS_OK;
}

pecs_sink pecs_sink_for_fd(int descriptor)
{
    return (pecs_sink){ .begin = streams_fd_begin, .write = streams_fd_write, .user = (void *)(intptr_t)descriptor };
}

static pecs_status streams_fd_read(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    const int descriptor = streams_fd_from(user);
    const int os_error = os_stream_read(descriptor, bytes, size_bytes, ret_size);
    return os_error ? streams_fd_fail(error, os_error, "cannot read", descriptor) : PECS_OK;
}

static pecs_status streams_fd_size(void *user, uint64_t *ret_size_bytes, pecs_error *error)
{
    const int descriptor = streams_fd_from(user), os_error = os_stream_size(descriptor, ret_size_bytes);
    return os_error ? streams_fd_fail(error, os_error, "cannot read", descriptor) : PECS_OK;
}

static pecs_status streams_fd_read_at(void *user, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size,
                                      pecs_error *error)
{
    const int descriptor = streams_fd_from(user);
    const int os_error = os_stream_read_at(descriptor, offset, bytes, size_bytes, ret_size);
    return os_error ? streams_fd_fail(error, os_error, "cannot read", descriptor) : PECS_OK;
}

pecs_source pecs_source_for_fd(int descriptor)
{
    pecs_source source = { .read = streams_fd_read, .user = (void *)(intptr_t)descriptor };
    if (os_stream_is_file(descriptor)) {
        source.size = streams_fd_size;
        source.read_at = streams_fd_read_at;
    } else {
        os_stream_widen(descriptor);
    }
    return source;
}

static pecs_status streams_memory_size(void *user, uint64_t *ret_size_bytes, pecs_error *error)
{
    const pecs_bytes *memory = user;
    if (!memory || (!memory->data && memory->size_bytes))
        return fail(error, PECS_E_MISUSE, "the memory of a source must not be NULL");
    *ret_size_bytes = memory->size_bytes;
    return PECS_OK;
}

static pecs_status streams_memory_map(void *user, const void **ret_bytes, pecs_error *error)
{
    (void)error;
    *ret_bytes = ((const pecs_bytes *)user)->data;
    return PECS_OK;
}

pecs_source pecs_source_for_memory(const pecs_bytes *memory)
{
    return (pecs_source){ .size = streams_memory_size, .map = streams_memory_map, .user = (void *)(uintptr_t)memory };
}
