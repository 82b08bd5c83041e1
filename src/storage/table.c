/*
 * Tables. Every edit has two steps: prepare what it will touch, which may fail but changes no content, then change it,
 * which cannot fail.
 */
#include "table.h"

#include <assert.h>
#include <stdlib.h>

static size_t archetype_bytes(uint32_t component_count, uint32_t column_count)
{
    return sizeof(struct archetype) + (size_t)component_count * 2 * sizeof(uint32_t) +
           (size_t)column_count * 2 * sizeof(uint32_t);
}

static void archetype_destroy(struct pool *pool, struct node *node)
{
    struct archetype *archetype = (struct archetype *)node;
    pool_release(pool, archetype, archetype_bytes(archetype->component_count, archetype->column_count));
}

static const struct node_class archetype_class = { archetype_destroy, NULL };

static struct archetype *archetype_allocate(struct pool *pool, uint32_t component_count, uint32_t column_count)
{
    struct archetype *archetype = pool_allocate_zeroed(pool, archetype_bytes(component_count, column_count));
    if (!archetype)
        return NULL;
    node_init(&archetype->node, &archetype_class);
    archetype->component_count = component_count;
    archetype->column_count = column_count;
    archetype->components = (pecs_component *)(archetype + 1);
    archetype->columns = archetype->components + component_count;
    archetype->column_bytes = archetype->columns + component_count;
    archetype->column_components = archetype->column_bytes + column_count;
    return archetype;
}

static int archetype_compare(const void *a, const void *b)
{
    const pecs_component x = *(const pecs_component *)a, y = *(const pecs_component *)b;
    return (x > y) - (x < y);
}

void archetype_sort(pecs_component *components, uint32_t count)
{
    qsort(components, count, sizeof(*components), archetype_compare);
}

uint64_t archetype_set_hash(uint64_t secret, const pecs_component *components, uint32_t count, bool is_singleton)
{
    uint64_t hash = is_singleton ? 0x517cc1b727220a95u : 0;
    for (uint32_t i = 0; i < count; i++)
        hash += mix_u64(mix_u64(secret + components[i]) ^ secret);
    return hash;
}

uint32_t archetype_choose_chunk_shift(uint32_t widest_bytes)
{
    uint32_t shift = CHUNK_SHIFT;
    while (shift && (uint64_t)widest_bytes << shift > CHUNK_COLUMN_BYTES)
        shift--;
    return shift;
}

struct archetype *archetype_create(const pecs_registry *registry, const struct unknown_types *unknown,
                                   const pecs_component *components, uint32_t count, bool is_singleton)
{
    uint32_t column_count = 1;
    for (uint32_t i = 0; i < count; i++)
        column_count += component_of(registry, unknown, components[i])->size > 0;
    struct archetype *archetype = archetype_allocate(registry->pool, count, column_count);
    if (!archetype)
        return NULL;
    archetype->is_singleton = is_singleton;
    archetype->set_hash = archetype_set_hash(pool_secret(registry->pool), components, count, is_singleton);
    archetype->column_bytes[HANDLE_COLUMN] = sizeof(pecs_entity);
    archetype->column_components[HANDLE_COLUMN] = NO_COMPONENT;
    uint32_t column = 1, widest = sizeof(pecs_entity);
    for (uint32_t i = 0; i < count; i++) {
        const struct component *component = component_of(registry, unknown, components[i]);
        const uint32_t size = component->size;
        archetype->has_contents |= component_has_contents(component);
        archetype->components[i] = components[i];
        archetype->signature |= (uint64_t)1 << components[i] % 64;
        archetype->flags |= component_of(registry, unknown, components[i])->flags;
        archetype->columns[i] = size ? column : NO_COLUMN;
        if (size) {
            archetype->column_bytes[column] = size;
            archetype->column_components[column++] = components[i];
        }
        widest = size > widest ? size : widest;
    }
    archetype->chunk_shift = archetype_choose_chunk_shift(widest);
    return archetype;
}

