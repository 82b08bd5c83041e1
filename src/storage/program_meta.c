/*
 * The entries are texts; a program without a name, or without a schema version, leaves those of the last one that had,
 * as an older program leaves the schema's.
 */
#include "program_meta.h"

#include "history.h"

#include <stdio.h>
#include <string.h>

enum { PROGRAM_META_COUNT = 4 };

static const char *const program_meta_keys[PROGRAM_META_COUNT] = { PECS_META_APPLICATION, PECS_META_APPLICATION_VERSION,
                                                                   PECS_META_SCHEMA_VERSION, PECS_META_OLDEST_READER };

static pecs_status program_meta_put(const pecs_registry *registry, uint64_t max_bytes, struct metadata **metadata,
                                    const char *key, const char *text, const char **ret_key)
{
    const struct pecs_meta entry = { key, PECS_META_TEXT, text, text ? strlen(text) : 0 };
    *ret_key = key;
    return metadata_change(registry->pool, metadata, &entry, max_bytes);
}

uint32_t program_meta_number(const struct metadata *metadata, const char *key)
{
    bool is_found = false;
    const uint32_t place = metadata ? metadata_find(metadata, key, &is_found) : 0;
    uint64_t number = 0;
    if (!is_found)
        return 0;
    const char *text = metadata->entries[place].value;
    for (size_t i = 0; i < metadata->entries[place].size_bytes && number <= UINT32_MAX; i++)
        number = text[i] >= '0' && text[i] <= '9' ? number * 10 + (uint64_t)(text[i] - '0') : UINT64_MAX / 16;
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

pecs_status program_meta_set_schema(const pecs_registry *registry, uint64_t max_bytes, struct metadata **metadata,
                                    const char **ret_key)
{
    const pecs_history *history = registry->history ? registry->history->given : NULL;
    char schema[16], reader[16];
    if (!history || !history->schema_version)
        return PECS_OK;
    const uint32_t newest = program_meta_number(*metadata, PECS_META_SCHEMA_VERSION);
    const uint32_t needed = program_meta_number(*metadata, PECS_META_OLDEST_READER);
    const bool is_newer = newest > history->schema_version; /* what a newer program did to the world is still there */
    (void)snprintf(schema, sizeof(schema), "%u", is_newer ? newest : history->schema_version);
    (void)snprintf(reader, sizeof(reader), "%u",
                   is_newer && needed > history->oldest_reader ? needed : history->oldest_reader);
    const pecs_status status =
        program_meta_put(registry, max_bytes, metadata, PECS_META_SCHEMA_VERSION, schema, ret_key);
    return status ? status : program_meta_put(registry, max_bytes, metadata, PECS_META_OLDEST_READER, reader, ret_key);
}

pecs_status program_meta_set(const pecs_registry *registry, uint64_t max_bytes, struct metadata **metadata,
                             const char **ret_key)
{
    pecs_status status = PECS_OK;
    if (registry->application) {
        status = program_meta_put(registry, max_bytes, metadata, PECS_META_APPLICATION, registry->application, ret_key);
        if (!status)
            status = program_meta_put(registry, max_bytes, metadata, PECS_META_APPLICATION_VERSION,
                                      registry->application_version, ret_key);
    }
    return status ? status : program_meta_set_schema(registry, max_bytes, metadata, ret_key);
}

bool program_meta_has_key(const char *key)
{
    bool is_found = false;
    for (size_t i = 0; key && i < PROGRAM_META_COUNT; i++)
        is_found |= strcmp(key, program_meta_keys[i]) == 0;
    return is_found;
}
