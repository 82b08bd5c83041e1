/*
 * The rules about metadata and explicit ids: each broken alone in a file whose checksums are right, with the rule's id
 * and the byte offset that the error must tell.
 *
 * The sample:
 *     entities  0:1 with the explicit id LOW, 1:1 with none, 2:1 with HIGH; 3:1 is dead
 *     tables    0 {Place} 1 row, 1 {Place, pecs.id} 2 rows
 *     runs      0, 1 table 0; 2, 3, 4 table 1; 5 index of 4 slots; 6 ids of 20 bytes each
 *     metadata  "a" text "xyz", "b" 15 bytes
 */
#define _GNU_SOURCE
#include "format_breaking.h"

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);

static const pecs_type *const types[] = { &Place_type };
static const pecs_id low = { .bytes = { [15] = 1 } }, high = { .bytes = { 0xff, [15] = 0xff } };
static const uint64_t wall_clock = 0x0123456789abcdef;

enum { INDEX_RUN = 5, IDS_RUN = 6, ENTRY_BYTES = 20 };

TestSuite(metadata, .init = enter_folder, .fini = leave_folder);
TestSuite(ids, .init = enter_folder, .fini = leave_folder);

static pecs_registry *registry_of(size_t type_count)
{
    pecs_registry *registry;
    const pecs_registry_desc desc = { .types = types, .type_count = type_count };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    return registry;
}

static void save_sample(pecs_registry *registry)
{
    pecs_world *world;
    const pecs_world_options options = { .session_nonce = 0x7005 };
    const Place places[4] = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };
    const pecs_save_options save_options = { .skip_sync = true, .wall_clock_ns = wall_clock };
    cr_assert_eq(pecs_world_create(registry, NULL, &options, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, places) }, 1, 4, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 3, 1 }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 0, 1 }, low), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 2, 1 }, high), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(world, "a", "xyz"), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_bytes(world, "b", "123456789012345", 15), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &save_options, NULL), PECS_OK);
    pecs_world_destroy(world);
}

static struct breakage begin_breaking(void)
{
    pecs_registry *registry = registry_of(1);
    save_sample(registry);
    return breakage_of(registry);
}

/* Found in the commit, so pecs_file_info finds it too. */
static void expect_in_commit(struct breakage *breakage, pecs_status status, const char *rule, uint64_t offset)
{
    pecs_info *info;
    pecs_error error;
    repair(&breakage->file);
    write_image(&breakage->file, "broken.pecs");
    cr_assert_eq(pecs_file_info("broken.pecs", NULL, NULL, &info, &error), status);
    cr_assert_str_eq(error.rule, rule);
    cr_assert_eq(error.offset, offset);
    expect(breakage, status, rule, offset);
}

static void expect_corrupt(struct breakage *breakage, const char *rule, uint64_t offset)
{
    expect_in_commit(breakage, PECS_E_CORRUPT, rule, offset);
}

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

Test(metadata, the_wall_clock_may_be_any)
{
    struct breakage b = begin_breaking();
    put64(&b.file, b.file.commit + 88, UINT64_MAX);
    expect_accepted(&b);
    pecs_info *info;
    cr_assert_eq(pecs_file_info("changed.pecs", NULL, NULL, &info, NULL), PECS_OK);
    cr_assert_eq(info->wall_clock_ns, UINT64_MAX);
    pecs_info_destroy(info);
    end_breaking(&b);
}

Test(metadata, COMMIT_3_reserved_bytes_begin_behind_the_size_of_the_metadata)
{
    struct breakage b = begin_breaking();
    for (uint64_t byte = 104; byte < 128; byte++) {
        b.file.bytes[b.file.commit + byte] = 1;
        expect_corrupt(&b, "COMMIT-3", b.file.commit + byte);
    }
    end_breaking(&b);
}

Test(metadata, META_1_sizes_that_cannot_be)
{
    struct breakage b = begin_breaking();
    const uint64_t size = b.file.commit + offsetof(struct commit_header, metadata_size);
    const uint64_t sizes[] = { 57, 52, b.file.commit_end - b.file.commit - 120, 16777224, UINT64_MAX, UINT64_MAX - 7 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, size, sizes[i]);
        expect_corrupt(&b, "META-1", size);
    }
    end_breaking(&b);
}

