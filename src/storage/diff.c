/*
 * Reports the differences between two states. Two passes: look up each entity of `from` in `to`, then find the entities
 * of `to` that `from` lacks.
 *
 * Most of two states is equal, and often shared. Each chunk is therefore compared with the chunk at the same place
 * first. A shared table has no difference. Where the handles, and the sessions of their births, are the same, rows are
 * compared column by column and shared arrays are skipped. Only the remaining rows are looked up by id.
 */
#include "diff_sets.h"
#include "diff_targets.h"
#include "identity.h"
#include "state_types.h"

#include <pecs/diff.h>

enum { FEW_ROWS = 64 }; /* rows that are compared at once; where they differ, one by one */

struct diff {
    const struct pecs_snapshot *from, *to;
    bool by_handle; /* entities are matched by their handles */
    pecs_change_function each;
    void *user;
    struct type_sets sets;
    struct targets targets;
};

/* One entity on both sides, or with id zero the world itself: its tables (NO_TABLE where it has none) and rows. */
struct pair {
    pecs_id id;
    pecs_entity before, after;
    uint32_t from, to;
    uint64_t from_row, to_row;
};

static pecs_status diff_report(const struct diff *diff, const pecs_change *change)
{
    return diff->each(diff->user, change) ? PECS_OK : PECS_E_CANCELLED;
}

static const void *diff_value(const struct pecs_snapshot *state, uint32_t number, uint64_t row,
                              pecs_component component)
{
    if (component == NO_COMPONENT)
        return NULL;
    const struct table *table = state_table(state, number);
    const uint32_t column = archetype_column(table->archetype, component);
    return column == NO_COLUMN ? NULL : table_value(table, column, row);
}

static pecs_status diff_report_component(const struct diff *diff, const struct pair *pair, pecs_change_kind kind,
                                         uint32_t joint)
{
    const pecs_component from = kind == PECS_COMPONENT_ADDED ? NO_COMPONENT : state_number_at(diff->from, joint);
    const pecs_component to = kind == PECS_COMPONENT_REMOVED ? NO_COMPONENT : diff->sets.to_component[joint];
    return diff_report(diff, &(pecs_change){
                                 .kind = kind,
                                 .id = pair->id,
                                 .before = pair->before,
                                 .after = pair->after,
                                 .from_component = from,
                                 .to_component = to,
                                 .old_value = diff_value(diff->from, pair->from, pair->from_row, from),
                                 .new_value = diff_value(diff->to, pair->to, pair->to_row, to),
                             });
}

/* Reports components that only one side has, and types with different layouts. */
static pecs_status diff_compare_sets(const struct diff *diff, const struct pair *pair)
{
    struct type_set from = type_set_of(&diff->sets.from, pair->from), to = type_set_of(&diff->sets.to, pair->to);
    pecs_status status = PECS_OK;
    while (!status && (from.words != from.end || to.words != to.end)) {
        const uint32_t from_place = from.words == from.end ? UINT32_MAX : from.words->place;
        const uint32_t to_place = to.words == to.end ? UINT32_MAX : to.words->place;
        const uint32_t place = from_place < to_place ? from_place : to_place;
        const uint32_t a = place == from_place ? from.words++->bits : 0, b = place == to_place ? to.words++->bits : 0;
        const uint32_t relaid = a & b & diff->sets.relaid[place];
        for (uint32_t bits = (a ^ b) | relaid; !status && bits; bits &= bits - 1) {
            const uint32_t bit = bits & -bits;
            status = diff_report_component(diff, pair,
                                           !(b & bit)   ? PECS_COMPONENT_REMOVED
                                           : !(a & bit) ? PECS_COMPONENT_ADDED
                                                        : PECS_COMPONENT_CHANGED,
                                           place * 32 + (uint32_t)__builtin_ctz(bits));
        }
    }
    return status;
}

