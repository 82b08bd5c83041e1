/* Contents of values: their sizes, comparing and hashing, and the forms in which programs give them. */
#include "content.h"

#include "component_value.h"
#include "hash.h"
#include "utf8.h"

bool content_walk_step_slow(struct content_walk *walk)
{
    walk->at = 0;
    for (;;) {
        if (walk->row == walk->count)
            return false;
        if (walk->flat && walk->next_span < walk->flat->count) {
            walk->span = walk->flat->spans[walk->next_span++];
            walk->is_single = walk->flat->count == 1;
            return true;
        }
        if (!walk->flat && span_iter_next(&walk->spans, &walk->span))
            return true;
        walk->row++;
        walk->base += walk->component->size;
        walk->next_span = 0;
        if (!walk->flat)
            span_iter_begin(&walk->spans, walk->component->contents->spans);
    }
}

bool content_find_member(const struct component *component, size_t offset_bytes, struct content *ret_content)
{
    struct span_iter iter;
    struct value_span span;
    if (!component_has_contents(component))
        return false;
    for (span_iter_begin(&iter, component->contents->spans); span_iter_next(&iter, &span);) {
        if (offset_bytes < span.offset || offset_bytes - span.offset >= span.size)
            continue;
        *ret_content = (struct content){ .offset = offset_bytes, .kind = span.kind, .list = span.list };
        return (offset_bytes - span.offset) % sizeof(ret_content->reference) == 0;
    }
    return false;
}

uint64_t content_units(const struct heap *heap, const struct content *content)
{
    uint64_t size;
    heap_find(heap, content->reference, &size);
    return contents_units(size, content->kind == PECS_STRING);
}

uint64_t contents_count_units(const struct heap *heap, const struct component *component, const uint8_t *values,
                              uint64_t count)
{
    const struct value_span *only = content_only(component);
    struct heap_cursor cursor = heap_cursor_of(heap);
    struct content_walk walk;
    struct content content;
    uint64_t units = 0, size;
    bool is_whole;
    for (uint64_t row = 0; only && row < count;) {
        const struct content_stretch stretch =
            content_stretch_at(&cursor, values + row * component->size + only->offset, component->size, count - row,
                               only->kind == PECS_STRING, false);
        units += stretch.units;
        row += stretch.count;
    }
    if (only)
        return units;
    for (content_walk_begin(&walk, component, values, count); content_walk_next(&walk, &content);) {
        heap_cursor_find(&cursor, content.reference, content.kind == PECS_STRING, &size, &is_whole);
        units += contents_units(size, content.kind == PECS_STRING);
    }
    return units;
}

/* The type of a list's elements if they have padding, whose bytes may be anything; else NULL: all bytes count. */
static const struct component *contents_padded_element(const struct component *component, const pecs_field *list)
{
    const struct component *element = list ? component_element(component, list) : NULL;
    return element && !span_list_is_empty(element->padding) ? element : NULL;
}

static bool contents_equal_without_padding(const void *user, const struct component *element, const void *a,
                                           const void *b)
{
    (void)user;
    return component_values_are_equal(element, a, b);
}

/* How the elements of a list are compared; NULL: as bytes. */
static element_equal_function *contents_choose_equal(const struct component *element, element_equal_function *equal)
{
    if (equal && element->has_references)
        return equal;
    return span_list_is_empty(element->padding) ? NULL : contents_equal_without_padding;
}

bool contents_are_equal(const struct component *component, const struct heap *heap, const uint8_t *value,
                        const struct heap *other_heap, const uint8_t *other, element_equal_function *equal,
                        const void *user)
{
    struct content_walk walk;
    struct content content;
    bool is_equal = true;
    for (content_walk_begin(&walk, component, value, 1); is_equal && content_walk_next(&walk, &content);) {
        uint64_t reference, size, other_size;
        memcpy(&reference, other + content.offset, sizeof(reference));
        const uint8_t *a = heap_find(heap, content.reference, &size);
        const uint8_t *b = heap_find(other_heap, reference, &other_size);
        const struct component *element = content.list ? component_element(component, content.list) : NULL;
        element_equal_function *const by_element = element ? contents_choose_equal(element, equal) : NULL;
        is_equal = size == other_size && (by_element || a == b || !size || memcmp(a, b, (size_t)size) == 0);
        for (uint64_t at = 0; is_equal && by_element && at + element->size <= size; at += element->size)
            is_equal = by_element(user, element, a + at, b + at);
    }
    return is_equal;
}

static uint64_t contents_hash_elements(const struct component *element, const uint8_t *bytes, uint64_t size,
                                       uint64_t seed)
{
    for (uint64_t at = 0; at + element->size <= size; at += element->size)
        seed = component_hash_value(element, bytes + at, seed);
    return seed;
}

uint64_t contents_hash(const struct component *component, const struct heap *heap, const uint8_t *value, uint64_t seed)
{
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, component, value, 1); content_walk_next(&walk, &content);) {
        uint64_t size;
        const uint8_t *bytes = heap_find(heap, content.reference, &size);
        const struct component *element = contents_padded_element(component, content.list);
        seed = mix_u64(seed + size); /* so that what two members hold is not the same when it is divided otherwise */
        if (size)
            seed =
                element ? contents_hash_elements(element, bytes, size, seed) : hash64_seeded(bytes, (size_t)size, seed);
    }
    return seed;
}

const char *content_check_given(const struct component *component, pecs_kind kind, const pecs_field *list,
                                const struct given *given)
{
    if (given->size_bytes && !given->bytes)
        return "it has a size, but no data";
    if (given->size_bytes / HEAP_UNIT > HEAP_UNITS_MAX)
        return "its size is beyond that of any memory";
    if (kind == PECS_STRING && !utf8_is_text((const char *)given->bytes, (size_t)given->size_bytes))
        return "the string is not UTF-8, or has a zero byte";
    if (kind == PECS_LIST && given->size_bytes % component_element(component, list)->size)
        return "the size is no multiple of that of the list's elements";
    return NULL;
}

const char *content_find_given(const struct component *component, const struct content *content, const uint8_t *base,
                               struct given *ret_given)
{
    const uint64_t where = content->reference >> 2;
    *ret_given = (struct given){ NULL, 0 };
    if (!content->reference)
        return NULL;
    if (!reference_is_given(content->reference))
        return "it is a reference, copied from a view: give the contents themselves (contents.h)";
    if (base) { /* checked when it was recorded */
        memcpy(&ret_given->size_bytes, base + where, sizeof(ret_given->size_bytes));
        ret_given->bytes = base + where + sizeof(ret_given->size_bytes);
        return NULL;
    }
    if ((content->reference & 3) == 3) {
        const pecs_bytes *bytes = (const pecs_bytes *)(uintptr_t)where;
        *ret_given = (struct given){ bytes->data, bytes->size_bytes };
    } else if (content->kind == PECS_STRING) {
        const char *text = (const char *)(uintptr_t)where;
        *ret_given = (struct given){ (const uint8_t *)text, strlen(text) };
    } else {
        return "it is given by pecs_string_of, but is no string";
    }
    return content_check_given(component, content->kind, content->list, ret_given);
}
