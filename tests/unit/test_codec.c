/* The codec: blocks that come back, frames that are refused, filters that are chosen. */
#include "codec.h"
#include "memory_fixture.h"

enum { ROWS = 2000, GUARD_BYTES = 64, GUARD = 0xe5 };

static struct pool *pool;
static struct codec *codec;

static void set_up(void)
{
    pool = counting_pool();
    codec = codec_create(pool);
    cr_assert_not_null(codec);
}

static void strike(void)
{
    codec_destroy(codec);
    pool_destroy(pool);
    assert_no_leak();
}

TestSuite(codec, .init = set_up, .fini = strike);

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

static uint8_t *noise(size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(&state);
    return bytes;
}

/* Rows as an entity index has them: generation, table, row, session. */
static uint8_t *records(size_t count)
{
    uint32_t *words = malloc(16 * count);
    for (size_t i = 0; i < count; i++) {
        const uint32_t record[4] = { (uint32_t)(1 + i % 1000 / 999), 3, (uint32_t)(i + 7), 0 };
        memcpy(words + 4 * i, record, 16);
    }
    return (uint8_t *)words;
}

static size_t pack(struct codec_filter filter, const uint8_t *bytes, size_t size, uint8_t *to, size_t capacity)
{
    size_t stored_size = 77;
    cr_assert_eq(codec_compress(codec, 1, filter, bytes, size, to, capacity, &stored_size), PECS_OK);
    return stored_size;
}

/* Into memory of exactly this size, where AddressSanitizer sees what is beyond, and into some with guards. */
static pecs_status unpack(struct codec_filter filter, const uint8_t *stored, size_t stored_size, size_t size,
                          const uint8_t *expected)
{
    uint8_t *exact = malloc(size ? size : 1), *to = malloc(size + GUARD_BYTES), *copy = malloc(stored_size + 1);
    uint8_t *from = copy + 1; /* ends where the memory does */
    memcpy(from, stored, stored_size);
    memset(to, GUARD, size + GUARD_BYTES);
    const pecs_status status = codec_decompress(codec, filter, from, stored_size, exact, size);
    cr_assert_eq(codec_decompress(codec, filter, from, stored_size, to, size), status);
    for (size_t i = 0; i < GUARD_BYTES; i++)
        cr_assert_eq(to[size + i], GUARD);
    if (!status)
        cr_assert_eq(memcmp(exact, to, size), 0);
    if (!status && expected)
        cr_assert_eq(memcmp(exact, expected, size), 0);
    free(exact), free(to), free(copy);
    return status;
}

static void check_round_trip(int level, struct codec_filter filter, const uint8_t *bytes, size_t size)
{
    const size_t bound = codec_bound(size);
    uint8_t *stored = malloc(bound);
    size_t stored_size;
    cr_assert_eq(codec_compress(codec, level, filter, bytes, size, stored, bound, &stored_size), PECS_OK);
    cr_assert(stored_size > 0 && stored_size <= bound);
    cr_assert_eq(unpack(filter, stored, stored_size, size, bytes), PECS_OK, "filter %u, stride %u, %zu bytes, level %d",
                 filter.kind, filter.stride, size, level);
    /* A single segment without checksum or dictionary. */
    cr_assert_eq(stored[4] & 0x3f, 0x20, "filter %u, stride %u, %zu bytes, level %d", filter.kind, filter.stride, size,
                 level);
    free(stored);
}

static const struct codec_filter all_filters[] = {
    { FILTER_NONE, 0 },         { FILTER_SPLIT, 2 },        { FILTER_SPLIT, 3 },  { FILTER_SPLIT, 16 },
    { FILTER_SPLIT, 4096 },     { FILTER_DELTA4, 12 },      { FILTER_DELTA4, 4 }, { FILTER_DELTA8, 16 },
    { FILTER_DELTA8, 8 },       { FILTER_BITS, 1 },         { FILTER_BITS, 3 },   { FILTER_BITS, 16 },
    { FILTER_BITS_DELTA4, 12 }, { FILTER_BITS_DELTA8, 64 },
};
enum { FILTERS = sizeof(all_filters) / sizeof(all_filters[0]) };

