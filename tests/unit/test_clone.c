/*
 * Clones: what they make is what plain edits of the public interface make, from every source, and an error changes
 * nothing.
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

TestSuite(clone, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

/* A clone made by plain edits. Returns its handles in `made`. */
struct plain_clone {
    pecs_view source, target;
    bool is_of_timeline;
    const pecs_entity *entities, *made; /* of one copy */
    size_t count;
};

static pecs_entity map_plainly(void *user, pecs_entity entity)
{
    const struct plain_clone *clone = user;
    pecs_id id;
    pecs_entity target = none;
    for (size_t i = 0; i < clone->count; i++)
        if (same(clone->entities[i], entity))
            return clone->made[i];
    if (clone->is_of_timeline)
        return entity;
    if (pecs_view_id(clone->source, entity, &id) == PECS_OK && pecs_view_find(clone->target, id, &target) == PECS_OK)
        return target;
    return none;
}

static void clone_plainly(pecs_world *to, const pecs_snapshot *snapshot, bool is_of_timeline,
                          const pecs_entity *entities, size_t count, size_t copy_count, pecs_entity *made)
{
    const pecs_view from = snapshot ? pecs_snapshot_view(snapshot) : pecs_world_view(to);
    must(pecs_world_spawn(to, NULL, 0, count * copy_count, made) == PECS_OK);
    for (size_t copy = 0; copy < copy_count; copy++) {
        struct plain_clone clone = { from, pecs_world_view(to), is_of_timeline, entities, made + copy * count, count };
        for (size_t i = 0; i < count; i++)
            set_plainly(to, made[copy * count + i], from, entities[i], map_plainly, &clone);
    }
}

enum { OWN, TAKEN, RESUMED, LOADED, SOURCES };

/* A snapshot of each kind; OWN: none. */
static pecs_snapshot *source_of(int kind)
{
    if (kind == TAKEN)
        return take(world);
    if (kind == OWN)
        return NULL;
    save_world(world, "source.pecs");
    return open_snapshot(registry, kind == RESUMED ? RESUME : LOAD, "source.pecs");
}

enum { ENTITIES = 600 };

/* Fills the world and one that is the same. */
static pecs_world *fill_twice(pecs_entity *entities)
{
    pecs_world *twin = make_world(registry, NULL);
    struct filling filling = { .random = 1, .entities = entities };
    fill_world(twin, &filling, ENTITIES);
    filling = (struct filling){ .random = 1, .entities = entities };
    fill_world(world, &filling, ENTITIES);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(twin)));
    return twin;
}

/* Every `step`-th living entity. */
static size_t choose(const pecs_entity *entities, size_t step, pecs_entity *ret_chosen)
{
    size_t count = 0;
    for (size_t i = 0; i < ENTITIES; i += step)
        if (pecs_view_alive(view(), entities[i]))
            ret_chosen[count++] = entities[i];
    return count;
}

static void expect_plain_outcome(int kind, size_t step, size_t copy_count, bool has_changed)
{
    static pecs_entity entities[ENTITIES], chosen[ENTITIES], made[ENTITIES * 10], plain[ENTITIES * 10];
    pecs_world *twin = fill_twice(entities);
    const size_t count = choose(entities, step, chosen);
    pecs_snapshot *source = source_of(kind);
    for (size_t i = 0; has_changed && i < ENTITIES; i += 4) { /* sources differ from the world; some targets are dead */
        if (pecs_view_alive(view(), entities[i])) {
            must(pecs_despawn(world, entities[i]) == PECS_OK);
            must(pecs_despawn(twin, entities[i]) == PECS_OK);
        }
    }
    cr_assert_eq(pecs_world_clone(world, source, chosen, count, copy_count, made), PECS_OK, "%s",
                 pecs_world_error(world)->message);
    clone_plainly(twin, source, kind <= TAKEN, chosen, count, copy_count, plain);
    cr_assert_arr_eq(made, plain, count * copy_count * sizeof(*made));
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(twin)), "source %d, step %zu", kind, step);
    check_contents(world);
    pecs_snapshot_release(source);
    pecs_world_destroy(twin);
    pecs_world_destroy(world);
    world = make_world(registry, NULL);
}

