/* Setting metadata: allowed while iterations are open, since no array is touched. */
#include "edit.h"
#include "utf8.h"

#include <pecs/metadata.h>

static pecs_status change(struct pecs_world *world, const char *key, pecs_meta_kind kind, const void *value,
                          size_t size_bytes)
{
    if (!world || !key || name_is_reserved(key, strlen(key)) || !component_name_is_valid(key, strlen(key)))
        return PECS_E_MISUSE;
    if (size_bytes > META_MAX_BYTES)
        return PECS_E_LIMIT;
    const struct pecs_meta entry = { key, kind, value, size_bytes };
    bool is_there;
    metadata_find(world->state->metadata, key, &is_there);
    if (!value && !is_there)
        return PECS_OK;
    const pecs_status status = edit_begin_values(world);
    return status ? status : metadata_change(world->registry->pool, &world->state->metadata, &entry, META_MAX_BYTES);
}

pecs_status pecs_world_set_meta_text(pecs_world *world, const char *key, const char *text)
{
    if (!text || !utf8_is_text(text, strlen(text)))
        return PECS_E_MISUSE;
    return change(world, key, PECS_META_TEXT, text, strlen(text));
}

pecs_status pecs_world_set_meta_bytes(pecs_world *world, const char *key, const void *bytes, size_t size_bytes)
{
    if (!bytes && size_bytes)
        return PECS_E_MISUSE;
    return change(world, key, PECS_META_BYTES, bytes ? bytes : "", size_bytes);
}

pecs_status pecs_world_remove_meta(pecs_world *world, const char *key)
{
    return change(world, key, PECS_META_BYTES, NULL, 0);
}
