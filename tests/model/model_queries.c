/*
 * Queries of the model test: every row of every chunk is compared with the model, and rows are counted, so that none is
 * missing, duplicate or wrong. Also what a world refuses while an iteration is open.
 *
 * "Changed since" must keep its promise: it misses nothing that changed, and nothing is given when nothing changed. A
 * chunk may hold more rows than changed.
 */
#include "model.h"
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

static bool term_has_column(const struct test_term *term)
{
    return model_size(term->type) > 0 && term->access != PECS_WITH && term->access != PECS_WITHOUT;
}

static bool term_writes(const struct test_term *term)
{
    return term->access == PECS_WRITE || term->access == PECS_OPTIONAL_WRITE;
}

void walk_begin(struct model *model, const struct naive *naive)
{
    if (naive->slot_count > model->seen_capacity) {
        free(model->seen);
        model->seen_capacity = naive->slot_count * 2;
        model->seen = calloc(model->seen_capacity, sizeof(*model->seen));
        if (!model->seen)
            abort();
    }
    model->walk = ++model->walk_count;
}

bool walk_seen(const struct model *model, size_t index)
{
    return model->seen[index] == model->walk;
}

static void walk_entities(struct model *model, const struct test_query *query, const pecs_iter *iter,
                          const struct naive *naive)
{
    if (iter->row_count == 0)
        model_fail(model, "an iteration gave an empty chunk");
    for (size_t row = 0; row < iter->row_count; row++) {
        const pecs_entity entity = iter->entities[row];
        if (!naive_alive(naive, entity))
            model_fail(model, "a query gave {%" PRIu32 ", %" PRIu32 "}, which is dead", entity.index,
                       entity.generation);
        if (!model_matches(query, &naive->slots[entity.index]))
            model_fail(model, "a query gave {%" PRIu32 ", %" PRIu32 "}, which does not match", entity.index,
                       entity.generation);
        if (walk_seen(model, entity.index))
            model_fail(model, "a query gave {%" PRIu32 ", %" PRIu32 "} twice", entity.index, entity.generation);
        model->seen[entity.index] = model->walk;
    }
}

static void walk_column(struct model *model, const struct test_query *query, const struct test_term *term,
                        pecs_iter *iter, const struct naive *naive)
{
    const uint32_t size = model_size(term->type);
    const pecs_component component = model_component(query->registry, term->type);
    const uint8_t *column = pecs_iter_column(iter, component, size);
    const uint32_t has = naive->slots[iter->entities[0].index].has >> term->type & 1;
    if ((column != NULL) != has)
        model_fail(model, "a chunk's column of %s is %p", model_types[term->type]->name, (const void *)column);
    if (column && (uintptr_t)column % model_types[term->type]->align != 0)
        model_fail(model, "a column of %s at %p is not aligned", model_types[term->type]->name, (const void *)column);
    pecs_iter wrong = *iter;
    if (pecs_iter_column(&wrong, component, size + 1) || wrong.row_count || wrong.status != PECS_E_MISUSE)
        model_fail(model, "a column of a wrong size was not refused");
    for (size_t row = 0; row < iter->row_count; row++) {
        const struct naive_slot *slot = &naive->slots[iter->entities[row].index];
        if ((slot->has >> term->type & 1) != has)
            model_fail(model, "a chunk holds entities with and without %s", model_types[term->type]->name);
        if (has && !model_value_equal(term->type, column + row * size, slot->values + model_offsets[term->type]))
            model_fail(model, "entity {%" PRIu32 ", %" PRIu32 "}: %s has another value in a query",
                       iter->entities[row].index, iter->entities[row].generation, model_types[term->type]->name);
    }
}

static void walk_write(struct model *model, const struct test_query *query, const struct test_term *term,
                       pecs_iter *iter, struct naive *naive)
{
    const uint32_t size = model_size(term->type);
    uint8_t *column = pecs_iter_column_mut(iter, model_component(query->registry, term->type), size);
    const bool has = naive->slots[iter->entities[0].index].has >> term->type & 1;
    if ((column != NULL) != has)
        model_fail(model, "a chunk's column of %s for writing is %p", model_types[term->type]->name, (void *)column);
    const uint64_t every = 1 + random_below(&model->random, 3) * 8;
    for (size_t row = 0; has && row < iter->row_count; row++) {
        const pecs_entity entity = iter->entities[row];
        if (random_once_in(&model->random, every)) {
            model_value_random(term->type, column + row * size, &model->random, choose_handle, naive);
            naive_set(naive, entity, term->type, column + row * size);
        }
        naive_touch(naive, entity, term->type);
    }
}

