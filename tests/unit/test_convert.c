/* Converted snapshots: the same content with the types of another registry, in the same memory. */
#define _GNU_SOURCE
#include "file_fixture.h"

#include <pecs/builder.h>

PECS_TRANSIENT_TAG(Selected);
PECS_TRANSIENT_ENTITY(Ghost);
typedef struct {
    void *bytes;
} Cache;
PECS_TRANSIENT(Cache);

/* The first registry lacks health, the second teams; transient types are in either or both. */
enum { FIRST_POSITION, FIRST_TEAM, FIRST_FROZEN, FIRST_LINK, FIRST_SELECTED, FIRST_GHOST, FIRST_CACHE, FIRST_COUNT };
static const pecs_type *const first_types[] = {
    &Position_type, &Team_type, &Frozen_type, &Link_type, &Selected_type, &Ghost_type, &Cache_type,
};
enum { SECOND_CACHE, SECOND_LINK, SECOND_HEALTH, SECOND_POSITION, SECOND_FROZEN, SECOND_COUNT };
static const pecs_type *const second_types[] = {
    &Cache_type, &Link_type, &Health_type, &Position_type, &Frozen_type,
};

static pecs_registry *first, *second;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    first = make_registry(first_types, FIRST_COUNT, counting_hooks);
    second = make_registry(second_types, SECOND_COUNT, counting_hooks);
    world = make_world(first, NULL);
}

static void tear_down(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(first);
    pecs_registry_release(second);
    assert_no_leak();
    leave_folder();
}

TestSuite(convert, .init = set_up, .fini = tear_down);

enum { ROWS = 10000 };
static pecs_entity entities[ROWS];

static void fill(void)
{
    for (int i = 0; i < ROWS; i++) {
        const Position position = { (float)i, 1, 2 };
        const Team team = { (uint8_t)i };
        const pecs_value values[] = { { FIRST_POSITION, sizeof(position), &position },
                                      { FIRST_TEAM, sizeof(team), &team },
                                      { FIRST_FROZEN, 0, NULL } };
        entities[i] = spawn_one(world, values, 1 + (size_t)(i % 3));
        if (i % 10 == 0)
            must(pecs_world_set_id(world, entities[i], (pecs_id){ { 1, (uint8_t)i, (uint8_t)(i >> 8) } }) == PECS_OK);
        if (i % 100 == 0) {
            const Link link = { 1, entities[i / 2], { none, none } };
            must(pecs_world_set(world, entities[i], &(pecs_value){ FIRST_LINK, sizeof(link), &link }, 1) == PECS_OK);
        }
    }
    for (int i = 1; i < ROWS; i += 77)
        must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
    must(pecs_world_set_meta_text(world, "map", "north") == PECS_OK);
    const Team team = { 9 };
    must(pecs_world_set_singleton(world, FIRST_TEAM, sizeof(team), &team) == PECS_OK);
}

static pecs_snapshot *convert(const pecs_snapshot *snapshot, pecs_registry *registry)
{
    pecs_snapshot *made = NULL;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_convert(snapshot, registry, &made, &error), PECS_OK, "%s", error.message);
    check_state(made);
    return made;
}

static bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(int *)user;
    return true;
}

static void expect_same(pecs_view a, pecs_view b)
{
    int count = 0;
    cr_assert_eq(pecs_view_hash(a), pecs_view_hash(b));
    must(pecs_view_diff(a, b, count_change, &count) == PECS_OK);
    cr_assert_eq(count, 0);
    const pecs_summary x = summary_of(a), y = summary_of(b);
    cr_assert(same_summary(&x, &y));
}

