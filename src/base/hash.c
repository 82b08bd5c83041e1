/*
 * XXH3 from the system's libxxhash; no other file uses it. On x86-64 some packages of that library have a run-time
 * dispatch to AVX2 and AVX-512, which the plain functions do not use. It is used where it exists (-DPECS_XXH_DISPATCH).
 */
#include "hash.h"

#include <assert.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#ifdef PECS_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

static_assert(sizeof(XXH3_state_t) <= sizeof(struct hash_stream), "hash_stream holds xxHash's state");

#if defined(PECS_XXH_DISPATCH) && !defined(__AVX__)
/*
 * The dispatched code leaves the upper halves of the vector registers dirty. Until they are cleared, every SSE
 * instruction of the thread, the user's too, must preserve them: 2 to 2.5 times slower on Zen 4.
 */
static void hash_leave_vectors(void)
{
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroupper");
}
#else
static void hash_leave_vectors(void)
{
}
#endif

uint64_t hash64(const void *bytes, size_t size_bytes)
{
    const uint64_t hash = XXH3_64bits(bytes, size_bytes);
    hash_leave_vectors();
    return hash;
}

uint64_t hash64_seeded(const void *bytes, size_t size_bytes, uint64_t seed)
{
    const uint64_t hash = XXH3_64bits_withSeed(bytes, size_bytes, seed);
    hash_leave_vectors();
    return hash;
}

static pecs_id hash_to_id(XXH128_hash_t hash)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    hash_leave_vectors();
    pecs_id id;
    static_assert(sizeof(canonical.digest) == sizeof(id.bytes), "an id is a 128-bit hash");
    memcpy(id.bytes, canonical.digest, sizeof(id.bytes));
    return id;
}

pecs_id hash128(const void *bytes, size_t size_bytes)
{
    return hash_to_id(XXH3_128bits(bytes, size_bytes));
}

pecs_id hash128_seeded(const void *bytes, size_t size_bytes, uint64_t seed)
{
    return hash_to_id(XXH3_128bits_withSeed(bytes, size_bytes, seed));
}

void hash_stream_reset(struct hash_stream *stream)
{
    XXH3_64bits_reset((XXH3_state_t *)(void *)stream);
}

void hash_stream_update(struct hash_stream *stream, const void *bytes, size_t size_bytes)
{
    XXH3_64bits_update((XXH3_state_t *)(void *)stream, bytes, size_bytes);
    hash_leave_vectors();
}

uint64_t hash_stream_digest(const struct hash_stream *stream)
{
    const uint64_t hash = XXH3_64bits_digest((const XXH3_state_t *)(const void *)stream);
    hash_leave_vectors();
    return hash;
}
