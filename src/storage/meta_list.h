/* Metadata list: the entries of a state, sorted by key. Immutable: every change makes another list. */
#ifndef PECS_STORAGE_META_LIST_H
#define PECS_STORAGE_META_LIST_H

#include "node.h"

#include <pecs/metadata.h>

enum {
    META_KEY_MAX = 255,
    META_ENTRY_BYTES = 16,                    /* overhead counted for each entry, besides key and value */
    META_MAX_BYTES = 16 * 1024 * 1024 - 4096, /* of all entries; the rest is the library's */
};

struct metadata {
    struct node node;
    uint32_t count;
    size_t size_bytes; /* of the node with the keys and values that follow the entries */
    struct pecs_meta entries[];
};

/* Copies the entries, which must be valid, sorted and not too large. NULL: out of memory. */
struct metadata *metadata_create(struct pool *pool, const struct pecs_meta *entries, uint32_t count);

/* Verifies an entry. PECS_E_MISUSE: *ret_fault is the reason, a static string. PECS_E_LIMIT: *ret_fault is NULL. */
pecs_status metadata_check(const struct pecs_meta *entry, const char **ret_fault);

/* The first invalid entry. */
struct metadata_fault {
    size_t place;
    const char *cause; /* "its text is not UTF-8"; NULL where the entries are too large */
};

/*
 * Makes a list of entries in any order. PECS_E_MISUSE for an invalid entry or a repeated key, PECS_E_LIMIT when the
 * entries are too large together; *ret_fault is then the entry and the reason.
 */
pecs_status metadata_gather(struct pool *pool, const struct pecs_meta *entries, size_t count,
                            struct metadata_fault *ret_fault, struct metadata **ret_metadata);

/* What the entries count for the limits; `metadata` may be NULL. */
uint64_t metadata_bytes_counted(const struct metadata *metadata);

/* The place of a key, or the place where it would be inserted. */
uint32_t metadata_find(const struct metadata *metadata, const char *key, bool *ret_found);

/*
 * Sets the entry in *metadata, which may be NULL, or removes it if its value is NULL. Releases the old list.
 * PECS_E_LIMIT: all entries together would exceed max_bytes.
 */
pecs_status metadata_change(struct pool *pool, struct metadata **metadata, const struct pecs_meta *entry,
                            uint64_t max_bytes);

#endif
