/*
 * Merges: what they make is what plain edits of the public interface make, under every policy and from every source; a
 * merge that was made changes nothing the second time, and an error changes nothing at all.
 */
#define _GNU_SOURCE
#include "identity_fixture.h"
#include "transplant_fixture.h"

#include <pecs/attachments.h>

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

TestSuite(merge, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

/* Slot by slot: the entity that stands for another has its id, but for those that came in with a new one. */
static void expect_became(pecs_view to, pecs_view from, const pecs_entity *became, uint64_t new_id_count)
{
    const pecs_summary summary = summary_of(from);
    uint64_t count = 0;
    for (uint32_t slot = 0; slot < summary.slot_count; slot++) {
        const pecs_entity entity = pecs_view_slot(from, slot);
        const bool is_alive = pecs_view_alive(from, entity);
        cr_assert_eq(is_alive, pecs_view_alive(to, became[slot]));
        cr_assert(is_alive || same(became[slot], none));
        count += is_alive && same_id(id_of(from, entity), id_of(to, became[slot]));
    }
    cr_assert_eq(count + new_id_count, summary.entity_count);
}

static pecs_merge_report merge_into(pecs_world *to, const pecs_snapshot *snapshot, pecs_conflicts conflicts)
{
    const pecs_view from = pecs_snapshot_view(snapshot);
    pecs_entity *became = malloc((summary_of(from).slot_count + 1) * sizeof(*became));
    pecs_merge_report report;
    must(became);
    cr_assert_eq(pecs_world_merge(to, snapshot, conflicts, became, &report), PECS_OK, "%s",
                 pecs_world_error(to)->message);
    expect_became(pecs_world_view(to), from, became, report.new_id_count);
    free(became);
    return report;
}

/* A merge by plain edits: who comes in is decided first, then spawned and set. */
struct plain_merge {
    pecs_view from;
    pecs_entity *sources, *targets; /* by the order in which a query visits the source */
    bool *comes_in, *is_replaced;
    size_t count;
    uint64_t cleared_count;
};

static pecs_entity map_merged(void *user, pecs_entity entity)
{
    struct plain_merge *merge = user;
    for (size_t i = 0; i < merge->count; i++)
        if (same(merge->sources[i], entity))
            return merge->targets[i];
    merge->cleared_count += entity.generation != 0;
    return none;
}

static void list_sources(struct plain_merge *merge)
{
    pecs_query *all = make_query(registry, NULL, 0);
    pecs_iter iter = pecs_query_iter(all, merge->from, NULL);
    while (pecs_iter_next(&iter)) {
        memcpy(merge->sources + merge->count, iter.entities, iter.row_count * sizeof(pecs_entity));
        merge->count += iter.row_count;
    }
    pecs_query_destroy(all);
}

static void strip(pecs_world *to, pecs_entity entity)
{
    static const pecs_component plain[] = { Name_component, Bag_component, Position_component, Frozen_component,
                                            Squad_component };
    must(pecs_world_remove(to, entity, plain, sizeof(plain) / sizeof(*plain)) == PECS_OK);
}

/* Returns the number of references that were cleared. */
static uint64_t merge_plainly(pecs_world *to, const pecs_snapshot *snapshot, pecs_conflicts conflicts)
{
    enum { MOST = 4000 };
    static pecs_entity sources[MOST], targets[MOST];
    static bool comes_in[MOST], is_replaced[MOST];
    struct plain_merge merge = { pecs_snapshot_view(snapshot), sources, targets, comes_in, is_replaced, 0, 0 };
    list_sources(&merge);
    for (size_t i = 0; i < merge.count; i++) {
        const pecs_id id = id_of(merge.from, sources[i]);
        const bool is_there = pecs_view_find(pecs_world_view(to), id, &targets[i]) == PECS_OK;
        is_replaced[i] = is_there && conflicts == PECS_CONFLICTS_REPLACE;
        comes_in[i] = !is_there || conflicts >= PECS_CONFLICTS_REPLACE;
        if (is_there && conflicts == PECS_CONFLICTS_NEW_ID)
            targets[i] = none;
        else if (!is_there)
            targets[i] = (pecs_entity){ 1, 0 };
    }
    for (size_t i = 0; i < merge.count; i++) {
        const pecs_id id = id_of(merge.from, sources[i]);
        if (comes_in[i] && !is_replaced[i] && targets[i].index)
            must(pecs_world_spawn_with_ids(to, NULL, 0, &id, 1, &targets[i]) == PECS_OK);
        else if (comes_in[i] && !is_replaced[i])
            must(pecs_world_spawn(to, NULL, 0, 1, &targets[i]) == PECS_OK);
    }
    for (size_t i = 0; i < merge.count; i++) {
        if (is_replaced[i])
            strip(to, targets[i]);
        if (comes_in[i])
            set_plainly(to, targets[i], merge.from, sources[i], map_merged, &merge);
    }
    return merge.cleared_count;
}

enum { ENTITIES = 500 };

/* Two worlds, the same, and a snapshot of another one: both began with the same entities, and had more of their own. */
struct scene {
    pecs_world *twin;
    pecs_snapshot *other;
    pecs_entity entities[3 * ENTITIES]; /* common ones, those of the world, those of the other */
};
enum { TAKEN, RESUMED, LOADED, SOURCES };

static void edit_common(pecs_world *in, struct scene *scene, uint32_t step)
{
    for (uint32_t i = 0; i < ENTITIES; i += step) {
        if (!pecs_view_alive(pecs_world_view(in), scene->entities[i]))
            continue;
        if (i % 3 == 0)
            must(pecs_despawn(in, scene->entities[i]) == PECS_OK);
        else if (i % 3 == 1)
            must(pecs_set(in, scene->entities[i], Name, { step, pecs_string_of("edited") }) == PECS_OK);
        else
            must(pecs_add(in, scene->entities[i], Frozen) == PECS_OK);
    }
    for (uint32_t i = 1; i < ENTITIES; i += 20) {
        pecs_id id = { { 1, (uint8_t)(i >> 8), (uint8_t)i } };
        if (pecs_view_alive(pecs_world_view(in), scene->entities[i]))
            must(pecs_world_set_id(in, scene->entities[i], id) == PECS_OK);
    }
}

static pecs_world *fill_of(pecs_snapshot *base, struct scene *scene, uint64_t nonce, uint64_t random, uint32_t step)
{
    pecs_world *made = world_of(registry, base, nonce);
    struct filling filling = { .random = random, .entities = scene->entities, .count = ENTITIES };
    edit_common(made, scene, step);
    fill_world(made, &filling, ENTITIES);
    return made;
}

static void set_scene(struct scene *scene, int kind)
{
    struct filling filling = { .random = 1, .entities = scene->entities };
    fill_world(world, &filling, ENTITIES);
    pecs_snapshot *base = take(world);
    pecs_world_destroy(world);
    world = fill_of(base, scene, 11, 2, 4);
    scene->twin = fill_of(base, scene, 11, 2, 4);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(scene->twin)));
    pecs_world *other = fill_of(base, scene, 12, 3, 7);
    if (kind == TAKEN) {
        scene->other = take(other);
    } else {
        save_world(other, "other.pecs");
        scene->other = open_snapshot(registry, kind == RESUMED ? RESUME : LOAD, "other.pecs");
    }
    pecs_world_destroy(other);
    pecs_snapshot_release(base);
}

