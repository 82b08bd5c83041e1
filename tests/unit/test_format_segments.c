/* The rules about several segments, each broken alone in a file of three, whose checksums are right. */
#define _GNU_SOURCE
#include "format_blocks_sample.h"

TestSuite(segments, .init = enter_folder, .fini = leave_folder);

enum { SECOND = 1, LAST = 2 };

static uint64_t record_of(const struct breakage *b, uint32_t segment)
{
    return b->file.parts[segment].record;
}

Test(segments, COMMIT_2_number_of_segments)
{
    struct breakage b = begin_with_blocks();
    const uint64_t count = b.file.commit + offsetof(struct commit_header, segment_count);
    put32(&b.file, count, 0);
    expect_repaired(&b, "COMMIT-2", count);
    put64(&b.file, offsetof(struct file_header, required_features), 0); /* three without the feature */
    expect_repaired(&b, "COMMIT-2", count);
    end_breaking(&b);
}

Test(segments, SEGMENT_1_no_room_for_the_records)
{
    struct breakage b = begin_with_blocks();
    const uint64_t count = b.file.commit + offsetof(struct commit_header, segment_count);
    static const uint32_t counts[] = { UINT32_MAX, 100 };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        put32(&b.file, count, counts[i]);
        expect_repaired(&b, "SEGMENT-1", b.file.segments);
    }
    end_breaking(&b);
}

Test(segments, SEGMENT_1_of_the_second)
{
    struct breakage b = begin_with_blocks();
    const uint64_t record = record_of(&b, SECOND), trailer = b.file.parts[0].trailer;
    const uint64_t wrong[] = { 0, b.file.parts[0].prologue, trailer, trailer + 31, UINT64_MAX - 7, b.file.footer };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put64(&b.file, record, wrong[i]);
        repair_commit(&b.file);
        expect(&b, PECS_E_CORRUPT, "SEGMENT-1", record);
    }
    put64(&b.file, record + offsetof(struct segment_record, prologue_size), 71);
    repair_commit(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-1", record);
    end_breaking(&b);
}

Test(segments, SEGMENT_2_of_the_second)
{
    struct breakage b = begin_with_blocks();
    const uint64_t prologue = b.file.parts[SECOND].prologue, record = record_of(&b, SECOND);
    const uint64_t checksum = prologue + get64(&b.file, record + 8) - 8;
    b.file.bytes[prologue + 65] ^= 1;
    expect(&b, PECS_E_CORRUPT, "SEGMENT-2", checksum);
    put64(&b.file, record + offsetof(struct segment_record, prologue_checksum), 1);
    repair_commit(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-2", checksum);
    end_breaking(&b);
}

Test(segments, SEGMENT_3_sequence)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t wrong[] = { 0, 2, UINT32_MAX };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put32(&b.file, b.file.parts[SECOND].prologue + offsetof(struct segment_header, sequence), wrong[i]);
        expect_repaired(&b, "SEGMENT-3", b.file.parts[SECOND].prologue);
    }
    b.file.bytes[b.file.parts[LAST].prologue + 50] = 1; /* zero */
    expect_repaired(&b, "SEGMENT-3", b.file.parts[LAST].prologue + 50);
    end_breaking(&b);
}

Test(segments, SEGMENT_4_of_the_second)
{
    struct breakage b = begin_with_blocks();
    const uint64_t place = b.file.parts[SECOND].prologue + offsetof(struct segment_header, data_offset);
    const uint64_t wrong[] = { 0, b.file.parts[0].data, b.file.parts[SECOND].data + 64, UINT64_MAX - 4095,
                               b.file.footer };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put64(&b.file, place, wrong[i]);
        expect_repaired(&b, "SEGMENT-4", place);
    }
    end_breaking(&b);
}

