/*
 * Gather: the rows and contents that a file holds in blocks, inflated into one image where each column lies in one
 * place. Build and all checks of values see no blocks.
 */
#ifndef PECS_FORMAT_GATHER_H
#define PECS_FORMAT_GATHER_H

#include "file_model.h"
#include "verify.h"

/*
 * *ret_gathered: NULL if the model has no blocks to gather. It keeps `image`, the file's bytes, if any of them are
 * still used, and is edited as that image is. The blocks' bytes must have been read. Progress is called after each
 * block, with all bytes of the file done. PECS_E_CORRUPT, PECS_E_MEMORY, PECS_E_CANCELLED.
 */
pecs_status gather_blocks(const struct model *model, struct image *image, const struct verify_options *options,
                          struct image **ret_gathered, pecs_error *error);

/* Where bytes lie in the file: the offset itself, or that of the block that holds what was gathered at it. */
uint64_t gather_file_offset(const struct model *model, uint64_t offset);

#endif
