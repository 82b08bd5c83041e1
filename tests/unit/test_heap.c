/* The heap of a state: where appended contents lie, who shares them, and how they move to another space. */
#include "one_contents_fixture.h"

TestSuite(heap, .init = set_up, .fini = strike);

Test(heap, references_have_space_unit_and_size)
{
    const uint64_t reference = reference_make(1, HEAP_UNITS_MAX - 1, 5);
    cr_assert(reference_space(reference) == 1 && reference_unit(reference) == HEAP_UNITS_MAX - 1);
    cr_assert(!reference_is_given(reference) && reference >> 40 == 5);
    cr_assert_eq(reference_make(0, 3, 5), (uint64_t)5 << 40 | 3 << 2);
    cr_assert_eq(reference_make(0, 0, HEAP_LONG) >> 40, HEAP_LONG);
    cr_assert_eq(reference_make(0, 0, (uint64_t)1 << 50) >> 40, HEAP_LONG);
    cr_assert(reference_is_given(pecs_string_of("x").reference));
}

Test(heap, units_of_contents)
{
    static const struct {
        uint64_t size_bytes, blob_units, string_units;
    } rows[] = { { 0, 0, 0 },
                 { 1, 1, 1 },
                 { 7, 1, 1 },
                 { 8, 1, 2 },
                 { 9, 2, 2 },
                 { 16, 2, 3 },
                 { HEAP_LONG - 1, 0x1fffff + 1, 0x1fffff + 1 },
                 { HEAP_LONG, 0x200000 + 1, 0x200000 + 1 },
                 { HEAP_LONG + 1, 0x200000 + 1, 0x200000 + 2 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(contents_units(rows[i].size_bytes, false), rows[i].blob_units, "row %zu", i);
        cr_assert_eq(contents_units(rows[i].size_bytes, true), rows[i].string_units, "row %zu", i);
    }
}

static struct heap *own_heap(void)
{
    struct heap *heap;
    cr_assert_eq(edit_own_state(world), PECS_OK);
    cr_assert_eq(state_own_heap(&world->gate, world->state, &heap), PECS_OK);
    return heap;
}

static uint64_t append(struct heap *heap, const void *bytes, uint64_t size_bytes, bool is_string)
{
    uint8_t *to;
    uint64_t reference, size;
    cr_assert_eq(heap_append(&world->gate, heap, bytes, size_bytes, is_string, &to, &reference), PECS_OK);
    cr_assert_eq((const uint8_t *)to, heap_find(heap, reference, &size));
    cr_assert_eq(size, size_bytes);
    return reference;
}

/* One after another; none over the end of a page; large ones at the start of one. */
Test(heap, contents_lie_in_one_page)
{
    static uint8_t bytes[300 * 1024];
    struct heap *heap = own_heap();
    cr_assert_eq(reference_unit(append(heap, "abc", 3, true)), 0);
    cr_assert_eq(reference_unit(append(heap, "12345678", 8, false)), 1);
    cr_assert_eq(reference_unit(append(heap, "12345678", 8, true)), 2);
    cr_assert_eq(reference_unit(append(heap, bytes, HEAP_LARGE_BYTES, false)), HEAP_PAGE_UNITS);
    cr_assert_eq(reference_unit(append(heap, "x", 1, false)), 2 * HEAP_PAGE_UNITS, "large contents share no page");
    cr_assert_eq(reference_unit(append(heap, bytes, sizeof(bytes), false)), 3 * HEAP_PAGE_UNITS);
    uint64_t unit = 5 * HEAP_PAGE_UNITS;
    for (int i = 0; i < 20; i++) {
        const uint64_t found = reference_unit(append(heap, bytes, 60000, false));
        const bool fits = unit % HEAP_PAGE_UNITS + 7500 <= HEAP_PAGE_UNITS;
        unit = fits ? unit : align_up(unit, HEAP_PAGE_UNITS);
        cr_assert_eq(found, unit);
        unit += 7500;
    }
    uint64_t size;
    cr_assert_null(heap_find(heap, 0, &size));
    cr_assert_null(heap_find(NULL, reference_make(0, 0, 3), &size));
    cr_assert_eq(size, 0);
}

Test(heap, a_full_space_is_a_limit)
{
    struct heap *heap = own_heap();
    uint8_t *to;
    uint64_t reference;
    heap->spaces[0].unit_count = HEAP_UNITS_MAX;
    cr_assert_eq(heap_append(&world->gate, heap, "x", 1, false, &to, &reference), PECS_E_LIMIT);
    cr_assert_eq(pecs_spawn(world, NULL, PECS_VALUE(Name, 1, pecs_string_of("x"))), PECS_E_LIMIT);
    cr_assert_str_eq(pecs_world_error(world)->message, "the heap of strings, blobs and lists is full");
    heap->spaces[0].unit_count = 0;
}

/* What a snapshot shares is copied before it is written, page by page. */
Test(heap, writing_in_place_copies_a_shared_page)
{
    uint64_t size;
    struct heap *heap = own_heap();
    const uint64_t first = append(heap, "shared", 6, false);
    pecs_snapshot *snapshot = take(world);
    heap = own_heap();
    uint8_t *bytes;
    cr_assert_eq(heap_own_contents(&world->gate, heap, first, &bytes), PECS_OK);
    cr_assert_eq((const uint8_t *)bytes, heap_find(heap, first, &size));
    cr_assert_neq((const uint8_t *)bytes, heap_find(state_heap(snapshot), first, &size));
    bytes[0] = 'S';
    const uint64_t second = append(heap, "new", 3, false);
    cr_assert_eq(heap_find(state_heap(snapshot), first, &size)[0], 's');
    cr_assert_null(heap_find(state_heap(snapshot), second, &size), "the snapshot ends where it ended");
    cr_assert_eq(memcmp(heap_find(heap, second, &size), "new", 4), 0);
    pecs_snapshot_release(snapshot);
}

/* Moving. */

enum { NAME_COUNT = 6000, NAME_BYTES = 400 };
static pecs_entity entities[NAME_COUNT];
static char expected[NAME_COUNT][NAME_BYTES];

static void rename_one(int i, int turn)
{
    const size_t size = (size_t)snprintf(expected[i], NAME_BYTES, "name %d of turn %d", i, turn);
    memset(expected[i] + size, 'a' + i % 26, NAME_BYTES - 1 - size);
}

static void fill(void)
{
    static Name names[NAME_COUNT];
    for (int i = 0; i < NAME_COUNT; i++) {
        rename_one(i, 0);
        names[i] = (Name){ (uint64_t)i, pecs_string_of(expected[i]) };
    }
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Name, names) }, 1, NAME_COUNT, entities), PECS_OK);
}

