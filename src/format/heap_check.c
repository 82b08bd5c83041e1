/*
 * Contents that are not empty and not long, which most are, are checked in stretches: values with one member have
 * these at equal distances.
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

/* Contents that have been checked up to `at`, and end at `end`; both in bytes from the first ones. */
struct heap_walk {
    const struct heap_column *column;
    uint64_t at, end;
};

/* Goes behind the contents of a reference. False: it is not to those that come next. */
static bool heap_walk_next(struct heap_walk *walk, uint64_t reference, bool is_string)
{
    const uint64_t left = walk->end - walk->at;
    const uint8_t *bytes = walk->column->contents + walk->at;
    uint64_t size = reference >> 40;
    if (!size)
        return reference == 0;
    const bool is_long = size == FORMAT_HEAP_LONG;
    if (is_long) {
        if (left < FORMAT_HEAP_UNIT)
            return false;
        memcpy(&size, bytes, sizeof(size));
        bytes += FORMAT_HEAP_UNIT;
    }
    const uint64_t expected = format_reference(walk->column->first_unit + walk->at / FORMAT_HEAP_UNIT, size);
    if ((is_long && size < FORMAT_HEAP_LONG) || size > left || reference != expected ||
        contents_units(size, is_string) > left / FORMAT_HEAP_UNIT || !contents_end_in_zeros(bytes, size, is_string))
        return false;
    walk->at += contents_units(size, is_string) * FORMAT_HEAP_UNIT;
    return true;
}

/* Goes on as far as contents are neither empty nor long, and right. Returns how many. */
static uint64_t heap_walk_skip(struct heap_walk *walk, const uint8_t *references, size_t stride, uint64_t count,
                               bool is_string)
{
    struct heap_cursor cursor = {
        .next = (walk->column->first_unit + walk->at / FORMAT_HEAP_UNIT) << 2,
        .left = (walk->end - walk->at) / FORMAT_HEAP_UNIT,
        .bytes = walk->column->contents + walk->at,
    };
    const struct heap_stretch stretch = heap_cursor_skip(&cursor, references, stride, count, is_string, true);
    walk->at += stretch.units * FORMAT_HEAP_UNIT;
    return stretch.count;
}

/* The offset of the first reference that is wrong, from the first value; UINT64_MAX: none is. */
static uint64_t heap_walk_only(struct heap_walk *walk, const struct value_span *only, const uint8_t *values,
                               uint64_t count)
{
    const size_t stride = walk->column->component->size;
    const bool is_string = only->kind == PECS_STRING;
    for (uint64_t row = 0; row < count; row++) {
        const uint8_t *references = values + row * stride + only->offset;
        uint64_t reference;
        row += heap_walk_skip(walk, references, stride, count - row, is_string);
        if (row == count)
            break;
        memcpy(&reference, values + row * stride + only->offset, sizeof(reference));
        if (!heap_walk_next(walk, reference, is_string))
            return row * stride + only->offset;
    }
    return UINT64_MAX;
}

static uint64_t heap_walk_all(struct heap_walk *walk, const uint8_t *values, uint64_t count)
{
    struct content_walk members;
    struct content content;
    for (content_walk_begin(&members, walk->column->component, values, count); content_walk_next(&members, &content);)
        if (!heap_walk_next(walk, content.reference, content.kind == PECS_STRING))
            return content.offset;
    return UINT64_MAX;
}

pecs_status heap_check_chunk(const struct heap_column *column, uint64_t chunk, pecs_error *error)
{
    const struct value_span *only = content_only(column->component);
    const uint64_t first = chunk << column->chunk_shift;
    const uint64_t rows = min_u64(column->row_count - first, (uint64_t)1 << column->chunk_shift);
    const uint64_t offset = first * column->component->size;
    const uint64_t end = min_u64(heap_check_end(column, chunk), column->heap->size_bytes);
    struct heap_walk walk = { column, chunk ? min_u64(heap_check_end(column, chunk - 1), end) : 0, end };
    const uint64_t wrong = only ? heap_walk_only(&walk, only, column->values + offset, rows)
                                : heap_walk_all(&walk, column->values + offset, rows);
    RULE(error, "HEAP-2", wrong != UINT64_MAX, column->offset + offset + wrong,
         "the reference is not to the contents that follow those before it, or these do not end in zeros");
    RULE(error, "HEAP-2", walk.at != walk.end, column->heap->run_offset + chunk * sizeof(le64),
         "the contents of a chunk's rows do not end where the chunk ends");
    return PECS_OK;
}
