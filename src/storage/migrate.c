/*
 * Two steps. First each table that has old types is *widened*: it gets columns of the new types beside the old ones,
 * chunk by chunk, and shares all others. Then the old types are left out, which is a projection: it merges tables whose
 * sets became equal, moves records, counts what is dead in the heap. At last the list of unknown types loses them.
 *
 * Within a chunk every version has a buffer: an old one the column itself, one between memory for this chunk, the
 * registry's the new column. A buffer that is written begins with what the entity has, else with the defaults.
 */
#include "migrate.h"

#include "content.h"
#include "error.h"
#include "heap_move.h"
#include "jobs.h"
#include "projection.h"
#include "state_types.h"
#include "table_merge.h"
#include "value_check.h"

#include <stdio.h>
#include <stdlib.h>

struct migrating {
    const struct pecs_snapshot *from;
    struct pecs_snapshot *to;
    struct migrate_plan *plan;
    const struct migrate_options *options;
    struct gate gate;
    struct value_check check;
    struct os_mutex tally_mutex;
    pecs_component *list; /* scratch: of one table */
    bool *has, *is_made;  /* of a table, by version: it has values, some are written */
    pecs_error *error;
    /* the table that is being migrated */
    uint32_t number;
    const struct table *source;
    struct table *table;
};

/* The values of one version in one chunk. */
struct chunk_values {
    const uint8_t *bytes;
    uint8_t *made;    /* the same, to be written; NULL: not written yet */
    uint8_t *scratch; /* memory of a version between; or NULL */
    size_t scratch_bytes;
};

struct chunk_job {
    struct migrating *migrating;
    uint64_t row, count;         /* of a chunk of the widened table, whose chunks are no larger than the source's */
    struct chunk_values *values; /* by version */
    struct loss_tally *tallies;  /* scratch: of one map */
    pecs_error *error;
};

static pecs_entity migrate_entity(const struct migrating *migrating, uint64_t row)
{
    pecs_entity entity = { 0, 0 };
    if (!migrating->source->archetype->is_singleton)
        memcpy(&entity, table_value(migrating->source, HANDLE_COLUMN, row), sizeof(entity));
    return entity;
}

/* "version 1 of 'Health', entity 3:1: " */
static pecs_status migrate_fail(const struct chunk_job *job, pecs_status status, const struct migrate_version *version,
                                uint64_t row, const char *why)
{
    const pecs_type *type = version->component->type;
    const pecs_entity entity = migrate_entity(job->migrating, row);
    return job->migrating->source->archetype->is_singleton
               ? fail(job->error, status, "migration of '%.*s' from version %u: singleton: %s", NAME_SHOWN, type->name,
                      type->version, why)
               : fail(job->error, status, "migration of '%.*s' from version %u: entity %u:%u: %s", NAME_SHOWN,
                      type->name, type->version, entity.index, entity.generation, why);
}

static pecs_status migrate_fail_status(const struct chunk_job *job, pecs_status status)
{
    return status == PECS_E_LIMIT ? fail(job->error, status, "the heap of strings, blobs and lists is full")
                                  : fail_memory(job->error);
}

/* Fills a buffer with what the entities have, or with defaults. */
static void migrate_fill(const struct chunk_job *job, const struct migrate_version *version,
                         struct chunk_values *values, uint8_t *made)
{
    const uint32_t size = version->component->size;
    if (values->bytes)
        memcpy(made, values->bytes, (size_t)(job->count * size));
    else if (!version->defaults)
        memset(made, 0, (size_t)(job->count * size));
    else
        for (uint64_t i = 0; i < job->count; i++)
            memcpy(made + i * size, version->defaults, size);
}

