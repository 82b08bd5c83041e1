/* XXH3 hashes, as numbers in memory; files hold them in little-endian order. */
#ifndef PECS_BASE_HASH_H
#define PECS_BASE_HASH_H

#include <pecs/schema.h>

uint64_t hash64(const void *bytes, size_t size_bytes);
uint64_t hash64_seeded(const void *bytes, size_t size_bytes, uint64_t seed);

/* XXH3-128 in its canonical (big-endian) byte order: a type id. */
pecs_id hash128(const void *bytes, size_t size_bytes);
pecs_id hash128_seeded(const void *bytes, size_t size_bytes, uint64_t seed);

/* XXH3-64 of data that arrives in pieces. The state is large: use one for a file, not one for each piece. */
struct hash_stream {
    _Alignas(64) uint8_t opaque[1024];
};
void hash_stream_reset(struct hash_stream *stream);
void hash_stream_update(struct hash_stream *stream, const void *bytes, size_t size_bytes);
uint64_t hash_stream_digest(const struct hash_stream *stream);

#endif
