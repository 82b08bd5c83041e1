/*
 * Within a piece of a chunk every version has a buffer: an old one the column itself, one between memory for this
 * piece, the registry's the new column. A buffer that is written begins with what the entities have, else with the
 * defaults.
 */
#include "migrate_rows.h"

#include "content.h"
#include "error.h"
#include "migrate_refuse.h"

#include <stdalign.h>
#include <stdio.h>

/* The values of one version in a piece of a chunk. */
struct piece_values {
    const uint8_t *bytes; /* NULL: the entities have none yet */
    uint8_t *made;        /* the same, to be written; NULL: not written yet */
    uint8_t *memory;      /* of the whole chunk in a column, or of one piece; kept from piece to piece */
    size_t memory_bytes;  /* of a version between, an array of the pool; else 0 */
    uint32_t source;      /* of that array */
};

/* A chunk of the widened table, whose chunks are no larger than the source's, and the piece of it that is being done.
 */
struct chunk_job {
    struct migrating *migrating;
    uint64_t chunk, first_row, piece_rows;
    uint64_t row, count;         /* of the piece */
    struct piece_values *values; /* by version */
    struct loss_tally *tallies;  /* scratch: of one map */
    pecs_error *error;
};

static pecs_status migrate_fail(const struct chunk_job *job, pecs_status status, const struct migrate_version *version,
                                uint64_t row, const char *why)
{
    const struct migrating *migrating = job->migrating;
    return migrate_fail_value(migrating->from, version, migrate_place_of(migrating->number, row), status, why,
                              job->error);
}

static pecs_status migrate_fail_status(const struct chunk_job *job, pecs_status status)
{
    return status == PECS_E_LIMIT ? fail(job->error, status, "the heap of strings, blobs and lists is full")
                                  : fail_memory(job->error);
}

/* Fills a buffer with what the entities have, or with defaults. */
static void migrate_fill(const struct chunk_job *job, const struct migrate_version *version,
                         const struct piece_values *values, uint8_t *made)
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

/* Of values that a resumed file has. */
static uint64_t migrate_file_offset(const struct chunk_job *job, const uint8_t *values)
{
    const struct runs *runs = job->migrating->source->runs;
    return runs ? image_offset_of(runs->image, values) : 0;
}

static pecs_status migrate_check_contents(const struct chunk_job *job, const struct migrate_version *version,
                                          const uint8_t *values)
{
    struct migrating *migrating = job->migrating;
    const struct heap *heap = state_heap(migrating->from);
    const uint64_t all = heap ? heap->spaces[0].unit_count + heap->spaces[1].unit_count : 0;
    migrating->checked_units += contents_count_units(heap, version->component, values, job->count);
    return migrating->checked_units <= all ? PECS_OK
                                           : fail_rule(job->error, PECS_E_CORRUPT, migrate_file_offset(job, values),
                                                       "HEAP-2", "values of '%.*s' share their contents with others",
                                                       NAME_SHOWN, version->component->type->name);
}

/*
 * What a resumed file has is checked here, since nothing else reads it before: a value that is invalid, and contents
 * that several values share, which a conversion would multiply.
 */
static pecs_status migrate_check_old(const struct chunk_job *job, const struct migrate_version *version,
                                     const uint8_t *values)
{
    const struct migrating *migrating = job->migrating;
    if (migrating->options->is_checked || version->number == NO_COMPONENT || !values)
        return PECS_OK;
    const pecs_status status = values_check(&migrating->check, migrating->source, version->number, job->row, values,
                                            job->count, migrate_file_offset(job, values), job->error);
    if (status == PECS_E_INVALID && job->error)
        job->error->status = PECS_E_CORRUPT;
    if (status)
        return status == PECS_E_INVALID ? PECS_E_CORRUPT : status;
    return component_has_contents(version->component) ? migrate_check_contents(job, version, values) : PECS_OK;
}

