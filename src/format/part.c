/*
 * Which types and tables are read is decided once, before the prologues are parsed: the parser then notes only what is
 * read, and nothing behind it can reach other bytes. The index is read whole, so the slots of entities that are left
 * out are found there, without their rows.
 */
#include "part.h"

#include "error.h"
#include "projection.h"
#include "state_types.h"

#include <inttypes.h>

const struct part part_whole = { .is_whole = true, .has_attachments = true };

pecs_status part_check(const pecs_part *given, pecs_error *error)
{
    static const pecs_id zero;
    if (!given)
        return PECS_OK;
    if (given->type_count && !given->types)
        return fail(error, PECS_E_MISUSE, "types of the part is NULL, but type_count is not 0");
    for (size_t i = 0; i < given->type_count; i++)
        if (!given->types[i] || (!given->types[i]->name && memcmp(&given->types[i]->id, &zero, sizeof(zero)) == 0))
            return fail(error, PECS_E_MISUSE, "type %zu of the part is NULL, or has neither name nor id", i);
    return PECS_OK;
}

static bool part_wants_id(const struct part *part, const pecs_id *id)
{
    bool is_wanted = !part->given->types;
    for (size_t i = 0; !is_wanted && i < part->given->type_count; i++)
        is_wanted = memcmp(&part->ids[i], id, sizeof(*id)) == 0;
    return is_wanted;
}

static const struct migrate_version *part_find_old(const struct migrate_plan *plan, pecs_component number)
{
    for (uint32_t i = 0; i < plan->version_count; i++)
        if (plan->versions[i].number == number && !plan->versions[i].is_final)
            return &plan->versions[i];
    return NULL;
}

/* Whether the result has a type, or one that it becomes. */
static bool part_wants_type(const struct part *part, const pecs_registry *registry, const struct migrate_plan *plan,
                            pecs_component number, const pecs_id *id)
{
    const struct migrate_version *old = part_find_old(plan, number);
    const pecs_type *const *became;
    bool is_wanted = false;
    if (number == registry->id_component || !part->given->types)
        return true;
    if (!old)
        return part_wants_id(part, id);
    const size_t count = migrate_plan_became(plan, (uint32_t)(old - plan->versions), &became);
    for (size_t i = 0; !is_wanted && i < count; i++) {
        const pecs_id final = component_type_id(became[i]);
        is_wanted = part_wants_id(part, &final);
    }
    return is_wanted;
}

/* The singletons' table is read if one of them is wanted. */
static bool part_wants_singletons(const struct part *part, const struct model_table *table)
{
    bool is_wanted = false;
    for (uint32_t i = 0; !is_wanted && i < table->type_count; i++)
        is_wanted = bits_has(part->types, le32_load(table->types[i]));
    return is_wanted;
}

static bool part_wants_table(const struct part *part, const struct model_table *table, const struct match *match,
                             const pecs_registry *registry, const pecs_type **types)
{
    if (table->is_singleton)
        return part_wants_singletons(part, table);
    if (!part->given->wants_table || !table->row_count)
        return true;
    for (uint32_t i = 0; i < table->type_count; i++) {
        const pecs_component number = match->components[le32_load(table->types[i])];
        types[i] = component_of(registry, match->unknown, number)->type;
    }
    return part->given->wants_table(part->given->user, types, table->type_count, table->row_count);
}

static void part_choose(struct part *part, const struct model *model, const struct match *match,
                        const pecs_registry *registry, const struct migrate_plan *plan, const pecs_type **types)
{
    for (size_t i = 0; i < part->given->type_count; i++)
        part->ids[i] = component_type_id(part->given->types[i]);
    for (uint32_t i = 0; i < model->type_count; i++)
        if (part_wants_type(part, registry, plan, match->components[i], &model->types[i].id))
            bits_set(part->types, i);
    for (uint32_t i = 0; i < model->table_count; i++)
        if (part_wants_table(part, &model->tables[i], match, registry, types))
            bits_set(part->tables, i);
}

pecs_status part_init(struct part *part, const pecs_part *given, const struct model *model, const struct match *match,
                      const pecs_registry *registry, const struct migrate_plan *plan)
{
    struct pool *pool = registry->pool;
    *part = part_whole;
    if (!given)
        return PECS_OK;
    const size_t list_bytes = ((size_t)model->type_count + 1) * sizeof(const pecs_type *);
    *part = (struct part){
        .pool = pool,
        .has_attachments = given->attachments,
        .given = given,
        .type_words = bits_words(model->type_count),
        .table_words = bits_words(model->table_count),
    };
    if (given->type_count < SIZE_MAX / sizeof(*part->ids))
        part->ids = pool_allocate(pool, given->type_count * sizeof(*part->ids) + 1);
    part->types = pool_allocate_zeroed(pool, part->type_words * sizeof(*part->types));
    part->tables = pool_allocate_zeroed(pool, part->table_words * sizeof(*part->tables));
    const pecs_type **list = pool_allocate(pool, list_bytes);
    const bool has_room = part->ids && part->types && part->tables && list;
    if (has_room)
        part_choose(part, model, match, registry, plan, list);
    pool_release(pool, list, list_bytes);
    return has_room ? PECS_OK : PECS_E_MEMORY;
}

void part_deinit(struct part *part)
{
    if (!part->pool)
        return;
    pool_release(part->pool, part->ids, part->given->type_count * sizeof(*part->ids) + 1);
    pool_release(part->pool, part->types, part->type_words * sizeof(*part->types));
    pool_release(part->pool, part->tables, part->table_words * sizeof(*part->tables));
}

