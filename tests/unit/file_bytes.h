/* For tests: a whole file as bytes, and back. */
#ifndef FILE_BYTES_H
#define FILE_BYTES_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The owner frees bytes. */
struct file_bytes {
    uint8_t *bytes;
    size_t size;
};

static inline struct file_bytes read_bytes(const char *path)
{
    struct file_bytes file = { NULL, 0 };
    FILE *stream = fopen(path, "rb");
    cr_assert_not_null(stream, "%s is not there", path);
    fseek(stream, 0, SEEK_END);
    file.size = (size_t)ftell(stream);
    rewind(stream);
    file.bytes = malloc(file.size + 1);
    cr_assert_eq(fread(file.bytes, 1, file.size, stream), file.size);
    fclose(stream);
    return file;
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    cr_assert_not_null(stream);
    cr_assert_eq(fwrite(bytes, 1, size, stream), size);
    cr_assert_eq(fclose(stream), 0);
}

#endif
