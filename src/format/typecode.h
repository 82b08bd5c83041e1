/* Type records: write a component type, compare one of a file with the registry's, format the difference as text. */
#ifndef PECS_FORMAT_TYPECODE_H
#define PECS_FORMAT_TYPECODE_H

#include "buffer.h"
#include "component.h"

/* Appends the type record of a component. */
void typecode_write(struct buffer *buffer, const struct component *component, uint32_t number);

/*
 * Checks that `size_bytes` bytes are a type record with its fields, strings and padding in bounds, and nothing after.
 * The record's own size has been checked against the bytes. PECS_E_CORRUPT, PECS_E_UNSUPPORTED: a field has a kind that
 * this library does not know, so it cannot read what follows. Reports the first error in the record.
 */
pecs_status typecode_check_form(const uint8_t *bytes, size_t size_bytes);

/* Whether a field of a well-formed record, at any depth, is a reference into the heap. */
bool typecode_has_contents(const uint8_t *bytes, size_t size_bytes);

/*
 * Makes the description of a well-formed record in `memory`, of typecode_parse_bytes(size_bytes). Its numbers are as
 * they stand in the record: component_init checks them.
 */
static inline size_t typecode_parse_bytes(size_t size_bytes)
{
    return 5 * size_bytes + 256; /* a field takes at most 5 times its record, and an enum value's name twice */
}
const pecs_type *typecode_parse(const uint8_t *bytes, size_t size_bytes, void *memory);

/* Formats how two well-formed records of one type differ: version, size, and the first field or enum value. */
void typecode_compare(const uint8_t *in_file, const uint8_t *in_program, char *text, size_t capacity);

/* The name of a well-formed record; not terminated. */
const char *typecode_name(const uint8_t *bytes, uint32_t *ret_size_bytes);

#endif