static void check_names(pecs_view view)
{
    for (int i = 0; i < NAME_COUNT; i++)
        must(strcmp(name_of(view, entities[i]), expected[i]) == 0);
}

/* Sets names, one after another, until a move has begun. */
static int set_until_moving(int turn)
{
    int i = 0;
    for (; !heap_of(world)->is_moving; i++) {
        cr_assert_lt(i, NAME_COUNT, "a move begins when more than half is dead");
        rename_one(i, turn);
        cr_assert_eq(pecs_set(world, entities[i], Name, { (uint64_t)i, pecs_string_of(expected[i]) }), PECS_OK);
    }
    return i;
}

Test(heap, a_move_begins_when_more_than_half_is_dead)
{
    fill();
    const uint64_t units = heap_of(world)->live_units;
    const int count = set_until_moving(1);
    cr_assert(count > NAME_COUNT * 9 / 10, "%d sets make less than half of the heap dead", count);
    cr_assert_eq(heap_of(world)->live_units, units);
    check_names(pecs_world_view(world));
}

/* Without edits: frames go on with it, and the memory comes back. */
Test(heap, frames_end_a_move)
{
    fill();
    set_until_moving(1);
    const uint64_t before = counting.live_bytes;
    int frames = 0;
    for (; heap_of(world)->is_moving; frames++) {
        cr_assert_lt(frames, 100);
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    }
    cr_assert_gt(frames, 0);
    check_names(pecs_world_view(world));
    const struct heap *heap = heap_of(world);
    cr_assert_eq(heap->spaces[1 - heap->active].unit_count, 0);
    const uint64_t after = counting.live_bytes, live = heap->live_units * HEAP_UNIT;
    cr_assert(after + live * 3 / 4 < before, "%llu bytes, were %llu", (unsigned long long)after,
              (unsigned long long)before);
}