void walk_chunk(struct model *model, const struct test_query *query, pecs_iter *iter, struct naive *naive,
                bool writable)
{
    walk_entities(model, query, iter, naive);
    for (unsigned i = 0; i < query->term_count; i++) {
        const struct test_term *term = &query->terms[i];
        if (!term_has_column(term))
            continue;
        walk_column(model, query, term, iter, naive);
        if (writable && term_writes(term)) {
            walk_write(model, query, term, iter, naive);
            continue;
        }
        pecs_iter wrong = *iter;
        if (pecs_iter_column_mut(&wrong, model_component(query->registry, term->type), model_size(term->type)) ||
            wrong.row_count || wrong.status != PECS_E_MISUSE)
            model_fail(model, "a column for writing was not refused where it is only read");
    }
}

/* Ends an iteration. False: it failed because the test made an allocation fail. */
static bool walk_end(struct model *model, pecs_iter *iter)
{
    const pecs_status status = iter->status;
    const pecs_status end = pecs_iter_end(iter);
    if (end != status)
        model_fail(model, "pecs_iter_end gives %s, the iteration had %s", pecs_status_name(end),
                   pecs_status_name(status));
    if (model_refused(model, status))
        return false;
    model_expect(model, status, PECS_OK, "pecs_iter_next");
    return true;
}

static void require_count(struct model *model, size_t rows, size_t wanted, const char *what)
{
    if (rows != wanted)
        model_fail(model, "%s gave %zu rows, should give %zu", what, rows, wanted);
}

/* The target of a query: a world, for reading or writing, or a snapshot. */
struct target {
    pecs_view view;
    pecs_world *edited; /* NULL: only read */
    struct naive *naive;
    unsigned registry;
};

static struct target target_of(const struct test_world *world, bool writing)
{
    return (struct target){ pecs_world_view(world->world), writing ? world->world : NULL, world->naive,
                            world->registry };
}

/* Whether a term that is read or written there changed after the tick. */
static bool changed_after(const struct test_query *query, const struct naive_slot *slot, uint64_t tick)
{
    for (unsigned i = 0; i < query->term_count; i++) {
        const struct test_term *term = &query->terms[i];
        if (term_has_column(term) && (slot->has >> term->type & 1) && slot->changed[term->type] > tick)
            return true;
    }
    return false;
}

/*
 * Checks that every required entity was visited. Entities that were not visited were not written: their ticks are
 * unchanged.
 */
static void require_complete(struct model *model, const struct test_query *query, const struct naive *naive,
                             uint64_t changed_since)
{
    size_t wanted = 0;
    for (size_t index = 0; index < naive->slot_count; index++) {
        const struct naive_slot *slot = &naive->slots[index];
        if (!model_matches(query, slot) || (changed_since && !changed_after(query, slot, changed_since)))
            continue;
        wanted++;
        if (!walk_seen(model, index))
            model_fail(model, "{%zu, %" PRIu32 "} was missed (changed since %" PRIu64 " at tick %" PRIu64 ")", index,
                       slot->generation, changed_since, naive->tick);
    }
    if (changed_since && wanted)
        model_count(model, "changed since: something");
}

enum { PART_MAX = 5 };

/* Runs a query in one or more parts, whose chunks come in any order; stops early now and then. */
static void query_run(struct model *model, const struct target *target, uint64_t changed_since, uint32_t worker_count)
{
    const struct test_query *query = choose_query(model, target->registry);
    const bool stop_early = random_once_in(&model->random, 8);
    const uint32_t count = worker_count ? worker_count : 1;
    pecs_iter iters[PART_MAX];
    for (uint32_t part = 0; part < count; part++) {
        const pecs_iter_options options = { changed_since, part, worker_count };
        iters[part] = target->edited ? pecs_query_iter_mut(query->query, target->edited, &options)
                                     : pecs_query_iter(query->query, target->view, &options);
    }
    walk_begin(model, target->naive);
    for (uint32_t open = (1u << count) - 1; open;) {
        const uint32_t part = (uint32_t)random_below(&model->random, count);
        if (!(open >> part & 1))
            continue;
        if (pecs_iter_next(&iters[part]))
            walk_chunk(model, query, &iters[part], target->naive, target->edited);
        else
            open &= ~(1u << part);
        if (stop_early && random_once_in(&model->random, 3))
            break;
    }
    bool whole = !stop_early;
    for (uint32_t part = 0; part < count; part++)
        whole &= walk_end(model, &iters[part]);
    if (whole)
        require_complete(model, query, target->naive, changed_since);
    model->in_doubt |= target->edited && target->naive->alive_count < 64;
}

static uint64_t choose_tick(struct model *model, const struct naive *naive)
{
    const uint64_t back = random_below(&model->random, 6);
    return back < naive->tick ? naive->tick - back : 0;
}

