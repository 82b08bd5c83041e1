/*
 * Salvage: the whole rows of a wreck go to a builder, whose types are those that the file describes. The rows are
 * walked over twice, first for the handles that are left, by which references are cleared then.
 */
#include "salvage_fill.h"

#include "builder_adopt.h"
#include "error.h"
#include "reference_walk.h"
#include "registry.h"
#include "state_builder.h"

#include <pecs/attachments.h>

#include <stdlib.h>

/* The error of what reads the wreck. */
static pecs_status salvage_fail(struct salvage *salvage, pecs_status status)
{
    return fail(salvage->error, status,
                status == PECS_E_LIMIT ? "blocks and entity index hold more bytes than the limit (max_bytes)"
                                       : "out of memory");
}

/* --- types --- */

/* All types but the library's own are unknown to the registry, so they may be anything that a file can have. */
pecs_status salvage_make_registry(struct salvage *salvage, const pecs_salvage_options *options)
{
    const struct model *model = &salvage->wreck.model;
    pecs_registry_desc desc = { .type_count = 0 };
    if (options->allocator)
        desc.allocator = *options->allocator;
    pecs_status status = pecs_registry_create(&desc, &salvage->registry, salvage->error);
    if (status)
        return status;
    salvage->has_match = true;
    status = match_types(&salvage->match, model, salvage->registry, false, salvage->error);
    if (status)
        return status;
    salvage->components =
        pool_allocate_zeroed(salvage->pool, ((size_t)model->type_count + 1) * sizeof(*salvage->components));
    if (!salvage->components)
        return fail_memory(salvage->error);
    for (uint32_t i = 0; i < model->type_count; i++) {
        const struct component *component =
            component_of(salvage->registry, salvage->match.unknown, salvage->match.components[i]);
        salvage->components[i] = component->size ? component : NULL;
    }
    return PECS_OK;
}

/* --- what is left --- */

static pecs_status salvage_begin_table(struct salvage *salvage, uint32_t number)
{
    const pecs_status status = salvage_table_init(&salvage->table, &salvage->wreck, number, salvage->components);
    salvage->has_table = true;
    return status;
}

static void salvage_end_table(struct salvage *salvage)
{
    if (salvage->has_table)
        salvage_table_free(&salvage->table);
    salvage->has_table = false;
}

static pecs_status salvage_note_alive(struct salvage *salvage)
{
    struct salvage_batch batch;
    pecs_status status = PECS_OK;
    while (!status && salvage_table_next(&salvage->table, &batch)) {
        status = salvage_table_copy(&salvage->table, &batch);
        if (!status && !pool_reserve(salvage->pool, (void **)&salvage->alive, &salvage->alive_capacity,
                                     salvage->alive_count + batch.count, sizeof(*salvage->alive)))
            status = PECS_E_MEMORY;
        for (size_t i = 0; !status && i < batch.count; i++)
            if (!salvage->table.is_lost[i])
                salvage->alive[salvage->alive_count++] = batch.entities[i];
    }
    return status;
}

static int salvage_compare_handles(const void *x, const void *y)
{
    const pecs_entity *a = x, *b = y;
    return (a->index > b->index) - (a->index < b->index);
}

static pecs_status salvage_find_alive(struct salvage *salvage)
{
    const struct model *model = &salvage->wreck.model;
    pecs_status status =
        wreck_find_rows(&salvage->wreck, RUN_INDEX, FORMAT_NONE, FORMAT_NONE, sizeof(struct record), &salvage->index);
    for (uint32_t i = 0; !status && i < model->table_count; i++) {
        if (model->tables[i].is_singleton)
            continue;
        status = salvage_begin_table(salvage, i);
        if (!status)
            status = salvage_note_alive(salvage);
        salvage_end_table(salvage);
    }
    if (salvage->alive_count)
        qsort(salvage->alive, salvage->alive_count, sizeof(*salvage->alive), salvage_compare_handles);
    return status;
}

/* The record of a slot, if it is whole. */
static const struct record *salvage_record(const struct salvage *salvage, uint32_t slot)
{
    const struct wreck_column *index = &salvage->index;
    size_t low = 0, high = index->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (index->rows[middle].first + index->rows[middle].count <= slot)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == index->count || slot < index->rows[low].first)
        return NULL;
    return (const struct record *)(const void *)index->rows[low].bytes + (slot - index->rows[low].first);
}

static const pecs_entity *salvage_living(const struct salvage *salvage, uint32_t slot)
{
    const pecs_entity key = { slot, 0 };
    return salvage->alive_count
               ? bsearch(&key, salvage->alive, salvage->alive_count, sizeof(key), salvage_compare_handles)
               : NULL;
}

