/*
 * Threads test, for ThreadSanitizer too: one writer edits a world and hands snapshots over; readers query, hash,
 * compare, retain and release them, and find entities by their ids; one thread saves and loads them, with threads of
 * the library's, and opens them with another thread in a registry that knows none of their types; one forks worlds from
 * them and edits those. Nothing but the queues orders the threads: what the library promises must hold by itself.
 *
 *     threads_test [--seed S] [--frames N]
 *
 * The writer computes a snapshot's hash before it hands it over, and every thread must find the same one. Write
 * iterations are split in parts that run on threads of their own, each of which also reads what no part writes, of any
 * entity. At the end no memory may be out.
 */
#define _GNU_SOURCE
#include "model_memory.h"
#include "model_types.h"
#include "threads_shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct thread {
    pthread_t thread;
    struct shared *shared;
    uint64_t number, done;
};

static bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(uint64_t *)user;
    return true;
}

/* Two snapshots with different entity counts differ; a snapshot does not differ from itself. */
static void compare(const struct parcel *left, const struct parcel *right)
{
    uint64_t count = 0;
    require(
        pecs_view_diff(pecs_snapshot_view(left->snapshot), pecs_snapshot_view(right->snapshot), count_change, &count),
        PECS_OK, "status of a diff");
    require(count > 0 || left->entity_count == right->entity_count, true, "two snapshots differ");
    count = 0;
    require(
        pecs_view_diff(pecs_snapshot_view(left->snapshot), pecs_snapshot_view(left->snapshot), count_change, &count),
        PECS_OK, "status of a diff");
    require(count, 0, "differences of a snapshot and itself");
}

static void *reader_run(void *user)
{
    struct thread *self = user;
    struct random random = { self->number * 77 + 5 };
    struct parcel kept[KEPT_MAX] = { { .snapshot = NULL } };
    for (;;) {
        const struct parcel parcel = queue_pop(&self->shared->reading);
        if (!parcel.snapshot)
            break;
        check_parcel(self->shared, &parcel);
        pecs_snapshot *again = pecs_snapshot_retain(parcel.snapshot);
        struct parcel *old = &kept[random_below(&random, KEPT_MAX)];
        if (old->snapshot) {
            check_parcel(self->shared, old);
            compare(old, &parcel);
            pecs_snapshot_release(old->snapshot);
        }
        *old = parcel;
        pecs_snapshot_release(again);
        self->done++;
    }
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (kept[i].snapshot)
            check_parcel(self->shared, &kept[i]);
        pecs_snapshot_release(kept[i].snapshot);
    }
    return NULL;
}

/* Reads the file's information before it is loaded. */
static void check_information(const char *path, const struct parcel *parcel)
{
    pecs_info *info = NULL;
    require(pecs_file_info(path, &model_allocator, NULL, &info, NULL), PECS_OK, "status of a file's information");
    require(info->entity_count, parcel->entity_count, "entities of a file");
    require(info->metadata_count > 0, parcel->frame > 0, "a file has metadata");
    pecs_info_destroy(info);
}

/* A registry without types, in which two threads open one file. */
struct tool {
    pecs_registry *registry;
    const char *path;
    pecs_component word;
};

static void *tool_open(void *user)
{
    struct tool *tool = user;
    pecs_snapshot *snapshot = NULL;
    require(pecs_snapshot_resume(tool->registry, tool->path, NULL, &snapshot, NULL), PECS_OK, "status of a resume");
    require(pecs_view_component(pecs_snapshot_view(snapshot), "Word", &tool->word), PECS_OK, "status of a name");
    pecs_snapshot_release(snapshot);
    return NULL;
}

static void open_twice(const char *path)
{
    pthread_t thread;
    struct tool tool = { .path = path };
    const pecs_registry_desc no_types = { .type_count = 0 };
    require(pecs_registry_create(&no_types, &tool.registry, NULL), PECS_OK, "status of a registry");
    struct tool other = tool;
    pthread_create(&thread, NULL, tool_open, &other);
    tool_open(&tool);
    pthread_join(thread, NULL);
    require(other.word, tool.word, "the number of a type");
    pecs_registry_release(tool.registry);
}

