/*
 * Types that a file has and the program lacks: what program B keeps, moves and edits, A must find again. What a view
 * says of them is in test_reflection.c.
 */
#include "unknown_fixture.h"

TestSuite(unknown, .init = enter_folder, .fini = leave_folder);

Test(unknown, an_untouched_world_has_the_same_bytes_and_content)
{
    each_verb(visit)
    {
        save_world(visit.world, "b.pecs");
        cr_assert(same_bytes("a.pecs", "b.pecs"));
        pecs_snapshot *of_a = open_snapshot(visit.a, RESUME, "a.pecs");
        cr_assert_eq(pecs_view_hash(visit.view), pecs_view_hash(pecs_snapshot_view(of_a)));
        const pecs_summary x = summary_of(visit.view), y = summary_of(pecs_snapshot_view(of_a));
        cr_assert(same_summary(&x, &y));
        pecs_snapshot_release(of_a);
    }
}

Test(unknown, values_are_read)
{
    each_verb(visit)
    {
        const Secret expected = secret_of(4100);
        cr_assert(same_secret(pecs_get_as(visit.view, after(first_secret, 4100), visit.secret, Secret), &expected));
        cr_assert(pecs_view_has(visit.view, first_tagged, visit.hidden));
        cr_assert_not(pecs_view_has(visit.view, first_secret, visit.hidden));
        cr_assert_not(pecs_view_has(visit.view, first_plain, visit.secret));
        cr_assert_null(pecs_view_get(visit.view, first_secret, visit.secret, 4), "another size");
        cr_assert_null(pecs_view_get(visit.view, first_tagged, visit.hidden, 0), "a tag");
        cr_assert_null(pecs_view_get(visit.view, first_secret, 999, 4));
        cr_assert_eq(pecs_get_singleton_as(visit.view, visit.ticks, Ticks)->count, 42);
        cr_assert(pecs_view_has_singleton(visit.view, visit.ticks));
    }
}

Test(unknown, queries)
{
    const pecs_access accesses[] = { PECS_READ,           PECS_WRITE, PECS_OPTIONAL_READ,
                                     PECS_OPTIONAL_WRITE, PECS_WITH,  PECS_WITHOUT };
    const uint64_t all = SECRET_COUNT + TAGGED_COUNT + PLAIN_COUNT;
    const uint64_t expected[] = { SECRET_COUNT, SECRET_COUNT, all, all, SECRET_COUNT, TAGGED_COUNT + PLAIN_COUNT };
    each_verb(visit)
    {
        pecs_snapshot *snapshot = take(visit.world);
        for (int i = 0; i < 6; i++) {
            pecs_query *query;
            const pecs_term terms[] = { { visit.secret, accesses[i] }, { B_POSITION, PECS_READ } };
            cr_assert_eq(pecs_query_create_in(visit.view, terms, 2, &query, NULL), PECS_OK);
            cr_assert_eq(pecs_query_count(query, visit.view), expected[i]);
            cr_assert_eq(pecs_query_count(query, pecs_snapshot_view(snapshot)), expected[i]);
            uint64_t row_count = 0, secret_count = 0;
            pecs_iter iter = pecs_query_iter(query, visit.view, NULL);
            while (pecs_iter_next(&iter)) {
                const Secret *secrets = i < 4 ? pecs_column_as(&iter, visit.secret, Secret) : NULL;
                for (size_t row = 0; secrets && row < iter.row_count; row++) {
                    const Secret one = secret_of(iter.entities[row].index);
                    must(same_secret(&secrets[row], &one));
                    secret_count++;
                }
                row_count += iter.row_count;
            }
            cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
            cr_assert_eq(row_count, expected[i]);
            cr_assert_eq(secret_count, i < 4 ? SECRET_COUNT : 0);
            pecs_query_destroy(query);
        }
        pecs_query *tags;
        const pecs_term terms[] = { { visit.hidden, PECS_WITH }, { visit.health, PECS_READ } };
        cr_assert_eq(pecs_query_create_in(pecs_snapshot_view(snapshot), terms, 2, &tags, NULL), PECS_OK);
        cr_assert_eq(pecs_query_count(tags, visit.view), TAGGED_COUNT);
        pecs_query_destroy(tags);
        pecs_snapshot_release(snapshot);
        pecs_query *query = NULL;
        pecs_error error;
        cr_assert_eq(pecs_query_create(visit.b, (pecs_term[]){ { visit.secret, PECS_READ } }, 1, &query, &error),
                     PECS_E_MISUSE, "a registry knows none");
        const pecs_component beyond = (pecs_component)pecs_view_type_count(visit.view);
        cr_assert_eq(pecs_query_create_in(visit.view, (pecs_term[]){ { beyond, PECS_READ } }, 1, &query, &error),
                     PECS_E_MISUSE);
        cr_assert_eq(pecs_query_create_in((pecs_view){ NULL }, NULL, 0, &query, &error), PECS_E_MISUSE);
        cr_assert_eq(pecs_query_create_in(visit.view, NULL, 0, NULL, &error), PECS_E_MISUSE);
    }
}