uint32_t archetype_find(const struct archetype *archetype, pecs_component component)
{
    const pecs_component *components = archetype->components;
    uint32_t low = 0, high = archetype->component_count;
    while (high - low > 8) {
        const uint32_t middle = (low + high) / 2;
        if (components[middle] <= component)
            low = middle;
        else
            high = middle;
    }
    for (; low < high; low++)
        if (components[low] == component)
            return low;
    return NO_COLUMN;
}

uint32_t archetype_column(const struct archetype *archetype, pecs_component component)
{
    const uint32_t place = archetype_find(archetype, component);
    return place == NO_COLUMN ? NO_COLUMN : archetype->columns[place];
}

static size_t table_bytes(const struct archetype *archetype)
{
    return sizeof(struct table) + archetype->column_count * sizeof(struct column);
}

static void table_destroy(struct pool *pool, struct node *node)
{
    struct table *table = (struct table *)node;
    const size_t bytes = table_bytes(table->archetype);
    for (uint32_t i = 0; i < table->archetype->column_count; i++)
        tree_clear(pool, &table->columns[i].chunks);
    if (table->runs)
        node_release(pool, &table->runs->node);
    node_release(pool, &table->archetype->node);
    node_free(pool, &table->node, bytes);
}

static struct node *table_copy(struct pool *pool, const struct node *node);

static const struct node_class table_class = { table_destroy, table_copy };

static struct node *table_copy(struct pool *pool, const struct node *node)
{
    const struct table *table = (const struct table *)node;
    struct table *copy = node_allocate(pool, table_bytes(table->archetype), &table_class);
    if (!copy)
        return NULL;
    copy->archetype = table->archetype;
    copy->runs = table->runs;
    copy->row_count = table->row_count;
    copy->tail_epoch = copy->tail_chunk = copy->tail_rows = 0;
    node_retain(&copy->archetype->node);
    if (copy->runs)
        node_retain(&copy->runs->node);
    for (uint32_t i = 0; i < table->archetype->column_count; i++) {
        copy->columns[i] = table->columns[i];
        tree_retain(&copy->columns[i].chunks);
    }
    return &copy->node;
}

struct table *table_create(struct pool *pool, struct archetype *archetype)
{
    struct table *table = node_allocate(pool, table_bytes(archetype), &table_class);
    if (!table)
        return NULL;
    memset((uint8_t *)table + sizeof(table->node), 0, table_bytes(archetype) - sizeof(table->node));
    table->archetype = archetype;
    node_retain(&archetype->node);
    return table;
}

/* The column of the table that becomes column `i` of the archetype. */
static uint32_t table_find_projected(const struct table *table, const struct archetype *archetype, uint32_t i)
{
    const pecs_component component = archetype->column_components[i];
    return component == NO_COMPONENT ? HANDLE_COLUMN : archetype_column(table->archetype, component);
}

struct table *table_project(struct pool *pool, const struct table *table, struct archetype *archetype)
{
    assert(archetype->chunk_shift == table->archetype->chunk_shift);
    struct table *to = table_create(pool, archetype);
    if (!to)
        return NULL;
    const struct runs *from = table->runs;
    if (from) {
        to->runs = runs_create(pool, archetype->column_count, from->image);
        if (!to->runs) {
            node_release(pool, &to->node);
            return NULL;
        }
        to->runs->lender =
            (struct runs *)node_retain(&table->runs->node); /* neither table may edit the shared bytes in place */
    }
    to->row_count = table->row_count;
    for (uint32_t i = 0; i < archetype->column_count; i++) {
        const uint32_t column = table_find_projected(table, archetype, i);
        if (column == NO_COLUMN)
            continue;
        if (from)
            to->runs->columns[i] = from->columns[column];
        to->columns[i] = table->columns[column];
        tree_retain(&to->columns[i].chunks);
    }
    return to;
}

pecs_status table_add_chunk(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk)
{
    struct array *array =
        array_create(gate->pool, table_live_rows(table, chunk) * table->archetype->column_bytes[column]);
    struct ref *ref;
    if (!array)
        return PECS_E_MEMORY;
    if (tree_own_ref(gate->pool, gate->epoch, &table->columns[column].chunks, chunk, &ref)) {
        node_release(gate->pool, &array->node);
        return PECS_E_MEMORY;
    }
    assert(!ref->node);
    array->tick = gate->tick;
    *ref = (struct ref){ &array->node, array->data, 0 };
    return PECS_OK;
}

