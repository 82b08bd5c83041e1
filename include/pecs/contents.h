/*
 * Contents: what strings, blobs and lists hold (pecs_string, pecs_blob, pecs_list; schema.h), whose bytes lie in the
 * heap of the world.
 *
 *     pecs_set(world, e, Name, { pecs_string_of("Zoe") });
 *     pecs_set(world, e, Path, { pecs_list_of(PECS_ARRAY(points)) });
 *     const char *name = pecs_view_string(view, pecs_get(view, e, Name)->text, NULL);
 *     size_t count;
 *     const Point *path = pecs_view_list(view, pecs_get(view, e, Path)->points, Point, &count);
 *
 * Writing. A value that is given to an edit or to a command buffer points to its contents: its members are
 * made by the functions below. The call copies the contents, so they need to live only until it returns, and
 * may lie in the world itself. A member that was copied from a view is a reference, which means something in its own
 * world only: an edit refuses it with PECS_E_MISUSE. pecs_view_give_contents makes such a copy one that can be given;
 * pecs_get_mut changes other members in place. All zeros are an empty string, blob or list.
 *
 * Reading. Contents are read without a copy, by the view that the value was read from, and live as long as its pointers
 * (view.h). A string is UTF-8 without U+0000 and followed by a zero byte. Elements of lists, and blobs, are aligned to
 * 8 bytes. In a value that does not come from this view the members lead to nothing useful, but to no invalid memory
 * either, as long as the view lives.
 *
 * Contents belong to one component of one entity: they are copied, shared, moved, saved and dropped with it. The heap
 * makes room for new ones by itself.
 */
#ifndef PECS_CONTENTS_H
#define PECS_CONTENTS_H

#include <pecs/typed.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
/* Contents that the program gives: the bytes of a string, without a zero at the end, of a blob, or of all elements. */
#ifdef __cplusplus
/* The address of bytes, which live as long as the statement; in C, as the block. */
#define PECS_BYTES(data, size_bytes) pecs_address_of_(pecs_bytes{ data, size_bytes })
#else
/* The address of bytes, which live as long as the block; in C++, as the statement. */
#define PECS_BYTES(data, size_bytes) (&(const pecs_bytes){ data, size_bytes })
#endif
/* The same of an array, and of `count` elements behind a pointer. */
#define PECS_ARRAY(array) PECS_BYTES(array, sizeof(array))
#define PECS_ELEMENTS(elements, count) PECS_BYTES(elements, (count) * sizeof(*(elements)))
/* clang-format on */

/* A zero-terminated string; NULL is an empty one. The edit finds its end. */
static inline pecs_string pecs_string_of(const char *utf8)
{
    const pecs_string string = { utf8 ? (uint64_t)(uintptr_t)utf8 << 2 | 1 : 0 };
    return string;
}
/* Strings by size, blobs and lists. `bytes` must live until the edit has returned; NULL is an empty one. */
static inline uint64_t pecs_give_(const pecs_bytes *bytes)
{
    return bytes ? (uint64_t)(uintptr_t)bytes << 2 | 3 : 0;
}
/* A string of a size that is given. */
static inline pecs_string pecs_string_from(const pecs_bytes *bytes)
{
    const pecs_string string = { pecs_give_(bytes) };
    return string;
}
/* The bytes of a blob. */
static inline pecs_blob pecs_blob_of(const pecs_bytes *bytes)
{
    const pecs_blob blob = { pecs_give_(bytes) };
    return blob;
}
/* The elements of a list. */
static inline pecs_list pecs_list_of(const pecs_bytes *bytes)
{
    const pecs_list list = { pecs_give_(bytes) };
    return list;
}

/*
 * Where the contents of a view lie, for loops that read many: pecs_view_heap once, then the pecs_heap_ functions, which
 * are inline. Valid as long as the pointers of the view. The members are the library's own.
 */
typedef struct pecs_heap_page {
    const uint8_t *bytes;
    uint64_t size_bytes; /* that can be read from there on */
} pecs_heap_page;
typedef struct pecs_heap {
    struct {
        const pecs_heap_page *pages;
        uint64_t page_count;
    } spaces[2];
} pecs_heap;

/* Never NULL: a view without contents has an empty heap. */
PECS_API const pecs_heap *pecs_view_heap(pecs_view view);

