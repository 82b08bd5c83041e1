/* Verify: whether the bytes of a file are those that its hashes are of. */
#ifndef PECS_FORMAT_VERIFY_H
#define PECS_FORMAT_VERIFY_H

#include "file_model.h"

#include <pecs/file.h>

struct verify_options {
    uint32_t thread_count;
    pecs_progress_function progress; /* or NULL: is called after each piece */
    void *user;
};

/*
 * Gets the data of a file piece by piece, and compares each with its hash in the trailer; the trailer has its checksum.
 * PECS_E_CORRUPT, PECS_E_CANCELLED, and what the source gives. All pieces are got from the source, which several
 * threads may ask, if there are several.
 */
pecs_status verify_data(struct source *source, const struct image_parts *parts, const struct verify_options *options,
                        pecs_error *error);

/*
 * Checks that all is zero that belongs to no part of a file: neither to header, prologue, a run, trailer, commit, its
 * own metadata nor footer; if no optional feature that this library does not know may own it. `bytes` are those of the
 * file, of which prologue and data are there; others are got from the source. PECS_E_CORRUPT, and what the source
 * gives.
 */
pecs_status verify_gaps(struct source *source, const struct image_parts *parts, const uint8_t *bytes,
                        pecs_error *error);

/* All that a state may lie in, and what is between, of a mapped file that was opened before: commit and prologue, too.
 */
pecs_status verify_image(const struct image *image, const struct verify_options *options, pecs_error *error);

#endif