/* Gets the buffer of a version for writing; `is_whole`: every byte will be written. */
static pecs_status migrate_own_values(const struct chunk_job *job, uint32_t index, bool is_whole, uint8_t **ret_made)
{
    const struct migrate_version *version = &job->migrating->plan->versions[index];
    struct chunk_values *values = &job->values[index];
    const size_t bytes = (size_t)(job->count * version->component->size);
    *ret_made = values->made;
    if (values->made || !version->component->size)
        return PECS_OK;
    if (version->is_final) {
        struct table *table = job->migrating->table;
        *ret_made = table_owned_value(table, archetype_column(table->archetype, version->number), job->row);
    } else {
        values->scratch = pool_allocate(job->migrating->plan->pool, bytes);
        values->scratch_bytes = bytes;
        *ret_made = values->scratch;
        if (!values->scratch)
            return fail_memory(job->error);
    }
    if (!is_whole)
        migrate_fill(job, version, values, *ret_made);
    values->bytes = values->made = *ret_made;
    return PECS_OK;
}

/* Adds the losses of a chunk to those of the version; one without consent ends the migration. */
static pecs_status migrate_note_losses(const struct chunk_job *job, struct migrate_version *version)
{
    struct migrating *migrating = job->migrating;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < version->map.loss_count; i++) {
        const struct map_loss *loss = &version->map.losses[i];
        const struct loss_tally *found = &job->tallies[i];
        char why[MAP_PATH_BYTES + 160];
        if (!found->count)
            continue;
        if (version->losses & loss->kind) {
            struct loss_tally *tally = &version->tallies[i];
            os_mutex_lock(&migrating->tally_mutex);
            const uint64_t place = (uint64_t)migrating->number << 32 | found->first_row;
            tally->first_row = tally->count ? min_u64(tally->first_row, place) : place;
            tally->count += found->count;
            os_mutex_unlock(&migrating->tally_mutex);
            continue;
        }
        const char *name, *words;
        map_loss_describe(loss->kind, &name, &words);
        (void)snprintf(why, sizeof(why), "field '%s' %s, which needs the consent PECS_LOSS_%s", loss->field, words,
                       name);
        status = migrate_fail(job, PECS_E_LAYOUT, version, found->first_row, why);
    }
    return status;
}

static pecs_status migrate_by_map(const struct chunk_job *job, uint32_t index)
{
    struct migrating *migrating = job->migrating;
    struct migrate_version *version = &migrating->plan->versions[index];
    const uint32_t target = version->targets[0];
    const struct migrate_version *to = &migrating->plan->versions[target];
    uint8_t *made;
    if (job->values[target].bytes)
        return migrate_fail(job, PECS_E_CONFLICT, version, job->row, "it has the component in two versions");
    pecs_status status = migrate_own_values(job, target, true, &made);
    if (status)
        return status;
    memset(job->tallies, 0, version->map.loss_count * sizeof(*job->tallies));
    const struct value_convert convert = { &version->map, &migrating->gate, (struct heap *)migrating->to->heap.node,
                                           job->tallies };
    const struct convert_values values = {
        job->values[index].bytes, made, version->component->size, to->component->size, job->count, job->row, false
    };
    status = value_convert(&convert, &values);
    return status ? migrate_fail_status(job, status) : migrate_note_losses(job, version);
}

/* Puts contents that a function gave, or copied from another value, into the heap. */
static pecs_status migrate_place(const struct chunk_job *job, const struct migrate_version *version,
                                 const struct component *component, struct content *content, uint8_t *values)
{
    struct migrating *migrating = job->migrating;
    struct heap *heap = (struct heap *)migrating->to->heap.node;
    const bool is_string = content->kind == PECS_STRING;
    struct given given = { NULL, 0 };
    const char *fault = NULL;
    uint8_t *bytes;
    if (!content->reference)
        return PECS_OK;
    if (reference_is_given(content->reference)) {
        fault = content_find_given(component, content, NULL, &given);
    } else {
        given.bytes = heap_find(heap, content->reference, &given.size_bytes);
        fault = given.bytes ? content_check_given(component, content->kind, content->list, &given)
                            : "a string, blob or list refers to no contents of this world";
    }
    if (fault)
        return migrate_fail(job, PECS_E_INVALID, version, job->row + content->row, fault);
    const pecs_status status =
        reference_is_given(content->reference)
            ? heap_append(&migrating->gate, heap, given.bytes, given.size_bytes, is_string, &bytes, &content->reference)
            : heap_copy_contents(&migrating->gate, heap, heap, content->reference, is_string, &content->reference);
    memcpy(values + content->offset, &content->reference, sizeof(content->reference));
    return status ? migrate_fail_status(job, status) : PECS_OK;
}

