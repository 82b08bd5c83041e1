/*
 * A world: making it, what a view of it says, generations of handles, and that it does not grow by what has come and
 * gone. After most tests the world's inside is checked; all memory is counted. Spawns and despawns are in test_spawn.c,
 * other edits in test_edit.c.
 */
#include "one_world_fixture.h"

#include <stdio.h>

TestSuite(world, .init = set_up, .fini = strike);
TestSuite(view, .init = set_up, .fini = strike);
TestSuite(generations, .init = set_up, .fini = strike);
TestSuite(size, .init = set_up, .fini = strike);

/* World. */

Test(world, a_new_world_is_empty_at_tick_1)
{
    const pecs_summary expected = { .tick = 1 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert_eq(pecs_view_tick(view()), 1);
    cr_assert_eq(pecs_world_copied_bytes(world), 0);
}

Test(world, an_empty_world_is_under_64_KiB)
{
    cr_assert_lt(counting.live_bytes, 64 * 1024);
}

Test(world, it_holds_its_registry)
{
    pecs_registry_release(registry);
    const pecs_entity entity = spawn_position(world, 3);
    cr_assert_eq(position_of(entity)->x, 3);
    check_world(world);
    pecs_world_destroy(world);
    assert_no_leak();
    registry = counting_registry(); /* for strike */
    world = NULL;
}

Test(world, destroying_null_is_allowed)
{
    pecs_world_destroy(NULL);
}

Test(world, misuse_of_create_is_reported)
{
    pecs_registry *other = counting_registry();
    pecs_world *foreign = make_world(other, NULL), *made = NULL;
    pecs_snapshot *base = take(foreign);
    pecs_error error;
    cr_assert_eq(pecs_world_create(NULL, NULL, NULL, &made, &error), PECS_E_MISUSE);
    cr_assert_eq(error.status, PECS_E_MISUSE);
    cr_assert_eq(pecs_world_create(registry, base, NULL, &made, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_create(registry, base, NULL, &made, NULL), PECS_E_MISUSE);
    cr_assert_null(made);
    pecs_snapshot_release(base);
    pecs_world_destroy(foreign);
    pecs_registry_release(other);
}

Test(world, a_failing_create_leaves_nothing)
{
    for (uint64_t nth = 1;; nth++) {
        const uint64_t live = counting.live_bytes;
        pecs_world *made = NULL;
        pecs_error error = { .status = PECS_OK };
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = pecs_world_create(registry, NULL, NULL, &made, &error);
        counting.fail_at = 0;
        if (!status) {
            pecs_world_destroy(made);
            cr_assert_geq(nth, 7);
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_eq(error.status, PECS_E_MEMORY);
        cr_assert_null(made);
        cr_assert_eq(counting.live_bytes, live);
    }
}

Test(world, no_world_is_misuse)
{
    const pecs_value value = PECS_VALUE_AS(TEAM, Team, 1);
    const pecs_component component = TEAM;
    const pecs_entity entity = spawn_one(world, &value, 1);
    pecs_query *query = make_query(registry, NULL, 0);
    pecs_snapshot *snapshot = take(world), *untouched = NULL;
    void *pointer;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, NULL, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn(NULL, &value, 1, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_despawn(NULL, &entity, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_despawn_matching(NULL, query, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set(NULL, entity, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove(NULL, entity, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_mut(NULL, entity, TEAM, 1, &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_singleton(NULL, TEAM, 1, value.data), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_singleton(NULL, TEAM), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(NULL, TEAM, 1, &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_advance(NULL, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_snapshot_take(NULL, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_snapshot_take(world, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_restore(NULL, snapshot), PECS_E_MISUSE);
    cr_assert_null(untouched);
    pecs_snapshot_release(snapshot);
    pecs_query_destroy(query);
}

/* View. */

Test(view, get_refuses_what_is_not_there)
{
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1), PECS_HAS_AS(FROZEN) }, 2);
    cr_assert_not_null(pecs_view_get(view(), entity, TEAM, 1));
    cr_assert_null(pecs_view_get(view(), entity, TEAM, 2));
    cr_assert_null(pecs_view_get(view(), entity, FROZEN, 0));
    cr_assert_null(pecs_view_get(view(), entity, POSITION, sizeof(Position)));
    cr_assert_null(pecs_view_get(view(), entity, 1000, 1));
    cr_assert_null(pecs_view_get(view(), none, TEAM, 1));
    cr_assert_null(pecs_view_get(view(), (pecs_entity){ 5, 1 }, TEAM, 1));
    cr_assert(pecs_view_has(view(), entity, FROZEN));
    cr_assert_not(pecs_view_has(view(), entity, POSITION));
    cr_assert_not(pecs_view_has(view(), entity, 1000));
    cr_assert_not(pecs_view_has(view(), none, TEAM));
    cr_assert_not(pecs_view_alive(view(), none));
}

Test(view, the_hash_is_of_the_content_and_not_of_its_order)
{
    pecs_world *other = make_world(registry, NULL);
    const pecs_entity a = spawn_position(world, 1), b = spawn_position(world, 2);
    const pecs_value team = PECS_VALUE_AS(TEAM, Team, 3);
    cr_assert_eq(pecs_world_set(world, a, &team, 1), PECS_OK);
    cr_assert_eq(pecs_world_set(world, b, &team, 1), PECS_OK);
    spawn_position(other, 1);
    spawn_position(other, 2);
    cr_assert_neq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    cr_assert_eq(pecs_world_set(other, b, &team, 1), PECS_OK);
    cr_assert_neq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    cr_assert_eq(pecs_world_set(other, a, &team, 1), PECS_OK);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    pecs_world_destroy(other);
}

/* Each difference alone: a handle, a value, a tag, a component with the value zero, a singleton. */
Test(view, the_hash_sees_every_difference)
{
    uint64_t hashes[8];
    const pecs_entity entity = spawn_one(world, NULL, 0);
    hashes[0] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 0) }, 1), PECS_OK);
    hashes[1] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1), PECS_OK);
    hashes[2] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1), PECS_OK);
    hashes[3] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set_singleton(world, FROZEN, 0, NULL), PECS_OK);
    hashes[4] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 1 }), PECS_OK);
    hashes[5] = pecs_view_hash(view());
    spawn_one(world, NULL, 0);
    hashes[6] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    const pecs_value again[] = { PECS_VALUE_AS(TEAM, Team, 1), PECS_HAS_AS(FROZEN) };
    cr_assert(same(spawn_one(world, again, 2), (pecs_entity){ 0, 2 }));
    hashes[7] = pecs_view_hash(view());
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            cr_assert_neq(hashes[i], hashes[j], "%d and %d", i, j);
}

