/*
 * Snapshots and files in the model test: take, retain, release, restore, fork, save, resume, load, replay. A snapshot
 * has a copy of the model at that time, and is compared with it repeatedly, even after its world is gone.
 *
 * A file must hold all of a state: what comes back has the same content, hash, tick and summary, saves the same bytes
 * again, and is edited and checked like any other from then on.
 */
#define _GNU_SOURCE
#include "model.h"
#include "model_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- worlds and snapshots of an episode --- */

void world_shared(struct test_world *world)
{
    world->shared = true;
    naive_follow_tick(world->naive, pecs_view_tick(pecs_world_view(world->world)));
    world->naive->tick_is_seen = true;
}

void world_adopt(struct model *model, pecs_world *world, struct naive *naive, unsigned registry, bool shared)
{
    struct test_world *place = &model->worlds[model->world_count++];
    *place = (struct test_world){ .world = world, .naive = naive, .registry = registry };
    if (shared)
        world_shared(place);
    place->timeline = ++model->timeline_count;
    commands_init(model, place);
}

void world_drop(struct model *model, struct test_world *world)
{
    commands_deinit(world);
    pecs_world_destroy(world->world);
    naive_destroy(world->naive);
    *world = model->worlds[--model->world_count];
}

void snapshot_drop(struct model *model, size_t place)
{
    struct test_snapshot *snapshot = &model->snapshots[place];
    for (unsigned i = 0; i < snapshot->references; i++)
        pecs_snapshot_release(snapshot->snapshot);
    naive_destroy(snapshot->naive);
    *snapshot = model->snapshots[--model->snapshot_count];
}

/* Takes over one reference and the model. Drops an older snapshot to make room. */
void snapshot_adopt(struct model *model, pecs_snapshot *snapshot, struct naive *naive, unsigned registry)
{
    if (model->snapshot_count == model->snapshot_max)
        snapshot_drop(model, random_below(&model->random, model->snapshot_count));
    struct test_snapshot *place = &model->snapshots[model->snapshot_count++];
    *place = (struct test_snapshot){ .snapshot = snapshot, .naive = naive, .registry = registry, .references = 1 };
    const pecs_view view = pecs_snapshot_view(snapshot);
    place->hash = pecs_view_hash(view);
    pecs_view_summary(view, &place->summary);
    compare_snapshot(model, place);
}

/* --- take, retain, release, restore, fork --- */

void op_take(struct model *model, struct test_world *world)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_take(world->world, &snapshot);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_snapshot_take");
    model_memory_disarm();
    world_shared(world);
    snapshot_adopt(model, snapshot, naive_copy(world->naive), world->registry);
    model->snapshots[model->snapshot_count - 1].timeline = world->timeline;
    compare_all(model, pecs_world_view(world->world), world->registry, world->naive);
}

void op_retain(struct model *model, struct test_world *world)
{
    (void)world;
    struct test_snapshot *snapshot = choose_snapshot(model);
    if (!snapshot || snapshot->references > 4)
        return;
    if (pecs_snapshot_retain(snapshot->snapshot) != snapshot->snapshot)
        model_fail(model, "pecs_snapshot_retain returned something else");
    snapshot->references++;
}

void op_release(struct model *model, struct test_world *world)
{
    (void)world;
    struct test_snapshot *snapshot = choose_snapshot(model);
    if (!snapshot)
        return;
    if (snapshot->references > 1) {
        pecs_snapshot_release(snapshot->snapshot);
        snapshot->references--;
    } else {
        snapshot_drop(model, (size_t)(snapshot - model->snapshots));
    }
    pecs_snapshot_release(NULL);
}

void op_recheck(struct model *model, struct test_world *world)
{
    (void)world;
    const struct test_snapshot *snapshot = choose_snapshot(model);
    if (snapshot)
        compare_snapshot(model, snapshot);
}

/* Compares a world that was made from a snapshot with that snapshot. */
static void compare_with_origin(struct model *model, const struct test_world *world,
                                const struct test_snapshot *snapshot)
{
    const pecs_view view = pecs_world_view(world->world);
    compare_all(model, view, world->registry, world->naive);
    if (pecs_view_hash(view) != snapshot->hash)
        model_fail(model, "the world's hash is not that of the snapshot it came from");
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    if (summary.table_count != snapshot->summary.table_count)
        model_fail(model, "the world lacks tables of the snapshot that it was made from");
}

