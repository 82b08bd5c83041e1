#include "row_buffer.h"

#include "content.h"
#include "error.h"
#include "heap_move.h"
#include "identity.h"
#include "place.h"
#include "reference_walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PART_COLUMNS = 4096, /* each makes a block or two, whose descriptions are some hundred bytes */
    TABLE_BYTES = 1024,  /* that a table takes without rows, about */
};

void row_buffer_init(struct row_buffer *buffer, struct pecs_world *world, uint64_t most_bytes)
{
    *buffer = (struct row_buffer){ .world = world, .most_bytes = most_bytes };
    value_check_init_ahead(&buffer->values, world->state, 1);
}

void row_buffer_deinit(struct row_buffer *buffer)
{
    struct pool *pool = buffer->world->registry->pool;
    pool_release(pool, buffer->rows_before, buffer->before_capacity * sizeof(*buffer->rows_before));
    pool_release(pool, buffer->row_counts, buffer->count_capacity * sizeof(*buffer->row_counts));
    pool_release(pool, buffer->slots, buffer->slot_capacity * sizeof(*buffer->slots));
    pool_release(pool, buffer->ids, buffer->id_capacity * sizeof(*buffer->ids));
}

/* Room in the lists of tables. */
static bool row_buffer_reserve_tables(struct row_buffer *buffer, size_t count)
{
    struct pool *pool = buffer->world->registry->pool;
    const size_t had = buffer->before_capacity;
    if (!pool_reserve(pool, (void **)&buffer->row_counts, &buffer->count_capacity, count,
                      sizeof(*buffer->row_counts)) ||
        !pool_reserve(pool, (void **)&buffer->rows_before, &buffer->before_capacity, count,
                      sizeof(*buffer->rows_before)))
        return false;
    if (buffer->before_capacity > had)
        memset(buffer->rows_before + had, 0, (buffer->before_capacity - had) * sizeof(*buffer->rows_before));
    return true;
}

/* All that the rows need beside the world. */
static bool row_buffer_reserve(struct row_buffer *buffer, const pecs_rows *rows)
{
    struct pool *pool = buffer->world->registry->pool;
    const size_t ids = rows->ids ? rows->row_count : 0;
    return row_buffer_reserve_tables(buffer, (size_t)buffer->world->state->table_count + 1) &&
           rows->row_count <= SIZE_MAX / 4 / sizeof(struct record) - buffer->slot_count &&
           pool_reserve(pool, (void **)&buffer->slots, &buffer->slot_capacity, buffer->slot_count + rows->row_count,
                        sizeof(*buffer->slots)) &&
           pool_reserve(pool, (void **)&buffer->ids, &buffer->id_capacity, buffer->id_count + ids,
                        sizeof(*buffer->ids));
}

/* The rows that were added last, of one table. */
struct added {
    uint32_t table;
    uint64_t first, count, units;
};

/* Rows from `row` to the end of a chunk, as far as they were added. */
static uint64_t added_rows_at(const struct added *added, const struct table *table, uint64_t row)
{
    return min_u64(table_rows_at(table, row), added->first + added->count - row);
}

static pecs_status row_buffer_check_column(const struct row_buffer *buffer, const struct added *added, uint32_t column,
                                           pecs_error *error)
{
    const struct pecs_snapshot *state = buffer->world->state;
    const struct table *table = state_table(state, added->table);
    const pecs_component number = table->archetype->column_components[column];
    pecs_status status = PECS_OK;
    if (!values_can_be_invalid(state_component(state, number)))
        return PECS_OK;
    for (uint64_t row = added->first, rows; !status && row < added->first + added->count; row += rows) {
        rows = added_rows_at(added, table, row);
        status = values_check(&buffer->values, table, number, row, table_value(table, column, row), rows, 0, error);
    }
    return status;
}

