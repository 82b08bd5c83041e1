/* The short forms for types of PECS_TYPES, on a world and on a command buffer; add, and what an edit says when it
 * fails. */
#define _POSIX_C_SOURCE 200809L
#include "counting_allocator.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    float x, y;
} Place;
typedef struct {
    int32_t current, max;
} Life;
PECS_COMPONENT(Place, 1, x, y);
PECS_COMPONENT(Life, 1, current, max);
PECS_TAG(Asleep, 1);
PECS_TYPES(typed, Place, Life, Asleep);

static pecs_registry *registry;
static pecs_world *world;
static pecs_commands *commands;

static void set_up(void)
{
    const pecs_registry_desc desc = { .types = typed_types,
                                      .type_count = typed_type_count,
                                      .allocator = counting_hooks };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
}

static void strike(void)
{
    pecs_commands_destroy(commands);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(typed, .init = set_up, .fini = strike);
TestSuite(failure, .init = set_up, .fini = strike);
TestSuite(open, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

static pecs_entity spawn(float x)
{
    pecs_entity entity = { 0, 0 };
    cr_assert_eq(pecs_spawn(world, &entity, PECS_VALUE(Place, x, 1), PECS_HAS(Asleep)), PECS_OK);
    return entity;
}

Test(typed, the_list)
{
    cr_assert_eq(typed_type_count, 3);
    cr_assert_eq(Place_component, 0);
    cr_assert_eq(Asleep_component, 2);
    cr_assert_eq(typed_types[0], &Place_type);
    cr_assert_eq(typed_types[2], &Asleep_type);
}

Test(typed, edits_of_a_world)
{
    const Life life = { 3, 9 };
    Life lives[1] = { { 4, 9 } };
    pecs_entity plain, entity = { 0, 0 };
    cr_assert_eq(pecs_spawn(world, NULL, PECS_HAS(Asleep)), PECS_OK);
    cr_assert_eq(pecs_spawn(world, &plain, PECS_ROWS(Life, &life)), PECS_OK);
    cr_assert_eq(pecs_get(view(), plain, Life)->current, 3);
    cr_assert_eq(pecs_spawn(world, &entity, PECS_VALUE(Place, 1, .y = 2), PECS_ROWS(Life, lives)), PECS_OK);
    cr_assert_eq(pecs_get(view(), entity, Place)->y, 2);
    cr_assert_eq(pecs_get(view(), entity, Life)->current, 4);
    cr_assert_not(pecs_has(view(), entity, Asleep));
    cr_assert_eq(pecs_set(world, entity, Place, { 7, 8 }), PECS_OK);
    cr_assert_eq(pecs_get(view(), entity, Place)->x, 7);
    cr_assert_eq(pecs_set_ptr(world, entity, Life, &life), PECS_OK);
    cr_assert_eq(pecs_set_ptr(world, entity, Life, lives), PECS_OK, "not only of const");
    cr_assert_eq(pecs_get(view(), entity, Life)->current, 4);
    cr_assert_eq(pecs_add(world, entity, Asleep), PECS_OK);
    cr_assert(pecs_has(view(), entity, Asleep));
    cr_assert_eq(pecs_remove(world, entity, Life), PECS_OK);
    cr_assert_null(pecs_get(view(), entity, Life));
    pecs_get_mut(world, entity, Place)->x = 70;
    cr_assert_eq(pecs_get(view(), entity, Place)->x, 70);
    cr_assert_null(pecs_get_mut(world, entity, Life));
    cr_assert_eq(pecs_world_error(world)->status, PECS_E_ABSENT);
    cr_assert_eq(pecs_despawn(world, entity), PECS_OK);
    cr_assert_not(pecs_view_alive(view(), entity));
}

Test(typed, singletons)
{
    cr_assert_null(pecs_get_singleton(view(), Life));
    cr_assert_null(pecs_get_singleton_mut(world, Life));
    cr_assert_eq(pecs_set_singleton(world, Life, { 5, 6 }), PECS_OK);
    cr_assert_eq(pecs_get_singleton(view(), Life)->max, 6);
    pecs_get_singleton_mut(world, Life)->max = 60;
    cr_assert_eq(pecs_get_singleton(view(), Life)->max, 60);
    cr_assert_eq(pecs_remove_singleton(world, Life), PECS_OK);
    cr_assert_null(pecs_get_singleton(view(), Life));
}

Test(typed, edits_that_are_recorded)
{
    const Life life = { 3, 9 };
    const pecs_entity a = spawn(1), b = spawn(2);
    pecs_entity born = { 0, 0 };
    uint64_t skipped_count = 7;
    cr_assert_eq(pecs_spawn(commands, &born, PECS_VALUE(Place, 5, 5)), PECS_OK);
    cr_assert_eq(pecs_set(commands, a, Place, { 7, 8 }), PECS_OK);
    cr_assert_eq(pecs_set_ptr(commands, a, Life, &life), PECS_OK);
    cr_assert_eq(pecs_remove(commands, a, Asleep), PECS_OK);
    cr_assert_eq(pecs_add(commands, born, Life), PECS_OK);
    cr_assert_eq(pecs_despawn(commands, b), PECS_OK);
    cr_assert_eq(pecs_get(view(), a, Place)->x, 1, "nothing yet");
    cr_assert_eq(pecs_commands_apply(commands, world, &skipped_count), PECS_OK);
    cr_assert_eq(skipped_count, 0);
    born = pecs_commands_resolve(commands, born);
    cr_assert_eq(pecs_get(view(), born, Place)->x, 5);
    cr_assert_eq(pecs_get(view(), born, Life)->max, 0);
    cr_assert_eq(pecs_get(view(), a, Place)->x, 7);
    cr_assert_eq(pecs_get(view(), a, Life)->max, 9);
    cr_assert_not(pecs_has(view(), a, Asleep));
    cr_assert_not(pecs_view_alive(view(), b));
}

Test(typed, columns)
{
    const pecs_term terms[] = { { Place_component, PECS_WRITE }, { Life_component, PECS_OPTIONAL_READ } };
    pecs_query *query;
    spawn(1);
    cr_assert_eq(pecs_query_create(registry, terms, 2, &query, NULL), PECS_OK);
    pecs_iter it = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&it));
    Place *place = pecs_column_mut(&it, Place);
    cr_assert_eq(place, pecs_column(&it, Place));
    cr_assert_null(pecs_column(&it, Life));
    place[0].x = 11;
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
    cr_assert_eq(pecs_get(view(), pecs_query_first(query, view()), Place)->x, 11);
    pecs_query_destroy(query);
}

