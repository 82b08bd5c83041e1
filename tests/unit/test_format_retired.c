/*
 * The rules about retired slots: each broken alone in a file whose checksums are right, with the rule's id and the byte
 * offset that the error must have.
 *
 * The sample: entity 0:1 lives; slots 1 to 4099 are retired, all with generation 1 but slot 1 with 3 and slot 4097 with
 * 2. So the first chunk has 4095 differences of 2 bits, in 1024 bytes, the second 4 of one bit, in 8 bytes.
 */
#define _GNU_SOURCE
#include "format_breaking.h"

PECS_TAG(Here, 1);
static const pecs_type *const types[] = { &Here_type };

enum { PEAK = 4100, FIRST_BYTES = 1024, SECOND_BYTES = 8 };

TestSuite(retired, .init = enter_folder, .fini = leave_folder);

static void go_on(pecs_world *world, pecs_entity entity)
{
    pecs_entity next;
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, &next), PECS_OK);
    cr_assert(next.index == entity.index && next.generation == entity.generation + 1);
}

static void save_sample(pecs_registry *registry)
{
    pecs_world *world;
    static pecs_entity entities[PEAK];
    const pecs_world_options options = { .session_nonce = 0x7005 };
    cr_assert_eq(pecs_world_create(registry, NULL, &options, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(0) }, 1, PEAK, entities), PECS_OK);
    go_on(world, entities[1]);
    go_on(world, (pecs_entity){ 1, 2 });
    go_on(world, entities[4097]);
    entities[1].generation = 3;
    entities[4097].generation = 2;
    cr_assert_eq(pecs_world_despawn(world, entities + 1, PEAK - 1), PECS_OK);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
}

static struct breakage begin_breaking(void)
{
    pecs_registry *registry;
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    save_sample(registry);
    return breakage_of(registry);
}

/* One chunk of the index: its free count, and zeros. */
static uint64_t records_of(const struct breakage *b)
{
    return b->file.free_counts + 8;
}
static uint64_t differences_of(const struct breakage *b)
{
    return records_of(b) + 2 * sizeof(struct retired_record);
}
static uint64_t count_of(const struct breakage *b)
{
    return b->file.commit + offsetof(struct commit_header, retired_count);
}

/* Written out: what the writer makes of it. */
Test(retired, the_bytes_of_the_sample)
{
    struct breakage b = begin_breaking();
    static const uint8_t records[] = { 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0 };
    const uint8_t *differences = b.file.bytes + differences_of(&b);
    cr_assert_eq(get64(&b.file, 24), 1); /* required_features */
    cr_assert_eq(get64(&b.file, count_of(&b)), 4099);
    cr_assert_eq(get64(&b.file, b.file.commit + offsetof(struct commit_header, slot_count)), 1);
    cr_assert_eq(memcmp(b.file.bytes + records_of(&b), records, sizeof(records)), 0);
    for (int i = 0; i < FIRST_BYTES + SECOND_BYTES; i++)
        cr_assert_eq(differences[i], i == 0 || i == FIRST_BYTES ? 2 : 0, "byte %d", i);
    cr_assert_eq(differences_of(&b) + FIRST_BYTES + SECOND_BYTES, b.file.commit_end);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(retired, RETIRED_1_counts_that_cannot_be)
{
    struct breakage b = begin_breaking();
    static const uint64_t counts[] = { 0, 0xfffffffe, 0xffffffff, 1ull << 63, UINT64_MAX };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        put64(&b.file, count_of(&b), counts[i]);
        expect_repaired(&b, "RETIRED-1", count_of(&b));
    }
    end_breaking(&b);
}

Test(retired, RETIRED_2_no_room_for_the_records)
{
    struct breakage b = begin_breaking();
    static const uint64_t counts[] = { 0xfffffffd, 132 * 4096 }; /* 131 records and the rest fit */
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        put64(&b.file, count_of(&b), counts[i]);
        expect_repaired(&b, "RETIRED-2", records_of(&b));
    }
    end_breaking(&b);
}

