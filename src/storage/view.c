/* The public view: reads a state. Nothing here writes, so any number of threads may call it. */
#include "component_value.h"
#include "content.h"
#include "hash.h"
#include "state_seal.h"
#include "state_types.h"

#include <pecs/view.h>

static const struct pecs_registry view_no_types;
static const struct entity_index view_no_slots;
static const struct pecs_snapshot view_nothing_state = {
    .registry = (pecs_registry *)(uintptr_t)&view_no_types,
    .index = { .node = (struct node *)(uintptr_t)&view_no_slots.node },
    .singleton_table = NO_TABLE,
};
const struct view_source view_nothing = { &view_nothing_state, NULL };

bool pecs_view_alive(pecs_view view, pecs_entity entity)
{
    return state_find(view_source(view)->state, entity) != NULL;
}

pecs_entity pecs_view_slot(pecs_view view, uint32_t slot)
{
    return (pecs_entity){ slot, state_last_generation(view_source(view)->state, slot) };
}

bool pecs_view_has(pecs_view view, pecs_entity entity, pecs_component component)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    const struct record *record = state_find(state, entity);
    return record && archetype_find(state_table(state, record->table)->archetype, component) != NO_COLUMN;
}

static const void *view_value_at(const struct table *table, uint64_t row, pecs_component component, size_t size_bytes)
{
    const uint32_t column = archetype_column(table->archetype, component);
    if (column == NO_COLUMN || table->archetype->column_bytes[column] != size_bytes || row >= table->row_count)
        return NULL;
    return table_value(table, column, row);
}

const void *pecs_view_get(pecs_view view, pecs_entity entity, pecs_component component, size_t size_bytes)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    const struct record *record = state_find(state, entity);
    return record ? view_value_at(state_table(state, record->table), record->row, component, size_bytes) : NULL;
}

const void *pecs_view_get_singleton(pecs_view view, pecs_component component, size_t size_bytes)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    return state->singleton_table == NO_TABLE
               ? NULL
               : view_value_at(state_table(state, state->singleton_table), 0, component, size_bytes);
}

bool pecs_view_has_singleton(pecs_view view, pecs_component component)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    return state->singleton_table != NO_TABLE &&
           archetype_find(state_table(state, state->singleton_table)->archetype, component) != NO_COLUMN;
}

uint64_t pecs_view_tick(pecs_view view)
{
    return view_source(view)->state->tick;
}

void pecs_view_summary(pecs_view view, pecs_summary *ret_summary)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    if (!ret_summary)
        return;
    *ret_summary = (pecs_summary){
        .entity_count = state->entity_count,
        .slot_count = state_slot_count(state),
        .free_count = state->free_count,
        .table_count = state->table_count,
        .tick = state->tick,
        .retired_count = state_retired_count(state),
        .content_bytes = state_heap(state) ? state_heap(state)->live_units * HEAP_UNIT : 0,
    };
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint32_t j = 1; j < table->archetype->column_count; j++)
            ret_summary->component_bytes += table->row_count * table->archetype->column_bytes[j];
    }
}

/* Singletons are hashed as entity {0, 0}. */
static uint64_t view_hash_entity(pecs_entity entity)
{
    return mix_u64(((uint64_t)entity.generation << 32 | entity.index) + 0x9e3779b97f4a7c15u);
}

static uint64_t view_hash_id(pecs_id id)
{
    return hash64(id.bytes, sizeof(id.bytes));
}

static uint64_t view_hash_value(const struct pecs_snapshot *state, const struct component *component,
                                const uint8_t *value, uint64_t seed)
{
    const uint64_t hash = component_hash_value(component, value, seed);
    return component_has_contents(component) ? contents_hash(component, state_heap(state), value, hash) : hash;
}

static uint64_t view_hash_chunk(const struct pecs_snapshot *state, const struct table *table, uint64_t chunk)
{
    const struct archetype *archetype = table->archetype;
    const uint64_t rows = table_live_rows(table, chunk);
    const pecs_entity *entities = (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, chunk);
    uint64_t sum = 0;
    for (uint64_t row = 0; row < rows && !archetype->is_singleton; row++)
        sum += mix_u64(view_hash_entity(entities[row]));
    for (uint32_t i = 0; i < archetype->component_count; i++) {
        const struct component *component = state_component(state, archetype->components[i]);
        if (component_is_transient(component))
            continue;
        const uint64_t type_hash = view_hash_id(component->id);
        const uint8_t *values = component->size ? table_chunk(table, archetype->columns[i], chunk) : NULL;
        for (uint64_t row = 0; row < rows; row++) {
            const uint64_t seed = view_hash_entity(entities[row]) ^ type_hash;
            sum += values ? view_hash_value(state, component, values + row * component->size, seed) : mix_u64(seed);
        }
    }
    return sum;
}

static uint64_t view_hash_attachments(const struct pecs_snapshot *state)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; state->attachments && i < state->attachments->count; i++) {
        const struct attachment *entry = &state->attachments->entries[i];
        uint64_t size;
        const uint8_t *bytes = heap_find(state_heap(state), entry->reference, &size);
        const uint64_t seed = hash64(entry->name, strlen(entry->name));
        sum += mix_u64(size ? hash64_seeded(bytes, (size_t)size, seed) : seed);
    }
    return sum;
}

uint64_t pecs_view_hash(pecs_view view)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    uint64_t sum = 0;
    state_check_seals(state);
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint64_t chunk = 0; archetype_is_saved(table->archetype) && chunk < table_chunk_count(table); chunk++)
            sum += view_hash_chunk(state, table, chunk);
    }
    return mix_u64(sum + view_hash_attachments(state));
}
