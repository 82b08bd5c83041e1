/*
 * Scalar: one element of a field as a word, the same in text and in JSON. Every number is exact: integers in full,
 * floats in the shortest form that reads back as the same bits, those that are no number with their bits.
 */
#ifndef PECS_CLI_SCALAR_H
#define PECS_CLI_SCALAR_H

#include <pecs/schema.h>

enum scalar_form {
    SCALAR_WORD,    /* an integer, true or false */
    SCALAR_FLOAT,   /* a finite one */
    SCALAR_NAME,    /* of an enum's value; a handle; what has no meaning: "bool:2", "nan:7fc00001" */
    SCALAR_UNNAMED, /* an enum's value without a name: "enum:7", which may be the name of another one, too */
    SCALAR_NOTHING  /* the handle that names none */
};

/* Before the number of what is unnamed. */
#define UNNAMED_PREFIX "enum:"

struct scalar {
    enum scalar_form form;
    const char *text; /* in `room`, or a name of the type */
    char room[48];
};

/* `bytes` is an element of the field, whose kind is not text, struct or padding. */
void scalar_read(const pecs_field *field, const void *bytes, struct scalar *ret_scalar);

/* What a field is an array of. A text is one element, however many bytes it has; a grid of text is a list of texts. */
struct elements {
    uint32_t count, step_bytes;
    uint32_t columns; /* of a grid; else 0 */
    bool is_array;    /* in JSON it is one, also of one element: a grid, of text too */
};
struct elements elements_of(const pecs_field *field);

/* The bytes of a text of `size` bytes that count: those before its last zeros. */
size_t scalar_text_size(const void *bytes, size_t size);

#endif