/* The chunk of a column, with an array of its own and what the entities have there, if anything. Any thread. */
static pecs_status migrate_own_chunk(const struct chunk_job *job, pecs_component number, uint8_t **ret_bytes)
{
    struct migrating *migrating = job->migrating;
    struct table *table = migrating->table;
    const uint32_t column = archetype_column(table->archetype, number);
    const bool is_new = migrating->is_shared && archetype_find(migrating->source->archetype, number) == NO_COLUMN;
    os_mutex_lock(&migrating->mutex);
    pecs_status status = is_new ? table_add_chunk(&migrating->gate, table, column, job->chunk)
                                : table_own_chunk(&migrating->gate, table, column, job->chunk,
                                                  table_live_rows(table, job->chunk), ret_bytes);
    if (!status)
        *ret_bytes = table_owned_value(table, column, job->first_row);
    table->columns[column].tick = migrating->gate.tick;
    os_mutex_unlock(&migrating->mutex);
    return status ? fail_memory(job->error) : PECS_OK;
}

/* Gets the buffer of a version for writing; `is_whole`: every byte will be written. */
static pecs_status migrate_own_values(const struct chunk_job *job, uint32_t index, bool is_whole, uint8_t **ret_made)
{
    const struct migrate_version *version = &job->migrating->plan->versions[index];
    struct piece_values *values = &job->values[index];
    const uint32_t size = version->component->size;
    *ret_made = values->made;
    if (values->made || !size)
        return PECS_OK;
    pecs_status status = migrate_check_old(job, version, values->bytes); /* what a function adds to */
    if (status)
        return status;
    if (!values->memory && version->is_final) {
        status = migrate_own_chunk(job, version->number, &values->memory);
    } else if (!values->memory) {
        values->memory_bytes = (size_t)(job->piece_rows * size);
        values->memory = pool_array_allocate(job->migrating->plan->pool, values->memory_bytes, &values->source);
        status = values->memory ? PECS_OK : fail_memory(job->error);
    }
    if (status)
        return status;
    *ret_made = values->memory + (version->is_final ? (job->row - job->first_row) * size : 0);
    if (!is_whole && *ret_made != values->bytes)
        migrate_fill(job, version, values, *ret_made);
    values->bytes = values->made = *ret_made;
    return PECS_OK;
}

static void migrate_add_tally(struct migrating *migrating, struct loss_tally *tally, uint64_t first_row, uint64_t count)
{
    const uint64_t place = migrate_place_of(migrating->number, first_row);
    os_mutex_lock(&migrating->mutex);
    tally->first_row = tally->count ? min_u64(tally->first_row, place) : place;
    tally->count += count;
    os_mutex_unlock(&migrating->mutex);
}

/* Adds the losses of a piece to those of the version. What has no consent is refused at the end (migrate_refuse). */
static void migrate_note_losses(const struct chunk_job *job, struct migrate_version *version)
{
    for (size_t i = 0; i < version->map.loss_count; i++)
        if (job->tallies[i].count)
            migrate_add_tally(job->migrating, &version->tallies[i], job->tallies[i].first_row, job->tallies[i].count);
}

static pecs_status migrate_by_map(const struct chunk_job *job, uint32_t index)
{
    struct migrating *migrating = job->migrating;
    struct migrate_version *version = &migrating->plan->versions[index];
    const uint32_t target = version->targets[0];
    const struct migrate_version *to = &migrating->plan->versions[target];
    uint8_t *made;
    if (job->values[target].bytes) { /* the rows have the component in a later version, too */
        migrate_add_tally(migrating, &version->superseded, job->row, job->count);
        return PECS_OK;
    }
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
    if (status)
        return migrate_fail_status(job, status);
    migrate_note_losses(job, version);
    return PECS_OK;
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
    if (status || !values_can_be_invalid(to->component))
        return status;
    const uint64_t wrong = values_find_invalid(&migrating->check, to->component, values, job->count);
    if (wrong == job->count)
        return PECS_OK;
    struct invalid_iter iter;
    struct invalid_place place;
    char why[MAP_PATH_BYTES + 80], field[MAP_PATH_BYTES] = "";
    invalid_iter_begin(&iter, &migrating->check, to->component, values + wrong * to->component->size);
    if (invalid_iter_next(&iter, &place))
        value_write_field(to->component->type, place.span.offset, field, sizeof(field));
    (void)snprintf(why, sizeof(why), "the function wrote an invalid value to '%s' of '%.*s'", field, 60,
                   to->component->type->name);
    return migrate_fail(job, PECS_E_INVALID, version, job->row + wrong, why);
}

/* What a function asked for. */
struct migrate_lent {
    struct migrate_lent *next;
    size_t size_bytes; /* with this header */
    alignas(max_align_t) uint8_t bytes[];
};

