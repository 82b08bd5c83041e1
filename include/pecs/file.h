/*
 * File: snapshots as PECS files; docs/format.md defines the format. stream.h has what needs no path: memory, pipes,
 * functions of your own.
 *
 * A save publishes the whole file or nothing. It writes and syncs an unnamed file in the same directory (a temporary
 * with a name, where the system has no unnamed files), renames it over `path`, and syncs the directory, which must be
 * readable. It never writes to a published file. Symbolic links at `path` are followed to their last target; that file,
 * in its own directory, is replaced. The mode of the replaced file is kept. A file that the process may not write to is
 * not replaced; a file without a name (a memfd or a deleted file, through /proc/self/fd) cannot be: PECS_E_IO with
 * EOPNOTSUPP. The library's descriptors are 3 or higher, so output to closed standard streams never lands in a save. A
 * file size limit (RLIMIT_FSIZE) is EFBIG for a program that ignores SIGXFSZ, and kills one that does not.
 * docs/reliability.md says what holds when memory, disk or power fail.
 *
 * Two verbs read a file. Both return a snapshot, to create a world from or to restore one to.
 *   resume  for files that your own program wrote: maps the file, checks its structure, reads no array. Takes the same
 *           time for any number of entities. A file of less than 128 KiB is read into memory instead, so a process
 *           can resume more worlds than the 65,530 maps that it has; do not rely on more than a map gives.
 *           The file must not be written to or truncated while the snapshot, or anything that shares its arrays, is in
 *           use: not by cp over it, rsync --inplace, or a cloud service that synchronises its folder. Replacing it, by
 *           a save or mv, is fine. A save of a resumed world checks its file, unless it was read: if size or time
 *           differ, the file is hashed, and the save fails if it has changed.
 *   load    for any other file: reads it into memory and checks every byte: hashes, zeros between the parts, that
 *           entity index, rows and ids agree, and that every value is valid (values.h). A save checks the same
 *           values, so load accepts what save accepts; `repair` is for files that were saved without that check.
 *
 * Types are matched by id, which is derived from the name; the order of registration does not matter. Types that the
 * registry lacks are kept (reflect.h). Types that it has in another version or layout are converted (migration.h):
 * their columns become private memory, all others stay as they are.
 */
#ifndef PECS_FILE_H
#define PECS_FILE_H

#include <pecs/attachments.h>
#include <pecs/filter.h>
#include <pecs/metadata.h>
#include <pecs/migration.h>
#include <pecs/reflect.h>
#include <pecs/snapshot.h>
#include <pecs/values.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Progress callback, every few MiB, on the calling thread. Return false to cancel: PECS_E_CANCELLED. */
typedef bool (*pecs_progress_function)(void *user, uint64_t done_bytes, uint64_t total_bytes);

/* What a save has written, and what it has left out because it is transient (pecs_type_flags). */
typedef struct pecs_save_report {
    uint64_t size_bytes; /* of the file */
    uint64_t entity_count;
    uint64_t type_count;      /* component types */
    uint64_t component_bytes; /* of values */
    pecs_left_out left_out;
} pecs_save_report;

/*
 * How a save is compressed: by zstd in blocks, each after the filter that suits its column best. A compressed file is
 * smaller; a resume inflates it into memory instead of mapping it. Equal states give equal bytes with the same versions
 * of this library and of zstd only.
 */
typedef enum pecs_profile {
    PECS_PROFILE_OFF = 0, /* not at all */
    PECS_PROFILE_FAST,    /* fast to save and to open: what would get less than a fifth smaller stays as it is */
    PECS_PROFILE_SMALL    /* smaller, and slower to save and to open */
} pecs_profile;

/* Components that the world lacks are ignored; of two entries for one, the first counts. */
typedef struct pecs_component_profile {
    pecs_component component;
    pecs_profile profile;
} pecs_component_profile;

