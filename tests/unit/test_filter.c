/*
 * Filtered snapshots: their content is that of a world that was built without the rest, and arrays that do not change
 * are shared.
 */
#define _GNU_SOURCE
#include "file_fixture.h"

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void tear_down(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(filter, .init = set_up, .fini = tear_down);

enum { ROWS = 30000 };

static pecs_entity entities[ROWS];

/* Positions of all; of some a team, health, the tag; links from each to one before it. Many tables, moved rows. */
static void fill(pecs_world *in)
{
    for (int i = 0; i < ROWS; i++) {
        const Position position = { (float)i, 1, 2 };
        const Team team = { (uint8_t)i };
        const Health health = { i, 100 };
        const pecs_value values[] = { { POSITION, sizeof(position), &position },
                                      { TEAM, sizeof(team), &team },
                                      { HEALTH, sizeof(health), &health } };
        must(pecs_world_spawn(in, values, i % 5 == 0 ? 3 : 1 + (size_t)(i > ROWS / 2), 1, &entities[i]) == PECS_OK);
    }
    for (int i = 0; i < ROWS; i += 7) {
        const Link link = { 1, entities[i / 2], { entities[i], entities[0] } };
        must(pecs_world_set(in, entities[i], &(pecs_value){ LINK, sizeof(link), &link }, 1) == PECS_OK);
    }
    for (int i = 0; i < ROWS; i += 3)
        must(pecs_world_set(in, entities[i], &(pecs_value){ FROZEN, 0, NULL }, 1) == PECS_OK);
    const Team team = { 9 };
    must(pecs_world_set_singleton(in, TEAM, sizeof(team), &team) == PECS_OK);
}

static pecs_snapshot *filter_of(const pecs_snapshot *snapshot, pecs_filter filter)
{
    pecs_snapshot *made = NULL;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_filter(snapshot, &filter, &made, &error), PECS_OK, "%s", error.message);
    check_state(made);
    return made;
}

/* What is left equals the world after the edits, also after a save and a load. */
static void expect_content(const pecs_snapshot *made, pecs_world *edited)
{
    const uint64_t hash = pecs_view_hash(pecs_world_view(edited));
    pecs_snapshot *loaded;
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).free_count, summary_of(pecs_world_view(edited)).free_count);
    must(pecs_snapshot_save(made, "made.pecs", &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK);
    must(pecs_snapshot_load(registry, "made.pecs", NULL, &loaded, NULL) == PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), hash);
    pecs_snapshot_release(loaded);
    /* the result is edited like any other, and the next entities get the same handles */
    pecs_world *next = make_world(registry, made);
    for (int i = 0; i < 20; i++)
        must(same(spawn_position(next, 1), spawn_position(edited, 1)));
    check_world(next);
    pecs_world_destroy(next);
}

static void remove_from_all(pecs_world *in, const pecs_component *components, size_t count)
{
    for (int i = 0; i < ROWS; i++)
        if (pecs_view_alive(pecs_world_view(in), entities[i]))
            for (size_t j = 0; j < count; j++)
                if (pecs_view_has(pecs_world_view(in), entities[i], components[j]))
                    must(pecs_world_remove(in, entities[i], &components[j], 1) == PECS_OK);
}

/* A base of each kind: from memory, from a resume, from a load. */
static pecs_snapshot *base_of(int kind)
{
    pecs_snapshot *base = NULL;
    if (kind == 0)
        return take(world);
    save_world(world, "base.pecs");
    must(verbs[kind - 1](registry, "base.pecs", NULL, &base, NULL) == PECS_OK);
    return base;
}

Test(filter, components)
{
    static const pecs_component left_out[] = { TEAM, LINK, FROZEN };
    fill(world);
    for (int kind = 0; kind < 3; kind++) {
        pecs_snapshot *base = base_of(kind);
        pecs_left_out report;
        pecs_snapshot *made =
            filter_of(base, (pecs_filter){ .components = left_out, .component_count = 3, .left_out = &report });
        pecs_world *edited = make_world(registry, base);
        remove_from_all(edited, left_out, 3);
        must(pecs_world_remove_singleton(edited, TEAM) == PECS_OK);
        cr_assert_eq(report.entity_count, 0);
        cr_assert_eq(report.type_count, 3);
        cr_assert_eq(report.component_bytes, summary_of(pecs_snapshot_view(base)).component_bytes -
                                                 summary_of(pecs_world_view(edited)).component_bytes);
        cr_assert_eq(summary_of(pecs_snapshot_view(made)).table_count, 2);
        pecs_snapshot_release(base);
        expect_content(made, edited);
        pecs_snapshot_release(made);
        pecs_world_destroy(edited);
    }
}

