/* What belongs to no part of a file is zero. */
#define _GNU_SOURCE
#include "format_breaking.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>

typedef struct {
    uint8_t low, high;
} Small;
PECS_COMPONENT(Small, 1, low, high);
typedef struct {
    uint32_t number;
} Large;
PECS_COMPONENT(Large, 1, number);

TestSuite(gaps, .init = enter_folder, .fini = leave_folder);

enum { GAP_MAX = 16, ROWS = 3, UNKNOWN_FEATURE = 2 };

struct gap {
    uint64_t begin, end;
};

/* Three rows of two types, two sets of metadata, and two slots that are free: eight parts with gaps between them. */
static struct breakage begin_breaking(void)
{
    pecs_registry *registry;
    pecs_world *world;
    const pecs_type *types[] = { &Small_type, &Large_type };
    const Small smalls[ROWS] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    const Large larges[ROWS] = { { 7 }, { 8 }, { 9 } };
    const pecs_value values[] = { PECS_ROWS_AS(0, smalls), PECS_ROWS_AS(1, larges) };
    const pecs_meta own = { "own", PECS_META_TEXT, "file", 4 };
    const pecs_save_options options = { .skip_sync = true, .metadata = &own, .metadata_count = 1 };
    const pecs_registry_desc desc = { .types = types, .type_count = 2 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, &(pecs_world_options){ .session_nonce = 5 }, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, values, 2, ROWS, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 2, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ { ROWS, 1 }, { ROWS + 1, 1 } }, 2), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(world, "key", "value"), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &options, NULL), PECS_OK);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

/* In the order of the file; gives their number. */
static size_t find_gaps(const struct file_image *file, struct gap gaps[GAP_MAX])
{
    const uint32_t run_count = get32(file, file->prologue + offsetof(struct segment_header, run_count));
    const uint64_t prologue_size = get64(file, file->segments + offsetof(struct segment_record, prologue_size));
    const uint64_t trailer_size = get64(file, file->segments + offsetof(struct segment_record, trailer_size));
    const uint64_t own = align_up(file->commit_end, 64);
    size_t count = 0;
    uint64_t end = file->prologue + prologue_size;
    for (uint32_t i = 0; i < run_count; i++) {
        gaps[count++] = (struct gap){ end, run_offset(file, i) };
        end = run_offset(file, i) +
              get64(file, file->runs + i * sizeof(struct run_record) + offsetof(struct run_record, size));
    }
    gaps[count++] = (struct gap){ end, file->trailer };
    gaps[count++] = (struct gap){ file->trailer + trailer_size, file->commit };
    gaps[count++] = (struct gap){ file->commit_end, own };
    gaps[count++] = (struct gap){ own + get64(file, file->footer + offsetof(struct file_footer, file_metadata_size)),
                                  file->footer };
    return count;
}

Test(gaps, the_sample_has_one_before_each_part)
{
    struct breakage b = begin_breaking();
    struct gap gaps[GAP_MAX];
    const size_t count = find_gaps(&b.file, gaps);
    cr_assert_eq(count, 8);
    for (size_t i = 0; i < count; i++) {
        cr_assert_lt(gaps[i].begin, gaps[i].end, "gap %zu", i);
        for (uint64_t at = gaps[i].begin; at < gaps[i].end; at++)
            cr_assert_eq(b.file.bytes[at], 0);
    }
    expect_accepted(&b);
    end_breaking(&b);
}

/* Also where a hash covers the gap, and is right. */
Test(gaps, GAP_1_first_and_last_byte_of_each)
{
    struct breakage b = begin_breaking();
    struct gap gaps[GAP_MAX];
    const size_t count = find_gaps(&b.file, gaps);
    for (size_t i = 0; i < count; i++) {
        b.file.bytes[gaps[i].begin] = 1;
        repair(&b.file);
        expect_of_load(&b, "GAP-1", gaps[i].begin);
        b.file.bytes[gaps[i].end - 1] = 0x80;
        repair(&b.file);
        expect_of_load(&b, "GAP-1", gaps[i].end - 1);
    }
    end_breaking(&b);
}

Test(gaps, GAP_1_the_first_of_several)
{
    struct breakage b = begin_breaking();
    struct gap gaps[GAP_MAX];
    const size_t count = find_gaps(&b.file, gaps);
    memset(b.file.bytes + gaps[count - 1].begin, 0xff, 8);
    b.file.bytes[gaps[2].begin + 3] = b.file.bytes[gaps[2].begin + 7] = 9;
    repair(&b.file);
    expect_of_load(&b, "GAP-1", gaps[2].begin + 3);
    end_breaking(&b);
}

