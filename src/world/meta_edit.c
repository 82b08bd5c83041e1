/* Sets metadata. Allowed while iterations are open, since it touches no array. */
#include "edit.h"

#include <pecs/metadata.h>

#define META_TOO_LARGE "with this entry, the metadata is too large"

static pecs_status meta_edit_change(struct pecs_world *world, const struct pecs_meta *entry)
{
    pecs_status status = edit_begin_values(world);
    if (!status)
        status = metadata_change(world->registry->pool, &world->state->metadata, entry,
                                 META_MAX_BYTES -
                                     min_u64(META_MAX_BYTES, attachments_meta_bytes(world->state->attachments)));
    return status == PECS_E_LIMIT ? edit_fail(world, status, META_TOO_LARGE) : status;
}

static pecs_status meta_edit_check(struct pecs_world *world, const struct pecs_meta *entry)
{
    const char *fault;
    const pecs_status status = metadata_check(entry, &fault);
    return status ? edit_fail(world, status, fault ? fault : META_TOO_LARGE) : PECS_OK;
}

static pecs_status meta_edit_set(struct pecs_world *world, const char *key, pecs_meta_kind kind, const void *value,
                                 size_t size_bytes)
{
    const struct pecs_meta entry = { key, kind, value, size_bytes };
    if (!world)
        return PECS_E_MISUSE;
    const pecs_status status = meta_edit_check(world, &entry);
    return failure_end(&world->failure, status ? status : meta_edit_change(world, &entry));
}

pecs_status pecs_world_set_meta_text(pecs_world *world, const char *key, const char *text)
{
    return meta_edit_set(world, key, PECS_META_TEXT, text, text ? strlen(text) : 0);
}

pecs_status pecs_world_set_meta_bytes(pecs_world *world, const char *key, const void *bytes, size_t size_bytes)
{
    return meta_edit_set(world, key, PECS_META_BYTES, bytes || size_bytes ? bytes : "", size_bytes);
}

pecs_status pecs_world_remove_meta(pecs_world *world, const char *key)
{
    const struct pecs_meta nothing = { key, PECS_META_BYTES, NULL, 0 };
    bool is_there;
    if (!world)
        return PECS_E_MISUSE;
    pecs_status status = meta_edit_check(world, &nothing);
    if (!status) {
        metadata_find(world->state->metadata, key, &is_there);
        status = is_there ? meta_edit_change(world, &nothing) : PECS_OK;
    }
    return failure_end(&world->failure, status);
}
