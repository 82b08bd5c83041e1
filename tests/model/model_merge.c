/*
 * Merges in the model test: a random part of a snapshot of the episode, or of a world, from memory or from a file,
 * comes into a world. The model looks up each id, decides by the policy, and gives references the entities that the
 * library says came in; those must be the next free slots, each once.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

enum { PART_MAX = 300 };

enum fate { FATE_NONE, FATE_ADDED, FATE_KEPT, FATE_REPLACED, FATE_NEW_ID };

struct source {
    pecs_snapshot *snapshot; /* owned, as is the model */
    struct naive *naive;
};

struct merging {
    const struct naive *from;
    pecs_conflicts conflicts;
    enum fate *fates;     /* of each slot of the source */
    pecs_entity *targets; /* what becomes of its entity */
    pecs_merge_report report;
    uint32_t singletons;                      /* those that come in */
    bool attachments[NAIVE_ATTACHMENT_COUNT]; /* whether it comes in */
};

/* --- the source --- */

/* In place of the source: the same for the registry of the world. */
static bool source_convert(struct model *model, struct source *source, unsigned registry)
{
    pecs_snapshot *made = NULL;
    const pecs_status status = pecs_snapshot_convert(source->snapshot, model->registries[registry], &made, NULL);
    if (model_refused(model, status))
        return false;
    model_expect(model, status, PECS_OK, "pecs_snapshot_convert");
    pecs_snapshot_release(source->snapshot);
    source->snapshot = made;
    return true;
}

static bool source_filter(struct model *model, struct source *source, unsigned registry, size_t most)
{
    struct naive *naive = NULL;
    pecs_snapshot *made = filter_part(model, source->snapshot, source->naive, registry, most, &naive);
    if (!made)
        return false;
    pecs_snapshot_release(source->snapshot);
    naive_destroy(source->naive);
    *source = (struct source){ made, naive };
    return true;
}

static void source_from_file(struct model *model, struct source *source, unsigned registry)
{
    char path[PATH_BYTES];
    const pecs_save_options quick = { .skip_sync = true };
    path_make(model, path, 6);
    model_memory_disarm();
    model_expect(model, pecs_snapshot_save(source->snapshot, path, &quick, NULL), PECS_OK, "pecs_snapshot_save");
    pecs_snapshot_release(source->snapshot);
    source->snapshot = open_state(model, registry, path, random_once_in(&model->random, 2));
}

static bool source_begin(struct model *model, const struct test_world *to, struct source *source,
                         unsigned *ret_registry)
{
    const uint64_t kind = random_below(&model->random, 4);
    const struct test_snapshot *snapshot = kind == 0  ? NULL
                                           : kind < 3 ? choose_snapshot_of(model, to)
                                                      : choose_snapshot(model);
    struct test_world *world = choose_world(model);
    if (snapshot) {
        *source = (struct source){ pecs_snapshot_retain(snapshot->snapshot), naive_copy(snapshot->naive) };
        *ret_registry = snapshot->registry;
        return true;
    }
    const pecs_status status = pecs_snapshot_take(world->world, &source->snapshot);
    if (model_refused(model, status))
        return false;
    model_expect(model, status, PECS_OK, "pecs_snapshot_take");
    world_shared(world);
    source->naive = naive_copy(world->naive);
    *ret_registry = world->registry;
    return true;
}

static void source_end(struct source *source)
{
    pecs_snapshot_release(source->snapshot);
    naive_destroy(source->naive);
}

/* A snapshot of the world's registry that is not too large for it. False: out of memory, or the test ends here. */
static bool source_choose(struct model *model, struct test_world *world, struct source *source)
{
    const size_t alive = world->naive->alive_count;
    size_t most = alive < model->size ? model->size - alive + 8 : 8; /* so merges do not make worlds larger */
    unsigned registry;
    most = most < PART_MAX ? most : PART_MAX;
    if (!source_begin(model, world, source, &registry))
        return false;
    if (registry != world->registry && random_once_in(&model->random, 8)) {
        model_expect(model, pecs_world_merge(world->world, source->snapshot, PECS_CONFLICTS_KEEP, NULL, NULL),
                     PECS_E_MISUSE, "a merge of a snapshot of another registry");
        source_end(source);
        return false;
    }
    if ((registry != world->registry && !source_convert(model, source, world->registry)) ||
        ((source->naive->alive_count > most || random_once_in(&model->random, 2)) &&
         !source_filter(model, source, world->registry, most))) {
        source_end(source);
        return false;
    }
    if (random_once_in(&model->random, 4))
        source_from_file(model, source, world->registry);
    return true;
}

