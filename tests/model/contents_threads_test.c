/*
 * One thread edits strings and lists and takes snapshots; others read, hash, save and load each of them meanwhile.
 * Every snapshot must keep what it had, also while pages of the heap are appended to, edited in place, moved and
 * dropped.
 *
 * usage: contents_threads_test [frames]
 */
#include <pecs/pecs.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTITY_COUNT = 3000, READERS = 2, EDITS = 400, POINTS = 6 };

typedef struct Name {
    uint32_t stamp, size;
    pecs_string text;
} Name;
PECS_COMPONENT(Name, 1, stamp, size, text);
typedef struct Path {
    pecs_list points;
} Path;
PECS_COMPONENT_OF(Path, "Path", 1, PECS_FIELD_LIST(Path, points, uint32_t));
PECS_TYPES(threads, Name, Path);

struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pecs_snapshot *snapshot; /* the newest; readers retain it */
    uint64_t hash;
    uint64_t frame;
    bool is_over, has_failed;
    pecs_registry *registry;
    pecs_query *named;
};

static void name_text(uint32_t entity, uint32_t stamp, char text[80], uint32_t *ret_size)
{
    *ret_size = (uint32_t)snprintf(text, 80, "%u-%u-%.*s", entity, stamp, (int)(stamp % 40),
                                   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
}

/* Every name is what its stamp says, and all points of a path are equal. */
static bool check_snapshot(const struct shared *shared, const pecs_snapshot *snapshot)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    const pecs_heap *heap = pecs_view_heap(view);
    pecs_iter it = pecs_query_iter(shared->named, view, NULL);
    bool ok = true;
    while (pecs_iter_next(&it)) {
        const Name *names = pecs_column(&it, Name);
        const Path *paths = pecs_column(&it, Path);
        for (size_t i = 0; ok && i < it.row_count; i++) {
            char expected[80];
            uint32_t expected_size;
            size_t size, count;
            const char *text = pecs_heap_string(heap, names[i].text, &size);
            const uint32_t *points = pecs_heap_list(heap, paths[i].points, uint32_t, &count);
            name_text(it.entities[i].index, names[i].stamp, expected, &expected_size);
            ok = size == expected_size && memcmp(text, expected, size + 1) == 0;
            for (size_t j = 1; ok && j < count; j++)
                ok = points[j] == points[0];
        }
    }
    return !pecs_iter_end(&it) && ok;
}

/* Compressed, or one component as it is; what is loaded from it is checked as the snapshot is. */
static bool save_and_load(const struct shared *shared, const pecs_snapshot *snapshot, const char *path, uint64_t turn,
                          pecs_error *error)
{
    static const pecs_component_profile of_names = { Name_component, PECS_PROFILE_OFF };
    const pecs_save_options options = { .skip_sync = true,
                                        .profile = (pecs_profile)(turn % 3),
                                        .component_profiles = &of_names,
                                        .component_profile_count = turn / 3 % 2,
                                        .thread_count = 3 };
    const pecs_load_options threads = { .thread_count = 3 };
    pecs_snapshot *loaded = NULL;
    if (pecs_snapshot_save(snapshot, path, &options, error) ||
        pecs_snapshot_load(shared->registry, path, &threads, &loaded, error))
        return false;
    const bool ok = check_snapshot(shared, loaded) &&
                    pecs_view_hash(pecs_snapshot_view(loaded)) == pecs_view_hash(pecs_snapshot_view(snapshot));
    pecs_snapshot_release(loaded);
    return ok;
}

static void *read_snapshots(void *user)
{
    struct shared *shared = user;
    uint64_t seen = 0;
    char path[64];
    snprintf(path, sizeof(path), "contents_threads_%ld_%p.pecs", (long)getpid(), (void *)&seen);
    pthread_mutex_lock(&shared->mutex);
    while (!shared->is_over) {
        if (shared->frame == seen) {
            pthread_cond_wait(&shared->changed, &shared->mutex);
            continue;
        }
        pecs_snapshot *snapshot = pecs_snapshot_retain(shared->snapshot);
        seen = shared->frame;
        pthread_mutex_unlock(&shared->mutex);
        pecs_error error = { .message = "" };
        bool ok = check_snapshot(shared, snapshot);
        if (ok && seen % 3 == 0)
            ok = save_and_load(shared, snapshot, path, seen / 3, &error);
        ok = ok && check_snapshot(shared, snapshot);
        pecs_snapshot_release(snapshot);
        pthread_mutex_lock(&shared->mutex);
        shared->has_failed |= !ok;
        if (!ok)
            fprintf(stderr, "frame %llu: the snapshot has changed %s\n", (unsigned long long)seen, error.message);
    }
    pthread_mutex_unlock(&shared->mutex);
    unlink(path);
    return NULL;
}

