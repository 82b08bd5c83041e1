/* A chunk of rows is walked at once: it passes the gate only when it has contents in the old space. */
#include "heap_move.h"

#include "content.h"
#include "state_types.h"

enum {
    MOVE_UNITS_MIN = 1 << 17, /* 1 MiB: so much may be dead in any heap */
    MOVE_RATE = 2,            /* units moved for each unit that edits append */
    MOVE_ROWS_PER_UNIT = 4,   /* rows that are looked at for the price of a unit */
};

pecs_status state_own_heap(struct gate *gate, struct pecs_snapshot *state, struct heap **ret_heap)
{
    pecs_status status = PECS_OK;
    if (state->heap.node) {
        status = node_own(gate->pool, gate->epoch, &state->heap);
    } else {
        struct heap *heap = heap_create(gate->pool);
        if (!heap)
            return PECS_E_MEMORY;
        state->heap = (struct ref){ &heap->node, NULL, gate->epoch };
    }
    *ret_heap = (struct heap *)state->heap.node;
    return status;
}

void heap_count(struct heap *heap, uint64_t units)
{
    heap->live_units += units;
    heap->move_debt += MOVE_RATE * units;
}

bool heap_move_is_wanted(const struct heap *heap)
{
    if (!heap || heap->is_moving)
        return heap;
    const uint64_t units = heap->spaces[heap->active].unit_count, live = min_u64(heap->live_units, units);
    return units - live > max_u64(live, MOVE_UNITS_MIN);
}

bool heap_is_sparse(const struct heap *heap)
{
    if (!heap)
        return false;
    const uint64_t units = heap->spaces[heap->active].unit_count, live = min_u64(heap->live_units, units);
    return heap->is_moving || units - live > live / 8 + HEAP_PAGE_UNITS;
}

void heap_move_restart(struct heap *heap)
{
    heap->move_table = 0;
    heap->move_row = UINT64_MAX;
}

/* Whether a value of the chunk has contents in the old space. */
static bool heap_move_finds_old(const struct heap *heap, const struct component *component, const uint8_t *values,
                                uint64_t count)
{
    struct content_walk walk;
    struct content content;
    bool found = false;
    for (content_walk_begin(&walk, component, values, count); !found && content_walk_next(&walk, &content);)
        found = content.reference && reference_space(content.reference) != heap->active;
    return found;
}

/* Moves the contents of values whose chunk has passed the gate. */
static pecs_status heap_move_values(struct gate *gate, struct heap *heap, const struct component *component,
                                    uint8_t *values, uint64_t count, uint64_t *units)
{
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, component, values, count); content_walk_next(&walk, &content);) {
        if (!content.reference || reference_is_given(content.reference) ||
            reference_space(content.reference) == heap->active)
            continue;
        uint64_t reference;
        const pecs_status status =
            heap_take_over(gate, heap, content.reference, content.kind == PECS_STRING, &reference);
        if (status)
            return status;
        *units += content_units(heap, &content);
        memcpy(values + content.offset, &reference, sizeof(reference));
    }
    return PECS_OK;
}

/*
 * Moves the contents of one column of a chunk. Its values are the same afterwards, so the array keeps its tick; its ref
 * then has a past epoch, and the next edit stamps it.
 */
static pecs_status heap_move_column(struct gate *gate, struct pecs_snapshot *state, uint32_t number, uint32_t column,
                                    uint64_t chunk, uint64_t *units)
{
    const struct table *from = state_table(state, number);
    const struct component *component = state_component(state, from->archetype->column_components[column]);
    const uint64_t rows = table_live_rows(from, chunk);
    struct heap *heap = (struct heap *)state->heap.node;
    if (!heap_move_finds_old(heap, component, table_chunk(from, column, chunk), rows))
        return PECS_OK;
    const bool is_stamped = table_owned_chunk(gate, from, column, chunk) != NULL;
    const uint64_t tick = table_chunk_tick(from, column, chunk), column_tick = from->columns[column].tick;
    struct table *table;
    uint8_t *values;
    pecs_status status = state_own_table(gate, state, number, &table);
    if (!status)
        status = table_own_chunk(gate, table, column, chunk, rows, &values);
    if (status)
        return status;
    status = heap_move_values(gate, heap, component, values, rows, units);
    if (!is_stamped) {
        struct ref *ref = (struct ref *)(uintptr_t)tree_ref(&table->columns[column].chunks, chunk);
        ((struct array *)ref->node)->tick = tick;
        ref->epoch = 0;
        table->columns[column].tick = column_tick;
        table->tail_epoch = 0;
    }
    return status;
}

