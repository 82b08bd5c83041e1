#include "meta_text.h"

#include <stdint.h>

enum { BYTES_SHOWN = 16 };

void meta_print_value(struct text_out *out, const pecs_meta *meta)
{
    const uint8_t *bytes = meta->value;
    if (meta->kind == PECS_META_TEXT) {
        out_format(out, "\"");
        out_escaped(out, meta->value, meta->size_bytes, ESCAPE_QUOTED);
        out_format(out, "\"");
        return;
    }
    out_format(out, "%zu bytes:", meta->size_bytes);
    for (size_t i = 0; i < meta->size_bytes && i < BYTES_SHOWN; i++)
        out_format(out, " %02x", bytes[i]);
    if (meta->size_bytes > BYTES_SHOWN)
        out_format(out, " ...");
}

void meta_print(struct text_out *out, const pecs_meta *meta)
{
    out_format(out, "  ");
    out_name(out, meta->key);
    out_format(out, " ");
    meta_print_value(out, meta);
    out_format(out, "\n");
}
