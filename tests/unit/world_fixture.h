/*
 * For tests of storage and world: components, a world whose memory is counted, a check that its inside agrees with
 * itself, and the trial of an edit in which each allocation fails once.
 */
#ifndef WORLD_FIXTURE_H
#define WORLD_FIXTURE_H

#include "counting_allocator.h"
#include "edit.h"
#include "id_hash.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>

typedef struct {
    float x, y, z;
} Position;
PECS_COMPONENT(Position, 1, x, y, z);

typedef struct {
    int32_t current, max;
} Health;
PECS_COMPONENT(Health, 1, current, max);

typedef struct {
    uint8_t number;
} Team;
PECS_COMPONENT(Team, 1, number);

PECS_TAG(Frozen, 1);

typedef struct {
    uint32_t weight;
    pecs_entity target, others[2];
} Link;
PECS_COMPONENT(Link, 1, weight, target, others);

enum { POSITION, HEALTH, TEAM, FROZEN, LINK, FIXTURE_TYPE_COUNT };
static const pecs_type *const fixture_types[FIXTURE_TYPE_COUNT] = {
    &Position_type, &Health_type, &Team_type, &Frozen_type, &Link_type,
};

enum { CHUNK_ROWS = 4096 };

static const pecs_entity none = { 0, 0 };
static const pecs_allocator system_memory = { NULL, NULL, NULL };

static inline bool same(pecs_entity a, pecs_entity b)
{
    return a.index == b.index && a.generation == b.generation;
}

static inline pecs_registry *make_registry(const pecs_type *const *types, size_t type_count, pecs_allocator allocator)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    const pecs_registry_desc desc = { .types = types, .type_count = type_count, .allocator = allocator };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static inline pecs_registry *counting_registry(void)
{
    return make_registry(fixture_types, FIXTURE_TYPE_COUNT, counting_hooks);
}

static inline pecs_world *make_world(pecs_registry *registry, const pecs_snapshot *base)
{
    pecs_world *world = NULL;
    pecs_error error;
    const pecs_world_options options = { .session_nonce = 7 };
    cr_assert_eq(pecs_world_create(registry, base, &options, &world, &error), PECS_OK, "%s", error.message);
    return world;
}

static inline pecs_query *make_query(pecs_registry *registry, const pecs_term *terms, size_t term_count)
{
    pecs_query *query = NULL;
    pecs_error error;
    cr_assert_eq(pecs_query_create(registry, terms, term_count, &query, &error), PECS_OK, "%s", error.message);
    return query;
}

static inline pecs_snapshot *take(pecs_world *world)
{
    pecs_snapshot *snapshot = NULL;
    cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_OK);
    return snapshot;
}

static inline pecs_entity spawn_one(pecs_world *world, const pecs_value *values, size_t value_count)
{
    pecs_entity entity = none;
    must(pecs_world_spawn(world, values, value_count, 1, &entity) == PECS_OK);
    return entity;
}

static inline pecs_entity spawn_position(pecs_world *world, float x)
{
    return spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, x, 0, 0) }, 1);
}

static inline pecs_summary summary_of(pecs_view view)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    return summary;
}

static inline bool same_summary(const pecs_summary *a, const pecs_summary *b)
{
    return a->entity_count == b->entity_count && a->slot_count == b->slot_count && a->free_count == b->free_count &&
           a->table_count == b->table_count && a->component_bytes == b->component_bytes && a->tick == b->tick &&
           a->retired_count == b->retired_count && a->content_bytes == b->content_bytes;
}

/* All that the counted allocator gave has come back, as it was given. */
/* The rows of one table and their records point at each other. */
static inline uint64_t check_rows(const struct pecs_snapshot *state, uint32_t number)
{
    const struct table *table = state_table(state, number);
    if (table->archetype->is_singleton) {
        must(table->row_count == (state->singleton_table == number));
        return 0;
    }
    for (uint64_t row = 0; row < table->row_count; row++) {
        pecs_entity entity;
        memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
        must(entity.index < state_slot_count(state));
        const struct record *record = state_record(state, entity.index);
        must(record->generation == entity.generation && record->table == number && record->row == row);
        must(record->session < state->sessions->count);
    }
    return table->row_count;
}

