/*
 * The rules about strings, blobs and lists: heap runs, references and contents, each broken alone in a file whose
 * checksums are right.
 *
 * The sample: table 0 {Bag, Note} of 3 rows. The contents of Bag, in bytes from the first:
 *
 *     row 0     0 name "Zoe", 8 blob of 8 bytes, 16 points of 2 elements, 24 friends of 1
 *     row 1    32 name "seven b", 40 friends of 2; no blob, no points
 *     row 2    56 name "eight by", 72 blob of 3 bytes; no points, no friends
 *
 * and those of Note: 0, 8 and 16 "note".
 */
#define _GNU_SOURCE
#include "format_breaking.h"

TestSuite(heap, .init = enter_folder, .fini = leave_folder);

static const char *const moods[] = { "Calm", "Angry" };
typedef struct {
    uint8_t mood;
    bool is_far;
} Point;
PECS_COMPONENT_OF(Point, "Point", 1, PECS_FIELD_ENUM(Point, mood, moods), PECS_FIELD(Point, is_far));
typedef struct {
    pecs_string name;
    pecs_blob blob;
    pecs_list points, friends;
} Bag;
PECS_COMPONENT_OF(Bag, "Bag", 1, PECS_FIELD(Bag, name), PECS_FIELD(Bag, blob),
                  PECS_FIELD_LIST_STRUCT(Bag, points, Point), PECS_FIELD_LIST(Bag, friends, pecs_entity));
typedef struct {
    pecs_string text;
} Note;
PECS_COMPONENT(Note, 1, text);
typedef struct {
    uint64_t plain;
} Plain;
PECS_COMPONENT(Plain, 1, plain);
PECS_TYPES(heap, Bag, Note, Plain);

enum { ROW_COUNT = 3, BAG_BYTES = 80, NOTE_UNIT = 1 << 15 };
#define AT(field) offsetof(Bag, field)

static pecs_registry *make_registry(bool has_types)
{
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = { .types = heap_types, .type_count = has_types ? heap_type_count : 0 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static void save_sample(pecs_registry *registry)
{
    static const Point points[] = { { 1, true }, { 0, false } };
    static const pecs_entity friends[] = { { 0, 1 }, { 2, 1 } };
    const Bag bags[ROW_COUNT] = {
        { pecs_string_of("Zoe"), pecs_blob_of(PECS_BYTES("\1\2\3\4\5\6\7\10", 8)), pecs_list_of(PECS_ARRAY(points)),
          pecs_list_of(PECS_BYTES(friends, 8)) },
        { .name = pecs_string_of("seven b"), .friends = pecs_list_of(PECS_ARRAY(friends)) },
        { .name = pecs_string_of("eight by"), .blob = pecs_blob_of(PECS_BYTES("\1\2\3", 3)) },
    };
    const Note notes[ROW_COUNT] = { { pecs_string_of("note") },
                                    { pecs_string_of("note") },
                                    { pecs_string_of("note") } };
    const pecs_value values[] = { PECS_ROWS_AS(Bag_component, bags), PECS_ROWS_AS(Note_component, notes) };
    pecs_world *world;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, values, 2, ROW_COUNT, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ { Plain_component, sizeof(Plain), NULL } }, 1, 1, NULL),
                 PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
}

/* The file, for a program that has the types or has none. */
static struct breakage begin_breaking_as(bool has_types)
{
    pecs_registry *registry = make_registry(true);
    save_sample(registry);
    if (!has_types) {
        pecs_registry_release(registry);
        registry = make_registry(false);
    }
    return breakage_of(registry);
}

static struct breakage begin_breaking(void)
{
    return begin_breaking_as(true);
}

/* The n-th run record of a kind, in the order of the file. Of the two types, that with the lower id comes first. */
static uint64_t run_record(const struct breakage *b, uint32_t kind, uint32_t number)
{
    for (uint64_t at = b->file.runs;; at += sizeof(struct run_record))
        if (get32(&b->file, at) == kind && !number--)
            return at;
}