/* The common part of restore and rewind: only a rewind continues the session. */
static void world_returned(struct model *model, struct test_world *world, const struct test_snapshot *snapshot,
                           uint64_t nonce)
{
    model_memory_disarm();
    const uint64_t tick = pecs_view_tick(pecs_world_view(world->world));
    if (tick <= world->naive->tick || tick <= snapshot->naive->tick)
        model_fail(model, "a restore to tick %" PRIu64 " went from %" PRIu64 " to %" PRIu64, snapshot->naive->tick,
                   world->naive->tick, tick);
    naive_destroy(world->naive);
    world->naive = naive_copy(snapshot->naive);
    world->naive->nonce = nonce;
    naive_restored(world->naive, tick);
    world->shared = true;
    commands_forget(world); /* it may refer to entities that the restored state does not have */
    compare_with_origin(model, world, snapshot);
}

void op_restore(struct model *model, struct test_world *world)
{
    const struct test_snapshot *snapshot = choose_snapshot(model);
    if (!snapshot)
        return;
    const pecs_status status = pecs_world_restore(world->world, snapshot->snapshot);
    if (model_refused(model, status))
        return;
    if (snapshot->registry != world->registry) {
        model_expect(model, status, PECS_E_MISUSE, "restore to a snapshot of another registry");
        return;
    }
    model_expect(model, status, PECS_OK, "pecs_world_restore");
    world->timeline = ++model->timeline_count;
    world_returned(model, world, snapshot, 0);
    model_count(model, "restore: done");
}

/* The oldest snapshot of the world's timeline, or any of another one. */
static const struct test_snapshot *choose_oldest(struct model *model, const struct test_world *world)
{
    const struct test_snapshot *oldest = choose_snapshot_of(model, world);
    for (size_t i = 0; i < model->snapshot_count; i++)
        if (model->snapshots[i].timeline == world->timeline && model->snapshots[i].naive->tick < oldest->naive->tick)
            oldest = &model->snapshots[i];
    return oldest;
}

/* What a rewind undid lives on in snapshots: references to it and its ids come back with clones and merges. */
static void use_undone(struct model *model, struct test_world *world)
{
    op_clone(model, world);
    op_clone(model, world);
    if (random_once_in(&model->random, 2))
        op_merge(model, world);
}

void op_rewind(struct model *model, struct test_world *world)
{
    if (random_once_in(&model->random, 4))
        op_take(model, world); /* of what will be undone */
    const struct test_snapshot *snapshot =
        random_once_in(&model->random, 2) ? choose_oldest(model, world) : choose_snapshot_of(model, world);
    if (!snapshot)
        return;
    const pecs_status status = pecs_world_rewind(world->world, snapshot->snapshot);
    if (model_refused(model, status))
        return;
    if (snapshot->timeline != world->timeline) {
        model_expect(model, status, PECS_E_MISUSE, "rewind to a snapshot of another timeline");
        return;
    }
    model_expect(model, status, PECS_OK, "pecs_world_rewind");
    world_returned(model, world, snapshot, world->naive->nonce);
    model_count(model, "rewind: done");
    use_undone(model, world);
}

void op_fork(struct model *model, struct test_world *world)
{
    (void)world;
    const struct test_snapshot *snapshot = choose_snapshot(model);
    if (!snapshot || model->world_count == WORLD_MAX)
        return;
    pecs_world *fork = NULL;
    const pecs_world_options options = { .session_nonce = random_next(&model->random) | 1 };
    pecs_status status =
        pecs_world_create(model->registries[1 - snapshot->registry], snapshot->snapshot, &options, &fork, NULL);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_MISUSE, "a fork with another registry");
    status = pecs_world_create(model->registries[snapshot->registry], snapshot->snapshot, &options, &fork, NULL);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_world_create");
    model_memory_disarm();
    world_adopt(model, fork, naive_copy(snapshot->naive), snapshot->registry, true);
    model->worlds[model->world_count - 1].naive->nonce = 0;
    compare_with_origin(model, &model->worlds[model->world_count - 1], snapshot);
    model_count(model, "fork: done");
}