static pecs_status diff_compare_values(const struct diff *diff, const struct pair *pair)
{
    const struct table *from = state_table(diff->from, pair->from), *to = state_table(diff->to, pair->to);
    const struct archetype *archetype = from->archetype;
    pecs_status status = PECS_OK;
    for (uint32_t column = HANDLE_COLUMN + 1; !status && column < archetype->column_count; column++) {
        const pecs_component component = archetype->column_components[column];
        if (component == diff->from->registry->id_component && !diff->by_handle)
            continue; /* the entities were matched by id */
        const uint32_t joint = state_place(diff->from, component);
        if (component_is_transient(state_component_at(diff->from, joint)))
            continue;
        const pecs_component to_component = diff->sets.to_component[joint];
        const uint32_t to_column =
            to_component == NO_COMPONENT ? NO_COLUMN : archetype_column(to->archetype, to_component);
        if (to_column == NO_COLUMN || type_set_is_relaid(&diff->sets, joint))
            continue; /* diff_compare_sets has reported it */
        if (!targets_values_are_equal(&diff->targets, state_component(diff->from, component),
                                      table_value(from, column, pair->from_row),
                                      table_value(to, to_column, pair->to_row)))
            status = diff_report_component(diff, pair, PECS_COMPONENT_CHANGED, joint);
    }
    return status;
}

/* Reports all differences of one entity that is on both sides. */
static pecs_status diff_compare_pair(const struct diff *diff, const struct pair *pair)
{
    const pecs_status status = diff_compare_sets(diff, pair);
    return status || pair->from == NO_TABLE || pair->to == NO_TABLE ? status : diff_compare_values(diff, pair);
}

static pecs_entity diff_handle_at(const struct table *table, uint64_t row)
{
    pecs_entity entity;
    memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
    return entity;
}

/* The id of an entity that a row names. In a damaged file no record may belong to the handle. */
static pecs_id diff_id_at(const struct pecs_snapshot *state, pecs_entity entity)
{
    const struct record *record = state_find(state, entity);
    return record ? identity_of(state, entity, record) : (pecs_id){ { 0 } };
}

/*
 * The record of the entity with this id or, by handle, with this handle. Most often the entity has both, and no search
 * is needed.
 */
static const struct record *diff_find_in_other(const struct diff *diff, const struct pecs_snapshot *other, pecs_id id,
                                               pecs_entity entity, pecs_entity *ret_entity)
{
    const struct record *record = state_find(other, entity);
    const pecs_id has = record ? identity_of(other, entity, record) : (pecs_id){ { 0 } };
    *ret_entity = entity;
    if (!diff->by_handle && (!record || memcmp(&has, &id, sizeof(id)) != 0))
        record = identity_find(other, id, ret_entity) ? state_record(other, ret_entity->index) : NULL;
    const bool is_found = record && state_has_row(other, record);
    return is_found && archetype_is_saved(state_table(other, record->table)->archetype) ? record : NULL;
}

/* Whether the rows of a chunk are the same entities in the same order. */
static bool diff_rows_are_alike(struct diff *diff, const struct table *from, const struct table *to, uint64_t chunk)
{
    const uint64_t rows = table_live_rows(from, chunk);
    const pecs_component id_component = diff->from->registry->id_component;
    const pecs_component to_id_component = diff->to->registry->id_component;
    const bool is_explicit = archetype_find(from->archetype, id_component) != NO_COLUMN && !diff->by_handle;
    const bool to_is_explicit = archetype_find(to->archetype, to_id_component) != NO_COLUMN && !diff->by_handle;
    if (rows != table_live_rows(to, chunk) || is_explicit != to_is_explicit)
        return false;
    const uint8_t *a = table_chunk(from, HANDLE_COLUMN, chunk), *b = table_chunk(to, HANDLE_COLUMN, chunk);
    if (is_explicit) {
        const uint8_t *ids = table_chunk(from, archetype_column(from->archetype, id_component), chunk);
        const uint8_t *to_ids = table_chunk(to, archetype_column(to->archetype, to_id_component), chunk);
        return (a == b || memcmp(a, b, (size_t)rows * sizeof(pecs_entity)) == 0) &&
               (ids == to_ids || memcmp(ids, to_ids, (size_t)rows * sizeof(pecs_id)) == 0);
    }
    if (a == b)
        return true; /* one array, written before the states diverged */
    return memcmp(a, b, (size_t)rows * sizeof(pecs_entity)) == 0 && targets_handles_agree(&diff->targets, a, rows);
}

