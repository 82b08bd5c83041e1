/*
 * Searches references chunk by chunk, span by span, as values are checked; those in lists are where the heap has them.
 */
#include "references.h"

#include "content.h"
#include "error.h"
#include "heap_move.h"
#include "reference_walk.h"
#include "state_types.h"
#include "value_check.h"

struct reference_search {
    struct pecs_snapshot *state;
    const struct selection *selection;
    struct gate gate;
    uint64_t count;    /* of cleared references */
    pecs_error *error; /* of a search that refuses */
};

/* Where a column is: of the values of one component in one chunk. */
struct reference_chunk {
    uint32_t table, column;
    uint64_t chunk, rows;
    const struct component *component;
    pecs_component number;
};

/* Whether there are references to selected entities among consecutive values. */
static bool references_any(const struct selection *selection, const struct component *component, const uint8_t *values,
                           uint64_t value_count)
{
    struct reference_walk walk;
    uint64_t offset;
    for (reference_walk_begin(&walk, component, value_count); reference_walk_next(&walk, &offset);) {
        pecs_entity entity;
        memcpy(&entity, values + offset, sizeof(entity));
        if (selection_has(selection, entity))
            return true;
    }
    return false;
}

/* Begins to read the records that decide whether references of a chunk lead to a selected entity. */
static void references_prefetch(const struct selection *selection, const struct component *component,
                                const uint8_t *values, uint64_t value_count)
{
    struct reference_walk walk;
    uint64_t offset;
    for (reference_walk_begin(&walk, component, value_count); reference_walk_next(&walk, &offset);) {
        pecs_entity entity;
        memcpy(&entity, values + offset, sizeof(entity));
        if (selection_may_have(selection, entity))
            __builtin_prefetch(state_record(selection->state, entity.index));
    }
}

/* Clears them, and counts them. */
static void references_clear_values(struct reference_search *search, const struct component *component, uint8_t *values,
                                    uint64_t value_count)
{
    struct reference_walk walk;
    uint64_t offset;
    for (reference_walk_begin(&walk, component, value_count); reference_walk_next(&walk, &offset);) {
        pecs_entity entity;
        memcpy(&entity, values + offset, sizeof(entity));
        if (!selection_has(search->selection, entity))
            continue;
        memset(values + offset, 0, sizeof(entity));
        search->count++;
    }
}

/* The elements of a list that may have references. */
struct reference_list {
    const struct component *element;
    const uint8_t *bytes; /* NULL: the content is no such list */
    uint64_t count;
};

static struct reference_list references_list(const struct reference_search *search, const struct component *component,
                                             const struct content *content)
{
    struct reference_list list = { .element = content->list ? component_element(component, content->list) : NULL };
    uint64_t size = 0;
    if (list.element && list.element->has_references)
        list.bytes = heap_find(state_heap(search->state), content->reference, &size);
    list.count = list.bytes ? size / list.element->size : 0;
    return list;
}

/* The same as references_any for the lists of values. */
static bool references_any_listed(const struct reference_search *search, const struct component *component,
                                  const uint8_t *values, uint64_t value_count)
{
    struct content_walk walk;
    struct content content;
    bool found = false;
    if (!component_has_contents(component))
        return false;
    for (content_walk_begin(&walk, component, values, value_count); !found && content_walk_next(&walk, &content);) {
        const struct reference_list list = references_list(search, component, &content);
        found = list.count && references_any(search->selection, list.element, list.bytes, list.count);
    }
    return found;
}

/* Clears the references in the lists of values, which are private. */
static pecs_status references_clear_listed(struct reference_search *search, const struct component *component,
                                           uint8_t *values, uint64_t value_count)
{
    struct content_walk walk;
    struct content content;
    struct heap *heap;
    if (!component_has_contents(component))
        return PECS_OK;
    pecs_status status = state_own_heap(&search->gate, search->state, &heap);
    for (content_walk_begin(&walk, component, values, value_count); !status && content_walk_next(&walk, &content);) {
        const struct reference_list list = references_list(search, component, &content);
        uint8_t *bytes;
        if (!list.count || !references_any(search->selection, list.element, list.bytes, list.count))
            continue;
        status = heap_own_contents(&search->gate, heap, content.reference, &bytes);
        if (!status && !bytes) {
            status = heap_append(&search->gate, heap, list.bytes, list.count * list.element->size, false, &bytes,
                                 &content.reference);
            if (!status)
                memcpy(values + content.offset, &content.reference, sizeof(content.reference));
        }
        if (!status)
            references_clear_values(search, list.element, bytes, list.count);
    }
    return status;
}

/* The first reference to a selected entity among consecutive values, outside of their lists. False: there is none. */
static bool references_find(const struct selection *selection, const struct component *component, const uint8_t *values,
                            uint64_t count, uint64_t *ret_row, struct value_span *ret_span, pecs_entity *ret_entity)
{
    for (uint64_t row = 0; row < count; row++, values += component->size) {
        struct span_iter iter;
        struct value_span span;
        for (span_iter_begin(&iter, component->special); span_iter_next(&iter, &span);) {
            for (uint32_t at = 0; span.kind == PECS_ENTITY && at < span.size; at += (uint32_t)sizeof(pecs_entity)) {
                memcpy(ret_entity, values + span.offset + at, sizeof(*ret_entity));
                if (!selection_has(selection, *ret_entity))
                    continue;
                span.offset += at;
                span.size = sizeof(*ret_entity);
                *ret_span = span;
                *ret_row = row;
                return true;
            }
        }
    }
    return false;
}

