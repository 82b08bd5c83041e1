/*
 * File: a snapshot as a PECS file, whose format docs/format.md defines.
 *
 * save publishes a whole file or nothing: a file without a name, in the same directory, is written and synced, gets its
 * name or is renamed over `path`; then the directory is synced, for which it must be readable. Where the system has no
 * files without names, it is written under a temporary name. A published file is never written in place. Symbolic
 * links at `path` are followed to their last target: that file is replaced, and "the directory" is its own. The mode of
 * the file replaced is kept; a file that the process may not write to is not replaced, and a file without a name (a
 * memfd or a deleted file, through /proc/self/fd) cannot be: PECS_E_IO with EOPNOTSUPP. A temporary that a killed save
 * left is removed by the next save to that path. The library's descriptors are 3 or higher, so that what a program
 * prints after it closed its standard streams never lands in a save. A file size limit (RLIMIT_FSIZE) gives EFBIG to a
 * program that ignores SIGXFSZ, and kills one that does not. docs/reliability.md says what holds when memory, disk or
 * power fail.
 *
 * There are two verbs for getting a file back. Both give a snapshot; make a world from it, or restore one to it.
 *   resume  for files that your own program wrote: maps the file, checks its structure, reads no array. Costs the same
 *           whatever the number of entities. The file must not be written to or truncated while the snapshot
 *           or anything that shares its arrays lives: also not by cp over it, rsync --inplace, or a cloud service that
 *           keeps its folder in sync. Replacing it, by save or by mv, is fine. A save of what was resumed looks whether
 *           the file was written to: one of another size or time is hashed, and refused when it is not as it was.
 *   load    for any other file: reads it into memory, checks every hash, that all between the file's parts is zero,
 *           that entity index, rows and ids agree, and that every value means something (values.h). A save looks at
 *           the same values, so what save accepts, load accepts; `repair` mends files that were saved without that
 *           look.
 *
 * Types are matched by their id, which is made of the name, whatever the order of registration. Those that the registry
 * lacks are kept (reflect.h): so a type that was renamed is another type, and the file's stays under its old name.
 * Those that the registry has must have the same version and layout.
 */
#ifndef PECS_FILE_H
#define PECS_FILE_H

#include <pecs/metadata.h>
#include <pecs/reflect.h>
#include <pecs/snapshot.h>
#include <pecs/values.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Told how far it is, after every few MiB; false ends the work with PECS_E_CANCELLED. On the caller's thread. */
typedef bool (*pecs_progress_function)(void *user, uint64_t done_bytes, uint64_t total_bytes);

typedef struct pecs_save_options {
    bool skip_sync; /* do not sync file and directory: a crash of the process loses nothing, but one of the machine may
                       lose the save and the file that it replaced. The disk is asked to begin writing at once */
    uint64_t wall_clock_ns; /* the time to note in the file, in nanoseconds since 1970-01-01 UTC; 0: none, so that equal
                               states give equal bytes */
    const pecs_meta *metadata; /* entries that belong to this file and not to the world (a title, the time played, a
                                  picture), in any order; keys and values as pecs_world_set_meta takes them, read before
                                  save returns. pecs_file_info gives them back, resume and load do not */
    size_t metadata_count;
    bool verify_source; /* of a world that was resumed: hash its file first (pecs_snapshot_verify), so that damage
                           that crept in since then is not saved with hashes that make it look right */
    bool skip_check;    /* save values that mean nothing (values.h) too: the file can be resumed, but not loaded */
    pecs_progress_function progress; /* NULL: not wanted. Where the source is hashed first, of that too: from 0 to its
                                        size, and then from 0 again for the save */
    void *user;                      /* for progress */
} pecs_save_options;

/* What a file may have; beyond it, PECS_E_LIMIT. 0: no limit. */
typedef struct pecs_file_limits {
    uint64_t max_bytes;    /* of the whole file */
    uint64_t max_entities; /* living ones. Free slots of the index do not count: only max_bytes bounds them, by 16 bytes
                              of the file each. Retired ones take at most twice the memory that they take in the file */
    uint32_t max_types;    /* component types; never more than the library's own limit */
    bool private_only;     /* refuse a file that others than this user (and root) may write to: PECS_E_IO with EACCES */
} pecs_file_limits;

typedef struct pecs_resume_options {
    pecs_file_limits limits;
    bool refuse_unknown; /* PECS_E_UNSUPPORTED for types that the registry lacks; else they are kept (reflect.h) */
} pecs_resume_options;

typedef struct pecs_load_options {
    pecs_file_limits limits;
    bool refuse_unknown;             /* as for a resume */
    uint32_t thread_count;           /* threads in all, the caller's included; 0 means 1, more than 64 count as 64 */
    pecs_repair_function repair;     /* called for each invalid value (values.h), in the order of the file, to repair
                                        it; NULL: such a file is refused. The file itself is not changed */
    pecs_progress_function progress; /* or NULL */
    void *user;                      /* for repair and progress */
} pecs_load_options;

typedef struct pecs_info_options {
    pecs_file_limits limits;
    uint64_t
        max_info_bytes; /* of commit and metadata; 0: 64 MiB, which is what a million sessions and all metadata need */
} pecs_info_options;

