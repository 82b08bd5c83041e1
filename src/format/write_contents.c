/*
 * The contents of a column follow one another in the order of its rows. Where they lie so in memory, they are put as
 * one span.
 */
#include "write_contents.h"

#include "component_value.h"
#include "content.h"
#include "error.h"

struct reference_copy {
    struct heap_cursor cursor;
    uint64_t unit;
};

/* The same for values that have one member with contents each. */
static void write_copy_only_references(struct reference_copy *copy, const struct component *component,
                                       const struct value_span *only, uint8_t *to, const uint8_t *from, uint64_t count)
{
    const size_t stride = component->size;
    for (uint64_t row = 0, end; row < count; row = end) {
        const uint64_t offset = row * stride + only->offset;
        const struct content_stretch stretch =
            content_stretch_at(&copy->cursor, from + offset, stride, count - row, only->kind == PECS_STRING, false);
        const uint64_t first = stretch.first_size ? format_reference(copy->unit, stretch.first_size) : 0;
        const uint64_t moved = first - stretch.reference; /* those after it move as far */
        for (end = row; end < row + stretch.count; end++) {
            uint64_t reference;
            memcpy(&reference, from + end * stride + only->offset, sizeof(reference));
            const le64 written = le64_make(reference + moved);
            memcpy(to + end * stride + only->offset, &written, sizeof(written));
        }
        copy->unit += stretch.units;
    }
}

static void write_copy_references(void *user, const struct component *component, uint8_t *to, const uint8_t *from,
                                  uint64_t count)
{
    struct reference_copy *copy = user;
    struct content_walk walk;
    struct content content;
    component_copy_masked(component, to, from, count);
    if (content_only(component)) {
        write_copy_only_references(copy, component, content_only(component), to, from, count);
        return;
    }
    for (content_walk_begin(&walk, component, from, count); content_walk_next(&walk, &content);) {
        const bool is_string = content.kind == PECS_STRING;
        uint64_t size;
        bool is_whole;
        heap_cursor_find(&copy->cursor, content.reference, is_string, &size, &is_whole);
        const le64 reference = le64_make(size ? format_reference(copy->unit, size) : 0);
        memcpy(to + content.offset, &reference, sizeof(reference));
        copy->unit += contents_units(size, is_string);
    }
}

void write_references(struct output *output, const struct component *component, const struct heap *heap,
                      const uint8_t *values, uint64_t count, uint64_t *unit)
{
    struct reference_copy copy = { heap_cursor_of(heap), *unit };
    output_put_changed(output, component, values, count, write_copy_references, &copy);
    *unit = copy.unit;
}

/* Contents that lie one after another in memory and were not put yet. */
struct heap_span {
    struct heap_cursor cursor; /* finds the next ones */
    const uint8_t *bytes;
    uint64_t size_bytes;
};

static void write_heap_span(struct output *output, struct heap_span *span)
{
    if (span->size_bytes)
        output_put(output, span->bytes, span->size_bytes);
    span->size_bytes = 0;
}

/*
 * Contents that are put together: those of a reference that a program made itself, and a list with padding, to which an
 * edit in place may have written.
 */
static void write_other_content(struct output *output, const struct component *padded, const struct content *content,
                                const uint8_t *bytes, uint64_t size)
{
    const le64 long_size = le64_make(size);
    const uint64_t end = output->offset + contents_units(size, content->kind == PECS_STRING) * FORMAT_HEAP_UNIT;
    if (size >= FORMAT_HEAP_LONG)
        output_put(output, &long_size, sizeof(long_size));
    if (padded)
        output_put_masked(output, padded, bytes, size / padded->size);
    else
        output_put(output, bytes, size);
    output_put_zeros_to(output, end);
}

/* Puts contents as they are, with those before them if they lie so. */
static void write_whole_contents(struct output *output, struct heap_span *span, const uint8_t *bytes,
                                 uint64_t size_bytes)
{
    if (span->size_bytes && span->bytes + span->size_bytes != bytes)
        write_heap_span(output, span);
    if (!span->size_bytes)
        span->bytes = bytes;
    span->size_bytes += size_bytes;
}