Test(codec, blocks_of_all_sizes_come_back, .timeout = 100)
{
    static const size_t sizes[] = { 0, 1, 2, 15, 16, 17, 255, 256, 1000, 4095, 4096, 65535, 65536, 262144, 1048576 };
    static const int levels[] = { 1, 3, 9 };
    uint8_t *random = noise(1048576), *alike = records(65536);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t k = 0; k < FILTERS; k++) {
            check_round_trip(levels[(i + k) % 3], all_filters[k], random, sizes[i]);
            check_round_trip(levels[(i + k) % 3], all_filters[k], alike, sizes[i]);
        }
    free(random), free(alike);
}

/* A block that is no power of two, and one that is more than the usual window of level 1. */
Test(codec, each_level_makes_single_segments)
{
    uint8_t *alike = records(65536);
    for (int level = -1; level <= 12; level++) {
        check_round_trip(level, (struct codec_filter){ FILTER_SPLIT, 16 }, alike, 1000000);
        check_round_trip(level, (struct codec_filter){ FILTER_NONE, 0 }, alike, 1048576);
    }
    free(alike);
}

Test(codec, a_filter_pays_for_records)
{
    uint8_t *alike = records(16384), *stored = malloc(codec_bound(262144));
    const size_t plain = pack((struct codec_filter){ FILTER_NONE, 0 }, alike, 262144, stored, codec_bound(262144));
    const size_t split = pack((struct codec_filter){ FILTER_SPLIT, 16 }, alike, 262144, stored, codec_bound(262144));
    const size_t delta = pack((struct codec_filter){ FILTER_DELTA4, 16 }, alike, 262144, stored, codec_bound(262144));
    cr_assert_lt(plain, 40000);
    cr_assert_lt(split, 1500);
    cr_assert_lt(delta, 700);
    free(alike), free(stored);
}

/* Every second plane is noise, which must not spoil the codes for the others. */
Test(codec, planes_have_codes_of_their_own)
{
    uint8_t *bytes = noise(262144), *stored = malloc(codec_bound(262144));
    for (size_t i = 0; i < 262144; i += 2)
        bytes[i] &= 15; /* four bits of eight */
    const size_t size = pack((struct codec_filter){ FILTER_SPLIT, 4 }, bytes, 262144, stored, codec_bound(262144));
    cr_assert_lt(size, 131072 + 131072 / 2 + 2048, "%zu bytes", size);
    free(bytes), free(stored);
}

Test(codec, the_same_bytes_give_the_same_frame)
{
    uint8_t *alike = records(16384), *first = malloc(300000), *second = malloc(300000);
    const struct codec_filter filter = { FILTER_DELTA4, 16 };
    const size_t first_size = pack(filter, alike, 262144, first, 300000);
    pack((struct codec_filter){ FILTER_SPLIT, 3 }, alike, 100000, second, 300000);
    check_round_trip(9, (struct codec_filter){ FILTER_NONE, 0 }, alike, 5000);
    cr_assert_eq(pack(filter, alike, 262144, second, 300000), first_size);
    cr_assert_arr_eq(first, second, first_size);
    struct codec *other = codec_create(pool);
    size_t size;
    cr_assert_eq(codec_compress(other, 1, filter, alike, 262144, second, 300000, &size), PECS_OK);
    cr_assert_eq(size, first_size);
    cr_assert_arr_eq(first, second, first_size);
    codec_destroy(other);
    free(alike), free(first), free(second);
}

