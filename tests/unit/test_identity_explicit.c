/*
 * Explicit ids: given, moved and taken away, by entity and by id, one at a time and with a spawn; which are a conflict,
 * and what is refused.
 */
#include "identity_fixture.h"

TestSuite(identity);

struct pair {
    pecs_registry *registry;
    pecs_world *world;
    pecs_view view;
    pecs_entity a, b;
};

static struct pair make_pair(void)
{
    struct pair pair = { .registry = counting_registry() };
    pair.world = plain_world(pair.registry);
    pair.view = pecs_world_view(pair.world);
    pair.a = spawn_position(pair.world, 1);
    pair.b = spawn_position(pair.world, 2);
    return pair;
}

static void free_pair(struct pair *pair)
{
    check_world(pair->world);
    pecs_world_destroy(pair->world);
    pecs_registry_release(pair->registry);
    assert_no_leak();
}

Test(identity, an_explicit_id_takes_the_place_of_the_birth_id)
{
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.a);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    cr_assert(same_id(id_of(pair.view, pair.a), made_id(1)));
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    cr_assert(same(find(pair.view, birth), none));
    const Position *position = pecs_get_as(pair.view, pair.a, POSITION, Position);
    cr_assert(position && position->x == 1, "its values moved with it");
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(2)), PECS_OK);
    cr_assert(same(find(pair.view, made_id(1)), none));
    cr_assert(same(find(pair.view, made_id(2)), pair.a));
    cr_assert_eq(pecs_world_despawn(pair.world, &pair.a, 1), PECS_OK);
    cr_assert(same(find(pair.view, made_id(2)), none));
    const pecs_entity again = spawn_position(pair.world, 1);
    cr_assert_eq(again.index, pair.a.index);
    cr_assert(same(find(pair.view, made_id(2)), none), "the slot's next entity has it not");
    free_pair(&pair);
}

Test(identity, an_explicit_id_stays_with_edits_and_commands)
{
    struct pair pair = make_pair();
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    cr_assert_eq(pecs_world_set(pair.world, pair.a, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 4) }, 1), PECS_OK);
    cr_assert_eq(pecs_world_remove(pair.world, pair.a, (pecs_component[]){ POSITION }, 1), PECS_OK);
    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(pair.registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_set(commands, pair.a, (pecs_value[]){ PECS_VALUE_AS(HEALTH, Health, 1, 2) }, 1),
                 PECS_OK);
    cr_assert_eq(pecs_commands_remove(commands, pair.a, (pecs_component[]){ TEAM }, 1), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, pair.world, NULL), PECS_OK);
    pecs_commands_destroy(commands);
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    cr_assert(same_id(id_of(pair.view, pair.a), made_id(1)));
    free_pair(&pair);
}

Test(identity, the_birth_id_given_back_takes_the_explicit_one_away)
{
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.a);
    size_t before, count;
    pecs_view_components(pair.view, pair.a, &before);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    pecs_view_components(pair.view, pair.a, &count);
    cr_assert_eq(count, before + 1);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, birth), PECS_OK);
    pecs_view_components(pair.view, pair.a, &count);
    cr_assert_eq(count, before, "the component is gone");
    cr_assert(same_id(id_of(pair.view, pair.a), birth));
    cr_assert(same(find(pair.view, birth), pair.a));
    cr_assert(same(find(pair.view, made_id(1)), none));
    cr_assert_eq(pecs_world_set_id(pair.world, pair.b, made_id(1)), PECS_OK, "it is free again");
    free_pair(&pair);
}

Test(identity, the_own_id_again_changes_nothing)
{
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.a);
    const uint64_t hash = pecs_view_hash(pair.view);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, birth), PECS_OK);
    cr_assert_eq(pecs_view_hash(pair.view), hash);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    const uint64_t calls = counting.call_count;
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    cr_assert_eq(pecs_world_remap_id(pair.world, made_id(1), made_id(1)), PECS_OK);
    cr_assert_eq(counting.call_count, calls);
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    free_pair(&pair);
}

