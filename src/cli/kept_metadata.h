/* Kept metadata: a file's own entries, for a file that is made of it. */
#ifndef PECS_CLI_KEPT_METADATA_H
#define PECS_CLI_KEPT_METADATA_H

#include <pecs/file.h>

/*
 * A list of the entries, which the caller frees before the information. Skips those with a reserved key, with a
 * message: they come from a later version of the library, and may not be true of another file. NULL: out of memory.
 */
pecs_meta *kept_metadata(const pecs_info *info, size_t *ret_count);

#endif