/* add. */

Test(typed, what_is_added_is_zero_and_what_is_there_stays)
{
    const pecs_component all[] = { Life_component, Asleep_component, Place_component, Life_component };
    pecs_entity entity;
    cr_assert_eq(pecs_spawn(world, &entity, PECS_VALUE(Place, 1, 2)), PECS_OK);
    /* rows that were used before, so that zeros do not come by themselves */
    pecs_entity used;
    cr_assert_eq(pecs_spawn(world, &used, PECS_VALUE(Place, 9, 9), PECS_VALUE(Life, 9, 9), PECS_HAS(Asleep)), PECS_OK);
    cr_assert_eq(pecs_despawn(world, used), PECS_OK);
    cr_assert_eq(pecs_world_add(world, entity, all, 4), PECS_OK);
    cr_assert_eq(pecs_get(view(), entity, Place)->x, 1);
    cr_assert_eq(pecs_get(view(), entity, Life)->current, 0);
    cr_assert_eq(pecs_get(view(), entity, Life)->max, 0);
    cr_assert(pecs_has(view(), entity, Asleep));
    const uint64_t hash = pecs_view_hash(view());
    cr_assert_eq(pecs_set(world, entity, Life, { 3, 4 }), PECS_OK);
    cr_assert_eq(pecs_world_add(world, entity, all, 4), PECS_OK);
    cr_assert_eq(pecs_get(view(), entity, Life)->max, 4, "what is there stays");
    cr_assert_neq(pecs_view_hash(view()), hash);
    cr_assert_eq(pecs_world_add(world, entity, NULL, 0), PECS_OK);
    cr_assert_eq(pecs_world_add(world, used, all, 1), PECS_E_DEAD);
    cr_assert_eq(pecs_world_add(world, entity, (pecs_component[]){ 3 }, 1), PECS_E_MISUSE, "pecs.id");
    cr_assert_eq(pecs_world_add(world, entity, (pecs_component[]){ 4 }, 1), PECS_E_MISUSE);
}

