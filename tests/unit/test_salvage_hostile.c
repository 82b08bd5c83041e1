/* Salvage of files that lie: their hashes are right, and what they say of their rows is not. */
#define _GNU_SOURCE
#include "codec.h"
#include "profiles_suite.h"
#include "row_stream_fixture.h"
#include "segment_fixture.h"

#include <pecs/salvage.h>

static pecs_error error;

TestSuite(salvage_hostile, .init = set_up, .fini = strike, .timeout = 60);

static pecs_status salvage(const struct file_bytes *file, pecs_salvage_report *report)
{
    const pecs_salvage_options options = { .skip_sync = true, .allocator = &counting_hooks };
    write_bytes("broken", file->bytes, file->size);
    return pecs_salvage("broken", "saved", &options, report, &error);
}

static void expect_saved(const struct file_bytes *file, uint64_t count)
{
    pecs_salvage_report report = { .entity_count = 0 };
    cr_assert_eq(salvage(file, &report), count ? PECS_OK : PECS_E_CORRUPT, "%s", error.message);
    cr_assert_eq(report.entity_count, count, "%llu", (unsigned long long)report.entity_count);
}

enum { NAMED = 501, NAMES = 0, PADDED = 1, POSITIONS = 2 };

static void add_rows(pecs_stream *stream, const pecs_value *values, size_t value_count, size_t row_count)
{
    const pecs_rows rows = { .values = values, .value_count = value_count, .row_count = row_count };
    cr_assert_eq(pecs_stream_add(stream, &rows, NULL, &error), PECS_OK, "%s", error.message);
}

/* Names, positions and padded values of one table, in segment 1; or in segment 2, if there are so many teams before
 * that they fill one. */
static struct file_bytes stream_named(pecs_profile profile, size_t before)
{
    static char texts[NAMED][16];
    static pecs_bytes parts[NAMED];
    static Name names[NAMED];
    static Position positions[NAMED];
    static Padded padded[NAMED];
    const pecs_stream_options options = { .skip_sync = true, .profile = profile };
    pecs_stream *stream;
    must(pecs_stream_create(registry, "file", &options, &stream, &error) == PECS_OK);
    void *teams = rows_of((before + 1) * sizeof(Team));
    if (before)
        add_rows(stream, (pecs_value[]){ { Team_component, sizeof(Team), teams } }, 1, before);
    free(teams);
    for (size_t i = 0; i < NAMED; i++) {
        snprintf(texts[i], sizeof(texts[i]), "name %010zu", i);
        parts[i] = (pecs_bytes){ texts[i], 15 };
        names[i] = (Name){ i, pecs_string_from(&parts[i]) };
        positions[i] = (Position){ .x = (float)i };
    }
    const pecs_value values[] = { { Name_component, sizeof(*names), names },
                                  { Position_component, sizeof(*positions), positions },
                                  { Padded_component, sizeof(*padded), padded } };
    add_rows(stream, values, 3, NAMED);
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
    return read_bytes("file");
}

/* --- what they say --- */

Test(salvage_hostile, the_records_are_those_that_count)
{
    const struct file_bytes file = stream_named(PECS_PROFILE_FAST, 0);
    expect_saved(&file, NAMED);
    free(file.bytes);
}

Test(salvage_hostile, contents_have_no_filter)
{
    const struct file_bytes file = stream_named(PECS_PROFILE_FAST, 0);
    const struct prologue prologue = prologue_of(&file, 1);
    struct block_record *heap = block_record_of(&prologue, RUN_HEAP, 0, 0);
    must(le32_load(heap->codec) == CODEC_ZSTD);
    for (uint32_t kind = 0; kind < FILTER_COUNT; kind++) {
        for (uint32_t stride = 0; stride < 12; stride += 4) {
            heap->filter = le32_make(kind);
            heap->stride = le32_make(stride);
            seal_prologue(&prologue);
            expect_saved(&file, kind || stride ? 0 : NAMED);
        }
    }
    free(file.bytes);
}

