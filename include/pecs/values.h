/*
 * Values: which values of a component are invalid, how to find them, and how to repair them.
 *
 * C lets a program put any bytes into a struct. Valid, and so accepted by load, are only (docs/format.md, VALUE-1 to
 * VALUE-6 and HEAP-2):
 *
 *     bool     0 or 1
 *     enum     a number below that of its names
 *     text     UTF-8, and zeros from the first zero to the end of the array
 *     entity   {0, 0}, or a handle of this world, of a living or dead entity; not of another world, of an abandoned
 *              timeline (snapshot.h), or of a command buffer that was not applied
 *     string   contents that an edit was given (contents.h); UTF-8 without U+0000
 *     blob     contents that an edit was given
 *     list     contents that an edit was given: valid elements
 *
 * Edits do not check values, so that they stay fast; of contents they check what these lines say of strings, and that a
 * list has whole elements. A save checks every value and refuses what load would refuse (file.h); pecs_view_check finds
 * all invalid values.
 */
#ifndef PECS_VALUES_H
#define PECS_VALUES_H

#include <pecs/view.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An invalid value in a component. Its pointers are valid during the callback. */
typedef struct pecs_invalid {
    pecs_entity entity; /* whose component; {0, 0}: a singleton's */
    pecs_component component;
    const char *type; /* the component's name */
    const char
        *field; /* its field: "slots[2].owner"; of a list its first invalid element: "ties[3].kind"; cut if long */
    const char *rule; /* "VALUE-4"; static */
    pecs_kind kind;
    uint32_t offset; /* of the invalid value in the component, in bytes */
    uint32_t size;   /* of the invalid value in bytes: one bool, enum or handle, a text with the rest of its array, or a
                        member with contents */
    const void *value; /* the whole component */
} pecs_invalid;

/* Callback for each invalid value. Return false to cancel: PECS_E_CANCELLED. */
typedef bool (*pecs_invalid_function)(void *user, const pecs_invalid *invalid);

/*
 * Checks every value of a view. PECS_OK: load would accept them all. PECS_E_INVALID: the error names entity, component
 * and field of the first invalid one, and which element of a list; `each` is called for all of them, table by table,
 * and must not edit the world. With `each` NULL the check stops at the first. Reads each component that has such fields
 * once; needs 4 bytes of memory for 4096 slots of the index. PECS_E_MEMORY, PECS_E_CANCELLED.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_check(pecs_view view, pecs_invalid_function each, void *user,
                                                   pecs_error *error);

/*
 * Callback of load that repairs the `invalid->size` bytes at `place`; `invalid->value` is the component as it was in
 * the file. The result is checked again. Return false if it cannot be repaired: the load fails. On the calling thread.
 */
typedef bool (*pecs_repair_function)(void *user, const pecs_invalid *invalid, void *place);

/*
 * A pecs_repair_function for every kind: a bool becomes true, an enum its value 0, a handle {0, 0}; a text is cut
 * before the first byte that is not UTF-8; a string, blob or list becomes empty. `user` is ignored. Any thread.
 */
PECS_API bool pecs_repair_invalid(void *user, const pecs_invalid *invalid, void *place);

/*
 * Copies a zero-terminated text into an array of size_bytes and fills the rest with zeros, at least one. Returns false
 * if the text was cut, at a character: it was too long, or not UTF-8 from there on. Any thread.
 */
PECS_API bool pecs_text_copy(char *array, size_t size_bytes, const char *utf8);

#ifdef __cplusplus
}
template <size_t Size> inline bool pecs_text_set(char (&field)[Size], const char *utf8)
{
    return pecs_text_copy(field, Size, utf8);
}
#else
/* clang-format off */
/* pecs_text_copy into a field that is an array, of its own size: pecs_text_set(value.name, "Zoe"). In C++ too. */
#define pecs_text_set(field, utf8)                                                                                     \
    pecs_text_copy((field),                                                                                            \
                   _Generic(&(field), char **: (void)0, char *const *: (void)0,                                        \
                            default: _Generic(&(field)[0], char *: sizeof(field))),                                    \
                   (utf8))
/* clang-format on */
#endif
#endif