Test(identity, taken_ids_are_a_conflict)
{
    struct pair pair = make_pair();
    const pecs_id births[2] = { id_of(pair.view, pair.a), id_of(pair.view, pair.b) };
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    const uint64_t hash = pecs_view_hash(pair.view);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.b, made_id(1)), PECS_E_CONFLICT, "explicit");
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, births[1]), PECS_E_CONFLICT, "of another's birth");
    cr_assert_eq(pecs_world_remap_id(pair.world, births[1], made_id(1)), PECS_E_CONFLICT);
    cr_assert_eq(pecs_view_hash(pair.view), hash);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.b, births[0]), PECS_OK, "no entity has it now");
    cr_assert(same(find(pair.view, births[0]), pair.b));
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, births[0]), PECS_E_CONFLICT, "its own, but taken meanwhile");
    cr_assert_eq(pecs_world_despawn(pair.world, &pair.b, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, births[0]), PECS_OK);
    cr_assert(same(find(pair.view, births[0]), pair.a));
    free_pair(&pair);
}

Test(identity, refusals_of_set_and_remap)
{
    struct pair pair = make_pair();
    const pecs_id zero = { { 0 } };
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, zero), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_id(NULL, pair.a, made_id(1)), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_id(pair.world, none, made_id(1)), PECS_E_DEAD);
    cr_assert_eq(pecs_world_set_id(pair.world, (pecs_entity){ 0, 2 }, made_id(1)), PECS_E_DEAD);
    cr_assert_eq(pecs_world_remap_id(pair.world, made_id(1), made_id(2)), PECS_E_ABSENT);
    cr_assert_eq(pecs_world_remap_id(pair.world, id_of(pair.view, pair.a), zero), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remap_id(NULL, made_id(1), made_id(2)), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remap_id(pair.world, id_of(pair.view, pair.b), made_id(2)), PECS_OK);
    cr_assert(same(find(pair.view, made_id(2)), pair.b));
    cr_assert_eq(pecs_world_despawn(pair.world, &pair.a, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_E_DEAD);
    free_pair(&pair);
}

/* Ids that this world's session has yet to give; those of other sessions, and those it gave before, are free. */
Test(identity, ids_of_the_sessions_future_are_a_conflict)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = world_of(registry, NULL, 0x777);
    const pecs_view view = pecs_world_view(world);
    pecs_entity entities[3];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 3, entities), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &entities[2], 1), PECS_OK);
    const pecs_entity future[] = { { 3, 1 }, { 3, 2 }, { 2, 2 }, { 0, 2 }, { 0xfffffffd, 1 } };
    for (size_t i = 0; i < 5; i++) {
        const pecs_id id = birth_id(0x777, future[i]);
        cr_assert_eq(pecs_world_set_id(world, entities[0], id), PECS_E_CONFLICT, "%zu", i);
        cr_assert_eq(pecs_world_spawn_with_ids(world, NULL, 0, &id, 1, NULL), PECS_E_CONFLICT, "%zu", i);
    }
    cr_assert_eq(pecs_world_set_id(world, entities[0], birth_id(0x778, (pecs_entity){ 3, 1 })), PECS_OK);
    const pecs_id past = birth_id(0x777, (pecs_entity){ 2, 1 });
    cr_assert_eq(pecs_world_set_id(world, entities[0], past), PECS_OK);
    const pecs_entity again = spawn_position(world, 1);
    cr_assert(same(again, (pecs_entity){ 2, 2 }));
    cr_assert(same(find(view, past), entities[0]));
    cr_assert(same(find(view, birth_id(0x777, again)), again));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Nothing is spawned yet, but the session's nonce is already the one that the first spawn will have. */
Test(identity, the_future_of_a_session_that_is_not_open_yet)
{
    pecs_registry *registry = counting_registry();
    pecs_world *first = world_of(registry, NULL, 1);
    const pecs_entity entity = spawn_position(first, 1);
    pecs_snapshot *base = take(first);
    pecs_world *world = world_of(registry, base, 0x999);
    cr_assert_eq(pecs_world_set_id(world, entity, birth_id(0x999, (pecs_entity){ 1, 1 })), PECS_E_CONFLICT);
    const pecs_entity next = spawn_position(world, 1);
    cr_assert(same_id(id_of(pecs_world_view(world), next), birth_id(0x999, (pecs_entity){ 1, 1 })));
    pecs_world_destroy(world);
    pecs_world_destroy(first);
    pecs_snapshot_release(base);
    pecs_registry_release(registry);
}

Test(identity, giving_is_busy_while_an_iteration_is_open)
{
    struct pair pair = make_pair();
    pecs_query *all = make_query(pair.registry, NULL, 0);
    pecs_query *write = make_query(pair.registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    for (int i = 0; i < 2; i++) {
        pecs_iter iter = i ? pecs_query_iter_mut(write, pair.world, NULL) : pecs_query_iter(all, pair.view, NULL);
        must(pecs_iter_next(&iter));
        cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_E_BUSY);
        cr_assert_eq(pecs_world_remap_id(pair.world, id_of(pair.view, pair.a), made_id(1)), PECS_E_BUSY);
        cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, (pecs_id[]){ made_id(1) }, 1, NULL), PECS_E_BUSY);
        cr_assert(same(find(pair.view, made_id(1)), none));
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    pecs_query_destroy(all);
    pecs_query_destroy(write);
    free_pair(&pair);
}

