/*
 * Queries and iterations. A query is an immutable list of terms. An iteration is a position in the list of tables, kept
 * in the caller's pecs_iter. In a world it visits the tables of the rarest required component; in a snapshot it visits
 * all. It looks the table up again for each chunk, so it sees values that were edited meanwhile.
 */
#include "edit.h"
#include "error.h"
#include "match.h"

#include <pecs/reflect.h>

#include <stdio.h>

struct pecs_query {
    pecs_registry *registry;
    uint64_t required_signature;
    uint32_t term_count, data_count; /* all terms; those that read or write come first */
    pecs_term terms[PECS_TERMS_MAX];
    uint32_t sizes[PECS_TERMS_MAX]; /* of the terms' components, in bytes */
};

static bool query_is_required(pecs_access access)
{
    return access == PECS_READ || access == PECS_WRITE || access == PECS_WITH;
}
static bool query_is_write(pecs_access access)
{
    return access == PECS_WRITE || access == PECS_OPTIONAL_WRITE;
}
static bool query_is_data(pecs_access access)
{
    return access != PECS_WITH && access != PECS_WITHOUT;
}

/* The component that a term may name: one of the program's types or, with a state, any of its types. NULL: none. */
static const struct component *query_find_component(const pecs_registry *registry, const struct pecs_snapshot *state,
                                                    pecs_component number)
{
    if (state)
        return state_component(state, number);
    return number < registry->id_component ? registry_component(registry, number) : NULL;
}

static pecs_status query_check_terms(const pecs_registry *registry, const struct pecs_snapshot *state,
                                     const pecs_term *terms, size_t count, pecs_error *error)
{
    if (count && !terms)
        return fail(error, PECS_E_MISUSE, "terms is NULL, but term_count is not 0");
    if (count > PECS_TERMS_MAX)
        return fail(error, PECS_E_LIMIT, "%zu terms; a query has at most %d", count, PECS_TERMS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!query_find_component(registry, state, terms[i].component))
            return fail(error, PECS_E_MISUSE, "term %zu: component %u does not exist", i, terms[i].component);
        if ((unsigned)terms[i].access > PECS_WITHOUT)
            return fail(error, PECS_E_MISUSE, "term %zu: the access is invalid", i);
        if (terms[i].component == registry->id_component && query_is_write(terms[i].access))
            return fail(error, PECS_E_MISUSE, "term %zu: queries cannot write ids; use pecs_world_set_id", i);
        for (size_t j = 0; j < i; j++)
            if (terms[j].component == terms[i].component)
                return fail(error, PECS_E_MISUSE, "terms %zu and %zu name the same component", j, i);
    }
    return PECS_OK;
}

static pecs_status query_create(pecs_registry *registry, const struct pecs_snapshot *state, const pecs_term *terms,
                                size_t term_count, pecs_query **ret_query, pecs_error *error)
{
    const pecs_status status = query_check_terms(registry, state, terms, term_count, error);
    if (status)
        return status;
    struct pecs_query *query = pool_allocate_zeroed(registry->pool, sizeof(*query));
    if (!query)
        return fail_memory(error);
    query->registry = pecs_registry_retain(registry);
    for (size_t i = 0; i < term_count; i++)
        if (query_is_data(terms[i].access))
            query->terms[query->term_count++] = terms[i];
    query->data_count = query->term_count;
    for (size_t i = 0; i < term_count; i++) {
        if (!query_is_data(terms[i].access))
            query->terms[query->term_count++] = terms[i];
        if (query_is_required(terms[i].access))
            query->required_signature |= (uint64_t)1 << terms[i].component % 64;
    }
    for (uint32_t i = 0; i < query->term_count; i++)
        query->sizes[i] = query_find_component(registry, state, query->terms[i].component)->size;
    *ret_query = query;
    return PECS_OK;
}

pecs_status pecs_query_create(pecs_registry *registry, const pecs_term *terms, size_t term_count,
                              pecs_query **ret_query, pecs_error *error)
{
    if (!registry || !ret_query)
        return fail(error, PECS_E_MISUSE, "registry and ret_query must not be NULL");
    return query_create(registry, NULL, terms, term_count, ret_query, error);
}

