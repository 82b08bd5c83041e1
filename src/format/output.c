/* A span never crosses the end of a unit; what is buffered lies before the offset in the same unit. */
#include "output.h"

#include "component_value.h"
#include "error.h"

#include <assert.h>

enum { OUTPUT_SPAN_MIN = 16 * 1024 }; /* smaller parts are gathered in the buffer */

pecs_status output_init(struct output *output, struct pool *pool, const pecs_sink *sink, size_t unit_bytes,
                        pecs_error *error)
{
    assert(FORMAT_PIECE % unit_bytes == 0);
    *output = (struct output){ .pool = pool, .sink = sink, .unit_bytes = unit_bytes, .error = error };
    output->spans = pool_allocate(pool, PECS_SPAN_MAX * sizeof(*output->spans));
    return piece_hash_init(&output->pieces, pool) || !output->spans ? fail_memory(error) : PECS_OK;
}

/* The functions of a sink get an error of their own: the caller's may be NULL. */
static pecs_status output_begin_sink(const struct output *output)
{
    const pecs_sink *sink = output->sink;
    pecs_error why = { .status = PECS_OK };
    const pecs_status status = sink->begin ? sink->begin(sink->user, output->total_bytes, &why) : PECS_OK;
    return fail_as(output->error, status, &why, "begin of the sink");
}

static pecs_status output_write_sink(const struct output *output)
{
    const pecs_sink *sink = output->sink;
    pecs_error why = { .status = PECS_OK };
    const pecs_status status = sink->write(sink->user, output->spans, output->span_count, &why);
    return fail_as(output->error, status, &why, "write of the sink");
}

static pecs_status output_commit_sink(const struct output *output)
{
    const pecs_sink *sink = output->sink;
    pecs_error why = { .status = PECS_OK };
    const pecs_status status = sink->commit ? sink->commit(sink->user, &why) : PECS_OK;
    return fail_as(output->error, status, &why, "commit of the sink");
}

void output_begin(struct output *output, uint64_t total_bytes)
{
    assert(!output->offset && !output->buffer);
    output->total_bytes = total_bytes;
    output->buffer_bytes = (size_t)min_u64(total_bytes ? total_bytes : output->unit_bytes, output->unit_bytes);
    output->buffer = pool_array_allocate(output->pool, output->buffer_bytes, &output->buffer_source);
    output->status = output->buffer ? output_begin_sink(output) : fail_memory(output->error);
    output->has_begun = !output->status;
}

pecs_status output_end(struct output *output)
{
    const pecs_sink *sink = output->sink;
    if (output->has_begun && !output->status)
        output->status = output_commit_sink(output);
    if (output->has_begun && output->status && sink->abort)
        sink->abort(sink->user);
    output->has_begun = false;
    return output->status;
}

void output_deinit(struct output *output)
{
    piece_hash_deinit(&output->pieces);
    if (output->buffer)
        pool_array_release(output->pool, output->buffer, output->buffer_bytes, output->buffer_source);
    pool_release(output->pool, output->spans, PECS_SPAN_MAX * sizeof(*output->spans));
}

void output_flush(struct output *output)
{
    if (!output->status && output->span_count)
        output->status = output_write_sink(output);
    const bool is_due = output->offset % FORMAT_PIECE == 0 || output->offset == output->total_bytes;
    if (!output->status && output->progress && is_due &&
        !output->progress(output->progress_user, output->offset, output->total_bytes))
        output->status = fail(output->error, PECS_E_CANCELLED, "the save was cancelled");
    output->span_count = 0;
    output->buffered = 0;
}

static void output_add_span(struct output *output, const uint8_t *bytes, size_t size)
{
    assert(output->spans && output->span_count < PECS_SPAN_MAX);
    pecs_bytes *last = output->span_count ? &output->spans[output->span_count - 1] : NULL;
    if (last && (const uint8_t *)last->data + last->size_bytes == bytes)
        last->size_bytes += size;
    else
        output->spans[output->span_count++] = (pecs_bytes){ bytes, size };
    if (output->pieces.hashes)
        piece_hash_update(&output->pieces, bytes, size);
    output->offset += size;
    if (output->offset % output->unit_bytes == 0 || output->span_count == PECS_SPAN_MAX)
        output_flush(output);
}

/* The bytes up to the end of the present unit. */
static uint64_t output_left(const struct output *output)
{
    return output->unit_bytes - output->offset % output->unit_bytes;
}

/* Room in the buffer up to the unit's end, at most `size`. The caller fills it, then adds it as a span. */
static uint8_t *output_room(struct output *output, uint64_t size, size_t *ret_size)
{
    *ret_size = (size_t)min_u64(size, output_left(output));
    uint8_t *room = output->buffer + output->buffered;
    output->buffered += *ret_size;
    assert(output->buffered <= output->buffer_bytes); /* of one unit, in a file of total_bytes */
    return room;
}

void output_put(struct output *output, const void *bytes, uint64_t size)
{
    const uint8_t *from = bytes;
    while (size && !output->status) {
        size_t part = (size_t)min_u64(size, output_left(output));
        if (size < OUTPUT_SPAN_MIN) {
            uint8_t *room = output_room(output, part, &part);
            memcpy(room, from, part);
            output_add_span(output, room, part);
        } else {
            output_add_span(output, from, part);
        }
        from += part;
        size -= part;
    }
}

void output_put_zeros_to(struct output *output, uint64_t offset)
{
    while (output->offset < offset && !output->status) {
        size_t part;
        uint8_t *room = output_room(output, offset - output->offset, &part);
        memset(room, 0, part);
        output_add_span(output, room, part);
    }
}

/* A value may cross a unit's end; then it is changed when its first byte is put. */
void output_put_changed(struct output *output, const struct component *component, const uint8_t *values, uint64_t count,
                        output_copy *copy, void *user)
{
    uint8_t *value = pool_allocate(output->pool, component->size);
    if (!value) {
        output->status = fail_memory(output->error);
        return;
    }
    const uint64_t bytes = count * component->size;
    for (uint64_t at = 0; at < bytes && !output->status;) {
        size_t part;
        const uint64_t in_value = at % component->size, left = output_left(output);
        if (in_value || left < component->size) {
            if (!in_value)
                copy(user, component, value, values + at, 1);
            uint8_t *room = output_room(output, component->size - in_value, &part);
            memcpy(room, value + in_value, part);
            output_add_span(output, room, part);
        } else {
            uint8_t *room = output_room(output, min_u64(bytes - at, left - left % component->size), &part);
            copy(user, component, room, values + at, part / component->size);
            output_add_span(output, room, part);
        }
        at += part;
    }
    pool_release(output->pool, value, component->size);
}

static void output_mask(void *user, const struct component *component, uint8_t *to, const uint8_t *from, uint64_t count)
{
    (void)user;
    component_copy_masked(component, to, from, count);
}

void output_put_masked(struct output *output, const struct component *component, const uint8_t *values, uint64_t count)
{
    output_put_changed(output, component, values, count, output_mask, NULL);
}

void output_begin_hashing(struct output *output, struct buffer *hashes)
{
    piece_hash_begin(&output->pieces, output->offset, hashes);
}

void output_end_hashing(struct output *output)
{
    piece_hash_end(&output->pieces);
}
