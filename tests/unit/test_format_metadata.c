/*
 * The rules about metadata, the state's and the file's: each broken alone in a file whose checksums are right, with the
 * rule's id and the byte offset that the error must have.
 */
#define _GNU_SOURCE
#include "format_ids_sample.h"

TestSuite(metadata, .init = enter_folder, .fini = leave_folder);

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

/* A program that gives its name has no room for it, says so, and can make some. */
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
