/*
 * The sink that a plugin writes to. Small writes are gathered. The sink behind it, the user's or a path's, begins with
 * the first write, and is committed or aborted when the plugin has returned.
 */
#ifndef PECS_PERSIST_PLUGIN_SINK_H
#define PECS_PERSIST_PLUGIN_SINK_H

#include "operation.h"

struct pool;

struct plugin_sink {
    struct operation *operation;
    struct pool *pool;
    const pecs_sink *to;
    pecs_sink sink;           /* the plugin's */
    bool was_begun;           /* by the plugin */
    bool has_begun;           /* the sink behind */
    uint64_t announced_bytes; /* the size that the plugin said; 0: none */
    uint64_t size_bytes;      /* written by the plugin */
    uint8_t *gathered;
    size_t gathered_bytes;
};

/* PECS_E_MEMORY. */
pecs_status plugin_sink_init(struct plugin_sink *sink, struct operation *operation, struct pool *pool,
                             const pecs_sink *to, pecs_error *error);
/* Writes what is gathered, checks that something was written and commits, unless the operation has failed. */
pecs_status plugin_sink_commit(struct plugin_sink *sink, pecs_error *error);
/* Aborts what has begun and was not committed, and frees the memory. */
void plugin_sink_deinit(struct plugin_sink *sink);

#endif