/* Free places of sessions ascend, and no living entity names one. */
static inline void check_sessions(const struct pecs_snapshot *state)
{
    const struct sessions *sessions = state->sessions;
    if (!sessions)
        return;
    must(state->session < sessions->count && sessions->free_count < sessions->count);
    bool *is_named = calloc(sessions->count, sizeof(*is_named));
    must(is_named != NULL);
    for (uint64_t i = 0; i < state_slot_count(state); i++) {
        const struct record *record = state_record(state, (uint32_t)i);
        if (record->table != NO_TABLE)
            is_named[record->session] = true;
    }
    for (uint32_t i = 0; i < sessions->free_count; i++) {
        must(sessions->free[i] < sessions->count && !is_named[sessions->free[i]]);
        must(!i || sessions->free[i - 1] < sessions->free[i]);
    }
    free(is_named);
}

/* Index, rows, and all counts agree. */
static inline void check_state(const struct pecs_snapshot *state)
{
    uint64_t row_count = 0, alive_count = 0, free_count = 0;
    for (uint32_t i = 0; i < state->table_count; i++)
        row_count += check_rows(state, i);
    must(tree_get(&state->tables, state->table_count) == NULL);
    const struct entity_index *index = state_index(state);
    for (uint64_t chunk = 0; chunk < index_chunk_count(index); chunk++) {
        uint32_t free_in_chunk = 0;
        for (uint64_t i = 0; i < index_chunk_slots(index, chunk); i++) {
            const struct record *record = state_record(state, (uint32_t)(chunk * CHUNK_ROWS + i));
            alive_count += record->table != NO_TABLE;
            free_in_chunk += record->table == NO_TABLE && record->generation < GENERATION_MAX;
        }
        must(state_free_in_chunk(state, chunk) == free_in_chunk);
        free_count += free_in_chunk;
    }
    must(state->entity_count == row_count && state->entity_count == alive_count);
    must(state->free_count == free_count);
    must(!state->retired || state->retired->first <= state_slot_count(state));
    for (uint64_t i = 0; i < state_retired_count(state); i++) {
        const uint32_t last = retired_generation(state->retired, state_slot_count(state) + i);
        must(last > 0 && last < GENERATION_MAX);
    }
    check_sessions(state);
}

static inline void check_catalog(const struct catalog *catalog, const struct pecs_snapshot *state)
{
    must(catalog->table_count == state->table_count);
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct archetype *archetype = state_table(state, i)->archetype;
        must(catalog->archetypes[i] == archetype);
        must(catalog_find(catalog, archetype->components, archetype->component_count, archetype->is_singleton,
                          archetype->set_hash) == i);
    }
    must(catalog->unknown == state->unknown && catalog->posting_count >= state_component_count(state));
    for (uint32_t place = 0; place < catalog->posting_count; place++) {
        const struct posting_list *list = &catalog->postings[place];
        size_t count = 0;
        for (uint32_t i = 0; i < state->table_count && place < state_component_count(state); i++)
            if (archetype_find(state_table(state, i)->archetype, state_number_at(state, place)) != NO_COLUMN)
                must(count < list->count && posting_tables(list)[count++] == i);
        must(count == list->count);
    }
}

static inline void check_free_map(const struct free_map *map, const struct pecs_snapshot *state)
{
    for (uint64_t chunk = 0; map->is_valid && chunk < index_chunk_count(state_index(state)); chunk++) {
        const bool has_free = map->chunks[chunk / 64] >> chunk % 64 & 1;
        must(has_free == (state_free_in_chunk(state, chunk) > 0));
        must(!has_free || map->lowest_word <= chunk / 64);
        for (uint64_t i = 0; map->slots[chunk] && i < index_chunk_slots(state_index(state), chunk); i++) {
            const struct record *record = state_record(state, (uint32_t)(chunk * CHUNK_ROWS + i));
            const bool is_free = record->table == NO_TABLE && record->generation < GENERATION_MAX;
            must(is_free == (map->slots[chunk][i / 64] >> i % 64 & 1));
        }
    }
}