Test(clone, is_what_plain_edits_make)
{
    for (int kind = 0; kind < SOURCES; kind++) {
        expect_plain_outcome(kind, 1, 1, false);
        expect_plain_outcome(kind, 1, 3, false);
        expect_plain_outcome(kind, 3, 10, false);
    }
}

Test(clone, of_a_snapshot_that_the_world_has_left_behind)
{
    for (int kind = TAKEN; kind < SOURCES; kind++) {
        expect_plain_outcome(kind, 1, 2, true);
        expect_plain_outcome(kind, 5, 10, true);
    }
}

/* A rewind leaves entities behind. Their handles are still to come, or those of clones. */
Test(clone, references_to_entities_that_a_rewind_undid)
{
    const pecs_entity kept = spawn_one(world, NULL, 0), dead = spawn_one(world, NULL, 0);
    pecs_entity undone[3], clones[2];
    must(pecs_world_despawn(world, &dead, 1) == PECS_OK);
    pecs_snapshot *early = take(world);
    must(pecs_world_spawn(world, NULL, 0, 3, undone) == PECS_OK);
    must(same(undone[0], (pecs_entity){ 1, 2 }) && undone[2].index == 3);
    must(pecs_set(world, kept, Squad,
                  { .leader = undone[0],
                    .pair = { undone[2], dead },
                    .slots = { { .who = kept }, { .who = undone[1] } } }) == PECS_OK);
    pecs_snapshot *late = take(world);
    must(pecs_world_rewind(world, early) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, late, &kept, 1, 2, clones), PECS_OK);
    cr_assert(same(clones[0], undone[0]), "a clone has the handle");
    for (int i = 0; i < 2; i++) {
        const Squad *squad = pecs_get(view(), clones[i], Squad);
        cr_assert(same(squad->leader, none) && same(squad->pair[0], none) && same(squad->slots[1].who, none));
        cr_assert(same(squad->pair[1], dead), "dead, but known");
        cr_assert(same(squad->slots[0].who, clones[i]));
    }
    check_contents(world);
    save_world(world, "a");
    pecs_snapshot_release(early);
    pecs_snapshot_release(late);
}

/* After a rewind a clone may get the birth id that an entity of another world was given: that is not this one. */
Test(clone, references_do_not_lead_to_a_clone_by_its_new_id)
{
    const pecs_world_options options = { .session_nonce = 99 };
    pecs_world *other;
    must(pecs_world_create(registry, NULL, &options, &other, NULL) == PECS_OK);
    pecs_entity undone, named, referrer, clone;
    pecs_id id;
    (void)spawn_one(world, NULL, 0);
    pecs_snapshot *early = take(world);
    undone = spawn_one(world, NULL, 0);
    must(pecs_view_id(view(), undone, &id) == PECS_OK);
    must(pecs_world_spawn_with_ids(other, NULL, 0, &id, 1, &named) == PECS_OK);
    referrer = spawn_one(other, NULL, 0);
    must(pecs_set(other, referrer, Squad, { .leader = named, .pair = { referrer, none } }) == PECS_OK);
    pecs_snapshot *late = take(other);
    must(pecs_world_rewind(world, early) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, late, &referrer, 1, 1, &clone), PECS_OK);
    cr_assert(same(clone, undone), "it has the handle, and so the id, of what was undone");
    const Squad *squad = pecs_get(view(), clone, Squad);
    cr_assert(same(squad->leader, none) && same(squad->pair[0], clone));
    pecs_snapshot_release(early);
    pecs_snapshot_release(late);
    pecs_world_destroy(other);
}