/* Every way to compress in turn, on threads of the library's, with and without a column that stays as it is. */
static void save_parcel(const struct parcel *parcel, const char *path, uint64_t turn)
{
    static const pecs_component_profile of_words = { TYPE_WORD, PECS_PROFILE_OFF };
    const pecs_save_options options = { .skip_sync = true,
                                        .profile = (pecs_profile)(turn % 3),
                                        .component_profiles = &of_words,
                                        .component_profile_count = turn / 3 % 2,
                                        .thread_count = 3 };
    require(pecs_snapshot_save(parcel->snapshot, path, &options, NULL), PECS_OK, "status of a save");
}

static void *saver_run(void *user)
{
    struct thread *self = user;
    struct shared *shared = self->shared;
    char path[PATH_BYTES];
    for (;;) {
        struct parcel parcel = queue_pop(&shared->saving);
        if (!parcel.snapshot)
            return NULL;
        snprintf(path, sizeof(path), "%s/%u.pecs", shared->directory, (unsigned)(self->done % 3));
        save_parcel(&parcel, path, self->done);
        pecs_snapshot_release(parcel.snapshot);
        check_information(path, &parcel);
        open_twice(path);
        const bool load = self->done++ % 2;
        const pecs_load_options threads = { .thread_count = (uint32_t)(self->done / 2 % 4) };
        const pecs_resume_options some = { .thread_count = threads.thread_count };
        require(load ? pecs_snapshot_load(shared->registry, path, &threads, &parcel.snapshot, NULL)
                     : pecs_snapshot_resume(shared->registry, path, &some, &parcel.snapshot, NULL),
                PECS_OK, "status of a load");
        check_parcel(shared, &parcel);
        pecs_snapshot_retain(parcel.snapshot);
        queue_push(&shared->reading, parcel); /* others read and edit what came from a file */
        queue_push(&shared->forking, parcel);
    }
}

static void *forker_run(void *user)
{
    struct thread *self = user;
    struct shared *shared = self->shared;
    struct random random = { self->number * 99 + 7 };
    for (;;) {
        const struct parcel parcel = queue_pop(&shared->forking);
        if (!parcel.snapshot)
            return NULL;
        const pecs_world_options options = { .session_nonce = random_next(&random) | 1 };
        pecs_world *world = NULL;
        require(pecs_world_create(shared->registry, parcel.snapshot, &options, &world, NULL), PECS_OK,
                "status of a fork");
        require(pecs_view_hash(pecs_world_view(world)), parcel.hash, "hash of a fork");
        for (unsigned i = 0; i < 200; i++)
            edit_once(shared, world, &random, ENTITY_COUNT);
        run_parts(shared, world, true, 2 + (uint32_t)random_below(&random, PART_MAX - 1));
        pecs_snapshot *snapshot = NULL;
        require(pecs_snapshot_take(world, &snapshot), PECS_OK, "status of a take in a fork");
        const struct parcel own = parcel_make(shared, snapshot);
        for (unsigned i = 0; i < 50; i++)
            edit_once(shared, world, &random, ENTITY_COUNT);
        require(pecs_world_restore(world, parcel.snapshot), PECS_OK, "status of a restore in a fork");
        for (unsigned i = 0; i < 50; i++)
            edit_once(shared, world, &random, ENTITY_COUNT);
        check_parcel(shared, &parcel);
        pecs_snapshot_release(parcel.snapshot);
        pecs_world_destroy(world);
        queue_push(&shared->reading, own); /* it outlives its world */
        self->done++;
    }
}