/* From memory, a resume and a load; there and back; and what it was made of is released before. */
Test(convert, content_is_kept)
{
    fill();
    save_world(world, "world.pecs");
    for (int kind = 0; kind < 3; kind++) {
        pecs_snapshot *base = kind ? open_snapshot(first, kind - 1, "world.pecs") : take(world);
        pecs_snapshot *there = convert(base, second);
        expect_same(pecs_snapshot_view(base), pecs_snapshot_view(there));
        cr_assert_eq((const void *)pecs_get_as(pecs_snapshot_view(there), entities[5], SECOND_POSITION, Position),
                     (const void *)pecs_get_as(pecs_snapshot_view(base), entities[5], FIRST_POSITION, Position));
        pecs_component team;
        must(pecs_view_component(pecs_snapshot_view(there), "Team", &team) == PECS_OK);
        cr_assert_geq(team, (pecs_component)SECOND_COUNT, "a type that the registry lacks");
        cr_assert_eq(pecs_get_as(pecs_snapshot_view(there), entities[4], team, Team)->number, 4);
        pecs_snapshot *back = convert(there, first);
        pecs_snapshot_release(base);
        pecs_snapshot_release(there);
        expect_same(pecs_snapshot_view(back), pecs_world_view(world));
        cr_assert_eq(pecs_get_as(pecs_snapshot_view(back), entities[4], FIRST_TEAM, Team)->number, 4);
        for (int i = 0; i < ROWS; i += 10) {
            pecs_entity found = none;
            const pecs_id id = { { 1, (uint8_t)i, (uint8_t)(i >> 8) } };
            if (pecs_view_alive(pecs_world_view(world), entities[i]))
                must(pecs_view_find(pecs_snapshot_view(back), id, &found) == PECS_OK && same(found, entities[i]));
        }
        pecs_snapshot_release(back);
    }
}

/* A type that a mod brings is unknown before and known after, and the world can use it. */
Test(convert, a_mod_brings_a_type)
{
    pecs_world *modded = make_world(second, NULL);
    const Health health = { 3, 4 };
    const pecs_entity entity = spawn_one(modded, &(pecs_value){ SECOND_HEALTH, sizeof(health), &health }, 1);
    save_world(modded, "modded.pecs");
    pecs_world_destroy(modded);
    pecs_snapshot *unmodded = open_snapshot(first, 0, "modded.pecs");
    pecs_snapshot *again = convert(unmodded, second);
    cr_assert_eq(pecs_get_as(pecs_snapshot_view(again), entity, SECOND_HEALTH, Health)->max, 4);
    pecs_snapshot_release(unmodded);
    pecs_snapshot_release(again);
}

/* Edits of either side are not seen by the other; saving checks the file that the result lies in. */
Test(convert, edits_are_apart)
{
    fill();
    save_world(world, "world.pecs");
    for (int verb = 0; verb < 2; verb++) {
        pecs_snapshot *base = open_snapshot(first, verb, "world.pecs"), *made = convert(base, second);
        pecs_world *old = make_world(first, base), *new = make_world(second, made);
        const uint64_t hash = pecs_view_hash(pecs_snapshot_view(made));
        pecs_snapshot_release(base);
        for (int i = 0; i < ROWS; i++) {
            const Position here = { -1, 0, 0 }, there = { -2, 0, 0 };
            if (!pecs_view_alive(pecs_world_view(old), entities[i]))
                continue;
            must(!pecs_world_set(old, entities[i], &(pecs_value){ FIRST_POSITION, sizeof(here), &here }, 1));
            must(!pecs_world_set(new, entities[i], &(pecs_value){ SECOND_POSITION, sizeof(there), &there }, 1));
            must(pecs_get_as(pecs_world_view(old), entities[i], FIRST_POSITION, Position)->x == -1);
        }
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
        must(same(spawn_one(old, NULL, 0), spawn_one(new, NULL, 0)));
        must(pecs_world_despawn(new, &entities[0], 1) == PECS_OK);
        check_world(old);
        check_world(new);
        must(pecs_world_compact(new, NULL) == PECS_OK);
        save_world(new, "new.pecs");
        pecs_world_destroy(old);
        pecs_world_destroy(new);
        pecs_snapshot_release(made);
    }
}