/* Rows of several chunks in whole runs, into a table with rows, from a table with rows on both sides of the choice. */
Test(clone, many_rows)
{
    enum { ROWS = 3 * CHUNK_ROWS + 100, FIRST = 50, COUNT = 2 * CHUNK_ROWS + 200 };
    static pecs_entity rows[ROWS], made[2 * COUNT];
    static Position positions[ROWS];
    for (int i = 0; i < ROWS; i++)
        positions[i].x = (float)i;
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Position, positions) }, 1, ROWS, rows) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, rows + FIRST, COUNT, 2, made), PECS_OK);
    for (int i = 0; i < 2 * COUNT; i++) {
        const Position *position = pecs_get(view(), made[i], Position);
        must(position && position->x == (float)(FIRST + i % COUNT));
        must(made[i].index == (uint32_t)(ROWS + i));
    }
    check_world(world);
}

/* Each copy of a prefab is a whole: its references lead to itself. */
Test(clone, each_copy_is_a_whole)
{
    enum { COPIES = 5000 };
    static pecs_entity made[COPIES][2];
    const pecs_entity cart = spawn_name(world, "cart"), driver = spawn_name(world, "driver");
    const pecs_entity road = spawn_name(world, "road");
    const Tie ties[] = { { 1, cart }, { 2, driver }, { 3, road } };
    const pecs_entity list[] = { driver, road };
    must(
        pecs_set(world, cart, Squad,
                 { .leader = driver, .slots = { { 1, cart }, { 2, road } }, .ties = pecs_list_of(PECS_ARRAY(ties)) }) ==
        PECS_OK);
    must(pecs_set(world, driver, Bag, { .friends = pecs_list_of(PECS_BYTES(&cart, sizeof(cart))) }) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, (pecs_entity[]){ cart, driver }, 2, COPIES, made[0]), PECS_OK);
    for (int i = 0; i < COPIES; i++) {
        size_t tie_count, friend_count;
        const Squad *squad = pecs_get_as(view(), made[i][0], Squad_component, Squad);
        const Tie *tied = pecs_view_list(view(), squad->ties, Tie, &tie_count);
        const pecs_entity *friends =
            pecs_view_list(view(), pecs_get(view(), made[i][1], Bag)->friends, pecs_entity, &friend_count);
        must(same(squad->leader, made[i][1]) && same(squad->slots[0].who, made[i][0]));
        must(same(squad->slots[1].who, road) && tie_count == 3 && friend_count == 1);
        must(same(tied[0].to, made[i][0]) && same(tied[1].to, made[i][1]) && same(tied[2].to, road));
        must(same(friends[0], made[i][0]));
        must(strcmp(name_of(view(), made[i][0]), "cart") == 0);
    }
    check_contents(world);
    (void)list;
}

Test(clone, a_clone_has_an_id_of_its_own)
{
    pecs_id id = { { 9 } }, found;
    pecs_entity made[2];
    const pecs_entity entity = spawn_name(world, "hero");
    must(pecs_world_set_id(world, entity, id) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, &entity, 1, 2, made), PECS_OK);
    for (int i = 0; i < 2; i++) {
        pecs_entity there;
        must(pecs_view_id(view(), made[i], &found) == PECS_OK && memcmp(&found, &id, sizeof(id)) != 0);
        must(pecs_view_find(view(), found, &there) == PECS_OK && same(there, made[i]));
        must(strcmp(name_of(view(), made[i]), "hero") == 0);
    }
    pecs_entity there;
    must(pecs_view_find(view(), id, &there) == PECS_OK && same(there, entity));
    check_contents(world);
}

Test(clone, transient_components_as_the_source_has_them)
{
    int thing;
    const pecs_entity entity = spawn_name(world, "seen");
    const Mesh mesh = { &thing, entity };
    const Body body = { 42 };
    pecs_entity own, taken;
    must(pecs_world_set(
             world, entity,
             (pecs_value[]){ { Mesh_component, sizeof(mesh), &mesh }, { Body_component, sizeof(body), &body } },
             2) == PECS_OK);
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_world_clone(world, NULL, &entity, 1, 1, &own), PECS_OK);
    cr_assert_eq(pecs_world_clone(world, snapshot, &entity, 1, 1, &taken), PECS_OK);
    cr_assert_eq(pecs_get_as(view(), own, Body_component, Body)->number, 42);
    cr_assert_eq(pecs_get_as(view(), taken, Body_component, Body)->number, 0, "a snapshot has zeros");
    for (int i = 0; i < 2; i++) {
        const Mesh *copy = pecs_get_as(view(), i ? taken : own, Mesh_component, Mesh);
        cr_assert(copy->buffer == &thing && same(copy->unseen, entity), "as it is");
    }
    pecs_snapshot_release(snapshot);
}

