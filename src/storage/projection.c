/*
 * The result is a copy of the state with a rebuilt list of tables. A table that loses nothing is shared as it is. One
 * that loses columns shares the arrays of the others. When the remaining set already has a table, the rows are appended
 * to that table. At last, the records of all rows that moved are rewritten.
 */
#include "projection.h"

#include "bits.h"
#include "catalog.h"
#include "heap_move.h"
#include "state_types.h"

struct projection {
    const struct pecs_snapshot *from;
    struct pecs_snapshot *to;
    const uint64_t *left_out;
    struct gate gate;
    struct catalog sets; /* of the tables of `to` */
    pecs_component *kept;
    struct place {
        uint32_t table; /* NO_TABLE: nothing remains of the table */
        uint64_t first_row;
    } * places; /* of each table of `from`: where its rows are in `to` */
};

static uint32_t projection_list_kept(const struct projection *projection, const struct archetype *archetype)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < archetype->component_count; i++) {
        const uint32_t place = state_place(projection->from, archetype->components[i]);
        if (!bits_has(projection->left_out, place))
            projection->kept[count++] = archetype->components[i];
    }
    return count;
}

/* Appends the rows to a table that has room for them. */
static void projection_copy_rows(const struct table *from, struct table *to)
{
    const struct archetype *archetype = to->archetype;
    for (uint32_t i = 0; i < archetype->column_count; i++) {
        const pecs_component component = archetype->column_components[i];
        const uint32_t column =
            component == NO_COMPONENT ? HANDLE_COLUMN : archetype_column(from->archetype, component);
        for (uint64_t row = 0; row < from->row_count; row++)
            copy_small(table_owned_value(to, i, to->row_count + row), table_value(from, column, row),
                       archetype->column_bytes[i]);
    }
    to->row_count += from->row_count;
}

static pecs_status projection_append(struct projection *projection, const struct table *from, uint32_t number)
{
    struct table *table;
    pecs_status status = state_own_table(&projection->gate, projection->to, number, &table);
    if (!status)
        status = table_reserve(&projection->gate, table, 0, from->row_count);
    if (!status)
        projection_copy_rows(from, table);
    return status;
}

/* Makes a table for the kept components: with the rows, or empty when its chunks have another size. */
static struct table *projection_make_table(struct projection *projection, const struct table *from, uint32_t kept_count)
{
    const struct pecs_snapshot *to = projection->to;
    struct pool *pool = projection->gate.pool;
    if (kept_count == from->archetype->component_count)
        return (struct table *)node_retain((struct node *)(uintptr_t)&from->node);
    struct archetype *archetype =
        archetype_create(to->registry, to->unknown, projection->kept, kept_count, from->archetype->is_singleton);
    if (!archetype)
        return NULL;
    struct table *table = archetype->chunk_shift == from->archetype->chunk_shift ? table_project(pool, from, archetype)
                                                                                 : table_create(pool, archetype);
    node_release(pool, &archetype->node); /* the table retains it */
    return table;
}

/* Adds the first table of a set. */
static pecs_status projection_add(struct projection *projection, const struct table *from, uint32_t kept_count,
                                  uint32_t *ret_number)
{
    struct table *table = projection_make_table(projection, from, kept_count);
    if (!table)
        return PECS_E_MEMORY;
    pecs_status status = state_take_table(&projection->gate, projection->to, table, ret_number);
    if (!status)
        status = catalog_add(&projection->sets, projection->gate.pool, table->archetype);
    if (!status && !table->row_count && from->row_count)
        status = projection_append(projection, from, *ret_number);
    return status;
}

