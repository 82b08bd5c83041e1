/*
 * Model test: random sequences of all operations of the library against a naive model.
 *
 *     model_test [--seed S] [--operations N] [--seconds T] [--trace]
 *
 * A seed gives the same run everywhere, but for builds without pecs-json, which lack the operation JSON. After each
 * operation what it touched is compared, with a few more entities; the whole world so often that the comparisons cost
 * about as much as the operations. Snapshots are compared again at random, and when their world is gone. At an
 * episode's end no memory may be out.
 *
 * Some operations run with an allocator that fails: they must succeed, or refuse and change nothing.
 */
#define _GNU_SOURCE
#include "model.h"
#include "model_memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COST_ENTITY, COST_WORLD, COST_FILE, RARELY_MAX = 300 };

static struct operation {
    const char *name;
    operation_function *function;
    unsigned weight;
    unsigned cost;      /* its cost: a few entities, the world, or the world and the file system */
    bool may_run_short; /* of memory, on purpose */
    uint64_t count;
} operations[] = {
    { "spawn", op_spawn, 90, COST_ENTITY, true, 0 },
    { "spawn many", op_spawn_many, 20, COST_ENTITY, true, 0 },
    { "spawn, misused", op_spawn_misuse, 4, COST_ENTITY, true, 0 },
    { "despawn", op_despawn, 60, COST_ENTITY, true, 0 },
    { "despawn, refused", op_despawn_refused, 10, COST_ENTITY, true, 0 },
    { "despawn matching", op_despawn_matching, 8, COST_WORLD, true, 0 },
    { "set", op_set, 160, COST_ENTITY, true, 0 },
    { "set, many", op_set_many, 60, COST_ENTITY, true, 0 },
    { "set, refused", op_set_refused, 8, COST_ENTITY, true, 0 },
    { "remove", op_remove, 70, COST_ENTITY, true, 0 },
    { "remove, refused", op_remove_refused, 6, COST_ENTITY, true, 0 },
    { "edit", op_edit, 110, COST_ENTITY, true, 0 },
    { "edit, refused", op_edit_refused, 6, COST_ENTITY, false, 0 },
    { "set singleton", op_singleton_set, 12, COST_ENTITY, true, 0 },
    { "edit singleton", op_singleton_edit, 12, COST_ENTITY, true, 0 },
    { "remove singleton", op_singleton_remove, 6, COST_ENTITY, true, 0 },
    { "advance", op_advance, 40, COST_ENTITY, true, 0 },
    { "compact", op_compact, 12, COST_WORLD, true, 0 },
    { "strange handles", op_misuse_handles, 20, COST_ENTITY, false, 0 },
    { "give an id", op_id_give, 24, COST_ENTITY, true, 0 },
    { "give an id, refused", op_id_give_refused, 6, COST_ENTITY, true, 0 },
    { "remap an id", op_id_remap, 8, COST_ENTITY, true, 0 },
    { "spawn with ids", op_id_spawn, 12, COST_ENTITY, true, 0 },
    { "spawn with ids, refused", op_id_spawn_refused, 4, COST_ENTITY, true, 0 },
    { "find by id", op_id_find, 12, COST_ENTITY, false, 0 },
    { "set metadata", op_meta_set, 8, COST_ENTITY, true, 0 },
    { "attach", op_attach, 8, COST_ENTITY, true, 0 },
    { "set metadata, refused", op_meta_refused, 2, COST_ENTITY, false, 0 },
    { "query, read", op_query_read, 30, COST_WORLD, true, 0 },
    { "query, write", op_query_edit, 40, COST_WORLD, true, 0 },
    { "query, changed since", op_query_changed, 40, COST_WORLD, true, 0 },
    { "query, nothing changed", op_query_quiet, 8, COST_ENTITY, true, 0 },
    { "query, parts", op_query_parts, 24, COST_WORLD, true, 0 },
    { "query, snapshot", op_query_snapshot, 16, COST_WORLD, true, 0 },
    { "query, count", op_query_count, 16, COST_WORLD, false, 0 },
    { "query, replaced", op_query_replace, 16, COST_ENTITY, true, 0 },
    { "query, misused", op_query_misuse, 4, COST_ENTITY, false, 0 },
    { "busy", op_busy, 24, COST_WORLD, true, 0 },
    { "commands, record", op_commands_record, 50, COST_ENTITY, true, 0 },
    { "commands, apply", op_commands_apply, 24, COST_ENTITY, true, 0 },
    { "commands, clear", op_commands_clear, 3, COST_ENTITY, false, 0 },
    { "commands, misused", op_commands_misuse, 4, COST_ENTITY, false, 0 },
    { "take", op_take, 24, COST_WORLD, true, 0 },
    { "retain", op_retain, 8, COST_ENTITY, false, 0 },
    { "release", op_release, 12, COST_ENTITY, false, 0 },
    { "snapshot, again", op_recheck, 16, COST_WORLD, false, 0 },
    { "restore", op_restore, 14, COST_WORLD, true, 0 },
    { "rewind", op_rewind, 14, COST_WORLD, true, 0 },
    { "fork", op_fork, 6, COST_WORLD, true, 0 },
    { "destroy", op_destroy, 3, COST_ENTITY, false, 0 },
    { "replay", op_replay, 4, COST_WORLD, false, 0 },
    { "hash", op_hash, 6, COST_WORLD, false, 0 },
    { "save and resume", op_save_resume, 16, COST_FILE, true, 0 },
    { "save and load", op_save_load, 16, COST_FILE, true, 0 },
    { "types unknown", op_partial, 8, COST_FILE, true, 0 },
    { "clone", op_clone, 16, COST_ENTITY, true, 0 },
    { "merge", op_merge, 10, COST_FILE, true, 0 },
    { "build", op_build, 5, COST_FILE, true, 0 },
    { "filter", op_filter, 10, COST_FILE, true, 0 },
#ifdef MODEL_HAS_JSON
    { "JSON", op_json, 6, COST_FILE, true, 0 },
#endif
    { "load of damage", op_damaged, 5, COST_FILE, false, 0 },
    { "load with limits", op_load_limits, 2, COST_FILE, false, 0 },
};
enum { OPERATION_COUNT = sizeof(operations) / sizeof(operations[0]) };

