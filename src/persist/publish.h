/*
 * Publication: a file that is whole before it has its name. The protocol, and what a killed process may leave, stand in
 * publish.c.
 */
#ifndef PECS_PERSIST_PUBLISH_H
#define PECS_PERSIST_PUBLISH_H

#include "os_file.h"

struct pool;
struct publication;

/*
 * Allocates from the pool. size_bytes is that of the whole file, for which space is allocated if it will be
 * synced; 0: not known. PECS_E_MEMORY, PECS_E_IO: a path that leads to no target (os_target_find), a disk without room.
 */
pecs_status publication_begin(struct pool *pool, const char *path, uint64_t size_bytes, bool sync,
                              struct publication **ret_publication, pecs_error *error);
/* Appends the spans, at most PECS_SPAN_MAX of them. */
pecs_status publication_write(struct publication *publication, const pecs_bytes *spans, size_t span_count,
                              pecs_error *error);
/* Publishes, and frees the publication in any case. */
pecs_status publication_commit(struct publication *publication, pecs_error *error);
void publication_abort(struct publication *publication);

#endif