typedef struct pecs_save_options {
    bool skip_sync; /* do not sync file and directory. A crash of the process loses nothing; one of the machine may lose
                       the save and the file that it replaced. The kernel is asked to begin writing at once */
    uint64_t wall_clock_ns;    /* time of the save, for the file, in nanoseconds since 1970-01-01 UTC; 0: none, so that
                                  equal states give equal bytes */
    const pecs_meta *metadata; /* entries of this file that are not part of the world (a title, the time played, a
                                  picture), in any order; keys and values as for pecs_world_set_meta_bytes, read before
                                  save returns. pecs_file_info returns them; resume and load do not */
    size_t metadata_count;
    bool verify_source; /* of a resumed world: hash its file first (pecs_snapshot_verify), so that damage done to it
                           since is not saved with valid hashes */
    bool skip_check;    /* save invalid values (values.h) too: the file can then be resumed, but not loaded */
    pecs_progress_function progress; /* or NULL. With verify_source, first from 0 to the size of the source, then from 0
                                        again for the save */
    void *user;                      /* for progress */
    pecs_references references;      /* what becomes of references to entities that are not saved (filter.h) */
    pecs_save_report *report;        /* filled on success; or NULL */
    pecs_profile profile;            /* compression of all that the next one does not name; attachments have none */
    const pecs_component_profile *component_profiles; /* of some components: for example, those that a resume reads
                                                         seldom are compressed, and all others mapped; or NULL */
    size_t component_profile_count;
    uint32_t thread_count; /* threads that compress, the caller's included; 0 means 1, more than 64 count as 64 */
    bool partial;          /* save also what was made of a part of a file (pecs_part): a file with less */
} pecs_save_options;

/* What a file may have; beyond it, PECS_E_LIMIT. 0: no limit. */
typedef struct pecs_file_limits {
    uint64_t max_bytes;    /* of the file, and of what it takes in memory after it was inflated */
    uint64_t max_entities; /* living ones. Free slots of the index do not count: only max_bytes bounds them, by 16 bytes
                              of the file each. Retired ones take at most twice the memory that they take in the file */
    uint32_t max_types;    /* component types; never more than the library's own limit */
    bool private_only;     /* refuse a file that others than this user (and root) may write to: PECS_E_IO with EACCES */
} pecs_file_limits;

/*
 * A part of a file. The result is the snapshot that pecs_snapshot_filter would make of the whole file: with
 * only_components, and without the entities of some tables, whose slots are free and whose handles are stale. Sessions,
 * metadata, generations and explicit ids stay. What is left out is not read:
 *   load    reads the 4 MiB pieces of the file in which anything lies that stays: values, handles, contents; the entity
 *           index and the list of explicit ids. It takes address space of the file's size, and memory for what it
 *           reads. Of a compressed file, it inflates the blocks that hold what stays, and no others. A source that
 *           only reads on (stream.h) is read to its end.
 *   resume  reads, of a file that is not compressed, what pecs_snapshot_filter would read: nothing if no tables become
 *           equal or empty, else handles and index. Of a compressed file, the blocks of what stays.
 * A load checks header, footer, commit and prologues as ever, the hash of each piece that it reads, that index, rows
 * and ids of the tables that it reads agree, and the values that stay. It does not check the other pieces, nor the
 * bytes between the parts and the file's own metadata, so a file that is damaged elsewhere is loaded.
 *
 * The snapshot, and worlds and snapshots that are made of it, count as partial: saved as a PECS file in the place of
 * the whole one they would lose the rest, so a save refuses them unless pecs_save_options.partial says that it is
 * meant. Types are migrated as ever; one that is not wanted needs no consent to losses. World migrations and load hooks
 * (migration.h) are written for whole worlds: hooks are not called, and a file that needs a world migration is refused.
 */