static pecs_status row_buffer_check_values(const struct row_buffer *buffer, const struct added *added,
                                           pecs_error *error)
{
    const struct archetype *archetype = state_table(buffer->world->state, added->table)->archetype;
    pecs_status status = PECS_OK;
    for (uint32_t i = 1; !status && i < archetype->column_count; i++)
        status = row_buffer_check_column(buffer, added, i, error);
    return status;
}

static void row_buffer_undo(struct row_buffer *buffer, const struct added *added, uint32_t table_count)
{
    struct pecs_world *world = buffer->world;
    struct table *table = edit_table(world, added->table);
    struct heap *heap = (struct heap *)world->state->heap.node;
    table->row_count -= added->count;
    world->state->entity_count -= added->count;
    if (heap)
        heap->live_units -= added->units;
    table_give_back(&world->gate, table, added->count);
    edit_drop_tables(world, table_count);
}

static void row_buffer_note_references(struct row_buffer *buffer, pecs_component number,
                                       const struct component *component, const uint8_t *values, uint64_t count,
                                       pecs_entity from)
{
    struct reference_walk walk;
    uint64_t offset;
    for (reference_walk_begin(&walk, component, count); reference_walk_next(&walk, &offset);) {
        pecs_entity entity;
        memcpy(&entity, values + offset, sizeof(entity));
        if ((!entity.index && !entity.generation) || entity.index < buffer->farthest.end)
            continue;
        buffer->farthest.end = (uint64_t)entity.index + 1;
        buffer->farthest.from = from;
        buffer->farthest.component = number;
    }
}

/* Those in the lists of values. */
static void row_buffer_note_listed(struct row_buffer *buffer, pecs_component number, const struct component *component,
                                   const uint8_t *values, uint64_t count, const pecs_entity *entities)
{
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, component, values, count); content_walk_next(&walk, &content);) {
        const struct component *element = content.list ? component_element(component, content.list) : NULL;
        uint64_t size;
        const uint8_t *bytes = heap_find(state_heap(buffer->world->state), content.reference, &size);
        if (element && element->has_references && size)
            row_buffer_note_references(buffer, number, element, bytes, size / element->size, entities[content.row]);
    }
}

static void row_buffer_note_values(struct row_buffer *buffer, const struct added *added, const pecs_entity *entities)
{
    const struct pecs_snapshot *state = buffer->world->state;
    const struct table *table = state_table(state, added->table);
    for (uint32_t i = 1; i < table->archetype->column_count; i++) {
        const pecs_component number = table->archetype->column_components[i];
        const struct component *component = state_component(state, number);
        for (uint64_t done = 0, rows; component->has_references && done < added->count; done += rows) {
            const uint8_t *values = table_value(table, i, added->first + done);
            rows = added_rows_at(added, table, added->first + done);
            row_buffer_note_references(buffer, number, component, values, rows, entities[done]);
            if (component_has_contents(component))
                row_buffer_note_listed(buffer, number, component, values, rows, entities + done);
        }
    }
}

static uint64_t row_bytes_of(const struct archetype *archetype)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < archetype->column_count; i++)
        bytes += archetype->column_bytes[i];
    return bytes;
}

uint64_t row_buffer_component_bytes(const struct row_buffer *buffer)
{
    const struct pecs_snapshot *state = buffer->world->state;
    const struct table *singletons = state_singletons(state);
    return buffer->component_bytes + (singletons ? row_bytes_of(singletons->archetype) - sizeof(pecs_entity) : 0);
}

/* The memory of a table's rows: where a chunk is not full, its array may have twice what it needs, or be a whole one.
 */
static uint64_t row_buffer_table_bytes(const struct table *table, uint64_t rows)
{
    const uint64_t chunk_rows = table_chunk_rows(table), last_rows = rows & (chunk_rows - 1);
    const uint64_t room =
        last_rows ? chunk_first_room(rows - last_rows, table->archetype->chunk_shift, 2 * last_rows) : 0;
    return (rows - last_rows + min_u64(room, chunk_rows)) * row_bytes_of(table->archetype);
}