typedef struct {
    uint8_t kind;
    uint32_t mass;
} Gapped;
PECS_COMPONENT_OF(Gapped, "Gapped", 1, PECS_FIELD(Gapped, kind), PECS_GAP_AFTER(Gapped, kind, 3),
                  PECS_FIELD(Gapped, mass));

Test(view, the_hash_leaves_padding_out)
{
    const pecs_type *const types[] = { &Gapped_type };
    pecs_registry *other = make_registry(types, 1, counting_hooks);
    pecs_world *gapped = make_world(other, NULL);
    uint64_t hashes[3];
    const uint8_t values[3][8] = { { 1, 0, 0, 0, 5, 0, 0, 0 }, { 1, 9, 9, 9, 5, 0, 0, 0 }, { 1, 0, 0, 0, 6, 0, 0, 0 } };
    const pecs_entity entity = spawn_one(gapped, (pecs_value[]){ { 0, 8, values[0] } }, 1);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pecs_world_set(gapped, entity, (pecs_value[]){ { 0, 8, values[i] } }, 1), PECS_OK);
        hashes[i] = pecs_view_hash(pecs_world_view(gapped));
    }
    cr_assert_eq(hashes[0], hashes[1]);
    cr_assert_neq(hashes[0], hashes[2]);
    pecs_world_destroy(gapped);
    pecs_registry_release(other);
}

Test(view, values_are_aligned_in_every_row)
{
    static pecs_entity entities[10];
    const pecs_value values[] = { { LINK, sizeof(Link), NULL }, { HEALTH, sizeof(Health), NULL } };
    cr_assert_eq(pecs_world_spawn(world, values, 2, 10, entities), PECS_OK);
    cr_assert_eq((uintptr_t)pecs_view_get(view(), entities[0], LINK, sizeof(Link)) % 64, 0);
    for (int i = 0; i < 10; i++)
        cr_assert_eq((uintptr_t)pecs_view_get(view(), entities[i], LINK, sizeof(Link)) % _Alignof(Link), 0);
}

