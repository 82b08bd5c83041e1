/*
 * The rules about explicit ids: each broken alone in a file whose checksums are right, with the rule's id and the byte
 * offset that the error must have.
 */
#define _GNU_SOURCE
#include "format_ids_sample.h"

TestSuite(ids, .init = enter_folder, .fini = leave_folder);

Test(ids, the_sample_is_as_the_rules_expect)
{
    struct breakage b = begin_breaking();
    struct file_image *file = &b.file;
    cr_assert_eq(get32(file, file->prologue + offsetof(struct segment_header, run_count)), 7);
    cr_assert_eq(get64(file, file->row_counts), 1);
    cr_assert_eq(get64(file, file->row_counts + 8), 2);
    const uint64_t ids = run_offset(file, IDS_RUN);
    cr_assert_eq(get32(file, file->runs + IDS_RUN * sizeof(struct run_record)), RUN_IDS);
    cr_assert_eq(memcmp(file->bytes + ids, &low, 16), 0);
    cr_assert_eq(get32(file, ids + 16), 0);
    cr_assert_eq(memcmp(file->bytes + ids + ENTRY_BYTES, &high, 16), 0);
    cr_assert_eq(get32(file, ids + ENTRY_BYTES + 16), 2);
    cr_assert_eq(file->commit_end - file->metadata, 24 + 32);
    cr_assert_eq(memcmp(file->bytes + file->metadata + 16, "axyz\0\0\0\0", 8), 0);
    cr_assert_eq(memcmp(file->bytes + file->metadata + 24 + 16, "b123456789012345", 16), 0);
    cr_assert_eq(get64(file, file->commit + 88), wall_clock);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(ids, TYPE_2_an_id_of_zeros)
{
    struct breakage b = begin_breaking();
    memset(b.file.bytes + b.file.types[0] + offsetof(struct type_record, id), 0, 16);
    expect_corrupt(&b, "TYPE-2", b.file.types[0]);
    end_breaking(&b);
}

/* The place of "pecs.id" among the file's two types. */
static uint64_t id_type(const struct file_image *file)
{
    const uint64_t name = sizeof(struct type_record) + sizeof(le32);
    return file->types[memcmp(file->bytes + file->types[1] + name, "pecs.id", 7) == 0];
}

Test(ids, TYPE_4_every_program_knows_the_type_of_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t type = id_type(&b.file), field = type + sizeof(struct type_record) + 12;
    const uint64_t numbers[] = {
        type + 24, type + 28, type + 32, type + 36, /* version, size, align, field_count */
        type + 44, field,     field + 4, field + 8, field + 12, field + 16, field + 24, field + 32,
    };
    cr_assert_eq(get32(&b.file, field), PECS_U8);
    cr_assert_eq(b.file.bytes[field + 32], 'b');
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i] == type + 36)
            continue; /* another count of fields makes it malformed: TYPE-1 */
        b.file.bytes[numbers[i]] ^= numbers[i] == field ? 4 : 2; /* u8 becomes i8 */
        expect_in_commit(&b, PECS_E_LAYOUT, "TYPE-4", type);
    }
    end_breaking(&b);
}

Test(ids, the_type_of_ids_is_never_unknown)
{
    struct breakage b = begin_breaking();
    const pecs_load_options options = { .refuse_unknown = true };
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot;
        cr_assert_eq(verbs[verb](b.registry, "world.pecs", &options, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    end_breaking(&b);
}

Test(ids, TABLE_6_the_world_itself_has_none)
{
    struct breakage b = begin_breaking();
    put32(&b.file, b.file.tables[1] + offsetof(struct table_record, flags), TABLE_SINGLETONS);
    expect_corrupt(&b, "TABLE-6", b.file.tables[1]);
    end_breaking(&b);
}

Test(ids, TABLE_5_a_table_of_rows_becomes_the_singletons)
{
    struct breakage b = begin_breaking();
    put32(&b.file, b.file.tables[0] + offsetof(struct table_record, flags), TABLE_SINGLETONS); /* {Place} may be it */
    expect_corrupt(&b, "TABLE-5", b.file.row_counts);
    end_breaking(&b);
}

static uint64_t run_place(const struct breakage *breakage, uint32_t run)
{
    return breakage->file.runs + run * sizeof(struct run_record);
}

Test(ids, RUN_8_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN);
    put32(&b.file, run, RUN_HEAP + 1); /* kind */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-8", run);
    end_breaking(&b);
}

Test(ids, RUN_1_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN);
    put32(&b.file, run + 4, 1); /* table */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 8, 0); /* type */
    expect_repaired(&b, "RUN-1", run);
    end_breaking(&b);
}

Test(ids, RUN_2_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN);
    put32(&b.file, run + 12, 1); /* codec */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-2", run + 12);
    end_breaking(&b);
}

Test(ids, RUN_3_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN);
    put32(&b.file, run + 16, 1); /* first_chunk */
    expect_repaired(&b, "RUN-3", run + 16);
    put32(&b.file, run + 20, 0); /* chunk_count */
    expect_repaired(&b, "RUN-3", run + 16);
    put64(&b.file, run + 32, 20); /* size: two entries have 40 bytes */
    expect_repaired(&b, "RUN-3", run + 16);
    put64(&b.file, run + 32, 60);
    expect_repaired(&b, "RUN-3", run + 16);
    end_breaking(&b);
}

Test(ids, RUN_4_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN), index_run = run_place(&b, INDEX_RUN);
    put64(&b.file, run + 24, get64(&b.file, run + 24) + 4); /* offset */
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, get64(&b.file, index_run + 24));
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, get64(&b.file, run + 24) + 64);
    expect_repaired(&b, "RUN-4", run + 24);
    end_breaking(&b);
}