/* --- what must become of it --- */

/* Whether the world will give the id to an entity that is not spawned yet. */
static bool is_future(const struct naive *naive, pecs_id id)
{
    uint32_t words[2] = { 0, 0 }; /* generation, index */
    for (size_t i = 0; i < 8; i++)
        words[i / 4] = words[i / 4] << 8 | id.bytes[8 + i];
    const pecs_entity entity = { words[1], words[0] & NAIVE_GENERATION_MAX };
    const pecs_id birth = naive_birth_id(naive->nonce, entity);
    return naive->nonce && memcmp(&birth, &id, sizeof(id)) == 0 &&
           (entity.index >= naive->slot_count || entity.generation > naive->slots[entity.index].generation);
}

static enum fate decide(const struct naive *naive, const struct merging *merging, size_t slot)
{
    const pecs_id id = naive_id(merging->from, naive_entity(merging->from, slot));
    if (!naive_find(naive, id, &merging->targets[slot]))
        return !is_future(naive, id)                         ? FATE_ADDED
               : merging->conflicts == PECS_CONFLICTS_NEW_ID ? FATE_NEW_ID
                                                             : FATE_NONE;
    static const enum fate fates[] = { [PECS_CONFLICTS_REFUSE] = FATE_NONE,
                                       [PECS_CONFLICTS_KEEP] = FATE_KEPT,
                                       [PECS_CONFLICTS_REPLACE] = FATE_REPLACED,
                                       [PECS_CONFLICTS_NEW_ID] = FATE_NEW_ID };
    return fates[merging->conflicts];
}

/* Decides about each entity. False: it is refused. */
static bool decide_all(const struct naive *naive, struct merging *merging)
{
    uint64_t *const counts[] = { [FATE_ADDED] = &merging->report.added_count,
                                 [FATE_KEPT] = &merging->report.kept_count,
                                 [FATE_REPLACED] = &merging->report.replaced_count,
                                 [FATE_NEW_ID] = &merging->report.new_id_count };
    const bool refuses = merging->conflicts == PECS_CONFLICTS_REFUSE;
    const bool replaces = merging->conflicts == PECS_CONFLICTS_REPLACE;
    const uint32_t both = naive->singleton_has & merging->from->singleton_has;
    for (size_t i = 0; i < merging->from->slot_count; i++) {
        if (!merging->from->slots[i].alive)
            continue;
        merging->fates[i] = decide(naive, merging, i);
        if (merging->fates[i] == FATE_NONE)
            return false;
        ++*counts[merging->fates[i]];
    }
    merging->singletons = replaces ? merging->from->singleton_has : merging->from->singleton_has & ~both;
    bool is_refused = refuses && both;
    for (size_t i = 0; i < NAIVE_ATTACHMENT_COUNT; i++) {
        const bool is_there = naive->attachments[i].is_there, comes = merging->from->attachments[i].is_there;
        merging->attachments[i] = comes && (!is_there || replaces);
        is_refused |= refuses && comes && is_there;
    }
    return !is_refused;
}

/* --- the same in the model --- */

/* Spawns the entities that came in: the library says which handle belongs to which. */
static void spawn_all(struct model *model, struct naive *naive, struct merging *merging, const pecs_entity *handles)
{
    const uint64_t count = merging->report.added_count + merging->report.new_id_count;
    const size_t had = naive->slot_count;
    bool *is_new = calloc(had + (size_t)count + 1, sizeof(*is_new));
    if (!is_new)
        abort();
    for (uint64_t i = 0; i < count; i++)
        is_new[naive_spawn(naive).index] = true;
    for (size_t i = 0; i < merging->from->slot_count; i++) {
        const enum fate fate = merging->fates[i];
        if (fate != FATE_ADDED && fate != FATE_NEW_ID)
            continue;
        if (!naive_alive(naive, handles[i]) || !is_new[handles[i].index])
            model_fail(model, "{%" PRIu32 ", %" PRIu32 "} came in, which is not one of the next handles",
                       handles[i].index, handles[i].generation);
        is_new[handles[i].index] = false;
        merging->targets[i] = handles[i];
    }
    free(is_new);
}