Test(codec, what_does_not_fit_is_reported_and_written_nowhere_else)
{
    uint8_t *bytes = noise(65536), *stored = malloc(codec_bound(65536) + GUARD_BYTES);
    for (size_t k = 0; k < FILTERS; k++) {
        const size_t full = pack(all_filters[k], bytes, 65536, stored, codec_bound(65536));
        for (size_t capacity = 0; capacity < full; capacity += capacity < 40 || capacity + 40 > full ? 1 : 997) {
            memset(stored, GUARD, codec_bound(65536) + GUARD_BYTES);
            cr_assert_eq(pack(all_filters[k], bytes, 65536, stored, capacity), 0, "%zu of %zu bytes", capacity, full);
            for (size_t i = 0; i < GUARD_BYTES; i++)
                cr_assert_eq(stored[capacity + i], GUARD);
        }
        cr_assert_eq(pack(all_filters[k], bytes, 65536, stored, full), full);
    }
    free(bytes), free(stored);
}

static const struct codec_filter damaged_filters[] = { { FILTER_NONE, 0 },
                                                       { FILTER_SPLIT, 16 },
                                                       { FILTER_DELTA4, 16 } };

Test(codec, every_truncation_is_refused)
{
    uint8_t *alike = records(ROWS), *stored = malloc(codec_bound(16 * ROWS));
    for (size_t k = 0; k < 3; k++) {
        const struct codec_filter filter = damaged_filters[k];
        const size_t stored_size = pack(filter, alike, 16 * ROWS, stored, codec_bound(16 * ROWS));
        for (size_t size = 0; size < stored_size; size++)
            cr_assert_eq(unpack(filter, stored, size, 16 * ROWS, NULL), PECS_E_CORRUPT, "%zu bytes", size);
        cr_assert_eq(unpack(filter, stored, stored_size, 16 * ROWS, alike), PECS_OK);
    }
    free(alike), free(stored);
}

Test(codec, a_changed_byte_is_an_error_or_other_bytes, .timeout = 100)
{
    uint8_t *alike = records(ROWS), *stored = malloc(codec_bound(16 * ROWS));
    for (size_t k = 0; k < 3; k++) {
        const struct codec_filter filter = damaged_filters[k];
        const size_t stored_size = pack(filter, alike, 16 * ROWS, stored, codec_bound(16 * ROWS));
        for (size_t at = 0; at<stored_size; at += stored_size> 1000 ? 3 : 1)
            for (int bit = 0; bit < 9; bit++) {
                const uint8_t kept = stored[at], change = (uint8_t)(bit < 8 ? 1 << bit : 0xff);
                stored[at] ^= change;
                const pecs_status status = unpack(filter, stored, stored_size, 16 * ROWS, NULL);
                cr_assert(status == PECS_OK || status == PECS_E_CORRUPT, "byte %zu", at);
                cr_assert(status || at > 4, "byte %zu is of the magic number or the descriptor", at);
                stored[at] = kept;
            }
    }
    free(alike), free(stored);
}

Test(codec, another_size_is_refused)
{
    uint8_t *alike = records(ROWS), *stored = malloc(codec_bound(16 * ROWS) + 1);
    const struct codec_filter filter = { FILTER_SPLIT, 16 };
    const size_t stored_size = pack(filter, alike, 16 * ROWS, stored, codec_bound(16 * ROWS));
    const size_t sizes[] = { 0, 1, 16 * ROWS - 1, 16 * ROWS + 1, 32 * ROWS };
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(unpack(filter, stored, stored_size, sizes[i], NULL), PECS_E_CORRUPT);
    stored[stored_size] = 0;
    cr_assert_eq(unpack(filter, stored, stored_size + 1, 16 * ROWS, NULL), PECS_E_CORRUPT);
    free(alike), free(stored);
}

#define FRAME(...)                                                                                                     \
    (const uint8_t[]){ 0x28, 0xb5, 0x2f, 0xfd, __VA_ARGS__ }, sizeof((uint8_t[]){ 1, 2, 3, 4, __VA_ARGS__ })
#define HELLO 0x29, 0, 0, 'h', 'e', 'l', 'l', 'o' /* the last block: 5 bytes as they are */

