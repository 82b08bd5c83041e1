/*
 * Two steps. First each table that has old types is *widened*: it gets columns of the new types beside the old ones,
 * chunk by chunk (migrate_rows.c), and shares all others. Then the old types are left out, which is a projection: it
 * merges tables whose sets became equal, moves records, counts what is dead in the heap. At last the list of unknown
 * types loses them.
 */
#include "migrate.h"

#include "error.h"
#include "heap_move.h"
#include "jobs.h"
#include "migrate_refuse.h"
#include "migrate_rows.h"
#include "projection.h"
#include "table_merge.h"

/* Which versions a table has, and which are made in it. False: none is old. */
static bool migrate_find_versions(struct migrating *migrating)
{
    const struct migrate_plan *plan = migrating->plan;
    bool is_needed = false;
    for (uint32_t i = 0; i < plan->version_count; i++) {
        const pecs_component number = plan->versions[i].number;
        migrating->has[i] = number != NO_COMPONENT && archetype_find(migrating->source->archetype, number) != NO_COLUMN;
        migrating->is_made[i] = false;
    }
    for (uint32_t i = 0; i < plan->version_count; i++) {
        const struct migrate_version *version = &plan->versions[i];
        is_needed |= migrating->has[i] && !version->is_final;
        for (uint32_t j = 0; migrating->has[i] && j < version->target_count; j++)
            migrating->has[version->targets[j]] = migrating->is_made[version->targets[j]] = true;
    }
    return is_needed;
}

static struct archetype *migrate_archetype(struct migrating *migrating)
{
    const struct archetype *from = migrating->source->archetype;
    uint32_t count = from->component_count;
    memcpy(migrating->list, from->components, count * sizeof(*migrating->list));
    for (uint32_t i = 0; i < migrating->plan->version_count; i++) {
        const struct migrate_version *version = &migrating->plan->versions[i];
        if (version->is_final && migrating->is_made[i] && archetype_find(from, version->number) == NO_COLUMN)
            migrating->list[count++] = version->number;
    }
    archetype_sort(migrating->list, count);
    return archetype_create(migrating->from->registry, migrating->from->unknown, migrating->list, count,
                            from->is_singleton);
}

/* A table with all columns of the source, shared where chunks have one size. The new ones get their chunks later. */
static pecs_status migrate_widen(struct migrating *migrating)
{
    const struct table *source = migrating->source;
    struct pool *pool = migrating->plan->pool;
    struct archetype *archetype = migrate_archetype(migrating);
    if (!archetype)
        return PECS_E_MEMORY;
    migrating->is_shared = archetype->chunk_shift == source->archetype->chunk_shift;
    struct table *table = migrating->is_shared ? table_project(pool, source, archetype) : table_create(pool, archetype);
    node_release(pool, &archetype->node);
    migrating->table = table;
    if (!table)
        return PECS_E_MEMORY;
    if (migrating->is_shared)
        return PECS_OK;
    const pecs_status status = table_reserve(&migrating->gate, table, 0, source->row_count);
    if (!status)
        table_append_rows(table, source, 0, source->row_count);
    return status;
}

static pecs_status migrate_table(struct migrating *migrating, uint32_t number)
{
    struct pool *pool = migrating->plan->pool;
    migrating->number = number;
    migrating->source = state_table(migrating->from, number);
    migrating->table = NULL;
    if (!migrate_find_versions(migrating)) {
        migrating->table = (struct table *)node_retain((struct node *)(uintptr_t)&migrating->source->node);
        return PECS_OK;
    }
    struct jobs jobs = { .run = migrate_chunk, .user = migrating };
    pecs_status status = migrate_widen(migrating) ? fail_memory(migrating->error) : PECS_OK;
    if (!status) {
        jobs.count = table_chunk_count(migrating->table);
        jobs.thread_count = migrating->plan->needs_one_thread || jobs.count < 2 ? 1 : migrating->options->thread_count;
        status = jobs_run(&jobs, migrating->error);
    }
    if (status && migrating->table) {
        node_release(pool, &migrating->table->node);
        migrating->table = NULL;
    }
    return status;
}

/* Of all values that will be made. */
static uint64_t migrate_bytes(struct migrating *migrating)
{
    const struct migrate_plan *plan = migrating->plan;
    uint64_t bytes = 0;
    for (uint32_t t = 0; t < migrating->from->table_count; t++) {
        migrating->source = state_table(migrating->from, t);
        const bool is_needed = migrate_find_versions(migrating);
        for (uint32_t i = 0; is_needed && i < plan->version_count; i++)
            if (plan->versions[i].is_final && migrating->is_made[i])
                bytes += migrating->source->row_count * plan->versions[i].component->size;
    }
    return bytes;
}

