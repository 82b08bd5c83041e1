/*
 * Merges that are large enough for a map of births: every id finds its entity, whatever happens to it afterwards, and
 * few maps are kept.
 */
#define _GNU_SOURCE
#include "id_hash.h"
#include "identity_fixture.h"
#include "transplant_fixture.h"

#include <pecs/filter.h>

enum { MANY = BIRTH_MAP_MIN + 1000, SOURCE_NONCE = 77 };

static pecs_registry *registry;
static pecs_world *world;
static pecs_entity *became; /* of the source that was merged last */

static void set_up(void)
{
    enter_folder();
    registry = moved_registry();
    world = make_world(registry, NULL);
    became = calloc(MANY + 16, sizeof(*became));
    must(became);
}

static void strike(void)
{
    free(became);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(births, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

/* Many entities, the tenth of which died. */
static pecs_snapshot *make_source(uint64_t nonce)
{
    pecs_world *made;
    pecs_snapshot *snapshot;
    const pecs_value tag = { Frozen_component, 0, NULL };
    must(pecs_world_create(registry, NULL, &(pecs_world_options){ .session_nonce = nonce }, &made, NULL) == PECS_OK);
    must(pecs_world_spawn(made, &tag, 1, MANY + 1, NULL) == PECS_OK);
    must(pecs_despawn(made, pecs_view_slot(pecs_world_view(made), 10)) == PECS_OK);
    must(pecs_snapshot_take(made, &snapshot) == PECS_OK);
    pecs_world_destroy(made);
    return snapshot;
}

static pecs_merge_report merge(const pecs_snapshot *source, pecs_conflicts conflicts)
{
    pecs_merge_report report;
    cr_assert_eq(pecs_world_merge(world, source, conflicts, became, &report), PECS_OK, "%s",
                 pecs_world_error(world)->message);
    return report;
}

/* All living entities of the source are found by their ids in the view, as what they became. */
static void expect_all_found(pecs_view in, const pecs_snapshot *source)
{
    const pecs_view from = pecs_snapshot_view(source);
    const uint64_t slot_count = summary_of(from).slot_count;
    uint64_t wrong = 0;
    for (uint32_t slot = 0; slot < slot_count; slot++) {
        const pecs_entity entity = pecs_view_slot(from, slot);
        if (!pecs_view_alive(from, entity))
            wrong += !same(became[slot], none);
        else
            wrong += !same(find(in, id_of(from, entity)), became[slot]) || same(became[slot], none);
    }
    cr_assert_eq(wrong, 0);
}

static uint32_t map_count(void)
{
    return world->state->births ? world->state->births->count : 0;
}

Test(births, every_id_is_found)
{
    const pecs_entity own = spawn_one(world, NULL, 0);
    const pecs_id own_id = id_of(view(), own);
    pecs_snapshot *source = make_source(SOURCE_NONCE);
    const pecs_id dead = identity_make(identity_prefix(SOURCE_NONCE), (pecs_entity){ 10, 1 });
    cr_assert_eq(merge(source, PECS_CONFLICTS_REFUSE).added_count, MANY);
    cr_assert_eq(map_count(), 1);
    cr_assert_null(id_hash_of(world->state));
    expect_all_found(view(), source);
    cr_assert(same(find(view(), own_id), own));
    cr_assert(same(find(view(), dead), none));
    cr_assert(same(find(view(), identity_make(identity_prefix(SOURCE_NONCE), (pecs_entity){ MANY + 5, 1 })), none));
    cr_assert(same(find(view(), identity_make(identity_prefix(78), (pecs_entity){ 11, 1 })), none));
    pecs_snapshot_release(source);
}

Test(births, hints_of_what_died_or_got_another_id_do_not_count)
{
    pecs_snapshot *source = make_source(SOURCE_NONCE);
    merge(source, PECS_CONFLICTS_REFUSE);
    const pecs_id first = id_of(view(), became[0]), second = id_of(view(), became[1]), other = { { 1, 2, 3 } };
    must(pecs_despawn(world, became[0]) == PECS_OK);
    cr_assert(same(find(view(), first), none));
    must(pecs_world_set_id(world, became[1], other) == PECS_OK);
    cr_assert(same(find(view(), second), none));
    cr_assert(same(find(view(), other), became[1]));
    /* the slot of the dead one has another entity, and the id of the other a third */
    const pecs_entity again = spawn_one(world, NULL, 0);
    cr_assert_eq(again.index, became[0].index);
    cr_assert(same(find(view(), first), none));
    must(pecs_world_set_id(world, again, second) == PECS_OK);
    cr_assert(same(find(view(), second), again));
    pecs_snapshot_release(source);
}

Test(births, the_same_merge_again)
{
    pecs_snapshot *source = make_source(SOURCE_NONCE);
    pecs_error error;
    merge(source, PECS_CONFLICTS_REFUSE);
    const uint64_t hash = pecs_view_hash(view());
    cr_assert_eq(pecs_world_merge(world, source, PECS_CONFLICTS_REFUSE, NULL, NULL), PECS_E_CONFLICT);
    error = *pecs_world_error(world);
    cr_assert_not_null(strstr(error.message, "an entity of the world has it already"));
    cr_assert_eq(merge(source, PECS_CONFLICTS_KEEP).kept_count, MANY);
    cr_assert_eq(pecs_view_hash(view()), hash);
    expect_all_found(view(), source);
    cr_assert_eq(merge(source, PECS_CONFLICTS_REPLACE).replaced_count, MANY);
    expect_all_found(view(), source);
    cr_assert_eq(map_count(), 1);
    pecs_snapshot_release(source);
}

Test(births, explicit_ids_go_to_the_hash_index)
{
    enum { GIVEN = 500 }; /* enough births are left for a map */
    pecs_world *made;
    pecs_snapshot *source, *plain = make_source(SOURCE_NONCE);
    must(pecs_world_create(registry, plain, NULL, &made, NULL) == PECS_OK);
    for (uint32_t i = 0; i < GIVEN; i++) {
        const pecs_id id = identity_make(identity_prefix(99), (pecs_entity){ 2 * i, 1 });
        must(pecs_world_set_id(made, pecs_view_slot(pecs_world_view(made), 100 * i + 1), id) == PECS_OK);
    }
    must(pecs_snapshot_take(made, &source) == PECS_OK);
    pecs_world_destroy(made);
    cr_assert_eq(merge(source, PECS_CONFLICTS_REFUSE).added_count, MANY);
    cr_assert_eq(map_count(), 1);
    cr_assert_eq(id_hash_of(world->state)->used_count, GIVEN);
    expect_all_found(view(), source);
    pecs_snapshot_release(source);
    pecs_snapshot_release(plain);
}

/* However many come in: none of these ids is a birth id of the snapshot. */
Test(births, explicit_ids_alone_make_no_map)
{
    pecs_world *made;
    pecs_snapshot *source;
    pecs_id *ids = malloc(MANY * sizeof(*ids));
    must(ids);
    for (uint32_t i = 0; i < MANY; i++)
        ids[i] = made_id(i);
    must(pecs_world_create(registry, NULL, NULL, &made, NULL) == PECS_OK);
    must(pecs_world_spawn_with_ids(made, NULL, 0, ids, MANY, NULL) == PECS_OK);
    must(pecs_snapshot_take(made, &source) == PECS_OK);
    pecs_world_destroy(made);
    free(ids);
    cr_assert_eq(merge(source, PECS_CONFLICTS_REFUSE).added_count, MANY);
    cr_assert_eq(map_count(), 0);
    cr_assert_eq(id_hash_of(world->state)->used_count, MANY);
    expect_all_found(view(), source);
    pecs_snapshot_release(source);
}

Test(births, they_belong_to_the_state)
{
    pecs_snapshot *before, *after, *source = make_source(SOURCE_NONCE);
    must(pecs_snapshot_take(world, &before) == PECS_OK);
    merge(source, PECS_CONFLICTS_REFUSE);
    const pecs_id id = id_of(view(), became[3]);
    must(pecs_snapshot_take(world, &after) == PECS_OK);
    must(pecs_world_restore(world, before) == PECS_OK);
    cr_assert(same(find(view(), id), none));
    cr_assert_eq(map_count(), 0);
    must(pecs_world_restore(world, after) == PECS_OK);
    cr_assert(same(find(view(), id), became[3]));
    expect_all_found(pecs_snapshot_view(after), source);
    pecs_snapshot_release(source);
    pecs_snapshot_release(before);
    pecs_snapshot_release(after);
}

Test(births, saved_loaded_and_converted)
{
    const pecs_type *types[] = { &Squad_type, &Frozen_type };
    pecs_registry *other = make_registry(types, 2, counting_hooks);
    pecs_snapshot *loaded, *converted, *taken, *source = make_source(SOURCE_NONCE);
    pecs_error error;
    merge(source, PECS_CONFLICTS_REFUSE);
    must(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, &error) == PECS_OK);
    must(pecs_snapshot_load(registry, "world.pecs", NULL, &loaded, &error) == PECS_OK);
    expect_all_found(pecs_snapshot_view(loaded), source);
    must(pecs_snapshot_take(world, &taken) == PECS_OK);
    must(pecs_snapshot_convert(taken, other, &converted, &error) == PECS_OK);
    expect_all_found(pecs_snapshot_view(converted), source);
    pecs_snapshot_release(converted);
    pecs_snapshot_release(taken);
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(source);
    pecs_registry_release(other);
}

/* A fork that would begin with the nonce of the source takes another one, since ids with it are in use. */
Test(births, sessions_do_not_get_their_nonces)
{
    pecs_snapshot *taken, *source = make_source(SOURCE_NONCE);
    pecs_world *fork;
    pecs_entity born;
    uint64_t prefix;
    merge(source, PECS_CONFLICTS_REFUSE);
    must(pecs_snapshot_take(world, &taken) == PECS_OK);
    must(pecs_world_create(registry, NULL, &(pecs_world_options){ .session_nonce = SOURCE_NONCE }, &fork, NULL) ==
         PECS_OK);
    must(identity_parse(id_of(pecs_world_view(fork), spawn_one(fork, NULL, 0)), &prefix, &born));
    cr_assert(births_name_session(world->state, prefix), "the source had the same nonce");
    pecs_world_destroy(fork);
    must(pecs_world_create(registry, taken, &(pecs_world_options){ .session_nonce = SOURCE_NONCE }, &fork, NULL) ==
         PECS_OK);
    must(identity_parse(id_of(pecs_world_view(fork), spawn_one(fork, NULL, 0)), &prefix, &born));
    cr_assert_not(births_name_session(world->state, prefix));
    pecs_world_destroy(fork);
    pecs_snapshot_release(taken);
    pecs_snapshot_release(source);
}

/* The ids of more large merges go to the hash index, until a map leads to no entity any more. */
Test(births, few_maps_are_kept)
{
    pecs_snapshot *source;
    pecs_entity *second = calloc(MANY + 16, sizeof(*second));
    pecs_id ids[BIRTH_MAPS_MAX + 2];
    must(second);
    for (uint32_t i = 0; i < BIRTH_MAPS_MAX + 1; i++) {
        source = make_source(SOURCE_NONCE + i);
        merge(source, PECS_CONFLICTS_REFUSE);
        expect_all_found(view(), source);
        ids[i] = id_of(view(), became[20 + i]);
        if (i == 1)
            memcpy(second, became, (MANY + 1) * sizeof(*second));
        pecs_snapshot_release(source);
    }
    cr_assert_eq(map_count(), BIRTH_MAPS_MAX);
    cr_assert_eq(id_hash_of(world->state)->used_count, MANY);
    for (uint32_t slot = 0; slot <= MANY; slot++)
        if (!same(second[slot], none))
            must(pecs_despawn(world, second[slot]) == PECS_OK);
    source = make_source(SOURCE_NONCE + BIRTH_MAPS_MAX + 1);
    merge(source, PECS_CONFLICTS_REFUSE);
    expect_all_found(view(), source);
    pecs_snapshot_release(source);
    cr_assert_eq(map_count(), BIRTH_MAPS_MAX);
    cr_assert_eq(id_hash_of(world->state)->used_count, MANY);
    for (uint32_t i = 0; i < BIRTH_MAPS_MAX + 1; i++)
        cr_assert_eq(same(find(view(), ids[i]), none), i == 1, "of merge %u", i);
    free(second);
}

/* Out of memory where the map is made, at the end of the merge: the world is as before. */
Test(births, no_memory)
{
    enum { LAST = 8 };
    pecs_snapshot *source = make_source(SOURCE_NONCE);
    const uint64_t hash = pecs_view_hash(view());
    uint64_t calls = 0, failures = 0;
    for (int i = 0; i < 2; i++) { /* the second time the pool has what it had to get first */
        pecs_world_destroy(world);
        world = make_world(registry, NULL);
        calls = counting.call_count;
        merge(source, PECS_CONFLICTS_REFUSE);
        calls = counting.call_count - calls;
    }
    for (uint64_t nth = calls - LAST;; nth++, failures++) {
        pecs_world_destroy(world);
        world = make_world(registry, NULL);
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = pecs_world_merge(world, source, PECS_CONFLICTS_REFUSE, became, NULL);
        counting.fail_at = 0;
        if (!status)
            break;
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_eq(pecs_view_hash(view()), hash);
        cr_assert_eq(map_count(), 0);
    }
    cr_assert_geq(failures, LAST / 2);
    pecs_world_destroy(world);
    world = make_world(registry, NULL);
    merge(source, PECS_CONFLICTS_REFUSE);
    expect_all_found(view(), source);
    pecs_snapshot_release(source);
}
