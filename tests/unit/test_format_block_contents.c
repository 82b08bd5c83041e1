/*
 * The rules about contents, attachments, ids and values in blocks, each broken alone in a file whose checksums are
 * right. The sample: two entities with explicit ids, a Letter and a Wide, and an attachment. Each run is one block:
 * compressed, in segment 0; but the attachments, as they are, in segment 1.
 */
#define _GNU_SOURCE
#include "format_blocks.h"

static const char *const moods[] = { "Calm", "Angry" };
typedef struct {
    pecs_string text;
    pecs_list sizes;
    pecs_entity friend;
    bool is_read;
    uint8_t mood;
    char name[6];
} Letter;
PECS_COMPONENT_OF(Letter, "Letter", 1, PECS_FIELD(Letter, text), PECS_FIELD_LIST(Letter, sizes, uint16_t),
                  PECS_FIELD(Letter, friend), PECS_FIELD(Letter, is_read), PECS_FIELD_ENUM(Letter, mood, moods),
                  PECS_FIELD(Letter, name));

typedef struct {
    uint8_t bytes[8192];
} Wide;
PECS_COMPONENT(Wide, 1, bytes);

enum { ROWS = 2, RUN_COUNT = 8, ATTACHMENTS = RUN_COUNT - 1, ENTRY_BYTES = 20 };
#define AT(field) offsetof(Letter, field)

TestSuite(block_contents, .init = enter_folder, .fini = leave_folder);

static void save_plain(pecs_registry *registry)
{
    static Wide wide[ROWS];
    static const uint16_t sizes[] = { 7, 8, 9 };
    const Letter letters[ROWS] = {
        { pecs_string_of("hello"), pecs_list_of(PECS_ARRAY(sizes)), { 1, 1 }, true, 1, "Zoe" },
        { .text = pecs_string_of("brave new world") },
    };
    const pecs_id ids[ROWS] = { { .bytes = { [15] = 2 } }, { .bytes = { [15] = 9 } } };
    const pecs_world_options options = { .session_nonce = 0x7005 };
    pecs_world *world;
    cr_assert_eq(pecs_world_create(registry, NULL, &options, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn_with_ids(world, (pecs_value[]){ PECS_ROWS_AS(0, letters), PECS_ROWS_AS(1, wide) }, 2,
                                           ids, ROWS, NULL),
                 PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES("north, east and south", 21)), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "plain.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
}

/* The run of a kind whose rows together have so many bytes. */
static uint32_t find_run(const struct file_image *plain, uint32_t kind, uint64_t size)
{
    for (uint32_t run = 0; run < plain->parts[0].run_count; run++)
        if (get32(plain, plain->runs + run * sizeof(struct run_record)) == kind &&
            get64(plain, plain->runs + run * sizeof(struct run_record) + offsetof(struct run_record, size)) == size)
            return run;
    cr_assert(false, "no run of kind %u has %llu bytes", kind, (unsigned long long)size);
    return 0;
}

static struct {
    uint32_t letters, contents, wide, ids;
} run_of;

static struct breakage begin_with_contents(uint32_t wide_stride)
{
    static const pecs_type *const types[] = { &Letter_type, &Wide_type };
    struct made_block blocks[RUN_COUNT];
    pecs_registry *registry;
    cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .types = types, .type_count = 2 }, &registry, NULL),
                 PECS_OK);
    save_plain(registry);
    struct file_image plain = read_image("plain.pecs");
    cr_assert_eq(plain.parts[0].run_count, RUN_COUNT);
    run_of.letters = find_run(&plain, RUN_VALUES, sizeof(Letter[ROWS]));
    run_of.wide = find_run(&plain, RUN_VALUES, sizeof(Wide[ROWS]));
    run_of.contents = find_run(&plain, RUN_HEAP, 8 + 8 + 8 + 16);
    run_of.ids = find_run(&plain, RUN_IDS, ROWS * ENTRY_BYTES);
    free_image(&plain);
    for (uint32_t i = 0; i < RUN_COUNT; i++)
        blocks[i] = (struct made_block){ .run = i, .codec = CODEC_ZSTD };
    blocks[run_of.wide].filter = (struct codec_filter){ FILTER_SPLIT, wide_stride };
    blocks[ATTACHMENTS].codec = CODEC_RAW;
    blocks[ATTACHMENTS].segment = 1;
    make_segments(&(struct made_plan){ blocks, RUN_COUNT, 2, 9, 9, SLACK });
    return breakage_of(registry);
}

