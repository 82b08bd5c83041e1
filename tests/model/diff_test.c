/*
 * Diff test: pecs_view_diff and pecs_view_diff_by_handle against the oracle of diff_oracle.h, over random histories.
 *
 *     diff_test [--seed S] [--histories N]
 *
 * A history spawns, despawns, assigns and moves ids, brings entities back under the ids of dead ones, sets and removes
 * components and singletons that hold references, compacts, takes snapshots, restores, rewinds and forks. At its end
 * each kept snapshot is compared with the last state, forwards and backwards: as snapshots, which share arrays; as
 * resumed files, which share none; and one of each. The diff takes short cuts by what is shared, so all must agree. A
 * history follows from its seed alone: `--seed S --histories 1` repeats it.
 */
#define _GNU_SOURCE
#include "diff_oracle.h"
#include "model_random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEPT_MAX = 3,
    HANDLE_MAX = 1 << 14,
    OLD_ID_MAX = 64,
    LAST_MAX = 10,
    VALUE_BYTES = sizeof(Nest),
    PATH_BYTES = 128
};

/* Handles that a world assigned, of living and dead entities. */
struct handles {
    pecs_entity entities[HANDLE_MAX];
    size_t count;
};

struct kept {
    pecs_snapshot *snapshot;
    struct handles known;
};

struct history {
    uint64_t seed;
    struct random random;
    pecs_registry *registry;
    pecs_world *world;
    uint64_t world_count;
    struct handles known;
    struct kept kept[KEPT_MAX];
    pecs_id old_ids[OLD_ID_MAX]; /* that entities have or had: to bring back, or to collide with */
    size_t old_id_count;
    uint32_t id_count; /* number of generated explicit ids */
};

static char path[PATH_BYTES];
static uint64_t difference_count, rebirth_count, restore_count;

_Noreturn static void fail(const struct history *history, const char *what, const char *how)
{
    fprintf(stderr, "diff_test: seed %" PRIu64 ": %s: %s\n", history->seed, what, how);
    unlink(path);
    exit(1);
}

static void require(const struct history *history, pecs_status status, const char *what)
{
    if (status)
        fail(history, what, pecs_status_name(status));
}

/* --- what edits are made of --- */

static uint64_t below(struct history *history, uint64_t count)
{
    return random_below(&history->random, count);
}

static void know(struct history *history, pecs_entity entity)
{
    pecs_id id;
    require(history, history->known.count < HANDLE_MAX ? PECS_OK : PECS_E_LIMIT, "handles");
    history->known.entities[history->known.count++] = entity;
    require(history, pecs_view_id(pecs_world_view(history->world), entity, &id), "id");
    if (history->old_id_count < OLD_ID_MAX)
        history->old_ids[history->old_id_count++] = id;
    else
        history->old_ids[below(history, OLD_ID_MAX)] = id;
}

/* A random handle, often one of the last. */
static pecs_entity some_entity(struct history *history)
{
    const struct handles *known = &history->known;
    const size_t count = known->count;
    if (count == 0 || below(history, 8) == 0)
        return (pecs_entity){ 0, 0 };
    if (below(history, 3))
        return known->entities[below(history, count)];
    return known->entities[count - 1 - below(history, count < LAST_MAX ? count : LAST_MAX)];
}

/* The id of a living entity, of one that may be dead, an earlier explicit id, or a new one. */
static pecs_id some_id(struct history *history)
{
    pecs_id id;
    if (below(history, 4) == 0 && !pecs_view_id(pecs_world_view(history->world), some_entity(history), &id))
        return id;
    if (history->old_id_count && below(history, 3) == 0)
        return history->old_ids[below(history, history->old_id_count)];
    const uint32_t number = (uint32_t)(below(history, 2) ? history->id_count++ : below(history, history->id_count + 1));
    id = (pecs_id){ { 9 } };
    memcpy(id.bytes + 4, &number, sizeof(number));
    return id;
}