/* The call of a function: its rows, and memory until their values are in the world. */
struct migrate_call {
    pecs_migration_rows rows;
    struct pool *pool;
    struct migrate_lent *lent;
};

void *pecs_migration_allocate(pecs_migration_rows *rows, size_t size_bytes)
{
    struct migrate_call *call = (struct migrate_call *)rows; /* its first member */
    if (!rows || !size_bytes || size_bytes > SIZE_MAX - sizeof(struct migrate_lent))
        return NULL;
    struct migrate_lent *lent = pool_allocate(call->pool, sizeof(*lent) + size_bytes);
    if (!lent)
        return NULL;
    lent->next = call->lent;
    lent->size_bytes = sizeof(*lent) + size_bytes;
    call->lent = lent;
    return lent->bytes;
}

static void migrate_take_back(struct migrate_call *call)
{
    while (call->lent) {
        struct migrate_lent *lent = call->lent;
        call->lent = lent->next;
        pool_release(call->pool, lent, lent->size_bytes);
    }
}

static pecs_status migrate_run(const struct chunk_job *job, const struct migrate_version *version, const uint8_t *from,
                               void *const *to, struct migrate_call *call)
{
    static const pecs_heap no_contents;
    const struct migrating *migrating = job->migrating;
    const struct heap *heap = state_heap(migrating->to);
    const bool is_singleton = migrating->source->archetype->is_singleton;
    call->rows = (pecs_migration_rows){
        .count = (size_t)job->count,
        .entities = is_singleton
                        ? NULL
                        : (const pecs_entity *)(const void *)table_value(migrating->source, HANDLE_COLUMN, job->row),
        .from = from,
        .to = to,
        .heap = heap ? &heap->view : &no_contents,
    };
    pecs_error why = { .message = "" };
    const pecs_status status = version->step->migrate(version->step->user, &call->rows, &why);
    if (!status)
        return PECS_OK;
    const uint64_t failed = call->rows.failed_row < job->count ? call->rows.failed_row : 0;
    return migrate_fail(job, status > PECS_E_INVALID ? PECS_E_MISUSE : status, version, job->row + failed,
                        why.message[0] ? why.message : "the function failed");
}

static pecs_status migrate_by_function(const struct chunk_job *job, uint32_t index)
{
    const struct migrate_version *version = &job->migrating->plan->versions[index];
    const size_t bytes = ((size_t)version->target_count + 1) * sizeof(void *);
    struct migrate_call call = { .pool = job->migrating->plan->pool };
    void **to = pool_allocate_zeroed(call.pool, bytes);
    pecs_status status = to ? PECS_OK : PECS_E_MEMORY;
    if (status)
        (void)fail_memory(job->error);
    for (uint32_t i = 0; !status && i < version->target_count; i++) {
        uint8_t *made = NULL;
        const struct component *target = job->migrating->plan->versions[version->targets[i]].component;
        const bool writes_all = version->step->writes_all && !component_has_contents(target);
        status = migrate_own_values(job, version->targets[i], writes_all, &made);
        to[i] = made;
    }
    if (!status)
        status = migrate_run(job, version, job->values[index].bytes, to, &call);
    for (uint32_t i = 0; !status && i < version->target_count; i++)
        if (to[i])
            status = migrate_check_made(job, version, &job->migrating->plan->versions[version->targets[i]], to[i]);
    migrate_take_back(&call);
    pool_release(call.pool, to, bytes);
    return status;
}

/* Counts the values of a chunk that went through each version. */
static void migrate_note_values(const struct chunk_job *job, uint64_t count)
{
    struct migrating *migrating = job->migrating;
    os_mutex_lock(&migrating->mutex);
    for (uint32_t i = 0; i < migrating->plan->version_count; i++) {
        struct migrate_version *version = &migrating->plan->versions[i];
        if (!migrating->has[i] || version->is_final)
            continue;
        if (!version->count || (version->first_table == migrating->number && !job->chunk)) {
            version->first_table = migrating->number;
            version->first = migrate_entity(migrating->from, migrate_place_of(migrating->number, job->first_row));
        }
        version->count += count;
    }
    os_mutex_unlock(&migrating->mutex);
}