/* Frames by hand, as another program may write them (RFC 8878). */
Test(codec, frames_of_others)
{
    static const uint8_t hello[] = { 'h', 'e', 'l', 'l', 'o' };
    const struct {
        const char *what;
        const uint8_t *bytes;
        size_t size;
        pecs_status status;
    } cases[] = {
        { "a single segment", FRAME(0x20, 5, HELLO), PECS_OK },
        { "a window of 1 KiB", FRAME(0x80, 0x00, 5, 0, 0, 0, HELLO), PECS_OK },
        { "a window of 1 MiB", FRAME(0x80, 0x50, 5, 0, 0, 0, HELLO), PECS_OK },
        { "a window of 1.125 MiB", FRAME(0x80, 0x51, 5, 0, 0, 0, HELLO), PECS_E_CORRUPT },
        { "a window of 2 MiB", FRAME(0x80, 0x58, 5, 0, 0, 0, HELLO), PECS_E_CORRUPT },
        { "the largest window", FRAME(0x80, 0xff, 5, 0, 0, 0, HELLO), PECS_E_CORRUPT },
        { "no content size", FRAME(0x00, 0x50, HELLO), PECS_E_CORRUPT },
        { "another content size", FRAME(0x20, 6, HELLO), PECS_E_CORRUPT },
        { "a dictionary", FRAME(0x21, 9, 5, HELLO), PECS_E_CORRUPT },
        { "a dictionary without a number", FRAME(0x21, 0, 5, HELLO), PECS_E_CORRUPT },
        { "the reserved bit", FRAME(0x28, 5, HELLO), PECS_E_CORRUPT },
        { "a wrong checksum", FRAME(0x24, 5, HELLO, 1, 2, 3, 4), PECS_E_CORRUPT },
        { "a block of the reserved type", FRAME(0x20, 5, 0x2f, 0, 0, 'h', 'e', 'l', 'l', 'o'), PECS_E_CORRUPT },
        { "a run of five", FRAME(0x20, 5, 0x2b, 0, 0, 'h'), PECS_OK },
        { "a run of a mebibyte", FRAME(0x20, 5, 0x03, 0, 0x80, 'h'), PECS_E_CORRUPT },
        { "a second frame", FRAME(0x20, 5, HELLO, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0), PECS_E_CORRUPT },
        { "a skippable frame behind it", FRAME(0x20, 5, HELLO, 0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0), PECS_E_CORRUPT },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bool is_hello = cases[i].status == PECS_OK && cases[i].bytes[cases[i].size - 1] == 'o';
        cr_assert_eq(
            unpack((struct codec_filter){ FILTER_NONE, 0 }, cases[i].bytes, cases[i].size, 5, is_hello ? hello : NULL),
            cases[i].status, "%s", cases[i].what);
    }
}

Test(codec, skippable_and_old_frames_are_refused)
{
    const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
    const uint8_t old[] = { 0x27, 0xb5, 0x2f, 0xfd, 0x20, 5, HELLO };
    const uint8_t nothing[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0 };
    const struct codec_filter none = { FILTER_NONE, 0 };
    cr_assert_eq(unpack(none, skippable, sizeof(skippable), 0, NULL), PECS_E_CORRUPT);
    cr_assert_eq(unpack(none, old, sizeof(old), 5, NULL), PECS_E_CORRUPT);
    cr_assert_eq(unpack(none, nothing, sizeof(nothing), 0, NULL), PECS_OK);
    cr_assert_eq(unpack((struct codec_filter){ FILTER_SPLIT, 4 }, nothing, sizeof(nothing), 0, NULL), PECS_OK);
}

