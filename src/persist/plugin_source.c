#include "plugin_source.h"

#include "bytes.h"
#include "error.h"
#include "reading.h"

#include <inttypes.h>
#include <string.h>

static pecs_status plugin_source_take_at(const struct plugin_source *source, uint64_t offset, void *bytes,
                                         size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    size_t count = 0;
    const pecs_status status = source->from->read_at(source->from->user, offset, bytes, size_bytes, &count, &why);
    if (status)
        return fail_as(error, status, &why, "read_at of the source");
    if (count > size_bytes)
        return fail(error, PECS_E_MISUSE, "read_at of the source gave %zu bytes where %zu were asked for", count,
                    size_bytes);
    if (!count)
        return fail_rule(error, PECS_E_CORRUPT, offset, "FILE-1",
                         "the file ended after %" PRIu64 " of %" PRIu64 " bytes", offset, source->size_bytes);
    *ret_size = count;
    return PECS_OK;
}

/* The next bytes of a stream: 0 at its end, which is checked. */
static pecs_status plugin_source_take_next(struct plugin_source *source, void *bytes, size_t size_bytes,
                                           size_t *ret_size, pecs_error *error)
{
    const uint64_t most = min_u64(source->size_bytes, source->max_bytes);
    uint8_t beyond;
    size_t count = 0;
    *ret_size = 0;
    if (source->has_ended || source->taken_at == source->size_bytes)
        return PECS_OK;
    const bool is_full = source->taken_at == most; /* the stream must end here */
    const pecs_status status =
        reading_read(source->from, is_full ? &beyond : bytes,
                     is_full ? 1 : (size_t)min_u64(size_bytes, most - source->taken_at), &count, error);
    if (status)
        return status;
    if (is_full && count)
        return fail(error, PECS_E_LIMIT, "the stream has more than %" PRIu64 " bytes, which is the limit", most);
    if (!count && source->size_bytes != UINT64_MAX)
        return fail_rule(error, PECS_E_CORRUPT, source->taken_at, "FILE-1",
                         "the stream ended after %" PRIu64 " of %" PRIu64 " bytes", source->taken_at,
                         source->size_bytes);
    source->has_ended = !count;
    source->taken_at += count;
    *ret_size = count;
    return PECS_OK;
}

static pecs_status plugin_source_next(struct plugin_source *source, void *bytes, size_t size_bytes, size_t *ret_size,
                                      pecs_error *error)
{
    const uint8_t *memory = source->mapped ? source->mapped : source->head;
    const uint64_t in_memory = source->mapped ? source->size_bytes : source->head_bytes;
    const size_t most = (size_t)min_u64(size_bytes, source->size_bytes - source->at);
    *ret_size = 0;
    if (!most)
        return PECS_OK;
    if (source->at < in_memory) {
        *ret_size = (size_t)min_u64(most, in_memory - source->at);
        memcpy(bytes, memory + source->at, *ret_size);
        return PECS_OK;
    }
    return source->from->read_at ? plugin_source_take_at(source, source->at, bytes, most, ret_size, error)
                                 : plugin_source_take_next(source, bytes, most, ret_size, error);
}

/* The plugin's functions. */

static pecs_status plugin_source_read(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    struct plugin_source *source = user;
    pecs_error failure = { .status = PECS_OK };
    pecs_status status = operation_failure(source->operation, error);
    if (status)
        return status;
    if (!ret_size || (!bytes && size_bytes))
        return operation_refuse(source->operation, error, "%s called read with NULL", source->operation->function);
    if (plugin_source_next(source, bytes, size_bytes, ret_size, &failure))
        return operation_keep(source->operation, &failure, error);
    source->at += *ret_size;
    const uint64_t total = source->size_bytes == UINT64_MAX ? 0 : source->size_bytes;
    if (operation_report_bytes(source->operation, PECS_PHASE_READ, source->at, total))
        status = operation_failure(source->operation, error);
    return status;
}

static pecs_status plugin_source_size(void *user, uint64_t *ret_size_bytes, pecs_error *error)
{
    const struct plugin_source *source = user;
    if (!ret_size_bytes)
        return operation_refuse(source->operation, error, "%s called size with NULL", source->operation->function);
    *ret_size_bytes = source->size_bytes;
    return PECS_OK;
}

static pecs_status plugin_source_read_at(void *user, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size,
                                         pecs_error *error)
{
    const struct plugin_source *source = user;
    pecs_error failure = { .status = PECS_OK };
    const pecs_status status = operation_failure(source->operation, error);
    if (status)
        return status;
    if (!ret_size || !bytes || !size_bytes || offset >= source->size_bytes)
        return operation_refuse(source->operation, error, "%s called read_at with NULL, or beyond the end",
                                source->operation->function);
    const size_t most = (size_t)min_u64(size_bytes, source->size_bytes - offset);
    if (plugin_source_take_at(source, offset, bytes, most, ret_size, &failure))
        return operation_keep(source->operation, &failure, error);
    return PECS_OK;
}

static pecs_status plugin_source_map(void *user, const void **ret_bytes, pecs_error *error)
{
    const struct plugin_source *source = user;
    if (!ret_bytes)
        return operation_refuse(source->operation, error, "%s called map with NULL", source->operation->function);
    *ret_bytes = source->mapped;
    return PECS_OK;
}

static pecs_status plugin_source_read_head(struct plugin_source *source, pecs_error *error)
{
    pecs_status status = PECS_OK;
    for (bool is_end = false; !status && !is_end && source->head_bytes < PECS_BID_BYTES;) {
        size_t count = 0;
        status = plugin_source_next(source, source->head + source->head_bytes, PECS_BID_BYTES - source->head_bytes,
                                    &count, error);
        source->head_bytes += count;
        source->at += count;
        is_end = !count;
    }
    source->at = 0;
    return status;
}

pecs_status plugin_source_open(struct plugin_source *source, struct operation *operation, const pecs_source *from,
                               const pecs_file_limits *limits, pecs_error *error)
{
    *source = (struct plugin_source){
        .operation = operation,
        .from = from,
        .source = { .read = plugin_source_read, .user = source },
        .size_bytes = UINT64_MAX,
        .max_bytes = limits->max_bytes ? limits->max_bytes : UINT64_MAX,
    };
    pecs_status status = reading_check_source(from, limits, error);
    if (!status && from->size) {
        status = reading_ask_size(from, limits, &source->size_bytes, error);
        source->source.size = plugin_source_size;
    }
    if (!status && from->map) {
        status = reading_ask_map(from, &source->mapped, error);
        source->source.map = plugin_source_map;
    }
    if (from->read_at)
        source->source.read_at = plugin_source_read_at;
    if (!status)
        status = plugin_source_read_head(source, error);
    return status || source->head_bytes ? status : reading_check_size(0, limits, error);
}

uint64_t plugin_source_bytes(const struct plugin_source *source)
{
    return source->size_bytes == UINT64_MAX ? source->taken_at : source->size_bytes;
}