/* The table of `to` with the same number, if its rows can be compared row by row. */
static const struct table *diff_counterpart(const struct diff *diff, uint32_t number)
{
    if (number >= diff->from->table_count || number >= diff->to->table_count)
        return NULL;
    const struct table *from = state_table(diff->from, number), *to = state_table(diff->to, number);
    const bool is_alike =
        from->archetype == to->archetype ||
        (from->archetype->is_singleton == to->archetype->is_singleton &&
         archetype_is_saved(from->archetype) == archetype_is_saved(to->archetype) &&
         from->archetype->chunk_shift == to->archetype->chunk_shift &&
         type_sets_are_alike(&diff->sets, type_set_of(&diff->sets.from, number), type_set_of(&diff->sets.to, number)));
    return is_alike ? to : NULL;
}

/* Compares one column of a few rows that are the same entities. */
static pecs_status diff_compare_few(struct diff *diff, const struct pair *first, uint32_t joint, const uint8_t *from,
                                    const uint8_t *to, uint64_t count)
{
    const struct component *type = state_component_at(diff->from, joint);
    if (!component_has_contents(type) && memcmp(from, to, (size_t)count * type->size) == 0 &&
        targets_agree(&diff->targets, type, from, count))
        return PECS_OK;
    pecs_status status = PECS_OK;
    for (uint64_t i = 0; !status && i < count; i++) {
        if (targets_values_are_equal(&diff->targets, type, from + i * type->size, to + i * type->size))
            continue;
        struct pair pair = *first;
        pair.from_row += i;
        pair.to_row += i;
        pair.before = pair.after = diff_handle_at(state_table(diff->from, pair.from), pair.from_row);
        pair.id = diff_id_at(diff->from, pair.before);
        status = diff_report_component(diff, &pair, PECS_COMPONENT_CHANGED, joint);
    }
    return status;
}

/* Compares one column of a chunk whose rows are the same entities, in the tables with this number. */
static pecs_status diff_compare_column(struct diff *diff, uint32_t number, uint64_t chunk, uint32_t column)
{
    const struct table *from = state_table(diff->from, number), *to = state_table(diff->to, number);
    const uint32_t joint = state_place(diff->from, from->archetype->column_components[column]);
    const struct component *type = state_component_at(diff->from, joint);
    const uint64_t rows = table_live_rows(from, chunk), first = chunk << from->archetype->chunk_shift;
    const uint8_t *a = table_chunk(from, column, chunk);
    const uint8_t *b = table_chunk(to, archetype_column(to->archetype, diff->sets.to_component[joint]), chunk);
    if (a == b && !(type->has_references && targets_shared_may_differ(&diff->targets)))
        return PECS_OK;
    pecs_status status = PECS_OK;
    for (uint64_t done = 0; !status && done < rows; done += FEW_ROWS) {
        const struct pair pair = { .from = number, .to = number, .from_row = first + done, .to_row = first + done };
        status = diff_compare_few(diff, &pair, joint, a + done * type->size, b + done * type->size,
                                  min_u64(rows - done, FEW_ROWS));
    }
    return status;
}

static pecs_status diff_compare_alike(struct diff *diff, uint32_t number, uint64_t chunk)
{
    const struct archetype *archetype = state_table(diff->from, number)->archetype;
    pecs_status status = PECS_OK;
    for (uint32_t column = HANDLE_COLUMN + 1; !status && column < archetype->column_count; column++)
        if (!component_is_transient(state_component(diff->from, archetype->column_components[column])))
            status = diff_compare_column(diff, number, chunk, column);
    return status;
}

/* Compares a row of `from` with its entity in `to`, wherever that is. */
static pecs_status diff_compare_row(const struct diff *diff, uint32_t number, uint64_t row)
{
    struct pair pair = { .before = diff_handle_at(state_table(diff->from, number), row),
                         .from = number,
                         .from_row = row };
    pair.id = diff_id_at(diff->from, pair.before);
    const struct record *record = diff_find_in_other(diff, diff->to, pair.id, pair.before, &pair.after);
    if (!record)
        return diff_report(diff, &(pecs_change){ .kind = PECS_ENTITY_REMOVED,
                                                 .id = pair.id,
                                                 .before = pair.before,
                                                 .from_component = NO_COMPONENT,
                                                 .to_component = NO_COMPONENT });
    pair.to = record->table;
    pair.to_row = record->row;
    return diff_compare_pair(diff, &pair);
}

