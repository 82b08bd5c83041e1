/* Sets attachments: their bytes go into the heap, their names into another list. */
#include "place.h"

#include <pecs/attachments.h>

/* Names follow the rules of metadata's keys. */
static pecs_status attach_check_name(struct pecs_world *world, const char *name)
{
    const char *fault;
    const pecs_status status = metadata_check(&(struct pecs_meta){ name, PECS_META_BYTES, "", 0 }, &fault);
    return status ? edit_fail(world, PECS_E_MISUSE,
                              "the name of the attachment is reserved, or not 1 to 255 bytes of printable UTF-8")
                  : PECS_OK;
}

/* The contents of an attachment that is replaced or removed are dead. */
static void attach_forget(struct pecs_world *world, const struct attachments *list, const char *name)
{
    bool is_there;
    const uint32_t place = attachments_find(list, name, &is_there);
    struct heap *heap = (struct heap *)world->state->heap.node;
    if (list && is_there)
        heap->live_units -= min_u64(contents_units(list->entries[place].size_bytes, false), heap->live_units);
}

static pecs_status attach_change(struct pecs_world *world, const struct attachment *entry)
{
    struct attachments *list = world->state->attachments;
    if (list)
        node_retain(&list->node); /* its old sizes are needed */
    pecs_status status = attachments_change(world->registry->pool, &world->state->attachments, entry);
    if (!status && entry->size_bytes != UINT64_MAX &&
        attachments_meta_bytes(world->state->attachments) + metadata_bytes_counted(world->state->metadata) >
            META_MAX_BYTES) {
        node_release(world->registry->pool, &world->state->attachments->node);
        world->state->attachments = list;
        return edit_fail(world, PECS_E_LIMIT, "with this one, the names of attachments are too many");
    }
    if (!status)
        attach_forget(world, list, entry->name);
    if (list)
        node_release(world->registry->pool, &list->node);
    return status;
}

static pecs_status attach_begin(struct pecs_world *world, const char *name)
{
    pecs_status status = attach_check_name(world, name);
    if (!status)
        status = edit_begin_values(world);
    return status ? status : place_begin(world);
}

/* Changes the list to an entry whose bytes take `units` of the heap, behind the mark. */
static pecs_status attach_placed(struct pecs_world *world, const struct attachment *entry, struct place_mark mark,
                                 uint64_t units)
{
    const pecs_status status = attach_change(world, entry);
    if (status) {
        place_take_back(world, mark);
        return status;
    }
    place_count(world, units);
    place_tend(world, 0);
    return PECS_OK;
}

pecs_status edit_attach(struct pecs_world *world, const char *name, const pecs_bytes *bytes)
{
    const struct given given = { bytes ? bytes->data : NULL, bytes ? bytes->size_bytes : 0 };
    const struct content blob = { .kind = PECS_BLOB };
    struct attachment entry = { name, given.size_bytes, 0 };
    uint8_t *to;
    if (given.size_bytes && !given.bytes)
        return edit_fail(world, PECS_E_MISUSE, "the attachment has a size, but no data");
    pecs_status status = attach_begin(world, name);
    if (status)
        return status;
    const struct place_mark mark = place_mark_of(world);
    gate_hold(&world->gate);
    status = place_content(world, NULL, &blob, &given, &to, &entry.reference);
    if (!status)
        status = attach_placed(world, &entry, mark, contents_units(given.size_bytes, false));
    gate_let_go(&world->gate);
    return status;
}

pecs_status edit_attach_copied(struct pecs_world *world, const struct attachment *entry, const struct heap *from)
{
    const struct content blob = { .kind = PECS_BLOB, .reference = entry->reference };
    struct attachment copy = *entry;
    uint64_t units = 0;
    const struct place_mark mark = place_mark_of(world);
    pecs_status status = attach_begin(world, entry->name);
    if (!status)
        status = place_copied(world, NULL, &blob, from, &units, &copy.reference);
    return status ? status : attach_placed(world, &copy, mark, units);
}

pecs_status pecs_world_attach(pecs_world *world, const char *name, const pecs_bytes *bytes)
{
    return world ? failure_end(&world->failure, edit_attach(world, name, bytes)) : PECS_E_MISUSE;
}

static pecs_status attach_remove(struct pecs_world *world, const char *name)
{
    const struct attachment nothing = { name, UINT64_MAX, 0 };
    bool is_there;
    pecs_status status = attach_check_name(world, name);
    if (status)
        return status;
    attachments_find(world->state->attachments, name, &is_there);
    if (!is_there)
        return PECS_OK;
    status = edit_begin_values(world);
    if (!status)
        status = place_begin(world);
    return status ? status : attach_change(world, &nothing);
}

pecs_status pecs_world_detach(pecs_world *world, const char *name)
{
    return world ? failure_end(&world->failure, attach_remove(world, name)) : PECS_E_MISUSE;
}
