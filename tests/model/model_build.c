/*
 * The builder in the model test: a world is made again from the naive model, in random batches of rows with equal
 * components, and must be the same: with its own handles and dead slots the hash is that of the world; with handles
 * that the builder makes, all references are led to them. Then the snapshot is saved and used like any other.
 *
 * A call that memory ran out in is repeated: it must have changed nothing.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 64, BUILD_MAX = 30000 };

struct building {
    struct model *model;
    struct random order; /* of batches */
    pecs_builder *builder;
    unsigned registry;
    const struct naive *from;
    struct naive *made;      /* what the snapshot must have */
    bool has_handles;        /* the builder is given those of the world */
    pecs_entity *handles;    /* of each slot of the world, that of its entity in the snapshot */
    bool *is_added;          /* of each slot of the world */
    size_t batch[BATCH_MAX]; /* slots with equal components */
    size_t batch_count;
};

/* --- order and handles --- */

static bool is_explicit(const struct naive_slot *slot)
{
    return slot->id_place != NAIVE_NO_ID;
}

/* Finds the next batch: some slots, from a random one on, that have the same components and were not added. */
static bool batch_find(struct building *building)
{
    struct random *random = &building->order;
    const struct naive *from = building->from;
    const size_t start = random_below(random, from->slot_count);
    const size_t most = 1 + random_below(random, random_once_in(random, 3) ? 3 : BATCH_MAX);
    const struct naive_slot *first = NULL;
    building->batch_count = 0;
    for (size_t i = 0; i < from->slot_count && building->batch_count < most; i++) {
        const size_t index = (start + i) % from->slot_count;
        const struct naive_slot *slot = &from->slots[index];
        if (!slot->alive || building->is_added[index])
            continue;
        first = first ? first : slot;
        if (slot->has == first->has && is_explicit(slot) == is_explicit(first))
            building->batch[building->batch_count++] = index;
    }
    return building->batch_count > 0;
}

/* Of entities whose handles are made, in the order in which they are added. */
static void make_handles(struct building *building)
{
    for (size_t i = 0; i < building->batch_count; i++) {
        building->handles[building->batch[i]] =
            building->has_handles ? naive_entity(building->from, building->batch[i]) : naive_spawn(building->made);
        building->is_added[building->batch[i]] = true;
    }
}

static void lead(void *user, pecs_entity *entity)
{
    const struct building *building = user;
    if (!building->has_handles)
        *entity = naive_alive(building->from, *entity) ? building->handles[entity->index] : (pecs_entity){ 0, 0 };
}

/* All handles must be known before values refer to them: the batches are found twice, from the same random numbers. */
static void decide_handles(struct building *building)
{
    const struct random order = building->order;
    while (batch_find(building))
        make_handles(building);
    building->order = order;
    memset(building->is_added, 0, building->from->slot_count);
}

/* --- calls --- */

/* Whether the call must be repeated: memory ran out. Any other status than `wanted` is a mismatch. */
static bool again(const struct building *building, pecs_status status, pecs_status wanted, const char *call,
                  const pecs_error *error)
{
    if (model_refused(building->model, status)) {
        model_memory_disarm();
        return true;
    }
    if (status != wanted)
        model_fail(building->model, "%s gives %s (%s), should give %s", call, pecs_status_name(status), error->message,
                   pecs_status_name(wanted));
    return false;
}

/* The rows of a batch; values of a component lie one behind the other. */
struct rows {
    pecs_value values[MODEL_TYPE_COUNT];
    size_t value_count;
    uint8_t *storage;
    pecs_entity entities[BATCH_MAX];
    pecs_id ids[BATCH_MAX];
};

static void rows_fill(struct rows *rows, struct building *building)
{
    const struct naive *from = building->from;
    const uint32_t has = from->slots[building->batch[0]].has;
    rows->value_count = 0;
    rows->storage = malloc(BATCH_MAX * MODEL_VALUE_BYTES);
    if (!rows->storage)
        abort();
    uint8_t *next = rows->storage;
    for (unsigned i = 0; i < MODEL_TYPE_COUNT; i++) {
        const unsigned type = building->registry ? MODEL_TYPE_COUNT - 1 - i : i;
        if (!(has >> type & 1))
            continue;
        const size_t size = model_size(type);
        rows->values[rows->value_count++] =
            (pecs_value){ model_component(building->registry, type), size, size ? next : NULL };
        for (size_t row = 0; row < building->batch_count; row++, next += size) {
            memcpy(next, from->slots[building->batch[row]].values + model_offsets[type], size);
            model_value_entities(type, next, lead, building);
        }
    }
    for (size_t row = 0; row < building->batch_count; row++) {
        rows->entities[row] = naive_entity(from, building->batch[row]);
        rows->ids[row] = naive_id(from, rows->entities[row]);
    }
}