static bool edit_frame(pecs_world *world, const pecs_entity *entities, uint32_t frame)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < EDITS; i++) {
        const uint32_t number = (frame * 7919 + i * 104729) % ENTITY_COUNT;
        const pecs_entity entity = entities[number];
        char text[80];
        Name name = { .stamp = frame + i };
        name_text(entity.index, name.stamp, text, &name.size);
        name.text = pecs_string_of(text);
        status = pecs_set_ptr(world, entity, Name, &name);
        void *bytes;
        size_t size;
        if (!status)
            status = pecs_world_edit_contents(world, entity, Path_component, offsetof(Path, points), PECS_KEEP_SIZE,
                                              &bytes, &size);
        for (size_t j = 0; !status && j < size / sizeof(uint32_t); j++)
            ((uint32_t *)bytes)[j] = frame;
    }
    return !status;
}

static bool spawn_entities(pecs_world *world, pecs_entity *ret_entities)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < ENTITY_COUNT; i++) {
        const uint32_t points[POINTS] = { 0 };
        char text[80];
        Name name = { .stamp = i };
        name_text(i, i, text, &name.size);
        name.text = pecs_string_of(text);
        const Path path = { pecs_list_of(PECS_ARRAY(points)) };
        status = pecs_spawn(world, &ret_entities[i], PECS_ROWS(Name, &name), PECS_ROWS(Path, &path));
    }
    return !status;
}

/* Gives the readers a snapshot of each frame; false when an edit or a reader has failed. */
static bool publish_frames(struct shared *shared, pecs_world *world, const pecs_entity *entities, uint32_t frame_count)
{
    bool ok = true;
    for (uint32_t frame = 1; ok && frame <= frame_count; frame++) {
        pecs_snapshot *snapshot;
        if (!edit_frame(world, entities, frame) || pecs_world_advance(world, NULL) ||
            pecs_snapshot_take(world, &snapshot))
            return false;
        pthread_mutex_lock(&shared->mutex);
        pecs_snapshot *before = shared->snapshot;
        shared->snapshot = snapshot;
        shared->frame = frame;
        ok = !shared->has_failed;
        pthread_cond_broadcast(&shared->changed);
        pthread_mutex_unlock(&shared->mutex);
        pecs_snapshot_release(before);
    }
    return ok;
}

static void end_readers(struct shared *shared, const pthread_t *readers)
{
    pthread_mutex_lock(&shared->mutex);
    shared->is_over = true;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->mutex);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
}

int main(int argc, char **argv)
{
    static struct shared shared = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    static pecs_entity entities[ENTITY_COUNT];
    const uint32_t frame_count = argc > 1 ? (uint32_t)atoi(argv[1]) : 300;
    const pecs_registry_desc desc = { .types = threads_types, .type_count = threads_type_count };
    const pecs_term terms[] = { { Name_component, PECS_READ }, { Path_component, PECS_READ } };
    pecs_error error = { .message = "" };
    pecs_world *world;
    pthread_t readers[READERS];
    if (pecs_registry_create(&desc, &shared.registry, &error) ||
        pecs_world_create(shared.registry, NULL, NULL, &world, &error) ||
        pecs_query_create(shared.registry, terms, 2, &shared.named, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    bool ok = spawn_entities(world, entities);
    for (int i = 0; i < READERS; i++)
        if (pthread_create(&readers[i], NULL, read_snapshots, &shared))
            return 1;
    ok = ok && publish_frames(&shared, world, entities, frame_count);
    end_readers(&shared, readers);
    ok = ok && !shared.has_failed && shared.snapshot && check_snapshot(&shared, shared.snapshot);
    if (!ok)
        fprintf(stderr, "failed: %s\n", pecs_world_error(world)->message);
    pecs_snapshot_release(shared.snapshot);
    pecs_query_destroy(shared.named);
    pecs_world_destroy(world);
    pecs_registry_release(shared.registry);
    return ok ? 0 : 1;
}
