/* Meta text: prints a metadata entry. */
#ifndef PECS_CLI_META_TEXT_H
#define PECS_CLI_META_TEXT_H

#include "text_out.h"

#include <pecs/metadata.h>

/* Prints a line: two spaces, the key and the value. */
void meta_print(struct text_out *out, const pecs_meta *meta);

/* Prints the number of bytes and the first of them. */
void bytes_print(struct text_out *out, const uint8_t *bytes, size_t size_bytes);

/* Prints the value alone: a text in quotes, or the number of bytes and the first of them. */
void meta_print_value(struct text_out *out, const pecs_meta *meta);

#endif