static void expect_handles(const struct building *building, const pecs_entity *handles)
{
    for (size_t row = 0; row < building->batch_count; row++) {
        const pecs_entity wanted = building->handles[building->batch[row]];
        if (memcmp(&handles[row], &wanted, sizeof(wanted)) != 0)
            model_fail(building->model, "built {%" PRIu32 ", %" PRIu32 "}, should be {%" PRIu32 ", %" PRIu32 "}",
                       handles[row].index, handles[row].generation, wanted.index, wanted.generation);
    }
}

/* Rows that are refused: a wrong size, or the other way to get handles; then nothing was added. */
static void add_refused(struct building *building, const pecs_rows *rows, pecs_value *values)
{
    pecs_error error = { .message = "" };
    pecs_entity handles[BATCH_MAX] = { { 7, 7 } };
    pecs_rows bad = *rows;
    if (rows->value_count && random_once_in(&building->model->random, 2)) {
        values[rows->value_count - 1].size_bytes++;
    } else if (building->has_handles) {
        static const pecs_entity none = { 0, 0 };
        bad.entities = &none;
        bad.row_count = 1;
    } else {
        bad.values = values;
        bad.value_count = rows->value_count + MODEL_TYPE_COUNT * 4;
    }
    while (again(building, pecs_builder_add(building->builder, &bad, handles, &error), PECS_E_MISUSE,
                 "pecs_builder_add of bad rows", &error))
        continue;
    if (handles[0].index != 7 || !error.message[0])
        model_fail(building->model, "rows that were refused got handles, or no message");
    if (rows->value_count)
        values[rows->value_count - 1].size_bytes = rows->values[rows->value_count - 1].size_bytes;
}

static void add_batch(struct building *building)
{
    struct rows rows;
    pecs_error error = { .message = "" };
    pecs_entity handles[BATCH_MAX];
    pecs_value copies[MODEL_TYPE_COUNT];
    rows_fill(&rows, building);
    const pecs_rows added = { .values = rows.values,
                              .value_count = rows.value_count,
                              .row_count = building->batch_count,
                              .entities = building->has_handles ? rows.entities : NULL,
                              .ids = is_explicit(&building->from->slots[building->batch[0]]) ? rows.ids : NULL };
    memcpy(copies, rows.values, sizeof(copies));
    if (random_once_in(&building->model->random, 16))
        add_refused(building,
                    &(pecs_rows){ .values = copies,
                                  .value_count = added.value_count,
                                  .row_count = added.row_count,
                                  .entities = added.entities,
                                  .ids = added.ids },
                    copies);
    while (again(building, pecs_builder_add(building->builder, &added, handles, &error), PECS_OK, "pecs_builder_add",
                 &error))
        continue;
    expect_handles(building, handles);
    free(rows.storage);
}

static void add_dead(struct building *building)
{
    pecs_error error = { .message = "" };
    for (size_t i = 0; building->has_handles && i < building->from->slot_count; i++) {
        const pecs_entity dead = naive_entity(building->from, i);
        if (building->from->slots[i].alive)
            continue;
        while (again(building, pecs_builder_add_dead(building->builder, &dead, 1, &error), PECS_OK,
                     "pecs_builder_add_dead", &error))
            continue;
    }
}