/* Sizes of worlds: what an episode aims at, how long it is, how often it comes. */
static const struct profile {
    size_t size;
    uint64_t operations;
    unsigned weight;
    size_t snapshot_max;
} profiles[] = {
    { 12, 2000, 60, 6 },    { 60, 4000, 80, 6 },   { 500, 6000, 60, 5 }, { 4000, 8000, 30, 4 },
    { 22000, 8000, 20, 2 }, { 265000, 400, 2, 1 }, /* more than 64 chunks a column: trees of two levels */
};
enum { PROFILE_COUNT = sizeof(profiles) / sizeof(profiles[0]) };

static bool trace;

_Noreturn void model_fail(const struct model *model, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "MISMATCH seed %" PRIu64 ", operation %" PRIu64 " (%s): ", model->seed, model->operation,
            model->doing);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

void model_count(struct model *model, const char *name)
{
    for (size_t i = 0; i < model->outcome_count; i++) {
        if (strcmp(model->outcomes[i].name, name) == 0) {
            model->outcomes[i].count++;
            return;
        }
    }
    if (model->outcome_count < OUTCOME_MAX)
        model->outcomes[model->outcome_count++] = (struct outcome){ name, 1 };
}

void model_touch(struct model *model, pecs_entity entity)
{
    if (model->touched_count < TOUCHED_MAX)
        model->touched[model->touched_count++] = entity.index;
}

void model_expect(const struct model *model, pecs_status status, pecs_status expected, const char *call)
{
    if (status != expected)
        model_fail(model, "%s gives %s, should give %s", call, pecs_status_name(status), pecs_status_name(expected));
}

bool model_refused(struct model *model, pecs_status status)
{
    if (status != PECS_E_MEMORY || model_memory_failures() == 0)
        return false;
    model_count(model, "refused: out of memory");
    model->in_doubt = true;
    return true;
}

/* --- episodes --- */

static void everything_create(struct model *model, unsigned registry)
{
    struct test_query *query = &model->everything[registry];
    *query = (struct test_query){ .registry = registry };
    pecs_term terms[MODEL_TYPE_COUNT];
    for (unsigned type = 0; type < MODEL_SIZED_COUNT; type++) {
        query->terms[query->term_count] = (struct test_term){ type, PECS_OPTIONAL_READ };
        terms[query->term_count++] = (pecs_term){ model_component(registry, type), PECS_OPTIONAL_READ };
    }
    model_expect(model, pecs_query_create(model->registries[registry], terms, query->term_count, &query->query, NULL),
                 PECS_OK, "pecs_query_create");
}