static void lead(void *user, pecs_entity *entity)
{
    struct merging *merging = user;
    if (!entity->generation)
        return;
    const bool is_there = naive_alive(merging->from, *entity);
    merging->report.reference_count += !is_there;
    *entity = is_there ? merging->targets[entity->index] : (pecs_entity){ 0, 0 };
}

static void copy_values(struct naive *naive, struct merging *merging, size_t slot)
{
    const struct naive_slot *from = &merging->from->slots[slot];
    const pecs_entity entity = merging->targets[slot];
    naive->slots[entity.index].has = 0;
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        uint8_t value[MODEL_VALUE_BYTES];
        if (!(from->has >> type & 1))
            continue;
        memcpy(value, from->values + model_offsets[type], model_size(type));
        model_value_entities(type, value, lead, merging);
        naive_set(naive, entity, type, value);
    }
}

static void merge_naive(struct model *model, struct naive *naive, struct merging *merging, const pecs_entity *handles)
{
    const struct naive *from = merging->from;
    spawn_all(model, naive, merging, handles);
    for (size_t i = 0; i < from->slot_count; i++) {
        if (merging->fates[i] == FATE_ADDED)
            naive_give_id(naive, merging->targets[i], naive_id(from, naive_entity(from, i)));
        if (merging->fates[i] == FATE_NONE || merging->fates[i] == FATE_KEPT)
            continue;
        naive_open_tick(naive);
        copy_values(naive, merging, i);
        model_touch(model, merging->targets[i]);
    }
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        uint8_t value[MODEL_VALUE_BYTES];
        if (!(merging->singletons >> type & 1))
            continue;
        memcpy(value, from->singletons + model_offsets[type], model_size(type));
        model_value_entities(type, value, lead, merging);
        naive_open_tick(naive);
        naive_set_singleton(naive, type, value);
    }
    for (size_t i = 0; i < NAIVE_ATTACHMENT_COUNT; i++) {
        if (!merging->attachments[i])
            continue;
        naive_open_tick(naive);
        naive->attachments[i] = from->attachments[i];
    }
}

/* --- the operation --- */

static void expect_report(const struct model *model, const pecs_merge_report *got, const pecs_merge_report *wanted)
{
    if (memcmp(got, wanted, sizeof(*got)) != 0)
        model_fail(model,
                   "a merge reports %" PRIu64 " added, %" PRIu64 " kept, %" PRIu64 " replaced, %" PRIu64
                   " with new ids, %" PRIu64 " references, should report %" PRIu64 ", %" PRIu64 ", %" PRIu64
                   ", %" PRIu64 ", %" PRIu64,
                   got->added_count, got->kept_count, got->replaced_count, got->new_id_count, got->reference_count,
                   wanted->added_count, wanted->kept_count, wanted->replaced_count, wanted->new_id_count,
                   wanted->reference_count);
}

static void expect_handles(const struct model *model, const struct merging *merging, const pecs_entity *handles,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const pecs_entity wanted = merging->fates[i] == FATE_NONE ? (pecs_entity){ 0, 0 } : merging->targets[i];
        if (memcmp(&handles[i], &wanted, sizeof(wanted)) != 0)
            model_fail(model, "slot %zu became {%" PRIu32 ", %" PRIu32 "}, should be {%" PRIu32 ", %" PRIu32 "}", i,
                       handles[i].index, handles[i].generation, wanted.index, wanted.generation);
    }
}

/* Once more, keeping what is there: all is. */
static void merge_again(struct model *model, struct test_world *world, const struct source *source)
{
    const pecs_view view = pecs_world_view(world->world);
    const pecs_merge_report wanted = { .kept_count = source->naive->alive_count };
    pecs_merge_report report;
    const uint64_t hash = pecs_view_hash(view), tick = pecs_view_tick(view);
    model_memory_disarm();
    model_expect(model, pecs_world_merge(world->world, source->snapshot, PECS_CONFLICTS_KEEP, NULL, &report), PECS_OK,
                 "pecs_world_merge once more");
    expect_report(model, &report, &wanted);
    if (pecs_view_hash(view) != hash || pecs_view_tick(view) != tick)
        model_fail(model, "the same merge once more changed something");
}