static uint32_t type_of_size(const struct breakage *b, uint32_t size)
{
    uint32_t number = 0;
    while (get32(&b->file, b->file.types[number] + offsetof(struct type_record, value_size)) != size ||
           b->file.bytes[b->file.types[number] + sizeof(struct type_record) + 4] == 'P')
        number++;
    return number;
}

/* Where the run record is of the kind that the Bags have, or the Notes. */
static uint64_t record_of(const struct breakage *b, uint32_t kind, uint32_t size)
{
    const uint32_t type = type_of_size(b, size);
    uint64_t at = run_record(b, kind, 0);
    if (get32(&b->file, at + offsetof(struct run_record, type)) != type)
        at = run_record(b, kind, 1);
    cr_assert_eq(get32(&b->file, at + offsetof(struct run_record, type)), type);
    return at;
}
static uint64_t bytes_of(const struct breakage *b, uint32_t kind, uint32_t size)
{
    return get64(&b->file, record_of(b, kind, size) + offsetof(struct run_record, offset));
}

/* Where a reference of a Bag is; where its contents begin, behind the one chunk's end. */
static uint64_t place(const struct breakage *b, uint64_t row, uint64_t offset)
{
    return bytes_of(b, RUN_VALUES, sizeof(Bag)) + row * sizeof(Bag) + offset;
}
static uint64_t contents(const struct breakage *b)
{
    return bytes_of(b, RUN_HEAP, sizeof(Bag)) + sizeof(le64);
}

/* Of the Bags: their contents are the first in the file or the second. */
static uint64_t first_unit(const struct breakage *b)
{
    return record_of(b, RUN_HEAP, sizeof(Bag)) < record_of(b, RUN_HEAP, sizeof(Note)) ? 0 : NOTE_UNIT;
}

Test(heap, the_bytes_of_the_sample)
{
    static const uint8_t bytes[BAG_BYTES] = "Zoe\0\0\0\0\0"
                                            "\1\2\3\4\5\6\7\10"
                                            "\1\1\0\0\0\0\0\0"
                                            "\0\0\0\0\1\0\0\0"
                                            "seven b\0"
                                            "\0\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0"
                                            "eight by\0\0\0\0\0\0\0\0"
                                            "\1\2\3\0\0\0\0";
    struct breakage b = begin_breaking();
    const uint64_t heap = record_of(&b, RUN_HEAP, sizeof(Bag)), unit = first_unit(&b);
    const uint64_t references[ROW_COUNT][4] = {
        { 3ull << 40 | unit << 2, 8ull << 40 | (unit + 1) << 2, 4ull << 40 | (unit + 2) << 2,
          8ull << 40 | (unit + 3) << 2 },
        { 7ull << 40 | (unit + 4) << 2, 0, 0, 16ull << 40 | (unit + 5) << 2 },
        { 8ull << 40 | (unit + 7) << 2, 3ull << 40 | (unit + 9) << 2, 0, 0 },
    };
    cr_assert_eq(get64(&b.file, 24), 2); /* required_features */
    cr_assert_eq(get32(&b.file, heap), 5);
    cr_assert_eq(heap, record_of(&b, RUN_VALUES, sizeof(Bag)) + sizeof(struct run_record), "right behind the values");
    cr_assert_eq(get64(&b.file, heap + offsetof(struct run_record, size)), 8 + BAG_BYTES);
    cr_assert_eq(get64(&b.file, contents(&b) - 8), BAG_BYTES);
    cr_assert_eq(memcmp(b.file.bytes + contents(&b), bytes, BAG_BYTES), 0);
    for (uint64_t i = 0; i < (uint64_t)ROW_COUNT * 4; i++)
        cr_assert_eq(get64(&b.file, place(&b, i / 4, i % 4 * 8)), references[i / 4][i % 4], "reference %d", (int)i);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(heap, RUN_1_heaps_of_no_contents)
{
    struct breakage b = begin_breaking();
    const uint64_t run = record_of(&b, RUN_HEAP, sizeof(Bag));
    put32(&b.file, run + offsetof(struct run_record, type), FORMAT_NONE);
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + offsetof(struct run_record, table), FORMAT_NONE);
    put32(&b.file, run + offsetof(struct run_record, type), FORMAT_NONE);
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + offsetof(struct run_record, table), 1); /* the table does not have the type */
    expect_repaired(&b, "RUN-1", run);
    uint32_t plain = 0; /* has no contents */
    while (b.file.bytes[b.file.types[plain] + sizeof(struct type_record) + 4] != 'P')
        plain++;
    put32(&b.file, run + offsetof(struct run_record, table), 1);
    put32(&b.file, run + offsetof(struct run_record, type), plain);
    expect_repaired(&b, "RUN-1", run);
    end_breaking(&b);
}

