/*
 * The result is a copy of the state with a rebuilt list of tables. A table that loses nothing is shared as it is. One
 * that loses columns shares the arrays of the others; one that loses rows fills the gaps with its last rows. When the
 * remaining set already has a table, the rows are merged into it. At last, the slots of entities that are left out
 * become free, and the records of all rows that moved are rewritten.
 */
#include "projection.h"

#include "catalog.h"
#include "content.h"
#include "heap_move.h"
#include "state_types.h"
#include "table_merge.h"

#define NO_ROW UINT64_MAX

struct projection {
    const struct pecs_snapshot *from;
    struct pecs_snapshot *to;
    const struct projection_less *less;
    struct gate gate;
    struct catalog sets; /* of the tables of `to` */
    pecs_component *kept;
    uint8_t **row;   /* scratch: the values of one row, by column */
    uint64_t *moved; /* of each table of `to`: the first row whose record may be wrong, or NO_ROW */
};

/* Rows of a table of `from` that are left out. */
static uint64_t projection_lost_rows(const struct projection *projection, uint32_t number)
{
    return projection->less->entities ? projection->less->entities->row_counts[number] : 0;
}

static pecs_entity projection_handle(const struct table *table, uint64_t row)
{
    pecs_entity entity;
    memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
    return entity;
}

static bool projection_loses_row(const struct projection *projection, const struct table *table, uint64_t row)
{
    return selection_has_slot(projection->less->entities, projection_handle(table, row).index);
}

static uint32_t projection_list_kept(const struct projection *projection, const struct archetype *archetype)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < archetype->component_count; i++) {
        const uint32_t place = state_place(projection->from, archetype->components[i]);
        if (!bits_has(projection->less->components, place))
            projection->kept[count++] = archetype->components[i];
    }
    return count;
}

/* Fills the gaps that lost rows leave with the last of the others. *ret_first_row is the first gap. */
static pecs_status projection_close_gaps(struct projection *projection, struct table *table, uint64_t lost,
                                         uint64_t *ret_first_row)
{
    const uint64_t before = table->row_count, left = before - lost;
    uint64_t last = before;
    pecs_status status = table_reserve(&projection->gate, table, lost, 0);
    for (uint64_t row = 0; !status && row < left; row++) {
        if (!projection_loses_row(projection, table, row))
            continue;
        *ret_first_row = min_u64(*ret_first_row, row);
        do
            last--;
        while (projection_loses_row(projection, table, last));
        status = table_own_row(&projection->gate, table, row, projection->row);
        for (uint32_t i = 0; !status && i < table->archetype->column_count; i++)
            copy_small(projection->row[i], table_value(table, i, last), table->archetype->column_bytes[i]);
    }
    if (status)
        return status;
    table->row_count = left;
    table_trim(&projection->gate, table, before);
    return PECS_OK;
}

/* Copies the rows that are not lost to an empty table, whose chunks have another size. */
static pecs_status projection_copy_rows(struct projection *projection, struct table *table, const struct table *from,
                                        uint64_t lost)
{
    if (lost == from->row_count)
        return PECS_OK;
    const pecs_status status = table_reserve(&projection->gate, table, 0, from->row_count - lost);
    if (status)
        return status;
    if (!lost)
        table_append_rows(table, from, 0, from->row_count);
    for (uint64_t row = 0; lost && row < from->row_count; row++)
        if (!projection_loses_row(projection, from, row))
            table_append_rows(table, from, row, 1);
    return PECS_OK;
}

static struct archetype *projection_archetype(const struct projection *projection, const struct archetype *archetype,
                                              uint32_t kept_count)
{
    if (kept_count == archetype->component_count)
        return (struct archetype *)node_retain((struct node *)(uintptr_t)&archetype->node);
    return archetype_create(projection->to->registry, projection->to->unknown, projection->kept, kept_count,
                            archetype->is_singleton);
}

/* Makes a table of what is left of one. *ret_first_row is the first row that has another place in it, or NO_ROW. */
static pecs_status projection_reduce(struct projection *projection, uint32_t number, uint32_t kept_count,
                                     struct table **ret_table, uint64_t *ret_first_row)
{
    const struct table *from = state_table(projection->from, number);
    const uint64_t lost = projection_lost_rows(projection, number);
    struct pool *pool = projection->gate.pool;
    *ret_first_row = NO_ROW;
    if (kept_count == from->archetype->component_count && !lost) {
        *ret_table = (struct table *)node_retain((struct node *)(uintptr_t)&from->node);
        return PECS_OK;
    }
    struct archetype *archetype = projection_archetype(projection, from->archetype, kept_count);
    if (!archetype)
        return PECS_E_MEMORY;
    const bool is_shared = archetype->chunk_shift == from->archetype->chunk_shift && lost < from->row_count;
    struct table *table = is_shared ? table_project(pool, from, archetype) : table_create(pool, archetype);
    node_release(pool, &archetype->node); /* the table retains it */
    pecs_status status = table ? PECS_OK : PECS_E_MEMORY;
    if (!status && !is_shared)
        status = projection_copy_rows(projection, table, from, lost);
    else if (!status && lost)
        status = projection_close_gaps(projection, table, lost, ret_first_row);
    if (!status && !is_shared && lost)
        *ret_first_row = 0;
    if (status && table)
        node_release(pool, &table->node);
    *ret_table = table;
    return status;
}

