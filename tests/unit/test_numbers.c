/*
 * Numbers of unknown types: each names one type in all that a registry opens, so that one which was looked up before a
 * restore to another file finds that type or nothing, and goes on to work when the file is opened again.
 */
#include "file_fixture.h"

TestSuite(numbers, .init = enter_folder, .fini = leave_folder);

typedef struct {
    int32_t value;
} Number;

enum { TYPE_COUNT = 12 };
static const char *const names[TYPE_COUNT] = { "Alpha", "Beta",  "Gamma", "Delta", "Epsilon", "Zeta",
                                               "Eta",   "Theta", "Iota",  "Kappa", "Lambda",  "Mu" };
enum { ALPHA, BETA, GAMMA };
static pecs_field fields[TYPE_COUNT];
static pecs_type types[TYPE_COUNT];

/* A type of the program that writes files, of one field; the program under test knows Team only. */
static const pecs_type *type_of(int which, uint32_t version, const char *field)
{
    fields[which] = (pecs_field){ field, PECS_I32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    types[which] = (pecs_type){ names[which], { { 0 } }, version, 4, 4, 1, &fields[which], 0 };
    return &types[which];
}

enum { TEAM_NUMBER, PROGRAM_TYPE_COUNT };
static const pecs_entity first = { 0, 1 }, second = { 1, 1 };

/*
 * A file of two entities: {Team 1, all of the types with their index as value} and {Team 2}; the first type is a
 * singleton too.
 */
static void save_file(const char *path, const int *whiches, uint32_t count, uint32_t version, const char *field)
{
    const pecs_type *list[TYPE_COUNT + 1] = { &Team_type };
    pecs_value values[TYPE_COUNT + 1] = { PECS_VALUE_AS(TEAM_NUMBER, Team, 1) };
    Number numbers[TYPE_COUNT];
    for (uint32_t i = 0; i < count; i++) {
        list[i + 1] = type_of(whiches[i], version, field);
        numbers[i].value = whiches[i];
        values[i + 1] = (pecs_value){ i + 1, sizeof(Number), &numbers[i] };
    }
    pecs_registry *registry = make_registry(list, count + 1, counting_hooks);
    pecs_world *world = world_of(registry, NULL, 3);
    spawn_one(world, values, count + 1);
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM_NUMBER, Team, 2) }, 1);
    if (count)
        must(pecs_world_set_singleton(world, 1, sizeof(Number), &numbers[0]) == PECS_OK);
    save_world(world, path);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

static void save_of(const char *path, int which)
{
    save_file(path, &which, 1, 1, "value");
}

static pecs_registry *program(void)
{
    static const pecs_type *const known[] = { &Team_type };
    return make_registry(known, PROGRAM_TYPE_COUNT, counting_hooks);
}

static pecs_component number_of(pecs_view view, int which)
{
    pecs_component component = 0;
    cr_assert_eq(pecs_view_component(view, names[which], &component), PECS_OK, "%s", names[which]);
    return component;
}

static int32_t value_of(pecs_view view, pecs_entity entity, pecs_component component)
{
    const Number *number = pecs_view_get(view, entity, component, sizeof(Number));
    return number ? number->value : -1;
}

/* The world's state comes from a file that lacks the type. */
static void check_reads_find_nothing(pecs_world *world, pecs_component component)
{
    const pecs_view view = pecs_world_view(world);
    const pecs_id zero = { { 0 } }, id = pecs_view_type_id(view, component);
    cr_assert_null(pecs_view_type(view, component));
    cr_assert_eq(memcmp(&id, &zero, sizeof(id)), 0);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_not(pecs_view_has(view, (pecs_entity){ i, 1 }, component));
        cr_assert_null(pecs_view_get(view, (pecs_entity){ i, 1 }, component, sizeof(Number)));
    }
    cr_assert_not(pecs_view_has_singleton(view, component));
    cr_assert_null(pecs_view_get_singleton(view, component, sizeof(Number)));
    pecs_query *query = NULL;
    cr_assert_eq(pecs_query_create_in(view, (pecs_term[]){ { component, PECS_READ } }, 1, &query, NULL), PECS_E_MISUSE);
}

