/* Of several broken rules the first is named, in the order of docs/format.md. */
#define _GNU_SOURCE
#include "format_blocks.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>

typedef struct {
    uint8_t value;
} Small;
PECS_COMPONENT(Small, 1, value);

TestSuite(rule_order, .init = enter_folder, .fini = leave_folder);

enum { ROWS = 3, INDEX_RUN = 2 };

/* Three rows of one type, slot 3 free, metadata of the world and of the file; for a registry with the type or not. */
static struct breakage begin_breaking(bool knows_type)
{
    pecs_registry *registry;
    pecs_world *world;
    const pecs_type *types[] = { &Small_type };
    const pecs_meta own = { "own", PECS_META_TEXT, "file", 4 };
    const pecs_save_options options = { .skip_sync = true, .metadata = &own, .metadata_count = 1 };
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, &(pecs_world_options){ .session_nonce = 5 }, &world, NULL), PECS_OK);
    const Small values[ROWS] = { { 1 }, { 2 }, { 3 } };
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, values) }, 1, ROWS, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ ROWS, 1 }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(world, "a", "b"), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(world, "c", "d"), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &options, NULL), PECS_OK);
    pecs_world_destroy(world);
    if (!knows_type) {
        pecs_registry_release(registry);
        cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .types = NULL }, &registry, NULL), PECS_OK);
    }
    return breakage_of(registry);
}

Test(rule_order, the_commits_own_numbers_before_the_headers)
{
    struct breakage b = begin_breaking(true);
    const uint64_t parent_id = b.file.commit + offsetof(struct commit_header, parent_id);
    const uint64_t metadata_size = b.file.commit + offsetof(struct commit_header, metadata_size);
    const uint64_t entity_count = offsetof(struct file_header, entity_count);
    put64(&b.file, entity_count, 77);
    b.file.bytes[parent_id + 5] = 1;
    expect_repaired(&b, "COMMIT-3", parent_id + 5);
    put64(&b.file, entity_count, 77);
    put64(&b.file, metadata_size, 7);
    expect_repaired(&b, "META-1", metadata_size);
    put64(&b.file, entity_count, 77);
    put32(&b.file, b.file.types[0], 44); /* TYPE-1 */
    expect_repaired(&b, "HEADER-6", entity_count);
    end_breaking(&b);
}

Test(rule_order, of_metadata)
{
    struct breakage b = begin_breaking(true);
    const uint64_t first = b.file.metadata, second = first + 24;
    put32(&b.file, first, META_BYTES + 1);
    put32(&b.file, first + offsetof(struct meta_record, key_size), 0); /* META-2 */
    expect_unsupported(&b, "META-7", first);
    b.file.bytes[second + 16] = 'a'; /* META-3 */
    b.file.bytes[second + 17] = 0xff;
    expect_repaired(&b, "META-4", second + 17);
    b.file.bytes[second + 16] = 'a';
    b.file.bytes[second + 18] = 1; /* META-2 */
    expect_repaired(&b, "META-2", second);
    end_breaking(&b);
}

Test(rule_order, of_types)
{
    struct breakage b = begin_breaking(false);
    const uint64_t type = b.file.types[0], field = type + sizeof(struct type_record) + format_string_bytes(5);
    cr_assert_eq(get32(&b.file, field), PECS_U8);
    put32(&b.file, type + offsetof(struct type_record, number), 1); /* TYPE-2 */
    put32(&b.file, field, 99);
    expect_unsupported(&b, "TYPE-7", type);
    put32(&b.file, type + offsetof(struct type_record, version), 0); /* TYPE-1, of its numbers */
    put32(&b.file, type + offsetof(struct type_record, number), 1);
    expect_repaired(&b, "TYPE-2", type);
    put32(&b.file, type + offsetof(struct type_record, version), 0);
    b.file.bytes[b.file.sessions + 7] = 0xff;
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    put32(&b.file, type + offsetof(struct type_record, number), 1); /* TYPE-2 */
    put32(&b.file, field, PECS_STRING);
    expect_repaired(&b, "TYPE-2", type);
    memcpy(b.file.bytes + type + sizeof(struct type_record) + sizeof(le32), "pecs.", 5); /* TYPE-6 */
    b.file.bytes[b.file.tables[0]] = 1;                                                  /* TABLE-2 */
    put32(&b.file, field, PECS_STRING);
    expect_unsupported(&b, "TYPE-5", type);
    memcpy(b.file.bytes + type + sizeof(struct type_record) + sizeof(le32), "pecs.", 5);
    put32(&b.file, type + offsetof(struct type_record, version), 0); /* TYPE-1, of its numbers */
    expect_unsupported(&b, "TYPE-6", type);
    end_breaking(&b);
}

