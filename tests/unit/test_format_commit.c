/*
 * The rules of header, footer and commit: each broken alone in the sample, whose checksums are right, with the rule's
 * id and the byte offset that the error must have. Those of types and tables are in test_format_records.c.
 */
#define _GNU_SOURCE
#include "format_sample.h"

TestSuite(rules, .init = enter_folder, .fini = leave_folder);

Test(rules, the_sample_is_as_the_rules_expect)
{
    struct breakage b = begin_breaking();
    const struct file_image *file = &b.file;
    cr_assert_eq(get32(file, file->prologue + offsetof(struct segment_header, run_count)), 9);
    cr_assert_eq(get64(file, file->row_counts), 2);
    cr_assert_eq(get64(file, file->row_counts + 8), 2);
    cr_assert_eq(get64(file, file->row_counts + 16), 1);
    cr_assert_eq(get64(file, file->row_counts + 24), 1);
    cr_assert_eq(get64(file, file->sessions), 5);
    cr_assert_eq(get32(file, file->free_counts), 1);
    cr_assert_eq(get32(file, file->commit + offsetof(struct commit_header, singleton_table)), 3);
    struct file_image copy = read_image("world.pecs");
    repair(&copy);
    cr_assert_eq(memcmp(copy.bytes, file->bytes, copy.size), 0, "repairing a good file changes it");
    free_image(&copy);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(rules, FILE_2_short_files)
{
    struct breakage b = begin_breaking();
    b.file.size = 127;
    expect(&b, PECS_E_CORRUPT, "FILE-2", 127);
    b.file.size = 1;
    expect(&b, PECS_E_CORRUPT, "FILE-2", 1);
    end_breaking(&b);
}

Test(rules, HEADER_1)
{
    struct breakage b = begin_breaking();
    b.file.bytes[3] = 'X';
    expect_repaired(&b, "HEADER-1", 0);
    end_breaking(&b);
}

Test(rules, HEADER_2)
{
    struct breakage b = begin_breaking();
    put32(&b.file, 4, FORMAT_VERSION - 1);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-2", 4);
    put32(&b.file, 4, FORMAT_VERSION + 1);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-2", 4);
    end_breaking(&b);
}

Test(rules, HEADER_3)
{
    struct breakage b = begin_breaking();
    b.file.bytes[33] = 1;
    expect(&b, PECS_E_CORRUPT, "HEADER-3", 56);
    end_breaking(&b);
}

Test(rules, HEADER_4)
{
    struct breakage b = begin_breaking();
    put64(&b.file, 24, 1ull << 40);
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-4", 24);
    put64(&b.file, 24, 31); /* the first four are known */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-4", 24);
    put64(&b.file, 32, UINT64_MAX - 1); /* unknown optional features may be any, and then what is reserved too */
    expect_accepted(&b);
    put64(&b.file, 32, 2);
    b.file.bytes[55] = b.file.bytes[b.file.commit + 127] = b.file.bytes[b.file.footer + 55] = 1;
    b.file.bytes[b.file.prologue + 63] = b.file.bytes[b.file.commit + 72] = b.file.bytes[b.file.footer + 40] = 1;
    expect_accepted(&b);
    end_breaking(&b);
}

Test(rules, HEADER_5)
{
    struct breakage b = begin_breaking();
    put32(&b.file, 8, 3);
    expect_repaired(&b, "HEADER-5", 8);
    b.file.bytes[47] = b.file.bytes[55] = 1;
    expect_repaired(&b, "HEADER-5", 47);
    b.file.bytes[55] = 1;
    expect_repaired(&b, "HEADER-5", 55);
    end_breaking(&b);
}

Test(rules, HEADER_6)
{
    struct breakage b = begin_breaking();
    put64(&b.file, 12, 6);
    expect_repaired(&b, "HEADER-6", 12);
    put32(&b.file, 20, 5);
    expect_repaired(&b, "HEADER-6", 12);
    put32(&b.file, 8, 0); /* counts that are not known are not compared */
    put64(&b.file, 12, 0);
    put32(&b.file, 20, 0);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(rules, FOOTER_1)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes[footer] = 'p';
    expect_repaired(&b, "FOOTER-1", footer);
    end_breaking(&b);
}

Test(rules, FOOTER_2)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes[footer + 9] ^= 1;
    expect(&b, PECS_E_CORRUPT, "FOOTER-2", footer + 56);
    end_breaking(&b);
}

Test(rules, FOOTER_3)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    put64(&b.file, footer + 8, footer - 4096);
    expect_repaired(&b, "FOOTER-3", footer + 8);
    end_breaking(&b);
}

Test(rules, FOOTER_4)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    put64(&b.file, footer + 40, 4096);
    expect_repaired(&b, "FOOTER-4", footer + 41);
    b.file.bytes[footer + 55] = 1;
    expect_repaired(&b, "FOOTER-4", footer + 55);
    end_breaking(&b);
}

Test(rules, FOOTER_5)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    static const uint64_t offsets[] = { 0, 32, 63, UINT64_MAX, UINT64_MAX - 63 };
    static const uint64_t sizes[] = { 0, 120, 132, UINT64_MAX - 7, UINT64_MAX / 2 + 1 };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put64(&b.file, footer + 16, offsets[i]);
        expect_repaired(&b, "FOOTER-5", footer + 16);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, footer + 24, sizes[i]);
        put64(&b.file, footer + 56, hash64(b.file.bytes + footer, 56));
        expect(&b, PECS_E_CORRUPT, "FOOTER-5", footer + 16);
    }
    end_breaking(&b);
}