/* When rows go to another table. */
static void row_buffer_free_spare(struct row_buffer *buffer)
{
    struct pecs_world *world = buffer->world;
    if (buffer->spare_rows)
        table_give_back(&world->gate, edit_table(world, buffer->last_table), buffer->spare_rows);
    buffer->spare_rows = 0;
}

static void row_buffer_note(struct row_buffer *buffer, const struct added *added, const pecs_rows *rows,
                            const pecs_entity *entities)
{
    const struct table *table = state_table(buffer->world->state, added->table);
    const uint64_t first = buffer->rows_before[added->table] + added->first;
    for (size_t i = 0; i < rows->row_count; i++)
        buffer->slots[buffer->slot_count++] =
            (struct record){ entities[i].generation, added->table, (uint32_t)(first + i), 0 };
    for (size_t i = 0; rows->ids && i < rows->row_count; i++)
        buffer->ids[buffer->id_count++] = (struct id_entry){ rows->ids[i], le32_make(entities[i].index) };
    buffer->row_units += added->units;
    buffer->held_bytes += row_buffer_table_bytes(table, table->row_count) -
                          row_buffer_table_bytes(table, added->first) + rows->row_count * sizeof(struct record) +
                          added->units * HEAP_UNIT;
    buffer->component_bytes += rows->row_count * (row_bytes_of(table->archetype) - sizeof(pecs_entity));
    row_buffer_note_values(buffer, added, entities);
    if (buffer->last_table != added->table)
        row_buffer_free_spare(buffer);
    buffer->last_table = added->table;
}

static uint64_t row_buffer_live_units(const struct row_buffer *buffer)
{
    const struct heap *heap = state_heap(buffer->world->state);
    return heap ? heap->live_units : 0;
}

pecs_status row_buffer_add(struct row_buffer *buffer, const pecs_rows *rows, const pecs_entity *entities,
                           pecs_error *error)
{
    struct pecs_world *world = buffer->world;
    const uint32_t table_count = world->state->table_count;
    const uint64_t units = row_buffer_live_units(buffer);
    struct added added = { .count = rows->row_count };
    const struct spawn spawn = { rows->row_count, rows->ids, entities, &added.table };
    if (!row_buffer_reserve(buffer, rows))
        return fail_memory(error);
    pecs_status status = failure_end(&world->failure, edit_spawn(world, &spawn, rows->values, rows->value_count, NULL));
    if (status)
        return fail(error, status, "%s", pecs_world_error(world)->message);
    if (!rows->row_count)
        return PECS_OK;
    if (edit_open_session(world))
        status = fail_memory(error);
    added.first = state_table(world->state, added.table)->row_count - added.count;
    added.units = row_buffer_live_units(buffer) - units;
    if (!status)
        status = row_buffer_check_values(buffer, &added, error);
    if (status)
        row_buffer_undo(buffer, &added, table_count);
    else
        row_buffer_note(buffer, &added, rows, entities);
    return status;
}

/* Parts. */

/* What is chosen for a part, so far. */
struct row_choice {
    struct row_buffer *buffer;
    uint64_t most_bytes, bytes;
    uint64_t contents_bytes; /* of a row, if its table has contents; on the average */
    size_t columns;
    bool takes_all, is_last;
};

static uint64_t row_buffer_contents_bytes(const struct row_buffer *buffer)
{
    const struct pecs_snapshot *state = buffer->world->state;
    uint64_t rows = 0;
    for (uint32_t i = 0; buffer->row_units && i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        rows += table->archetype->has_contents && !table->archetype->is_singleton ? table->row_count : 0;
    }
    return rows ? buffer->row_units * HEAP_UNIT / rows + 1 : 0;
}

/* So many of the rows as there is room for: whole chunks, unless all fit; of the first table, at least a chunk. */
static uint64_t row_choice_fit(const struct row_choice *choice, const struct table *table, uint64_t rows)
{
    const struct archetype *archetype = table->archetype;
    const uint64_t row_bytes = row_bytes_of(archetype) + (archetype->has_contents ? choice->contents_bytes : 0);
    const uint64_t left = choice->most_bytes - min_u64(choice->most_bytes, choice->bytes);
    if (choice->is_last || rows <= left / row_bytes)
        return rows;
    rows = left / row_bytes & ~(table_chunk_rows(table) - 1);
    return rows || choice->bytes ? rows : min_u64(table->row_count, table_chunk_rows(table));
}

