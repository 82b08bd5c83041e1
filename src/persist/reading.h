/*
 * Reading: the bytes of a file within the caller's limits, from a path or from a source. A source that only reads on is
 * read into memory first, and is then a file like any other.
 */
#ifndef PECS_PERSIST_READING_H
#define PECS_PERSIST_READING_H

#include "source.h"

struct reading {
    struct source_input input;
    struct pool *pool;
    struct image *image; /* of a stream: all that it gave, which the input lies in; else NULL */
    /* Of a path: */
    const char *path;
    struct os_file file;
    pecs_source by_path; /* reads it; the input's */
    bool has_file;
};

/* Opens a file that is not empty and within the caller's limits. */
pecs_status reading_open_file(const char *path, const pecs_file_limits *limits, struct os_file *ret_file,
                              pecs_error *error);

/*
 * Both set up *reading, which must not move and is closed also after a failure. Errors as of pecs_snapshot_load and
 * pecs_snapshot_load_from. What the input reads is not checked.
 */
pecs_status reading_open_path(struct reading *reading, struct pool *pool, const char *path,
                              const pecs_file_limits *limits, pecs_error *error);
pecs_status reading_open(struct reading *reading, struct pool *pool, const pecs_source *from,
                         const pecs_file_limits *limits, pecs_error *error);
void reading_close(struct reading *reading);

/* The steps of these: the limit of the size, and that there are bytes; the functions that a user's source must have. */
pecs_status reading_check_size(uint64_t size_bytes, const pecs_file_limits *limits, pecs_error *error);
pecs_status reading_check_source(const pecs_source *from, const pecs_file_limits *limits, pecs_error *error);
/* Call a user's size, map and read, and check what they give. */
pecs_status reading_ask_size(const pecs_source *from, const pecs_file_limits *limits, uint64_t *ret_size_bytes,
                             pecs_error *error);
pecs_status reading_ask_map(const pecs_source *from, const uint8_t **ret_bytes, pecs_error *error);
pecs_status reading_read(const pecs_source *from, uint8_t *bytes, size_t size_bytes, size_t *ret_size,
                         pecs_error *error);

#endif