/* Checks what a function has made of one target. */
static pecs_status migrate_check_made(const struct chunk_job *job, const struct migrate_version *version,
                                      const struct migrate_version *to, uint8_t *values)
{
    const struct migrating *migrating = job->migrating;
    struct content_walk walk;
    struct content content;
    pecs_status status = PECS_OK;
    if (component_has_contents(to->component))
        for (content_walk_begin(&walk, to->component, values, job->count);
             !status && content_walk_next(&walk, &content);)
            status = migrate_place(job, version, to->component, &content, values);
    if (status || !values_can_be_wrong(to->component))
        return status;
    const uint64_t wrong = values_find_wrong(&migrating->check, to->component, values, job->count);
    if (wrong == job->count)
        return PECS_OK;
    struct wrong_iter iter;
    struct wrong_place place;
    char why[MAP_PATH_BYTES + 80], field[MAP_PATH_BYTES] = "";
    wrong_iter_begin(&iter, &migrating->check, to->component, values + wrong * to->component->size);
    if (wrong_iter_next(&iter, &place))
        value_write_field(to->component->type, place.span.offset, field, sizeof(field));
    (void)snprintf(why, sizeof(why), "the function wrote an invalid value to '%s' of '%.*s'", field, 60,
                   to->component->type->name);
    return migrate_fail(job, PECS_E_INVALID, version, job->row + wrong, why);
}

static pecs_status migrate_call(const struct chunk_job *job, const struct migrate_version *version, const uint8_t *from,
                                void *const *to)
{
    static const pecs_heap no_contents;
    const struct migrating *migrating = job->migrating;
    const struct heap *heap = state_heap(migrating->to);
    const bool is_singleton = migrating->source->archetype->is_singleton;
    pecs_migration_rows rows = {
        .count = (size_t)job->count,
        .entities = is_singleton
                        ? NULL
                        : (const pecs_entity *)(const void *)table_value(migrating->source, HANDLE_COLUMN, job->row),
        .from = from,
        .to = to,
        .heap = heap ? &heap->view : &no_contents,
    };
    pecs_error why = { .message = "" };
    const pecs_status status = version->step->migrate(version->step->user, &rows, &why);
    if (!status)
        return PECS_OK;
    const uint64_t failed = rows.failed_row < job->count ? rows.failed_row : 0;
    return migrate_fail(job, status > PECS_E_INVALID ? PECS_E_MISUSE : status, version, job->row + failed,
                        why.message[0] ? why.message : "the function failed");
}

static pecs_status migrate_by_function(const struct chunk_job *job, uint32_t index)
{
    const struct migrate_version *version = &job->migrating->plan->versions[index];
    const size_t bytes = ((size_t)version->target_count + 1) * sizeof(void *);
    void **to = pool_allocate_zeroed(job->migrating->plan->pool, bytes);
    pecs_status status = to ? PECS_OK : fail_memory(job->error);
    for (uint32_t i = 0; !status && i < version->target_count; i++) {
        uint8_t *made = NULL;
        status = migrate_own_values(job, version->targets[i], false, &made);
        to[i] = made;
    }
    if (!status)
        status = migrate_call(job, version, job->values[index].bytes, to);
    for (uint32_t i = 0; !status && i < version->target_count; i++)
        if (to[i])
            status = migrate_check_made(job, version, &job->migrating->plan->versions[version->targets[i]], to[i]);
    pool_release(job->migrating->plan->pool, to, bytes);
    return status;
}

