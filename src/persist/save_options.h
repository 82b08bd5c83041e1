/* Options of saves and of streams: what both check and gather. */
#ifndef PECS_PERSIST_SAVE_OPTIONS_H
#define PECS_PERSIST_SAVE_OPTIONS_H

#include "layout.h"
#include "meta_list.h"

#include <pecs/file.h>

/*
 * Files get whole pieces: the page cache then has large folios. A stream gets bytes that are still in the cache of the
 * processor, where they were hashed, and its reader does not wait for the next ones.
 */
enum { SAVE_FILE_BYTES = FORMAT_PIECE, SAVE_STREAM_BYTES = 256 * 1024 };

/* PECS_E_MISUSE: a value that is none of its enum, a list that is NULL. */
pecs_status save_check_options(const pecs_save_options *options, pecs_error *error);

/* Gathers the metadata that belongs to the file and not to its world; NULL if there is none. */
pecs_status save_gather_metadata(struct pool *pool, const pecs_save_options *options, struct metadata **ret_metadata,
                                 pecs_error *error);

#endif