Test(heap, RUN_3_sizes_of_heaps)
{
    struct breakage b = begin_breaking();
    const uint64_t run = record_of(&b, RUN_HEAP, sizeof(Bag)), size = run + offsetof(struct run_record, size);
    const uint64_t room = ((1ull << 38) - first_unit(&b)) * 8;
    const uint64_t wrong[] = { 0, 7, 8 + BAG_BYTES - 1, 8 + room + 8, UINT64_MAX - 7, UINT64_MAX };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put64(&b.file, size, wrong[i]);
        expect_repaired(&b, "RUN-3", run + offsetof(struct run_record, first_chunk));
    }
    put32(&b.file, run + offsetof(struct run_record, chunk_count), 2);
    expect_repaired(&b, "RUN-3", run + offsetof(struct run_record, first_chunk));
    end_breaking(&b);
}

/* As much as addresses reach, but not in the data. */
Test(heap, RUN_4_heaps_beyond_the_data)
{
    struct breakage b = begin_breaking();
    const uint64_t run = record_of(&b, RUN_HEAP, sizeof(Bag)), room = ((1ull << 38) - first_unit(&b)) * 8;
    put64(&b.file, run + offsetof(struct run_record, size), 8 + room);
    expect_repaired(&b, "RUN-4", run + offsetof(struct run_record, offset));
    end_breaking(&b);
}

Test(heap, RUN_5_two_heaps)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_record(&b, RUN_HEAP, 1), type = run + offsetof(struct run_record, type);
    put32(&b.file, type, get32(&b.file, run_record(&b, RUN_HEAP, 0) + offsetof(struct run_record, type)));
    expect_repaired(&b, "RUN-5", run);
    end_breaking(&b);
}

Test(heap, RUN_7_without_a_heap)
{
    struct breakage b = begin_breaking();
    for (uint32_t i = 0; i < 2; i++) {
        const uint64_t run = run_record(&b, RUN_HEAP, i), next = run + sizeof(struct run_record);
        const uint64_t size = get64(&b.file, b.file.segments + 8) - sizeof(struct run_record);
        const uint64_t end = b.file.prologue + get64(&b.file, b.file.segments + 8) - sizeof(le64);
        memmove(b.file.bytes + run, b.file.bytes + next, (size_t)(end - next));
        put64(&b.file, b.file.segments + 8, size);
        put64(&b.file, b.file.prologue + 8, size);
        put32(&b.file, b.file.prologue + 40, get32(&b.file, b.file.prologue + 40) - 1);
        expect_repaired(&b, "RUN-7", b.file.segments);
    }
    end_breaking(&b);
}

Test(heap, RUN_8_a_kind_that_is_not_there_yet)
{
    struct breakage b = begin_breaking();
    const uint64_t run = record_of(&b, RUN_HEAP, sizeof(Bag));
    put32(&b.file, run, RUN_HEAP + 1);
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-8", run);
    end_breaking(&b);
}

/* Whether the program has the type or not. */
Test(heap, TYPE_5_without_its_feature)
{
    for (int has_types = 0; has_types < 2; has_types++) {
        struct breakage b = begin_breaking_as(has_types);
        uint32_t first = 0;
        while (b.file.bytes[b.file.types[first] + sizeof(struct type_record) + 4] == 'P')
            first++;
        put64(&b.file, offsetof(struct file_header, required_features), 0);
        repair(&b.file);
        expect(&b, PECS_E_UNSUPPORTED, "TYPE-5", b.file.types[first]);
        end_breaking(&b);
    }
}

