/* Meta text: an entry of the metadata as one line. */
#ifndef PECS_CLI_META_TEXT_H
#define PECS_CLI_META_TEXT_H

#include "text_out.h"

#include <pecs/metadata.h>

/* Two spaces, the key, and the text, or how many bytes there are and the first of them. */
void meta_print(struct text_out *out, const pecs_meta *meta);

/* The value alone. */
void meta_print_value(struct text_out *out, const pecs_meta *meta);

#endif
