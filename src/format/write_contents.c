/*
 * The contents of a column follow one another in the order of its rows. Where they lie so in memory, they are put as
 * one span.
 */
#include "write_contents.h"

#include "component_value.h"
#include "content.h"
#include "error.h"

struct reference_copy {
    const struct heap *heap;
    uint64_t unit;
};

static void write_copy_references(void *user, const struct component *component, uint8_t *to, const uint8_t *from,
                                  uint64_t count)
{
    struct reference_copy *copy = user;
    struct content_walk walk;
    struct content content;
    component_copy_masked(component, to, from, count);
    for (content_walk_begin(&walk, component, from, count); content_walk_next(&walk, &content);) {
        uint64_t size;
        heap_find(copy->heap, content.reference, &size);
        const le64 reference = le64_make(size ? format_reference(copy->unit, size) : 0);
        memcpy(to + content.offset, &reference, sizeof(reference));
        copy->unit += contents_units(size, content.kind == PECS_STRING);
    }
}

void write_references(struct output *output, const struct component *component, const struct heap *heap,
                      const uint8_t *values, uint64_t count, uint64_t *unit)
{
    struct reference_copy copy = { heap, *unit };
    output_put_changed(output, component, values, count, write_copy_references, &copy);
    *unit = copy.unit;
}

/* Contents that lie one after another in memory and were not put yet. */
struct heap_span {
    const uint8_t *bytes;
    uint64_t size_bytes;
};

static void write_heap_span(struct output *output, struct heap_span *span)
{
    if (span->size_bytes)
        output_put(output, span->bytes, span->size_bytes);
    span->size_bytes = 0;
}

/* Whether the units of contents may go to the file as they are. Not where a program made the reference itself. */
static bool write_content_is_whole(const struct heap *heap, const struct content *content, const uint8_t *bytes,
                                   uint64_t size)
{
    const bool is_string = content->kind == PECS_STRING;
    return heap_has_units(heap, content->reference, contents_units(size, is_string)) &&
           contents_end_in_zeros(bytes, size, is_string);
}

/* Contents that are put together: such ones, and a list with padding, to which an edit in place may have written. */
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

static void write_content(struct output *output, const struct component *component, const struct heap *heap,
                          const struct content *content, struct heap_span *span)
{
    uint64_t size;
    const uint8_t *bytes = heap_find(heap, content->reference, &size);
    const struct component *element = content->list && size ? component_element(component, content->list) : NULL;
    const struct component *padded = element && !span_list_is_empty(element->padding) ? element : NULL;
    if (!size)
        return;
    if (padded || !write_content_is_whole(heap, content, bytes, size)) {
        write_heap_span(output, span);
        write_other_content(output, padded, content, bytes, size);
        return;
    }
    bytes -= size >= HEAP_LONG ? HEAP_UNIT : 0;
    if (span->size_bytes && span->bytes + span->size_bytes != bytes)
        write_heap_span(output, span);
    if (!span->size_bytes)
        span->bytes = bytes;
    span->size_bytes += contents_units(size, content->kind == PECS_STRING) * HEAP_UNIT;
}

void write_contents(struct output *output, const struct heap *heap, const struct plan_run *run, uint64_t first,
                    uint64_t count, uint64_t end)
{
    struct heap_span span = { NULL, 0 };
    for (uint64_t row = first, rows; row < first + count; row += rows) {
        struct content_walk walk;
        struct content content;
        rows = min_u64(table_rows_at(run->table, row), first + count - row);
        content_walk_begin(&walk, run->component, table_value(run->table, run->column, row), rows);
        while (!output->status && content_walk_next(&walk, &content)) {
            write_content(output, run->component, heap, &content, &span);
            if (output->offset + span.size_bytes > end)
                output->status = fail(output->error, PECS_E_CORRUPT, "the file that was resumed has changed meanwhile");
        }
    }
    write_heap_span(output, &span);
    if (!output->status && output->offset != end)
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