static void expect_wrong(struct breakage *b, const char *rule, uint64_t offset)
{
    repair(&b->file);
    expect_of_reader(b, rule, offset);
    expect_of_load(b, rule, offset);
}

Test(heap, HEAP_1_ends)
{
    struct breakage b = begin_breaking();
    const uint64_t end = contents(&b) - sizeof(le64);
    static const uint64_t wrong[] = { 0, 72, 76, 81, 88, UINT64_MAX - 7, UINT64_MAX };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put64(&b.file, end, wrong[i]);
        expect_wrong(&b, "HEAP-1", end);
    }
    end_breaking(&b);
}

static void put_reference(struct breakage *b, uint64_t row, uint64_t offset, uint64_t size, uint64_t unit,
                          uint64_t bits)
{
    put64(&b->file, place(b, row, offset), size << 40 | (first_unit(b) + unit) << 2 | bits);
}

Test(heap, HEAP_2_references)
{
    struct breakage b = begin_breaking();
    static const struct {
        uint64_t row, offset, size, unit, bits;
    } wrong[] = {
        { 0, AT(name), 3, 1, 0 }, /* to what comes later */
        { 1, AT(name), 3, 0, 0 }, /* to those of another */
        { 1, AT(name), 7, 4, 1 }, /* given by a program */
        { 1, AT(name), 7, 4, 2 }, /* of another space */
        { 1, AT(name), 7, 4, 3 },
        { 1, AT(blob), 0, 5, 0 }, /* of no size, but not zero */
        { 1, AT(blob), 1, 5, 0 }, /* those that the next has */
        { 0, AT(blob), 7, 1, 0 }, /* a byte behind it is not zero */
        { 0, AT(blob), 9, 1, 0 }, /* a byte of the next, which others follow */
        { 0, AT(name), 2, 0, 0 }, /* what follows a string is not zero */
        { 2, AT(blob), 9, 9, 0 }, /* beyond the chunk's end */
        { 2, AT(blob), 0xfffffe, 9, 0 },
        { 2, AT(blob), 0xffffff, 9, 0 }, /* without a size before it */
        { 2, AT(friends), 8, 10, 0 },    /* at the chunk's end */
        { 2, AT(friends), 0xffffff, 10, 0 },
        { 0, AT(name), 3, (1ull << 38) - 1 - NOTE_UNIT, 0 },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put_reference(&b, wrong[i].row, wrong[i].offset, wrong[i].size, wrong[i].unit, wrong[i].bits);
        expect_wrong(&b, "HEAP-2", place(&b, wrong[i].row, wrong[i].offset));
    }
    put64(&b.file, place(&b, 0, AT(name)), 0); /* nothing refers to the first contents */
    expect_wrong(&b, "HEAP-2", place(&b, 0, AT(blob)));
    put64(&b.file, place(&b, 2, AT(blob)), 0); /* nor to the last */
    expect_wrong(&b, "HEAP-2", contents(&b) - sizeof(le64));
    put_reference(&b, 2, AT(blob), 8, 9, 0); /* as many bytes as there are: other contents, and no error */
    expect_accepted(&b);
    end_breaking(&b);
}

Test(heap, HEAP_2_what_follows_contents)
{
    struct breakage b = begin_breaking();
    b.file.bytes[contents(&b) + 3] = 'x'; /* the zero of "Zoe" */
    expect_wrong(&b, "HEAP-2", place(&b, 0, AT(name)));
    b.file.bytes[contents(&b) + 7] = 1;
    expect_wrong(&b, "HEAP-2", place(&b, 0, AT(name)));
    b.file.bytes[contents(&b) + 64] = 1; /* the zero of "eight by", in a unit of its own */
    expect_wrong(&b, "HEAP-2", place(&b, 2, AT(name)));
    b.file.bytes[contents(&b) + 20] = 1; /* behind a list */
    expect_wrong(&b, "HEAP-2", place(&b, 0, AT(points)));
    b.file.bytes[contents(&b) + BAG_BYTES - 1] = 1;
    expect_wrong(&b, "HEAP-2", place(&b, 2, AT(blob)));
    end_breaking(&b);
}

