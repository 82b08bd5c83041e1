/* Provisional handles: which commands may use them, and what they are after the batch is applied. */
#include "commands_fixture.h"

TestSuite(provisional, .init = set_up_with_commands, .fini = strike_with_commands);

Test(provisional, they_are_alive_nowhere)
{
    const pecs_entity provisional = command_spawn(NULL, 0);
    spawn_one(world, NULL, 0);
    cr_assert_not(pecs_view_alive(view(), provisional));
    cr_assert(same(pecs_commands_resolve(commands, provisional), none), "not before apply");
    cr_assert_eq(pecs_world_despawn(world, &provisional, 1), PECS_E_DEAD);
    cr_assert_eq(apply(), 0);
    cr_assert_not(pecs_view_alive(view(), provisional));
}

Test(provisional, later_commands_may_use_them)
{
    const pecs_entity a = command_spawn((pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 0, 0) }, 1);
    const pecs_entity b = command_spawn(NULL, 0), c = command_spawn(NULL, 0);
    command_team(a, 4);
    command_remove(a, POSITION);
    command_team(b, 5);
    command_despawn(c);
    command_team(c, 6);
    cr_assert_eq(apply(), 1);
    cr_assert_eq(team_of(pecs_commands_resolve(commands, a)), 4);
    cr_assert_not(pecs_view_has(view(), pecs_commands_resolve(commands, a), POSITION));
    cr_assert_eq(team_of(pecs_commands_resolve(commands, b)), 5);
    cr_assert(same(pecs_commands_resolve(commands, c), none), "it never lived");
    cr_assert_eq(summary_of(view()).slot_count, 2);
}

/* In every entity field of a value: of spawns, of sets, one's own, and one that is despawned in the batch. */
Test(provisional, fields_get_the_real_handles)
{
    const pecs_entity old = spawn_position(world, 1);
    const pecs_entity a = command_spawn(NULL, 0), doomed = command_spawn(NULL, 0);
    const pecs_entity own = { a.index + 2, a.generation };
    const Link link = { 1, a, { own, old } };
    const pecs_entity b = command_spawn((pecs_value[]){ { LINK, sizeof(link), &link } }, 1);
    cr_assert(same(b, own));
    const Link second = { 2, b, { doomed, { 5, 5 } } };
    cr_assert_eq(pecs_commands_set(commands, old, (pecs_value[]){ { LINK, sizeof(second), &second } }, 1), PECS_OK);
    command_despawn(doomed);
    cr_assert_eq(apply(), 0);
    const pecs_entity real_a = pecs_commands_resolve(commands, a), real_b = pecs_commands_resolve(commands, b);
    const Link *of_b = pecs_get_as(view(), real_b, LINK, Link), *of_old = pecs_get_as(view(), old, LINK, Link);
    cr_assert(same(real_a, (pecs_entity){ 1, 1 }));
    cr_assert(same(real_b, (pecs_entity){ 2, 1 }));
    cr_assert(same(of_b->target, real_a));
    cr_assert(same(of_b->others[0], real_b));
    cr_assert(same(of_b->others[1], old));
    cr_assert_eq(of_b->weight, 1);
    cr_assert(same(of_old->target, real_b));
    cr_assert(same(of_old->others[0], none), "an entity that never lived is none");
    cr_assert(same(of_old->others[1], (pecs_entity){ 5, 5 }), "a stale handle is kept");
}

Test(provisional, those_of_another_batch_are_misuse)
{
    const pecs_entity first = command_spawn(NULL, 0);
    const Link link = { 1, first, { none, none } };
    const pecs_value in_field[] = { { LINK, sizeof(link), &link } };
    pecs_entity untouched = { 8, 8 };
    cr_assert_eq(apply(), 0);
    cr_assert_eq(pecs_commands_despawn(commands, first), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, first, NULL, 0), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_remove(commands, first, NULL, 0), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_spawn(commands, in_field, 1, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, none, in_field, 1), PECS_E_MISUSE);
    const pecs_entity second = command_spawn(NULL, 0);
    pecs_commands_clear(commands);
    cr_assert_eq(pecs_commands_despawn(commands, second), PECS_E_MISUSE);
    cr_assert(same(untouched, (pecs_entity){ 8, 8 }));
}