Test(typed, commands_add_in_order)
{
    pecs_entity kept, removed, set, gone, moved;
    cr_assert_eq(pecs_spawn(world, &kept, PECS_VALUE(Life, 1, 1)), PECS_OK);
    cr_assert_eq(pecs_spawn(world, &removed, PECS_VALUE(Life, 2, 2)), PECS_OK);
    cr_assert_eq(pecs_spawn(world, &set, PECS_VALUE(Life, 3, 3)), PECS_OK);
    cr_assert_eq(pecs_spawn(world, &gone, PECS_VALUE(Life, 4, 4)), PECS_OK);
    cr_assert_eq(pecs_spawn(world, &moved, PECS_VALUE(Life, 5, 5)), PECS_OK);
    uint64_t tick = 0;
    cr_assert_eq(pecs_world_advance(world, &tick), PECS_OK);
    cr_assert_eq(pecs_add(commands, kept, Life), PECS_OK);
    cr_assert_eq(pecs_remove(commands, removed, Life), PECS_OK);
    cr_assert_eq(pecs_add(commands, removed, Life), PECS_OK);
    cr_assert_eq(pecs_remove(commands, set, Life), PECS_OK);
    cr_assert_eq(pecs_add(commands, set, Life), PECS_OK);
    cr_assert_eq(pecs_set(commands, set, Life, { 30, 30 }), PECS_OK);
    cr_assert_eq(pecs_add(commands, set, Life), PECS_OK);
    cr_assert_eq(pecs_add(commands, gone, Place), PECS_OK);
    cr_assert_eq(pecs_remove(commands, gone, Place), PECS_OK);
    cr_assert_eq(pecs_add(commands, moved, Place), PECS_OK);
    cr_assert_eq(pecs_add(commands, moved, Life), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_eq(pecs_get(view(), kept, Life)->max, 1);
    cr_assert_eq(pecs_get(view(), removed, Life)->max, 0);
    cr_assert_eq(pecs_get(view(), set, Life)->max, 30);
    cr_assert_eq(pecs_get(view(), gone, Life)->max, 4);
    cr_assert_null(pecs_get(view(), gone, Place));
    cr_assert_eq(pecs_get(view(), moved, Place)->x, 0);
    cr_assert_eq(pecs_get(view(), moved, Life)->max, 5);
}

Test(typed, an_add_that_changes_nothing_is_no_change)
{
    const pecs_term term = { Life_component, PECS_READ };
    pecs_query *query;
    pecs_entity entity;
    uint64_t tick = 0;
    cr_assert_eq(pecs_query_create(registry, &term, 1, &query, NULL), PECS_OK);
    cr_assert_eq(pecs_spawn(world, &entity, PECS_VALUE(Life, 1, 1)), PECS_OK);
    cr_assert_eq(pecs_world_advance(world, &tick), PECS_OK);
    cr_assert_eq(pecs_add(world, entity, Life), PECS_OK);
    cr_assert_eq(pecs_add(commands, entity, Life), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    pecs_iter it = pecs_query_iter(query, view(), &(pecs_iter_options){ .changed_since = tick - 1 });
    cr_assert_not(pecs_iter_next(&it));
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
    pecs_query_destroy(query);
}

/* What an edit says. */

static void assert_says(const pecs_error *error, pecs_status status, const char *message)
{
    cr_assert_eq(error->status, status, "%s", error->message);
    cr_assert_str_eq(error->message, message);
    cr_assert_null(error->rule);
}

Test(failure, none_yet)
{
    cr_assert_eq(pecs_world_error(world)->status, PECS_OK);
    cr_assert_str_eq(pecs_world_error(world)->message, "");
    cr_assert_eq(pecs_commands_error(commands)->status, PECS_OK);
}

Test(failure, names_entity_and_component)
{
    const Life life = { 1, 2 };
    const pecs_entity entity = spawn(1), dead = { 8, 1 };
    const pecs_value wrong = { Life_component, 4, &life }, unknown = { 40, 4, &life };
    const pecs_value twice[] = { PECS_HAS(Asleep), PECS_HAS(Asleep) };
    void *place;
    cr_assert_eq(pecs_set(world, dead, Life, { 1, 1 }), PECS_E_DEAD);
    assert_says(pecs_world_error(world), PECS_E_DEAD, "entity {8, 1}: it is not alive");
    cr_assert_null(pecs_get_mut(world, entity, Life));
    assert_says(pecs_world_error(world), PECS_E_ABSENT, "entity {0, 1}: component Life: the entity does not have it");
    cr_assert_null(pecs_get_singleton_mut(world, Life));
    assert_says(pecs_world_error(world), PECS_E_ABSENT, "component Life: the world does not have it");
    cr_assert_eq(pecs_world_set(world, entity, &wrong, 1), PECS_E_MISUSE);
    assert_says(pecs_world_error(world), PECS_E_MISUSE, "component Life: size_bytes is not the size of the type");
    cr_assert_eq(pecs_world_set(world, entity, &unknown, 1), PECS_E_MISUSE);
    assert_says(pecs_world_error(world), PECS_E_MISUSE, "component 40: the world has no type of this number");
    cr_assert_eq(pecs_world_spawn(world, twice, 2, 1, NULL), PECS_E_MISUSE);
    assert_says(pecs_world_error(world), PECS_E_MISUSE, "component Asleep: it is given twice");
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ entity, entity }, 2), PECS_E_DEAD);
    assert_says(pecs_world_error(world), PECS_E_DEAD, "entity_count exceeds the number of living entities");
    cr_assert_eq(pecs_world_get_mut(world, entity, Asleep_component, 0, &place), PECS_E_MISUSE);
    assert_says(pecs_world_error(world), PECS_E_MISUSE,
                "entity {0, 1}: component Asleep: it is a tag, without a value");
    cr_assert_eq(pecs_world_set_meta_text(world, "pecs.x", "a"), PECS_E_MISUSE);
    assert_says(pecs_world_error(world), PECS_E_MISUSE, "keys that begin with 'pecs.' are reserved");
    cr_assert_eq(pecs_set(world, entity, Life, { 1, 1 }), PECS_OK);
    assert_says(pecs_world_error(world), PECS_E_MISUSE, "keys that begin with 'pecs.' are reserved");
}