static pecs_status projection_place(struct projection *projection, uint32_t number)
{
    const struct pecs_snapshot *from = projection->from;
    const struct table *table = state_table(from, number);
    const bool is_singleton = table->archetype->is_singleton;
    const uint32_t count = projection_list_kept(projection, table->archetype);
    struct place *place = &projection->places[number];
    *place = (struct place){ NO_TABLE, 0 };
    if (is_singleton && !count)
        return PECS_OK;
    const uint64_t hash = archetype_set_hash(pool_secret(from->registry->pool), projection->kept, count, is_singleton);
    place->table = catalog_find(&projection->sets, projection->kept, count, is_singleton, hash);
    pecs_status status = PECS_OK;
    if (place->table == NO_TABLE) {
        status = projection_add(projection, table, count, &place->table);
    } else if (table->row_count) {
        place->first_row = state_table(projection->to, place->table)->row_count;
        status = projection_append(projection, table, place->table);
    }
    if (!status && number == from->singleton_table)
        projection->to->singleton_table = place->table;
    return status;
}

static pecs_status projection_move_record(struct projection *projection, struct entity_index *index, uint32_t number,
                                          uint64_t row)
{
    const struct pecs_snapshot *from = projection->from;
    struct record *record;
    pecs_entity entity;
    memcpy(&entity, table_value(state_table(from, number), HANDLE_COLUMN, row), sizeof(entity));
    if (!from->is_proven && !state_row_agrees(from, number, row, entity))
        return PECS_E_CORRUPT;
    const pecs_status status = index_own_record(&projection->gate, index, entity.index, &record);
    if (status)
        return status;
    record->table = projection->places[number].table;
    record->row = (uint32_t)(projection->places[number].first_row + row);
    return PECS_OK;
}

static pecs_status projection_move_records(struct projection *projection)
{
    struct entity_index *index;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < projection->from->table_count; i++) {
        const struct table *table = state_table(projection->from, i);
        const struct place *place = &projection->places[i];
        if (table->archetype->is_singleton || (place->table == i && !place->first_row))
            continue;
        status = state_own_index(&projection->gate, projection->to, &index);
        for (uint64_t row = 0; !status && row < table->row_count; row++)
            status = projection_move_record(projection, index, i, row);
    }
    return status;
}

/* A move of the heap has passed rows that are now elsewhere. */
static pecs_status projection_restart_heap(struct projection *projection)
{
    struct heap *heap;
    if (!state_heap(projection->to) || !state_heap(projection->to)->is_moving)
        return PECS_OK;
    const pecs_status status = state_own_heap(&projection->gate, projection->to, &heap);
    if (!status)
        heap_move_restart(heap);
    return status;
}

static pecs_status projection_run(struct projection *projection)
{
    struct pool *pool = projection->gate.pool;
    const struct pecs_snapshot *from = projection->from;
    const size_t places_bytes = ((size_t)from->table_count + 1) * sizeof(*projection->places);
    const size_t kept_bytes = ((size_t)state_component_count(from) + 1) * sizeof(*projection->kept);
    projection->places = pool_allocate(pool, places_bytes);
    projection->kept = pool_allocate(pool, kept_bytes);
    pecs_status status = projection->places && projection->kept ? projection_restart_heap(projection) : PECS_E_MEMORY;
    for (uint32_t i = 0; !status && i < from->table_count; i++)
        status = projection_place(projection, i);
    if (!status)
        status = projection_move_records(projection);
    pool_release(pool, projection->kept, kept_bytes);
    pool_release(pool, projection->places, places_bytes);
    return status;
}

pecs_status projection_make(const struct pecs_snapshot *state, const uint64_t *left_out,
                            struct pecs_snapshot **ret_state)
{
    struct projection projection = { .from = state, .left_out = left_out };
    pecs_status status = state_create_without_tables(state, &projection.to);
    if (status)
        return status;
    gate_init(&projection.gate, state->registry->pool);
    projection.gate.state_epoch = projection.gate.epoch;
    projection.gate.tick = state->tick;
    status = catalog_init(&projection.sets, state->registry, state->unknown);
    if (!status)
        status = projection_run(&projection);
    catalog_deinit(&projection.sets, state->registry->pool);
    gate_deinit(&projection.gate);
    if (status)
        state_release(projection.to);
    else
        *ret_state = projection.to;
    return status;
}
