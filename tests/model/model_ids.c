/*
 * Stable ids in the model test. The model cannot predict the nonce of a session: it reads it from the first entity that
 * is spawned in it; it must be new, and all later entities of the session must have it.
 */
#include "model.h"
#include "model_memory.h"

#include <string.h>

enum { ROWS_MAX = 40 };

/* --- sessions --- */

static uint64_t nonce_of(pecs_id id)
{
    uint64_t nonce = 0;
    for (size_t i = 0; i < 6; i++)
        nonce = nonce << 8 | id.bytes[i];
    return nonce << 12 | (uint64_t)(id.bytes[6] & 15) << 8 | id.bytes[7];
}

static void nonce_note(struct model *model, uint64_t nonce)
{
    for (size_t i = 0; i < NONCE_MAX && i < model->nonce_count; i++) {
        if (model->nonces[i] == nonce)
            model_fail(model, "a new session has the nonce of another, %" PRIx64, nonce);
    }
    model->nonces[model->nonce_count++ % NONCE_MAX] = nonce;
}

uint64_t ids_nonce(struct model *model, pecs_view view, pecs_entity entity)
{
    pecs_id id;
    model_expect(model, pecs_view_id(view, entity, &id), PECS_OK, "pecs_view_id of a new entity");
    const uint64_t nonce = nonce_of(id);
    nonce_note(model, nonce);
    return nonce;
}

void ids_learn(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    if (naive->nonce)
        return;
    for (size_t index = 0; !naive->nonce && index < naive->slot_count; index++) {
        const struct naive_slot *slot = &naive->slots[index];
        if (!slot->alive || slot->nonce || slot->id_place != NAIVE_NO_ID)
            continue;
        naive->nonce = ids_nonce(model, pecs_world_view(world->world), naive_entity(naive, index));
    }
    for (size_t index = 0; index < naive->slot_count; index++) {
        if (!naive->slots[index].nonce)
            naive->slots[index].nonce = naive->nonce;
    }
}

void ids_learn_by_spawn(struct model *model, struct test_world *world)
{
    if (world->naive->nonce)
        return;
    model_memory_disarm();
    model_expect(model, pecs_world_spawn(world->world, NULL, 0, 1, NULL), PECS_OK, "pecs_world_spawn");
    naive_spawn(world->naive);
    ids_learn(model, world);
}

/* --- choosing --- */

pecs_id ids_random(struct model *model)
{
    const uint64_t halves[] = { random_next(&model->random), random_next(&model->random) | 1 };
    pecs_id id;
    memcpy(&id, halves, sizeof(id));
    if (random_once_in(&model->random, 3)) /* a birth id of another program */
        id = naive_birth_id(halves[0] >> 4, (pecs_entity){ (uint32_t)(halves[1] & 255), 1 + (halves[1] >> 8 & 3) });
    return id;
}

/* An unused id that may be assigned: a new one, or the birth id of an entity that died or has another id. */
static bool choose_free_id(struct model *model, const struct naive *naive, pecs_id *ret_id)
{
    pecs_entity other;
    *ret_id = ids_random(model);
    if (random_once_in(&model->random, 3) && naive->slot_count) {
        const size_t index = random_below(&model->random, naive->slot_count);
        const struct naive_slot *slot = &naive->slots[index];
        if (slot->nonce && (!slot->alive || slot->id_place != NAIVE_NO_ID))
            *ret_id = naive_birth_id(slot->nonce, naive_entity(naive, index));
    }
    return !naive_find(naive, *ret_id, &other);
}