/* "pecs.id" is changed by id.h alone. */
Test(identity, the_component_is_read_only)
{
    struct pair pair = make_pair();
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    pecs_component component;
    cr_assert_eq(pecs_view_component(pair.view, "pecs.id", &component), PECS_OK);
    cr_assert_eq(component, FIXTURE_TYPE_COUNT);
    const pecs_id *id = pecs_get_as(pair.view, pair.a, component, pecs_id);
    cr_assert(id && same_id(*id, made_id(1)));
    const pecs_id other = made_id(2);
    const pecs_value value = { component, sizeof(other), &other };
    void *pointer;
    pecs_error error;
    pecs_query *query = NULL;
    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(pair.registry, &commands), PECS_OK);
    cr_assert_eq(pecs_world_set(pair.world, pair.a, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set(pair.world, pair.b, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn(pair.world, &value, 1, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove(pair.world, pair.a, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_mut(pair.world, pair.a, component, sizeof(pecs_id), &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_singleton(pair.world, component, sizeof(other), &other), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_singleton(pair.world, component), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(pair.world, component, sizeof(other), &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, pair.a, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_remove(commands, pair.a, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_spawn(commands, &value, 1, NULL), PECS_E_MISUSE);
    const pecs_access writing[] = { PECS_WRITE, PECS_OPTIONAL_WRITE };
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pecs_query_create_in(pair.view, (pecs_term[]){ { component, writing[i] } }, 1, &query, &error),
                     PECS_E_MISUSE, "a query must not write to it");
    cr_assert_eq(pecs_query_create(pair.registry, (pecs_term[]){ { component, PECS_READ } }, 1, &query, &error),
                 PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create_in(pair.view, (pecs_term[]){ { component, PECS_READ } }, 1, &query, &error),
                 PECS_OK);
    cr_assert_eq(pecs_query_count(query, pair.view), 1);
    pecs_query_destroy(query);
    pecs_commands_destroy(commands);
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    free_pair(&pair);
}

Test(identity, singletons_are_as_before)
{
    struct pair pair = make_pair();
    cr_assert_eq(pecs_world_set_singleton(pair.world, TEAM, 1, &(Team){ 3 }), PECS_OK);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    const Team *team = pecs_get_singleton_as(pair.view, TEAM, Team);
    cr_assert(team && team->number == 3);
    size_t count;
    const pecs_component *components = pecs_view_singletons(pair.view, &count);
    cr_assert_eq(count, 1);
    cr_assert_eq(components[0], TEAM);
    pecs_id id;
    cr_assert_eq(pecs_view_id(pair.view, none, &id), PECS_E_DEAD, "the world itself has no id");
    cr_assert_eq(pecs_world_set_id(pair.world, none, made_id(2)), PECS_E_DEAD);
    size_t pair_count = 0;
    for (pecs_id_iter iter = pecs_view_ids(pair.view); pecs_id_iter_next(&iter);)
        pair_count++;
    cr_assert_eq(pair_count, 2);
    free_pair(&pair);
}

Test(identity, the_pairs_are_in_the_order_of_indices)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_view view = pecs_world_view(world);
    pecs_id_iter iter = pecs_view_ids(view);
    cr_assert_not(pecs_id_iter_next(&iter), "an empty world");
    static pecs_entity entities[5000];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 5000, entities), PECS_OK);
    for (uint32_t i = 0; i < 5000; i += 7)
        cr_assert_eq(pecs_world_set_id(world, entities[i], made_id(i)), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ entities[0], entities[8], entities[4999] }, 3), PECS_OK);
    uint32_t expected = 0, count = 0;
    for (iter = pecs_view_ids(view); pecs_id_iter_next(&iter); count++) {
        while (expected == 0 || expected == 8)
            expected++;
        must(iter.entity.index == expected && iter.entity.generation == 1);
        must(same_id(iter.id, id_of(view, iter.entity)));
        must((expected % 7 == 0) == same_id(iter.id, made_id(expected)));
        expected++;
    }
    cr_assert_eq(count, 4997);
    cr_assert_not(pecs_id_iter_next(&iter));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Spawning with ids. */

enum { BATCH_MAX = 5000 };
static pecs_id batch_ids[BATCH_MAX];
static pecs_entity batch_entities[BATCH_MAX];
static Position batch_positions[BATCH_MAX];

static void fill_batch(uint64_t first)
{
    for (uint32_t i = 0; i < BATCH_MAX; i++) {
        batch_ids[i] = made_id(first + i);
        batch_entities[i] = (pecs_entity){ 55, 55 };
        batch_positions[i] = (Position){ (float)i, 0, 0 };
    }
}

static pecs_status spawn_batch(pecs_world *world, size_t count)
{
    return pecs_world_spawn_with_ids(world, (pecs_value[]){ PECS_ROWS_AS(POSITION, batch_positions) }, 1, batch_ids,
                                     count, batch_entities);
}

Test(identity, batches_of_all_sizes)
{
    static const size_t sizes[] = { 1, 2, 15, 16, 17, 31, 1000, 5000 };
    for (int reuse = 0; reuse < 2; reuse++) {
        struct pair pair = make_pair();
        if (reuse) {
            static pecs_entity old[40];
            cr_assert_eq(pecs_world_spawn(pair.world, NULL, 0, 40, old), PECS_OK);
            cr_assert_eq(pecs_world_despawn(pair.world, old, 40), PECS_OK);
        }
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            fill_batch(10000 * i);
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_OK);
            for (size_t j = 0; j < sizes[i]; j++) {
                must(same(find(pair.view, batch_ids[j]), batch_entities[j]));
                must(same_id(id_of(pair.view, batch_entities[j]), batch_ids[j]));
                must(pecs_get_as(pair.view, batch_entities[j], POSITION, Position)->x == (float)j);
                must(find(pair.view, identity_of_birth(pair.world->state, batch_entities[j],
                                                       state_find(pair.world->state, batch_entities[j])))
                         .generation == 0);
            }
            check_world(pair.world);
        }
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (size_t j = 0; j < sizes[i]; j++)
                must(find(pair.view, made_id(10000 * i + j)).generation);
        free_pair(&pair);
    }
}