static pecs_status migrate_versions(const struct chunk_job *job)
{
    const struct migrating *migrating = job->migrating;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < migrating->plan->version_count; i++) {
        struct migrate_version *version = &migrating->plan->versions[i];
        if (!migrating->has[i] || version->is_final)
            continue;
        if (!job->values[i].made)
            status = migrate_check_old(job, version, job->values[i].bytes);
        if (!status && version->has_map)
            status = migrate_by_map(job, i);
        else if (!status && version->step && version->step->migrate)
            status = migrate_by_function(job, i);
    }
    return status;
}

/*
 * What the new values refer to lives, and what a function replaced does not; values of old types are counted out when
 * they are left out.
 */
static void migrate_count_contents(const struct chunk_job *job)
{
    struct migrating *migrating = job->migrating;
    const struct table *source = migrating->source;
    struct heap *heap = (struct heap *)migrating->to->heap.node;
    for (uint32_t i = 0; i < migrating->plan->version_count; i++) {
        const struct migrate_version *version = &migrating->plan->versions[i];
        if (!version->is_final || !job->values[i].made || !component_has_contents(version->component))
            continue;
        heap->live_units += contents_count_units(heap, version->component, job->values[i].made, job->count);
        const uint32_t column = archetype_column(source->archetype, version->number);
        if (column != NO_COLUMN)
            heap->live_units -=
                min_u64(heap->live_units, contents_count_units(heap, version->component,
                                                               table_value(source, column, job->row), job->count));
    }
}

static pecs_status migrate_piece(const struct chunk_job *job)
{
    const struct migrating *migrating = job->migrating;
    const struct migrate_plan *plan = migrating->plan;
    for (uint32_t i = 0; i < plan->version_count; i++) {
        const pecs_component number = plan->versions[i].number;
        const uint32_t column =
            number == NO_COMPONENT ? NO_COLUMN : archetype_column(migrating->source->archetype, number);
        job->values[i].bytes = column == NO_COLUMN ? NULL : table_value(migrating->source, column, job->row);
        job->values[i].made = NULL;
    }
    const pecs_status status = migrate_versions(job);
    if (!status && plan->has_contents)
        migrate_count_contents(job);
    return status;
}

/* Rows whose values stay in the nearest cache while they go through all versions. */
static uint64_t migrate_piece_rows(const struct migrate_plan *plan)
{
    enum { PIECE_BYTES = 24 * 1024, PIECE_ROWS_MIN = 64 };
    uint64_t size = 1;
    for (uint32_t i = 0; i < plan->version_count; i++)
        size = max_u64(size, plan->versions[i].component->size);
    return max_u64(PIECE_BYTES / size, PIECE_ROWS_MIN);
}

pecs_status migrate_chunk(void *user, uint64_t chunk, pecs_error *error)
{
    struct migrating *migrating = user;
    const struct migrate_plan *plan = migrating->plan;
    const size_t bytes = plan->version_count * sizeof(struct piece_values);
    size_t losses = 1;
    for (uint32_t i = 0; i < plan->version_count; i++)
        losses = plan->versions[i].map.loss_count > losses ? plan->versions[i].map.loss_count : losses;
    struct chunk_job job = { .migrating = migrating,
                             .chunk = chunk,
                             .first_row = chunk << migrating->table->archetype->chunk_shift,
                             .piece_rows = migrate_piece_rows(plan),
                             .values = pool_allocate_zeroed(plan->pool, bytes),
                             .tallies = pool_allocate(plan->pool, losses * sizeof(*job.tallies)),
                             .error = error };
    const uint64_t end = job.first_row + table_live_rows(migrating->table, chunk);
    pecs_status status = job.values && job.tallies ? PECS_OK : PECS_E_MEMORY;
    if (status)
        (void)fail_memory(error);
    for (job.row = job.first_row; !status && job.row < end; job.row += job.count) {
        job.count = min_u64(end - job.row, job.piece_rows);
        status = migrate_piece(&job);
    }
    if (!status)
        migrate_note_values(&job, end - job.first_row);
    for (uint32_t i = 0; job.values && i < plan->version_count; i++)
        if (job.values[i].memory_bytes && job.values[i].memory)
            pool_array_release(plan->pool, job.values[i].memory, job.values[i].memory_bytes, job.values[i].source);
    pool_release(plan->pool, job.tallies, losses * sizeof(*job.tallies));
    pool_release(plan->pool, job.values, bytes);
    return status;
}
