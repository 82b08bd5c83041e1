/*
 * Transient types: what is never saved. The file, the hash and the diff are those of a world without it; snapshots hold
 * it, or zeros in its place.
 */
#define _GNU_SOURCE
#include "transient_fixture.h"

TestSuite(transient, .init = set_up, .fini = tear_down);

static void add_mesh(pecs_entity entity, int count)
{
    const Mesh mesh = { &registry, count };
    add(entity, MESH, &mesh, sizeof(mesh));
}

enum { ROWS = 10000 };

static pecs_entity entities[ROWS];

static void spawn_rows(pecs_world *in)
{
    for (int i = 0; i < ROWS; i++) {
        const Position position = { (float)i, 0, 0 };
        must(pecs_world_spawn(in, (pecs_value[]){ position_value(&position) }, 1, 1, &entities[i]) == PECS_OK);
    }
}

/* Each third entity has a mesh, each fourth is selected; both move between tables. */
static void decorate(void)
{
    for (int i = 0; i < ROWS; i++) {
        if (i % 3 == 0)
            add_mesh(entities[i], i);
        if (i % 4 == 0)
            add(entities[i], SELECTED, NULL, 0);
    }
}

static pecs_save_report save_with(const char *path, pecs_references references)
{
    pecs_save_report report;
    pecs_error error;
    const pecs_save_options options = { .skip_sync = true, .references = references, .report = &report };
    must(pecs_world_save(world, path, &options, &error) == PECS_OK);
    return report;
}

/* Byte for byte: the components were added to all entities at once, so even the rows have one order. */
Test(transient, the_file_is_that_of_a_world_without_them)
{
    pecs_world *without = make_world(plain, NULL);
    const Position position = { 1, 2, 3 };
    const Mesh mesh = { &registry, 4 };
    const pecs_value values[] = { position_value(&position), { MESH, sizeof(mesh), &mesh }, { SELECTED, 0, NULL } };
    for (int i = 0; i < ROWS; i++) {
        must(pecs_world_spawn(without, values, 1, 1, NULL) == PECS_OK);
        must(pecs_world_spawn(world, values, 3, 1, &entities[i]) == PECS_OK);
    }
    cr_assert_eq(pecs_view_hash(pecs_world_view(world)), pecs_view_hash(pecs_world_view(without)));
    save_world(without, "without.pecs");
    const pecs_save_report report = save_with("with.pecs", PECS_REFERENCES_KEEP);
    cr_assert(same_bytes("with.pecs", "without.pecs"));
    const struct file_bytes file = read_bytes("with.pecs");
    cr_assert_eq(report.size_bytes, file.size);
    free(file.bytes);
    cr_assert_eq(report.entity_count, ROWS);
    cr_assert_eq(report.type_count, 1);
    cr_assert_eq(report.component_bytes, ROWS * sizeof(Position));
    cr_assert_eq(report.left_out.entity_count, 0);
    cr_assert_eq(report.left_out.type_count, 2);
    cr_assert_eq(report.left_out.component_bytes, ROWS * sizeof(Mesh));
    pecs_world_destroy(without);
}

/* Four tables become one. All values are where their handles say. */
Test(transient, tables_that_become_equal_are_one)
{
    spawn_rows(world);
    decorate();
    const uint64_t hash = pecs_view_hash(pecs_world_view(world));
    (void)save_with("world.pecs", PECS_REFERENCES_KEEP);
    pecs_snapshot *loaded = load_plain("world.pecs");
    const pecs_view view = pecs_snapshot_view(loaded);
    cr_assert_eq(summary_of(view).table_count, 1);
    cr_assert_eq(pecs_view_hash(view), hash);
    for (int i = 0; i < ROWS; i++)
        must(pecs_get_as(view, entities[i], POSITION, Position)->x == (float)i);
    pecs_snapshot_release(loaded);
}

Test(transient, the_hash_is_that_of_the_saved_state)
{
    spawn_rows(world);
    const uint64_t before = pecs_view_hash(pecs_world_view(world));
    decorate();
    const Mesh mesh = { NULL, 3 };
    must(pecs_world_set_singleton(world, MESH, sizeof(mesh), &mesh) == PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_world_view(world)), before);
    add(spawn_position(world, 1), GHOST, NULL, 0);
    cr_assert_eq(pecs_view_hash(pecs_world_view(world)), before);
}