static struct breakage begin(void)
{
    return begin_with_contents(FILTER_STRIDE_MAX);
}

Test(block_contents, the_sample)
{
    struct breakage b = begin();
    cr_assert_eq(get64(&b.file, offsetof(struct file_header, required_features)),
                 FEATURE_SEGMENTS | FEATURE_ATTACHMENTS | FEATURE_HEAP);
    cr_assert_eq(get32(&b.file, block_at(&b, 0, run_of.wide) + BLOCK_STRIDE), FILTER_STRIDE_MAX);
    expect_accepted(&b);
    end_breaking(&b);
}

/* --- records --- */

Test(block_contents, BLOCK_2_of_contents)
{
    struct breakage b = begin();
    const uint64_t record = block_at(&b, 0, run_of.contents);
    static const uint32_t wrong[][2] = { { 1, 1 }, { 0, 0 }, { 0, 3 }, { 0, UINT32_MAX }, { UINT32_MAX, 1 } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put32(&b.file, record + BLOCK_FIRST, wrong[i][0]);
        put32(&b.file, record + BLOCK_COUNT, wrong[i][1]);
        expect_repaired(&b, "BLOCK-2", record + BLOCK_FIRST);
    }
    end_breaking(&b);
}

Test(block_contents, BLOCK_2_of_attachments)
{
    struct breakage b = begin();
    struct segment_image *parts = &b.file.parts[1];
    const uint64_t record = block_at(&b, 1, 0), size = get64(&b.file, parts->record + 8);
    put32(&b.file, record + BLOCK_FIRST, 1);
    expect_repaired(&b, "BLOCK-2", record + BLOCK_FIRST);
    put32(&b.file, record + BLOCK_COUNT, 1);
    expect_repaired(&b, "BLOCK-2", record + BLOCK_FIRST);
    memcpy(b.file.bytes + record + sizeof(struct block_record), b.file.bytes + record, sizeof(struct block_record));
    put64(&b.file, parts->record + 8, size + sizeof(struct block_record)); /* prologue_size */
    put64(&b.file, parts->prologue + offsetof(struct segment_header, size), size + sizeof(struct block_record));
    put32(&b.file, parts->prologue + offsetof(struct segment_header, run_count), 2);
    expect_repaired(&b, "BLOCK-2", record + sizeof(struct block_record) + BLOCK_FIRST);
    end_breaking(&b);
}

Test(block_contents, BLOCK_3_of_contents)
{
    struct breakage b = begin();
    const uint64_t record = block_at(&b, 0, run_of.contents);
    static const uint64_t sizes[] = {
        0, 7, 12, FORMAT_BLOCK_MAX + 8, (1ull << 41) + 16, UINT64_MAX - 7, UINT64_MAX,
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, record + BLOCK_FULL_SIZE, sizes[i]);
        expect_repaired(&b, "BLOCK-3", record + BLOCK_SIZE);
    }
    put32(&b.file, record + BLOCK_FILTER, FILTER_SPLIT); /* contents have no rows */
    put32(&b.file, record + BLOCK_STRIDE, 8);
    expect_repaired(&b, "BLOCK-3", record + BLOCK_SIZE);
    put32(&b.file, record + BLOCK_STRIDE, 8);
    expect_repaired(&b, "BLOCK-3", record + BLOCK_SIZE);
    end_breaking(&b);
}

Test(block_contents, BLOCK_3_of_attachments)
{
    struct breakage b = begin();
    const uint64_t record = block_at(&b, 1, 0);
    put32(&b.file, record + BLOCK_CODEC, CODEC_ZSTD);
    expect_repaired(&b, "BLOCK-3", record + BLOCK_SIZE);
    put64(&b.file, record + BLOCK_SIZE, 16);
    put64(&b.file, record + BLOCK_FULL_SIZE, 16);
    expect_repaired(&b, "BLOCK-3", record + BLOCK_SIZE);
    end_breaking(&b);
}

/* 8192 divides the rows, but is too large. */
Test(block_contents, BLOCK_3_stride_above_the_maximum)
{
    struct breakage b = begin_with_contents(sizeof(Wide));
    expect_repaired(&b, "BLOCK-3", block_at(&b, 0, run_of.wide) + BLOCK_SIZE);
    end_breaking(&b);
}

