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

/* How the data of a segment is checked: piece by piece, which any thread may do, or all of it as one job. */
enum verify_way { VERIFY_PIECES, VERIFY_AT_ONCE, VERIFY_NOT };

struct verify_plan {
    struct pool *pool;
    struct image_parts *parts;
    struct source *structure;    /* of trailers */
    struct source *data;         /* of pieces: thread-safe (source_class.is_shared) */
    struct verify_ranges ranges; /* of pieces: those that have some of it */
    const uint8_t *ways;         /* of each segment an enum verify_way; NULL: VERIFY_PIECES */
    pecs_status (*check)(void *user, uint32_t segment, pecs_error *error); /* does VERIFY_AT_ONCE; any thread */
    void *user;
};

/*
 * Segment by segment checks the trailer, reads each piece and compares its hash, or checks all at once. Of several
 * errors the first in the file is returned: PECS_E_CORRUPT, PECS_E_CANCELLED, PECS_E_MEMORY, or the source's.
 */
pecs_status verify_data(const struct verify_plan *plan, const struct verify_options *options, pecs_error *error);
/* Trailer and pieces of one segment, whose bytes from the data to the trailer's end are at `bytes`. */
pecs_status verify_segment(const struct segment_parts *segment, uint32_t number, const uint8_t *bytes,
                           pecs_error *error);
/* The same with the hashes of the pieces, which were made as these were read, and the trailer's bytes. */
pecs_status verify_hashes(const struct segment_parts *segment, uint32_t number, const uint8_t *hashes,
                          const uint8_t *trailer, pecs_error *error);
/* Whether the bytes between its runs or blocks, and between data and trailer, are zero. */
pecs_status verify_part_gaps(const struct segment_parts *segment, bool has_blocks, const uint8_t *records,
                             const uint8_t *bytes, pecs_error *error);

/*
 * Checks that every byte outside header, prologues, runs, trailers, commit, file metadata and footer is zero, but for
 * the data of segments that were checked at once. Skips the check if the file has an unknown optional feature, which
 * may own such bytes. `data` is the file's image with the data present, `records` are those of each segment's runs;
 * NULL: they are in the image, too. Other ranges are read from plan->structure. Returns PECS_E_CORRUPT or the source's
 * error.
 */
pecs_status verify_gaps(const struct verify_plan *plan, const uint8_t *const *records, const uint8_t *data,
                        pecs_error *error);
/* The same from the commit's end on. */
pecs_status verify_end_gaps(struct source *source, const struct image_parts *parts, pecs_error *error);

/* Verifies all bytes of a mapped file that was opened before, its commit, prologue and gaps included. */
pecs_status verify_image(struct image *image, struct pool *pool, const struct verify_options *options,
                         pecs_error *error);

#endif