/* Contents whose size does not fit into the reference: it stands before them. */
static inline int pecs_heap_find_long_(const pecs_heap_page *place, uint64_t offset, unsigned behind,
                                       const uint8_t **ret_bytes, uint64_t *ret_size)
{
    uint64_t size;
    if (place->size_bytes < 8 || offset > place->size_bytes - 8)
        return 0;
    memcpy(&size, place->bytes + offset, 8);
    offset += 8;
    if (offset + behind > place->size_bytes || size > place->size_bytes - offset - behind)
        return 0;
    *ret_bytes = place->bytes + offset;
    *ret_size = size;
    return 1;
}
/*
 * Finds contents, with `behind` more bytes that can be read. 0: they are not there. Empty ones may be found anywhere.
 * Bit 0, which references to what was given have, is moved to bit 47 of the page, beyond every count of pages.
 */
static inline int pecs_heap_seek_(const pecs_heap *heap, uint64_t reference, unsigned behind, const uint8_t **ret_bytes,
                                  uint64_t *ret_size)
{
    const uint64_t page = (reference >> 17 | reference << 47) & (((uint64_t)1 << 47) | (((uint64_t)1 << 23) - 1));
    const uint64_t offset = (reference >> 2 & 0x7fff) * 8, size = reference >> 40;
    if (page >= heap->spaces[reference >> 1 & 1].page_count)
        return 0;
    const pecs_heap_page *place = &heap->spaces[reference >> 1 & 1].pages[page];
    if (size == 0xffffff)
        return pecs_heap_find_long_(place, offset, behind, ret_bytes, ret_size);
    if (offset + size + behind > place->size_bytes)
        return 0;
    *ret_bytes = place->bytes + offset;
    *ret_size = size;
    return 1;
}
/* The bytes of contents, with `behind` more that can be read; NULL, with size 0, for none. */
static inline const uint8_t *pecs_heap_find_(const pecs_heap *heap, uint64_t reference, unsigned behind,
                                             uint64_t *ret_size)
{
    const uint8_t *bytes = NULL;
    if (reference >> 40 && pecs_heap_seek_(heap, reference, behind, &bytes, ret_size))
        return bytes;
    *ret_size = 0;
    return NULL;
}

/* A zero-terminated string, never NULL, and its size in bytes; ret_size may be NULL. */
static inline const char *pecs_heap_string(const pecs_heap *heap, pecs_string string, size_t *ret_size_bytes)
{
    const uint8_t *bytes;
    uint64_t size;
    const int is_whole = pecs_heap_seek_(heap, string.reference, 1, &bytes, &size) && bytes[size] == 0;
    if (ret_size_bytes)
        *ret_size_bytes = is_whole ? (size_t)size : 0;
    return is_whole ? (const char *)bytes : "";
}

/* The bytes of a blob and their number; may be NULL when that is 0. */
static inline const void *pecs_heap_blob(const pecs_heap *heap, pecs_blob blob, size_t *ret_size_bytes)
{
    uint64_t size;
    const uint8_t *bytes = pecs_heap_find_(heap, blob.reference, 0, &size);
    *ret_size_bytes = (size_t)size;
    return bytes;
}

/* The elements of a list and their number; may be NULL when that is 0. element_bytes is the size of one. */
static inline const void *pecs_heap_elements(const pecs_heap *heap, pecs_list list, size_t element_bytes,
                                             size_t *ret_count)
{
    uint64_t size;
    const uint8_t *bytes = pecs_heap_find_(heap, list.reference, 0, &size);
    *ret_count = element_bytes ? (size_t)size / element_bytes : 0;
    return bytes;
}
/* clang-format off */
/* The same by the type of an element: const E *. */
#define pecs_heap_list(heap, list, E, ret_count) ((const E *)pecs_heap_elements(heap, list, sizeof(E), ret_count))

/* The same for one string, blob or list of a view. */
#define pecs_view_string(view, string, ret_size_bytes) pecs_heap_string(pecs_view_heap(view), string, ret_size_bytes)
#define pecs_view_blob(view, blob, ret_size_bytes) pecs_heap_blob(pecs_view_heap(view), blob, ret_size_bytes)
#define pecs_view_list(view, list, E, ret_count) pecs_heap_list(pecs_view_heap(view), list, E, ret_count)
/* clang-format on */

/*
 * Copies between views and worlds. A value that was copied from a view is changed so that an edit, command buffer or
 * builder of any world takes it: each string, blob and list in it, at any depth, then gives the contents that the view
 * has. For types that the program does not know, too (reflect.h).
 *
 *     Name name = *pecs_get(view, e, Name);
 *     pecs_bytes bytes[1];
 *     if (!pecs_give_contents(view, Name, &name, bytes))
 *         status = pecs_set_ptr(other_world, other, Name, &name);
 *
 * `values` are row_count values of size_bytes each. Member k of row r, in the order of offsets, points to
 * bytes[r * n + k], where n is pecs_view_contents_count; it is set for empty ones, too. So before the edit it may be
 * pointed elsewhere: handles in a list are those of the view, to be translated in a copy. Of what the members give
 * nothing is copied: `bytes` and the pointers of the view must live until the edit returns. Any thread that may read
 * the view. PECS_E_INVALID: a member leads to no contents of this view, as in a value of another view, in one that was
 * given already, or in a damaged file that was resumed. PECS_E_MISUSE: the view has no such type, it has another size,
 * bytes_count is less than row_count * n. On failure values and bytes are as before.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_give_contents(pecs_view view, pecs_component component, void *values,
                                                           size_t size_bytes, size_t row_count, pecs_bytes *bytes,
                                                           size_t bytes_count);
/*
 * How many strings, blobs and lists a value of the component has, at any depth: at most size_bytes / 8. 0 if the view
 * has no type of this number.
 */
