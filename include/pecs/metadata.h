/*
 * Metadata: key/value entries of a world: a title, a difficulty, a thumbnail. They are part of its state, so they are
 * saved, restored and forked; pecs_file_info (file.h) reads them from a file without loading the world.
 *
 * Keys have 1 to 255 bytes of UTF-8 without control characters. Those that begin with "pecs." are reserved for the
 * library. A value is text (UTF-8 without zero bytes) or bytes; all entries together have at most 16 MiB less 4 KiB,
 * each counted with 16 bytes beside its key and value, and rounded up to a multiple of 8.
 *
 * Setting an entry copies all of them: keep few and small ones here, and large data in attachments
 * (attachments.h).
 */
#ifndef PECS_METADATA_H
#define PECS_METADATA_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pecs_meta_kind { PECS_META_TEXT = 1, PECS_META_BYTES = 2 } pecs_meta_kind;

/* An entry. key and value are valid until the world's next edit of any kind, or the snapshot's release. */
typedef struct pecs_meta {
    const char *key;
    pecs_meta_kind kind;
    const void *value; /* a zero byte follows it; aligned to 8 bytes */
    size_t size_bytes; /* without that zero */
} pecs_meta;

/*
 * The name and version (pecs_registry_desc) of the last program with a name that saved the file from which the view
 * comes; absent in new worlds.
 */
#define PECS_META_APPLICATION "pecs.application"
#define PECS_META_APPLICATION_VERSION "pecs.application_version"
/* The numbers of pecs_history (migration.h) of the program that saved the file, as decimal texts; absent if it had
 * none. */
#define PECS_META_SCHEMA_VERSION "pecs.schema_version"
#define PECS_META_OLDEST_READER "pecs.oldest_reader"

/* The number of entries, and the entry at a place, in the order of the keys' bytes; false if there is none. */
PECS_API size_t pecs_view_meta_count(pecs_view view);
PECS_API bool pecs_view_meta_at(pecs_view view, size_t place, pecs_meta *ret_meta);

/* The entry of a key; PECS_E_ABSENT. */
PECS_API PECS_MUST_USE pecs_status pecs_view_meta(pecs_view view, const char *key, pecs_meta *ret_meta);

/*
 * Set an entry to a zero-terminated text or to bytes, both copied, or remove it if it exists. The world's writer only;
 * allowed while iterations are open. PECS_E_MISUSE (the key is reserved or invalid, or the text is not UTF-8),
 * PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set_meta_text(pecs_world *world, const char *key, const char *text);
PECS_API PECS_MUST_USE pecs_status pecs_world_set_meta_bytes(pecs_world *world, const char *key, const void *bytes,
                                                             size_t size_bytes);
PECS_API PECS_MUST_USE pecs_status pecs_world_remove_meta(pecs_world *world, const char *key);

#ifdef __cplusplus
}
#endif
#endif
