/* How the columns of compressed files are compressed: by samples, and otherwise where they prove wrong. */
#define _GNU_SOURCE
#include "profiles_suite.h"

TestSuite(profiles_choices, .init = set_up, .fini = strike, .timeout = 120);

typedef struct Slots {
    uint16_t numbers[24];
} Slots;
PECS_COMPONENT(Slots, 1, numbers);

/* Of the frame of such a size (RFC 8878, 3.1.1.3.1.1): literals are as they are (0), or codes (2). */
static unsigned literals_of_frame(struct memory_file file, uint32_t size)
{
    const uint8_t begin[9] = { 0x28, 0xb5, 0x2f, 0xfd, 0xa0, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16),
                               0 };
    const uint8_t *frame = memmem(file.bytes, file.size, begin, sizeof(begin));
    cr_assert(frame && (frame[9] >> 1 & 3) == 2, "a single segment, that begins with a compressed block");
    return frame[12] & 3;
}

/* Small numbers and runs of zeros: planes of bits, of which a fast save stores what is noise as it is. */
Test(profiles_choices, a_fast_save_stores_literals_of_bits)
{
    static Slots slots[20000];
    const pecs_type *types[] = { &Slots_type };
    pecs_registry *mixed = make_registry(types, 1, counting_hooks);
    pecs_world *bags = make_world(mixed, NULL);
    struct memory_file files[COMPRESSING_COUNT];
    for (uint64_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
        for (uint64_t k = 0; k < mix_u64(i) % 25; k++)
            slots[i].numbers[k] = (uint16_t)(1 + mix_u64(32 * i + k) % 500);
    const pecs_value value = { 0, sizeof(Slots), slots };
    must(pecs_world_spawn(bags, &value, 1, sizeof(slots) / sizeof(slots[0]), NULL) == PECS_OK);
    pecs_snapshot *snapshot = take(bags);
    for (int i = 0; i < COMPRESSING_COUNT; i++) {
        const pecs_save_options options = profile_options(compressing[i], 1);
        files[i] = save_in_memory(snapshot, &options);
        cr_assert_eq(literals_of_frame(files[i], 512 * 1024 / sizeof(Slots) * sizeof(Slots)),
                     compressing[i] == PECS_PROFILE_FAST ? 0 : 2);
    }
    cr_assert(files[1].size < files[0].size && files[0].size < sizeof(slots) * 2 / 3, "%zu, %zu", files[0].size,
              files[1].size);
    for (int i = 0; i < COMPRESSING_COUNT; i++)
        pecs_memory_release(files[i].bytes);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(bags);
    pecs_registry_release(mixed);
}

enum { PART_ROWS = 12500, ROWS = 200000 };

/* Saves a column whose first 600 KB are of one kind, and the other 9 MB of the other. Returns the file's size. */
static size_t size_of_mixed(pecs_registry *mixed, pecs_profile profile, uint64_t first_mask, uint64_t then_mask)
{
    static Slots slots[ROWS];
    pecs_world *bags = make_world(mixed, NULL);
    struct memory_file files[2];
    for (uint64_t i = 0; i < ROWS; i++) {
        uint64_t words[6];
        for (uint64_t k = 0; k < 6; k++)
            words[k] = mix_u64(8 * i + k) & (i < PART_ROWS ? first_mask : then_mask);
        memcpy(&slots[i], words, sizeof(slots[i]));
    }
    const pecs_value value = { 0, sizeof(Slots), slots };
    must(pecs_world_spawn(bags, &value, 1, ROWS, NULL) == PECS_OK);
    pecs_snapshot *snapshot = take(bags);
    for (uint32_t i = 0; i < 2; i++) {
        const pecs_save_options options = profile_options(profile, 1 + 3 * i);
        files[i] = save_in_memory(snapshot, &options);
    }
    cr_assert(files[0].size == files[1].size && memcmp(files[0].bytes, files[1].bytes, files[0].size) == 0,
              "threads make other bytes");
    for (uint32_t i = 0; i < 2; i++)
        pecs_memory_release(files[i].bytes);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(bags);
    return files[0].size;
}

/* The first block of a column is no sample of the others: nothing to save, nothing else than matches, half of all. */
Test(profiles_choices, a_column_may_begin_otherwise)
{
    const pecs_type *types[] = { &Slots_type };
    pecs_registry *mixed = make_registry(types, 1, counting_hooks);
    const uint64_t noise = UINT64_MAX, zeros = 0, half = UINT64_C(0x0f0f0f0f0f0f0f0f);
    const struct {
        uint64_t first, then;
        double part;
    } cases[] = { { noise, zeros, 0.07 }, { zeros, half, 0.5 }, { noise, half, 0.55 } };
    for (int profile = 0; profile < COMPRESSING_COUNT; profile++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            const size_t size = size_of_mixed(mixed, compressing[profile], cases[i].first, cases[i].then);
            cr_assert_lt((double)size, cases[i].part * ROWS * sizeof(Slots) + 100000, "%d, case %zu: %zu", profile, i,
                         size);
        }
    pecs_registry_release(mixed);
}