Test(segments, SEGMENT_5_of_the_second)
{
    struct breakage b = begin_with_blocks();
    const uint64_t place = record_of(&b, SECOND) + offsetof(struct segment_record, trailer_offset);
    put64(&b.file, place, b.file.parts[0].trailer);
    repair_commit(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-5", place);
    put64(&b.file, place, b.file.parts[LAST].trailer);
    repair_commit(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-5", place);
    put64(&b.file, place + 8, 40); /* trailer_size, of one piece 32 */
    repair_commit(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-5", place);
    end_breaking(&b);
}

/* Of the first and of the last one, which bring the types and tables. */
Test(segments, SEGMENT_6_types_and_tables)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t segments[] = { 0, SECOND, LAST };
    for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
        const uint64_t prologue = b.file.parts[segments[i]].prologue, records = prologue + 64;
        if (segments[i] != SECOND) {
            b.file.bytes[records + 50] ^= 1; /* in the name of a type */
            expect_repaired(&b, "SEGMENT-6", records);
        }
        static const uint32_t more[] = { 1, 3, UINT32_MAX / 2 };
        for (size_t k = 0; k < sizeof(more) / sizeof(more[0]); k++) {
            const uint64_t type_count = prologue + offsetof(struct segment_header, type_count);
            const uint64_t table_count = prologue + offsetof(struct segment_header, table_count);
            put32(&b.file, type_count, get32(&b.file, type_count) + more[k]);
            expect_repaired(&b, "SEGMENT-6", records);
            put32(&b.file, table_count, get32(&b.file, table_count) + more[k]);
            expect_repaired(&b, "SEGMENT-6", records);
        }
    }
    end_breaking(&b);
}

/* The last one brings all types but the last, whose record is left out. */
Test(segments, SEGMENT_6_a_type_that_no_segment_has)
{
    struct breakage b = begin_with_blocks();
    const struct segment_image *parts = &b.file.parts[LAST];
    const uint64_t type = parts->prologue + 64 + get32(&b.file, parts->prologue + 64);
    const uint64_t size = get32(&b.file, type), prologue_size = get64(&b.file, parts->record + 8);
    memmove(b.file.bytes + type, b.file.bytes + type + size, parts->prologue + prologue_size - type - size);
    put32(&b.file, parts->prologue + offsetof(struct segment_header, type_count), 1);
    put64(&b.file, parts->record + 8, prologue_size - size);
    put64(&b.file, parts->prologue + offsetof(struct segment_header, size), prologue_size - size);
    expect_repaired(&b, "SEGMENT-6", parts->prologue + 64);
    end_breaking(&b);
}

Test(segments, SEGMENT_7_number_of_blocks)
{
    struct breakage b = begin_with_blocks();
    const uint64_t place = b.file.parts[SECOND].prologue + offsetof(struct segment_header, run_count);
    static const uint32_t wrong[] = { 0, 6, 8, UINT32_MAX };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put32(&b.file, place, wrong[i]);
        expect_repaired(&b, "SEGMENT-7", place);
    }
    end_breaking(&b);
}

/* Resume checks the segments that it inflates, load all. */
Test(segments, TRAILER_1_of_each)
{
    struct breakage b = begin_with_blocks();
    for (uint32_t segment = 0; segment < 3; segment++) {
        const uint64_t trailer = b.file.parts[segment].trailer;
        b.file.bytes[trailer + 16] ^= 1;
        if (segment)
            expect(&b, PECS_E_CORRUPT, "TRAILER-1", trailer + 24);
        else
            expect_of_load(&b, "TRAILER-1", trailer + 24);
        put64(&b.file, record_of(&b, segment) + offsetof(struct segment_record, trailer_checksum), 1);
        repair_commit(&b.file);
        if (segment)
            expect(&b, PECS_E_CORRUPT, "TRAILER-1", trailer + 24);
        else
            expect_of_load(&b, "TRAILER-1", trailer + 24);
    }
    end_breaking(&b);
}

Test(segments, TRAILER_2_of_each)
{
    struct breakage b = begin_with_blocks();
    for (uint32_t segment = 0; segment < 3; segment++) {
        static const uint64_t of_header[] = { 0, 4, 8 }; /* magic, sequence, piece_count */
        for (size_t i = 0; i < sizeof(of_header) / sizeof(of_header[0]); i++) {
            const uint64_t trailer = b.file.parts[segment].trailer;
            b.file.bytes[trailer + of_header[i]] ^= 1;
            repair(&b.file);
            if (segment)
                expect(&b, PECS_E_CORRUPT, "TRAILER-2", trailer);
            else
                expect_of_load(&b, "TRAILER-2", trailer);
        }
    }
    end_breaking(&b);
}

Test(segments, DATA_1_of_each)
{
    struct breakage b = begin_with_blocks();
    for (uint32_t segment = 0; segment < 3; segment++) {
        b.file.bytes[b.file.parts[segment].data + 3] ^= 1;
        if (segment)
            expect(&b, PECS_E_CORRUPT, "DATA-1", b.file.parts[segment].data);
        else
            expect_of_load(&b, "DATA-1", b.file.parts[segment].data);
    }
    end_breaking(&b);
}

/* Before each part of a segment, between blocks, and behind the last one. */
Test(segments, GAP_1_in_segments)
{
    struct breakage b = begin_with_blocks();
    for (uint32_t segment = 0; segment < 3; segment++) {
        const struct segment_image *parts = &b.file.parts[segment];
        const uint64_t behind = block_offset(&b, segment, 0) + get64(&b.file, block_at(&b, segment, 0) + BLOCK_SIZE);
        const uint64_t prologue_end = parts->prologue + get64(&b.file, parts->record + 8);
        const uint64_t gaps[] = { prologue_end, parts->data - 1, behind, behind + SLACK - 1, parts->data_end - 1 };
        for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
            b.file.bytes[gaps[i]] = 1;
            repair(&b.file);
            expect_of_load(&b, "GAP-1", gaps[i]);
        }
        const uint64_t end =
            parts->trailer + get64(&b.file, parts->record + offsetof(struct segment_record, trailer_size));
        const uint64_t next = segment < LAST ? b.file.parts[segment + 1].prologue : b.file.commit;
        for (uint64_t at = end; at < next; at += 7) {
            b.file.bytes[at] = 1;
            repair(&b.file);
            expect_of_load(&b, "GAP-1", at);
        }
    }
    end_breaking(&b);
}