/* A program that tells its name has no room for it, says so, and can make some. */
static void go_on_with_full_metadata(const char *path)
{
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_world *world;
    pecs_error error;
    const pecs_registry_desc desc = { .types = types, .type_count = 1, .application = "full" };
    const pecs_save_options options = { .skip_sync = true };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_load(registry, path, NULL, &snapshot, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, snapshot, NULL, &world, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(pecs_world_save(world, "again.pecs", &options, &error), PECS_E_LIMIT);
    cr_assert_not_null(strstr(error.message, "metadata"), "%s", error.message);
    cr_assert_eq(pecs_world_set_meta_text(world, "c", "more"), PECS_E_LIMIT);
    cr_assert_eq(pecs_world_remove_meta(world, "a"), PECS_OK); /* although what is left is still too much to set */
    cr_assert_eq(pecs_world_set_meta_text(world, "c", "more"), PECS_E_LIMIT);
    cr_assert_eq(pecs_world_remove_meta(world, "b"), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "again.pecs", &options, &error), PECS_OK);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* More than FORMAT_METADATA_MAX is refused even where there is room for it. */
Test(metadata, META_1_more_than_there_may_be)
{
    pecs_registry *registry = registry_of(1);
    save_sample(registry);
    struct file_image file = read_image("world.pecs");
    const uint64_t more = 16777216 + 8 - 56, footer_offset = align_up(file.commit_end + more, 4096);
    uint8_t *bytes = calloc(1, footer_offset + 64);
    memcpy(bytes, file.bytes, file.commit_end);
    memcpy(bytes + footer_offset, file.bytes + file.footer, 64);
    free(file.bytes);
    file.bytes = bytes;
    file.size = footer_offset + 64;
    file.footer = footer_offset;
    put64(&file, footer_offset + offsetof(struct file_footer, offset), footer_offset);
    put64(&file, footer_offset + offsetof(struct file_footer, commit_size), file.commit_end + more - file.commit);
    put64(&file, file.metadata + 24 + 8, 15 + more); /* the value of the last entry */
    put64(&file, file.commit + offsetof(struct commit_header, metadata_size), 56 + more);
    repair(&file);
    write_image(&file, "large.pecs");
    assert_refused(registry, "large.pecs", NULL, PECS_E_CORRUPT, "META-1", file.commit + 96);
    /* eight bytes less are the most that there may be */
    put64(&file, footer_offset + offsetof(struct file_footer, commit_size), file.commit_end + more - 8 - file.commit);
    put64(&file, file.metadata + 24 + 8, 15 + more - 8);
    put64(&file, file.commit + offsetof(struct commit_header, metadata_size), 16777216);
    repair(&file);
    write_image(&file, "large.pecs");
    free_image(&file);
    pecs_snapshot *snapshot;
    pecs_meta entry;
    cr_assert_eq(pecs_snapshot_load(registry, "large.pecs", NULL, &snapshot, NULL), PECS_OK);
    cr_assert_eq(pecs_view_meta(pecs_snapshot_view(snapshot), "b", &entry), PECS_OK);
    cr_assert_eq(entry.size_bytes, 16777216 - 24 - 17);
    pecs_snapshot_release(snapshot);
    go_on_with_full_metadata("large.pecs");
    pecs_registry_release(registry);
}

Test(metadata, COMMIT_7_metadata_that_does_not_begin_after_the_free_counts)
{
    struct breakage b = begin_breaking();
    const uint64_t size = b.file.commit + offsetof(struct commit_header, metadata_size);
    static const uint64_t sizes[] = { 0, 32, 48, 64, 72 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, size, sizes[i]);
        expect_corrupt(&b, "COMMIT-7", b.file.free_counts);
    }
    end_breaking(&b);
}

