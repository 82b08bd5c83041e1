/* Contents that are given lie in the program's memory, or in the heap itself: the gate is held while they are copied.
 */
#include "place.h"

#include "component_value.h"
#include "heap_move.h"

pecs_status place_begin(struct pecs_world *world)
{
    struct heap *heap;
    return state_own_heap(&world->gate, world->state, &heap);
}

void place_tend(struct pecs_world *world, uint64_t units)
{
    if (heap_move_is_wanted(state_heap(world->state)) && !edit_own_state(world))
        (void)heap_move_work(&world->gate, world->state, units);
}

static struct heap *place_heap(const struct pecs_world *world)
{
    return (struct heap *)world->state->heap.node;
}

/* An edit begins to move the heap at its end alone, so that the active space is the same until then. */
struct place_mark place_mark_of(const struct pecs_world *world)
{
    const struct heap *heap = place_heap(world);
    return (struct place_mark){ heap ? heap->spaces[heap->active].unit_count : 0 };
}

void place_take_back(struct pecs_world *world, struct place_mark mark)
{
    struct heap *heap = place_heap(world);
    if (heap)
        heap_take_back(&world->gate, heap, mark.unit_count);
}

static pecs_status place_fail(struct pecs_world *world, pecs_status status)
{
    return status == PECS_E_LIMIT ? edit_fail(world, status, "the heap of strings, blobs and lists is full") : status;
}

/* The elements of a list get zeros for their padding. */
pecs_status place_content(struct pecs_world *world, const struct component *component, const struct content *content,
                          const struct given *given, uint8_t **ret_bytes, uint64_t *ret_reference)
{
    const struct component *element =
        content->list && given->bytes ? component_element(component, content->list) : NULL;
    const bool has_padding = element && !span_list_is_empty(element->padding);
    const pecs_status status = heap_append(&world->gate, place_heap(world), has_padding ? NULL : given->bytes,
                                           given->size_bytes, content->kind == PECS_STRING, ret_bytes, ret_reference);
    if (!status && has_padding && given->size_bytes)
        component_copy_masked(element, *ret_bytes, given->bytes, given->size_bytes / element->size);
    return place_fail(world, status);
}

pecs_status place_copied(struct pecs_world *world, const struct component *component, const struct content *content,
                         const struct heap *from, uint64_t *units, uint64_t *ret_reference)
{
    const struct component *element = content->list ? component_element(component, content->list) : NULL;
    const bool is_plain = !element || (!element->has_references && span_list_is_empty(element->padding));
    const bool is_string = content->kind == PECS_STRING;
    struct given given;
    uint8_t *to;
    given.bytes = heap_find(from, content->reference, &given.size_bytes);
    const pecs_status status = is_plain && given.bytes
                                   ? place_fail(world, heap_copy_contents(&world->gate, place_heap(world), from,
                                                                          content->reference, is_string, ret_reference))
                                   : place_content(world, component, content, &given, &to, ret_reference);
    if (!status)
        *units += contents_units(given.size_bytes, is_string);
    return status;
}

pecs_status place_given(struct pecs_world *world, const struct place_owner *owner, const struct content *content,
                        const uint8_t *base, uint64_t *units, uint64_t *ret_reference)
{
    const struct component *component = edit_component(world, owner->component);
    struct given given;
    uint8_t *to;
    const char *const fault = content_find_given(component, content, base, &given);
    if (fault) {
        failure_explain_member(&world->failure, owner->entity, owner->component, content->offset % component->size,
                               fault);
        world->failure.row = owner->row_count > 1 ? content->row : FAILURE_NO_ROW;
        return PECS_E_MISUSE;
    }
    const pecs_status status = place_content(world, component, content, &given, &to, ret_reference);
    if (!status)
        *units += contents_units(given.size_bytes, content->kind == PECS_STRING);
    return status;
}

pecs_status place_in_copies(struct pecs_world *world, pecs_component number, uint8_t *copies, uint64_t count,
                            const uint8_t *base, uint64_t *units)
{
    const struct place_owner owner = { .component = number, .row_count = count };
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, edit_component(world, number), copies, count); content_walk_next(&walk, &content);) {
        uint64_t reference;
        const pecs_status status = place_given(world, &owner, &content, base, units, &reference);
        if (status)
            return status;
        memcpy(copies + content.offset, &reference, sizeof(reference));
    }
    return PECS_OK;
}

static bool place_has_contents(const struct pecs_world *world, const pecs_value *value)
{
    return component_has_contents(edit_component(world, value->component));
}

static bool place_is_copied(const struct pecs_world *world, const pecs_value *value, bool copies_all)
{
    return value->data && value->size_bytes && (copies_all || place_has_contents(world, value));
}