/* What a resumed file has may be invalid; nothing else reads it before. */
static pecs_status migrate_check_old(const struct chunk_job *job, const struct migrate_version *version,
                                     const uint8_t *values)
{
    const struct migrating *migrating = job->migrating;
    if (migrating->options->is_checked || version->number == NO_COMPONENT || !values)
        return PECS_OK;
    const pecs_status status =
        values_check(&migrating->check, migrating->source, version->number, job->row, values, job->count, job->error);
    if (status == PECS_E_INVALID && job->error)
        job->error->status = PECS_E_CORRUPT;
    return status == PECS_E_INVALID ? PECS_E_CORRUPT : status;
}

static void migrate_note_values(const struct chunk_job *job, struct migrate_version *version)
{
    struct migrating *migrating = job->migrating;
    os_mutex_lock(&migrating->tally_mutex);
    if (!version->count || (version->first_table == migrating->number && job->row == 0)) {
        version->first_table = migrating->number;
        version->first = migrate_entity(migrating, job->row);
    }
    version->count += job->count;
    os_mutex_unlock(&migrating->tally_mutex);
}

static pecs_status migrate_versions(const struct chunk_job *job)
{
    const struct migrating *migrating = job->migrating;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < migrating->plan->version_count; i++) {
        struct migrate_version *version = &migrating->plan->versions[i];
        if (!migrating->has[i] || version->is_final)
            continue;
        status = migrate_check_old(job, version, job->values[i].bytes);
        if (!status && version->has_map)
            status = migrate_by_map(job, i);
        else if (!status && version->step && version->step->migrate)
            status = migrate_by_function(job, i);
        migrate_note_values(job, version);
    }
    return status;
}

/* What the new values refer to lives; the old ones are counted out when they are left out. */
static void migrate_count_contents(const struct chunk_job *job)
{
    struct migrating *migrating = job->migrating;
    struct heap *heap = (struct heap *)migrating->to->heap.node;
    for (uint32_t i = 0; i < migrating->plan->version_count; i++) {
        const struct migrate_version *version = &migrating->plan->versions[i];
        if (version->is_final && job->values[i].made && component_has_contents(version->component))
            heap->live_units += contents_count_units(heap, version->component, job->values[i].made, job->count);
    }
}

static pecs_status migrate_chunk(void *user, uint64_t chunk, pecs_error *error)
{
    struct migrating *migrating = user;
    const struct migrate_plan *plan = migrating->plan;
    const size_t bytes = plan->version_count * sizeof(struct chunk_values);
    size_t losses = 1;
    for (uint32_t i = 0; i < plan->version_count; i++)
        losses = plan->versions[i].map.loss_count > losses ? plan->versions[i].map.loss_count : losses;
    struct chunk_job job = { .migrating = migrating,
                             .row = chunk << migrating->table->archetype->chunk_shift,
                             .count = table_live_rows(migrating->table, chunk),
                             .values = pool_allocate_zeroed(plan->pool, bytes),
                             .tallies = pool_allocate(plan->pool, losses * sizeof(*job.tallies)),
                             .error = error };
    pecs_status status = job.values && job.tallies ? PECS_OK : fail_memory(error);
    for (uint32_t i = 0; !status && i < plan->version_count; i++) {
        const pecs_component number = plan->versions[i].number;
        const uint32_t column =
            number == NO_COMPONENT ? NO_COLUMN : archetype_column(migrating->source->archetype, number);
        if (column != NO_COLUMN)
            job.values[i].bytes = table_value(migrating->source, column, job.row);
    }
    if (!status)
        status = migrate_versions(&job);
    if (!status)
        migrate_count_contents(&job);
    for (uint32_t i = 0; job.values && i < plan->version_count; i++)
        pool_release(plan->pool, job.values[i].scratch, job.values[i].scratch_bytes);
    pool_release(plan->pool, job.tallies, losses * sizeof(*job.tallies));
    pool_release(plan->pool, job.values, bytes);
    return status;
}

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