void op_destroy(struct model *model, struct test_world *world)
{
    if (model->world_count > 1)
        world_drop(model, world);
}

static void read_ids(struct model *model, const struct test_world *world, const pecs_entity *entities, size_t count,
                     pecs_id *ret_ids)
{
    for (size_t i = 0; i < count; i++)
        model_expect(model, pecs_view_id(pecs_world_view(world->world), entities[i], &ret_ids[i]), PECS_OK,
                     "pecs_view_id");
}

/*
 * Goes back to a snapshot twice and repeats the same spawns: they give the same handles, with the same ids after a
 * rewind and others after a restore.
 */
void op_replay(struct model *model, struct test_world *world)
{
    enum { ROWS = 12 };
    pecs_snapshot *snapshot = NULL;
    model_expect(model, pecs_snapshot_take(world->world, &snapshot), PECS_OK, "pecs_snapshot_take");
    world_shared(world);
    struct naive *before = naive_copy(world->naive);
    struct random random = model->random;
    pecs_entity handles[2][ROWS];
    pecs_id ids[2][ROWS];
    uint64_t hashes[2];
    const bool rewinds = random_once_in(&model->random, 2);
    random = model->random;
    for (size_t round = 0; round < 2; round++) {
        model->random = random;
        pecs_entity victim;
        if (choose_alive(model, before, &victim))
            model_expect(model, pecs_world_despawn(world->world, &victim, 1), PECS_OK, "pecs_world_despawn");
        model_expect(model, pecs_world_spawn(world->world, NULL, 0, ROWS, handles[round]), PECS_OK, "pecs_world_spawn");
        hashes[round] = pecs_view_hash(pecs_world_view(world->world));
        read_ids(model, world, handles[round], ROWS, ids[round]);
        model_expect(model,
                     rewinds ? pecs_world_rewind(world->world, snapshot) : pecs_world_restore(world->world, snapshot),
                     PECS_OK, "going back");
        if (!rewinds) {
            before->nonce = 0;
            world->timeline = ++model->timeline_count;
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        if ((memcmp(&ids[0][i], &ids[1][i], sizeof(pecs_id)) == 0) != rewinds)
            model_fail(model, "a replay after a %s", rewinds ? "rewind gave other ids" : "restore gave the same ids");
    }
    if (memcmp(handles[0], handles[1], sizeof(handles[0])) != 0 || hashes[0] != hashes[1])
        model_fail(model, "a replay gave other handles or another content");
    naive_destroy(world->naive);
    world->naive = before;
    naive_restored(before, pecs_view_tick(pecs_world_view(world->world)));
    commands_forget(world);
    compare_all(model, pecs_world_view(world->world), world->registry, world->naive);
    pecs_snapshot_release(snapshot);
}

/* The hash depends on values, and not on the order of rows. */
void op_hash(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_entity entity;
    if (!choose_alive(model, naive, &entity))
        return;
    const pecs_view view = pecs_world_view(world->world);
    const pecs_component tag = model_component(world->registry, TYPE_TAG_D);
    const pecs_value value = { tag, 0, NULL };
    const uint64_t hash = pecs_view_hash(view);
    const bool has = naive->slots[entity.index].has >> TYPE_TAG_D & 1;
    uint64_t other = 0;
    for (size_t step = 0; step < 2; step++) {
        if (has == (step == 0))
            model_expect(model, pecs_world_remove(world->world, entity, &tag, 1), PECS_OK, "pecs_world_remove");
        else
            model_expect(model, pecs_world_set(world->world, entity, &value, 1), PECS_OK, "pecs_world_set");
        if (step == 0)
            other = pecs_view_hash(view);
    }
    if (other == hash)
        model_fail(model, "the hash does not see a tag");
    if (pecs_view_hash(view) != hash)
        model_fail(model, "the hash depends on the order of rows");
    if (naive_get(naive, entity, TYPE_WORD)) {
        void *word = NULL;
        model_expect(model,
                     pecs_world_get_mut(world->world, entity, model_component(world->registry, TYPE_WORD), 4, &word),
                     PECS_OK, "pecs_world_get_mut");
        *(uint32_t *)word ^= 1u << random_below(&model->random, 32);
        naive_set(naive, entity, TYPE_WORD, word);
        if (pecs_view_hash(view) == hash)
            model_fail(model, "the hash does not see a value");
    }
    model_touch(model, entity);
}

/* --- files --- */

void path_make(const struct model *model, char path[PATH_BYTES], unsigned number)
{
    snprintf(path, PATH_BYTES, "%s/%u.pecs", model->directory, number);
}

struct bytes {
    uint8_t *data;
    size_t size;
};

static struct bytes file_read(struct model *model, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (!file || fstat(fileno(file), &status) != 0)
        model_fail(model, "%s cannot be read", path);
    struct bytes bytes = { malloc((size_t)status.st_size + 1), (size_t)status.st_size };
    if (!bytes.data || fread(bytes.data, 1, bytes.size, file) != bytes.size)
        model_fail(model, "%s cannot be read", path);
    fclose(file);
    return bytes;
}

static void expect_same_files(struct model *model, const char *left_path, const char *right_path)
{
    const struct bytes left = file_read(model, left_path), right = file_read(model, right_path);
    if (left.size != right.size)
        model_fail(model, "saved again, a file has %zu bytes, had %zu", right.size, left.size);
    for (size_t i = 0; i < left.size; i++) {
        if (left.data[i] != right.data[i])
            model_fail(model, "saved again, a file of %zu bytes differs at byte %zu: %02x, was %02x", left.size, i,
                       right.data[i], left.data[i]);
    }
    free(left.data);
    free(right.data);
}

bool save_state(struct model *model, struct test_world *world, const char *path)
{
    pecs_error error = { .message = "" };
    const pecs_save_options options = { .skip_sync = !random_once_in(&model->random, 64) };
    const pecs_status status = pecs_world_save(world->world, path, &options, &error);
    world_shared(world); /* even if it failed: it took a snapshot first */
    if (model_refused(model, status))
        return false;
    if (status)
        model_fail(model, "pecs_world_save: %s: %s", pecs_status_name(status), error.message);
    model_memory_disarm();
    return true;
}

static pecs_status open_file(const struct model *model, unsigned registry, const char *path, bool load,
                             pecs_snapshot **ret_snapshot, pecs_error *error)
{
    return load ? pecs_snapshot_load(model->registries[registry], path, NULL, ret_snapshot, error)
                : pecs_snapshot_resume(model->registries[registry], path, NULL, ret_snapshot, error);
}

pecs_snapshot *open_state(struct model *model, unsigned registry, const char *path, bool load)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = NULL;
    if (random_once_in(&model->random, 4)) /* short of memory at first */
        model_memory_arm(random_below(&model->random, 40));
    pecs_status status = open_file(model, registry, path, load, &snapshot, &error);
    const bool refused = model_refused(model, status);
    model_memory_disarm();
    if (refused)
        status = open_file(model, registry, path, load, &snapshot, &error);
    if (status)
        model_fail(model, "%s: %s: %s (%s at byte %" PRIu64 ")", load ? "load" : "resume", pecs_status_name(status),
                   error.message, error.rule ? error.rule : "-", error.offset);
    return snapshot;
}