PECS_API size_t pecs_view_contents_count(pecs_view view, pecs_component component);
/* clang-format off */
/* The first for one value of a type of PECS_TYPES, and an array of pecs_bytes. */
#define pecs_give_contents(view, T, value, array)                                                                      \
    pecs_view_give_contents(view, T##_component, PECS_WRITABLE_(T, value), sizeof(T), 1, array,                        \
                            sizeof(array) / sizeof(pecs_bytes))
#ifdef __cplusplus
#define PECS_WRITABLE_(T, value) (static_cast<T *>(value))
#else
#define PECS_WRITABLE_(T, value) _Generic((value), T * : (value))
#endif
/* clang-format on */

/*
 * Replaces the contents of one member of a component that the entity has: `offset_bytes` is that of the member in the
 * component. Other members stay. Entity {0, 0}: of a singleton. An edit of values (world.h); the world's writer only.
 * PECS_E_DEAD, PECS_E_ABSENT, PECS_E_MISUSE (the component has no such member there, a string that is not UTF-8 or has
 * U+0000, a list of half elements), PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set_contents(pecs_world *world, pecs_entity entity,
                                                           pecs_component component, size_t offset_bytes,
                                                           const pecs_bytes *bytes);
/*
 * The contents of a blob or list for writing in place, until the next edit or take. They are resized first: to
 * size_bytes, with zeros for what is new; PECS_KEEP_SIZE keeps the size. ret_size_bytes may be NULL. Of an empty one
 * *ret_bytes may be NULL. As pecs_world_set_contents; PECS_E_MISUSE for a string, which is only set as a whole.
 */
#define PECS_KEEP_SIZE SIZE_MAX
PECS_API PECS_MUST_USE pecs_status pecs_world_edit_contents(pecs_world *world, pecs_entity entity,
                                                            pecs_component component, size_t offset_bytes,
                                                            size_t size_bytes, void **ret_bytes,
                                                            size_t *ret_size_bytes);
/*
 * Records pecs_world_set_contents of an entity (commands.h). It is applied in its place among the entity's commands:
 * after a set it changes the value that was set, and a later set replaces it. Apply skips it, and counts it as skipped,
 * if the entity lacks the component at that point. The bytes are copied, and checked, now; a list may have provisional
 * handles. PECS_E_MISUSE as pecs_commands_set and pecs_world_set_contents, PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_commands_set_contents(pecs_commands *commands, pecs_entity entity,
                                                              pecs_component component, size_t offset_bytes,
                                                              const pecs_bytes *bytes);
/* clang-format off */
/* Sets a member of a type of PECS_TYPES, of a pecs_world * or in a pecs_commands *, as typed.h:
 * pecs_set_contents(world, e, Name, text, PECS_BYTES(data, size)). */
#define pecs_set_contents(target, entity, T, member, bytes)                                                            \
    PECS_SET_CONTENTS_(target)(target, entity, T##_component, offsetof(T, member), bytes)
#ifdef __cplusplus
#define PECS_SET_CONTENTS_(target) pecs_set_contents_
#else
#define PECS_SET_CONTENTS_(target) PECS_EDIT_(target, set_contents)
#endif
/* clang-format on */

#ifdef __cplusplus
}
inline const pecs_bytes *pecs_address_of_(const pecs_bytes &bytes)
{
    return &bytes;
}
PECS_MUST_USE inline pecs_status pecs_set_contents_(pecs_world *world, pecs_entity entity, pecs_component component,
                                                    size_t offset_bytes, const pecs_bytes *bytes)
{
    return pecs_world_set_contents(world, entity, component, offset_bytes, bytes);
}
PECS_MUST_USE inline pecs_status pecs_set_contents_(pecs_commands *commands, pecs_entity entity,
                                                    pecs_component component, size_t offset_bytes,
                                                    const pecs_bytes *bytes)
{
    return pecs_commands_set_contents(commands, entity, component, offset_bytes, bytes);
}
#endif
#endif