/* An id that must not be assigned, and why. */
static pecs_id choose_bad_id(struct model *model, const struct naive *naive, pecs_status *ret_status)
{
    pecs_entity entity;
    *ret_status = PECS_E_CONFLICT;
    const unsigned kind = (unsigned)random_below(&model->random, 4);
    if (kind == 0 && choose_alive(model, naive, &entity)) /* taken */
        return naive_id(naive, entity);
    if (kind == 1 && naive->nonce) /* of a future entity, in a new slot */
        return naive_birth_id(
            naive->nonce, (pecs_entity){ (uint32_t)naive->slot_count + (uint32_t)random_below(&model->random, 3), 1 });
    if (kind == 2 && naive->nonce && naive->slot_count) { /* or in a used slot */
        entity = naive_entity(naive, random_below(&model->random, naive->slot_count));
        entity.generation += 1 + (uint32_t)random_below(&model->random, 2);
        return naive_birth_id(naive->nonce, entity);
    }
    *ret_status = PECS_E_MISUSE;
    return (pecs_id){ { 0 } };
}

/* --- operations --- */

static void give(struct model *model, struct test_world *world, pecs_entity entity, pecs_id id, pecs_status status,
                 const char *call)
{
    model_touch(model, entity);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, call);
    naive_give_id(world->naive, entity, id);
    model_count(model, world->naive->slots[entity.index].id_place == NAIVE_NO_ID ? "id: of birth" : "id: given");
}

static bool choose_gift(struct model *model, const struct naive *naive, pecs_entity *ret_entity, pecs_id *ret_id)
{
    if (!choose_alive(model, naive, ret_entity))
        return false;
    if (random_once_in(&model->random, 2) && naive->id_count) { /* one that has an explicit id */
        *ret_entity = naive_entity(naive, naive->ids[random_below(&model->random, naive->id_count)].index);
        if (random_once_in(&model->random, 2)) {
            pecs_entity other;
            *ret_id = naive_birth_id(naive->slots[ret_entity->index].nonce, *ret_entity);
            return !naive_find(naive, *ret_id, &other);
        }
    }
    if (random_once_in(&model->random, 16)) {
        *ret_id = naive_id(naive, *ret_entity);
        return true;
    }
    return choose_free_id(model, naive, ret_id);
}

void op_id_give(struct model *model, struct test_world *world)
{
    pecs_entity entity;
    pecs_id id;
    if (choose_gift(model, world->naive, &entity, &id))
        give(model, world, entity, id, pecs_world_set_id(world->world, entity, id), "pecs_world_set_id");
}

void op_id_remap(struct model *model, struct test_world *world)
{
    pecs_entity entity;
    pecs_id id;
    if (!choose_gift(model, world->naive, &entity, &id))
        return;
    const pecs_id from = naive_id(world->naive, entity);
    give(model, world, entity, id, pecs_world_remap_id(world->world, from, id), "pecs_world_remap_id");
    if (choose_free_id(model, world->naive, &id))
        model_expect(model, pecs_world_remap_id(world->world, id, from), PECS_E_ABSENT, "remap of an unused id");
}

void op_id_give_refused(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_status wanted;
    pecs_entity entity;
    const pecs_id bad = choose_bad_id(model, naive, &wanted);
    pecs_status status = pecs_world_set_id(world->world, choose_dead(model, naive), ids_random(model));
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_DEAD, "set_id of a dead entity");
    if (!choose_alive(model, naive, &entity))
        return;
    const pecs_id own = naive_id(naive, entity);
    if (memcmp(&own, &bad, sizeof(own)) == 0)
        return;
    model_touch(model, entity);
    status = pecs_world_set_id(world->world, entity, bad);
    if (!model_refused(model, status))
        model_expect(model, status, wanted, "set_id to an id that cannot be given");
    status = pecs_world_remap_id(world->world, own, bad);
    if (!model_refused(model, status))
        model_expect(model, status, wanted, "remap_id to an id that cannot be given");
    model_count(model, wanted == PECS_E_CONFLICT ? "id: conflict" : "id: zero");
}

/* Different unused ids. */
static size_t choose_free_ids(struct model *model, const struct naive *naive, size_t wanted, pecs_id *ids)
{
    size_t count = 0;
    for (size_t i = 0; i < wanted; i++) {
        size_t same = 0;
        if (!choose_free_id(model, naive, &ids[count]))
            continue;
        while (memcmp(&ids[same], &ids[count], sizeof(*ids)) != 0)
            same++;
        count += same == count;
    }
    return count;
}

