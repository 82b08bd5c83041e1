/*
 * Loans. The two registries have two pools, so no node can be shared: each array of the borrower is a header of its own
 * over the lender's bytes. Small lists are copied. All that the lender edits later is copied first, because the loan
 * holds it, as a snapshot does.
 */
#include "loan.h"

static void loan_destroy(struct pool *pool, struct node *node)
{
    struct loan *loan = (struct loan *)node;
    state_release(loan->lender);
    pool_release(pool, loan, sizeof(*loan));
}

static const struct node_class loan_class = { loan_destroy, NULL };

struct loan *loan_create(struct pool *pool, const struct pecs_snapshot *lender)
{
    struct loan *loan = pool_allocate(pool, sizeof(*loan));
    if (!loan)
        return NULL;
    node_init(&loan->node, &loan_class);
    loan->lender = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)lender);
    return loan;
}

pecs_status loan_take_column(struct loan *loan, struct pool *pool, struct table *table, uint32_t column,
                             const struct table *from, uint32_t from_column)
{
    const uint64_t width = table->archetype->column_bytes[column], epoch = pool_next_epoch(pool);
    assert(table->archetype->chunk_shift == from->archetype->chunk_shift);
    table->columns[column].tick = from->columns[from_column].tick;
    for (uint64_t chunk = 0; chunk < table_chunk_count(from); chunk++) {
        struct ref *ref;
        struct array *array = array_create_borrowed(pool, table_chunk(from, from_column, chunk),
                                                    table_live_rows(from, chunk) * width, &loan->node);
        if (!array)
            return PECS_E_MEMORY;
        if (tree_own_ref(pool, epoch, &table->columns[column].chunks, chunk, &ref)) {
            node_release(pool, &array->node);
            return PECS_E_MEMORY;
        }
        array->tick = table_chunk_tick(from, from_column, chunk);
        *ref = (struct ref){ &array->node, array->data, 0 };
    }
    return PECS_OK;
}

static bool loan_copy_sessions(const struct sessions *from, struct pecs_snapshot *state)
{
    if (!from)
        return true;
    state->sessions = sessions_create(state->registry->pool, from->count, from->free_count);
    if (!state->sessions)
        return false;
    memcpy(state->sessions->prefixes, from->prefixes, from->count * sizeof(*from->prefixes));
    if (from->free_count)
        memcpy(state->sessions->free, from->free, from->free_count * sizeof(*from->free));
    return true;
}

static bool loan_copy_retired(const struct retired *from, struct pecs_snapshot *state)
{
    if (!from)
        return true;
    struct retired *to = state->retired = retired_allocate(state->registry->pool, from->first, from->end);
    for (uint64_t chunk = 0; to && chunk < retired_chunk_count(from->first, from->end); chunk++)
        retired_add_chunk(to, chunk, from->chunks[chunk].lowest, from->chunks[chunk].width);
    if (!to || !retired_reserve(state->registry->pool, to))
        return false;
    assert(to->size_bytes == from->size_bytes);
    memcpy(to->differences, from->differences, (size_t)from->size_bytes);
    return true;
}

/* Attachments are in the heap; their list is copied. */
static bool loan_borrow_heap(const struct loan *loan, struct pecs_snapshot *state)
{
    struct pool *pool = state->registry->pool;
    const struct attachments *attachments = loan->lender->attachments;
    if (state_heap(loan->lender)) {
        struct heap *heap = heap_borrow(pool, state_heap(loan->lender));
        if (!heap)
            return false;
        state->heap = (struct ref){ &heap->node, NULL, 0 };
    }
    if (attachments)
        state->attachments = attachments_create(pool, attachments->entries, attachments->count);
    return !attachments || state->attachments;
}

static bool loan_copy_lists(struct loan *loan, struct pecs_snapshot *state)
{
    struct pool *pool = state->registry->pool;
    const struct metadata *metadata = loan->lender->metadata;
    if (metadata)
        state->metadata = metadata_create(pool, metadata->entries, metadata->count);
    if (metadata && !state->metadata)
        return false;
    struct entity_index *index = index_borrow(pool, state_index(loan->lender), &loan->node);
    if (!index)
        return false;
    node_release(pool, state->index.node);
    state->index = (struct ref){ &index->node, NULL, 0 };
    return loan_borrow_heap(loan, state) && loan_copy_sessions(loan->lender->sessions, state) &&
           loan_copy_retired(loan->lender->retired, state);
}

pecs_status loan_make_state(struct loan *loan, pecs_registry *registry, struct unknown_types *unknown,
                            struct pecs_snapshot **ret_state)
{
    const struct pecs_snapshot *from = loan->lender;
    struct pecs_snapshot *state;
    if (state_create(registry, &state))
        return PECS_E_MEMORY;
    state->loan = (struct loan *)node_retain(&loan->node);
    state->unknown = unknown ? (struct unknown_types *)node_retain(&unknown->node) : NULL;
    state->saved_ids = from->saved_ids;
    state->lineage = pool_next_epoch(registry->pool);
    state->entity_count = from->entity_count;
    state->free_count = from->free_count;
    state->tick = from->tick;
    state->floor_tick = from->floor_tick;
    state->is_proven = from->is_proven;
    state->is_partial = from->is_partial;
    state->session = from->session;
    if (!loan_copy_lists(loan, state)) {
        state_release(state);
        return PECS_E_MEMORY;
    }
    *ret_state = state;
    return PECS_OK;
}
