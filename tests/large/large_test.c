/*
 * A world so large that its file is above 4 GiB: made, saved, resumed, found by handle and id, edited, saved again,
 * loaded.
 *
 *     large_test [--entities N] FOLDER
 *
 * Exits with 77 and says so when memory or disk do not allow it. Times are printed and not judged, but for the resume:
 * its time is compared with that of 100,000 entities.
 */
#define _GNU_SOURCE
#include "large_support.h"

#include <sys/statvfs.h>

enum { SMALL_COUNT = 100000, BATCH_ROWS = 1 << 20, RESUME_RUNS = 15, BYTES_A_ENTITY = 24 + 8 + 16 };

typedef struct {
    uint64_t number, square;
    uint32_t low, high;
} Numbered;
PECS_COMPONENT(Numbered, 1, number, square, low, high);

static const pecs_type *const types[] = { &Numbered_type };

static Numbered number_of(uint64_t i)
{
    return (Numbered){ i, i * i, (uint32_t)i ^ 0x5aa5u, (uint32_t)(i >> 3) };
}

static void require_number(pecs_view view, pecs_entity entity, uint64_t i)
{
    const Numbered wanted = number_of(i);
    const Numbered *found = pecs_get_as(view, entity, 0, Numbered);
    require(found && memcmp(found, &wanted, sizeof(wanted)) == 0);
}

/* --- what the machine has --- */

static uint64_t available_memory(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kib * 1024;
}

static uint64_t available_disk(const char *folder)
{
    struct statvfs status;
    return statvfs(folder, &status) == 0 ? (uint64_t)status.f_bavail * status.f_frsize : 0;
}

/* One world in memory, with a quarter more for pages and slabs; on disk the file and the one that replaces it. */
static void skip_if_small(uint64_t entity_count, const char *folder)
{
    const uint64_t bytes = entity_count * BYTES_A_ENTITY, spare = (uint64_t)1 << 30;
    const uint64_t memory = available_memory(), disk = available_disk(folder);
    if (memory >= bytes + bytes / 4 + spare && disk >= 2 * bytes + 2 * spare)
        return;
    printf("skipped: %" PRIu64 " entities need %" PRIu64 " MiB of memory and %" PRIu64
           " MiB of disk; there are %" PRIu64 " and %" PRIu64 "\n",
           entity_count, (bytes + bytes / 4 + spare) >> 20, (2 * bytes + 2 * spare) >> 20, memory >> 20, disk >> 20);
    exit(77);
}

/* --- the world --- */

static pecs_world *make_world(pecs_registry *registry, uint64_t entity_count)
{
    pecs_world *world = world_of(registry, NULL);
    Numbered *values = malloc(BATCH_ROWS * sizeof(*values));
    require(values);
    for (uint64_t done = 0; done < entity_count;) {
        const size_t rows = entity_count - done < BATCH_ROWS ? (size_t)(entity_count - done) : BATCH_ROWS;
        for (size_t i = 0; i < rows; i++)
            values[i] = number_of(done + i);
        const pecs_value value = PECS_ROWS_AS(0, values);
        require_ok(pecs_world_spawn(world, &value, 1, rows, NULL));
        done += rows;
    }
    free(values);
    return world;
}

static int compare_times(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double resume_time(pecs_registry *registry, const char *path)
{
    double times[RESUME_RUNS];
    for (size_t i = 0; i < RESUME_RUNS; i++) {
        const double start = seconds_now();
        pecs_snapshot *snapshot = open_path(registry, path, false);
        pecs_world *world = world_of(registry, snapshot);
        times[i] = seconds_now() - start;
        pecs_world_destroy(world);
        pecs_snapshot_release(snapshot);
    }
    qsort(times, RESUME_RUNS, sizeof(*times), compare_times);
    return times[RESUME_RUNS / 2];
}

/* Entity i has index i and generation 1: nothing was despawned before. */
static void check_ends(pecs_view view, uint64_t entity_count)
{
    const uint64_t numbers[] = { 0, 1, entity_count / 2, entity_count - 2, entity_count - 1 };
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    require(summary.entity_count == entity_count && summary.slot_count == entity_count && summary.free_count == 0);
    require(summary.component_bytes == entity_count * sizeof(Numbered));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const pecs_entity entity = { (uint32_t)numbers[i], 1 };
        pecs_entity found;
        pecs_id id;
        require_number(view, entity, numbers[i]);
        require_ok(pecs_view_id(view, entity, &id));
        require_ok(pecs_view_find(view, id, &found));
        require(found.index == entity.index && found.generation == entity.generation);
    }
    require(!pecs_view_alive(view, (pecs_entity){ (uint32_t)entity_count, 1 }));
}

