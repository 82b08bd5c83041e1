/*
 * Contents as a view shows them: where they lie, and values that give them to an edit. References of a resumed file may
 * lead anywhere, so each is checked before a value is changed.
 */
#include "content.h"
#include "state_types.h"

#include <pecs/view.h>

const pecs_heap *pecs_view_heap(pecs_view view)
{
    static const pecs_heap none;
    const struct heap *heap = state_heap(view_source(view)->state);
    return heap ? &heap->view : &none;
}

static uint64_t view_contents_of_value(const struct component *component)
{
    struct span_run_iter iter;
    struct span_run run;
    uint64_t count = 0;
    for (span_run_begin(&iter, component->contents->spans, 1); span_run_next(&iter, &run);)
        count += run.count * (run.span.size / sizeof(uint64_t));
    return count;
}

size_t pecs_view_contents_count(pecs_view view, pecs_component component)
{
    const struct component *found = state_component(view_source(view)->state, component);
    return found && component_has_contents(found) ? (size_t)view_contents_of_value(found) : 0;
}

/* False: the member leads to no contents. */
static bool view_contents_find(const pecs_heap *heap, const struct content *content, pecs_bytes *ret_bytes)
{
    const bool is_string = content->kind == PECS_STRING;
    uint64_t size;
    const uint8_t *bytes = pecs_heap_find_(heap, content->reference, is_string, &size);
    if (content->reference && (!bytes || (is_string && bytes[size])))
        return false;
    *ret_bytes = (pecs_bytes){ bytes, (size_t)size };
    return true;
}

pecs_status pecs_view_give_contents(pecs_view view, pecs_component component, void *values, size_t size_bytes,
                                    size_t row_count, pecs_bytes *bytes, size_t bytes_count)
{
    const struct component *type = state_component(view_source(view)->state, component);
    if (!type || size_bytes != type->size || (!values && size_bytes && row_count))
        return PECS_E_MISUSE;
    const size_t each = component_has_contents(type) ? (size_t)view_contents_of_value(type) : 0;
    if (!each || !row_count)
        return PECS_OK;
    if (!bytes || row_count > bytes_count / each)
        return PECS_E_MISUSE;
    const pecs_heap *heap = pecs_view_heap(view);
    struct content_walk walk;
    struct content content;
    pecs_bytes found;
    for (content_walk_begin(&walk, type, values, row_count); content_walk_next(&walk, &content);)
        if (!view_contents_find(heap, &content, &found))
            return PECS_E_INVALID;
    for (content_walk_begin(&walk, type, values, row_count); content_walk_next(&walk, &content); bytes++) {
        (void)view_contents_find(heap, &content, bytes);
        const uint64_t given = pecs_give_(bytes);
        memcpy((uint8_t *)values + content.offset, &given, sizeof(given));
    }
    return PECS_OK;
}