/* The same in the lists of a value. */
static bool references_find_listed(const struct reference_search *search, const struct component *component,
                                   const uint8_t *value, struct invalid_place *place, pecs_entity *ret_entity)
{
    struct content_walk walk;
    struct content content;
    bool found = false;
    if (!component_has_contents(component))
        return false;
    for (content_walk_begin(&walk, component, value, 1); !found && content_walk_next(&walk, &content);) {
        const struct reference_list list = references_list(search, component, &content);
        found = references_find(search->selection, list.element, list.bytes, list.count, &place->index,
                                &place->in_listed, ret_entity);
        place->listed = found ? list.element : NULL;
        place->span = (struct value_span){ .offset = (uint32_t)content.offset,
                                           .size = sizeof(content.reference),
                                           .width = sizeof(content.reference),
                                           .kind = PECS_LIST,
                                           .list = content.list };
    }
    return found;
}

static pecs_status references_fail(const struct reference_search *search, const struct reference_chunk *at,
                                   const uint8_t *values)
{
    const struct table *table = state_table(search->state, at->table);
    struct invalid_place place = { .component = at->component };
    pecs_entity target = { 0, 0 };
    struct invalid_value wrong;
    uint64_t row = 0, first;
    while (!references_find(search->selection, at->component, values, 1, &first, &place.span, &target) &&
           !references_find_listed(search, at->component, values, &place, &target)) {
        row++;
        values += at->component->size;
    }
    invalid_value_init(&wrong, search->state, table, (at->chunk << table->archetype->chunk_shift) + row, at->number,
                       &place);
    const pecs_entity whose = wrong.invalid.entity;
    if (!whose.generation)
        return fail(search->error, PECS_E_INVALID, "singleton: %s of '%.*s' names entity %u:%u, which is left out",
                    wrong.invalid.field, NAME_SHOWN, wrong.invalid.type, target.index, target.generation);
    return fail(search->error, PECS_E_INVALID, "entity %u:%u: %s of '%.*s' names entity %u:%u, which is left out",
                whose.index, whose.generation, wrong.invalid.field, NAME_SHOWN, wrong.invalid.type, target.index,
                target.generation);
}

static pecs_status references_clear_chunk(struct reference_search *search, const struct reference_chunk *at)
{
    struct table *table;
    uint8_t *bytes;
    pecs_status status = state_own_table(&search->gate, search->state, at->table, &table);
    if (!status)
        status = table_own_chunk(&search->gate, table, at->column, at->chunk, at->rows, &bytes);
    if (!status) {
        references_prefetch(search->selection, at->component, bytes, at->rows);
        references_clear_values(search, at->component, bytes, at->rows);
    }
    if (!status)
        status = references_clear_listed(search, at->component, bytes, at->rows);
    return status;
}

static pecs_status references_search_chunk(struct reference_search *search, const struct reference_chunk *at)
{
    const uint8_t *values = table_chunk(state_table(search->state, at->table), at->column, at->chunk);
    if (!references_any(search->selection, at->component, values, at->rows) &&
        !references_any_listed(search, at->component, values, at->rows))
        return PECS_OK;
    return search->error ? references_fail(search, at, values) : references_clear_chunk(search, at);
}

static pecs_status references_search(struct reference_search *search)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < search->state->table_count; i++) {
        const struct archetype *archetype = state_table(search->state, i)->archetype;
        struct reference_chunk at = { .table = i };
        for (at.column = HANDLE_COLUMN + 1; !status && at.column < archetype->column_count; at.column++) {
            at.number = archetype->column_components[at.column];
            at.component = state_component(search->state, at.number);
            if (!at.component->has_references)
                continue;
            const uint64_t chunks = table_chunk_count(state_table(search->state, i));
            for (at.chunk = 0; !status && at.chunk < chunks; at.chunk++) {
                at.rows = table_live_rows(state_table(search->state, i), at.chunk);
                status = references_search_chunk(search, &at);
            }
        }
    }
    return status;
}

pecs_status references_clear(struct pecs_snapshot *state, const struct selection *selection, uint64_t *ret_count)
{
    struct reference_search search = { .state = state, .selection = selection };
    gate_init(&search.gate, state->registry->pool);
    search.gate.state_epoch = search.gate.epoch;
    search.gate.tick = state->tick;
    const pecs_status status = references_search(&search);
    gate_deinit(&search.gate);
    *ret_count = search.count;
    return status;
}

pecs_status references_refuse(const struct pecs_snapshot *state, const struct selection *selection, pecs_error *error)
{
    pecs_error none;
    struct reference_search search = { .state = (struct pecs_snapshot *)(uintptr_t)state,
                                       .selection = selection,
                                       .error = error ? error : &none };
    return references_search(&search);
}
