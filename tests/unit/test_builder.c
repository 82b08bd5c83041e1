/*
 * Builder: what it makes is what edits would make, handles and ids are those that it is given, and errors name table,
 * row and field and change nothing.
 */
#define _GNU_SOURCE
#include "contents_fixture.h"

#include <pecs/attachments.h>
#include <pecs/builder.h>
#include <pecs/metadata.h>

typedef struct {
    bool is_open;
    uint8_t mood;
    char title[6];
    pecs_entity owner;
} Door;
PECS_COMPONENT_OF(Door, "Door", 1, PECS_FIELD(Door, is_open), PECS_FIELD_ENUM(Door, mood, moods),
                  PECS_FIELD(Door, title), PECS_FIELD(Door, owner));

enum { Link_component = kept_type_count, Door_component, built_type_count };
static const pecs_type *const built_types[] = {
    &Name_type, &Bag_type, &Position_type, &Frozen_type, &Link_type, &Door_type,
};

static pecs_registry *registry;
static pecs_builder *builder;
static pecs_error error;

static pecs_builder *make_builder(const pecs_builder_options *options)
{
    pecs_builder *made = NULL;
    cr_assert_eq(pecs_builder_create(registry, options, &made, &error), PECS_OK, "%s", error.message);
    return made;
}

static void set_up(void)
{
    enter_folder();
    registry = make_registry(built_types, built_type_count, counting_hooks);
    builder = make_builder(&(pecs_builder_options){ .session_nonce = 7 });
}

static void strike(void)
{
    pecs_builder_destroy(builder);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(builder, .init = set_up, .fini = strike);

static void add(const pecs_rows *rows)
{
    cr_assert_eq(pecs_builder_add(builder, rows, NULL, &error), PECS_OK, "%s", error.message);
}

static void add_value(pecs_value value, const pecs_entity *entities, size_t count)
{
    add(&(pecs_rows){ .values = &value, .value_count = 1, .row_count = count, .entities = entities });
}

/* The snapshot is sound, and equal when saved and loaded. */
static pecs_snapshot *finish(void)
{
    pecs_snapshot *made = NULL, *loaded;
    cr_assert_eq(pecs_builder_finish(builder, &made, &error), PECS_OK, "%s", error.message);
    check_state(made);
    pecs_world *world = make_world(registry, made);
    if (pecs_view_attachment_count(pecs_snapshot_view(made))) /* which the heap counts, too */
        check_world(world);
    else
        check_contents(world);
    pecs_world_destroy(world);
    must(pecs_snapshot_save(made, "made", &(pecs_save_options){ .skip_sync = true }, &error) == PECS_OK);
    loaded = open_snapshot(registry, 1, "made");
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), pecs_view_hash(pecs_snapshot_view(made)));
    pecs_snapshot_release(loaded);
    return made;
}

static void refuse_rows(const pecs_rows *rows, pecs_status status, const char *message)
{
    cr_assert_eq(pecs_builder_add(builder, rows, NULL, &error), status);
    cr_assert_str_eq(error.message, message);
    cr_assert_eq(error.status, status);
}

static void refuse_value(pecs_value value, const pecs_entity *entities, pecs_status status, const char *message)
{
    refuse_rows(&(pecs_rows){ .values = &value, .value_count = 1, .row_count = 2, .entities = entities }, status,
                message);
}

static void refuse_finish(pecs_status status, const char *message)
{
    pecs_snapshot *made = NULL;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pecs_builder_finish(builder, &made, &error), status);
        cr_assert_str_eq(error.message, message);
        cr_assert_null(made);
    }
    pecs_builder_destroy(builder);
    builder = make_builder(&(pecs_builder_options){ .session_nonce = 7 });
}

/* Handles. */

Test(builder, nothing)
{
    pecs_snapshot *made = finish();
    const pecs_summary summary = summary_of(pecs_snapshot_view(made));
    cr_assert_eq(summary.entity_count | summary.slot_count | summary.table_count, 0);
    cr_assert_eq(summary.tick, 1);
    pecs_snapshot_release(made);
}