/*
 * Hashes the file that a resumed snapshot lies in, against the hashes that were in it, and checks that all between its
 * parts is zero: what bits that rot, and programs that write to the file, have changed since. Of a snapshot that was
 * loaded, or comes from no file, there is nothing to hash. Any thread, also while the world that shares the file is
 * edited. `progress` may be NULL. PECS_E_CORRUPT (rule and offset tell what and where), PECS_E_IO with ESTALE (the file
 * was cut), PECS_E_CANCELLED, PECS_E_MISUSE.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_verify(const pecs_snapshot *snapshot, pecs_progress_function progress,
                                                        void *user, pecs_error *error);

/*
 * Saves a snapshot. Any thread. PECS_E_INVALID (a value that load would refuse, see skip_check; the error names entity,
 * component and field, pecs_view_check finds all), PECS_E_CORRUPT (what was resumed lies in a file that was damaged
 * since; the message names it), PECS_E_IO (with errno; the old file is whole, unless the message says that the new one
 * is published but may not be durable; ESTALE: what was resumed lies in a file that was cut), PECS_E_MISUSE (an entry
 * of `metadata`; the message names it and says why), PECS_E_MEMORY, PECS_E_CANCELLED, PECS_E_LIMIT (too much metadata;
 * or metadata from another library's file that leaves no room for the application's name). Needs under 16 MiB of memory
 * at any number of entities, one value of the largest type with padding, about a kilobyte for each table, a few times
 * the metadata, and 20 bytes for each explicit id.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_save(const pecs_snapshot *snapshot, const char *path,
                                                      const pecs_save_options *options, pecs_error *error);

/*
 * Takes a snapshot, saves it, releases it. The world's writer only. PECS_E_BUSY while a write iteration is open; else
 * as pecs_snapshot_save.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_save(pecs_world *world, const char *path,
                                                   const pecs_save_options *options, pecs_error *error);

/*
 * Gets a snapshot from a file; the caller owns one reference. PECS_E_IO, PECS_E_CORRUPT (rule and offset tell what and
 * where), PECS_E_UNSUPPORTED (a newer version or a feature that this library does not know; with refuse_unknown, a type
 * that the registry lacks), PECS_E_LAYOUT (the message tells the first difference), PECS_E_LIMIT, PECS_E_MEMORY,
 * PECS_E_CANCELLED.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_resume(pecs_registry *registry, const char *path,
                                                        const pecs_resume_options *options,
                                                        pecs_snapshot **ret_snapshot, pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_load(pecs_registry *registry, const char *path,
                                                      const pecs_load_options *options, pecs_snapshot **ret_snapshot,
                                                      pecs_error *error);

/*
 * Called on the world that pecs_world_open has created because there is no file. Any status but PECS_OK fails the open,
 * and a failed edit's own words become the error. The world must not be destroyed here.
 */
typedef pecs_status (*pecs_populate_function)(void *user, pecs_world *world);

typedef struct pecs_open_options {
    bool load;                                 /* load the file instead of resuming it */
    const pecs_resume_options *resume_options; /* or NULL */
    const pecs_load_options *load_options;     /* or NULL */
    const pecs_world_options *world_options;   /* or NULL */
    pecs_populate_function populate;           /* or NULL: a new world is empty */
    void *user;                                /* for populate */
} pecs_open_options;

/*
 * Opens the world of a file: resumes or loads it, or, where there is no file, creates a world. Errors are those of
 * pecs_snapshot_resume or pecs_snapshot_load, pecs_world_create and `populate`; the caller owns the world.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_open(pecs_registry *registry, const char *path,
                                                   const pecs_open_options *options, pecs_world **ret_world,
                                                   pecs_error *error);

/* What a file tells of itself. All that it points to lives until pecs_info_destroy. */
typedef struct pecs_info {
    uint64_t size_bytes;
    uint32_t format_version;
    uint64_t optional_features;
    uint64_t entity_count, slot_count, free_count; /* as in pecs_summary */
    uint64_t tick;
    uint64_t wall_clock_ns; /* when it was saved; 0: not told */
    uint64_t session_count;
    pecs_id snapshot_id, parent_id; /* parent: zero when none is named, or by a feature that is not known here */
    const pecs_type *const *types;  /* with their ids, ascending by them; those that a table has */
    size_t type_count;
    const pecs_table *tables; /* components: places in `types` */
    size_t table_count;
    const pecs_meta *metadata; /* the world's, ascending by key */
    size_t metadata_count;
    const pecs_meta *file_metadata; /* the file's own (pecs_save_options), ascending by key */
    size_t file_metadata_count;
    uint64_t retired_count; /* as in pecs_summary */
} pecs_info;

/*
 * Reads header, footer, commit and the file's metadata, and checks them as load does; nothing else of the file is read,
 * so it costs the same few pages whatever the number of entities; and no more memory than a few times max_info_bytes,
 * whatever a stranger's file says. Any thread. Errors as of load; `allocator` (NULL: the system's) is what the
 * information is made in.
 */
PECS_API PECS_MUST_USE pecs_status pecs_file_info(const char *path, const pecs_allocator *allocator,
                                                  const pecs_info_options *options, pecs_info **ret_info,
                                                  pecs_error *error);

/* The entry of a key: the file's own, else the world's; NULL: there is none. It lives until pecs_info_destroy. */
PECS_API const pecs_meta *pecs_info_meta(const pecs_info *info, const char *key);

/* NULL is allowed. Any thread. */
PECS_API void pecs_info_destroy(pecs_info *info);

#ifdef __cplusplus
}
#endif
#endif