Test(transient, is_in_no_diff)
{
    spawn_rows(world);
    pecs_snapshot *before = take(world);
    const pecs_view from = pecs_snapshot_view(before), to = pecs_world_view(world);
    decorate();
    cr_assert_eq(differences(from, to), 0);
    cr_assert_eq(differences(to, from), 0);
    pecs_snapshot *decorated = take(world);
    for (int i = 0; i < ROWS; i += 3) {
        const Mesh mesh = { NULL, -1 };
        must(pecs_world_set(world, entities[i], &(pecs_value){ MESH, sizeof(mesh), &mesh }, 1) == PECS_OK);
    }
    cr_assert_eq(differences(pecs_snapshot_view(decorated), to), 0);
    /* becoming transient is a removal */
    add(entities[0], GHOST, NULL, 0);
    add(spawn_position(world, 1), GHOST, NULL, 0);
    cr_assert_eq(differences(from, to), 1);
    cr_assert_eq(differences(to, from), 1);
    pecs_snapshot_release(decorated);
    pecs_snapshot_release(before);
}

/* The tables have one number and one saved set, but one is of transient entities. */
Test(transient, entities_differ_from_others_at_their_place)
{
    pecs_world *other = make_world(registry, NULL);
    const Position position = { 1, 2, 3 };
    const pecs_value values[] = { position_value(&position), { GHOST, 0, NULL } };
    for (int i = 0; i < 5; i++)
        must(!pecs_world_spawn(world, values, 1, 1, NULL) && !pecs_world_spawn(other, values, 2, 1, NULL));
    cr_assert_eq(differences(pecs_world_view(world), pecs_world_view(other)), 5);
    cr_assert_eq(differences(pecs_world_view(other), pecs_world_view(world)), 5);
    pecs_world_destroy(other);
}

Test(transient, snapshots_hold_it)
{
    spawn_rows(world);
    decorate();
    pecs_snapshot *snapshot = take(world);
    add_mesh(entities[1], -1);
    must(pecs_world_remove(world, entities[0], (pecs_component[]){ MESH }, 1) == PECS_OK);
    must(pecs_world_rewind(world, snapshot) == PECS_OK);
    cr_assert_eq(pecs_get_as(pecs_world_view(world), entities[0], MESH, Mesh)->buffer, &registry);
    cr_assert_eq(pecs_get_as(pecs_world_view(world), entities[9], MESH, Mesh)->count, 9);
    cr_assert_null(pecs_get_as(pecs_world_view(world), entities[1], MESH, Mesh));
    pecs_snapshot_release(snapshot);
}

/* Of one chunk, of several, and of more than a page of them; as a singleton, too. */
Test(transient, snapshots_hold_zeros_for_values_that_they_leave_out)
{
    static const size_t counts[] = { 1, CHUNK_ROWS, 5 * CHUNK_ROWS + 1, 131 * CHUNK_ROWS + 7 };
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        pecs_world *in = make_world(registry, NULL);
        const Position position = { 1, 2, 3 };
        const Body body = { "a body" };
        const pecs_value values[] = { position_value(&position), { BODY, sizeof(body), &body } };
        pecs_entity *all = malloc(counts[i] * sizeof(*all));
        for (size_t row = 0; row < counts[i]; row++)
            must(pecs_world_spawn(in, values, 2, 1, &all[row]) == PECS_OK);
        must(pecs_world_set_singleton(in, BODY, sizeof(body), &body) == PECS_OK);
        pecs_snapshot *snapshot = take(in);
        const pecs_view view = pecs_snapshot_view(snapshot);
        check_state(snapshot);
        cr_assert_null(pecs_get_singleton_as(view, BODY, Body)->body);
        for (size_t row = 0; row < counts[i]; row++) {
            must(!pecs_get_as(view, all[row], BODY, Body)->body);
            must(pecs_get_as(view, all[row], POSITION, Position)->z == 3);
            must(pecs_get_as(pecs_world_view(in), all[row], BODY, Body)->body == body.body);
        }
        must(pecs_world_rewind(in, snapshot) == PECS_OK);
        const Body other = { "another" };
        const size_t last = counts[i] - 1;
        must(pecs_world_set(in, all[last], &(pecs_value){ BODY, sizeof(other), &other }, 1) == PECS_OK);
        for (int row = 0; row < CHUNK_ROWS; row++)
            must(pecs_world_spawn(in, values, 2, 1, NULL) == PECS_OK);
        check_world(in);
        cr_assert_eq(pecs_get_as(pecs_world_view(in), all[last], BODY, Body)->body, other.body);
        cr_assert(!last || !pecs_get_as(pecs_world_view(in), all[0], BODY, Body)->body);
        cr_assert_null(pecs_get_as(view, all[last], BODY, Body)->body);
        pecs_snapshot_release(snapshot);
        pecs_world_destroy(in);
        free(all);
    }
}