Test(failure, of_memory)
{
    const pecs_entity entity = spawn(1);
    counting.fail_at = counting.call_count + 1;
    const pecs_status status = pecs_set(world, entity, Life, { 1, 1 });
    counting.fail_at = 0;
    cr_assert_eq(status, PECS_E_MEMORY);
    assert_says(pecs_world_error(world), PECS_E_MEMORY, "out of memory");
}

Test(failure, busy_names_the_query)
{
    const pecs_term terms[] = { { Place_component, PECS_WRITE }, { Asleep_component, PECS_WITHOUT } };
    pecs_query *queries[6];
    pecs_iter iters[6];
    pecs_snapshot *snapshot;
    const char *one = "an iteration over the world is open, of the query {Place WRITE, Asleep WITHOUT}";
    for (int i = 0; i < 6; i++)
        cr_assert_eq(pecs_query_create(registry, terms, i < 5 ? 2 : 1, &queries[i], NULL), PECS_OK);
    iters[0] = pecs_query_iter_mut(queries[0], world, NULL);
    cr_assert_eq(pecs_spawn(world, NULL, PECS_HAS(Asleep)), PECS_E_BUSY);
    assert_says(pecs_world_error(world), PECS_E_BUSY, one);
    cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_E_BUSY);
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, "never.pecs", NULL, &error), PECS_E_BUSY);
    assert_says(&error, PECS_E_BUSY, one);
    cr_assert_eq(pecs_spawn(commands, NULL, PECS_HAS(Asleep)), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iters[0]), PECS_OK);
    pecs_query_destroy(queries[0]);
    assert_says(pecs_commands_error(commands), PECS_E_BUSY, one);
    assert_says(pecs_world_error(world), PECS_E_BUSY, one);
    /* more than are noted: it names one, and forgets those that ended */
    for (int i = 1; i < 6; i++)
        iters[i] = pecs_query_iter(queries[i], view(), NULL);
    for (int i = 1; i < 5; i++)
        cr_assert_eq(pecs_iter_end(&iters[i]), PECS_OK);
    cr_assert_eq(pecs_spawn(world, NULL, PECS_HAS(Asleep)), PECS_E_BUSY);
    assert_says(pecs_world_error(world), PECS_E_BUSY, "an iteration over the world is open");
    cr_assert_eq(pecs_iter_end(&iters[5]), PECS_OK);
    cr_assert_eq(pecs_spawn(world, NULL, PECS_HAS(Asleep)), PECS_OK);
    iters[5] = pecs_query_iter(queries[5], view(), NULL);
    cr_assert_eq(pecs_spawn(world, NULL, PECS_HAS(Asleep)), PECS_E_BUSY);
    assert_says(pecs_world_error(world), PECS_E_BUSY,
                "an iteration over the world is open, of the query {Place WRITE}");
    cr_assert_eq(pecs_iter_end(&iters[5]), PECS_OK);
    for (int i = 1; i < 6; i++)
        pecs_query_destroy(queries[i]);
}