/* The record of a known type that is not the program's is described first: numbers that no type has are refused there.
 */
Test(rule_order, known_types_are_described_unless_they_are_the_same)
{
    struct breakage b = begin_breaking(true);
    const uint64_t type = b.file.types[0], field = type + sizeof(struct type_record) + format_string_bytes(5);
    static const uint32_t kinds[] = { PECS_U8, PECS_STRING };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        put32(&b.file, type + offsetof(struct type_record, version), 0);
        put32(&b.file, field, kinds[i]);
        put64(&b.file, offsetof(struct file_header, required_features), FEATURE_HEAP);
        repair(&b.file);
        expect(&b, PECS_E_CORRUPT, "TYPE-1", type);
    }
    end_breaking(&b);
}

/* What resume checks comes before all that only load checks. */
Test(rule_order, structure_before_data)
{
    struct breakage b = begin_breaking(true);
    const uint64_t tick = b.file.runs + offsetof(struct run_record, tick);
    put64(&b.file, tick, UINT64_MAX); /* RUN-6 */
    repair_prologue(&b.file);
    repair_ends(&b.file); /* but neither the snapshot id nor the trailer */
    b.file.bytes[b.file.data] ^= 1;
    b.file.bytes[b.file.footer - 1] = 1;
    expect(&b, PECS_E_CORRUPT, "RUN-6", tick);
    end_breaking(&b);
}

/* The commit's, the trailer's, the data's, those of the file's metadata and of the gaps. */
Test(rule_order, of_what_only_load_checks)
{
    struct breakage b = begin_breaking(true);
    const uint64_t id = b.file.commit + offsetof(struct commit_header, snapshot_id), trailer = b.file.trailer;
    const uint64_t checksum = trailer + format_trailer_bytes(1) - sizeof(le64);
    const uint64_t own_end = align_up(b.file.commit_end, FORMAT_ALIGN) +
                             get64(&b.file, b.file.footer + offsetof(struct file_footer, file_metadata_size));
    b.file.bytes[id] ^= 1;
    b.file.bytes[trailer] ^= 1;
    repair_ends(&b.file);
    expect_of_load(&b, "COMMIT-9", id);
    b.file.bytes[trailer] ^= 1;
    b.file.bytes[b.file.data] ^= 1;
    expect_of_load(&b, "TRAILER-1", checksum);
    b.file.bytes[b.file.data] ^= 1;
    b.file.bytes[own_end - 1] ^= 1; /* META-6 */
    expect_of_load(&b, "DATA-1", b.file.data);
    b.file.bytes[own_end - 1] ^= 1;
    b.file.bytes[b.file.data - 1] = 1;
    expect_of_load(&b, "META-6", own_end - sizeof(le64));
    b.file.bytes[b.file.footer - 1] = 1;
    put32(&b.file, b.file.data, 77); /* ROW-1 */
    repair(&b.file);
    expect_of_load(&b, "GAP-1", b.file.footer - 1);
    end_breaking(&b);
}

Test(rule_order, of_the_index)
{
    struct breakage b = begin_breaking(true);
    const uint64_t index = run_offset(&b.file, INDEX_RUN), last = index + ROWS * sizeof(struct record_layout);
    put32(&b.file, last, 0);               /* no generation */
    put32(&b.file, b.file.free_counts, 0); /* INDEX-2 */
    put64(&b.file, b.file.commit + offsetof(struct commit_header, free_count), 0);
    repair(&b.file);
    expect_of_load(&b, "INDEX-1", last);
    put32(&b.file, last, 0);
    put32(&b.file, run_offset(&b.file, 0), 77);
    repair(&b.file);
    expect_of_load(&b, "ROW-1", run_offset(&b.file, 0));
    end_breaking(&b);
}

typedef struct {
    pecs_string text;
    pecs_list flags, moods, friends;
} Book;
static const char *const moods[] = { "Calm", "Angry" };
PECS_COMPONENT_OF(Book, "Book", 1, PECS_FIELD(Book, text), PECS_FIELD_LIST(Book, flags, bool),
                  PECS_FIELD_LIST_ENUM(Book, moods, uint8_t, moods), PECS_FIELD_LIST(Book, friends, pecs_entity));