/* References of an unrelated snapshot never name an entity that only has the same handle. */
Test(clone, references_of_another_world_go_by_id)
{
    pecs_world *other = world_of(registry, NULL, 99);
    const pecs_entity known = spawn_name(other, "known"), strange = spawn_name(other, "strange");
    const pecs_entity pointer = spawn_name(other, "pointer");
    must(pecs_set(other, pointer, Squad, { .leader = known, .pair = { strange, pointer } }) == PECS_OK);
    must(pecs_world_set_id(other, known, (pecs_id){ { 1 } }) == PECS_OK);
    pecs_snapshot *snapshot = take(other);
    for (int i = 0; i < 10; i++)
        spawn_name(world, "in the way");
    const pecs_entity here = spawn_name(world, "known");
    pecs_entity made;
    must(pecs_world_set_id(world, here, (pecs_id){ { 1 } }) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, snapshot, &pointer, 1, 1, &made), PECS_OK);
    const Squad *squad = pecs_get_as(view(), made, Squad_component, Squad);
    cr_assert(same(squad->leader, here), "%u %u", squad->leader.index, squad->leader.generation);
    cr_assert(same(squad->pair[0], none) && same(squad->pair[1], made));
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(other);
}

/* Errors. */

static void expect_refused(pecs_status status, const char *text, const pecs_snapshot *snapshot,
                           const pecs_entity *entities, size_t count, size_t copy_count)
{
    const struct photograph before = photograph_of(view());
    pecs_entity made[8] = { { 5, 5 } };
    cr_assert_eq(pecs_world_clone(world, snapshot, entities, count, copy_count, made), status);
    cr_assert_not_null(strstr(pecs_world_error(world)->message, text), "%s", pecs_world_error(world)->message);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after));
    cr_assert(same(made[0], (pecs_entity){ 5, 5 }));
    check_contents(world);
}

Test(clone, errors_name_the_entity_and_change_nothing)
{
    pecs_world *other = world_of(registry, NULL, 99);
    pecs_registry *stranger = moved_registry();
    pecs_world *foreign = make_world(stranger, NULL);
    pecs_snapshot *empty = take(other), *far = take(foreign);
    const pecs_entity a = spawn_name(world, "a"), b = spawn_name(world, "b"), c = spawn_name(world, "c");
    must(pecs_despawn(world, b) == PECS_OK);
    expect_refused(PECS_E_DEAD, "entity {1, 1}", NULL, (pecs_entity[]){ a, b }, 2, 1);
    expect_refused(PECS_E_DEAD, "entity {2, 1}: it is given twice", NULL, (pecs_entity[]){ c, c }, 2, 1);
    expect_refused(PECS_E_DEAD, "entity {2, 1}: it is given twice", NULL, (pecs_entity[]){ c, c }, 2, 0);
    expect_refused(PECS_E_DEAD, "entity {1, 1}: it is not alive", NULL, (pecs_entity[]){ a, c, b }, 3, 1);
    expect_refused(PECS_E_DEAD, "entity {0, 1}: it is given twice", NULL, (pecs_entity[]){ a, c, a, b, b }, 5, 1);
    expect_refused(PECS_E_DEAD, "entity {0, 1}: it is not alive", empty, &a, 1, 1);
    expect_refused(PECS_E_MISUSE, "another registry", far, &a, 1, 1);
    expect_refused(PECS_E_MISUSE, "entities is NULL", NULL, NULL, 1, 1);
    expect_refused(PECS_E_LIMIT, "slots", NULL, &a, 1, (size_t)1 << 33);
    expect_refused(PECS_E_LIMIT, "slots", NULL, (pecs_entity[]){ a, c }, 2, SIZE_MAX);
    pecs_query *query = make_query(registry, (pecs_term[]){ { Name_component, PECS_READ } }, 1);
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    must(pecs_iter_next(&iter));
    expect_refused(PECS_E_BUSY, "Name", NULL, &a, 1, 1);
    pecs_iter_end(&iter);
    cr_assert_eq(pecs_world_clone(world, NULL, NULL, 0, 1, NULL), PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, &a, 1, 0, NULL), PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, &a, 1, 1, NULL), PECS_OK);
    pecs_query_destroy(query);
    pecs_snapshot_release(empty);
    pecs_snapshot_release(far);
    pecs_world_destroy(other);
    pecs_world_destroy(foreign);
    pecs_registry_release(stranger);
}