static void episode_begin(struct model *model, const struct profile *profile)
{
    model->doing = "beginning of an episode";
    model->size = profile->size;
    model->snapshot_max = profile->snapshot_max;
    /* Sometimes the system's memory, which takes other paths in the pool. */
    model->allocator = random_once_in(&model->random, 4) ? NULL : &model_allocator;
    for (unsigned registry = 0; registry < MODEL_REGISTRY_COUNT; registry++) {
        model_expect(model, model_registry_create(registry, model->allocator, &model->registries[registry], NULL),
                     PECS_OK, "pecs_registry_create");
        everything_create(model, registry);
    }
    for (size_t i = 0; i < QUERY_MAX; i++)
        model_query_random(model, &model->queries[i]);
    for (size_t i = 0; i < MASK_MAX; i++) {
        model->masks[i] = (uint32_t)random_next(&model->random) & (uint32_t)random_next(&model->random) &
                          ((1u << MODEL_TYPE_COUNT) - 1);
    }
    model->masks[0] = random_once_in(&model->random, 2) ? 0 : model->masks[0];
    const unsigned registry = (unsigned)random_below(&model->random, MODEL_REGISTRY_COUNT);
    const pecs_world_options options = { .session_nonce = random_next(&model->random) | 1 };
    pecs_world *world = NULL;
    model_expect(model, pecs_world_create(model->registries[registry], NULL, &options, &world, NULL), PECS_OK,
                 "pecs_world_create");
    world_adopt(model, world, naive_create(), registry, false);
    compare_all(model, pecs_world_view(world), registry, model->worlds[0].naive);
}

/* Snapshots outlive worlds, both outlive the program's reference to the registry; then no memory is out. */
static void episode_end(struct model *model)
{
    model->doing = "end of an episode";
    const bool registries_first = random_once_in(&model->random, 2);
    for (unsigned i = 0; i < MODEL_REGISTRY_COUNT && registries_first; i++)
        pecs_registry_release(model->registries[i]);
    while (model->world_count) {
        compare_all(model, pecs_world_view(model->worlds[0].world), model->worlds[0].registry, model->worlds[0].naive);
        world_drop(model, &model->worlds[0]);
    }
    while (model->snapshot_count) {
        compare_snapshot(model, &model->snapshots[0]);
        snapshot_drop(model, 0);
    }
    for (size_t i = 0; i < QUERY_MAX; i++)
        pecs_query_destroy(model->queries[i].query);
    for (unsigned i = 0; i < MODEL_REGISTRY_COUNT; i++) {
        pecs_query_destroy(model->everything[i].query);
        if (!registries_first)
            pecs_registry_release(model->registries[i]);
    }
    if (model_memory_blocks())
        model_fail(model, "%" PRIu64 " blocks of %" PRIu64 " bytes were not released", model_memory_blocks(),
                   model_memory_bytes());
}

static struct operation *choose_operation(struct model *model)
{
    unsigned total = 0;
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        total += operations[i].weight;
    for (;;) {
        unsigned left = (unsigned)random_below(&model->random, total);
        struct operation *operation = operations;
        while (left >= operation->weight)
            left -= (operation++)->weight;
        /* Operations whose cost grows with the world are rarer in a larger one. */
        const uint64_t rarely = operation->cost == COST_ENTITY  ? 1
                                : operation->cost == COST_WORLD ? 1 + model->size / 100
                                                                : 1 + model->size / 60;
        if (random_once_in(&model->random, rarely < RARELY_MAX ? rarely : RARELY_MAX))
            return operation;
    }
}

/* The world may have been dropped by the operation: then there is nothing to compare. */
static void compare_touched(struct model *model, const pecs_world *operated)
{
    struct test_world *world = model->worlds;
    while (world < model->worlds + model->world_count && world->world != operated)
        world++;
    if (world == model->worlds + model->world_count)
        return;
    const pecs_view view = pecs_world_view(world->world);
    const size_t slot_count = world->naive->slot_count;
    naive_follow_tick(world->naive, pecs_view_tick(view));
    for (size_t i = 0; i < model->touched_count; i++)
        compare_entity(model, view, world->registry, world->naive, model->touched[i]);
    for (size_t i = 0; i < 2; i++)
        compare_entity(model, view, world->registry, world->naive, random_below(&model->random, slot_count));
    const uint64_t cost = 1 + slot_count / 8;
    if (model->in_doubt || random_once_in(&model->random, cost))
        compare_by_get(model, view, world->registry, world->naive);
    if (random_once_in(&model->random, cost))
        compare_by_query(model, view, world->registry, world->naive);
    if (!world->shared && pecs_world_copied_bytes(world->world))
        model_fail(model, "%" PRIu64 " bytes were copied in a world that shares nothing",
                   pecs_world_copied_bytes(world->world));
}