/* Each handle in a slot of its own, in no order, with references to later ones. */
enum { COUNT = 300000 };
static pecs_entity handle_of(uint32_t i)
{
    return (pecs_entity){ (uint32_t)((uint64_t)i * 7919 % (COUNT + 1)), 1 + i % 5 };
}

Test(builder, rows_have_their_handles)
{
    pecs_entity *handles = malloc(COUNT * sizeof(*handles));
    Link *links = calloc(COUNT, sizeof(*links));
    Position *positions = calloc(COUNT, sizeof(*positions));
    must(handles && links && positions);
    for (uint32_t i = 0; i < COUNT; i++) {
        handles[i] = handle_of(i);
        links[i] = (Link){ i, handle_of((i + 1) % COUNT), { none, handle_of(COUNT / 2) } };
        positions[i].x = (float)i;
    }
    const pecs_value both[] = { PECS_ROWS(Link, links), PECS_ROWS(Position, positions) };
    add(&(pecs_rows){ both, 2, 100000, handles, NULL });
    add_value((pecs_value)PECS_ROWS(Link, links + 100000), handles + 100000, 100000);
    const pecs_value turned[] = { PECS_ROWS(Position, positions + 200000), PECS_ROWS(Link, links + 200000) };
    add(&(pecs_rows){ turned, 2, 100000, handles + 200000, NULL });
    pecs_snapshot *made = finish();
    const pecs_view view = pecs_snapshot_view(made);
    for (uint32_t i = 0; i < COUNT; i++) {
        const Link *link = pecs_get(view, handles[i], Link);
        must(link && link->weight == i && same(link->target, handle_of((i + 1) % COUNT)));
        const Position *position = pecs_get(view, handles[i], Position);
        must(i / 100000 == 1 ? !position : position->x == (float)i);
    }
    cr_assert_eq(summary_of(view).table_count, 2);
    cr_assert_eq(summary_of(view).entity_count, COUNT);
    cr_assert_eq(summary_of(view).free_count, summary_of(view).slot_count - COUNT);
    pecs_snapshot_release(made);
    free(handles);
    free(links);
    free(positions);
}

Test(builder, one_row_at_a_time)
{
    for (uint32_t i = 0; i < 10000; i++) {
        const Position position = { (float)i, 0, 0 };
        const pecs_entity entity = { 10000 - i, 3 };
        const pecs_value values[] = { PECS_ROWS(Position, &position), PECS_HAS(Frozen) };
        add(&(pecs_rows){ values, 1 + i % 2, 1, &entity, NULL });
    }
    pecs_snapshot *made = finish();
    for (uint32_t i = 0; i < 10000; i++) {
        const pecs_entity entity = { 10000 - i, 3 };
        must(pecs_get(pecs_snapshot_view(made), entity, Position)->x == (float)i);
        must(pecs_has(pecs_snapshot_view(made), entity, Frozen) == (i % 2 == 1));
    }
    pecs_snapshot_release(made);
}

/* Without handles, rows are numbered; rows without components are entities, too. */
Test(builder, handles_are_made)
{
    const Position positions[3] = { { 1, 0, 0 }, { 2, 0, 0 }, { 3, 0, 0 } };
    const pecs_value value = PECS_ROWS(Position, positions);
    pecs_entity first[3], empty[2];
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ &value, 1, 3, NULL, NULL }, first, NULL), PECS_OK);
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ .row_count = 0 }, NULL, NULL), PECS_OK);
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ .row_count = 2 }, empty, NULL), PECS_OK);
    cr_assert(same(first[0], (pecs_entity){ 0, 1 }) && same(first[2], (pecs_entity){ 2, 1 }));
    cr_assert(same(empty[0], (pecs_entity){ 3, 1 }) && same(empty[1], (pecs_entity){ 4, 1 }));
    refuse_value(value, first, PECS_E_MISUSE, "{Position}: either all rows of a builder are given handles, or none");
    pecs_snapshot *made = finish();
    cr_assert_eq(pecs_get(pecs_snapshot_view(made), first[1], Position)->x, 2);
    cr_assert(pecs_view_alive(pecs_snapshot_view(made), empty[1]));
    pecs_world *world = make_world(registry, made);
    cr_assert(same(spawn_one(world, NULL, 0), (pecs_entity){ 5, 1 }));
    pecs_world_destroy(world);
    pecs_snapshot_release(made);
}

