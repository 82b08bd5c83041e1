/*
 * Filter threads test, for ThreadSanitizer: one thread edits a world that has transient components and entities, and
 * hands snapshots over; others save them, filter them and convert them to another registry meanwhile. Each result must
 * have the hash that the writer's world had.
 *
 *     filter_threads_test [--frames N]
 */
#define _GNU_SOURCE
#include <pecs/pecs.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    float x, y;
} Spot;
PECS_COMPONENT(Spot, 1, x, y);
typedef struct {
    void *pointer;
    uint64_t frame;
} Mesh;
PECS_TRANSIENT(Mesh);
typedef struct {
    void *body;
} Body;
PECS_TRANSIENT_NO_SNAPSHOT(Body);
PECS_TRANSIENT_ENTITY(Ghost);
PECS_TYPES(all, Spot, Mesh, Body, Ghost);
static const pecs_type *const few_types[] = { &Spot_type };

enum { WORKER_COUNT = 3, ENTITY_COUNT = 20000 };

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "filter_threads_test: %s: %s\n", what, why);
    exit(1);
}

static void require(pecs_status status, const char *what)
{
    if (status)
        fail(what, pecs_status_name(status));
}

struct shared {
    pthread_mutex_t mutex;
    pecs_registry *all, *few;
    pecs_snapshot *latest; /* NULL at first */
    uint64_t hash;
    bool is_over;
};

struct worker {
    pthread_t thread;
    struct shared *shared;
    int number;
    uint64_t done;
};

/* A reference to the latest snapshot, or NULL. */
static pecs_snapshot *latest(struct shared *shared, uint64_t *ret_hash, bool *ret_is_over)
{
    pthread_mutex_lock(&shared->mutex);
    pecs_snapshot *snapshot = pecs_snapshot_retain(shared->latest);
    *ret_hash = shared->hash;
    *ret_is_over = shared->is_over;
    pthread_mutex_unlock(&shared->mutex);
    return snapshot;
}

static void check(const pecs_snapshot *snapshot, uint64_t hash, const char *what)
{
    if (pecs_view_hash(pecs_snapshot_view(snapshot)) != hash)
        fail(what, "its content is not that of the world");
}

static void save(const struct worker *worker, const pecs_snapshot *snapshot, uint64_t hash)
{
    char path[64];
    pecs_snapshot *loaded = NULL;
    const pecs_save_options options = { .skip_sync = true };
    snprintf(path, sizeof(path), "/tmp/pecs-filter-threads-%ld-%d", (long)getpid(), worker->number);
    require(pecs_snapshot_save(snapshot, path, &options, NULL), "save");
    require(pecs_snapshot_load(worker->shared->few, path, NULL, &loaded, NULL), "load");
    check(loaded, hash, "a file");
    pecs_snapshot_release(loaded);
    unlink(path);
}

static void filter(const pecs_snapshot *snapshot, uint64_t hash)
{
    pecs_snapshot *made = NULL;
    const pecs_component left_out[] = { Mesh_component, Body_component };
    const pecs_filter options = { .components = left_out, .component_count = 2 };
    require(pecs_snapshot_filter(snapshot, &options, &made, NULL), "filter");
    check(made, hash, "a filtered snapshot");
    pecs_snapshot_release(made);
}

static void convert(const struct worker *worker, const pecs_snapshot *snapshot, uint64_t hash)
{
    pecs_snapshot *made = NULL;
    pecs_world *world = NULL;
    require(pecs_snapshot_convert(snapshot, worker->shared->few, &made, NULL), "convert");
    check(made, hash, "a converted snapshot");
    require(pecs_world_create(worker->shared->few, made, NULL, &world, NULL), "create");
    pecs_snapshot_release(made);
    for (uint32_t i = 0; i < 100; i++)
        require(pecs_spawn(world, NULL, PECS_VALUE_AS(0, Spot, 1, 2)), "spawn");
    pecs_world_destroy(world);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    for (bool is_over = false; !is_over || !worker->done;) {
        uint64_t hash;
        pecs_snapshot *snapshot = latest(worker->shared, &hash, &is_over);
        if (!snapshot)
            continue;
        if (worker->number == 0)
            save(worker, snapshot, hash);
        else if (worker->number == 1)
            filter(snapshot, hash);
        else
            convert(worker, snapshot, hash);
        pecs_snapshot_release(snapshot);
        worker->done++;
    }
    return NULL;
}