/* What is given may lie in the world, and be where the handles are written. */
Test(clone, entities_in_a_row_or_in_place)
{
    const pecs_entity leader = spawn_name(world, "leader");
    must(pecs_set(world, leader, Squad, { .leader = leader }) == PECS_OK);
    pecs_entity made, list[1] = { leader };
    cr_assert_eq(
        pecs_world_clone(world, NULL, &pecs_get_as(view(), leader, Squad_component, Squad)->leader, 1, 1, &made),
        PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, list, 1, 1, list), PECS_OK);
    for (int i = 0; i < 2; i++) {
        const pecs_entity clone = i ? list[0] : made;
        must(!same(clone, leader) && same(pecs_get_as(view(), clone, Squad_component, Squad)->leader, clone));
    }
}

/* The source's contents may lie in the space that is being emptied. */
Test(clone, while_the_heap_moves)
{
    static pecs_entity entities[ENTITIES], chosen[ENTITIES], made[ENTITIES], plain[ENTITIES];
    pecs_world *twin = fill_twice(entities);
    begin_heap_move(world);
    begin_heap_move(twin);
    const size_t count = choose(entities, 1, chosen);
    for (int round = 0; round < 5; round++) {
        cr_assert_eq(pecs_world_clone(world, NULL, chosen, count, 1, made), PECS_OK);
        clone_plainly(twin, NULL, true, chosen, count, 1, plain);
        cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(twin)));
        check_contents(world);
    }
    pecs_world_destroy(twin);
}