Test(builder, the_dead_stay_dead)
{
    const pecs_entity alive = { 2, 5 }, dead[] = { { 0, 3 }, { 4, 9 }, { 0, 2 }, { 3, (1u << 30) - 1 } };
    cr_assert_eq(pecs_builder_add_dead(builder, dead, 4, &error), PECS_OK);
    add(&(pecs_rows){ .row_count = 1, .entities = &alive });
    /* a reference to a dead entity is valid */
    const Link link = { 1, dead[1], { dead[2], none } };
    const pecs_entity other = { 1, 1 };
    add_value((pecs_value)PECS_ROWS(Link, &link), &other, 1);
    pecs_snapshot *made = finish();
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).slot_count, 5);
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).free_count, 2, "the last generation is used up");
    const pecs_entity slots[] = { dead[0], other, alive, dead[3], dead[1], { 5, 0 } };
    for (uint32_t i = 0; i < 6; i++)
        cr_assert(same(pecs_view_slot(pecs_snapshot_view(made), i), slots[i]));
    pecs_world *world = make_world(registry, made);
    cr_assert(same(spawn_one(world, NULL, 0), (pecs_entity){ 0, 4 }));
    cr_assert(same(spawn_one(world, NULL, 0), (pecs_entity){ 4, 10 }));
    const pecs_entity last = spawn_one(world, NULL, 0);
    cr_assert(same(last, (pecs_entity){ 5, 1 }));
    must(pecs_world_despawn(world, &last, 1) == PECS_OK && pecs_world_compact(world, NULL) == PECS_OK);
    cr_assert(same(pecs_view_slot(pecs_world_view(world), 5), last), "a slot that was dropped");
    pecs_world_destroy(world);
    pecs_snapshot_release(made);
}

static void check_id(pecs_view view, pecs_entity entity, const char *expected)
{
    char text[PECS_ID_TEXT_BYTES];
    pecs_entity found;
    pecs_id id;
    must(pecs_view_id(view, entity, &id) == PECS_OK);
    pecs_id_format(id, text);
    cr_assert_str_eq(text, expected);
    cr_assert(pecs_view_find(view, id, &found) == PECS_OK && same(found, entity));
}

Test(builder, rows_have_the_session_that_was_set)
{
    const pecs_entity entities[] = { { 0, 1 }, { 1, 2 }, { 2, 1 }, { 3, 1 }, { 4, 1 } };
    const uint64_t nonces[] = { 0xabc, 0x123, 0xabc, 0x123, 0 };
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(pecs_builder_set_session(builder, nonces[i], &error), PECS_OK);
        add(&(pecs_rows){ .row_count = 1, .entities = &entities[i] });
    }
    pecs_snapshot *made = finish();
    const pecs_view view = pecs_snapshot_view(made);
    check_id(view, entities[0], "00000000-0000-8abc-8000-000100000000");
    check_id(view, entities[1], "00000000-0000-8123-8000-000200000001");
    check_id(view, entities[2], "00000000-0000-8abc-8000-000100000002");
    check_id(view, entities[3], "00000000-0000-8123-8000-000100000003");
    pecs_snapshot_release(made);
}

Test(builder, all_are_dead)
{
    const pecs_entity dead[] = { { 3, 2 }, { 1, 7 } };
    cr_assert_eq(pecs_builder_add_dead(builder, dead, 2, &error), PECS_OK);
    pecs_snapshot *made = finish();
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).free_count, 4);
    cr_assert(same(pecs_view_slot(pecs_snapshot_view(made), 3), dead[0]));
    pecs_snapshot_release(made);
}