/* Copies the values that have contents, or all, one component after another. */
static pecs_status place_copy(struct pecs_world *world, const pecs_value *values, size_t value_count, size_t row_count,
                              bool copies_all, struct placed *placed)
{
    struct pool *pool = world->registry->pool;
    uint64_t bytes = 0, more;
    for (size_t i = 0; i < value_count; i++) {
        if (!place_is_copied(world, &values[i], copies_all))
            continue;
        if (mul_overflows(row_count, values[i].size_bytes, &more) || more > SIZE_MAX / 2 - bytes)
            return PECS_E_MEMORY;
        bytes += more;
    }
    placed->list_bytes = value_count * sizeof(*placed->list);
    placed->copies_bytes = (size_t)bytes;
    placed->list = pool_allocate(pool, placed->list_bytes);
    placed->copies = bytes ? pool_allocate(pool, placed->copies_bytes) : NULL;
    if (!placed->list || (bytes && !placed->copies))
        return PECS_E_MEMORY;
    placed->values = placed->list;
    uint8_t *to = placed->copies;
    for (size_t i = 0; i < value_count; i++) {
        placed->list[i] = values[i];
        if (!to || !place_is_copied(world, &values[i], copies_all))
            continue;
        memcpy(to, values[i].data, row_count * values[i].size_bytes);
        placed->list[i].data = to;
        to += row_count * values[i].size_bytes;
    }
    return PECS_OK;
}

pecs_status place_values(struct pecs_world *world, const pecs_value *values, size_t value_count, size_t row_count,
                         bool copies_all, struct placed *ret_placed)
{
    *ret_placed = (struct placed){ .values = values, .mark = place_mark_of(world) };
    bool has_contents = false;
    for (size_t i = 0; place_may_be_needed(world) && !has_contents && i < value_count; i++)
        has_contents = place_has_contents(world, &values[i]);
    if (!has_contents && !copies_all)
        return PECS_OK;
    pecs_status status = has_contents ? place_begin(world) : PECS_OK;
    if (!status)
        status = place_copy(world, values, value_count, row_count, copies_all, ret_placed);
    if (status || !has_contents)
        return status;
    gate_hold(&world->gate);
    for (size_t i = 0; !status && i < value_count; i++)
        if (values[i].data && place_has_contents(world, &values[i]))
            status = place_in_copies(world, values[i].component, (uint8_t *)(uintptr_t)ret_placed->list[i].data,
                                     row_count, NULL, &ret_placed->units);
    gate_let_go(&world->gate);
    return status;
}

void place_count(struct pecs_world *world, uint64_t units)
{
    if (units)
        heap_count(place_heap(world), units);
}

void place_end(struct pecs_world *world, struct placed *placed, bool is_used)
{
    struct pool *pool = world->registry->pool;
    if (is_used)
        place_count(world, placed->units);
    else if (placed->list) /* else nothing was placed */
        place_take_back(world, placed->mark);
    pool_release(pool, placed->copies, placed->copies_bytes);
    pool_release(pool, placed->list, placed->list_bytes);
}

void place_forget(struct pecs_world *world, pecs_component number, const uint8_t *values, uint64_t count)
{
    struct heap *heap = place_heap(world);
    if (!heap)
        return;
    const uint64_t units = contents_count_units(heap, edit_component(world, number), values, count);
    heap->live_units -= min_u64(units, heap->live_units);
}

void place_forget_content(struct pecs_world *world, const struct content *content)
{
    struct heap *heap = place_heap(world);
    heap->live_units -= min_u64(content_units(heap, content), heap->live_units);
}

void place_forget_row(struct pecs_world *world, const struct archetype *from, const struct archetype *to)
{
    if (!from->has_contents || !place_heap(world))
        return;
    for (uint32_t i = 1; i < from->column_count; i++) {
        const pecs_component number = from->column_components[i];
        const struct component *component = state_component(world->state, number);
        if (component_has_contents(component) && (!to || archetype_find(to, number) == NO_COLUMN))
            place_forget(world, number, world->row[i], 1);
    }
}

void place_clear_row(struct pecs_world *world, uint32_t number, uint64_t row, const struct archetype *had)
{
    struct table *table = edit_table(world, number);
    const struct archetype *archetype = table->archetype;
    for (uint32_t i = 1; archetype->has_contents && i < archetype->column_count; i++)
        if ((!had || archetype_find(had, archetype->column_components[i]) == NO_COLUMN) &&
            component_has_contents(state_component(world->state, archetype->column_components[i])))
            memset(table_owned_value(table, i, row), 0, archetype->column_bytes[i]);
}
