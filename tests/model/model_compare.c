/*
 * Comparison of a view with a naive model: entity by entity through get, and as a whole through queries. Both must see
 * the same; a comparison never changes anything and never lets allocations fail.
 *
 * Padding is not compared: it may have any content.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

static void print_hex(char *text, size_t text_bytes, const uint8_t *bytes, size_t size_bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0;
    for (size_t i = 0; i < size_bytes && length + 3 < text_bytes; i++) {
        text[length++] = digits[bytes[i] >> 4];
        text[length++] = digits[bytes[i] & 15];
    }
    text[length] = 0;
}

_Noreturn static void fail_value(const struct model *model, pecs_entity entity, unsigned type, const void *got,
                                 const void *wanted, const char *through)
{
    char left[96], right[96];
    print_hex(left, sizeof(left), got, model_size(type));
    print_hex(right, sizeof(right), wanted, model_size(type));
    model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "}, %s through %s: is %s, should be %s", entity.index,
               entity.generation, model_types[type]->name, through, left, right);
}

static void compare_component(const struct model *model, pecs_view view, unsigned registry, const struct naive *naive,
                              pecs_entity entity, unsigned type)
{
    const pecs_component component = model_component(registry, type);
    const struct naive_slot *slot = &naive->slots[entity.index];
    const bool has = naive_alive(naive, entity) && (slot->has >> type & 1);
    if (pecs_view_has(view, entity, component) != has)
        model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "}: %s %s", entity.index, entity.generation,
                   has ? "lacks" : "has an unexpected", model_types[type]->name);
    const void *value = pecs_view_get(view, entity, component, model_size(type));
    if ((value != NULL) != (has && model_size(type) > 0))
        model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "}: get of %s gives %p", entity.index, entity.generation,
                   model_types[type]->name, value);
    if (!value)
        return;
    if ((uintptr_t)value % model_types[type]->align != 0)
        model_fail(model, "%s at %p is not aligned", model_types[type]->name, value);
    if (!model_value_equal(type, value, slot->values + model_offsets[type]))
        fail_value(model, entity, type, value, slot->values + model_offsets[type], "get");
}

/* A random id: if the view finds it, the model must find the same entity. */
static void compare_found(const struct model *model, pecs_view view, const struct naive *naive, pecs_id id)
{
    pecs_entity found, wanted;
    char text[PECS_ID_TEXT_BYTES];
    if (pecs_view_find(view, id, &found) == PECS_E_ABSENT)
        return;
    pecs_id_format(id, text);
    if (!naive_find(naive, id, &wanted) || found.index != wanted.index || found.generation != wanted.generation)
        model_fail(model, "the unassigned id %s resolves to {%" PRIu32 ", %" PRIu32 "}", text, found.index,
                   found.generation);
}

static void compare_id(const struct model *model, pecs_view view, const struct naive *naive, pecs_entity entity)
{
    const struct naive_slot *slot = &naive->slots[entity.index];
    const bool alive = naive_alive(naive, entity);
    pecs_id id;
    pecs_entity found;
    model_expect(model, pecs_view_id(view, entity, &id), alive ? PECS_OK : PECS_E_DEAD, "pecs_view_id");
    if (slot->nonce && (!alive || slot->id_place != NAIVE_NO_ID))
        compare_found(model, view, naive, naive_birth_id(slot->nonce, entity));
    if (!alive)
        return;
    const pecs_id wanted = naive_id(naive, entity);
    char left[PECS_ID_TEXT_BYTES], right[PECS_ID_TEXT_BYTES];
    pecs_id_format(id, left);
    pecs_id_format(wanted, right);
    if (memcmp(&id, &wanted, sizeof(id)) != 0)
        model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "} has the id %s, should have %s", entity.index,
                   entity.generation, left, right);
    if (pecs_view_find(view, id, &found) || found.index != entity.index || found.generation != entity.generation)
        model_fail(model, "the id %s of entity {%" PRIu32 ", %" PRIu32 "} does not lead to it", left, entity.index,
                   entity.generation);
    size_t count;
    const pecs_component *components = pecs_view_components(view, entity, &count);
    const size_t has = (size_t)__builtin_popcount(slot->has) + (slot->id_place != NAIVE_NO_ID);
    if (count != has || (components == NULL && count))
        model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "} has %zu components, should have %zu", entity.index,
                   entity.generation, count, has);
}

