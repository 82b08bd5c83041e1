/*
 * Manager threads test, for ThreadSanitizer: several threads save and load by one manager while another registers,
 * unregisters and looks. Each load must give the content that the save had.
 *
 *     manager_threads_test ROUNDS
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
PECS_TYPES(all, Spot);

enum { WORKER_COUNT = 4, ENTITY_COUNT = 5000 };

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "manager_threads_test: %s: %s\n", what, why);
    exit(1);
}

static void require(pecs_status status, const pecs_error *error, const char *what)
{
    if (status)
        fail(what, error ? error->message : pecs_status_name(status));
}

/* A format of spots in the order of slots: "SPOT", then x and y of each. */

static uint32_t spot_bid(void *user, const void *bytes, size_t size_bytes)
{
    (void)user;
    return size_bytes >= 4 && memcmp(bytes, "SPOT", 4) == 0 ? 32 : 0;
}

static pecs_status spot_save(const pecs_plugin_context *context, const pecs_snapshot *snapshot, const pecs_sink *sink,
                             pecs_error *error)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    pecs_status status = sink->write(sink->user, PECS_BYTES("SPOT", 4), 1, error);
    for (uint32_t slot = 0; !status && slot < ENTITY_COUNT; slot++) {
        status = sink->write(sink->user, PECS_BYTES(pecs_get(view, pecs_view_slot(view, slot), Spot), sizeof(Spot)), 1,
                             error);
        if (!status && slot % 1000 == 0)
            status = pecs_plugin_progress(context, PECS_PHASE_WRITE, slot, 0);
    }
    return status;
}

static pecs_status spot_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                             pecs_error *error)
{
    static const size_t bytes = 4 + ENTITY_COUNT * sizeof(Spot);
    uint8_t *file = malloc(bytes);
    Spot *spots = malloc(ENTITY_COUNT * sizeof(Spot));
    size_t count = 1;
    pecs_status status = PECS_OK;
    (void)context;
    for (size_t at = 0; !status && count && at < bytes; at += count)
        status = source->read(source->user, file + at, bytes - at, &count, error);
    memcpy(spots, file + 4, bytes - 4);
    const pecs_value value = PECS_ROWS(Spot, spots);
    if (!status)
        status = pecs_builder_add(
            builder, &(pecs_rows){ .values = &value, .value_count = 1, .row_count = ENTITY_COUNT }, NULL, error);
    free(spots);
    free(file);
    return status;
}

static const pecs_plugin spot_plugin = {
    .name = "spot", .version = 1, .extensions = "spot", .bid = spot_bid, .save = spot_save, .load = spot_load
};
static const pecs_plugin guest_plugin = { .name = "guest", .version = 1, .bid = spot_bid, .save = spot_save };

struct shared {
    pecs_manager *manager;
    pecs_registry *registry;
    const pecs_snapshot *snapshot;
    uint64_t hash;
    char folder[64];
    int rounds;
};

struct worker {
    pthread_t thread;
    struct shared *shared;
    int number;
    unsigned report_count;
};

static bool count_reports(void *user, pecs_phase phase, uint64_t done, uint64_t total)
{
    (void)phase, (void)done, (void)total;
    ++*(unsigned *)user;
    return true;
}

/* Half of the saves of all workers go to one path. */
static void *work(void *user)
{
    struct worker *worker = user;
    struct shared *shared = worker->shared;
    const pecs_save_options unsynced = { .skip_sync = true };
    const pecs_load_options parallel = { .thread_count = 2 };
    for (int i = 0; i < shared->rounds; i++) {
        pecs_operation done;
        pecs_snapshot *loaded;
        pecs_error error;
        char path[128];
        const pecs_manager_options options = { .save = &unsynced,
                                               .load = &parallel,
                                               .progress = count_reports,
                                               .user = &worker->report_count,
                                               .ret_operation = &done };
        snprintf(path, sizeof(path), "%s/%d.%s", shared->folder, i % 2 ? worker->number : 0,
                 i % 4 < 2 ? "spot" : "pecs");
        require(pecs_manager_save(shared->manager, shared->snapshot, path, &options, &error), &error, "save");
        require(pecs_manager_load(shared->manager, shared->registry, path, &options, &loaded, &error), &error, "load");
        if (pecs_view_hash(pecs_snapshot_view(loaded)) != shared->hash || done.entity_count != ENTITY_COUNT)
            fail(path, "another content");
        pecs_snapshot_release(loaded);
    }
    return NULL;
}

