/* Program metadata: what a save notes about the program, from its registry: name, version and schema. */
#ifndef PECS_STORAGE_PROGRAM_META_H
#define PECS_STORAGE_PROGRAM_META_H

#include "meta_list.h"
#include "registry.h"

/*
 * Sets the entries in *metadata, which may be NULL, and releases the old list. PECS_E_LIMIT: all entries together would
 * exceed max_bytes; *ret_key is the one without room. PECS_E_MEMORY.
 */
pecs_status program_meta_set(const pecs_registry *registry, uint64_t max_bytes, struct metadata **metadata,
                             const char **ret_key);

/* The same for those of the schema alone: the name stays that of the program that saved. */
pecs_status program_meta_set_schema(const pecs_registry *registry, uint64_t max_bytes, struct metadata **metadata,
                                    const char **ret_key);

/*
 * Reads the schema version or the oldest reader, by its key, from metadata, which may be NULL. Without the entry 0; for
 * what is no number, or above 32 bits, UINT32_MAX.
 */
uint32_t program_meta_number(const struct metadata *metadata, const char *key);

/* Whether a key is one of these entries'. */
bool program_meta_has_key(const char *key);

#endif