/* A world that is read through its view and built is the same world. */
Test(builder, a_copy_of_a_world)
{
    pecs_world *world = make_world(registry, NULL);
    pecs_entity entities[500];
    for (int i = 0; i < 500; i++) {
        const Position position = { (float)i, 1, 2 };
        const pecs_value values[] = { PECS_ROWS(Position, &position), PECS_HAS(Frozen) };
        entities[i] = spawn_one(world, values, 1 + (size_t)(i % 2));
    }
    for (int i = 0; i < 500; i += 7)
        must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
    const pecs_view view = pecs_world_view(world);
    for (int i = 0; i < 500; i++) {
        const Position *position = pecs_get(view, entities[i], Position);
        const pecs_value values[] = { PECS_ROWS(Position, position), PECS_HAS(Frozen) };
        pecs_id id;
        if (!position) {
            cr_assert_eq(pecs_builder_add_dead(builder, &entities[i], 1, NULL), PECS_OK);
            continue;
        }
        must(pecs_view_id(view, entities[i], &id) == PECS_OK);
        add(&(pecs_rows){ values, 1 + (size_t)(i % 2), 1, &entities[i], NULL });
    }
    pecs_snapshot *made = finish();
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), pecs_view_hash(view));
    for (int i = 1; i < 500; i++) {
        pecs_id a, b;
        if (i % 7 == 0)
            continue;
        must(!pecs_view_id(view, entities[i], &a) && !pecs_view_id(pecs_snapshot_view(made), entities[i], &b));
        must(memcmp(&a, &b, sizeof(a)) == 0); /* both sessions have one nonce */
    }
    pecs_world *next = make_world(registry, made);
    for (int i = 0; i < 100; i++)
        must(same(spawn_one(next, NULL, 0), spawn_one(world, NULL, 0)));
    pecs_world_destroy(next);
    pecs_world_destroy(world);
    pecs_snapshot_release(made);
}

/* The rest of a world. */

Test(builder, contents_and_what_belongs_to_no_entity)
{
    static const Point points[] = { { 1, 2 }, { 3, 4 } };
    static uint8_t large[100000];
    memset(large, 5, sizeof(large));
    const pecs_entity entities[] = { { 4, 1 }, { 2, 1 } };
    const Name names[] = { { 1, pecs_string_of("Zoe") }, { 2, pecs_string_of("") } };
    const Bag bags[] = { { .bytes = pecs_blob_of(PECS_BYTES(large, sizeof(large))),
                           .points = pecs_list_of(PECS_ARRAY(points)),
                           .friends = pecs_list_of(PECS_BYTES(&entities[1], sizeof(entities[1]))) },
                         { .labels = { pecs_string_of("a"), pecs_string_of("b") } } };
    const pecs_value values[] = { PECS_ROWS(Bag, bags), PECS_ROWS(Name, names) };
    const Position clock = { 1, 2, 3 };
    pecs_builder_destroy(builder);
    builder = make_builder(&(pecs_builder_options){ .tick = 1234 });
    add(&(pecs_rows){ values, 2, 2, entities, NULL });
    cr_assert_eq(pecs_builder_set_singleton(builder, &(pecs_value)PECS_ROWS(Position, &clock), NULL), PECS_OK);
    cr_assert_eq(pecs_builder_set_meta_text(builder, "map", "north", NULL), PECS_OK);
    cr_assert_eq(pecs_builder_set_meta_bytes(builder, "seed", "\1\0\2", 3, NULL), PECS_OK);
    cr_assert_eq(pecs_builder_attach(builder, "terrain", PECS_BYTES(large, sizeof(large)), NULL), PECS_OK);
    pecs_snapshot *made = finish();
    const pecs_view view = pecs_snapshot_view(made);
    cr_assert_str_eq(name_of(view, entities[0]), "Zoe");
    cr_assert(has_bytes(view, pecs_get(view, entities[0], Bag)->bytes, large, sizeof(large)));
    cr_assert_str_eq(pecs_view_string(view, pecs_get(view, entities[1], Bag)->labels[1], NULL), "b");
    cr_assert_eq(pecs_get_singleton(view, Position)->z, 3);
    cr_assert_eq(summary_of(view).tick, 1234);
    pecs_meta meta;
    cr_assert_eq(pecs_view_meta(view, "map", &meta), PECS_OK);
    cr_assert_str_eq(meta.value, "north");
    pecs_attachment terrain;
    cr_assert_eq(pecs_view_attachment(view, "terrain", &terrain), PECS_OK);
    cr_assert_eq(terrain.size_bytes, sizeof(large));
    pecs_snapshot_release(made);
}