/* A block of 501 positions, of 12 bytes each, is said to be of values that have 24. */
Test(salvage_hostile, a_block_has_whole_rows)
{
    const struct file_bytes file = stream_named(PECS_PROFILE_FAST, 0);
    const struct prologue prologue = prologue_of(&file, 1);
    struct block_record *positions = block_record_of(&prologue, RUN_VALUES, 0, POSITIONS);
    struct block_record *padded = block_record_of(&prologue, RUN_VALUES, 0, PADDED);
    const le32 type = padded->type;
    must(le64_load(positions->full_size) % sizeof(Padded) != 0 && le32_load(positions->codec) == CODEC_ZSTD);
    padded->type = positions->type;
    positions->type = type;
    padded->filter = padded->stride = le32_make(0);
    for (uint32_t kind = 0; kind < FILTER_COUNT; kind++) {
        positions->filter = le32_make(kind);
        positions->stride = le32_make(kind ? sizeof(Padded) : 0);
        seal_prologue(&prologue);
        expect_saved(&file, 0);
    }
    free(file.bytes);
}

Test(salvage_hostile, no_two_runs_share_bytes)
{
    const struct file_bytes file = stream_named(PECS_PROFILE_OFF, 0);
    const struct prologue prologue = prologue_of(&file, 1);
    struct block_record *handles = block_record_of(&prologue, RUN_HANDLES, 0, 0);
    struct block_record *positions = block_record_of(&prologue, RUN_VALUES, 0, POSITIONS);
    const le64 was = positions->offset;
    expect_saved(&file, NAMED);
    positions->offset = handles->offset;
    seal_prologue(&prologue);
    expect_saved(&file, 0);
    positions->offset = le64_make(le64_load(was) + 4); /* and each begins at a multiple of FORMAT_ALIGN */
    positions->size = positions->full_size = le64_make(le64_load(positions->size) - 12);
    seal_prologue(&prologue);
    expect_saved(&file, 0);
    free(file.bytes);
}

/*
 * When the segment before is lost, the first contents of a run show where its heap begins: but those of its first row
 * only. Here another column has no first row.
 */
Test(salvage_hostile, contents_are_not_those_of_another_row)
{
    const struct file_bytes file = stream_named(PECS_PROFILE_OFF, 1000000);
    pecs_snapshot *saved;
    const struct prologue lost = prologue_of(&file, 1), prologue = prologue_of(&file, 2);
    struct block_record *positions = block_record_of(&prologue, RUN_VALUES, 1, POSITIONS);
    const uint32_t teams = le32_load(block_record_of(&prologue, RUN_HANDLES, 0, 0)->count);
    lost.bytes[0] ^= 1;
    for (uint32_t missing = 0; missing < 3; missing++) {
        positions->first = le32_make(missing);
        positions->count = le32_make(NAMED - missing);
        seal_prologue(&prologue);
        pecs_salvage_report report;
        cr_assert_eq(salvage(&file, &report), PECS_OK, "%s", error.message);
        cr_assert_eq(report.entity_count, teams + (missing ? 0 : NAMED), "%u: %llu", missing,
                     (unsigned long long)report.entity_count);
        must(pecs_snapshot_load(registry, "saved", NULL, &saved, &error) == PECS_OK);
        pecs_snapshot_release(saved);
    }
    free(file.bytes);
}

/* Records of slots far away: the new index would have 800 MB. */
Test(salvage_hostile, an_index_has_no_more_than_max_bytes)
{
    const struct file_bytes file = stream_named(PECS_PROFILE_OFF, 0);
    const struct prologue prologue = prologue_of(&file, 1);
    struct block_record *index = block_record_of(&prologue, RUN_INDEX, FORMAT_NONE, 0);
    index->first = le32_make(50 * 1000 * 1000);
    seal_prologue(&prologue);
    pecs_salvage_options options = { .skip_sync = true, .allocator = &counting_hooks, .max_bytes = NAMED * 16 };
    write_bytes("broken", file.bytes, file.size);
    cr_assert_eq(pecs_salvage("broken", "saved", &options, NULL, &error), PECS_E_LIMIT);
    index->first = le32_make(0);
    seal_prologue(&prologue);
    write_bytes("broken", file.bytes, file.size);
    cr_assert_eq(pecs_salvage("broken", "saved", &options, NULL, &error), PECS_OK, "%s", error.message);
    options.max_bytes--;
    cr_assert_eq(pecs_salvage("broken", "saved", &options, NULL, &error), PECS_E_LIMIT);
    free(file.bytes);
}