static void commands_frame(const struct shared *shared, pecs_world *world, pecs_commands *commands,
                           struct random *random)
{
    (void)shared;
    for (unsigned i = 0; i < 20; i++) {
        const uint32_t word = (uint32_t)random_next(random);
        pecs_entity entity;
        const pecs_value values[] = { { TYPE_WORD, 4, &word } };
        require(pecs_commands_spawn(commands, values, 1, &entity), PECS_OK, "status of a recorded spawn");
        const struct {
            pecs_entity to;
        } link = { entity };
        const pecs_value links[] = { { TYPE_LINK, 8, &link } };
        require(pecs_commands_set(commands, entity, links, 1), PECS_OK, "status of a recorded set");
        entity = (pecs_entity){ (uint32_t)random_below(random, ENTITY_COUNT), 1 };
        require(pecs_commands_despawn(commands, entity), PECS_OK, "status of a recorded despawn");
    }
    require(pecs_commands_apply(commands, world, NULL), PECS_OK, "status of an apply");
}

static void world_fill(pecs_world *world, struct random *random)
{
    static uint32_t words[ENTITY_COUNT];
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        words[i] = (uint32_t)random_next(random);
    const pecs_value values[] = { PECS_ROWS_AS(TYPE_WORD, words), { TYPE_VECTOR, 12, NULL } };
    require(pecs_world_spawn(world, values, 1, ENTITY_COUNT, NULL), PECS_OK, "status of a spawn");
    require(pecs_world_spawn(world, values, 2, ENTITY_COUNT / 2, NULL), PECS_OK, "status of a spawn");
}

static void note_frame(pecs_world *world)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRIu64, frame_of(pecs_world_view(world)) + 1);
    require(pecs_world_set_meta_text(world, "frame", text), PECS_OK, "status of metadata");
}

static void writer_frame(struct shared *shared, pecs_world *world, pecs_commands *commands, struct random *random,
                         pecs_snapshot **back)
{
    if (random_once_in(random, 2)) /* before any edit of this tick: the parts pass the gate for all chunks */
        run_parts(shared, world, true, 2 + (uint32_t)random_below(random, PART_MAX - 1));
    for (unsigned i = 0; i < 100; i++)
        edit_once(shared, world, random, ENTITY_COUNT * 3 / 2);
    commands_frame(shared, world, commands, random);
    run_parts(shared, world, random_once_in(random, 2), 2 + (uint32_t)random_below(random, PART_MAX - 1));
    require(pecs_world_advance(world, NULL), PECS_OK, "status of an advance");
    note_frame(world);
    if (random_once_in(random, 3))
        return; /* so that the world alone owns some arrays */
    pecs_snapshot *snapshot = NULL;
    require(pecs_snapshot_take(world, &snapshot), PECS_OK, "status of a take");
    const struct parcel parcel = parcel_make(shared, snapshot);
    const struct {
        struct queue *queue;
        uint64_t rarely;
    } receivers[] = {
        { &shared->reading, 1 }, { &shared->reading, 2 }, { &shared->saving, 5 }, { &shared->forking, 4 }
    };
    for (size_t i = 0; i < sizeof(receivers) / sizeof(receivers[0]); i++) {
        if (!random_once_in(random, receivers[i].rarely))
            continue;
        pecs_snapshot_retain(snapshot);
        queue_push(receivers[i].queue, parcel);
    }
    pecs_snapshot **place = &back[random_below(random, KEPT_MAX)];
    pecs_snapshot_release(*place);
    *place = snapshot;
    if (random_once_in(random, 10) && back[0])
        require(pecs_world_restore(world, back[0]), PECS_OK, "status of a restore");
    for (size_t i = 0; i < KEPT_MAX && random_once_in(random, 6); i++) {
        pecs_snapshot_release(back[i]);
        back[i] = NULL;
    }
}