static struct codec_filter choose_for(enum codec_aim aim, const uint8_t *bytes, size_t size, size_t row_bytes,
                                      bool is_worth)
{
    struct codec_choice found, again;
    cr_assert_eq(codec_choose(codec, aim, bytes, size, row_bytes, &found), PECS_OK);
    cr_assert_eq(found.is_worth, is_worth, "%zu rows of %zu bytes leave %u", size / row_bytes, row_bytes, found.left);
    cr_assert(codec_filter_is_valid(found.filter, row_bytes));
    check_round_trip(9, found.filter, bytes, size); /* another level, whose traces must not matter */
    cr_assert_eq(codec_choose(codec, aim, bytes, size, row_bytes, &again), PECS_OK);
    cr_assert(found.is_worth == again.is_worth && found.level == again.level && found.left == again.left &&
              found.filter.kind == again.filter.kind && found.filter.stride == again.filter.stride);
    return found.filter;
}

static struct codec_filter choose(const uint8_t *bytes, size_t size, size_t row_bytes, bool is_worth)
{
    return choose_for(CODEC_SMALL, bytes, size, row_bytes, is_worth);
}

static void assert_filter(struct codec_filter filter, uint32_t kind, uint32_t stride)
{
    cr_assert(filter.kind == kind && filter.stride == stride, "filter %u, stride %u", filter.kind, filter.stride);
}

Test(codec, deltas_are_chosen_for_records)
{
    uint8_t *alike = records(16384);
    assert_filter(choose(alike, 262144, 16, true), FILTER_DELTA4, 16);
    free(alike);
}

/* As many fractions of floats from 1 to 2: the upper byte is one of two, the lowest noise. */
Test(codec, split_is_chosen_for_floats)
{
    float *floats = malloc(262144);
    uint64_t state = 1;
    for (size_t i = 0; i < 65536; i++)
        floats[i] = 1 + (float)(random_next(&state) >> 40) / 16777216.0f;
    assert_filter(choose((uint8_t *)floats, 262140, 12, true), FILTER_SPLIT, 12);
    free(floats);
}

Test(codec, no_filter_is_chosen_for_words)
{
    static const char words[8][16] = { "soldier", "archer", "villager", "merchant", "wolf", "dragon", "priest", "elf" };
    uint8_t *bytes = malloc(262144);
    uint64_t state = 1;
    for (size_t at = 0; at < 262144; at += 16)
        memcpy(bytes + at, words[random_next(&state) >> 61], 16);
    assert_filter(choose(bytes, 262144, 16, true), FILTER_NONE, 0);
    free(bytes);
}

Test(codec, elements_are_chosen_for_long_rows_of_them)
{
    uint16_t *numbers = malloc(240000);
    uint64_t state = 1;
    for (size_t i = 0; i < 120000; i++)
        numbers[i] = (uint16_t)(random_next(&state) % 500);
    assert_filter(choose((uint8_t *)numbers, 240000, 48, true), FILTER_BITS, 2);
    assert_filter(choose((uint8_t *)numbers, 240000, 12000, true), FILTER_BITS, 2); /* no filter has such a stride */
    assert_filter(choose_for(CODEC_FAST, (uint8_t *)numbers, 240000, 48, true), FILTER_BITS, 2);
    free(numbers);
}

/* Rows longer than any stride, of pairs: noise, and noise below 260. */
Test(codec, the_width_of_elements_is_found)
{
    uint16_t *numbers = malloc(240000);
    uint64_t state = 1;
    for (size_t i = 0; i < 120000; i++)
        numbers[i] = (uint16_t)(random_next(&state) % (i % 2 ? 260 : 500));
    assert_filter(choose_for(CODEC_SMALL, (uint8_t *)numbers, 240000, 12000, true), FILTER_BITS, 2);
    assert_filter(choose_for(CODEC_FAST, (uint8_t *)numbers, 240000, 12000, true), FILTER_BITS, 2);
    free(numbers);
}