typedef struct pecs_part {
    /*
     * The types that the result has; those of a registry, or of pecs_info, or with a name or an id alone. NULL: all; a
     * count of 0 beside a list: none. Explicit ids stay in any case. The file need not have them.
     */
    const pecs_type *const *types;
    size_t type_count;
    /*
     * Returns whether the entities of a table stay; NULL: all stay. `types` are those of the table, as the file has
     * them: with ids if the registry lacks them, else as the registry has them. Called for each table with entities, on
     * the calling thread, before any data is read. The lists are valid for the call.
     */
    bool (*wants_table)(void *user, const pecs_type *const *types, size_t type_count, uint64_t entity_count);
    void *user;       /* for wants_table */
    bool attachments; /* they stay, too (attachments.h) */
} pecs_part;

typedef struct pecs_resume_options {
    pecs_file_limits limits;
    bool refuse_unknown; /* PECS_E_UNSUPPORTED for types that the registry lacks; else they are kept (reflect.h) */
    const pecs_migration_options *migration; /* or NULL: nothing may be lost but what the types' histories allow */
    uint32_t thread_count;                   /* threads that inflate a compressed file, as for a load */
    const pecs_part *part;                   /* or NULL: the whole file */
} pecs_resume_options;

typedef struct pecs_load_options {
    pecs_file_limits limits;
    bool refuse_unknown;                     /* as for a resume */
    const pecs_migration_options *migration; /* or NULL, as for a resume */
    uint32_t thread_count;           /* threads in all, the caller's included; 0 means 1, more than 64 count as 64 */
    pecs_repair_function repair;     /* called for each invalid value (values.h), in the order of the file, to repair
                                        it; NULL: such a file is refused. The file itself is not changed */
    pecs_progress_function progress; /* or NULL */
    void *user;                      /* for repair and progress */
    const pecs_part *part;           /* or NULL: the whole file */
} pecs_load_options;

typedef struct pecs_info_options {
    pecs_file_limits limits;
    uint64_t max_info_bytes; /* of commit and metadata, and of all prologues; 0: 64 MiB, which is what a million
                                sessions and all metadata need */
} pecs_info_options;

