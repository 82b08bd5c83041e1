/*
 * The source that a plugin reads from: of a path, or the user's. Its first bytes are read before, to choose the plugin,
 * and given again. `read` is there whatever the source behind it has.
 */
#ifndef PECS_PERSIST_PLUGIN_SOURCE_H
#define PECS_PERSIST_PLUGIN_SOURCE_H

#include "operation.h"

struct plugin_source {
    struct operation *operation;
    const pecs_source *from;
    pecs_source source;  /* the plugin's */
    uint64_t size_bytes; /* UINT64_MAX: the stream has none */
    uint64_t max_bytes;  /* of a stream without a size; UINT64_MAX: no limit */
    const uint8_t *mapped;
    uint64_t at;       /* what `read` has given */
    uint64_t taken_at; /* what was read from a stream */
    bool has_ended;    /* a stream gave 0 bytes */
    size_t head_bytes;
    uint8_t head[PECS_BID_BYTES];
};

/* Checks the user's source and reads the head. Errors as of pecs_snapshot_load_from. The source must not move. */
pecs_status plugin_source_open(struct plugin_source *source, struct operation *operation, const pecs_source *from,
                               const pecs_file_limits *limits, pecs_error *error);
/* The bytes of the file, or of the part of a stream that was read. */
uint64_t plugin_source_bytes(const struct plugin_source *source);

#endif