static pecs_status table_own_chunk_slow(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk,
                                        uint64_t row_count, uint8_t **ret_bytes)
{
    const struct archetype *archetype = table->archetype;
    const struct extent extent = { table->row_count, archetype->column_bytes[column], archetype->chunk_shift, column,
                                   table->runs };
    struct ref *ref;
    if (table->tail_epoch) /* an array will be replaced; the workers of an iteration find 0 here */
        table->tail_epoch = 0;
    const pecs_status status = chunk_own(gate, &table->columns[column].chunks, &extent, chunk, row_count, &ref);
    if (status)
        return status;
    /* workers of an iteration call this concurrently, after the first has stamped the column */
    if (table->columns[column].tick != gate->tick)
        table->columns[column].tick = gate->tick;
    *ret_bytes = ref->data;
    return PECS_OK;
}

pecs_status table_own_chunk(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk, uint64_t row_count,
                            uint8_t **ret_bytes)
{
    uint8_t *bytes = chunk_owned_with_room(gate, &table->columns[column].chunks, chunk, row_count,
                                           table_live_rows(table, chunk), table->archetype->column_bytes[column]);
    if (!bytes)
        return table_own_chunk_slow(gate, table, column, chunk, row_count, ret_bytes);
    *ret_bytes = bytes;
    return PECS_OK;
}

pecs_status table_own_row(struct gate *gate, struct table *table, uint64_t row, uint8_t **values)
{
    const struct archetype *archetype = table->archetype;
    const uint64_t chunk = row >> archetype->chunk_shift, in_chunk = row & (table_chunk_rows(table) - 1);
    for (uint32_t i = 0; i < archetype->column_count; i++) {
        uint8_t *bytes = table_owned_chunk(gate, table, i, chunk);
        if (!bytes) {
            const pecs_status status =
                table_own_chunk_slow(gate, table, i, chunk, table_live_rows(table, chunk), &bytes);
            if (status)
                return status;
        }
        if (values) {
            values[i] = bytes + in_chunk * archetype->column_bytes[i];
            __builtin_prefetch(values[i], 1); /* loads the lines of all columns before the first is used */
        }
    }
    return PECS_OK;
}

pecs_status table_reserve_column(struct gate *gate, struct table *table, uint32_t column, uint64_t low, uint64_t high)
{
    const uint32_t shift = table->archetype->chunk_shift;
    pecs_status status = PECS_OK;
    uint8_t *bytes;
    for (uint64_t chunk = low >> shift; !status && chunk << shift < high; chunk++)
        status = table_own_chunk(gate, table, column, chunk, min_u64(high - (chunk << shift), table_chunk_rows(table)),
                                 &bytes);
    return status;
}

pecs_status table_reserve(struct gate *gate, struct table *table, uint64_t removal_count, uint64_t append_count)
{
    assert(removal_count <= table->row_count);
    const uint64_t low = table->row_count - removal_count, high = table->row_count + append_count;
    const uint64_t first_empty = chunk_count_of(low, table->archetype->chunk_shift);
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < table->archetype->column_count; i++)
        status = append_count ? table_reserve_column(gate, table, i, low, high)
                              : chunk_own_paths(gate, &table->columns[i].chunks, first_empty, table_chunk_count(table));
    return status;
}

/* Caches the address of the last chunk of every column: for reading and, if all have passed the gate, for appending. */
static void table_find_tail(const struct gate *gate, struct table *table, uint64_t chunk)
{
    table->tail_rows = table_chunk_rows(table);
    for (uint32_t i = 0; i < table->archetype->column_count; i++) {
        struct column *column = &table->columns[i];
        const struct ref *ref = tree_ref(&column->chunks, chunk);
        uint64_t rows = 0;
        if (ref && ref->epoch == gate->epoch)
            rows = ((const struct array *)ref->node)->size_bytes / table->archetype->column_bytes[i];
        table->tail_rows = min_u64(table->tail_rows, rows);
        column->tail = (uint8_t *)(uintptr_t)table_chunk(table, i, chunk);
    }
    table->tail_chunk = chunk;
    table->tail_epoch = gate->epoch;
}

