/*
 * A cursor without a heap goes over the contents of a chunk. Those that are not empty and not long, which most are, it
 * skips in stretches, where values have one member each.
 */
#include "heap_check.h"

#include "content.h"
#include "error.h"

/* Where a chunk ends, in bytes from the first contents. */
static uint64_t heap_check_end(const struct heap_column *column, uint64_t chunk)
{
    le64 end;
    memcpy(&end, column->ends + chunk * sizeof(end), sizeof(end));
    return le64_load(end);
}

pecs_status heap_check_ends(const struct heap_column *column, pecs_error *error)
{
    const uint64_t chunks = format_chunk_count(column->row_count, column->chunk_shift);
    uint64_t before = 0;
    for (uint64_t chunk = 0; chunk < chunks; chunk++) {
        const uint64_t end = heap_check_end(column, chunk);
        RULE(error, "HEAP-1",
             end < before || end % FORMAT_HEAP_UNIT || end > column->heap->size_bytes ||
                 (chunk == chunks - 1 && end != column->heap->size_bytes),
             column->heap->run_offset + chunk * sizeof(le64), "the end of a chunk's contents is invalid");
        before = end;
    }
    return PECS_OK;
}

/* Contents of any size. */
static bool heap_check_other(struct heap_cursor *cursor, uint64_t reference, bool is_string)
{
    const uint8_t *bytes = cursor->bytes;
    uint64_t size = reference >> 40;
    if (!size)
        return reference == 0;
    const bool is_long = size == FORMAT_HEAP_LONG;
    if (is_long) {
        if (!cursor->left)
            return false;
        memcpy(&size, bytes, sizeof(size));
        bytes += FORMAT_HEAP_UNIT;
    }
    if ((is_long && size < FORMAT_HEAP_LONG) || size / FORMAT_HEAP_UNIT > cursor->left ||
        reference != format_reference(cursor->next >> 2, size))
        return false;
    const uint64_t units = contents_units(size, is_string);
    if (units > cursor->left || !contents_end_in_zeros(bytes, size, is_string))
        return false;
    cursor->next += units << 2;
    cursor->left -= units;
    cursor->bytes += units * FORMAT_HEAP_UNIT;
    return true;
}

/* Goes behind the contents of a reference. False: it is not to those that come next. */
static inline bool heap_check_next(struct heap_cursor *cursor, const uint8_t *place, bool is_string)
{
    uint64_t reference;
    if (heap_cursor_skip(cursor, place, 0, 1, is_string, true).count)
        return true;
    memcpy(&reference, place, sizeof(reference));
    return heap_check_other(cursor, reference, is_string);
}

/* The offset of the first reference that is wrong, from the first value; UINT64_MAX: none is. */
static uint64_t heap_check_only(struct heap_cursor *cursor, const struct value_span *only, size_t stride,
                                const uint8_t *values, uint64_t count)
{
    const bool is_string = only->kind == PECS_STRING;
    for (uint64_t row = 0; row < count; row++) {
        const uint8_t *references = values + row * stride + only->offset;
        row += heap_cursor_skip(cursor, references, stride, count - row, is_string, true).count;
        if (row < count && !heap_check_next(cursor, values + row * stride + only->offset, is_string))
            return row * stride + only->offset;
    }
    return UINT64_MAX;
}

static uint64_t heap_check_flat(struct heap_cursor *cursor, const struct span_list *flat, size_t stride,
                                const uint8_t *values, uint64_t count)
{
    for (uint64_t row = 0; row < count; row++)
        for (uint32_t i = 0; i < flat->count; i++) {
            const struct value_span *span = &flat->spans[i];
            for (uint32_t at = 0; at < span->size; at += (uint32_t)sizeof(uint64_t)) {
                const uint64_t offset = row * stride + span->offset + at;
                if (!heap_check_next(cursor, values + offset, span->kind == PECS_STRING))
                    return offset;
            }
        }
    return UINT64_MAX;
}

static uint64_t heap_check_all(struct heap_cursor *cursor, const struct component *component, const uint8_t *values,
                               uint64_t count)
{
    const struct value_span *only = content_only(component);
    const struct span_list *flat = content_flat(component);
    struct content_walk members;
    struct content content;
    if (only)
        return heap_check_only(cursor, only, component->size, values, count);
    if (flat)
        return heap_check_flat(cursor, flat, component->size, values, count);
    for (content_walk_begin(&members, component, values, count); content_walk_next(&members, &content);)
        if (!heap_check_next(cursor, values + content.offset, content.kind == PECS_STRING))
            return content.offset;
    return UINT64_MAX;
}

pecs_status heap_check_chunk(const struct heap_column *column, uint64_t chunk, pecs_error *error)
{
    const uint64_t first = chunk << column->chunk_shift;
    const uint64_t rows = min_u64(column->row_count - first, (uint64_t)1 << column->chunk_shift);
    const uint64_t offset = first * column->component->size;
    const uint64_t end = min_u64(heap_check_end(column, chunk), column->heap->size_bytes);
    const uint64_t begin = chunk ? min_u64(heap_check_end(column, chunk - 1), end) : 0;
    /* without a heap, it finds only what comes next */
    struct heap_cursor cursor = { .next = (column->first_unit + begin / FORMAT_HEAP_UNIT) << 2,
                                  .left = (end - begin) / FORMAT_HEAP_UNIT,
                                  .bytes = column->contents + begin };
    const uint64_t wrong = heap_check_all(&cursor, column->component, column->values + offset, rows);
    RULE(error, "HEAP-2", wrong != UINT64_MAX, column->offset + offset + wrong,
         "the reference is not to the contents that follow those before it, or these do not end in zeros");
    RULE(error, "HEAP-2", cursor.left != 0, column->heap->run_offset + chunk * sizeof(le64),
         "the contents of a chunk's rows do not end where the chunk ends");
    return PECS_OK;
}