/* What belongs to no entity. */
static void add_own(struct building *building)
{
    const struct naive *from = building->from;
    pecs_builder *builder = building->builder;
    pecs_error error = { .message = "" };
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        uint8_t value[MODEL_VALUE_BYTES];
        if (!(from->singleton_has >> type & 1))
            continue;
        memcpy(value, from->singletons + model_offsets[type], model_size(type));
        model_value_entities(type, value, lead, building);
        const pecs_value set = { model_component(building->registry, type), model_size(type), value };
        while (again(building, pecs_builder_set_singleton(builder, &set, &error), PECS_OK, "pecs_builder_set_singleton",
                     &error))
            continue;
    }
    for (size_t i = 0; i < NAIVE_META_COUNT; i++) {
        const struct naive_meta *meta = &from->metadata[i];
        const char *key = naive_meta_keys[i];
        while (meta->is_there &&
               again(building,
                     meta->kind == PECS_META_TEXT
                         ? pecs_builder_set_meta_text(builder, key, (const char *)meta->bytes, &error)
                         : pecs_builder_set_meta_bytes(builder, key, meta->bytes, meta->size_bytes, &error),
                     PECS_OK, "the builder's metadata", &error))
            continue;
    }
    for (size_t i = 0; i < NAIVE_ATTACHMENT_COUNT; i++) {
        const struct naive_meta *attachment = &from->attachments[i];
        while (attachment->is_there &&
               again(building,
                     pecs_builder_attach(builder, naive_attachment_names[i],
                                         PECS_BYTES(attachment->bytes, attachment->size_bytes), &error),
                     PECS_OK, "pecs_builder_attach", &error))
            continue;
    }
}

/* --- the whole --- */

/* Another builder with the same nonce shows it: the entities of this one may all have explicit ids. */
static uint64_t find_nonce(struct building *building, const pecs_builder_options *options)
{
    pecs_builder *builder = NULL;
    pecs_snapshot *snapshot = NULL;
    const pecs_rows one = { .row_count = 1 };
    const pecs_registry *registry = building->model->registries[building->registry];
    model_expect(building->model, pecs_builder_create((pecs_registry *)(uintptr_t)registry, options, &builder, NULL),
                 PECS_OK, "pecs_builder_create");
    model_expect(building->model, pecs_builder_add(builder, &one, NULL, NULL), PECS_OK, "pecs_builder_add");
    model_expect(building->model, pecs_builder_finish(builder, &snapshot, NULL), PECS_OK, "pecs_builder_finish");
    pecs_builder_destroy(builder);
    const uint64_t nonce = ids_nonce(building->model, pecs_snapshot_view(snapshot), (pecs_entity){ 0, 1 });
    pecs_snapshot_release(snapshot);
    return nonce;
}

/* Gives the model the values and ids of the world, under the handles of the snapshot. */
static void fill_made(struct building *building, uint64_t nonce, uint64_t tick)
{
    const struct naive *from = building->from;
    struct naive *made = building->made;
    for (size_t i = 0; i < made->slot_count; i++)
        made->slots[i].nonce = nonce;
    made->nonce = nonce;
    for (size_t i = 0; i < from->slot_count && !building->has_handles; i++) {
        if (!from->slots[i].alive)
            continue;
        struct naive_slot *slot = &made->slots[building->handles[i].index];
        slot->has = from->slots[i].has;
        memcpy(slot->values, from->slots[i].values, MODEL_VALUE_BYTES);
        for (unsigned type = 0; type < MODEL_SIZED_COUNT; type++)
            if (slot->has >> type & 1)
                model_value_entities(type, slot->values + model_offsets[type], lead, building);
        if (is_explicit(&from->slots[i]))
            naive_give_id(made, building->handles[i], naive_id(from, naive_entity(from, i)));
    }
    made->singleton_has = from->singleton_has;
    memcpy(made->singletons, from->singletons, MODEL_VALUE_BYTES);
    for (unsigned type = 0; type < MODEL_SIZED_COUNT; type++)
        if (made->singleton_has >> type & 1)
            model_value_entities(type, made->singletons + model_offsets[type], lead, building);
    memcpy(made->metadata, from->metadata, sizeof(made->metadata));
    memcpy(made->attachments, from->attachments, sizeof(made->attachments));
    naive_restored(made, tick);
    made->retired_count = 0; /* a builder knows no compaction: slots up to the highest handle are there */
}

static pecs_snapshot *build(struct building *building, const pecs_builder_options *options)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = NULL;
    pecs_registry *registry = building->model->registries[building->registry];
    const bool own_first = random_once_in(&building->model->random, 2);
    while (again(building, pecs_builder_create(registry, options, &building->builder, &error), PECS_OK,
                 "pecs_builder_create", &error))
        continue;
    decide_handles(building);
    if (own_first)
        add_own(building);
    while (batch_find(building)) {
        for (size_t i = 0; i < building->batch_count; i++)
            building->is_added[building->batch[i]] = true;
        add_batch(building);
    }
    add_dead(building);
    if (!own_first)
        add_own(building);
    while (again(building, pecs_builder_finish(building->builder, &snapshot, &error), PECS_OK, "pecs_builder_finish",
                 &error))
        continue;
    model_expect(building->model, pecs_builder_add(building->builder, &(pecs_rows){ .row_count = 1 }, NULL, NULL),
                 PECS_E_MISUSE, "rows for a finished builder");
    pecs_builder_destroy(building->builder);
    return snapshot;
}