/* A size before contents: too small for its form, or one that overflows. */
Test(heap, HEAP_2_sizes_before_contents)
{
    struct breakage b = begin_breaking();
    static const uint64_t sizes[] = {
        0, 8, 0xfffffe, 0xffffff, 1ull << 61, UINT64_MAX - 15, UINT64_MAX - 7, UINT64_MAX
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put_reference(&b, 0, AT(blob), 0xffffff, 1, 0);
        put64(&b.file, contents(&b) + 8, sizes[i]);
        expect_wrong(&b, "HEAP-2", place(&b, 0, AT(blob)));
        put_reference(&b, 2, AT(name), 0xffffff, 7, 0);
        put64(&b.file, contents(&b) + 56, sizes[i]);
        expect_wrong(&b, "HEAP-2", place(&b, 2, AT(name)));
    }
    end_breaking(&b);
}

Test(heap, VALUE_5_strings)
{
    static const char *const right[] = { "Zoe", "\xe2\x82\xac", "\1\x1f\x7f", "a\xc3\xab" };
    static const char *const wrong[] = { "\0oe",         "Z\0e",      "Zo\0",   "Zo\xc3",
                                         "\xed\xa0\x80", "\xc0\x80x", "\xff__", "\x80__" };
    for (int has_types = 0; has_types < 2; has_types++) {
        struct breakage b = begin_breaking_as(has_types);
        for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
            memcpy(b.file.bytes + contents(&b), right[i], 3);
            expect_accepted(&b);
        }
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            memcpy(b.file.bytes + contents(&b), wrong[i], 3);
            expect_wrong(&b, "VALUE-5", place(&b, 0, AT(name)));
        }
        b.file.bytes[contents(&b) + 63] = 0xff; /* the last byte of "eight by" */
        expect_wrong(&b, "VALUE-5", place(&b, 2, AT(name)));
        end_breaking(&b);
    }
}

/* Elements that are wrong themselves, which other rules say too, are in test_rule_order.c. */
Test(heap, VALUE_6_lists)
{
    for (int has_types = 0; has_types < 2; has_types++) {
        struct breakage b = begin_breaking_as(has_types);
        put32(&b.file, contents(&b) + 44, 0); /* of the past */
        expect_accepted(&b);
        put_reference(&b, 0, AT(points), 3, 2, 0); /* an element and a half */
        expect_wrong(&b, "VALUE-6", place(&b, 0, AT(points)));
        put_reference(&b, 0, AT(friends), 5, 3, 0);
        expect_wrong(&b, "VALUE-6", place(&b, 0, AT(friends)));
        put_reference(&b, 0, AT(points), 6, 2, 0); /* another element, all zeros */
        expect_accepted(&b);
        end_breaking(&b);
    }
}

/* What resume opens without a look at it leads to nothing, and to no other memory. */
Test(heap, references_that_lead_nowhere)
{
    struct breakage b = begin_breaking();
    static const uint64_t references[] = {
        1,
        2,
        3,
        UINT64_MAX,
        UINT64_MAX << 40,
        0xffffffull << 40 | 9 << 2,
        0xffffffull << 40 | 10 << 2,
        0xfffffeull << 40,
        1ull << 40 | 2,
        1ull << 40 | 1ull << 17,
        1ull << 40 | ((1ull << 38) - 1) << 2,
        0xffffffull << 40 | ((1ull << 38) - 1) << 2 | 2,
    };
    for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
        pecs_snapshot *snapshot;
        put64(&b.file, place(&b, 0, AT(name)), references[i]);
        put64(&b.file, place(&b, 0, AT(blob)), references[i]);
        put64(&b.file, place(&b, 0, AT(points)), references[i]);
        put64(&b.file, contents(&b) + 72, UINT64_MAX - 7); /* a size, if that is one */
        repair(&b.file);
        write_image(&b.file, "broken.pecs");
        cr_assert_eq(pecs_snapshot_resume(b.registry, "broken.pecs", NULL, &snapshot, NULL), PECS_OK);
        const pecs_view view = pecs_snapshot_view(snapshot);
        const Bag *bag = pecs_get(view, ((pecs_entity){ 0, 1 }), Bag);
        size_t size, count;
        const char *text = pecs_view_string(view, bag->name, &size);
        cr_assert_eq(strlen(text), size);
        (void)pecs_view_blob(view, bag->blob, &size);
        (void)pecs_view_list(view, bag->points, Point, &count);
        cr_assert(size <= 8 && count <= 4, "%d: %zu bytes, %zu points", (int)i, size, count);
        cr_assert_eq(pecs_view_check(view, NULL, NULL, NULL), PECS_E_INVALID);
        pecs_snapshot_release(snapshot);
        free_image(&b.file);
        b.file = read_image("world.pecs");
    }
    end_breaking(&b);
}