Test(block_contents, RUN_7_contents_of_some_rows_only)
{
    struct breakage b = begin();
    put32(&b.file, block_at(&b, 0, run_of.contents) + BLOCK_COUNT, 1);
    expect_repaired(&b, "RUN-7", b.file.segments);
    leave_out(&b, 0, run_of.contents);
    expect_repaired(&b, "RUN-7", b.file.segments);
    leave_out(&b, 0, run_of.ids);
    expect_repaired(&b, "RUN-7", b.file.segments);
    leave_out(&b, 1, 0);
    expect_repaired(&b, "RUN-7", b.file.segments);
    end_breaking(&b);
}

/* --- what blocks hold --- */

static void change_byte(struct breakage *b, uint32_t run, size_t at, uint8_t byte, const char *rule, uint32_t named)
{
    const uint64_t offset = block_offset(b, 0, named);
    change_held(b, 0, run, at, &byte, 1);
    repair(&b->file);
    if (strncmp(rule, "HEAP", 4) == 0)
        expect_of_reader(b, rule, offset);
    expect_of_load(b, rule, offset);
}

Test(block_contents, HEAP_1_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.contents, 0, 24, "HEAP-1", run_of.contents);
    change_byte(&b, run_of.contents, 0, 33, "HEAP-1", run_of.contents);
    change_byte(&b, run_of.contents, 7, 1, "HEAP-1", run_of.contents);
    end_breaking(&b);
}

/* References are in the values, also when it is the contents that are wrong. */
Test(block_contents, HEAP_2_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.letters, AT(text), 8, "HEAP-2", run_of.letters);
    change_byte(&b, run_of.letters, AT(text) + 5, 4, "HEAP-2", run_of.letters); /* a byte less */
    change_byte(&b, run_of.letters, sizeof(Letter) + AT(text) + 5, 16, "HEAP-2", run_of.letters);
    change_byte(&b, run_of.contents, 8 + 5, 1, "HEAP-2", run_of.letters); /* behind "hello" */
    end_breaking(&b);
}

/* The attachments are as they are in the file. */
Test(block_contents, HEAP_3_in_a_block)
{
    struct breakage b = begin();
    const uint64_t offset = block_offset(&b, 1, 0);
    b.file.bytes[offset + 23] = 1;
    repair(&b.file);
    expect_of_load(&b, "HEAP-3", offset);
    end_breaking(&b);
}

Test(block_contents, ID_1_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.ids, ENTRY_BYTES + 15, 1, "ID-1", run_of.ids);
    change_byte(&b, run_of.ids, 15, 0, "ID-1", run_of.ids);
    end_breaking(&b);
}

Test(block_contents, ID_2_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.ids, 16, 1, "ID-2", run_of.ids);
    change_byte(&b, run_of.ids, ENTRY_BYTES + 14, 1, "ID-2", run_of.ids);
    end_breaking(&b);
}

Test(block_contents, VALUE_1_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.letters, AT(is_read), 2, "VALUE-1", run_of.letters);
    change_byte(&b, run_of.letters, sizeof(Letter) + AT(is_read), 2, "VALUE-1", run_of.letters);
    end_breaking(&b);
}

Test(block_contents, VALUE_2_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.letters, AT(mood), 2, "VALUE-2", run_of.letters);
    end_breaking(&b);
}

Test(block_contents, VALUE_3_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.letters, AT(name), 0xff, "VALUE-3", run_of.letters);
    change_byte(&b, run_of.letters, AT(name) + 5, 'x', "VALUE-3", run_of.letters);
    end_breaking(&b);
}

Test(block_contents, VALUE_4_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.letters, AT(friend), ROWS, "VALUE-4", run_of.letters);
    change_byte(&b, run_of.letters, AT(friend) + 4, 2, "VALUE-4", run_of.letters);
    end_breaking(&b);
}

Test(block_contents, VALUE_5_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.contents, 8, 0xff, "VALUE-5", run_of.letters);
    change_byte(&b, run_of.contents, 8 + 2, 0, "VALUE-5", run_of.letters);
    end_breaking(&b);
}

/* Five bytes of three numbers, of which the last is a zero. */
Test(block_contents, VALUE_6_in_a_block)
{
    struct breakage b = begin();
    change_byte(&b, run_of.letters, AT(sizes) + 5, 5, "VALUE-6", run_of.letters);
    end_breaking(&b);
}
