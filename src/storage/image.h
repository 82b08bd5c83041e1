/*
 * Image: the bytes of a file, mapped or read. Arrays without memory of their own lie in it. A mapped image records the
 * identity of its file, so that a save can detect that a program has written to the file.
 */
#ifndef PECS_STORAGE_IMAGE_H
#define PECS_STORAGE_IMAGE_H

#include "node.h"
#include "os_file.h"

#include <stdatomic.h>

/*
 * Parts of a resumed file as they were when it was opened. They are kept here because the content of a mapping may
 * change.
 */
struct segment_parts {
    uint64_t prologue_offset, prologue_size, prologue_checksum;
    uint64_t data_offset, data_size;
    uint64_t trailer_offset, trailer_size, trailer_checksum;
    uint64_t runs_offset; /* of the run records, which end the prologue */
};
struct image_parts {
    uint64_t commit_offset, commit_size, commit_hash;
    uint64_t file_metadata_end;     /* after the commit, or the end of the commit */
    bool has_zero_gaps;             /* false when an unknown optional feature may use the gaps */
    bool has_blocks;                /* the records of the runs are block records */
    uint32_t segment_count;         /* in the order of their offsets */
    struct segment_parts first;     /* of the first segment */
    struct segment_parts *segments; /* of all, when there are several */
};

static inline struct segment_parts *image_segment(struct image_parts *parts, uint32_t number)
{
    return parts->segments ? &parts->segments[number] : &parts->first;
}
static inline void image_parts_deinit(struct image_parts *parts, struct pool *pool)
{
    pool_release(pool, parts->segments, parts->segments ? parts->segment_count * sizeof(*parts->segments) : 0);
}

enum image_kind {
    IMAGE_PRIVATE, /* memory of its own, edited in place when no other state sees it */
    IMAGE_READ,    /* a small file that was read; the bytes never change, so that they can be hashed */
    IMAGE_MAPPED,
};

/* Offsets from here on are not of a file, but of bytes that were gathered of its blocks, from 0 on. */
#define IMAGE_GATHERED ((uint64_t)1 << 62)

struct image {
    struct node node;
    uint8_t *bytes;
    uint64_t size_bytes;
    uint64_t first_offset; /* in the file, of the first byte: 0, or IMAGE_GATHERED */
    struct image *base;    /* of the same file, in which other bytes of the same arrays lie, or NULL */
    uint32_t source;       /* of memory: where the pool took it from */
    enum image_kind kind;
    /* Of images that were read or mapped: */
    struct image_parts parts;
    char *path; /* path of the file when it was opened */
    size_t path_bytes;
    /* Of mapped images: */
    struct os_file_name name;                  /* which file it is */
    atomic_uint_fast64_t seen_size, seen_time; /* of the file when it was last found unchanged */
};

/* Creates an image of uninitialized memory. NULL: out of memory. */
struct image *image_create_private(struct pool *pool, uint64_t size_bytes);
/*
 * Gives such an image another size, before arrays lie in it; of both sizes pool_array_resizes is true. False: out of
 * memory, nothing has changed.
 */
bool image_resize(struct image *image, uint64_t size_bytes);
/*
 * Creates an image of uninitialized memory for what belongs to a file beside the bytes of its image, which it retains:
 * it is edited as they are. NULL: out of memory.
 */
struct image *image_create_beside(struct pool *pool, struct image *base, uint64_t size_bytes);
/* The same for the content of a file, which the caller reads into it first. */
struct image *image_create_read(struct pool *pool, const struct os_file *file, const char *path);
/* Creates an image of the mapped bytes of a file and takes ownership of the mapping. NULL: out of memory. */
struct image *image_create_mapped(struct pool *pool, const uint8_t *bytes, const struct os_file *file,
                                  const char *path);

/* Where a value of an array lies in the file, or as IMAGE_GATHERED says; 0: not in the image, which may be NULL. */
static inline uint64_t image_offset_of(const struct image *image, const void *value)
{
    for (; image; image = image->base) {
        const uintptr_t at = (uintptr_t)value, first = (uintptr_t)image->bytes;
        if (at >= first && at - first < image->size_bytes)
            return image->first_offset + (at - first);
    }
    return 0;
}

/* How the file of a mapped image has changed since the image was made. */
enum image_news {
    IMAGE_AS_IT_WAS, /* the image is memory, the file is unchanged, or the path no longer leads to the file */
    IMAGE_WRITTEN_TO,
    IMAGE_CUT /* the file was truncated; reading beyond its end raises SIGBUS */
};
enum image_news image_look(const struct image *image, struct os_file_state *ret_state);
/* Records that the bytes were verified with the file in this state. */
void image_note(struct image *image, const struct os_file_state *state);

#endif