/* True for a table that both states share, unless its references may name different entities. */
static bool diff_is_same_table(struct diff *diff, const struct table *from, const struct table *to)
{
    return from == to && !targets_shared_may_differ(&diff->targets);
}

static pecs_status diff_compare_table(struct diff *diff, uint32_t number)
{
    const struct table *from = state_table(diff->from, number), *to = diff_counterpart(diff, number);
    if (diff_is_same_table(diff, from, to) || from->archetype->is_singleton || !archetype_is_saved(from->archetype))
        return PECS_OK;
    pecs_status status = PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(from); chunk++) {
        if (to && diff_rows_are_alike(diff, from, to, chunk)) {
            status = diff_compare_alike(diff, number, chunk);
            continue;
        }
        const uint64_t first = chunk << from->archetype->chunk_shift, rows = table_live_rows(from, chunk);
        for (uint64_t row = first; !status && row < first + rows; row++)
            status = diff_compare_row(diff, number, row);
    }
    return status;
}

/* Reports the entity in a row of `to` if `from` lacks it. */
static pecs_status diff_report_new(const struct diff *diff, const struct table *to, uint64_t row)
{
    const pecs_entity entity = diff_handle_at(to, row);
    const pecs_id id = diff_id_at(diff->to, entity);
    pecs_entity before;
    if (diff_find_in_other(diff, diff->from, id, entity, &before))
        return PECS_OK;
    return diff_report(diff, &(pecs_change){ .kind = PECS_ENTITY_ADDED,
                                             .id = id,
                                             .after = entity,
                                             .from_component = NO_COMPONENT,
                                             .to_component = NO_COMPONENT });
}

static pecs_status diff_find_new(struct diff *diff, uint32_t number)
{
    const struct table *to = state_table(diff->to, number);
    const struct table *from = diff_counterpart(diff, number) ? state_table(diff->from, number) : NULL;
    if (from == to || to->archetype->is_singleton || !archetype_is_saved(to->archetype))
        return PECS_OK;
    pecs_status status = PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(to); chunk++) {
        if (from && diff_rows_are_alike(diff, from, to, chunk))
            continue;
        const uint64_t first = chunk << to->archetype->chunk_shift, rows = table_live_rows(to, chunk);
        for (uint64_t row = first; !status && row < first + rows; row++)
            status = diff_report_new(diff, to, row);
    }
    return status;
}

/* Compares the singletons. */
static pecs_status diff_compare_singletons(struct diff *diff)
{
    const struct pair pair = { .from = diff->from->singleton_table, .to = diff->to->singleton_table };
    return diff_compare_pair(diff, &pair);
}

static pecs_status diff_compare_states(struct diff *diff)
{
    pecs_status status = diff_compare_singletons(diff);
    for (uint32_t i = 0; !status && i < diff->from->table_count; i++)
        status = diff_compare_table(diff, i);
    for (uint32_t i = 0; !status && i < diff->to->table_count; i++)
        status = diff_find_new(diff, i);
    return status;
}

static pecs_status diff_compare_views(pecs_view from, pecs_view to, bool by_handle, pecs_change_function each,
                                      void *user)
{
    if (!from.source || !to.source || !each)
        return PECS_E_MISUSE;
    struct diff diff = { .from = view_source(from)->state, .to = view_source(to)->state, .each = each, .user = user };
    diff.by_handle = by_handle;
    pecs_status status = type_sets_init(&diff.sets, diff.from, diff.to, diff.by_handle);
    if (!status)
        status = targets_init(&diff.targets, diff.from, diff.to, diff.by_handle);
    if (!status)
        status = diff_compare_states(&diff);
    targets_deinit(&diff.targets);
    type_sets_deinit(&diff.sets);
    return status;
}

pecs_status pecs_view_diff(pecs_view from, pecs_view to, pecs_change_function each, void *user)
{
    return diff_compare_views(from, to, false, each, user);
}

pecs_status pecs_view_diff_by_handle(pecs_view from, pecs_view to, pecs_change_function each, void *user)
{
    return diff_compare_views(from, to, true, each, user);
}
