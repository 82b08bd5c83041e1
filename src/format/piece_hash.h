/* Piece hash: the hashes of a segment's pieces, made as its data is written or read from front to back. */
#ifndef PECS_FORMAT_PIECE_HASH_H
#define PECS_FORMAT_PIECE_HASH_H

#include "buffer.h"
#include "hash.h"

struct piece_hash {
    struct pool *pool;
    struct hash_stream *stream; /* of the present piece */
    struct buffer *hashes;      /* gets the hash of each piece, a le64; NULL: nothing is hashed now */
    uint64_t first, offset;     /* in the file: where the data begins, and of the next byte */
    uint32_t source;
};

/* PECS_E_MEMORY; call piece_hash_deinit also then. */
static inline pecs_status piece_hash_init(struct piece_hash *hash, struct pool *pool)
{
    *hash = (struct piece_hash){ .pool = pool };
    hash->stream = pool_array_allocate(pool, sizeof(*hash->stream), &hash->source);
    return hash->stream ? PECS_OK : PECS_E_MEMORY;
}

static inline void piece_hash_deinit(struct piece_hash *hash)
{
    if (hash->stream)
        pool_array_release(hash->pool, hash->stream, sizeof(*hash->stream), hash->source);
    hash->stream = NULL;
}

static inline void piece_hash_begin(struct piece_hash *hash, uint64_t offset, struct buffer *hashes)
{
    hash_stream_reset(hash->stream);
    hash->hashes = hashes;
    hash->first = hash->offset = offset;
}

static inline void piece_hash_end_piece(struct piece_hash *hash)
{
    buffer_append_le64(hash->hashes, hash_stream_digest(hash->stream));
    hash_stream_reset(hash->stream);
}

/* The next bytes, which do not go beyond the end of a piece. */
static inline void piece_hash_update(struct piece_hash *hash, const void *bytes, size_t size_bytes)
{
    hash_stream_update(hash->stream, bytes, size_bytes);
    hash->offset += size_bytes;
    if (hash->offset % FORMAT_PIECE == 0)
        piece_hash_end_piece(hash);
}

static inline void piece_hash_end(struct piece_hash *hash)
{
    if (hash->hashes && hash->offset > hash->first && hash->offset % FORMAT_PIECE)
        piece_hash_end_piece(hash);
    hash->hashes = NULL;
}

#endif