pecs_status pecs_query_create_in(pecs_view view, const pecs_term *terms, size_t term_count, pecs_query **ret_query,
                                 pecs_error *error)
{
    if (!view.source || !ret_query)
        return fail(error, PECS_E_MISUSE, "the view and ret_query must not be NULL");
    const struct pecs_snapshot *state = view_source(view)->state;
    return query_create(state->registry, state, terms, term_count, ret_query, error);
}

void pecs_query_destroy(pecs_query *query)
{
    if (!query)
        return;
    pecs_registry *registry = query->registry;
    pool_release(registry->pool, query, sizeof(*query));
    pecs_registry_release(registry);
}

void query_describe(const pecs_query *query, char *text, size_t size_bytes)
{
    static const char *const accesses[] = { "READ", "WRITE", "OPTIONAL_READ", "OPTIONAL_WRITE", "WITH", "WITHOUT" };
    size_t used = 0;
    text[0] = 0;
    for (uint32_t i = 0; i < query->term_count && used < size_bytes; i++) {
        const pecs_term term = query->terms[i];
        const struct component *known = query_find_component(query->registry, NULL, term.component);
        const char *separator = i ? ", " : "", *access = accesses[term.access];
        const size_t room = size_bytes - used;
        const int added =
            known ? snprintf(text + used, room, "%s%.*s %s", separator, NAME_SHOWN, known->type->name, access)
                  : snprintf(text + used, room, "%scomponent %u %s", separator, term.component, access);
        used += (size_t)added;
    }
}

bool query_fits(const pecs_query *query, const struct pecs_snapshot *state)
{
    return query->registry == state->registry;
}

static bool query_is_column(const struct archetype *archetype, uint32_t column, pecs_component component)
{
    return column < archetype->column_count && archetype->column_components[column] == component;
}

/*
 * Whether the table matches. Sets the columns of the data terms, which come first, unless `columns` is NULL. On
 * entry it holds those of another table, most often the same ones, or zeros.
 */
static bool query_match(const pecs_query *query, const struct archetype *archetype, uint32_t *columns)
{
    if ((archetype->signature & query->required_signature) != query->required_signature || archetype->is_singleton)
        return false;
    for (uint32_t i = 0; i < query->term_count; i++) {
        if (columns && i < query->data_count && query_is_column(archetype, columns[i], query->terms[i].component))
            continue;
        const pecs_access access = query->terms[i].access;
        const uint32_t place = archetype_find(archetype, query->terms[i].component);
        const bool is_there = place != NO_COLUMN;
        if (access == PECS_WITHOUT ? is_there : query_is_required(access) && !is_there)
            return false;
        if (columns && i < query->data_count)
            columns[i] = is_there ? archetype->columns[place] : NO_COLUMN;
    }
    return true;
}

bool query_matches(const pecs_query *query, const struct archetype *archetype)
{
    return query_match(query, archetype, NULL);
}

/* Finds the tables that may match: those of the rarest required component, or all. */
static void query_find_candidates(pecs_iter *iter, const pecs_query *query, const struct view_source *source)
{
    iter->state.tables = NULL;
    iter->state.table_limit = source->state->table_count;
    for (uint32_t i = 0; source->world && i < query->term_count; i++) {
        const struct posting_list *list = catalog_posting(&source->world->catalog, query->terms[i].component);
        /* NULL: this world does not have the type, and no table matches */
        if (list && query_is_required(query->terms[i].access) && list->count <= iter->state.table_limit) {
            iter->state.tables = posting_tables(list);
            iter->state.table_limit = (uint32_t)list->count;
        }
    }
}

static const struct table *query_table_in(const struct ref *ref)
{
    return (const struct table *)ref->node;
}

/* Returns the ref of the next matching table with rows, or NULL. iter->state.table is its number. */
static const struct ref *query_next_table(pecs_iter *iter)
{
    const pecs_query *query = iter->state.query;
    const struct view_source *source = iter->state.source;
    while (iter->state.table_place < iter->state.table_limit) {
        const uint32_t place = iter->state.table_place++;
        iter->state.table = iter->state.tables ? iter->state.tables[place] : place;
        const struct ref *ref = tree_ref(&source->state->tables, iter->state.table);
        const struct table *table = query_table_in(ref);
        if (table->row_count && query_match(query, table->archetype, iter->state.columns))
            return ref;
    }
    return NULL;
}

static const pecs_entity *query_handles(const struct table *table, uint64_t chunk)
{
    return (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, chunk);
}