Test(failure, of_a_command_buffer)
{
    pecs_commands *other;
    pecs_entity foreign;
    cr_assert_eq(pecs_commands_create(registry, &other), PECS_OK);
    cr_assert_eq(pecs_spawn(other, &foreign, PECS_HAS(Asleep)), PECS_OK);
    cr_assert_eq(pecs_despawn(commands, foreign), PECS_E_MISUSE);
    assert_says(pecs_commands_error(commands), PECS_E_MISUSE,
                "the provisional handle is of another buffer or of an earlier batch");
    cr_assert_eq(pecs_commands_set(commands, foreign, &(pecs_value){ Life_component, 4, NULL }, 1), PECS_E_MISUSE);
    assert_says(pecs_commands_error(commands), PECS_E_MISUSE, "component Life: size_bytes is not the size of the type");
    cr_assert_eq(pecs_commands_error(other)->status, PECS_OK);
    pecs_commands_destroy(other);
}

/* Opening the world of a file. */

static pecs_status populate(void *user, pecs_world *made)
{
    ++*(int *)user;
    return pecs_spawn(made, NULL, PECS_VALUE(Place, 4, 5));
}

static pecs_status populate_wrongly(void *user, pecs_world *made)
{
    ++*(int *)user;
    return pecs_world_spawn(made, &(pecs_value){ 40, 4, NULL }, 1, 1, NULL);
}

static pecs_status populate_never(void *user, pecs_world *made)
{
    (void)made;
    ++*(int *)user;
    return PECS_E_CANCELLED;
}