/* Many rows: several chunks, whose ends ascend; blocks of rows that threads check. */
static struct breakage begin_with_many(uint32_t row_count, bool with_zeros)
{
    pecs_registry *registry = make_registry(true);
    pecs_world *world;
    Note *notes = calloc(row_count, sizeof(*notes));
    char(*texts)[24] = calloc(row_count, sizeof(*texts));
    cr_assert(notes && texts);
    for (uint32_t i = 0; i < row_count; i++) {
        snprintf(texts[i], sizeof(texts[i]), "the note %u", i);
        notes[i].text = with_zeros && i % 3 == 0 ? (pecs_string){ 0 } : pecs_string_of(texts[i]);
    }
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(Note_component, notes) }, 1, row_count, NULL),
                 PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    free(notes);
    free(texts);
    return breakage_of(registry);
}

static uint32_t chunks_of(const struct breakage *b)
{
    return get32(&b->file, run_record(b, RUN_HEAP, 0) + offsetof(struct run_record, chunk_count));
}

Test(heap, HEAP_1_in_many_chunks)
{
    struct breakage b = begin_with_many(200000, true);
    const uint64_t ends = get64(&b.file, run_record(&b, RUN_HEAP, 0) + offsetof(struct run_record, offset));
    const uint32_t chunks = chunks_of(&b);
    cr_assert(chunks > 8, "%u", chunks);
    for (uint32_t i = 1; i < chunks; i += chunks / 4) {
        put64(&b.file, ends + i * 8, get64(&b.file, ends + (i - 1) * 8) - 8);
        expect_wrong(&b, "HEAP-1", ends + i * 8);
        put64(&b.file, ends + i * 8, get64(&b.file, ends + i * 8) + 4);
        expect_wrong(&b, "HEAP-1", ends + i * 8);
    }
    end_breaking(&b);
}

