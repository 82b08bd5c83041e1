#include "plugin_sink.h"

#include "error.h"
#include "memory.h"

#include <inttypes.h>
#include <string.h>

/* Of a write to the sink behind: gathered bytes, and any. What a plugin writes at once from PASS_MIN on is not copied.
 */
enum { GATHER_BYTES = 256 * 1024, PASS_MIN = 64 * 1024, WRITE_MAX = 1024 * 1024 - 1 };

static pecs_status plugin_sink_keep(struct plugin_sink *sink, pecs_status status, const pecs_error *why,
                                    const char *function, pecs_error *error)
{
    pecs_error failure = { .status = PECS_OK };
    fail_as(&failure, status, why, function);
    return operation_keep(sink->operation, &failure, error);
}

static pecs_status plugin_sink_begin_behind(struct plugin_sink *sink, uint64_t size_bytes, pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    if (sink->has_begun)
        return PECS_OK;
    const pecs_status status = sink->to->begin ? sink->to->begin(sink->to->user, size_bytes, &why) : PECS_OK;
    sink->has_begun = !status;
    return plugin_sink_keep(sink, status, &why, "begin of the sink", error);
}

static pecs_status plugin_sink_forward(struct plugin_sink *sink, const pecs_bytes *spans, size_t count,
                                       pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    pecs_status status = plugin_sink_begin_behind(sink, 0, error);
    if (status)
        return status;
    status = sink->to->write(sink->to->user, spans, count, &why);
    return plugin_sink_keep(sink, status, &why, "write of the sink", error);
}

static pecs_status plugin_sink_flush(struct plugin_sink *sink, pecs_error *error)
{
    const pecs_bytes span = { sink->gathered, sink->gathered_bytes };
    sink->gathered_bytes = 0;
    return span.size_bytes ? plugin_sink_forward(sink, &span, 1, error) : PECS_OK;
}

static pecs_status plugin_sink_gather(struct plugin_sink *sink, const pecs_bytes *span, pecs_error *error)
{
    const uint8_t *from = span->data;
    pecs_status status = PECS_OK;
    for (size_t left = span->size_bytes; !status && left;) {
        const size_t room = GATHER_BYTES - sink->gathered_bytes, count = left < room ? left : room;
        memcpy(sink->gathered + sink->gathered_bytes, from, count);
        sink->gathered_bytes += count;
        from += count;
        left -= count;
        if (sink->gathered_bytes == GATHER_BYTES)
            status = plugin_sink_flush(sink, error);
    }
    return status;
}

/* Adds up the spans. False: they cannot be what was said to be written. */
static bool plugin_sink_measure(const struct plugin_sink *sink, const pecs_bytes *spans, size_t count,
                                uint64_t *ret_total)
{
    const uint64_t most = sink->announced_bytes ? sink->announced_bytes : UINT64_MAX;
    *ret_total = 0;
    for (size_t i = 0; i < count; i++) {
        if ((!spans[i].data && spans[i].size_bytes) || spans[i].size_bytes > most - sink->size_bytes - *ret_total)
            return false;
        *ret_total += spans[i].size_bytes;
    }
    return true;
}

static pecs_status plugin_sink_write(void *user, const pecs_bytes *spans, size_t count, pecs_error *error)
{
    struct plugin_sink *sink = user;
    uint64_t total;
    pecs_status status = operation_failure(sink->operation, error);
    if (status)
        return status;
    if (!spans && count)
        return operation_refuse(sink->operation, error, "%s wrote spans that are NULL", sink->operation->function);
    if (!plugin_sink_measure(sink, spans, count, &total))
        return operation_refuse(sink->operation, error,
                                "%s wrote a span that is NULL, or more than the %" PRIu64 " bytes it began with",
                                sink->operation->function, sink->announced_bytes);
    sink->size_bytes += total;
    if (total >= PASS_MIN && total <= WRITE_MAX && count <= PECS_SPAN_MAX) {
        status = plugin_sink_flush(sink, error);
        if (!status)
            status = plugin_sink_forward(sink, spans, count, error);
    } else
        for (size_t i = 0; !status && i < count; i++)
            status = plugin_sink_gather(sink, &spans[i], error);
    if (!status && operation_report_bytes(sink->operation, PECS_PHASE_WRITE, sink->size_bytes, sink->announced_bytes))
        status = operation_failure(sink->operation, error);
    return status;
}

static pecs_status plugin_sink_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct plugin_sink *sink = user;
    const pecs_status status = operation_failure(sink->operation, error);
    if (status)
        return status;
    if (sink->was_begun || sink->size_bytes)
        return operation_refuse(sink->operation, error, "%s began its sink twice, or after a write",
                                sink->operation->function);
    sink->was_begun = true;
    sink->announced_bytes = size_bytes;
    return plugin_sink_begin_behind(sink, size_bytes, error);
}

pecs_status plugin_sink_init(struct plugin_sink *sink, struct operation *operation, struct pool *pool,
                             const pecs_sink *to, pecs_error *error)
{
    *sink = (struct plugin_sink){ .operation = operation, .pool = pool, .to = to };
    sink->sink = (pecs_sink){ .begin = plugin_sink_begin, .write = plugin_sink_write, .user = sink };
    sink->gathered = pool_allocate(pool, GATHER_BYTES);
    return sink->gathered ? PECS_OK : fail_memory(error);
}

pecs_status plugin_sink_commit(struct plugin_sink *sink, pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    pecs_status status = operation_failure(sink->operation, error);
    if (!status && !sink->size_bytes)
        return operation_refuse(sink->operation, error, "%s returned OK and wrote nothing", sink->operation->function);
    if (!status && sink->announced_bytes && sink->size_bytes != sink->announced_bytes)
        return operation_refuse(sink->operation, error, "%s wrote %" PRIu64 " of the %" PRIu64 " bytes it began with",
                                sink->operation->function, sink->size_bytes, sink->announced_bytes);
    if (!status)
        status = plugin_sink_flush(sink, error);
    if (status)
        return status;
    status = sink->to->commit ? sink->to->commit(sink->to->user, &why) : PECS_OK;
    sink->has_begun = status != PECS_OK; /* an abort follows */
    return plugin_sink_keep(sink, status, &why, "commit of the sink", error);
}

void plugin_sink_deinit(struct plugin_sink *sink)
{
    if (sink->has_begun && sink->to->abort)
        sink->to->abort(sink->to->user);
    pool_release(sink->pool, sink->gathered, GATHER_BYTES);
}