void op_query_read(struct model *model, struct test_world *world)
{
    const struct target target = target_of(world, false);
    query_run(model, &target, 0, 0);
}

void op_query_edit(struct model *model, struct test_world *world)
{
    const struct target target = target_of(world, true);
    query_run(model, &target, 0, 0);
}

void op_query_changed(struct model *model, struct test_world *world)
{
    const struct target target = target_of(world, random_once_in(&model->random, 4));
    query_run(model, &target, choose_tick(model, target.naive),
              random_once_in(&model->random, 4) ? (uint32_t)random_below(&model->random, PART_MAX + 1) : 0);
}

void op_query_parts(struct model *model, struct test_world *world)
{
    const struct target target = target_of(world, random_once_in(&model->random, 2));
    query_run(model, &target, 0, 1 + (uint32_t)random_below(&model->random, PART_MAX));
}

void walk_inside(struct model *model, struct test_world *world, bool writing)
{
    const struct target target = target_of(world, writing);
    const uint32_t outer = model->walk;
    query_run(model, &target, random_once_in(&model->random, 3) ? choose_tick(model, target.naive) : 0,
              (uint32_t)random_below(&model->random, 3));
    model->walk = outer;
}

void op_query_snapshot(struct model *model, struct test_world *world)
{
    (void)world;
    const struct test_snapshot *snapshot = choose_snapshot(model);
    if (!snapshot)
        return;
    const struct target target = { pecs_snapshot_view(snapshot->snapshot), NULL, snapshot->naive, snapshot->registry };
    query_run(model, &target, random_once_in(&model->random, 2) ? choose_tick(model, target.naive) : 0,
              (uint32_t)random_below(&model->random, PART_MAX + 1));
}

/* After an advance nothing has changed; after one write in it, only that is new. */
void op_query_quiet(struct model *model, struct test_world *world)
{
    const uint64_t before = world->naive->tick;
    op_advance(model, world);
    if (world->naive->tick == before)
        return;
    const struct test_query *query = &model->everything[world->registry];
    const pecs_iter_options options = { .changed_since = before };
    pecs_iter iter = pecs_query_iter(query->query, pecs_world_view(world->world), &options);
    size_t chunks = 0;
    while (pecs_iter_next(&iter))
        chunks++;
    if (walk_end(model, &iter) && chunks)
        model_fail(model, "%zu chunks changed since tick %" PRIu64 ", but there was no edit", chunks, before);
}

void op_query_count(struct model *model, struct test_world *world)
{
    const struct test_query *query = choose_query(model, world->registry);
    require_count(model, pecs_query_count(query->query, pecs_world_view(world->world)),
                  model_match_count(query, world->naive), "pecs_query_count");
}

void op_query_replace(struct model *model, struct test_world *world)
{
    (void)world;
    struct test_query fresh = { .query = NULL };
    model_query_random(model, &fresh);
    if (!fresh.query)
        return;
    struct test_query *query = &model->queries[random_below(&model->random, QUERY_MAX)];
    pecs_query_destroy(query->query);
    *query = fresh;
}

static void expect_no_iteration(struct model *model, pecs_iter iter, const char *what)
{
    if (pecs_iter_next(&iter))
        model_fail(model, "an iteration with %s gave a chunk", what);
    model_expect(model, pecs_iter_end(&iter), PECS_E_MISUSE, what);
}

void op_query_misuse(struct model *model, struct test_world *world)
{
    const pecs_view view = pecs_world_view(world->world);
    const struct test_query *query = choose_query(model, world->registry);
    const struct test_query *other = &model->everything[1 - world->registry];
    pecs_registry *registry = model->registries[world->registry];
    const pecs_iter_options parts = { .worker = 3, .worker_count = 3 };
    expect_no_iteration(model, pecs_query_iter(query->query, view, &parts), "a part beyond the last");
    expect_no_iteration(model, pecs_query_iter_mut(query->query, world->world, &parts), "a part beyond the last");
    expect_no_iteration(model, pecs_query_iter(other->query, view, NULL), "a query of another registry");
    expect_no_iteration(model, pecs_query_iter_mut(other->query, world->world, NULL), "a query of another registry");
    pecs_query *none = NULL;
    const pecs_term twice[] = { { 1, PECS_READ }, { 1, PECS_WITH } };
    const pecs_term unknown[] = { { 1000, PECS_READ } };
    pecs_status status = pecs_query_create(registry, twice, 2, &none, NULL);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_MISUSE, "a query with a component twice");
    status = pecs_query_create(registry, unknown, 1, &none, NULL);
    if (!model_refused(model, status))
        model_expect(model, status, PECS_E_MISUSE, "a query with an unknown component");
    if (none)
        model_fail(model, "a failed pecs_query_create gave a query");
}
