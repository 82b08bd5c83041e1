/*
 * Filtered and converted snapshots in the model test: a random choice of components and entities is left out of the
 * library's snapshot and of a copy of the naive model; then they must agree, in this registry or in the other, and the
 * episode goes on with what is left.
 */
#include "model.h"
#include "model_memory.h"

#include <string.h>

struct choice {
    uint32_t mask;                  /* components left out */
    const struct test_query *query; /* or NULL */
    bool only_matching;
    uint32_t modulus;    /* entities whose index has the remainder 0 are left out; 0: none */
    bool only_remainder; /* they stay, and the others are left out */
    pecs_references references;
};

static void choose_less(struct model *model, unsigned registry, struct choice *choice)
{
    struct random *random = &model->random;
    *choice = (struct choice){ .references = (pecs_references)random_below(random, 2) };
    if (random_below(random, 4))
        choice->mask = (uint32_t)(random_next(random) & random_next(random)) & ((1u << MODEL_TYPE_COUNT) - 1);
    if (random_below(random, 2))
        choice->query = choose_query(model, registry);
    choice->only_matching = random_below(random, 2);
    if (random_below(random, 2))
        choice->modulus = 1 + (uint32_t)random_below(random, 6);
}

static bool stays_by_index(const struct choice *choice, size_t index)
{
    return !choice->modulus || (index % choice->modulus == 0) == choice->only_remainder;
}

static bool keep_entity(void *user, pecs_view view, pecs_entity entity)
{
    const struct choice *choice = user;
    return pecs_view_alive(view, entity) && stays_by_index(choice, entity.index);
}

static bool stays(const struct choice *choice, const struct naive *naive, size_t index)
{
    const struct naive_slot *slot = &naive->slots[index];
    return stays_by_index(choice, index) &&
           (!choice->query || model_matches(choice->query, slot) == choice->only_matching);
}

struct clearing {
    const struct naive *before, *after;
};

/* Clears a reference to an entity that was alive before and is no more. */
static void clear_reference(void *user, pecs_entity *entity)
{
    const struct clearing *clearing = user;
    if (naive_alive(clearing->before, *entity) && !naive_alive(clearing->after, *entity))
        *entity = (pecs_entity){ 0, 0 };
}

static void clear_references(const struct naive *before, struct naive *naive)
{
    struct clearing clearing = { before, naive };
    for (unsigned type = 0; type < MODEL_SIZED_COUNT; type++) {
        for (size_t i = 0; i < naive->slot_count; i++)
            if (naive->slots[i].alive && naive->slots[i].has >> type & 1)
                model_value_entities(type, naive->slots[i].values + model_offsets[type], clear_reference, &clearing);
        if (naive->singleton_has >> type & 1)
            model_value_entities(type, naive->singletons + model_offsets[type], clear_reference, &clearing);
    }
}

/* The same in the model: not edits, so the tick stays. */
static struct naive *filter_naive(const struct naive *from, const struct choice *choice)
{
    struct naive *naive = naive_copy(from);
    for (size_t i = 0; i < naive->slot_count; i++) {
        if (!from->slots[i].alive)
            continue;
        if (!stays(choice, from, i))
            naive_despawn(naive, naive_entity(naive, i));
        naive->slots[i].has &= ~choice->mask;
    }
    naive->singleton_has &= ~choice->mask;
    if (choice->references == PECS_REFERENCES_CLEAR && (choice->query || choice->modulus))
        clear_references(from, naive);
    naive->tick = from->tick;
    naive->tick_is_seen = from->tick_is_seen;
    return naive;
}

static pecs_status filter_snapshot(unsigned registry, const pecs_snapshot *base, struct choice *choice,
                                   pecs_snapshot **ret_snapshot)
{
    pecs_component components[MODEL_TYPE_COUNT];
    pecs_filter filter = { .components = components, .references = choice->references };
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        if (choice->mask >> type & 1)
            components[filter.component_count++] = model_component(registry, type);
    filter.query = choice->query ? choice->query->query : NULL;
    filter.only_matching = choice->only_matching;
    filter.keep = choice->modulus ? keep_entity : NULL;
    filter.user = choice;
    return pecs_snapshot_filter(base, &filter, ret_snapshot, NULL);
}

/* The snapshot for another registry, in place of the one given; the same when memory runs out. */
static unsigned convert_snapshot(struct model *model, pecs_snapshot **snapshot, unsigned registry)
{
    const unsigned other = (registry + 1) % MODEL_REGISTRY_COUNT;
    pecs_snapshot *made = NULL;
    const pecs_status status = pecs_snapshot_convert(*snapshot, model->registries[other], &made, NULL);
    if (model_refused(model, status))
        return registry;
    model_expect(model, status, PECS_OK, "pecs_snapshot_convert");
    pecs_snapshot_release(*snapshot);
    *snapshot = made;
    return other;
}

static void use_filtered(struct model *model, pecs_snapshot *made, struct naive *naive, unsigned registry)
{
    char path[PATH_BYTES];
    pecs_error error;
    path_make(model, path, 0);
    compare_all(model, pecs_snapshot_view(made), registry, naive);
    if (random_once_in(&model->random, 2)) {
        registry = convert_snapshot(model, &made, registry);
        compare_all(model, pecs_snapshot_view(made), registry, naive);
        model_count(model, "filter: converted");
    }
    model_memory_disarm();
    const pecs_save_options quick = { .skip_sync = true };
    if (pecs_snapshot_save(made, path, &quick, &error))
        model_fail(model, "pecs_snapshot_save of a filtered snapshot: %s", error.message);
    use_state(model, made, naive, registry);
}

void op_filter(struct model *model, struct test_world *world)
{
    pecs_snapshot *base = NULL, *made = NULL;
    struct choice choice;
    pecs_status status = pecs_snapshot_take(world->world, &base);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_snapshot_take");
    world_shared(world);
    choose_less(model, world->registry, &choice);
    status = filter_snapshot(world->registry, base, &choice, &made);
    pecs_snapshot_release(base);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_snapshot_filter");
    compare_all(model, pecs_world_view(world->world), world->registry, world->naive);
    use_filtered(model, made, filter_naive(world->naive, &choice), world->registry); /* may drop the world */
    model_count(model, "filter: done");
}

pecs_snapshot *filter_part(struct model *model, const pecs_snapshot *base, const struct naive *naive, unsigned registry,
                           size_t most, struct naive **ret_naive)
{
    pecs_snapshot *made = NULL;
    struct choice choice;
    choose_less(model, registry, &choice);
    if (registry == MODEL_PARTIAL) { /* the snapshot may lack types that the registry does not know either */
        choice.mask = 0;
        choice.query = NULL;
    }
    if (naive->alive_count > most) {
        choice.modulus = 1 + (uint32_t)(naive->slot_count / (most + 1));
        choice.only_remainder = true;
    }
    const pecs_status status = filter_snapshot(registry, base, &choice, &made);
    if (model_refused(model, status))
        return NULL;
    model_expect(model, status, PECS_OK, "pecs_snapshot_filter");
    *ret_naive = filter_naive(naive, &choice);
    return made;
}