/* Few values of a byte, of which each bit by itself is noise. */
Test(codec, planes_of_bytes_are_chosen_where_bits_belong_together)
{
    static const uint8_t values[] = { 3, 60, 100, 187, 250 };
    uint32_t *numbers = malloc(240000);
    uint64_t state = 1;
    for (size_t i = 0; i < 60000; i++) {
        const uint64_t random = random_next(&state);
        numbers[i] = (uint32_t)values[random % 5] << 24 | values[random / 5 % 5] << 8 | (random >> 32 & 0xff);
    }
    assert_filter(choose((uint8_t *)numbers, 240000, 12000, true), FILTER_SPLIT, 4);
    assert_filter(choose((uint8_t *)numbers, 240000, 12, true), FILTER_SPLIT, 12);
    free(numbers);
}

/* Rows of up to 24 numbers, then zeros: planes of bytes save a little, for several times the time. */
Test(codec, a_fast_save_takes_bits_of_long_rows)
{
    uint16_t *numbers = calloc(120000, sizeof(*numbers));
    uint64_t state = 1;
    for (size_t row = 0; row < 5000; row++)
        for (size_t i = 0, count = random_next(&state) % 25; i < count; i++)
            numbers[24 * row + i] = (uint16_t)(1 + random_next(&state) % 500);
    assert_filter(choose_for(CODEC_SMALL, (uint8_t *)numbers, 240000, 48, true), FILTER_SPLIT, 2);
    assert_filter(choose_for(CODEC_FAST, (uint8_t *)numbers, 240000, 48, true), FILTER_BITS, 2);
    free(numbers);
}

/* References into eight tables: matches save a little more than planes, for three times the time. */
Test(codec, a_fast_save_takes_planes_for_short_rows)
{
    uint32_t *references = malloc(240000);
    uint64_t state = 1;
    for (uint32_t row = 0; row < 30000; row++) {
        const uint32_t number = 8 * row + 256 - (uint32_t)(random_next(&state) % 256);
        references[2 * row] = number % 8 * 125000 + number / 8;
        references[2 * row + 1] = 1;
    }
    assert_filter(choose_for(CODEC_SMALL, (uint8_t *)references, 240000, 8, true), FILTER_NONE, 0);
    assert_filter(choose_for(CODEC_FAST, (uint8_t *)references, 240000, 8, true), FILTER_BITS, 8);
    free(references);
}

/* One of eight in a byte: three planes of noise, and five of zeros. */
Test(codec, bits_are_chosen_for_small_integers)
{
    uint8_t *numbers = malloc(240000);
    uint64_t state = 1;
    for (size_t i = 0; i < 240000; i++)
        numbers[i] = (uint8_t)(random_next(&state) % 8);
    assert_filter(choose_for(CODEC_SMALL, numbers, 240000, 1, true), FILTER_BITS, 1);
    assert_filter(choose_for(CODEC_FAST, numbers, 240000, 1, true), FILTER_BITS, 1);
    free(numbers);
}

/* Where nearly all is alike, planes of bytes are as quick, and smaller. */
Test(codec, a_fast_save_takes_no_bits_of_what_is_alike)
{
    uint32_t *rows = malloc(240000);
    uint64_t state = 1;
    for (size_t row = 0; row < 30000; row++) {
        rows[2 * row] = (uint32_t)(random_next(&state) % 101);
        rows[2 * row + 1] = 100;
    }
    assert_filter(choose_for(CODEC_FAST, (uint8_t *)rows, 240000, 8, true), FILTER_SPLIT, 8);
    free(rows);
}

static int level_for(enum codec_aim aim, const uint8_t *bytes, size_t size, size_t row_bytes)
{
    struct codec_choice choice;
    cr_assert_eq(codec_choose(codec, aim, bytes, size, row_bytes, &choice), PECS_OK);
    return choice.level;
}

