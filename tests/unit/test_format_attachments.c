/*
 * The rules about attachments: each broken alone in a file whose checksums are right, with the rule's id and the byte
 * offset that the error must have.
 *
 * The sample has the metadata "title" and the attachments "empty", "map" (21 bytes) and "random" (8 bytes).
 */
#define _GNU_SOURCE
#include "format_breaking.h"

PECS_TAG(Here, 1);
static const pecs_type *const types[] = { &Here_type };

TestSuite(attachments, .init = enter_folder, .fini = leave_folder);

static const char map[] = "north, east and south";
static const uint64_t random_state = 0x0123456789abcdef;
enum { MAP_BYTES = sizeof(map) - 1, MAP_UNITS_BYTES = 24, RANDOM_BYTES = sizeof(random_state), RECORD_BYTES = 32 };

static struct breakage begin_breaking(void)
{
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    const pecs_world_options options = { .session_nonce = 0x7005 };
    pecs_registry *registry;
    pecs_world *world;
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, &options, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(world, "title", "Isle"), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "random", PECS_BYTES(&random_state, RANDOM_BYTES)), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES(map, MAP_BYTES)), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "empty", NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

/* Records of the metadata: "title", then the attachments. */
static uint64_t record_of(const struct breakage *b, int attachment)
{
    return b->file.metadata + 32 + (uint64_t)attachment * RECORD_BYTES;
}
/* The entry's value, behind a key of so many bytes. */
static uint64_t size_of(const struct breakage *b, int attachment, uint64_t key_bytes)
{
    return record_of(b, attachment) + sizeof(struct meta_record) + key_bytes;
}
static uint64_t run_of(const struct breakage *b)
{
    return b->file.runs;
}

Test(attachments, the_bytes_of_the_sample)
{
    struct breakage b = begin_breaking();
    const uint64_t bytes = run_offset(&b.file, 0);
    cr_assert_eq(get64(&b.file, 24), 4); /* required_features */
    cr_assert_eq(get32(&b.file, run_of(&b)), RUN_HEAP);
    cr_assert_eq(get64(&b.file, run_of(&b) + offsetof(struct run_record, size)), MAP_UNITS_BYTES + RANDOM_BYTES);
    cr_assert_eq(get32(&b.file, record_of(&b, 0)), META_ATTACHMENT);
    cr_assert_eq(get64(&b.file, size_of(&b, 0, 5)), 0);
    cr_assert_eq(get64(&b.file, size_of(&b, 1, 3)), MAP_BYTES);
    cr_assert_eq(get64(&b.file, size_of(&b, 2, 6)), RANDOM_BYTES);
    cr_assert_eq(memcmp(b.file.bytes + bytes, map, MAP_BYTES + 1), 0);
    cr_assert_eq(get64(&b.file, bytes + MAP_UNITS_BYTES), random_state);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(attachments, META_8_entries_that_hold_no_size)
{
    struct breakage b = begin_breaking();
    put64(&b.file, record_of(&b, 2) + offsetof(struct meta_record, value_size), 9); /* into the zeros behind it */
    expect_repaired(&b, "META-8", record_of(&b, 2));
    static const uint64_t sizes[] = { UINT64_MAX, 1ull << 63, 1ull << 41, (1ull << 41) - 7 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, size_of(&b, 1, 3), sizes[i]);
        expect_repaired(&b, "META-8", record_of(&b, 1));
    }
    put64(&b.file, size_of(&b, 1, 3), (1ull << 41) - 8); /* the next one is too much */
    expect_repaired(&b, "META-8", record_of(&b, 2));
    end_breaking(&b);
}

/* Attachments follow the metadata, and ascend among themselves. */
Test(attachments, META_3_order_of_attachments)
{
    struct breakage b = begin_breaking();
    b.file.bytes[record_of(&b, 1) + sizeof(struct meta_record)] = 'a'; /* "map" becomes "aap", below "empty" */
    expect_repaired(&b, "META-3", record_of(&b, 1));
    put32(&b.file, record_of(&b, 1), META_BYTES); /* behind an attachment */
    expect_repaired(&b, "META-3", record_of(&b, 1));
    end_breaking(&b);
}

Test(attachments, META_7_attachments_without_their_feature)
{
    struct breakage b = begin_breaking();
    put64(&b.file, offsetof(struct file_header, required_features), 0);
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "META-7", record_of(&b, 0));
    end_breaking(&b);
}

Test(attachments, RUN_3_another_size_than_all_attachments)
{
    struct breakage b = begin_breaking();
    put64(&b.file, run_of(&b) + offsetof(struct run_record, size), MAP_UNITS_BYTES);
    expect_repaired(&b, "RUN-3", run_of(&b) + offsetof(struct run_record, first_chunk));
    put64(&b.file, size_of(&b, 2, 6), RANDOM_BYTES + 1);
    expect_repaired(&b, "RUN-3", run_of(&b) + offsetof(struct run_record, first_chunk));
    end_breaking(&b);
}

Test(attachments, RUN_1_a_run_without_attachments)
{
    struct breakage b = begin_breaking();
    put64(&b.file, size_of(&b, 1, 3), 0);
    put64(&b.file, size_of(&b, 2, 6), 0);
    expect_repaired(&b, "RUN-1", run_of(&b));
    end_breaking(&b);
}

Test(attachments, HEAP_3_bytes_that_do_not_end_in_zeros)
{
    struct breakage b = begin_breaking();
    b.file.bytes[run_offset(&b.file, 0) + MAP_BYTES] = 1;
    repair(&b.file);
    expect_of_load(&b, "HEAP-3", run_offset(&b.file, 0));
    b.file.bytes[run_offset(&b.file, 0) + MAP_UNITS_BYTES - 1] = 0x80;
    repair(&b.file);
    expect_of_load(&b, "HEAP-3", run_offset(&b.file, 0));
    end_breaking(&b);
}

/* Every byte of the attachments themselves may be anything. */
Test(attachments, any_bytes)
{
    struct breakage b = begin_breaking();
    for (uint64_t i = 0; i < MAP_BYTES; i++)
        b.file.bytes[run_offset(&b.file, 0) + i] ^= 0xff;
    repair(&b.file);
    expect_accepted(&b);
    end_breaking(&b);
}
