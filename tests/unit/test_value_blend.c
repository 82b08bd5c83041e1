/*
 * Blends: copies and constants that are neighbours. All buffers are as long as their values, so AddressSanitizer finds
 * a read or write beside them, and bytes that no step writes keep what they had.
 */
#include "value_blend.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 4, VALUES_MAX = 40, UNWRITTEN = 0xee };

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

static const uint8_t defaults[64] = { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                      17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
                                      33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
                                      49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64 };

static struct map_step copy_step(uint32_t from, uint32_t to, uint32_t size)
{
    return (struct map_step){ MAP_COPY, from, to, size, size, MAP_NO_LOSS, { NULL } };
}

static struct map_step constant_step(uint32_t to, uint32_t size, const uint8_t *bytes)
{
    return (struct map_step){ MAP_CONSTANT, 0, to, 0, size, MAP_NO_LOSS, { bytes } };
}

/* Converts `count` values by the steps, and compares each byte with what the steps say of it. */
static void check(struct map_step *steps, size_t step_count, uint32_t from_size, uint32_t to_size, uint64_t count)
{
    const struct value_map map = { .steps = { steps, step_count, step_count } };
    const struct value_convert convert = { &map, NULL, NULL, NULL };
    uint8_t *from = malloc(count * from_size), *to = malloc(count * to_size), *expected = malloc(count * to_size);
    cr_assert(from && to && expected);
    for (uint64_t i = 0; i < count * from_size; i++)
        from[i] = (uint8_t)below(256);
    memset(to, UNWRITTEN, count * to_size);
    memset(expected, UNWRITTEN, count * to_size);
    for (uint64_t i = 0; i < count; i++)
        for (size_t s = 0; s < step_count; s++)
            for (uint32_t b = 0; b < steps[s].to_bytes; b++)
                expected[i * to_size + steps[s].to + b] = steps[s].kind == MAP_COPY
                                                              ? from[i * from_size + steps[s].from + b]
                                                          : steps[s].of.bytes ? steps[s].of.bytes[b]
                                                                              : 0;
    const struct convert_values values = { from, to, from_size, to_size, count, 0, false };
    cr_assert_eq(value_convert(&convert, &values), PECS_OK);
    cr_assert_arr_eq(to, expected, count * to_size);
    free(from);
    free(to);
    free(expected);
}

Test(value_blend, adds_a_field_behind_before_and_between_for_all_sizes)
{
    for (uint32_t kept = 1; kept <= 40; kept++)
        for (uint32_t added = 1; added <= 40; added++)
            for (uint64_t count = 1; count <= VALUES_MAX; count += count < 6 ? 1 : 11) {
                struct map_step behind[] = { copy_step(0, 0, kept), constant_step(kept, added, defaults) };
                check(behind, 2, kept, kept + added, count);
                struct map_step before[] = { constant_step(0, added, NULL), copy_step(0, added, kept) };
                check(before, 2, kept, kept + added, count);
                struct map_step between[] = { copy_step(0, 0, kept), constant_step(kept, added, defaults),
                                              copy_step(kept, kept + added, kept) };
                check(between, 3, 2 * kept, 2 * kept + added, count);
            }
}

Test(value_blend, replaces_bytes_in_the_same_place)
{
    struct map_step steps[] = { copy_step(0, 0, 4), constant_step(4, 4, defaults), copy_step(8, 8, 8) };
    struct blend blend;
    const struct map_steps list = { steps, 3, 3 };
    cr_expect_eq(blend_join(&blend, &list, 0), 3);
    cr_expect_eq(blend.size_bytes, 16);
    check(steps, 3, 16, 16, VALUES_MAX);
}

Test(value_blend, joins_only_what_it_can)
{
    struct map_step gap[] = { copy_step(0, 0, 4), constant_step(8, 4, NULL) };
    struct map_step moved[] = { copy_step(4, 0, 4), copy_step(0, 4, 4), constant_step(8, 4, NULL) };
    struct map_step wide[] = { copy_step(0, 0, 28), constant_step(28, 8, NULL) };
    struct map_step cut[] = { copy_step(0, 0, 4), { MAP_CUT, 4, 4, 4, 0, 0, { NULL } } };
    struct blend blend;
    cr_expect_eq(blend_join(&blend, &(struct map_steps){ gap, 2, 2 }, 0), 1);
    cr_expect_eq(blend_join(&blend, &(struct map_steps){ moved, 3, 3 }, 0), 1);
    cr_expect_eq(blend_join(&blend, &(struct map_steps){ moved, 3, 3 }, 1), 2);
    cr_expect_eq(blend_join(&blend, &(struct map_steps){ wide, 2, 2 }, 0), 1);
    cr_expect_eq(blend_join(&blend, &(struct map_steps){ cut, 2, 2 }, 0), 1);
    cr_expect_eq(blend_join(&blend, &(struct map_steps){ cut, 2, 2 }, 1), 0);
}

Test(value_blend, any_list_of_copies_and_constants_writes_what_its_steps_say)
{
    for (int round = 0; round < 20000; round++) {
        struct map_step steps[STEPS_MAX];
        const uint32_t from_size = 1 + below(40), step_count = 1 + below(STEPS_MAX);
        uint32_t to = below(3);
        for (uint32_t s = 0; s < step_count; s++) {
            const uint32_t size = 1 + below(below(2) ? 8 : 20);
            if (below(2) && size <= from_size)
                steps[s] = copy_step(below(from_size - size + 1), to, size);
            else
                steps[s] = constant_step(to, size, below(2) ? defaults + below(40) : NULL);
            to += size + (below(4) ? 0 : 1 + below(3));
        }
        check(steps, step_count, from_size, to + below(3), 1 + below(VALUES_MAX));
    }
}