/*
 * The state from a file is restored to a world, and mostly becomes a snapshot of the episode; if not, only the world
 * holds the file's arrays.
 */
void use_state(struct model *model, pecs_snapshot *snapshot, struct naive *naive, unsigned registry)
{
    char first[PATH_BYTES], again[PATH_BYTES];
    path_make(model, first, 0);
    path_make(model, again, 9);
    if (model->world_count == WORLD_MAX)
        world_drop(model, &model->worlds[random_below(&model->random, WORLD_MAX)]);
    pecs_world *world = NULL;
    const pecs_world_options options = { .session_nonce = random_next(&model->random) | 1 };
    model_expect(model, pecs_world_create(model->registries[registry], snapshot, &options, &world, NULL), PECS_OK,
                 "pecs_world_create from a file");
    const pecs_view view = pecs_world_view(world);
    compare_all(model, view, registry, naive);
    const pecs_save_options quick = { .skip_sync = true };
    pecs_error error = { .status = PECS_OK };
    const pecs_status saved = pecs_world_save(world, again, &quick, &error);
    if (saved)
        fprintf(stderr, "%s\n", error.message); /* a full disk is not the library's fault */
    model_expect(model, saved, PECS_OK, "pecs_world_save of what a file gave");
    expect_same_files(model, first, again);
    world_adopt(model, world, naive_copy(naive), registry, true);
    model->worlds[model->world_count - 1].naive->nonce = 0;
    if (random_once_in(&model->random, 3)) {
        pecs_snapshot_release(snapshot);
        naive_destroy(naive);
    } else {
        snapshot_adopt(model, snapshot, naive, registry);
    }
}