/* What the gate keeps at hand is what the tree or the image holds; and when rows may be appended, it is private. */
static inline void check_tail(const struct gate *gate, const struct table *table)
{
    if (table->tail_epoch != gate->epoch || table_live_rows(table, table->tail_chunk) == 0)
        return;
    for (uint32_t i = 0; i < table->archetype->column_count; i++) {
        must(table->columns[i].tail == table_chunk(table, i, table->tail_chunk));
        if (!table->tail_rows)
            continue;
        const struct ref *ref = tree_ref(&table->columns[i].chunks, table->tail_chunk);
        must(ref && ref->node && ref->epoch == gate->epoch);
        must(((const struct array *)ref->node)->size_bytes >= table->tail_rows * table->archetype->column_bytes[i]);
    }
}

/* A vector's directory says where the tree or the image holds each chunk. */
static inline void check_directory(const struct vector *vector)
{
    for (uint64_t chunk = 0; chunk < vector_chunk_count(vector); chunk++) {
        const struct ref *ref = tree_ref(&vector->chunks, chunk);
        const bool has_array = ref && ref->node;
        must(has_array || vector->runs);
        must(vector_chunk(vector, chunk) ==
             (has_array ? ref->data
                        : vector->runs->columns[0].base + (chunk << vector->shift) * (uint64_t)vector->width));
    }
}

static inline void check_world(const pecs_world *world)
{
    must(world->source.state == world->state && world->source.world == world);
    must(world->gate.tick == world->state->tick);
    must(world->planned_count == 0);
    for (size_t i = 0; i < world->plan_capacity; i++)
        must(world->plans[i].removal_count == 0 && world->plans[i].append_count == 0);
    check_state(world->state);
    check_catalog(&world->catalog, world->state);
    check_free_map(&world->free_map, world->state);
    for (uint32_t i = 0; i < world->state->table_count; i++)
        check_tail(&world->gate, state_table(world->state, i));
    check_directory(&state_index(world->state)->records);
    if (world->state->id_hash.node)
        check_directory(&id_hash_of(world->state)->buckets);
}

/* What can be seen of a world: its content, and the life of every handle of its slots' first generations. */
struct photograph {
    uint64_t hash, life;
    pecs_summary summary;
};

static inline struct photograph photograph_of(pecs_view view)
{
    struct photograph photograph = { pecs_view_hash(view), 0, summary_of(view) };
    for (uint32_t index = 0; index < photograph.summary.slot_count + 100; index++)
        for (uint32_t generation = 0; generation < 5; generation++) {
            const uint64_t number = (uint64_t)index * 5 + generation + 1;
            if (pecs_view_alive(view, (pecs_entity){ index, generation }))
                photograph.life += mix_u64(number);
        }
    return photograph;
}

static inline bool same_photograph(const struct photograph *a, const struct photograph *b)
{
    return a->hash == b->hash && a->life == b->life && same_summary(&a->summary, &b->summary);
}

/* After an edit that failed: the content is as before; that it opened a tick, as any edit after a take, is allowed. */
static inline bool is_unchanged(const struct photograph *before, struct photograph after, bool tick_was_seen)
{
    if (tick_was_seen && after.summary.tick == before->summary.tick + 1)
        after.summary.tick--;
    return same_photograph(before, &after);
}

/*
 * A trial: a world is prepared, and one edit is made of it while allocation n fails (once, or with all that follow),
 * for n = 1, 2, ... until the edit succeeds. After each failure nothing has changed; made again, the edit gives what
 * it gives without failures; and at the end all memory comes back.
 */
struct stage {
    pecs_registry *registry;
    pecs_world *world, *made;
    pecs_snapshot *snapshot, *taken;
    pecs_query *query;
    pecs_commands *commands;
    pecs_entity entities[64];
    void *pointer;
};

struct trial {
    void (*prepare)(struct stage *stage);
    pecs_status (*edit)(struct stage *stage);
};

/* A test whose components are others sets it first. */
static pecs_registry *(*make_stage_registry)(void) = counting_registry;