static void run(struct shared *shared, uint64_t seed, uint64_t frames)
{
    enum { THREAD_COUNT = READER_COUNT + 2 };
    struct thread threads[THREAD_COUNT];
    void *(*const bodies[THREAD_COUNT])(void *) = { reader_run, reader_run, reader_run, saver_run, forker_run };
    struct random random = { seed };
    pecs_world *world = NULL;
    pecs_commands *commands = NULL;
    const pecs_world_options options = { .session_nonce = seed + 1 };
    require(pecs_world_create(shared->registry, NULL, &options, &world, NULL), PECS_OK, "status of a create");
    require(pecs_commands_create(shared->registry, &commands), PECS_OK, "status of a create");
    world_fill(world, &random);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        threads[i] = (struct thread){ .shared = shared, .number = seed * THREAD_COUNT + i };
        pthread_create(&threads[i].thread, NULL, bodies[i], &threads[i]);
    }
    pecs_snapshot *back[KEPT_MAX] = { NULL };
    for (uint64_t frame = 0; frame < frames; frame++)
        writer_frame(shared, world, commands, &random, back);
    pecs_commands_destroy(commands);
    pecs_world_destroy(world); /* while others still read its snapshots */
    for (size_t i = 0; i < KEPT_MAX; i++)
        pecs_snapshot_release(back[i]);
    /* The saver sends to the forker, both to the readers: they end in that order. */
    queue_push(&shared->saving, (struct parcel){ .snapshot = NULL });
    pthread_join(threads[READER_COUNT].thread, NULL);
    queue_push(&shared->forking, (struct parcel){ .snapshot = NULL });
    pthread_join(threads[READER_COUNT + 1].thread, NULL);
    for (size_t i = 0; i < READER_COUNT; i++)
        queue_push(&shared->reading, (struct parcel){ .snapshot = NULL });
    uint64_t read = 0;
    for (size_t i = 0; i < READER_COUNT; i++) {
        pthread_join(threads[i].thread, NULL);
        read += threads[i].done;
    }
    printf("%" PRIu64 " frames, %" PRIu64 " snapshots read, %" PRIu64 " saved, %" PRIu64 " forked\n", frames, read,
           threads[READER_COUNT].done, threads[READER_COUNT + 1].done);
}

static void shared_init(struct shared *shared)
{
    const pecs_term term = { TYPE_WORD, PECS_WRITE }, other_term = { TYPE_VECTOR, PECS_READ };
    require(model_registry_create(0, &model_allocator, &shared->registry, NULL), PECS_OK, "status of a registry");
    require(pecs_query_create(shared->registry, &term, 1, &shared->words, NULL), PECS_OK, "status of a query");
    require(pecs_query_create(shared->registry, &other_term, 1, &shared->vectors, NULL), PECS_OK, "status of a query");
    require(pecs_query_create(shared->registry, NULL, 0, &shared->all, NULL), PECS_OK, "status of a query");
    queue_init(&shared->reading);
    queue_init(&shared->saving);
    queue_init(&shared->forking);
    const char *parent = getenv("TMPDIR");
    snprintf(shared->directory, sizeof(shared->directory), "%s/pecs-threads-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(shared->directory)) {
        perror(shared->directory);
        exit(1);
    }
}

static void shared_deinit(struct shared *shared)
{
    char path[PATH_BYTES];
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%u.pecs", shared->directory, i);
        unlink(path);
    }
    rmdir(shared->directory);
    pecs_query_destroy(shared->words);
    pecs_query_destroy(shared->vectors);
    pecs_query_destroy(shared->all);
    pecs_registry_release(shared->registry);
}

int main(int argument_count, char **arguments)
{
    static struct shared shared;
    uint64_t seed = 1, frames = 200;
    for (int i = 1; i + 1 < argument_count; i += 2) {
        uint64_t *number = strcmp(arguments[i], "--seed") == 0     ? &seed
                           : strcmp(arguments[i], "--frames") == 0 ? &frames
                                                                   : NULL;
        if (!number) {
            fprintf(stderr, "usage: %s [--seed S] [--frames N]\n", arguments[0]);
            return 2;
        }
        *number = strtoull(arguments[i + 1], NULL, 10);
    }
    shared_init(&shared);
    run(&shared, seed, frames);
    shared_deinit(&shared);
    require(model_memory_blocks(), 0, "blocks not released");
    return 0;
}