Test(clone, a_snapshot_keeps_what_it_had)
{
    const pecs_entity entity = spawn_name(world, "one");
    pecs_snapshot *snapshot = take(world);
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    cr_assert_eq(pecs_world_clone(world, snapshot, &entity, 1, 100, NULL), PECS_OK);
    cr_assert_eq(pecs_world_clone(world, NULL, &entity, 1, 100, NULL), PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
    pecs_snapshot_release(snapshot);
    check_contents(world);
}

/* Types that only the source's file has. */
Test(clone, unknown_types_come_along)
{
    const pecs_entity both = spawn_name(world, "both");
    must(pecs_set(world, both, Squad, { .leader = both }) == PECS_OK);
    must(pecs_set(world, both, Bag, { .friends = pecs_list_of(PECS_BYTES(&both, sizeof(both))) }) == PECS_OK);
    save_world(world, "a.pecs");
    must(pecs_remove(world, both, Squad) == PECS_OK);
    save_world(world, "b.pecs");
    static const pecs_type *const few[] = { &Position_type, &Bag_type };
    pecs_registry *poor = make_registry(few, 2, counting_hooks);
    pecs_snapshot *a = open_snapshot(poor, RESUME, "a.pecs"), *b = open_snapshot(poor, LOAD, "b.pecs");
    for (int first = 0; first < 2; first++) {
        pecs_world *target = world_of(poor, NULL, 44);
        pecs_entity made[2];
        spawn_one(target, (pecs_value[]){ PECS_VALUE_AS(0, Position, 1, 2, 3) }, 1);
        for (int i = 0; i < 2; i++)
            cr_assert_eq(pecs_world_clone(target, i == first ? a : b, &both, 1, 1, &made[i == first]), PECS_OK, "%s",
                         pecs_world_error(target)->message);
        check_contents(target);
        save_world(target, "c.pecs");
        pecs_snapshot *back = open_snapshot(registry, LOAD, "c.pecs");
        const pecs_view found = pecs_snapshot_view(back);
        cr_assert_str_eq(name_of(found, made[0]), "both");
        cr_assert_str_eq(name_of(found, made[1]), "both");
        cr_assert(same(pecs_get_as(found, made[1], Squad_component, Squad)->leader, made[1]));
        cr_assert_null(pecs_get_as(found, made[0], Squad_component, Squad));
        pecs_snapshot_release(back);
        pecs_world_destroy(target);
    }
    pecs_snapshot_release(a);
    pecs_snapshot_release(b);
    pecs_registry_release(poor);
}

typedef struct {
    uint32_t initials;
} Initials;
PECS_COMPONENT_OF(Initials, "Name", 1, PECS_FIELD(Initials, initials));

/* Of a type that the registry lacks, two files have different layouts. */
Test(clone, unknown_types_of_two_layouts)
{
    static const pecs_type *const other_types[] = { &Position_type, &Initials_type }, *const few[] = { &Position_type };
    pecs_registry *strange = make_registry(other_types, 2, counting_hooks);
    pecs_registry *poor = make_registry(few, 1, counting_hooks);
    pecs_world *other = make_world(strange, NULL);
    const pecs_entity named = spawn_name(world, "named");
    const pecs_entity theirs = spawn_one(other, (pecs_value[]){ PECS_VALUE_AS(1, Initials, 7) }, 1);
    save_world(world, "a.pecs");
    save_world(other, "b.pecs");
    pecs_snapshot *a = open_snapshot(poor, RESUME, "a.pecs"), *b = open_snapshot(poor, LOAD, "b.pecs");
    pecs_world *target = make_world(poor, NULL);
    pecs_entity made;
    must(pecs_world_clone(target, a, &named, 1, 1, &made) == PECS_OK);
    const uint64_t hash = pecs_view_hash(pecs_world_view(target));
    cr_assert_eq(pecs_world_clone(target, b, &theirs, 1, 1, NULL), PECS_E_LAYOUT);
    cr_assert_not_null(strstr(pecs_world_error(target)->message, "Name"), "%s", pecs_world_error(target)->message);
    cr_assert_eq(pecs_view_hash(pecs_world_view(target)), hash);
    check_contents(target);
    pecs_world_destroy(target);
    pecs_world_destroy(other);
    pecs_snapshot_release(a);
    pecs_snapshot_release(b);
    pecs_registry_release(strange);
    pecs_registry_release(poor);
}

/* What a converted snapshot borrows from a snapshot of another registry is copied. */
Test(clone, of_a_converted_snapshot)
{
    static const pecs_type *const few[] = { &Name_type };
    pecs_registry *poor = make_registry(few, 1, counting_hooks);
    pecs_world *other = make_world(poor, NULL);
    const pecs_entity named = spawn_one(other, (pecs_value[]){ PECS_VALUE_AS(0, Name, 5, pecs_string_of("named")) }, 1);
    pecs_entity copies[3];
    pecs_snapshot *taken = take(other), *converted;
    must(pecs_snapshot_convert(taken, registry, &converted, NULL) == PECS_OK);
    cr_assert_eq(pecs_world_clone(world, converted, &named, 1, 3, copies), PECS_OK);
    pecs_snapshot_release(converted);
    pecs_snapshot_release(taken);
    pecs_world_destroy(other);
    pecs_registry_release(poor);
    for (int i = 0; i < 3; i++)
        cr_assert_str_eq(name_of(view(), copies[i]), "named");
    check_contents(world);
}

static const uint8_t *bytes_of(pecs_view from, pecs_entity entity)
{
    size_t size;
    return pecs_view_blob(from, pecs_get(from, entity, Bag)->bytes, &size);
}

static void write_first(pecs_entity entity, uint8_t byte)
{
    void *bytes;
    must(pecs_world_edit_contents(world, entity, Bag_component, offsetof(Bag, bytes), PECS_KEEP_SIZE, &bytes, NULL) ==
         PECS_OK);
    *(uint8_t *)bytes = byte;
}

/* Clones share a large blob with what they are made of, until one is edited. */
static void expect_shared(const pecs_snapshot *source, pecs_entity entity, size_t size)
{
    enum { COPIES = 50 };
    pecs_entity copies[COPIES];
    const pecs_view from = source ? pecs_snapshot_view(source) : view();
    const uint8_t *const bytes = bytes_of(from, entity);
    must(pecs_world_clone(world, source, &entity, 1, COPIES, copies) == PECS_OK);
    for (int i = 0; i < COPIES; i++)
        cr_assert_eq(bytes_of(view(), copies[i]), bytes);
    check_contents(world);
    if (!source)
        write_first(entity, 200);
    for (int i = 0; i < COPIES; i += 7)
        write_first(copies[i], (uint8_t)(100 + i));
    if (source)
        cr_assert_eq(bytes_of(from, entity)[0], 1);
    for (int i = 0; i < COPIES; i++) {
        const uint8_t *const own = bytes_of(view(), copies[i]);
        cr_assert(own[0] == (i % 7 ? 1 : 100 + i) && own[1] == 2 && own[size - 1] == 3);
        cr_assert_eq(own == bytes_of(view(), copies[1]), i % 7 != 0);
    }
    check_contents(world);
    for (int i = 0; i < COPIES; i++)
        must(i == 3 || pecs_despawn(world, copies[i]) == PECS_OK); /* the heap moves */
    cr_assert_eq(bytes_of(view(), copies[3])[0], 1);
    check_contents(world);
    save_world(world, "shared.pecs");
    pecs_snapshot *saved = open_snapshot(registry, LOAD, "shared.pecs");
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(saved)), pecs_view_hash(view()));
    pecs_snapshot_release(saved);
}