Test(metadata, META_2_records_that_do_not_fit)
{
    struct breakage b = begin_breaking();
    const uint64_t first = b.file.metadata, second = first + 24;
    static const uint32_t key_sizes[] = { 0, 9, 256, 1u << 31, UINT32_MAX };
    static const uint64_t value_sizes[] = {
        16, 40, 1u << 31, 16777217, INT64_MAX, UINT64_MAX - 24, UINT64_MAX - 16, UINT64_MAX - 7, UINT64_MAX,
    };
    for (size_t i = 0; i < sizeof(key_sizes) / sizeof(key_sizes[0]); i++) {
        put32(&b.file, second + 4, key_sizes[i]);
        expect_corrupt(&b, "META-2", second);
    }
    for (size_t i = 0; i < sizeof(value_sizes) / sizeof(value_sizes[0]); i++) {
        put64(&b.file, second + 8, value_sizes[i]);
        expect_corrupt(&b, "META-2", second);
    }
    put64(&b.file, second + 8, 7); /* eight bytes are left: no room for a record */
    expect_corrupt(&b, "META-2", second + 24);
    put64(&b.file, first + 8, 2); /* what was the value's last byte is padding now */
    expect_corrupt(&b, "META-2", first);
    b.file.bytes[first + 23] = 1;
    expect_corrupt(&b, "META-2", first);
    end_breaking(&b);
}

/* Whatever else is wrong with the record. */
Test(metadata, META_7_kinds_that_are_not_known)
{
    struct breakage b = begin_breaking();
    const uint64_t first = b.file.metadata, second = first + 24;
    static const uint32_t kinds[] = { 0, 3, UINT32_MAX };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        put32(&b.file, second, kinds[i]);
        expect_in_commit(&b, PECS_E_UNSUPPORTED, "META-7", second);
        put32(&b.file, first, kinds[i]);
        put64(&b.file, first + 8, UINT64_MAX);
        expect_in_commit(&b, PECS_E_UNSUPPORTED, "META-7", first);
    }
    end_breaking(&b);
}

Test(metadata, META_2_keys_are_names)
{
    struct breakage b = begin_breaking();
    const uint64_t first = b.file.metadata;
    static const uint8_t bytes[] = { 0, 0x0a, 0x1f, 0x7f, 0x80, 0xc3, 0xff };
    for (size_t i = 0; i < sizeof(bytes); i++) {
        b.file.bytes[first + 16] = bytes[i];
        expect_corrupt(&b, "META-2", first);
    }
    put32(&b.file, first + 4, 2); /* U+0085, a control character */
    put64(&b.file, first + 8, 2);
    memcpy(b.file.bytes + first + 16, "\xc2\x85", 2);
    expect_corrupt(&b, "META-2", first);
    end_breaking(&b);
}

/*
 * The same sample with metadata of the file alone, "c" text "own": a record of 24 bytes and the checksum, behind the
 * commit.
 */
static struct breakage begin_breaking_own(uint64_t *ret_own)
{
    pecs_registry *registry = registry_of(1);
    save_sample(registry);
    pecs_snapshot *snapshot;
    const pecs_meta entry = { "c", PECS_META_TEXT, "own", 3 };
    const pecs_save_options options = { .skip_sync = true, .metadata = &entry, .metadata_count = 1 };
    cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", &options, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    struct breakage b = breakage_of(registry);
    cr_assert_eq(get64(&b.file, offsetof(struct file_header, optional_features)), FEATURE_FILE_METADATA);
    cr_assert_eq(get64(&b.file, b.file.footer + offsetof(struct file_footer, file_metadata_size)), 32);
    *ret_own = align_up(b.file.commit_end, 64);
    cr_assert_eq(get32(&b.file, *ret_own), META_TEXT);
    return b;
}

/* pecs_file_info finds it too. */
static void expect_of_load_and_info(struct breakage *b, const char *rule, uint64_t offset)
{
    pecs_info *info;
    pecs_error error;
    write_image(&b->file, "broken.pecs");
    cr_assert_eq(pecs_file_info("broken.pecs", NULL, NULL, &info, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, rule);
    cr_assert_eq(error.offset, offset);
    expect_of_load(b, rule, offset);
}

Test(metadata, META_7_kinds_of_the_file)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    put32(&b.file, own, 3);
    repair_ends(&b.file);
    expect_of_load_as(&b, PECS_E_UNSUPPORTED, "META-7", own);
    end_breaking(&b);
}