Test(retired, RETIRED_3_records_that_cannot_be)
{
    struct breakage b = begin_breaking();
    for (int chunk = 0; chunk < 2; chunk++) {
        const uint64_t record = records_of(&b) + (uint64_t)chunk * sizeof(struct retired_record);
        static const uint32_t lowest[] = { 0, (1u << 30) - 1, UINT32_MAX };
        for (size_t i = 0; i < sizeof(lowest) / sizeof(lowest[0]); i++) {
            put32(&b.file, record, lowest[i]);
            expect_repaired(&b, "RETIRED-3", record);
        }
        put32(&b.file, record + 4, 31);
        expect_repaired(&b, "RETIRED-3", record);
    }
    end_breaking(&b);
}

Test(retired, RETIRED_4_differences_that_do_not_end_with_the_commit)
{
    struct breakage b = begin_breaking();
    static const struct {
        uint64_t chunk;
        uint32_t width;
    } widths[] = { { 0, 0 }, { 0, 1 }, { 0, 3 }, { 0, 30 }, { 1, 0 }, { 1, 17 } };
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        put32(&b.file, records_of(&b) + widths[i].chunk * sizeof(struct retired_record) + 4, widths[i].width);
        expect_repaired(&b, "RETIRED-4", differences_of(&b));
    }
    put64(&b.file, b.file.commit + offsetof(struct commit_header, metadata_size), 8);
    expect_repaired(&b, "RETIRED-4", differences_of(&b));
    end_breaking(&b);
}

static void expect_unpacked(struct breakage *b, uint64_t chunk)
{
    repair(&b->file);
    expect_of_load(b, "RETIRED-5", records_of(b) + chunk * sizeof(struct retired_record));
}

Test(retired, RETIRED_5_differences_that_no_writer_packs)
{
    struct breakage b = begin_breaking();
    uint64_t first = differences_of(&b), second = first + FIRST_BYTES;
    b.file.bytes[first] = 1; /* none needs two bits */
    expect_unpacked(&b, 0);
    b.file.bytes[second] = 0;
    expect_unpacked(&b, 1);
    b.file.bytes[second] = 15; /* none is 0 */
    expect_unpacked(&b, 1);
    b.file.bytes[first + FIRST_BYTES - 1] = 0x40; /* behind the last */
    expect_unpacked(&b, 0);
    b.file.bytes[second] = 0x12;
    expect_unpacked(&b, 1);
    b.file.bytes[second + 7] = 0x80;
    expect_unpacked(&b, 1);
    put32(&b.file, records_of(&b), (1u << 30) - 3); /* slot 1 would be used up */
    expect_unpacked(&b, 0);
    put32(&b.file, records_of(&b), (1u << 30) - 4);
    expect_accepted(&b);
    b.file.bytes[first + 100] = 3; /* another generation: no rule is broken */
    expect_accepted(&b);
    b.file.bytes[second] = 1;
    expect_accepted(&b);
    end_breaking(&b);
}

/* Resume does not look at the differences: the generations that follow are still some. */
Test(retired, resumed_generations_never_pass_the_last)
{
    struct breakage b = begin_breaking();
    pecs_snapshot *snapshot;
    pecs_world *world;
    static pecs_entity entities[PEAK - 1];
    put32(&b.file, records_of(&b), (1u << 30) - 3);
    memset(b.file.bytes + differences_of(&b), 0xff, FIRST_BYTES);
    repair(&b.file);
    write_image(&b.file, "broken.pecs");
    cr_assert_eq(pecs_snapshot_resume(b.registry, "broken.pecs", NULL, &snapshot, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(b.registry, snapshot, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, PEAK - 1, entities), PECS_OK);
    for (uint32_t i = 0; i < PEAK - 1; i++)
        cr_assert(entities[i].index == i + 1 && entities[i].generation == (i + 1 < 4096    ? (1u << 30) - 1
                                                                           : i + 1 == 4097 ? 3
                                                                                           : 2));
    pecs_world_destroy(world);
    pecs_snapshot_release(snapshot);
    end_breaking(&b);
}