/* A frame's share is bounded, whatever there is to move. */
Test(heap, a_frame_moves_a_part)
{
    fill();
    set_until_moving(1);
    const uint64_t units = heap_of(world)->spaces[heap_of(world)->active].unit_count;
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    cr_assert(heap_of(world)->is_moving);
    const uint64_t moved = heap_of(world)->spaces[heap_of(world)->active].unit_count - units;
    cr_assert(moved > 0 && moved < 4 * HEAP_PAGE_UNITS, "%llu units", (unsigned long long)moved);
}

Test(heap, edits_end_a_move)
{
    fill();
    const int first = set_until_moving(1);
    int i = first;
    for (; heap_of(world)->is_moving; i++) {
        cr_assert_lt(i, first + NAME_COUNT, "the more is edited, the more is moved");
        rename_one(i % NAME_COUNT, 2);
        cr_assert_eq(
            pecs_set(world, entities[i % NAME_COUNT], Name, { (uint64_t)i, pecs_string_of(expected[i % NAME_COUNT]) }),
            PECS_OK);
    }
    check_names(pecs_world_view(world));
}

Test(heap, compaction_ends_a_move)
{
    pecs_error error;
    fill();
    set_until_moving(1);
    const uint64_t before = counting.live_bytes;
    cr_assert_eq(pecs_world_compact(world, &error), PECS_OK, "%s", error.message);
    cr_assert(!heap_of(world)->is_moving);
    cr_assert_eq(heap_of(world)->spaces[1 - heap_of(world)->active].unit_count, 0);
    for (int frames = 0; frames < 3; frames++) /* they give the memory back */
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    cr_assert_lt(counting.live_bytes, before, "%llu bytes, were %llu", (unsigned long long)counting.live_bytes,
                 (unsigned long long)before);
    check_names(pecs_world_view(world));
}

/* Rows that leave their table in the middle of a move, and what is despawned, do not get lost or stay behind. */
Test(heap, rows_change_their_table_during_a_move)
{
    fill();
    set_until_moving(1);
    for (int i = 0; i < NAME_COUNT; i += 3)
        cr_assert_eq(pecs_add(world, entities[i], Frozen), PECS_OK);
    check_contents(world);
    for (int frames = 0; heap_of(world)->is_moving; frames++) {
        cr_assert_lt(frames, 100);
        for (int i = frames; i < NAME_COUNT; i += 97)
            cr_assert_eq(pecs_has(pecs_world_view(world), entities[i], Frozen) ? pecs_remove(world, entities[i], Frozen)
                                                                               : pecs_add(world, entities[i], Frozen),
                         PECS_OK);
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    }
    check_names(pecs_world_view(world));
}

/* A snapshot that was taken before or during the move keeps its contents; so does a world that goes back to it. */
Test(heap, snapshots_outlive_a_move)
{
    static char old[NAME_COUNT][NAME_BYTES];
    fill();
    set_until_moving(1);
    memcpy(old, expected, sizeof(old));
    pecs_snapshot *snapshot = take(world);
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    for (int i = 0; i < NAME_COUNT; i++) {
        rename_one(i, 2);
        cr_assert_eq(pecs_set(world, entities[i], Name, { (uint64_t)i, pecs_string_of(expected[i]) }), PECS_OK);
    }
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_OK);
    check_names(pecs_world_view(world));
    check_contents(world);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
    memcpy(expected, old, sizeof(old));
    check_names(pecs_snapshot_view(snapshot));
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    pecs_snapshot_release(snapshot);
    check_names(pecs_world_view(world));
    check_contents(world);
    for (int frames = 0; heap_of(world)->is_moving; frames++) {
        cr_assert_lt(frames, 100);
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    }
    check_names(pecs_world_view(world));
}

/* A move changes no value: nothing counts as changed. */
Test(heap, a_move_is_no_change)
{
    const pecs_term terms[] = { { Name_component, PECS_READ } };
    pecs_query *query = make_query(registry, terms, 1);
    uint64_t tick;
    fill();
    set_until_moving(1);
    cr_assert_eq(pecs_world_advance(world, &tick), PECS_OK);
    const uint64_t hash = pecs_view_hash(pecs_world_view(world));
    while (heap_of(world)->is_moving)
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_world_view(world)), hash);
    pecs_iter iter = pecs_query_iter(query, pecs_world_view(world), &(pecs_iter_options){ .changed_since = tick });
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    pecs_query_destroy(query);
}