uint64_t pecs_query_collect(const pecs_query *query, pecs_view view, pecs_entity *ret_entities, size_t capacity)
{
    pecs_iter iter = { .state = { .query = query, .source = view.source } };
    uint64_t count = 0;
    if (!query || !view.source || (capacity && !ret_entities) || !query_fits(query, view_source(view)->state))
        return 0;
    query_find_candidates(&iter, query, view_source(view));
    for (const struct ref *ref; (ref = query_next_table(&iter));) {
        const struct table *table = query_table_in(ref);
        for (uint64_t chunk = 0, at = count; at < capacity && chunk < table_chunk_count(table); chunk++) {
            const uint64_t rows = min_u64(table_live_rows(table, chunk), capacity - at);
            memcpy(ret_entities + at, query_handles(table, chunk), (size_t)rows * sizeof(*ret_entities));
            at += rows;
        }
        count += table->row_count;
    }
    return count;
}

uint64_t pecs_query_count(const pecs_query *query, pecs_view view)
{
    return pecs_query_collect(query, view, NULL, 0);
}

pecs_entity pecs_query_first(const pecs_query *query, pecs_view view)
{
    pecs_entity first = { 0, 0 };
    (void)pecs_query_collect(query, view, &first, 1);
    return first;
}

/*
 * Divides the chunks of all matching tables into worker_count shares of about equal length, and moves to the start of
 * this worker's share.
 */
static void query_cut_share(pecs_iter *iter, const pecs_iter_options *options)
{
    uint64_t total = 0, count = 0;
    for (const struct ref *ref; (ref = query_next_table(iter));)
        total += table_chunk_count(query_table_in(ref));
    /* total < 2^45 and workers < 2^32: divide first, so that nothing overflows */
    const uint64_t share = total / options->worker_count, rest = total % options->worker_count;
    iter->state.skip_count = share * options->worker + min_u64(options->worker, rest);
    iter->state.give_count = share + (options->worker < rest);
    uint32_t place = 0;
    iter->state.table_place = 0;
    for (const struct ref *ref; (ref = query_next_table(iter)); place = iter->state.table_place) {
        count = table_chunk_count(query_table_in(ref));
        if (iter->state.skip_count < count)
            break;
        iter->state.skip_count -= count;
    }
    iter->state.table_place = place;
}

static pecs_iter query_begin(const pecs_query *query, const struct view_source *source, struct pecs_world *world,
                             const pecs_iter_options *options)
{
    pecs_iter iter = { .state = { .query = query, .source = source, .world = world, .give_count = UINT64_MAX } };
    if (!query || !source)
        iter.message = "the query and the view or world must not be NULL";
    else if (!query_fits(query, source->state))
        iter.message = "the query and the world are of different registries";
    else if (options && options->worker_count && options->worker >= options->worker_count)
        iter.message = "worker must be less than worker_count";
    if (iter.message) {
        iter.state.source = NULL;
        iter.status = PECS_E_MISUSE;
        return iter;
    }
    if (source->world)
        atomic_fetch_add_explicit(world ? &world->gate.open_writes : &source->world->gate.open_reads, 1,
                                  memory_order_relaxed);
    if (source->world)
        open_queries_begin(&source->world->open_queries, query);
    query_find_candidates(&iter, query, source);
    if (options) {
        iter.state.changed_since = options->changed_since;
        if (options->worker_count)
            query_cut_share(&iter, options);
    }
    return iter;
}

pecs_iter pecs_query_iter(const pecs_query *query, pecs_view view, const pecs_iter_options *options)
{
    return query_begin(query, (const struct view_source *)view.source, NULL, options);
}

/*
 * Called before the workers of an iteration run. Makes private all nodes and pages above the arrays of the written
 * columns, in all tables of this share, so that each worker changes only the refs of its own chunks.
 */