Test(provisional, those_of_another_buffer_are_misuse)
{
    enum { BUFFER_COUNT = 5 };
    pecs_commands *others[BUFFER_COUNT];
    const pecs_entity own = command_spawn(NULL, 0);
    for (int i = 0; i < BUFFER_COUNT; i++) {
        pecs_entity foreign = none;
        cr_assert_eq(pecs_commands_create(registry, &others[i]), PECS_OK);
        for (int spawn = 0; spawn <= i; spawn++)
            cr_assert_eq(pecs_commands_spawn(others[i], NULL, 0, &foreign), PECS_OK);
        const Link link = { 1, none, { foreign, none } };
        const pecs_value in_field[] = { { LINK, sizeof(link), &link } };
        cr_assert_eq(pecs_commands_set(commands, foreign, NULL, 0), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_despawn(commands, foreign), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_set(commands, own, in_field, 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_despawn(others[i], own), PECS_E_MISUSE);
        cr_assert(same(pecs_commands_resolve(commands, foreign), none));
    }
    cr_assert_eq(apply(), 0);
    for (int i = 0; i < BUFFER_COUNT; i++) {
        cr_assert_eq(pecs_commands_apply(others[i], world, NULL), PECS_OK);
        cr_assert(same(pecs_commands_resolve(others[i], own), none));
        pecs_commands_destroy(others[i]);
    }
    cr_assert_neq(pecs_commands_resolve(commands, own).generation, 0);
}

Test(provisional, one_that_was_not_given_yet_is_misuse)
{
    const pecs_entity first = command_spawn(NULL, 0);
    cr_assert_eq(pecs_commands_despawn(commands, (pecs_entity){ first.index + 1, first.generation }), PECS_E_MISUSE);
    cr_assert_eq(apply(), 0);
}

Test(provisional, resolve_is_about_the_last_apply)
{
    const pecs_entity first = command_spawn(NULL, 0);
    cr_assert_eq(apply(), 0);
    cr_assert(same(pecs_commands_resolve(commands, first), (pecs_entity){ 0, 1 }));
    const pecs_entity second = command_spawn(NULL, 0);
    cr_assert(same(pecs_commands_resolve(commands, first), (pecs_entity){ 0, 1 }), "until the next apply");
    cr_assert(same(pecs_commands_resolve(commands, second), none));
    cr_assert_eq(apply(), 0);
    cr_assert(same(pecs_commands_resolve(commands, first), none));
    cr_assert(same(pecs_commands_resolve(commands, second), (pecs_entity){ 1, 1 }));
    cr_assert(same(pecs_commands_resolve(commands, (pecs_entity){ 1, 1 }), none), "a real handle");
    cr_assert(same(pecs_commands_resolve(commands, none), none));
}

Test(provisional, a_failed_apply_keeps_what_the_last_one_gave)
{
    const pecs_entity first = command_spawn(NULL, 0);
    cr_assert_eq(apply(), 0);
    const pecs_entity second = command_spawn(NULL, 0);
    for (int i = 0; i < 50; i++)
        command_spawn(NULL, 0); /* more than the list of real handles has room for */
    for (uint64_t nth = 1;; nth++) {
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = pecs_commands_apply(commands, world, NULL);
        counting.fail_at = 0;
        if (!status)
            break;
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert(same(pecs_commands_resolve(commands, first), (pecs_entity){ 0, 1 }));
        cr_assert(same(pecs_commands_resolve(commands, second), none));
    }
    cr_assert(same(pecs_commands_resolve(commands, second), (pecs_entity){ 1, 1 }));
}
