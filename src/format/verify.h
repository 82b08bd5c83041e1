/* Verify: check the bytes of a file against its hashes. */
#ifndef PECS_FORMAT_VERIFY_H
#define PECS_FORMAT_VERIFY_H

#include "file_model.h"

#include <pecs/file.h>

struct verify_options {
    uint32_t thread_count;
    pecs_progress_function progress; /* or NULL: is called after each piece */
    void *user;
};

/* Ranges of a file, in the order of their offsets. */
struct verify_ranges {
    const struct model_range *list;
    size_t count;
};

/*
 * Of each segment of which a range has some data, checks the trailer's checksum, then reads its data piece by piece, as
 * far as a range has any of a piece, and compares each hash with the trailer. Returns PECS_E_CORRUPT, PECS_E_CANCELLED,
 * or the source's error. With several threads, source_get must be thread-safe (source_class.is_shared).
 */
pecs_status verify_data(struct source *source, struct image_parts *parts, struct verify_ranges ranges,
                        const struct verify_options *options, pecs_error *error);
/* The same for one segment. */
pecs_status verify_segment(struct source *source, struct image_parts *parts, uint32_t number,
                           struct verify_ranges ranges, const struct verify_options *options, pecs_error *error);

/*
 * Checks that every byte outside header, prologues, runs, trailers, commit, file metadata and footer is zero. Skips the
 * check if the file has an unknown optional feature, which may own such bytes. `bytes` is the file's image, with
 * prologues and data present; other ranges are read from the source. Returns PECS_E_CORRUPT or the source's error.
 */
pecs_status verify_gaps(struct source *source, struct image_parts *parts, const uint8_t *bytes, pecs_error *error);
/*
 * The same for a file that is read in parts: from a segment's data to its trailer, by its run or block records and the
 * data; and from the commit's end on. The caller knows whether the gaps have to be zero for the former.
 */
pecs_status verify_part_gaps(const struct segment_parts *segment, bool has_blocks, const uint8_t *records,
                             const uint8_t *data, pecs_error *error);
pecs_status verify_end_gaps(struct source *source, const struct image_parts *parts, pecs_error *error);

/* Verifies all bytes of a mapped file that was opened before, its commit, prologue and gaps included. */
pecs_status verify_image(struct image *image, const struct verify_options *options, pecs_error *error);

#endif