/* Retired slots become free ones, of 16 bytes each, unless the file is too small to have had so many. */
static bool salvage_keeps_retired(const struct salvage *salvage)
{
    const struct wreck *wreck = &salvage->wreck;
    return wreck->has_commit && wreck->commit.retired &&
           wreck->commit.retired_count <= wreck->size_bytes / sizeof(struct record) + SALVAGE_BATCH_ROWS;
}

/* Whether a reference may stay: to an entity that is left, or that was dead before. */
static bool salvage_may_refer(const struct salvage *salvage, pecs_entity entity)
{
    const pecs_entity *living = salvage_living(salvage, entity.index);
    if (living)
        return entity.generation <= living->generation;
    const struct record *record = salvage_record(salvage, entity.index);
    if (record)
        return record->table == NO_TABLE && entity.generation <= record->generation;
    return salvage_keeps_retired(salvage) &&
           entity.generation <= retired_generation(salvage->wreck.commit.retired, entity.index);
}

static void salvage_clear(struct salvage *salvage, const struct component *component, uint8_t *values, uint64_t count)
{
    struct reference_walk walk;
    uint64_t offset;
    for (reference_walk_begin(&walk, component, count); reference_walk_next(&walk, &offset);) {
        pecs_entity entity;
        memcpy(&entity, values + offset, sizeof(entity));
        if ((!entity.index && !entity.generation) || salvage_may_refer(salvage, entity))
            continue;
        memset(values + offset, 0, sizeof(entity));
        salvage->report->cleared_reference_count++;
    }
}

/* --- lists with references: copies of a batch, since the file's bytes stay --- */

struct salvage_copy {
    struct salvage_copy *next;
    size_t size_bytes;
    uint8_t bytes[];
};

static void salvage_free_copies(struct salvage *salvage, struct salvage_copy **copies)
{
    while (*copies) {
        struct salvage_copy *copy = *copies;
        *copies = copy->next;
        pool_release(salvage->pool, copy, sizeof(*copy) + copy->size_bytes);
    }
}

static pecs_status salvage_clear_lists(struct salvage *salvage, struct salvage_column *column, uint64_t count,
                                       struct salvage_copy **copies)
{
    struct content_walk walk;
    struct content content;
    pecs_bytes *given = column->given;
    for (content_walk_begin(&walk, column->component, column->copy, count); content_walk_next(&walk, &content);
         given++) {
        const struct component *element = content.list ? component_element(column->component, content.list) : NULL;
        if (!element || !element->has_references || !given->size_bytes || salvage->table.is_lost[content.row])
            continue;
        struct salvage_copy *copy = pool_allocate(salvage->pool, sizeof(*copy) + given->size_bytes);
        if (!copy)
            return PECS_E_MEMORY;
        copy->next = *copies;
        copy->size_bytes = given->size_bytes;
        *copies = copy;
        memcpy(copy->bytes, given->data, given->size_bytes);
        salvage_clear(salvage, element, copy->bytes, given->size_bytes / element->size);
        given->data = copy->bytes;
    }
    return PECS_OK;
}

/* References to what is lost, in the copies of a batch. */
static pecs_status salvage_clear_columns(struct salvage *salvage, uint64_t count, struct salvage_copy **copies)
{
    struct salvage_table *table = &salvage->table;
    pecs_status status = PECS_OK;
    for (uint32_t i = 1; !status && i < table->column_count; i++) {
        struct salvage_column *column = &table->columns[i];
        if (!column->copy)
            continue;
        if (column->component->has_references)
            salvage_clear(salvage, column->component, column->copy, count);
        if (column->given)
            status = salvage_clear_lists(salvage, column, count, copies);
    }
    return status;
}

/* --- rows into the builder --- */

static uint32_t salvage_session(const struct salvage *salvage, pecs_entity entity)
{
    const struct record *record = salvage->wreck.has_commit ? salvage_record(salvage, entity.index) : NULL;
    return record && record->generation == entity.generation && record->session < salvage->wreck.commit.session_count
               ? record->session
               : UINT32_MAX;
}

/* Rows that are consecutive, of one session. */
static pecs_status salvage_add_rows(struct salvage *salvage, const struct salvage_batch *batch, size_t first,
                                    size_t count, uint32_t session, pecs_value *values)
{
    const struct salvage_table *table = &salvage->table;
    const struct model_table *from = &salvage->wreck.model.tables[table->number];
    pecs_rows rows = { .values = values, .row_count = count, .entities = batch->entities + first };
    uint32_t next = 1;
    for (uint32_t i = 0; i < from->type_count; i++) {
        const uint32_t type = le32_load(from->types[i]);
        const pecs_component number = salvage->match.components[type];
        const struct salvage_column *column = salvage->components[type] ? &table->columns[next++] : NULL;
        const uint8_t *data = salvage_data(column, batch, first);
        if (number == salvage->registry->id_component)
            rows.ids = (const pecs_id *)(const void *)data;
        else
            values[rows.value_count++] = (pecs_value){ number, column ? (size_t)column->row_bytes : 0, data };
    }
    const uint64_t nonce = session == UINT32_MAX ? 0 : le64_load(salvage->wreck.commit.nonces[session]);
    pecs_status status = pecs_builder_set_session(salvage->builder, nonce, salvage->error);
    if (!status)
        status = pecs_builder_add(salvage->builder, &rows, NULL, salvage->error);
    salvage->report->entity_count += status ? 0 : count;
    return status;
}

