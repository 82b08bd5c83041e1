/*
 * Segment check: the handles, contents and values of a segment that is read by itself (part_reader.h), as far as they
 * can be checked without the rest of the file. References to contents are lowered to the segment's own addresses.
 */
#ifndef PECS_FORMAT_SEGMENT_CHECK_H
#define PECS_FORMAT_SEGMENT_CHECK_H

#include "file_model.h"
#include "state.h"
#include "type_match.h"

struct segment_rows {
    const struct pecs_snapshot *state; /* its only one: references are written in place */
    const struct model *model;         /* of the segment; with the tables of the state, in their order */
    const struct match *match;
    const struct image *image, *gathered;
    const uint32_t *tables; /* their numbers in the file */
    uint64_t first_unit;    /* by which references are lowered */
};

/* PECS_E_CORRUPT; offsets are the model's. */
pecs_status segment_check(const struct segment_rows *rows, pecs_error *error);

#endif
