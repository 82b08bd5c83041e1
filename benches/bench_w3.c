/*
 * W3, many small worlds: rooms, shards, tests. 10,000 worlds of 1,000 entities and as many files, in one registry and
 * with a registry each (the disciplines that end in _each). Entity i of a world has Position; an even one Velocity, an
 * odd one Health and Name, with the values of W1's entity i. Every sample handles all worlds, which are all there at
 * one time on both sides. The number of entities is its own, whatever --entities says; --worlds gives that of worlds.
 *
 * Each discipline compares every component and handle of every world with the arrays of the limit.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEALTH = W1_VELOCITY + 1, NAME, W3_TYPES };

/* All null but what there is of it now. */
struct w3 {
    bool each; /* a registry for each world */
    uint32_t world_count;
    struct bench_counter counter;
    bool is_counted;
    pecs_registry **registries; /* one, or one for each world */
    pecs_world **worlds;
    struct limit_room **rooms;
    struct limit_room *source; /* what each world is made of */
    bool is_new;               /* a save finds no file of its name */
};

static uint32_t w3_registry_count(const struct w3 *w3)
{
    return w3->each ? w3->world_count : 1;
}

static pecs_registry *w3_registry_of(const struct w3 *w3, uint32_t i)
{
    return w3->registries[w3->each ? i : 0];
}

/* The registry of world i is there after this. */
static bool w3_registry_need(struct w3 *w3, uint32_t i)
{
    static const pecs_type *types[W3_TYPES];
    if (w3->registries[w3->each ? i : 0])
        return true;
    types[W1_POSITION] = w1_types[W1_POSITION];
    types[W1_VELOCITY] = w1_types[W1_VELOCITY];
    types[HEALTH] = w1_types[W1_HEALTH];
    types[NAME] = w1_types[W1_NAME];
    pecs_registry_desc desc = { .types = types, .type_count = W3_TYPES };
    if (w3->is_counted)
        desc.allocator = bench_counting_allocator(&w3->counter);
    pecs_error error;
    const pecs_status status = pecs_registry_create(&desc, &w3->registries[w3->each ? i : 0], &error);
    return status ? bench_failed("make a registry of W3", status, &error) : true;
}

static void w3_path(const struct bench *bench, const char *kind, uint32_t i, char ret_path[BENCH_PATH_MAX])
{
    snprintf(ret_path, BENCH_PATH_MAX, "%s/w3-%s/%u", bench->directory, kind, i);
}

/* Gives worlds and registries back, and rooms. */
static void w3_drop(struct w3 *w3)
{
    for (uint32_t i = 0; i < w3->world_count; i++) {
        pecs_world_destroy(w3->worlds[i]);
        w3->worlds[i] = NULL;
        free(w3->rooms[i]);
        w3->rooms[i] = NULL;
    }
    for (uint32_t i = 0; i < w3_registry_count(w3); i++) {
        pecs_registry_release(w3->registries[i]);
        w3->registries[i] = NULL;
    }
}

static pecs_status w3_spawn(const struct limit_room *from, pecs_world *world)
{
    const pecs_value even[] = { { W1_POSITION, sizeof(Position), from->even_positions },
                                { W1_VELOCITY, sizeof(Velocity), from->velocities } };
    const pecs_value odd[] = { { W1_POSITION, sizeof(Position), from->odd_positions },
                               { HEALTH, sizeof(Health), from->healths },
                               { NAME, sizeof(Name), from->names } };
    const pecs_status status = pecs_world_spawn(world, even, 2, W3_ROWS, NULL);
    return status ? status : pecs_world_spawn(world, odd, 3, W3_ROWS, NULL);
}

static bool w3_make_world(struct w3 *w3, uint32_t i)
{
    pecs_error error = { .message = "" };
    if (!w3_registry_need(w3, i))
        return false;
    pecs_status status = pecs_world_create(w3_registry_of(w3, i), NULL, NULL, &w3->worlds[i], &error);
    if (!status)
        status = w3_spawn(w3->source, w3->worlds[i]);
    return status ? bench_failed("make a world of W3", status, &error) : true;
}

static bool w3_make_worlds(struct w3 *w3)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < w3->world_count; i++)
        ok = w3->worlds[i] || w3_make_world(w3, i);
    return ok;
}