static void merge_done(struct model *model, struct test_world *world, const struct source *source,
                       struct merging *merging, const pecs_entity *handles, size_t handle_count)
{
    static const char *const names[] = { "merge: nothing to refuse", "merge: keep", "merge: replace", "merge: new id" };
    merge_naive(model, world->naive, merging, handles);
    expect_handles(model, merging, handles, handle_count);
    if (merging->report.new_id_count)
        ids_learn(model, world);
    else if (merging->report.added_count)
        ids_learn_by_spawn(model, world);
    if (merging->conflicts != PECS_CONFLICTS_NEW_ID && random_once_in(&model->random, 4))
        merge_again(model, world, source);
    model_count(model, names[merging->conflicts]);
}

static void merge(struct model *model, struct test_world *world, const struct source *source, struct merging *merging)
{
    pecs_summary summary;
    pecs_merge_report report = { .kept_count = 7 };
    pecs_view_summary(pecs_snapshot_view(source->snapshot), &summary);
    pecs_entity *handles = calloc((size_t)summary.slot_count + 1, sizeof(*handles));
    if (!handles)
        abort();
    handles[0] = (pecs_entity){ 7, 7 };
    const bool is_allowed = decide_all(world->naive, merging);
    world->shared = true; /* a merge holds the state that it edits */
    const pecs_status status = pecs_world_merge(world->world, source->snapshot, merging->conflicts, handles, &report);
    if (!status && is_allowed) {
        merge_done(model, world, source, merging, handles, (size_t)summary.slot_count);
        expect_report(model, &report, &merging->report);
    } else {
        if (!model_refused(model, status))
            model_expect(model, status, is_allowed ? PECS_OK : PECS_E_CONFLICT, "pecs_world_merge");
        if (handles[0].index != 7 || report.kept_count != 7)
            model_fail(model, "a failed merge wrote handles or a report");
        model_count(model, "merge: refused");
    }
    model_memory_disarm();
    naive_follow_tick(world->naive, pecs_view_tick(pecs_world_view(world->world)));
    compare_all(model, pecs_world_view(world->world), world->registry, world->naive);
    if (random_once_in(&model->random, 4))
        compare_all(model, pecs_snapshot_view(source->snapshot), world->registry, source->naive);
    free(handles);
}

/* Removes from the world what a merge that may refuse would refuse. */
static void clear_conflicts(struct model *model, struct test_world *world, const struct source *source)
{
    struct naive *naive = world->naive;
    const uint32_t both = naive->singleton_has & source->naive->singleton_has;
    model_memory_disarm();
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        if (both >> type & 1)
            model_expect(model, pecs_world_remove_singleton(world->world, model_component(world->registry, type)),
                         PECS_OK, "pecs_world_remove_singleton");
    naive->singleton_has &= ~both;
    for (size_t i = 0; i < NAIVE_ATTACHMENT_COUNT; i++) {
        if (!source->naive->attachments[i].is_there)
            continue;
        model_expect(model, pecs_world_detach(world->world, naive_attachment_names[i]), PECS_OK, "pecs_world_detach");
        naive->attachments[i] = (struct naive_meta){ .is_there = false };
    }
    for (size_t i = 0; i < source->naive->slot_count; i++) {
        pecs_entity entity;
        if (!source->naive->slots[i].alive ||
            !naive_find(naive, naive_id(source->naive, naive_entity(source->naive, i)), &entity))
            continue;
        model_expect(model, pecs_world_despawn(world->world, &entity, 1), PECS_OK, "pecs_world_despawn");
        naive_despawn(naive, entity);
    }
    naive_follow_tick(naive, pecs_view_tick(pecs_world_view(world->world)));
}

void op_merge(struct model *model, struct test_world *world)
{
    struct source source;
    if (!source_choose(model, world, &source))
        return;
    const size_t count = source.naive->slot_count + 1;
    struct merging merging = { .from = source.naive,
                               .conflicts = (pecs_conflicts)random_below(&model->random, PECS_CONFLICTS_NEW_ID + 1),
                               .fates = calloc(count, sizeof(*merging.fates)),
                               .targets = calloc(count, sizeof(*merging.targets)) };
    if (!merging.fates || !merging.targets)
        abort();
    if (merging.conflicts == PECS_CONFLICTS_REFUSE && random_once_in(&model->random, 2))
        clear_conflicts(model, world, &source);
    merge(model, world, &source, &merging);
    free(merging.fates);
    free(merging.targets);
    source_end(&source);
}