static pecs_id number_id(uint8_t number)
{
    return (pecs_id){ { 9, number } };
}

Test(builder, explicit_ids)
{
    const pecs_entity entities[] = { { 4, 1 }, { 2, 1 }, { 3, 2 } };
    const pecs_id ids[] = { number_id(3), number_id(1), number_id(2) };
    const Position positions[3] = { { 0, 0, 0 } };
    const pecs_value value = PECS_ROWS(Position, positions);
    add(&(pecs_rows){ &value, 1, 3, entities, ids });
    const pecs_entity other = { 0, 1 };
    add(&(pecs_rows){ .row_count = 1, .entities = &other });
    pecs_snapshot *made = finish();
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *loaded = open_snapshot(registry, verb, "made");
        for (int i = 0; i < 3; i++) {
            pecs_entity found, again;
            cr_assert_eq(pecs_view_find(pecs_snapshot_view(made), ids[i], &found), PECS_OK);
            cr_assert_eq(pecs_view_find(pecs_snapshot_view(loaded), ids[i], &again), PECS_OK);
            cr_assert(same(found, entities[i]) && same(again, found));
        }
        pecs_snapshot_release(loaded);
    }
    pecs_id id;
    cr_assert_eq(pecs_view_id(pecs_snapshot_view(made), other, &id), PECS_OK, "a birth id");
    pecs_snapshot_release(made);
}

/* Errors. */

Test(builder, rows_are_refused)
{
    const pecs_entity entities[] = { { 4, 1 }, { 2, 1 } }, unborn[] = { { 4, 1 }, { 2, 0 } };
    const pecs_entity outside[] = { { UINT32_MAX - 1, 1 }, { 2, 1 } }, late[] = { { 4, 1 }, { 2, 1u << 30 } };
    const Position positions[2] = { { 0, 0, 0 } };
    const pecs_value value = PECS_ROWS(Position, positions), twice[] = { value, PECS_HAS(Frozen), value };
    const pecs_id ids[] = { number_id(3), { { 0 } } };
    refuse_value(value, unborn, PECS_E_MISUSE, "{Position}, row 1: 2:0 is not a handle of an entity");
    refuse_value(value, outside, PECS_E_MISUSE, "{Position}, row 0: 4294967294:1 is not a handle of an entity");
    refuse_value(value, late, PECS_E_MISUSE, "{Position}, row 1: 2:1073741824 is not a handle of an entity");
    refuse_rows(&(pecs_rows){ &value, 1, 2, entities, ids }, PECS_E_MISUSE, "{Position}, row 1: the id is zero");
    refuse_rows(&(pecs_rows){ twice, 3, 2, entities, NULL }, PECS_E_MISUSE,
                "{Position, Frozen, Position}: component Position: it is given twice");
    refuse_value((pecs_value){ Position_component, 4, positions }, entities, PECS_E_MISUSE,
                 "{Position}: component Position: size_bytes is not the size of the type");
    refuse_value((pecs_value){ 99, 4, positions }, entities, PECS_E_MISUSE,
                 "{?}: component 99: the world has no type of this number");
    refuse_rows(&(pecs_rows){ &value, 1000, 2, entities, NULL }, PECS_E_MISUSE,
                "{}: there are more values than component types");
    refuse_rows(&(pecs_rows){ NULL, 1, 2, entities, NULL }, PECS_E_MISUSE,
                "{}: values is NULL, but value_count is not 0");
    refuse_rows(&(pecs_rows){ .row_count = UINT32_MAX }, PECS_E_LIMIT, "{}: there are more rows than entity slots");
    refuse_rows(&(pecs_rows){ .row_count = UINT32_MAX, .entities = entities }, PECS_E_LIMIT,
                "{}: there are more rows than entity slots");
    cr_assert_eq(pecs_builder_add_dead(builder, unborn, 2, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "2:0 is not a handle of an entity");
    cr_assert_eq(pecs_builder_set_singleton(builder, &(pecs_value){ Position_component, 4, positions }, &error),
                 PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "singleton: component Position: size_bytes is not the size of the type");
    cr_assert_eq(pecs_builder_set_meta_text(builder, "pecs.mine", "", &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_builder_set_meta_bytes(builder, "", "", 0, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_builder_attach(builder, "pecs.mine", NULL, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_builder_create(registry, &(pecs_builder_options){ .tick = 1ull << 63 }, &builder, &error),
                 PECS_E_MISUSE);
    /* nothing has changed, not even whether rows are given handles */
    add(&(pecs_rows){ &value, 1, 2, NULL, NULL });
    pecs_snapshot *made = finish();
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).table_count, 1);
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).content_bytes, 0);
    pecs_snapshot_release(made);
}