Test(heap, HEAP_2_in_many_chunks)
{
    struct breakage b = begin_with_many(200000, true);
    const uint64_t ends = get64(&b.file, run_record(&b, RUN_HEAP, 0) + offsetof(struct run_record, offset));
    const uint64_t values = get64(&b.file, run_record(&b, RUN_VALUES, 0) + offsetof(struct run_record, offset));
    const uint32_t chunks = chunks_of(&b), rows = 1u << get32(&b.file, b.file.tables[0] + 8);
    expect_accepted(&b);
    const uint64_t end =
        ends + (chunks - 2) * sizeof(le64); /* a unit more or less: this chunk or its last row is wrong */
    put64(&b.file, end, get64(&b.file, end) + 8);
    expect_wrong(&b, "HEAP-2", end);
    uint64_t last = (uint64_t)(chunks - 1) * rows - 1;
    last -= last % 3 == 0;
    put64(&b.file, end, get64(&b.file, end) - 8);
    expect_wrong(&b, "HEAP-2", values + last * sizeof(Note));
    for (uint64_t row = 199999; row > 100000; row -= 33333)
        put64(&b.file, values + row * sizeof(Note), 1);
    const uint64_t at = values + (199999 - 2 * 33333) * sizeof(Note);
    repair(&b.file);
    write_image(&b.file, "broken.pecs");
    for (uint32_t threads = 0; threads < 9; threads++) {
        pecs_snapshot *snapshot;
        pecs_error error;
        const pecs_load_options options = { .thread_count = threads };
        cr_assert_eq(pecs_snapshot_load(b.registry, "broken.pecs", &options, &snapshot, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "HEAP-2");
        cr_assert_eq(error.offset, at, "%llu, not %llu", (unsigned long long)error.offset, (unsigned long long)at);
    }
    end_breaking(&b);
}

static void put_chunk_shift(struct breakage *b, uint32_t shift)
{
    put32(&b->file, b->file.tables[0] + 8, shift);
    put32(&b->file, b->file.prologue_types + (b->file.tables[0] - b->file.types[0]) + 8, shift);
}

/* One chunk a row: three ends in place of one, in the gap that follows the run. */
static void put_ends(struct breakage *b, uint32_t size, const uint64_t ends[ROW_COUNT])
{
    const uint64_t run = record_of(b, RUN_HEAP, size), offset = bytes_of(b, RUN_HEAP, size);
    const uint64_t bytes = get64(&b->file, run + offsetof(struct run_record, size));
    cr_assert(align_up(bytes, FORMAT_ALIGN) - bytes >= 16);
    memmove(b->file.bytes + offset + 24, b->file.bytes + offset + 8, (size_t)bytes - 8);
    for (uint32_t i = 0; i < ROW_COUNT; i++)
        put64(&b->file, offset + i * sizeof(le64), ends[i]);
    put64(&b->file, run + offsetof(struct run_record, size), bytes + 16);
}

static void put_one_row_a_chunk(struct breakage *b)
{
    put_chunk_shift(b, 0);
    put_ends(b, sizeof(Bag), (const uint64_t[]){ 32, 56, 80 });
    put_ends(b, sizeof(Note), (const uint64_t[]){ 8, 16, 24 });
    for (uint64_t at = b->file.runs; get32(&b->file, at) != RUN_INDEX; at += sizeof(struct run_record))
        if (get32(&b->file, at + offsetof(struct run_record, table)) == 0)
            put32(&b->file, at + offsetof(struct run_record, chunk_count), ROW_COUNT);
}

/* What another writer may choose. */
Test(heap, other_chunks)
{
    struct breakage b = begin_breaking();
    put_chunk_shift(&b, 20);
    expect_accepted(&b);
    put_one_row_a_chunk(&b);
    expect_accepted(&b);
    end_breaking(&b);
}

/* Each chunk has its own rows' contents: an end that is a row early or late. */
Test(heap, HEAP_2_ends_of_chunks)
{
    struct breakage b = begin_breaking();
    const uint64_t ends = bytes_of(&b, RUN_HEAP, sizeof(Bag));
    put_one_row_a_chunk(&b);
    put64(&b.file, ends + 8, 72); /* the second chunk has more than its row */
    expect_wrong(&b, "HEAP-2", ends + 8);
    put_one_row_a_chunk(&b);
    put64(&b.file, ends, 24); /* the first has less */
    expect_wrong(&b, "HEAP-2", place(&b, 0, AT(friends)));
    put_one_row_a_chunk(&b);
    put64(&b.file, ends, 0);
    expect_wrong(&b, "HEAP-2", place(&b, 0, AT(name)));
    end_breaking(&b);
}

/* Of a file VALUE-5 says so. */
Test(heap, an_edit_refuses_zeros_in_strings)
{
    pecs_registry *registry = make_registry(true);
    pecs_world *world;
    const Note empty = { pecs_string_of("") }, zero = { pecs_string_from(PECS_BYTES("a\0b", 3)) };
    const Note ends = { pecs_string_from(PECS_BYTES("ab\0", 3)) }, only = { pecs_string_from(PECS_BYTES("\0", 1)) };
    const Note *const wrong[] = { &zero, &ends, &only };
    pecs_entity entity;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(Note_component, &empty) }, 1, 1, &entity),
                 PECS_OK);
    cr_assert_eq(pecs_get(pecs_world_view(world), entity, Note)->text.reference, 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_ROWS_AS(Note_component, wrong[i]) }, 1),
                     PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_contents(world, entity, Note_component, 0, PECS_BYTES("a\0b", 3)), PECS_E_MISUSE);
    cr_assert_str_eq(
        pecs_view_string(pecs_world_view(world), pecs_get(pecs_world_view(world), entity, Note)->text, NULL), "");
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}
