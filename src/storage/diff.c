/*
 * What differs between two states. Two passes: the entities of `from`, each looked for in `to`; then those of `to` that
 * `from` has not.
 *
 * Most of two states is alike, and often shared. So a chunk is first held against the chunk at the same place: a shared
 * table has no difference; where the handles are the same, and of the same births, rows are compared column by column,
 * and a shared array is not looked at. Only rows that do not lie alike are looked for by their ids.
 */
#include "identity.h"

#include <pecs/diff.h>

#include <assert.h>

enum { FEW_ROWS = 64 }; /* that are compared at once; where they differ, one by one */

struct diff {
    const struct pecs_snapshot *from, *to;
    pecs_change_function each;
    void *user;
    pecs_component *to_component;   /* of each component of `from`: its number in `to`, or NO_COMPONENT */
    pecs_component *from_component; /* the other way */
    bool *is_comparable;            /* of each component of `from`: both have one layout */
};

/* One entity on both sides, or with id zero the world itself. */
struct pair {
    pecs_id id;
    pecs_entity before, after;
    const struct table *from, *to;
    uint64_t from_row, to_row;
};

static pecs_status tell(const struct diff *diff, const pecs_change *change)
{
    return diff->each(diff->user, change) ? PECS_OK : PECS_E_CANCELLED;
}

static const void *value_of(const struct table *table, uint64_t row, pecs_component component)
{
    const uint32_t column = archetype_column(table->archetype, component);
    return column == NO_COLUMN ? NULL : table_value(table, column, row);
}

static pecs_status tell_component(const struct diff *diff, const struct pair *pair, pecs_component from,
                                  pecs_component to)
{
    return tell(diff, &(pecs_change){
                          .kind = to == NO_COMPONENT     ? PECS_COMPONENT_REMOVED
                                  : from == NO_COMPONENT ? PECS_COMPONENT_ADDED
                                                         : PECS_COMPONENT_CHANGED,
                          .id = pair->id,
                          .before = pair->before,
                          .after = pair->after,
                          .from_component = from,
                          .to_component = to,
                          .old_value = from == NO_COMPONENT ? NULL : value_of(pair->from, pair->from_row, from),
                          .new_value = to == NO_COMPONENT ? NULL : value_of(pair->to, pair->to_row, to),
                      });
}

static bool values_differ(const struct diff *diff, const struct pair *pair, pecs_component from, pecs_component to)
{
    const struct component *component = state_component(diff->from, from);
    if (!diff->is_comparable[from])
        return true;
    if (!component->size)
        return false;
    const void *a = value_of(pair->from, pair->from_row, from), *b = value_of(pair->to, pair->to_row, to);
    return a != b && !component_values_are_equal(component, a, b);
}

static bool has(const struct table *table, pecs_component component)
{
    return component != NO_COMPONENT && archetype_find(table->archetype, component) != NO_COLUMN;
}

/* All differences of one entity that is on both sides. */
static pecs_status compare_pair(const struct diff *diff, const struct pair *pair)
{
    assert(pair->from && pair->to);
    const struct archetype *a = pair->from->archetype, *b = pair->to->archetype;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < a->component_count; i++) {
        const pecs_component from = a->components[i], to = diff->to_component[from];
        if (from == diff->from->registry->id_component)
            continue; /* the ids are the same: that is how the two were found */
        if (!has(pair->to, to))
            status = tell_component(diff, pair, from, NO_COMPONENT);
        else if (values_differ(diff, pair, from, to))
            status = tell_component(diff, pair, from, to);
    }
    for (uint32_t i = 0; !status && i < b->component_count; i++)
        if (b->components[i] != diff->to->registry->id_component &&
            !has(pair->from, diff->from_component[b->components[i]]))
            status = tell_component(diff, pair, NO_COMPONENT, b->components[i]);
    return status;
}

static pecs_entity handle_at(const struct table *table, uint64_t row)
{
    pecs_entity entity;
    memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
    return entity;
}

/* Of the entity in a row. In a damaged file its handle may name no record. */
static pecs_id id_at(const struct pecs_snapshot *state, pecs_entity entity)
{
    const struct record *record = state_find(state, entity);
    return record ? identity_of(state, entity, record) : (pecs_id){ { 0 } };
}

static uint64_t head_at(const struct pecs_snapshot *state, uint32_t index)
{
    const struct record *record = identity_record_at(state, index);
    return record ? state_session_head(state, record->session) : 0;
}

/* The record of the entity that has the id: most often it has the same handle, so that nothing needs to be searched. */
static const struct record *find_in_other(const struct pecs_snapshot *other, pecs_id id, pecs_entity entity,
                                          pecs_entity *ret_entity)
{
    const struct record *record = state_find(other, entity);
    const pecs_id has = record ? identity_of(other, entity, record) : (pecs_id){ { 0 } };
    *ret_entity = entity;
    if (!record || memcmp(&has, &id, sizeof(id)) != 0)
        record = identity_find(other, id, ret_entity) ? state_record(other, ret_entity->index) : NULL;
    return record && state_has_row(other, record) ? record : NULL;
}