/* Few different numbers, so that values are often equal; padding is garbage. */
static pecs_value some_value(struct history *history, pecs_component component, uint8_t bytes[VALUE_BYTES])
{
    Link link = { some_entity(history) };
    Plain plain = { (uint32_t)below(history, 3) };
    Nest nest;
    memset(&nest, (int)below(history, 256), sizeof(nest));
    nest.number = (uint32_t)below(history, 2);
    nest.flags = (uint16_t)below(history, 2);
    for (size_t i = 0; i < 2; i++) {
        nest.bonds[i].who = some_entity(history);
        nest.bonds[i].mood = (uint8_t)below(history, 2);
    }
    for (size_t i = 0; i < 3; i++)
        nest.list[i] = some_entity(history);
    for (size_t i = 0; i < 4; i++)
        nest.grid[i / 2][i % 2] = some_entity(history);
    const void *const values[] = { [LINK] = &link, [NEST] = &nest, [PLAIN] = &plain };
    if (component == MARKED)
        return (pecs_value)PECS_HAS_AS(MARKED);
    memcpy(bytes, values[component], diff_types[component]->size);
    return (pecs_value){ component, diff_types[component]->size, bytes };
}

/* --- edits; those that the world's state forbids change nothing --- */

static void spawn(struct history *history, const pecs_value *values, size_t count, bool has_id)
{
    pecs_entity entity;
    const pecs_id id = some_id(history);
    if (!has_id)
        require(history, pecs_world_spawn(history->world, values, count, 1, &entity), "spawn");
    else if (pecs_world_spawn_with_ids(history->world, values, count, &id, 1, &entity))
        return;
    rebirth_count += has_id;
    know(history, entity);
}

static void edit_singleton(struct history *history, pecs_component component)
{
    uint8_t bytes[VALUE_BYTES];
    const pecs_value value = some_value(history, component, bytes);
    require(history,
            below(history, 3) ? pecs_world_set_singleton(history->world, component, value.size_bytes, value.data)
                              : pecs_world_remove_singleton(history->world, component),
            "singleton");
}

static void edit(struct history *history)
{
    uint8_t bytes[TYPE_COUNT][VALUE_BYTES];
    pecs_value values[TYPE_COUNT];
    size_t count = 0;
    pecs_status status = PECS_OK;
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        if (below(history, 3) == 0)
            values[count++] = some_value(history, i, bytes[i]);
    const pecs_entity entity = some_entity(history);
    const pecs_component component = (pecs_component)below(history, TYPE_COUNT);
    switch (below(history, 11)) {
    case 0:
    case 1:
        spawn(history, values, count, false);
        break;
    case 2:
        spawn(history, values, count, true);
        break;
    case 3:
        status = pecs_world_despawn(history->world, &entity, 1);
        break;
    case 4:
    case 5:
        status = pecs_world_set(history->world, entity, values, count);
        break;
    case 6:
        status = pecs_world_remove(history->world, entity, &component, 1);
        break;
    case 7:
        status = pecs_world_set_id(history->world, entity, some_id(history));
        break;
    case 8:
        status = pecs_world_remap_id(history->world, some_id(history), some_id(history));
        break;
    case 9:
        edit_singleton(history, component);
        break;
    default:
        if (below(history, 4) == 0)
            status =
                below(history, 2) ? pecs_world_compact(history->world, NULL) : pecs_world_advance(history->world, NULL);
    }
    if (status && status != PECS_E_DEAD && status != PECS_E_CONFLICT && status != PECS_E_ABSENT)
        require(history, status, "edit");
}

/* --- snapshots --- */

static void handles_copy(struct handles *to, const struct handles *from)
{
    memcpy(to->entities, from->entities, from->count * sizeof(*from->entities));
    to->count = from->count;
}

static void take(struct history *history)
{
    struct kept *kept = &history->kept[below(history, KEPT_MAX)];
    pecs_snapshot_release(kept->snapshot);
    require(history, pecs_snapshot_take(history->world, &kept->snapshot), "take");
    handles_copy(&kept->known, &history->known);
}

static void begin_world(struct history *history, const pecs_snapshot *base)
{
    const pecs_world_options options = { .session_nonce = history->seed << 8 | ++history->world_count };
    pecs_world_destroy(history->world);
    require(history, pecs_world_create(history->registry, base, &options, &history->world, NULL), "create");
}

/* Forgets the handles after the restored state: the world may assign them to other entities. */
static void go_back(struct history *history)
{
    const struct kept *kept = &history->kept[below(history, KEPT_MAX)];
    if (!kept->snapshot)
        return;
    const uint64_t way = below(history, 3);
    if (way == 0)
        begin_world(history, kept->snapshot);
    else if (way == 1 || pecs_world_rewind(history->world, kept->snapshot)) /* refused after a restore */
        require(history, pecs_world_restore(history->world, kept->snapshot), "restore");
    handles_copy(&history->known, &kept->known);
    restore_count++;
}