static void strike_scene(struct scene *scene)
{
    pecs_snapshot_release(scene->other);
    pecs_world_destroy(scene->twin);
    pecs_world_destroy(world);
    world = make_world(registry, NULL);
}

static void expect_same_ids(pecs_view a, pecs_view b)
{
    pecs_id_iter x = pecs_view_ids(a), y = pecs_view_ids(b);
    while (pecs_id_iter_next(&x)) {
        pecs_entity found;
        must(pecs_id_iter_next(&y) && same(x.entity, y.entity) && same_id(x.id, y.id));
        must(pecs_view_find(a, x.id, &found) == PECS_OK && same(found, x.entity));
    }
    must(!pecs_id_iter_next(&y));
}

static void expect_plain_outcome(int kind, pecs_conflicts conflicts)
{
    static struct scene scene;
    set_scene(&scene, kind);
    const uint64_t count = summary_of(view()).entity_count;
    const pecs_merge_report report = merge_into(world, scene.other, conflicts);
    cr_assert_eq(merge_plainly(scene.twin, scene.other, conflicts), report.reference_count);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(scene.twin)), "source %d, policy %d", kind,
                 conflicts);
    expect_same_ids(view(), pecs_world_view(scene.twin));
    check_contents(world);
    const uint64_t rest[] = { 0, report.kept_count, report.replaced_count, report.new_id_count };
    cr_assert_eq(report.added_count + rest[conflicts], summary_of(pecs_snapshot_view(scene.other)).entity_count);
    cr_assert(rest[conflicts] > 100 && report.added_count > 100 && report.reference_count > 100);
    cr_assert_eq(summary_of(view()).entity_count, count + report.added_count + report.new_id_count);
    strike_scene(&scene);
}