/* Of rows without a filter, and of bits; not of planes of bytes, which are literals, nor of contents. */
Test(codec, a_fast_save_leaves_literals_as_they_are)
{
    static const char words[8][16] = { "soldier", "archer", "villager", "merchant", "wolf", "dragon", "priest", "elf" };
    uint8_t *rows = malloc(240000), *numbers = malloc(240000), *alike = records(15000);
    uint64_t state = 1;
    for (size_t i = 0; i < 15000; i++)
        memcpy(rows + 16 * i, words[random_next(&state) % 8], 16);
    for (size_t i = 0; i < 240000; i++)
        numbers[i] = (uint8_t)(random_next(&state) % 8);
    cr_assert_lt(level_for(CODEC_FAST, rows, 240000, 16), 0);
    cr_assert_lt(level_for(CODEC_FAST, numbers, 240000, 1), 0);
    cr_assert_gt(level_for(CODEC_FAST, alike, 240000, 16), 0);
    cr_assert_gt(level_for(CODEC_FAST, rows, 240000, 0), 0);
    cr_assert_gt(level_for(CODEC_SMALL, rows, 240000, 16), 0);
    cr_assert_gt(level_for(CODEC_SMALL, numbers, 240000, 1), 0);
    free(rows), free(numbers), free(alike);
}

/* Planes of bits have 64 bytes or more: many small blocks are to be quick. */
Test(codec, bits_are_not_tried_for_small_blocks)
{
    uint8_t numbers[512];
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof(numbers); i++)
        numbers[i] = (uint8_t)(random_next(&state) % 8);
    assert_filter(choose_for(CODEC_FAST, numbers, 511, 1, true), FILTER_NONE, 0);
    assert_filter(choose_for(CODEC_FAST, numbers, 512, 1, true), FILTER_BITS, 1);
}

Test(codec, noise_is_not_worth_it)
{
    uint8_t *random = noise(300000);
    const size_t row_sizes[] = { 1, 2, 3, 8, 12, 16, 48, 4096, 5000, 100000 };
    for (size_t i = 0; i < sizeof(row_sizes) / sizeof(row_sizes[0]); i++)
        assert_filter(choose(random, 300000 / row_sizes[i] * row_sizes[i], row_sizes[i], false), FILTER_NONE, 0);
    free(random);
}

Test(codec, small_blocks_have_a_choice)
{
    uint8_t *alike = records(64);
    for (size_t rows = 0; rows < 2; rows++)
        assert_filter(choose(alike, 16 * rows, 16, false), FILTER_NONE, 0);
    assert_filter(choose(alike, 16 * 64, 16, true), FILTER_DELTA4, 16);
    free(alike);
}

/* Each allocation from the pool fails in turn; then the codec goes on. */
Test(codec, memory_of_the_pool_may_run_out)
{
    uint8_t *alike = records(16384), *stored = malloc(300000), *back = malloc(262144);
    const struct codec_filter filter = { FILTER_SPLIT, 16 };
    struct codec_choice chosen;
    size_t stored_size = 0, size;
    const struct codec_filter none = { FILTER_NONE, 0 };
    stored_size = pack(filter, alike, 262144, stored, 300000);
    for (int call = 0; call < 4; call++) {
        struct codec *fresh = NULL;
        counting.fail_at = counting.call_count + (call ? 2 : 1);
        fresh = codec_create(pool);
        cr_assert_eq(fresh != NULL, call > 0);
        if (call == 1)
            cr_assert_eq(codec_compress(fresh, 1, filter, alike, 262144, back, 262144, &size), PECS_E_MEMORY);
        if (call == 2)
            cr_assert_eq(codec_decompress(fresh, filter, stored, stored_size, back, 262144), PECS_E_MEMORY);
        if (call == 3)
            cr_assert_eq(codec_choose(fresh, CODEC_SMALL, alike, 262144, 16, &chosen), PECS_E_MEMORY);
        if (call) {
            cr_assert_eq(codec_compress(fresh, 1, none, alike, 262144, back, 262144, &size), PECS_OK);
            cr_assert_eq(codec_decompress(fresh, filter, stored, stored_size, back, 262144), PECS_OK);
            cr_assert_arr_eq(back, alike, 262144);
        }
        codec_destroy(fresh);
    }
    counting.fail_at = 0;
    free(alike), free(stored), free(back);
}
