/* Part feed: a source or a file read from its first byte to its last. */
#ifndef PECS_PERSIST_PART_FEED_H
#define PECS_PERSIST_PART_FEED_H

#include "layout.h"
#include "reading.h"

struct part_feed {
    pecs_source from;
    struct os_file file; /* of a path */
    char *path;
    size_t path_bytes;
    bool has_file;
    const uint8_t *mapped;
    uint64_t size_bytes; /* UINT64_MAX: unknown */
    uint64_t offset;     /* that is read next */
};

pecs_status part_feed_open_path(struct part_feed *feed, struct pool *pool, const char *path, pecs_error *error);
pecs_status part_feed_open(struct part_feed *feed, const pecs_source *from, pecs_error *error);
void part_feed_close(struct part_feed *feed, struct pool *pool);

/* Reads up to size_bytes; fewer only at the end. */
pecs_status part_feed_some(struct part_feed *feed, uint8_t *bytes, size_t size_bytes, size_t *ret_size,
                           pecs_error *error);
/* Reads exactly so many. PECS_E_CORRUPT with FILE-1: it ends before that. */
pecs_status part_feed_read(struct part_feed *feed, uint8_t *bytes, uint64_t size_bytes, pecs_error *error);
/* Reads on to an offset. PECS_E_CORRUPT with GAP-1: what is between is not zero, but has to be. */
pecs_status part_feed_skip_to(struct part_feed *feed, uint64_t offset, bool is_zero, pecs_error *error);
/* When there are no more bytes. PECS_E_CORRUPT with FILE-1: the source stated a larger size. */
pecs_status part_feed_check_end(const struct part_feed *feed, pecs_error *error);

#endif
