/* Searches references chunk by chunk, span by span, as values are checked. */
#include "references.h"

#include "error.h"
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

/* Counts the references to selected entities among consecutive values and, if `cleared` is not NULL, clears them. */
static uint64_t references_count(const struct selection *selection, const struct component *component,
                                 const uint8_t *values, uint64_t value_count, uint8_t *cleared)
{
    uint64_t count = 0;
    struct span_run_iter iter;
    struct span_run run;
    for (span_run_begin(&iter, &component->special, value_count); span_run_next(&iter, &run);) {
        for (uint64_t i = 0; run.span.kind == PECS_ENTITY && i < run.count; i++) {
            for (uint32_t at = 0; at < run.span.size; at += (uint32_t)sizeof(pecs_entity)) {
                const uint64_t offset = run.offset + i * run.stride + at;
                pecs_entity entity;
                memcpy(&entity, values + offset, sizeof(entity));
                if (!selection_has(selection, entity))
                    continue;
                count++;
                if (cleared)
                    memset(cleared + offset, 0, sizeof(entity));
            }
        }
    }
    return count;
}

/* The first reference to a selected entity in a value that has one. */
static struct wrong_place references_find(const struct selection *selection, const struct component *component,
                                          const uint8_t *value, pecs_entity *ret_entity)
{
    struct wrong_place place = { .rule = NULL };
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, &component->special); span_iter_next(&iter, &span);) {
        for (uint32_t at = 0; span.kind == PECS_ENTITY && at < span.size; at += (uint32_t)sizeof(pecs_entity)) {
            memcpy(ret_entity, value + span.offset + at, sizeof(*ret_entity));
            if (!selection_has(selection, *ret_entity))
                continue;
            place.span = span;
            place.span.offset += at;
            place.span.size = sizeof(*ret_entity);
            return place;
        }
    }
    return place;
}

static pecs_status references_fail(const struct reference_search *search, const struct reference_chunk *at,
                                   const uint8_t *values)
{
    const struct table *table = state_table(search->state, at->table);
    uint64_t row = 0;
    while (!references_count(search->selection, at->component, values + row * at->component->size, 1, NULL))
        row++;
    pecs_entity target;
    struct wrong_value wrong;
    const struct wrong_place place =
        references_find(search->selection, at->component, values + row * at->component->size, &target);
    wrong_value_init(&wrong, search->state, table, (at->chunk << table->archetype->chunk_shift) + row, at->number,
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
    if (!status)
        search->count += references_count(search->selection, at->component, bytes, at->rows, bytes);
    return status;
}

static pecs_status references_search_chunk(struct reference_search *search, const struct reference_chunk *at)
{
    const uint8_t *values = table_chunk(state_table(search->state, at->table), at->column, at->chunk);
    if (!references_count(search->selection, at->component, values, at->rows, NULL))
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
