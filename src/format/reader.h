/* Reader: the bytes of a PECS file as a state. */
#ifndef PECS_FORMAT_READER_H
#define PECS_FORMAT_READER_H

#include "os.h"
#include "state.h"

#include <pecs/file.h>

/*
 * Makes a state over the mapped file: its structure is checked, its data is not read. The image becomes the state's,
 * also on failure. options may be NULL here and below.
 */
pecs_status reader_resume(pecs_registry *registry, struct image *image, const pecs_load_options *options,
                          struct pecs_snapshot **ret_state, pecs_error *error);

/*
 * Reads the file into the private image, of its size, and makes a state over it: structure, every hash, and the
 * agreement of index, rows and ids are checked. The image becomes the state's, also on failure.
 */
pecs_status reader_load(pecs_registry *registry, const struct os_file *file, const char *path, struct image *image,
                        const pecs_load_options *options, struct pecs_snapshot **ret_state, pecs_error *error);

/* What header and commit tell beside the state. */
struct reader_facts {
    uint32_t version;
    uint64_t optional_features, wall_clock_ns;
    pecs_id snapshot_id, parent_id;
    struct metadata *file_metadata; /* of the file alone: the caller's reference, or NULL */
};

/*
 * Reads header, footer and commit only. The state is hollow: it tells its types, tables, counts and metadata, but no
 * row of it may be touched.
 */
pecs_status reader_inspect(pecs_registry *registry, const struct os_file *file, const char *path,
                           const pecs_load_options *options, struct reader_facts *ret_facts,
                           struct pecs_snapshot **ret_state, pecs_error *error);

#endif