void compare_entity(const struct model *model, pecs_view view, unsigned registry, const struct naive *naive,
                    size_t index)
{
    if (index >= naive->slot_count)
        return;
    const pecs_entity entity = naive_entity(naive, index);
    const bool alive = naive_alive(naive, entity);
    if (pecs_view_alive(view, entity) != alive)
        model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "} is %s", entity.index, entity.generation,
                   alive ? "dead, should live" : "alive, should be dead");
    const pecs_entity others[] = { { entity.index, entity.generation - 1 }, { entity.index, entity.generation + 1 } };
    for (size_t i = 0; i < 2; i++) {
        if (pecs_view_alive(view, others[i]))
            model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "} is alive; the slot's generation is %" PRIu32,
                       entity.index, others[i].generation, entity.generation);
    }
    compare_id(model, view, naive, entity);
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (alive || type == index % MODEL_TYPE_COUNT)
            compare_component(model, view, registry, naive, entity, type);
    }
}

static void compare_singletons(const struct model *model, pecs_view view, unsigned registry, const struct naive *naive)
{
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        const pecs_component component = model_component(registry, type);
        const bool has = naive->singleton_has >> type & 1;
        const void *value = pecs_view_get_singleton(view, component, model_size(type));
        if (pecs_view_has_singleton(view, component) != has || (value != NULL) != (has && model_size(type) > 0))
            model_fail(model, "singleton %s is %s", model_types[type]->name, has ? "lost" : "there, should not be");
        if (value && !model_value_equal(type, value, naive->singletons + model_offsets[type]))
            model_fail(model, "singleton %s has another value", model_types[type]->name);
        if (value && (uintptr_t)value % model_types[type]->align != 0)
            model_fail(model, "singleton %s is not aligned", model_types[type]->name);
    }
}

static void compare_metadata(const struct model *model, pecs_view view, const struct naive *naive)
{
    size_t count = 0;
    for (size_t i = 0; i < NAIVE_META_COUNT; i++) {
        const struct naive_meta *wanted = &naive->metadata[i];
        pecs_meta meta, at;
        const pecs_status status = pecs_view_meta(view, naive_meta_keys[i], &meta);
        model_expect(model, status, wanted->is_there ? PECS_OK : PECS_E_ABSENT, "pecs_view_meta");
        if (!wanted->is_there)
            continue;
        if (meta.kind != wanted->kind || meta.size_bytes != wanted->size_bytes ||
            memcmp(meta.value, wanted->bytes, meta.size_bytes) != 0 || ((const char *)meta.value)[meta.size_bytes])
            model_fail(model, "the metadata of '%s' has another value", naive_meta_keys[i]);
        if (!pecs_view_meta_at(view, count++, &at) || strcmp(at.key, naive_meta_keys[i]) != 0 || at.value != meta.value)
            model_fail(model, "the metadata is not in the order of the keys");
    }
    if (pecs_view_meta_count(view) != count)
        model_fail(model, "there are %zu entries of metadata, should be %zu", pecs_view_meta_count(view), count);
}

static void compare_attachments(const struct model *model, pecs_view view, const struct naive *naive)
{
    size_t count = 0;
    for (size_t i = 0; i < NAIVE_ATTACHMENT_COUNT; i++) {
        const struct naive_meta *wanted = &naive->attachments[i];
        pecs_attachment found, at;
        const pecs_status status = pecs_view_attachment(view, naive_attachment_names[i], &found);
        model_expect(model, status, wanted->is_there ? PECS_OK : PECS_E_ABSENT, "pecs_view_attachment");
        if (!wanted->is_there)
            continue;
        if (found.size_bytes != wanted->size_bytes ||
            (found.size_bytes && memcmp(found.data, wanted->bytes, found.size_bytes) != 0))
            model_fail(model, "the attachment '%s' has other bytes", naive_attachment_names[i]);
        if (!pecs_view_attachment_at(view, count++, &at) || strcmp(at.name, naive_attachment_names[i]) != 0)
            model_fail(model, "the attachments are not in the order of their names");
    }
    if (pecs_view_attachment_count(view) != count)
        model_fail(model, "there are %zu attachments, should be %zu", pecs_view_attachment_count(view), count);
}

/* Iterates over ids: every living entity once, in the order of indices. */
static void compare_ids(const struct model *model, pecs_view view, const struct naive *naive)
{
    size_t index = 0, count = 0;
    for (pecs_id_iter iter = pecs_view_ids(view); pecs_id_iter_next(&iter); index++, count++) {
        while (index < naive->slot_count && !naive->slots[index].alive)
            index++;
        if (index != iter.entity.index || !naive_alive(naive, iter.entity))
            model_fail(model, "the ids are not those of all entities in order: {%" PRIu32 ", %" PRIu32 "} at %zu",
                       iter.entity.index, iter.entity.generation, index);
        const pecs_id wanted = naive_id(naive, iter.entity);
        if (memcmp(&wanted, &iter.id, sizeof(wanted)) != 0)
            model_fail(model, "the ids give {%" PRIu32 ", %" PRIu32 "} another id", iter.entity.index,
                       iter.entity.generation);
    }
    if (count != naive->alive_count)
        model_fail(model, "there are %zu ids, should be %zu", count, naive->alive_count);
}