/* Comes, is looked at, and goes, as far as it is not in use. */
static void *come_and_go(void *user)
{
    struct shared *shared = user;
    for (int i = 0; i < 10 * shared->rounds; i++) {
        pecs_operation last;
        pecs_error error;
        const pecs_status added = pecs_manager_register(shared->manager, &guest_plugin, &error);
        if (added && added != PECS_E_CONFLICT)
            fail("register", error.message);
        if (pecs_manager_find(shared->manager, "guest") != &guest_plugin || pecs_manager_count(shared->manager) != 3)
            fail("find", "the guest is not there");
        pecs_manager_last(shared->manager, &last);
        if (last.status || pecs_manager_default(shared->manager) != &spot_plugin)
            fail("last", "it failed");
        const pecs_status removed = pecs_manager_unregister(shared->manager, "guest", &error);
        if (removed && removed != PECS_E_BUSY)
            fail("unregister", error.message);
    }
    return NULL;
}

static void run(struct shared *shared)
{
    struct worker workers[WORKER_COUNT];
    pthread_t visitor;
    for (int i = 0; i < WORKER_COUNT; i++) {
        workers[i] = (struct worker){ .shared = shared, .number = i };
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            fail("threads", "cannot be started");
    }
    if (pthread_create(&visitor, NULL, come_and_go, shared))
        fail("threads", "cannot be started");
    for (int i = 0; i < WORKER_COUNT; i++) {
        pthread_join(workers[i].thread, NULL);
        if (!workers[i].report_count)
            fail("progress", "nothing was reported");
    }
    pthread_join(visitor, NULL);
}

static void clean(const struct shared *shared)
{
    char path[128];
    for (int i = 0; i < 2 * WORKER_COUNT; i++) {
        snprintf(path, sizeof(path), "%s/%d.%s", shared->folder, i / 2, i % 2 ? "spot" : "pecs");
        unlink(path);
    }
    if (rmdir(shared->folder))
        fail(shared->folder, "something is left in it");
}

int main(int count, char **words)
{
    struct shared shared = { .folder = "/tmp/pecs-manager-XXXXXX", .rounds = count > 1 ? atoi(words[1]) : 0 };
    const pecs_registry_desc desc = { .types = all_types, .type_count = all_type_count };
    pecs_world *world;
    pecs_snapshot *snapshot;
    pecs_error error;
    if (shared.rounds < 1 || !mkdtemp(shared.folder))
        fail("usage", "manager_threads_test ROUNDS");
    require(pecs_registry_create(&desc, &shared.registry, &error), &error, "registry");
    require(pecs_manager_create(NULL, &shared.manager, &error), &error, "manager");
    require(pecs_manager_register(shared.manager, &spot_plugin, &error), &error, "register");
    require(pecs_manager_register(shared.manager, pecs_binary_plugin(), &error), &error, "register");
    require(pecs_world_create(shared.registry, NULL, NULL, &world, &error), &error, "world");
    for (int i = 0; i < ENTITY_COUNT; i++)
        require(pecs_spawn(world, NULL, PECS_VALUE(Spot, (float)i, 1)), NULL, "spawn");
    require(pecs_snapshot_take(world, &snapshot), NULL, "take");
    shared.snapshot = snapshot;
    shared.hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    run(&shared);
    clean(&shared);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(world);
    pecs_manager_destroy(shared.manager);
    pecs_registry_release(shared.registry);
    return 0;
}