/* Sometimes by way of a compressed file, of which all that follows must notice nothing. */
static pecs_snapshot *open_packed(struct model *model, unsigned registry, const char *path, bool load)
{
    char packed[PATH_BYTES];
    if (!random_once_in(&model->random, 3))
        return open_state(model, registry, path, load);
    path_make(model, packed, 7);
    pecs_snapshot *snapshot = open_state(model, registry, path, random_once_in(&model->random, 2));
    const pecs_component_profile other = { (pecs_component)random_below(&model->random, 8),
                                           (pecs_profile)random_below(&model->random, 3) };
    const pecs_save_options options = {
        .skip_sync = true,
        .profile = (pecs_profile)random_below(&model->random, 3),
        .component_profiles = &other,
        .component_profile_count = (size_t)random_below(&model->random, 2),
        .thread_count = (uint32_t)random_below(&model->random, 4),
    };
    pecs_error error = { .message = "" };
    if (pecs_snapshot_save(snapshot, packed, &options, &error))
        model_fail(model, "a compressed save: %s", error.message);
    pecs_snapshot_release(snapshot);
    model_count(model, "file: compressed");
    snapshot = open_state(model, registry, packed, load);
    if (remove(packed))
        model_fail(model, "%s: %s", packed, strerror(errno));
    return snapshot;
}

static void save_and_open(struct model *model, struct test_world *world, bool load)
{
    char path[PATH_BYTES], again[PATH_BYTES];
    path_make(model, path, 0);
    path_make(model, again, 1);
    if (!save_state(model, world, path))
        return;
    const unsigned registry = (unsigned)random_below(&model->random, MODEL_REGISTRY_COUNT);
    pecs_snapshot *snapshot = open_packed(model, registry, path, load);
    const pecs_view before = pecs_world_view(world->world), after = pecs_snapshot_view(snapshot);
    pecs_summary left, right;
    pecs_view_summary(before, &left);
    pecs_view_summary(after, &right);
    if (memcmp(&left, &right, sizeof(left)) != 0)
        model_fail(model,
                   "the summary of a file is not that of its world: %" PRIu64 " and %" PRIu64 " tables, %" PRIu64
                   " and %" PRIu64 " bytes, tick %" PRIu64 " and %" PRIu64,
                   left.table_count, right.table_count, left.component_bytes, right.component_bytes, left.tick,
                   right.tick);
    if (pecs_view_hash(before) != pecs_view_hash(after))
        model_fail(model, "the hash of a file is not that of its world");
    const pecs_save_options quick = { .skip_sync = true };
    model_expect(model, pecs_snapshot_save(snapshot, again, &quick, NULL), PECS_OK, "pecs_snapshot_save");
    expect_same_files(model, path, again);
    const bool own = registry == world->registry;
    use_state(model, snapshot, naive_copy(world->naive), registry); /* may drop the world */
    model_count(model, own ? "file: same registry" : "file: other registry");
}

void op_save_resume(struct model *model, struct test_world *world)
{
    save_and_open(model, world, false);
}

void op_save_load(struct model *model, struct test_world *world)
{
    save_and_open(model, world, true);
}