/* Converts every slot's entity, dead or alive, to its id and back, in two calls. */
static void compare_many(const struct model *model, pecs_view view, const struct naive *naive)
{
    const size_t count = naive->slot_count;
    pecs_entity *entities = malloc((2 * count + 1) * sizeof(*entities)), *found = entities + count;
    pecs_id *ids = malloc((count + 1) * sizeof(*ids));
    if (!entities || !ids)
        model_fail(model, "out of memory");
    for (size_t i = 0; i < count; i++)
        entities[i] = naive_entity(naive, i);
    const bool all_live = naive->alive_count == count;
    model_expect(model, pecs_view_id_many(view, entities, count, ids), all_live ? PECS_OK : PECS_E_DEAD,
                 "pecs_view_id_many");
    model_expect(model, pecs_view_find_many(view, ids, count, found), all_live ? PECS_OK : PECS_E_ABSENT,
                 "pecs_view_find_many");
    for (size_t i = 0; i < count; i++) {
        const bool alive = naive->slots[i].alive;
        const pecs_id wanted = alive ? naive_id(naive, entities[i]) : (pecs_id){ { 0 } };
        const pecs_entity wanted_entity = alive ? entities[i] : (pecs_entity){ 0, 0 };
        if (memcmp(&wanted, &ids[i], sizeof(wanted)) != 0 || found[i].index != wanted_entity.index ||
            found[i].generation != wanted_entity.generation)
            model_fail(model, "among many, {%" PRIu32 ", %" PRIu32 "} has another id, or it leads elsewhere",
                       entities[i].index, entities[i].generation);
    }
    free(entities);
    free(ids);
}

static void compare_summary(const struct model *model, pecs_view view, const struct naive *naive)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    const struct {
        const char *name;
        uint64_t got, wanted;
    } figures[] = { { "entity_count", summary.entity_count, naive->alive_count },
                    { "slot_count", summary.slot_count, naive->slot_count - naive->retired_count },
                    { "free_count", summary.free_count, naive->free_count - naive->retired_count },
                    { "retired_count", summary.retired_count, naive->retired_count },
                    { "component_bytes", summary.component_bytes, naive_component_bytes(naive) },
                    { "content_bytes", summary.content_bytes, naive_content_bytes(naive) },
                    { "tick", summary.tick, naive->tick },
                    { "tick of the view", pecs_view_tick(view), naive->tick } };
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (figures[i].got != figures[i].wanted)
            model_fail(model, "%s is %" PRIu64 ", should be %" PRIu64, figures[i].name, figures[i].got,
                       figures[i].wanted);
    }
}

void compare_by_get(const struct model *model, pecs_view view, unsigned registry, const struct naive *naive)
{
    for (size_t index = 0; index < naive->slot_count; index++)
        compare_entity(model, view, registry, naive, index);
    compare_singletons(model, view, registry, naive);
    compare_metadata(model, view, naive);
    compare_attachments(model, view, naive);
    compare_summary(model, view, naive);
}

void compare_by_query(struct model *model, pecs_view view, unsigned registry, const struct naive *naive)
{
    const struct test_query *query = &model->everything[registry];
    pecs_iter iter = pecs_query_iter(query->query, view, NULL);
    size_t rows = 0;
    walk_begin(model, naive);
    while (pecs_iter_next(&iter)) {
        /* Writes nothing, so the model does not change either. */
        walk_chunk(model, query, &iter, (struct naive *)naive, false);
        rows += iter.row_count;
    }
    model_expect(model, pecs_iter_end(&iter), PECS_OK, "pecs_iter_end");
    if (rows != naive->alive_count)
        model_fail(model, "the query of everything gives %zu rows, should give %zu", rows, naive->alive_count);
    if (pecs_query_count(query->query, view) != naive->alive_count)
        model_fail(model, "pecs_query_count gives %" PRIu64 ", should give %zu", pecs_query_count(query->query, view),
                   naive->alive_count);
}

void compare_all(struct model *model, pecs_view view, unsigned registry, const struct naive *naive)
{
    compare_by_get(model, view, registry, naive);
    compare_by_query(model, view, registry, naive);
    compare_ids(model, view, naive);
    compare_many(model, view, naive);
}

void compare_snapshot(struct model *model, const struct test_snapshot *snapshot)
{
    const pecs_view view = pecs_snapshot_view(snapshot->snapshot);
    compare_all(model, view, snapshot->registry, snapshot->naive);
    const uint64_t hash = pecs_view_hash(view);
    if (hash != snapshot->hash)
        model_fail(model, "a snapshot's hash is %016" PRIx64 ", was %016" PRIx64, hash, snapshot->hash);
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    if (summary.table_count != snapshot->summary.table_count)
        model_fail(model, "a snapshot has %" PRIu64 " tables, had %" PRIu64, summary.table_count,
                   snapshot->summary.table_count);
}