/* The type of a list's elements if they have padding, else NULL. */
static const struct component *write_padded_element(const struct component *component, const pecs_field *list)
{
    const struct component *element = list ? component_element(component, list) : NULL;
    return element && !span_list_is_empty(element->padding) ? element : NULL;
}

/* Contents of the first of `count` references, `stride` bytes apart, that can be put together; returns how many. */
static uint64_t write_some_contents(struct output *output, const struct component *padded,
                                    const struct content *content, struct heap_span *span, const uint8_t *references,
                                    size_t stride, uint64_t count)
{
    const bool is_string = content->kind == PECS_STRING;
    const struct content_stretch stretch =
        content_stretch_at(&span->cursor, references, stride, padded ? 1 : count, is_string, true);
    if (!stretch.first_size)
        return 1;
    if (stretch.is_whole && !padded) {
        write_whole_contents(output, span, stretch.bytes - (stretch.first_size >= HEAP_LONG ? HEAP_UNIT : 0),
                             stretch.units * HEAP_UNIT);
    } else {
        write_heap_span(output, span);
        write_other_content(output, padded, content, stretch.bytes, stretch.first_size);
    }
    return stretch.count;
}

/* Contents of the rows of a chunk. False: they go beyond `end`. */
static bool write_chunk_contents(struct output *output, const struct component *component, const uint8_t *values,
                                 uint64_t count, struct heap_span *span, uint64_t end)
{
    const struct value_span *only = content_only(component);
    const struct content same = { .kind = only ? only->kind : PECS_BLOB };
    const struct component *padded = only ? write_padded_element(component, only->list) : NULL;
    bool fits = true;
    for (uint64_t row = 0; only && row < count && fits && !output->status;) {
        row += write_some_contents(output, padded, &same, span, values + row * component->size + only->offset,
                                   component->size, count - row);
        fits = output->offset + span->size_bytes <= end;
    }
    struct content_walk walk;
    struct content content;
    content_walk_begin(&walk, component, values, only ? 0 : count);
    while (fits && !output->status && content_walk_next(&walk, &content)) {
        write_some_contents(output, write_padded_element(component, content.list), &content, span,
                            values + content.offset, 0, 1);
        fits = output->offset + span->size_bytes <= end;
    }
    return fits;
}

void write_contents(struct output *output, const struct heap *heap, const struct plan_run *run, uint64_t first,
                    uint64_t count, uint64_t end)
{
    struct heap_span span = { .cursor = heap_cursor_of(heap) };
    bool fits = true;
    for (uint64_t row = first, rows; row < first + count && fits; row += rows) {
        rows = min_u64(table_rows_at(run->table, row), first + count - row);
        fits =
            write_chunk_contents(output, run->component, table_value(run->table, run->column, row), rows, &span, end);
    }
    if (fits)
        write_heap_span(output, &span);
    if (!output->status && (!fits || output->offset != end))
        output->status = fail(output->error, PECS_E_CORRUPT, "the file that was resumed has changed meanwhile");
}

void write_heap(struct output *output, const struct save_plan *plan, const struct plan_run *run)
{
    const uint64_t end = output->offset + plan_run_size(plan, run);
    output_put(output, plan->ends + run->ends, run->chunk_count * sizeof(*plan->ends));
    write_contents(output, state_heap(plan->state), run, 0, run->row_count, end);
}

void write_attachment_bytes(struct output *output, const struct save_plan *plan, const struct plan_run *run)
{
    const struct pecs_snapshot *state = plan->state;
    const uint64_t end = output->offset + plan_run_size(plan, run);
    for (uint32_t i = 0; i < state->attachments->count && !output->status; i++) {
        const struct attachment *entry = &state->attachments->entries[i];
        uint64_t size;
        const uint8_t *bytes = heap_find(state_heap(state), entry->reference, &size);
        if (size != entry->size_bytes)
            break; /* the size before the bytes is another now */
        if (size)
            output_put(output, bytes - (size >= HEAP_LONG ? HEAP_UNIT : 0), contents_units(size, false) * HEAP_UNIT);
    }
    if (!output->status && output->offset != end)
        output->status = fail(output->error, PECS_E_CORRUPT, "the file that was resumed has changed meanwhile");
}
