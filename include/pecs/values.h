/*
 * Values: what the bytes of a component must mean, and what to do where they mean nothing.
 *
 * C lets a program put any bytes into a struct. A file that `load` takes has only these (docs/format.md, VALUE-1 to 4):
 *   bool    0 or 1
 *   enum    a number below that of its names
 *   text    UTF-8, and zeros from the first zero to the end of the array
 *   entity  {0, 0}, or a handle that this world has given: of the living or the dead, not of another world, of a future
 *           that was given up (snapshot.h), or of a command buffer that was not applied
 * Edits do not look, so that they cost nothing more. A save looks at every value and refuses what load would refuse
 * (file.h); pecs_view_check finds all such values at once.
 */
#ifndef PECS_VALUES_H
#define PECS_VALUES_H

#include <pecs/view.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A place in a component that means nothing. All that it points to lives until the function returns that is told. */
typedef struct pecs_invalid {
    pecs_entity entity; /* whose value; {0, 0}: a singleton's */
    pecs_component component;
    const char *type;  /* the component's name */
    const char *field; /* where in it: "slots[2].owner"; cut when it is long */
    const char *rule;  /* "VALUE-4"; static */
    pecs_kind kind;
    uint32_t offset;   /* of the place in the value, in bytes */
    uint32_t size;     /* of the place in bytes: one bool, number or handle, or a text with all that follows it */
    const void *value; /* the whole component */
} pecs_invalid;

/* Told of each; false ends the work with PECS_E_CANCELLED. */
typedef bool (*pecs_invalid_function)(void *user, const pecs_invalid *invalid);

/*
 * Looks at every value of a view: PECS_OK when load would take them all. Else PECS_E_INVALID, and the error names
 * entity, component and field of the first. `each` is told of all, table by table; NULL: not wanted, the first is
 * enough. It must not edit the world. Costs one read of all components that have such fields, and 4 bytes for 4096
 * slots of the index. PECS_E_MEMORY, PECS_E_CANCELLED.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_check(pecs_view view, pecs_invalid_function each, void *user,
                                                   pecs_error *error);

/*
 * Mends a place of `invalid->size` bytes, of which `invalid->value` is as it was; false: it cannot, and the load fails.
 * What is left there is looked at again. On the thread that loads.
 */
typedef bool (*pecs_repair_function)(void *user, const pecs_invalid *invalid, void *place);

/*
 * A repair for every kind, to be given to load as it is: a bool becomes true, an enum its value 0, a handle {0, 0}; a
 * text ends before the first byte that is not UTF-8. `user` is not read. Any thread.
 */
PECS_API bool pecs_repair_invalid(void *user, const pecs_invalid *invalid, void *place);

/*
 * Copies a zero-terminated text into an array of `size_bytes` and fills the rest with zeros, at least one, so that the
 * array can be printed as a string. What has no room, or follows a byte that is not UTF-8, is left out: whole
 * characters only, and the answer is false. Any thread.
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