static void operate(struct model *model)
{
    struct operation *operation = choose_operation(model);
    struct test_world *world = choose_world(model);
    const pecs_world *operated = world->world;
    model->doing = operation->name;
    model->touched_count = 0;
    model->in_doubt = false;
    if (trace)
        fprintf(stderr, "%" PRIu64 " %s, world %zu of %zu: %zu entities\n", model->operation, operation->name,
                (size_t)(world - model->worlds), model->world_count, world->naive->alive_count);
    /* Small and large numbers, so that first and last steps of an edit fail. */
    const uint64_t pass = (1u << random_below(&model->random, 9)) - 1;
    const uint64_t rarely = operation->cost == COST_ENTITY ? 12 : 5;
    if (operation->may_run_short && model->size < 1000 && random_once_in(&model->random, rarely))
        model_memory_arm(random_below(&model->random, pass + 1));
    operation->function(model, world);
    model_memory_disarm();
    operation->count++;
    compare_touched(model, operated);
}

/* --- the program --- */

static void print_counts(const struct model *model, double seconds)
{
    printf("seed %" PRIu64 ", %" PRIu64 " operations in %.1f s, no mismatch\n", model->seed, model->operation, seconds);
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        printf("  %-28s %10" PRIu64 "\n", operations[i].name, operations[i].count);
    printf("of which\n");
    for (size_t i = 0; i < model->outcome_count; i++)
        printf("  %-28s %10" PRIu64 "\n", model->outcomes[i].name, model->outcomes[i].count);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const struct profile *choose_profile(struct model *model)
{
    unsigned total = 0;
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        total += profiles[i].weight;
    unsigned left = (unsigned)random_below(&model->random, total);
    const struct profile *profile = profiles;
    while (left >= profile->weight)
        left -= (profile++)->weight;
    return profile;
}

static void directory_create(struct model *model)
{
    /* Thousands of small files: kept off the disk where there is a file system in memory. */
    const char *parent = getenv("TMPDIR");
    if (!parent)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(model->directory, sizeof(model->directory), "%s/pecs-model-XXXXXX", parent);
    if (!mkdtemp(model->directory)) {
        perror(model->directory);
        exit(1);
    }
}

static void directory_remove(const struct model *model)
{
    static const char *const names[] = { "0", "1", "2", "3", "5", "6", "9", "busy" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/%s.pecs", model->directory, names[i]);
        unlink(path);
    }
    if (rmdir(model->directory) != 0) /* fails if a save left a temporary file */
        model_fail(model, "%s is not empty", model->directory);
}

static uint64_t number_argument(const char *text)
{
    char *end = NULL;
    const uint64_t number = strtoull(text, &end, 10);
    if (end == text || *end) {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return number;
}

int main(int argument_count, char **arguments)
{
    static struct model model = { .seed = 1, .doing = "start" };
    const char *wanted = getenv("PECS_MODEL_OPERATIONS");
    uint64_t operation_count = 1000000, seconds = UINT32_MAX;
    for (int i = 1; i < argument_count; i++) {
        const bool more = i + 1 < argument_count;
        if (more && strcmp(arguments[i], "--seed") == 0)
            model.seed = number_argument(arguments[++i]);
        else if (more && strcmp(arguments[i], "--operations") == 0)
            operation_count = number_argument(arguments[++i]);
        else if (more && strcmp(arguments[i], "--seconds") == 0)
            seconds = number_argument(arguments[++i]);
        else if (strcmp(arguments[i], "--trace") == 0)
            trace = true;
        else {
            fprintf(stderr, "usage: %s [--seed S] [--operations N] [--seconds T] [--trace]\n", arguments[0]);
            return 2;
        }
    }
    if (wanted)
        operation_count = number_argument(wanted);
    model.random.state = model.seed * 0x2545f4914f6cdd1du;
    directory_create(&model);
    const double start = now();
    while (model.operation < operation_count && now() - start < (double)seconds) {
        const struct profile *profile = choose_profile(&model);
        episode_begin(&model, profile);
        for (uint64_t i = 0; i < profile->operations && model.operation < operation_count; i++, model.operation++)
            operate(&model);
        episode_end(&model);
    }
    directory_remove(&model);
    free(model.seen);
    print_counts(&model, now() - start);
    return 0;
}