/* Moves the rows of the chunk that the walk has come to, and steps behind it. */
static pecs_status heap_move_chunk(struct gate *gate, struct pecs_snapshot *state, uint64_t *units)
{
    struct heap *heap = (struct heap *)state->heap.node;
    const struct table *table = state_table(state, heap->move_table);
    const struct archetype *archetype = table->archetype;
    const uint64_t end = archetype->has_contents ? min_u64(heap->move_row, table->row_count) : 0;
    if (!end) {
        heap->move_table++;
        heap->move_row = UINT64_MAX;
        ++*units; /* for looking at it */
        return PECS_OK;
    }
    const uint64_t chunk = (end - 1) >> archetype->chunk_shift;
    for (uint32_t i = 1; i < archetype->column_count; i++) {
        pecs_status status = PECS_OK;
        if (component_has_contents(state_component(state, archetype->column_components[i])))
            status = heap_move_column(gate, state, heap->move_table, i, chunk, units);
        if (status)
            return status;
    }
    *units += (end - (chunk << archetype->chunk_shift)) / MOVE_ROWS_PER_UNIT;
    heap->move_row = chunk << archetype->chunk_shift;
    return PECS_OK;
}

/* The attachments at last: the list is made again, with their new addresses. */
static pecs_status heap_move_attachments(struct gate *gate, struct pecs_snapshot *state)
{
    struct heap *heap = (struct heap *)state->heap.node;
    if (!state->attachments)
        return PECS_OK;
    struct attachments *list = attachments_create(gate->pool, state->attachments->entries, state->attachments->count);
    pecs_status status = list ? PECS_OK : PECS_E_MEMORY;
    for (uint32_t i = 0; !status && i < list->count; i++) {
        struct attachment *entry = &list->entries[i];
        if (entry->reference && reference_space(entry->reference) != heap->active)
            status = heap_take_over(gate, heap, entry->reference, false, &entry->reference);
    }
    struct attachments *dropped = status ? list : state->attachments;
    if (!status)
        state->attachments = list;
    if (dropped)
        node_release(gate->pool, &dropped->node);
    return status;
}

pecs_status heap_move_work(struct gate *gate, struct pecs_snapshot *state, uint64_t units)
{
    struct heap *heap = (struct heap *)state->heap.node;
    if (!heap || gate_is_read(gate))
        return PECS_OK;
    if (units != UINT64_MAX && !heap_move_is_wanted(heap))
        return PECS_OK;
    pecs_status status = state_own_heap(gate, state, &heap);
    if (status)
        return status;
    if (!heap->is_moving)
        heap_begin_move(heap);
    heap->move_debt = units == UINT64_MAX ? units : heap->move_debt + units;
    while (!status && heap->move_debt && heap->move_table < state->table_count) {
        uint64_t done = 0;
        status = heap_move_chunk(gate, state, &done);
        if (units != UINT64_MAX)
            heap->move_debt -= min_u64(done, heap->move_debt);
    }
    if (units == UINT64_MAX)
        heap->move_debt = 0;
    if (status || heap->move_table < state->table_count)
        return status;
    status = heap_move_attachments(gate, state);
    if (!status)
        heap_end_move(gate->pool, heap);
    return status;
}

pecs_status heap_move_row(struct gate *gate, struct pecs_snapshot *state, struct table *table, uint64_t row)
{
    struct heap *heap = (struct heap *)state->heap.node;
    pecs_status status = PECS_OK;
    if (!heap || !heap->is_moving || !table->archetype->has_contents)
        return PECS_OK;
    status = state_own_heap(gate, state, &heap);
    for (uint32_t i = 1; !status && i < table->archetype->column_count; i++) {
        const struct component *component = state_component(state, table->archetype->column_components[i]);
        uint64_t units = 0;
        if (component_has_contents(component))
            status = heap_move_values(gate, heap, component, table_owned_value(table, i, row), 1, &units);
    }
    return status;
}