/* Generations. */

Test(generations, a_handle_is_never_valid_again)
{
    pecs_entity handles[50];
    for (uint32_t i = 0; i < 50; i++) {
        handles[i] = spawn_position(world, 1);
        cr_assert(same(handles[i], (pecs_entity){ 0, i + 1 }));
        for (uint32_t j = 0; j < i; j++)
            cr_assert_not(pecs_view_alive(view(), handles[j]));
        cr_assert_eq(pecs_world_despawn(world, &handles[i], 1), PECS_OK);
        cr_assert_not(pecs_view_alive(view(), handles[i]));
    }
}

/* Slot 1 of three is free, and its next generation is the last. */
static void age_slot_1(void)
{
    for (uint32_t i = 0; i < 3; i++)
        spawn_position(world, (float)i);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 1, 1 }, 1), PECS_OK);
    edit_record(world, 1)->generation = (1 << 30) - 2;
}

static const pecs_entity last_of_slot_1 = { 1, (1 << 30) - 1 };

/* The slot's last entity has died: the slot is neither free nor ever used again. */
static void assert_slot_1_is_used_up(void)
{
    cr_assert_not(pecs_view_alive(view(), last_of_slot_1));
    const pecs_summary expected = { 2, 3, 0, 1, 24, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    check_world(world);
    cr_assert(same(spawn_position(world, 9), (pecs_entity){ 3, 1 }));
}

Test(generations, a_slots_last_generation_lives)
{
    age_slot_1();
    cr_assert(same(spawn_position(world, 9), last_of_slot_1));
    cr_assert(pecs_view_alive(view(), last_of_slot_1));
    cr_assert_eq(position_of(last_of_slot_1)->x, 9);
}

Test(generations, a_used_up_slot_is_retired_by_despawn)
{
    age_slot_1();
    const pecs_entity last = spawn_position(world, 9);
    cr_assert_eq(pecs_world_despawn(world, &last, 1), PECS_OK);
    assert_slot_1_is_used_up();
}

Test(generations, a_used_up_slot_is_retired_by_despawn_of_many)
{
    age_slot_1();
    const pecs_entity gone[] = { spawn_position(world, 9), spawn_position(world, 10) };
    cr_assert_eq(pecs_world_despawn(world, gone, 2), PECS_OK);
    const pecs_summary expected = { 2, 4, 1, 1, 24, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert(same(spawn_position(world, 9), (pecs_entity){ 3, 2 }));
}

Test(generations, a_used_up_slot_is_retired_by_despawn_matching)
{
    age_slot_1();
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1);
    pecs_query *query = make_query(registry, (pecs_term[]){ { TEAM, PECS_WITH } }, 1);
    cr_assert_eq(pecs_world_despawn_matching(world, query, NULL), PECS_OK);
    const pecs_summary expected = { 2, 3, 0, 2, 24, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert(same(spawn_position(world, 9), (pecs_entity){ 3, 1 }));
    pecs_query_destroy(query);
}

Test(generations, a_used_up_slot_is_retired_by_commands)
{
    age_slot_1();
    const pecs_entity last = spawn_position(world, 9);
    pecs_commands *commands;
    pecs_entity provisional;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_despawn(commands, last), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, NULL, 0, &provisional), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert(same(pecs_commands_resolve(commands, provisional), (pecs_entity){ 3, 1 }));
    cr_assert_eq(summary_of(view()).free_count, 0);
    pecs_commands_destroy(commands);
}

/* The map is rebuilt from the records after a restore: it must not find the slot, though it is below the free one. */
Test(generations, a_used_up_slot_stays_so_after_a_restore)
{
    age_slot_1();
    const pecs_entity last = spawn_position(world, 9);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ last, { 2, 1 } }, 2), PECS_OK);
    pecs_snapshot *snapshot = take(world);
    spawn_position(world, 1);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert(same(spawn_position(world, 1), (pecs_entity){ 2, 2 }));
    cr_assert(same(spawn_position(world, 1), (pecs_entity){ 3, 1 }));
    pecs_snapshot_release(snapshot);
}

