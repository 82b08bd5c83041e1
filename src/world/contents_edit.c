/* Edits of the contents of one member: replaced as a whole, or written and resized in place. */
#include "components.h"
#include "heap_move.h"
#include "place.h"

/* The member that an edit names, and where its value is. */
struct member {
    struct record at;
    pecs_component number;
    const struct component *component;
    struct content content; /* as it is in the row, after contents_read */
};

/* Finds the member and prepares its row and the heap. Begins to read the row. */
static pecs_status contents_ready(struct pecs_world *world, pecs_entity entity, pecs_component number,
                                  size_t offset_bytes, struct member *ret_member)
{
    const bool is_singleton = !entity.generation;
    const struct component *component = edit_component(world, number);
    if (!component)
        return edit_fail_component(world, number);
    if (!components_locate(world, entity, is_singleton, &ret_member->at))
        return edit_fail_dead(world, entity);
    const struct table *table =
        ret_member->at.table == NO_TABLE ? NULL : state_table(world->state, ret_member->at.table);
    if (!table || archetype_find(table->archetype, number) == NO_COLUMN)
        return failure_explain(&world->failure, PECS_E_ABSENT, entity, number,
                               is_singleton ? "the world does not have it" : "the entity does not have it");
    const pecs_value value = { number, component->size, NULL };
    pecs_status status = edit_begin_values(world);
    if (!status)
        status = place_begin(world);
    if (!status)
        status = edit_own_values(world, ret_member->at, &value, 1);
    if (status)
        return status;
    ret_member->number = number;
    ret_member->component = component;
    const uint8_t *bytes = table_value(state_table(world->state, ret_member->at.table),
                                       archetype_column(table->archetype, number), ret_member->at.row);
    if (!content_find_member(component, offset_bytes, &ret_member->content))
        return failure_explain(&world->failure, PECS_E_MISUSE, entity, number, CONTENT_NO_MEMBER);
    __builtin_prefetch(bytes + offset_bytes, 1);
    return PECS_OK;
}

/* The value that has the member, which may be written. */
static uint8_t *contents_value(struct pecs_world *world, const struct member *member)
{
    struct table *table = edit_table(world, member->at.table);
    return table_owned_value(table, archetype_column(table->archetype, member->number), member->at.row);
}

/* Reads what the row refers to. */
static void contents_read(struct pecs_world *world, struct member *member)
{
    memcpy(&member->content.reference, contents_value(world, member) + member->content.offset,
           sizeof(member->content.reference));
}

/* The row refers to other contents from now on. */
static void contents_replace(struct pecs_world *world, struct member *member, uint64_t reference, uint64_t units)
{
    struct heap *heap = (struct heap *)world->state->heap.node;
    contents_read(world, member);
    memcpy(contents_value(world, member) + member->content.offset, &reference, sizeof(reference));
    heap->live_units -= min_u64(content_units(heap, &member->content), heap->live_units);
    heap_count(heap, units); /* a move goes on with the next edit: the caller may still write to the contents */
}

static pecs_status contents_set(struct pecs_world *world, pecs_entity entity, pecs_component number,
                                size_t offset_bytes, const pecs_bytes *bytes)
{
    const struct place_owner owner = { number, 1, entity };
    struct member member = { .component = NULL };
    uint64_t reference = 0, units = 0;
    pecs_status status = contents_ready(world, entity, number, offset_bytes, &member);
    if (status || !member.component)
        return status;
    member.content.reference = pecs_give_(bytes);
    gate_hold(&world->gate); /* the bytes may lie in the heap */
    status = place_given(world, &owner, &member.content, NULL, &units, &reference);
    gate_let_go(&world->gate);
    if (!status)
        contents_replace(world, &member, reference, units);
    return status;
}

pecs_status pecs_world_set_contents(pecs_world *world, pecs_entity entity, pecs_component component,
                                    size_t offset_bytes, const pecs_bytes *bytes)
{
    return world ? failure_end(&world->failure, contents_set(world, entity, component, offset_bytes, bytes))
                 : PECS_E_MISUSE;
}

/* Copies the contents to a new place, with another size. */
static pecs_status contents_move(struct pecs_world *world, struct member *member, const uint8_t *bytes, uint64_t had,
                                 uint64_t size, uint8_t **ret_bytes)
{
    uint64_t reference = 0;
    const struct given zeros = { NULL, size };
    gate_hold(&world->gate);
    const pecs_status status = place_content(world, NULL, &member->content, &zeros, ret_bytes, &reference);
    if (!status && size && had)
        memcpy(*ret_bytes, bytes, (size_t)min_u64(had, size));
    gate_let_go(&world->gate);
    if (!status)
        contents_replace(world, member, reference, contents_units(size, false));
    return status;
}

static pecs_status contents_edit(struct pecs_world *world, pecs_entity entity, pecs_component number,
                                 size_t offset_bytes, size_t size_bytes, void **ret_bytes, size_t *ret_size_bytes)
{
    struct member member = { .component = NULL };
    uint64_t had = 0;
    uint8_t *to = NULL;
    pecs_status status = contents_ready(world, entity, number, offset_bytes, &member);
    if (status || !member.component)
        return status;
    if (member.content.kind == PECS_STRING)
        return failure_explain_member(&world->failure, entity, number, offset_bytes,
                                      "a string is only set as a whole, which keeps it UTF-8");
    contents_read(world, &member);
    const uint8_t *bytes = heap_find(state_heap(world->state), member.content.reference, &had);
    const uint64_t size = size_bytes == PECS_KEEP_SIZE ? had : size_bytes;
    if (member.content.list && size % component_element(member.component, member.content.list)->size)
        return failure_explain_member(&world->failure, entity, number, offset_bytes,
                                      "the size is no multiple of that of the list's elements");
    if (size == had && size)
        status = heap_own_contents(&world->gate, (struct heap *)world->state->heap.node, member.content.reference, &to);
    if (!status && !to)
        status = contents_move(world, &member, bytes, had, size, &to);
    if (status)
        return status;
    *ret_bytes = to;
    if (ret_size_bytes)
        *ret_size_bytes = (size_t)size;
    return PECS_OK;
}

pecs_status pecs_world_edit_contents(pecs_world *world, pecs_entity entity, pecs_component component,
                                     size_t offset_bytes, size_t size_bytes, void **ret_bytes, size_t *ret_size_bytes)
{
    if (!world)
        return PECS_E_MISUSE;
    const pecs_status status =
        ret_bytes ? contents_edit(world, entity, component, offset_bytes, size_bytes, ret_bytes, ret_size_bytes)
                  : edit_fail(world, PECS_E_MISUSE, "ret_bytes is NULL");
    return failure_end(&world->failure, status);
}