/* What is left out is not shared: writing to it after the take copies nothing. */
Test(transient, values_left_out_of_snapshots_are_not_copied)
{
    const Body body = { "a body" };
    for (int i = 0; i < ROWS; i++)
        must(pecs_world_spawn(world, (pecs_value[]){ { BODY, sizeof(body), &body } }, 1, 1, &entities[i]) == PECS_OK);
    pecs_snapshot *snapshot = take(world);
    const uint64_t before = world->gate.copied_bytes;
    for (int i = 0; i < ROWS; i++)
        must(pecs_world_set(world, entities[i], &(pecs_value){ BODY, sizeof(body), &body }, 1) == PECS_OK);
    cr_assert_eq(world->gate.copied_bytes, before);
    pecs_snapshot_release(snapshot);
}

/* References lead from entity i to entity i + 1; each second one is a ghost. */
static void spawn_linked(void)
{
    for (int i = 0; i < ROWS; i++)
        entities[i] = spawn_position(world, (float)i);
    for (int i = 0; i < ROWS; i++) {
        const Link link = { 1, entities[(i + 1) % ROWS], { entities[i], { 0, 0 } } };
        add(entities[i], LINK, &link, sizeof(link));
        if (i % 2)
            add(entities[i], GHOST, NULL, 0);
    }
}

static void check_linked(pecs_view view, bool is_cleared)
{
    cr_assert_eq(summary_of(view).entity_count, ROWS / 2);
    for (int i = 0; i < ROWS; i++) {
        must(pecs_view_alive(view, entities[i]) == !(i % 2));
        const Link *link = pecs_get_as(view, entities[i], LINK, Link);
        if (!link)
            continue;
        must(same(link->others[0], entities[i]));
        must(same(link->target, is_cleared ? none : entities[i + 1]));
        must(!pecs_view_alive(view, link->target));
    }
}

Test(transient, entities_are_not_saved)
{
    spawn_linked();
    const pecs_save_report report = save_with("kept.pecs", PECS_REFERENCES_KEEP);
    cr_assert_eq(report.entity_count, ROWS / 2);
    cr_assert_eq(report.left_out.entity_count, ROWS / 2);
    cr_assert_eq(report.left_out.reference_count, 0);
    pecs_snapshot *loaded = load_plain("kept.pecs");
    check_linked(pecs_snapshot_view(loaded), false);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), pecs_view_hash(pecs_world_view(world)));
    cr_assert_eq(loaded->free_count, ROWS / 2);
    /* a new entity in the slot has the next generation */
    pecs_world *next = make_world(plain, loaded);
    const pecs_entity reused = spawn_position(next, 0);
    cr_assert_eq(reused.index, entities[1].index);
    cr_assert_eq(reused.generation, entities[1].generation + 1);
    pecs_world_destroy(next);
    pecs_snapshot_release(loaded);
}