Test(filter, only_some_components)
{
    fill(world);
    pecs_snapshot *base = take(world);
    const pecs_filter filter = { .components = (pecs_component[]){ POSITION },
                                 .component_count = 1,
                                 .only_components = true };
    pecs_snapshot *made = filter_of(base, filter);
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).table_count, 1);
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).component_bytes, ROWS * sizeof(Position));
    pecs_snapshot_release(base);
    remove_from_all(world, (pecs_component[]){ TEAM, HEALTH, LINK, FROZEN }, 4);
    must(pecs_world_remove_singleton(world, TEAM) == PECS_OK);
    expect_content(made, world);
    pecs_snapshot_release(made);
}

Test(filter, a_query)
{
    fill(world);
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { FROZEN, PECS_WITH } }, 1);
    for (int kind = 0; kind < 3; kind++) {
        for (int only = 0; only < 2; only++) {
            pecs_snapshot *base = base_of(kind);
            pecs_left_out report;
            pecs_snapshot *made =
                filter_of(base, (pecs_filter){ .query = frozen, .only_matching = only, .left_out = &report });
            pecs_world *edited = make_world(registry, base);
            for (int i = 0; i < ROWS; i++)
                if ((i % 3 == 0) != only)
                    must(pecs_world_despawn(edited, &entities[i], 1) == PECS_OK);
            cr_assert_eq(report.entity_count, only ? ROWS - ROWS / 3 : ROWS / 3);
            pecs_snapshot_release(base);
            expect_content(made, edited);
            pecs_snapshot_release(made);
            pecs_world_destroy(edited);
        }
    }
    pecs_query_destroy(frozen);
}

struct modulo {
    uint32_t by;
};

static bool keep_modulo(void *user, pecs_view view, pecs_entity entity)
{
    const struct modulo *modulo = user;
    return !pecs_view_alive(view, entity) || entity.index % modulo->by != 1;
}

/* Rows anywhere in all tables go, some tables merge as well. By 1: none goes. */
Test(filter, a_predicate)
{
    static const uint32_t by[] = { 1, 2, 3, 4097, 29000 };
    fill(world);
    for (size_t i = 0; i < 3 * sizeof(by) / sizeof(*by); i++) {
        struct modulo modulo = { by[i / 3] };
        pecs_snapshot *base = base_of((int)(i % 3));
        const pecs_filter filter = {
            .components = (pecs_component[]){ FROZEN }, .component_count = 1, .keep = keep_modulo, .user = &modulo
        };
        pecs_snapshot *made = filter_of(base, filter);
        pecs_world *edited = make_world(registry, base);
        for (uint32_t row = 0; row < ROWS; row++)
            if (row % modulo.by == 1)
                must(pecs_world_despawn(edited, &entities[row], 1) == PECS_OK);
        remove_from_all(edited, (pecs_component[]){ FROZEN }, 1);
        pecs_snapshot_release(base);
        expect_content(made, edited);
        pecs_snapshot_release(made);
        pecs_world_destroy(edited);
    }
}

static bool keep_none(void *user, pecs_view view, pecs_entity entity)
{
    (void)user;
    (void)view;
    (void)entity;
    return false;
}

Test(filter, all_entities)
{
    fill(world);
    pecs_snapshot *base = take(world);
    pecs_snapshot *made = filter_of(base, (pecs_filter){ .keep = keep_none });
    pecs_snapshot_release(base);
    for (int i = 0; i < ROWS; i++)
        must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
    expect_content(made, world);
    pecs_snapshot_release(made);
}

/* Nothing is copied where nothing changes: tables, arrays, the index. */
Test(filter, shares_what_it_does_not_change)
{
    fill(world);
    pecs_snapshot *base = take(world);
    pecs_snapshot *whole = filter_of(base, (pecs_filter){ 0 });
    cr_assert_eq(state_index(whole), state_index(base));
    for (uint32_t i = 0; i < base->table_count; i++)
        cr_assert_eq(state_table(whole, i), state_table(base, i));
    /* every table had a position, so no two become equal */
    pecs_snapshot *less =
        filter_of(base, (pecs_filter){ .components = (pecs_component[]){ POSITION }, .component_count = 1 });
    for (uint32_t i = 0; i < ROWS; i += 7)
        must(pecs_get_as(pecs_snapshot_view(less), entities[i], LINK, Link) ==
             pecs_get_as(pecs_snapshot_view(base), entities[i], LINK, Link));
    pecs_snapshot_release(less);
    pecs_snapshot_release(whole);
    pecs_snapshot_release(base);
}