Test(builder, strings_that_are_not_utf8_are_refused)
{
    const pecs_entity entities[] = { { 4, 1 }, { 2, 1 } };
    const Position positions[2] = { { 0, 0, 0 } };
    const Name names[] = { { 1, pecs_string_of("fine") }, { 2, pecs_string_from(PECS_BYTES("a\0b", 3)) } };
    const Bag bags[] = { { .labels = { pecs_string_of("a") } }, { .labels = { { 0 }, pecs_string_of("\xff") } } };
    const pecs_value contents[] = { PECS_ROWS(Position, positions), PECS_ROWS(Bag, bags) };
    refuse_value((pecs_value)PECS_ROWS(Name, names), entities, PECS_E_MISUSE,
                 "{Name}, row 1: text of 'Name': the string is not UTF-8, or has a zero byte");
    refuse_rows(&(pecs_rows){ contents, 2, 2, entities, NULL }, PECS_E_MISUSE,
                "{Position, Bag}, row 1: labels[1] of 'Bag': the string is not UTF-8, or has a zero byte");
}

Test(builder, conflicts)
{
    const pecs_entity entities[] = { { 4, 1 }, { 2, 1 } }, dead = { 2, 7 }, later = { 4, 3 };
    const pecs_id ids[] = { number_id(3), number_id(3) };
    const Position positions[2] = { { 0, 0, 0 } };
    const pecs_value value = PECS_ROWS(Position, positions), frozen = PECS_HAS(Frozen);
    add_value(value, entities, 2);
    add_value(frozen, &later, 1);
    refuse_finish(PECS_E_CONFLICT, "{Frozen}, row 0: the slot of 4:3 is taken by 4:1, {Position}, row 0");
    add_value(value, entities, 2);
    must(pecs_builder_add_dead(builder, &dead, 1, NULL) == PECS_OK);
    refuse_finish(PECS_E_CONFLICT, "{Position}, row 1: the slot of 2:1 is that of a dead entity");
    add(&(pecs_rows){ &value, 1, 2, entities, ids });
    refuse_finish(
        PECS_E_CONFLICT,
        "{Position, pecs.id}, row 1: the id 09030000-0000-0000-0000-000000000000 is that of another entity, too");
}

/* An entity may be given the id that it has anyway. */
Test(builder, the_own_birth_id)
{
    pecs_world *world = make_world(registry, NULL); /* of the same nonce */
    pecs_entity entities[2], found;
    pecs_id ids[2];
    must(pecs_world_spawn(world, NULL, 0, 2, entities) == PECS_OK);
    must(pecs_view_id_many(pecs_world_view(world), entities, 2, ids) == PECS_OK);
    add(&(pecs_rows){ .row_count = 2, .entities = entities, .ids = ids });
    pecs_snapshot *made = finish();
    for (int i = 0; i < 2; i++)
        must(pecs_view_find(pecs_snapshot_view(made), ids[i], &found) == PECS_OK && same(found, entities[i]));
    pecs_snapshot_release(made);
    pecs_world_destroy(world);
}