/* Size. */

/* Filled and emptied in each of the three ways: after the first rounds no byte more is held. */
Test(size, emptied_and_refilled_it_does_not_grow)
{
    enum { COUNT = 500, ROUNDS = 1000 };
    static pecs_entity entities[COUNT];
    const pecs_value values[] = { { POSITION, sizeof(Position), NULL }, { TEAM, sizeof(Team), NULL } };
    pecs_query *all = make_query(registry, NULL, 0);
    uint64_t live = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        cr_assert_eq(pecs_world_spawn(world, values, 1 + round % 2, COUNT, entities), PECS_OK);
        if (round % 3 == 0)
            cr_assert_eq(pecs_world_despawn(world, entities, COUNT), PECS_OK);
        else if (round % 3 == 1)
            cr_assert_eq(pecs_world_despawn_matching(world, all, NULL), PECS_OK);
        else
            for (uint32_t i = 0; i < COUNT; i++)
                must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
        if (round == 20)
            live = counting.live_bytes;
        if (round >= 20)
            cr_assert_leq(counting.live_bytes, live, "round %u", round);
    }
    cr_assert(same(spawn_position(world, 1), (pecs_entity){ 0, ROUNDS + 1 }));
    pecs_query_destroy(all);
}

Test(size, moved_to_and_fro_it_does_not_grow)
{
    enum { COUNT = 500, ROUNDS = 1000 };
    static pecs_entity entities[COUNT];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, COUNT, entities), PECS_OK);
    uint64_t live = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            must(pecs_world_set(world, entities[i], (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1) == PECS_OK);
        }
        for (uint32_t i = 0; i < COUNT; i++)
            must(pecs_world_remove(world, entities[i], (pecs_component[]){ TEAM }, 1) == PECS_OK);
        if (round == 2)
            live = counting.live_bytes;
        if (round >= 2)
            cr_assert_leq(counting.live_bytes, live, "round %u", round);
    }
    cr_assert_eq(summary_of(view()).table_count, 2);
}

Test(size, snapshots_taken_and_released_leave_nothing_behind)
{
    const pecs_entity entity = spawn_position(world, 1);
    uint64_t live = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        pecs_snapshot *snapshot = take(world);
        cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3) }, 1),
                     PECS_OK);
        pecs_snapshot_release(snapshot);
        if (round == 0)
            live = counting.live_bytes;
        cr_assert_eq(counting.live_bytes, live);
    }
}

enum { WIDE_BYTES = 1536 * 1024 };

Test(size, components_wider_than_a_chunk_have_a_row_each)
{
    static const pecs_field field = { "bytes", PECS_U8, 0, WIDE_BYTES, WIDE_BYTES, 0, NULL, NULL, 0, 0, 0 };
    static const pecs_type wide = { "Wide", { { 0 } }, 1, WIDE_BYTES, 1, 1, &field, 0 };
    const pecs_type *const types[] = { &wide, &Team_type };
    pecs_registry *other = make_registry(types, 2, counting_hooks);
    pecs_world *large = make_world(other, NULL);
    static uint8_t bytes[3 * WIDE_BYTES];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i / 1000);
    pecs_entity entities[3];
    const Team teams[] = { { 5 }, { 6 }, { 7 } };
    const pecs_value values[] = { { 0, WIDE_BYTES, bytes }, { 1, 1, teams } };
    cr_assert_eq(pecs_world_spawn(large, values, 2, 3, entities), PECS_OK);
    cr_assert_eq(table_chunk_rows(state_table(large->state, 0)), 1);
    cr_assert_eq(pecs_world_despawn(large, &entities[0], 1), PECS_OK);
    for (int i = 1; i < 3; i++) {
        const void *value = pecs_view_get(pecs_world_view(large), entities[i], 0, WIDE_BYTES);
        cr_assert_arr_eq(value, bytes + i * WIDE_BYTES, WIDE_BYTES);
        cr_assert_eq(*(const uint8_t *)pecs_view_get(pecs_world_view(large), entities[i], 1, 1), 5 + i);
    }
    pecs_snapshot *snapshot = take(large);
    cr_assert_eq(pecs_world_set(large, entities[1], values, 1), PECS_OK);
    cr_assert_eq(pecs_world_copied_bytes(large), WIDE_BYTES, "one row is copied, not both");
    const uint8_t *old = pecs_view_get(pecs_snapshot_view(snapshot), entities[1], 0, WIDE_BYTES);
    cr_assert_eq(old[0], (uint8_t)(WIDE_BYTES / 1000));
    check_world(large);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(large);
    pecs_registry_release(other);
}

