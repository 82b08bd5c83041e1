/* Writer: a state as the bytes of a PECS file, front to back, in pieces of FORMAT_PIECE bytes. */
#ifndef PECS_FORMAT_WRITER_H
#define PECS_FORMAT_WRITER_H

#include "os.h"
#include "state.h"

#include <pecs/file.h>

/*
 * Where the bytes go. begin is called once, with the size of the whole file. Spans passed to write are read before it
 * returns; all but the last end at a multiple of FORMAT_PIECE in the file or when OS_SPAN_MAX spans are full.
 */
struct writer_sink {
    pecs_status (*begin)(void *user, uint64_t size_bytes, pecs_error *error);
    pecs_status (*write)(void *user, struct os_span *spans, size_t span_count, pecs_error *error);
    void *user;
};

struct writer_options {
    uint64_t wall_clock_ns;               /* 0: not told */
    const struct metadata *file_metadata; /* or NULL */
    bool skip_check;                      /* of values, which load would refuse */
    pecs_progress_function progress;      /* or NULL */
    void *user;
};

pecs_status writer_write(const struct pecs_snapshot *state, const struct writer_sink *sink,
                         const struct writer_options *options, pecs_error *error);

#endif