Test(merge, keep_is_what_plain_edits_make)
{
    for (int kind = 0; kind < SOURCES; kind++)
        expect_plain_outcome(kind, PECS_CONFLICTS_KEEP);
}

Test(merge, replace_is_what_plain_edits_make)
{
    for (int kind = 0; kind < SOURCES; kind++)
        expect_plain_outcome(kind, PECS_CONFLICTS_REPLACE);
}

Test(merge, new_id_is_what_plain_edits_make)
{
    for (int kind = 0; kind < SOURCES; kind++)
        expect_plain_outcome(kind, PECS_CONFLICTS_NEW_ID);
}

/* The target may be of a resumed file too, while its heap moves, and stay what it is after a save. */
Test(merge, into_a_resumed_world_whose_heap_moves)
{
    static struct scene scene;
    set_scene(&scene, TAKEN);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    world = open_world(registry, RESUME, "world.pecs");
    pecs_world_destroy(scene.twin);
    scene.twin = open_world(registry, LOAD, "world.pecs");
    begin_heap_move(world);
    begin_heap_move(scene.twin);
    merge_into(world, scene.other, PECS_CONFLICTS_REPLACE);
    merge_plainly(scene.twin, scene.other, PECS_CONFLICTS_REPLACE);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(scene.twin)));
    check_contents(world);
    save_world(world, "after.pecs");
    pecs_snapshot *after = open_snapshot(registry, LOAD, "after.pecs");
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(after)), pecs_view_hash(view()));
    pecs_snapshot_release(after);
    strike_scene(&scene);
}

Test(merge, twice_with_keep_changes_nothing)
{
    static struct scene scene;
    for (int kind = 0; kind < SOURCES; kind++) {
        set_scene(&scene, kind);
        merge_into(world, scene.other, PECS_CONFLICTS_KEEP);
        const struct photograph before = photograph_of(view());
        const pecs_merge_report report = merge_into(world, scene.other, PECS_CONFLICTS_KEEP);
        const struct photograph after = photograph_of(view());
        cr_assert(same_photograph(&before, &after));
        cr_assert_eq(report.kept_count, summary_of(pecs_snapshot_view(scene.other)).entity_count);
        cr_assert(report.added_count == 0 && report.reference_count == 0);
        strike_scene(&scene);
    }
}

Test(merge, all_come_into_an_empty_world)
{
    static struct scene scene;
    set_scene(&scene, LOADED);
    pecs_world *empty = world_of(registry, NULL, 13);
    const pecs_merge_report report = merge_into(empty, scene.other, PECS_CONFLICTS_REFUSE);
    cr_assert_eq(report.added_count, summary_of(pecs_snapshot_view(scene.other)).entity_count);
    pecs_id_iter iter = pecs_view_ids(pecs_snapshot_view(scene.other));
    while (pecs_id_iter_next(&iter)) {
        pecs_entity found;
        must(pecs_view_find(pecs_world_view(empty), iter.id, &found) == PECS_OK);
    }
    check_contents(empty);
    pecs_world_destroy(empty);
    strike_scene(&scene);
}

/* Rows of several chunks; a replaced entity keeps its handle, id and place among references. */
Test(merge, many_rows)
{
    enum { ROWS = 3 * CHUNK_ROWS + 100 };
    static Position positions[ROWS];
    static pecs_entity rows[ROWS];
    for (int i = 0; i < ROWS; i++)
        positions[i].x = (float)i;
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Position, positions) }, 1, ROWS, rows) == PECS_OK);
    pecs_snapshot *first = take(world);
    for (int i = 0; i < ROWS; i += 2)
        must(pecs_set(world, rows[i], Position, { -1, 0, 0 }) == PECS_OK);
    for (int i = 0; i < ROWS; i += 3)
        must(pecs_despawn(world, rows[i]) == PECS_OK);
    const pecs_merge_report report = merge_into(world, first, PECS_CONFLICTS_REPLACE);
    cr_assert(report.added_count == (ROWS + 2) / 3 && report.replaced_count == ROWS - (ROWS + 2) / 3);
    for (int i = 0; i < ROWS; i++) {
        pecs_entity found;
        must(pecs_view_find(view(), id_of(pecs_snapshot_view(first), rows[i]), &found) == PECS_OK);
        must(same(found, rows[i]) == (i % 3 != 0));
        must(pecs_get(view(), found, Position)->x == (float)i);
    }
    check_world(world);
    pecs_snapshot_release(first);
}