static pecs_status query_own_for_workers(pecs_iter *iter)
{
    struct pecs_world *world = iter->state.world;
    const pecs_query *query = iter->state.query;
    const uint32_t place = iter->state.table_place;
    uint64_t ahead = iter->state.skip_count + iter->state.give_count;
    pecs_status status = PECS_OK;
    while (!status && ahead && query_next_table(iter)) {
        struct table *table;
        status = edit_begin_values(world);
        if (!status)
            status = edit_own_table(world, iter->state.table, &table);
        if (status)
            break;
        ahead -= min_u64(ahead, table_chunk_count(table));
        table->tail_epoch = 0;
        for (uint32_t i = 0; !status && i < query->data_count; i++) {
            const uint32_t column = archetype_column(table->archetype, query->terms[i].component);
            if (!query_is_write(query->terms[i].access) || column == NO_COLUMN)
                continue;
            struct ref *ref;
            struct column *owned = &table->columns[column];
            const uint64_t last = table_chunk_count(table) - 1;
            status = tree_own_ref(world->gate.pool, world->gate.epoch, &owned->chunks, last, &ref);
            for (uint64_t chunk = 0; !status && chunk < last; chunk += PAGE_FANOUT)
                status = tree_own_ref(world->gate.pool, world->gate.epoch, &owned->chunks, chunk, &ref);
            owned->tick = world->gate.tick;
        }
    }
    iter->state.table_place = place;
    return status;
}

pecs_iter pecs_query_iter_mut(const pecs_query *query, pecs_world *world, const pecs_iter_options *options)
{
    pecs_iter iter = query_begin(query, world ? &world->source : NULL, world, options);
    if (!iter.status && options && options->worker_count > 1)
        iter.status = query_own_for_workers(&iter);
    return iter;
}

static bool query_chunk_changed(const pecs_iter *iter, const struct table *table, uint64_t chunk)
{
    const pecs_query *query = iter->state.query;
    const struct view_source *source = iter->state.source;
    if (source->state->floor_tick > iter->state.changed_since)
        return true;
    bool has_column = false;
    for (uint32_t i = 0; i < query->data_count; i++) {
        const uint32_t column = iter->state.columns[i];
        if (column == NO_COLUMN)
            continue;
        has_column = true;
        if (table->columns[column].tick > iter->state.changed_since &&
            table_chunk_tick(table, column, chunk) > iter->state.changed_since)
            return true;
    }
    /* only tags or absent components: a change means that rows were added or removed */
    return !has_column && table_chunk_tick(table, HANDLE_COLUMN, chunk) > iter->state.changed_since;
}

/* Passes the gate for the columns to write, and finds the values of all terms. */
static pecs_status query_open_chunk(pecs_iter *iter, const struct table *table, uint64_t chunk)
{
    const pecs_query *query = iter->state.query;
    struct pecs_world *world = iter->state.world;
    for (uint32_t i = 0; i < query->data_count; i++) {
        const uint32_t column = iter->state.columns[i];
        uint8_t *bytes = NULL;
        if (column != NO_COLUMN && world && query_is_write(query->terms[i].access)) {
            bytes = table_owned_chunk(&world->gate, table, column, chunk);
            if (bytes) {
                iter->state.data[i] = bytes;
                continue;
            }
            edit_open_tick(world);
            const pecs_status status = table_own_chunk(&world->gate, (struct table *)(uintptr_t)table, column, chunk,
                                                       table_live_rows(table, chunk), &bytes);
            if (status)
                return status;
        } else if (column != NO_COLUMN) {
            bytes = (uint8_t *)(uintptr_t)table_chunk(table, column, chunk);
        }
        iter->state.data[i] = bytes;
    }
    return PECS_OK;
}

/* Moves to the next table. For writing, makes it private; it then stays in place until the iteration ends. */
static bool query_open_table(pecs_iter *iter)
{
    const struct ref *ref = query_next_table(iter);
    if (!ref)
        return false;
    struct pecs_world *world = iter->state.world;
    if (world && (iter->status = edit_own_state(world)))
        return false;
    if (world) /* the tree may have been copied */
        ref = tree_ref(&world->state->tables, iter->state.table);
    const struct table *table = query_table_in(ref);
    const uint64_t chunk_count = table_chunk_count(table), skipped = min_u64(iter->state.skip_count, chunk_count);
    iter->state.skip_count -= skipped;
    iter->state.chunk = skipped;
    iter->state.chunk_end = chunk_count;
    iter->state.present = table;
    if (world && skipped < chunk_count && ref->epoch != world->gate.epoch) {
        struct table *owned;
        iter->status = edit_own_table(world, iter->state.table, &owned);
        iter->state.present = owned;
    }
    return !iter->status;
}