/* Both sets are the same, and every layout. */
static bool tables_are_alike(const struct diff *diff, const struct table *from, const struct table *to)
{
    const struct archetype *a = from->archetype, *b = to->archetype;
    if (a == b)
        return true;
    if (a->component_count != b->component_count || a->is_singleton != b->is_singleton ||
        a->chunk_shift != b->chunk_shift)
        return false;
    for (uint32_t i = 0; i < a->component_count; i++)
        if (!diff->is_comparable[a->components[i]] || !has(to, diff->to_component[a->components[i]]))
            return false;
    return true;
}

/* The same entities in the same rows. */
static bool rows_are_alike(const struct diff *diff, const struct table *from, const struct table *to, uint64_t chunk)
{
    const uint64_t rows = table_live_rows(from, chunk), first = chunk << from->archetype->chunk_shift;
    if (rows != table_live_rows(to, chunk))
        return false;
    const pecs_component id_component = diff->from->registry->id_component;
    const bool is_explicit = archetype_find(from->archetype, id_component) != NO_COLUMN;
    const pecs_component to_id_component = diff->to->registry->id_component;
    const uint8_t *a = table_chunk(from, HANDLE_COLUMN, chunk), *b = table_chunk(to, HANDLE_COLUMN, chunk);
    if (is_explicit) {
        const uint8_t *ids = table_chunk(from, archetype_column(from->archetype, id_component), chunk);
        const uint8_t *to_ids = table_chunk(to, archetype_column(to->archetype, to_id_component), chunk);
        return (a == b || memcmp(a, b, (size_t)rows * sizeof(pecs_entity)) == 0) &&
               (ids == to_ids || memcmp(ids, to_ids, (size_t)rows * sizeof(pecs_id)) == 0);
    }
    if (a == b)
        return true; /* one array: what was spawned before the states parted */
    if (memcmp(a, b, (size_t)rows * sizeof(pecs_entity)) != 0)
        return false;
    for (uint64_t row = first; row < first + rows; row++) {
        const uint32_t index = handle_at(from, row).index;
        if (head_at(diff->from, index) != head_at(diff->to, index))
            return false;
    }
    return true;
}

/* The table of `to` at the same place, if its rows can lie alike. */
static const struct table *counterpart(const struct diff *diff, uint32_t number)
{
    const struct table *from = state_table(diff->from, number);
    const struct table *to = number < diff->to->table_count ? state_table(diff->to, number) : NULL;
    return to && tables_are_alike(diff, from, to) ? to : NULL;
}

/* One column of rows that lie alike. */
static pecs_status compare_column(const struct diff *diff, const struct table *from, const struct table *to,
                                  uint64_t chunk, pecs_component component)
{
    const struct component *type = state_component(diff->from, component);
    const pecs_component to_component = diff->to_component[component];
    const uint64_t rows = table_live_rows(from, chunk), first = chunk << from->archetype->chunk_shift;
    const uint8_t *a = table_chunk(from, archetype_column(from->archetype, component), chunk);
    const uint8_t *b = table_chunk(to, archetype_column(to->archetype, to_component), chunk);
    pecs_status status = PECS_OK;
    for (uint64_t done = 0; a != b && !status && done < rows; done += FEW_ROWS) {
        const uint64_t end = min_u64(done + FEW_ROWS, rows);
        if (memcmp(a + done * type->size, b + done * type->size, (size_t)(end - done) * type->size) == 0)
            continue;
        for (uint64_t row = done; !status && row < end; row++) {
            if (component_values_are_equal(type, a + row * type->size, b + row * type->size))
                continue;
            const pecs_entity entity = handle_at(from, first + row);
            const struct pair pair = { id_at(diff->from, entity), entity, entity, from, to, first + row, first + row };
            status = tell_component(diff, &pair, component, to_component);
        }
    }
    return status;
}

static pecs_status compare_alike(const struct diff *diff, const struct table *from, const struct table *to,
                                 uint64_t chunk)
{
    const struct archetype *archetype = from->archetype;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < archetype->component_count; i++)
        if (archetype->columns[i] != NO_COLUMN)
            status = compare_column(diff, from, to, chunk, archetype->components[i]);
    return status;
}

/* A row of `from`, wherever its entity is in `to`. */
static pecs_status compare_row(const struct diff *diff, const struct table *from, uint64_t row)
{
    struct pair pair = { .before = handle_at(from, row), .from = from, .from_row = row };
    pair.id = id_at(diff->from, pair.before);
    const struct record *record = find_in_other(diff->to, pair.id, pair.before, &pair.after);
    if (!record)
        return tell(diff, &(pecs_change){ .kind = PECS_ENTITY_REMOVED,
                                          .id = pair.id,
                                          .before = pair.before,
                                          .from_component = NO_COMPONENT,
                                          .to_component = NO_COMPONENT });
    pair.to = state_table(diff->to, record->table);
    pair.to_row = record->row;
    return compare_pair(diff, &pair);
}