Test(metadata, META_5_metadata_of_the_file_that_does_not_lie_there)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    const uint64_t field = b.file.footer + offsetof(struct file_footer, file_metadata_size);
    const uint64_t sizes[] = { 0, 8, 30, 31, b.file.footer - own + 8, 16777216 + 16, UINT64_MAX - 7, UINT64_MAX };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, field, sizes[i]);
        repair_ends(&b.file);
        expect_of_load_and_info(&b, "META-5", field);
    }
    end_breaking(&b);
}

Test(metadata, FOOTER_4_a_size_without_the_feature)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    put64(&b.file, offsetof(struct file_header, optional_features), 0);
    expect_repaired(&b, "FOOTER-4", b.file.footer + 48);
    end_breaking(&b);
}

/* A bit that is known opens no other bytes. */
Test(metadata, COMMIT_3_reserved_bytes_beside_a_known_feature)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    b.file.bytes[b.file.commit + 127] = 1;
    expect_corrupt(&b, "COMMIT-3", b.file.commit + 127);
    end_breaking(&b);
}

Test(metadata, META_6_the_checksum_of_the_metadata_of_the_file)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    for (uint64_t byte = 0; byte < 32; byte++) {
        b.file.bytes[own + byte] ^= 0x40;
        expect_of_load_and_info(&b, "META-6", own + 24);
    }
    end_breaking(&b);
}

Test(metadata, META_2_records_of_the_file)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    put64(&b.file, own + 8, 8); /* the value would be the checksum */
    repair_ends(&b.file);
    expect_of_load_and_info(&b, "META-2", own);
    end_breaking(&b);
}

Test(metadata, META_4_texts_of_the_file)
{
    uint64_t own;
    struct breakage b = begin_breaking_own(&own);
    b.file.bytes[own + 18] = 0xff;
    repair_ends(&b.file);
    expect_of_load_and_info(&b, "META-4", own + 17);
    end_breaking(&b);
}

Test(metadata, META_3_keys_ascend)
{
    struct breakage b = begin_breaking();
    const uint64_t first = b.file.metadata, second = first + 24;
    put32(&b.file, first, META_BYTES);
    put32(&b.file, first + 4, 2);
    put64(&b.file, first + 8, 2);
    memcpy(b.file.bytes + first + 16, "\xc3\xa9", 2); /* U+00E9 may be a key, but the next one is below it */
    expect_corrupt(&b, "META-3", second);
    b.file.bytes[second + 16] = 'a';
    expect_corrupt(&b, "META-3", second);
    b.file.bytes[second + 16] = 'A';
    expect_corrupt(&b, "META-3", second);
    put32(&b.file, first + 4, 2); /* "bx" is above "b" */
    put64(&b.file, first + 8, 2);
    b.file.bytes[first + 16] = 'b';
    expect_corrupt(&b, "META-3", second);
    put32(&b.file, first + 4, 2); /* "ax" is not */
    put64(&b.file, first + 8, 2);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(metadata, META_4_text_is_text)
{
    struct breakage b = begin_breaking();
    const uint64_t first = b.file.metadata, value = first + 17;
    static const char *const texts[] = { "x\xffz", "\xc3yz", "xy\xc3", "\xed\xa0\x80", "\xc0\x80z" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        memcpy(b.file.bytes + value, texts[i], 3);
        expect_corrupt(&b, "META-4", value);
        memcpy(b.file.bytes + value, texts[i], 3);
        put32(&b.file, first, META_BYTES); /* bytes may be any */
        expect_accepted(&b);
    }
    b.file.bytes[value + 1] = 0;
    expect_corrupt(&b, "META-4", value);
    memcpy(b.file.bytes + value, "\n\x7f\x01", 3); /* control characters, but for U+0000, are text */
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