/* Prologues at every multiple of 64, each of which says that it has the rest of the file: 16 MiB times 262,144. */
Test(salvage_hostile, false_prologues_cost_no_more_than_the_file)
{
    const size_t size = 16 * 1024 * 1024;
    struct file_bytes file = stream_named(PECS_PROFILE_OFF, 0);
    uint8_t *bytes = calloc(1, size);
    memcpy(bytes, file.bytes, sizeof(struct file_header));
    for (size_t at = sizeof(struct file_header); at < size; at += FORMAT_ALIGN) {
        struct segment_header header = { .magic = FORMAT_SEGMENT_MAGIC, .size = le64_make(size - at) };
        memcpy(bytes + at, &header, sizeof(header));
    }
    free(file.bytes);
    file = (struct file_bytes){ bytes, size };
    cr_assert_eq(salvage(&file, NULL), PECS_E_CORRUPT);
    free(bytes);
}

/* --- contents that several rows have --- */

enum { SOME_TEXTS = 4000 /* a block */, TEXTS = 9000, LONG_TEXT = 250 * 1000 };

/* Names in one segment. The first one is long, all others have 5 bytes. */
static struct file_bytes stream_texts(pecs_profile profile, size_t count)
{
    static char text[LONG_TEXT];
    static Name names[TEXTS];
    const pecs_stream_options options = { .skip_sync = true, .profile = profile };
    pecs_stream *stream;
    memset(text, 'x', sizeof(text));
    names[0].text = pecs_string_from(&(pecs_bytes){ text, sizeof(text) });
    for (size_t i = 1; i < count; i++)
        names[i] = (Name){ i, pecs_string_of("short") };
    must(pecs_stream_create(registry, "file", &options, &stream, &error) == PECS_OK);
    add_rows(stream, (pecs_value[]){ { Name_component, sizeof(*names), names } }, 1, count);
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
    return read_bytes("file");
}

static void point_to(uint8_t *rows, size_t row, size_t other)
{
    memcpy(rows + row * sizeof(Name) + offsetof(Name, text), rows + other * sizeof(Name) + offsetof(Name, text),
           sizeof(pecs_string));
}

/* All rows get the reference of the first. */
static void point_all_to_first(const struct file_bytes *file)
{
    const struct prologue prologue = prologue_of(file, 1);
    struct block_record *block = block_record_of(&prologue, RUN_VALUES, 0, 0);
    const size_t size = (size_t)le64_load(block->full_size), room = (size_t)le64_load(block->size);
    const bool is_raw = le32_load(block->codec) == CODEC_RAW;
    uint8_t *stored = file->bytes + le64_load(block->offset), *rows = is_raw ? stored : malloc(size);
    const struct codec_filter filter = { le32_load(block->filter), le32_load(block->stride) };
    struct pool *pool = pool_create(&counting_hooks);
    struct codec *codec = codec_create(pool);
    size_t new_size = size;
    must(le32_load(block->count) == SOME_TEXTS && size == SOME_TEXTS * sizeof(Name));
    must(is_raw || codec_decompress(codec, filter, stored, room, rows, size) == PECS_OK);
    for (size_t i = 1; i < SOME_TEXTS; i++)
        point_to(rows, i, 0);
    must(is_raw || codec_compress(codec, 9, filter, rows, size, stored, room, &new_size) == PECS_OK);
    must(new_size);
    block->size = le64_make(new_size);
    if (!is_raw)
        free(rows);
    codec_destroy(codec);
    pool_destroy(pool);
    seal_prologue(&prologue);
    seal_data(file, &prologue);
}

/* Otherwise the result would have 1 GB. */
Test(salvage_hostile, rows_that_share_contents_are_lost_but_for_the_first)
{
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_SMALL; profile++) {
        const struct file_bytes file = stream_texts((pecs_profile)profile, SOME_TEXTS);
        const uint64_t held = 600 * 1000;
        pecs_salvage_options options = { .skip_sync = true, .allocator = &counting_hooks, .max_bytes = held };
        pecs_salvage_report report;
        pecs_snapshot *saved;
        point_all_to_first(&file);
        write_bytes("broken", file.bytes, file.size);
        const uint64_t before = counting.peak_bytes = counting.live_bytes;
        cr_assert_eq(pecs_salvage("broken", "saved", &options, &report, &error), PECS_OK, "%s", error.message);
        must(report.entity_count == 1 && report.lost_entity_count == SOME_TEXTS - 1 && !report.lost_bytes);
        cr_assert_lt(counting.peak_bytes - before, 3 * held + file.size, "%d: %llu", profile,
                     (unsigned long long)(counting.peak_bytes - before));
        must(pecs_snapshot_load(registry, "saved", NULL, &saved, &error) == PECS_OK);
        must(strlen(name_of(pecs_snapshot_view(saved), (pecs_entity){ 0, 1 })) == LONG_TEXT);
        pecs_snapshot_release(saved);
        free(file.bytes);
    }
}

