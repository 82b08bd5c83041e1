/* Writer: a state as the bytes of a PECS file, front to back, into a sink. */
#ifndef PECS_FORMAT_WRITER_H
#define PECS_FORMAT_WRITER_H

#include "output.h"
#include "state.h"

#include <pecs/file.h>

struct writer_options {
    uint64_t wall_clock_ns;               /* 0: none is noted */
    const struct metadata *file_metadata; /* or NULL */
    bool skip_check;                      /* of values, which load would refuse */
    size_t unit_bytes;                    /* of a write, as of output.h */
    pecs_progress_function progress;      /* or NULL */
    void *user;
    pecs_profile profile; /* of all that component_profiles does not name */
    const pecs_component_profile *component_profiles;
    size_t component_profile_count;
    uint32_t thread_count; /* that compress */
};

/* The sink is committed or aborted, if it has begun. *ret_size_bytes is the size of the file. */
pecs_status writer_write(const struct pecs_snapshot *state, const pecs_sink *sink, const struct writer_options *options,
                         uint64_t *ret_size_bytes, pecs_error *error);

#endif