/* An explicit id of 2:1 that is the birth id of 4:1 in the builder's session. Without a 4:1, no later one gets it. */
Test(builder, ids_of_births)
{
    const pecs_entity entities[] = { { 2, 1 }, { 4, 1 } };
    pecs_snapshot *made = NULL;
    pecs_world *world = NULL;
    pecs_entity later[4], found;
    pecs_id id, given;
    must(pecs_id_parse("00000000-0000-8007-8000-000100000004", &id) == PECS_OK);
    add(&(pecs_rows){ .row_count = 1, .entities = &entities[0], .ids = &id });
    add(&(pecs_rows){ .row_count = 1, .entities = &entities[1] });
    refuse_finish(PECS_E_CONFLICT,
                  "{pecs.id}, row 0: the id 00000000-0000-8007-8000-000100000004 is that of another entity, too");
    add(&(pecs_rows){ .row_count = 1, .entities = &entities[0], .ids = &id });
    made = finish();
    const pecs_world_options same_nonce = { .session_nonce = 7 };
    must(pecs_world_create(registry, made, &same_nonce, &world, NULL) == PECS_OK);
    must(pecs_world_spawn(world, NULL, 0, 4, later) == PECS_OK && same(later[3], entities[1]));
    must(pecs_view_id(pecs_world_view(world), later[3], &given) == PECS_OK && memcmp(&given, &id, sizeof(id)) != 0);
    must(pecs_view_find(pecs_world_view(world), id, &found) == PECS_OK && same(found, entities[0]));
    pecs_world_destroy(world);
    pecs_snapshot_release(made);
}

Test(builder, invalid_values)
{
    const pecs_entity entities[] = { { 4, 1 }, { 2, 1 } }, absent = { 5, 1 };
    Door doors[] = { { true, 1, "door", entities[1] }, { false, 0, "gate", none } };
    const pecs_value value = PECS_ROWS(Door, doors);
    const uint8_t two = 2;
    memcpy(&doors[1].is_open, &two, 1);
    add_value(value, entities, 2);
    refuse_finish(PECS_E_INVALID, "{Door}, row 1: entity 2:1: is_open of 'Door' is neither 0 nor 1");
    doors[1].is_open = false;
    doors[0].mood = 2;
    add_value(value, entities, 2);
    refuse_finish(PECS_E_INVALID, "{Door}, row 0: entity 4:1: mood of 'Door' is not a value of its enum");
    doors[0].mood = 0;
    doors[0].title[5] = 'x';
    add_value(value, entities, 2);
    refuse_finish(PECS_E_INVALID, "{Door}, row 0: entity 4:1: title of 'Door' is not UTF-8 and then only zeros");
    doors[0].title[5] = 0;
    must(pecs_builder_set_singleton(builder, &(pecs_value)PECS_ROWS(Door, doors), NULL) == PECS_OK);
    refuse_finish(PECS_E_INVALID, "singleton: owner of 'Door' is the handle of an entity that never existed");
    /* what is missing can still come */
    doors[1].owner = absent;
    add_value(value, entities, 2);
    pecs_snapshot *made = NULL;
    cr_assert_eq(pecs_builder_finish(builder, &made, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.message,
                     "{Door}, row 1: entity 2:1: owner of 'Door' is the handle of an entity that never existed");
    add(&(pecs_rows){ .row_count = 1, .entities = &absent });
    pecs_snapshot_release(finish());
    cr_assert_eq(pecs_builder_finish(builder, &made, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "the builder is finished");
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ .row_count = 1 }, NULL, NULL), PECS_E_MISUSE);
}

