/* Block writer: a state as the bytes of a file of several segments, whose columns are compressed in blocks. */
#ifndef PECS_FORMAT_BLOCK_WRITER_H
#define PECS_FORMAT_BLOCK_WRITER_H

#include "writer.h"

/* As writer_write, when the options ask for compression. */
pecs_status block_writer_write(const struct pecs_snapshot *state, const pecs_sink *sink,
                               const struct writer_options *options, uint64_t *ret_size_bytes, pecs_error *error);

#endif