void op_id_spawn(struct model *model, struct test_world *world)
{
    struct naive *naive = world->naive;
    pecs_id ids[ROWS_MAX];
    pecs_entity handles[ROWS_MAX];
    struct batch batch;
    if (naive->alive_count >= 2 * model->size)
        return;
    const size_t wanted = random_below(&model->random, random_once_in(&model->random, 4) ? ROWS_MAX : 4);
    const size_t rows = choose_free_ids(model, naive, wanted, ids);
    batch_fill(&batch, model, world, choose_mask(model), rows);
    const pecs_status status = pecs_world_spawn_with_ids(world->world, batch.values, batch.count, ids, rows, handles);
    if (!model_refused(model, status)) {
        model_expect(model, status, PECS_OK, "pecs_world_spawn_with_ids");
        for (size_t row = 0; row < rows; row++) {
            const pecs_entity entity = naive_spawn(naive);
            for (size_t i = 0; i < batch.count; i++)
                naive_set(naive, entity, batch.types[i], batch_value(&batch, i, row));
            naive_give_id(naive, entity, ids[row]);
            if (memcmp(&handles[row], &entity, sizeof(entity)) != 0)
                model_fail(model, "spawned {%" PRIu32 ", %" PRIu32 "}, should be {%" PRIu32 ", %" PRIu32 "}",
                           handles[row].index, handles[row].generation, entity.index, entity.generation);
            model_touch(model, entity);
        }
        if (rows)
            ids_learn_by_spawn(model, world);
    }
    batch_free(&batch);
}

void op_id_spawn_refused(struct model *model, struct test_world *world)
{
    pecs_id ids[ROWS_MAX];
    pecs_entity handle[ROWS_MAX] = { { 7, 7 } };
    pecs_status wanted;
    const size_t most = 2 + random_below(&model->random, 6);
    const size_t rows = choose_free_ids(model, world->naive, most, ids);
    if (rows < 2)
        return;
    const size_t at = random_below(&model->random, rows);
    if (random_once_in(&model->random, 3)) {
        wanted = PECS_E_CONFLICT;
        ids[at] = ids[(at + 1) % rows];
    } else {
        ids[at] = choose_bad_id(model, world->naive, &wanted);
    }
    const pecs_status status = pecs_world_spawn_with_ids(world->world, NULL, 0, ids, rows, handle);
    if (!model_refused(model, status))
        model_expect(model, status, wanted, "spawn_with_ids with an id that cannot be given");
    if (handle[0].index != 7 || handle[0].generation != 7)
        model_fail(model, "a failed spawn wrote a handle");
}

void op_id_find(struct model *model, struct test_world *world)
{
    const pecs_view view = pecs_world_view(world->world);
    char text[PECS_ID_TEXT_BYTES];
    pecs_entity entity, found = { 7, 7 };
    pecs_id id, parsed;
    if (choose_free_id(model, world->naive, &id)) {
        model_expect(model, pecs_view_find(view, id, &found), PECS_E_ABSENT, "find of an unused id");
        if (found.index != 7 || found.generation != 7)
            model_fail(model, "a failed find wrote a handle");
    }
    if (!choose_alive(model, world->naive, &entity))
        return;
    id = naive_id(world->naive, entity);
    pecs_id_format(id, text);
    model_expect(model, pecs_id_parse(text, &parsed), PECS_OK, "pecs_id_parse");
    model_expect(model, pecs_view_find(view, parsed, &found), PECS_OK, "pecs_view_find");
    if (found.index != entity.index || found.generation != entity.generation)
        model_fail(model, "the id %s leads to another entity", text);
    id.bytes[random_below(&model->random, 16)] ^= (uint8_t)(1u << random_below(&model->random, 8));
    const bool has = naive_find(world->naive, id, &entity);
    model_expect(model, pecs_view_find(view, id, &found), has ? PECS_OK : PECS_E_ABSENT, "find of a neighbour");
}
