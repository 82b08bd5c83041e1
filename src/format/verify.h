/* Verify: whether the bytes of a mapped file are still those that its hashes are of. */
#ifndef PECS_FORMAT_VERIFY_H
#define PECS_FORMAT_VERIFY_H

#include "image.h"

#include <pecs/file.h>

/*
 * Hashes all that a state may lie in: commit, prologue, trailer, data. Their places and the commit's hash are those
 * that were there when the file was opened. progress may be NULL. PECS_E_CORRUPT, PECS_E_CANCELLED.
 */
pecs_status verify_image(const struct image *image, pecs_progress_function progress, void *user, pecs_error *error);

#endif