Test(merge, a_large_blob_and_transient_components)
{
    static uint8_t large[(1 << 24) + 100]; /* its size does not fit into the reference */
    int thing;
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (uint8_t)(i * 7);
    pecs_world *other = world_of(registry, NULL, 99);
    const pecs_entity entity = spawn_bag(other, &(Bag){ .bytes = pecs_blob_of(PECS_ARRAY(large)) });
    const Mesh mesh = { &thing, entity };
    must(pecs_world_set(other, entity, &(pecs_value){ Mesh_component, sizeof(mesh), &mesh }, 1) == PECS_OK);
    must(pecs_world_attach(other, "terrain", PECS_ARRAY(large)) == PECS_OK);
    pecs_snapshot *snapshot = take(other);
    pecs_world_destroy(other);
    spawn_name(world, "first");
    merge_into(world, snapshot, PECS_CONFLICTS_REFUSE);
    pecs_entity found;
    pecs_attachment theirs, own;
    must(pecs_view_find(view(), id_of(pecs_snapshot_view(snapshot), entity), &found) == PECS_OK);
    must(pecs_view_attachment(pecs_snapshot_view(snapshot), "terrain", &theirs) == PECS_OK);
    must(pecs_view_attachment(view(), "terrain", &own) == PECS_OK);
    cr_assert(own.data == theirs.data && own.size_bytes == sizeof(large)); /* large contents are shared */
    pecs_snapshot_release(snapshot);
    cr_assert(has_bytes(view(), pecs_get(view(), found, Bag)->bytes, large, sizeof(large)));
    const Mesh *copy = pecs_get_as(view(), found, Mesh_component, Mesh);
    cr_assert(copy && copy->buffer == &thing && same(copy->unseen, entity));
    must(pecs_world_detach(world, "terrain") == PECS_OK);
    check_contents(world);
}

/* Singletons and attachments. */

static void set_own(pecs_world *in, const char *text, pecs_entity leader)
{
    const Tie tie = { 1, leader };
    const Squad squad = { .leader = leader, .ties = pecs_list_of(PECS_BYTES(&tie, sizeof(tie))) };
    must(pecs_set_singleton(in, Name, { 1, pecs_string_of(text) }) == PECS_OK);
    must(pecs_world_set_singleton(in, Squad_component, sizeof(squad), &squad) == PECS_OK);
    must(pecs_world_attach(in, "script", PECS_BYTES(text, strlen(text))) == PECS_OK);
}

static const char *own_name(void)
{
    return pecs_view_string(view(), pecs_get_singleton(view(), Name)->text, NULL);
}

static bool is_attached(const char *name, const char *text)
{
    pecs_attachment bytes;
    return pecs_view_attachment(view(), name, &bytes) == PECS_OK && bytes.size_bytes == strlen(text) &&
           memcmp(bytes.data, text, bytes.size_bytes) == 0;
}

Test(merge, singletons_and_attachments)
{
    for (pecs_conflicts conflicts = PECS_CONFLICTS_KEEP; conflicts <= PECS_CONFLICTS_NEW_ID; conflicts++) {
        pecs_world *other = world_of(registry, NULL, 99);
        const pecs_entity leader = spawn_name(other, "leader");
        set_own(other, "theirs", leader);
        must(pecs_add(other, spawn_name(other, "x"), Frozen) == PECS_OK);
        must(pecs_world_set_singleton(other, Frozen_component, 0, NULL) == PECS_OK);
        must(pecs_world_attach(other, "icon", PECS_BYTES("*", 1)) == PECS_OK);
        pecs_snapshot *snapshot = take(other);
        pecs_world *mine = world_of(registry, NULL, 98);
        pecs_world_destroy(world);
        world = mine;
        must(pecs_set_singleton(world, Name, { 1, pecs_string_of("mine") }) == PECS_OK);
        must(pecs_set_singleton(world, Position, { 1, 2, 3 }) == PECS_OK);
        must(pecs_world_attach(world, "script", PECS_BYTES("mine", 4)) == PECS_OK);
        const pecs_entity in_the_way = spawn_name(world, "in the way");
        merge_into(world, snapshot, conflicts);
        const bool is_replaced = conflicts == PECS_CONFLICTS_REPLACE;
        cr_assert_str_eq(own_name(), is_replaced ? "theirs" : "mine");
        cr_assert(is_attached("script", is_replaced ? "theirs" : "mine") && is_attached("icon", "*"));
        cr_assert(pecs_view_has_singleton(view(), Frozen_component));
        cr_assert_eq(pecs_get_singleton(view(), Position)->y, 2);
        const Squad *squad = pecs_get_singleton_as(view(), Squad_component, Squad);
        pecs_entity found;
        size_t count;
        must(pecs_view_find(view(), id_of(pecs_snapshot_view(snapshot), leader), &found) == PECS_OK);
        cr_assert(same(squad->leader, found) && !same(found, in_the_way));
        cr_assert(same(pecs_view_list(view(), squad->ties, Tie, &count)[0].to, found));
        check_contents(world);
        pecs_snapshot_release(snapshot);
        pecs_world_destroy(other);
    }
}

