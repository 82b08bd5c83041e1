/*
 * Salvage: saves what is left of a damaged file: one that was cut, or whose bytes changed, by a copy that broke off or
 * a bad disk. Each piece of a file has a hash, so what is whole is known, and only that is taken: entities all of whose
 * components are whole. The result is a file like any other, to load or to resume.
 *
 *     pecs_salvage_report report;
 *     status = pecs_salvage("broken.pecs", "saved.pecs", NULL, &report, &error);
 *
 * What is lost: entities of which any byte lies in a piece (4 MiB, or the compressed block) that is damaged, that come
 * after the place where the file was cut, or whose contents (contents.h) do not lie behind those of the row before. In
 * a file of one segment (a plain save) the hashes stand behind the data: when it is cut, nothing is known to be whole.
 * Handles, and where the index is whole generations, stay; so do birth ids (id.h) where commit and index are whole,
 * else entities get new ones. References to entities that are lost become {0, 0}. Metadata is in the commit, at the
 * file's end.
 *
 * The call maps the broken file: no program may write to it until the call returns.
 */
#ifndef PECS_SALVAGE_H
#define PECS_SALVAGE_H

#include <pecs/file.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_salvage_options {
    const pecs_allocator *allocator; /* or NULL: the system's */
    uint64_t max_bytes;              /* that compressed blocks and the entity index hold; 0: no limit */
    bool skip_sync;                  /* of the new file, as in pecs_save_options */
} pecs_salvage_options;

typedef struct pecs_salvage_report {
    uint64_t entity_count;            /* that are in the new file */
    uint64_t lost_entity_count;       /* as far as the old one still says how many it had */
    uint64_t cleared_reference_count; /* that led to them */
    uint64_t lost_singleton_count;    /* components of the world itself, as far as the old one still says so */
    uint64_t lost_attachment_count;
    uint64_t segment_count; /* that were found */
    uint64_t lost_bytes;    /* of their data */
    bool has_header, has_commit;
} pecs_salvage_report;

/*
 * Reads what is left at `path` and saves it to another path, as pecs_snapshot_save does; the first file is not changed.
 * Types are those that the file describes; a load matches them with a
 * program's. Needs memory for what is saved, which is no more than the file, its blocks and the entity index hold: a
 * stranger's file may make blocks and index far more than it has bytes, so give max_bytes for one, beyond which it is
 * PECS_E_LIMIT. `options` and `report` may be NULL. Any thread. PECS_E_MISUSE (both paths lead to one file),
 * PECS_E_CORRUPT (no entity, singleton or attachment is left, and nothing is saved), PECS_E_CONFLICT, PECS_E_INVALID
 * (what is left breaks rules that hashes do not show; the message says where), PECS_E_UNSUPPORTED, PECS_E_LIMIT,
 * PECS_E_IO, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_salvage(const char *path, const char *to, const pecs_salvage_options *options,
                                                pecs_salvage_report *report, pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