/* As a program does it: the snapshot is only needed for the world. */
static bool w3_resume_world(const struct bench *bench, struct w3 *w3, uint32_t i)
{
    char path[BENCH_PATH_MAX];
    pecs_snapshot *snapshot;
    w3_path(bench, "pecs", i, path);
    if (!w3_registry_need(w3, i) || !bench_resume(w3_registry_of(w3, i), path, &snapshot, &w3->worlds[i]))
        return false;
    pecs_snapshot_release(snapshot);
    return true;
}

static bool w3_resume_worlds(const struct bench *bench, struct w3 *w3)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < w3->world_count; i++)
        ok = w3_resume_world(bench, w3, i);
    return ok;
}

static bool w3_read_rooms(const struct bench *bench, struct w3 *w3)
{
    char path[BENCH_PATH_MAX];
    bool ok = true;
    for (uint32_t i = 0; ok && i < w3->world_count; i++) {
        w3_path(bench, "raw", i, path);
        ok = limit_room_read(path, &w3->rooms[i]);
    }
    return ok ? true : bench_wrong("cannot read %s: %s", path, strerror(errno));
}

/* Comparing */

static bool w3_same_rows(pecs_iter *it, const w1_entity *entities, const float (*positions)[3])
{
    return it->row_count == W3_ROWS && memcmp(it->entities, entities, W3_ROWS * sizeof(*entities)) == 0 &&
           memcmp(pecs_column_as(it, W1_POSITION, Position), positions, W3_ROWS * sizeof(Position)) == 0;
}

static bool w3_same_even(const pecs_query *query, pecs_view view, const struct limit_room *room)
{
    pecs_iter it = pecs_query_iter(query, view, NULL);
    const bool ok =
        pecs_iter_next(&it) && w3_same_rows(&it, room->even_entities, room->even_positions) &&
        memcmp(pecs_column_as(&it, W1_VELOCITY, Velocity), room->velocities, sizeof(room->velocities)) == 0 &&
        !pecs_iter_next(&it);
    return !pecs_iter_end(&it) && ok;
}

static bool w3_same_odd(const pecs_query *query, pecs_view view, const struct limit_room *room)
{
    pecs_iter it = pecs_query_iter(query, view, NULL);
    const bool ok = pecs_iter_next(&it) && w3_same_rows(&it, room->odd_entities, room->odd_positions) &&
                    memcmp(pecs_column_as(&it, HEALTH, Health), room->healths, sizeof(room->healths)) == 0 &&
                    memcmp(pecs_column_as(&it, NAME, Name), room->names, sizeof(room->names)) == 0 &&
                    !pecs_iter_next(&it);
    return !pecs_iter_end(&it) && ok;
}

static bool w3_same_world(pecs_registry *registry, const pecs_world *world, const struct limit_room *room)
{
    const pecs_term even[] = { { W1_POSITION, PECS_READ }, { W1_VELOCITY, PECS_READ } };
    const pecs_term odd[] = { { W1_POSITION, PECS_READ }, { HEALTH, PECS_READ }, { NAME, PECS_READ } };
    pecs_query *queries[2] = { NULL, NULL };
    pecs_error error;
    const pecs_view view = pecs_world_view(world);
    const bool ok = !pecs_query_create(registry, even, 2, &queries[0], &error) &&
                    !pecs_query_create(registry, odd, 3, &queries[1], &error) && w3_same_even(queries[0], view, room) &&
                    w3_same_odd(queries[1], view, room);
    pecs_query_destroy(queries[0]);
    pecs_query_destroy(queries[1]);
    return ok;
}

/* What is there of both sides is the room. */
static bool w3_check(struct w3 *w3, const struct limit_room *room)
{
    for (uint32_t i = 0; i < w3->world_count; i++) {
        if (w3->worlds[i] && !w3_same_world(w3_registry_of(w3, i), w3->worlds[i], room))
            return bench_wrong("world %u of W3 has other values", i);
        if (w3->rooms[i] && memcmp(w3->rooms[i], room, sizeof(*room)) != 0)
            return bench_wrong("world %u of W3 by hand has other values", i);
    }
    return true;
}

/* The end of a sample: checks, and gives everything back. */
static bool w3_finish(struct w3 *w3, bool ok)
{
    ok = ok && w3_check(w3, w3->source);
    w3_drop(w3);
    return ok;
}