/*
 * Checks the file of a resumed snapshot against its hashes, and that the bytes between its parts are zero, to detect
 * bit rot and programs that wrote to it; of a file of less than 128 KiB, checks the bytes that the resume read. Does
 * nothing for a snapshot that was loaded or comes from no file. Any thread, also while a world that shares the file is
 * edited. `progress` may be NULL. PECS_E_CORRUPT (with rule and offset), PECS_E_IO with ESTALE (the file was
 * truncated), PECS_E_CANCELLED, PECS_E_MISUSE.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_verify(const pecs_snapshot *snapshot, pecs_progress_function progress,
                                                        void *user, pecs_error *error);

/*
 * Saves a snapshot, without what is transient (schema.h). Any thread. PECS_E_INVALID (a reference to an entity that is
 * not saved, with PECS_REFERENCES_REFUSE; or a value that load would refuse, see skip_check; the error names entity,
 * component and field, pecs_view_check finds all), PECS_E_CORRUPT (the resumed file was damaged since; the message
 * names it), PECS_E_IO (with errno; the old file is whole, unless the message says that the new one is published but
 * may not be durable; ESTALE: the resumed file was truncated), PECS_E_MISUSE (an entry of `metadata`; the message names
 * it and says why; or the snapshot is partial, see `partial`), PECS_E_MEMORY, PECS_E_CANCELLED, PECS_E_LIMIT (too much
 * metadata, or metadata from another library's file that leaves no room for the application's name). Needs less than 16
 * MiB of memory for any number of entities, of a compressed file 16 MiB and 5 MiB a thread (more if a row has more than
 * 4 MiB), plus one value of the largest type with padding, about a kilobyte for each table and 200 bytes for each of
 * its columns, a few times the metadata, and 20 bytes for each explicit id; of transient content, what
 * pecs_snapshot_filter needs (filter.h).
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_save(const pecs_snapshot *snapshot, const char *path,
                                                      const pecs_save_options *options, pecs_error *error);

/*
 * Takes a snapshot, saves it and releases it. The world's writer only. PECS_E_BUSY while an iteration that may write is
 * open; else as pecs_snapshot_save.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_save(pecs_world *world, const char *path,
                                                   const pecs_save_options *options, pecs_error *error);

/*
 * Read a snapshot from a file; the caller owns one reference. PECS_E_IO, PECS_E_CORRUPT (with rule and offset),
 * PECS_E_UNSUPPORTED (a newer version, or a feature that this library does not know; with refuse_unknown, a type that
 * the registry lacks), PECS_E_LAYOUT (the message names the first difference), PECS_E_LIMIT, PECS_E_MEMORY,
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
 * Opens the world of a file: resumes or loads it, or, where there is a folder but no file in it, creates a world.
 * Errors are those of pecs_snapshot_resume or pecs_snapshot_load, pecs_world_create and `populate`; the caller owns the
 * world.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_open(pecs_registry *registry, const char *path,
                                                   const pecs_open_options *options, pecs_world **ret_world,
                                                   pecs_error *error);

/* What is in a file, without its data. Its pointers are valid until pecs_info_destroy. */
typedef struct pecs_info {
    uint64_t size_bytes;
    uint32_t format_version;
    uint64_t optional_features;
    uint64_t entity_count, slot_count, free_count; /* as in pecs_summary */
    uint64_t tick;
    uint64_t wall_clock_ns; /* when it was saved; 0: unknown */
    uint64_t session_count;
    pecs_id snapshot_id, parent_id; /* parent: zero if there is none, or this library does not know its feature */
    const pecs_type *const *types;  /* with their ids, ascending by them; those that a table has */
    size_t type_count;
    const pecs_table *tables; /* components: places in `types` */
    size_t table_count;
    const pecs_meta *metadata; /* the world's, ascending by key */
    size_t metadata_count;
    const pecs_meta *file_metadata; /* the file's own (pecs_save_options), ascending by key */
    size_t file_metadata_count;
    uint64_t retired_count;             /* as in pecs_summary */
    const uint64_t *contents_bytes;     /* for each type: of its strings, blobs and lists (contents.h), uncompressed */
    const pecs_attachment *attachments; /* names and sizes, without data; ascending by name */
    size_t attachment_count;
    uint32_t segment_count;
    uint64_t block_count;                   /* 0: the file is not compressed */
    uint64_t block_bytes, block_full_bytes; /* what blocks take in the file, and what they hold */
    const uint64_t *stored_bytes;           /* for each type: what its values take in the file */
    const uint64_t *stored_contents_bytes;  /* and its contents */
    uint64_t stored_handle_bytes;           /* likewise the handles of all rows, */
    uint64_t stored_index_bytes;            /* the entity index, */
    uint64_t stored_id_bytes;               /* and the list of explicit ids */
} pecs_info;

/*
 * Reads and checks header, footer, commit and metadata as load does, of a file with contents (contents.h) or
 * compression its prologues too, and nothing else: a few pages for any number of entities; of a compressed file, one
 * for about 8 MiB of what it holds. Needs at most a few times max_info_bytes of memory, whatever the file says; what
 * blocks hold is compared with max_bytes, but not read. Any thread. Errors as of load. `allocator` (NULL: the system's)
 * provides the memory.
 */
PECS_API PECS_MUST_USE pecs_status pecs_file_info(const char *path, const pecs_allocator *allocator,
                                                  const pecs_info_options *options, pecs_info **ret_info,
                                                  pecs_error *error);

/* The entry of a key: the file's own, else the world's; NULL if there is none. Valid until pecs_info_destroy. */
PECS_API const pecs_meta *pecs_info_meta(const pecs_info *info, const char *key);

/* Frees the information. NULL is allowed. Any thread. */
PECS_API void pecs_info_destroy(pecs_info *info);

#ifdef __cplusplus
}
#endif
#endif