static inline void stage_set(struct stage *stage, const struct trial *trial)
{
    memset(stage, 0, sizeof(*stage));
    stage->registry = make_stage_registry();
    stage->world = make_world(stage->registry, NULL);
    trial->prepare(stage);
    check_world(stage->world);
}

static inline void stage_strike(struct stage *stage)
{
    pecs_commands_destroy(stage->commands);
    pecs_query_destroy(stage->query);
    pecs_world_destroy(stage->world);
    pecs_world_destroy(stage->made);
    pecs_snapshot_release(stage->snapshot);
    pecs_snapshot_release(stage->taken);
    pecs_registry_release(stage->registry);
    assert_no_leak();
}

static inline struct photograph expected_outcome(const struct trial *trial)
{
    struct stage stage;
    stage_set(&stage, trial);
    cr_assert_eq(trial->edit(&stage), PECS_OK);
    check_world(stage.world);
    const struct photograph outcome = photograph_of(pecs_world_view(stage.world));
    stage_strike(&stage);
    return outcome;
}

static inline pecs_status edit_failing(const struct trial *trial, struct stage *stage, uint64_t nth, bool fail_after)
{
    const struct photograph before = photograph_of(pecs_world_view(stage->world));
    const struct photograph held =
        stage->snapshot ? photograph_of(pecs_snapshot_view(stage->snapshot)) : (struct photograph){ 0 };
    const bool tick_was_seen = stage->world->tick_is_seen;
    counting.fail_at = counting.call_count + nth;
    counting.fail_after = fail_after;
    const pecs_status status = trial->edit(stage);
    counting.fail_at = 0;
    check_world(stage->world);
    const struct photograph after = photograph_of(pecs_world_view(stage->world));
    cr_assert(!status || is_unchanged(&before, after, tick_was_seen), "allocation %llu failed: the world changed",
              (unsigned long long)nth);
    if (stage->snapshot) {
        const struct photograph still = photograph_of(pecs_snapshot_view(stage->snapshot));
        cr_assert(same_photograph(&held, &still), "allocation %llu failed: a snapshot changed",
                  (unsigned long long)nth);
    }
    return status;
}

/* A new world for each failure. Returns the number of failures. */
static inline uint64_t fail_in_new_worlds(const struct trial *trial, const struct photograph *outcome, bool fail_after)
{
    for (uint64_t nth = 1;; nth++) {
        struct stage stage;
        stage_set(&stage, trial);
        const pecs_status status = edit_failing(trial, &stage, nth, fail_after);
        cr_assert(status == PECS_OK || status == PECS_E_MEMORY, "allocation %llu failed: %s", (unsigned long long)nth,
                  pecs_status_name(status));
        if (status)
            cr_assert_eq(trial->edit(&stage), PECS_OK, "again after allocation %llu", (unsigned long long)nth);
        check_world(stage.world);
        const struct photograph after = photograph_of(pecs_world_view(stage.world));
        cr_assert(same_photograph(outcome, &after), "the outcome differs after allocation %llu failed",
                  (unsigned long long)nth);
        stage_strike(&stage);
        if (!status)
            return nth - 1;
    }
}

/* One world, whose edit fails again and again, each time one allocation later. */
static inline void fail_in_one_world(const struct trial *trial, const struct photograph *outcome)
{
    struct stage stage;
    stage_set(&stage, trial);
    uint64_t nth = 1;
    while (edit_failing(trial, &stage, nth, false) == PECS_E_MEMORY)
        nth++;
    const struct photograph after = photograph_of(pecs_world_view(stage.world));
    cr_assert(same_photograph(outcome, &after));
    stage_strike(&stage);
}

/* `least`: so many allocations the edit makes at least, or the trial would prove nothing. */
static inline void try_every_failure(const struct trial *trial, uint64_t least)
{
    const struct photograph outcome = expected_outcome(trial);
    const uint64_t failure_count = fail_in_new_worlds(trial, &outcome, false);
    cr_assert_geq(failure_count, least, "only %llu allocations", (unsigned long long)failure_count);
    fail_in_new_worlds(trial, &outcome, true);
    fail_in_one_world(trial, &outcome);
}

#endif