/* Moves all from the prologue's start on by `size` bytes, as another writer may have it. */
static void move_prologue(struct file_image *file, uint64_t size)
{
    const uint64_t prologue_size = get64(file, file->segments + offsetof(struct segment_record, prologue_size));
    cr_assert_leq(file->prologue + prologue_size + size, file->data);
    memmove(file->bytes + file->prologue + size, file->bytes + file->prologue, prologue_size);
    memset(file->bytes + file->prologue, 0, size);
    file->prologue = file->parts[0].prologue += size;
    put64(file, file->segments, file->prologue);
}

Test(gaps, GAP_1_before_the_prologue)
{
    struct breakage b = begin_breaking();
    move_prologue(&b.file, 128);
    expect_accepted(&b);
    move_prologue(&b.file, 128);
    b.file.bytes[100] = 1;
    repair(&b.file);
    expect_of_load(&b, "GAP-1", 100);
    end_breaking(&b);
}

/* Its data may begin with a gap, and end with one. */
Test(gaps, GAP_1_at_the_ends_of_the_data)
{
    struct breakage b = begin_breaking();
    const uint64_t last = b.file.runs + 3 * sizeof(struct run_record) + offsetof(struct run_record, offset);
    const uint64_t size = b.file.prologue + offsetof(struct segment_header, data_size);
    const uint64_t old_size = get64(&b.file, size), index = get64(&b.file, last);
    /* the data of a longer size ends where the trailer begins, or the first run, which begins there, lies behind it */
    put64(&b.file, size, b.file.trailer - b.file.data);
    b.file.parts[0].data_end = b.file.trailer;
    cr_assert_gt(b.file.trailer - b.file.data, old_size);
    expect_accepted(&b);
    put64(&b.file, size, b.file.trailer - b.file.data);
    b.file.parts[0].data_end = b.file.trailer;
    b.file.bytes[b.file.trailer - 1] = 1;
    repair(&b.file);
    cr_assert_eq(get64(&b.file, last), index);
    expect_of_load(&b, "GAP-1", b.file.trailer - 1);
    end_breaking(&b);
}

/* What a bit brings that this reader does not know lies there. */
Test(gaps, an_unknown_optional_feature_may_use_them)
{
    struct breakage b = begin_breaking();
    struct gap gaps[GAP_MAX];
    const size_t count = find_gaps(&b.file, gaps);
    pecs_info *info;
    static const pecs_id none;
    for (size_t i = 0; i < count; i++)
        memset(b.file.bytes + gaps[i].begin, 0xa5, gaps[i].end - gaps[i].begin);
    memset(b.file.bytes + b.file.commit + offsetof(struct commit_header, parent_id), 7, sizeof(none));
    put64(&b.file, offsetof(struct file_header, optional_features), FEATURE_FILE_METADATA | UNKNOWN_FEATURE);
    expect_accepted(&b);
    cr_assert_eq(pecs_file_info("changed.pecs", NULL, NULL, &info, NULL), PECS_OK);
    cr_assert_eq(info->optional_features, FEATURE_FILE_METADATA | UNKNOWN_FEATURE);
    cr_assert_eq(memcmp(&info->parent_id, &none, sizeof(none)), 0, "whose bytes these are is not known");
    pecs_info_destroy(info);
    end_breaking(&b);
}

Test(gaps, GAP_1_is_verified_of_a_resumed_file)
{
    struct breakage b = begin_breaking();
    struct gap gaps[GAP_MAX];
    const size_t count = find_gaps(&b.file, gaps);
    pecs_snapshot *snapshot;
    cr_assert_eq(pecs_snapshot_resume(b.registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    for (size_t i = 0; i < count; i++) {
        pecs_error error = { .message = "" };
        if (gaps[i].begin >= b.file.data && gaps[i].end <= b.file.data_end)
            continue; /* hashed, too: DATA-1 */
        FILE *file = fopen("world.pecs", "r+b");
        cr_assert_eq(fseek(file, (long)gaps[i].begin, SEEK_SET), 0);
        fputc(1, file);
        cr_assert_eq(fclose(file), 0);
        cr_assert_eq(pecs_snapshot_resume(b.registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
        cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "GAP-1");
        cr_assert_eq(error.offset, gaps[i].begin);
        pecs_snapshot_release(snapshot);
        write_image(&b.file, "world.pecs");
    }
    end_breaking(&b);
}
