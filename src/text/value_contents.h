/* Value contents: where the contents of a string, blob or list lie. */
#ifndef PECS_TEXT_VALUE_CONTENTS_H
#define PECS_TEXT_VALUE_CONTENTS_H

#include <pecs/contents.h>

struct contents {
    const uint8_t *bytes; /* may be NULL when size_bytes is 0 */
    size_t size_bytes;    /* of a list: of whole elements */
};

/* The contents of a member of a value of the view, which may be an element of an array. */
static inline struct contents contents_of(pecs_view view, const pecs_field *field, const void *member)
{
    const pecs_heap *heap = pecs_view_heap(view);
    struct contents contents;
    pecs_string string;
    memcpy(&string, member, sizeof(string));
    if (field->kind == PECS_STRING) {
        contents.bytes = (const uint8_t *)pecs_heap_string(heap, string, &contents.size_bytes);
        return contents;
    }
    const pecs_blob blob = { string.reference };
    contents.bytes = (const uint8_t *)pecs_heap_blob(heap, blob, &contents.size_bytes);
    if (field->kind == PECS_LIST)
        contents.size_bytes -= contents.size_bytes % field->element_size;
    return contents;
}

#endif
