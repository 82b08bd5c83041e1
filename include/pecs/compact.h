/*
 * Compaction of a file: its world saved again, uncompressed, each column in one piece, without what the world no longer
 * uses (pecs_world_compact). Of a compressed file, or one that a stream wrote, it makes the file that maps best.
 *
 *     status = pecs_compact("streamed.pecs", "world.pecs", NULL, &error);
 *
 * It needs some MiB of memory whatever the file, and some bytes for each table and segment: the world lies in files
 * without a name beside the new one, which the system writes to the disk when memory is short. So there must be room
 * for the world twice. Types are those that the file describes.
 */
#ifndef PECS_COMPACT_H
#define PECS_COMPACT_H

#include <pecs/file.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_compact_options {
    pecs_file_limits limits; /* of the old file */
    bool trust; /* map the file: its hashes and values are checked, and that these have no more contents (contents.h)
                   than the file, but not that index and rows agree, nor which contents a value has. No program may
                   write to it until the call returns. A compressed one is inflated beside the new file */
    bool skip_sync;                  /* of the new file, as in pecs_save_options */
    const pecs_allocator *allocator; /* of all but the world; or NULL: the system's */
    uint32_t thread_count;           /* as in pecs_load_options */
    pecs_progress_function progress; /* of the load, which is the first half; or NULL. Not with trust */
    void *user;                      /* for progress */
} pecs_compact_options;

/*
 * Loads the file at `path` with all checks of pecs_snapshot_load, compacts its world, and saves it to a path, as
 * pecs_snapshot_save does: the bytes are those of a save of the compacted world, with the old file's own metadata, but
 * for entries of a later version of the library, and its time. Both paths may be one. `options` may be NULL. Any
 * thread. Errors as of pecs_snapshot_load and pecs_snapshot_save; PECS_E_IO with ENOSPC also if there is no room for
 * the world beside the new file. On failure there is no new file, and an old one is as before.
 */
PECS_API PECS_MUST_USE pecs_status pecs_compact(const char *path, const char *to, const pecs_compact_options *options,
                                                pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