/* False: the part has no room for more tables. */
static bool row_choice_add_table(struct row_choice *choice, uint32_t number)
{
    const struct table *table = state_table(choice->buffer->world->state, number);
    const struct archetype *archetype = table->archetype;
    uint64_t rows = choice->takes_all ? table->row_count : table->row_count & ~(table_chunk_rows(table) - 1);
    if (!rows || (archetype->is_singleton && !choice->is_last))
        return true;
    if (!choice->is_last && choice->columns + archetype->column_count > PART_COLUMNS)
        return false;
    rows = row_choice_fit(choice, table, rows);
    choice->buffer->row_counts[number] = rows;
    choice->bytes += rows * (row_bytes_of(archetype) + (archetype->has_contents ? choice->contents_bytes : 0));
    choice->columns += archetype->column_count;
    return rows > 0;
}

/* Returns the bytes. */
static uint64_t row_buffer_choose_rows(struct row_buffer *buffer, struct row_choice *choice)
{
    const uint32_t table_count = buffer->world->state->table_count;
    uint32_t number = buffer->next_table < table_count ? buffer->next_table : 0;
    choice->bytes = choice->columns = 0;
    memset(buffer->row_counts, 0, table_count * sizeof(*buffer->row_counts));
    for (uint32_t i = 0; i < table_count && row_choice_add_table(choice, number); i++)
        number = number + 1 < table_count ? number + 1 : 0;
    buffer->end_table = number;
    return choice->bytes;
}

static size_t row_buffer_columns(const struct row_buffer *buffer)
{
    const struct pecs_snapshot *state = buffer->world->state;
    size_t columns = 0;
    for (uint32_t i = 0; i < state->table_count; i++)
        columns += state_table(state, i)->row_count ? state_table(state, i)->archetype->column_count : 0;
    return columns;
}

/* Of a part: whole chunks. A resume maps the ids if one part has all of them; else it gathers them. */
static size_t row_buffer_most_ids(const struct row_buffer *buffer)
{
    const size_t ids = (size_t)(2 * buffer->most_bytes / sizeof(*buffer->ids));
    return ids & ~(((size_t)1 << FORMAT_INDEX_SHIFT) - 1);
}

bool row_buffer_has_part(const struct row_buffer *buffer, bool at_the_end)
{
    const uint64_t tables = buffer->world->state->table_count * (uint64_t)TABLE_BYTES;
    if (!at_the_end)
        return buffer->held_bytes + min_u64(tables, buffer->most_bytes / 2) >= buffer->most_bytes;
    return buffer->held_bytes > buffer->most_bytes || row_buffer_columns(buffer) > PART_COLUMNS ||
           buffer->id_count - buffer->ids_put > row_buffer_most_ids(buffer);
}

/* They are known when all rows are. */
static size_t row_buffer_choose_ids(const struct row_buffer *buffer, bool is_last)
{
    const size_t left = buffer->id_count - buffer->ids_put;
    if (is_last)
        return left;
    return buffer->are_ids_final ? min_u64(left, row_buffer_most_ids(buffer)) : 0;
}

