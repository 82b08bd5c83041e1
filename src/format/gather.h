/*
 * Gather: the rows and contents that a file holds in blocks, inflated into one image where each column lies in one
 * place. Build and all checks of values see no blocks.
 */
#ifndef PECS_FORMAT_GATHER_H
#define PECS_FORMAT_GATHER_H

#include "codecs.h"
#include "file_model.h"
#include "part.h"
#include "source.h"
#include "verify.h"

/* What gathers the blocks of a model. The image's bytes, unless an input gives them, have been read. */
struct gathering {
    const struct model *model;
    struct image *image;
    const struct source_input *input; /* of segments that are checked at once; NULL: they are in the image */
    struct image *gathered;           /* NULL: there is nothing to gather */
    struct codecs codecs;
    const struct verify_options *options;
    uint8_t *ways;        /* of each segment an enum verify_way, for verify_plan; NULL: VERIFY_PIECES */
    bool *is_wrong;       /* of each segment that was checked at once: its hashes are right, and something else not */
    size_t *first_blocks; /* of each segment, and of one more */
    bool checks_gaps;
};

/* Takes the memory for what is gathered. PECS_E_MEMORY; call gather_end in any case. */
pecs_status gather_begin(struct gathering *gathering, const struct model *model, struct image *image,
                         const struct verify_options *options, pecs_error *error);
/*
 * Chooses how each segment is checked: at once, if it is small and all of its blocks are gathered, so that their bytes
 * need no memory of their own; not at all, if `only_gathered` is set and none is. PECS_E_MEMORY.
 */
pecs_status gather_choose(struct gathering *gathering, const struct part *part, bool only_gathered, pecs_error *error);
/* Checks a segment at once, and gathers its blocks: verify_plan.check. */
pecs_status gather_segment(void *user, uint32_t segment, pecs_error *error);
/* When all are checked: what is wrong with a segment beside its hashes is left to verify_gaps and gather_rest. */
void gather_settle(struct gathering *gathering);
/*
 * Gathers the blocks of all other segments. Progress is called after each block, with all bytes of the file done.
 * PECS_E_CORRUPT, PECS_E_MEMORY, PECS_E_CANCELLED.
 */
pecs_status gather_rest(struct gathering *gathering, pecs_error *error);
/*
 * Returns the status that is given, and with PECS_OK what was gathered, or NULL. It keeps the image, if any of its
 * bytes are still used, and is edited as that image is.
 */
pecs_status gather_end(struct gathering *gathering, pecs_status status, struct image **ret_gathered);

/* Where bytes lie in the file: the offset itself, or that of the block that holds what was gathered at it. */
uint64_t gather_file_offset(const struct model *model, uint64_t offset);

#endif