/* Flips one bit of the file or truncates it; undoes the previous change first. */
static void file_damage(struct model *model, const char *path, const struct bytes *bytes, bool cut)
{
    const size_t at = random_below(&model->random, bytes->size);
    const uint8_t bit = (uint8_t)(1u << random_below(&model->random, 8));
    const size_t size = cut ? at : bytes->size;
    bytes->data[at] ^= bit;
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes->data, 1, size, file) != size || fclose(file) != 0)
        model_fail(model, "%s cannot be written", path);
    bytes->data[at] ^= bit;
}

/* A damaged file is refused, or gives the saved state (no rule covers some bytes). */
static void load_damaged(struct model *model, const struct test_world *world, const char *path, bool cut)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(model->registries[world->registry], path, NULL, &snapshot, &error);
    if (status == PECS_OK) {
        if (cut)
            model_fail(model, "a file that was cut was loaded");
        compare_all(model, pecs_snapshot_view(snapshot), world->registry, world->naive);
        pecs_snapshot_release(snapshot);
        model_count(model, "damaged: harmless");
        return;
    }
    if (status != PECS_E_CORRUPT && status != PECS_E_UNSUPPORTED && status != PECS_E_LAYOUT)
        model_fail(model, "a damaged file gives %s: %s", pecs_status_name(status), error.message);
    if (status == PECS_E_CORRUPT && !error.rule)
        model_fail(model, "a damaged file was refused without a rule: %s", error.message);
    if (error.message[0] == 0 || error.status != status)
        model_fail(model, "a refused file came without a message");
    model_count(model, cut ? "damaged: cut" : "damaged: refused");
}

void op_damaged(struct model *model, struct test_world *world)
{
    char path[PATH_BYTES];
    path_make(model, path, 2);
    if (!save_state(model, world, path))
        return;
    const struct bytes bytes = file_read(model, path);
    for (unsigned i = 0; i < 6; i++) {
        file_damage(model, path, &bytes, i == 0);
        load_damaged(model, world, path, i == 0);
    }
    free(bytes.data);
}

/* The caller's limits are respected; a world refuses a state of another registry. */
void op_load_limits(struct model *model, struct test_world *world)
{
    char path[PATH_BYTES];
    path_make(model, path, 3);
    if (!save_state(model, world, path))
        return;
    pecs_registry *registry = model->registries[world->registry];
    struct stat status;
    if (stat(path, &status) != 0)
        model_fail(model, "%s is not there", path);
    const uint64_t bytes = (uint64_t)status.st_size, entities = world->naive->alive_count;
    const pecs_load_options exact = { .limits.max_bytes = bytes, .limits.max_entities = entities };
    const pecs_load_options small = { .limits.max_bytes = bytes - 1 };
    const pecs_load_options few = { .limits.max_entities = entities > 1 ? entities - 1 : 1 };
    pecs_snapshot *snapshot = NULL;
    model_expect(model, pecs_snapshot_load(registry, path, &exact, &snapshot, NULL), PECS_OK, "load within limits");
    pecs_snapshot_release(snapshot);
    snapshot = NULL;
    model_expect(model, pecs_snapshot_load(registry, path, &small, &snapshot, NULL), PECS_E_LIMIT, "load of too much");
    model_expect(
        model, pecs_snapshot_resume(registry, path, &(pecs_resume_options){ .limits = small.limits }, &snapshot, NULL),
        PECS_E_LIMIT, "resume of too much");
    if (entities > 1) {
        model_expect(model, pecs_snapshot_load(registry, path, &few, &snapshot, NULL), PECS_E_LIMIT,
                     "load of too many entities");
        model_expect(
            model,
            pecs_snapshot_resume(registry, path, &(pecs_resume_options){ .limits = few.limits }, &snapshot, NULL),
            PECS_E_LIMIT, "resume of too many entities");
    }
    if (snapshot)
        model_fail(model, "a failed load gave a snapshot");
    path_make(model, path, 4);
    unlink(path);
    model_expect(model, pecs_snapshot_load(registry, path, NULL, &snapshot, NULL), PECS_E_IO, "load of no file");
    model_expect(model, pecs_snapshot_resume(registry, path, NULL, &snapshot, NULL), PECS_E_IO, "resume of no file");
}