/* Adds the first table of a set. Takes over the reference. */
static pecs_status projection_add(struct projection *projection, struct table *table, uint32_t *ret_number)
{
    const pecs_status status = state_take_table(&projection->gate, projection->to, table, ret_number);
    return status ? status : catalog_add(&projection->sets, projection->gate.pool, table->archetype);
}

static pecs_status projection_merge(struct projection *projection, const struct table *from, uint32_t number)
{
    struct table *table;
    uint64_t first_row = NO_ROW;
    if (!from->row_count)
        return PECS_OK;
    pecs_status status = state_own_table(&projection->gate, projection->to, number, &table);
    if (!status && from->row_count > ROW_COUNT_MAX - table->row_count)
        status = PECS_E_CORRUPT; /* more rows than entities can be */
    if (!status)
        status = table_merge(&projection->gate, table, from, &first_row);
    projection->moved[number] = min_u64(projection->moved[number], first_row);
    return status;
}

static pecs_status projection_place(struct projection *projection, uint32_t number)
{
    const struct pecs_snapshot *from = projection->from;
    const struct table *table = state_table(from, number);
    const bool is_singleton = table->archetype->is_singleton;
    const uint32_t count = projection_list_kept(projection, table->archetype);
    const bool has_rows = table->row_count > projection_lost_rows(projection, number);
    const bool is_dropped = projection->less->tables && bits_has(projection->less->tables, number);
    if (is_dropped || (count < table->archetype->component_count && (!has_rows || (is_singleton && !count))))
        return PECS_OK;
    struct table *left;
    uint64_t first_row;
    pecs_status status = projection_reduce(projection, number, count, &left, &first_row);
    if (status)
        return status;
    const uint64_t hash = archetype_set_hash(pool_secret(from->registry->pool), projection->kept, count, is_singleton);
    uint32_t to = catalog_find(&projection->sets, projection->kept, count, is_singleton, hash);
    if (to == NO_TABLE) {
        status = projection_add(projection, left, &to);
        if (!status)
            projection->moved[to] = to == number ? first_row : 0;
    } else {
        status = projection_merge(projection, left, to);
        node_release(projection->gate.pool, &left->node);
    }
    if (!status && number == from->singleton_table)
        projection->to->singleton_table = to;
    return status;
}

/* Whether any record changes. */
static bool projection_needs_index(const struct projection *projection)
{
    bool is_needed = projection->less->entities && projection->less->entities->count;
    for (uint32_t i = 0; !is_needed && i < projection->to->table_count; i++)
        is_needed = projection->moved[i] != NO_ROW && !state_table(projection->to, i)->archetype->is_singleton;
    return is_needed;
}

static bool projection_rows_agree(const struct projection *projection)
{
    const struct pecs_snapshot *from = projection->from;
    for (uint32_t i = 0; !from->is_proven && i < from->table_count; i++) {
        const struct table *table = state_table(from, i);
        for (uint64_t row = 0; !table->archetype->is_singleton && row < table->row_count; row++)
            if (!state_row_agrees(from, i, row, projection_handle(table, row)))
                return false;
    }
    return true;
}

/* Frees the slots of the entities that are left out. A word of the selection is of slots in one chunk of the index. */
static pecs_status projection_free_slots(struct projection *projection, struct entity_index *index)
{
    const struct selection *entities = projection->less->entities;
    const size_t word_count = entities ? bits_words((size_t)state_slot_count(projection->from)) : 0;
    for (size_t word = 0; word < word_count; word++) {
        uint64_t left = entities->slots[word];
        struct record *records;
        if (!left)
            continue;
        if (index_own_record(&projection->gate, index, (uint64_t)word * 64, &records))
            return PECS_E_MEMORY;
        uint32_t free_count = 0;
        for (; left; left &= left - 1) {
            struct record *record = &records[__builtin_ctzll(left)];
            *record = (struct record){ record->generation, NO_TABLE, 0, 0 };
            free_count += record->generation < GENERATION_MAX;
            projection->to->entity_count--;
        }
        index->free_counts[(uint64_t)word * 64 >> INDEX_SHIFT] += free_count;
        projection->to->free_count += free_count;
    }
    return PECS_OK;
}

/* The records of one chunk of the index, private: rows mostly follow one another there. */
struct owned_records {
    struct record *records;
    uint64_t chunk;
};

static pecs_status projection_move_row(struct projection *projection, struct entity_index *index,
                                       struct owned_records *owned, pecs_entity entity, struct record to)
{
    const uint64_t chunk = entity.index >> INDEX_SHIFT;
    if (!owned->records || owned->chunk != chunk) {
        const struct record *now = index_record(index, entity.index);
        if (now->table == to.table && now->row == to.row)
            return PECS_OK;
        if (index_own_record(&projection->gate, index, chunk << INDEX_SHIFT, &owned->records))
            return PECS_E_MEMORY;
        owned->chunk = chunk;
    }
    struct record *record = &owned->records[entity.index & ((1u << INDEX_SHIFT) - 1)];
    record->table = to.table;
    record->row = to.row;
    return PECS_OK;
}