pecs_status row_buffer_choose(struct row_buffer *buffer, bool is_last, struct plan_stream *ret_part)
{
    const size_t most_slots = is_last ? buffer->slot_count : (size_t)(buffer->most_bytes / sizeof(struct record));
    const size_t slots = min_u64(buffer->slot_count, most_slots);
    const size_t whole_slots = is_last ? slots : slots & ~(((size_t)1 << INDEX_SHIFT) - 1);
    struct row_choice choice = {
        .buffer = buffer,
        .most_bytes = 2 * buffer->most_bytes - min_u64(buffer->most_bytes, whole_slots * sizeof(struct record)),
        .contents_bytes = row_buffer_contents_bytes(buffer),
        .takes_all = is_last,
        .is_last = is_last,
    };
    if (!row_buffer_reserve_tables(buffer, (size_t)buffer->world->state->table_count + 1))
        return PECS_E_MEMORY;
    if (row_buffer_choose_rows(buffer, &choice) < buffer->held_bytes / 4 && !is_last) {
        choice.takes_all = true;
        row_buffer_choose_rows(buffer, &choice);
    }
    *ret_part = (struct plan_stream){
        .rows_before = buffer->rows_before,
        .row_counts = buffer->row_counts,
        .slots = buffer->slots,
        .slots_before = buffer->slots_before,
        .slot_count = whole_slots,
        .ids = buffer->ids ? buffer->ids + buffer->ids_put : NULL,
        .ids_before = buffer->ids_put,
        .id_count = row_buffer_choose_ids(buffer, is_last),
    };
    return PECS_OK;
}

/* Its contents live no more. */
static void row_buffer_forget(struct row_buffer *buffer, const struct table *table, uint64_t count)
{
    for (uint32_t i = 1; table->archetype->has_contents && i < table->archetype->column_count; i++) {
        const pecs_component number = table->archetype->column_components[i];
        if (!component_has_contents(state_component(buffer->world->state, number)))
            continue;
        for (uint64_t row = 0, rows; row < count; row += rows) {
            rows = min_u64(table_rows_at(table, row), count - row);
            place_forget(buffer->world, number, table_value(table, i, row), rows);
        }
    }
}

static pecs_status row_buffer_drop_rows(struct row_buffer *buffer, uint32_t number)
{
    struct pecs_world *world = buffer->world;
    const uint64_t count = buffer->row_counts[number];
    struct table *table;
    pecs_status status = edit_own_table(world, number, &table);
    if (status || !count)
        return status;
    row_buffer_forget(buffer, table, count);
    status = table_drop_front(&world->gate, table, count);
    if (number == buffer->last_table) /* fresh memory would cost as much as what is put into it */
        buffer->spare_rows = max_u64(buffer->spare_rows, count);
    else
        table_give_back(&world->gate, table, count);
    buffer->rows_before[number] += count;
    buffer->row_counts[number] = 0;
    return status;
}

/* Of the rows that are left. */
static uint64_t row_buffer_left_bytes(const struct row_buffer *buffer)
{
    const struct pecs_snapshot *state = buffer->world->state;
    uint64_t bytes = buffer->slot_count * sizeof(struct record) + buffer->row_units * HEAP_UNIT;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        bytes += table->archetype->is_singleton ? 0 : row_buffer_table_bytes(table, table->row_count);
    }
    return bytes;
}

pecs_status row_buffer_drop(struct row_buffer *buffer, const struct plan_stream *part)
{
    struct pecs_world *world = buffer->world;
    pecs_status status = edit_own_state(world);
    const size_t slots = (size_t)part->slot_count;
    const uint64_t units = row_buffer_live_units(buffer);
    for (uint32_t i = 0; !status && i < world->state->table_count; i++)
        status = row_buffer_drop_rows(buffer, i);
    buffer->row_units -= units - row_buffer_live_units(buffer);
    buffer->next_table = buffer->end_table;
    memmove(buffer->slots, buffer->slots + slots, (buffer->slot_count - slots) * sizeof(*buffer->slots));
    buffer->slot_count -= slots;
    buffer->slots_before += slots;
    buffer->ids_put += part->id_count;
    buffer->held_bytes = row_buffer_left_bytes(buffer);
    if (status || !world->state->heap.node)
        return status;
    struct heap *heap = (struct heap *)world->state->heap.node;
    heap_move_restart(heap);
    if (heap_is_sparse(heap))
        status = heap_move_work(&world->gate, world->state, UINT64_MAX);
    return status;
}

/* The whole. */

