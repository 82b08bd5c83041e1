#include "diff_sets.h"

#include "state_types.h"

#include <pecs/reflect.h>

static uint32_t type_sets_word_count(const struct type_sets *sets)
{
    return (sets->joint_count + 31) / 32;
}

static pecs_status type_sets_allocate_side(struct pool *pool, struct side_sets *side, const struct pecs_snapshot *state,
                                           uint32_t joint_most)
{
    side->table_count = state->table_count;
    for (uint32_t i = 0; i < state->table_count; i++)
        side->capacity += min_u64(state_table(state, i)->archetype->component_count, joint_most / 32 + 1);
    side->ends = pool_allocate(pool, (side->table_count + 1) * sizeof(*side->ends));
    side->words = pool_allocate(pool, (side->capacity + 1) * sizeof(*side->words));
    return side->ends && side->words ? PECS_OK : PECS_E_MEMORY;
}

static void type_sets_release_side(struct pool *pool, struct side_sets *side)
{
    pool_release(pool, side->words, (side->capacity + 1) * sizeof(*side->words));
    pool_release(pool, side->ends, (side->table_count + 1) * sizeof(*side->ends));
}

static void type_sets_number_types(struct type_sets *sets, const struct pecs_snapshot *from,
                                   const struct pecs_snapshot *to)
{
    const pecs_view view = { &from->source };
    sets->joint_count = sets->from_count;
    for (uint32_t place = 0; place < sets->from_count; place++)
        sets->to_component[place] = NO_COMPONENT;
    for (uint32_t place = 0; place < sets->to_count; place++) {
        const struct component *component = state_component_at(to, place);
        pecs_component of_from;
        const bool is_new = pecs_view_component_by_id(view, component->id, &of_from);
        const uint32_t joint = is_new ? sets->joint_count++ : state_place(from, of_from);
        if (!is_new && !component_layout_is_same(state_component_at(from, joint)->type, component->type))
            sets->relaid[joint / 32] |= 1u << joint % 32;
        sets->to_component[joint] = state_number_at(to, place);
        sets->to_joint[place] = joint;
    }
}

/* Copies the words that have bits from `all`, and clears `all`. */
static size_t type_sets_collect(const struct type_sets *sets, uint32_t *all, struct set_word *words)
{
    size_t count = 0;
    for (uint32_t place = 0; place < type_sets_word_count(sets); place++) {
        if (all[place])
            words[count++] = (struct set_word){ place, all[place] };
        all[place] = 0;
    }
    return count;
}

/* `joint` maps places in the state to joint numbers. NULL: they are equal. */
static void type_sets_fill_side(const struct type_sets *sets, struct side_sets *side, const struct pecs_snapshot *state,
                                const uint32_t *joint, bool with_explicit_ids, uint32_t *all)
{
    size_t end = 0;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct archetype *archetype = state_table(state, i)->archetype;
        for (uint32_t j = 0; j < archetype->component_count; j++) {
            const pecs_component component = archetype->components[j];
            const uint32_t place = state_place(state, component), number = joint ? joint[place] : place;
            if (component_is_transient(state_component_at(state, place)))
                continue;
            if (with_explicit_ids || component != state->registry->id_component)
                all[number / 32] |= 1u << number % 32;
        }
        side->ends[i] = end += type_sets_collect(sets, all, side->words + end);
    }
}

pecs_status type_sets_init(struct type_sets *sets, const struct pecs_snapshot *from, const struct pecs_snapshot *to,
                           bool with_explicit_ids)
{
    *sets = (struct type_sets){ .pool = from->registry->pool };
    sets->from_count = state_component_count(from);
    sets->to_count = state_component_count(to);
    const size_t most = (size_t)sets->from_count + sets->to_count + 1;
    sets->to_joint = pool_allocate(sets->pool, most * sizeof(*sets->to_joint));
    sets->to_component = pool_allocate(sets->pool, most * sizeof(*sets->to_component));
    sets->relaid = pool_allocate(sets->pool, most * sizeof(*sets->relaid));
    uint32_t *all = pool_allocate(sets->pool, most * sizeof(*all));
    pecs_status status = PECS_E_MEMORY;
    if (sets->to_joint && sets->to_component && sets->relaid && all)
        status = type_sets_allocate_side(sets->pool, &sets->from, from, (uint32_t)most);
    if (!status)
        status = type_sets_allocate_side(sets->pool, &sets->to, to, (uint32_t)most);
    if (!status) {
        memset(sets->relaid, 0, most * sizeof(*sets->relaid));
        memset(all, 0, most * sizeof(*all));
        type_sets_number_types(sets, from, to);
        type_sets_fill_side(sets, &sets->from, from, NULL, with_explicit_ids, all);
        type_sets_fill_side(sets, &sets->to, to, sets->to_joint, with_explicit_ids, all);
    }
    pool_release(sets->pool, all, most * sizeof(*all));
    return status;
}

void type_sets_deinit(struct type_sets *sets)
{
    const size_t most = (size_t)sets->from_count + sets->to_count + 1;
    type_sets_release_side(sets->pool, &sets->to);
    type_sets_release_side(sets->pool, &sets->from);
    pool_release(sets->pool, sets->relaid, most * sizeof(*sets->relaid));
    pool_release(sets->pool, sets->to_component, most * sizeof(*sets->to_component));
    pool_release(sets->pool, sets->to_joint, most * sizeof(*sets->to_joint));
}

struct type_set type_set_of(const struct side_sets *side, uint32_t table)
{
    if (table == NO_TABLE)
        return (struct type_set){ NULL, NULL };
    return (struct type_set){ side->words + (table ? side->ends[table - 1] : 0), side->words + side->ends[table] };
}

bool type_sets_are_alike(const struct type_sets *sets, struct type_set from, struct type_set to)
{
    if (from.end - from.words != to.end - to.words)
        return false;
    for (; from.words != from.end; from.words++, to.words++)
        if (from.words->place != to.words->place || from.words->bits != to.words->bits ||
            from.words->bits & sets->relaid[from.words->place])
            return false;
    return true;
}