static void check_edits_are_refused(pecs_world *world, pecs_component component)
{
    const pecs_view view = pecs_world_view(world);
    const uint64_t hash = pecs_view_hash(view);
    const Number nine = { 9 };
    const pecs_value values[] = { PECS_VALUE_AS(TEAM_NUMBER, Team, 9), { component, sizeof(nine), &nine } };
    void *pointer = NULL;
    pecs_commands *commands;
    cr_assert_eq(pecs_world_set(world, first, values, 2), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set(world, second, &values[1], 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn(world, values, 2, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(world, values, 2, (pecs_id[]){ { { 5 } } }, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove(world, first, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_mut(world, first, component, sizeof(nine), &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_singleton(world, component, sizeof(nine), &nine), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(world, component, sizeof(nine), &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_singleton(world, component), PECS_E_MISUSE);
    cr_assert_null(pointer);
    cr_assert_eq(pecs_commands_create(world->registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, values, 2, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, first, values, 2), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_remove(commands, first, &component, 1), PECS_E_MISUSE);
    pecs_commands_destroy(commands);
    cr_assert_eq(pecs_view_hash(view), hash);
}

/* One query for each access, made where the type is; the rows of each in `view`. */
static void check_queries(pecs_query *const queries[], pecs_world *world, bool has_type)
{
    static const uint64_t where_it_is[] = { 1, 1, 2, 2, 1, 1 }, elsewhere[] = { 0, 0, 2, 2, 0, 2 };
    const pecs_view view = pecs_world_view(world);
    pecs_snapshot *snapshot = take(world);
    for (int access = PECS_READ; access <= PECS_WITHOUT; access++) {
        const uint64_t expected = (has_type ? where_it_is : elsewhere)[access];
        cr_assert_eq(pecs_query_count(queries[access], view), expected, "access %d", access);
        cr_assert_eq(pecs_query_count(queries[access], pecs_snapshot_view(snapshot)), expected, "access %d", access);
        for (int edits = 0; edits < 2; edits++) {
            uint64_t row_count = 0;
            pecs_iter iter = edits ? pecs_query_iter_mut(queries[access], world, NULL)
                                   : pecs_query_iter(queries[access], view, NULL);
            while (pecs_iter_next(&iter))
                row_count += iter.row_count;
            cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
            cr_assert_eq(row_count, expected, "access %d", access);
        }
    }
    pecs_snapshot_release(snapshot);
}

static void make_queries(pecs_view view, pecs_component component, pecs_query *ret_queries[])
{
    for (int access = PECS_READ; access <= PECS_WITHOUT; access++) {
        const pecs_term terms[] = { { component, (pecs_access)access }, { TEAM_NUMBER, PECS_READ } };
        cr_assert_eq(pecs_query_create_in(view, terms, 2, &ret_queries[access], NULL), PECS_OK);
    }
}

Test(numbers, after_a_restore_to_another_file_an_old_one_finds_nothing)
{
    save_of("alpha.pecs", ALPHA);
    save_of("beta.pecs", BETA);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_registry *registry = program();
        pecs_snapshot *files[] = { open_snapshot(registry, verb, "alpha.pecs"),
                                   open_snapshot(registry, verb, "beta.pecs") };
        pecs_world *world = world_of(registry, files[0], 0);
        const pecs_view view = pecs_world_view(world);
        const pecs_component alpha = number_of(view, ALPHA);
        pecs_query *queries[PECS_WITHOUT + 1];
        make_queries(view, alpha, queries);
        check_queries(queries, world, true);

        cr_assert_eq(pecs_world_restore(world, files[1]), PECS_OK);
        check_world(world);
        const pecs_component beta = number_of(view, BETA);
        cr_assert_neq(beta, alpha);
        check_reads_find_nothing(world, alpha);
        check_edits_are_refused(world, alpha);
        check_queries(queries, world, false);
        uint64_t count = 99;
        cr_assert_eq(pecs_world_despawn_matching(world, queries[PECS_WITH], &count), PECS_OK);
        cr_assert_eq(count, 0);
        cr_assert_eq(value_of(view, first, beta), BETA);
        cr_assert_eq(pecs_get_as(view, second, TEAM_NUMBER, Team)->number, 2, "the program's types are as ever");

        cr_assert_eq(pecs_world_restore(world, files[0]), PECS_OK);
        check_world(world);
        check_queries(queries, world, true);
        cr_assert_eq(value_of(view, first, alpha), ALPHA);
        check_reads_find_nothing(world, beta);
        check_edits_are_refused(world, beta);
        for (int access = PECS_READ; access <= PECS_WITHOUT; access++)
            pecs_query_destroy(queries[access]);
        pecs_world_destroy(world);
        for (int i = 0; i < 2; i++)
            pecs_snapshot_release(files[i]);
        pecs_registry_release(registry);
        assert_no_leak();
    }
}

Test(numbers, a_file_that_is_opened_again_has_the_same)
{
    save_of("alpha.pecs", ALPHA);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_registry *registry = program();
        pecs_world *world = open_world(registry, verb, "alpha.pecs");
        const pecs_component alpha = number_of(pecs_world_view(world), ALPHA);
        pecs_query *queries[PECS_WITHOUT + 1];
        make_queries(pecs_world_view(world), alpha, queries);
        for (int round = 0; round < 3; round++) {
            pecs_snapshot *snapshot = open_snapshot(registry, (verb + round) % VERB_COUNT, "alpha.pecs");
            if (round == 2) { /* nothing else keeps the old types */
                pecs_world_destroy(world);
                world = world_of(registry, snapshot, 0);
            }
            cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
            pecs_snapshot_release(snapshot);
            const pecs_view view = pecs_world_view(world);
            check_queries(queries, world, true);
            cr_assert_eq(number_of(view, ALPHA), alpha);
            cr_assert_eq(value_of(view, first, alpha), ALPHA);
            cr_assert_eq(pecs_world_set(world, second, &(pecs_value){ alpha, 4, &(Number){ 7 } }, 1), PECS_OK);
            cr_assert_eq(pecs_world_remove(world, first, &alpha, 1), PECS_OK);
            cr_assert_eq(value_of(view, second, alpha), 7);
            cr_assert_eq(value_of(view, first, alpha), -1);
            check_world(world);
        }
        for (int access = PECS_READ; access <= PECS_WITHOUT; access++)
            pecs_query_destroy(queries[access]);
        pecs_world_destroy(world);
        pecs_registry_release(registry);
        assert_no_leak();
    }
}

/* Numbers are by type, not by file: a later save may have other types beside. */
Test(numbers, a_type_has_one_in_all_files_of_a_registry)
{
    save_of("alpha.pecs", ALPHA);
    save_file("three.pecs", (int[]){ GAMMA, ALPHA, BETA }, 3, 1, "value");
    pecs_registry *registry = program();
    pecs_world *world = open_world(registry, RESUME, "alpha.pecs");
    const pecs_component alpha = number_of(pecs_world_view(world), ALPHA);
    pecs_query *query;
    cr_assert_eq(pecs_query_create_in(pecs_world_view(world), (pecs_term[]){ { alpha, PECS_WRITE } }, 1, &query, NULL),
                 PECS_OK);
    pecs_world_destroy(world);
    world = open_world(registry, LOAD, "three.pecs");
    const pecs_view view = pecs_world_view(world);
    cr_assert_eq(number_of(view, ALPHA), alpha);
    cr_assert_neq(number_of(view, BETA), alpha);
    cr_assert_neq(number_of(view, GAMMA), alpha);
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    Number *values = pecs_column_mut_as(&iter, alpha, Number);
    cr_assert_eq(values[0].value, ALPHA);
    values[0].value = 70;
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(value_of(view, first, alpha), 70);
    cr_assert_eq(value_of(view, first, number_of(view, BETA)), BETA);
    cr_assert_eq(value_of(view, first, number_of(view, GAMMA)), GAMMA);
    check_world(world);
    pecs_query_destroy(query);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* What makes a type that type is all that its record says. */
Test(numbers, another_version_or_layout_is_another_type)
{
    const int alpha = ALPHA;
    save_file("a.pecs", &alpha, 1, 1, "value");
    save_file("b.pecs", &alpha, 1, 2, "value");
    save_file("c.pecs", &alpha, 1, 1, "worth");
    static const char *const paths[] = { "a.pecs", "b.pecs", "c.pecs" };
    pecs_registry *registry = program();
    pecs_component numbers[3];
    for (int i = 0; i < 3; i++) {
        pecs_snapshot *snapshot = open_snapshot(registry, LOAD, paths[i]);
        numbers[i] = number_of(pecs_snapshot_view(snapshot), ALPHA);
        pecs_snapshot_release(snapshot);
    }
    cr_assert_neq(numbers[0], numbers[1]);
    cr_assert_neq(numbers[0], numbers[2]);
    cr_assert_neq(numbers[1], numbers[2]);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Gives numbers to all types, against the order of their ids in files, and with a gap before each. */
static void open_in_descending_order(pecs_registry *registry, pecs_component ret_numbers[TYPE_COUNT])
{
    int all[TYPE_COUNT];
    for (int i = 0; i < TYPE_COUNT; i++)
        all[i] = i;
    save_file("all.pecs", all, TYPE_COUNT, 1, "value");
    pecs_info *info;
    cr_assert_eq(pecs_file_info("all.pecs", &counting_hooks, NULL, &info, NULL), PECS_OK);
    for (size_t i = info->type_count; i-- > 0;) /* ascending by id */
        for (int which = 0; which < TYPE_COUNT; which++) {
            if (strcmp(info->types[i]->name, names[which]) != 0)
                continue;
            save_file("one.pecs", &which, 1, 99, "gap");
            pecs_snapshot_release(open_snapshot(registry, RESUME, "one.pecs"));
            save_of("one.pecs", which);
            pecs_snapshot *snapshot = open_snapshot(registry, RESUME, "one.pecs");
            ret_numbers[which] = number_of(pecs_snapshot_view(snapshot), which);
            pecs_snapshot_release(snapshot);
        }
    pecs_info_destroy(info);
}

/* The file's types are ascending by id, the state's by number. */
Test(numbers, their_order_need_not_be_that_of_ids)
{
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_registry *registry = program();
        pecs_component numbers[TYPE_COUNT], number, last = 0;
        open_in_descending_order(registry, numbers);
        pecs_world *world = open_world(registry, verb, "all.pecs");
        const pecs_view view = pecs_world_view(world);
        check_world(world);
        for (int which = 0; which < TYPE_COUNT; which++) {
            pecs_component found = 0;
            cr_assert_eq(number_of(view, which), numbers[which]);
            cr_assert_eq(value_of(view, first, numbers[which]), which);
            cr_assert_str_eq(pecs_view_type(view, numbers[which])->name, names[which]);
            cr_assert_eq(pecs_view_component_by_id(view, pecs_view_type_id(view, numbers[which]), &found), PECS_OK);
            cr_assert_eq(found, numbers[which]);
            cr_assert_null(pecs_view_type(view, numbers[which] - 1), "a gap");
            check_reads_find_nothing(world, numbers[which] - 1);
        }
        for (size_t place = 0; place < pecs_view_type_count(view); place++, last = number) {
            cr_assert(pecs_view_component_at(view, place, &number));
            cr_assert(!place || number > last, "ascending");
        }
        cr_assert_not(pecs_view_component_at(view, pecs_view_type_count(view), &number));
        cr_assert_eq(pecs_view_type_count(view), PROGRAM_TYPE_COUNT + 1 + TYPE_COUNT);
        size_t count;
        const pecs_component *components = pecs_view_components(view, first, &count);
        cr_assert_eq(count, PROGRAM_TYPE_COUNT + TYPE_COUNT);
        for (size_t i = 1; i < count; i++)
            cr_assert_lt(components[i - 1], components[i]);
        save_world(world, "again.pecs");
        cr_assert(same_bytes("all.pecs", "again.pecs"));
        check_edits_are_refused(world, numbers[ALPHA] - 1);
        pecs_world_destroy(world);
        pecs_registry_release(registry);
        assert_no_leak();
    }
}

static bool gather(void *user, const pecs_change *change)
{
    pecs_change *changes = user;
    size_t count = 0;
    while (changes[count].kind)
        count++;
    changes[count] = *change;
    return true;
}

/* Commands name the program's types, on entities that have others; a diff matches types by id. */
Test(numbers, commands_and_diffs_where_their_order_is_another)
{
    pecs_registry *registry = program(), *other = program();
    pecs_component numbers[TYPE_COUNT];
    open_in_descending_order(registry, numbers);
    pecs_world *world = open_world(registry, LOAD, "all.pecs");
    pecs_snapshot *old = open_snapshot(other, LOAD, "all.pecs");
    const pecs_view view = pecs_world_view(world), old_view = pecs_snapshot_view(old);
    cr_assert_neq(number_of(old_view, BETA), numbers[BETA], "for this test");
    cr_assert_eq(pecs_world_set(world, first, &(pecs_value){ numbers[BETA], 4, &(Number){ 50 } }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set(world, second, &(pecs_value){ numbers[GAMMA], 4, &(Number){ 60 } }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_singleton(world, numbers[ALPHA], 4, &(Number){ 40 }), PECS_OK);
    for (int back = 0; back < 2; back++) {
        pecs_change changes[8] = { { .kind = 0 } };
        cr_assert_eq(pecs_view_diff(back ? view : old_view, back ? old_view : view, gather, changes), PECS_OK);
        cr_assert_eq(changes[0].kind, PECS_COMPONENT_CHANGED, "the singleton");
        cr_assert_eq(changes[0].from_component, back ? numbers[ALPHA] : number_of(old_view, ALPHA));
        cr_assert_eq(changes[0].to_component, back ? number_of(old_view, ALPHA) : numbers[ALPHA]);
        cr_assert_eq(((const Number *)(back ? changes[0].old_value : changes[0].new_value))->value, 40);
        const bool is_changed_first = changes[1].kind == PECS_COMPONENT_CHANGED;
        const pecs_change *changed = &changes[1 + !is_changed_first], *other_change = &changes[1 + is_changed_first];
        cr_assert_eq(changed->kind, PECS_COMPONENT_CHANGED);
        cr_assert_eq(changed->from_component, back ? numbers[BETA] : number_of(old_view, BETA));
        cr_assert_eq(changed->to_component, back ? number_of(old_view, BETA) : numbers[BETA]);
        cr_assert_eq(other_change->kind, back ? PECS_COMPONENT_REMOVED : PECS_COMPONENT_ADDED);
        cr_assert_eq(back ? other_change->from_component : other_change->to_component, numbers[GAMMA]);
        cr_assert_eq(changes[3].after.generation, 0, "three changes");
    }

    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_remove(commands, first, (pecs_component[]){ TEAM_NUMBER }, 1), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    pecs_commands_destroy(commands);
    cr_assert_not(pecs_view_has(view, first, TEAM_NUMBER));
    for (int which = 0; which < TYPE_COUNT; which++)
        cr_assert_eq(value_of(view, first, numbers[which]), which == BETA ? 50 : which);
    check_world(world);
    pecs_world_destroy(world);
    pecs_snapshot_release(old);
    pecs_registry_release(registry);
    pecs_registry_release(other);
    assert_no_leak();
}

/* As files from strangers would: more types than are remembered, in files of a thousand tags. */
static void push_all_out(pecs_registry *registry)
{
    enum { TAG_COUNT = 1000 };
    static char tag_names[TAG_COUNT][32];
    static pecs_type tags[TAG_COUNT];
    static const pecs_type *list[TAG_COUNT];
    static pecs_value values[TAG_COUNT];
    for (uint32_t file = 0; file < 2 * NUMBERS_KEPT / TAG_COUNT + 2; file++) {
        for (uint32_t i = 0; i < TAG_COUNT; i++) {
            snprintf(tag_names[i], sizeof(tag_names[i]), "Tag %u of %u", i, file);
            tags[i] = (pecs_type){ tag_names[i], { { 0 } }, 1, 0, 1, 0, NULL, 0 };
            list[i] = &tags[i];
            values[i] = (pecs_value)PECS_HAS_AS(i);
        }
        pecs_registry *stranger = make_registry(list, TAG_COUNT, counting_hooks);
        pecs_world *world = world_of(stranger, NULL, 3);
        spawn_one(world, values, TAG_COUNT);
        save_world(world, "stranger.pecs");
        pecs_world_destroy(world);
        pecs_registry_release(stranger);
        pecs_snapshot_release(open_snapshot(registry, RESUME, "stranger.pecs"));
    }
}

Test(numbers, a_forgotten_type_is_refused_by_its_old_number)
{
    save_of("alpha.pecs", ALPHA);
    pecs_registry *registry = program();
    pecs_world *world = open_world(registry, RESUME, "alpha.pecs");
    const pecs_view view = pecs_world_view(world);
    const pecs_component alpha = number_of(view, ALPHA);
    const uint64_t live_bytes = counting.live_bytes;
    push_all_out(registry);
    cr_assert_lt(counting.live_bytes - live_bytes, 1024 * 1024);
    cr_assert_eq(value_of(view, first, alpha), ALPHA, "what was opened before is as it was");
    cr_assert_eq(number_of(view, ALPHA), alpha);
    pecs_snapshot *snapshot = open_snapshot(registry, RESUME, "alpha.pecs");
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    pecs_snapshot_release(snapshot);
    cr_assert_gt(number_of(view, ALPHA), alpha);
    cr_assert_eq(value_of(view, first, number_of(view, ALPHA)), ALPHA);
    check_reads_find_nothing(world, alpha);
    check_edits_are_refused(world, alpha);
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(numbers, when_they_end_files_with_new_types_are_refused)
{
    save_of("alpha.pecs", ALPHA);
    save_of("beta.pecs", BETA);
    save_file("known.pecs", NULL, 0, 1, "value");
    pecs_registry *registry = program();
    pecs_snapshot_release(open_snapshot(registry, RESUME, "alpha.pecs"));
    registry->numbers.next = UINT32_MAX;
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = NULL;
        pecs_error error = { .status = PECS_OK };
        cr_assert_eq(verbs[verb](registry, "beta.pecs", NULL, &snapshot, &error), PECS_E_LIMIT);
        cr_assert_null(snapshot);
        cr_assert_str_eq(error.message,
                         "the registry has no number left for a type that is not registered: make another registry");
        pecs_snapshot_release(open_snapshot(registry, verb, "alpha.pecs"));
        pecs_snapshot_release(open_snapshot(registry, verb, "known.pecs"));
    }
    pecs_registry_release(registry);
    assert_no_leak();
}
