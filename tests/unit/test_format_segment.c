/*
 * The rules of a segment: its record, prologue, runs and trailer, and the data's rows and index. Each is broken alone
 * in the sample, whose checksums are right.
 */
#define _GNU_SOURCE
#include "format_sample.h"

TestSuite(rules, .init = enter_folder, .fini = leave_folder);

Test(rules, SEGMENT_1_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t rows_end = b.file.segments;
    const uint64_t sessions = b.file.sessions;
    put64(&b.file, size, sessions - 8 - commit);
    repair_ends(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-1", rows_end);
    end_breaking(&b);
}

Test(rules, SEGMENT_1)
{
    struct breakage b = begin_breaking();
    const uint64_t segment = b.file.segments, prologue = b.file.prologue;
    static const uint64_t offsets[] = { 0, 63, UINT64_MAX, UINT64_MAX - 100 };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put64(&b.file, segment, offsets[i]);
        expect_repaired(&b, "SEGMENT-1", segment);
    }
    put64(&b.file, segment + 8, 71); /* prologue_size */
    expect_repaired(&b, "SEGMENT-1", segment);
    put64(&b.file, segment + 8, b.file.commit - prologue + 8);
    repair_ends(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-1", segment);
    end_breaking(&b);
}

Test(rules, SEGMENT_2)
{
    struct breakage b = begin_breaking();
    const uint64_t segment = b.file.segments, prologue = b.file.prologue;
    const uint64_t checksum = prologue + get64(&b.file, segment + 8) - 8;
    b.file.bytes[prologue + 65] ^= 1;
    expect(&b, PECS_E_CORRUPT, "SEGMENT-2", checksum);
    put64(&b.file, segment + 16, 1); /* prologue_checksum */
    repair_ends(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-2", checksum);
    end_breaking(&b);
}

Test(rules, SEGMENT_3)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue;
    static const uint64_t of_header[] = { 0, 4, 8, 44 }; /* magic, sequence, size, piece_bytes */
    for (size_t i = 0; i < sizeof(of_header) / sizeof(of_header[0]); i++) {
        b.file.bytes[prologue + of_header[i]] ^= 1;
        expect_repaired(&b, "SEGMENT-3", prologue);
    }
    for (uint64_t byte = 48; byte < 64; byte++) {
        b.file.bytes[prologue + byte] = 1;
        expect_repaired(&b, "SEGMENT-3", prologue + byte);
    }
    end_breaking(&b);
}

Test(rules, SEGMENT_4)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue, data = b.file.data;
    const uint64_t offsets[] = { 0, data + 64, UINT64_MAX - 4095, b.file.footer };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put64(&b.file, prologue + 16, offsets[i]);
        expect_repaired(&b, "SEGMENT-4", prologue + 16);
    }
    put64(&b.file, prologue + 24, UINT64_MAX); /* data_size */
    expect_repaired(&b, "SEGMENT-4", prologue + 16);
    end_breaking(&b);
}

Test(rules, SEGMENT_5)
{
    struct breakage b = begin_breaking();
    const uint64_t segment = b.file.segments, prologue = b.file.prologue, data = b.file.data;
    put64(&b.file, segment + 24, b.file.trailer + 64);
    expect_repaired(&b, "SEGMENT-5", segment + 24);
    put64(&b.file, segment + 32, 40); /* trailer_size, of one piece 32 */
    expect_repaired(&b, "SEGMENT-5", segment + 24);
    put64(&b.file, prologue + 24, b.file.commit - data); /* no room for the trailer */
    put64(&b.file, segment + 24, b.file.commit);
    expect_repaired(&b, "SEGMENT-5", segment + 24);
    end_breaking(&b);
}

Test(rules, SEGMENT_6)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue, records = b.file.prologue_types;
    b.file.bytes[records + 50] ^= 1;
    expect_repaired(&b, "SEGMENT-6", records);
    put32(&b.file, prologue + 32, 3); /* type_count */
    expect_repaired(&b, "SEGMENT-6", records);
    put32(&b.file, prologue + 36, 3); /* table_count */
    expect_repaired(&b, "SEGMENT-6", records);
    end_breaking(&b);
}