/* Create */

static bool create_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct w3 *w3 = context;
    (void)bench;
    const double start = bench_now();
    const bool ok = w3_make_worlds(w3);
    *ret_seconds = bench_now() - start;
    return w3_finish(w3, ok);
}

static bool create_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct w3 *w3 = context;
    (void)bench;
    bool ok = true;
    const double start = bench_now();
    for (uint32_t i = 0; ok && i < w3->world_count; i++)
        ok = (w3->rooms[i] = limit_room_create(w3->source)) != NULL;
    *ret_seconds = bench_now() - start;
    return w3_finish(w3, ok) ? true : ok ? false : bench_wrong("out of memory");
}

/* Save. Both sides have what they save in memory: the worlds stay for all samples, and one room does for all. */

static void w3_unlink_all(const struct bench *bench, const struct w3 *w3, const char *kind)
{
    char path[BENCH_PATH_MAX];
    for (uint32_t i = 0; i < w3->world_count; i++) {
        w3_path(bench, kind, i, path);
        unlink(path);
    }
}

static bool w3_save_pecs(const struct bench *bench, struct w3 *w3, uint32_t i)
{
    const pecs_save_options options = { .skip_sync = true };
    char path[BENCH_PATH_MAX];
    pecs_error error;
    w3_path(bench, "pecs", i, path);
    const pecs_status status = pecs_world_save(w3->worlds[i], path, &options, &error);
    return status ? bench_failed("save a world of W3", status, &error) : true;
}

static bool w3_save_limit(const struct bench *bench, struct w3 *w3, uint32_t i)
{
    char path[BENCH_PATH_MAX];
    w3_path(bench, "raw", i, path);
    return limit_room_save(w3->source, path) ? true : bench_wrong("cannot write %s: %s", path, strerror(errno));
}

/*
 * The sides take turns file by file: ext4 looks for a free inode among those that were freed lately, which takes longer
 * than all else and depends on what was saved and removed before. The disk has done what there was to do.
 */
static bool save_both(struct bench *bench, void *context, double ret_seconds[2])
{
    struct w3 *w3 = context;
    bool ok = true;
    if (w3->is_new) {
        w3_unlink_all(bench, w3, "pecs");
        w3_unlink_all(bench, w3, "raw");
    }
    sync();
    ret_seconds[0] = ret_seconds[1] = 0;
    for (uint32_t i = 0; ok && i < 2 * w3->world_count; i++) {
        const bool is_limit = (i + i / 2) % 2; /* each is first as often as the other */
        const double start = bench_now();
        ok = is_limit ? w3_save_limit(bench, w3, i / 2) : w3_save_pecs(bench, w3, i / 2);
        ret_seconds[is_limit] += bench_now() - start;
    }
    return ok;
}

/* Resume: all worlds, and all given back. */

static bool resume_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    struct w3 *w3 = context;
    const double start = bench_now();
    bool ok = w3_resume_worlds(bench, w3);
    *ret_seconds = bench_now() - start;
    ok = ok && w3_check(w3, w3->source);
    const double end = bench_now();
    w3_drop(w3);
    *ret_seconds += bench_now() - end;
    return ok;
}

static bool resume_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct w3 *w3 = context;
    const double start = bench_now();
    bool ok = w3_read_rooms(bench, w3);
    *ret_seconds = bench_now() - start;
    ok = ok && w3_check(w3, w3->source);
    const double end = bench_now();
    w3_drop(w3);
    *ret_seconds += bench_now() - end;
    return ok;
}

/* Update: of worlds that were just resumed, the first or the second one. */

/* Queries are the program's, one for each registry, and made before. */
static bool w3_update(struct w3 *w3, uint32_t times, double *ret_seconds)
{
    const pecs_term terms[] = { { W1_POSITION, PECS_WRITE }, { W1_VELOCITY, PECS_READ } };
    pecs_query **queries = calloc(w3_registry_count(w3), sizeof(*queries));
    bool ok = queries != NULL;
    pecs_error error;
    for (uint32_t i = 0; ok && i < w3_registry_count(w3); i++)
        ok = !pecs_query_create(w3->registries[i], terms, 2, &queries[i], &error);
    for (uint32_t time = 0; ok && time < times; time++) {
        const double start = bench_now();
        for (uint32_t i = 0; ok && i < w3->world_count; i++)
            ok = bench_update(queries[w3->each ? i : 0], w3->worlds[i]);
        *ret_seconds = bench_now() - start;
    }
    for (uint32_t i = 0; queries && i < w3_registry_count(w3); i++)
        pecs_query_destroy(queries[i]);
    free(queries);
    return ok ? true : bench_wrong("cannot update W3");
}

