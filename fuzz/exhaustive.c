/*
 * Exhaustive small cases: a file of a few entities, with everything in it that a file can have, and a compressed one
 * of two segments, are
 *
 *     cut at every length, and a larger one while it is read,
 *     changed in every byte between its parts,
 *     changed in every bit of its metadata (all but the data), and of its data,
 *     given 0, 1, its neighbours, 2^31, 2^32, 2^63 and 2^64 - 1 in every 64-bit field, and such numbers in every
 *     32-bit one,
 *
 * each without repair, with repaired hashes, and with repaired redundant fields. Without repair, load returns an error.
 * With repair, it returns an error, or a world that survives the round trip. Prints the counts.
 */
#define _GNU_SOURCE
#include "file_parts.h"
#include "fuzz_common.h"
#include "fuzz_worlds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum repair { AS_IT_IS, REPAIR_HASHES, REPAIR_ALL, REPAIR_COUNT };

struct counts {
    const char *name;
    unsigned refused[REPAIR_COUNT], accepted[REPAIR_COUNT], restored; /* count of changes that the repair undid */
};

static uint8_t *original, *changed;
static size_t size;
static struct file_parts parts;

static uint8_t *world_file(size_t number, const pecs_save_options *options)
{
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_ALL_TYPES);
    pecs_world *world = fuzz_world(registry, number);
    const char *path = fuzz_path("saved");
    FUZZ_CHECK(pecs_world_save(world, path, options, NULL) == PECS_OK, path);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return fuzz_read(path, &size);
}

static bool is_accepted(const uint8_t *bytes, size_t byte_count)
{
    struct random random = { 1 };
    return fuzz_load_round_trip(FUZZ_KNOWN_TYPES, bytes, byte_count, &random);
}

/* A changed copy, repaired in each way. The data has no redundant fields. */
static void try_changed(struct counts *counts, bool is_data)
{
    uint8_t *repaired = malloc(size);
    FUZZ_CHECK(repaired, "memory");
    for (enum repair repair = AS_IT_IS; repair < (is_data ? REPAIR_ALL : REPAIR_COUNT); repair++) {
        memcpy(repaired, changed, size);
        if (repair == REPAIR_HASHES)
            parts_repair_hashes(repaired, size);
        if (repair == REPAIR_ALL)
            parts_repair(repaired, size);
        if (memcmp(repaired, original, size) == 0) {
            counts->restored++;
            continue;
        }
        const bool accepted = is_accepted(repaired, size);
        FUZZ_CHECK(!accepted || repair != AS_IT_IS, "a changed file is refused");
        counts->refused[repair] += !accepted;
        counts->accepted[repair] += accepted;
    }
    free(repaired);
}

static void flip_bits(struct counts *counts, uint64_t begin, uint64_t end, bool is_data)
{
    for (uint64_t bit = 8 * begin; bit < 8 * end; bit++) {
        memcpy(changed, original, size);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        try_changed(counts, is_data);
    }
}

static void set_fields(struct counts *counts, uint64_t begin, uint64_t end, unsigned width, bool is_data)
{
    for (uint64_t at = begin; at + width <= end; at += 4) {
        const uint64_t old = width == 8 ? parts_get64(&parts, at) : parts_get32(&parts, at);
        const uint64_t numbers[] = { 0, 1, old - 1, old + 1, 1u << 31, 1ull << 32, 1ull << 63, UINT64_MAX };
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
            const le64 value = le64_make(numbers[i]);
            memcpy(changed, original, size);
            memcpy(changed + at, &value, width);
            if (memcmp(changed, original, size) != 0)
                try_changed(counts, is_data);
        }
    }
}

static void print_counts(const struct counts *counts)
{
    printf("%s: %u refused as they are; hashes repaired: %u refused, %u worlds; ", counts->name,
           counts->refused[AS_IT_IS], counts->refused[REPAIR_HASHES], counts->accepted[REPAIR_HASHES]);
    printf("all repaired: %u refused, %u worlds, %u as before\n", counts->refused[REPAIR_ALL],
           counts->accepted[REPAIR_ALL], counts->restored);
    FUZZ_CHECK(counts->refused[AS_IT_IS] > 100 && counts->accepted[REPAIR_HASHES] > 0, counts->name);
}

struct all_counts {
    struct counts bits, fields32, fields64, data_bits, data;
};

static void change_metadata(struct all_counts *counts, uint64_t begin, uint64_t end)
{
    flip_bits(&counts->bits, begin, end, false);
    set_fields(&counts->fields32, begin, end, 4, false);
    set_fields(&counts->fields64, begin, end, 8, false);
}