enum { MANY_TYPES = 100 };
static char many_names[1024][16];
static pecs_type many_types[1024];
static const pecs_type *many_list[1024];
static const pecs_field u32_field = { "value", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };

static void make_many_types(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        snprintf(many_names[i], sizeof(many_names[i]), "type %u", i);
        many_types[i] = (pecs_type){ many_names[i], { { 0 } }, 1, 4, 4, 1, &u32_field, 0 };
        many_list[i] = &many_types[i];
    }
}

Test(size, a_table_of_a_hundred_components)
{
    make_many_types(MANY_TYPES);
    pecs_registry *other = make_registry(many_list, MANY_TYPES, counting_hooks);
    pecs_world *broad = make_world(other, NULL);
    uint32_t numbers[MANY_TYPES];
    pecs_value values[MANY_TYPES];
    for (uint32_t i = 0; i < MANY_TYPES; i++) {
        const uint32_t component = i * 37 % MANY_TYPES; /* in no order */
        numbers[component] = component * 11;
        values[i] = (pecs_value){ component, 4, &numbers[component] };
    }
    const pecs_entity a = spawn_one(broad, values, MANY_TYPES), b = spawn_one(broad, values, MANY_TYPES);
    cr_assert_eq(pecs_world_remove(broad, a, (pecs_component[]){ 50, 0, 99 }, 3), PECS_OK);
    for (uint32_t i = 0; i < MANY_TYPES; i++) {
        const uint32_t *in_a = pecs_view_get(pecs_world_view(broad), a, i, 4);
        const uint32_t *in_b = pecs_view_get(pecs_world_view(broad), b, i, 4);
        cr_assert_eq(*in_b, i * 11);
        if (i == 0 || i == 50 || i == 99)
            cr_assert_null(in_a);
        else
            cr_assert_eq(*in_a, i * 11);
    }
    check_world(broad);
    pecs_world_destroy(broad);
    pecs_registry_release(other);
}

/*
 * Every subset of 14 components but the first 10,000 of them: as many tables. The system's memory: the counted one is
 * slow.
 */
Test(size, ten_thousand_tables)
{
    enum { TABLES = 10000, TYPES = 14 };
    make_many_types(TYPES);
    pecs_registry *other = make_registry(many_list, TYPES, system_memory);
    pecs_world *wide = make_world(other, NULL);
    static pecs_entity entities[TABLES];
    for (uint32_t bits = 0; bits < TABLES; bits++) {
        pecs_value values[TYPES];
        size_t count = 0;
        for (uint32_t i = 0; i < TYPES; i++)
            if (bits >> i & 1)
                values[count++] = (pecs_value){ i, 4, &bits };
        entities[bits] = spawn_one(wide, values, count);
    }
    cr_assert_eq(summary_of(pecs_world_view(wide)).table_count, TABLES);
    for (uint32_t bits = 0; bits < TABLES; bits++)
        for (uint32_t i = 0; i < TYPES; i++) {
            const uint32_t *value = pecs_view_get(pecs_world_view(wide), entities[bits], i, 4);
            must(bits >> i & 1 ? value && *value == bits : !value);
        }
    pecs_query *query = make_query(other, (pecs_term[]){ { 13, PECS_WITH }, { 0, PECS_WITHOUT } }, 2);
    uint64_t count;
    cr_assert_eq(pecs_query_count(query, pecs_world_view(wide)), (TABLES - 8192) / 2);
    cr_assert_eq(pecs_world_despawn_matching(wide, query, &count), PECS_OK);
    cr_assert_eq(count, 904);
    check_world(wide);
    pecs_query_destroy(query);
    pecs_world_destroy(wide);
    pecs_registry_release(other);
}