Test(transient, references_to_entities_that_are_not_saved_are_cleared)
{
    spawn_linked();
    const Link link = { 1, entities[0], { entities[1], entities[3] } };
    must(pecs_world_set_singleton(world, LINK, sizeof(link), &link) == PECS_OK);
    const pecs_save_report report = save_with("cleared.pecs", PECS_REFERENCES_CLEAR);
    cr_assert_eq(report.left_out.reference_count, ROWS / 2 + 2);
    pecs_snapshot *loaded = load_plain("cleared.pecs");
    check_linked(pecs_snapshot_view(loaded), true);
    const Link *of_world = pecs_get_singleton_as(pecs_snapshot_view(loaded), LINK, Link);
    cr_assert(same(of_world->target, entities[0]) && same(of_world->others[0], none) &&
              same(of_world->others[1], none));
    pecs_snapshot_release(loaded);
    /* the world's own values are as they were */
    cr_assert(same(pecs_get_as(pecs_world_view(world), entities[0], LINK, Link)->target, entities[1]));
}

Test(transient, references_to_entities_that_are_not_saved_are_refused)
{
    pecs_error error;
    const pecs_save_options options = { .references = PECS_REFERENCES_REFUSE };
    spawn_linked();
    cr_assert_eq(pecs_world_save(world, "world.pecs", &options, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.message, "entity 0:1: target of 'Link' names entity 1:1, which is left out");
    cr_assert_eq(file_count(), 0);
    for (int i = 0; i < ROWS; i += 2)
        must(pecs_world_remove(world, entities[i], (pecs_component[]){ LINK }, 1) == PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &options, NULL), PECS_OK);
    const Link link = { 1, none, { none, entities[1] } };
    must(pecs_world_set_singleton(world, LINK, sizeof(link), &link) == PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &options, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.message, "singleton: others[1] of 'Link' names entity 1:1, which is left out");
    cr_assert_eq(pecs_world_save(world, "x", &(pecs_save_options){ .references = (pecs_references)3 }, NULL),
                 PECS_E_MISUSE);
}

/* A world that lies in a file gets transient content and is saved again, to the same name. */
Test(transient, of_a_resumed_world)
{
    for (int verb = 0; verb < 2; verb++) {
        pecs_world *first = make_world(registry, NULL);
        spawn_rows(first);
        save_world(first, "world.pecs");
        const uint64_t hash = pecs_view_hash(pecs_world_view(first));
        pecs_world_destroy(first);
        pecs_world_destroy(world);
        world = open_world(registry, verb, "world.pecs");
        decorate();
        save_world(world, "world.pecs");
        pecs_snapshot *loaded = load_plain("world.pecs");
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), hash);
        pecs_snapshot_release(loaded);
    }
}

/* A type of that id in a file was written by another program: nothing of the file is dropped silently. */
Test(transient, a_file_that_has_the_type_is_refused)
{
    typedef struct {
        int32_t count;
    } OldMesh;
    static const pecs_field fields[] = { { "count", PECS_I32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type old = { "Mesh", { { 0 } }, 1, 4, 4, 1, fields, 0 };
    pecs_registry *before = make_registry((const pecs_type *const[]){ &old }, 1, counting_hooks);
    pecs_world *in = make_world(before, NULL);
    const OldMesh value = { 3 };
    must(pecs_world_spawn(in, (pecs_value[]){ { 0, sizeof(value), &value } }, 1, 1, NULL) == PECS_OK);
    save_world(in, "old.pecs");
    for (int verb = 0; verb < 2; verb++) {
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        cr_assert_eq(verbs[verb](registry, "old.pecs", NULL, &snapshot, &error), PECS_E_LAYOUT);
        cr_assert_str_eq(error.message, "the file has components of type 'Mesh', which is transient in the registry");
    }
    pecs_world_destroy(in);
    pecs_registry_release(before);
}

static pecs_status try_type(pecs_type type, pecs_error *error)
{
    const pecs_type *list[] = { &type };
    const pecs_registry_desc desc = { .types = list, .type_count = 1 };
    pecs_registry *made = NULL;
    const pecs_status status = pecs_registry_create(&desc, &made, error);
    pecs_registry_release(made);
    return status;
}

Test(transient, types_are_checked)
{
    pecs_error error;
    const pecs_type any = { "Any", { { 0 } }, 0, 24, 8, 0, NULL, PECS_TYPE_TRANSIENT };
    cr_assert_eq(try_type(any, NULL), PECS_OK);
    pecs_type type = any;
    type.flags = 8;
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "Any: there is no flag 0x8");
    type.flags = PECS_TYPE_NO_SNAPSHOT;
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "Any: the flags 0x2 need PECS_TYPE_TRANSIENT");
    type.flags = 0;
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE);
    type = any;
    type.size = 20;
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE, "not a multiple of the alignment");
    type = (pecs_type){ "Tag", { { 0 } }, 1, 0, 1, 0, NULL, PECS_TYPE_TRANSIENT | PECS_TYPE_NO_SNAPSHOT };
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "Tag: a tag has no values that a snapshot could leave out");
    /* fields that are given are checked */
    static const pecs_field fields[] = { { "half", PECS_I32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 } };
    type = any;
    type.fields = fields;
    type.field_count = 1;
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE);
    static const pecs_field texts[] = { { "text", PECS_STRING, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 } };
    type.size = 8;
    type.fields = texts;
    cr_assert_eq(try_type(type, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message,
                     "Any: a transient type has no strings, blobs and lists: have a pointer to your own");
    type.flags = 0;
    type.version = 1;
    cr_assert_eq(try_type(type, &error), PECS_OK);
}