Test(identity, a_batch_with_a_conflict_spawns_nothing)
{
    static const size_t sizes[] = { 1, 2, 16, 17, 5000 };
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.b);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(UINT64_C(1) << 40)), PECS_OK);
    const struct photograph before = photograph_of(pair.view);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t places[] = { 0, sizes[i] / 2, sizes[i] - 1 };
        for (size_t j = 0; j < 3; j++) {
            const size_t place = places[j];
            fill_batch(1);
            batch_ids[place] = birth;
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_CONFLICT, "a birth id at %zu", place);
            batch_ids[place] = made_id(UINT64_C(1) << 40);
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_CONFLICT, "an explicit id at %zu", place);
            batch_ids[place] = (pecs_id){ { 0 } };
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_MISUSE, "zero at %zu", place);
            if (sizes[i] > 1) {
                batch_ids[place] = batch_ids[(place + 1) % sizes[i]];
                cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_CONFLICT, "twice at %zu", place);
            }
            const struct photograph after = photograph_of(pair.view);
            cr_assert(same_photograph(&before, &after));
            cr_assert(same(batch_entities[0], (pecs_entity){ 55, 55 }), "outputs are written on success only");
        }
    }
    fill_batch(1);
    cr_assert_eq(spawn_batch(pair.world, BATCH_MAX), PECS_OK, "and what failed is free");
    free_pair(&pair);
}

Test(identity, misuse_of_a_batch)
{
    struct pair pair = make_pair();
    const pecs_id id = made_id(1);
    const struct photograph before = photograph_of(pair.view);
    const pecs_value twice[] = { PECS_VALUE_AS(TEAM, Team, 1), PECS_VALUE_AS(TEAM, Team, 1) };
    cr_assert_eq(pecs_world_spawn_with_ids(NULL, NULL, 0, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, NULL, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, twice, 2, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, &(pecs_value){ 99, 4, NULL }, 1, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, &(pecs_value){ TEAM, 4, NULL }, 1, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, NULL, 0, NULL), PECS_OK);
    const struct photograph after = photograph_of(pair.view);
    cr_assert(same_photograph(&before, &after));
    cr_assert(same(find(pair.view, id), none));
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, &id, 1, NULL), PECS_OK, "nothing to hand out");
    cr_assert(find(pair.view, id).generation);
    free_pair(&pair);
}
