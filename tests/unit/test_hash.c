/* XXH3 as the format needs it: the values are those of xxHash's own self-test and specification. */
#include "hash.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_BYTES = 3 * 1024 * 1024 + 77 };

static const uint64_t seed = UINT64_C(0x9e3779b185ebca8d);

/* The self-test's bytes. Static: a test is a process of its own. */
static const uint8_t *sample(void)
{
    static uint8_t bytes[SAMPLE_BYTES];
    uint64_t state = 2654435761u;
    for (size_t i = 0; i < SAMPLE_BYTES; i++) {
        bytes[i] = (uint8_t)(state >> 56);
        state *= UINT64_C(11400714785074694797);
    }
    return bytes;
}

static const struct {
    size_t size_bytes;
    uint64_t plain, seeded;
} known[] = {
    { 0, UINT64_C(0x2d06800538d394c2), UINT64_C(0xa8a6b918b2f0364a) },
    { 1, UINT64_C(0xc44bdff4074eecdb), UINT64_C(0x032be332dd766ef8) },
    { 6, UINT64_C(0x27b56a84cd2d7325), UINT64_C(0x84589c116ab59ab9) },
    { 12, UINT64_C(0xa713daf0dfbb77e7), UINT64_C(0xe7303e1b2336de0e) },
    { 24, UINT64_C(0xa3fe70bf9d3510eb), UINT64_C(0x850e80fc35bdd690) },
    { 48, UINT64_C(0x397da259ecba1f11), UINT64_C(0xadc2cbaa44acc616) },
    { 80, UINT64_C(0xbcdefbbb2c47c90a), UINT64_C(0xc6dd0cb699532e73) },
    { 195, UINT64_C(0xcd94217ee362ec3a), UINT64_C(0xba68003d370cb3d9) },
    { 403, UINT64_C(0xcdeb804d65c6dea4), UINT64_C(0x6259f6ecfd6443fd) },
    { 512, UINT64_C(0x617e49599013cb6b), UINT64_C(0x3ce457de14c27708) },
    { 2048, UINT64_C(0xdd59e2c3a5f038e0), UINT64_C(0x66f81670669ababc) },
    { 2240, UINT64_C(0x6e73a90539cf2948), UINT64_C(0x757ba8487d1b5247) },
    { 2367, UINT64_C(0xcb37aeb9e5d361ed), UINT64_C(0xd2db3415b942b42a) },
};

Test(hash, hash64_gives_the_known_values)
{
    const uint8_t *bytes = sample();
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        cr_assert_eq(hash64(bytes, known[i].size_bytes), known[i].plain, "%zu bytes", known[i].size_bytes);
}

Test(hash, hash64_seeded_gives_the_known_values)
{
    const uint8_t *bytes = sample();
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        cr_assert_eq(hash64_seeded(bytes, known[i].size_bytes, seed), known[i].seeded, "%zu bytes",
                     known[i].size_bytes);
        cr_assert_eq(hash64_seeded(bytes, known[i].size_bytes, 0), known[i].plain, "%zu bytes", known[i].size_bytes);
    }
}

static void check_id(const char *text, const uint8_t expected[16])
{
    const pecs_id id = hash128(text, strlen(text));
    cr_assert_arr_eq(id.bytes, expected, 16, "of '%s'", text);
}

/* Canonical: the bytes of an id are those that xxh128sum prints. */
Test(hash, hash128_gives_the_known_bytes)
{
    check_id("", (uint8_t[]){ 0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8, 0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49,
                              0x7f });
    check_id("a", (uint8_t[]){ 0xa9, 0x6f, 0xaf, 0x70, 0x5a, 0xf1, 0x68, 0x34, 0xe6, 0xc6, 0x32, 0xb6, 0x1e, 0x96, 0x4e,
                               0x1f });
    check_id("abc", (uint8_t[]){ 0x06, 0xb0, 0x5a, 0xb6, 0x73, 0x3a, 0x61, 0x85, 0x78, 0xaf, 0x5f, 0x94, 0x89, 0x2f,
                                 0x39, 0x50 });
}

Test(hash, hash128_seeded_depends_on_the_seed)
{
    static const uint8_t long_bytes[1000] = { 1 };
    const size_t sizes[] = { 1, 100, sizeof(long_bytes) };
    for (size_t i = 0; i < 3; i++) {
        const pecs_id plain = hash128(long_bytes, sizes[i]), zero = hash128_seeded(long_bytes, sizes[i], 0);
        const pecs_id one = hash128_seeded(long_bytes, sizes[i], 1), again = hash128_seeded(long_bytes, sizes[i], 1);
        cr_assert_arr_eq(zero.bytes, plain.bytes, 16);
        cr_assert_arr_eq(one.bytes, again.bytes, 16);
        cr_assert_arr_neq(one.bytes, plain.bytes, 16);
    }
}

static uint64_t streamed(const uint8_t *bytes, size_t size_bytes, size_t piece_bytes)
{
    struct hash_stream stream;
    hash_stream_reset(&stream);
    for (size_t done = 0; done < size_bytes; done += piece_bytes) {
        const size_t left = size_bytes - done;
        hash_stream_update(&stream, bytes + done, left < piece_bytes ? left : piece_bytes);
    }
    return hash_stream_digest(&stream);
}

Test(hash, streams_give_the_known_values)
{
    const uint8_t *bytes = sample();
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        for (size_t piece = 1; piece < 300; piece += 7)
            cr_assert_eq(streamed(bytes, known[i].size_bytes, piece), known[i].plain, "%zu bytes by %zu",
                         known[i].size_bytes, piece);
}

Test(hash, long_streams_equal_one_shot)
{
    const uint8_t *bytes = sample();
    const size_t pieces[] = { 13, 255, 256, 257, 1023, 1025, 4096, 65537, 1048576, 1048577, SAMPLE_BYTES };
    const size_t sizes[] = { 1048575, 1048576, 1048577, SAMPLE_BYTES };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++)
            cr_assert_eq(streamed(bytes, sizes[i], pieces[k]), hash64(bytes, sizes[i]), "%zu bytes by %zu", sizes[i],
                         pieces[k]);
}

Test(hash, a_stream_goes_on_after_its_digest)
{
    const uint8_t *bytes = sample();
    struct hash_stream stream;
    hash_stream_reset(&stream);
    cr_assert_eq(hash_stream_digest(&stream), UINT64_C(0x2d06800538d394c2));
    hash_stream_update(&stream, bytes, 512);
    cr_assert_eq(hash_stream_digest(&stream), UINT64_C(0x617e49599013cb6b));
    hash_stream_update(&stream, bytes + 512, 0);
    hash_stream_update(&stream, bytes + 512, 2048 - 512);
    cr_assert_eq(hash_stream_digest(&stream), UINT64_C(0xdd59e2c3a5f038e0));
    hash_stream_reset(&stream);
    cr_assert_eq(hash_stream_digest(&stream), UINT64_C(0x2d06800538d394c2));
}

Test(hash, results_do_not_depend_on_alignment)
{
    const uint8_t *bytes = sample();
    uint8_t *copy = malloc(2367 + 64);
    for (size_t shift = 0; shift < 64; shift += 5) {
        memcpy(copy + shift, bytes, 2367);
        cr_assert_eq(hash64(copy + shift, 2367), UINT64_C(0xcb37aeb9e5d361ed), "shifted by %zu", shift);
    }
    free(copy);
}