/* Errors. */

static void expect_refused(pecs_status status, const char *text, const pecs_snapshot *snapshot,
                           pecs_conflicts conflicts)
{
    const struct photograph before = photograph_of(view());
    pecs_merge_report report = { .added_count = 77 };
    cr_assert_eq(pecs_world_merge(world, snapshot, conflicts, NULL, &report), status, "%s",
                 pecs_world_error(world)->message);
    cr_assert_not_null(strstr(pecs_world_error(world)->message, text), "%s", pecs_world_error(world)->message);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after) && report.added_count == 77);
    check_world(world);
}

Test(merge, a_conflict_names_what_is_in_conflict)
{
    pecs_world *other = world_of(registry, NULL, 99);
    const pecs_entity theirs = spawn_name(other, "theirs"), mine = spawn_name(world, "mine");
    const pecs_id id = id_of(pecs_world_view(other), theirs);
    char text[PECS_ID_TEXT_BYTES];
    pecs_id_format(id, text);
    pecs_snapshot *plain = take(other);
    must(pecs_set_singleton(other, Name, { 1, pecs_string_of("theirs") }) == PECS_OK);
    pecs_snapshot *named = take(other);
    must(pecs_remove_singleton(other, Name) == PECS_OK && pecs_world_attach(other, "script", NULL) == PECS_OK);
    pecs_snapshot *attached = take(other);
    must(pecs_world_set_id(world, mine, id) == PECS_OK);
    expect_refused(PECS_E_CONFLICT, text, plain, PECS_CONFLICTS_REFUSE);
    must(pecs_despawn(world, mine) == PECS_OK);
    must(pecs_set_singleton(world, Name, { 1, pecs_string_of("mine") }) == PECS_OK);
    must(pecs_world_attach(world, "script", NULL) == PECS_OK);
    expect_refused(PECS_E_CONFLICT, "component Name", named, PECS_CONFLICTS_REFUSE);
    expect_refused(PECS_E_CONFLICT, "attachment 'script'", attached, PECS_CONFLICTS_REFUSE);
    merge_into(world, plain, PECS_CONFLICTS_REFUSE);
    pecs_snapshot_release(plain);
    pecs_snapshot_release(named);
    pecs_snapshot_release(attached);
    pecs_world_destroy(other);
}

Test(merge, misuse_and_open_iterations)
{
    pecs_registry *stranger = moved_registry();
    pecs_world *foreign = make_world(stranger, NULL);
    pecs_snapshot *far = take(foreign), *near = take(world);
    spawn_name(world, "one");
    expect_refused(PECS_E_MISUSE, "snapshot is NULL", NULL, PECS_CONFLICTS_KEEP);
    expect_refused(PECS_E_MISUSE, "pecs_snapshot_convert", far, PECS_CONFLICTS_KEEP);
    expect_refused(PECS_E_MISUSE, "conflicts", near, (pecs_conflicts)4);
    pecs_query *query = make_query(registry, (pecs_term[]){ { Name_component, PECS_READ } }, 1);
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    must(pecs_iter_next(&iter));
    expect_refused(PECS_E_BUSY, "Name", near, PECS_CONFLICTS_KEEP);
    pecs_iter_end(&iter);
    pecs_query_destroy(query);
    pecs_snapshot_release(far);
    pecs_snapshot_release(near);
    pecs_world_destroy(foreign);
    pecs_registry_release(stranger);
}