static pecs_status salvage_add_batch(struct salvage *salvage, const struct salvage_batch *batch, pecs_value *values)
{
    struct salvage_table *table = &salvage->table;
    struct salvage_copy *copies = NULL;
    pecs_status status = salvage_table_copy(table, batch);
    if (!status)
        status = salvage_clear_columns(salvage, batch->count, &copies);
    if (status)
        (void)salvage_fail(salvage, status);
    for (size_t first = 0, end; !status && first < batch->count; first = end) {
        const uint32_t session = salvage_session(salvage, batch->entities[first]);
        end = first + 1;
        if (table->is_lost[first])
            continue;
        while (end < batch->count && !table->is_lost[end] && salvage_session(salvage, batch->entities[end]) == session)
            end++;
        status = salvage_add_rows(salvage, batch, first, end - first, session, values);
    }
    salvage_free_copies(salvage, &copies);
    return status;
}

/* The one row of the world itself. */
static pecs_status salvage_add_singletons(struct salvage *salvage, const struct model_table *from)
{
    struct salvage_table *table = &salvage->table;
    struct salvage_batch batch;
    struct salvage_copy *copies = NULL;
    uint32_t next = 1;
    if (!salvage_table_had_singletons(table))
        return PECS_OK;
    const bool is_left = salvage_table_next(table, &batch);
    pecs_status status = is_left ? salvage_table_copy(table, &batch) : PECS_OK;
    if (!is_left || status || table->is_lost[0]) {
        salvage->report->lost_singleton_count += from->type_count;
        return status == PECS_E_MEMORY ? fail_memory(salvage->error) : PECS_OK;
    }
    if (salvage_clear_columns(salvage, 1, &copies))
        status = fail_memory(salvage->error);
    for (uint32_t i = 0; !status && i < from->type_count; i++) {
        const uint32_t type = le32_load(from->types[i]);
        const struct salvage_column *column = salvage->components[type] ? &table->columns[next++] : NULL;
        const pecs_value value = { salvage->match.components[type], column ? (size_t)column->row_bytes : 0,
                                   salvage_data(column, &batch, 0) };
        status = pecs_builder_set_singleton(salvage->builder, &value, salvage->error);
    }
    salvage_free_copies(salvage, &copies);
    return status;
}

static pecs_status salvage_add_table(struct salvage *salvage, uint32_t number, pecs_value *values)
{
    const struct model_table *from = &salvage->wreck.model.tables[number];
    struct salvage_batch batch;
    pecs_status status = salvage_begin_table(salvage, number);
    if (status)
        (void)salvage_fail(salvage, status);
    if (!status && from->is_singleton)
        status = salvage_add_singletons(salvage, from);
    while (!status && !from->is_singleton && salvage_table_next(&salvage->table, &batch))
        status = salvage_add_batch(salvage, &batch, values);
    salvage_end_table(salvage);
    return status;
}

static pecs_status salvage_add_tables(struct salvage *salvage)
{
    const struct model *model = &salvage->wreck.model;
    const size_t bytes = ((size_t)model->type_count + 1) * sizeof(pecs_value);
    pecs_value *values = pool_allocate(salvage->pool, bytes);
    pecs_status status = PECS_OK;
    if (!values)
        return fail_memory(salvage->error);
    for (uint32_t i = 0; !status && i < model->table_count; i++)
        status = salvage_add_table(salvage, i, values);
    pool_release(salvage->pool, values, bytes);
    return status;
}

/* Slots without an entity, and those whose entity was lost, keep their generations. */
static pecs_status salvage_add_dead(struct salvage *salvage)
{
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < salvage->index.count; i++) {
        const struct wreck_rows *rows = &salvage->index.rows[i];
        const struct record *records = (const struct record *)(const void *)rows->bytes;
        for (uint64_t j = 0; !status && j < rows->count; j++) {
            const pecs_entity dead = { (uint32_t)(rows->first + j), records[j].generation };
            if (dead.generation - 1u < GENERATION_MAX && !salvage_living(salvage, dead.index))
                status = pecs_builder_add_dead(salvage->builder, &dead, 1, salvage->error);
        }
    }
    return status;
}