/* A book of an entity, and one of the world itself: their heap runs are 2 and 5. */
static struct breakage begin_with_books(void)
{
    static const bool flags[] = { true, false, true };
    const pecs_type *types[] = { &Book_type };
    static const uint8_t few_moods[] = { 1, 0 };
    static const pecs_entity friends[] = { { 0, 1 }, { 0, 0 } };
    const Book book = { pecs_string_of("text"), pecs_list_of(PECS_ARRAY(flags)), pecs_list_of(PECS_ARRAY(few_moods)),
                        pecs_list_of(PECS_ARRAY(friends)) };
    pecs_registry *registry;
    pecs_world *world;
    cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .types = types, .type_count = 1 }, &registry, NULL),
                 PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, &book) }, 1, 1, NULL), PECS_OK);
    cr_assert_eq(pecs_world_set_singleton(world, 0, sizeof(book), &book), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

/* The ends of all heaps, then the references of all, then values in the order of the file. */
Test(rule_order, of_contents)
{
    struct breakage b = begin_with_books();
    const uint64_t values = run_offset(&b.file, 1), heap = run_offset(&b.file, 2);
    const uint64_t other_values = run_offset(&b.file, 4), other_heap = run_offset(&b.file, 5);
    put64(&b.file, other_heap, 1); /* HEAP-1 */
    put64(&b.file, values, 1);     /* HEAP-2 */
    repair(&b.file);
    expect_of_load(&b, "HEAP-1", other_heap);
    put64(&b.file, other_heap, 1);
    put64(&b.file, heap, 1);
    repair(&b.file);
    expect_of_load(&b, "HEAP-1", heap);
    put64(&b.file, other_values, 1); /* HEAP-2 */
    b.file.bytes[heap + 8] = 0xff;   /* VALUE-5 */
    repair(&b.file);
    expect_of_load(&b, "HEAP-2", other_values);
    b.file.bytes[other_heap + 8] = 0xff; /* VALUE-5 */
    b.file.bytes[heap + 8 + 8 + 2] = 2;  /* VALUE-6 */
    repair(&b.file);
    expect_of_load(&b, "VALUE-6", values + offsetof(Book, flags));
    end_breaking(&b);
}

/* VALUE-1, VALUE-2 and VALUE-4 of an element are VALUE-6 of its list. */
Test(rule_order, of_elements)
{
    struct breakage b = begin_with_books();
    const uint64_t values = run_offset(&b.file, 1), contents = run_offset(&b.file, 2) + 8;
    b.file.bytes[contents + 8 + 2] = 2; /* the last flag */
    repair(&b.file);
    expect_of_load(&b, "VALUE-6", values + offsetof(Book, flags));
    b.file.bytes[contents + 16 + 1] = 2; /* the last mood */
    repair(&b.file);
    expect_of_load(&b, "VALUE-6", values + offsetof(Book, moods));
    put32(&b.file, contents + 24 + 4, 2); /* a generation of the future */
    repair(&b.file);
    expect_of_load(&b, "VALUE-6", values + offsetof(Book, friends));
    put32(&b.file, contents + 24 + 8, 1); /* a slot that is not there */
    repair(&b.file);
    expect_of_load(&b, "VALUE-6", values + offsetof(Book, friends));
    end_breaking(&b);
}

/* The three rows in two segments: handles, values, and the index. */
static struct breakage begin_with_segments(void)
{
    static const struct made_block blocks[] = {
        { 0, 0, 0, 0, CODEC_ZSTD, { 0, 0 } },
        { 1, 0, 2, 0, CODEC_ZSTD, { 0, 0 } },
        { 1, 2, 1, 1, CODEC_ZSTD, { 0, 0 } },
        { INDEX_RUN, 0, 0, 1, CODEC_ZSTD, { FILTER_SPLIT, 16 } },
    };
    struct breakage b = begin_breaking(true);
    cr_assert_eq(rename("world.pecs", "plain.pecs"), 0);
    make_segments(&(struct made_plan){ blocks, sizeof(blocks) / sizeof(blocks[0]), 2, 9, 9, SLACK });
    free_image(&b.file);
    b.file = read_image("world.pecs");
    return b;
}

Test(rule_order, of_a_block)
{
    struct breakage b = begin_with_segments();
    const uint64_t record = block_at(&b, 0, 1), next = block_at(&b, 1, 0);
    put32(&b.file, record + BLOCK_CODEC, 9);
    put32(&b.file, record + BLOCK_FILTER, 9); /* BLOCK-1 */
    expect_unsupported(&b, "RUN-2", record + BLOCK_CODEC);
    put32(&b.file, record + BLOCK_FILTER, 9);
    put32(&b.file, record + BLOCK_FIRST, 1); /* BLOCK-2 */
    expect_unsupported(&b, "BLOCK-1", record + BLOCK_FILTER);
    put32(&b.file, record + BLOCK_FIRST, 1);
    put64(&b.file, record + BLOCK_SIZE, 0); /* BLOCK-3 */
    expect_repaired(&b, "BLOCK-2", record + BLOCK_FIRST);
    put64(&b.file, record + BLOCK_SIZE, 0);
    put64(&b.file, record + BLOCK_OFFSET, 1); /* RUN-4 */
    expect_repaired(&b, "BLOCK-3", record + BLOCK_SIZE);
    put64(&b.file, record + BLOCK_OFFSET, 1);
    put64(&b.file, record + BLOCK_TICK, UINT64_MAX); /* RUN-6 */
    expect_repaired(&b, "RUN-4", record + BLOCK_OFFSET);
    put64(&b.file, record + BLOCK_TICK, UINT64_MAX);
    put32(&b.file, next, 9); /* RUN-8 of the next segment */
    expect_repaired(&b, "RUN-6", record + BLOCK_TICK);
    end_breaking(&b);
}

Test(rule_order, of_segments)
{
    struct breakage b = begin_with_segments();
    const uint64_t block = block_at(&b, 0, 1), prologue = b.file.parts[1].prologue;
    put64(&b.file, block + BLOCK_TICK, UINT64_MAX); /* RUN-6 of the first */
    put32(&b.file, prologue, 0);                    /* SEGMENT-3 of the second */
    expect_repaired(&b, "RUN-6", block + BLOCK_TICK);
    put32(&b.file, prologue, 0);
    leave_out(&b, 0, 0); /* RUN-7 */
    expect_repaired(&b, "SEGMENT-3", prologue);
    leave_out(&b, 1, 1);
    b.file.bytes[b.file.parts[0].data] ^= 1; /* DATA-1 */
    repair_prologue(&b.file);
    repair_commit(&b.file);
    expect(&b, PECS_E_CORRUPT, "RUN-7", b.file.segments);
    b.file.bytes[b.file.parts[0].data] ^= 1;
    b.file.bytes[b.file.parts[1].trailer] ^= 1; /* TRAILER-1 of the second */
    expect(&b, PECS_E_CORRUPT, "DATA-1", b.file.parts[0].data);
    end_breaking(&b);
}

/* A wrong trailer ends the work on what follows it, not that on what is before it. */
Test(rule_order, of_a_trailer_among_many_segments)
{
    enum { SEGMENTS = 7 };
    struct made_block blocks[SEGMENTS];
    struct breakage b = begin_with_books();
    cr_assert_eq(b.file.parts[0].run_count, SEGMENTS);
    for (uint32_t i = 0; i < SEGMENTS; i++)
        blocks[i] = (struct made_block){ .run = i, .segment = i, .codec = CODEC_RAW };
    cr_assert_eq(rename("world.pecs", "plain.pecs"), 0);
    make_segments(&(struct made_plan){ blocks, SEGMENTS, SEGMENTS, 9, 9, 0 });
    free_image(&b.file);
    b.file = read_image("world.pecs");
    for (size_t i = 0; i < SEGMENTS; i++) {
        const uint64_t data = b.file.parts[0].data, trailer = b.file.parts[i].trailer;
        const uint64_t checksum = trailer + format_trailer_bytes(1) - sizeof(le64);
        b.file.bytes[trailer] ^= 1;
        expect_of_load(&b, "TRAILER-1", checksum);
        b.file.bytes[trailer] ^= 1;
        b.file.bytes[data] ^= 1;
        expect_of_load(&b, i ? "DATA-1" : "TRAILER-1", i ? data : checksum);
    }
    end_breaking(&b);
}

/* What resume checks of data comes before it inflates; load checks the gaps and all that, and then inflates. */
Test(rule_order, of_what_blocks_hold)
{
    struct breakage b = begin_with_segments();
    const uint64_t second = block_offset(&b, 1, 1), gap = b.file.footer - 1;
    b.file.bytes[second] ^= 1; /* BLOCK-4 */
    repair(&b.file);
    b.file.bytes[b.file.parts[1].data_end - 1] ^= 1; /* DATA-1, and GAP-1 */
    expect(&b, PECS_E_CORRUPT, "DATA-1", b.file.parts[1].data);
    b.file.bytes[second] ^= 1;
    repair(&b.file);
    b.file.bytes[gap] = 1;
    write_image(&b.file, "broken.pecs");
    pecs_snapshot *snapshot;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_load(b.registry, "broken.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "GAP-1");
    cr_assert_eq(error.offset, gap);
    cr_assert_eq(pecs_snapshot_resume(b.registry, "broken.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "BLOCK-4");
    cr_assert_eq(error.offset, second);
    end_breaking(&b);
}
