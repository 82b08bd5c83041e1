/*
 * File: a snapshot as a PECS file, whose format docs/format.md defines.
 *
 * save publishes a whole file or nothing: a unique temporary file in the same directory is written, synced and renamed
 * over `path`, then the directory is synced. A published file is never written in place. A symbolic
 * link at `path` is followed, and the mode of the file replaced is kept. A temporary that a killed save left is
 * removed by the next save to that path.
 *
 * There are two verbs for getting a file back. Both give a snapshot; make a world from it, or restore one to it.
 *   resume  for files that your own program wrote: maps the file, checks its structure, reads no array. Costs the same
 *           whatever the number of entities. The file must not be written to or truncated while the snapshot
 *           or anything that shares its arrays lives (replacing it by save is fine).
 *   load    for any other file: reads it into memory, checks every hash, and that entity index and rows agree.
 *
 * Types are matched by their id, whatever the order of registration.
 */
#ifndef PECS_FILE_H
#define PECS_FILE_H

#include <pecs/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_save_options {
    bool skip_sync; /* do not sync file and directory: a crash of the machine may lose the save, never the process's */
} pecs_save_options;

typedef struct pecs_load_options {
    uint64_t max_bytes;    /* refuse larger files with PECS_E_LIMIT; 0: no limit */
    uint64_t max_entities; /* refuse more entities with PECS_E_LIMIT; 0: no limit */
} pecs_load_options;

/*
 * Saves a snapshot. Any thread. PECS_E_IO (with errno; the old file is whole, unless the message says that the new one
 * is published but may not be durable), PECS_E_MEMORY. Needs under 16 MiB of memory at any number of
 * entities, and about a kilobyte for each table.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_save(const pecs_snapshot *snapshot, const char *path,
                                                      const pecs_save_options *options, pecs_error *error);

/* Takes a snapshot, saves it, releases it. PECS_E_BUSY while a write iteration is open. */
PECS_API PECS_MUST_USE pecs_status pecs_world_save(pecs_world *world, const char *path,
                                                   const pecs_save_options *options, pecs_error *error);

/*
 * Gets a snapshot from a file; the caller owns one reference. PECS_E_IO, PECS_E_CORRUPT (rule and offset tell what and
 * where), PECS_E_UNSUPPORTED (a newer version, or a type that the registry lacks), PECS_E_LAYOUT (the message names
 * both layouts), PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_resume(pecs_registry *registry, const char *path,
                                                        const pecs_load_options *options, pecs_snapshot **ret_snapshot,
                                                        pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_load(pecs_registry *registry, const char *path,
                                                      const pecs_load_options *options, pecs_snapshot **ret_snapshot,
                                                      pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