static uint64_t open_and_count(const pecs_open_options *options)
{
    pecs_world *opened = NULL;
    pecs_summary summary;
    pecs_error error = { 0 };
    cr_assert_eq(pecs_world_open(registry, "open.pecs", options, &opened, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(error.status, PECS_OK, "the error is written on failure only");
    pecs_view_summary(pecs_world_view(opened), &summary);
    cr_assert_eq(pecs_world_save(opened, "open.pecs", NULL, NULL), PECS_OK);
    pecs_world_destroy(opened);
    return summary.entity_count;
}

static void assert_open_fails(const pecs_open_options *options, pecs_status status, const char *message)
{
    pecs_world *opened = NULL;
    pecs_error error = { 0 };
    cr_assert_eq(pecs_world_open(registry, "open.pecs", options, &opened, &error), status);
    cr_assert_null(opened);
    cr_assert_eq(error.status, status);
    cr_assert_not_null(strstr(error.message, message), "%s", error.message);
    cr_assert_eq(pecs_world_open(registry, "open.pecs", options, &opened, NULL), status);
}

/* Where nothing could be saved, no world is new. */
static void assert_open_needs_a_folder(void)
{
    static const char *const paths[] = { "", "none/open.pecs", "none/../open.pecs", "broken-link", "none/" };
    cr_assert_eq(symlink("none/open.pecs", "broken-link"), 0);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        pecs_world *opened = NULL;
        pecs_error error = { 0 };
        cr_assert_eq(pecs_world_open(registry, paths[i], NULL, &opened, &error), PECS_E_IO, "%s", paths[i]);
        cr_assert(opened == NULL && error.os_error == ENOENT);
        cr_assert_not_null(strstr(error.message, "neither a file nor a folder"), "%s", error.message);
    }
    cr_assert_eq(unlink("broken-link"), 0);
}

static void enter_folder(char folder[])
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

Test(open, creates_resumes_and_loads)
{
    char folder[] = "/tmp/pecs-open-XXXXXX";
    enter_folder(folder);
    int call_count = 0;
    const pecs_open_options options = { .populate = populate, .user = &call_count };
    const pecs_open_options load = { .load = true, .populate = populate, .user = &call_count };
    cr_assert_eq(open_and_count(NULL), 0);
    cr_assert_eq(unlink("open.pecs"), 0);
    cr_assert_eq(open_and_count(&options), 1);
    cr_assert_eq(open_and_count(&options), 1);
    cr_assert_eq(open_and_count(&load), 1);
    cr_assert_eq(call_count, 1, "only for a world without a file");
    const pecs_resume_options few = { .limits.max_entities = 0, .limits.max_bytes = 100 };
    const pecs_load_options few_loaded = { .limits.max_bytes = 101 };
    assert_open_fails(&(pecs_open_options){ .resume_options = &few }, PECS_E_LIMIT, "the limit is 100");
    assert_open_fails(&(pecs_open_options){ .load = true, .load_options = &few_loaded }, PECS_E_LIMIT,
                      "the limit is 101");
    cr_assert_eq(open_and_count(&(pecs_open_options){ .load_options = &few_loaded }), 1, "of the other verb");
    cr_assert_eq(unlink("open.pecs"), 0);
    cr_assert_eq(rmdir(folder), 0);
}

Test(open, fails_and_leaves_nothing)
{
    char folder[] = "/tmp/pecs-open-XXXXXX";
    enter_folder(folder);
    assert_open_needs_a_folder();
    int call_count = 0;
    const pecs_open_options wrong = { .populate = populate_wrongly, .user = &call_count };
    const pecs_open_options never = { .populate = populate_never, .user = &call_count };
    assert_open_fails(&wrong, PECS_E_MISUSE, "component 40: the world has no type of this number");
    assert_open_fails(&never, PECS_E_CANCELLED, "returned CANCELLED");
    cr_assert_eq(call_count, 4);
    cr_assert_eq(mkdir("open.pecs", 0777), 0);
    assert_open_fails(&wrong, PECS_E_IO, "directory");
    cr_assert_eq(rmdir("open.pecs"), 0);
    FILE *file = fopen("open.pecs", "w");
    cr_assert_not_null(file);
    cr_assert(fputs("no world", file) >= 0 && fclose(file) == 0);
    assert_open_fails(&wrong, PECS_E_CORRUPT, "");
    cr_assert_eq(call_count, 4, "a bad file is not a missing one");
    cr_assert_eq(unlink("open.pecs"), 0);
    cr_assert_eq(rmdir(folder), 0);
}
