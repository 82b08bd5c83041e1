/*
 * JSON: documents for people, that git, grep and a text editor understand; docs/json.md defines them. They are larger
 * and slower to read than PECS files by a factor of ten and more, so games keep the latter. This is the library
 * pecs-json, which needs cJSON; link it beside pecs.
 *
 *     status = pecs_manager_register(manager, pecs_json_plugin(), &error);
 *     status = status ? status : pecs_manager_save(manager, snapshot, "level.json", NULL, &error);
 *     status = status ? status : pecs_manager_load(manager, registry, "level.json", NULL, &snapshot, &error);
 *
 * A document has all of a snapshot: handles, ids, dead handles, singletons, metadata, attachments, and descriptions of
 * its types, so that a program which lacks them keeps them (reflect.h). The snapshot that comes back has the same
 * pecs_view_hash, and the same ids. Numbers are exact, and no locale plays a part.
 *
 * A save needs less than 1 MiB of memory beside the snapshot. A load needs a few MiB beside what it makes; the text of
 * the largest entity with 100 bytes for each value in it, which max_text_bytes bounds; and 100 bytes for each name. All
 * of it, but not the snapshot, comes from malloc; if the document has types that the registry lacks, the snapshot too.
 */
#ifndef PECS_JSON_H
#define PECS_JSON_H

#include <pecs/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_json_options {
    bool is_pretty;     /* a save writes each component and field on its own line, else each entity */
    bool allow_unknown; /* a load skips members that it does not know: fields, components, all others; else they are
                           PECS_E_CORRUPT */
    uint64_t max_text_bytes; /* of a load: of the text of one entity, type or singleton, in which each value counts 100
                                bytes more; 0: 256 MiB */
} pecs_json_options;

/*
 * The plugin, with default options: the name "json", the extension "json". Static. Of the manager's options, a save
 * heeds wall_clock_ns, metadata, skip_check, references and report; a load heeds limits and refuse_unknown. max_bytes
 * bounds the text, and what its values take in memory. What is transient is not saved (schema.h), and a document
 * that has it is refused: PECS_E_LAYOUT.
 *
 * A load's PECS_E_CORRUPT says line and column (in bytes, from 1), entity, component, field and what was expected;
 * error->offset is the place in bytes. What only the whole document shows has no such place: a name without an entity
 * (the line of an entity that refers to it), and what the builder finds in the end (table and row, builder.h).
 * PECS_E_UNSUPPORTED: a newer version; with refuse_unknown, a type that the registry lacks. PECS_E_LIMIT, PECS_E_LAYOUT
 * (pecs_snapshot_convert), PECS_E_CONFLICT and PECS_E_INVALID (pecs_builder_finish), PECS_E_MEMORY, PECS_E_CANCELLED,
 * the source's and sink's own.
 */
PECS_API const pecs_plugin *pecs_json_plugin(void);

/* The same with options, which must outlive the manager, as the plugin must. NULL: the default ones. */
PECS_API pecs_plugin pecs_json_plugin_with(const pecs_json_options *options);

/*
 * Writes a JSON Schema (draft 2020-12) of the documents of a registry, for editors and validators. It knows the types
 * of the registry alone, not those that a document describes itself; and not what only a load can see: whether names
 * have entities, that 1.0 is no integer, and how many bytes a text has. The sink is used as by pecs_snapshot_save_to.
 * Any thread. PECS_E_MISUSE, PECS_E_MEMORY, the sink's own.
 */
PECS_API PECS_MUST_USE pecs_status pecs_json_schema(const pecs_registry *registry, const pecs_sink *sink,
                                                    pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
