/*
 * Merges adopt the full chunks of a snapshot: the columns of the world borrow their bytes, under their own tick, until
 * an edit copies them.
 */
#include "transplant_fixture.h"

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = moved_registry();
    world = make_world(registry, NULL);
}

static void strike(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(adoption, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

enum { TAKEN, RESUMED, LOADED, SOURCES };

/* The chunks of a column whose bytes another array lends. */
static uint32_t count_borrowed(pecs_component component)
{
    uint32_t count = 0;
    for (uint32_t t = 0; t < world->state->table_count; t++) {
        const struct table *table = state_table(world->state, t);
        const uint32_t column = archetype_column(table->archetype, component);
        for (uint64_t chunk = 0; column != NO_COLUMN && chunk < table_chunk_count(table); chunk++) {
            const struct array *array = (const struct array *)tree_get(&table->columns[column].chunks, chunk);
            count += array && array->lender;
        }
    }
    return count;
}

static uint64_t count_changed_since(uint64_t tick)
{
    pecs_query *query = make_query(registry, (pecs_term[]){ { Position_component, PECS_READ } }, 1);
    pecs_iter iter = pecs_query_iter(query, view(), &(pecs_iter_options){ .changed_since = tick });
    uint64_t count = 0;
    while (pecs_iter_next(&iter))
        count += iter.row_count;
    must(pecs_iter_end(&iter) == PECS_OK);
    pecs_query_destroy(query);
    return count;
}

enum { ADOPTED_ROWS = 3 * CHUNK_ROWS + 100 };

static pecs_snapshot *source_of_rows(int kind, pecs_entity *rows, pecs_world **ret_other)
{
    static Position positions[ADOPTED_ROWS];
    *ret_other = world_of(registry, NULL, 97);
    for (int i = 0; i < ADOPTED_ROWS; i++)
        positions[i].x = (float)i;
    must(pecs_world_spawn(*ret_other, (pecs_value[]){ PECS_ROWS(Position, positions) }, 1, ADOPTED_ROWS, rows) ==
         PECS_OK);
    for (int i = 0; i < 50; i++)
        must(pecs_world_advance(*ret_other, NULL) == PECS_OK); /* its ticks are far ahead */
    if (kind == TAKEN)
        return take(*ret_other);
    save_world(*ret_other, "rows.pecs");
    return open_snapshot(registry, kind == RESUMED ? RESUME : LOAD, "rows.pecs");
}

static void expect_rows(pecs_view from, const pecs_entity *rows, const pecs_entity *became, float of_first)
{
    for (int i = 0; i < ADOPTED_ROWS; i++) {
        const pecs_entity entity = became ? became[rows[i].index] : rows[i];
        cr_assert_eq(pecs_get(from, entity, Position)->x, i ? (float)i : of_first);
    }
}

/*
 * Full chunks are adopted behind `had` rows, or copied if they lie in a file that is mapped. They count as changed at
 * the merge, and an edit on either side is not seen on the other.
 */
static void expect_adoption(int kind, int had)
{
    static pecs_entity rows[ADOPTED_ROWS], became[ADOPTED_ROWS];
    pecs_world *other;
    pecs_snapshot *source = source_of_rows(kind, rows, &other);
    for (int i = 0; i < had; i++) {
        const pecs_id id = { { 9, (uint8_t)(i >> 8), (uint8_t)i } };
        const Position position = { -1, 0, 0 };
        must(pecs_world_spawn_with_ids(world, &(pecs_value){ Position_component, sizeof(position), &position }, 1, &id,
                                       1, NULL) == PECS_OK);
    }
    pecs_snapshot_release(take(world));
    const uint64_t tick = pecs_view_tick(view());
    must(pecs_world_merge(world, source, PECS_CONFLICTS_REFUSE, became, NULL) == PECS_OK);
    const int room = (CHUNK_ROWS - had % CHUNK_ROWS) % CHUNK_ROWS;
    const uint32_t full = room > 100 ? 2 : 3;
    cr_assert_eq(count_borrowed(Position_component), kind == RESUMED ? 0 : full, "%d rows", had);
    cr_assert_eq(count_changed_since(tick), (uint64_t)(ADOPTED_ROWS + had % CHUNK_ROWS));
    cr_assert_eq(count_changed_since(pecs_view_tick(view())), 0);
    expect_rows(view(), rows, became, 0);
    must(pecs_set(world, became[rows[0].index], Position, { 77, 0, 0 }) == PECS_OK);
    must(pecs_set(other, rows[1], Position, { 78, 0, 0 }) == PECS_OK);
    expect_rows(pecs_snapshot_view(source), rows, NULL, 0);
    pecs_snapshot_release(source);
    pecs_world_destroy(other);
    expect_rows(view(), rows, became, 77);
    for (int i = 1; i < ADOPTED_ROWS; i += 2)
        must(pecs_despawn(world, became[rows[i].index]) == PECS_OK);
    check_world(world);
    save_world(world, "adopted.pecs");
    pecs_snapshot *saved = open_snapshot(registry, LOAD, "adopted.pecs");
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(saved)), pecs_view_hash(view()));
    pecs_snapshot_release(saved);
    pecs_world_destroy(world);
    world = make_world(registry, NULL);
}

Test(adoption, full_chunks_are_adopted)
{
    static const int had[] = { 0, 1, CHUNK_ROWS - 101, CHUNK_ROWS - 50, CHUNK_ROWS, CHUNK_ROWS + 1 };
    for (int kind = 0; kind < SOURCES; kind++)
        for (size_t i = 0; i < sizeof(had) / sizeof(*had); i++)
            expect_adoption(kind, had[i]);
}

/* A world of a loaded file edits rows where they lie, unless a world has borrowed them. */
Test(adoption, what_an_image_lends_is_not_edited)
{
    static pecs_entity rows[ADOPTED_ROWS], became[ADOPTED_ROWS];
    pecs_world *other;
    pecs_snapshot *source = source_of_rows(LOADED, rows, &other);
    pecs_world_destroy(other);
    other = world_of(registry, source, 96);
    must(pecs_set(other, rows[CHUNK_ROWS], Position, { CHUNK_ROWS, 1, 0 }) == PECS_OK);
    pecs_snapshot *edited = take(other);
    must(pecs_world_merge(world, edited, PECS_CONFLICTS_REFUSE, became, NULL) == PECS_OK);
    pecs_snapshot_release(edited);
    pecs_snapshot_release(source);
    for (int i = 0; i < ADOPTED_ROWS; i++)
        must(pecs_set(other, rows[i], Position, { -5, 0, 0 }) == PECS_OK);
    expect_rows(view(), rows, became, 0);
    pecs_world_destroy(other);
    expect_rows(view(), rows, became, 0);
    check_world(world);
}
