/*
 * The codec: a block of rows of one column as fewer bytes, and back. A filter (codec_filter.h) puts together what is
 * alike, and Zstandard compresses it: one frame with its content size, without a checksum, since the file has hashes of
 * its own.
 *
 * The parts of a filtered block, its planes, end blocks of Zstandard, so that bytes of one kind share a table of codes,
 * and those that are noise are stored as they are. It is a plain frame all the same.
 *
 * The same bytes give the same frame with one version of libzstd; versions differ, and every one reads all frames.
 */
#ifndef PECS_BASE_CODEC_H
#define PECS_BASE_CODEC_H

#include "codec_filter.h"
#include "memory.h"

/*
 * Contexts and scratch memory, for one thread at a time; blocks of any sizes in any order. What a call needs is made by
 * it and kept: about three times the largest block to compress, once to undo a filter. libzstd's own contexts come from
 * malloc, because its stable interface has no other way: 0.1 MiB to decompress, and, for blocks of 1 MiB, 2 to 9 MiB to
 * compress at levels 1 to 9.
 */
struct codec;

/* NULL: out of memory. Destroying NULL is allowed. */
struct codec *codec_create(struct pool *pool);
void codec_destroy(struct codec *codec);

/* Memory of the codec for stored bytes, valid until the next call of this. NULL: out of memory. */
uint8_t *codec_stored(struct codec *codec, size_t size_bytes);

/* A capacity with which codec_compress always fits. */
size_t codec_bound(size_t size_bytes);

/* How blocks of a column are compressed. */
struct codec_choice {
    struct codec_filter filter;
    int level;     /* of libzstd */
    bool is_worth; /* false: better store them as they are */
    uint32_t left; /* of a sample, in parts of CODEC_WHOLE; perhaps more than that */
};
enum { CODEC_WHOLE = 4096 };

/*
 * Chooses filter and level for a block of rows of row_bytes, or of contents (0), which have no filter, by compressing
 * samples from all over it: 60 to 340 KiB in all, more for rows above 512 bytes, so choose once for some blocks. The
 * result depends on the bytes alone. It is worth it if a twentieth is saved, for CODEC_FAST a fifth of rows. PECS_OK or
 * PECS_E_MEMORY.
 */
enum codec_aim { CODEC_FAST, CODEC_SMALL };
pecs_status codec_choose(struct codec *codec, enum codec_aim aim, const uint8_t *bytes, size_t size, size_t row_bytes,
                         struct codec_choice *ret_choice);

/*
 * Compresses a block at a level of libzstd. *ret_size is the frame's size, 0 if it does not fit the capacity; less than
 * codec_bound is no error: give the size from which the block is rather stored as it is. PECS_OK or PECS_E_MEMORY.
 */
pecs_status codec_compress(struct codec *codec, int level, struct codec_filter filter, const uint8_t *bytes,
                           size_t size, uint8_t *to, size_t capacity, size_t *ret_size);

/*
 * Writes exactly `size` bytes and returns PECS_OK, or returns PECS_E_CORRUPT: `stored` may be anything, and the bytes
 * at `to` are then undefined, those behind them untouched. One frame of Zstandard is accepted that fills stored_size
 * and says that it holds `size` bytes, whose window is at most 1 MiB or `size` rounded up to a power of two, and that
 * has no dictionary. Needs no memory but the codec's, whatever the frame says. Or PECS_E_MEMORY.
 */
pecs_status codec_decompress(struct codec *codec, struct codec_filter filter, const uint8_t *stored, size_t stored_size,
                             uint8_t *to, size_t size);

#endif