/* The result lies in the file of what it was made of. */
Test(convert, a_file_that_was_changed_is_found)
{
    save_rows(first, 50000, "world.pecs");
    pecs_snapshot *base = open_snapshot(first, 0, "world.pecs"), *made = convert(base, second);
    pecs_snapshot_release(base);
    struct file_bytes file = read_bytes("world.pecs");
    file.bytes[file.size / 2] ^= 1;
    FILE *stream = fopen("world.pecs", "r+");
    must(stream && fwrite(file.bytes, 1, file.size, stream) == file.size && !fclose(stream));
    free(file.bytes);
    pecs_error error;
    cr_assert_eq(pecs_snapshot_verify(made, NULL, NULL, &error), PECS_E_CORRUPT);
    cr_assert_eq(pecs_snapshot_save(made, "new.pecs", &(pecs_save_options){ .verify_source = true }, &error),
                 PECS_E_CORRUPT);
    pecs_snapshot_release(made);
}

/* Transient types that both have are kept; others go, and the entities that are transient because of them. */
Test(convert, transient_types)
{
    fill();
    const Cache cache = { &world };
    must(pecs_world_set(world, entities[0], &(pecs_value){ FIRST_CACHE, sizeof(cache), &cache }, 1) == PECS_OK);
    must(pecs_world_set(world, entities[2], &(pecs_value){ FIRST_GHOST, 0, NULL }, 1) == PECS_OK);
    must(pecs_world_set(world, entities[3], &(pecs_value){ FIRST_SELECTED, 0, NULL }, 1) == PECS_OK);
    pecs_snapshot *base = take(world), *made = convert(base, second);
    const pecs_view view = pecs_snapshot_view(made);
    pecs_component component;
    cr_assert_eq(pecs_view_hash(view), pecs_view_hash(pecs_world_view(world)));
    cr_assert_eq(pecs_get_as(view, entities[0], SECOND_CACHE, Cache)->bytes, &world);
    cr_assert_not(pecs_view_alive(view, entities[2]));
    cr_assert(pecs_view_alive(view, entities[3]));
    cr_assert_eq(pecs_view_component(view, "Selected", &component), PECS_E_ABSENT);
    pecs_snapshot_release(base);
    pecs_snapshot_release(made);
}

Test(convert, layouts_that_differ_are_refused)
{
    static const pecs_field fields[] = { { "x", PECS_F32, 0, 12, 3, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type other = { "Position", { { 0 } }, 1, 12, 4, 1, fields, 0 };
    static const pecs_type opaque = { "Position", { { 0 } }, 1, 12, 4, 0, NULL, PECS_TYPE_TRANSIENT };
    static const pecs_type *const lists[] = { &other, &opaque };
    static const char *const messages[] = {
        "Position: field 'x' has",
        "type 'Position' is transient in one registry and not in the other",
    };
    fill();
    pecs_snapshot *base = take(world), *made = NULL;
    for (int i = 0; i < 2; i++) {
        pecs_error error;
        pecs_registry *strange = make_registry(&lists[i], 1, counting_hooks);
        cr_assert_eq(pecs_snapshot_convert(base, strange, &made, &error), PECS_E_LAYOUT);
        cr_assert_not_null(strstr(error.message, i ? messages[i] : "Position"), "%s", error.message);
        pecs_registry_release(strange);
    }
    cr_assert_null(made);
    pecs_snapshot_release(base);
}

Test(convert, to_the_same_registry)
{
    pecs_snapshot *base = take(world), *made = convert(base, first);
    cr_assert_eq(base, made);
    pecs_snapshot_release(base);
    pecs_snapshot_release(made);
}

Test(convert, memory_runs_out)
{
    fill();
    must(pecs_world_set(world, entities[2], &(pecs_value){ FIRST_GHOST, 0, NULL }, 1) == PECS_OK);
    pecs_snapshot *base = take(world), *made = NULL;
    pecs_status status = PECS_E_MEMORY;
    for (uint64_t nth = 1; status == PECS_E_MEMORY; nth++) {
        counting.fail_at = counting.call_count + nth;
        status = pecs_snapshot_convert(base, second, &made, NULL);
        counting.fail_at = 0;
        must(status == PECS_OK || status == PECS_E_MEMORY);
    }
    expect_same(pecs_snapshot_view(made), pecs_snapshot_view(made));
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), pecs_view_hash(pecs_snapshot_view(base)));
    pecs_snapshot_release(base);
    pecs_snapshot_release(made);
}

/* Builders that adopt. */

