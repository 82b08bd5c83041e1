/* Metadata list: the entries of a state, sorted by key. Immutable: setting one makes another list. */
#ifndef PECS_STORAGE_META_LIST_H
#define PECS_STORAGE_META_LIST_H

#include "node.h"

#include <pecs/metadata.h>

enum {
    META_KEY_MAX = 255,
    META_ENTRY_BYTES = 16,                    /* that an entry counts beside its key and value */
    META_MAX_BYTES = 16 * 1024 * 1024 - 4096, /* of all entries together; the rest is for the library's own */
};

struct metadata {
    struct node node;
    uint32_t count;
    size_t size_bytes; /* of the node, with the keys and values that follow the entries */
    struct pecs_meta entries[];
};

/* Copies the entries, which are valid, sorted and not too large. */
struct metadata *metadata_create(struct pool *pool, const struct pecs_meta *entries, uint32_t count);

/* Whether an entry may be set; PECS_E_MISUSE with the reason, a static sentence; PECS_E_LIMIT, without. */
pecs_status metadata_check(const struct pecs_meta *entry, const char **ret_fault);

/* The first entry to blame. */
struct metadata_fault {
    size_t place;
    const char *cause; /* "its text is not UTF-8"; NULL where the entries are too large */
};

/*
 * A list of entries in any order. PECS_E_MISUSE and PECS_E_LIMIT, also when a key is there twice, and when they are too
 * large together; *ret_fault then says which and why.
 */
pecs_status metadata_gather(struct pool *pool, const struct pecs_meta *entries, size_t count,
                            struct metadata_fault *ret_fault, struct metadata **ret_metadata);

/* The place of a key, or where it would be. */
uint32_t metadata_find(const struct metadata *metadata, const char *key, bool *ret_found);

/*
 * *metadata (which may be NULL) with the entry set, or with value NULL removed; the old list is released. PECS_E_LIMIT
 * when all would have more than max_bytes.
 */
pecs_status metadata_change(struct pool *pool, struct metadata **metadata, const struct pecs_meta *entry,
                            uint64_t max_bytes);

#endif
