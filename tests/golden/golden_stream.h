/* The golden world that a row stream writes. */
#ifndef PECS_GOLDEN_STREAM_H
#define PECS_GOLDEN_STREAM_H

#include <pecs/pecs.h>

/* Writes the world "stream" by a row stream; is_plain: and saves it again, as a plain file. */
void golden_save_stream(pecs_registry *registry, bool is_plain, const char *path);

#endif
