/* Queues, and what every thread does with a snapshot or a world that it has. */
#define _GNU_SOURCE
#include "threads_shared.h"

#include "model_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn static void fail(const char *what, uint64_t got, uint64_t wanted)
{
    fprintf(stderr, "threads_test: %s: %" PRIu64 ", should be %" PRIu64 "\n", what, got, wanted);
    exit(1);
}

void require(uint64_t got, uint64_t wanted, const char *what)
{
    if (got != wanted)
        fail(what, got, wanted);
}

void queue_init(struct queue *queue)
{
    *queue = (struct queue){ .count = 0 };
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->changed, NULL);
}

void queue_push(struct queue *queue, struct parcel parcel)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == QUEUE_MAX)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    queue->parcels[(queue->first + queue->count++) % QUEUE_MAX] = parcel;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

struct parcel queue_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    const struct parcel parcel = queue->parcels[queue->first];
    queue->first = (queue->first + 1) % QUEUE_MAX;
    queue->count--;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    return parcel;
}

static pecs_entity no_handle(void *user, struct random *random)
{
    (void)user;
    (void)random;
    return (pecs_entity){ 0, 0 };
}

uint64_t word_sum(const struct shared *shared, pecs_view view)
{
    uint64_t sum = 0;
    pecs_iter iter = pecs_query_iter(shared->words, view, NULL);
    while (pecs_iter_next(&iter)) {
        const uint32_t *words = pecs_column_as(&iter, TYPE_WORD, uint32_t);
        for (size_t row = 0; row < iter.row_count; row++) {
            sum += words[row];
            if (row % 64 == 0)
                require(*pecs_get_as(view, iter.entities[row], TYPE_WORD, uint32_t), words[row], "a word through get");
        }
    }
    require(pecs_iter_end(&iter), PECS_OK, "status of a read iteration");
    return sum;
}

uint64_t frame_of(pecs_view view)
{
    pecs_meta meta;
    return pecs_view_meta(view, "frame", &meta) == PECS_OK ? strtoull(meta.value, NULL, 10) : 0;
}

/* Finds entities by their birth ids and explicit ids. */
static void check_ids(pecs_view view)
{
    enum { MOST = 500 };
    pecs_id ids[MOST];
    pecs_entity many[MOST];
    size_t count = 0;
    for (pecs_id_iter iter = pecs_view_ids(view); count < MOST && pecs_id_iter_next(&iter); count++) {
        pecs_entity found = { 0, 0 };
        require(pecs_view_find(view, iter.id, &found), PECS_OK, "status of a find");
        require(found.index, iter.entity.index, "the entity of an id");
        ids[count] = iter.id;
    }
    require(pecs_view_find_many(view, ids, count, many), PECS_OK, "status of a find of many");
    require(pecs_view_id_many(view, many, count, ids), PECS_OK, "status of the ids of many");
}

void check_parcel(const struct shared *shared, const struct parcel *parcel)
{
    const pecs_view view = pecs_snapshot_view(parcel->snapshot);
    require(pecs_view_hash(view), parcel->hash, "hash of a snapshot");
    require(pecs_query_count(shared->all, view), parcel->entity_count, "entities of a snapshot");
    require(word_sum(shared, view), parcel->word_sum, "sum of a snapshot's words");
    require(frame_of(view), parcel->frame, "metadata of a snapshot");
    check_ids(view);
}

struct parcel parcel_make(const struct shared *shared, pecs_snapshot *snapshot)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    return (struct parcel){ snapshot, pecs_view_hash(view), summary.entity_count, word_sum(shared, view),
                            frame_of(view) };
}

void edit_once(const struct shared *shared, pecs_world *world, struct random *random, uint32_t slot_count)
{
    /* Few types, so that there are few tables, and parts of a query meet within the large ones. */
    static const unsigned types[] = { TYPE_VECTOR, TYPE_VECTOR, TYPE_VECTOR, TYPE_PADDED, TYPE_TAG_A, TYPE_WORD };
    const unsigned type = types[random_below(random, sizeof(types) / sizeof(types[0]))];
    uint8_t bytes[MODEL_VALUE_BYTES];
    model_value_random(type, bytes, random, no_handle, NULL);
    const pecs_value values[] = { { type, model_size(type), model_size(type) ? bytes : NULL } };
    const pecs_component component = type;
    pecs_entity entity = { (uint32_t)random_below(random, slot_count), 1 + (uint32_t)random_below(random, 3) };
    for (uint32_t generation = 1; generation < 40 && !pecs_view_alive(pecs_world_view(world), entity); generation++)
        entity.generation = generation;
    const bool alive = pecs_view_alive(pecs_world_view(world), entity);
    void *value = NULL;
    (void)shared;
    pecs_id id = { { (uint8_t)random_below(random, 200), 1 } };
    switch (random_below(random, 6)) {
    case 5:
        if (pecs_view_find(pecs_world_view(world), id, &(pecs_entity){ 0, 0 }) == PECS_E_ABSENT)
            require(pecs_world_set_id(world, entity, id), alive ? PECS_OK : PECS_E_DEAD, "status of an id");
        break;
    case 0:
        require(pecs_world_spawn(world, values, 1, 1, NULL), PECS_OK, "status of a spawn");
        break;
    case 1:
        require(pecs_world_despawn(world, &entity, 1), alive ? PECS_OK : PECS_E_DEAD, "status of a despawn");
        break;
    case 2:
        require(pecs_world_set(world, entity, values, 1), alive ? PECS_OK : PECS_E_DEAD, "status of a set");
        break;
    case 3:
        require(pecs_world_remove(world, entity, &component, 1), alive ? PECS_OK : PECS_E_DEAD, "status of a remove");
        break;
    default:
        if (alive && pecs_world_get_mut(world, entity, TYPE_WORD, 4, &value) == PECS_OK)
            ++*(uint32_t *)value;
        break;
    }
}