static pecs_status salvage_add_retired(struct salvage *salvage)
{
    const struct model *commit = &salvage->wreck.commit;
    pecs_status status = PECS_OK;
    for (uint64_t i = 0; !status && salvage_keeps_retired(salvage) && i < commit->retired_count; i++) {
        const uint64_t slot = commit->slot_count + i;
        const pecs_entity dead = { (uint32_t)slot, retired_generation(commit->retired, slot) };
        if (dead.generation)
            status = pecs_builder_add_dead(salvage->builder, &dead, 1, salvage->error);
    }
    return status;
}

/* --- what belongs to no entity --- */

static pecs_status salvage_add_attachments(struct salvage *salvage)
{
    const struct attachments *list = salvage->wreck.has_commit ? salvage->wreck.commit.attachments : NULL;
    size_t run_count;
    struct wreck_run *run = wreck_find_runs(&salvage->wreck, RUN_HEAP, FORMAT_NONE, FORMAT_NONE, &run_count);
    uint64_t at = 0;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && list && i < list->count; i++) {
        const struct attachment *entry = &list->entries[i];
        const uint64_t size = contents_units(entry->size_bytes, false) * FORMAT_HEAP_UNIT;
        const bool is_left = !size || (run_count && run->codec == CODEC_RAW && range_fits(at, size, run->size) &&
                                       wreck_is_whole(&salvage->wreck, run, run->offset + at, size));
        const uint64_t head = entry->size_bytes >= FORMAT_HEAP_LONG ? sizeof(le64) : 0;
        const pecs_bytes bytes = { is_left && size ? salvage->wreck.bytes + run->offset + at + head : NULL,
                                   (size_t)entry->size_bytes };
        if (is_left)
            status = pecs_builder_attach(salvage->builder, entry->name, &bytes, salvage->error);
        else
            salvage->report->lost_attachment_count++;
        at += size;
    }
    return status;
}

/* --- all of it --- */

static uint64_t salvage_tick(const struct salvage *salvage)
{
    uint64_t tick = salvage->wreck.has_commit ? salvage->wreck.commit.tick : 1;
    for (size_t i = 0; !salvage->wreck.has_commit && i < salvage->wreck.run_count; i++)
        tick = max_u64(tick, min_u64(salvage->wreck.runs[i].tick, TICK_MAX));
    return tick;
}

/* NULL: out of memory. */
static struct pecs_snapshot *salvage_make_empty(const struct salvage *salvage)
{
    const struct metadata *found = salvage->wreck.has_commit ? salvage->wreck.commit.metadata : NULL;
    struct metadata *copy = found ? metadata_create(salvage->registry->pool, found->entries, found->count) : NULL;
    struct pecs_snapshot *state = NULL;
    struct state_builder empty;
    if (!state_builder_init(&empty, salvage->registry) && (copy || !found)) {
        state_builder_set_unknown_types(&empty, salvage->match.unknown);
        state_builder_set_metadata(&empty, copy);
        state = state_builder_finish(&empty, 1, true);
    }
    state_builder_deinit(&empty);
    if (copy)
        node_release(salvage->registry->pool, &copy->node);
    return state;
}

/* It begins with an empty state, which has the file's types and metadata. */
static pecs_status salvage_create_builder(struct salvage *salvage, const pecs_builder_options *options)
{
    struct pecs_snapshot *state = salvage_make_empty(salvage);
    if (!state)
        return fail_memory(salvage->error);
    const pecs_status status = builder_create(salvage->registry, state, options, &salvage->builder, salvage->error);
    state_release(state);
    return status;
}

/* The new index has a record for each slot up to the last, however few of them the file has. */
static pecs_status salvage_hold_index(struct salvage *salvage)
{
    struct wreck *wreck = &salvage->wreck;
    const struct wreck_column *index = &salvage->index;
    uint64_t slots = salvage->alive_count ? salvage->alive[salvage->alive_count - 1].index + (uint64_t)1 : 0;
    if (index->count)
        slots = max_u64(slots, index->rows[index->count - 1].first + index->rows[index->count - 1].count);
    if (salvage_keeps_retired(salvage))
        slots = max_u64(slots, wreck->commit.slot_count + wreck->commit.retired_count);
    return wreck_hold(wreck, slots * sizeof(struct record));
}

pecs_status salvage_fill(struct salvage *salvage)
{
    const pecs_builder_options options = { .tick = salvage_tick(salvage) };
    pecs_status status = salvage_find_alive(salvage);
    if (!status)
        status = salvage_hold_index(salvage);
    if (status)
        return salvage_fail(salvage, status);
    status = salvage_create_builder(salvage, &options);
    if (!status)
        status = salvage_add_tables(salvage);
    if (!status)
        status = salvage_add_dead(salvage);
    if (!status)
        status = salvage_add_retired(salvage);
    return status ? status : salvage_add_attachments(salvage);
}