/* A value at either end, an explicit id, a despawn and a spawn into its slot. */
static void edit_ends(pecs_world *world, uint64_t entity_count)
{
    const Numbered zeros = { 0, 0, 0, 0 };
    const pecs_value value = { 0, sizeof(zeros), &zeros };
    const pecs_entity first = { 0, 1 }, second = { 1, 1 }, last = { (uint32_t)entity_count - 1, 1 };
    const pecs_id id = { { 42 } };
    pecs_entity reborn;
    require_ok(pecs_world_set(world, last, &value, 1));
    require_ok(pecs_world_set_id(world, second, id));
    require_ok(pecs_world_despawn(world, &first, 1));
    require_ok(pecs_world_spawn(world, &value, 1, 1, &reborn));
    require(reborn.index == 0 && reborn.generation == 2);
}

static void check_edited(pecs_view view, uint64_t entity_count)
{
    const pecs_entity last = { (uint32_t)entity_count - 1, 1 }, reborn = { 0, 2 };
    pecs_entity found;
    require(pecs_get_as(view, last, 0, Numbered)->number == 0 && pecs_get_as(view, reborn, 0, Numbered)->number == 0);
    require(!pecs_view_alive(view, (pecs_entity){ 0, 1 }));
    require_number(view, (pecs_entity){ (uint32_t)entity_count - 2, 1 }, entity_count - 2);
    require_ok(pecs_view_find(view, (pecs_id){ { 42 } }, &found));
    require(found.index == 1 && found.generation == 1);
    require_number(view, found, 1);
}

static void compare_resumes(pecs_registry *registry, const char *small, const char *large)
{
    const double small_time = resume_time(registry, small), large_time = resume_time(registry, large);
    printf("  resume, with its world: median of %d: %.1f us; of %d entities %.1f us; ratio %.2f (aim: below 3)\n",
           RESUME_RUNS, large_time * 1e6, SMALL_COUNT, small_time * 1e6, large_time / small_time);
}

static void edit_resumed(pecs_registry *registry, const char *path, uint64_t entity_count)
{
    pecs_snapshot *snapshot = open_path(registry, path, false);
    check_ends(pecs_snapshot_view(snapshot), entity_count);
    pecs_world *world = world_of(registry, snapshot);
    double start = seconds_now();
    edit_ends(world, entity_count);
    start = tell_time("edits of the resumed world", start);
    check_edited(pecs_world_view(world), entity_count);
    check_ends(pecs_snapshot_view(snapshot), entity_count); /* is as it was */
    pecs_snapshot_release(snapshot);
    start = seconds_now();
    save_quick(world, path);
    tell_time("save of the edited world", start);
    pecs_world_destroy(world);
}

static void load_edited(pecs_registry *registry, const char *path, uint64_t entity_count)
{
    const double start = seconds_now();
    pecs_snapshot *snapshot = open_path(registry, path, true);
    tell_time("load", start);
    check_edited(pecs_snapshot_view(snapshot), entity_count);
    pecs_snapshot_release(snapshot);
}

int main(int count, char **words)
{
    uint64_t entity_count = 100000000;
    const bool is_given = count == 4 && strcmp(words[1], "--entities") == 0;
    if (is_given)
        entity_count = strtoull(words[2], NULL, 10);
    if ((count != 2 && !is_given) || entity_count < 4 || entity_count >= UINT32_MAX - 1) {
        fprintf(stderr, "usage: %s [--entities N] FOLDER\n", words[0]);
        return 2;
    }
    char small[300], large[300];
    skip_if_small(entity_count, words[count - 1]);
    make_own_folder(words[count - 1]);
    path_of("small", small);
    path_of("large", large);
    pecs_registry *registry = registry_of(types, 1, (pecs_allocator){ NULL, NULL, NULL });
    pecs_world *world = make_world(registry, SMALL_COUNT);
    save_quick(world, small);
    pecs_world_destroy(world);
    double start = seconds_now();
    world = make_world(registry, entity_count);
    start = tell_time("spawns", start);
    save_quick(world, large);
    tell_time("save", start);
    check_ends(pecs_world_view(world), entity_count);
    pecs_world_destroy(world);
    printf("%" PRIu64 " entities, a file of %" PRIu64 " bytes\n", entity_count, file_bytes(large));
    require(file_bytes(large) > entity_count * BYTES_A_ENTITY);
    compare_resumes(registry, small, large);
    edit_resumed(registry, large, entity_count);
    load_edited(registry, large, entity_count);
    pecs_registry_release(registry);
    return 0;
}
