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

/* What is refused. */

enum refused { SPAWN, SET, SET_MANY, SET_SINGLETON, REFUSED_COUNT };

/* Gives a blob of 1 MiB and some small contents, and then a string that is none. */
static pecs_status give_wrong(enum refused how, pecs_entity entity)
{
    static const uint8_t bytes[BLOB_BYTES];
    const Bag wrong = { .bytes = pecs_blob_of(PECS_BYTES(bytes, BLOB_BYTES)),
                        .labels = { pecs_string_of("small"), pecs_string_from(PECS_BYTES("\xff", 1)) } };
    const pecs_value value = { Bag_component, sizeof(wrong), &wrong };
    switch (how) {
    case SPAWN:
        return pecs_world_spawn(world, &value, 1, 1, NULL);
    case SET:
        return pecs_world_set(world, entity, &value, 1);
    case SET_MANY:
        return pecs_world_set_many(world, &entity, 1, &value, 1);
    default:
        return pecs_world_set_singleton(world, Bag_component, sizeof(wrong), &wrong);
    }
}

Test(contents_costs, what_is_refused_takes_no_memory)
{
    const uint32_t page_bytes = 256 * 1024; /* of the heap: what is placed ends in the middle of it, and at its end */
    const pecs_entity entity = spawn_bag(world, &(Bag){ .labels = { pecs_string_of("kept") } });
    for (int how = 0; how < REFUSED_COUNT; how++)
        for (uint32_t fill = 0; fill < 3; fill++) {
            const uint64_t before = counting.live_bytes;
            for (int i = 0; i < 20; i++) {
                cr_assert_neq(give_wrong((enum refused)how, entity), PECS_OK);
                cr_assert_leq(counting.live_bytes, before + 2 * BLOB_BYTES + page_bytes, "%d, call %d", how, i);
            }
            cr_assert_leq(counting.live_bytes, before + 2 * page_bytes, "%d", how);
            spawn_bag(world, &(Bag){ .labels = { pecs_string_of("one more"), pecs_string_of("and another") },
                                     .bytes = pecs_blob_of(PECS_BYTES(moods, fill)) });
            check_contents(world);
        }
    cr_assert_str_eq(pecs_view_string(view(), pecs_get(view(), entity, Bag)->labels[0], NULL), "kept");
    const pecs_entity large = spawn_large();
    must(blob_of(view(), large)[5] == 7);
    cr_assert_null(pecs_get_singleton(view(), Bag));
}

/* Refused edits and others take turns, with the heap at any place in its pages. */
Test(contents_costs, what_is_refused_leaves_what_is_kept)
{
    enum { COUNT = 3000 };
    static pecs_entity entities[COUNT];
    char text[400];
    memset(text, 'k', sizeof(text));
    for (uint32_t i = 0; i < COUNT; i++) {
        const pecs_bytes good = { text, mix_u64(i) % sizeof(text) }, bad = { "\xff", 1 };
        pecs_bytes many[9];
        Name names[9] = { { 0, pecs_string_from(&good) } };
        const size_t rows = 1 + mix_u64(~(uint64_t)i) % 8;
        entities[i] = spawn_one(world, (pecs_value[]){ PECS_ROWS(Name, names) }, 1);
        for (size_t k = 0; k < rows; k++) {
            many[k] = (pecs_bytes){ text, mix_u64(i + k) % sizeof(text) };
            names[k] = (Name){ k, pecs_string_from(&many[k]) };
        }
        names[rows] = (Name){ rows, pecs_string_from(&bad) };
        const pecs_value value = { Name_component, sizeof(Name), names };
        cr_assert_neq(pecs_world_spawn(world, &value, 1, rows + 1, NULL), PECS_OK);
        if (i % 500 == 0)
            check_contents(world);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        size_t size;
        const char *kept = pecs_view_string(view(), pecs_get(view(), entities[i], Name)->text, &size);
        cr_assert(size == mix_u64(i) % sizeof(text) && memcmp(kept, text, size) == 0, "%u", i);
    }
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