Test(clone, large_contents_are_shared)
{
    static uint8_t large[(1 << 24) + 100]; /* its size does not fit into the reference */
    static const size_t sizes[] = { 64 * 1024, 300000, sizeof(large) };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        const size_t size = sizes[i];
        memset(large, 0, sizeof(large));
        large[0] = 1, large[1] = 2, large[size - 1] = 3;
        const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES(large, size)) });
        pecs_snapshot *taken = take(world);
        save_world(world, "large.pecs");
        pecs_snapshot *loaded = open_snapshot(registry, LOAD, "large.pecs");
        expect_shared(taken, entity, size);
        expect_shared(loaded, entity, size);
        pecs_snapshot_release(loaded);
        expect_shared(NULL, entity, size);
        pecs_snapshot_release(taken);
        must(pecs_despawn(world, entity) == PECS_OK);
    }
}

/* A long list of references is not shared: those of a copy lead to the copy. */
Test(clone, a_long_list_of_entities)
{
    enum { LENGTH = 20000 };
    static pecs_entity friends[LENGTH];
    const pecs_entity entity = spawn_bag(world, &(Bag){ .labels = { pecs_string_of("a") } });
    pecs_entity copies[3];
    for (size_t i = 0; i < LENGTH; i++)
        friends[i] = entity;
    must(pecs_set(world, entity, Bag, { .friends = pecs_list_of(PECS_ARRAY(friends)) }) == PECS_OK);
    must(pecs_world_clone(world, NULL, &entity, 1, 3, copies) == PECS_OK);
    for (int i = -1; i < 3; i++) {
        const pecs_entity of = i < 0 ? entity : copies[i];
        size_t count;
        const pecs_entity *list = pecs_view_list(view(), pecs_get(view(), of, Bag)->friends, pecs_entity, &count);
        must(count == LENGTH);
        for (size_t k = 0; k < LENGTH; k++)
            must(same(list[k], of));
    }
    check_contents(world);
}
