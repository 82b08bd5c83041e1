/* Reader: the bytes of a PECS file as a state. */
#ifndef PECS_FORMAT_READER_H
#define PECS_FORMAT_READER_H

#include "os.h"
#include "state.h"

struct reader_limits {
    uint64_t max_entities; /* 0: none */
};

/*
 * Makes a state over the mapped file: its structure is checked, its data is not read. The image becomes the state's,
 * also on failure.
 */
pecs_status reader_resume(pecs_registry *registry, struct image *image, const struct reader_limits *limits,
                          struct pecs_snapshot **ret_state, pecs_error *error);

/*
 * Reads the file into the private image, of its size, and makes a state over it: structure, every hash, and the
 * agreement of index and rows are checked. The image becomes the state's, also on failure.
 */
pecs_status reader_load(pecs_registry *registry, const struct os_file *file, const char *path, struct image *image,
                        const struct reader_limits *limits, struct pecs_snapshot **ret_state, pecs_error *error);

#endif