static int migrate_order(const void *a, const void *b)
{
    const pecs_component x = *(const pecs_component *)a, y = *(const pecs_component *)b;
    return (x > y) - (x < y);
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
    qsort(migrating->list, count, sizeof(*migrating->list), migrate_order);
    return archetype_create(migrating->from->registry, migrating->from->unknown, migrating->list, count,
                            from->is_singleton);
}

/* Gives a column arrays of its own, with what the entities have there, if anything. */
static pecs_status migrate_own_column(struct migrating *migrating, pecs_component number)
{
    struct table *table = migrating->table;
    const uint32_t column = archetype_column(table->archetype, number);
    const bool is_new = archetype_find(migrating->source->archetype, number) == NO_COLUMN;
    uint8_t *bytes;
    pecs_status status = PECS_OK;
    if (column == NO_COLUMN)
        return PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(table); chunk++) {
        const uint64_t rows = table_live_rows(table, chunk);
        status = is_new ? table_add_chunk(&migrating->gate, table, column, chunk)
                        : table_own_chunk(&migrating->gate, table, column, chunk, rows, &bytes);
    }
    table->columns[column].tick = migrating->gate.tick;
    return status;
}

/* A table with all columns of the source, shared where chunks have one size, and room for the new ones. */
static pecs_status migrate_widen(struct migrating *migrating)
{
    const struct table *source = migrating->source;
    struct pool *pool = migrating->plan->pool;
    struct archetype *archetype = migrate_archetype(migrating);
    if (!archetype)
        return PECS_E_MEMORY;
    const bool is_shared = archetype->chunk_shift == source->archetype->chunk_shift;
    struct table *table = is_shared ? table_project(pool, source, archetype) : table_create(pool, archetype);
    node_release(pool, &archetype->node);
    migrating->table = table;
    if (!table)
        return PECS_E_MEMORY;
    pecs_status status = PECS_OK;
    if (!is_shared) {
        status = table_reserve(&migrating->gate, table, 0, source->row_count);
        if (!status)
            table_append_rows(table, source, 0, source->row_count);
        return status;
    }
    for (uint32_t i = 0; !status && i < migrating->plan->version_count; i++)
        if (migrating->is_made[i] && migrating->plan->versions[i].is_final)
            status = migrate_own_column(migrating, migrating->plan->versions[i].number);
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

static pecs_status migrate_tables(struct migrating *migrating)
{
    pecs_status status = PECS_OK;
    uint32_t same;
    for (uint32_t i = 0; !status && i < migrating->from->table_count; i++) {
        status = migrate_table(migrating, i);
        if (!status && state_take_table(&migrating->gate, migrating->to, migrating->table, &same))
            status = fail_memory(migrating->error);
    }
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
    const struct projection_less less = { components, NULL };
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
    return status == PECS_E_CORRUPT ? fail(migrating->error, status,
                                           "rows and entity index of the resumed file disagree: load the file to find "
                                           "where")
           : status                 ? fail_memory(migrating->error)
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
    os_mutex_init(&migrating.tally_mutex);
    pecs_status status = value_check_init(&migrating.check, migrating.to) ? fail_memory(error) : PECS_OK;
    if (!status) {
        status = migrate_begin(&migrating);
        if (!status)
            status = migrate_tables(&migrating);
        value_check_deinit(&migrating.check);
    }
    if (!status)
        status = migrate_leave_out(&migrating, ret_state);
    migrate_end(&migrating);
    os_mutex_deinit(&migrating.tally_mutex);
    gate_let_go(&migrating.gate);
    gate_deinit(&migrating.gate);
    state_release(migrating.to);
    return status;
}