static pecs_status projection_move_rows(struct projection *projection, struct entity_index *index, uint32_t number)
{
    const struct table *table = state_table(projection->to, number);
    const uint64_t moved = projection->moved[number];
    const uint32_t shift = table->archetype->chunk_shift;
    const uint64_t first_chunk = moved == NO_ROW ? table_chunk_count(table) : moved >> shift;
    struct owned_records owned = { NULL, 0 };
    pecs_status status = PECS_OK;
    for (uint64_t chunk = first_chunk; !status && chunk < table_chunk_count(table); chunk++) {
        const pecs_entity *entities = (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, chunk);
        const uint64_t first = chunk << shift, rows = table_live_rows(table, chunk);
        for (uint64_t i = chunk == first_chunk ? moved - first : 0; !status && i < rows; i++)
            status = projection_move_row(projection, index, &owned, entities[i],
                                         (struct record){ .table = number, .row = (uint32_t)(first + i) });
    }
    return status;
}

static pecs_status projection_change_index(struct projection *projection)
{
    struct entity_index *index;
    if (!projection_needs_index(projection))
        return PECS_OK;
    if (!projection->less->entities && !projection_rows_agree(projection))
        return PECS_E_CORRUPT;
    pecs_status status = state_own_index(&projection->gate, projection->to, &index);
    if (!status)
        status = projection_free_slots(projection, index);
    for (uint32_t i = 0; !status && i < projection->to->table_count; i++)
        if (!state_table(projection->to, i)->archetype->is_singleton)
            status = projection_move_rows(projection, index, i);
    return status;
}

/* Units of the heap that the contents take which a table loses. */
static uint64_t projection_lost_units(const struct projection *projection, uint32_t number)
{
    const struct pecs_snapshot *from = projection->from;
    const struct table *table = state_table(from, number);
    const struct archetype *archetype = table->archetype;
    const uint64_t lost = projection_lost_rows(projection, number);
    uint64_t units = 0;
    for (uint32_t i = HANDLE_COLUMN + 1; archetype->has_contents && i < archetype->column_count; i++) {
        const struct component *component = state_component(from, archetype->column_components[i]);
        const uint32_t place = state_place(from, archetype->column_components[i]);
        const bool is_lost = bits_has(projection->less->components, place);
        if (!component_has_contents(component) || !(is_lost || lost))
            continue;
        for (uint64_t row = 0; row < table->row_count; row++)
            if (is_lost || projection_loses_row(projection, table, row))
                units += contents_count_units(state_heap(from), component, table_value(table, i, row), 1);
    }
    return units;
}

/* What the heap holds for others is dead here, and a move has passed rows that are now elsewhere. */
static pecs_status projection_change_heap(struct projection *projection)
{
    const struct heap *from = state_heap(projection->from);
    uint64_t units = 0;
    struct heap *heap;
    for (uint32_t i = 0; from && i < projection->from->table_count; i++)
        units += projection_lost_units(projection, i);
    if (!from || (!units && !from->is_moving))
        return PECS_OK;
    const pecs_status status = state_own_heap(&projection->gate, projection->to, &heap);
    if (status)
        return status;
    heap->live_units -= min_u64(units, heap->live_units);
    heap_move_restart(heap);
    return PECS_OK;
}

static pecs_status projection_run(struct projection *projection)
{
    struct pool *pool = projection->gate.pool;
    const struct pecs_snapshot *from = projection->from;
    const size_t moved_bytes = ((size_t)from->table_count + 1) * sizeof(*projection->moved);
    const size_t kept_bytes = ((size_t)state_component_count(from) + 1) * sizeof(*projection->kept);
    const size_t row_bytes = ((size_t)state_component_count(from) + 1) * sizeof(*projection->row);
    projection->moved = pool_allocate(pool, moved_bytes);
    projection->kept = pool_allocate(pool, kept_bytes);
    projection->row = pool_allocate(pool, row_bytes);
    pecs_status status = projection->moved && projection->kept && projection->row ? PECS_OK : PECS_E_MEMORY;
    if (!status && projection->less->entities && !projection_rows_agree(projection))
        status = PECS_E_CORRUPT;
    if (!status)
        status = projection_change_heap(projection);
    for (uint32_t i = 0; !status && i < from->table_count; i++)
        status = projection_place(projection, i);
    if (!status)
        status = projection_change_index(projection);
    pool_release(pool, projection->row, row_bytes);
    pool_release(pool, projection->kept, kept_bytes);
    pool_release(pool, projection->moved, moved_bytes);
    return status;
}

pecs_status projection_make(const struct pecs_snapshot *state, const struct projection_less *less,
                            struct pecs_snapshot **ret_state)
{
    struct projection projection = { .from = state, .less = less };
    pecs_status status = state_create_without_tables(state, &projection.to);
    if (status)
        return status;
    projection.to->timeline = 0;
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