static void change_parts(void)
{
    struct all_counts counts = { .bits.name = "bits of metadata",
                                 .fields32.name = "32-bit fields of metadata",
                                 .fields64.name = "64-bit fields of metadata",
                                 .data_bits.name = "bits of data",
                                 .data.name = "32-bit fields of data" };
    change_metadata(&counts, 0, sizeof(struct file_header));
    change_metadata(&counts, parts.commit, parts.commit_end);
    change_metadata(&counts, parts.footer, size);
    for (uint32_t i = 0; parts_select(&parts, i); i++) {
        change_metadata(&counts, parts.prologue, parts.prologue_end);
        change_metadata(&counts, parts.trailer, parts.trailer_end);
        flip_bits(&counts.data_bits, parts.data, parts.data_end, true);
        set_fields(&counts.data, parts.data, parts.data_end, 4, true);
    }
    print_counts(&counts.bits);
    print_counts(&counts.fields32);
    print_counts(&counts.fields64);
    print_counts(&counts.data_bits);
    print_counts(&counts.data);
}

static void cut_everywhere(void)
{
    for (size_t length = 0; length < size; length++)
        FUZZ_CHECK(!is_accepted(original, length), "a file that was cut is refused");
    printf("cuts: %zu refused\n", size);
}

/* What belongs to no part is what is made zero; hashes that are right again change nothing about it. */
static void change_gaps(void)
{
    uint8_t *cleared = malloc(size);
    unsigned count = 0;
    FUZZ_CHECK(cleared, "memory");
    for (size_t at = 0; at < size; at++) {
        memcpy(changed, original, size);
        changed[at] ^= (uint8_t)(1 << at % 8);
        memcpy(cleared, changed, size);
        parts_clear_gaps(cleared, size);
        if (memcmp(cleared, original, size) != 0)
            continue;
        FUZZ_CHECK(!is_accepted(changed, size), "a byte between parts is not zero");
        parts_repair_hashes(changed, size);
        FUZZ_CHECK(!is_accepted(changed, size), "a byte between parts is not zero, and hashes are right");
        count++;
    }
    free(cleared);
    printf("bytes between parts: %u refused\n", count);
    FUZZ_CHECK(count > 1000, "most of a small file is between its parts");
}

static bool cut_file(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)done_bytes, (void)total_bytes;
    FUZZ_CHECK(truncate(user, 4096) == 0, "truncate");
    return true;
}

/* Two pieces of data; the file becomes shorter after the first. */
static void cut_while_it_is_read(void)
{
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_world *world;
    pecs_snapshot *snapshot;
    pecs_error error = { .message = "" };
    const char *path = fuzz_path("saved");
    char copy[512];
    snprintf(copy, sizeof(copy), "%s", path);
    FUZZ_CHECK(pecs_world_create(registry, NULL, NULL, &world, NULL) == PECS_OK, "a world");
    FUZZ_CHECK(pecs_world_spawn(world, NULL, 0, 250000, NULL) == PECS_OK, "6 MB");
    FUZZ_CHECK(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK, path);
    const pecs_load_options options = { .progress = cut_file, .user = copy };
    const pecs_status status = pecs_snapshot_load(registry, path, &options, &snapshot, &error);
    FUZZ_CHECK(status == PECS_E_CORRUPT && error.rule && strcmp(error.rule, "FILE-1") == 0, error.message);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    fuzz_memory_end();
    printf("cut while it is read: FILE-1\n");
}

static void try_file(const char *name, uint8_t *bytes)
{
    printf("%s, %zu bytes\n", name, size);
    original = bytes;
    changed = malloc(size);
    FUZZ_CHECK(changed, "memory");
    parts_find(&parts, original, size);
    FUZZ_CHECK(parts.depth == PARTS_DATA && is_accepted(original, size), "the sample is whole");
    memcpy(changed, original, size);
    FUZZ_CHECK(parts_repair(changed, size) && memcmp(changed, original, size) == 0, "a whole file needs no repair");
    cut_everywhere();
    change_gaps();
    change_parts();
    free(original);
    free(changed);
}

/* A few entities, some of them as they are. */
static void try_blocks(void)
{
    static const pecs_component_profile mapped = { 0, PECS_PROFILE_OFF };
    pecs_save_options options = fuzz_saving;
    options.profile = PECS_PROFILE_FAST;
    options.component_profiles = &mapped;
    options.component_profile_count = 1;
    for (size_t i = 0; i < fuzz_world_count; i++)
        if (strcmp(fuzz_world_name(i), "heap") == 0) {
            uint8_t *bytes = world_file(i, &options);
            FUZZ_CHECK(parts_get32(&(struct file_parts){ .bytes = bytes, .size = size }, 24) & FEATURE_SEGMENTS,
                       "it has blocks");
            try_file("in blocks", bytes);
        }
}

int main(void)
{
    try_file("plain", world_file(fuzz_sample_world, &fuzz_saving));
    cut_while_it_is_read();
    try_blocks();
    return 0;
}