static pecs_builder *make_builder(pecs_registry *registry)
{
    pecs_builder *made = NULL;
    must(pecs_builder_create(registry, &(pecs_builder_options){ .tick = 77 }, &made, NULL) == PECS_OK);
    must(pecs_builder_registry(made) == registry);
    return made;
}

/* The snapshot itself for its registry, else what a conversion makes. */
Test(convert, a_builder_adopts)
{
    fill();
    pecs_snapshot *base = take(world), *made = NULL;
    for (int i = 0; i < 2; i++) {
        pecs_builder *builder = make_builder(i ? second : first);
        must(pecs_builder_adopt(builder, base, NULL) == PECS_OK);
        must(pecs_builder_finish(builder, &made, NULL) == PECS_OK);
        cr_assert_eq(pecs_builder_finish(builder, &made, NULL), PECS_E_MISUSE);
        pecs_builder_destroy(builder);
        cr_assert((made == base) == (i == 0));
        check_state(made);
        expect_same(pecs_snapshot_view(made), pecs_snapshot_view(base));
        pecs_snapshot_release(made);
    }
    pecs_snapshot_release(base);
}

Test(convert, a_builder_that_adopted_takes_nothing_else)
{
    pecs_snapshot *base = take(world);
    pecs_builder *builder = make_builder(second);
    pecs_error error;
    must(pecs_builder_adopt(builder, base, NULL) == PECS_OK);
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ .row_count = 1 }, NULL, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "the builder has adopted a snapshot");
    cr_assert_eq(pecs_builder_set_meta_text(builder, "map", "north", NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_builder_adopt(builder, base, NULL), PECS_E_MISUSE);
    pecs_builder_destroy(builder); /* with what it adopted */
    pecs_snapshot_release(base);
}

Test(convert, a_builder_that_has_something_does_not_adopt)
{
    const pecs_value frozen = PECS_HAS_AS(SECOND_FROZEN);
    pecs_snapshot *base = take(world), *made = NULL;
    for (int i = 0; i < 5; i++) {
        pecs_builder *builder = make_builder(second);
        pecs_error error;
        const pecs_status statuses[] = {
            i == 0 ? pecs_builder_add(builder, &(pecs_rows){ .row_count = 1 }, NULL, NULL) : PECS_OK,
            i == 1 ? pecs_builder_add_dead(builder, &(pecs_entity){ 4, 1 }, 1, NULL) : PECS_OK,
            i == 2 ? pecs_builder_set_singleton(builder, &frozen, NULL) : PECS_OK,
            i == 3 ? pecs_builder_set_meta_text(builder, "map", "north", NULL) : PECS_OK,
            i == 4 ? pecs_builder_attach(builder, "terrain", PECS_BYTES("hills", 5), NULL) : PECS_OK,
        };
        for (int j = 0; j < 5; j++)
            must(statuses[j] == PECS_OK);
        cr_assert_eq(pecs_builder_adopt(builder, base, &error), PECS_E_MISUSE, "%d", i);
        cr_assert_str_eq(error.message, "a builder that has something cannot adopt a snapshot");
        must(pecs_builder_finish(builder, &made, NULL) == PECS_OK); /* it goes on as before */
        pecs_snapshot_release(made);
        pecs_builder_destroy(builder);
    }
    pecs_snapshot_release(base);
}

/* A conversion that fails leaves the builder as it was. */
Test(convert, a_builder_adopts_nothing_when_memory_runs_out)
{
    fill();
    pecs_snapshot *base = take(world), *made = NULL;
    pecs_builder *builder = make_builder(second);
    pecs_status status = PECS_E_MEMORY;
    uint64_t failures = 0;
    for (uint64_t nth = 1; status; nth++, failures++) {
        counting.fail_at = counting.call_count + nth;
        status = pecs_builder_adopt(builder, base, NULL);
        counting.fail_at = 0;
        must(status == PECS_OK || status == PECS_E_MEMORY);
    }
    cr_assert_geq(failures, 5);
    must(pecs_builder_finish(builder, &made, NULL) == PECS_OK);
    expect_same(pecs_snapshot_view(made), pecs_snapshot_view(base));
    pecs_builder_destroy(builder);
    pecs_snapshot_release(base);
    pecs_snapshot_release(made);
}