/* Of two tables of several chunks, only the rows of the two partial chunks move. */
Test(filter, a_merge_moves_a_chunk_of_rows_at_most)
{
    enum { PLAIN = 3 * CHUNK_ROWS + 100, FROZEN_ROWS = 2 * CHUNK_ROWS + 4000 };
    for (int i = 0; i < PLAIN + FROZEN_ROWS; i++) {
        const Position position = { (float)i, 1, 2 };
        const pecs_value values[] = { { POSITION, sizeof(position), &position }, { FROZEN, 0, NULL } };
        must(pecs_world_spawn(world, values, 1 + (i >= PLAIN), 1, &entities[i]) == PECS_OK);
    }
    for (int kind = 0; kind < 3; kind++) {
        pecs_snapshot *base = base_of(kind);
        pecs_snapshot *made =
            filter_of(base, (pecs_filter){ .components = (pecs_component[]){ FROZEN }, .component_count = 1 });
        uint64_t moved = 0;
        for (int i = 0; i < PLAIN + FROZEN_ROWS; i++) {
            const Position *now = pecs_get_as(pecs_snapshot_view(made), entities[i], POSITION, Position);
            must(now->x == (float)i);
            moved += now != pecs_get_as(pecs_snapshot_view(base), entities[i], POSITION, Position);
        }
        cr_assert_eq(moved, 100 + 4000);
        pecs_snapshot_release(base);
        /* the arrays outlive what they were made of, and are copied before they are edited */
        pecs_world *edited = make_world(registry, made);
        for (int i = 0; i < PLAIN + FROZEN_ROWS; i++) {
            const Position position = { -1, 0, 0 };
            must(pecs_world_set(edited, entities[i], &(pecs_value){ POSITION, sizeof(position), &position }, 1) ==
                 PECS_OK);
            must(pecs_get_as(pecs_snapshot_view(made), entities[i], POSITION, Position)->x == (float)i);
        }
        pecs_world_destroy(edited);
        pecs_snapshot_release(made);
    }
}

/* A loaded world edits its image in place; a filtered state that borrows from it must not see that. */
Test(filter, does_not_see_edits_of_the_world_that_it_was_made_of)
{
    fill(world);
    save_world(world, "base.pecs");
    for (int verb = 0; verb < 2; verb++) {
        pecs_snapshot *base = open_snapshot(registry, verb, "base.pecs");
        pecs_snapshot *made =
            filter_of(base, (pecs_filter){ .components = (pecs_component[]){ FROZEN, TEAM }, .component_count = 2 });
        const uint64_t hash = pecs_view_hash(pecs_snapshot_view(made));
        pecs_world *edited = make_world(registry, base);
        pecs_snapshot_release(base);
        for (int i = 0; i < ROWS; i++) {
            const Position position = { -1, 0, 0 };
            must(pecs_world_set(edited, entities[i], &(pecs_value){ POSITION, sizeof(position), &position }, 1) ==
                 PECS_OK);
        }
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
        pecs_world_destroy(edited);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
        pecs_snapshot_release(made);
    }
}

Test(filter, references)
{
    fill(world);
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { FROZEN, PECS_WITH } }, 1);
    pecs_snapshot *base = take(world), *made = NULL;
    pecs_left_out report;
    pecs_error error;
    pecs_filter filter = { .query = frozen, .references = PECS_REFERENCES_REFUSE, .left_out = &report };
    cr_assert_eq(pecs_snapshot_filter(base, &filter, &made, &error), PECS_E_INVALID);
    cr_assert_not_null(strstr(error.message, "which is left out"));
    filter.references = PECS_REFERENCES_CLEAR;
    made = filter_of(base, filter);
    uint64_t cleared = 0;
    for (int i = 0; i < ROWS; i++) {
        const Link *link = pecs_get_as(pecs_snapshot_view(made), entities[i], LINK, Link);
        const Link *before = pecs_get_as(pecs_snapshot_view(base), entities[i], LINK, Link);
        if (!link)
            continue;
        const bool is_gone = entities[i / 2].index % 3 == 0;
        must(same(link->target, is_gone ? none : entities[i / 2]) && same(link->others[0], entities[i]));
        must(same(before->target, entities[i / 2]) && same(before->others[1], entities[0]));
        must(same(link->others[1], none));
        cleared += 1 + is_gone;
    }
    cr_assert_eq(report.reference_count, cleared);
    pecs_snapshot_release(made);
    pecs_snapshot_release(base);
    pecs_query_destroy(frozen);
}