Test(unknown, a_writing_query)
{
    each_verb(visit)
    {
        pecs_query *query;
        const pecs_term terms[] = { { visit.secret, PECS_WRITE } };
        cr_assert_eq(pecs_query_create_in(visit.view, terms, 1, &query, NULL), PECS_OK);
        pecs_iter iter = pecs_query_iter_mut(query, visit.world, NULL);
        while (pecs_iter_next(&iter)) {
            Secret *secrets = pecs_column_mut_as(&iter, visit.secret, Secret);
            for (size_t row = 0; row < iter.row_count; row++)
                secrets[row].u64 = iter.entities[row].index + 5u;
        }
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
        pecs_query_destroy(query);
        pecs_snapshot *of_a = back_to_a(&visit);
        for (uint32_t i = 0; i < SECRET_COUNT; i++)
            must(pecs_get_as(pecs_snapshot_view(of_a), after(first_secret, i), SECRET, Secret)->u64 == i + 5u);
        pecs_snapshot_release(of_a);
    }
}

Test(unknown, edits_of_every_kind)
{
    each_verb(visit)
    {
        const Secret other = secret_of(1000000), moved = secret_of(0);
        const pecs_entity e = first_secret;
        /* moved by a type of its own, edited, set, removed, added, despawned, spawned */
        cr_assert_eq(pecs_world_set(visit.world, after(e, 0), (pecs_value[]){ PECS_VALUE_AS(B_TEAM, Team, 7) }, 1),
                     PECS_OK);
        void *pointer;
        cr_assert_eq(pecs_world_get_mut(visit.world, after(e, 1), visit.secret, sizeof(Secret), &pointer), PECS_OK);
        *(Secret *)pointer = other;
        const pecs_value set[] = { { visit.secret, sizeof(Secret), &other }, PECS_HAS_AS(visit.hidden) };
        cr_assert_eq(pecs_world_set(visit.world, after(e, 2), set, 2), PECS_OK);
        cr_assert_eq(pecs_world_remove(visit.world, after(e, 3), (pecs_component[]){ visit.secret }, 1), PECS_OK);
        cr_assert_eq(pecs_world_set(visit.world, after(first_plain, 0), set, 1), PECS_OK);
        cr_assert_eq(pecs_world_despawn(visit.world, (pecs_entity[]){ after(e, 4), first_tagged }, 2), PECS_OK);
        pecs_entity spawned[2];
        const Secret two[2] = { secret_of(71), secret_of(72) };
        const pecs_value values[] = { PECS_ROWS_AS(visit.secret, two), { visit.health, sizeof(Health), NULL } };
        cr_assert_eq(pecs_world_spawn(visit.world, values, 2, 2, spawned), PECS_OK);
        cr_assert_eq(pecs_world_set_singleton(visit.world, visit.ticks, sizeof(Ticks), &(Ticks){ 43 }), PECS_OK);
        cr_assert_eq(pecs_world_set_singleton(visit.world, visit.health, sizeof(Health), &(Health){ 1, 2 }), PECS_OK);

        pecs_snapshot *of_a = back_to_a(&visit);
        const pecs_view view = pecs_snapshot_view(of_a);
        cr_assert(same_secret(pecs_get_as(view, after(e, 0), SECRET, Secret), &moved));
        cr_assert_eq(pecs_get_as(view, after(e, 0), TEAM, Team)->number, 7);
        cr_assert(same_secret(pecs_get_as(view, after(e, 1), SECRET, Secret), &other));
        cr_assert(same_secret(pecs_get_as(view, after(e, 2), SECRET, Secret), &other));
        cr_assert(pecs_view_has(view, after(e, 2), HIDDEN));
        cr_assert_not(pecs_view_has(view, after(e, 3), SECRET));
        cr_assert_eq(pecs_get_as(view, after(e, 3), POSITION, Position)->x, 3);
        cr_assert(same_secret(pecs_get_as(view, first_plain, SECRET, Secret), &other));
        cr_assert_not(pecs_view_alive(view, after(e, 4)));
        cr_assert_not(pecs_view_alive(view, first_tagged));
        cr_assert(same_secret(pecs_get_as(view, spawned[0], SECRET, Secret), &two[0]));
        cr_assert(same_secret(pecs_get_as(view, spawned[1], SECRET, Secret), &two[1]));
        cr_assert(pecs_get_as(view, spawned[1], HEALTH, Health));
        cr_assert_eq(pecs_get_singleton_as(view, TICKS, Ticks)->count, 43);
        cr_assert_eq(pecs_get_singleton_as(view, HEALTH, Health)->max, 2);
        const Secret last = secret_of(SECRET_COUNT - 1); /* it filled the gap that another left */
        cr_assert(same_secret(pecs_get_as(view, after(e, SECRET_COUNT - 1), SECRET, Secret), &last));
        pecs_snapshot_release(of_a);
    }
}

