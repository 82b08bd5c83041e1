/* Setting metadata: allowed while iterations are open, since no array is touched. */
#include "edit.h"

#include <pecs/metadata.h>

static pecs_status change(struct pecs_world *world, const struct pecs_meta *entry)
{
    const pecs_status status = edit_begin_values(world);
    return status ? status : metadata_change(world->registry->pool, &world->state->metadata, entry, META_MAX_BYTES);
}

static pecs_status set(struct pecs_world *world, const char *key, pecs_meta_kind kind, const void *value,
                       size_t size_bytes)
{
    const struct pecs_meta entry = { key, kind, value, size_bytes };
    const pecs_status status = world ? metadata_check(&entry) : PECS_E_MISUSE;
    return status ? status : change(world, &entry);
}

pecs_status pecs_world_set_meta_text(pecs_world *world, const char *key, const char *text)
{
    return set(world, key, PECS_META_TEXT, text, text ? strlen(text) : 0);
}

pecs_status pecs_world_set_meta_bytes(pecs_world *world, const char *key, const void *bytes, size_t size_bytes)
{
    return set(world, key, PECS_META_BYTES, bytes || size_bytes ? bytes : "", size_bytes);
}

pecs_status pecs_world_remove_meta(pecs_world *world, const char *key)
{
    const struct pecs_meta nothing = { key, PECS_META_BYTES, NULL, 0 };
    bool is_there;
    const pecs_status status = world ? metadata_check(&nothing) : PECS_E_MISUSE;
    if (status)
        return status;
    metadata_find(world->state->metadata, key, &is_there);
    return is_there ? change(world, &nothing) : PECS_OK;
}