/* Moves to the next chunk of this share. False at the end. */
static bool query_step(pecs_iter *iter)
{
    while (iter->state.give_count) {
        if (iter->state.chunk < iter->state.chunk_end) {
            const struct view_source *source = iter->state.source;
            if (source->world && !iter->state.world) /* an edit of values may have replaced the table */
                iter->state.present = state_table(source->state, iter->state.table);
            iter->state.chunk++;
            iter->state.give_count--;
            return true;
        }
        if (!query_open_table(iter))
            return false;
    }
    return false;
}

/* True when no column that is read has an array: from any chunk on, the rows are contiguous in the image. */
static bool query_is_unbroken(const pecs_iter *iter, const struct table *table)
{
    const pecs_query *query = iter->state.query;
    bool unbroken = !table->columns[HANDLE_COLUMN].chunks.root.node;
    for (uint32_t i = 0; unbroken && i < query->data_count; i++) {
        const uint32_t column = iter->state.columns[i];
        unbroken = column == NO_COLUMN || !table->columns[column].chunks.root.node;
    }
    return unbroken;
}

/* Returns how many rows from this chunk on can be returned at once, and moves past their chunks. */
static uint64_t query_join_chunks(pecs_iter *iter, const struct table *table, uint64_t first)
{
    if (iter->state.world || iter->state.changed_since || !query_is_unbroken(iter, table))
        return table_live_rows(table, first);
    const uint64_t more = min_u64(iter->state.chunk_end - iter->state.chunk, iter->state.give_count);
    iter->state.chunk += more;
    iter->state.give_count -= more;
    const uint32_t shift = table->archetype->chunk_shift;
    return min_u64(table->row_count - (first << shift), (more + 1) << shift);
}

bool pecs_iter_next(pecs_iter *iter)
{
    if (!iter)
        return false;
    iter->row_count = 0;
    iter->entities = NULL;
    while (!iter->status && query_step(iter)) {
        const struct table *table = iter->state.present;
        const uint64_t chunk = iter->state.chunk - 1;
        if (iter->state.changed_since && !query_chunk_changed(iter, table, chunk))
            continue;
        iter->status = query_open_chunk(iter, table, chunk);
        if (iter->status)
            return false;
        iter->row_count = (size_t)query_join_chunks(iter, table, chunk);
        iter->entities = query_handles(table, chunk);
        return true;
    }
    return false;
}

/* Ends the iteration with an error, and with it the caller's loop over the rows. */
static void *query_refuse_column(pecs_iter *iter, const char *message)
{
    iter->status = PECS_E_MISUSE;
    iter->message = message;
    iter->row_count = 0;
    return NULL;
}

static void *query_column(pecs_iter *iter, pecs_component component, size_t size_bytes, bool is_mut)
{
    if (!iter || !iter->row_count)
        return NULL;
    const pecs_query *query = iter->state.query;
    uint32_t term = 0;
    while (term < query->data_count && query->terms[term].component != component)
        term++;
    if (term == query->data_count)
        return query_refuse_column(iter, "no term of the query reads or writes the component of this column");
    if (query->sizes[term] != size_bytes)
        return query_refuse_column(iter, "size_bytes is not the size of the column's component");
    if (is_mut && !iter->state.world)
        return query_refuse_column(iter, "the columns of pecs_query_iter are read-only");
    if (is_mut && !query_is_write(query->terms[term].access))
        return query_refuse_column(iter, "the query's term for this column is read-only; writing needs a WRITE term");
    return iter->state.data[term];
}

const void *pecs_iter_column(pecs_iter *iter, pecs_component component, size_t size_bytes)
{
    return query_column(iter, component, size_bytes, false);
}

void *pecs_iter_column_mut(pecs_iter *iter, pecs_component component, size_t size_bytes)
{
    return query_column(iter, component, size_bytes, true);
}

pecs_status pecs_iter_end(pecs_iter *iter)
{
    if (!iter)
        return PECS_E_MISUSE;
    const struct view_source *source = iter->state.source;
    if (source && source->world)
        open_queries_end(&source->world->open_queries, iter->state.query);
    if (source && source->world)
        atomic_fetch_sub_explicit(iter->state.world ? &source->world->gate.open_writes
                                                    : &source->world->gate.open_reads,
                                  1, memory_order_release);
    iter->state.source = NULL;
    iter->row_count = 0;
    iter->state.give_count = 0;
    return iter->status;
}
