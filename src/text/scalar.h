/*
 * Scalar: one element of a field as a word, the same in text and in JSON. Numbers are exact: integers in full, floats
 * in the shortest form that reads back as the same bits, NaNs with their bits.
 */
#ifndef PECS_TEXT_SCALAR_H
#define PECS_TEXT_SCALAR_H

#include <pecs/schema.h>

enum scalar_form {
    SCALAR_WORD,    /* an integer, true or false */
    SCALAR_FLOAT,   /* a finite float */
    SCALAR_NAME,    /* name of an enum value; a handle; an invalid value: "bool:2", "nan:7fc00001" */
    SCALAR_UNNAMED, /* an enum value without a name: "enum:7", which may also be the name of another value */
    SCALAR_NOTHING  /* the zero handle */
};

/* Prefix of enum values without a name. */
#define UNNAMED_PREFIX "enum:"

struct scalar {
    enum scalar_form form;
    const char *text; /* in `room`, a literal, or a name that the type owns; zero-terminated */
    size_t size;      /* of the text */
    char room[48];
};

/* Reads an element of a number, a bool, an enum or a handle. `bytes` needs no alignment. */
void scalar_read(const pecs_field *field, const void *bytes, struct scalar *ret_scalar);

/* Writes "12:3" and returns its end. A handle takes at most 21 bytes. */
char *scalar_write_handle(char *room, pecs_entity entity);

/* The elements of a field. A text is one element, however many bytes it has; a grid of text is a list of texts. */
struct elements {
    uint32_t count, step_bytes;
    uint32_t columns; /* of a grid; else 0 */
    bool is_array;    /* JSON writes an array, also of one element: of a grid, of texts too */
};
struct elements elements_of(const pecs_field *field);

/* One element of a list, as a field of its own at offset 0. */
pecs_field list_element_of(const pecs_field *list);

/* The size of a text without its trailing zeros. */
size_t scalar_text_size(const void *bytes, size_t size);

#endif