Test(rules, SEGMENT_7)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue;
    put32(&b.file, prologue + 40, 8); /* run_count */
    expect_repaired(&b, "SEGMENT-7", prologue + 40);
    put32(&b.file, prologue + 40, UINT32_MAX);
    expect_repaired(&b, "SEGMENT-7", prologue + 40);
    end_breaking(&b);
}

static uint64_t run_place(const struct breakage *breakage, uint32_t run)
{
    return breakage->file.runs + run * sizeof(struct run_record);
}

Test(rules, RUN_1)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1); /* values of table 0 */
    uint32_t stunned = 0, clock = 0;
    for (uint32_t i = 0; i < 4; i++) {
        stunned = b.file.types[i] == offset_of_type("world.pecs", "Stunned") ? i : stunned;
        clock = b.file.types[i] == offset_of_type("world.pecs", "Clock") ? i : clock;
    }
    put32(&b.file, run, RUN_IDS); /* of a table, and there are none */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run, RUN_HANDLES); /* handles have no type */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run, RUN_INDEX); /* the index has no table */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 4, 4); /* table */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 8, 4); /* type */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 8, clock); /* a type that the table lacks */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run_place(&b, 4) + 8, stunned); /* a tag */
    expect_repaired(&b, "RUN-1", run_place(&b, 4));
    put32(&b.file, b.file.commit + offsetof(struct commit_header, singleton_table), FORMAT_NONE);
    put64(&b.file, b.file.row_counts + 24, 0); /* no rows there: its runs are of nothing */
    expect_repaired(&b, "RUN-1", run_place(&b, 6));
    end_breaking(&b);
}

Test(rules, RUN_8)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1); /* values of table 0 */
    put32(&b.file, run, 0);                /* kind */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-8", run);
    put32(&b.file, run, 77);
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-8", run);
    end_breaking(&b);
}

Test(rules, RUN_2)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put32(&b.file, run + 12, 1); /* codec */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-2", run + 12);
    end_breaking(&b);
}

Test(rules, RUN_3)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put32(&b.file, run + 16, 1); /* first_chunk */
    expect_repaired(&b, "RUN-3", run + 16);
    put32(&b.file, run + 20, 2); /* chunk_count */
    expect_repaired(&b, "RUN-3", run + 16);
    put64(&b.file, run + 32, 8); /* size: two rows have 16 bytes */
    expect_repaired(&b, "RUN-3", run + 16);
    end_breaking(&b);
}

Test(rules, RUN_4)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put64(&b.file, run + 24, get64(&b.file, run + 24) + 8); /* offset */
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, b.file.data); /* over the handles */
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, b.file.data - 4096);
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, align_up(b.file.data_end, 64));
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, UINT64_MAX - 63);
    expect_repaired(&b, "RUN-4", run + 24);
    end_breaking(&b);
}

Test(rules, RUN_5)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put32(&b.file, run, RUN_HANDLES); /* as the run before: two rows of 8 bytes */
    put32(&b.file, run + 8, FORMAT_NONE);
    expect_repaired(&b, "RUN-5", run);
    end_breaking(&b);
}

Test(rules, RUN_6)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put64(&b.file, run + 40, 3); /* tick; the world's is 2 */
    expect_repaired(&b, "RUN-6", run + 40);
    end_breaking(&b);
}

/* The last run record, the index's, is left out. */
Test(rules, RUN_7)
{
    struct breakage b = begin_breaking();
    const uint64_t size = get64(&b.file, b.file.segments + 8) - sizeof(struct run_record);
    put64(&b.file, b.file.segments + 8, size);
    put64(&b.file, b.file.prologue + 8, size);
    put32(&b.file, b.file.prologue + 40, 8);
    expect_repaired(&b, "RUN-7", b.file.segments);
    end_breaking(&b);
}

/* A column of a table is left out: the records after it move up. */
Test(rules, RUN_7_of_a_table)
{
    struct breakage b = begin_breaking();
    const uint64_t size = get64(&b.file, b.file.segments + 8) - sizeof(struct run_record);
    memmove(b.file.bytes + run_place(&b, 2), b.file.bytes + run_place(&b, 3), 6 * sizeof(struct run_record));
    put64(&b.file, b.file.segments + 8, size);
    put64(&b.file, b.file.prologue + 8, size);
    put32(&b.file, b.file.prologue + 40, 8);
    expect_repaired(&b, "RUN-7", b.file.segments);
    end_breaking(&b);
}

