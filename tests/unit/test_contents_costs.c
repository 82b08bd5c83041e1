/* What strings, blobs and lists cost: bytes that edits copy, and bytes of files. */
#define _GNU_SOURCE
#include "one_contents_fixture.h"

enum { BLOB_BYTES = 1 << 20 };

TestSuite(contents_costs, .init = set_up, .fini = strike);

/* Copies. */

static pecs_entity spawn_large(void)
{
    uint8_t *bytes = malloc(BLOB_BYTES);
    must(bytes != NULL);
    memset(bytes, 7, BLOB_BYTES);
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES(bytes, BLOB_BYTES)) });
    free(bytes);
    return entity;
}

static const uint8_t *blob_of(pecs_view view, pecs_entity entity)
{
    size_t size;
    const uint8_t *bytes = pecs_view_blob(view, pecs_get(view, entity, Bag)->bytes, &size);
    cr_assert(size == BLOB_BYTES && bytes[0] == 7 && bytes[BLOB_BYTES - 1] == 7);
    return bytes;
}

Test(contents_costs, a_tag_copies_no_blob)
{
    const pecs_entity entity = spawn_large();
    const uint8_t *bytes = blob_of(pecs_world_view(world), entity);
    cr_assert_eq(pecs_add(world, entity, Frozen), PECS_OK);
    cr_assert_eq(blob_of(pecs_world_view(world), entity), bytes);
    cr_assert_eq(pecs_world_copied_bytes(world), 0, "no snapshot shares anything");
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_remove(world, entity, Frozen), PECS_OK);
    cr_assert_eq(blob_of(pecs_world_view(world), entity), bytes);
    cr_assert_eq(blob_of(pecs_snapshot_view(snapshot), entity), bytes);
    cr_assert_leq(pecs_world_copied_bytes(world), 256, "a few values and no contents");
    pecs_snapshot_release(snapshot);
    check_contents(world);
}

Test(contents_costs, a_set_of_another_row_copies_no_blob)
{
    const pecs_entity entity = spawn_large(), other = spawn_bag(world, &(Bag){ .labels = { pecs_string_of("old") } });
    const uint8_t *bytes = blob_of(pecs_world_view(world), entity);
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_set(world, other, Bag, { .labels = { pecs_string_of("new") } }), PECS_OK);
    cr_assert_leq(pecs_world_copied_bytes(world), 256, "a few values and no contents");
    cr_assert_eq(blob_of(pecs_world_view(world), entity), bytes);
    cr_assert_eq(blob_of(pecs_snapshot_view(snapshot), entity), bytes);
    pecs_snapshot_release(snapshot);
    check_contents(world);
}

/* Files. */

enum { ROUNDS = 500, NAME_COUNT = 40 * ROUNDS };

/* The size of a file of entities whose strings have 1 to 40 bytes in turn, or none. */
static size_t size_of_file(bool is_empty)
{
    pecs_world *named = make_world(registry, NULL);
    char text[41];
    for (uint32_t i = 0; i < NAME_COUNT; i++) {
        memset(text, 'a', 40);
        text[is_empty ? 0 : 1 + i % 40] = 0;
        spawn_name(named, text);
    }
    save_world(named, "names");
    pecs_world_destroy(named);
    const struct file_bytes file = read_bytes("names");
    free(file.bytes);
    return file.size;
}

/* A zero follows each, and the next one begins at a multiple of 8. Sections of a file begin at pages. */
Test(contents_costs, a_string_in_a_file_takes_8_bytes_more_at_most)
{
    enum {
        BYTES = ROUNDS * 820,                                              /* 1 + 2 + ... + 40 */
        UNITS = ROUNDS * (7 * 8 + 8 * 16 + 8 * 24 + 8 * 32 + 8 * 40 + 48), /* of 1 to 7, 8 to 15 ... bytes */
        PAGE = 4096,
    };
    const size_t empty = size_of_file(true), full = size_of_file(false);
    cr_assert_gt(full, empty + BYTES);
    cr_assert_leq(full - empty, BYTES + 8 * NAME_COUNT);
    cr_assert(full + PAGE > empty + UNITS && full < empty + UNITS + PAGE, "%zu and %zu bytes", empty, full);
}