Test(unknown, wrong_sizes_and_numbers_are_misuse)
{
    each_verb(visit)
    {
        const uint64_t hash = pecs_view_hash(visit.view);
        const pecs_component beyond = (pecs_component)pecs_view_type_count(visit.view);
        const Secret secret = secret_of(1);
        const pecs_value small = { visit.secret, sizeof(Secret) - 1, &secret }, other = { beyond, 4, &secret };
        void *pointer;
        cr_assert_eq(pecs_world_set(visit.world, first_secret, &small, 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_world_set(visit.world, first_secret, &other, 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_world_spawn(visit.world, &small, 1, 1, NULL), PECS_E_MISUSE);
        cr_assert_eq(pecs_world_spawn(visit.world, &other, 1, 1, NULL), PECS_E_MISUSE);
        cr_assert_eq(pecs_world_remove(visit.world, first_secret, &beyond, 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_world_get_mut(visit.world, first_secret, visit.secret, 4, &pointer), PECS_E_MISUSE);
        cr_assert_eq(pecs_world_get_mut(visit.world, first_plain, visit.secret, sizeof(Secret), &pointer),
                     PECS_E_ABSENT);
        cr_assert_eq(pecs_view_hash(visit.view), hash);
    }
}

Test(unknown, command_buffers_keep_them)
{
    each_verb(visit)
    {
        pecs_commands *commands;
        cr_assert_eq(pecs_commands_create(visit.b, &commands), PECS_OK);
        cr_assert_eq(pecs_commands_set(commands, first_secret, (pecs_value[]){ PECS_VALUE_AS(B_TEAM, Team, 9) }, 1),
                     PECS_OK);
        cr_assert_eq(pecs_commands_remove(commands, after(first_secret, 1), (pecs_component[]){ B_POSITION }, 1),
                     PECS_OK);
        cr_assert_eq(pecs_commands_remove(commands, first_tagged, (pecs_component[]){ B_POSITION }, 1), PECS_OK);
        cr_assert_eq(pecs_commands_despawn(commands, after(first_secret, 2)), PECS_OK);
        const pecs_value unknown_value = { visit.secret, sizeof(Secret), NULL };
        cr_assert_eq(pecs_commands_set(commands, first_secret, &unknown_value, 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_spawn(commands, &unknown_value, 1, NULL), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_remove(commands, first_secret, &visit.secret, 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_apply(commands, visit.world, NULL), PECS_OK);
        /* a buffer that has served this world serves one without */
        pecs_world *plain = world_of(visit.b, NULL, 0);
        cr_assert_eq(pecs_commands_spawn(commands, (pecs_value[]){ PECS_VALUE_AS(B_TEAM, Team, 1) }, 1, NULL), PECS_OK);
        cr_assert_eq(pecs_commands_apply(commands, plain, NULL), PECS_OK);
        check_world(plain);
        pecs_world_destroy(plain);
        pecs_commands_destroy(commands);

        pecs_snapshot *of_a = back_to_a(&visit);
        const pecs_view view = pecs_snapshot_view(of_a);
        const Secret expected[] = { secret_of(0), secret_of(1) };
        cr_assert(same_secret(pecs_get_as(view, first_secret, SECRET, Secret), &expected[0]));
        cr_assert_eq(pecs_get_as(view, first_secret, TEAM, Team)->number, 9);
        cr_assert(same_secret(pecs_get_as(view, after(first_secret, 1), SECRET, Secret), &expected[1]));
        cr_assert_not(pecs_view_has(view, after(first_secret, 1), POSITION));
        cr_assert(pecs_view_has(view, first_tagged, HIDDEN));
        cr_assert(pecs_view_has(view, first_tagged, HEALTH));
        cr_assert_not(pecs_view_alive(view, after(first_secret, 2)));
        pecs_snapshot_release(of_a);
    }
}

Test(unknown, despawning_what_matches)
{
    each_verb(visit)
    {
        pecs_query *query;
        uint64_t count = 0;
        const pecs_term terms[] = { { visit.secret, PECS_WITH } };
        cr_assert_eq(pecs_query_create_in(visit.view, terms, 1, &query, NULL), PECS_OK);
        cr_assert_eq(pecs_world_despawn_matching(visit.world, query, &count), PECS_OK);
        cr_assert_eq(count, SECRET_COUNT);
        pecs_query_destroy(query);
        pecs_snapshot *of_a = back_to_a(&visit);
        cr_assert_eq(summary_of(pecs_snapshot_view(of_a)).entity_count, TAGGED_COUNT + PLAIN_COUNT);
        pecs_snapshot_release(of_a);
    }
}

Test(unknown, a_program_can_refuse_them)
{
    pecs_registry *a = program_a(), *b = program_b();
    save_a(a, "a.pecs");
    const pecs_load_options refuse = { .refuse_unknown = true };
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        cr_assert_eq(verbs[verb](b, "a.pecs", &refuse, &snapshot, &error), PECS_E_UNSUPPORTED);
        cr_assert_str_eq(error.rule, "TYPE-3");
        cr_assert_null(snapshot);
        cr_assert_eq(verbs[verb](a, "a.pecs", &refuse, &snapshot, &error), PECS_OK, "A knows them all");
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(a);
    pecs_registry_release(b);
    assert_no_leak();
}

/* A program with explicit ids: "pecs.id" is known to every program. */
Test(unknown, explicit_ids_are_known_to_all)
{
    pecs_registry *a = program_a(), *b = program_b();
    pecs_world *world = world_of(a, NULL, 3);
    populate_a(world);
    const pecs_id id = { "0123456789abcde" };
    cr_assert_eq(pecs_world_set_id(world, first_secret, id), PECS_OK);
    save_world(world, "a.pecs");
    pecs_world_destroy(world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        world = open_world(b, verb, "a.pecs");
        pecs_entity entity;
        cr_assert_eq(pecs_view_find(pecs_world_view(world), id, &entity), PECS_OK);
        cr_assert(same(entity, first_secret));
        const pecs_id other = { "another one 123" };
        cr_assert_eq(pecs_world_set_id(world, after(first_secret, 1), other), PECS_OK);
        const Secret secret = secret_of(8);
        const pecs_value value = { number_of(pecs_world_view(world), "Secret"), sizeof(secret), &secret };
        const pecs_id third = { "and a third one" };
        cr_assert_eq(pecs_world_spawn_with_ids(world, &value, 1, &third, 1, NULL), PECS_OK);
        check_world(world);
        save_world(world, "b.pecs");
        pecs_world_destroy(world);
        pecs_snapshot *of_a = open_snapshot(a, LOAD, "b.pecs");
        const Secret expected = secret_of(1);
        cr_assert_eq(pecs_view_find(pecs_snapshot_view(of_a), other, &entity), PECS_OK);
        cr_assert(same_secret(pecs_get_as(pecs_snapshot_view(of_a), entity, SECRET, Secret), &expected));
        cr_assert_eq(pecs_view_find(pecs_snapshot_view(of_a), third, &entity), PECS_OK);
        cr_assert(same_secret(pecs_get_as(pecs_snapshot_view(of_a), entity, SECRET, Secret), &secret));
        pecs_snapshot_release(of_a);
    }
    pecs_registry_release(a);
    pecs_registry_release(b);
    assert_no_leak();
}

/* Two files with different unknown types. */

typedef struct {
    uint16_t a, b, c;
} Rumour;
PECS_COMPONENT(Rumour, 1, a, b, c);

enum { RUMOUR = B_TYPE_COUNT };
static const pecs_type *const c_types[] = { &Team_type, &Position_type, &Rumour_type };

static void save_c(const char *path)
{
    pecs_registry *c = make_registry(c_types, 3, counting_hooks);
    pecs_world *world = world_of(c, NULL, 4);
    const pecs_value values[] = { PECS_VALUE_AS(RUMOUR, Rumour, 1, 2, 3), PECS_VALUE_AS(B_TEAM, Team, 5) };
    for (int i = 0; i < 3; i++)
        spawn_one(world, values, 2);
    save_world(world, path);
    pecs_world_destroy(world);
    pecs_registry_release(c);
}

/* Three states, whose unknown types are those of the first file, of the second, and none. */
enum { STATE_COUNT = 3 };
static const char *const state_types[STATE_COUNT] = { "Secret", "Rumour", NULL };

/* The world has exactly the unknown type of the state, whose values can be made and removed. */
static void use_unknown_type(const struct visit *visit, int state)
{
    pecs_component component;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pecs_view_component(visit->view, state_types[i], &component),
                     i == state ? PECS_OK : PECS_E_ABSENT);
    if (!state_types[state])
        return;
    component = number_of(visit->view, state_types[state]);
    const pecs_value value = { component, pecs_view_type(visit->view, component)->size, NULL };
    const pecs_value team = PECS_VALUE_AS(B_TEAM, Team, 1);
    const pecs_entity entity = spawn_one(visit->world, &value, 1);
    cr_assert_eq(pecs_world_set(visit->world, entity, &team, 1), PECS_OK);
    cr_assert_eq(pecs_world_remove(visit->world, entity, &component, 1), PECS_OK);
}

/* A world made from a state can be restored to another. */
static void check_fork(const struct visit *visit, pecs_snapshot *from, pecs_snapshot *to, uint64_t hash)
{
    pecs_world *fork = world_of(visit->b, from, 0);
    check_world(fork);
    cr_assert_eq(pecs_world_restore(fork, to), PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_world_view(fork)), hash);
    check_world(fork);
    pecs_world_destroy(fork);
}

/* A world goes from one file's state to another's, and to none's, and back, with edits in between. */
Test(unknown, restores_between_files_with_different_types)
{
    static const int order[] = { 1, 0, 2, 0, 1, 2, 1, 1, 0, 0, 2, 2 };
    const pecs_value known[] = { PECS_VALUE_AS(B_TEAM, Team, 1), PECS_VALUE_AS(B_POSITION, Position, 0) };
    each_verb(visit)
    {
        save_c("c.pecs");
        pecs_world *plain = world_of(visit.b, NULL, 0);
        spawn_one(plain, known, 1);
        pecs_snapshot *states[] = { open_snapshot(visit.b, verb, "a.pecs"), open_snapshot(visit.b, verb, "c.pecs"),
                                    take(plain) };
        uint64_t hashes[STATE_COUNT];
        for (int i = 0; i < STATE_COUNT; i++)
            hashes[i] = pecs_view_hash(pecs_snapshot_view(states[i]));
        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
            cr_assert_eq(pecs_world_restore(visit.world, states[order[i]]), PECS_OK);
            check_world(visit.world);
            cr_assert_eq(pecs_view_hash(visit.view), hashes[order[i]]);
            use_unknown_type(&visit, order[i]);
            spawn_one(visit.world, known, 2);
            check_world(visit.world);
            save_world(visit.world, "back.pecs");
            pecs_snapshot_release(open_snapshot(visit.a, LOAD, "back.pecs"));
        }
        for (int i = 0; i < STATE_COUNT; i++) {
            cr_assert_eq(pecs_view_hash(pecs_snapshot_view(states[i])), hashes[i]);
            const int next = (i + 1) % STATE_COUNT;
            check_fork(&visit, states[i], states[next], hashes[next]);
        }
        for (int i = 0; i < STATE_COUNT; i++)
            pecs_snapshot_release(states[i]);
        pecs_world_destroy(plain);
    }
}

/* Many types. */

enum { MANY = 2 * 1024 - B_TYPE_COUNT + 1 };
static char many_names[MANY][16];
static pecs_type many[MANY];
static const pecs_type *many_types[MANY];

/* Tags, in two worlds of two programs, because one program has at most 1024: all in one file by way of the second. */
static void save_many(uint32_t count, const char *path)
{
    for (uint32_t i = 0; i < count; i++) {
        snprintf(many_names[i], sizeof(many_names[i]), "Tag %u", i);
        many[i] = (pecs_type){ many_names[i], { { 0 } }, 1, 0, 1, 0, NULL, 0 };
        many_types[i] = &many[i];
    }
    const uint32_t half = count / 2;
    pecs_registry *first = make_registry(many_types, half, counting_hooks);
    pecs_world *world = world_of(first, NULL, 5);
    for (pecs_component i = 0; i < half; i++)
        spawn_one(world, (pecs_value[]){ PECS_HAS_AS(i) }, 1);
    save_world(world, path);
    pecs_world_destroy(world);
    pecs_registry_release(first);
    pecs_registry *second = make_registry(many_types + half, count - half, counting_hooks);
    world = open_world(second, RESUME, path);
    for (pecs_component i = 0; i < count - half; i++)
        spawn_one(world, (pecs_value[]){ PECS_HAS_AS(i) }, 1);
    save_world(world, path);
    pecs_world_destroy(world);
    pecs_registry_release(second);
}

Test(unknown, at_most_2048_with_those_of_the_program)
{
    pecs_registry *b = program_b();
    for (uint32_t count = MANY - 1; count <= MANY; count++) {
        save_many(count, "many.pecs");
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            pecs_snapshot *snapshot = NULL;
            pecs_error error = { .status = PECS_OK };
            const pecs_status status = verbs[verb](b, "many.pecs", NULL, &snapshot, &error);
            cr_assert_eq(status, count < MANY ? PECS_OK : PECS_E_LIMIT, "%s", error.message);
            if (!status) {
                pecs_world *world = world_of(b, snapshot, 0);
                cr_assert_eq(pecs_view_type_count(pecs_world_view(world)), 2 * 1024 + 1);
                spawn_one(world, (pecs_value[]){ PECS_HAS_AS(2 * 1024), PECS_HAS_AS(B_TYPE_COUNT + 1) }, 2);
                check_world(world);
                pecs_world_destroy(world);
            }
            pecs_snapshot_release(snapshot);
        }
    }
    pecs_registry_release(b);
    assert_no_leak();
}