Test(filter, cannot_be_rewound_to)
{
    spawn_position(world, 1);
    pecs_snapshot *base = take(world), *made = filter_of(base, (pecs_filter){ .keep = keep_none });
    cr_assert_eq(pecs_world_rewind(world, made), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_restore(world, made), PECS_OK);
    cr_assert_eq(summary_of(pecs_world_view(world)).entity_count, 0);
    pecs_snapshot_release(made);
    pecs_snapshot_release(base);
}

Test(filter, misuse)
{
    pecs_registry *other = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory);
    pecs_query *foreign = make_query(other, NULL, 0);
    pecs_snapshot *base = take(world), *made = NULL;
    cr_assert_eq(pecs_snapshot_filter(base, &(pecs_filter){ .component_count = 1 }, &made, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_snapshot_filter(base, &(pecs_filter){ .query = foreign }, &made, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_snapshot_filter(base, &(pecs_filter){ .references = (pecs_references)7 }, &made, NULL),
                 PECS_E_MISUSE);
    const pecs_filter unknown = { .components = (pecs_component[]){ 77 }, .component_count = 1 };
    cr_assert_eq(pecs_snapshot_filter(base, &unknown, &made, NULL), PECS_E_MISUSE);
    cr_assert_null(made);
    pecs_snapshot_release(base);
    pecs_query_destroy(foreign);
    pecs_registry_release(other);
}

/* A resumed file whose rows and records disagree gives an error, or a state that can be used; never more. */
Test(filter, of_damaged_files)
{
    for (int i = 0; i < 40; i++) {
        const Position position = { (float)i, 1, 2 };
        const pecs_value values[] = { { POSITION, sizeof(position), &position }, { FROZEN, 0, NULL } };
        must(pecs_world_spawn(world, values, 1 + (size_t)(i % 2), 1, &entities[i]) == PECS_OK);
    }
    save_world(world, "base.pecs");
    const struct file_bytes file = read_bytes("base.pecs");
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { FROZEN, PECS_WITH } }, 1);
    int corrupt = 0;
    for (uint64_t at = 4096; at < file.size; at++) {
        static const uint8_t flips[] = { 1, 0x80, 0xff };
        for (size_t f = 0; f < sizeof(flips); f++) {
            pecs_snapshot *base, *made;
            struct modulo modulo = { 5 };
            file.bytes[at] ^= flips[f];
            write_bytes("base.pecs", file.bytes, file.size);
            file.bytes[at] ^= flips[f];
            if (pecs_snapshot_resume(registry, "base.pecs", NULL, &base, NULL))
                continue;
            const pecs_filter filters[] = {
                { .components = (pecs_component[]){ FROZEN }, .component_count = 1 },
                { .query = frozen, .references = PECS_REFERENCES_CLEAR },
                { .keep = keep_modulo, .user = &modulo },
            };
            for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
                const pecs_status status = pecs_snapshot_filter(base, &filters[i], &made, NULL);
                must(status == PECS_OK || status == PECS_E_CORRUPT);
                corrupt += status == PECS_E_CORRUPT;
                if (!status)
                    pecs_snapshot_release(made);
            }
            pecs_snapshot_release(base);
        }
    }
    cr_assert_gt(corrupt, 1000);
    pecs_query_destroy(frozen);
    free(file.bytes);
}

Test(filter, memory_runs_out)
{
    fill(world);
    save_world(world, "base.pecs");
    pecs_snapshot *base = open_snapshot(registry, 0, "base.pecs"), *made = NULL;
    struct modulo modulo = { 50 };
    const pecs_filter filter = { .components = (pecs_component[]){ FROZEN },
                                 .component_count = 1,
                                 .keep = keep_modulo,
                                 .user = &modulo,
                                 .references = PECS_REFERENCES_CLEAR };
    pecs_status status = PECS_E_MEMORY;
    for (uint64_t nth = 1; status == PECS_E_MEMORY; nth++) {
        counting.fail_at = counting.call_count + nth;
        status = pecs_snapshot_filter(base, &filter, &made, NULL);
        counting.fail_at = 0;
        must(status == PECS_OK || status == PECS_E_MEMORY);
    }
    check_state(made);
    pecs_snapshot_release(made);
    pecs_snapshot_release(base);
}