/* Gives the builder a conflict on purpose, one that only finish can find. */
static void build_refused(struct building *building)
{
    struct random *random = &building->model->random;
    const pecs_entity entities[] = { { (uint32_t)random_below(random, 5000), 1 + (uint32_t)random_below(random, 9) },
                                     { (uint32_t)random_below(random, 5000), 1 } };
    const pecs_id id = ids_random(building->model), ids[] = { id, id };
    const pecs_entity twice[] = { entities[0], { entities[0].index, 2 } };
    const uint64_t kind = random_below(random, 3);
    const pecs_rows rows = { .row_count = kind < 2 ? 2 : 1,
                             .entities = kind == 0 || entities[0].index == entities[1].index ? twice : entities,
                             .ids = kind == 1 ? ids : NULL };
    pecs_builder *builder = NULL;
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    model_memory_disarm();
    model_expect(building->model,
                 pecs_builder_create(building->model->registries[building->registry], NULL, &builder, NULL), PECS_OK,
                 "pecs_builder_create");
    model_expect(building->model, pecs_builder_add(builder, &rows, NULL, NULL), PECS_OK, "pecs_builder_add");
    if (kind == 2)
        model_expect(building->model, pecs_builder_add_dead(builder, rows.entities, 1, NULL), PECS_OK,
                     "pecs_builder_add_dead");
    for (int i = 0; i < 2; i++)
        model_expect(building->model, pecs_builder_finish(builder, &snapshot, &error), PECS_E_CONFLICT,
                     "pecs_builder_finish of a conflict");
    if (snapshot || !error.message[0])
        model_fail(building->model, "a conflict in a builder gave a snapshot, or no message");
    pecs_builder_destroy(builder);
    model_count(building->model, "build: refused");
}

static void build_used(struct building *building, pecs_snapshot *snapshot)
{
    struct model *model = building->model;
    const pecs_save_options quick = { .skip_sync = true };
    char path[PATH_BYTES];
    path_make(model, path, 0);
    compare_all(model, pecs_snapshot_view(snapshot), building->registry, building->made);
    model_expect(model, pecs_snapshot_save(snapshot, path, &quick, NULL), PECS_OK,
                 "pecs_snapshot_save of what is built");
    if (random_once_in(&model->random, 3)) {
        pecs_snapshot_release(snapshot);
        snapshot = open_state(model, building->registry, path, random_once_in(&model->random, 2));
    }
    use_state(model, snapshot, building->made, building->registry); /* may drop the world */
    model_count(model, building->has_handles ? "build: with handles" : "build: handles made");
}

void op_build(struct model *model, struct test_world *world)
{
    const struct naive *from = world->naive;
    if (from->slot_count > BUILD_MAX)
        return;
    struct building building = { .model = model,
                                 .order = { random_next(&model->random) },
                                 .registry = (unsigned)random_below(&model->random, MODEL_REGISTRY_COUNT),
                                 .from = from,
                                 .has_handles = random_once_in(&model->random, 2),
                                 .handles = calloc(from->slot_count + 1, sizeof(pecs_entity)),
                                 .is_added = calloc(from->slot_count + 1, 1) };
    const uint64_t tick = random_once_in(&model->random, 2) ? from->tick : random_below(&model->random, 1u << 20);
    const pecs_builder_options options = { .session_nonce = random_next(&model->random) | 1, .tick = tick };
    const uint64_t hash = pecs_view_hash(pecs_world_view(world->world));
    building.made = building.has_handles ? naive_copy(from) : naive_create();
    if (!building.handles || !building.is_added)
        abort();
    pecs_snapshot *snapshot = build(&building, &options);
    model_memory_disarm();
    fill_made(&building, find_nonce(&building, &options), tick ? tick : 1);
    if (building.has_handles && pecs_view_hash(pecs_snapshot_view(snapshot)) != hash)
        model_fail(model, "the hash of what is built is not that of the world");
    if (random_once_in(&model->random, 4))
        build_refused(&building);
    build_used(&building, snapshot);
    free(building.handles);
    free(building.is_added);
}
