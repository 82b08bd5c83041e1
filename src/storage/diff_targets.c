/*
 * Most compared references are the same handle on both sides, and most handles name the same entity there. The index is
 * therefore compared once, chunk by chunk. If every handle that lives in a chunk on either side names the same entity
 * on both, references into that chunk need no lookup. If that holds for all chunks, no reference does.
 */
#include "diff_targets.h"

#include "component_value.h"
#include "content.h"
#include "identity.h"

#include <pecs/diff.h>

enum { NOT_KNOWN, SAME, OTHER };

static pecs_entity targets_read_handle(const void *bytes)
{
    pecs_entity entity;
    memcpy(&entity, bytes, sizeof(entity));
    return entity;
}

static bool targets_is_same_id(pecs_id a, pecs_id b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

/* A handle of one state whose entity has died in the other or was never born there. */
static bool targets_is_one_sided(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record,
                                 const struct pecs_snapshot *other)
{
    pecs_entity there;
    return !identity_find(other, identity_of(state, entity, record), &there);
}

/*
 * An entity that died is not a change of every reference to it. A dead one that lives again after a restore is: a
 * reference whose target could not be identified, for want of an id, now can be.
 */
static bool targets_is_same(const struct pecs_snapshot *from, pecs_entity a, const struct pecs_snapshot *to,
                            pecs_entity b)
{
    const struct record *x = state_find(from, a), *y = state_find(to, b);
    if (x && y)
        return targets_is_same_id(identity_of(from, a, x), identity_of(to, b, y));
    if (!x && !y)
        return true;
    if (a.index != b.index || a.generation != b.generation)
        return false;
    return x ? targets_is_one_sided(from, a, x, to)
             : state_last_generation(from, a.index) < a.generation && targets_is_one_sided(to, b, y, from);
}

bool pecs_diff_same_target(pecs_view from, pecs_entity before, pecs_view to, pecs_entity after)
{
    return targets_is_same(view_source(from)->state, before, view_source(to)->state, after);
}

static bool targets_has_same_sessions(const struct pecs_snapshot *from, const struct pecs_snapshot *to)
{
    const struct sessions *a = from->sessions, *b = to->sessions;
    return a && b &&
           (a == b || (a->count == b->count && memcmp(a->prefixes, b->prefixes, a->count * sizeof(*a->prefixes)) == 0));
}

pecs_status targets_init(struct targets *targets, const struct pecs_snapshot *from, const struct pecs_snapshot *to,
                         bool by_handle)
{
    *targets = (struct targets){ .from = from, .to = to, .by_handle = by_handle };
    targets->is_plain = !identity_has_explicit(from) && !identity_has_explicit(to);
    targets->has_same_sessions = targets_has_same_sessions(from, to);
    targets->chunk_count = (size_t)(min_u64(state_slot_count(from), state_slot_count(to)) >> INDEX_SHIFT);
    if (!targets->chunk_count || by_handle)
        return PECS_OK;
    targets->chunks = pool_allocate(from->registry->pool, targets->chunk_count);
    if (!targets->chunks)
        return PECS_E_MEMORY;
    memset(targets->chunks, NOT_KNOWN, targets->chunk_count);
    return PECS_OK;
}

void targets_deinit(struct targets *targets)
{
    if (targets->chunks)
        pool_release(targets->from->registry->pool, targets->chunks, targets->chunk_count);
}

static bool targets_moved_id(const struct pecs_snapshot *state, const struct pecs_snapshot *other, pecs_entity entity,
                             const struct record *record)
{
    const struct record *there = state_find(other, entity);
    const pecs_id id = identity_of(state, entity, record);
    pecs_entity named;
    if (there && state_session_prefix(state, record->session) == state_session_prefix(other, there->session))
        return !targets_is_same_id(id, identity_of(other, entity, there));
    return identity_find(other, id, &named) && memcmp(&named, &entity, sizeof(named)) != 0;
}

/*
 * True when an entity in this chunk has another id in `other`, or another entity has its id there. A reference in an
 * array that both states share may then name different entities.
 */
static bool targets_chunk_moved_ids(const struct pecs_snapshot *state, const struct pecs_snapshot *other,
                                    const struct table *table, uint64_t chunk)
{
    const uint8_t *handles = table_chunk(table, HANDLE_COLUMN, chunk);
    for (uint64_t row = 0; row < table_live_rows(table, chunk); row++) {
        const pecs_entity entity = targets_read_handle(handles + row * sizeof(entity));
        const struct record *x = state_find(state, entity);
        if (x && targets_moved_id(state, other, entity, x))
            return true;
    }
    return false;
}

static bool targets_table_moved_ids(const struct pecs_snapshot *state, const struct pecs_snapshot *other,
                                    uint32_t number)
{
    const struct table *table = state_table(state, number);
    const struct table *there = number < other->table_count ? state_table(other, number) : NULL;
    const uint32_t column = archetype_column(table->archetype, state->registry->id_component);
    if (column == NO_COLUMN || table == there)
        return false;
    const bool is_alike = there && there->archetype == table->archetype;
    for (uint64_t chunk = 0; chunk < table_chunk_count(table); chunk++) {
        const bool is_shared = is_alike && table_live_rows(table, chunk) == table_live_rows(there, chunk) &&
                               table_chunk(table, column, chunk) == table_chunk(there, column, chunk) &&
                               table_chunk(table, HANDLE_COLUMN, chunk) == table_chunk(there, HANDLE_COLUMN, chunk);
        if (!is_shared && targets_chunk_moved_ids(state, other, table, chunk))
            return true;
    }
    return false;
}

/* Ids move when entities get or lose explicit ids. */
static bool targets_moved_ids(const struct pecs_snapshot *state, const struct pecs_snapshot *other)
{
    bool moved = false;
    for (uint32_t i = 0; !moved && identity_has_explicit(state) && i < state->table_count; i++)
        moved = targets_table_moved_ids(state, other, i);
    return moved;
}

/* True when the entity that lives in the slot in `to` had died in `from`. */
static bool targets_is_revived(const struct pecs_snapshot *from, const struct pecs_snapshot *to, uint32_t index)
{
    const struct record *record = state_record(to, index);
    const pecs_entity entity = { index, record->generation };
    return state_is_living(to, record) && state_last_generation(from, index) >= entity.generation &&
           !state_find(from, entity);
}

/* True after a restore or rewind of this kind. Only slots whose records the states do not share can show it. */
static bool targets_has_revived(const struct pecs_snapshot *from, const struct pecs_snapshot *to)
{
    const uint64_t shared_slots = min_u64(state_slot_count(from), state_slot_count(to));
    const uint64_t end = from->retired ? state_slot_count(to) : shared_slots;
    for (uint64_t i = 0; i < end; i++) {
        if (!(i & ((1u << INDEX_SHIFT) - 1)) && i < shared_slots &&
            state_record(from, (uint32_t)i) == state_record(to, (uint32_t)i))
            i += (1u << INDEX_SHIFT) - 1;
        else if (targets_is_revived(from, to, (uint32_t)i))
            return true;
    }
    return false;
}

bool targets_shared_may_differ(struct targets *targets)
{
    const struct pecs_snapshot *from = targets->from, *to = targets->to;
    if (targets->by_handle)
        return false;
    if (targets->shared == NOT_KNOWN)
        targets->shared =
            targets_moved_ids(from, to) || targets_moved_ids(to, from) || targets_has_revived(from, to) ? OTHER : SAME;
    return targets->shared == OTHER;
}

/* True when the handle that lives in a slot of `state`, if any, names the same entity on both sides. */
static bool targets_slot_agrees(const struct targets *targets, const struct pecs_snapshot *state, uint32_t index)
{
    const struct record *record = state_record(state, index);
    const pecs_entity entity = { index, record->generation };
    return !state_is_living(state, record) || targets_is_same(targets->from, entity, targets->to, entity);
}

/* True when all handles of slots that both states have name the same entity. */
static bool targets_slots_agree(const struct targets *targets, uint64_t first, uint64_t end)
{
    const struct pecs_snapshot *from = targets->from, *to = targets->to;
    for (uint64_t i = first; i < end; i++) {
        const struct record *x = state_record(from, (uint32_t)i), *y = state_record(to, (uint32_t)i);
        /*
         * without explicit ids, one handle names two entities only when both live and were born in different sessions,
         * or when one died and lives again
         */
        if (targets->is_plain &&
            (x->generation != y->generation || !state_is_living(from, x) || !state_is_living(to, y) ||
             state_session_prefix(from, x->session) == state_session_prefix(to, y->session)) &&
            !targets_is_revived(from, to, (uint32_t)i))
            continue;
        if (!targets_slot_agrees(targets, from, (uint32_t)i) || !targets_slot_agrees(targets, to, (uint32_t)i))
            return false;
    }
    return true;
}

static bool targets_chunk_agrees(struct targets *targets, uint64_t chunk)
{
    const uint32_t first = (uint32_t)(chunk << INDEX_SHIFT), rows = 1u << INDEX_SHIFT;
    const struct record *a = state_record(targets->from, first), *b = state_record(targets->to, first);
    if (a == b && !targets_shared_may_differ(targets))
        return true;
    if (targets->is_plain && targets->has_same_sessions && memcmp(a, b, rows * sizeof(*a)) == 0)
        return true;
    return targets_slots_agree(targets, first, (uint64_t)first + rows);
}

static bool targets_known_to_agree(struct targets *targets, uint64_t chunk)
{
    if (targets->chunks[chunk] == NOT_KNOWN)
        targets->chunks[chunk] = targets_chunk_agrees(targets, chunk) ? SAME : OTHER;
    return targets->chunks[chunk] == SAME;
}

/*
 * True when the handles of slots that only one state has agree: their entities were born later, or their ids are
 * elsewhere in the other state.
 */
static bool targets_new_slots_agree(const struct targets *targets)
{
    const bool to_is_longer = state_slot_count(targets->to) > state_slot_count(targets->from);
    const struct pecs_snapshot *state = to_is_longer ? targets->to : targets->from;
    const struct pecs_snapshot *other = to_is_longer ? targets->from : targets->to;
    const bool cannot_differ = targets->is_plain && !(to_is_longer && other->retired);
    for (uint64_t i = state_slot_count(other); !cannot_differ && i < state_slot_count(state); i++)
        if (!targets_slot_agrees(targets, state, (uint32_t)i))
            return false;
    return true;
}

/* True when every handle names the same entity on both sides, so that equal bytes are equal references. */
static bool targets_all_agree(struct targets *targets)
{
    const uint64_t slots = min_u64(state_slot_count(targets->from), state_slot_count(targets->to));
    if (targets->all == NOT_KNOWN) {
        bool agree = targets_slots_agree(targets, (uint64_t)targets->chunk_count << INDEX_SHIFT, slots);
        for (uint64_t chunk = 0; agree && chunk < targets->chunk_count; chunk++)
            agree = targets_known_to_agree(targets, chunk);
        targets->all = agree && targets_new_slots_agree(targets) ? SAME : OTHER;
    }
    return targets->all == SAME;
}

/* True when a handle that both sides have names the same entity. */
static bool targets_handle_agrees(struct targets *targets, pecs_entity entity)
{
    const uint64_t chunk = entity.index >> INDEX_SHIFT;
    return (chunk < targets->chunk_count && targets_known_to_agree(targets, chunk)) ||
           targets_is_same(targets->from, entity, targets->to, entity);
}

bool targets_handles_agree(struct targets *targets, const uint8_t *handles, uint64_t count)
{
    if (targets->by_handle || targets_all_agree(targets))
        return true;
    for (uint64_t i = 0; i < count; i++)
        if (!targets_handle_agrees(targets, targets_read_handle(handles + i * sizeof(pecs_entity))))
            return false;
    return true;
}

bool targets_agree(struct targets *targets, const struct component *component, const uint8_t *values, uint64_t count)
{
    if (targets->by_handle || !component->has_references || targets_all_agree(targets))
        return true;
    struct span_run_iter iter;
    struct span_run run;
    for (span_run_begin(&iter, component->special, count); span_run_next(&iter, &run);) {
        const uint8_t *bytes = values + run.offset;
        for (uint64_t i = 0; run.span.kind == PECS_ENTITY && i < run.count; i++, bytes += run.stride)
            if (!targets_handles_agree(targets, bytes, run.span.size / sizeof(pecs_entity)))
                return false;
    }
    return true;
}

/* The next span of references from `iter`. False at the end. */
static bool targets_next_references(struct span_iter *iter, struct value_span *ret_span)
{
    while (span_iter_next(iter, ret_span))
        if (ret_span->kind == PECS_ENTITY)
            return true;
    return false;
}

static bool targets_references_are_equal(const struct targets *targets, const struct value_span *span,
                                         const uint8_t *from, const uint8_t *to)
{
    for (uint32_t at = span->offset; at < span->offset + span->size; at += sizeof(pecs_entity))
        if (!targets_is_same(targets->from, targets_read_handle(from + at), targets->to, targets_read_handle(to + at)))
            return false;
    return true;
}

static bool targets_bytes_are_equal(const struct targets *targets, const struct component *component,
                                    const uint8_t *from, const uint8_t *to)
{
    struct span_iter holes, iter;
    struct value_span hole, references;
    span_iter_begin(&holes, component_holes(component));
    span_iter_begin(&iter, component->special);
    bool has_hole = span_iter_next(&holes, &hole), has_references = targets_next_references(&iter, &references);
    for (uint32_t done = 0; done < component->size;) {
        const bool is_hole = has_hole && (!has_references || hole.offset < references.offset);
        const struct value_span *next = is_hole ? &hole : &references;
        const uint32_t end = is_hole || has_references ? next->offset : component->size;
        if (memcmp(from + done, to + done, end - done) != 0)
            return false;
        if (end == component->size)
            return true;
        if (!is_hole && !targets_references_are_equal(targets, &references, from, to))
            return false;
        done = next->offset + next->size;
        if (is_hole)
            has_hole = span_iter_next(&holes, &hole);
        else
            has_references = targets_next_references(&iter, &references);
    }
    return true;
}

static bool targets_elements_are_equal(const void *user, const struct component *element, const void *a, const void *b)
{
    return targets_bytes_are_equal(user, element, a, b);
}

bool targets_values_are_equal(const struct targets *targets, const struct component *component, const void *from,
                              const void *to)
{
    const bool is_plain = targets->by_handle || !component->has_references;
    if (is_plain && from == to)
        return true;
    if (is_plain ? !component_values_are_equal(component, from, to)
                 : !targets_bytes_are_equal(targets, component, from, to))
        return false;
    return !component_has_contents(component) ||
           contents_are_equal(component, state_heap(targets->from), from, state_heap(targets->to), to,
                              is_plain ? NULL : targets_elements_are_equal, targets);
}