uint64_t part_entity_count(const struct part *part, const struct model *model)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < model->table_count; i++)
        if (!model->tables[i].is_singleton && part_has_table(part, i))
            count += model->tables[i].row_count;
    return count;
}

/* Selects the entities whose records name tables that are left out. A damaged record may name any. */
static pecs_status part_select(const struct part *part, const struct model *model, struct selection *selection,
                               pecs_error *error)
{
    const struct entity_index *index = state_index(selection->state);
    for (uint64_t chunk = 0; chunk < index_chunk_count(index); chunk++) {
        const struct record *records = index_chunk(index, chunk);
        const uint64_t first = chunk << INDEX_SHIFT, slots = index_chunk_slots(index, chunk);
        for (uint64_t i = 0; i < slots; i++) {
            const uint32_t table = records[i].table;
            if (table >= model->table_count || part_has_table(part, table) || !records[i].generation)
                continue;
            bits_set(selection->slots, (uint32_t)(first + i));
            selection->count++;
        }
    }
    RULE(error, "INDEX-3", selection->count != model->entity_count - part_entity_count(part, model),
         model->index.offset, "the index has %" PRIu64 " records of tables with %" PRIu64 " rows, which are left out",
         selection->count, model->entity_count - part_entity_count(part, model));
    return PECS_OK;
}

/* The tables of which a filter would leave nothing. */
static void part_list_dropped(const struct model *model, const struct pecs_snapshot *state, uint64_t *tables)
{
    for (uint32_t i = 0; i < model->table_count; i++) {
        const struct table *table = state_table(state, i);
        if (!table->row_count && table->archetype->component_count < model->tables[i].type_count)
            bits_set(tables, i);
    }
}

/* The first handle of a table that is not that of its record, or NULL. */
static const uint8_t *part_find_row(const struct pecs_snapshot *state, uint32_t number)
{
    const struct table *table = state_table(state, number);
    for (uint64_t row = 0; !table->archetype->is_singleton && row < table->row_count; row++) {
        const uint8_t *value = table_value(table, HANDLE_COLUMN, row);
        pecs_entity handle;
        memcpy(&handle, value, sizeof(handle));
        if (!state_row_agrees(state, number, row, handle))
            return value;
    }
    return NULL;
}

/* Says where the first row lies that no record names, in a state that has one. */
static pecs_status part_fail_rows(const struct pecs_snapshot *state, pecs_error *error)
{
    const uint8_t *found = NULL;
    const struct runs *runs = NULL;
    for (uint32_t i = 0; !found && i < state->table_count; i++) {
        found = part_find_row(state, i);
        runs = state_table(state, i)->runs;
    }
    return fail_rule(error, PECS_E_CORRUPT, image_offset_of(runs ? runs->image : NULL, found), "ROW-1",
                     "a row has a handle that is not that of its record");
}

/* Replaces the state, or releases it. */
static pecs_status part_project(const struct projection_less *less, struct pecs_snapshot **state, pecs_error *error)
{
    struct pecs_snapshot *const before = *state;
    const pecs_status status = projection_make(before, less, state);
    if (status == PECS_E_CORRUPT)
        (void)part_fail_rows(before, error);
    else if (status)
        (void)fail_memory(error);
    state_release(before);
    return status;
}

/* Without entities that are left out, the projection has no selection, and reads no rows that stay where they are. */
static pecs_status part_project_all(const struct part *part, const struct model *model, const uint64_t *dropped,
                                    struct pecs_snapshot **state, pecs_error *error)
{
    static const uint64_t no_components[TYPES_MAX / 64 + 1];
    struct projection_less less = { no_components, NULL, dropped };
    struct selection selection;
    if (part_entity_count(part, model) == model->entity_count)
        return part_project(&less, state, error);
    struct pecs_snapshot *const before = pecs_snapshot_retain(*state); /* the selection is of it */
    pecs_status status = selection_init(&selection, before) ? fail_memory(error) : PECS_OK;
    if (!status)
        status = part_select(part, model, &selection, error);
    less.entities = &selection;
    if (status)
        state_release(*state);
    else
        status = part_project(&less, state, error);
    selection_deinit(&selection);
    state_release(before);
    return status;
}

pecs_status part_reduce(const struct part *part, const struct model *model, struct pecs_snapshot **state,
                        pecs_error *error)
{
    if (part->is_whole)
        return PECS_OK;
    const size_t table_bytes = part->table_words * sizeof(uint64_t);
    uint64_t *dropped = pool_allocate_zeroed(part->pool, table_bytes);
    if (!dropped) {
        state_release(*state);
        return fail_memory(error);
    }
    part_list_dropped(model, *state, dropped);
    const pecs_status status = part_project_all(part, model, dropped, state, error);
    pool_release(part->pool, dropped, table_bytes);
    return status;
}

pecs_status part_trim(const struct part *part, struct pecs_snapshot **state, pecs_error *error)
{
    uint64_t components[TYPES_MAX / 64 + 1] = { 0 };
    const struct projection_less less = { components, NULL, NULL };
    bool is_needed = false;
    if (part->is_whole || !part->given->types)
        return PECS_OK;
    for (uint32_t place = 0; place < state_component_count(*state); place++)
        if (place != state_place(*state, (*state)->registry->id_component) &&
            !part_wants_id(part, &state_component_at(*state, place)->id))
            bits_set(components, place);
    for (uint32_t i = 0; i < (*state)->table_count; i++) {
        const struct archetype *archetype = state_table(*state, i)->archetype;
        for (uint32_t j = 0; !is_needed && j < archetype->component_count; j++)
            is_needed = bits_has(components, state_place(*state, archetype->components[j]));
    }
    return is_needed ? part_project(&less, state, error) : PECS_OK;
}