static pecs_status compare_table(const struct diff *diff, uint32_t number)
{
    const struct table *from = state_table(diff->from, number), *to = counterpart(diff, number);
    if (from == to || from->archetype->is_singleton)
        return PECS_OK;
    pecs_status status = PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(from); chunk++) {
        if (to && rows_are_alike(diff, from, to, chunk)) {
            status = compare_alike(diff, from, to, chunk);
            continue;
        }
        const uint64_t first = chunk << from->archetype->chunk_shift, rows = table_live_rows(from, chunk);
        for (uint64_t row = first; !status && row < first + rows; row++)
            status = compare_row(diff, from, row);
    }
    return status;
}

/* A row of `to`, if `from` has not its entity. */
static pecs_status tell_new(const struct diff *diff, const struct table *to, uint64_t row)
{
    const pecs_entity entity = handle_at(to, row);
    const pecs_id id = id_at(diff->to, entity);
    pecs_entity before;
    if (find_in_other(diff->from, id, entity, &before))
        return PECS_OK;
    return tell(diff, &(pecs_change){ .kind = PECS_ENTITY_ADDED,
                                      .id = id,
                                      .after = entity,
                                      .from_component = NO_COMPONENT,
                                      .to_component = NO_COMPONENT });
}

static pecs_status find_new(const struct diff *diff, uint32_t number)
{
    const struct table *to = state_table(diff->to, number);
    const struct table *from =
        number < diff->from->table_count && counterpart(diff, number) ? state_table(diff->from, number) : NULL;
    if (from == to || to->archetype->is_singleton)
        return PECS_OK;
    pecs_status status = PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(to); chunk++) {
        if (from && rows_are_alike(diff, from, to, chunk))
            continue;
        const uint64_t first = chunk << to->archetype->chunk_shift, rows = table_live_rows(to, chunk);
        for (uint64_t row = first; !status && row < first + rows; row++)
            status = tell_new(diff, to, row);
    }
    return status;
}

/* The world itself: a row on each side, or none. */
static pecs_status compare_singletons(const struct diff *diff, const struct table *none)
{
    const uint32_t from = diff->from->singleton_table, to = diff->to->singleton_table;
    const struct pair pair = {
        .from = from == NO_TABLE ? none : state_table(diff->from, from),
        .to = to == NO_TABLE ? none : state_table(diff->to, to),
    };
    return pair.from == pair.to ? PECS_OK : compare_pair(diff, &pair);
}

/* Types are the same when their ids are. */
static void map_types(struct diff *diff)
{
    const pecs_view to = { &diff->to->source };
    for (pecs_component i = 0; i < state_component_count(diff->to); i++)
        diff->from_component[i] = NO_COMPONENT;
    for (pecs_component i = 0; i < state_component_count(diff->from); i++) {
        const struct component *component = state_component(diff->from, i);
        diff->to_component[i] = NO_COMPONENT;
        diff->is_comparable[i] = false;
        if (pecs_view_component_by_id(to, component->id, &diff->to_component[i]))
            continue;
        const struct component *other = state_component(diff->to, diff->to_component[i]);
        diff->is_comparable[i] = component_layout_is_same(component->type, other->type);
        diff->from_component[diff->to_component[i]] = i;
    }
}

static pecs_status compare_states(struct diff *diff, const struct table *none)
{
    map_types(diff);
    pecs_status status = compare_singletons(diff, none);
    for (uint32_t i = 0; !status && i < diff->from->table_count; i++)
        status = compare_table(diff, i);
    for (uint32_t i = 0; !status && i < diff->to->table_count; i++)
        status = find_new(diff, i);
    return status;
}

pecs_status pecs_view_diff(pecs_view from, pecs_view to, pecs_change_function each, void *user)
{
    if (!from.source || !to.source || !each)
        return PECS_E_MISUSE;
    struct diff diff = { view_source(from)->state, view_source(to)->state, each, user, NULL, NULL, NULL };
    struct pool *pool = diff.from->registry->pool;
    const size_t from_count = (size_t)state_component_count(diff.from) + 1;
    const size_t to_count = (size_t)state_component_count(diff.to) + 1;
    diff.to_component = pool_allocate(pool, from_count * sizeof(*diff.to_component));
    diff.from_component = pool_allocate(pool, to_count * sizeof(*diff.from_component));
    diff.is_comparable = pool_allocate(pool, from_count * sizeof(*diff.is_comparable));
    struct archetype *archetype = archetype_create(diff.from->registry, NULL, NULL, 0, true);
    struct table *none = archetype ? table_create(pool, archetype) : NULL;
    pecs_status status = PECS_E_MEMORY;
    if (diff.to_component && diff.from_component && diff.is_comparable && none)
        status = compare_states(&diff, none);
    if (none)
        node_release(pool, &none->node);
    if (archetype)
        node_release(pool, &archetype->node);
    pool_release(pool, diff.is_comparable, from_count * sizeof(*diff.is_comparable));
    pool_release(pool, diff.from_component, to_count * sizeof(*diff.from_component));
    pool_release(pool, diff.to_component, from_count * sizeof(*diff.to_component));
    return status;
}