static pecs_snapshot *through_file(const struct history *history, const pecs_snapshot *snapshot)
{
    const pecs_save_options options = { .skip_sync = true };
    pecs_snapshot *resumed = NULL;
    require(history, pecs_snapshot_save(snapshot, path, &options, NULL), "save");
    require(history, pecs_snapshot_resume(history->registry, path, NULL, &resumed, NULL), "resume");
    return resumed;
}

static void compare(const struct history *history, pecs_snapshot *const snapshots[2], pecs_snapshot *const files[2])
{
    static const char *const names[] = { "snapshots", "files", "a snapshot and a file" };
    for (unsigned way = 0; way < 12; way++) {
        const bool is_backwards = way & 1, by_handle = way & 2;
        const unsigned kind = way / 4;
        uint64_t count;
        const pecs_view from = pecs_snapshot_view((kind == 1 ? files : snapshots)[is_backwards]);
        const pecs_view to = pecs_snapshot_view((kind == 0 ? snapshots : files)[!is_backwards]);
        if (!diff_agrees(from, to, by_handle, &count)) {
            fprintf(stderr, "%s, %s, ", is_backwards ? "backwards" : "forwards", by_handle ? "by handle" : "by id");
            fail(history, names[kind], "the diff and the oracle disagree");
        }
        difference_count += count;
    }
}

/* --- histories --- */

/* Sometimes many entities, so that the index and tables have several chunks. */
static void spawn_many(struct history *history)
{
    const size_t count = 3000 + below(history, 6000);
    pecs_entity *entities = malloc(count * sizeof(*entities));
    const pecs_value values[] = { { LINK, sizeof(Link), NULL } };
    if (!entities)
        abort();
    require(history, pecs_world_spawn(history->world, values, below(history, 2), count, entities), "spawn of many");
    for (size_t i = 0; i < count; i++)
        know(history, entities[i]);
    free(entities);
}

static void run(uint64_t seed)
{
    static struct history history;
    memset(&history, 0, sizeof(history));
    history.seed = seed;
    history.random.state = seed * 0x2545f4914f6cdd1du;
    const pecs_registry_desc desc = { .types = diff_types, .type_count = TYPE_COUNT };
    require(&history, pecs_registry_create(&desc, &history.registry, NULL), "registry");
    begin_world(&history, NULL);
    if (below(&history, 48) == 0)
        spawn_many(&history);
    const uint64_t rarely = below(&history, 2) ? 6 : 24; /* few edits between snapshots, or many */
    for (uint64_t i = below(&history, 120); i > 0; i--) {
        edit(&history);
        if (below(&history, rarely) == 0)
            take(&history);
        if (below(&history, 2 * rarely) == 0)
            go_back(&history);
    }
    pecs_snapshot *last, *files[2];
    require(&history, pecs_snapshot_take(history.world, &last), "take");
    files[1] = through_file(&history, last);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        pecs_snapshot *kept = history.kept[i].snapshot;
        if (!kept)
            continue;
        files[0] = through_file(&history, kept);
        compare(&history, (pecs_snapshot *const[]){ kept, last }, files);
        pecs_snapshot_release(files[0]);
        pecs_snapshot_release(kept);
    }
    pecs_snapshot_release(files[1]);
    pecs_snapshot_release(last);
    pecs_world_destroy(history.world);
    pecs_registry_release(history.registry);
}

int main(int argument_count, char **arguments)
{
    uint64_t seed = 1, histories = 1500;
    for (int i = 1; i + 1 < argument_count; i += 2) {
        if (strcmp(arguments[i], "--seed") == 0)
            seed = strtoull(arguments[i + 1], NULL, 10);
        else if (strcmp(arguments[i], "--histories") == 0)
            histories = strtoull(arguments[i + 1], NULL, 10);
    }
    const char *folder = getenv("TMPDIR");
    if (!folder)
        folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, sizeof(path), "%s/pecs-diff-%ld.pecs", folder, (long)getpid());
    for (uint64_t i = 0; i < histories; i++)
        run(seed + i);
    unlink(path);
    printf("%" PRIu64 " histories from seed %" PRIu64 ": %" PRIu64 " differences, %" PRIu64
           " spawns under an id, %" PRIu64 " returns to a snapshot\n",
           histories, seed, difference_count, rebirth_count, restore_count);
    return histories && !(difference_count && rebirth_count && restore_count);
}
