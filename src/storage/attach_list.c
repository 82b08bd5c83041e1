/* Attachment lists are short and change rarely, so each change copies the list. The bytes stay in the heap. */
#include "attach_list.h"

#include "bytes.h"
#include "content.h"
#include "meta_list.h"
#include "state.h"

#include <pecs/attachments.h>

static void attachments_destroy(struct pool *pool, struct node *node)
{
    pool_release(pool, node, ((struct attachments *)node)->size_bytes);
}

static const struct node_class attachments_class = { attachments_destroy, NULL };

struct attachments *attachments_create(struct pool *pool, const struct attachment *entries, uint32_t count)
{
    size_t size = sizeof(struct attachments) + count * sizeof(*entries);
    for (uint32_t i = 0; i < count; i++)
        size += strlen(entries[i].name) + 1;
    struct attachments *list = pool_allocate(pool, size);
    if (!list)
        return NULL;
    node_init(&list->node, &attachments_class);
    list->count = count;
    list->size_bytes = size;
    char *to = (char *)&list->entries[count];
    for (uint32_t i = 0; i < count; i++) {
        const size_t name_bytes = strlen(entries[i].name) + 1;
        list->entries[i] = entries[i];
        list->entries[i].name = memcpy(to, entries[i].name, name_bytes);
        to += name_bytes;
    }
    return list;
}

uint32_t attachments_find(const struct attachments *list, const char *name, bool *ret_found)
{
    uint32_t low = 0, high = list ? list->count : 0;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (strcmp(list->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = list && low < list->count && strcmp(list->entries[low].name, name) == 0;
    return low;
}

pecs_status attachments_change(struct pool *pool, struct attachments **list, const struct attachment *entry)
{
    bool is_there;
    const uint32_t place = attachments_find(*list, entry->name, &is_there), count = *list ? (*list)->count : 0;
    const bool is_set = entry->size_bytes != UINT64_MAX;
    struct attachment *entries = pool_allocate(pool, (count + 1) * sizeof(*entries));
    if (!entries)
        return PECS_E_MEMORY;
    uint32_t changed = 0;
    for (uint32_t i = 0; i <= count; i++) {
        if (i == place && is_set)
            entries[changed++] = *entry;
        if (i < count && !(i == place && is_there))
            entries[changed++] = (*list)->entries[i];
    }
    struct attachments *made = attachments_create(pool, entries, changed);
    pool_release(pool, entries, (count + 1) * sizeof(*entries));
    if (!made)
        return PECS_E_MEMORY;
    if (*list)
        node_release(pool, &(*list)->node);
    *list = made;
    return PECS_OK;
}

uint64_t attachments_meta_bytes(const struct attachments *list)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; list && i < list->count; i++)
        bytes += align_up(META_ENTRY_BYTES + strlen(list->entries[i].name) + sizeof(uint64_t), 8);
    return bytes;
}

static pecs_attachment attachments_public(const struct pecs_snapshot *state, const struct attachment *entry)
{
    uint64_t size;
    const uint8_t *bytes = heap_find(state_heap(state), entry->reference, &size);
    return (pecs_attachment){ entry->name, bytes, (size_t)size };
}

size_t pecs_view_attachment_count(pecs_view view)
{
    const struct attachments *list = view_source(view)->state->attachments;
    return list ? list->count : 0;
}

bool pecs_view_attachment_at(pecs_view view, size_t place, pecs_attachment *ret_attachment)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    if (!ret_attachment || place >= pecs_view_attachment_count(view))
        return false;
    *ret_attachment = attachments_public(state, &state->attachments->entries[place]);
    return true;
}

pecs_status pecs_view_attachment(pecs_view view, const char *name, pecs_attachment *ret_attachment)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    bool is_there;
    if (!view.source || !name || !ret_attachment)
        return PECS_E_MISUSE;
    const uint32_t place = attachments_find(state->attachments, name, &is_there);
    if (!is_there)
        return PECS_E_ABSENT;
    *ret_attachment = attachments_public(state, &state->attachments->entries[place]);
    return PECS_OK;
}