/* Which of the rows are left, when row 5000, of the second batch, has the contents of another. */
static void expect_lost(const struct file_bytes *file, size_t other, size_t first_lost, size_t lost_count)
{
    pecs_salvage_report report;
    pecs_snapshot *saved;
    const struct prologue prologue = prologue_of(file, 1);
    uint8_t *rows = file->bytes + le64_load(block_record_of(&prologue, RUN_VALUES, 0, 0)->offset);
    point_to(rows, 5000, other);
    seal_data(file, &prologue);
    cr_assert_eq(salvage(file, &report), PECS_OK, "%s", error.message);
    cr_assert_eq(report.lost_entity_count, lost_count, "%llu", (unsigned long long)report.lost_entity_count);
    must(pecs_snapshot_load(registry, "saved", NULL, &saved, &error) == PECS_OK);
    for (size_t i = 0; i < TEXTS; i++)
        must(pecs_view_alive(pecs_snapshot_view(saved), (pecs_entity){ (uint32_t)i, 1 }) ==
             (i < first_lost || i >= first_lost + lost_count));
    pecs_snapshot_release(saved);
}

Test(salvage_hostile, contents_lie_in_the_order_of_rows)
{
    const struct file_bytes file = stream_texts(PECS_PROFILE_OFF, TEXTS);
    expect_lost(&file, 5000, 0, 0);
    expect_lost(&file, 10, 5000, 1);   /* of the batch before */
    expect_lost(&file, 4999, 5000, 1); /* of the row before */
    expect_lost(&file, 5009, 5001, 9); /* of one behind: then those up to it come too late */
    free(file.bytes);
}

/* Of the two labels of a row, the second has the first one's contents. */
Test(salvage_hostile, members_of_a_row_do_not_share_contents)
{
    const pecs_stream_options options = { .skip_sync = true };
    const Bag bags[3] = { { .labels = { pecs_string_of("one"), pecs_string_of("two") } },
                          { .labels = { pecs_string_of("one"), pecs_string_of("two") } },
                          { .labels = { pecs_string_of("one"), pecs_string_of("two") } } };
    pecs_stream *stream;
    must(pecs_stream_create(registry, "file", &options, &stream, &error) == PECS_OK);
    add_rows(stream, (pecs_value[]){ PECS_ROWS_AS(Bag_component, bags) }, 1, 3);
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
    const struct file_bytes file = read_bytes("file");
    const struct prologue prologue = prologue_of(&file, 1);
    uint8_t *row = file.bytes + le64_load(block_record_of(&prologue, RUN_VALUES, 0, 0)->offset) + sizeof(Bag);
    expect_saved(&file, 3);
    memcpy(row + offsetof(Bag, labels[1]), row + offsetof(Bag, labels[0]), sizeof(pecs_string));
    seal_data(&file, &prologue);
    expect_saved(&file, 2);
    free(file.bytes);
}

/* --- tables of wide rows --- */

enum { LINK_COUNT = 1024 * 1024 };

typedef struct {
    pecs_entity links[LINK_COUNT];
} Far;
PECS_COMPONENT(Far, 1, links);
PECS_TYPES(far, Far);

/* A few bytes say that a row has 8 MiB, of which none is there. */
Test(salvage_hostile, rows_that_are_not_there_take_no_memory)
{
    pecs_registry *own = make_registry(far_types, far_type_count, counting_hooks);
    pecs_world *world = world_of(own, NULL, 0);
    const pecs_entity gone = spawn_one(world, (pecs_value[]){ { Far_component, sizeof(Far), NULL } }, 1);
    (void)spawn_one(world, NULL, 0);
    must(pecs_world_despawn(world, &gone, 1) == PECS_OK);
    save_world(world, "file");
    pecs_world_destroy(world);
    pecs_registry_release(own);
    const struct file_bytes file = read_bytes("file");
    const uint64_t before = counting.peak_bytes = counting.live_bytes;
    expect_saved(&file, 1);
    cr_assert_lt(counting.peak_bytes - before, 16 * file.size, "%llu",
                 (unsigned long long)(counting.peak_bytes - before));
    free(file.bytes);
}