Test(ids, RUN_5_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN), index_run = run_place(&b, INDEX_RUN);
    put32(&b.file, index_run, RUN_IDS);
    put64(&b.file, index_run + 32, 40);
    expect_repaired(&b, "RUN-5", run);
    end_breaking(&b);
}

Test(ids, RUN_6_of_the_ids)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, IDS_RUN);
    put64(&b.file, run + 40, 2); /* tick; the world's is 1 */
    expect_repaired(&b, "RUN-6", run + 40);
    put64(&b.file, run + 40, 1); /* a writer gives 0; a reader does not look */
    expect_accepted(&b);
    end_breaking(&b);
}

Test(ids, RUN_7_ids_without_their_run)
{
    struct breakage b = begin_breaking();
    const uint64_t size = get64(&b.file, b.file.segments + 8) - sizeof(struct run_record);
    put64(&b.file, b.file.segments + 8, size);
    put64(&b.file, b.file.prologue + 8, size);
    put32(&b.file, b.file.prologue + 40, IDS_RUN);
    expect_repaired(&b, "RUN-7", b.file.segments);
    end_breaking(&b);
}

/* The run's kind is known, but a world without explicit ids has none. */
Test(ids, RUN_1_a_run_of_no_ids)
{
    struct breakage b = begin_breaking();
    pecs_world *world;
    cr_assert_eq(pecs_world_create(b.registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    free_image(&b.file);
    b.file = read_image("world.pecs");
    put32(&b.file, run_place(&b, 1), RUN_IDS); /* was the index */
    put64(&b.file, run_place(&b, 1) + 32, 0);
    put32(&b.file, run_place(&b, 1) + 20, 0);
    expect_repaired(&b, "RUN-1", run_place(&b, 1));
    end_breaking(&b);
}

static void put_id(struct file_image *file, uint64_t offset, pecs_id id)
{
    memcpy(file->bytes + offset, id.bytes, sizeof(id));
}

Test(ids, ID_1_they_ascend_and_none_is_zero)
{
    struct breakage b = begin_breaking();
    const uint64_t ids = run_offset(&b.file, IDS_RUN);
    put_id(&b.file, ids, (pecs_id){ .bytes = { 0 } });
    repair(&b.file);
    expect_of_load(&b, "ID-1", ids);
    put_id(&b.file, ids + ENTRY_BYTES, low);
    repair(&b.file);
    expect_of_load(&b, "ID-1", ids + ENTRY_BYTES);
    put_id(&b.file, ids, high); /* in the other order, each with its entity */
    put32(&b.file, ids + 16, 2);
    put_id(&b.file, ids + ENTRY_BYTES, low);
    put32(&b.file, ids + ENTRY_BYTES + 16, 0);
    repair(&b.file);
    expect_of_load(&b, "ID-1", ids + ENTRY_BYTES);
    end_breaking(&b);
}

Test(ids, ID_2_each_is_that_of_its_entity)
{
    struct breakage b = begin_breaking();
    const uint64_t ids = run_offset(&b.file, IDS_RUN);
    static const uint32_t indices[] = { 1, 2, 3, 4, UINT32_MAX }; /* none, another, dead, no slots */
    for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++)
        break_number(&b, ids + 16, indices[i], "ID-2", ids);
    b.file.bytes[ids + 15] = 2;
    repair(&b.file);
    expect_of_load(&b, "ID-2", ids);
    const uint64_t place_first =
        get32(&b.file, run_place(&b, 3) + offsetof(struct run_record, type)) == (id_type(&b.file) == b.file.types[0]);
    const uint64_t values = run_offset(&b.file, place_first ? 4 : 3);
    cr_assert_eq(memcmp(b.file.bytes + values, &low, 16), 0);
    b.file.bytes[values + 16 + 7] = 1; /* the second row: HIGH */
    repair(&b.file);
    expect_of_load(&b, "ID-2", ids + ENTRY_BYTES);
    end_breaking(&b);
}

/* Gives the second entry, and its entity, another id. */
static void give(struct breakage *breakage, pecs_id id)
{
    const uint64_t ids = run_offset(&breakage->file, IDS_RUN);
    for (uint32_t run = 3; run <= 4; run++) {
        const uint64_t value = run_offset(&breakage->file, run) + 16;
        if (memcmp(breakage->file.bytes + value, &high, 16) == 0)
            put_id(&breakage->file, value, id);
    }
    put_id(&breakage->file, ids + ENTRY_BYTES, id);
    repair(&breakage->file);
}

Test(ids, ID_3_no_other_entity_was_born_with_it)
{
    struct breakage b = begin_breaking();
    const uint64_t second = run_offset(&b.file, IDS_RUN) + ENTRY_BYTES;
    /* the nonce 0x7005, generation 1, index 1 */
    pecs_id id = { .bytes = { [5] = 7, [6] = 0x80, [7] = 5, [8] = 0x80, [11] = 1, [15] = 1 } };
    give(&b, id);
    expect_of_load(&b, "ID-3", second);
    id.bytes[15] = 0; /* 0:1, which has an explicit id and does not answer to this one */
    give(&b, id);
    expect_accepted(&b);
    id.bytes[15] = 2; /* its own */
    give(&b, id);
    expect_accepted(&b);
    id.bytes[15] = 3; /* 3:1 is dead */
    give(&b, id);
    expect_accepted(&b);
    id.bytes[15] = 1, id.bytes[11] = 2; /* 1:2 is not yet born */
    give(&b, id);
    expect_accepted(&b);
    id.bytes[11] = 1, id.bytes[5] = 8; /* of another session */
    give(&b, id);
    expect_accepted(&b);
    id.bytes[5] = 7, id.bytes[12] = 1; /* no slot */
    give(&b, id);
    expect_accepted(&b);
    end_breaking(&b);
}