/* Flags are visible; values are not checked, whatever fields they have. */
Test(transient, reflection_and_checks)
{
    typedef struct {
        bool is_on;
    } Odd;
    static const pecs_field fields[] = { { "is_on", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type odd = { "Odd", { { 0 } }, 1, sizeof(Odd), 1, 1, fields, PECS_TYPE_TRANSIENT };
    pecs_registry *other = make_registry((const pecs_type *const[]){ &odd }, 1, counting_hooks);
    pecs_world *in = make_world(other, NULL);
    const uint8_t wrong = 7;
    must(pecs_world_spawn(in, (pecs_value[]){ { 0, 1, &wrong } }, 1, 1, NULL) == PECS_OK);
    cr_assert_eq(pecs_view_check(pecs_world_view(in), NULL, NULL, NULL), PECS_OK);
    cr_assert_eq(pecs_view_type(pecs_world_view(in), 0)->flags, PECS_TYPE_TRANSIENT);
    cr_assert_eq(pecs_world_save(in, "odd.pecs", NULL, NULL), PECS_OK);
    pecs_world_destroy(in);
    pecs_registry_release(other);
}

/* Explicit ids of entities that are not saved are free; the others are found. */
Test(transient, explicit_ids)
{
    const pecs_id ids[2] = { { { 1 } }, { { 2 } } };
    pecs_entity found;
    for (int i = 0; i < 2; i++) {
        entities[i] = spawn_position(world, (float)i);
        must(pecs_world_set_id(world, entities[i], ids[i]) == PECS_OK);
    }
    add(entities[1], GHOST, NULL, 0);
    save_world(world, "world.pecs");
    pecs_snapshot *loaded = load_plain("world.pecs");
    cr_assert_eq(pecs_view_find(pecs_snapshot_view(loaded), ids[0], &found), PECS_OK);
    cr_assert(same(found, entities[0]));
    cr_assert_neq(pecs_view_find(pecs_snapshot_view(loaded), ids[1], &found), PECS_OK);
    pecs_snapshot_release(loaded);
}

/* Every allocation of a save and of a take fails once. */
Test(transient, memory_runs_out)
{
    spawn_linked();
    decorate();
    const Body body = { "a body" };
    for (int i = 0; i < ROWS; i += 5)
        add(entities[i], BODY, &body, sizeof(body));
    pecs_snapshot *snapshot = NULL;
    const pecs_save_options options = { .skip_sync = true, .references = PECS_REFERENCES_CLEAR };
    for (int step = 0; step < 2; step++) {
        pecs_status status = PECS_E_MEMORY;
        for (uint64_t nth = 1; status == PECS_E_MEMORY; nth++) {
            counting.fail_at = counting.call_count + nth;
            status = step ? pecs_snapshot_save(snapshot, "world.pecs", &options, NULL)
                          : pecs_snapshot_take(world, &snapshot);
            counting.fail_at = 0;
            must(status == PECS_OK || status == PECS_E_MEMORY);
            must(step || !status || pecs_get_as(pecs_world_view(world), entities[0], BODY, Body)->body == body.body);
        }
    }
    check_world(world);
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(load_plain("world.pecs"));
}
