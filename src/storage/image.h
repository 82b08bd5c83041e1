/*
 * Image: the bytes of a file, mapped or read; arrays without memory of their own lie in it. A mapped one knows where it
 * comes from, so that it can be told whether somebody has written to the file.
 */
#ifndef PECS_STORAGE_IMAGE_H
#define PECS_STORAGE_IMAGE_H

#include "node.h"
#include "os_file.h"

#include <stdatomic.h>

/* Parts of a mapped file as they were when it was opened; kept here, since what is in the map may have changed. */
struct image_parts {
    uint64_t commit_offset, commit_size, commit_hash;
    uint64_t prologue_offset, prologue_size, prologue_checksum;
    uint64_t data_offset, data_size;
    uint64_t trailer_offset, trailer_size, trailer_checksum;
    uint64_t runs_offset;       /* of the run records, which end with the prologue */
    uint64_t file_metadata_end; /* of what follows the commit; the commit's end: nothing does */
    bool has_zero_gaps;         /* no optional feature that is not known may use them */
};

struct image {
    struct node node;
    uint8_t *bytes;
    uint64_t size_bytes;
    uint32_t source; /* for the pool, when it is private */
    bool is_mapped;
    /* Of mapped ones: */
    struct image_parts parts;
    struct os_file_name name;                  /* which file it is */
    atomic_uint_fast64_t seen_size, seen_time; /* of the file when it was last found to be as it was */
    char *path;                                /* where it was */
    size_t path_bytes;
};

/* An image of uninitialised private memory. NULL: out of memory. */
struct image *image_create_private(struct pool *pool, uint64_t size_bytes);
/* Of the mapped bytes of a file, which the image then owns. NULL: out of memory. */
struct image *image_create_mapped(struct pool *pool, const uint8_t *bytes, const struct os_file *file,
                                  const char *path);

/* What has become of the file at the path since the image was made of it. */
enum image_news {
    IMAGE_AS_IT_WAS, /* or it has another name now, or none: no path leads to it */
    IMAGE_WRITTEN_TO,
    IMAGE_CUT /* what lies behind its end cannot be read: the process would be killed */
};
enum image_news image_look(const struct image *image, struct os_file_state *ret_state);
/* The bytes were found to be right, with the file in this state. */
void image_note(struct image *image, const struct os_file_state *state);

#endif