static int row_buffer_compare_indices(const void *x, const void *y)
{
    const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

/* The rows that have explicit ids, ascending. NULL: out of memory. */
static uint32_t *row_buffer_list_indices(const struct row_buffer *buffer)
{
    uint32_t *indices = pool_allocate(buffer->world->registry->pool, buffer->id_count * sizeof(*indices));
    for (size_t i = 0; indices && i < buffer->id_count; i++)
        indices[i] = le32_load(buffer->ids[i].index);
    if (indices)
        qsort(indices, buffer->id_count, sizeof(*indices), row_buffer_compare_indices);
    return indices;
}

/*
 * Whether an id is that of an entity's birth, which has no other: then it must not be given to another one. *indices is
 * made when it is first needed.
 */
static pecs_status row_buffer_find_birth(const struct row_buffer *buffer, const struct id_entry *entry,
                                         uint32_t **indices, bool *ret_is_found)
{
    uint64_t prefix;
    pecs_entity born;
    *ret_is_found = identity_parse(entry->id, &prefix, &born) &&
                    prefix == identity_prefix(edit_session_nonce(buffer->world)) && born.generation == 1 &&
                    born.index < row_buffer_total(buffer) && born.index != le32_load(entry->index);
    if (!*ret_is_found)
        return PECS_OK;
    if (!*indices && !(*indices = row_buffer_list_indices(buffer)))
        return PECS_E_MEMORY;
    *ret_is_found = !bsearch(&born.index, *indices, buffer->id_count, sizeof(**indices), row_buffer_compare_indices);
    return PECS_OK;
}

static pecs_status row_buffer_check_ids(struct row_buffer *buffer, pecs_error *error)
{
    char text[PECS_ID_TEXT_BYTES];
    uint32_t *indices = NULL;
    pecs_status status = PECS_OK;
    bool is_found = false;
    size_t at = 0;
    identity_sort(buffer->ids, buffer->id_count);
    for (; !status && !is_found && at < buffer->id_count; at++) {
        const struct id_entry *entry = &buffer->ids[at];
        status = row_buffer_find_birth(buffer, entry, &indices, &is_found);
        is_found |= at && memcmp(&entry[-1].id, &entry->id, sizeof(pecs_id)) == 0;
    }
    pool_release(buffer->world->registry->pool, indices, buffer->id_count * sizeof(*indices));
    if (status)
        return fail_memory(error);
    if (!is_found)
        return PECS_OK;
    pecs_id_format(buffer->ids[at - 1].id, text);
    return fail(error, PECS_E_CONFLICT, "the id %s of entity %" PRIu32 ":1 is that of another entity, too", text,
                le32_load(buffer->ids[at - 1].index));
}

/* Of the singletons, which may be set until the end. */
static void row_buffer_note_singletons(struct row_buffer *buffer)
{
    static const pecs_entity none;
    const uint32_t number = buffer->world->state->singleton_table;
    const struct added row = { .table = number, .count = 1 };
    if (number != NO_TABLE)
        row_buffer_note_values(buffer, &row, &none);
}

pecs_status row_buffer_check(struct row_buffer *buffer, pecs_error *error)
{
    const uint64_t total = row_buffer_total(buffer);
    const struct far_reference of_rows = buffer->farthest;
    char who[32] = "the singletons";
    row_buffer_note_singletons(buffer);
    const struct far_reference farthest = buffer->farthest;
    buffer->farthest = of_rows;
    if (farthest.end <= total) {
        const pecs_status status = row_buffer_check_ids(buffer, error);
        buffer->are_ids_final = !status;
        return status;
    }
    const struct component *component = state_component(buffer->world->state, farthest.component);
    if (farthest.from.generation)
        snprintf(who, sizeof(who), "entity %" PRIu32 ":1", farthest.from.index);
    return fail(error, PECS_E_INVALID, "%s: '%s' refers to row %" PRIu64 " of the stream, which has %" PRIu64, who,
                component->type->name, farthest.end - 1, total);
}