/* The sample is over when all of them are as they should be after so many updates. */
static bool w3_finish_update(struct w3 *w3, uint32_t times, bool ok)
{
    struct limit_room expected = *w3->source;
    for (uint32_t time = 0; time < times; time++)
        limit_room_update(&expected);
    ok = ok && w3_check(w3, &expected);
    w3_drop(w3);
    return ok;
}

static bool update_pecs(struct bench *bench, struct w3 *w3, uint32_t times, double *ret_seconds)
{
    const bool ok = w3_resume_worlds(bench, w3) && w3_update(w3, times, ret_seconds);
    return w3_finish_update(w3, times, ok);
}

static bool update_limit(struct bench *bench, struct w3 *w3, uint32_t times, double *ret_seconds)
{
    const bool ok = w3_read_rooms(bench, w3);
    for (uint32_t time = 0; ok && time < times; time++) {
        const double start = bench_now();
        for (uint32_t i = 0; i < w3->world_count; i++)
            limit_room_update(w3->rooms[i]);
        *ret_seconds = bench_now() - start;
    }
    return w3_finish_update(w3, times, ok);
}

static bool update_first_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    return update_pecs(bench, context, 1, ret_seconds);
}

static bool update_first_limit(struct bench *bench, void *context, double *ret_seconds)
{
    return update_limit(bench, context, 1, ret_seconds);
}

static bool update_later_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    return update_pecs(bench, context, 2, ret_seconds);
}

static bool update_later_limit(struct bench *bench, void *context, double *ret_seconds)
{
    return update_limit(bench, context, 2, ret_seconds);
}

/* Memory: of a resumed world beyond the bytes of its file, as asked of the allocator, and as the system counts it. */

static uint64_t w3_file_bytes(const struct bench *bench)
{
    char path[BENCH_PATH_MAX];
    w3_path(bench, "pecs", 0, path);
    return bench_file_size(path);
}

static uint64_t w3_beyond(uint64_t bytes, const struct w3 *w3, uint64_t file_bytes)
{
    const uint64_t a_world = bytes / w3->world_count;
    return a_world > file_bytes ? a_world - file_bytes : 0;
}

static bool w3_memory(struct bench *bench, struct w3 *w3, struct bench_result *result)
{
    w3->is_counted = true;
    malloc_trim(0); /* what earlier samples left would hide what is taken */
    const uint64_t rss_before = bench_rss_anon_bytes();
    const double start = bench_now();
    bool ok = w3_resume_worlds(bench, w3);
    result->seconds = bench_now() - start;
    const uint64_t rss = bench_rss_anon_bytes() - rss_before, hooks = w3->counter.live_bytes;
    ok = w3_finish(w3, ok);
    w3->is_counted = false;
    if (ok && w3->counter.live_bytes)
        ok = bench_wrong("%llu bytes were never released", (unsigned long long)w3->counter.live_bytes);
    const uint64_t file_bytes = w3_file_bytes(bench);
    const uint64_t hook_bytes = w3_beyond(hooks, w3, file_bytes), rss_bytes = w3_beyond(rss, w3, file_bytes);
    result->bytes = hook_bytes > rss_bytes ? hook_bytes : rss_bytes;
    result->figures[0] = (struct bench_figure){ "hook_bytes", hook_bytes };
    result->figures[1] = (struct bench_figure){ "rss_anon_bytes", rss_bytes };
    result->figures[2] = (struct bench_figure){ "content_bytes", file_bytes };
    return ok;
}

/* The disciplines, in the order in which they are run */

