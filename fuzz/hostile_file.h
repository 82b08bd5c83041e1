/* Makes files without rows, record by record, which the library's writer would not make: for hostile_work. */
#ifndef PECS_FUZZ_HOSTILE_FILE_H
#define PECS_FUZZ_HOSTILE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow. The caller frees them. */
struct blob {
    uint8_t *bytes;
    size_t size, capacity;
};

/* Appends bytes, or zeros for NULL. */
void append(struct blob *blob, const void *bytes, size_t size);
void append32(struct blob *blob, uint32_t number);
/* With its size before it, and zeros up to a multiple of 4. */
void append_string(struct blob *blob, const char *text, size_t size);
/* The record of a type whose id is its number plus 1; its fields, or NULL, follow its name. */
void append_type(struct blob *blob, uint32_t number, uint32_t value_size, uint32_t align, const struct blob *fields,
                 uint32_t field_count);
/* The record of a table with the types. */
void append_table(struct blob *blob, uint32_t number, const uint32_t *types, uint32_t count);

/* Which segments a file has. */
struct segment_plan {
    uint32_t count;       /* that have tables */
    uint32_t empty_count; /* behind them */
    bool are_bad;         /* each of the empty ones has a table that breaks rules; then the file has no footer */
    bool shares_types;    /* not only the first one has types */
};

/* A file of these records: with the segments of a plan, or with one that has all. */
struct blob make_segments(const struct blob *types, uint32_t type_count, const struct blob *tables,
                          uint32_t table_count, const struct segment_plan *plan);
struct blob make_file(const struct blob *types, uint32_t type_count, const struct blob *tables, uint32_t table_count);

#endif