static pecs_status migrate_tables(struct migrating *migrating)
{
    pecs_status status = PECS_OK;
    uint32_t same;
    pool_expect_arrays(migrating->plan->pool, migrate_bytes(migrating));
    for (uint32_t i = 0; !status && i < migrating->from->table_count; i++) {
        status = migrate_table(migrating, i);
        if (!status && state_take_table(&migrating->gate, migrating->to, migrating->table, &same))
            status = fail_memory(migrating->error);
    }
    pool_expect_arrays(migrating->plan->pool, 0);
    migrating->to->singleton_table = migrating->from->singleton_table;
    return status;
}

/* The unknown types that are not old. */
static pecs_status migrate_reduce_types(const struct migrate_plan *plan, struct pecs_snapshot *state)
{
    struct unknown_types *from = state->unknown;
    struct unknown_types *to = unknown_types_create(plan->pool, from->count);
    pecs_status status = to ? PECS_OK : PECS_E_MEMORY;
    for (uint32_t k = 0; !status && k < from->count; k++) {
        const struct unknown_type *type = &from->types[from->by_id[k]]; /* in the order that the list needs */
        if (migrate_is_old(state->registry, &type->component))
            continue;
        status = component_init(&to->types[to->count].component, type->component.type, plan->pool, NULL);
        if (!status)
            to->types[to->count++].number = type->number;
    }
    if (!status && to->count) {
        to->lenders[0] = node_retain(&from->node);
        unknown_types_sort(to);
    }
    if (to && (status || !to->count)) {
        node_release(plan->pool, &to->node);
        to = NULL;
    }
    if (status)
        return status;
    node_release(plan->pool, &from->node);
    state->unknown = to;
    return PECS_OK;
}

static pecs_status migrate_leave_out(struct migrating *migrating, struct pecs_snapshot **ret_state)
{
    uint64_t components[TYPES_MAX / 64 + 1] = { 0 };
    const struct projection_less less = { components, NULL, NULL };
    for (uint32_t i = 0; i < migrating->plan->version_count; i++) {
        const struct migrate_version *version = &migrating->plan->versions[i];
        if (version->number != NO_COMPONENT && !version->is_final)
            bits_set(components, state_place(migrating->to, version->number));
    }
    pecs_status status = projection_make(migrating->to, &less, ret_state);
    if (!status) {
        status = migrate_reduce_types(migrating->plan, *ret_state);
        if (status)
            state_release(*ret_state);
    }
    return status == PECS_E_CORRUPT
               ? fail_rule(migrating->error, status, 0, "ROW-1",
                           "rows and entity index of the resumed file disagree: load the file to find where")
           : status ? fail_memory(migrating->error)
                    : PECS_OK;
}

static pecs_status migrate_begin(struct migrating *migrating)
{
    struct heap *heap;
    const struct migrate_plan *plan = migrating->plan;
    const size_t list = (size_t)state_component_count(migrating->from) + plan->version_count;
    migrating->list = pool_allocate(plan->pool, list * sizeof(*migrating->list));
    migrating->has = pool_allocate(plan->pool, plan->version_count);
    migrating->is_made = pool_allocate(plan->pool, plan->version_count);
    pecs_status status = migrating->list && migrating->has && migrating->is_made ? PECS_OK : PECS_E_MEMORY;
    if (!status && plan->has_contents)
        status = state_own_heap(&migrating->gate, migrating->to, &heap);
    return status ? fail_memory(migrating->error) : PECS_OK;
}

static void migrate_end(struct migrating *migrating)
{
    const struct migrate_plan *plan = migrating->plan;
    const size_t list = (size_t)state_component_count(migrating->from) + plan->version_count;
    pool_release(plan->pool, migrating->is_made, plan->version_count);
    pool_release(plan->pool, migrating->has, plan->version_count);
    pool_release(plan->pool, migrating->list, list * sizeof(*migrating->list));
}

pecs_status migrate_make(const struct pecs_snapshot *state, struct migrate_plan *plan,
                         const struct migrate_options *options, struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct migrating migrating = { .from = state, .plan = plan, .options = options, .error = error };
    if (state_create_without_tables(state, &migrating.to))
        return fail_memory(error);
    gate_init(&migrating.gate, plan->pool);
    migrating.gate.state_epoch = migrating.gate.epoch;
    migrating.gate.tick = state->tick;
    gate_hold(&migrating.gate); /* lists are converted to the heap that they come from */
    os_mutex_init(&migrating.mutex);
    pecs_status status = value_check_init(&migrating.check, migrating.to) ? fail_memory(error) : PECS_OK;
    if (!status) {
        status = migrate_begin(&migrating);
        if (!status)
            status = migrate_tables(&migrating);
        value_check_deinit(&migrating.check);
    }
    if (!status)
        status = migrate_refuse(plan, state, error);
    if (!status)
        status = migrate_leave_out(&migrating, ret_state);
    migrate_end(&migrating);
    os_mutex_deinit(&migrating.mutex);
    gate_let_go(&migrating.gate);
    gate_deinit(&migrating.gate);
    state_release(migrating.to);
    return status;
}