/* Names of tables are cut between characters. */
Test(builder, long_names)
{
    pecs_type types[3];
    char names[3][201];
    const pecs_type *pointers[3];
    pecs_registry *long_registry;
    pecs_builder *other;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 200; j += 2)
            memcpy(names[i] + j, "\xc3\xa4", 2);
        names[i][0] = (char)('a' + i);
        names[i][1] = '_';
        names[i][200] = 0;
        types[i] = (pecs_type){ .name = names[i], .version = 1, .align = 1 };
        pointers[i] = &types[i];
    }
    const pecs_registry_desc desc = { .types = pointers, .type_count = 3, .allocator = counting_hooks };
    must(pecs_registry_create(&desc, &long_registry, &error) == PECS_OK);
    must(pecs_builder_create(long_registry, NULL, &other, &error) == PECS_OK);
    const pecs_value values[] = { PECS_HAS_AS(0), PECS_HAS_AS(1), PECS_HAS_AS(2), PECS_HAS_AS(2) };
    cr_assert_eq(pecs_builder_add(other, &(pecs_rows){ values, 3, 1, &none, NULL }, NULL, &error), PECS_E_MISUSE);
    cr_assert(strstr(error.message, "...}, row 0: 0:0 is not a handle"), "%s", error.message);
    for (const char *at = error.message; *at; at++) /* whole characters */
        must(*at != '\xc3' || at[1] == '\xa4');
    pecs_builder_destroy(other);
    pecs_registry_release(long_registry);
}

/* Each call fails once at each of its allocations, on one builder; the result is that without failures. */
static pecs_status build_step(int step, pecs_snapshot **ret_made)
{
    static const pecs_entity entities[] = { { 5000, 1 }, { 2, 1 } }, dead = { 9, 1 };
    const Name names[] = { { 1, pecs_string_of("Zoe") }, { 2, pecs_string_of("Ann") } };
    const pecs_value value = PECS_ROWS(Name, names), frozen = PECS_HAS(Frozen);
    const pecs_id ids[] = { number_id(1), number_id(2) };
    const pecs_entity more[] = { { 7, 1 }, { 8, 1 } };
    switch (step) {
    case 0:
        return pecs_builder_add(builder, &(pecs_rows){ &value, 1, 2, entities, ids }, NULL, &error);
    case 1:
        return pecs_builder_add(builder, &(pecs_rows){ &frozen, 1, 2, more, NULL }, NULL, &error);
    case 2:
        return pecs_builder_add_dead(builder, &dead, 1, &error);
    case 3:
        return pecs_builder_set_singleton(builder, &value, &error);
    case 4:
        return pecs_builder_set_meta_text(builder, "map", "north", &error);
    case 5:
        return pecs_builder_attach(builder, "terrain", PECS_BYTES("hills", 5), &error);
    default:
        return pecs_builder_finish(builder, ret_made, &error);
    }
}

Test(builder, memory_runs_out)
{
    pecs_snapshot *made[2] = { NULL, NULL };
    uint64_t failures = 0;
    for (int round = 0; round < 2; round++) {
        for (int step = 0; step < 7; step++) {
            pecs_status status = PECS_E_MEMORY;
            for (uint64_t nth = 1; status; nth++) {
                counting.fail_at = round ? counting.call_count + nth : 0;
                status = build_step(step, &made[round]);
                counting.fail_at = 0;
                must(status == PECS_OK || (round && status == PECS_E_MEMORY && error.status == status));
                failures += status != PECS_OK;
            }
        }
        pecs_builder_destroy(builder);
        builder = make_builder(&(pecs_builder_options){ .session_nonce = 7 });
    }
    cr_assert_geq(failures, 20);
    check_state(made[1]);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made[0])), pecs_view_hash(pecs_snapshot_view(made[1])));
    pecs_entity found;
    cr_assert_eq(pecs_view_find(pecs_snapshot_view(made[1]), number_id(2), &found), PECS_OK);
    cr_assert_eq(found.index, 2);
    pecs_snapshot_release(made[0]);
    pecs_snapshot_release(made[1]);
}