enum w3_kind { W3_CREATE, W3_SAVE, W3_READ, W3_MEMORY };
static const struct w3_discipline {
    const char *names[2]; /* in one registry, with a registry each */
    enum w3_kind kind;
    bool is_new;
    bench_side pecs, limit; /* NULL: of saves, and of the memory */
    const char *limit_name;
    double mark; /* a ratio, bytes of the memory; 0: none */
} w3_disciplines[] = {
    { { "w3_create", "w3_create_each" }, W3_CREATE, false, create_pecs, create_limit, "memcpy", 0 },
    { { "w3_save_new", "w3_save_new_each" }, W3_SAVE, true, NULL, NULL, "write, rename", 1.3 },
    { { "w3_save", "w3_save_each" }, W3_SAVE, false, NULL, NULL, "write, rename", 1.3 },
    { { "w3_resume", "w3_resume_each" }, W3_READ, false, resume_pecs, resume_limit, "read", 3 },
    { { "w3_update_first", "w3_update_first_each" },
      W3_READ,
      false,
      update_first_pecs,
      update_first_limit,
      "plain loop",
      0 },
    { { "w3_update", "w3_update_each" }, W3_READ, false, update_later_pecs, update_later_limit, "plain loop", 0 },
    { { "w3_memory", "w3_memory_each" }, W3_MEMORY, false, NULL, NULL, NULL, 4096 },
};

static bool w3_run_one(struct bench *bench, struct w3 *w3, const struct w3_discipline *discipline)
{
    const struct bench_sides sides = { .pecs = discipline->pecs,
                                       .limit = discipline->limit,
                                       .both = discipline->kind == W3_SAVE ? save_both : NULL,
                                       .context = w3 };
    struct bench_result result = { .name = discipline->names[w3->each],
                                   .bytes = (uint64_t)w3->world_count * sizeof(*w3->source),
                                   .limit = discipline->limit_name,
                                   .mark = discipline->mark,
                                   .entity_count = (uint64_t)w3->world_count * W3_ENTITIES };
    if (discipline->mark != 0)
        result.mark_kind = discipline->kind == W3_MEMORY ? BENCH_BYTES : BENCH_RATIO;
    w3->is_new = discipline->is_new;
    if (discipline->kind == W3_SAVE && !w3_make_worlds(w3))
        return false;
    if (discipline->kind == W3_READ || discipline->kind == W3_MEMORY)
        w3_drop(w3);
    if (!(discipline->kind == W3_MEMORY ? w3_memory(bench, w3, &result) : bench_measure(bench, &sides, &result)))
        return false;
    bench_report(bench, &result);
    return true;
}

static bool w3_run_all(struct bench *bench, struct w3 *w3)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(w3_disciplines) / sizeof(*w3_disciplines); i++)
        ok = w3_run_one(bench, w3, &w3_disciplines[i]);
    w3_drop(w3);
    return ok;
}

static bool w3_open(struct bench *bench, struct w3 *w3)
{
    char path[BENCH_PATH_MAX];
    bool ok = true;
    w3->world_count = bench->world_count;
    w3->registries = calloc(w3->world_count, sizeof(*w3->registries));
    w3->worlds = calloc(w3->world_count, sizeof(*w3->worlds));
    w3->rooms = calloc(w3->world_count, sizeof(*w3->rooms));
    w3->source = malloc(sizeof(*w3->source));
    if (!w3->registries || !w3->worlds || !w3->rooms || !w3->source)
        return bench_wrong("out of memory");
    limit_room_fill(w3->source);
    for (int side = 0; ok && side < 2; side++) {
        bench_path(bench, side ? "w3-raw" : "w3-pecs", path);
        ok = mkdir(path, 0777) == 0 || bench_wrong("cannot make %s: %s", path, strerror(errno));
    }
    return ok;
}

static void w3_close(const struct bench *bench, struct w3 *w3)
{
    char path[BENCH_PATH_MAX];
    for (int side = 0; side < 2; side++) {
        w3_unlink_all(bench, w3, side ? "raw" : "pecs");
        bench_path(bench, side ? "w3-raw" : "w3-pecs", path);
        rmdir(path);
    }
    free(w3->source);
    free(w3->rooms);
    free(w3->worlds);
    free(w3->registries);
}

bool bench_run_w3(struct bench *bench)
{
    struct w3 w3 = { 0 };
    bool ok = w3_open(bench, &w3);
    for (int each = 0; ok && each < 2; each++) {
        w3.each = each;
        ok = w3_run_all(bench, &w3);
    }
    w3_close(bench, &w3);
    return ok;
}