pecs_status table_reserve_append(struct gate *gate, struct table *table)
{
    if (table_tail_is_at_hand(gate, table, table->row_count) &&
        (table->row_count & (table_chunk_rows(table) - 1)) < table->tail_rows)
        return PECS_OK;
    const pecs_status status = table_reserve(gate, table, 0, 1);
    if (!status)
        table_find_tail(gate, table, table->row_count >> table->archetype->chunk_shift);
    return status;
}

pecs_status table_reserve_removal(struct gate *gate, struct table *table)
{
    /* only a chunk that becomes empty is freed */
    const bool empties = ((table->row_count - 1) & (table_chunk_rows(table) - 1)) == 0;
    const pecs_status status = empties ? table_reserve(gate, table, 1, 0) : PECS_OK;
    if (!status && !table_tail_is_at_hand(gate, table, table->row_count - 1))
        table_find_tail(gate, table, (table->row_count - 1) >> table->archetype->chunk_shift);
    return status;
}

void table_remove_row(const struct gate *gate, struct table *table, uint64_t row, uint8_t *const *values)
{
    const struct archetype *archetype = table->archetype;
    const uint64_t last = --table->row_count, in_chunk = last & (table_chunk_rows(table) - 1);
    if (row == last)
        return;
    if (table_tail_is_at_hand(gate, table, last)) {
        for (uint32_t i = 0; i < archetype->column_count; i++)
            copy_small(values[i], table->columns[i].tail + in_chunk * archetype->column_bytes[i],
                       archetype->column_bytes[i]);
    } else {
        for (uint32_t i = 0; i < archetype->column_count; i++)
            copy_small(values[i], table_value(table, i, last), archetype->column_bytes[i]);
    }
}

/* Frees the chunks behind the rows, up to that of the last of `row_count`. False: out of memory, some stay. */
static bool table_drop_chunks(struct gate *gate, struct table *table, uint64_t row_count)
{
    const uint64_t first = table_chunk_count(table), end = chunk_count_of(row_count, table->archetype->chunk_shift);
    bool is_done = true;
    if (first >= end)
        return true;
    table->tail_epoch = 0;
    for (uint32_t i = 0; i < table->archetype->column_count; i++) {
        table->columns[i].tick = gate->tick;
        is_done &= chunk_drop(gate, &table->columns[i].chunks, first, end);
    }
    return is_done;
}

void table_trim(struct gate *gate, struct table *table, uint64_t row_count_before)
{
    const bool is_done = table_drop_chunks(gate, table, row_count_before);
    assert(is_done); /* the paths were prepared */
    (void)is_done;
}

void table_give_back(struct gate *gate, struct table *table, uint64_t append_count)
{
    (void)table_drop_chunks(gate, table, table->row_count + append_count);
}

/* The chunks that are kept change places with the first ones, one after another. */
static pecs_status table_turn_chunks(struct gate *gate, struct tree *tree, uint64_t dropped, uint64_t count)
{
    pecs_status status = PECS_OK;
    for (uint64_t i = dropped; !status && i < count; i++) {
        struct ref *free_place, *kept_place;
        status = tree_own_ref(gate->pool, gate->epoch, tree, i - dropped, &free_place);
        if (!status)
            status = tree_own_ref(gate->pool, gate->epoch, tree, i, &kept_place);
        if (status)
            break;
        const struct ref kept = *kept_place;
        *kept_place = *free_place;
        *free_place = kept;
    }
    return status;
}

pecs_status table_drop_front(struct gate *gate, struct table *table, uint64_t row_count)
{
    const uint64_t chunks = table_chunk_count(table), keeps = table->row_count - row_count;
    const uint64_t dropped = row_count >> table->archetype->chunk_shift;
    pecs_status status = PECS_OK;
    assert(!table->runs && (!keeps || row_count == dropped << table->archetype->chunk_shift));
    table->tail_epoch = 0;
    for (uint32_t i = 0; !status && keeps && row_count && i < table->archetype->column_count; i++)
        status = table_turn_chunks(gate, &table->columns[i].chunks, dropped, chunks);
    table->row_count = keeps;
    return status;
}
