/* The entries are texts; a program without a name, or without a schema version, leaves those of the last one that had.
 */
#include "program_meta.h"

#include "history.h"

#include <stdio.h>
#include <string.h>

enum { PROGRAM_META_COUNT = 4 };

static const char *const program_meta_keys[PROGRAM_META_COUNT] = { PECS_META_APPLICATION, PECS_META_APPLICATION_VERSION,
                                                                   PECS_META_SCHEMA_VERSION, PECS_META_OLDEST_READER };

pecs_status program_meta_set(const pecs_registry *registry, uint64_t max_bytes, struct metadata **metadata,
                             const char **ret_key)
{
    const pecs_history *history = registry->history ? registry->history->given : NULL;
    const bool has_schema = history && history->schema_version;
    char schema[16] = "", reader[16] = "";
    if (has_schema) {
        (void)snprintf(schema, sizeof(schema), "%u", history->schema_version);
        (void)snprintf(reader, sizeof(reader), "%u", history->oldest_reader);
    }
    const char *const texts[PROGRAM_META_COUNT] = { registry->application, registry->application_version, schema,
                                                    reader };
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < PROGRAM_META_COUNT; i++) {
        const struct pecs_meta entry = { program_meta_keys[i], PECS_META_TEXT, texts[i],
                                         texts[i] ? strlen(texts[i]) : 0 };
        *ret_key = entry.key;
        if (i < 2 ? registry->application != NULL : has_schema)
            status = metadata_change(registry->pool, metadata, &entry, max_bytes);
    }
    return status;
}

bool program_meta_has_key(const char *key)
{
    bool is_found = false;
    for (size_t i = 0; key && i < PROGRAM_META_COUNT; i++)
        is_found |= strcmp(key, program_meta_keys[i]) == 0;
    return is_found;
}
