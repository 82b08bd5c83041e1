/*
 * Attachment list: the names of a state's attachments, sorted, and where their bytes are in its heap. Immutable: every
 * change makes another list.
 */
#ifndef PECS_STORAGE_ATTACH_LIST_H
#define PECS_STORAGE_ATTACH_LIST_H

#include "node.h"

struct attachment {
    const char *name;
    uint64_t size_bytes;
    uint64_t reference; /* of a blob (heap.h) */
};
struct attachments {
    struct node node;
    uint32_t count;
    size_t size_bytes; /* of the node with the names that follow the entries */
    struct attachment entries[];
};

/* Copies entries, which must be valid and sorted. NULL: out of memory. */
struct attachments *attachments_create(struct pool *pool, const struct attachment *entries, uint32_t count);

/* The place of a name, or the place where it would be inserted; `list` may be NULL. */
uint32_t attachments_find(const struct attachments *list, const char *name, bool *ret_found);

/* Makes a list with one entry set, or, with size UINT64_MAX, removed. *list may be NULL and is released. */
pecs_status attachments_change(struct pool *pool, struct attachments **list, const struct attachment *entry);

/* What the list takes in the metadata of a file. */
uint64_t attachments_meta_bytes(const struct attachments *list);

#endif