/* After a rewind, the world gives an entity the id again that the snapshot has. */
Test(merge, an_id_that_the_world_will_assign)
{
    spawn_name(world, "first");
    pecs_snapshot *early = take(world);
    const pecs_entity entity = spawn_name(world, "later");
    pecs_snapshot *late = take(world);
    must(pecs_world_rewind(world, early) == PECS_OK);
    for (pecs_conflicts conflicts = PECS_CONFLICTS_REFUSE; conflicts < PECS_CONFLICTS_NEW_ID; conflicts++)
        expect_refused(PECS_E_CONFLICT, conflicts ? "later entity" : "already", late, conflicts);
    const pecs_merge_report report = merge_into(world, late, PECS_CONFLICTS_NEW_ID);
    cr_assert(report.new_id_count == 2 && report.added_count == 0);
    const struct pecs_snapshot *state = world->state;
    cr_assert_eq(state->entity_count, 3);
    (void)entity;
    pecs_snapshot_release(early);
    pecs_snapshot_release(late);
}

/* An entity that is replaced may be the only one of its session, whose place the merge must not use again. */
Test(merge, a_replaced_entity_keeps_its_session)
{
    const pecs_entity entity = spawn_name(world, "first");
    pecs_snapshot *base = take(world);
    const pecs_id id = id_of(view(), entity);
    pecs_world *other = world_of(registry, base, 99);
    spawn_name(other, "more");
    must(pecs_set(other, entity, Name, { 5, pecs_string_of("edited") }) == PECS_OK);
    pecs_snapshot *snapshot = take(other);
    pecs_world_destroy(world);
    world = world_of(registry, base, 98); /* its own session is not open yet */
    merge_into(world, snapshot, PECS_CONFLICTS_REPLACE);
    cr_assert(same_id(id_of(view(), entity), id));
    cr_assert_str_eq(name_of(view(), entity), "edited");
    check_contents(world);
    pecs_snapshot_release(base);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(other);
}

/* A snapshot that was taken before holds what it held; one taken after a failed merge does, too. */
Test(merge, snapshots_keep_what_they_had)
{
    static struct scene scene;
    set_scene(&scene, TAKEN);
    pecs_snapshot *before = take(world);
    const uint64_t hash = pecs_view_hash(view()), other = pecs_view_hash(pecs_snapshot_view(scene.other));
    merge_into(world, scene.other, PECS_CONFLICTS_REPLACE);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(before)), hash);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(scene.other)), other);
    must(pecs_world_rewind(world, before) == PECS_OK);
    cr_assert_eq(pecs_view_hash(view()), hash);
    check_contents(world);
    pecs_snapshot_release(before);
    strike_scene(&scene);
}

/* Types that only the files have: those of both come together. */
Test(merge, unknown_types_come_along)
{
    pecs_world *other = world_of(registry, NULL, 99);
    const pecs_entity a = spawn_name(world, "a"), b = spawn_name(other, "b");
    must(pecs_set(other, b, Squad, { .leader = b }) == PECS_OK);
    must(pecs_remove(other, b, Name) == PECS_OK);
    must(pecs_add(other, b, Frozen) == PECS_OK);
    save_world(world, "a.pecs");
    save_world(other, "b.pecs");
    pecs_world_destroy(other);
    static const pecs_type *const few[] = { &Position_type, &Frozen_type };
    pecs_registry *poor = make_registry(few, 2, counting_hooks);
    pecs_snapshot *first = open_snapshot(poor, RESUME, "a.pecs"), *second = open_snapshot(poor, RESUME, "b.pecs");
    const pecs_id ids[] = { id_of(pecs_snapshot_view(first), a), id_of(pecs_snapshot_view(second), b) };
    pecs_world *target = world_of(poor, first, 44);
    pecs_snapshot *early = take(target);
    merge_into(target, second, PECS_CONFLICTS_REFUSE);
    check_contents(target);
    save_world(target, "c.pecs");
    pecs_snapshot *back = open_snapshot(registry, LOAD, "c.pecs");
    const pecs_view found = pecs_snapshot_view(back);
    pecs_entity there[2];
    must(pecs_view_find_many(found, ids, 2, there) == PECS_OK);
    cr_assert_str_eq(name_of(found, there[0]), "a");
    cr_assert(same(pecs_get_as(found, there[1], Squad_component, Squad)->leader, there[1]));
    must(pecs_world_restore(target, early) == PECS_OK);
    check_contents(target);
    pecs_snapshot_release(back);
    pecs_world_destroy(target);
    pecs_snapshot_release(early);
    pecs_snapshot_release(first);
    pecs_snapshot_release(second);
    pecs_registry_release(poor);
}