static void edit(pecs_world *world, pecs_entity *entities, uint64_t frame)
{
    for (uint32_t i = 0; i < 300; i++) {
        pecs_entity *entity = &entities[(frame * 7919 + i * 31) % ENTITY_COUNT];
        require(pecs_set(world, *entity, Spot, { (float)i, (float)frame }), "set");
        require(pecs_set(world, *entity, Mesh, { world, frame }), "set");
        require(pecs_set(world, *entity, Body, { world }), "set");
        if (i % 5 == 0)
            require(pecs_world_remove(world, *entity, (pecs_component[]){ Mesh_component }, 1), "remove");
        if (i % 7 == 0)
            require(pecs_world_set(world, *entity, &(pecs_value){ Ghost_component, 0, NULL }, 1), "set");
        if (i % 11 == 0) {
            require(pecs_world_despawn(world, entity, 1), "despawn");
            require(pecs_spawn(world, entity, PECS_VALUE(Spot, 0, 0), PECS_VALUE(Body, world)), "spawn");
        }
    }
    require(pecs_world_advance(world, NULL), "advance");
}

static void hand_over(struct shared *shared, pecs_world *world)
{
    pecs_snapshot *snapshot = NULL;
    require(pecs_snapshot_take(world, &snapshot), "take");
    const uint64_t hash = pecs_view_hash(pecs_world_view(world));
    pthread_mutex_lock(&shared->mutex);
    pecs_snapshot *old = shared->latest;
    shared->latest = snapshot;
    shared->hash = hash;
    pthread_mutex_unlock(&shared->mutex);
    pecs_snapshot_release(old);
}

static void run(struct shared *shared, pecs_world *world, uint64_t frame_count)
{
    static pecs_entity entities[ENTITY_COUNT];
    struct worker workers[WORKER_COUNT];
    for (uint32_t i = 0; i < ENTITY_COUNT; i++)
        require(pecs_spawn(world, &entities[i], PECS_VALUE(Spot, (float)i, 0), PECS_VALUE(Body, world)), "spawn");
    for (int i = 0; i < WORKER_COUNT; i++) {
        workers[i] = (struct worker){ .shared = shared, .number = i };
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            fail("pthread_create", "no thread");
    }
    for (uint64_t frame = 0; frame < frame_count; frame++) {
        edit(world, entities, frame);
        hand_over(shared, world);
    }
    pthread_mutex_lock(&shared->mutex);
    shared->is_over = true;
    pthread_mutex_unlock(&shared->mutex);
    for (int i = 0; i < WORKER_COUNT; i++)
        pthread_join(workers[i].thread, NULL);
    printf("%" PRIu64 " saves, %" PRIu64 " filters, %" PRIu64 " conversions\n", workers[0].done, workers[1].done,
           workers[2].done);
}

int main(int count, char **arguments)
{
    const uint64_t frame_count =
        count == 3 && strcmp(arguments[1], "--frames") == 0 ? strtoull(arguments[2], NULL, 10) : 50;
    struct shared shared = { .is_over = false };
    const pecs_registry_desc all = { .types = all_types, .type_count = all_type_count };
    const pecs_registry_desc few = { .types = few_types, .type_count = 1 };
    pecs_world *world = NULL;
    pthread_mutex_init(&shared.mutex, NULL);
    require(pecs_registry_create(&all, &shared.all, NULL), "registry");
    require(pecs_registry_create(&few, &shared.few, NULL), "registry");
    require(pecs_world_create(shared.all, NULL, NULL, &world, NULL), "world");
    run(&shared, world, frame_count);
    pecs_snapshot_release(shared.latest);
    pecs_world_destroy(world);
    pecs_registry_release(shared.all);
    pecs_registry_release(shared.few);
    pthread_mutex_destroy(&shared.mutex);
    return 0;
}
