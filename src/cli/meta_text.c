#include "meta_text.h"

#include <stdint.h>

enum { BYTES_SHOWN = 16 };

void bytes_print(struct text_out *out, const uint8_t *bytes, size_t size_bytes)
{
    out_format(out, "%zu bytes:", size_bytes);
    for (size_t i = 0; i < size_bytes && i < BYTES_SHOWN; i++)
        out_format(out, " %02x", bytes[i]);
    if (size_bytes > BYTES_SHOWN)
        out_format(out, " ...");
}

void meta_print_value(struct text_out *out, const pecs_meta *meta)
{
    if (meta->kind == PECS_META_TEXT)
        out_quoted(out, meta->value, meta->size_bytes);
    else
        bytes_print(out, meta->value, meta->size_bytes);
}

void meta_print(struct text_out *out, const pecs_meta *meta)
{
    out_format(out, "  ");
    out_name(out, meta->key);
    out_format(out, " ");
    meta_print_value(out, meta);
    out_format(out, "\n");
}