Test(rules, FOOTER_6)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes[b.file.commit + 130] ^= 1;
    expect(&b, PECS_E_CORRUPT, "FOOTER-6", footer + 32);
    end_breaking(&b);
}

Test(rules, FOOTER_3_a_footer_that_is_not_at_a_page)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes = realloc(b.file.bytes, b.file.size + 64);
    memmove(b.file.bytes + footer + 64, b.file.bytes + footer, 64);
    b.file.size += 64;
    b.file.footer = footer + 64;
    put64(&b.file, b.file.footer + 8, b.file.footer);
    expect_repaired(&b, "FOOTER-3", footer + 64 + 8);
    end_breaking(&b);
}

Test(rules, COMMIT_1)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    b.file.bytes[commit] = 'X';
    expect_repaired(&b, "COMMIT-1", commit);
    end_breaking(&b);
}

Test(rules, COMMIT_2)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    put32(&b.file, commit + 12, 0); /* segment_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put32(&b.file, commit + 12, 2);
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 24, 0xffffffff); /* slot_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 32, 2); /* free_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 32, UINT64_MAX);
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 40, 6); /* entity_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 48, 0); /* tick */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    end_breaking(&b);
}

Test(rules, COMMIT_3)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    b.file.bytes[commit + 72] = 1;
    expect_repaired(&b, "COMMIT-3", commit + 72);
    b.file.bytes[commit + 127] = 1;
    expect_repaired(&b, "COMMIT-3", commit + 127);
    put64(&b.file, commit + offsetof(struct commit_header, retired_count), 1); /* without its feature */
    expect_repaired(&b, "COMMIT-3", commit + 104);
    end_breaking(&b);
}

Test(rules, COMMIT_4_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t tables_end = b.file.row_counts, rows_end = b.file.segments;
    put64(&b.file, size, rows_end - 8 - commit);
    expect_repaired(&b, "COMMIT-4", tables_end);
    end_breaking(&b);
}

Test(rules, COMMIT_6_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t sessions = b.file.sessions;
    put64(&b.file, size, sessions - commit);
    expect_repaired(&b, "COMMIT-6", sessions);
    end_breaking(&b);
}

Test(rules, COMMIT_7_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t free_counts = b.file.free_counts;
    put64(&b.file, size, free_counts - commit);
    expect_repaired(&b, "COMMIT-7", free_counts);
    end_breaking(&b);
}

Test(rules, COMMIT_5)
{
    struct breakage b = begin_breaking();
    const uint64_t singletons = b.file.commit + offsetof(struct commit_header, singleton_table);
    put64(&b.file, b.file.row_counts + 16, 0); /* one entity less */
    expect_repaired(&b, "COMMIT-5", singletons);
    put32(&b.file, singletons, 77);
    put64(&b.file, b.file.row_counts + 24, 0);
    expect_repaired(&b, "COMMIT-5", singletons);
    put32(&b.file, singletons, 0); /* no singletons' table */
    put64(&b.file, b.file.row_counts + 24, 0);
    expect_repaired(&b, "COMMIT-5", singletons);
    end_breaking(&b);
}

Test(rules, COMMIT_6)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    put32(&b.file, commit + offsetof(struct commit_header, session_count), (uint32_t)(b.file.size / sizeof(uint64_t)));
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    put32(&b.file, commit + offsetof(struct commit_header, session_count), 0);
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    put64(&b.file, b.file.sessions, 1ull << 60);
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    end_breaking(&b);
}

Test(rules, COMMIT_7)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, free_counts = b.file.free_counts;
    put64(&b.file, commit + offsetof(struct commit_header, slot_count), 8193); /* three chunks */
    expect_repaired(&b, "COMMIT-7", free_counts);
    put32(&b.file, free_counts + 4, 1); /* beyond the only free count */
    expect_repaired(&b, "COMMIT-7", free_counts);
    end_breaking(&b);
}

Test(rules, COMMIT_8)
{
    struct breakage b = begin_breaking();
    const uint64_t free_counts = b.file.free_counts;
    put32(&b.file, free_counts, 7);
    expect_repaired(&b, "COMMIT-8", free_counts);
    put32(&b.file, free_counts, 2);
    expect_repaired(&b, "COMMIT-8", free_counts);
    end_breaking(&b);
}

/* A chunk in the middle may be all free, the last one has fewer rows. */
Test(rules, COMMIT_8_in_several_chunks)
{
    struct breakage b = begin_breaking();
    pecs_world *world = NULL;
    cr_assert_eq(pecs_world_create(b.registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 2 * 4096 + 5, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, NULL), PECS_OK);
    pecs_world_destroy(world);
    free_image(&b.file);
    b.file = read_image("world.pecs");
    const uint64_t free_counts = b.file.free_counts;
    put32(&b.file, free_counts + 4, 4097);
    expect_repaired(&b, "COMMIT-8", free_counts + 4);
    put32(&b.file, free_counts + 8, 6);
    expect_repaired(&b, "COMMIT-8", free_counts + 8);
    put32(&b.file, free_counts + 4, 4096); /* could be, but is not their sum */
    expect_repaired(&b, "COMMIT-8", free_counts);
    end_breaking(&b);
}

Test(rules, COMMIT_9)
{
    struct breakage b = begin_breaking();
    const uint64_t id = b.file.commit + offsetof(struct commit_header, snapshot_id);
    b.file.bytes[id] ^= 1;
    repair_ends(&b.file);
    expect_of_load(&b, "COMMIT-9", id);
    end_breaking(&b);
}