Test(rules, TRAILER_1)
{
    struct breakage b = begin_breaking();
    const uint64_t trailer = b.file.trailer;
    b.file.bytes[trailer + 16] ^= 1;
    expect_of_load(&b, "TRAILER-1", trailer + 24);
    put64(&b.file, b.file.segments + 40, 1); /* trailer_checksum */
    repair_commit(&b.file);
    expect_of_load(&b, "TRAILER-1", trailer + 24);
    end_breaking(&b);
}

Test(rules, TRAILER_2)
{
    struct breakage b = begin_breaking();
    const uint64_t trailer = b.file.trailer;
    static const uint64_t of_header[] = { 0, 4, 8 }; /* magic, sequence, piece_count */
    for (size_t i = 0; i < 3; i++) {
        b.file.bytes[trailer + of_header[i]] ^= 1;
        repair(&b.file);
        expect_of_load(&b, "TRAILER-2", trailer);
    }
    end_breaking(&b);
}

Test(rules, DATA_1)
{
    struct breakage b = begin_breaking();
    b.file.bytes[b.file.data + 3] ^= 1;
    expect_of_load(&b, "DATA-1", b.file.data);
    b.file.bytes[b.file.data_end - 1] ^= 1;
    expect_of_load(&b, "DATA-1", b.file.data);
    end_breaking(&b);
}

Test(rules, ROW_1)
{
    struct breakage b = begin_breaking();
    const uint64_t handles = run_offset(&b.file, 0), index = run_offset(&b.file, 8);
    break_number(&b, handles + 8, 0, "ROW-1", handles + 8); /* entity 0 twice */
    break_number(&b, handles + 8, 6, "ROW-1", handles + 8); /* no such slot */
    break_number(&b, handles + 8, UINT32_MAX, "ROW-1", handles + 8);
    break_number(&b, handles + 4, 2, "ROW-1", handles + 4 - 4); /* another generation */
    break_number(&b, index, 2, "ROW-1", handles);               /* the record's generation */
    break_number(&b, index + 4, 1, "ROW-1", handles);           /* its table */
    break_number(&b, index + 8, 1, "ROW-1", handles);           /* its row */
    end_breaking(&b);
}

Test(rules, ROW_2)
{
    struct breakage b = begin_breaking();
    const uint64_t singletons = run_offset(&b.file, 6);
    break_number(&b, singletons, 1, "ROW-2", singletons);
    break_number(&b, singletons + 4, 1, "ROW-2", singletons);
    end_breaking(&b);
}

Test(rules, INDEX_1)
{
    struct breakage b = begin_breaking();
    const uint64_t index = run_offset(&b.file, 8), free_slot = index + 16;
    break_number(&b, free_slot, 0, "INDEX-1", free_slot); /* generation */
    break_number(&b, free_slot, 1u << 30, "INDEX-1", free_slot);
    break_number(&b, free_slot + 8, 1, "INDEX-1", free_slot);  /* row */
    break_number(&b, free_slot + 12, 1, "INDEX-1", free_slot); /* session */
    break_number(&b, index + 12, 1, "INDEX-1", index);         /* a session that is not there */
    end_breaking(&b);
}

Test(rules, INDEX_2)
{
    struct breakage b = begin_breaking();
    const uint64_t index = run_offset(&b.file, 8), free_slot = index + 16;
    break_number(&b, free_slot, (1u << 30) - 1, "INDEX-2", b.file.free_counts); /* used up, not free */
    break_number(&b, free_slot + 4, 0, "INDEX-2", b.file.free_counts);          /* living, not free */
    end_breaking(&b);
}

Test(rules, INDEX_3)
{
    struct breakage b = begin_breaking();
    const uint64_t index = run_offset(&b.file, 8), free_slot = index + 16;
    put32(&b.file, b.file.free_counts, 0);
    put64(&b.file, b.file.commit + offsetof(struct commit_header, free_count), 0);
    break_number(&b, free_slot + 4, 0, "INDEX-3", index); /* living without a row */
    end_breaking(&b);
}
